// Goal: Ed25519 in the module, whose table of base point multiples is computed (runtime-lib/wasm/ed25519_base.h), is
// Ed25519.  Another implementation, node's, makes the same public keys and the same signatures from the same seeds;
// 300 seeds read every one of the table's 256 entries many times over.
import assert from "node:assert/strict";
import { createHash, createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const build = process.env.TG_BUILD ?? new URL("../../build", import.meta.url).pathname;
const module = new WebAssembly.Module(readFileSync(join(build, "wasm/toygrid-test.wasm")));

// A private key from its seed, as PKCS #8 (RFC 8410).
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

function start() {
	const instance = new WebAssembly.Instance(module, { env: { rt_random: () => {} } });
	instance.exports.__wasm_call_ctors();
	const at = instance.exports.test_area();
	return (seed, digest) => {
		new Uint8Array(instance.exports.memory.buffer, at).set([...seed, ...digest]);
		assert.equal(instance.exports.test_sign(), 0, "the module refuses its own signature");
		const out = Buffer.from(new Uint8Array(instance.exports.memory.buffer, at + 64, 96));
		return { key: out.subarray(0, 32), signature: out.subarray(32, 96) };
	};
}

const hash = (text) => createHash("sha256").update(text).digest();

test("public keys and signatures of 300 seeds equal those of another implementation", () => {
	const run = start();
	for (let i = 0; i < 300; i++) {
		const seed = hash(`seed ${i}`);
		const digest = hash(`digest ${i}`);
		const secret = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: "der", type: "pkcs8" });
		const expected = createPublicKey(secret).export({ format: "der", type: "spki" }).subarray(-32);
		const { key, signature } = run(seed, digest);
		assert.equal(key.toString("hex"), expected.toString("hex"), `seed ${i}`);
		assert.equal(signature.toString("hex"), sign(null, digest, secret).toString("hex"), `seed ${i}`);
	}
});

test("a signature over another digest does not verify", () => {
	const run = start();
	const { key, signature } = run(hash("a"), hash("b"));
	const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), key]);
	const other = createPublicKey({ key: spki, format: "der", type: "spki" });
	assert.equal(verify(null, hash("b"), other, signature), true);
	assert.equal(verify(null, hash("c"), other, signature), false);
});

test("the first key, table and all, takes less than 50 ms", () => {
	const run = start();
	const began = performance.now();
	run(hash("first"), hash("key"));
	assert.ok(performance.now() - began < 50);
});
