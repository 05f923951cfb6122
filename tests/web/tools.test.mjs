// What lies around the text to work with, as far as it needs no screen: outline, count, keys.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sources } from "./sources.mjs";

const [schemas, outlines, counting, searching, slashes, keymap, keys, help, core, pmState] = await sources(
	"editor/schema", "editor/headings", "editor/count", "editor/search", "editor/slash", "editor/keymap", "page/keys", "page/help", "@tiptap/core", "@tiptap/pm/state",
);
const schema = core.getSchema(schemas.extensions);
const p = (...content) => schema.node("paragraph", null, content.map((one) => (typeof one === "string" ? schema.text(one) : one)));
const heading = (level, text) => schema.node("heading", { level }, text ? [schema.text(text)] : []);

test("the outline has every heading with its place, also those in quotes and lists", () => {
	const doc = schema.node("doc", null, [
		p("text"),
		heading(1, "One"),
		schema.node("blockquote", null, [p("x"), heading(2, "Quoted")]),
		schema.node("bulletList", null, [schema.node("listItem", null, [p("item"), heading(3, "In a list")])]),
		heading(2, ""),
	]);
	const list = outlines.headings(doc);
	assert.deepEqual(list.map(({ level, text }) => [level, text]), [[1, "One"], [2, "Quoted"], [3, "In a list"], [2, ""]]);
	for (const { pos, level } of list) assert.equal(doc.nodeAt(pos)?.attrs.level, level);
	assert.deepEqual(outlines.headings(schema.node("doc", null, [p("none")])), []);
});

test("headings nest by the levels that are there; one that is left out makes no gap", () => {
	const depths = (...levels) => outlines.depths(levels.map((level) => ({ level, text: "", pos: 0 })));
	assert.deepEqual(depths(1, 2, 3, 2, 1), [0, 1, 2, 1, 0]);
	assert.deepEqual(depths(3, 2, 1), [0, 0, 0]);
	assert.deepEqual(depths(1, 6, 3, 2), [0, 1, 1, 1]);
	assert.deepEqual(depths(2, 3, 1, 3), [0, 1, 0, 1]);
});

test("words and characters are counted as people do, in scripts with and without blanks", () => {
	const counter = new counting.Counter("en");
	const count = (text) => Object.values(counter.text(text));
	assert.deepEqual(count("Hello, world"), [2, 12, 11]);
	assert.deepEqual(count("don't stop 3.14"), [3, 15, 13]);
	assert.deepEqual(count(" — … !"), [0, 6, 3]);
	assert.deepEqual(count("a\nb\ufffcc"), [2, 3, 3], "breaks and objects are no characters");
	assert.deepEqual(count("\u{1f468}\u200d\u{1f469}\u200d\u{1f467} e\u0301"), [1, 3, 2], "what is seen as one is one");
	assert.equal(count("我们一起写文档")[1], 7);
	assert.ok(count("我们一起写文档")[0] > 1, "words without blanks between them");
});

test("a count of a part of the document takes the parts of its blocks, and only those", () => {
	const counter = new counting.Counter("en");
	const doc = schema.node("doc", null, [p("one two"), heading(1, "three"), schema.node("bulletList", null, [schema.node("listItem", null, [p("four five")])])]);
	const all = (from, to) => {
		const part = counter.between(doc, from, to);
		for (;;) {
			const { done, value } = part.next();
			if (done) return [value.words, value.characters];
		}
	};
	assert.deepEqual(all(0, doc.content.size), [5, 21]);
	assert.deepEqual(all(5, 12), [2, 5], "two, th");
	assert.deepEqual(all(3, 3), [0, 0]);
});

test("the sheet has every key that is bound, once, and says what each does", () => {
	const bound = [...Object.keys(keymap.KEYS), ...Object.keys(keys.PAGE_KEYS)];
	assert.deepEqual([...help.listed].sort(), bound.sort());
	for (const name of [...bound, ...Object.keys(keymap.TYPED)]) assert.match(help.nameOf(name), /^[A-Z]/, name);
	const all = [...Object.values(keymap.KEYS).flatMap(({ keys }) => keys), ...Object.values(keys.PAGE_KEYS).flat()];
	assert.equal(new Set(all).size, all.length, "no key does two things");
});

test("keys are printed as they are on the keyboard of the machine", () => {
	assert.deepEqual(keys.printed("Mod-Shift-s", false), ["Ctrl", "Shift", "S"]);
	assert.deepEqual(keys.printed("Mod-Alt-1", true), ["⌥", "⌘", "1"]);
	assert.deepEqual(keys.printed("Shift-Tab", true), ["⇧", "⇥"]);
	assert.deepEqual(keys.printed("Mod-/", false), ["Ctrl", "/"]);
});

test("a key of the page is that key and no other", () => {
	const event = (key, more = {}) => ({ key, code: "", ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });
	assert.ok(keys.isKey("Mod-f", event("f", { ctrlKey: true }), false));
	assert.ok(keys.isKey("Mod-f", event("F", { ctrlKey: true }), false), "with caps lock");
	assert.ok(keys.isKey("Mod-f", event("f", { metaKey: true }), true));
	assert.ok(!keys.isKey("Mod-f", event("f", { ctrlKey: true }), true), "on a Mac Ctrl+F moves the caret");
	assert.ok(!keys.isKey("Mod-f", event("f", { ctrlKey: true, shiftKey: true }), false));
	assert.ok(keys.isKey("Mod-/", event("/", { ctrlKey: true, shiftKey: true }), false), "a sign may need Shift");
	assert.ok(keys.isKey("Mod-Alt-o", event("ø", { metaKey: true, altKey: true, code: "KeyO" }), true));
	const altGr = event("ó", { ctrlKey: true, altKey: true, code: "KeyO", getModifierState: () => true });
	assert.ok(!keys.isKey("Mod-Alt-o", altGr, false), "AltGr writes letters");
	assert.ok(!keys.isKey("F3", event("F3", { shiftKey: true }), false));
	assert.ok(keys.isKey("Shift-F3", event("F3", { shiftKey: true }), false));
});

test("the text of a block has one unit for each of its positions", () => {
	const block = p("a\u{1f600}", schema.node("hardBreak"), schema.node("object"), "b");
	assert.equal(searching.blockText(block), "a\u{1f600}\n\ufffcb");
	assert.equal(searching.blockText(block).length, block.content.size);
});

test("a slash counts where a block or a word begins, and not in words, addresses and code", () => {
	const bold = schema.marks.bold.create();
	const at = (node) => {
		const doc = schema.node("doc", null, [node]);
		const state = pmState.EditorState.create({ doc, selection: pmState.TextSelection.create(doc, doc.content.size - 1) });
		const slash = slashes.slashAt(state);
		return slash && [slash.from, slash.to, slash.query];
	};
	assert.deepEqual(at(p("/")), [1, 2, ""]);
	assert.deepEqual(at(p("one /Head")), [5, 10, "head"]);
	assert.deepEqual(at(p("one /heading 2")), [5, 15, "heading 2"]);
	assert.deepEqual(at(p("one /heading ")), [5, 14, "heading "]);
	assert.deepEqual(at(p("a", schema.node("hardBreak"), schema.text("/x", [bold]))), [3, 5, "x"]);
	for (const text of ["and/or", "http://x", "/ ", "/two words and more", "//", "/usr/bin"]) assert.equal(at(p(text)), null, text);
	assert.equal(at(p(schema.text("/", [schema.marks.code.create()]))), null);
	assert.equal(at(schema.node("codeBlock", null, [schema.text("/")])), null);
});

test("what is typed behind a slash finds names first, then other words for them", () => {
	const list = [{ text: "Text", also: "plain" }, { text: "Bullet list", also: "ul points" }, { text: "List", also: "text" }];
	const fits = (query) => slashes.fitting(list, query).map(({ text }) => text);
	assert.deepEqual(fits(""), ["Text", "Bullet list", "List"]);
	assert.deepEqual(fits("li"), ["List", "Bullet list"]);
	assert.deepEqual(fits("te"), ["Text", "List"]);
	assert.deepEqual(fits("bullet l"), ["Bullet list"]);
	assert.deepEqual(fits("ext"), []);
});
