// The watcher behind ./toygrid up, with stand-ins for the three programs that can be made to misbehave.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const tree = fileURLToPath(new URL("../../", import.meta.url));
const fake = fileURLToPath(new URL("fake-server.mjs", import.meta.url));
const PROGRAMS = {
	relay: "relay/toygrid-relay",
	replica: "runtime-lib/cli/toygrid",
	static: "static-server/toygrid-static",
};

function freePort() {
	return new Promise((resolve) => {
		const server = net.createServer().listen(0, "127.0.0.1", () => {
			const { port } = server.address();
			server.close(() => resolve(port));
		});
	});
}

// A tree of stand-ins; `moods` says who misbehaves.
function standIns(moods) {
	const root = mkdtempSync(join(tmpdir(), "tg-up-"));
	mkdirSync(join(root, "scripts"));
	cpSync(join(tree, "scripts/up.mjs"), join(root, "scripts/up.mjs"));
	for (const [name, path] of Object.entries(PROGRAMS)) {
		const at = join(root, "build/native", path);
		mkdirSync(dirname(at), { recursive: true });
		writeFileSync(at, `#!/bin/sh\nFAKE_NAME='${at}' exec node '${fake}' "$@"\n`);
		chmodSync(at, 0o755);
		if (moods[name]) writeFileSync(`${at}.mood`, moods[name]);
	}
	return root;
}

// Start up.mjs in such a tree.
async function up(t, moods = {}, flags = [], root = standIns(moods)) {
	const port = await freePort();
	const relayPort = await freePort();
	const child = spawn(
		process.execPath,
		[join(root, "scripts/up.mjs"), "--port", port, "--relay-port", relayPort, "--data", join(root, "data"), "--replica", "yes", "--open", "no", ...flags].map(String),
		{ stdio: ["ignore", "pipe", "pipe"] },
	);
	const self = { child, port, relayPort, root, out: "", err: "" };
	child.stdout.on("data", (data) => (self.out += data));
	child.stderr.on("data", (data) => (self.err += data));
	self.ended = new Promise((resolve) => child.once("close", (code, signal) => resolve(code ?? signal)));
	self.open = new Promise((resolve, reject) => {
		child.stdout.on("data", () => self.out.includes("Open http") && resolve());
		child.once("close", () => reject(new Error(`ended before it was up: ${self.err}`)));
	});
	self.open.catch(() => {});
	self.pid = (name) => Number(/^pid (\d+)$/m.exec(readFileSync(join(root, `build/log/up-${port}-${name}.log`), "utf8"))[1]);
	t.after(async () => {
		child.kill("SIGKILL");
		await self.ended;
		rmSync(root, { recursive: true, force: true });
	});
	return self;
}

// A zombie is dead: where nobody adopts orphans, as in a container, one stays.
function alive(pid) {
	try {
		return !/^\d+ \(.*\) Z /s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
	} catch {
		return false;
	}
}

const pids = (self) => Object.keys(PROGRAMS).map(self.pid);

test("it says where the page is, and the node file names relay and replica", async (t) => {
	const self = await up(t);
	await self.open;
	assert.ok(self.out.startsWith(`Open http://localhost:${self.port}/\n`), self.out);
	assert.deepEqual(JSON.parse(readFileSync(join(self.root, `build/run/node-${self.port}.json`), "utf8")), {
		relays: [`ws://localhost:${self.relayPort}`],
		replica: { node: "01", box: "02", name: "fake", token: "03" },
	});
});

test("without a replica the node file names none", async (t) => {
	const self = await up(t, {}, ["--replica", "no"]);
	await self.open;
	assert.deepEqual(Object.keys(JSON.parse(readFileSync(join(self.root, `build/run/node-${self.port}.json`), "utf8"))), ["relays"]);
});

const running = (self) => readdirSync(join(self.root, "build/run")).sort();

test("a second node from the same tree, on other ports, leaves the first one's files alone; each takes its own with it", async (t) => {
	const one = await up(t);
	await one.open;
	const before = readFileSync(join(one.root, `build/run/node-${one.port}.json`), "utf8");
	const two = await up(t, {}, ["--data", join(one.root, "data2")], one.root);
	await two.open;
	assert.equal(readFileSync(join(one.root, `build/run/node-${one.port}.json`), "utf8"), before);
	assert.deepEqual(running(one), [one, two].flatMap(({ port }) => [`node-${port}.json`, `node-${port}.pid`]).sort());
	two.child.kill("SIGTERM");
	await two.ended;
	assert.deepEqual(running(one), [`node-${one.port}.json`, `node-${one.port}.pid`]);
	one.child.kill("SIGTERM");
	await one.ended;
	assert.deepEqual(running(one), []);
});

test("what a killed node left behind is removed by the next one, even when its process number is in use again", async (t) => {
	const one = await up(t);
	await one.open;
	one.child.kill("SIGKILL");
	await one.ended;
	assert.deepEqual(running(one), [`node-${one.port}.json`, `node-${one.port}.pid`]);
	writeFileSync(join(one.root, "build/run/node-1.json"), "{}");
	writeFileSync(join(one.root, "build/run/node-2.json"), "{}");
	writeFileSync(join(one.root, "build/run/node-2.pid"), `${process.pid} 1\n`);
	const two = await up(t, {}, [], one.root);
	await two.open;
	assert.deepEqual(running(one), [`node-${two.port}.json`, `node-${two.port}.pid`]);
});

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]])
	test(`${signal} stops all three and ends with ${code}`, async (t) => {
		const self = await up(t);
		await self.open;
		const all = pids(self);
		self.child.kill(signal);
		assert.equal(await self.ended, code);
		assert.deepEqual(all.map(alive), [false, false, false]);
	});

test("a second Ctrl-C does not wait for a program that will not stop", async (t) => {
	const self = await up(t, { relay: "will not stop" });
	await self.open;
	const all = pids(self);
	const began = Date.now();
	self.child.kill("SIGINT");
	// the static server goes first and at once; when it is gone the first signal has been handled
	while (alive(self.pid("static"))) await new Promise((resolve) => setImmediate(resolve));
	assert.ok(alive(self.pid("relay")));
	self.child.kill("SIGINT");
	assert.equal(await self.ended, 130);
	assert.deepEqual(all.map(alive), [false, false, false]);
	assert.ok(Date.now() - began < 8000, "it waited for the drain");
});

for (const name of Object.keys(PROGRAMS))
	test(`the ${name} is killed: it is named, the others stop, the code is 1`, async (t) => {
		const self = await up(t);
		await self.open;
		const all = pids(self);
		process.kill(self.pid(name), "SIGKILL");
		assert.equal(await self.ended, 1);
		assert.match(self.err, new RegExp(`^toygrid: the ${name}.* was ended by SIGKILL; its last lines`));
		assert.deepEqual(all.map(alive), [false, false, false]);
	});

test("a program that dies while starting: its last words and its code", async (t) => {
	const self = await up(t, { replica: "dies at once" });
	assert.equal(await self.ended, 1);
	assert.match(self.err, /^toygrid: the replica ended with code 3; its last lines \(.*up-\d+-replica\.log\):\n {4}pid \d+\n {4}cannot read my mind\n$/);
	assert.doesNotMatch(self.out, /Open/);
});

test("the watcher itself is killed: the kernel stops the three", async (t) => {
	const self = await up(t);
	await self.open;
	const all = pids(self);
	self.child.kill("SIGKILL");
	await self.ended;
	const deadline = Date.now() + 5000;
	while (all.some(alive) && Date.now() < deadline) await new Promise((resolve) => setImmediate(resolve));
	assert.deepEqual(all.map(alive), [false, false, false]);
});
