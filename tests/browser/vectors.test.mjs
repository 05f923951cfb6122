// Goal: what the runtime computes natively (tests/vectors) it computes in a browser too, byte for byte.
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { assertSame, goldenFiles, vectorsWasm } from "../vectors/golden.mjs";
import { computeVectors } from "../vectors/in-wasm.mjs";

const { chromium } = createRequire(new URL("../../web/build.mjs", import.meta.url))("playwright-core");
const golden = goldenFiles();
let browser;
let computed;

before(async () => {
	browser = await chromium.launch({
		executablePath: process.env.TG_CHROMIUM ?? "/usr/bin/chromium",
		args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
	});
	const page = await browser.newPage();
	computed = await page.evaluate(computeVectors, { wasm: vectorsWasm(), golden });
});
after(() => browser?.close());

for (const [name, text] of Object.entries(golden)) {
	test(`Chromium computes ${name}.txt`, () => assertSame(name, computed[name], text));
}
