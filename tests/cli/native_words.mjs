// What the native toygrid says about itself is true: every word has a help, every flag in it is read, everything else is
// refused with one line and exit code 2, and nothing is done.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const path = process.env.TG_TOYGRID;
// Whatever runs on this machine is no part of these tests.
const env = { ...process.env };
delete env.TOYGRID_RUN;
const toygrid = (...args) => spawnSync(path, args, { encoding: "utf8", timeout: 20_000, env });
const WORDS = [["peer"], ["grid", "create"], ["grid", "append"], ["grid", "export"], ["grid", "heads"], ["export"], ["import"], ["id"], ["replay-trace"]];
const FLAGS = /^ {2}--([a-z-]+)( [A-Z]+)?/gm;

test("help, --help and -h list every word; no word at all is an error with the same list", () => {
	const { stdout, status } = toygrid("help");
	assert.equal(status, 0);
	for (const [word] of WORDS) assert.match(stdout, new RegExp(`^ {2}${word} `, "m"));
	for (const ask of ["--help", "-h"]) assert.equal(toygrid(ask).stdout, stdout);
	const none = toygrid();
	assert.equal(none.status, 2);
	assert.equal(none.stderr, stdout);
});

test("--version names one", () => assert.match(toygrid("--version").stdout, /^toygrid \d+\.\d+\.\d+\n$/));

for (const words of WORDS) {
	const name = words.join(" ");

	test(`${name} --help and help ${name} agree, whatever else is said`, () => {
		const { stdout, stderr, status } = toygrid(...words, "--help");
		assert.equal(status, 0, stderr);
		assert.match(stdout, new RegExp(`^usage: toygrid ${name}`));
		assert.equal(toygrid("help", ...words).stdout, stdout);
		assert.equal(toygrid(...words, "--no-such-flag", "x", "--help").stdout, stdout);
	});

	test(`each flag in the help of ${name} is read`, () => {
		for (const [, flag, value] of toygrid(...words, "--help").stdout.matchAll(FLAGS)) {
			if (flag === "help") continue;
			// A flag that is known complains of its value, or that it is given twice, and not of itself.
			const run = value ? toygrid(...words, `--${flag}`) : toygrid(...words, `--${flag}=x`);
			assert.equal(run.status, 2, `--${flag}`);
			assert.match(run.stderr, value ? new RegExp(`^toygrid: --${flag} needs`) : new RegExp(`^toygrid: --${flag} takes no value`));
		}
	});

	test(`${name} refuses what it does not know with one line`, () => {
		for (const args of [["--no-such-flag"], ["-x"], ["--no-such-flag=1"]]) {
			const run = toygrid(...words, ...args);
			assert.equal(run.status, 2);
			assert.match(run.stderr, /^toygrid: unknown option '.*'; see --help of "toygrid [a-z -]+"\n$/);
			assert.equal(run.stdout, "");
		}
	});
}

test("unknown words are refused", () => {
	for (const args of [["exprot"], ["grid", "exprot"], ["help", "exprot"], ["--frobnicate"], ["--version", "x"]]) {
		const run = toygrid(...args);
		assert.equal(run.status, 2, args.join(" "));
		assert.match(run.stderr, /^toygrid: .*\n$/);
	}
});

test("what does not go together is refused before anything is done", () => {
	const dir = mkdtempSync(join(tmpdir(), "toygrid-words-"));
	const data = join(dir, "data");
	const relay = ["--relay", "ws://127.0.0.1:1"];
	try {
		for (const [args, why] of [
			[["peer", ...relay, "--replica"], /--data is missing/],
			[["peer", "--data", data, "--replica"], /--relay is missing/],
			[["peer", "--data", data, ...relay], /give --replica or --link/],
			[["peer", "--data", data, ...relay, "--replica", "--link", "x"], /exclude each other/],
			[["peer", "--data", data, ...relay, "--link", "x", "--node-file", "f"], /goes with --replica/],
			[["peer", "--data", data, ...relay, "--replica", "--quota-grid", "12x"], /not a number/],
			[["peer", "--data", data, ...relay, "--replica", "--quota-grid", "99999999999999999999"], /not a number/],
			[["peer", "--data", data, "--data", data, ...relay, "--replica"], /given twice/],
			[["peer", "--data", data, ...relay, "--replica", "stray"], /unexpected word 'stray'/],
			[["grid", "create", ...relay], /who keeps the document/],
			[["grid", "create", "--data", data, "--from", path], /what is .*\? give --format/],
			[["grid", "create", "--data", data, "--from", "x.md", "--format", "pdf"], /give --format/],
			[["grid", "create", "--data", data, "--format", "md"], /--format goes with --from/],
			[["grid", "append", "x", "--from", "x.md", "text", ...relay], /give either --from or TEXT/],
			[["grid", "export", ...relay], /too few words/],
			[["grid", "export", "a", "b", ...relay], /unexpected word 'b'/],
			[["grid", "export", "a", "--format", "pdf", ...relay], /no such format/],
			[["export", "x"], /give --to FILE/],
			[["export", dir, "--to", "x", ...relay], /not with a directory/],
			[["export", "x", "--to", "y", "--grid", "1"], /--grid goes with a directory/],
			[["import", "x"], /give --data DIR, or --check/],
			[["import", "x", "--check", "--data", data], /leave --data out/],
			[["import"], /too few words/],
			[["id"], /--data is missing/],
			[["replay-trace"], /too few words/],
		]) {
			const run = toygrid(...args);
			assert.equal(run.status, 2, args.join(" "));
			assert.match(run.stderr, why);
			assert.match(run.stderr.replace(/^toygrid: .*; trying again\n/gm, ""), /^[^\n]*\n$/); // the relay is none
		}
		assert.deepEqual(readdirSync(dir), []);
	} finally {
		rmSync(dir, { recursive: true });
	}
});

test("what cannot be done ends with 1 and one line", () => {
	const dir = mkdtempSync(join(tmpdir(), "toygrid-words-"));
	const data = join(dir, "data");
	const relay = ["--relay", "ws://127.0.0.1:1"];
	try {
		for (const [args, why] of [
			[["grid", "export", "no-link", ...relay], /no link to a document/],
			[["grid", "export", "x"], /which relay/],
			[["grid", "export", `@${join(dir, "nothing")}`, ...relay], /nothing: No such file/],
			[["grid", "export", `@${dir}`, ...relay], /: Is a directory/],
			[["grid", "export", "@/dev/null", ...relay], /null holds no link to a document/],
			[["export", `@${join(dir, "nothing")}`, "--to", join(dir, "f"), ...relay], /nothing: No such file/],
			[["import", path, "--check", "--link", `@${join(dir, "nothing")}`], /--link: .*nothing: No such file/],
			[["grid", "create", "--data", data, "--from", join(dir, "nothing")], /nothing: No such file/],
			[["grid", "append", "x", ...relay, "--from", join(dir, "nothing")], /nothing: No such file/],
			[["grid", "append", "x", ...relay, "--from", dir], /: Is a directory/],
			[["grid", "append", "x", ...relay, "--from", "/dev/null", "--format", "md"], /nothing to write: there is no text in \/dev\/null/],
			[["grid", "append", "x", ...relay], /nothing to write: there is no text in standard input/],
			[["grid", "export", "x", "--relay", "http://x"], /no ws:\/\/ or wss:\/\/ address/],
			[["grid", "create", ...relay, "--node", join(dir, "nothing")], /nothing: No such file/],
			[["grid", "create", "--node", join(dir, "nothing")], /nothing: No such file/],
			[["grid", "export", "x", ...relay, "--ca", join(dir, "nothing")], /nothing: cannot be used as certificate file/],
			[["export", dir, "--to", join(dir, "f")], /no data directory of toygrid/],
			[["export", "no-link", "--to", join(dir, "f"), ...relay], /no link to a document/],
			[["import", join(dir, "nothing"), "--check"], /nothing: No such file/],
			[["import", path, "--check"], /refused at byte 0, the first bytes: malformed/],
			[["import", join(dir, "nothing"), "--check", "--link", "x"], /--link: this is no link/],
			[["grid", "create", "--data", data, "--from", join(dir, "nothing.md")], /nothing.md: No such file/],
			[["replay-trace", join(dir, "nothing")], /cannot be read/],
			[["replay-trace", path], /is no trace/],
		]) {
			const run = toygrid(...args);
			assert.equal(run.status, 1, args.join(" ") + run.stderr);
			assert.match(run.stderr, why);
			assert.match(run.stderr.replace(/^toygrid: .*; trying again\n/gm, ""), /^[^\n]*\n$/); // the relay is none
		}
		assert.deepEqual(readdirSync(dir), []);
	} finally {
		rmSync(dir, { recursive: true });
	}
});

// What ./toygrid up leaves of a node; `start` is wrong where the process is another one.
function node(run, port, { pid = process.pid, start = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).split(" ")[19], replica = true } = {}) {
	const key = "ab".repeat(32);
	const info = { relays: [`ws://127.0.0.1:${port + 1}`], ...(replica && { replica: { node: key, box: key, name: "n", token: key } }) };
	writeFileSync(join(run, `node-${port}.json`), JSON.stringify(info));
	writeFileSync(join(run, `node-${port}.pid`), `${pid} ${start}\n`);
}

// `ask(words...)` with these nodes running.
function withNodes(nodes, body) {
	const run = mkdtempSync(join(tmpdir(), "toygrid-run-"));
	try {
		for (const [port, how] of nodes) node(run, port, how);
		body((...args) => spawnSync(path, args, { encoding: "utf8", timeout: 20_000, env: { ...process.env, TOYGRID_RUN: run } }), run);
	} finally {
		rmSync(run, { recursive: true });
	}
}

const LINK = `#/g/${"A".repeat(43)}/e${"A".repeat(43)}`;
const WORDS_THAT_JOIN = [["grid", "export", LINK], ["grid", "heads", LINK], ["grid", "append", LINK, "text"], ["export", LINK, "--to", "/dev/null/x"]];

test("without --relay the relay of the one node that runs here is dialled; what a dead one left is removed", () =>
	withNodes([[1], [3, { start: "1" }], [5, { pid: 2 ** 22 + 1, start: "1" }]], (ask, run) => {
		for (const words of [...WORDS_THAT_JOIN, ["grid", "create"]]) {
			const { status, stderr } = ask(...words, "--timeout", "1");
			assert.equal(status, 1, words.join(" "));
			assert.match(stderr, /^toygrid: .*127\.0\.0\.1:2.*; trying again\ntoygrid: no relay was reached/, words.join(" "));
		}
		assert.deepEqual(readdirSync(run).sort(), ["node-1.json", "node-1.pid"]);
	}));

test("several nodes run here: they are named and nothing is done; a named one is taken", () =>
	withNodes([[20], [1], [9]], (ask, run) => {
		for (const words of WORDS_THAT_JOIN) {
			const { status, stderr } = ask(...words, "--timeout", "1");
			assert.equal(status, 1);
			assert.equal(stderr, "toygrid: 3 nodes run here; choose one: --relay ws://127.0.0.1:2 or --relay ws://127.0.0.1:10 or --relay ws://127.0.0.1:21\n");
		}
		const none = ask("grid", "create");
		assert.equal(none.status, 2);
		assert.equal(none.stderr, `toygrid: 3 nodes run here; choose one: ${[1, 9, 20].map((port) => `--node ${run}/node-${port}.json`).join(" or ")}\n`);
		assert.match(ask("grid", "create", "--node", join(run, "node-9.json"), "--timeout", "1").stderr, /127\.0\.0\.1:10/);
		assert.match(ask("grid", "heads", LINK, "--relay", "ws://127.0.0.1:21", "--timeout", "1").stderr, /127\.0\.0\.1:21/);
	}));

test("a node without a replica keeps no document, and is said not to", () =>
	withNodes([[1, { replica: false }]], (ask) => {
		const { status, stderr } = ask("grid", "create");
		assert.equal(status, 1);
		assert.match(stderr, /^toygrid: .*node-1\.json: describes no replica\n$/);
	}));

test("id makes an installation once and then knows it", () => {
	const dir = mkdtempSync(join(tmpdir(), "toygrid-words-"));
	try {
		const first = toygrid("id", "--data", join(dir, "a"));
		assert.equal(first.status, 0, first.stderr);
		assert.match(first.stdout, /^identity [0-9a-f]{64}\ndevice {3}[0-9a-f]{64}\n$/);
		assert.equal(toygrid("id", "--data", join(dir, "a")).stdout, first.stdout);
		assert.notEqual(toygrid("id", "--data", join(dir, "b")).stdout, first.stdout);
	} finally {
		rmSync(dir, { recursive: true });
	}
});
