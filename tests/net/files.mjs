// Goal: a document comes in as a file, travels through relay and replica, and leaves as the same file; and the whole grid
// leaves as one file, by link and from the replica's directory, and lives on elsewhere.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { folder, freePort, parseLinks, startPeer, startRelay, toygrid } from "./programs.mjs";

const MARKDOWN = `# Letters

One **bold** and *slanted* and ~~gone~~ \`code\`, a [link](<https://example.org/>).

- a list
  1. inner
- [x](<https://example.org/x>)

> a quote

\`\`\`c
int x;
\`\`\`

---

![a picture](<https://example.org/p.png>)
`;
const HTML = `<!doctype html><title>A page</title><h2>Head</h2><p>text<script>alert(1)</script></p><ul><li>one</li></ul>`;

const ok = (run) => (assert.equal(run.status, 0, run.err), run.out);

test("in as a file, out as the same file; the whole grid as one file", async (t) => {
	const dir = folder(t);
	const at = (name) => join(dir, name);
	const port = await freePort();
	await startRelay(t, port);
	const relay = ["--relay", `ws://127.0.0.1:${port}`, "--timeout", "120"];
	const replica = await startPeer(t, ["--replica", "--data", at("replica"), ...relay.slice(0, 2), "--node-file", at("node.json")]);
	const run = (...args) => toygrid(t, [...args, ...relay]);
	writeFileSync(at("letters.md"), MARKDOWN);
	writeFileSync(at("page.html"), HTML);

	const links = parseLinks(ok(await run("grid", "create", "--from", at("letters.md"), "--node", at("node.json"))));
	assert.equal(ok(await run("grid", "export", links.view, "--format", "md")), MARKDOWN);
	ok(await run("grid", "append", links.edit, "--from", at("page.html")));
	const whole = ok(await run("grid", "export", links.view, "--format", "md"));
	assert.equal(whole, `${MARKDOWN}\n## Head\n\ntext\n\n- one\n`);
	const read = await toygrid(t, ["grid", "append", links.edit, "--from", "-", "--format", "html", ...relay], "<p>from <b>standard</b> input");
	ok(read);
	const text = ok(await run("grid", "export", links.view, "--format", "txt"));
	assert.match(text, /\nfrom standard input\n$/);
	const page = parseLinks(ok(await run("grid", "create", "--from", at("page.html"), "--node", at("node.json"))));
	assert.match(ok(await run("grid", "export", page.view, "--format", "html")), /<title>A page<\/title>/);

	// By link; and what the replica has, which it cannot read, once it has ended.
	ok(await run("export", links.edit, "--to", at("by-link")));
	assert.match(ok(await toygrid(t, ["import", at("by-link"), "--check"])), /3 logs, /);
	await replica.end("SIGTERM");
	const id = Buffer.from(links.view.match(/g\/([^/]+)\/v/)[1], "base64url").toString("hex");
	assert.match((await toygrid(t, ["export", at("replica"), "--to", at("x")])).err, /more than one document/);
	ok(await toygrid(t, ["export", at("replica"), "--grid", id, "--to", at("from-replica")]));
	assert.match((await toygrid(t, ["import", at("from-replica"), "--data", at("new")])).err, /give --link LINK/);
	assert.match(ok(await toygrid(t, ["import", at("from-replica"), "--data", at("new"), "--link", links.edit])), /3 logs, .*\n.* new in /);
	assert.match(ok(await toygrid(t, ["import", at("by-link"), "--data", at("new")])), /\b0 entries are new/);

	// The replica is gone for good: another one gets everything from the directory that the file went into.
	await startPeer(t, ["--data", at("new"), ...relay.slice(0, 2), "--link", links.edit]);
	assert.equal(ok(await run("grid", "export", links.view, "--format", "txt")), text);
});
