// programs.mjs -- the real relay and the real toygrid as children of a test, and a wire between them that listens.
//
// Whatever a test starts here is ended by its process id when the test ends.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const START_MS = 20_000;
const toygridPath = process.env.TG_TOYGRID;
const relayPath = process.env.TG_RELAY;
if (!toygridPath || !relayPath) throw new Error("TG_TOYGRID and TG_RELAY name the programs: run this through ctest");

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/// A folder that is gone after the test.
export function folder(t) {
	const path = mkdtempSync(join(tmpdir(), "toygrid-net-"));
	t.after(() => rmSync(path, { recursive: true, force: true }));
	return path;
}

export async function freePort() {
	const server = net.createServer().listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address();
	server.close();
	await once(server, "close");
	return port;
}

/// A program that stays: { child, log(), end(signal) }.
class Program {
	constructor(t, path, args) {
		this.text = "";
		this.child = spawn(path, args, { stdio: ["ignore", "pipe", "pipe"] });
		this.closed = new Promise((resolve) => this.child.once("close", (code, signal) => resolve(signal ?? code)));
		for (const stream of [this.child.stdout, this.child.stderr]) stream.setEncoding("utf8").on("data", (text) => (this.text += text));
		t.after(() => this.end("SIGKILL"));
	}

	/// Send `signal` and wait; the exit code or the signal that ended it.
	async end(signal) {
		if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
		return this.closed;
	}

	async readyAt(port) {
		for (const end = Date.now() + START_MS; Date.now() < end; await sleep(20)) {
			if (this.child.exitCode !== null) break;
			if ((await get(port, "/ready").catch(() => undefined))?.status === 200) return this;
		}
		throw new Error(`not ready: ${this.text}`);
	}
}

export function get(port, path) {
	return new Promise((resolve, reject) => {
		const request = http.get({ host: "127.0.0.1", port, path, timeout: 5000 }, (answer) => {
			let body = "";
			answer.setEncoding("utf8").on("data", (text) => (body += text));
			answer.on("end", () => resolve({ status: answer.statusCode, body }));
		});
		request.on("timeout", () => request.destroy(new Error("timeout")));
		request.on("error", reject);
	});
}

/// One number of a /metrics page.
export async function metric(port, name) {
	const { body } = await get(port, "/metrics");
	const line = body.split("\n").find((text) => text.startsWith(`${name} `));
	if (!line) throw new Error(`no ${name} in ${body}`);
	return Number(line.slice(name.length + 1));
}

export async function startRelay(t, port, args = []) {
	const admin = await freePort();
	const relay = new Program(t, relayPath, ["--listen", `127.0.0.1:${port}`, "--admin", `127.0.0.1:${admin}`, ...args]);
	relay.admin = admin;
	return relay.readyAt(admin);
}

/// A staying peer; `args` beyond --admin.
export async function startPeer(t, args) {
	const admin = await freePort();
	const peer = new Program(t, toygridPath, ["peer", "--admin", `127.0.0.1:${admin}`, ...args]);
	peer.admin = admin;
	return peer.readyAt(admin);
}

/// Run toygrid to its end: { status, out, err }.
export function toygrid(t, args, input = "") {
	return new Promise((resolve) => {
		const child = spawn(toygridPath, args, { stdio: "pipe" });
		t.after(() => child.kill("SIGKILL"));
		let out = "";
		let err = "";
		child.stdout.setEncoding("utf8").on("data", (text) => (out += text));
		child.stderr.setEncoding("utf8").on("data", (text) => (err += text));
		child.stdin.on("error", () => {});
		child.stdin.end(input);
		child.once("close", (code, signal) => resolve({ status: signal ?? code, out, err }));
	});
}

/// A wire to a relay that keeps all that passes, unmasked, so that it can be searched.
export async function startWire(t, to) {
	const kept = { up: [], down: [] };
	const sockets = new Set();
	const server = net.createServer((client) => {
		const relay = net.connect(to, "127.0.0.1");
		for (const socket of [client, relay]) {
			sockets.add(socket);
			socket.on("error", () => {});
			socket.on("close", () => sockets.delete(socket) && (client.destroy(), relay.destroy()));
		}
		const open = unmasker((bytes) => kept.up.push(bytes));
		client.on("data", (bytes) => open(bytes) & relay.write(bytes));
		relay.on("data", (bytes) => kept.down.push(bytes) & client.write(bytes));
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	t.after(() => {
		for (const socket of sockets) socket.destroy();
		server.close();
	});
	return {
		url: `ws://127.0.0.1:${server.address().port}`,
		bytes: () => Buffer.concat([...kept.up, ...kept.down]),
	};
}

// Clients mask what they send (RFC 6455 5.3); undo it frame by frame.  The HTTP head passes as it is.
function unmasker(emit) {
	let rest = Buffer.alloc(0);
	let inHead = true;
	return (bytes) => {
		rest = Buffer.concat([rest, bytes]);
		if (inHead) {
			const end = rest.indexOf("\r\n\r\n");
			if (end < 0) return;
			emit(rest.subarray(0, end));
			rest = rest.subarray(end + 4);
			inHead = false;
		}
		for (;;) {
			if (rest.length < 2) return;
			let length = rest[1] & 0x7f;
			let at = 2;
			if (length === 126) [length, at] = rest.length < 4 ? [Infinity, 4] : [rest.readUInt16BE(2), 4];
			else if (length === 127) [length, at] = rest.length < 10 ? [Infinity, 10] : [Number(rest.readBigUInt64BE(2)), 10];
			if (rest.length < at + 4 + length) return;
			const mask = rest.subarray(at, at + 4);
			emit(Buffer.from(rest.subarray(at + 4, at + 4 + length)).map((byte, i) => byte ^ mask[i & 3]));
			rest = rest.subarray(at + 4 + length);
		}
	};
}

/// All bytes of all files below `path`.
export function bytesBelow(path) {
	const parts = [];
	for (const name of readdirSync(path)) {
		const file = join(path, name);
		parts.push(statSync(file).isDirectory() ? bytesBelow(file) : readFileSync(file));
	}
	return Buffer.concat(parts);
}

/// The links that `grid create` prints, by kind.
export function parseLinks(text) {
	return Object.fromEntries([...text.matchAll(/^(edit|comment|view) +(\S+)$/gm)].map(([, kind, link]) => [kind, link]));
}
