// Home by hand and by keys: search, pins, copies, removal that can be undone, templates; what is remembered outlives the
// page and other tabs see it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { chip, shown, text, until, World } from "./world.mjs";

const LIMIT = { timeout: 90_000 };
let world, a, page;

before(async () => {
	world = await World.start({ replica: false });
	a = await world.profile();
	page = a.page;
	for (const [title, words] of [["Rivers", "who owns the water"], ["Flat", "the tap drips"], ["Trains", "the one at seven"], ["Bread", "flour and water"]]) {
		await a.create(title);
		await page.keyboard.type(words);
		await chip(page, /on this device/);
	}
	await home();
});

after(async () => {
	await world?.end();
});

const clean = () => assert.deepEqual(a.errors, []);
const titles = (on = page) => on.locator(".row-title").allInnerTexts();
const row = (title, on = page) => on.locator(".row", { hasText: title });
const focused = () => page.evaluate(() => document.activeElement.closest(".row")?.querySelector(".row-title").textContent ?? document.activeElement.localName);

async function home(on = page) {
	await on.goto(`${world.origin}/#/`);
	await on.locator(".row-title").first().waitFor();
}

test("the list shows the latest first, when it was edited and how it begins", LIMIT, async () => {
	assert.deepEqual(await titles(), ["Bread", "Trains", "Flat", "Rivers"]);
	assert.match(await row("Bread").locator(".row-detail").innerText(), /^Edited just now\s*·?\s*flour and water$/);
	clean();
});

test("words of titles and of texts are found, and said to screen readers", LIMIT, async () => {
	await page.keyboard.press("Control+k");
	await page.keyboard.type("WATER");
	await until("the two", async () => (await titles()).join() === "Bread,Rivers" || titles());
	assert.equal(await row("Rivers").locator("mark").innerText(), "water");
	await until("it to be said", async () => (await page.locator(".home [role=status]").innerText()) === "2 documents found");
	await page.keyboard.type(" flour");
	await until("the one", async () => (await titles()).join() === "Bread");
	await page.keyboard.type(" nowhere");
	await page.getByText("Nothing found").waitFor();
	await page.keyboard.press("Escape");
	await until("all", async () => (await titles()).length === 4);
	// Enter opens the first.
	await page.keyboard.type("drips");
	await page.keyboard.press("Enter");
	await page.locator(".ProseMirror", { hasText: "drips" }).waitFor();
	await page.goBack();
	await page.getByLabel("Search your documents").fill("");
	clean();
});

test("the list is walked by arrows, Enter opens, and Back comes to the list", LIMIT, async () => {
	await home();
	await page.keyboard.press("Control+k");
	await page.keyboard.press("ArrowDown");
	const first = (await titles())[0];
	assert.equal(await focused(), first);
	await page.keyboard.press("End");
	assert.equal(await focused(), (await titles())[3]);
	await page.keyboard.press("ArrowUp");
	await page.keyboard.press("Home");
	await page.keyboard.press("ArrowUp");
	assert.equal(await focused(), "input");
	await page.keyboard.press("ArrowDown");
	await page.keyboard.press("ArrowDown");
	const second = await focused();
	await page.keyboard.press("Enter");
	await page.locator(".ProseMirror").waitFor();
	assert.equal(await page.getByLabel("Title").inputValue(), second);
	await page.getByRole("link", { name: "All documents" }).click();
	await page.locator(".row-title").first().waitFor();
	clean();
});

test("a menu is opened, walked and left by keys", LIMIT, async () => {
	await home();
	await row("Flat").getByRole("link").focus();
	await page.keyboard.press("Tab");
	await page.keyboard.press("Tab");
	await page.keyboard.press("Enter");
	const item = () => page.evaluate(() => document.activeElement.textContent.trim());
	await until("the first item", async () => (await item()) === "Pin to the top" || item());
	await page.keyboard.press("e");
	assert.equal(await item(), "Export as Markdown");
	await page.keyboard.press("End");
	assert.match(await item(), /^Remove/);
	await page.keyboard.press("Escape");
	assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "More for Flat");
	assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-expanded")), "false");
	await page.keyboard.press("ArrowDown"); // from its button the list goes on only when the menu has opened
	await until("the menu again", async () => (await item()) === "Pin to the top" || item());
	await page.keyboard.press("Enter");
	await until("it to be first", async () => (await titles())[0] === "Flat" || titles());
	assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "More for Flat", "the focus moves with its row");
	await page.reload();
	await page.locator(".row-title").first().waitFor();
	await until("it to be first again", async () => (await titles())[0] === "Flat" || titles());
	await row("Flat").getByRole("button", { name: "Pin Flat" }).click();
	await until("the list as before", async () => (await titles())[0] !== "Flat");
	clean();
});

test("documents are tagged and shown by tag, by keys alone", LIMIT, async () => {
	await home();
	const edit = async (title) => {
		await row(title).getByRole("button", { name: "More" }).focus();
		await page.keyboard.press("Enter");
		await until("the menu to have the focus", () => page.evaluate(() => document.activeElement.getAttribute("role") === "menuitem"));
		await page.keyboard.press("t");
		await page.keyboard.press("Enter");
		await page.getByLabel("Tags, with commas").waitFor();
	};
	await edit("Bread");
	await page.keyboard.type("kitchen, Kitchen, to try");
	await page.keyboard.press("Enter");
	await row("Bread").locator(".tag", { hasText: "kitchen" }).waitFor();
	assert.deepEqual(await row("Bread").locator(".tag").allInnerTexts(), ["kitchen", "to try"]);
	await until("the focus where it was", () => page.evaluate(() => document.activeElement.getAttribute("aria-label") === "More for Bread"));
	await edit("Flat");
	await page.keyboard.press("Tab");
	await page.keyboard.press("Enter"); // the first of those known
	assert.equal(await page.getByLabel("Tags, with commas").inputValue(), "kitchen");
	await page.getByRole("button", { name: "Save" }).press("Enter");
	await row("Flat").locator(".tag", { hasText: "kitchen" }).waitFor();
	const chips = page.getByRole("group", { name: "Show by tag" });
	await chips.getByRole("button", { name: "kitchen" }).focus();
	await page.keyboard.press("Enter");
	await until("the two", async () => (await titles()).sort().join() === "Bread,Flat" || titles());
	assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-pressed")), "true");
	await page.reload();
	await page.locator(".row-title").first().waitFor();
	assert.equal((await titles()).length, 4, "a new page shows all");
	await page.keyboard.press("Control+k");
	await page.keyboard.type("to try");
	await until("the one", async () => (await titles()).join() === "Bread" || titles());
	await page.keyboard.press("Escape");
	await edit("Bread");
	await page.keyboard.press("Control+a");
	await page.keyboard.press("Delete");
	await page.keyboard.press("Enter");
	await until("no tag left", async () => (await row("Bread").locator(".tag").count()) === 0);
	await edit("Flat");
	await page.keyboard.press("Control+a");
	await page.keyboard.press("Delete");
	await page.keyboard.press("Enter");
	await chips.waitFor({ state: "hidden" });
	clean();
});

test("what is removed comes back by Undo and by its key, and is gone when nobody wants it", { timeout: 120_000 }, async () => {
	const link = (await row("Trains").getByRole("link").getAttribute("href")).slice(1);
	await row("Trains").getByRole("link").focus();
	await page.keyboard.press("Delete");
	await row("Trains").waitFor({ state: "detached" });
	await page.getByRole("button", { name: "Undo" }).click();
	await row("Trains").waitFor();
	await until("the focus on it", async () => (await focused()) === "Trains" || focused());
	await page.keyboard.press("Delete");
	await row("Trains").waitFor({ state: "detached" });
	assert.notEqual(await focused(), "body", "the focus stays in the list");
	await page.keyboard.press("Control+z");
	await row("Trains").waitFor();
	await row("Trains").getByRole("link").click();
	await page.locator(".ProseMirror", { hasText: "the one at seven" }).waitFor();
	await home();
	await row("Trains").getByRole("link").focus();
	await page.keyboard.press("Delete");
	const undo = page.getByRole("button", { name: "Undo" });
	await undo.waitFor();
	await page.mouse.move(5, 5);
	await undo.waitFor({ state: "detached", timeout: 20_000 });
	await page.reload();
	await page.locator(".row-title").first().waitFor();
	assert.equal(await row("Trains").count(), 0);
	await page.goto(`${world.origin}/#${link}`);
	await page.getByText("This browser does not have this document").waitFor();
	clean();
});

test("a page closed before a removal was done leaves it to the next, and another tab does not show it meanwhile", LIMIT, async () => {
	await a.create("Forgotten");
	await home();
	const other = await a.context.newPage();
	await home(other);
	await row("Forgotten", other).waitFor();
	await row("Forgotten").getByRole("link").focus();
	await page.keyboard.press("Delete");
	await row("Forgotten").waitFor({ state: "detached" });
	await other.bringToFront();
	await other.evaluate(() => dispatchEvent(new Event("focus")));
	await row("Forgotten", other).waitFor({ state: "detached" });
	await page.goto("about:blank");
	await other.close();
	await home();
	assert.equal(await row("Forgotten").count(), 0);
	// A minute later it is removed for good.
	await page.addInitScript(() => {
		const { now } = Date;
		Date.now = () => now() + 120_000;
	});
	await page.reload();
	await page.locator(".row-title").first().waitFor();
	await until("it to be removed", () => page.evaluate(() => new Promise((resolve) => {
		const request = indexedDB.open("toygrid-shelf");
		request.onsuccess = () => {
			const all = request.result.transaction("cards").objectStore("cards").getAll();
			all.onsuccess = () => (request.result.close(), resolve(all.result.every((card) => card.removedMs === 0)));
		};
	})));
	clean();
});

test("a document is copied from the list, with keys of its own", LIMIT, async () => {
	await home();
	await row("Bread").getByRole("link").click();
	await page.locator(".ProseMirror", { hasText: "flour" }).waitFor();
	const first = await shown(page);
	const { edit } = await a.links();
	await page.keyboard.press("Escape");
	await home();
	await row("Bread").getByRole("button", { name: "More" }).click();
	await page.getByRole("menuitem", { name: "Make a copy" }).click();
	await until("the copy", async () => (await page.locator(".title").count()) > 0 && (await page.getByLabel("Title").inputValue()) === "Copy of Bread");
	await page.locator(".ProseMirror", { hasText: "flour" }).waitFor();
	assert.equal(await shown(page), first);
	const copy = await a.links();
	assert.notEqual(copy.edit.split("/").at(-1), edit.split("/").at(-1));
	await home();
	// Exported from the list, without opening it, also while another tab shows it.
	const other = await a.context.newPage();
	await a.visit(`${world.origin}/${await row("Copy of Bread").getByRole("link").getAttribute("href")}`, other);
	await page.bringToFront();
	await row("Copy of Bread").getByRole("button", { name: "More" }).click();
	const download = page.waitForEvent("download");
	await page.getByRole("menuitem", { name: "Export as Markdown" }).click();
	assert.equal((await download).suggestedFilename(), "Copy of Bread.md");
	assert.equal(readFileSync(await (await download).path(), "utf8"), "flour and water\n");
	await other.locator(".ProseMirror").click();
	await other.keyboard.press("Control+End");
	await other.keyboard.type(" and salt");
	await chip(other, /on this device/);
	await other.close();
	await row("Copy of Bread").getByRole("link").click();
	await page.locator(".ProseMirror", { hasText: "flour and water and salt" }).waitFor();
	clean();
});

test("a document is opened while it is being exported, and while another one is read from a file", LIMIT, async () => {
	await home();
	for (let i = 0; i < 5; i++) {
		await row("Flat").getByRole("button", { name: "More" }).click();
		await page.getByRole("menuitem", { name: "Export as plain text" }).click();
		await row("Flat").getByRole("link").click();
		await page.locator(".ProseMirror", { hasText: "the tap drips" }).waitFor();
		await page.keyboard.press("Escape");
		await page.getByRole("link", { name: "All documents" }).click();
		await page.locator(".row-title").first().waitFor();
	}
	const chooser = page.waitForEvent("filechooser");
	await page.getByRole("button", { name: "Open a file" }).click();
	await (await chooser).setFiles({ name: "long.txt", mimeType: "text/plain", buffer: Buffer.from("a line of it\n".repeat(40_000)) });
	await row("Flat").getByRole("link").click();
	await page.locator(".ProseMirror", { hasText: "the tap drips" }).waitFor();
	await page.locator(".ProseMirror").click();
	await page.keyboard.press("Control+End");
	await page.keyboard.type(" still");
	await page.locator(".toast", { hasText: "long.txt" }).waitFor({ state: "detached" });
	assert.equal(await page.getByLabel("Title").inputValue(), "Flat", "whoever went elsewhere stays there");
	assert.match(await text(page), /the tap drips still/);
	await home();
	await row("long").waitFor();
	clean();
});

test("a template begins a document, which is empty of things to undo and ready to type in", LIMIT, async () => {
	await home();
	await page.getByRole("button", { name: "To-do list" }).click();
	await page.locator(".ProseMirror ul[data-type=taskList]").first().waitFor();
	assert.equal(await page.getByLabel("Title").inputValue(), "To do");
	assert.equal(await page.locator(".ProseMirror h2").first().innerText(), "Today");
	const before = await shown(page);
	await page.locator(".ProseMirror").click();
	await page.keyboard.press("Control+z");
	assert.equal(await shown(page), before);
	await home();
	await page.keyboard.press("Control+Alt+n");
	await page.locator(".ProseMirror.is-empty").waitFor();
	clean();
});

test("a double click on what makes a document makes one", LIMIT, async () => {
	await home();
	await page.reload(); // the list is read anew
	await page.locator(".row-title").first().waitFor();
	let count = (await titles()).length;
	for (const name of ["Article", "New document"]) {
		await page.getByRole("button", { name }).dblclick();
		await page.locator(".ProseMirror").waitFor();
		await home();
		count++;
		await until("one more", async () => (await titles()).length === count || titles());
	}
	clean();
});

test("a file dropped on a document does not take the page away", LIMIT, async () => {
	await home();
	await row("Bread").first().getByRole("link").click();
	await page.locator(".ProseMirror").waitFor();
	const prevented = await page.evaluate(() => {
		const data = new DataTransfer();
		data.items.add(new File(["x"], "x.md"));
		return ["dragover", "drop"].map((type) => !document.querySelector(".bar").dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: data })));
	});
	assert.deepEqual(prevented, [true, true]);
	clean();
});

test("when the part for files cannot be loaded it is said in words", LIMIT, async () => {
	const b = await world.profile();
	await b.create("Offline");
	await b.context.route("**/assets/files-*", (route) => route.abort());
	await b.page.getByRole("button", { name: "More" }).click();
	await b.page.getByRole("menuitem", { name: "Export as HTML" }).click();
	await b.page.getByText("could not be loaded").waitFor();
	assert.deepEqual(b.errors, []);
	await b.close();
});

test("a browser without documents says what to do, and the list fits a phone", LIMIT, async () => {
	const b = await world.profile({ viewport: { width: 390, height: 800 } });
	await b.page.goto(`${world.origin}/#/`);
	await b.page.getByText("No documents yet").waitFor();
	assert.equal(await b.page.evaluate(() => document.documentElement.scrollWidth), 390);
	await b.page.setViewportSize({ width: 320, height: 600 }); // as wide as a page of 1280 at 400 %
	assert.equal(await b.page.evaluate(() => document.documentElement.scrollWidth), 320);
	await b.page.setViewportSize({ width: 390, height: 800 });
	await b.create("A rather long title that cannot possibly fit on a phone, whatever we do");
	await home(b.page);
	assert.equal(await b.page.evaluate(() => document.documentElement.scrollWidth), 390);
	await b.page.locator(".row").getByRole("button", { name: "More" }).click();
	const box = await b.page.getByRole("menu").boundingBox();
	assert.ok(box.x >= 0 && box.x + box.width <= 390, JSON.stringify(box));
	assert.deepEqual(b.errors, []);
	await b.close();
});
