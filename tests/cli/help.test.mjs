// What ./toygrid says about itself is true: every word and flag in the help is accepted, everything else is refused
// with one line and a non-zero exit.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const tree = fileURLToPath(new URL("../../", import.meta.url));
const toygrid = (...args) => spawnSync(`${tree}toygrid`, args, { encoding: "utf8", cwd: "/" });
const WORDS = ["up", "test", "bench", "build", "clean"];

test("help, --help, -h and no word at all show the same words", () => {
	const texts = [["help"], ["--help"], ["-h"], []].map((args) => {
		const run = toygrid(...args);
		assert.equal(run.status, 0);
		return run.stdout;
	});
	for (const text of texts) assert.equal(text, texts[0]);
	for (const word of WORDS) assert.match(texts[0], new RegExp(`\\./toygrid ${word} `));
});

for (const word of WORDS) {
	test(`./toygrid ${word} --help and help ${word} agree`, () => {
		const run = toygrid(word, "--help");
		assert.equal(run.status, 0, run.stderr);
		assert.equal(run.stdout, toygrid("help", word).stdout);
		assert.match(run.stdout, new RegExp(`^\\./toygrid ${word} `));
	});

	test(`the flags in help ${word} are those its code reads`, () => {
		const file = word === "build" ? "build" : word;
		const source = readFileSync(`${tree}scripts/${file}.sh`, "utf8");
		const arms = source.match(/^\t+(--?[a-z][^)\n]*)\)/gm) ?? [];
		const read = new Set(arms.flatMap((arm) => arm.match(/--[a-z-]+/g) ?? []));
		read.delete("--help");
		const told = new Set(toygrid("help", word).stdout.match(/(?<![\w.])--[a-z-]+/g) ?? []);
		assert.deepEqual([...told].sort(), [...read].sort());
	});

	test(`./toygrid ${word} refuses an unknown flag with one line`, () => {
		const run = toygrid(word, "--no-such-flag");
		assert.notEqual(run.status, 0);
		assert.match(run.stderr, /^toygrid: .*--no-such-flag.*\n$/);
	});
}

test("the stages in help test are those that run", () => {
	const source = readFileSync(`${tree}scripts/test.sh`, "utf8");
	const stages = /^TEST_STAGES='([^']*)'/m.exec(source)[1];
	assert.ok(toygrid("help", "test").stdout.includes(`stages: ${stages}\n`));
});

test("an unknown option before any word is refused", () => {
	const run = toygrid("--frobnicate");
	assert.equal(run.status, 1);
	assert.match(run.stderr, /^toygrid: unknown option '--frobnicate'.*\n$/);
});

test("every script is POSIX sh to dash", () => {
	for (const file of execFileSync("git", ["ls-files", "toygrid", "scripts/*.sh"], { cwd: tree, encoding: "utf8" }).trim().split("\n"))
		execFileSync("dash", ["-n", file], { cwd: tree });
});
