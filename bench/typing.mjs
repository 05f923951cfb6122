// typing: from a key in one browser to the character on another's screen, through relay and both runtimes, on loopback.
//
// The clock is the machine's own in both pages.  "On the screen" is the frame after the document changed, so half a
// frame (8 ms) of waiting for the display is in it, as it is for people.
import { inWorld, text, until } from "../tests/browser/world.mjs";

const KEYS = 300;
const GAP_MS = 60; // somebody fast

function row(what, value, unit, bar = null) {
	console.log(JSON.stringify({ what, value, unit, peer: null, peer_value: null, ratio: null, bar, ok: bar === null ? null : value <= bar }));
}

const at = (sorted, part) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] * 10) / 10;

await inWorld({}, async (world) => {
	const [a, b] = [await world.profile(), await world.profile()];
	const { edit } = await a.create("Typing");
	await a.page.keyboard.type("=");
	await b.visit(edit);
	await until("the first character", async () => (await text(b.page)) === "=");
	await a.page.evaluate(() => {
		globalThis.typed = [];
		document.addEventListener("keydown", () => globalThis.typed.push(performance.timeOrigin + performance.now()), true);
	});
	await b.page.evaluate(() => {
		globalThis.seen = [];
		const length = () => document.querySelector(".ProseMirror p").textContent.length - document.querySelectorAll(".caret").length * (document.querySelector(".caret")?.textContent.length ?? 0);
		let shown = length();
		new MutationObserver(() => {
			const now = length();
			if (now <= shown) return;
			const fresh = now - shown;
			shown = now;
			requestAnimationFrame(() => {
				for (let i = 0; i < fresh; i++) globalThis.seen.push(performance.timeOrigin + performance.now());
			});
		}).observe(document.querySelector(".ProseMirror"), { subtree: true, childList: true, characterData: true });
	});
	for (let i = 0; i < KEYS; i++) {
		await a.page.keyboard.press("x");
		await new Promise((resolve) => setTimeout(resolve, GAP_MS));
	}
	await until("all keys", async () => (await b.page.evaluate("seen.length")) === KEYS || b.page.evaluate("seen.length"));
	const [typed, seen] = [await a.page.evaluate("typed"), await b.page.evaluate("seen")];
	const ms = seen.map((time, i) => time - typed[i]).sort((x, y) => x - y);
	row("key to another's screen, p50", at(ms, 0.5), "ms");
	row("key to another's screen, p99", at(ms, 0.99), "ms");
});
