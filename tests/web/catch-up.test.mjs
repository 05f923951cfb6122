// A tab that is closed while a large document still arrives goes on where it was.
import assert from "node:assert/strict";
import { test } from "node:test";
import { random } from "./sources.mjs";
import { Command, Host, join, module, Network } from "./network.mjs";

const hex = (bytes) => Buffer.from(bytes).toString("hex");

test("closed in the middle of catching up, a peer goes on where it was and shows the whole document", { skip: !module && "no WASM built", timeout: 60_000 }, async () => {
	const network = new Network(random(5));
	const [a, b] = ["a", "b"].map((name) => new Host(network, name));
	for (const host of [a, b]) await host.ask(Command.start, 0, host.name);
	join(a, b);
	const grid = await a.ask(Command.create, "");
	const text = "lorem ipsum ".repeat(30_000);
	await a.ask(Command.edit, grid, [[0, 0, 0, text, []]]);
	network.run(3000);
	const [edit] = await a.ask(Command.links, grid);
	await b.ask(Command.open, grid, "e", new Uint8Array(Buffer.from(edit.split("/").at(-1).slice(1), "base64url")));
	const entries = () => [...b.disk.keys()].filter((key) => key[0] === "e").length;
	const all = [...a.disk.keys()].filter((key) => key[0] === "e").length;
	for (let n = 0; n < 4000 && entries() < all - 2; n++) network.run(2);
	assert.ok(entries() < all, "the whole document arrived at once: this test needs a larger one");

	const again = new Host(network, "again");
	again.disk = new Map(b.disk);
	await again.ask(Command.start, 0, "again");
	await again.ask(Command.open, grid, "", new Uint8Array(0));
	join(a, again);
	for (let n = 0; n < 100 && again.runtime.now(Command.heads, grid).length === 0; n++) network.run(100);
	network.run(20_000);
	assert.equal(again.grids.get(hex(grid)).state, 1);
	const [, bytes] = again.runtime.now(Command.poll, grid);
	assert.equal(Buffer.from(bytes).toString(), text);
	assert.deepEqual(again.notices, []);
});
