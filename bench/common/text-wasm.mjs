// text-wasm.mjs -- the document core in WASM on traces: bench/text_wasm.c in Node, which is what a page runs.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const RUNS = 21;

/// Build the module with what it is made of, and compile it.
export function textModule() {
	const dir = join(process.env.TG_BUILD, "wasm");
	execFileSync("cmake", ["--build", dir, "--target", "bench-text.wasm"], { stdio: ["ignore", 2, 2] });
	return new WebAssembly.Module(readFileSync(join(dir, "bench-text.wasm")));
}

/// An instance with a trace (bytes of traces/convert.mjs) in it.
export function withTrace(module, bytes) {
	const { exports } = new WebAssembly.Instance(module, { env: { rt_random: () => 0 } });
	exports.__wasm_call_ctors();
	const at = exports.bench_alloc(bytes.length);
	new Uint8Array(exports.memory.buffer).set(bytes, at);
	if (exports.bench_trace(at, bytes.length) !== 0) throw new Error("not a trace");
	return exports;
}

/// Milliseconds of `work`, a function that returns 0: the median of RUNS, each followed by `after`.  By the clock: a
/// tenth of a millisecond is below what the processor's time is told in.
export function medianMs(work, after) {
	const took = [];
	for (let i = 0; i < RUNS; i++) {
		const began = performance.now();
		const rc = work();
		took.push(performance.now() - began);
		if (rc !== 0) throw new Error(`status ${rc}`);
		after();
	}
	return took.sort((a, b) => a - b)[RUNS >> 1];
}
