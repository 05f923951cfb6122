// Goal: what the runtime computes natively (tests/vectors) it computes in WASM too, byte for byte.
import { webcrypto } from "node:crypto";
import { test } from "node:test";
import { assertSame, goldenFiles, vectorsWasm } from "../vectors/golden.mjs";
import { computeVectors } from "../vectors/in-wasm.mjs";

globalThis.crypto ??= webcrypto; // Node 18 has it under another name
const golden = goldenFiles();
const computed = await computeVectors({ wasm: vectorsWasm(), golden });

for (const [name, text] of Object.entries(golden)) {
	test(`Node computes ${name}.txt`, () => assertSame(name, computed[name], text));
}
