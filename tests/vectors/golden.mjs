// golden.mjs -- the golden files and the module that must compute them, for the tests in Node and in a browser.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const tree = fileURLToPath(new URL("../../", import.meta.url));
const here = join(tree, "tests/vectors");

/// The module as base64; built by `cmake --build build/wasm --target vectors.wasm`.
export function vectorsWasm() {
	return readFileSync(join(process.env.TG_BUILD ?? join(tree, "build"), "wasm/vectors.wasm")).toString("base64");
}

/// { NAME: text } of every NAME.txt, which all have a generator.
export function goldenFiles() {
	const names = readdirSync(here).filter((name) => /^[a-z]+\.txt$/.test(name));
	return Object.fromEntries(names.sort().map((name) => [name.slice(0, -4), readFileSync(join(here, name), "utf8")]));
}

/// Fail with the first line that differs.
export function assertSame(name, computed, golden) {
	const ours = computed.split("\n");
	golden.split("\n").forEach((line, i) => assert.equal(ours[i], line, `${name}.txt, line ${i + 1}`));
	assert.equal(computed, golden);
}
