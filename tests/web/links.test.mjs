// The links to relays: what is dialled when, and what a lost network does at once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sources } from "./sources.mjs";

const [{ Links }] = await sources("host/links");

/// A page's surroundings: sockets that do what the test says, timers that it fires, a network that it cuts.
function surroundings(t) {
	const sockets = [];
	const listeners = new Map();
	const events = [];
	class FakeSocket {
		static OPEN = 1;
		readyState = 0;
		closing = false;
		constructor(url) {
			this.url = url;
			sockets.push(this);
		}
		open() {
			this.readyState = 1;
			this.onopen?.();
		}
		send() {}
		close() {
			this.closing = true; // and no answer: the network is gone
		}
	}
	const timers = new Set();
	const { WebSocket, addEventListener, setTimeout, clearTimeout } = globalThis;
	Object.assign(globalThis, {
		WebSocket: FakeSocket,
		addEventListener: (name, listener) => listeners.set(name, listener),
		setTimeout: (run) => (timers.add(run), run),
		clearTimeout: (run) => timers.delete(run),
	});
	t.after(() => Object.assign(globalThis, { WebSocket, addEventListener, setTimeout, clearTimeout }));
	const runtime = { event: (kind, link) => events.push([kind, link]) };
	const expire = () => [...timers].forEach((run) => (timers.delete(run), run()));
	return { sockets, events, expire, fire: (name) => listeners.get(name)(), links: new Links(runtime, () => undefined) };
}

test("a lost network closes the links to relays elsewhere at once, and a relay on this machine stays", (t) => {
	const { sockets, events, fire, links } = surroundings(t);
	for (const url of ["wss://relay.example/", "ws://localhost:1/", "ws://127.0.0.1:1/", "ws://[::1]:1/"]) links.addRelay(url);
	for (const socket of sockets) socket.open();
	const opened = events.map(([, link]) => link);
	assert.equal(opened.length, 4);
	fire("offline");
	assert.deepEqual(events.slice(4).map(([, link]) => link), [opened[0]]);
	assert.notEqual(events[4][0], events[0][0], "told as closed, not as opened");
	assert.deepEqual(links.states(), ["waiting", "open", "open", "open"]);
	assert.equal(sockets[0].closing, true);
	fire("offline");
	assert.equal(events.length, 5, "told once");
});

test("back online, a lost relay is dialled at once, and once", (t) => {
	const { sockets, expire, fire, links } = surroundings(t);
	links.addRelay("wss://relay.example/");
	sockets[0].open();
	fire("offline");
	fire("online");
	assert.equal(sockets.length, 2);
	expire();
	assert.equal(sockets.length, 2, "the back-off timer of the lost socket was cleared");
	sockets[1].open();
	assert.deepEqual(links.states(), ["open"]);
	assert.equal(sockets[0].onclose, null, "the old socket, closing late, changes nothing");
});
