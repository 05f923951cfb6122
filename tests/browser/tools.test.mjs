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
	clean();
});
