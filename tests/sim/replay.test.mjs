// Goal: one recorded history gives the same bytes on every host.  Here: recorded natively, replayed in Node.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { replay } from "./replay.mjs";
import { traces, wasm } from "./traces.mjs";

const module = new WebAssembly.Module(readFileSync(wasm));

for (const seed of [1, 2])
	test(`what native peers did in world ${seed}, the module does byte for byte`, () => {
		const recorded = traces(seed);
		assert.ok(recorded.length >= 5, `only ${recorded.length} traces`);
		for (const { name, bytes } of recorded) {
			const { steps, bytes: compared } = replay(module, bytes);
			assert.ok(steps > 20 && compared > 1000, `${name}: ${steps} steps, ${compared} bytes`);
		}
	});

test("a trace with one bit changed in an effect is noticed", () => {
	const [{ bytes }] = traces(1);
	const altered = bytes.slice();
	altered[altered.length - 1] ^= 1;
	assert.throws(() => replay(module, altered), /step \d+/);
});
