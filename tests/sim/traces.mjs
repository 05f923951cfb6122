// traces.mjs -- traces recorded by the native peer now, from this tree: sim_record, built if no build has it.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const tree = fileURLToPath(new URL("../../", import.meta.url));
const build = process.env.TG_BUILD ?? join(tree, "build");

function recorder() {
	const built = (process.env.TG_SIM_RECORD ? [process.env.TG_SIM_RECORD] : [])
		.concat(["gcc", "record"].map((dir) => join(build, dir, "tests/sim/sim_record")))
		.filter(existsSync);
	const fresh = built.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
	// The stage `gcc` has just built it; alone, this makes it (and later runs find nothing to do).
	if (process.env.TG_SIM_RECORD || fresh?.includes("/gcc/")) return fresh;
	const dir = join(build, "record");
	const run = (...args) => execFileSync("cmake", args, { cwd: tree, stdio: "pipe" });
	run("-G", "Ninja", "-S", tree, "-B", dir, "-DCMAKE_BUILD_TYPE=Release");
	run("--build", dir, "--target", "sim_record");
	return join(dir, "tests/sim/sim_record");
}

/// [{ name, bytes }] for every tab of the recital with this seed.
export function traces(seed) {
	const dir = mkdtempSync(join(tmpdir(), "toygrid-traces-"));
	try {
		execFileSync(recorder(), [dir, String(seed)], { stdio: "pipe" });
		return readdirSync(dir)
			.sort()
			.map((name) => ({ name, bytes: new Uint8Array(readFileSync(join(dir, name))) }));
	} finally {
		rmSync(dir, { recursive: true });
	}
}

export const wasm = process.env.TG_WASM ?? join(build, "wasm/toygrid.wasm");
