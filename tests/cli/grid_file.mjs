// A document leaves a data directory as one file and comes into another; a file that is not whole is refused and names why.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const path = process.env.TG_TOYGRID;
const toygrid = (...args) => spawnSync(path, args, { encoding: "utf8", timeout: 60_000 });
const dir = mkdtempSync(join(tmpdir(), "toygrid-file-"));
const at = (name) => join(dir, name);
after(() => rmSync(dir, { recursive: true }));

const done = (...args) => {
	const run = toygrid(...args);
	assert.equal(run.status, 0, `${args.join(" ")}: ${run.stderr}`);
	return run;
};
const refused = (why, ...args) => {
	const run = toygrid(...args);
	assert.equal(run.status, 1, args.join(" ") + run.stderr);
	assert.match(run.stderr, why);
};

const made = done("grid", "create", "--data", at("a"), "--title", "Letters");
const links = made.stdout;
const link = (mode) => links.match(new RegExp(`^${mode} +(\\S+)$`, "m"))[1];

test("a document that nobody else has is told as one, and its links begin where --origin says", () => {
	assert.equal(made.stderr, `toygrid: only ${at("a")} has it, and nobody serves it: --node FILE invites a replica, which does\n`);
	assert.match(made.stdout, /^edit +#\/g\//);
	const quiet = done("grid", "create", "--data", at("quiet"), "--quiet", "--origin", "http://localhost:8080");
	assert.equal(quiet.stderr, "");
	assert.match(quiet.stdout, /^edit +http:\/\/localhost:8080\/#\/g\//);
});

test("a document goes from one data directory to another and back as the same file", () => {
	done("export", at("a"), "--to", at("f"));
	assert.equal(statSync(at("f")).mode & 0o777, 0o600);
	assert.match(done("import", at("f"), "--check").stdout, /whole and unaltered: document [0-9a-f]{64}, written 20.* UTC: 1 log, 3 entries, 0 chunks/);
	assert.match(done("import", at("f"), "--data", at("b")).stdout, /3 entries are new/);
	assert.match(done("import", at("f"), "--data", at("b")).stdout, /0 entries are new/);
	done("export", at("b"), "--to", at("g"));
	const [f, g] = [readFileSync(at("f")), readFileSync(at("g"))];
	// All but the time it was made, and the digest over it.
	assert.equal(f.length, g.length);
	assert.deepEqual(f.subarray(163, -39), g.subarray(163, -39));
	assert.ok(f.includes(Buffer.from(link("edit").split("/").pop().slice(1), "base64url")));
});

test("a sealed file has no link in it and needs one to be taken in", () => {
	done("export", at("a"), "--sealed", "--to", at("s"));
	assert.ok(!readFileSync(at("s")).includes(Buffer.from(link("edit").split("/").pop().slice(1), "base64url")));
	refused(/give --link/, "import", at("s"), "--data", at("c"));
	writeFileSync(at("link"), `http://localhost/${link("view")}\n`);
	assert.match(done("import", at("s"), "--data", at("c"), "--link", `@${at("link")}`).stdout, /3 entries are new/);
	assert.match(done("import", at("s"), "--data", at("b")).stdout, /0 entries are new/); // known there
	const other = done("grid", "create", "--data", at("other")).stdout.match(/^edit +(\S+)$/m)[1];
	refused(/its header: belongs to another grid/, "import", at("s"), "--check", "--link", other);
});

test("which document, when there are several", () => {
	// A title may come from anybody: no command in it reaches the terminal.
	const two = done("grid", "create", "--data", at("other"), "--title", "\u001b]0;x\u0007 \u009b1m \u{1f600}".padEnd(80, "\u{1f600}")).stdout;
	refused(/^toygrid: .*more than one document; choose with --grid:\n( {2}[0-9a-f]{16} (\?\]0;x\? \?1m (\u{1f600})+)?\n){2}$/u, "export", at("other"), "--to", at("x"));
	const id = Buffer.from(two.match(/g\/([^/]+)\/e/)[1], "base64url").toString("hex");
	done("export", at("other"), "--grid", id.slice(0, 12), "--to", at("x"));
	refused(/no such document there/, "export", at("other"), "--grid", "zz", "--to", at("x"));
	assert.match(done("import", at("x"), "--check").stdout, new RegExp(id));
});

test("cut short, altered or longer: refused, with the place", () => {
	done("export", at("a"), "--to", at("f"));
	const whole = readFileSync(at("f"));
	for (const n of [0, 7, 100, 163, 170, whole.length - 40, whole.length - 1]) {
		writeFileSync(at("bad"), whole.subarray(0, n));
		refused(/refused at byte \d+, .*: input ends too early/, "import", at("bad"), "--data", at("nowhere"));
	}
	for (const [place, why] of [[3, /the first bytes/], [20, /its header|entries of a log/], [400, /entries of a log/], [whole.length - 2, /its end: bytes do not match/]]) {
		const bytes = Buffer.from(whole);
		bytes[place] ^= 1;
		writeFileSync(at("bad"), bytes);
		refused(why, "import", at("bad"), "--data", at("nowhere"));
	}
	writeFileSync(at("bad"), Buffer.concat([whole, Buffer.from([0])]));
	refused(/what follows its end/, "import", at("bad"), "--data", at("nowhere"));
	assert.ok(!readdirSync(dir).includes("nowhere"));
});

test("a data directory on a disk without room: told, and each thing once", (t) => {
	// In a name space where this user may mount; the pages of the disk are counted out until it is enough.
	const room = (pages) =>
		spawnSync("unshare", ["--map-root-user", "--mount", "sh", "-c", 'mount -t tmpfs -o nr_blocks=$1 none /mnt && exec "$0" grid create --data /mnt/d --timeout 2', path, String(pages)], { encoding: "utf8" });
	if (/unshare|mount:/.test(room(1).stderr)) return t.skip("no right to mount a small tmpfs");
	const said = [];
	for (let pages = 1; pages < 64; pages++) {
		const run = room(pages);
		said.push(run.stderr);
		if (run.status === 0) break;
		assert.equal(run.status, 1, `${pages} pages: ${run.signal} ${run.stderr}`);
		assert.match(run.stderr, /the disk is full|no space left/);
		const lines = run.stderr.trimEnd().split("\n");
		assert.equal(new Set(lines).size, lines.length, run.stderr);
	}
	assert.match(said[0], /^toygrid: \/mnt\/d: cannot [^\n]*: the disk is full\n$/);
	assert.match(said.at(-1), /^toygrid: only \/mnt\/d has it/);
	assert.ok(said.some((text) => text.includes("a batch was not stored: no space left")), said.join(""));
});

test("no room: the error says so and what was there stays", () => {
	const before = readFileSync(at("f"));
	// The shell's limit on file size stands for a full disk.
	const run = spawnSync("sh", ["-c", 'ulimit -f 1; exec "$0" export "$1" --to "$2"', path, at("a"), at("f")], { encoding: "utf8" });
	if (run.status === 0) return; // blocks of this shell are larger than the file
	assert.equal(run.status, 1, `${run.signal} ${run.stderr}`);
	assert.match(run.stderr, /f: File too large; nothing was left there/);
	assert.deepEqual(readFileSync(at("f")), before);
	refused(/No such file or directory; nothing was left there/, "export", at("a"), "--to", at("no/such/f"));
	refused(/Is a directory/, "export", at("a"), "--to", at("a"));
	assert.ok(readdirSync(dir).every((name) => !name.startsWith("f.")));
});
