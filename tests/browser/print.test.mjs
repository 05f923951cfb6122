// Paper: a document prints without the page around it, black on white, whole, with addresses; afterwards nothing is left.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { inWorld } from "./world.mjs";

const MARKDOWN = `# The trip

Please <mark>book</mark> at [the **office** now](<https://example.org/ferry?a=1>), see https://example.org/ or write to [Marta](<mailto:marta@example.org>).

- [x] lamp
- [ ] charts

\`\`\`c
${"a_long_line_without_blanks_".repeat(20)}
\`\`\`

${Array.from({ length: 400 }, (_, i) => `## Chapter ${i}\n\n${"Words that fill the page. ".repeat(12)}`).join("\n\n")}

The end.
`;

test("a long document in a dark page is printed whole, black on white, and the editor is as it was", { timeout: 120_000 }, () =>
	inWorld({ replica: false }, async (world) => {
		const a = await world.profile({ colorScheme: "dark" });
		const { page } = a;
		const dir = mkdtempSync(join(tmpdir(), "toygrid-print-"));
		try {
			await page.goto(`${world.origin}/#/`);
			writeFileSync(join(dir, "trip.md"), MARKDOWN);
			const chooser = page.waitForEvent("filechooser");
			await page.getByRole("button", { name: "Open a file" }).click();
			await (await chooser).setFiles(join(dir, "trip.md"));
			await page.locator(".ProseMirror h1").waitFor(); // it has been read
		} finally {
			rmSync(dir, { recursive: true });
		}
		await page.getByLabel("Title").fill("North <b>");
		await page.getByLabel("Title").press("Enter");
		const before = await page.locator(".ProseMirror").innerHTML();

		await page.emulateMedia({ media: "print", colorScheme: "dark" });
		await page.setViewportSize({ width: 640, height: 900 }); // about the width of the text on A4
		await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
		const seen = await page.evaluate(() => {
			const sheet = document.querySelector(".print");
			const style = (selector) => getComputedStyle(sheet.querySelector(selector));
			const shown = (selector) => document.querySelector(selector)?.checkVisibility() ?? false;
			return {
				title: sheet.querySelector(".print-title").textContent,
				addresses: [...sheet.querySelectorAll(".print-address")].map((one) => one.textContent),
				end: sheet.lastElementChild.textContent,
				chapters: sheet.querySelectorAll("h2").length,
				ink: style("p").color, paper: getComputedStyle(document.body).backgroundColor, canvas: getComputedStyle(document.documentElement).getPropertyValue("--canvas"),
				app: shown("#app"), sheet: sheet.checkVisibility(),
				wide: sheet.querySelector("pre").scrollWidth - sheet.querySelector("pre").clientWidth,
				page: document.documentElement.scrollWidth,
				keep: style("h2").breakAfter,
				boxes: [...sheet.querySelectorAll("input")].map((box) => box.checked),
			};
		});
		assert.deepEqual(seen, {
			title: "North <b>",
			addresses: [" (https://example.org/ferry?a=1)", " (marta@example.org)"],
			end: "The end.",
			chapters: 400,
			ink: "rgb(0, 0, 0)", paper: "rgba(0, 0, 0, 0)", canvas: "#ffffff",
			app: false, sheet: true, wide: 0, page: 640, keep: "avoid", boxes: [true, false],
		});
		await page.evaluate(() => dispatchEvent(new Event("afterprint")));
		await page.emulateMedia({ media: "screen" });
		await page.setViewportSize({ width: 1280, height: 860 });
		assert.equal(await page.locator(".print").count(), 0);

		// The browser itself asks for the copy, and takes all of it.
		const pdf = (await page.pdf({ format: "A4" })).toString("latin1");
		const pages = (pdf.match(/\/Type\s*\/Page\b/g) ?? []).length;
		assert.ok(pages > 40 && pages < 120, `${pages} pages`);
		assert.equal(await page.locator(".print").count(), 0);
		assert.equal(await page.locator(".ProseMirror").innerHTML(), before);
		assert.deepEqual(a.errors, []);

		// Printing is in the document's menu.
		await page.evaluate(() => (globalThis.print = () => (globalThis.printed = true)));
		await page.getByRole("button", { name: "More" }).click();
		await page.getByRole("menuitem", { name: "Print" }).click();
		assert.equal(await page.evaluate(() => globalThis.printed), true);
	}));
