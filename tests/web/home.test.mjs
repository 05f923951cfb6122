// Home: which documents are found, in which order, what is remembered of a text, and what templates begin with.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sources } from "./sources.mjs";

const [{ findDocuments, tagsOf }, { beginning, Shelf }, { blocksOf }, { drawnShapes }, { readTags }] = await sources("app/find", "app/shelf", "editor/items", "editor/draw", "page/tags");

const documents = [
	{ grid: "a", mode: "e", title: "Reisepläne", openedMs: 1_000_000 },
	{ grid: "b", mode: "e", title: "Budget", openedMs: 5_000_000 },
	{ grid: "c", mode: "v", title: "", openedMs: 3_000_000 },
];
const card = (grid, more) => [grid, { grid, pinned: false, editedMs: 0, removedMs: 0, tags: [], text: "", ...more }];
const found = (query, ...cards) => findDocuments(documents, new Map(cards), query);
const grids = (list) => list.map(({ entry }) => entry.grid);

test("without words all are found, the latest first, pinned ones before, those being removed not", () => {
	assert.deepEqual(grids(found("")), ["b", "c", "a"]);
	assert.deepEqual(grids(found("", card("a", { editedMs: 9_000_000 }))), ["a", "b", "c"]);
	assert.deepEqual(grids(found(" ", card("c", { pinned: true }))), ["c", "b", "a"]);
	assert.deepEqual(grids(found("", card("b", { removedMs: 1 }))), ["c", "a"]);
});

test("all words must be there, in title or text, whatever their case and accents", () => {
	assert.deepEqual(grids(found("REISEPLANE")), ["a"]);
	assert.deepEqual(grids(found("plä reise")), ["a"]);
	assert.deepEqual(grids(found("budget", card("c", { text: "The budget of June" }))), ["b", "c"]);
	assert.deepEqual(grids(found("budget june", card("c", { text: "The budget of June" }))), ["c"]);
	assert.deepEqual(grids(found("nowhere")), []);
	assert.deepEqual(grids(found("[.*", card("a", { text: "a [.* b" }))), ["a"]);
});

test("what was found in a text is cut out around the word, with its own letters", () => {
	const [one] = found("éclair", card("c", { text: `${"x".repeat(100)} an Éclair ${"y".repeat(200)}` }));
	assert.deepEqual([one.snippet.match, one.snippet.before.length, one.snippet.after.length], ["Éclair", 22, 102]);
	assert.equal(found("budget")[0].snippet, null);
});

test("a tag shows its documents alone, and is a word of each", () => {
	const cards = new Map([card("a", { tags: ["Home", "2027"] }), card("b", { tags: ["Home"] }), card("c", { tags: ["gone"], removedMs: 1 })]);
	const some = (query, tag) => grids(findDocuments(documents, cards, query, tag));
	assert.deepEqual(some("", "Home"), ["b", "a"]);
	assert.deepEqual(some("budget", "Home"), ["b"]);
	assert.deepEqual(some("home 2027"), ["a"]);
	assert.deepEqual(some("", "nothing"), []);
	assert.deepEqual(tagsOf(documents, cards), ["2027", "Home"], "of what is about to be removed none is offered");
});

test("tags are read from what was typed: each once, none empty, none too long", () => {
	assert.deepEqual(readTags(" a , b,, A, #c  d ,"), ["a", "b", "c d"]);
	assert.deepEqual(readTags(""), []);
	assert.equal(readTags("x".repeat(100))[0].length, 24);
	assert.equal(readTags(Array.from({ length: 40 }, (_, i) => i).join(",")).length, 8);
});

test("the later of opened and edited is said", () => {
	const [one] = found("budget", card("b", { editedMs: 4_990_000 }));
	assert.deepEqual([one.edited, one.atMs], [true, 5_000_000]);
	assert.equal(found("budget", card("b", { editedMs: 4_000_000 }))[0].edited, false);
});

test("of a text its beginning is remembered, on one line, however long it is", () => {
	const block = (text) => ({ runs: [{ text }] });
	assert.equal(beginning([block("one\ntwo "), block("\ufffc"), block("three")]), "one two three");
	let read = 0;
	const endless = { *[Symbol.iterator]() { for (;;) read++, yield block("word ".repeat(100)); } };
	assert.ok(beginning(endless).length <= 8192);
	assert.ok(read < 30);
	assert.ok(beginning([block("x".repeat(1 << 20))]).length <= 8192);
});

test("without a place to store, what home remembers lasts as long as the page", async () => {
	const shelf = new Shelf();
	shelf.change("a", { pinned: true });
	shelf.change("a", { text: "x" });
	await shelf.refresh();
	assert.deepEqual(shelf.card("a"), { grid: "a", pinned: true, editedMs: 0, removedMs: 0, tags: [], text: "x" });
	shelf.forget("a");
	assert.equal(shelf.card("a").pinned, false);
});

test("each template is drawn as it was meant, and its words are its own", async () => {
	const [{ templates, contentOf }] = await sources("page/templates");
	assert.equal(new Set(templates.map(({ name }) => name)).size, templates.length);
	for (const template of templates) {
		const blocks = blocksOf(contentOf(template));
		assert.equal(blocks.length, template.blocks.length, template.name);
		blocks.forEach((block, i) => assert.equal(block.runs.map((run) => run.text).join(""), template.blocks[i][1]));
		assert.ok(drawnShapes(blocks).some(({ type }) => type === "heading"), template.name);
	}
});
