// Goal: the page works in the other engine as well: make a document, type, meet somebody in Chromium, come back to it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { launchFirefox } from "./engines.mjs";
import { inWorld, text, until, WAIT_MS } from "./world.mjs";

test("Firefox makes a document, types in it with Chromium, and has it after a reload", { timeout: 120_000 }, () =>
	inWorld({}, async (world) => {
		const browser = await launchFirefox();
		try {
			const page = await browser.newPage();
			const errors = [];
			page.setDefaultTimeout(WAIT_MS);
			page.on("pageerror", (error) => errors.push(String(error.stack ?? error)));
			await page.setViewport({ width: 1280, height: 860 });
			await page.goto(`${world.origin}/#/`);
			await page.locator("::-p-aria(New document[role=\"button\"])").click();
			await page.locator(".ProseMirror").click();
			await page.keyboard.type("from Firefox ");
			await until("the words", async () => (await text(page)) === "from Firefox " || text(page));
			await page.locator("::-p-aria(Share[role=\"button\"])").click();
			const link = await page.locator("::-p-aria(Can edit)").map((field) => field.value).wait();
			await page.keyboard.press("Escape");

			const other = await world.profile();
			await other.visit(link);
			await until("the words in Chromium", async () => (await text(other.page)) === "from Firefox " || text(other.page));
			await other.toEnd();
			await other.page.keyboard.type("and Chromium");
			await until("both in Firefox", async () => (await text(page)) === "from Firefox and Chromium" || text(page));

			await other.close();
			await page.reload();
			await page.locator(".ProseMirror").wait();
			await until("the text after a reload", async () => (await text(page)) === "from Firefox and Chromium" || text(page));
			assert.deepEqual(errors, []);
		} finally {
			await browser.close();
		}
	}));

test("Firefox finds and replaces, opens the slash menu, the outline, the help and the bar beside a selection, by keys", { timeout: 120_000 }, () =>
	inWorld({ replica: false }, async (world) => {
		const browser = await launchFirefox();
		try {
			const page = await browser.newPage();
			const errors = [];
			page.setDefaultTimeout(WAIT_MS);
			page.on("pageerror", (error) => errors.push(String(error.stack ?? error)));
			await page.setViewport({ width: 1280, height: 860 });
			await page.goto(`${world.origin}/#/`);
			await page.locator("::-p-aria(New document[role=\"button\"])").click();
			await page.locator(".ProseMirror").click();
			const { keyboard } = page;
			const press = async (...keys) => {
				for (const key of keys.slice(0, -1)) await keyboard.down(key);
				await keyboard.press(keys.at(-1));
				for (const key of keys.slice(0, -1).reverse()) await keyboard.up(key);
			};
			const seen = (what, selector, wanted) =>
				until(what, async () => {
					const found = await page.evaluate((one) => [...document.querySelectorAll(one)].filter((element) => element.checkVisibility()).map((element) => element.textContent), selector);
					return JSON.stringify(found) === JSON.stringify(wanted) || found;
				});
			await keyboard.type("/head");
			await seen("the headings", ".slash-option", [1, 2, 3, 4, 5, 6].map((level) => `Heading ${level}`));
			await press("ArrowDown");
			await press("Enter");
			await keyboard.type("One cat");
			await press("Enter");
			await keyboard.type("two cats");
			await seen("the heading", ".ProseMirror h2", ["One cat"]);
			await press("Control", "Alt", "o");
			await seen("the outline", ".outline-link", ["One cat"]);
			await press("Control", "f");
			await keyboard.type("cat");
			await seen("the matches", ".found", ["cat", "cat"]);
			await press("F3");
			await seen("the place", ".find-place", ["2 of 2"]);
			await page.locator(".find-more").click();
			await keyboard.type("fox");
			await press("Control", "Enter");
			await until("all replaced", async () => (await text(page)) === "One fox\ntwo foxs" || text(page));
			await press("Escape");
			await press("Control", "z");
			await until("undone at once", async () => (await text(page)) === "One cat\ntwo cats" || text(page));
			await press("Control", "/");
			await seen("the help", "dialog h2", ["Keyboard shortcuts"]);
			await press("Escape");
			await page.locator(".ProseMirror p").click();
			await press("Shift", "Home");
			await seen("the bar", ".floating", [""]);
			await press("Alt", "F10");
			await press("Enter");
			await seen("bold", ".ProseMirror strong", ["two cats"]);
			await seen("the count", ".count", ["2 of 4 words"]);
			assert.deepEqual(errors, []);
		} finally {
			await browser.close();
		}
	}));
