// Documents as files: what is written, in the forms of `toygrid grid export`, and what Markdown is read as.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sources } from "./sources.mjs";

const [{ blocksOf, format, charRun, atomRun, Kind }, { drawnShapes }, { toMarkdown }, { toBody, toHtml }, { toText }, { markdownPieces }, { fileName }] = await sources(
	"editor/items", "editor/draw", "files/to-markdown", "files/to-html", "files/to-text", "files/from-markdown", "files/write",
);

/// A document from its blocks: [block keys, ...runs]; a run is a text or [text, mark keys].
function sheet(...blocks) {
	const of = (keys) => format(Object.entries(keys));
	const run = (one) => (typeof one === "string" ? charRun(one, of({})) : one[0] === "\ufffc" ? atomRun(1, of(one[1])) : charRun(one[0], of(one[1])));
	const list = blocksOf(blocks.flatMap(([keys, ...runs]) => [{ kind: Kind.block, format: of(keys) }, ...runs.map(run)]));
	return { title: "T", blocks: list, shapes: drawnShapes(list) };
}

const P = {};
const bullet = (indent = 0, more = {}) => ({ list: "bullet", indent, ...more });
const ordered = (start = 1, indent = 0) => ({ list: "ordered", indent, start });
const task = (checked, indent = 0) => ({ list: "task", indent, ...(checked ? { checked } : {}) });
const bold = { bold: true };

const FORMS = [
	["nothing", [], "", "", ""],
	["paragraphs", [[P, "one"], [P], [P, "two"]], "one\n\n\n\ntwo\n", "<p>one</p>\n<p></p>\n<p>two</p>\n", "one\n\ntwo\n"],
	["headings of any level", [[{ type: "heading:1" }, "a"], [{ type: "heading:5" }, "b"]], "# a\n\n##### b\n", "<h1>a</h1>\n<h5>b</h5>\n"],
	["marks on words that stand free", [[P, ["bold", bold], " ", ["italic", { italic: true }], " ", ["strike", { strike: true }], " ", ["code", { code: true }], " ", ["high", { highlight: true }]]],
		"**bold** *italic* ~~strike~~ `code` <mark>high</mark>\n", "<p><strong>bold</strong> <em>italic</em> <s>strike</s> <code>code</code> <mark>high</mark></p>\n"],
	["marks inside a word and on signs", [[P, "b", ["ol", bold], "d and ", ["*", { italic: true }], " and ", ["both", { bold: true, italic: true }]]], "b<strong>ol</strong>d and <em>\\*</em> and ***both***\n"],
	["blanks at the border of marks", [[P, "a", [" b ", bold], "c"]], "a **b** c\n", "<p>a<strong> b </strong>c</p>\n"],
	["links", [[P, "a ", ["link", { link: "https://example.org/x?a=1&b=<2>" }], " and ", ["bold one", { bold: true, link: "mailto:a@b.example" }]]],
		"a [link](<https://example.org/x?a=1&b=\\<2\\>>) and [**bold one**](<mailto:a@b.example>)\n",
		'<p>a <a rel="noopener noreferrer nofollow" href="https://example.org/x?a=1&amp;b=&lt;2&gt;">link</a> and <a rel="noopener noreferrer nofollow" href="mailto:a@b.example"><strong>bold one</strong></a></p>\n'],
	["a link that runs code is none", [[P, ["x", { link: "javascript:alert(1)" }], ["y", { link: " jav\tascript:alert(1)" }]]], "xy\n", "<p>xy</p>\n"],
	["a break, inside and at the end", [[P, "line\nbreak\n"]], "line\\\nbreak<br>\n", "<p>line<br>break<br><br></p>\n", "line\nbreak\n\n"],
	["a heading of two lines", [[{ type: "heading:2" }, "two\nlines"]], "## two<br>lines\n", "<h2>two<br>lines</h2>\n"],
	["nested lists", [[bullet(), "one"], [bullet(), "two"], [bullet(1), "three"], [bullet(2), "four"], [bullet(), "five"]],
		"- one\n- two\n  - three\n    - four\n- five\n",
		"<ul>\n<li><p>one</p>\n</li>\n<li><p>two</p>\n<ul>\n<li><p>three</p>\n<ul>\n<li><p>four</p>\n</li></ul>\n</li></ul>\n</li>\n<li><p>five</p>\n</li></ul>\n"],
	["numbers", [[ordered(7), "seven"], [ordered(7), "eight"], [ordered(3, 1), "three"]], "7. seven\n8. eight\n\n   3. three\n",
		'<ol start="7">\n<li><p>seven</p>\n</li>\n<li><p>eight</p>\n<ol start="3">\n<li><p>three</p>\n</li></ol>\n</li></ol>\n'],
	["tasks", [[task(false), "open"], [task(true), "done"], [task(true, 1), "inner"]], "- [ ] open\n- [x] done\n  - [x] inner\n",
		'<ul class="tasks">\n<li><input type="checkbox" disabled> <p>open</p>\n</li>\n<li><input type="checkbox" disabled checked> <p>done</p>\n<ul class="tasks">\n<li><input type="checkbox" disabled checked> <p>inner</p>\n</li></ul>\n</li></ul>\n'],
	["an item of several blocks", [[bullet(), "one"], [bullet(0, { cont: true }), "more of one"], [bullet(0, { cont: true, type: "code:c" }), "int x;"], [bullet(), "two"]], "- one\n\n  more of one\n\n  ```c\n  int x;\n  ```\n\n- two\n"],
	["an empty item with a block", [[bullet(), "one"], [bullet(1)], [bullet(1, { cont: true, type: "heading:1" }), "in an item"]], "- one\n  - <!-- -->\n\n    # in an item\n"],
	["two lists side by side", [[bullet(), "a"], [{ list: "bullet:2" }, "b"]], "- a\n\n<!-- -->\n\n- b\n", "<ul>\n<li><p>a</p>\n</li></ul>\n<ul>\n<li><p>b</p>\n</li></ul>\n"],
	["quotes in quotes", [[{ path: "quote" }, "quote"], [{ path: "quote/quote" }, "deeper"], [{ path: "quote" }, "back"]], "> quote\n> \n> > deeper\n> \n> back\n",
		"<blockquote>\n<p>quote</p>\n<blockquote>\n<p>deeper</p>\n</blockquote>\n<p>back</p>\n</blockquote>\n"],
	["a list in a quote", [[{ path: "quote", list: "bullet" }, "x"], [{ path: "quote:2" }, "another"]], "> - x\n\n> another\n",
		"<blockquote>\n<ul>\n<li><p>x</p>\n</li></ul>\n</blockquote>\n<blockquote>\n<p>another</p>\n</blockquote>\n"],
	["code", [[{ type: "code:c++" }, "int x;\n\n\ty < z\n"]], "```c++\nint x;\n\n\ty < z\n\n```\n", '<pre><code class="language-c++">int x;\n\n\ty &lt; z\n\n</code></pre>\n'],
	["code with fences in it", [[{ type: "code:x\" onload=y" }, "```"]], "````x\"onload=y\n```\n````\n", '<pre><code class="language-x&quot; onload=y">```</code></pre>\n'],
	["code with signs in a line", [[P, ["a`b", { code: true }], " ", ["`", { code: true }]]], "``a`b`` `` ` ``\n"],
	["a rule, and text behind it", [[P, "a"], [{ type: "rule" }, "ghost"], [P, "b"]], "a\n\n---\n\nghost\n\nb\n", "<p>a</p>\n<hr>\n<p>ghost</p>\n<p>b</p>\n"],
	["a picture", [[P, ["\ufffc", { type: "image", src: "https://e.example/p.png", alt: 'a "b" [c]' }], " text"]], '![a "b" \\[c\\]](<https://e.example/p.png>) text\n', '<p><img src="https://e.example/p.png" alt="a &quot;b&quot; [c]"> text</p>\n'],
	["an object of another kind", [[P, "x", ["\ufffc", { type: "image", src: "data:text/html,x" }]]], "x\ufffc\n", "<p>x\ufffc</p>\n"],
	["what Markdown would take for its own", [[P, "# no heading"], [P, "1. no list"], [P, "- nor this"], [P, "> nor that"], [P, "<b> & *x* _y_ `z` [l](x)"], [P, " a blank"], [P, "12345678901. x"]],
		"\\# no heading\n\n1\\. no list\n\n\\- nor this\n\n\\> nor that\n\n\\<b\\> \\& \\*x\\* \\_y\\_ \\`z\\` \\[l\\](x)\n\n&#32;a blank\n\n12345678901. x\n"],
	["letters of all kinds", [[P, "été ☃ 🦊 e\u0301"]], "été ☃ 🦊 e\u0301\n", "<p>été ☃ 🦊 e\u0301</p>\n"],
	["markup of others", [[P, "<script>alert(1)</script>", ["</strong><img src=x onerror=y>", bold]]], undefined, "<p>&lt;script&gt;alert(1)&lt;/script&gt;<strong>&lt;/strong&gt;&lt;img src=x onerror=y&gt;</strong></p>\n"],
];

test("each form of text is written as Markdown, HTML and plain text", () => {
	for (const [name, blocks, markdown, html, text] of FORMS) {
		const one = sheet(...blocks);
		if (markdown !== undefined) assert.equal(toMarkdown(one), markdown, name);
		if (html !== undefined) assert.equal(toBody(one), html, name);
		if (text !== undefined) assert.equal(toText(one), text, name);
	}
});

test("an HTML file stands alone: no script, nothing loaded, the title escaped", () => {
	const page = toHtml({ ...sheet([P, "x"]), title: "</title><script>alert(1)</script>" });
	assert.match(page, /^<!doctype html>\n<meta charset="utf-8">/);
	assert.match(page, /<title>&lt;\/title&gt;&lt;script&gt;/);
	assert.doesNotMatch(page, /<script|<link|@import|url\(/);
});

test("a title becomes the name of a file on any system", () => {
	assert.equal(fileName("Plans: 2027/28 <draft>?"), "Plans 2027 28 draft");
	assert.equal(fileName("..\\etc/passwd"), "etc passwd");
	assert.equal(fileName("\u202Egnp.exe"), "gnp.exe");
	assert.equal(fileName("a".repeat(300)).length, 80);
	assert.equal(fileName("🦊".repeat(100)), "🦊".repeat(80));
	assert.equal(fileName(" . "), "");
});

const read = (markdown) => [...markdownPieces(markdown)].map(({ html }) => html).join("");

test("Markdown is read as HTML that says what it says", () => {
	const cases = [
		["Setext\n===\n\nsoft\nbreak", "<h1>Setext</h1>\n<p>soft\nbreak</p>\n"],
		["```js {1,2}\ny\n\n```\n", '<pre><code class="language-js">y\n\n</code></pre>\n'],
		["    indented\n", "<pre><code>indented\n</code></pre>\n"],
		["- [ ] a\n- [X] b\n- c\n", '<ul data-type="taskList">\n<li data-type="taskItem" data-checked="false">a</li>\n<li data-type="taskItem" data-checked="true">b</li>\n<li data-type="taskItem" data-checked="false">c</li>\n</ul>\n'],
		["1. [x] a\n", "<ol>\n<li>[x] a</li>\n</ol>\n"],
		["[x](javascript:alert(1)) [y](data:text/html,z) [z](https://ok.example)", '<p>[x](javascript:alert(1)) [y](data:text/html,z) <a href="https://ok.example">z</a></p>\n'],
		["see https://e.example/a_b and www.e.example", '<p>see <a href="https://e.example/a_b">https://e.example/a_b</a> and www.e.example</p>\n'],
		["~~s~~ <mark>m</mark>", "<p><s>s</s> <mark>m</mark></p>\n"],
		["---\ntitle: X\n---\n# Y\n", '<pre><code class="language-yaml">title: X\n</code></pre>\n<h1>Y</h1>\n'],
		["[a]\n\n[a]: https://e.example", '<p><a href="https://e.example">a</a></p>\n'],
	];
	for (const [markdown, html] of cases) assert.equal(read(markdown), html, markdown);
});

test("long Markdown comes in many pieces, and deep nesting comes to an end", () => {
	const long = Array.from({ length: 4000 }, (_, i) => `Paragraph ${i} with [a link][ref].\n`).join("\n") + "\n[ref]: https://e.example\n";
	const pieces = [...markdownPieces(long)];
	assert.ok(pieces.length > 10);
	assert.equal(pieces.at(-1).done, 1);
	assert.equal(pieces.map(({ html }) => html).join("").match(/<a href="https:\/\/e.example">/g).length, 4000, "a reference is known before it is defined");
	for (const open of ["[", "**a ", "![](", "*_", "`", "<b>"]) assert.ok(read(open.repeat(5000) + "x").includes("x"), open);
	for (const open of ["> ", "- ", "1. "]) assert.ok(read(open.repeat(5000) + "x").length < 100_000, open); // a hundred deep is enough
});
