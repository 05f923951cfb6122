// Goal: whoever builds this commit with Debian's tools gets the same module, byte for byte, wherever the tree
// lies and whatever time zone and language the machine speaks.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const tree = fileURLToPath(new URL("../../", import.meta.url));
const sources = process.env.TG_SOURCES ?? join(tree, ".cache/sources");

function build(root, env) {
	cpSync(join(tree, "runtime-lib"), join(root, "runtime-lib"), { recursive: true });
	cpSync(sources, join(root, "lib"), { recursive: true });
	const run = (...args) => execFileSync("cmake", args, { cwd: root, env: { ...process.env, ...env }, stdio: "pipe" });
	run("-S", "runtime-lib/wasm", "-B", "out", "-G", "Ninja", "--toolchain",
		join(root, "runtime-lib/wasm/toolchain.cmake"), `-DTG_SOURCES=${join(root, "lib")}`);
	run("--build", "out");
	return readFileSync(join(root, "out/toygrid.wasm"));
}

test("two folders, two time zones, one module", () => {
	const scratch = mkdtempSync(join(tmpdir(), "tg-wasm-"));
	try {
		const there = join(scratch, "a folder", "deeper");
		mkdirSync(there, { recursive: true });
		const again = build(there, { TZ: "Asia/Tokyo", LC_ALL: "C", SOURCE_DATE_EPOCH: "0" });
		const ours = readFileSync(process.env.TG_WASM ?? join(tree, "build/wasm/toygrid.wasm"));
		assert.ok(again.equals(ours), "the bytes differ from build/wasm/toygrid.wasm");
	} finally {
		rmSync(scratch, { recursive: true });
	}
});
