// memory.mjs -- how much memory a document takes after loading all events of a trace: each kind in a process of its own,
// what that has more of after loading than before.
//
//   node --expose-gc memory.mjs KIND TRACE.bin UPDATE    (by itself: memory(trace, version) runs it)
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { convert } from "../traces/convert.mjs";
import { yjsUpdates } from "./yjs-updates.mjs";

const KEPT = []; // so that nothing is collected

// Each kind: get ready, then what loads; both count as loaded only from then on.
const kinds = {
	async ours(trace) {
		const { textModule, withTrace } = await import("../common/text-wasm.mjs");
		const wasm = withTrace(textModule(), readFileSync(trace));
		const before = wasm.memory.buffer.byteLength;
		return () => {
			if (wasm.bench_merge(1) !== 0) throw new Error("cannot merge");
			KEPT.push(wasm);
			return wasm.memory.buffer.byteLength - before;
		};
	},
	async yjs(trace, update) {
		const Y = await import("yjs");
		const bytes = readFileSync(update);
		return () => {
			const doc = new Y.Doc();
			Y.applyUpdate(doc, bytes);
			KEPT.push(doc);
		};
	},
	async loro(trace, update, snapshot) {
		const { LoroDoc } = await import("loro-crdt");
		const bytes = readFileSync(snapshot);
		return () => {
			const doc = new LoroDoc();
			doc.import(bytes);
			KEPT.push(doc, doc.getText("t").toString());
		};
	},
};

const settled = () => {
	for (let i = 0; i < 4; i++) globalThis.gc();
	return process.memoryUsage().rss;
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const load = await kinds[process.argv[2]](...process.argv.slice(3));
	const before = settled();
	const own = load(); // ours says itself, to the page: nothing else in the process is the document's
	console.log(own ?? settled() - before);
}

async function loroSnapshot(json) {
	const { LoroDoc } = await import("loro-crdt");
	const doc = new LoroDoc();
	const text = doc.getText("t");
	for (const { patches } of json.txns)
		for (const [pos, del, ins] of patches) {
			if (del) text.delete(pos, del);
			if (ins) text.insert(pos, ins);
		}
	doc.commit();
	return doc.export({ mode: "snapshot" });
}

/// Rows of one trace against Yjs and Loro: less is better, and the promise is to be below both.
export async function memory(one, version) {
	const scratch = mkdtempSync(join(tmpdir(), "tg-bench-"));
	try {
		const paths = ["trace", "update", "snapshot"].map((name) => join(scratch, name));
		writeFileSync(paths[0], convert(one.json, one.copies));
		writeFileSync(paths[1], yjsUpdates(one).state);
		writeFileSync(paths[2], await loroSnapshot(one.json));
		const bytes = (kind) =>
			Number(spawnSync(process.execPath, ["--expose-gc", fileURLToPath(import.meta.url), kind, ...paths], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).stdout);
		const value = bytes("ours");
		for (const [kind, name] of [["yjs", "yjs"], ["loro", "loro-crdt"]]) {
			const peer_value = bytes(kind);
			console.log(JSON.stringify({ what: `text: memory after load, ${one.name}, against ${name}`, value, unit: "bytes", peer: version(name), peer_value, ratio: peer_value / value, bar: peer_value, ok: value > 0 && value < peer_value }));
		}
	} finally {
		rmSync(scratch, { recursive: true });
	}
}
