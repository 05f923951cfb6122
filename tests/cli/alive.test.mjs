// A long step says that it is alive: one rewritten line on a terminal, else a line now and then.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const tree = fileURLToPath(new URL("../../", import.meta.url));

// Run `steps` (shell text) with what scripts/common.sh gives; each line on its own clock of one second instead of 15.
function run(steps, { terminal = false, alive = 1 } = {}) {
	const dir = mkdtempSync(join(tmpdir(), "tg-alive-"));
	try {
		const file = join(dir, "steps.sh");
		writeFileSync(file, `TG_ROOT=${dir}\n. ${tree}scripts/common.sh\nTG_ALIVE_S=${alive} TG_COLUMNS=40\nopen_log\n${steps}\n`);
		const got = terminal ? spawnSync("script", ["-qec", `sh ${file}`, "/dev/null"], { encoding: "utf8" }) : spawnSync("sh", [file], { encoding: "utf8", timeout: 50_000 });
		return { ...got, log: readFileSync(join(dir, "build/log/toygrid.log"), "utf8") };
	} finally {
		rmSync(dir, { recursive: true });
	}
}

test("without a terminal: a line now and then with age and progress, and none for a short step", () => {
	const { stdout, log } = run(`
		job() { echo "[3/45] Building C object x"; sleep 2.6; echo "[4/45] y"; }
		steps 2
		step building job
		step quick true`);
	const lines = stdout.trimEnd().split("\n");
	assert.match(lines[0], /^\[1\/2\] building \.\.\. \d+ s so far, 3 of 45$/);
	assert.ok(lines.length >= 3 && lines.length <= 4, stdout);
	assert.match(lines.at(-2), /^\[1\/2\] building \.\.\. \d+ s$/);
	assert.match(lines.at(-1), /^\[2\/2\] quick \.\.\. \d+ s$/);
	assert.doesNotMatch(log, /so far/);
});

test("on a terminal: one line, rewritten, never wider than it", () => {
	const { stdout } = run(`
		job() { echo "Setting up a-package-with-a-rather-long-name:amd64 (1.2) ..."; sleep 2.6; }
		steps 1
		step installing job`, { terminal: true });
	assert.equal(stdout.match(/\n/g).length, 1, stdout);
	const shown = stdout.trimEnd().split("\r").map((text) => text.replace("\x1b[K", ""));
	assert.match(shown[1], /^\[1\/1\] installing \.\.\. \d+ s, setting up/);
	for (const text of shown) assert.ok(text.length < 40, text);
	assert.match(shown.at(-1), /^\[1\/1\] installing \.\.\. \d+ s$/);
});

test("progress is that of the running step, from ninja, ctest and apt", () => {
	for (const [line, wanted] of [
		["[17/120] Building C object a.c.o", ", 17 of 120"],
		[" 3/45 Test  #3: walk .........   Passed    0.01 sec", ", 3 of 45"],
		["Get:12 somewhere bookworm/main amd64 libfoo amd64 1.2 [3 kB]", ", download 12"],
		["Unpacking libfoo:amd64 (1.2) ...", ", unpacking libfoo:amd64"],
		["Setting up libfoo:amd64 (1.2) ...", ", setting up libfoo:amd64"],
		["[warning] 3/4 of it", ""],
		["== [2/3] next ...", ""],
	])
		assert.equal(run(`echo '[1/2] before' >>"$TG_LOG"; echo '== x' >>"$TG_LOG"; echo '${line}' >>"$TG_LOG"; progress`).stdout, wanted, line);
});

test("who reads the output is not kept waiting when the step has ended", () => {
	const began = Date.now();
	run("sleep() { command sleep 20; }\nsteps 1\nstep quick true"); // the clock's next tick is far off
	assert.ok(Date.now() - began < 10_000, `${Date.now() - began} ms`);
});

test("steps that end at once: none waits for its own clock for ever", { timeout: 60_000 }, () => {
	const { stdout, status } = run("steps 300\nfor i in $(seq 300); do step quick true; done");
	assert.equal(status, 0);
	assert.match(stdout.trimEnd().split("\n").at(-1), /^\[300\/300\] quick/);
});

test("a failed step still says why", () => {
	const { status, stdout, stderr } = run("steps 1\nstep failing sh -c 'sleep 1.5; echo No space left on device; exit 1'");
	assert.equal(status, 1);
	assert.match(stdout, /^\[1\/1\] failing \.\.\. failed after \d+ s$/m);
	assert.match(stderr, /failing failed: the disk is full/);
});
