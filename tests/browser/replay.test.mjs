// Goal: one recorded history gives the same bytes on every host.  Here: recorded natively, replayed in Chromium.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createRequire } from "node:module";
import { traces, wasm } from "../sim/traces.mjs";

const { chromium } = createRequire(new URL("../../web/build.mjs", import.meta.url))("playwright-core");
const script = readFileSync(fileURLToPath(new URL("../sim/replay.mjs", import.meta.url)), "utf8");

test("what native peers did, the module in Chromium does byte for byte", async () => {
	const browser = await chromium.launch({ executablePath: process.env.TG_CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
	try {
		const page = await browser.newPage();
		await page.addScriptTag({ content: script.replace("export function", "window.replay = function") });
		await page.evaluate(async (text) => {
			const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
			window.bytes = bytes;
			window.module = await WebAssembly.compile(bytes(text));
		}, readFileSync(wasm).toString("base64"));
		const recorded = traces(3);
		assert.ok(recorded.length >= 5, `only ${recorded.length} traces`);
		for (const { name, bytes } of recorded) {
			const { steps } = await page.evaluate(
				(text) => window.replay(window.module, window.bytes(text)),
				Buffer.from(bytes).toString("base64"),
			);
			assert.ok(steps > 20, `${name}: ${steps} steps`);
		}
	} finally {
		await browser.close();
	}
});
