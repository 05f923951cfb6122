// wasm-size.mjs FILE -- print what the runtime module weighs, and fail when it is over its budget.
import { readFileSync } from "node:fs";
import { constants, brotliCompressSync, gzipSync } from "node:zlib";

const BUDGET = 90_000; // bytes, brotli 11: what a first visit may spend on the runtime

const bytes = readFileSync(process.argv[2]);
const br = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }).length;
const gz = gzipSync(bytes, { level: 9 }).length;
console.log(`toygrid.wasm: ${bytes.length} bytes raw, ${gz} gzip, ${br} brotli (budget ${BUDGET})`);
if (br > BUDGET) {
	console.error(`toygrid.wasm is ${br - BUDGET} bytes over its budget`);
	process.exit(1);
}
