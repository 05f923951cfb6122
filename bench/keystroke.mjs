// keystroke: from a key going down in one browser to the letter in a frame of another, through relay and runtime, on
// this machine.  Two Chromium processes; 200 keys, 70 ms apart.
import { chip, text, until, World } from "../tests/browser/world.mjs";

const KEYS = 200;
const PAUSE_MS = 70;

const world = await World.start({});
try {
	const [a, b] = [await world.profile(), await world.profile()];
	const { edit } = await a.create("Keystrokes");
	await b.visit(edit);
	await chip(b.page, /Live/);
	await a.page.keyboard.type("begin ");
	await until("the first word", async () => (await text(b.page)).includes("begin"));

	// Times are of one clock: timeOrigin + now() in both processes.
	await a.page.evaluate(() => {
		window.down = [];
		document.addEventListener("keydown", (event) => window.down.push(performance.timeOrigin + event.timeStamp), true);
	});
	await b.page.evaluate(() => {
		window.seen = [];
		const editor = document.querySelector(".ProseMirror");
		const letters = () => (editor.textContent.match(/7/g) ?? []).length; // no name on a caret has one
		new MutationObserver(() =>
			requestAnimationFrame(() => {
				const now = performance.timeOrigin + performance.now();
				while (window.seen.length < letters()) window.seen.push(now);
			}),
		).observe(editor, { subtree: true, childList: true, characterData: true });
	});
	for (let i = 0; i < KEYS; i++) {
		await a.page.keyboard.press("7");
		await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
	}
	await until("all letters", () => b.page.evaluate((n) => window.seen.length >= n, KEYS));
	const [down, seen] = await Promise.all([a.page.evaluate(() => window.down), b.page.evaluate(() => window.seen)]);
	const ms = seen.slice(0, KEYS).map((at, i) => at - down[i]).sort((x, y) => x - y);
	const row = (what, value) =>
		console.log(JSON.stringify({ what, value: Math.round(value * 10) / 10, unit: "ms", peer: null, peer_value: null, ratio: null, bar: null, ok: null }));
	row("keystroke to the other screen, p50", ms[Math.floor(KEYS * 0.5)]);
	row("keystroke to the other screen, p99", ms[Math.floor(KEYS * 0.99)]);
} finally {
	await world.end();
}
