// editor: a long document in the page, in real Chromium with the real servers, runtime and log included: how long a key
// takes to reach the DOM, and somebody else's; how long the document takes to open from local storage; what it costs in
// memory.  No figure includes the wait for a frame.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { percentile, round, row, rowMax } from "./common/row.mjs";
import { World, chip, text, toygrid, until } from "../tests/browser/world.mjs";

const PARAGRAPHS = 10_000; // of a hundred characters: a megabyte
const KEYS = 300;
const RUNS = 9;

const words = "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et dolore magna aliqua".split(" ");

function longText() {
	const lines = [];
	for (let i = 0; i < PARAGRAPHS; i++) {
		let line = `${i}`;
		for (let k = i; line.length < 99; k = (k * 7 + 3) % 1009) line += ` ${words[k % words.length]}`;
		lines.push(line.slice(0, 99));
	}
	return lines.join("\n\n");
}

/// Put the document into the world; its edit link.
function create(world) {
	const file = join(world.dir, "long.md");
	writeFileSync(file, longText());
	const made = spawnSync(toygrid, ["grid", "create", "--title", "Long", "--from", file, "--node", join(world.dir, "replica.json"), "--relay", `ws://localhost:${world.relayPort}`, "--origin", world.origin, "--timeout", "120"], { encoding: "utf8" });
	const link = made.stdout.match(/http\S+/)?.[0];
	if (made.status !== 0 || !link) throw new Error(`grid create ended with ${made.status}:\n${made.stderr}`);
	return link;
}

// In the page: how long each key took, from the browser's stamp of its event until the DOM had changed, and each frame's
// drawing of what others did, from its beginning until then.
const watch = () => {
	const root = document.querySelector(".ProseMirror");
	let key = 0;
	let frame = 0;
	globalThis.keyMs = [];
	globalThis.drawMs = [];
	addEventListener("keydown", (event) => (key = event.timeStamp), { capture: true });
	const request = requestAnimationFrame;
	globalThis.requestAnimationFrame = (run) =>
		request((now) => {
			frame = performance.now();
			run(now);
			queueMicrotask(() => (frame = 0));
		});
	new MutationObserver(() => {
		const now = performance.now();
		if (key) keyMs.push(now - key);
		else if (frame) drawMs.push(now - frame);
		key = frame = 0;
	}).observe(root, { childList: true, characterData: true, subtree: true });
};

// Noted from the first moment of a page: when the document's first text stood in it, and when one could type.
const watchOpening = () => {
	new MutationObserver((_, observer) => {
		const root = document.querySelector(".ProseMirror");
		if (!root?.textContent.trim()) return;
		globalThis.firstTextMs ??= performance.now();
		if (root.contentEditable !== "true") return;
		globalThis.editableMs = performance.now();
		observer.disconnect();
	}).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ["contenteditable"] });
};

const paragraph = (page, i) => page.locator(".ProseMirror > p").nth(i);

async function press(page, keys, pauseMs) {
	for (let i = 0; i < keys; i++) {
		await page.keyboard.press(i % 6 === 5 ? " " : String.fromCharCode(97 + (i % 26)));
		await page.waitForTimeout(pauseMs);
	}
}

function rows(what, took, bars) {
	if (took.length < KEYS / 2) throw new Error(`${what}: ${took.length} of ${KEYS} seen`); // one frame may draw several
	for (const [percent, bar] of bars) rowMax(`editor: ${what}, p${percent}`, round(percentile(took, percent)), "ms", bar);
}

const median = (values) => percentile(values, 50);

/// Bytes that the page's heap and the runtime's memory hold.
async function memory(page) {
	const session = await page.context().newCDPSession(page);
	await session.send("HeapProfiler.collectGarbage");
	const { usedSize, embedderHeapUsedSize = 0, backingStorageSize = 0 } = await session.send("Runtime.getHeapUsage");
	await session.detach();
	return usedSize + embedderHeapUsedSize + backingStorageSize;
}

const world = await World.start();
try {
	const [a, b] = await Promise.all([world.profile(), world.profile()]);
	await a.page.goto(`${world.origin}/#/`);
	await a.page.getByRole("button", { name: "New document" }).waitFor();
	const empty = await memory(a.page);
	const link = create(world);
	for (const { page } of [a, b]) {
		await page.goto(link);
		await until("all paragraphs", async () => (await page.locator(".ProseMirror > p").count()) >= PARAGRAPHS, 120_000);
		await chip(page, /live|safe/i);
	}
	rowMax("editor: memory of the document above an empty page", Math.round((await memory(a.page)) - empty), "bytes", 60e6);

	for (const { page } of [a, b]) await page.evaluate(watch);
	await paragraph(a.page, PARAGRAPHS >> 1).click();
	await press(a.page, KEYS, 30);
	rows("key to DOM, 1 MB in 10,000 paragraphs", await a.page.evaluate(() => keyMs), [[50, 2], [99, 5]]);
	const typed = await text(a.page);
	await until("all keys there", async () => (await text(b.page)) === typed);
	rows("drawing another one's key in it", await b.page.evaluate(() => drawMs), [[50, 2], [99, 5]]);

	await chip(a.page, /safe on [2-9]/i);
	await a.context.addInitScript(watchOpening);
	const opened = [];
	for (let i = 0; i < RUNS; i++) {
		await a.page.reload();
		await a.page.waitForFunction(() => globalThis.editableMs);
		opened.push(await a.page.evaluate(() => [firstTextMs, editableMs]));
	}
	rowMax("editor: open it from local storage, first text", Math.round(median(opened.map(([first]) => first))), "ms", 300);
	rowMax("editor: open it from local storage, editable", Math.round(median(opened.map(([, ready]) => ready))), "ms", 800);
} finally {
	await world.end();
}
