// yjs-updates.mjs -- a trace as one Yjs update, made as its authors would have made it.
//
// For one author there are two: all updates of single edits, merged (Y.mergeUpdates: every event is in it, as in our
// bundles), and the state that is left (deleted text is gone).  For several authors each has a document of its own,
// which takes over what a transaction's parents have before it types; there is the state with deleted text kept.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as Y from "yjs";
import { trace } from "../traces/convert.mjs";

const LIMIT_MS = 240000; // of processor time for making the updates of a trace; they are kept for the next run

// Positions are code points and Yjs counts UTF-16 units: the few astral characters become another.
const plain = (text) => text.replace(/[\u{10000}-\u{10ffff}]/gu, "_");

function apply(text, patches) {
	for (const [pos, del, ins] of patches) {
		if (del) text.delete(pos, del);
		if (ins) text.insert(pos, plain(ins));
	}
}

function late(end) {
	if (process.cpuUsage().user / 1000 > end) throw new Error("takes too long to type");
}

// Merging all at once takes time with the square of their number.
function merge(updates) {
	for (; updates.length > 1; ) {
		const fewer = [];
		for (let i = 0; i < updates.length; i += 64) fewer.push(Y.mergeUpdates(updates.slice(i, i + 64)));
		updates = fewer;
	}
	return updates[0];
}

function oneAuthor(txns) {
	const doc = new Y.Doc();
	const updates = [];
	const end = process.cpuUsage().user / 1000 + LIMIT_MS;
	doc.on("update", (update) => updates.push(update));
	const text = doc.getText("t");
	let n = 0;
	for (const { patches } of txns)
		for (const patch of patches) {
			doc.transact(() => apply(text, [patch]));
			if (++n % 1000 === 0) late(end);
		}
	return { merged: merge(updates), state: Y.encodeStateAsUpdate(doc) };
}

function manyAuthors(txns) {
	const authors = new Map();
	const updates = [];
	const end = process.cpuUsage().user / 1000 + LIMIT_MS;
	txns.forEach(({ agent, parents, patches }, i) => {
		late(end);
		if (!authors.has(agent)) {
			authors.set(agent, { doc: new Y.Doc({ gc: false }), has: new Set() });
			authors.get(agent).doc.clientID = agent + 1;
		}
		const { doc, has } = authors.get(agent);
		const missing = [];
		for (const stack = parents.map(([txn]) => txn); stack.length; ) {
			const txn = stack.pop();
			if (has.has(txn)) continue;
			has.add(txn);
			missing.push(txn);
			for (const [up] of txns[txn].parents) stack.push(up);
		}
		for (const txn of missing.sort((a, b) => a - b)) if (updates[txn]) Y.applyUpdate(doc, updates[txn]);
		doc.once("update", (update) => (updates[i] = update));
		doc.transact(() => apply(doc.getText("t"), patches));
		has.add(i);
	});
	const all = new Y.Doc({ gc: false });
	for (const update of updates) if (update) Y.applyUpdate(all, update);
	return { merged: Y.encodeStateAsUpdate(all) };
}

/// { merged, state } of a trace, from the folder of earlier runs or made now; throws when that takes too long.
export function yjsUpdates({ name, copies, json }) {
	const folder = join(process.env.TG_BUILD, "bench-yjs");
	const paths = ["merged", "state"].map((kind) => join(folder, `${name.replaceAll(" ", "-")}.${kind}`));
	if (!existsSync(paths[0])) {
		const { txns } = trace(json, copies);
		const { merged, state } = json.kind === "concurrent" ? manyAuthors(txns) : oneAuthor(txns);
		mkdirSync(folder, { recursive: true });
		if (state) writeFileSync(paths[1], state);
		writeFileSync(paths[0], merged);
	}
	return { merged: readFileSync(paths[0]), state: existsSync(paths[1]) ? readFileSync(paths[1]) : undefined };
}

/// Whether a document holds a trace's text; only one author's is the same everywhere.
export function sameText(doc, { copies, json }) {
	return json.kind === "concurrent" || doc.getText("t").toString() === plain(json.endContent).repeat(copies);
}
