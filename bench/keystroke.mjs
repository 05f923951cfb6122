// keystroke: from a key in one person's page to the letter in another's, both real Chromium profiles, through the real
// relay, with a replica listening, all on this machine.
//
// The clock starts with the time stamp that the browser gave the key event.  It stops when the document of the other
// page has changed, and once more at the frame after, which shows it: that wait is the display's, half a frame (8 ms)
// at least.  200 keys with pauses as people make them.
import { percentile, round, row } from "./common/row.mjs";
import { World, chip } from "../tests/browser/world.mjs";

const KEYS = 200;
const PAUSE_MS = [50, 250]; // uniform between: about seven keys a second

// The time of a page as one clock: the system's, with the fineness of performance.now.  Two pages agree on when a
// millisecond begins; each has its own idea of when it itself began.
const calibrate = () => {
	const offsets = [];
	for (let i = 0; i < 20; i++) {
		const before = Date.now();
		let now;
		do now = Date.now();
		while (now === before);
		offsets.push(now - performance.now());
	}
	globalThis.clockOffset = Math.min(...offsets); // the moment least late
};

const noteKeys = () => {
	globalThis.keyTimes = [];
	addEventListener("keydown", (event) => keyTimes.push(event.timeStamp + clockOffset), { capture: true });
};

// When the text of the document first had so many letters more than in the beginning.
const noteLetters = () => {
	const root = document.querySelector(".ProseMirror");
	const letters = () => {
		const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT, (node) =>
			node.parentElement.closest(".caret") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
		);
		let count = 0;
		while (walker.nextNode()) count += walker.currentNode.data.replace(/[^a-z]/g, "").length;
		return count;
	};
	const base = letters();
	globalThis.letterTimes = [];
	globalThis.frameTimes = [];
	new MutationObserver(() => {
		const at = performance.now() + clockOffset;
		const n = letters() - base;
		while (letterTimes.length < n) letterTimes.push(at);
		requestAnimationFrame(() => {
			const shown = performance.now() + clockOffset;
			while (frameTimes.length < n) frameTimes.push(shown);
		});
	}).observe(root, { childList: true, characterData: true, subtree: true });
};

const world = await World.start();
try {
	const [a, b] = await Promise.all([world.profile(), world.profile()]);
	const links = await a.create("Keystrokes");
	await b.visit(links.edit);
	await Promise.all([chip(a.page, /safe on/i), chip(b.page, /live|safe/i)]);
	await a.toEnd();
	for (const profile of [a, b]) await profile.page.evaluate(calibrate);
	await a.page.evaluate(noteKeys);
	await b.page.evaluate(noteLetters);
	for (let i = 0; i < KEYS; i++) {
		await a.page.keyboard.press(String.fromCharCode(97 + (i % 26)));
		await new Promise((resolve) => setTimeout(resolve, PAUSE_MS[0] + Math.random() * (PAUSE_MS[1] - PAUSE_MS[0])));
	}
	await b.page.waitForFunction((n) => frameTimes.length >= n, KEYS);
	const keys = await a.page.evaluate(() => keyTimes);
	for (const [what, name] of [["keystroke to remote screen", "letterTimes"], ["keystroke to remote frame", "frameTimes"]]) {
		const times = await b.page.evaluate(name);
		if (keys.length !== KEYS || times.length !== KEYS) throw new Error(`${keys.length} keys, ${times.length} letters`);
		const took = times.map((at, i) => at - keys[i]);
		if (Math.min(...took) < 0) throw new Error(`a letter came before its key: ${Math.min(...took)} ms`);
		row(`${what}, p50`, round(percentile(took, 50)), "ms");
		row(`${what}, p99`, round(percentile(took, 99)), "ms");
	}
} finally {
	await world.end();
}
