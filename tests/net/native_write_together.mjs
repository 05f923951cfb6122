// Goal: people who write natively through the real relay and the real replica lose nothing, whatever dies; and neither
// relay nor replica can read a word.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { bytesBelow, folder, freePort, metric, parseLinks, sleep, startPeer, startRelay, startWire, toygrid } from "./programs.mjs";

const ok = (run) => (assert.equal(run.status, 0, run.err), run);
// Unique, so that each can be looked for; long, so that no ciphertext has one by chance.
const lines = (who, n) => Array.from({ length: n }, (_, i) => `token-${who}-${String(i).padStart(5, "0")} the quick brown fox`);
const of = (text, who) => text.split("\n").filter((line) => line.startsWith(`token-${who}-`));

async function node(t) {
	const dir = folder(t);
	const port = await freePort();
	const world = { dir, port, relay: await startRelay(t, port), wire: await startWire(t, port) };
	world.replicaArgs = ["--replica", "--data", join(dir, "replica"), "--relay", world.wire.url, "--node-file", join(dir, "node.json"), "--name", "shelf"];
	world.replica = await startPeer(t, world.replicaArgs);
	const made = ok(await toygrid(t, ["grid", "create", "--title", "Secret title of it all", "--relay", world.wire.url, "--node", join(dir, "node.json")]));
	world.links = parseLinks(made.out);
	assert.deepEqual(Object.keys(world.links), ["edit", "comment", "view"]);
	const timely = (args) => (args.includes("--timeout") ? args : [...args, "--timeout", "120"]);
	world.append = (texts, ...more) => toygrid(t, timely(["grid", "append", world.links.edit, "--relay", world.wire.url, ...more]), texts.join("\n") + "\n");
	world.export = (...more) => toygrid(t, timely(["grid", "export", world.links.view, "--relay", world.wire.url, ...more]));
	return world;
}

test("two write at once, the relay is killed in between, a late reader has it all in order", async (t) => {
	const world = await node(t);
	const ann = lines("ann", 400);
	const ben = lines("ben", 400);
	const before = lines("before", 5);
	ok(await world.append(before));
	const writing = [world.append(ann, "--name", "Ann"), world.append(ben, "--name", "Ben")];
	await sleep(400);
	assert.equal(await world.relay.end("SIGKILL"), "SIGKILL");
	await sleep(700);
	world.relay = await startRelay(t, world.port);
	for (const run of await Promise.all(writing)) ok(run);

	const { out } = ok(await world.export());
	assert.deepEqual(of(out, "before"), before);
	assert.deepEqual(of(out, "ann"), ann);
	assert.deepEqual(of(out, "ben"), ben);
	assert.equal(out.split("\n").filter(Boolean).length, 805);
	const again = ok(await toygrid(t, ["grid", "export", world.links.edit, "--relay", world.wire.url]));
	assert.equal(again.out, out, "an edit link and a view link show the same document");
	assert.equal(await metric(world.replica.admin, "toygrid_replica_grids"), 1);

	for (const [what, bytes] of [["the replica's store", bytesBelow(join(world.dir, "replica"))], ["the relay's traffic", world.wire.bytes()]]) {
		assert.ok(bytes.length > 50_000, `${what} has ${bytes.length} bytes`);
		for (const text of ["token-ann", "token-ben", "token-before", "quick brown", "Secret title", "Ann", world.links.edit.slice(-43)])
			// A short name may stand in 100 kB of ciphertext by chance; then it does not stand there as a str of msgpack.
			assert.ok(!bytes.includes(text.length > 5 ? text : `\xa3${text}`, 0, "latin1"), `${what} contains ${text}`);
	}
});

test("a replica killed while it is written to keeps all that it said it held", async (t) => {
	const world = await node(t);
	const held = [];
	for (let round = 0; round < 4; round++) {
		const texts = lines(`round${round}`, 150);
		const writing = world.append(texts);
		await sleep(150 + 120 * round);
		assert.equal(await world.replica.end("SIGKILL"), "SIGKILL");
		world.replica = await startPeer(t, world.replicaArgs);
		// The writer waits until the replica that came back holds everything.
		ok(await writing);
		held.push(...texts);
	}
	const { out } = ok(await world.export());
	assert.deepEqual(out.split("\n").filter((line) => line.startsWith("token-round")), held);
});

test("without the replica nothing is called safe, and what was written waits for it", async (t) => {
	const world = await node(t);
	ok(await world.append(["first"], "--safe", "1"));
	assert.equal(await world.replica.end("SIGTERM"), 0, world.replica.text);

	const data = join(world.dir, "writer");
	const alone = await toygrid(t, ["grid", "append", world.links.edit, "--relay", world.wire.url, "--timeout", "6", "never joins"]);
	assert.equal(alone.status, 1);
	assert.match(alone.err, /nobody who has this document answered in 6 s/);

	// An installation that has the document can write, and is told the truth about who holds it.
	world.replica = await startPeer(t, world.replicaArgs);
	ok(await world.append(["second"], "--data", data, "--safe", "2"));
	const helper = await startPeer(t, ["--data", join(world.dir, "helper"), "--relay", world.wire.url, "--link", world.links.edit]);
	ok(await world.append(["third"], "--data", data, "--safe", "3"));
	assert.equal(await world.replica.end("SIGTERM"), 0);
	const two = await toygrid(t, ["grid", "append", world.links.edit, "--relay", world.wire.url, "--timeout", "10", "--data", data, "--safe", "3", "fourth"]);
	assert.equal(two.status, 1);
	assert.match(two.err, /only 2 of 3 devices hold it after 10 s/);
	assert.equal(await helper.end("SIGTERM"), 0, helper.text);

	// It comes back, is given what it missed, and alone gives it to a newcomer.
	world.replica = await startPeer(t, world.replicaArgs);
	ok(await world.append(["fifth"], "--data", data, "--safe", "2"));
	assert.equal(ok(await world.export()).out, "first\nsecond\nthird\nfourth\nfifth\n");
});

test("a newcomer's 10 MB reach only the newcomer", async (t) => {
	const world = await node(t);
	ok(await world.append(Array.from({ length: 5000 }, (_, i) => `token-big-${i} ${"lorem ipsum dolor ".repeat(110)}`)));
	const bystander = await startPeer(t, ["--data", join(world.dir, "by"), "--relay", world.wire.url, "--link", world.links.view]);
	const heard = () => metric(bystander.admin, "toygrid_peer_received_bytes_total");
	for (let last = -1, now = 0; (now = await heard()) < 9_000_000 || now !== last; await sleep(500)) last = now;
	const before = await heard();
	const { out } = ok(await world.export());
	assert.ok(out.length > 9_900_000, `${out.length} bytes`);
	const cost = (await heard()) - before;
	t.diagnostic(`the bystander received ${cost} bytes meanwhile`);
	// What it does hear are greetings, digests and acks, more of them the longer a busy machine takes.
	assert.ok(cost < out.length / 100, `${cost} bytes`);
});

test("a replica without room says so, and what it lacks is fetched when there is room again", async (t) => {
	const world = await node(t);
	assert.equal(await world.replica.end("SIGTERM"), 0);
	const data = join(world.dir, "writer");
	const texts = lines("full", 60_000);
	world.replica = await startPeer(t, [...world.replicaArgs, "--store-bytes", "1M"]);
	const full = await world.append(texts, "--data", data, "--timeout", "20");
	assert.equal(full.status, 1);
	assert.match(full.err, /only 1 of 2 devices hold it/);
	assert.ok((await metric(world.replica.admin, "toygrid_peer_batches_failed_total")) > 0);
	assert.match(world.replica.text, /"event":"notice","text":"1 /);
	assert.equal(await world.replica.end("SIGTERM"), 0);
	world.replica = await startPeer(t, world.replicaArgs);
	ok(await world.append(["the end"], "--data", data));
	assert.equal(ok(await world.export()).out, [...texts, "the end", ""].join("\n"));
});

test("a replica whose quota is used up refuses, and the maker is told", async (t) => {
	const world = await node(t);
	assert.equal(await world.replica.end("SIGTERM"), 0);
	world.replica = await startPeer(t, [...world.replicaArgs, "--quota-total", "1K"]);
	const made = await toygrid(t, ["grid", "create", "--relay", world.wire.url, "--node", join(world.dir, "node.json"), "--timeout", "20"]);
	assert.equal(made.status, 1);
	assert.match(made.err, /the replica does not keep this document/);
});

test("one of two relays dies for good and nothing stops", async (t) => {
	const world = await node(t);
	const second = await freePort();
	await startRelay(t, second);
	assert.equal(await world.replica.end("SIGTERM"), 0);
	const both = ["--relay", `ws://127.0.0.1:${second}`];
	world.replica = await startPeer(t, [...world.replicaArgs, ...both]);
	const ann = lines("ann", 300);
	const writing = world.append(ann, ...both);
	await sleep(300);
	await world.relay.end("SIGKILL");
	ok(await writing);
	ok(await world.append(["after"], ...both));
	assert.equal(ok(await world.export(...both)).out, [...ann, "after", ""].join("\n"));
});

test("over TLS with an own certificate, by address", async (t) => {
	const dir = folder(t);
	const [cert, key] = [join(dir, "cert"), join(dir, "key")];
	execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=test",
		"-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", key, "-out", cert], { stdio: "ignore" });
	const port = await freePort();
	await startRelay(t, port, ["--tls-cert", cert, "--tls-key", key]);
	const relay = ["--relay", `wss://127.0.0.1:${port}`];
	await startPeer(t, ["--replica", "--data", join(dir, "replica"), ...relay, "--ca", cert, "--node-file", join(dir, "node.json")]);
	const { edit } = parseLinks(ok(await toygrid(t, ["grid", "create", ...relay, "--ca", cert, "--node", join(dir, "node.json")])).out);
	ok(await toygrid(t, ["grid", "append", edit, "--relay", `wss://localhost:${port}`, "--ca", cert, "over TLS"]));
	assert.equal(ok(await toygrid(t, ["grid", "export", edit, ...relay, "--ca", cert])).out, "over TLS\n");
	const distrust = await toygrid(t, ["grid", "export", edit, ...relay, "--timeout", "3"]);
	assert.equal(distrust.status, 1);
	assert.match(distrust.err, /no relay was reached/);
});

test("a view link can read and cannot write", async (t) => {
	const world = await node(t);
	ok(await world.append(["only this"]));
	const refused = await toygrid(t, ["grid", "append", world.links.view, "--relay", world.wire.url, "not this"]);
	assert.equal(refused.status, 1);
	assert.match(refused.err, /does not allow writing/);
	assert.equal(ok(await world.export()).out, "only this\n");
	const file = join(world.dir, "link");
	writeFileSync(file, `${world.links.view}\n`);
	assert.equal(ok(await toygrid(t, ["grid", "export", `@${file}`, "--relay", world.wire.url])).out, "only this\n");
});

test("the formats of export, and heads", async (t) => {
	const world = await node(t);
	ok(await world.append(["1. a *star*", "<b>&"]));
	assert.equal(ok(await world.export("--format", "markdown")).out, "1\\. a \\*star\\*\n\n\\<b\\>\\&\n");
	const html = ok(await world.export("--format", "html")).out;
	assert.match(html, /<title>Secret title of it all<\/title>/);
	assert.match(html, /<p>1\. a \*star\*<\/p>\n<p>&lt;b&gt;&amp;<\/p>/);
	const json = JSON.parse(ok(await world.export("--format", "json")).out);
	assert.equal(json.title, "Secret title of it all");
	assert.deepEqual(json.blocks.map((block) => block.runs.map((run) => run.text).join("")), ["1. a *star*", "<b>&"]);
	const heads = ok(await toygrid(t, ["grid", "heads", world.links.view, "--relay", world.wire.url])).out.trim().split("\n");
	assert.equal(heads.length, 2, "one log of who made it, one of who appended");
	for (const line of heads) assert.match(line, /^log [0-9a-f]{64} device [0-9a-f]{64} length \d+ root [0-9a-f]{64}$/);
});

test("a recorded writer and a recorded replica replay byte for byte", async (t) => {
	const world = await node(t);
	assert.equal(await world.replica.end("SIGTERM"), 0);
	const replica = join(world.dir, "replica.trace");
	const writer = join(world.dir, "writer.trace");
	world.replica = await startPeer(t, [...world.replicaArgs, "--trace", replica]);
	ok(await world.append(lines("traced", 100), "--trace", writer));
	assert.equal(await world.replica.end("SIGTERM"), 0);
	for (const trace of [replica, writer]) assert.match(ok(await toygrid(t, ["replay-trace", trace])).out, /^\d+ events, all effects equal\n$/);
});

test("what cannot be reached is said at once, and again when the time is over", async (t) => {
	const dir = folder(t);
	const port = await freePort();
	const link = `#/g/${"A".repeat(43)}/e${"A".repeat(43)}`;
	const dead = await toygrid(t, ["grid", "export", link, "--relay", `ws://127.0.0.1:${port}`, "--timeout", "2"]);
	assert.equal(dead.status, 1);
	assert.match(dead.err, /^toygrid: (cannot connect: ws:\/\/127\.0\.0\.1:\d+.*); trying again\ntoygrid: no relay was reached in 2 s: \1\n$/);
	const peer = await toygrid(t, ["peer", "--replica", "--data", join(dir, "nowhere", "deep"), "--relay", `ws://127.0.0.1:${port}`]);
	assert.equal(peer.status, 1);
	assert.match(peer.err, /"event":"stopped","text":"storage: .*nowhere\/deep: cannot make the directory/);
	await startRelay(t, port);
	const nobody = await toygrid(t, ["grid", "export", link, "--relay", `ws://127.0.0.1:${port}`, "--timeout", "5", "--quiet"]);
	assert.equal(nobody.status, 1);
	assert.match(nobody.err, /^toygrid: nobody who has this document answered in 5 s.*\n$/);
});

test("a second peer in a directory that is in use is refused and told by whom", async (t) => {
	const world = await node(t);
	const second = await toygrid(t, ["peer", ...world.replicaArgs.filter((_, i, all) => all[i] !== "--node-file" && all[i - 1] !== "--node-file")]);
	assert.equal(second.status, 1);
	assert.match(second.err, new RegExp(`storage: .*replica: in use: process ${world.replica.child.pid} uses it`));
});
