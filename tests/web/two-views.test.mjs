// Two editors on two peers of the real runtime, random commands, random delivery: in the end they are one document.
import assert from "node:assert/strict";
import { test } from "node:test";
import { random } from "./sources.mjs";
import { bindings, FakeView, items, randomCommand, schema } from "./editor-model.mjs";
import { Command, Host, join, module, Network } from "./network.mjs";

const SEEDS = Number(process.env.TG_SEEDS ?? 12);
const STEPS = 80;
const hex = (bytes) => Buffer.from(bytes).toString("hex");

function open(host, grid) {
	const formats = new Map();
	const port = {
		edit: (edits) => host.runtime.now(Command.edit, grid, edits),
		poll: () => host.runtime.now(Command.poll, grid),
		undo: () => host.runtime.now(Command.undo, grid),
		redo: () => host.runtime.now(Command.redo, grid),
		format(id) {
			if (!formats.has(id)) formats.set(id, items.format(host.runtime.now(Command.format, grid, id)));
			return formats.get(id);
		},
	};
	const binding = new bindings.Binding(port, (error) => host.errors.push(error));
	const view = new FakeView(binding.open(schema), binding);
	return { binding, view, pull: () => host.dirty.delete(hex(grid)) && binding.pull() };
}

async function pair(next) {
	const network = new Network(next);
	const [a, b] = ["a", "b"].map((name) => new Host(network, name));
	for (const host of [a, b]) await host.ask(Command.start, 0, `Person ${host.name}`);
	const part = join(a, b);
	const grid = await a.ask(Command.create, "");
	const [edit] = await a.ask(Command.links, grid);
	await b.ask(Command.open, grid, "e", new Uint8Array(Buffer.from(edit.split("/").at(-1).slice(1), "base64url")));
	for (let n = 0; n < 100 && b.grids.get(hex(grid))?.state !== 1; n++) network.run(100);
	assert.equal(b.grids.get(hex(grid))?.state, 1, "the second peer did not get the document");
	return { network, a, b, grid, part };
}

test("two views under random commands, delivery and partitions end with one document", { skip: !module && "no WASM built", timeout: 120_000 }, async () => {
	for (let seed = 1; seed <= SEEDS; seed++) {
		const next = random(seed);
		const { network, a, b, grid, part } = await pair(next);
		let leave = part;
		const views = [open(a, grid), open(b, grid)];
		const story = [`seed ${seed}`];
		for (let i = 0; i < STEPS; i++) {
			const k = next(2);
			story.push(`${k ? "b" : "a"} ${randomCommand(views[k].view, next)}`);
			network.some(next(12));
			if (next(3) === 0) views[next(2)].pull();
			if (next(15) === 0 && leave) leave(), (leave = null), story.push("part");
			else if (next(6) === 0 && !leave) (leave = join(a, b)), story.push("join");
			if (next(12) === 0) views[k].binding[next(2) ? "undo" : "redo"](), story.push(`${k ? "b" : "a"} undo or redo`);
			assert.deepEqual([...a.errors, ...b.errors].map(String), [], story.slice(-6).join("\n"));
		}
		if (!leave) join(a, b);
		network.run(60_000);
		views.forEach((view) => view.pull());
		const [x, y] = views.map(({ view }) => view.state.doc.toJSON());
		assert.deepEqual([...a.errors, ...b.errors].map(String), [], story.slice(-6).join("\n"));
		const heads = await Promise.all([a, b].map((host) => host.ask(Command.heads, grid)));
		const say = heads.map((list) => list.map(([log, , length]) => `${hex(log).slice(0, 8)}:${length}`).sort().join(" "));
		assert.equal(say[0], say[1], `seed ${seed}: the logs differ`);
		assert.deepEqual(x, y, `seed ${seed}\n${views[0].view.state.doc}\n${views[1].view.state.doc}`);
	}
});

test("undo takes back one's own words and leaves the other's", { skip: !module && "no WASM built" }, async () => {
	const next = random(77);
	const { network, a, b, grid } = await pair(next);
	const [x, y] = [open(a, grid), open(b, grid)];
	const type = ({ view }, text, at) => view.dispatch(view.state.tr.insertText(text, at));
	type(x, "mine ", 1);
	network.run(5000);
	y.pull();
	type(y, "yours ", 1);
	network.run(5000);
	x.pull();
	assert.equal(x.view.state.doc.textContent, "yours mine ");
	x.binding.undo();
	network.run(5000);
	y.pull();
	assert.equal(x.view.state.doc.textContent, "yours ");
	assert.equal(y.view.state.doc.textContent, "yours ");
	x.binding.redo();
	network.run(5000);
	y.pull();
	assert.equal(y.view.state.doc.textContent, "yours mine ");
});
