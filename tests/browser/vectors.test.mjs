// Goal: what the runtime computes natively (tests/vectors) it computes in browsers too, byte for byte.
import { after, before, describe, test } from "node:test";
import { assertSame, goldenFiles, vectorsWasm } from "../vectors/golden.mjs";
import { computeVectors } from "../vectors/in-wasm.mjs";
import { engines, openPage } from "./engines.mjs";

const golden = goldenFiles();

for (const engine of engines) {
	describe(`golden files in ${engine}`, () => {
		let opened;
		let computed;

		before(async () => {
			opened = await openPage(engine);
			computed = await opened.page.evaluate(computeVectors, { wasm: vectorsWasm(), golden });
		});
		after(() => opened?.close());

		for (const [name, text] of Object.entries(golden)) {
			test(`${engine} computes ${name}.txt`, () => assertSame(name, computed[name], text));
		}
	});
}
