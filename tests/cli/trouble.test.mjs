// When something is wrong with the machine, ./toygrid says so in one clear line and ends with a non-zero code.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const tree = fileURLToPath(new URL("../../", import.meta.url));
const root = process.getuid() === 0;

// Run `command` in `sh` with the programs in `fakes` (name -> shell text) first in its path.
function run(command, fakes = {}, env = {}) {
	const dir = mkdtempSync(join(tmpdir(), "tg-cli-"));
	try {
		for (const [name, text] of Object.entries(fakes)) {
			writeFileSync(join(dir, name), `#!/bin/sh\n${text}\n`);
			chmodSync(join(dir, name), 0o755);
		}
		return spawnSync("sh", ["-c", command], {
			cwd: tree,
			encoding: "utf8",
			env: { ...process.env, PATH: `${dir}:${process.env.PATH}`, SCRATCH: dir, ...env },
		});
	} finally {
		rmSync(dir, { recursive: true });
	}
}

const lastLine = (text) => text.trimEnd().split("\n").at(-1);

// A machine on which no package is installed.
const BARE = { "dpkg-query": "exit 1" };

for (const word of ["up", "build", "test", "bench"])
	test(`${word} --no-install prints the apt line, installs nothing and fails`, () => {
		const got = run(`./toygrid ${word} --no-install`, { ...BARE, "apt-get": 'echo "apt-get ran" >&2' });
		assert.equal(got.status, 1);
		assert.match(got.stdout, /^ {2}sudo apt-get install --no-install-recommends .*\bclang-19\b.*\blld-19\b/m);
		assert.doesNotMatch(got.stderr, /apt-get ran/);
	});

test("missing packages without root and without sudo: the line to type as root", () => {
	const got = run("./toygrid build", { ...BARE, id: "echo 1000", sudo: "exit 1" });
	assert.equal(got.status, 1);
	assert.match(lastLine(got.stderr), /^toygrid: .*as root, run: apt-get install .*gcc/);
});

test("packages that cannot be installed: the step fails with apt's words and the log's name", () => {
	const got = run("./toygrid build", { ...BARE, id: "echo 0", "apt-get": "echo 'E: Temporary failure resolving'; exit 100", env: "echo 'E: Temporary failure resolving'; exit 100" });
	assert.equal(got.status, 1);
	assert.match(lastLine(got.stderr), /^toygrid: installing packages failed: a download failed: is there a network\? \(whole log: .*build\.log\)$/);
});

test("no network and no cached sources: the browser's runtime says that a download failed", { skip: !root && "needs root" }, () => {
	const got = run('TOYGRID_CACHE=$SCRATCH/cache unshare --net ./toygrid build wasm');
	assert.equal(got.status, 1);
	assert.match(lastLine(got.stderr), /^toygrid: building the browser's runtime failed: a download failed: is there a network\?/);
});

test("sources whose bytes are not the pinned ones are not used", () => {
	const got = run(`
		mkdir -p $SCRATCH/cache/sources
		echo evil >$SCRATCH/cache/sources/libsodium_1.0.18.orig.tar.gz
		TG_ROOT=$PWD TOYGRID_CACHE=$SCRATCH/cache
		. scripts/common.sh
		. scripts/sources.sh
		private_apt() { [ "$1" = update ] || echo evil >msgpack-c_4.0.0.orig.tar.gz; }
		fetch_sources && echo taken || echo refused
		ls $SCRATCH/cache/sources`);
	assert.match(got.stdout, /FAILED/);
	assert.match(got.stdout, /^refused$/m);
	assert.doesNotMatch(got.stdout, /^libsodium$/m);
});

test("a full disk is told before building", { skip: !root && "needs root" }, () => {
	const got = run("unshare --mount sh -c 'mount -t tmpfs -o size=1m tmpfs build && ./toygrid build'");
	assert.equal(got.status, 1);
	assert.match(got.stderr, /^toygrid: the disk is full: \d+ MiB free .*\n$/);
});

test("a disk that fills up while building is named as such", { skip: !root && "needs root" }, () => {
	// Plenty of bytes but only 30 files: the check before building passes.
	const got = run("unshare --mount sh -c 'mount -t tmpfs -o size=1g,nr_inodes=30 tmpfs build && ./toygrid build native'");
	assert.equal(got.status, 1);
	assert.match(lastLine(got.stderr), /^toygrid: building .* failed: the disk is full \(whole log: /);
});

test("a port in use is named before anything is built", async () => {
	const server = net.createServer().listen(0, "127.0.0.1");
	await new Promise((resolve) => server.once("listening", resolve));
	const { port } = server.address();
	// spawnSync blocks this process, but a listening socket needs nobody to hold it
	const got = run(`./toygrid up --data $SCRATCH/data --port ${port} --relay-port 1`);
	server.close();
	assert.equal(got.status, 1);
	assert.match(got.stderr, new RegExp(`^toygrid: port ${port} is in use: .*\n$`));
	assert.doesNotMatch(got.stdout, /building/);
});

for (const [flags, line] of [
	["--port", "up: --port needs a value"],
	["--port 99999", "up: --port 99999 is no port number"],
	["--port 80x", "up: --port 80x is no port number"],
	["--port 8081", "up: the page and the relay cannot share port 8081"],
	["--domain example.org", "up: --domain, --cert and --key go with --tls"],
	["--tls --cert x", "up: --cert and --key go together"],
	["--data /dev/null", "up: --data /dev/null is no directory"],
	["--data /proc/none", "up: cannot write in /proc/none: choose another with --data DIR"],
])
	test(`up ${flags}: ${line}`, () => {
		const got = run(`./toygrid up ${flags}`);
		assert.equal(got.status, 1);
		assert.equal(got.stderr, `toygrid: ${line}\n`);
	});

for (const [words, word] of [["export x", "export"], ["help grid", "grid"], ["grid --help", "grid"]])
	test(`${words}, of the native program, before it is built: how to build it`, () => {
		const got = run(`
		mkdir $SCRATCH/tree && cp -r toygrid scripts $SCRATCH/tree/ && $SCRATCH/tree/toygrid ${words}`);
		assert.equal(got.status, 1);
		assert.equal(got.stdout, "");
		assert.equal(got.stderr, `toygrid: '${word}' is a word of the native program, which is not built: ./toygrid build native\n`);
	});
