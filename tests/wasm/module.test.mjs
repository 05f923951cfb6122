// The runtime module: what it may ask of its host, what it offers, and that it computes what natively is computed.
import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const tree = new URL("../../", import.meta.url);
const build = process.env.TG_BUILD ?? new URL("build", tree).pathname;
const load = (file) => new WebAssembly.Module(readFileSync(file));
const module = load(process.env.TG_WASM ?? `${build}/wasm/toygrid.wasm`);

function start(module) {
	const instance = new WebAssembly.Instance(module, {
		env: {
			rt_random: (at, len) => webcrypto.getRandomValues(new Uint8Array(instance.exports.memory.buffer, at, len)),
		},
	});
	instance.exports.__wasm_call_ctors();
	return instance.exports;
}

test("the module's one import is env.rt_random", () => {
	assert.deepEqual(WebAssembly.Module.imports(module), [{ module: "env", name: "rt_random", kind: "function" }]);
});

test("exports.txt is sorted and names exactly what the module exports", () => {
	const listed = readFileSync(new URL("runtime-lib/wasm/exports.txt", tree), "utf8").trimEnd().split("\n");
	assert.deepEqual(listed, [...listed].sort(), "exports.txt is not sorted");
	assert.deepEqual(
		WebAssembly.Module.exports(module)
			.map((e) => e.name)
			.sort(),
		listed,
	);
});

// BLAKE2b-256 with the domain as personal field, computed by another implementation (Python's hashlib).
const HASHES = [
	[0, "", "6a804abb2653c2023c24763d9b54f5f473ff252a125d8ecfcc03ef9a6afe325e"],
	[5, "toygrid", "5f5d4d64602501b3788c41d699a1fe256f8eb7e834fbe20c8774edbb6636f23d"],
];

test("hashes equal those of another BLAKE2b", () => {
	const rt = start(load(`${build}/wasm/toygrid-test.wasm`));
	const at = rt.test_area();
	for (const [domain, input, expected] of HASHES) {
		new Uint8Array(rt.memory.buffer, at).set(Buffer.from(input));
		rt.test_hash(domain, input.length);
		assert.equal(Buffer.from(rt.memory.buffer, at, 32).toString("hex"), expected);
	}
});

test("memory grows past its first pages and comes back", () => {
	const rt = start(module);
	for (let i = 0; i < 20; i++) {
		const at = rt.tg_rt_alloc(16 << 20);
		assert.notEqual(at, 0);
		rt.tg_rt_free(at);
	}
	assert.ok(rt.memory.buffer.byteLength < 64 << 20, "freed memory was not used again");
});
