// The host's stores: in order, a prefix when one fails, and nothing older over something newer in a hurry.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sources } from "./sources.mjs";

const [{ Host }, { Effect, Event, Status }] = await sources("host/host", "runtime/runtime");
const turn = () => new Promise((resolve) => setImmediate(resolve));

/// A host whose disk does what the test says.  It is never started: no clock, no tabs.
function surroundings() {
	const listeners = new Map();
	const told = [];
	const asked = [];
	const runtime = {
		on: (kind, listener) => listeners.set(kind, listener),
		event: (kind, ...fields) => kind === Event.stored && told.push(fields),
	};
	const storage = { store: (writes, strict) => new Promise((end) => asked.push({ keys: writes.map((write) => write.key).join(""), strict, end })) };
	globalThis.addEventListener ??= () => undefined; // which node lacks
	const host = new Host(runtime, storage, () => undefined);
	host.soon.port1.close();
	const store = (number, key, strict = false) => listeners.get(Effect.store)([number, strict, key ? [[0, key, new Uint8Array(1)]] : []]);
	return { host, store, told, asked };
}

test("batches are written one after another, each told as it ends", async () => {
	const { host, store, told, asked } = surroundings();
	store(1, "a"), store(2, "b", true);
	await turn();
	assert.deepEqual(asked.map((one) => one.keys), ["a"]);
	assert.equal(host.writing(), true);
	asked[0].end(Status.ok);
	await turn();
	assert.deepEqual(told, [[1, Status.ok]]);
	assert.deepEqual(asked.map((one) => [one.keys, one.strict]), [["a", false], ["b", true]]);
	asked[1].end(Status.ok);
	await turn();
	assert.deepEqual(told, [[1, Status.ok], [2, Status.ok]]);
	assert.equal(host.writing(), false);
});

test("when a batch fails, those asked for before the peer could hear of it fail unwritten", async () => {
	const { store, told, asked } = surroundings();
	store(1, "a"), store(2, "b");
	await turn();
	asked[0].end(Status.full);
	await turn();
	assert.deepEqual(told, [[1, Status.full], [2, Status.full]]);
	store(3, "c");
	await turn();
	assert.deepEqual(asked.map((one) => one.keys), ["a", "c"]);
});

test("in a hurry everything is written at once, and nothing older is written after it", async () => {
	const { host, store, told, asked } = surroundings();
	store(1, "a"), store(2, "b");
	await turn();
	store(3, "c", true);
	host.hurry();
	assert.deepEqual(asked.map((one) => [one.keys, one.strict]), [["a", false], ["abc", true]]);
	asked[0].end(Status.full); // its own transaction failed, and the one that took it along did not
	await turn();
	assert.deepEqual(told, []);
	asked[1].end(Status.ok);
	await turn();
	assert.deepEqual(told, [[1, Status.ok], [2, Status.ok], [3, Status.ok]]);
	assert.equal(asked.length, 2);
});

test("with nothing on its way to the disk a hurry writes nothing", async () => {
	const { host, store, asked } = surroundings();
	host.hurry();
	store(1, "", true);
	host.hurry();
	assert.deepEqual(asked, []);
	await turn();
	assert.deepEqual(asked.map((one) => one.keys), [""]);
});
