// Files: what is exported is imported as it was, in the real browser; hostile files give plain content; large ones do
// not stop the page.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openPage } from "./engines.mjs";
import { hasReplica, inWorld, shown, text, until } from "./world.mjs";

const LIMIT = { timeout: 120_000 };
const web = fileURLToPath(new URL("../../web/", import.meta.url));
const esbuild = createRequire(join(web, "build.mjs"))("esbuild");
let engine;

before(async () => {
	engine = await openPage("Chromium");
	const contents = `
		import { readFile } from "./src/files/read";
		import * as later from "./src/files/later";
		import { blocksOf } from "./src/editor/items";
		import { drawnShapes } from "./src/editor/draw";
		globalThis.convert = async (name, text) => {
			const { title, segments } = await readFile(new File([text], name), async () => later, () => undefined);
			const blocks = blocksOf(segments);
			const sheet = { title, blocks, shapes: drawnShapes(blocks) };
			return { title, markdown: later.toMarkdown(sheet), html: later.toHtml(sheet).replace(/^[^]*<\\/style>\\n/, ""), text: later.toText(sheet) };
		};
		globalThis.refused = (name, bytes) => readFile(new File([new Uint8Array(bytes)], name), async () => later, () => undefined).then(() => "read", (error) => error.why);
		globalThis.decoded = async (bytes) => (await readFile(new File([new Uint8Array(bytes)], "a.txt"), async () => later, () => undefined)).segments.map((s) => s.text ?? "").join("");`;
	const built = await esbuild.build({
		stdin: { contents, resolveDir: web, loader: "ts" },
		bundle: true, format: "iife", write: false, logLevel: "warning", mainFields: ["module", "main"], define: { __TG_FILES__: '""' }, external: [""],
	});
	await engine.page.addScriptTag({ content: built.outputFiles[0].text });
});

after(() => engine?.close());

const convert = (name, content) => engine.page.evaluate(([n, t]) => convert(n, t), [name, content]);

// The forms of tests/files/paste.c, as far as the page draws them.
const MARKDOWN_SAME = [
	"",
	"one\n",
	"one\n\ntwo\n",
	"# a\n\n## b\n\n### c\n",
	"**bold** *italic* ~~strike~~ `code` <mark>high</mark>\n",
	"b<strong>ol</strong>d and <em>\\*</em> and ***both***\n",
	"a [link](<https://example.org/x?a=1&b=2>) and [**bold one**](<mailto:a@b.example>)\n",
	"line\\\nbreak\n",
	"- one\n- two\n  - three\n    - four\n- five\n",
	"1. one\n2. two\n   1. three\n",
	"7. seven\n8. eight\n",
	"## two<br>lines\n",
	"- one\n\n  3. three\n  4. four\n- two\n",
	"- [ ] open\n- [x] done\n  - [x] inner\n",
	"- one\n\n  more of one\n\n  ```c\n  int x;\n  ```\n\n- two\n",
	"- a\n\n<!-- -->\n\n- b\n",
	"> quote\n> \n> > deeper\n> \n> back\n",
	"> - in a quote\n> - two\n",
	"> ## head\n> \n> ```\n> code\n> ```\n",
	"```c++\nint main(void)\n{\n\n\treturn 0;\n}\n```\n",
	"````\n```\n````\n",
	"```\nends in lines\n\n\n```\n",
	"a\n\n---\n\nb\n",
	"\\# no heading\n\n1\\. no list\n\n\\- nor this\n\n\\> nor that\n\n\\<b\\> \\& \\*x\\* \\_y\\_ \\`z\\` \\[l\\](x)\n",
	"été ☃ 🦊 e\u0301\n",
	"``a`b``\n",
	"- one\n  - <!-- -->\n\n    # in an item\n",
	"- one\n\npara\n\n- two\n",
	"- a\n\n  ```\n  code\n  ```\n\n  - b\n\n    ```\n    more\n    ```\n",
	"> - a\n> \n>   ```\n>   code\n>   ```\n> \n> - b\n> \n> > 1. c\n",
	"- a\n\n> quote\n\n- b\n",
];

test("Markdown that was exported comes in as it was", LIMIT, async () => {
	for (const markdown of MARKDOWN_SAME) assert.equal((await convert("a.md", markdown)).markdown, markdown);
});

test("HTML that was exported comes in as it was, with its title", LIMIT, async () => {
	for (const markdown of MARKDOWN_SAME) {
		const { html } = await convert("a.md", markdown);
		const again = await convert("a.html", `<!doctype html><meta charset="utf-8"><title> The \n title </title>${html}`);
		assert.equal(again.html, html);
		assert.equal(again.markdown, markdown);
		assert.equal(again.title, "The title");
	}
});

test("Markdown and HTML of others are read", LIMIT, async () => {
	const markdown = [
		["* a\n+ b\n", "- a\n\n<!-- -->\n\n- b\n"],
		["1) a\n2) b\n", "1. a\n2. b\n"],
		["- [ ] a\n- b\n", "- [ ] a\n- [ ] b\n"],
		["__b__ _i_ ~~s~~\n", "**b** *i* ~~s~~\n"],
		["[x](javascript:alert(1))\n", "\\[x\\](javascript:alert(1))\n"],
		["![pic](data:image/png;base64,AA==) ![alt](https://e.example/p.png)\n", "!\\[pic\\](data:image/png;base64,AA==) [alt](<https://e.example/p.png>)\n"],
		["a <img src=x onerror=alert(1)> b\n", "a b\n"],
		["<div onclick=\"x()\"><p>in <b>bold</b></p><ul><li>x</li></ul></div>\n", "in **bold**\n\n- x\n"],
		["#### four\n", "#### four\n"],
		["| a | b |\n|---|---|\n| c | d |\n", "a \\| b\n\nc \\| d\n"],
		["\ufefftext\r\nmore\r\n", "text more\n"],
	];
	for (const [from, to] of markdown) assert.equal((await convert("a.md", from)).markdown, to, from);
	const html = [
		["plain <b>text</b>\n  with   blanks ", "<p>plain <strong>text</strong> with blanks</p>\n"],
		["<div>a<div>b</div>c</div>", "<p>a</p>\n<p>b</p>\n<p>c</p>\n"],
		["<ul><li>a<ul><li>b</ul><li>c</ul>", "<ul>\n<li><p>a</p>\n<ul>\n<li><p>b</p>\n</li></ul>\n</li>\n<li><p>c</p>\n</li></ul>\n"],
		['<ul class="contains-task-list"><li class="task-list-item"><input type="checkbox" checked> t</li><li class="task-list-item"><input type=checkbox>u<div>v</div></li></ul>',
			'<ul class="tasks">\n<li><input type="checkbox" disabled checked> <p>t</p>\n</li>\n<li><input type="checkbox" disabled> <p>u</p>\n<p>v</p>\n</li></ul>\n'],
		['<ul data-type="taskList"><li data-type="taskItem" data-checked="true"><label><input type="checkbox" checked><span></span></label><div><p>x</p></div></li></ul>',
			'<ul class="tasks">\n<li><input type="checkbox" disabled checked> <p>x</p>\n</li></ul>\n'],
		['<p><span style="font-weight:700">b</span> <span style="font-style:italic">i</span></p>', "<p><strong>b</strong> <em>i</em></p>\n"],
		["<table><tr><td>a<td>b</table>", "<p>a | b</p>\n"],
		["<pre>\necho\n</pre>", "<pre><code>echo</code></pre>\n"],
		['<img src="https://e.example/p.png">', '<p><a rel="noopener noreferrer nofollow" href="https://e.example/p.png">https://e.example/p.png</a></p>\n'],
	];
	for (const [from, to] of html) assert.equal((await convert("a.html", from)).html, to, from);
	assert.equal((await convert("a.txt", "one\r\n\ntwo <b>&amp;\ttab\n")).text, "one\n\ntwo <b>&amp;\ttab\n");
	assert.equal((await convert("notes.txt", "")).title, "notes");
	assert.equal((await convert("Meeting v2.1.md", "no heading")).title, "Meeting v2.1");
	assert.equal((await convert("a.md", "text\n\n## *First* heading\n\n# Second")).title, "First heading");
});

test("bytes that are no text are refused, old encodings are read", LIMIT, async () => {
	const call = (name, ...args) => engine.page.evaluate(([n, a]) => globalThis[n](...a), [name, args]);
	assert.equal(await call("refused", "a.txt", [97, 0, 98]), "kind");
	assert.equal(await call("refused", "a.png", [97]), "kind");
	assert.equal(await call("refused", "a.exe", [97]), "kind");
	assert.equal(await call("decoded", [0xff, 0xfe, 0xe9, 0, 0x3d, 0xd8, 0x8a, 0xde]), "é🚊");
	assert.equal(await call("decoded", [0x66, 0xfc, 0x72]), "für");
});

// Files of tests/files/paste.c, and some for this page's own steps.
const HOSTILE = [
	"<script>alert(1)</script>",
	"<scr<script>ipt>alert(1)</scr</script>ipt>",
	"<img src=x onerror=alert(1)>",
	'<img src="javascript:alert(1)" alt="pic">',
	"<svg><script>alert(1)</script><a xlink:href=\"javascript:alert(1)\">x</a></svg>",
	'<a href="javascript:alert(1)">x</a><a href=" java\tscript:alert(1)">y</a><a href="jav&#x0A;ascript:alert(1)">z</a>',
	'<iframe src="https://evil.example">inside</iframe><object data=x>y</object><embed src=x>',
	'<style>@import url(x)</style><link rel=stylesheet href=https://evil.example/x><base href="https://evil.example/">',
	'<p style="background:url(https://evil.example/x)" onclick=alert(1) id=x class=y>text</p>',
	'<math><mtext></mtext><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
	'<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
	'<pre><code class="language-x&quot; onload=alert(1)">x</code></pre>',
	"<template><script>alert(1)</script></template><xmp><script>alert(1)</script></xmp>",
	'<meta http-equiv=refresh content="0;url=javascript:alert(1)">',
	'<ol start="99999999999999999999"><li>x</ol><ol start=-5><li>y</ol>',
	"<plaintext><script>alert(1)</script>",
	"<video src=https://evil.example/v autoplay><audio src=https://evil.example/a>",
	"<ul><li><input type=checkbox onclick=alert(1)>x</ul>",
];

test("hostile files are inert: nothing runs, nothing is asked for, only plain content comes of them", { timeout: 180_000 }, () =>
	inWorld({ replica: false }, async (world) => {
		const a = await world.profile();
		const asked = [];
		a.page.on("request", (request) => !request.url().startsWith(world.origin) && !request.url().startsWith("ws:") && !request.url().startsWith("blob:") && asked.push(request.url()));
		a.page.on("dialog", (dialog) => (asked.push(dialog.message()), dialog.dismiss()));
		await a.page.goto(`${world.origin}/#/`);
		for (const name of ["hostile.html", "hostile.md"]) {
			await pick(a.page, name, HOSTILE.join("\n\n"));
			await a.page.locator(".ProseMirror").waitFor();
			const tags = await a.page.evaluate(() => [...document.querySelectorAll(".ProseMirror *")].map((e) => [e.localName, ...e.getAttributeNames().filter((n) => /^on|^style|^src|^id$/.test(n)), e.getAttribute("href") ?? ""].join(" ")));
			const allowed = /^(p|h[123]|pre|code|hr|blockquote|ul|ol|li|a|br|mark|strong|em|s|label|span|div|input|img)( https?:\S*)? *$/;
			assert.deepEqual(tags.filter((tag) => !allowed.test(tag) || /javascript/i.test(tag)), []);
			await a.page.getByRole("link", { name: "All documents" }).click();
			await a.page.locator(".row").first().waitFor();
		}
		assert.deepEqual(asked, []);
	}));

// Files stay until the end: a page reads what it was given when it comes to it.
const picked = mkdtempSync(join(tmpdir(), "toygrid-files-"));
after(() => rmSync(picked, { recursive: true }));

async function pick(page, name, content) {
	const chooser = page.waitForEvent("filechooser");
	await page.getByRole("button", { name: "Open a file" }).click();
	// From the disk: what is handed over by the driver costs the page time of its own.
	writeFileSync(join(picked, name), content);
	await (await chooser).setFiles(join(picked, name));
}

async function exported(page, item) {
	await page.getByRole("button", { name: "More" }).click();
	const download = page.waitForEvent("download");
	await page.getByRole("menuitem", { name: item }).click();
	const file = await download;
	return { name: file.suggestedFilename(), content: readFileSync(await file.path(), "utf8") };
}

const SAMPLE = "# Lamp\n\nA *quiet* **word** and a [link](<https://example.org/>).\n\n- [x] done\n- [ ] open\n\n> quote\n\n```c\nint x;\n```\n";

test("a file is opened as a document, written out again in three formats, and copied", LIMIT, () =>
	inWorld({}, async (world) => {
		const a = await world.profile();
		await a.page.goto(`${world.origin}/#/`);
		await pick(a.page, "lamp.md", SAMPLE);
		await a.page.locator(".ProseMirror h1", { hasText: "Lamp" }).waitFor();
		assert.equal(await a.page.getByLabel("Title").inputValue(), "Lamp");
		const first = await shown(a.page);
		assert.deepEqual(await exported(a.page, "Export as Markdown"), { name: "Lamp.md", content: SAMPLE });
		const html = await exported(a.page, "Export as HTML");
		assert.equal(html.name, "Lamp.html");
		assert.match(html.content, /<title>Lamp<\/title>/);
		assert.equal((await exported(a.page, "Export as plain text")).content, "Lamp\nA quiet word and a link.\ndone\nopen\nquote\nint x;\n");
		// What came in is no typing: there is nothing to undo.
		await a.toEnd();
		await a.page.keyboard.press("Control+z");
		assert.equal(await shown(a.page), first);
		// The runtime's own command writes the same.
		if (hasReplica) assert.equal(await world.export((await a.links()).edit), "Lamp\nA quiet word and a link.\ndone\nopen\nquote\nint x;\n");
		const address = a.page.url();
		await a.page.getByRole("button", { name: "More" }).click();
		await a.page.getByRole("menuitem", { name: "Make a copy" }).click();
		await until("the copy", async () => (await a.page.getByLabel("Title").inputValue()) === "Copy of Lamp");
		await a.page.locator(".ProseMirror h1", { hasText: "Lamp" }).waitFor();
		assert.notEqual(a.page.url(), address);
		assert.equal(await shown(a.page), first);
		// Two documents: what is typed in one is not in the other.
		await a.toEnd();
		await a.page.keyboard.type("only here");
		await a.page.goto(address);
		await until("the first document", async () => (await a.page.getByLabel("Title").inputValue()) === "Lamp");
		await a.page.locator(".ProseMirror h1", { hasText: "Lamp" }).waitFor();
		assert.doesNotMatch(await text(a.page), /only here/);
		// An HTML file comes in as the same document.
		await a.page.getByRole("link", { name: "All documents" }).click();
		await pick(a.page, html.name, html.content);
		await a.page.locator(".ProseMirror h1", { hasText: "Lamp" }).waitFor();
		assert.equal(await shown(a.page), first);
	}));

test("several files are dropped on the list of documents, and what cannot be read is said", LIMIT, () =>
	inWorld({ replica: false }, async (world) => {
		const { page } = await world.profile();
		await page.goto(`${world.origin}/#/`);
		await page.locator(".empty").waitFor();
		await page.evaluate(() => {
			const data = new DataTransfer();
			data.items.add(new File(["# One"], "one.md"));
			data.items.add(new File(["two"], "two.txt"));
			data.items.add(new File(["x"], "three.png"));
			for (const type of ["dragenter", "dragover"]) document.querySelector(".home").dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: data }));
			globalThis.dropped = () => document.querySelector(".home").dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data }));
		});
		await page.locator(".drop-target").waitFor();
		await page.evaluate(() => globalThis.dropped());
		await page.getByText("“three.png” cannot be opened").waitFor();
		await page.locator(".row", { hasText: "One" }).waitFor();
		await page.locator(".row", { hasText: "two" }).waitFor();
		assert.equal(await page.locator(".drop-target").isVisible(), false);
	}));

test("a file of 1 MB is read without stopping the page, whatever its kind", { timeout: 240_000 }, () =>
	inWorld({ replica: false }, async (world) => {
		const { page } = await world.profile();
		// The page's turns while a file is read: a reader that never lets go has none.
		await page.addInitScript(() => {
			globalThis.turns = 0;
			const timer = setInterval(() => turns++, 10);
			addEventListener("hashchange", () => clearInterval(timer), true);
		});
		const line = (i) => `Paragraph ${i} with some **bold** words, a [link](https://example.org/${i}) and enough text to be one, as people write.`;
		const markdown = Array.from({ length: 9500 }, (_, i) => (i % 50 === 0 ? `## Chapter ${i}` : line(i))).join("\n\n");
		const kinds = {
			"large.md": markdown,
			"large.html": `<html><head><title>large</title></head><body><div><main>${Array.from({ length: 8500 }, (_, i) => `<p style="margin:0">Paragraph ${i} with <span style="font-weight:700">bold</span> words, <a href="https://example.org/${i}">a link</a> and then some more words</p>`).join("\n")}</main></div></body></html>`,
			"large.txt": Array.from({ length: 10_000 }, (_, i) => line(i)).join("\n"),
		};
		for (const [name, content] of Object.entries(kinds)) {
			assert.ok(content.length > 1_000_000, name);
			await page.goto(`${world.origin}/#/`);
			await page.reload();
			await page.locator(".home").waitFor();
			await page.evaluate(() => (globalThis.turns = 0));
			await pick(page, name, content);
			await page.locator(".ProseMirror").waitFor({ timeout: 120_000 });
			const turns = await page.evaluate(() => globalThis.turns);
			assert.ok(turns >= 10, `${name}: ${turns} turns`);
		}
	}));
