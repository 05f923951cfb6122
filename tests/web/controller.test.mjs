// The controller under quick hands: what the address says in the end is what is open.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sources } from "./sources.mjs";

globalThis.location = { hash: "" };
const heard = new Map(); // what the newest controller listens for
globalThis.addEventListener = (name, listener) => heard.set(name, listener);
globalThis.document = { addEventListener: () => undefined };
Object.defineProperty(globalThis, "navigator", { value: { locks: { request: async () => undefined } } });
const [{ Controller }, { decode, encode }, { Command, Effect, Event }, { toBase64Url }] = await sources("app/controller", "runtime/msgpack", "runtime/runtime", "app/bytes");

const turn = () => new Promise((resolve) => setImmediate(resolve));
const address = (byte) => `#/g/${toBase64Url(new Uint8Array(32).fill(byte))}`;

/// A controller that was never started, and its peer: answers wait until the test gives them.
function surroundings() {
	const questions = [];
	let effects = [];
	const peer = {
		event: (bytes) => {
			const [kind, request, command, grid] = decode(bytes);
			if (kind === Event.command) questions.push({ request, command, grid: grid[0] });
			return 0;
		},
		effects: () => Uint8Array.from(effects.splice(0).flatMap((effect) => [...encode(effect)])),
	};
	const failed = [];
	const controller = new Controller(peer, {}, { report: (error) => failed.push(error) });
	controller.host.soon.port1.close();
	controller.state.phase = "ready";
	const tell = async (effect) => {
		effects.push(effect);
		controller.runtime.event(Event.tick, 0);
		await turn();
	};
	const answer = async (command, grid, status = 0) => {
		const at = questions.findIndex((one) => one.command === command && one.grid === grid);
		assert.ok(at >= 0, `command ${command} on ${grid} was not asked`);
		await tell([Effect.reply, questions.splice(at, 1)[0].request, status, null]);
	};
	const go = async (byte) => {
		controller.dispatch({ type: "navigate", hash: address(byte) });
		await turn();
	};
	return { controller, go, answer, tell, questions, failed };
}

test("who goes on while a document is being closed gets where they went last", async () => {
	const { controller, go, answer, questions, failed } = surroundings();
	await go(1);
	await answer(Command.open, 1);
	await go(2); // closes 1 first
	await go(3);
	await answer(Command.open, 3);
	await answer(Command.close, 1);
	assert.equal(controller.state.open.grid, toBase64Url(new Uint8Array(32).fill(3)));
	assert.deepEqual(questions, []);
	assert.deepEqual(failed, []);
});

test("last words are sent before their document is closed or stored, and to no other one", async () => {
	const { controller, go, answer, tell, questions, failed } = surroundings();
	await go(1);
	await answer(Command.open, 1);
	await tell([Effect.grid, new Uint8Array(32).fill(1), 1, 2, ""]);
	let words = 0;
	const asked = () => questions.map((one) => [one.command, one.grid]);
	const end = controller.beforeLeaving(() => controller.dispatch({ type: "rename", grid: toBase64Url(new Uint8Array(32).fill(1)), title: `Last words ${++words}` }));
	// In one turn: when the listener has returned the page may be gone.
	heard.get("beforeunload")({ preventDefault: () => undefined });
	assert.deepEqual(asked(), [[Command.title, 1], [Command.flush, 1]]);
	await answer(Command.title, 1);
	await answer(Command.flush, 1);
	controller.dispatch({ type: "navigate", hash: address(2) });
	await turn();
	assert.deepEqual(asked(), [[Command.title, 1], [Command.close, 1]]);
	await answer(Command.title, 1);
	await answer(Command.close, 1);
	await answer(Command.open, 2);
	await go(3);
	await answer(Command.close, 2);
	await answer(Command.open, 3);
	assert.equal(words, 3);
	end();
	await go(4);
	assert.equal(words, 3);
	assert.deepEqual(failed, []);
});

test("who leaves a document while it is being opened is told of no failure", async () => {
	const { controller, go, answer, questions, failed } = surroundings();
	await go(1);
	await go(2);
	await answer(Command.open, 1, 26); // closed
	await answer(Command.close, 1);
	await answer(Command.open, 2);
	assert.equal(controller.state.open.grid, toBase64Url(new Uint8Array(32).fill(2)));
	assert.deepEqual(questions, []);
	assert.deepEqual(failed, []);
});

test("a document that cannot be opened again is broken, whatever is heard of it; going away and coming back opens it", async () => {
	const { controller, go, answer, tell, questions, failed } = surroundings();
	const heard = (phase) => tell([Effect.grid, new Uint8Array(32).fill(1), phase, 2, "Title"]);
	await go(1);
	await answer(Command.open, 1);
	await heard(1);
	assert.equal(controller.state.open.phase, "ready");
	const again = assert.rejects(controller.openAgain(), /failed with status 22/);
	await answer(Command.close, 1);
	await heard(2);
	await answer(Command.open, 1, 22);
	await again;
	for (const phase of [2, 0, 1]) {
		await heard(phase);
		assert.equal(controller.state.open.phase, "broken");
	}
	await go(2);
	await answer(Command.open, 2);
	await go(1);
	await answer(Command.close, 2);
	await answer(Command.open, 1);
	await heard(1);
	assert.equal(controller.state.open.phase, "ready");
	assert.deepEqual(questions, []);
	assert.deepEqual(failed, []);
});
