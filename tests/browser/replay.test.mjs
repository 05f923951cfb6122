// Goal: one recorded history gives the same bytes on every host.  Here: recorded natively, replayed in browsers.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { traces, wasm } from "../sim/traces.mjs";
import { engines, openPage } from "./engines.mjs";

const script = readFileSync(fileURLToPath(new URL("../sim/replay.mjs", import.meta.url)), "utf8");
const recorded = traces(3);

test("there are traces to replay", () => assert.ok(recorded.length >= 5, `only ${recorded.length} traces`));

for (const engine of engines) {
	test(`what native peers did, the module in ${engine} does byte for byte`, async () => {
		const { page, close } = await openPage(engine);
		try {
			await page.addScriptTag({ content: script.replace("export function", "window.replay = function") });
			await page.evaluate(async (text) => {
				const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
				window.bytes = bytes;
				window.module = await WebAssembly.compile(bytes(text));
			}, readFileSync(wasm).toString("base64"));
			for (const { name, bytes } of recorded) {
				const { steps } = await page.evaluate(
					(text) => window.replay(window.module, window.bytes(text)),
					Buffer.from(bytes).toString("base64"),
				);
				assert.ok(steps > 20, `${name}: ${steps} steps`);
			}
		} finally {
			await close();
		}
	});
}
