// What lies around the text to work with, by keyboard alone.
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
	const links = await a.create(title);
	await b.visit(links.edit);
	return links;
}

function clean() {
	assert.deepEqual([...a.errors.splice(0), ...b.errors.splice(0)], []);
}

const selected = (page) => page.evaluate(() => getSelection().toString());
const place = (page) => page.locator(".find-place").innerText();

async function lines(page, ...all) {
	for (const [i, line] of all.entries()) {
		if (i > 0) await page.keyboard.press("Enter");
		await page.keyboard.type(line);
	}
}

test("find: Ctrl+F, Enter and F3 go round, Escape selects the match and gives the focus back", LIMIT, async () => {
	await fresh("Find");
	const { page } = a;
	const { keyboard } = page;
	await lines(page, "One fish, two fish.", "Red fish, blue FISH.");
	await keyboard.press("Control+Home");
	const before = await shown(b.page);
	await keyboard.press("Control+f");
	await keyboard.type("fish");
	await until("the first", async () => (await place(page)) === "1 of 4" || place(page));
	assert.equal(await page.locator(".found").count(), 4);
	await keyboard.press("Enter");
	await keyboard.press("F3");
	await until("the third", async () => (await place(page)) === "3 of 4" || place(page));
	await keyboard.press("Shift+Enter");
	await keyboard.press("Shift+F3");
	await keyboard.press("Shift+Enter");
	await until("round the beginning", async () => (await place(page)) === "4 of 4" || place(page));
	assert.equal(await page.locator(".found-now").innerText(), "FISH");
	await page.getByRole("button", { name: "Match case" }).press("Enter");
	await until("three of this case", async () => (await place(page)).endsWith("of 3") || place(page));
	assert.equal(await page.locator(".found").count(), 3);
	await page.getByRole("button", { name: "Whole words" }).press("Space");
	await page.getByLabel("Find", { exact: true }).fill("fis");
	await until("no whole word", async () => (await place(page)) === "No results" || place(page));
	await page.getByLabel("Find", { exact: true }).fill("blue");
	await until("the word", async () => (await place(page)) === "1 of 1" || place(page));
	// What others write moves what is found, and is found.
	await b.page.locator(".ProseMirror").click();
	await b.page.keyboard.press("Control+Home");
	await b.page.keyboard.type("blue, ");
	await until("the other's word", async () => (await place(page)) === "2 of 2" || place(page));
	await keyboard.press("Escape");
	assert.equal(await selected(page), "blue");
	assert.equal(await page.locator(".found").count(), 0);
	await keyboard.type("green");
	await until("the replacement", async () => (await text(b.page)) === "blue, One fish, two fish.\nRed fish, green FISH." || text(b.page));
	assert.ok(!before.includes("found"), "what is found is drawn for the finder alone");
	await converged([a.page, b.page]);
	clean();
});

test("find: the selection is looked for at once, and a second Ctrl+F is the browser's", LIMIT, async () => {
	await fresh("Selection");
	const { page } = a;
	await page.keyboard.type("left right left");
	for (let i = 0; i < 4; i++) await page.keyboard.press("Shift+ArrowLeft");
	await page.keyboard.press("Control+f");
	await until("the selected word", async () => (await place(page)) === "2 of 2" || place(page));
	assert.equal(await page.getByLabel("Find", { exact: true }).inputValue(), "left");
	const prevented = await page.evaluate(() => {
		const event = new KeyboardEvent("keydown", { key: "f", ctrlKey: true, bubbles: true, cancelable: true });
		document.activeElement.dispatchEvent(event);
		return event.defaultPrevented;
	});
	assert.equal(prevented, false);
	await page.keyboard.press("Escape");
	clean();
});

test("replace: one by one, then all at once, which one undo takes back; others' carets stay", LIMIT, async () => {
	await fresh("Replace");
	const { page } = a;
	const { keyboard } = page;
	await lines(page, "# cat and cat", "- a cat", "two cats", "no dog");
	await until("the text", async () => (await text(b.page)).endsWith("no dog"));
	await b.page.locator(".ProseMirror").click();
	await b.page.keyboard.press("Control+Home");
	for (let i = 0; i < 7; i++) await b.page.keyboard.press("ArrowRight"); // behind "and"
	await keyboard.press("Control+Home");
	await keyboard.press("Control+f");
	await keyboard.type("cat");
	await until("all of them", async () => (await place(page)) === "1 of 4" || place(page));
	await page.getByRole("button", { name: "Replace too" }).press("Enter");
	await keyboard.type("lynx");
	await keyboard.press("Enter");
	await until("the next one", async () => (await place(page)) === "1 of 3" || place(page));
	assert.equal(await text(page), "lynx and cat\na cat\ntwo cats\nno dog");
	const before = await text(page);
	await keyboard.press("Control+Enter");
	await until("how many", async () => (await place(page)) === "3 replaced" || place(page));
	await until("all replaced at the other's", async () => (await text(b.page)) === "lynx and lynx\na lynx\ntwo lynxs\nno dog" || text(b.page));
	await converged([a.page, b.page]);
	await b.page.keyboard.type("!");
	await until("the other's caret in its words", async () => (await text(page)).startsWith("lynx and! lynx") || text(page));
	await keyboard.press("Escape");
	await keyboard.press("Control+z");
	await until("one undo for all", async () => (await text(page)) === before.replace("and", "and!") || text(page));
	await keyboard.press("Control+z");
	await until("and one for the first", async () => (await text(page)).startsWith("cat and! cat") || text(page));
	await converged([a.page, b.page]);
	clean();
});

test("replace: what the mouse replaced is taken back by the key, wherever the focus is; a paragraph with very many matches is searched", LIMIT, async () => {
	await fresh("Replace by mouse");
	const { page } = a;
	const { keyboard } = page;
	await keyboard.insertText("word ".repeat(20_000));
	await keyboard.press("Control+f");
	await keyboard.type("word");
	await until("all of them", async () => (await place(page)) === "1 of 20000" || place(page));
	await page.getByLabel("Find", { exact: true }).fill("");
	await page.locator(".ProseMirror").click();
	await keyboard.press("Control+a");
	await keyboard.insertText("cat and cat");
	await keyboard.press("Control+f");
	await page.getByLabel("Find", { exact: true }).fill("cat");
	await page.getByRole("button", { name: "Replace too" }).click();
	await page.getByLabel("Replace with").fill("dog");
	await page.getByRole("button", { name: "Replace all" }).click();
	await until("both", async () => (await text(page)) === "dog and dog" || text(page));
	await keyboard.press("Control+z");
	await until("both back", async () => (await text(page)) === "cat and cat" || text(page));
	await keyboard.press("Escape");
	clean();
});

test("a key right behind one that moved the caret acts where the caret is", LIMIT, async () => {
	await fresh("Quick");
	const { page } = a;
	const { keyboard } = page;
	await lines(page, "# Title", "first", "last");
	for (const [move, word] of [["Control+Home", "top"], ["Control+End", "end"]]) {
		await keyboard.press(move);
		await keyboard.press("Enter");
		await keyboard.type(word);
	}
	await until("each in its place", async () => (await text(page)) === "\ntopTitle\nfirst\nlast\nend" || text(page));
	clean();
});

test("the list of styles is walked by arrows, the toolbar by Home and End; a menu stays when the page is moved", LIMIT, async () => {
	await fresh("Styles");
	const { page } = a;
	const { keyboard } = page;
	await lines(page, "a title", ...Array(60).fill("more"));
	await keyboard.press("Control+Home");
	// Where the caret went is told before the next frame; a focus that leaves sooner leaves from where it was.
	await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
	const style = page.getByLabel("Text style");
	await style.focus();
	await keyboard.press("ArrowDown");
	await keyboard.press("ArrowDown");
	await page.locator(".ProseMirror h2", { hasText: "a title" }).waitFor();
	assert.equal(await page.evaluate(() => document.activeElement.localName), "select");
	await keyboard.press("End");
	assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "Divider");
	await page.locator(".ProseMirror h2", { hasText: "a title" }).waitFor();
	await page.getByRole("button", { name: "More" }).click();
	const menu = page.getByRole("menu", { name: "More" });
	await menu.waitFor();
	await page.evaluate(() => scrollBy(0, 200));
	await page.waitForFunction(() => scrollY > 100);
	await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
	assert.equal(await menu.isVisible(), true);
	clean();
});

test("a view-only document is searched but not replaced in", LIMIT, async () => {
	const { view } = await a.create("View");
	await a.page.keyboard.type("words to find");
	await b.visit(view);
	await until("the text", async () => (await text(b.page)) === "words to find");
	await b.page.keyboard.press("Control+f");
	await b.page.keyboard.type("to");
	await until("the match", async () => (await place(b.page)) === "1 of 1" || place(b.page));
	assert.equal(await b.page.getByRole("button", { name: /Replace/ }).count(), 0);
	await b.page.keyboard.press("Escape");
	assert.equal(await selected(b.page), "to");
	assert.equal(await b.page.getByRole("toolbar").count(), 0, "nothing to format with");
	// The help has the keys that work here, and no others; it comes from the menu as well, which closes for it.
	await b.page.getByRole("button", { name: "More" }).press("Enter");
	await b.page.keyboard.press("Control+/");
	const sheet = b.page.getByRole("dialog", { name: "Keyboard shortcuts" });
	await sheet.waitFor();
	assert.deepEqual(await sheet.locator("dt").allInnerTexts(), ["Find", "Next match", "Previous match", "Outline", "Keyboard shortcuts"]);
	assert.equal(await b.page.locator(".menu:popover-open").count(), 0);
	await b.page.keyboard.press("Escape");
	await sheet.waitFor({ state: "detached" });
	clean();
});

test("outline: headings as they are typed, the current one marked, Enter goes there, and it stays open", LIMIT, async () => {
	await fresh("Outline");
	const { page } = a;
	const { keyboard } = page;
	const outline = page.getByRole("navigation", { name: "Outline" });
	const entries = () => outline.locator("button").allInnerTexts();
	await keyboard.press("Control+Alt+o");
	await outline.getByText("Headings of the document appear here.").waitFor();
	await lines(page, "# First", ...Array(30).fill("words"), "## Inner", ...Array(30).fill("more words"));
	await until("both headings", async () => (await entries()).join() === "First,Inner" || entries());
	assert.equal(await outline.locator("ul ul button").innerText(), "Inner", "nested");
	await until("where one types", async () => (await outline.locator("[aria-current]").allInnerTexts()).join() === "Inner");
	await b.page.locator(".ProseMirror").click();
	await b.page.keyboard.press("Control+Home");
	await b.page.keyboard.type("The ");
	await until("what the other typed", async () => (await entries()).join() === "The First,Inner" || entries());
	// By keyboard: to the current entry, up, and there.
	await outline.locator('button[tabindex="0"]').focus();
	await keyboard.press("ArrowUp");
	await keyboard.press("Enter");
	await until("the heading in view", () => page.evaluate(() => document.querySelector("h1").getBoundingClientRect().top > 90));
	await until("it marked", async () => (await outline.locator("[aria-current]").allInnerTexts()).join() === "The First");
	await keyboard.type("Very ");
	await until("typing goes on there", async () => (await text(b.page)).startsWith("Very The First"));
	await page.mouse.wheel(0, 100_000);
	await until("the last one at the end", async () => (await outline.locator("[aria-current]").allInnerTexts()).join() === "Inner");
	await page.reload();
	await until("remembered", async () => (await entries()).join() === "Very The First,Inner" || entries());
	await page.setViewportSize({ width: 390, height: 844 });
	await outline.waitFor({ state: "hidden" });
	await page.getByRole("button", { name: /more/i }).last().press("Enter");
	await page.getByRole("menuitem", { name: "Outline" }).press("Enter");
	await page.getByRole("dialog").getByRole("button", { name: "Inner" }).press("Enter");
	await page.getByRole("dialog").waitFor({ state: "detached" });
	await until("the heading in view", () => page.evaluate(() => document.querySelector("h2").getBoundingClientRect().bottom < innerHeight));
	await page.setViewportSize({ width: 1280, height: 860 });
	await outline.waitFor();
	await page.getByRole("button", { name: "Outline" }).press("Enter");
	await outline.waitFor({ state: "hidden" });
	clean();
});

test("count: words of the document and of the selection", LIMIT, async () => {
	await fresh("Count");
	const { page } = a;
	const said = () => page.locator(".count").innerText();
	await until("nothing yet", async () => (await said()) === "0 words" || said());
	await lines(page, "One two three.", "Four");
	await until("four", async () => (await said()) === "4 words" || said());
	await page.keyboard.press("Shift+Control+ArrowLeft");
	await until("one of them", async () => (await said()) === "1 of 4 words" || said());
	await b.page.locator(".ProseMirror").click();
	await b.page.keyboard.press("Control+Home");
	await b.page.keyboard.type("Zero ");
	await until("those of others as well", async () => (await said()) === "1 of 5 words" || said());
	await page.locator(".count").press("Enter");
	const table = page.getByRole("dialog", { name: "Words and characters" });
	await table.waitFor();
	assert.deepEqual((await table.locator("td, th").allInnerTexts()).map((cell) => cell.trim()), ["", "Document", "Selection", "Words", "5", "1", "Characters", "23", "4", "Without blanks", "20", "4"]);
	await page.keyboard.press("Escape");
	await table.waitFor({ state: "hidden" });
	clean();
});

test("help: what the sheet says is what the keys do", LIMIT, async () => {
	await fresh("Keys");
	const { page } = a;
	const { keyboard } = page;
	await keyboard.press("Control+/");
	const sheet = page.getByRole("dialog", { name: "Keyboard shortcuts" });
	const rows = await sheet.locator("section").evaluateAll((sections) =>
		sections.map((section) => [...section.querySelectorAll("dl > div")].map((row) => ({ name: row.querySelector("dt").textContent, keys: [...row.querySelectorAll("kbd")].map((key) => key.textContent), typed: row.querySelector("code")?.textContent ?? "" }))),
	);
	await keyboard.press("Escape");
	await sheet.waitFor({ state: "detached" });
	const [marks, blocks, lists, , typed] = rows;
	const press = ({ keys }) => keyboard.press(keys.join("+").replace("Ctrl", "Control"));
	const clear = async () => {
		await keyboard.press("Control+a");
		await keyboard.press("Delete");
		await keyboard.press("Control+Alt+0");
	};
	const tags = {
		Bold: "strong", Italic: "em", Strikethrough: "s", Highlight: "mark", Code: "code", Text: "p", "Heading 1": "h1", "Heading 2": "h2", "Heading 3": "h3", "Heading 4": "h4", "Heading 5": "h5", "Heading 6": "h6", Quote: "blockquote", "Code block": "pre",
		"Line break": "p > br", "Bullet list": "ul:not([data-type])", "Numbered list": "ol", "Task list": 'ul[data-type="taskList"]', Divider: "hr",
	};
	const there = (name) => page.locator(`.ProseMirror ${tags[name]}`).first().waitFor({ state: "attached" });
	for (const row of marks) {
		await clear();
		await keyboard.type("word");
		await keyboard.press("Control+a");
		await press(row);
		if (row.name !== "Link") await there(row.name);
		else {
			await page.getByLabel("Address").waitFor();
			await keyboard.press("Escape");
		}
	}
	for (const row of [...blocks, ...lists.slice(0, 3)]) {
		await clear();
		await press(row);
		await keyboard.type("x");
		await there(row.name);
		if (row.name !== "Text" && row.name !== "Line break") await press(row); // and off again
	}
	await clear();
	await keyboard.type("- one");
	await keyboard.press("Enter");
	await press(lists[3]);
	await keyboard.type("two");
	await page.locator(".ProseMirror li li").waitFor();
	await press(lists[4]);
	await until("outdented", async () => (await page.locator(".ProseMirror li li").count()) === 0);
	for (const { name, typed: signs } of typed) {
		await clear();
		await keyboard.press("Control+Shift+7"); // out of whatever there was
		await keyboard.press("Control+Shift+7");
		await keyboard.type(signs.replace(" ␣", " ").replace("…", "word"));
		await there(name);
	}
	clean();
});

test("slash: a filtered list of blocks, chosen by arrows and Enter, gone by Escape, a blank or nothing to find", LIMIT, async () => {
	await fresh("Slash");
	const { page } = a;
	const { keyboard } = page;
	const menu = page.getByRole("listbox", { name: "Blocks" });
	const options = () => menu.getByRole("option").allInnerTexts();
	const chosen = () => page.evaluate(() => document.getElementById(document.querySelector(".ProseMirror").getAttribute("aria-activedescendant"))?.textContent);
	await keyboard.type("/");
	await menu.waitFor();
	assert.deepEqual(await options(), ["Text", "Heading 1", "Heading 2", "Heading 3", "Heading 4", "Heading 5", "Heading 6", "Bullet list", "Numbered list", "Task list", "Quote", "Code block", "Divider"]);
	assert.equal(await chosen(), "Text");
	await keyboard.press("ArrowUp");
	assert.equal(await chosen(), "Divider");
	await keyboard.type("heading 6");
	await until("by its whole name", async () => (await options()).join() === "Heading 6" || options());
	for (let i = 0; i < 5; i++) await keyboard.press("Backspace");
	await until("the headings", async () => (await options()).join() === "Heading 1,Heading 2,Heading 3,Heading 4,Heading 5,Heading 6" || options());
	await keyboard.press("ArrowDown");
	assert.equal(await chosen(), "Heading 2");
	await keyboard.press("Enter");
	await menu.waitFor({ state: "hidden" });
	await keyboard.type("Title");
	await keyboard.press("Enter");
	await keyboard.type("and /todo");
	await until("by another word for it", async () => (await options()).join() === "Task list" || options());
	await keyboard.press("Tab");
	await until("what both see", async () => (await shown(b.page)) === '<h2>Title</h2><ul data-type="taskList"><li data-checked="false"><div><p>and </p></div></li></ul>' || shown(b.page));
	await keyboard.press("Control+z");
	await until("undone by itself", async () => (await text(page)) === "Title\nand /todo" || text(page));
	// No menu in a word, none for what does not exist, none once it was closed.
	await keyboard.press("Enter");
	await keyboard.type("1/");
	assert.equal(await menu.isVisible(), false, "inside a word");
	await keyboard.type(" /zzz");
	await menu.waitFor({ state: "hidden" });
	await keyboard.press("Enter");
	await keyboard.type("/");
	await menu.waitFor();
	await keyboard.press("Escape");
	await menu.waitFor({ state: "hidden" });
	await keyboard.type("h");
	assert.equal(await menu.isVisible(), false, "closed is closed");
	assert.equal(await page.locator(".ProseMirror").getAttribute("aria-activedescendant"), null);
	await keyboard.press("Enter");
	await keyboard.type("/");
	await menu.getByRole("option", { name: "Quote" }).click();
	await keyboard.type("said");
	await until("the quote at the other's", async () => (await shown(b.page)).endsWith("<blockquote><p>said</p></blockquote>") || shown(b.page));
	// A slash of somebody else opens nothing here.
	await until("the other's caret in the quote", async () => (await b.toEnd(), (await page.locator(".ProseMirror blockquote .caret").count()) > 0));
	await b.page.keyboard.press("Enter");
	await b.page.keyboard.press("Enter");
	await b.page.keyboard.type("/");
	await until("the slash to arrive", async () => (await text(page)).endsWith("\n/") || text(page));
	assert.equal(await menu.isVisible(), false);
	await b.page.keyboard.press("Escape");
	// In code a slash is a slash.
	await a.toEnd();
	await keyboard.press("Backspace");
	await keyboard.type("``` /");
	assert.equal(await menu.isVisible(), false);
	clean();
});

test("floating toolbar: beside the selection, reached by Alt+F10, gone by Escape, by scrolling and elsewhere", LIMIT, async () => {
	await fresh("Floating");
	const { page } = a;
	const { keyboard } = page;
	const bar = page.getByRole("toolbar", { name: "Formatting of the selection" });
	await lines(page, "some words", ...Array(40).fill("more"));
	await keyboard.press("Control+Home");
	assert.equal(await bar.isVisible(), false);
	await keyboard.press("Shift+Control+ArrowRight");
	await page.evaluate(() => dispatchEvent(new Event("scroll"))); // of the jump, told a moment later
	await bar.waitFor();
	const { above, inside } = await page.evaluate(() => {
		const words = getSelection().getRangeAt(0).getBoundingClientRect();
		const box = document.querySelector(".floating").getBoundingClientRect();
		return { above: box.bottom <= words.top || box.top >= words.bottom, inside: box.left >= 0 && box.right <= innerWidth };
	});
	assert.ok(above && inside, "it does not cover the selection");
	await keyboard.press("Alt+F10");
	await keyboard.press("ArrowRight");
	await keyboard.press("Enter");
	await b.page.locator(".ProseMirror em", { hasText: "some" }).waitFor();
	assert.equal(await bar.getByRole("button", { name: "Italic" }).getAttribute("aria-pressed"), "true");
	await keyboard.press("Escape");
	await bar.waitFor({ state: "hidden" });
	await keyboard.press("Shift+ArrowRight");
	await bar.waitFor();
	await keyboard.press("Escape");
	await bar.waitFor({ state: "hidden" });
	await keyboard.press("Shift+ArrowRight");
	await bar.waitFor();
	await page.mouse.move(640, 600);
	await page.mouse.wheel(0, 300);
	await bar.waitFor({ state: "hidden" });
	await keyboard.press("Shift+ArrowRight");
	await bar.waitFor();
	await page.getByLabel("Title").focus();
	await bar.waitFor({ state: "hidden" });
	await page.locator(".ProseMirror p").first().dblclick({ position: { x: 20, y: 12 } });
	await bar.waitFor();
	await page.setViewportSize({ width: 390, height: 844 });
	await bar.waitFor({ state: "hidden" });
	await page.setViewportSize({ width: 1280, height: 860 });
	await a.toEnd();
	await until("the caret alone", async () => (await selected(page)) === "");
	assert.equal(await bar.isVisible(), false);
	clean();
});
