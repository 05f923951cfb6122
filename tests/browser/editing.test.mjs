// The editor as hands meet it: shortcuts, lists, paste, compositions, and the policy of the page.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { converged, shown, text, until, World } from "./world.mjs";

const LIMIT = { timeout: 60_000 };
let world, a, b;

before(async () => {
	world = await World.start({ replica: false });
	[a, b] = [await world.profile(), await world.profile()];
});
after(() => world?.end());

async function fresh(title) {
	const { edit } = await a.create(title);
	await b.visit(edit);
	return edit;
}

function paste(page, html) {
	return page.evaluate((given) => {
		const data = new DataTransfer();
		data.setData("text/html", given);
		data.setData("text/plain", "plain");
		document.querySelector(".ProseMirror").dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
	}, html);
}

function clean() {
	assert.deepEqual([...a.errors.splice(0), ...b.errors.splice(0)], []);
}

test("headings, lists and their nesting, quote, code, rule: by keyboard, the same for both", LIMIT, async () => {
	await fresh("Blocks");
	const { keyboard } = a.page;
	const lines = [["# ", "Top"], ["", "plain"], ["- ", "one"]];
	for (const [start, words] of lines) {
		await keyboard.type(start + words);
		await keyboard.press("Enter");
	}
	await keyboard.press("Tab");
	await keyboard.type("nested");
	await keyboard.press("Enter");
	await keyboard.press("Shift+Tab");
	await keyboard.type("two");
	await keyboard.press("Enter");
	await keyboard.press("Enter");
	await keyboard.type("[ ] todo");
	await keyboard.press("Enter");
	await keyboard.press("Enter");
	await keyboard.type("> quoted");
	await keyboard.press("Enter");
	await keyboard.press("Enter");
	await keyboard.type("```js ");
	await keyboard.type("let x");
	await keyboard.press("Control+Enter");
	await keyboard.type("---end");
	const wanted = [
		"<h1>Top</h1>", "<p>plain</p>", "<ul><li><p>one</p><ul><li><p>nested</p></li></ul></li><li><p>two</p></li></ul>", "<p>todo</p>", "<blockquote><p>quoted</p></blockquote>", "let x", "<hr>", "<p>end</p>",
	];
	await until("the second person to see it", async () => (await text(b.page)).endsWith("end"));
	const html = await converged([a.page, b.page]);
	for (const part of wanted) assert.ok(html.includes(part), `${part} in ${html}`);
	// A checkbox ticked there is ticked here.
	await b.page.locator("li[data-checked] input").check();
	await a.page.locator('li[data-checked="true"]').waitFor();
	await converged([a.page, b.page]);
	clean();
});

test("toolbar buttons format the selection and say whether they are on", LIMIT, async () => {
	await fresh("Toolbar");
	const { page } = a;
	const toolbar = page.getByRole("toolbar", { name: "Formatting", exact: true });
	await page.keyboard.type("some words");
	await page.keyboard.press("Control+a");
	for (const [name, tag] of [["Bold", "strong"], ["Italic", "em"], ["Strikethrough", "s"], ["Highlight", "mark"], ["Code", "code"]]) {
		const button = toolbar.getByRole("button", { name, exact: true });
		await button.click();
		await until(`${name} to be on`, async () => (await button.getAttribute("aria-pressed")) === "true");
		await b.page.locator(`.ProseMirror ${tag}`).waitFor();
	}
	await page.getByLabel("Text style").selectOption("2");
	await b.page.locator(".ProseMirror h2").waitFor();
	await toolbar.getByRole("button", { name: "Link" }).click();
	await page.getByLabel("Address").fill("example.org/page");
	await page.keyboard.press("Enter");
	await b.page.locator('.ProseMirror a[href="https://example.org/page"]').waitFor();
	await converged([a.page, b.page]);
	clean();
});

test("pasted HTML comes in as our blocks and marks, without scripts, styles or odd links", LIMIT, async () => {
	await fresh("Paste");
	await a.page.evaluate(() => {
		const data = new DataTransfer();
		data.setData("text/html", '<h1 style="color:red" onclick="alert(1)">Head</h1><p>a <b>bold</b> <a href="javascript:alert(1)">bad</a> <a href="https://example.org/" class="x" title="y">good</a></p><ol start="3"><li>three<ul><li>deep</li></ul></li></ol><script>alert(2)</scr' + "ipt><table><tr><td>cell</td></tr></table>");
		data.setData("text/plain", "plain");
		document.querySelector(".ProseMirror").dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
	});
	await until("the paste to arrive", async () => /cell/.test(await text(b.page)));
	const html = await converged([a.page, b.page]);
	assert.match(html, /<h1>Head<\/h1>/);
	assert.match(html, /<strong>bold<\/strong>/);
	assert.match(html, /<a[^>]*href="https:\/\/example.org\/"[^>]*>good<\/a>/);
	assert.match(html, /<ol start="3"><li><p>three<\/p><ul><li><p>deep<\/p><\/li><\/ul><\/li><\/ol>/);
	assert.doesNotMatch(html, /javascript:|onclick|color:red|<script/);
	// The page's policy refuses the handler even in the detached document where the paste is read.
	for (const error of a.errors.splice(0)) assert.match(error, /violates the following Content Security Policy/);
	clean();
});

// What is pasted, and what both must then show.
const STYLED = [
	[
		"Google Docs wraps all in a <b> that is not bold",
		'<meta charset="utf-8"><b style="font-weight:normal;" id="docs-internal-guid-1"><p dir="ltr" style="line-height:1.38"><span style="font-size:11pt;font-weight:400;font-style:normal">plain </span><span style="font-weight:700;text-decoration:none">bold</span><span style="font-style:italic"> slanted</span></p>\n<h2><span style="font-weight:400">Head</span></h2></b><br class="Apple-interchange-newline">',
		"<p>plain <strong>bold</strong><em> slanted</em></p><h2>Head</h2>",
	],
	["a sheet of styles, as Excel and Word send it", '<html><head><style><!-- p {color:red} --></style></head><body><!--StartFragment--><p>a<style>b</style> <b>c</b></p><!--EndFragment--></body></html>', "<p>a <strong>c</strong></p>"],
	["struck", '<p>a <span style="text-decoration: underline line-through">b</span> <span style="TEXT-DECORATION-LINE : line-through ! important">c</span> <s style="text-decoration:none">d</s> <s><span style="text-decoration:none">e</span></s></p>', "<p>a <s>b</s> <s>c</s> d <s>e</s></p>"],
	["all at once", '<span style="font-weight:bold;font-style:oblique;text-decoration:line-through">x</span> y', "<p><strong><em><s>x</s></em></strong> y</p>"],
	["bold with a part that is not", '<p style="font-weight:bold">a <span style="font-weight:normal">b</span> <b>c</b></p>', "<p><strong>a </strong>b<strong> c</strong></p>"],
	["not italic", '<p><i style="font-style:normal">a</i> <em style="font-style: normal">b</em> <em>c</em></p>', "<p>a b <em>c</em></p>"],
	["a weight as a browser writes it down", '<h2 style="font-weight: 600">Head</h2><p style="font-weight: 500">medium</p>', "<h2>Head</h2><p>medium</p>"],
	["what only sounds like it", '<p><b style="mso-bidi-font-weight:normal">a</b> <span style="x-font-weight:700;font-weight:heavy;font-weight">b</span></p>', "<p><strong>a</strong> b</p>"],
	["blanks between blocks are no text", '<div style="font-weight:700">\n<p>a</p>\n<ul>\n<li>b</li>\n</ul>\n</div>', "<p><strong>a</strong></p><ul><li><p><strong>b</strong></p></li></ul>"],
];

for (const [name, html, wanted] of STYLED)
	test(`pasted styles: ${name}`, LIMIT, async () => {
		await fresh("Styles");
		await paste(a.page, html);
		await until("the paste to arrive", async () => (await shown(b.page)) === wanted || shown(b.page));
		assert.equal(await shown(a.page), wanted);
		clean(); // the policy had nothing to refuse
	});

const TABLES = [
	["one paragraph a row", "<p>before</p><table><thead><tr><th>A1</th><th>B1</th></tr></thead><tbody><tr><td>A2</td><td><b>B2</b></td></tr></tbody></table><p>after</p>", "<p>before</p><p>A1 | B1</p><p>A2 | <strong>B2</strong></p><p>after</p>"],
	["rows without their table", "<tr><td>A1</td><td>B1</td></tr><tr><td>A2</td><td>B2</td></tr>", "<p>A1 | B1</p><p>A2 | B2</p>"],
	["paragraphs and breaks in cells, cells and rows with nothing", '<table><caption>Sums</caption><tr><td><p style="margin:0"><span style="font-weight:700">A1</span></p>\n<p>more</p></td><td></td><td>C<br>1</td></tr><tr><td></td><td> <br></td></tr></table>', "<p>Sums</p><p><strong>A1</strong> more | | C 1</p>"],
	["a table that is there for its looks", "<table><tr><td><h2>Head</h2><p>one</p><p>two</p><table><tr><td>x</td><td>y</td></tr></table></td></tr></table>", "<h2>Head</h2><p>one</p><p>two</p><p>x | y</p>"],
];

for (const [name, html, wanted] of TABLES)
	test(`pasted tables: ${name}`, LIMIT, async () => {
		await fresh("Tables");
		await paste(a.page, html);
		await until("the paste to arrive", async () => (await shown(b.page)) === wanted || shown(b.page));
		assert.equal(await shown(a.page), wanted);
		clean();
	});

test("pasted HTML that is deep, wide or badly nested is read without harm", LIMIT, async () => {
	await fresh("Hostile");
	const nested = (n, open, close = "") => open.repeat(n) + "deep" + close.repeat(n);
	const odd = [
		nested(20_000, '<b style="font-weight:bolder">'),
		nested(3000, "<table><tr><td>"),
		'<p style="' + "font-weight:700;".repeat(50_000) + '">deep',
		"<a style".repeat(100_000) + ">deep",
		"<table><p>deep</table><td style=x><style>p{}</style><tr>",
	];
	for (const html of odd) {
		await a.page.keyboard.press("Control+a");
		await a.page.keyboard.press("Delete");
		await paste(a.page, html);
		await until("the text", async () => (await text(a.page)).includes("deep") || text(a.page));
	}
	await converged([a.page, b.page]);
	for (const error of a.errors.splice(0)) assert.match(error, /Content Security Policy/); // of tags that are none
	clean();
});

test("words of others wait while one composes, and nothing is lost when the composition ends", LIMIT, async () => {
	await fresh("Composing");
	await a.page.keyboard.type("abc");
	await until("the text", async () => (await text(b.page)) === "abc");
	const client = await a.context.newCDPSession(a.page);
	await client.send("Input.imeSetComposition", { text: "に", selectionStart: 1, selectionEnd: 1 });
	await until("the composition", async () => (await text(a.page)) === "abcに");
	await b.page.locator(".ProseMirror").click();
	await b.page.keyboard.press("Control+Home");
	await b.page.keyboard.type("XY");
	await client.send("Input.imeSetComposition", { text: "にほ", selectionStart: 2, selectionEnd: 2 });
	await until("the first stage at the other's", async () => /に/.test(await text(b.page)));
	assert.equal(await text(a.page), "abcにほ", "nothing comes into a composition");
	await client.send("Input.insertText", { text: "日本" });
	await until("both", async () => (await text(a.page)) === "XYabc日本" || text(a.page));
	await until("both there", async () => (await text(b.page)) === "XYabc日本" || text(b.page));
	clean();
});

test("selecting all and deleting it, both at once, leaves one empty paragraph", LIMIT, async () => {
	await fresh("Empty");
	await a.page.keyboard.type("# Title");
	await a.page.keyboard.press("Enter");
	await a.page.keyboard.type("words");
	await until("the text", async () => /words/.test(await text(b.page)));
	await b.page.locator(".ProseMirror").click();
	await Promise.all([a, b].map(async ({ page }) => {
		await page.keyboard.press("Control+a");
		await page.keyboard.press("Delete");
	}));
	await until("nothing left", async () => (await Promise.all([text(a.page), text(b.page)])).every((one) => one.trim() === ""));
	await converged([a.page, b.page]);
	await a.page.keyboard.type("again");
	await until("new words", async () => (await text(b.page)).includes("again"));
	clean();
});

test("a document survives a reload, with title and formatting, and the list shows it", LIMIT, async () => {
	await fresh("Stays here");
	await a.page.keyboard.type("# kept");
	await a.page.keyboard.press("Enter");
	await a.page.keyboard.type("text");
	const before = await shown(a.page);
	await a.page.locator(".status", { hasText: /on this device|safe/ }).waitFor();
	await a.page.reload();
	await a.page.locator(".ProseMirror h1").waitFor();
	assert.equal(await shown(a.page), before);
	assert.equal(await a.page.getByLabel("Title").inputValue(), "Stays here");
	await a.page.getByRole("link", { name: "All documents" }).click();
	const row = a.page.locator(".row", { hasText: "Stays here" });
	await row.waitFor();
	await row.getByRole("button", { name: "More" }).click();
	await a.page.getByRole("menuitem", { name: "Remove" }).click();
	await row.waitFor({ state: "detached" });
	clean();
});

test("what was typed a moment before the page is loaded anew is there", LIMIT, async () => {
	await fresh("In a hurry");
	for (let n = 1; n <= 8; n++) {
		await a.page.keyboard.type(`word${n} `);
		const before = await shown(a.page);
		await a.page.reload();
		await a.page.locator(".ProseMirror", { hasText: "word" }).waitFor();
		assert.equal(await shown(a.page), before);
		await a.toEnd();
	}
	clean();
});

test("a document that another tab shows is not removed under its hands", LIMIT, async () => {
	await fresh("Still open");
	await a.page.keyboard.type("kept");
	const other = await a.context.newPage();
	await other.goto(`${world.origin}/#/`);
	const row = other.locator(".row", { hasText: "Still open" });
	const remove = async () => {
		await row.getByRole("button", { name: "More" }).click();
		await other.getByRole("menuitem", { name: "Remove" }).click();
	};
	await remove();
	await other.getByText("is open in another tab").waitFor();
	await row.waitFor();
	await a.page.getByRole("link", { name: "All documents" }).click();
	await a.page.locator(".home").waitFor();
	await remove();
	await row.waitFor({ state: "detached" });
	await other.close();
	clean();
});

test("who only reads is seen at once, and who closes the tab is gone at once", LIMIT, async () => {
	const { edit } = await a.create("Who is here");
	await b.visit(edit);
	await until("the reader to be seen", async () => (await a.page.locator(".disc:not(.disc-own)").count()) === 1, 5_000);
	await a.page.reload();
	await a.page.locator(".ProseMirror").waitFor();
	await until("the reader to be seen by who comes anew", async () => (await a.page.locator(".disc:not(.disc-own)").count()) === 1, 5_000);
	await b.page.goto("about:blank");
	await until("the reader to be gone", async () => (await a.page.locator(".disc:not(.disc-own)").count()) === 0, 5_000);
	clean();
});

test("two who chose one colour see each other in another one, at the caret as in the bar", LIMIT, async () => {
	for (const { page } of [a, b]) {
		await page.goto(`${world.origin}/#/`);
		await page.locator(".disc-own").click();
		await page.getByLabel("Colour 2").check();
		await page.getByRole("button", { name: "Save" }).click();
	}
	await fresh("One colour");
	await a.page.keyboard.type("a");
	await b.page.locator(".ProseMirror").click();
	await b.page.keyboard.type("b");
	for (const { page } of [a, b]) {
		const colours = () => page.evaluate(() => [".disc-own", ".disc:not(.disc-own)", ".caret"].map((one) => document.querySelector(one) && getComputedStyle(document.querySelector(one)).getPropertyValue("--person")));
		await until("the other's caret", async () => (await colours()).every(Boolean) || colours());
		const [own, disc, caret] = await colours();
		assert.equal(own, "#e0533d");
		assert.notEqual(disc, own);
		assert.equal(caret, disc);
	}
	clean();
});

test("a title typed a moment before the page is loaded anew is there", LIMIT, async () => {
	await fresh("First");
	const title = a.page.getByLabel("Title");
	for (let n = 1; n <= 5; n++) {
		await title.fill(`Title ${n}`);
		await a.page.reload();
		await a.page.locator(".ProseMirror").waitFor();
		await until("the title", async () => (await title.inputValue()) === `Title ${n}` || title.inputValue());
	}
	clean();
});

test("a title that is being typed when another document is opened is kept, and is not that one's", LIMIT, async () => {
	await a.create("Other");
	const other = a.page.url();
	await a.create("First");
	const title = a.page.getByLabel("Title");
	await title.fill("Left behind");
	await a.page.evaluate((url) => (location.href = url), other);
	await until("the other one", async () => (await title.inputValue()) === "Other" || title.inputValue());
	await a.page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 400))); // longer than a title waits
	assert.equal(await title.inputValue(), "Other");
	await a.page.goto(`${world.origin}/#/`);
	await a.page.locator(".row-title", { hasText: "Left behind" }).waitFor();
	clean();
});

test("a title that is still being typed is kept by the browser's Back, and by Forward", LIMIT, async () => {
	await a.create("Before");
	const title = a.page.getByLabel("Title");
	await title.click();
	await title.fill("");
	await title.pressSequentially("Typed in a hurry");
	await a.page.evaluate(() => history.back()); // no key, no click: the field keeps the focus
	await a.page.locator(".row-title", { hasText: "Typed in a hurry" }).waitFor({ timeout: 5000 });
	await a.page.evaluate(() => history.forward());
	await a.page.locator(".ProseMirror").waitFor(); // the page before it has something of that label, too
	await until("the title in its document", async () => (await title.inputValue()) === "Typed in a hurry");
	clean();
});

test("undo takes back what was typed since the last pause, and all of that", LIMIT, async () => {
	await fresh("Pauses");
	for (const pause of [700, 3000]) {
		await a.page.keyboard.type("one ");
		await a.page.waitForTimeout(pause);
		await a.page.keyboard.type("two");
		await a.page.keyboard.press("Control+z");
		assert.equal(await text(a.page), "one ", `after ${pause} ms`);
		await a.page.keyboard.press("Control+a");
		await a.page.keyboard.press("Delete");
		await a.page.waitForTimeout(700);
	}
	clean();
});

test("a phone has room: nothing is wider than 390 px, the toolbar scrolls", LIMIT, async () => {
	await fresh("Narrow");
	await a.page.keyboard.type("```" + " ");
	await a.page.keyboard.type("x".repeat(200));
	await a.page.setViewportSize({ width: 390, height: 844 });
	const wide = await a.page.evaluate(() => document.documentElement.scrollWidth);
	await a.page.setViewportSize({ width: 1280, height: 860 });
	assert.ok(wide <= 390, `${wide} px`);
	clean();
});

test("a click on New document before the runtime is up makes one all the same", LIMIT, async () => {
	const page = await a.context.newPage();
	await page.addInitScript(() => {
		new MutationObserver((_list, observer) => {
			const button = document.querySelector(".home-head .button-main");
			if (button) observer.disconnect(), button.click();
		}).observe(document, { subtree: true, childList: true });
	});
	await page.goto(`${world.origin}/#/`);
	await page.locator(".ProseMirror").waitFor();
	await page.close();
	clean();
});

test("a document that nobody answers for: after a while that is said, with a way out, until it arrives", LIMIT, async () => {
	const { edit } = await a.create("Late");
	await a.page.keyboard.type("here at last");
	await a.page.goto(`${world.origin}/#/`);
	await a.page.locator(".row-title", { hasText: "Late" }).waitFor();
	await b.page.goto(edit);
	const late = b.page.getByRole("status").filter({ hasText: "Nobody has answered so far" });
	const [wait, home] = [b.page.getByRole("button", { name: "Keep waiting" }), b.page.locator(".waiting").getByRole("link", { name: "All documents" })];
	await b.page.getByText("Looking for this document").waitFor();
	assert.equal(await wait.isVisible(), false);
	await late.waitFor();
	await home.click();
	await b.page.getByRole("button", { name: "New document" }).waitFor();
	await b.page.goto(edit);
	await late.waitFor();
	await wait.click();
	assert.equal(await late.count(), 0);
	assert.equal(await wait.isVisible(), false);
	assert.ok(await b.page.locator(".waiting-text").evaluate((text) => text === document.activeElement), "the focus is not lost");
	await a.page.goto(edit);
	await until("the document", async () => (await b.page.locator(".ProseMirror").count()) > 0 && (await text(b.page)) === "here at last");
	assert.equal(await b.page.locator(".waiting").count(), 0);
	clean();
});

test("a link that is cut off, and a document that is not here, are said plainly", LIMIT, async () => {
	await a.page.goto(`${world.origin}/#/g/short/exyz`);
	await a.page.getByText("This link is not complete").waitFor();
	await a.page.goto(`${world.origin}/#/g/${"A".repeat(43)}`);
	await a.page.getByText("This browser does not have this document").waitFor();
	clean();
});
