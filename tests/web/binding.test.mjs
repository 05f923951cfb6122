// The binding against a sequence too simple to be wrong: whatever is typed or arrives, items, document and runtime agree.
import assert from "node:assert/strict";
import { test } from "node:test";
import { random } from "./sources.mjs";
import { bindings, drawing, FakeView, flatten, items, pmState, randomCommand, randomInsert, randomPatches, schema, Sequence } from "./editor-model.mjs";

const SEEDS = Number(process.env.TG_SEEDS ?? 60);
const STEPS = 120;

function world() {
	const sequence = new Sequence();
	const formats = [items.NONE];
	const port = {
		pending: [new Uint8Array(0), new Uint8Array(0)],
		edit: (edits) => edits.forEach((edit) => sequence.edit(edit)),
		poll() {
			const answer = this.pending;
			this.pending = [new Uint8Array(0), new Uint8Array(0)];
			return answer;
		},
		undo: () => null,
		redo: () => null,
		format: (id) => formats[id],
	};
	const errors = [];
	const binding = new bindings.Binding(port, (error) => errors.push(error));
	const view = new FakeView(binding.open(schema), binding);
	return { sequence, formats, port, binding, view, errors };
}

function agree({ sequence, binding, view, errors }, story) {
	const say = () => story.join("\n");
	assert.deepEqual(errors.map(String), [], say());
	view.state.doc.check();
	const held = binding.items.blocks.filter((b) => b.marker || b.count > 0).map((b) => [b.marker, [...b.format.attrs], b.runs.map((r) => [r.kind, r.text, [...r.format.attrs]])]);
	const wanted = sequence.blocks().map((b) => [b.marker, [...b.format.attrs], b.runs.map((r) => [r.kind, r.text, [...r.format.attrs]])]);
	assert.deepEqual(held, wanted, say());
	assert.equal(view.state.doc.toString(), sequence.draw().toString(), say());
	assert.deepEqual(view.state.doc.toJSON(), sequence.draw().toJSON(), say());
}

test("any sequence of items draws as a valid document, and drawing what is drawn changes nothing", () => {
	for (let seed = 1; seed <= SEEDS * 5; seed++) {
		const next = random(seed);
		const sequence = new Sequence();
		for (let i = next(30); i > 0; i--) sequence.edit(randomInsert(next, next(sequence.list.length + 1)));
		const doc = sequence.draw();
		try {
			doc.check();
			const again = drawing.draw(schema, items.blocksOf(flatten.itemsBetween(doc, 0, doc.content.size)));
			assert.equal(String(schema.topNodeType.create(null, again)), String(doc));
		} catch (error) {
			error.message += ` (seed ${seed})`;
			throw error;
		}
	}
});

test("own commands become edits that rebuild the same document", () => {
	for (let seed = 1; seed <= SEEDS; seed++) {
		const next = random(seed);
		const it = world();
		const story = [`seed ${seed}`];
		for (let i = 0; i < STEPS; i++) {
			const before = String(it.view.state.doc);
			story.push(`${randomCommand(it.view, next)}: ${before} -> ${it.view.state.doc}`);
			agree(it, story.slice(-3).concat(story[0]));
		}
	}
});

test("patches and own commands, mixed at random, leave document and items equal", () => {
	for (let seed = 1; seed <= SEEDS; seed++) {
		const next = random(1000 + seed);
		const it = world();
		const story = [`seed ${seed}`];
		for (let i = 0; i < STEPS; i++) {
			const before = String(it.view.state.doc);
			if (next(2)) story.push(`${randomCommand(it.view, next)}: ${before}`);
			else {
				it.port.pending = randomPatches(it.sequence, next, it.formats);
				story.push(`patches ${new Int32Array(it.port.pending[0].buffer)}: ${before}`);
				it.binding.pull();
			}
			agree(it, story.slice(-3).concat(story[0]));
		}
	}
});

test("the selection stays in its words while others change blocks around it", () => {
	for (let seed = 1; seed <= SEEDS; seed++) {
		const next = random(2000 + seed);
		const it = world();
		const edit = (e) => it.sequence.edit(e);
		// Ten blocks; the fifth holds the caret between "here" and "now".
		const patches = [];
		const encode = (list) => [new Uint8Array(new Int32Array(list.flatMap((r) => r.fields)).buffer), Buffer.concat(list.map((r) => r.data))];
		let off = 0;
		const insert = (at, kind, text) => {
			const data = Buffer.from(text);
			patches.push({ fields: [0, 0, at, kind === 1 ? 1 : text.length, kind, 0, off, data.length], data });
			off += data.length;
			edit(kind === 1 ? [1, 0, at, []] : [0, 0, at, text, []]);
		};
		for (let i = 0, at = 0; i < 10; i++) {
			insert(at++, 1, "");
			const text = i === 5 ? "herenow" : "word";
			insert(at, 0, text);
			at += text.length;
		}
		it.port.pending = encode(patches);
		it.binding.pull();
		let pos = -1;
		it.view.state.doc.descendants((node, at) => void (node.isText && node.text === "herenow" && (pos = at + 4)));
		it.view.dispatch(it.view.state.tr.setSelection(pmState.TextSelection.create(it.view.state.doc, pos)));
		for (let i = 0; i < 30; i++) {
			// Others retype, indent, split and join any block, but do not touch the two words.
			const markers = it.sequence.list.flatMap((item, at) => (item.kind === 1 ? [at] : []));
			const at = next.pick(markers);
			it.formats.length = 1;
			const what = next(3);
			let record;
			if (what === 0) {
				const [key, value] = next.pick([["list", "bullet"], ["list", null], ["type", "heading:1"], ["type", null], ["indent", 1], ["path", "quote"], ["path", null]]);
				edit([4, 0, at, at + 1, key, value]);
				it.formats.push(items.format(Object.entries(it.sequence.list[at].attrs)));
				record = [2, 0, at, 1, 0, 1, 0, 0];
			} else if (what === 1) {
				edit([1, 0, at, [["list", "task"]]]);
				it.formats.push(items.format([["list", "task"]]));
				record = [0, 0, at, 1, 1, 1, 0, 0];
			} else {
				edit([3, 0, at, 1]);
				record = [1, 0, at, 1, 0, 0, 0, 0];
			}
			it.port.pending = [new Uint8Array(new Int32Array(record).buffer), new Uint8Array(0)];
			it.binding.pull();
			const { $head } = it.view.state.selection;
			const text = $head.parent.textContent;
			assert.ok(text.slice(0, $head.parentOffset).endsWith("here") && text.slice($head.parentOffset).startsWith("now"), `seed ${seed} step ${i}: ${it.view.state.doc} at ${$head.pos}`);
			if (it.sequence.list.filter((item) => item.kind === 1).length < 3) break;
		}
	}
});
