// Ctrl-C and SIGTERM while ./toygrid is building: it ends at once and leaves no compiler behind.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const tree = fileURLToPath(new URL("../../", import.meta.url));

// A tree with only the command in it, and a cmake that says who it is and never ends.
async function building(t) {
	const root = mkdtempSync(join(tmpdir(), "tg-int-"));
	for (const path of ["toygrid", "scripts"]) cpSync(join(tree, path), join(root, path), { recursive: true });
	writeFileSync(join(root, "cmake"), `#!/bin/sh\necho $$ >'${root}/pid.new'\nmv '${root}/pid.new' '${root}/pid'\nsleep 1000\n`);
	writeFileSync(join(root, "dpkg-query"), `#!/bin/sh\nshift 2\nfor p in "$@"; do echo "ii $p"; done\n`);
	for (const name of ["cmake", "dpkg-query"]) chmodSync(join(root, name), 0o755);
	const started = new Promise((resolve) => {
		const watcher = watch(root, () => {
			if (!existsSync(join(root, "pid"))) return;
			watcher.close();
			resolve();
		});
	});
	const child = spawn("./toygrid", ["build", "native"], {
		cwd: root,
		detached: true, // a process group of its own, as a terminal gives
		stdio: "ignore",
		env: { ...process.env, PATH: `${root}:${process.env.PATH}` },
	});
	const ended = new Promise((resolve) => child.once("close", (code, signal) => resolve(code ?? signal)));
	await started;
	const compiler = Number(readFileSync(join(root, "pid"), "utf8"));
	t.after(() => {
		try {
			process.kill(-child.pid, "SIGKILL");
		} catch {}
		rmSync(root, { recursive: true });
	});
	return { child, ended, compiler };
}

async function gone(pid) {
	for (const deadline = Date.now() + 5000; Date.now() < deadline; await new Promise((resolve) => setImmediate(resolve)))
		try {
			// A zombie is dead: where nobody adopts orphans, as in a container, one stays.
			if (/^\d+ \(.*\) Z /s.test(readFileSync(`/proc/${pid}/stat`, "utf8"))) return true;
		} catch {
			return true;
		}
	return false;
}

test("Ctrl-C: 130, and the compiler is gone", async (t) => {
	const { child, ended, compiler } = await building(t);
	process.kill(-child.pid, "SIGINT");
	assert.equal(await ended, 130);
	assert.ok(await gone(compiler));
});

test("SIGTERM to ./toygrid alone: 143, and the compiler is gone", async (t) => {
	const { child, ended, compiler } = await building(t);
	child.kill("SIGTERM");
	assert.equal(await ended, 143);
	assert.ok(await gone(compiler));
});
