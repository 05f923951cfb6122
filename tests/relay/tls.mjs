// The relay over TLS, from outside: handshake, HELLO, a large message to a reader that dawdles, and a certificate that
// changes under way.  TG_RELAY names the binary.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import tls from "node:tls";

const dir = mkdtempSync(join(tmpdir(), "toygrid-tls-"));
const file = (name) => join(dir, name);
let relay;
let port;
let said = "";
const waiting = [];

function makeCertificate(name) {
	execFileSync("openssl", [
		"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
		"-subj", `/CN=${name}`, "-keyout", file(`${name}.key`), "-out", file(`${name}.crt`),
	], { stdio: "ignore" });
}

function use(name) {
	copyFileSync(file(`${name}.key`), file("now.key"));
	copyFileSync(file(`${name}.crt`), file("now.crt"));
}

// Resolves when the relay has said something that matches, from now on.
function says(pattern) {
	return new Promise((resolve, reject) => {
		const late = setTimeout(() => reject(new Error(`not said: ${pattern}\n${said}`)), 15000);
		waiting.push({ pattern, done: (match) => (clearTimeout(late), resolve(match)) });
		hear("");
	});
}

function hear(text) {
	said += text;
	for (let i = waiting.length - 1; i >= 0; i--) {
		const match = waiting[i].pattern.exec(said);
		if (match) waiting.splice(i, 1)[0].done(match);
	}
}

// A WebSocket over TLS: the socket after its upgrade, what came behind it, and what the handshake agreed on.
function connect(options = {}) {
	return new Promise((resolve, reject) => {
		const socket = tls.connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...options }, () => {
			socket.write(
				"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
					`Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n\r\n`,
			);
		});
		let head = Buffer.alloc(0);
		const late = setTimeout(() => reject(new Error(`no HELLO: ${head}`)), 15000);
		socket.on("error", (error) => (clearTimeout(late), reject(error)));
		socket.on("data", function first(chunk) {
			head = Buffer.concat([head, chunk]);
			const end = head.indexOf("\r\n\r\n");
			if (end < 0 || head.length < end + 40) return;
			clearTimeout(late);
			socket.off("data", first);
			resolve({ socket, answer: head.subarray(0, end).toString(), hello: head.subarray(end + 4) });
		});
	});
}

const commonName = (socket) => socket.getPeerCertificate().subject.CN;

before(async () => {
	makeCertificate("first");
	makeCertificate("second");
	use("first");
	const args = ["--listen", "127.0.0.1:0", "--tls-cert", file("now.crt"), "--tls-key", file("now.key")];
	if (process.env.TG_SANITIZED === "1") args.push("--sandbox", "off");
	relay = spawn(process.env.TG_RELAY, args);
	relay.stdout.on("data", (chunk) => hear(chunk.toString()));
	relay.stderr.on("data", (chunk) => hear(chunk.toString()));
	port = Number((await says(/listening on wss:\/\/127\.0\.0\.1:(\d+)\n/))[1]);
});

after(async () => {
	const code = new Promise((resolve) => relay.on("exit", resolve));
	relay.kill("SIGTERM");
	assert.equal(await code, 0);
	rmSync(dir, { recursive: true });
});

test("a client upgrades and gets HELLO, and is never given HTTP/2", async () => {
	const { socket, answer, hello } = await connect({ ALPNProtocols: ["h2", "http/1.1"] });
	assert.match(answer, /^HTTP\/1\.1 101 /);
	assert.notEqual(socket.alpnProtocol, "h2");
	assert.equal(hello[0], 0x82); // a whole binary message
	assert.deepEqual([...hello.subarray(2, 5)], [0x97, 0x00, 0x01]); // an array of seven: HELLO, version 1
	socket.destroy();
});

test("old TLS is refused", async () => {
	await assert.rejects(connect({ maxVersion: "TLSv1.1", minVersion: "TLSv1", ciphers: "DEFAULT@SECLEVEL=0" }));
});

test("plain bytes on the TLS port harm nobody", async () => {
	const { connect: plain } = await import("node:net");
	const socket = plain(port, "127.0.0.1");
	socket.write("GET / HTTP/1.1\r\n\r\n");
	await new Promise((resolve) => socket.on("close", resolve).on("error", () => {}).on("data", () => {}));
	(await connect()).socket.destroy();
});

test("SIGHUP brings the new certificate to new connections and leaves the old ones alone", async () => {
	const old = await connect();
	assert.equal(commonName(old.socket), "first");
	use("second");
	const read = says(/"event":"reload","certificate":"read"/);
	relay.kill("SIGHUP");
	await read;
	const fresh = await connect();
	assert.equal(commonName(fresh.socket), "second");
	const pong = new Promise((resolve) => old.socket.once("data", resolve));
	old.socket.write(Buffer.from([0x89, 0x80, 0, 0, 0, 0]));
	assert.equal((await pong)[0], 0x8a);
	old.socket.destroy();
	fresh.socket.destroy();
});

test("a certificate that does not fit its key, or none at all, changes nothing", async () => {
	copyFileSync(file("first.crt"), file("now.crt")); // with the second key
	const unchanged = says(/"certificate":"unchanged"/);
	relay.kill("SIGHUP");
	await unchanged;
	said = "";
	const one = await connect();
	assert.equal(commonName(one.socket), "second");
	one.socket.destroy();
	writeFileSync(file("now.key"), "nonsense");
	const again = says(/"certificate":"unchanged"/);
	relay.kill("SIGHUP");
	await again;
	const other = await connect();
	assert.equal(commonName(other.socket), "second");
	other.socket.destroy();
});

test("a start with files that do not load is one clear line", async () => {
	const bad = spawn(process.env.TG_RELAY, ["--listen", "127.0.0.1:0", "--tls-cert", file("now.crt"), "--tls-key", file("now.key")]);
	let text = "";
	bad.stderr.on("data", (chunk) => (text += chunk));
	const code = await new Promise((resolve) => bad.on("close", resolve));
	assert.equal(code, 1);
	assert.match(text, /^toygrid-relay: --tls-cert and --tls-key do not load[^\n]*\n$/);
});
