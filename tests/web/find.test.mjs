// Find and replace without a screen: what a query finds, and that replacing is exact small edits.
import assert from "node:assert/strict";
import { test } from "node:test";
import { random, sources } from "./sources.mjs";

const [items, drawing, flatten, schemas, bindings, searching, replacing, core, pmState] = await sources(
	"editor/items", "editor/draw", "editor/flatten", "editor/schema", "editor/binding", "editor/search", "editor/replace", "@tiptap/core", "@tiptap/pm/state",
);
const schema = core.getSchema(schemas.extensions);
const PLAIN = { matchCase: false, wholeWord: false };

function found(text, query, options = PLAIN) {
	const doc = schema.node("doc", null, [schema.node("paragraph", null, text ? [schema.text(text)] : [])]);
	const wanted = searching.pattern(query, options);
	return wanted ? new searching.Search(wanted).in(doc).map(({ from, to }) => [from - 1, doc.textBetween(from, to)]) : null;
}

test("a query is words, not a pattern, and case matters only when asked", () => {
	assert.deepEqual(found("a.c abc A.C", "a.c"), [[0, "a.c"], [8, "A.C"]]);
	assert.deepEqual(found("a.c abc A.C", "a.c", { ...PLAIN, matchCase: true }), [[0, "a.c"]]);
	for (const query of ["(", "[x", "\\", "a{2}", "^$|?*+", "-", "/"]) assert.deepEqual(found(`x ${query} y`, query), [[2, query]]);
	assert.deepEqual(found("Straße ÄRGER ärger", "ärger"), [[7, "ÄRGER"], [13, "ärger"]]);
	assert.deepEqual(found("aaaa", "aa"), [[0, "aa"], [2, "aa"]]);
	assert.deepEqual(found("one\u00a0two one two", "one two"), [[0, "one\u00a0two"], [8, "one two"]]);
	assert.equal(found("x", ""), null);
});

test("whole words end where letters, marks, digits and underlines of any script end", () => {
	const whole = { ...PLAIN, wholeWord: true };
	assert.deepEqual(found("cat concat cats cat's CAT_ cat2 (cat)", "cat", whole).map(([at]) => at), [0, 16, 33]);
	assert.deepEqual(found("слово словом", "слово", whole), [[0, "слово"]]);
	assert.deepEqual(found("a(b)c (b)", "(b)", whole).map(([at]) => at), [1, 6], "signs are no letters: both ends may touch one");
	assert.deepEqual(found("\u{1f600}cat\u{1f600}", "cat", whole), [[2, "cat"]]);
});

test("matches are places in the document: across formats, in lists and code, never across blocks or breaks", () => {
	const bold = schema.marks.bold.create();
	const p = (...content) => schema.node("paragraph", null, content);
	const doc = schema.node("doc", null, [
		p(schema.text("wo"), schema.text("rd", [bold])),
		schema.node("bulletList", null, [schema.node("listItem", null, [p(schema.text("a word"), schema.node("hardBreak"), schema.text("wo"))])]),
		p(schema.text("rd")),
		schema.node("codeBlock", null, [schema.text("wo\nword")]),
		p(schema.text("wo"), schema.node("object"), schema.text("rd")),
	]);
	const matches = new searching.Search(searching.pattern("word", PLAIN)).in(doc);
	assert.deepEqual(matches.map(({ from, to }) => doc.textBetween(from, to)), ["word", "word", "word"]);
});

test("after an edit only new blocks are read", () => {
	const words = Array.from({ length: 2000 }, (_, i) => schema.node("paragraph", null, [schema.text(`word ${i} `.repeat(20))]));
	const doc = schema.node("doc", null, words);
	let read = 0;
	const search = new searching.Search(Object.assign(searching.pattern("word", PLAIN)));
	const inBlock = search.inBlock.bind(search);
	search.inBlock = (block) => (search.known.has(block) || read++, inBlock(block));
	assert.equal(search.in(doc).length, 40_000);
	assert.equal(read, 2000);
	const state = pmState.EditorState.create({ doc });
	const after = state.apply(state.tr.insertText("word ", 1)).doc;
	assert.equal(search.in(after).length, 40_001);
	assert.equal(read, 2001);
});

// A document of blocks with words of few letters, so that there is much to find.
function someDoc(next) {
	const sequence = [];
	for (let i = 2 + next(30); i > 0; i--) {
		const type = next.pick([[], [["type", "heading:2"]], [["list", "bullet"]], [["path", "quote"]], [["type", "code"]]]);
		sequence.push({ kind: 1, format: items.format(type) });
		for (let k = next(4); k > 0; k--) sequence.push(items.charRun(next.pick(["ab", "a", "ba b", "\u{1f600}a", "b\n"]), items.format(next(2) ? [["bold", true]] : [])));
	}
	return schema.topNodeType.create(null, drawing.draw(schema, items.blocksOf(sequence)));
}

test("many places found in one walk, or in any order, are those found one by one", () => {
	for (let seed = 1; seed <= 100; seed++) {
		const next = random(seed);
		const doc = someDoc(next);
		const held = new items.Items();
		const fill = () => held.fill(flatten.itemsBetween(doc, 0, doc.content.size));
		fill();
		const places = Array.from({ length: doc.content.size + 1 }, (_, pos) => pos);
		const one = (pos) => (fill(), flatten.indexAt(held, doc, pos)); // with no memory of earlier searches
		const wanted = places.map(one);
		fill();
		assert.deepEqual(flatten.indexesAt(held, doc, places), wanted, `seed ${seed}`);
		const some = places.filter(() => next(3) === 0);
		assert.deepEqual(flatten.indexesAt(held, doc, some), some.map((pos) => wanted[pos]), `seed ${seed}`);
		for (let i = 0; i < 60; i++) {
			const pos = next(places.length);
			assert.equal(flatten.indexAt(held, doc, pos), wanted[pos], `seed ${seed}`);
			const gap = held.locate(wanted[pos]);
			assert.equal(held.index(gap), wanted[pos], `seed ${seed}`);
			const block = next(held.blocks.length);
			const node = doc.nodeAt(flatten.blockPos(doc, block));
			assert.equal(flatten.blocksBefore(doc, flatten.blockPos(doc, block)), block, `seed ${seed}`);
			assert.ok(flatten.isBlock(node), `seed ${seed}`);
		}
		assert.equal(held.length, wanted.at(-1), `seed ${seed}`);
	}
});

test("one step for many replacements makes what a step each would make, and its inverse takes it back", () => {
	for (let seed = 1; seed <= 200; seed++) {
		const next = random(seed);
		const doc = someDoc(next);
		const text = next.pick(["", "x", "aba", "\u{1f600}"]);
		const matches = new searching.Search(searching.pattern(next.pick(["a", "ab", "b"]), PLAIN)).in(doc);
		if (matches.length === 0) continue;
		const step = new replacing.ReplaceManyStep(matches.map(({ from, to }) => replacing.textFor(doc, from, to, text)));
		const made = step.apply(doc);
		assert.equal(made.failed, null, `seed ${seed}`);
		made.doc.check();
		const { tr } = pmState.EditorState.create({ doc });
		for (const { from, to } of matches.toReversed()) {
			const { content } = replacing.textFor(doc, from, to, text);
			if (content.size > 0) tr.replaceWith(from, to, content);
			else tr.delete(from, to);
		}
		assert.equal(made.doc.toString(), tr.doc.toString(), `seed ${seed}`);
		assert.ok(made.doc.eq(tr.doc), `seed ${seed}`);
		assert.ok(step.invert(doc).apply(made.doc).doc.eq(doc), `inverse, seed ${seed}`);
		const again = replacing.ReplaceManyStep.fromJSON(schema, JSON.parse(JSON.stringify(step)));
		assert.ok(again.apply(doc).doc.eq(made.doc), `as JSON, seed ${seed}`);
	}
});

test("replacing all is published as one list of edits that touch the matches and nothing else", () => {
	const published = [];
	const port = {
		edit: (edits) => published.push(edits),
		poll: () => [new Uint8Array(0), new Uint8Array(0)],
		undo: () => null,
		redo: () => null,
		format: () => items.NONE,
	};
	const errors = [];
	const binding = new bindings.Binding(port, (error) => errors.push(error));
	let state = pmState.EditorState.create({ doc: binding.open(schema) });
	const view = {
		composing: false,
		get state() {
			return state;
		},
		dispatch(tr) {
			state = state.apply(tr);
			binding.onTransaction([tr]);
		},
	};
	binding.attach(view);
	view.dispatch(state.tr.replaceWith(0, state.doc.content.size, ["the cat", "no", "cat and cat"].map((line) => schema.node("paragraph", null, [schema.text(line)]))));
	binding.setCaret("other", { anchor: 19, head: 19 }); // behind "and"
	published.length = 0;
	const matches = new searching.Search(searching.pattern("cat", PLAIN)).in(state.doc);
	view.dispatch(state.tr.step(new replacing.ReplaceManyStep(matches.map(({ from, to }) => replacing.textFor(state.doc, from, to, "carrot")))));
	assert.deepEqual(errors, []);
	assert.equal(state.doc.textBetween(0, state.doc.content.size, "|"), "the carrot|no|carrot and carrot");
	// From the end to the beginning, so that each index counts in what is there; "ca" and "t" stay.
	const INSERT = 0;
	assert.deepEqual(published, [[[INSERT, 0, 22, "rro", []], [INSERT, 0, 14, "rro", []], [INSERT, 0, 7, "rro", []]]]);
	const { head } = binding.caretPositions().get("other");
	assert.equal(state.doc.textBetween(head - 3, head), "and", "somebody's caret stays in its words");
});
