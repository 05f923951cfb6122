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
