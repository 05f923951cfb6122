// Goal: the same for a long time.  People come, write, leave or die, again and again, while one of two relays dies
// too; nothing is lost, and what stays up the whole time neither grows nor leaks.
//
// TG_SOAK_SECONDS says for how long: a few seconds in the gate, minutes in the long run.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { folder, freePort, metric, parseLinks, sleep, startPeer, startRelay, toygrid } from "./programs.mjs";

const SECONDS = Number(process.env.TG_SOAK_SECONDS || (process.env.TG_LONG ? 300 : 8));
const LINES = 40; // a writer
const WARM_ROUNDS = 4; // allocators and caches have their size then
const RELAY_GROWTH = 2 << 20;
// The window of known frames is reserved whole and touched bit by bit, which would look like growth: a small one.
const RELAY_ARGS = ["--dedup-slots", "16384"];
const LOG_GROWTH = 48 << 10; // what a staying peer may keep for one more log

const ok = (run) => (assert.equal(run.status, 0, run.err), run);
const lines = (who) => Array.from({ length: LINES }, (_, i) => `token-${who}-${String(i).padStart(3, "0")}`);

/// Own memory and open descriptors of a program.
function held({ child: { pid } }) {
	const kilobytes = Number(/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]);
	return { bytes: kilobytes * 1024, files: readdirSync(`/proc/${pid}/fd`).length };
}

test(`for ${SECONDS} s nothing is lost and nothing grows`, { timeout: (SECONDS + 120) * 1000 }, async (t) => {
	const dir = folder(t);
	const [ports, nodeFile] = [[await freePort(), await freePort()], join(dir, "node.json")];
	const steady = await startRelay(t, ports[0], RELAY_ARGS);
	let dying = await startRelay(t, ports[1]);
	const relays = ports.flatMap((port) => ["--relay", `ws://127.0.0.1:${port}`]);
	const replica = await startPeer(t, ["--replica", "--data", join(dir, "replica"), ...relays, "--node-file", nodeFile]);
	const { edit, view } = parseLinks(ok(await toygrid(t, ["grid", "create", ...relays, "--node", nodeFile])).out);
	const reader = await startPeer(t, ["--data", join(dir, "reader"), ...relays, "--link", view]);
	const write = (texts, ...more) => toygrid(t, ["grid", "append", edit, ...relays, "--safe", "1", "--timeout", "60", ...more], `${texts.join("\n")}\n`);

	const written = [];
	const cut = []; // by writers who did not live to say that it is safe
	let [rounds, logs, before] = [0, 0, null];
	for (const end = Date.now() + SECONDS * 1000; Date.now() < end || rounds <= WARM_ROUNDS; rounds++) {
		const [ann, ben, dead] = ["ann", "ben", "dead"].map((who) => lines(`${who}${rounds}`));
		// `timeout` of zero length is no option: the victim is given less time than it needs.
		const victim = toygrid(t, ["grid", "append", edit, ...relays, "--safe", "9", "--timeout", "1"], `${dead.join("\n")}\n`);
		const writing = [write(ann), write(ben)];
		assert.equal(await dying.end("SIGKILL"), "SIGKILL");
		dying = await startRelay(t, ports[1]);
		for (const run of await Promise.all(writing)) ok(run);
		assert.notEqual((await victim).status, 0, "nine devices held what two could");
		written.push(ann, ben);
		cut.push(dead);
		logs += 3;
		if (rounds + 1 === WARM_ROUNDS) before = { relay: held(steady), replica: held(replica), logs };
	}

	const found = new Map();
	for (const line of ok(await toygrid(t, ["grid", "export", view, ...relays, "--timeout", "60"])).out.split("\n")) {
		const who = line.split("-")[1];
		if (who) found.set(who, [...(found.get(who) ?? []), line]);
	}
	for (const texts of written) assert.deepEqual(found.get(texts[0].split("-")[1]), texts);
	for (const texts of cut) {
		const some = found.get(texts[0].split("-")[1]) ?? [];
		assert.deepEqual(some, texts.slice(0, some.length), "of what was cut short a beginning is there, in order");
	}

	// Those who left are gone from the relay once it has noticed.
	for (const until = Date.now() + 20_000; (await metric(steady.admin, "toygrid_relay_connections")) > 2; await sleep(50))
		assert.ok(Date.now() < until, "connections of programs that ended are still there");
	const after = { relay: held(steady), replica: held(replica) };
	console.log(`${rounds} rounds, ${logs} logs; relay ${before.relay.bytes >> 10} -> ${after.relay.bytes >> 10} KiB, ${after.relay.files} files; replica ${before.replica.bytes >> 10} -> ${after.replica.bytes >> 10} KiB`);
	// What sanitizers keep of freed memory, to catch those who use it, is no growth of the program's.
	if (!process.env.TG_SANITIZED) {
		assert.ok(after.relay.bytes - before.relay.bytes < RELAY_GROWTH, "the relay grew");
		assert.ok(after.replica.bytes - before.replica.bytes < RELAY_GROWTH + (logs - before.logs) * LOG_GROWTH, "the replica grew");
	}
	// A round that leaked would leave three; asking for metrics is a connection, too, that may just be closing.
	assert.ok(after.relay.files <= before.relay.files + 2, `the relay has ${after.relay.files} files open, and had ${before.relay.files}`);
	assert.equal(await reader.end("SIGTERM"), 0, reader.text);
	assert.equal(await replica.end("SIGTERM"), 0, replica.text);
	assert.equal(await steady.end("SIGTERM"), 0, steady.text);
});
