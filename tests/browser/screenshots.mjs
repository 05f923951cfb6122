// screenshots.mjs -- pictures of the page as people see it, from the real programs:
//
//   node tests/browser/screenshots.mjs OUTDIR
//
// home and its states, menu, editor, share, status, what one works with in the text, viewer at 1280 and 390 px, light and dark.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { converged, inWorld, text, until } from "./world.mjs";

const out = process.argv[2];
if (!out) {
	console.error("usage: node tests/browser/screenshots.mjs OUTDIR");
	process.exit(1);
}
mkdirSync(out, { recursive: true });

const SIZES = [[1280, 860], [390, 844]];
const SCHEMES = ["light", "dark"];

// Written as a person would, by shortcuts of the keyboard; $x$ marks are Ctrl+B, _x_ Ctrl+I, ~x~ highlight.
async function compose(page) {
	const { keyboard } = page;
	const line = async (words) => {
		const keys = { $: "Control+b", _: "Control+i", "~": "Control+Shift+h", "`": "Control+e" };
		for (const part of words.split(/([$_~`])/)) await (keys[part] ? keyboard.press(keys[part]) : keyboard.insertText(part));
	};
	const lines = async (...all) => {
		for (const words of all) await line(words), await keyboard.press("Enter");
	};
	await keyboard.type("# ");
	await lines("Lighthouse weekend");
	await lines("Everything below was written by $three people at once$, on a train, with _no signal_ for an hour. Please ~book the ferry before Friday~.");
	await keyboard.type("## ");
	await lines("What to bring");
	await keyboard.type("[x] ");
	await lines("Storm lamp and spare wicks");
	await lines("Charts of the northern channel", "Thermos, the big one", "");
	await keyboard.type("## ");
	await lines("Route");
	await keyboard.type("1. ");
	await lines("Harbour at 06:40, platform two");
	await keyboard.press("Tab");
	await lines("Ask for Marta if the gate is shut");
	await keyboard.press("Shift+Tab");
	await lines("Causeway, not before low water", "");
	await keyboard.type("> ");
	await lines("The sea is not cruel. It is only very large, and does not know that you are there.", "");
	await keyboard.type("``` ");
	await keyboard.insertText("int\nlamp_lit(int hour)\n{\n\treturn hour < 6 || hour > 20;\n}");
	await keyboard.press("ArrowDown");
}

await inWorld({}, async (world) => {
	const [a, b] = [await world.profile(), await world.profile()];
	await a.rename("Ada Okafor");
	await b.rename("Marta Lindqvist");
	for (const title of ["Reading group, winter", "Flat: repairs"]) await a.create(title);
	const { edit, view } = await a.create("Lighthouse weekend");
	await compose(a.page);
	await b.visit(edit);
	await converged([a.page, b.page]);
	await until("the text", async () => /large/.test(await text(b.page)));
	await b.page.locator(".ProseMirror p", { hasText: "Please" }).click({ position: { x: 330, y: 12 } });
	await b.page.keyboard.down("Shift");
	for (let i = 0; i < 14; i++) await b.page.keyboard.press("ArrowRight");
	await b.page.keyboard.up("Shift");
	await a.page.locator(".caret-name").waitFor({ state: "attached" });
	const shoot = async (name, profile = a, prepare = async () => undefined) => {
		for (const [width, height] of SIZES)
			for (const colorScheme of SCHEMES) {
				await profile.page.setViewportSize({ width, height });
				await profile.page.emulateMedia({ colorScheme });
				// The name at a caret fades; moving makes it show again.
				await b.page.keyboard.press("Shift+ArrowRight");
				await b.page.keyboard.press("Shift+ArrowLeft");
				await prepare();
				await profile.page.waitForTimeout(300);
				await profile.page.screenshot({ path: join(out, `${name}-${width}-${colorScheme}.png`) });
			}
		await profile.page.setViewportSize({ width: 1280, height: 860 });
	};
	await a.page.locator("h1").first().click();
	await a.page.evaluate(() => scrollTo(0, 0));
	await shoot("editor");
	await shoot("menu", a, async () => {
		await a.page.keyboard.press("Escape");
		await a.page.getByRole("button", { name: "More" }).click();
	});
	await a.page.keyboard.press("Escape");
	await a.page.getByRole("button", { name: "Share" }).click();
	await a.page.getByRole("button", { name: "Show QR code" }).first().click();
	await a.page.locator("svg.qr").waitFor();
	await shoot("share");
	await a.page.keyboard.press("Escape");
	await a.page.locator(".status").click();
	await shoot("status");
	await a.page.keyboard.press("Escape");
	const { keyboard } = a.page;
	await a.page.locator(".ProseMirror p").first().click();
	await keyboard.press("Control+f");
	await keyboard.type("the");
	await a.page.getByRole("button", { name: "Replace too" }).click();
	await shoot("find");
	await keyboard.press("Escape");
	await a.page.locator(".ProseMirror p").first().dblclick({ position: { x: 120, y: 12 } });
	await shoot("selected");
	await keyboard.press("Control+End");
	await keyboard.press("Enter");
	await keyboard.type("/");
	await shoot("slash");
	await keyboard.press("Escape");
	await keyboard.press("Backspace");
	await keyboard.press("Control+/");
	await shoot("keys");
	await keyboard.press("Escape");
	await keyboard.press("Control+Alt+o");
	await shoot("outline");
	await keyboard.press("Control+Alt+o");
	const c = await world.profile();
	await c.visit(view);
	await until("the text", async () => /large/.test(await text(c.page)));
	await shoot("viewer", c);
	await a.page.goto(`${world.origin}/#/`);
	await a.page.locator(".row-title").first().waitFor();
	await shoot("home");
	await shoot("home-menu", a, async () => {
		await a.page.keyboard.press("Escape");
		await a.page.locator(".row").last().getByRole("button", { name: "More" }).click();
	});
	await a.page.keyboard.press("Escape");
	await a.page.keyboard.press("Control+k");
	await a.page.keyboard.type("ferry");
	await shoot("home-search");
	await a.page.keyboard.press("Escape");
	await a.page.locator(".row-link").last().focus();
	await a.page.keyboard.press("Delete");
	await shoot("home-removed");
	const d = await world.profile();
	await d.page.goto(`${world.origin}/#/`);
	await d.page.locator(".empty").waitFor();
	await shoot("home-empty", d);
});
