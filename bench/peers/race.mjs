// race.mjs -- our core in WASM and the peers side by side in one run, with what the project promises of the ratio: whole
// rows.  CPU time; the runs of the two take turns, so that a busy machine is busy for both.
import * as Y from "yjs";
import { Doc as Diamond } from "diamond-types-node";
import { textModule, withTrace } from "../common/text-wasm.mjs";
import { convert } from "../traces/convert.mjs";
import { sameText, yjsUpdates } from "./yjs-updates.mjs";

const RUNS = 9;
const LIMIT_MS = 8000; // of one figure; then fewer runs must do

// How many times faster than Yjs applying one update that holds every event.
const MERGE_BARS = {
	S3: 40,
	"automerge-paper": 40,
	"seph-blog1": 40,
	rustcode: 40,
	sveltecomponent: 40,
	A2: 10,
	"clownschool x25": 4,
};
// Typing: at most this part of what diamond-types takes.
const TYPE_BAR = 0.8;
const TYPED = ["automerge-paper", "seph-blog1", "rustcode", "sveltecomponent"];

const cpuMs = () => {
	const { user, system } = process.cpuUsage();
	return (user + system) / 1000;
};

function took(work, after) {
	const began = cpuMs();
	const made = work();
	const ms = cpuMs() - began;
	after(made);
	return ms;
}

// Medians of two that take turns.
function race(ours, peer) {
	const all = [[], []];
	for (let i = 0, spent = 0; i < RUNS && spent < LIMIT_MS; i++) {
		all[0].push(took(...ours));
		all[1].push(took(...peer));
		spent += all[0].at(-1) + all[1].at(-1);
	}
	return all.map((ms) => ms.sort((a, b) => a - b)[ms.length >> 1]);
}

function print(what, value, peer, peer_value, bar, ok) {
	const ratio = peer_value / value;
	console.log(JSON.stringify({ what: `text: ${what}`, value, unit: "ms", peer, peer_value, ratio, bar, ok: bar === null ? null : ok }));
}

let module;

/// One trace, if it is one of those with a promise; `version` names a package.
export function raceTrace(one, version) {
	const { name, copies, json } = one;
	if (!(name in MERGE_BARS)) return;
	module ??= textModule();
	const wasm = withTrace(module, convert(json, copies));
	const check = (rc) => {
		if (rc !== 0) throw new Error(`${name}: status ${rc}`);
		wasm.bench_close();
	};
	const merge = [() => wasm.bench_merge(1), check];
	let updates = {};
	try {
		updates = yjsUpdates(one);
	} catch (e) {
		console.error(`${name}: skipped with Yjs, which ${e.message}`);
	}
	for (const [kind, update] of Object.entries(updates)) {
		if (!update) continue;
		const apply = () => {
			const doc = new Y.Doc();
			Y.applyUpdate(doc, update);
			return doc;
		};
		const [value, peer] = race(merge, [
			apply,
			(doc) => {
				if (!sameText(doc, one)) throw new Error(`${name}: the peer's text differs`);
			},
		]);
		const bar = kind === "merged" ? MERGE_BARS[name] : null;
		const what = kind === "merged" ? "every event merged" : "what is left, without the deleted";
		print(`merge all in WASM, Yjs: ${what}, ${name}`, value, version("yjs"), peer, bar, peer / value >= bar);
	}
	if (!TYPED.includes(name)) return;
	const patches = json.txns.flatMap((t) => t.patches);
	const [value, peer] = race([() => wasm.bench_type(), check], [
		() => {
			const doc = new Diamond("author");
			for (const [pos, del, ins] of patches) {
				if (del) doc.del(pos, del);
				if (ins) doc.ins(pos, ins);
			}
			return doc;
		},
		(doc) => doc.free(),
	]);
	const bar = TYPE_BAR * peer;
	print(`type one by one in WASM, ${name}`, value, version("diamond-types-node"), peer, bar, value <= bar);
}
