// The static server from outside: the real program on a free port, raw sockets where the bytes matter.
//
// Run by ctest, once per build; TG_STATIC_SERVER names the program, TG_SANITIZED says that memory figures mean
// nothing and that the sandbox must stay open for the sanitizer's own calls.
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import tls from "node:tls";
import { brotliCompressSync, gzipSync } from "node:zlib";

const program = process.env.TG_STATIC_SERVER;
const sanitized = process.env.TG_SANITIZED === "1";
assert.ok(program, "TG_STATIC_SERVER names the program under test");

const dir = mkdtempSync(join(tmpdir(), "toygrid-static-"));
const INDEX = "<!doctype html><title>toygrid</title>" + "<p>words words words</p>".repeat(20);
const SCRIPT = "export const x = 'abcdefgh';\n".repeat(400);
const BIG = randomBytes(1 << 20); // does not fit any socket buffer twice
const sha256 = (data) => `"${createHash("sha256").update(data).digest("hex")}"`;

function makeBundle(name, files) {
	const path = join(dir, name);
	for (const [file, data] of Object.entries(files)) {
		mkdirSync(join(path, file, ".."), { recursive: true });
		writeFileSync(join(path, file), data);
	}
	return path;
}

const bundle = makeBundle("bundle", {
	"index.html": INDEX,
	"assets/app-A1B2C3D4.js": SCRIPT,
	"assets/app-A1B2C3D4.js.br": brotliCompressSync(SCRIPT),
	"assets/app-A1B2C3D4.js.gz": gzipSync(SCRIPT),
	"big.bin": BIG,
});
const nodeFile = join(dir, "node.json");
writeFileSync(nodeFile, '{"relays":["ws://localhost:8081"]}\n');

// ---- the program

const running = new Set();

function cleanEnv(env = {}) {
	const base = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("TOYGRID_")));
	return { ...base, ...env };
}

/** Start it and wait for "serving"; .port, .adminPort, .lines (standard error so far), .exit (a promise). */
async function start(flags = [], { env, command = program, before: prefix = [], stdout = "ignore" } = {}) {
	const args = [...prefix, "--bundle", bundle, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", ...flags];
	if (sanitized) args.push("--sandbox", "off");
	const child = spawn(command, args, { env: cleanEnv(env), stdio: ["ignore", stdout, "pipe"] });
	const server = { child, pid: child.pid, lines: [], scheme: "http" };
	running.add(server);
	server.exit = new Promise((resolve) =>
		child.on("exit", (code, signal) => {
			running.delete(server);
			server.ended = true;
			resolve(code ?? signal);
			server.wake?.();
		}),
	);
	let text = "";
	child.stderr.setEncoding("utf8").on("data", (chunk) => {
		text += chunk;
		const lines = text.split("\n");
		text = lines.pop();
		server.lines.push(...lines);
		server.wake?.();
	});
	const serving = await line(server, /serving .* on (https?):\/\/127\.0\.0\.1:(\d+)/);
	server.scheme = serving[1];
	server.port = Number(serving[2]);
	server.adminPort = Number((await line(server, /admin on http:\/\/127\.0\.0\.1:(\d+)/))[1]);
	return server;
}

/** Wait for a line of standard error. */
async function line(server, pattern) {
	for (;;) {
		for (const text of server.lines) {
			const match = pattern.exec(text);
			if (match) return match;
		}
		if (server.ended) throw new Error(`ended without ${pattern}: ${server.lines.join(" | ")}`);
		await new Promise((resolve) => (server.wake = resolve));
	}
}

async function stop(server) {
	if (!server.ended) server.child.kill("SIGTERM");
	return server.exit;
}

after(async () => {
	for (const server of running) server.child.kill("SIGKILL");
	rmSync(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }); // a browser may still be leaving
});

/** One request by node's own client: another opinion on what HTTP is. */
function get(server, path, { method = "GET", headers = {}, admin = false, agent = false } = {}) {
	return new Promise((resolve, reject) => {
		const port = admin ? server.adminPort : server.port;
		http.request({ host: "127.0.0.1", port, path, method, headers, agent }, (res) => {
			const parts = [];
			res.on("data", (part) => parts.push(part));
			res.on("end", () => resolve({ status: res.statusCode, headers: res.headers, body: Buffer.concat(parts) }));
			res.on("error", reject);
		})
			.on("error", reject)
			.end();
	});
}

async function metric(server, name) {
	const { body } = await get(server, "/metrics", { admin: true });
	const match = new RegExp(`^toygrid_static_${name.replace(/[{}"]/g, "\\$&")} (\\d+)$`, "m").exec(body.toString());
	return match ? Number(match[1]) : 0;
}

/** Ask until it is so: an event that only the other side sees. */
async function until(what, condition) {
	for (let i = 0; i < 1500; i++) {
		if (await condition()) return;
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
	assert.fail(`never happened: ${what}`);
}

/** A raw connection that collects what comes. */
async function connect(server, { paused = false, host = "127.0.0.1" } = {}) {
	const socket =
		server.scheme === "https"
			? tls.connect({ host, port: server.port, rejectUnauthorized: false, ALPNProtocols: ["http/1.1"] })
			: net.connect({ host, port: server.port, noDelay: true });
	const conn = { socket, received: 0, closed: false, error: undefined };
	const parts = [];
	const take = (part) => {
		parts.push(part);
		conn.received += part.length;
		conn.wake?.();
	};
	if (!paused) socket.on("data", take);
	socket.on("error", (error) => (conn.error = error));
	conn.end = new Promise((resolve) =>
		socket.on("close", () => {
			conn.closed = true;
			conn.wake?.();
			resolve();
		}),
	);
	conn.bytes = () => {
		if (parts.length > 1) parts.splice(0, parts.length, Buffer.concat(parts));
		return parts[0] ?? Buffer.alloc(0);
	};
	await once(socket, server.scheme === "https" ? "secureConnect" : "connect");
	return conn;
}

/** Take apart answers that stand back to back; methods[i] === "HEAD" has no body. */
function answersIn(bytes, methods = []) {
	const answers = [];
	for (let at = 0; at < bytes.length; ) {
		const end = bytes.indexOf("\r\n\r\n", at);
		if (end < 0) break;
		const [first, ...fields] = bytes.subarray(at, end).toString("latin1").split("\r\n");
		const headers = Object.fromEntries(fields.map((f) => [f.slice(0, f.indexOf(":")).toLowerCase(), f.slice(f.indexOf(":") + 2)]));
		const length = methods[answers.length] === "HEAD" ? 0 : Number(headers["content-length"] ?? 0);
		if (end + 4 + length > bytes.length) break;
		answers.push({ status: Number(first.split(" ")[1]), headers, body: bytes.subarray(end + 4, end + 4 + length) });
		at = end + 4 + length;
	}
	return answers;
}

/** Wait for n answers, or for the end.  Looks only once there are ${least} bytes. */
async function answers(conn, n, methods, least = 0) {
	for (;;) {
		while (conn.received < least && !conn.closed) await new Promise((resolve) => (conn.wake = resolve));
		const found = answersIn(conn.bytes(), methods);
		if (found.length >= n || conn.closed) return found;
		await new Promise((resolve) => (conn.wake = resolve));
	}
}

/** Send raw bytes on a new connection, return the answers up to its end. */
async function raw(server, text, { n = Infinity } = {}) {
	const conn = await connect(server);
	conn.socket.write(text, "latin1");
	const found = await answers(conn, n);
	conn.socket.destroy();
	return found;
}

const request = (path, more = "", method = "GET") => `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;

// ---- what is served

function servingSuite(name, flags, scheme) {
	describe(name, () => {
		let server;
		before(async () => (server = await start(flags())));
		after(async () => {
			assert.equal(await stop(server), 0);
		});

		const ask = async (path, more, method) => {
			const conn = await connect(server);
			conn.socket.write(request(path, more, method));
			const [answer] = await answers(conn, 1, [method]);
			conn.socket.destroy();
			return answer;
		};

		test("the start line tells what is served where", () => {
			assert.equal(server.scheme, scheme);
			assert.match(server.lines.at(-1), /^toygrid-static: serving 3 files \(\d+ KiB\) on https?:\/\/127/);
		});

		test("/ is index.html, with its SHA-256 as ETag", async () => {
			const answer = await ask("/");
			assert.equal(answer.status, 200);
			assert.equal(answer.body.toString(), INDEX);
			assert.equal(answer.headers.etag, sha256(INDEX));
			assert.equal(answer.headers["cache-control"], "no-cache");
			assert.match(answer.headers["content-security-policy"], /default-src 'none'/);
			assert.ok(Math.abs(Date.parse(answer.headers.date) - Date.now()) < 5000);
		});

		test("a known ETag gives 304", async () => {
			const answer = await ask("/", `If-None-Match: ${sha256(INDEX)}\r\n`);
			assert.equal(answer.status, 304);
			assert.equal(answer.body.length, 0);
		});

		test("br, gzip and identity are chosen by q", async () => {
			const path = "/assets/app-A1B2C3D4.js";
			for (const [accept, encoding, bytes] of [
				["gzip, deflate, br", "br", brotliCompressSync(SCRIPT)],
				["gzip, br;q=0.2", "gzip", gzipSync(SCRIPT)],
				["identity", undefined, Buffer.from(SCRIPT)],
			]) {
				const answer = await ask(path, `Accept-Encoding: ${accept}\r\n`);
				assert.equal(answer.headers["content-encoding"], encoding);
				assert.deepEqual(answer.body, bytes);
				assert.equal(answer.headers.vary, "Accept-Encoding");
				assert.equal(answer.headers["cache-control"], "public, max-age=31536000, immutable");
			}
		});

		test("a range is those bytes", async () => {
			const answer = await ask("/big.bin", "Range: bytes=1000-2999\r\n");
			assert.equal(answer.status, 206);
			assert.deepEqual(answer.body, BIG.subarray(1000, 3000));
			assert.equal(answer.headers["content-range"], `bytes 1000-2999/${BIG.length}`);
			assert.equal((await ask("/big.bin", `Range: bytes=${BIG.length}-\r\n`)).status, 416);
		});

		test("HEAD, 404, 405, OPTIONS", async () => {
			const head = await ask("/big.bin", "", "HEAD");
			assert.equal(head.headers["content-length"], String(BIG.length));
			assert.equal((await ask("/none")).status, 404);
			const post = await ask("/", "", "POST");
			assert.equal(post.status, 405);
			assert.equal(post.headers.allow, "GET, HEAD, OPTIONS");
			assert.equal((await ask("/", "", "OPTIONS")).status, 204);
		});

		test("requests in 7-byte pieces, pipelined, are answered in order", async () => {
			const conn = await connect(server);
			const text = request("/") + request("/none", "", "HEAD") + request("/assets/app-A1B2C3D4.js");
			for (let i = 0; i < text.length; i += 7) {
				conn.socket.write(text.slice(i, i + 7));
				await new Promise(setImmediate);
			}
			const found = await answers(conn, 3, ["GET", "HEAD", "GET"]);
			assert.deepEqual(found.map((a) => a.status), [200, 404, 200]);
			assert.equal(found[0].body.toString(), INDEX);
			assert.equal(found[2].body.toString(), SCRIPT);
			assert.equal(conn.closed, false);
			conn.socket.destroy();
		});

		test("200 requests at once are answered in order on one connection", async () => {
			const conn = await connect(server);
			const paths = Array.from({ length: 200 }, (_, i) => (i % 3 === 0 ? "/" : i % 3 === 1 ? "/none" : "/assets/app-A1B2C3D4.js"));
			conn.socket.write(paths.map((path) => request(path)).join(""));
			const found = await answers(conn, 200);
			assert.deepEqual(found.map((a) => a.body.length), paths.map((p) => ({ "/": INDEX.length, "/none": 10 })[p] ?? SCRIPT.length));
			conn.socket.destroy();
		});

		test("20 large files pipelined arrive unharmed", async () => {
			const conn = await connect(server);
			conn.socket.write(request("/big.bin").repeat(20));
			const found = await answers(conn, 20, [], 20 * BIG.length);
			assert.equal(found.length, 20);
			for (const answer of found) assert.ok(answer.body.equals(BIG));
			conn.socket.destroy();
		});

		test("Connection: close closes after the answer, and only then", async () => {
			const conn = await connect(server);
			conn.socket.write(request("/big.bin", "Connection: close\r\n") + request("/"));
			await conn.end;
			const found = answersIn(conn.bytes());
			assert.equal(found.length, 1);
			assert.equal(found[0].headers.connection, "close");
			assert.ok(found[0].body.equals(BIG));
		});

		test("a refused body does not cost the answer", async () => {
			const conn = await connect(server);
			conn.socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n${"x".repeat(100000)}`);
			await conn.end;
			const found = answersIn(conn.bytes());
			assert.equal(conn.error, undefined);
			assert.deepEqual(found.map((a) => a.status), [413]);
		});

		test("nothing after a malformed request is answered", async () => {
			for (const bad of ["GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n"]) {
				const found = await raw(server, bad + request("/"));
				assert.deepEqual(found.map((a) => a.status), [400], JSON.stringify(bad));
			}
		});

		test("limits of a head have their status", async () => {
			assert.equal((await raw(server, `GET /${"x".repeat(5000)} HTTP/1.1\r\n`))[0].status, 414);
			assert.equal((await raw(server, `${request("/").slice(0, -2)}X: ${"x".repeat(17000)}\r\n\r\n`))[0].status, 431);
			assert.equal((await raw(server, `${request("/").slice(0, -2)}${"X: y\r\n".repeat(70)}\r\n`))[0].status, 431);
			assert.equal((await raw(server, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"))[0].status, 505);
		});

		test("no path leads out of the bundle", async () => {
			for (const path of ["/../node.json", "/..%2fnode.json", "/assets/../../node.json", "/%2e%2e/node.json", "//etc/passwd", "/assets", "/assets/", "/assets/app-A1B2C3D4.js.br", "/index.html%00", "/./index.html", "/\\..\\node.json"])
				assert.deepEqual((await raw(server, request(path), { n: 1 })).map((a) => a.status), [404], path);
		});

		test("a client that resets in the middle harms nobody", async () => {
			for (let i = 0; i < 20; i++) {
				const conn = await connect(server, { paused: true });
				conn.socket.write(request("/big.bin").repeat(4));
				await new Promise(setImmediate);
				if (conn.socket.resetAndDestroy && scheme === "http") conn.socket.resetAndDestroy();
				else conn.socket.destroy();
			}
			assert.equal((await ask("/")).status, 200);
			await until("all connections gone", async () => (await metric(server, "connections")) === 0);
			assert.equal(await metric(server, "held_bytes"), 0);
		});
	});
}

servingSuite("plain", () => [], "http");

const cert = join(dir, "cert.pem");
const key = join(dir, "key.pem");

function makeCertificate(name) {
	execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", `/CN=${name}`, "-keyout", key, "-out", cert], { stdio: "ignore" });
}

makeCertificate("first");
servingSuite("TLS", () => ["--tls-cert", cert, "--tls-key", key], "https");

// ---- the rest, each with a server of its own

async function withServer(flags, body, options) {
	const server = await start(flags, options);
	try {
		await body(server);
	} catch (error) {
		server.child.kill("SIGKILL"); // its last words would hide the first failure
		throw error;
	}
	assert.equal(await stop(server), 0, server.lines.join("\n"));
}

test("a client that half-closes after its request gets its answer", () =>
	withServer([], async (server) => {
		const conn = await connect(server);
		conn.socket.end(request("/"));
		await conn.end;
		assert.deepEqual(answersIn(conn.bytes()).map((a) => a.status), [200]);
	}));

test("localhost is served on both its addresses", { skip: !hasIpv6() }, () =>
	withServer([], async (server) => {
		const conn = await connect(server, { host: "::1" });
		conn.socket.write(request("/"));
		assert.equal((await answers(conn, 1))[0].status, 200);
		conn.socket.destroy();
	}));

function hasIpv6() {
	try {
		return readFileSync("/proc/net/if_inet6", "utf8").includes(" lo\n");
	} catch {
		return false;
	}
}

test("the node file is served to this machine's names only", () =>
	withServer(["--node", nodeFile], async (server) => {
		const good = await get(server, "/.well-known/toygrid/node");
		assert.deepEqual(JSON.parse(good.body), { relays: ["ws://localhost:8081"] });
		assert.equal(good.headers["access-control-allow-origin"], undefined);
		assert.equal((await get(server, "/.well-known/toygrid/node", { headers: { Host: "evil.example" } })).status, 421);
	}));

test("a slow head is cut, however it trickles", () =>
	withServer(["--head-ms", "300"], async (server) => {
		for (const trickle of [false, true]) {
			const conn = await connect(server);
			const began = Date.now();
			conn.socket.write("GET / HTTP/1.1\r\nHost: a\r\nX: ");
			const timer = setInterval(() => trickle && !conn.closed && conn.socket.write("y"), 20);
			const [answer] = await answers(conn, 1);
			const took = Date.now() - began;
			clearInterval(timer);
			assert.equal(answer.status, 408);
			assert.ok(took >= 290 && took < 2000, `cut after ${took} ms`);
			conn.socket.destroy();
		}
		assert.equal(await metric(server, 'connections_closed_total{limit="head"}'), 2);
	}));

test("an idle connection is closed, a busy one is not", () =>
	withServer(["--idle-ms", "900"], async (server) => {
		const silent = await connect(server);
		const busy = await connect(server);
		const began = Date.now();
		for (let n = 1; n <= 14; n++) {
			busy.socket.write(request("/"));
			await answers(busy, n);
			await new Promise((resolve) => setTimeout(resolve, 80));
		}
		await silent.end;
		assert.ok(Date.now() - began >= 890);
		assert.equal(silent.bytes().length, 0);
		assert.equal(busy.closed, false);
		await busy.end;
	}));

test("over the cap for all, a fast 503; under it again, served", () =>
	withServer(["--max-connections", "3"], async (server) => {
		const held = [await connect(server), await connect(server), await connect(server)];
		await until("three open", async () => (await metric(server, "connections")) === 3);
		const refused = await raw(server, request("/"));
		assert.deepEqual(refused.map((a) => a.status), [503]);
		assert.equal(refused[0].headers["retry-after"], "1");
		held[0].socket.destroy();
		await until("two open", async () => (await metric(server, "connections")) === 2);
		assert.equal((await raw(server, request("/"), { n: 1 }))[0].status, 200);
		assert.equal(await metric(server, 'connections_refused_total{limit="all"}'), 1);
		for (const conn of held) conn.socket.destroy();
	}));

test("an address has so many connections and requests", () =>
	withServer(["--limit-loopback", "on", "--address-connections", "2", "--address-rate", "1", "--address-burst", "7"], async (server) => {
		const first = await connect(server);
		const second = await connect(server);
		assert.deepEqual((await raw(server, request("/"))).map((a) => a.status), [503]);
		second.socket.destroy();
		first.socket.write(request("/").repeat(9));
		await first.end;
		assert.deepEqual(answersIn(first.bytes()).map((a) => a.status), [200, 200, 200, 200, 200, 429]);
		assert.equal(await metric(server, "rate_limited_total"), 1);
		// Connecting takes from the same bucket, which is empty now.
		assert.deepEqual((await raw(server, request("/"))).map((a) => a.status), [503]);
		assert.equal(await metric(server, 'connections_refused_total{limit="address"}'), 2);
	}));

test("loopback is not limited unless asked for", () =>
	withServer(["--address-connections", "1", "--address-rate", "1", "--address-burst", "1"], async (server) => {
		const other = await connect(server);
		assert.equal((await raw(server, request("/").repeat(20), { n: 20 })).length, 20);
		other.socket.destroy();
	}));

test("a flood of requests for large files, unread, holds no memory", { skip: sanitized }, () =>
	withServer([], async (server) => {
		await raw(server, request("/big.bin"), { n: 1 });
		const rss = await metric(server, "resident_bytes");
		const floods = [];
		for (let i = 0; i < 20; i++) {
			const conn = await connect(server, { paused: true });
			conn.socket.write(request("/big.bin").repeat(20000 / 20));
			floods.push(conn);
		}
		await until("all are stopped", async () => (await metric(server, "held_bytes")) > 20 * 8192);
		assert.equal((await raw(server, request("/"), { n: 1 }))[0].status, 200);
		const grown = (await metric(server, "resident_bytes")) - rss;
		const held = await metric(server, "held_bytes");
		assert.ok(grown < 1 << 20, `grew by ${grown} bytes`);
		assert.ok(held < 20 * 24 * 1024, `holds ${held} bytes`);
		for (const conn of floods) conn.socket.destroy();
		await until("nothing held", async () => (await metric(server, "held_bytes")) === 0);
	}));

test("who does not take what was asked for is cut; who takes it slowly is not", () =>
	withServer(["--send-ms", "400", "--min-rate", "20000"], async (server) => {
		const stuck = await connect(server, { paused: true });
		const slow = await connect(server, { paused: true });
		for (const conn of [stuck, slow]) conn.socket.write(request("/big.bin").repeat(16)); // more than the kernel keeps
		let taken = 0;
		const timer = setInterval(() => {
			const part = slow.socket.read(Math.min(slow.socket.readableLength, 131072));
			taken += part?.length ?? 0;
		}, 20);
		await until("the stuck one is cut", async () => (await metric(server, 'connections_closed_total{limit="rate"}')) === 1);
		stuck.socket.resume();
		await stuck.end;
		const seen = taken;
		await until("the slow one goes on", () => taken > seen + 500000);
		assert.equal(await metric(server, 'connections_closed_total{limit="rate"}'), 1);
		clearInterval(timer);
		slow.socket.destroy();
	}));

const descriptors = Number(execFileSync("sh", ["-c", "ulimit -Hn"], { encoding: "utf8" })) || Infinity;
test("5,000 idle connections cost less than 600 bytes each", { skip: sanitized || descriptors < 6000 }, () =>
	withServer([], async (server) => {
		const idle = [];
		for (let i = 0; i < 200; i++) idle.push(await connect(server)); // first touch of tables
		const rss = await metric(server, "resident_bytes");
		for (let i = 0; i < 50; i++) idle.push(...(await Promise.all(Array.from({ length: 100 }, () => connect(server)))));
		await until("all accepted", async () => (await metric(server, "connections")) === 5200);
		const each = ((await metric(server, "resident_bytes")) - rss) / 5000;
		console.log(`# ${each.toFixed(0)} bytes per idle connection`);
		assert.ok(each < 600, `${each} bytes each`);
		for (const conn of idle) conn.socket.destroy();
		await until("all gone", async () => (await metric(server, "connections")) === 0);
	}));

test("without descriptors accepting pauses, and goes on", { skip: sanitized }, () =>
	withServer([], async (server) => {
		const held = await Promise.all(Array.from({ length: 60 }, () => connect(server)));
		// The admin port accepts again as soon as a descriptor is free.
		for (const conn of held.slice(0, 40)) conn.socket.destroy();
		await until("a pause was counted", async () => {
			try {
				return (await metric(server, "accept_pauses_total")) > 0;
			} catch {
				return false;
			}
		});
		assert.equal((await raw(server, request("/"), { n: 1 }))[0].status, 200);
		for (const conn of held) conn.socket.destroy();
	}, { command: "/bin/sh", before: ["-c", 'ulimit -n 40; exec "$0" "$@"', program] }));

// ---- reload and end

test("SIGHUP switches to the new files; an answer under way ends with the old", () => {
	const changing = makeBundle("changing", { "index.html": "old", "big.bin": BIG });
	const node = join(dir, "changing.json");
	writeFileSync(node, '{"n":1}');
	return withServer(["--bundle", changing, "--node", node], async (server) => {
		const slow = await connect(server, { paused: true });
		const kept = await connect(server);
		slow.socket.write(request("/big.bin").repeat(12));
		kept.socket.write(request("/"));
		await answers(kept, 1);
		await until("the answer is stuck", async () => (await metric(server, "held_bytes")) > 0);

		const other = randomBytes(BIG.length);
		makeBundle("changing", { "index.html": "new", "big.bin": other, "more.css": "a{}" });
		writeFileSync(node, '{"n":2}');
		process.kill(server.pid, "SIGHUP");
		await line(server, /reloaded: serving 4 files/);
		kept.socket.write(request("/") + request("/more.css"));
		assert.deepEqual((await answers(kept, 3)).map((a) => a.body.toString()), ["old", "new", "a{}"]);
		assert.equal((await get(server, "/.well-known/toygrid/node")).body.toString(), '{"n":2}');

		const parts = [];
		slow.socket.on("data", (part) => parts.push(part));
		await until("all arrived", () => parts.reduce((n, p) => n + p.length, 0) >= 12 * (BIG.length + 500));
		await new Promise((resolve) => setTimeout(resolve, 50));
		const found = answersIn(Buffer.concat(parts));
		assert.equal(found.length, 12);
		const kinds = found.map((a) => (a.body.equals(BIG) ? "old" : a.body.equals(other) ? "new" : "mixed"));
		assert.equal(kinds[0], "old");
		assert.ok(!kinds.includes("mixed"));
		assert.deepEqual(kinds, [...kinds].sort().reverse()); // old ones first
		slow.socket.destroy();
		kept.socket.destroy();
	});
});

test("a reload that fails changes nothing and says why", () => {
	const breaking = makeBundle("breaking", { "index.html": "good" });
	return withServer(["--bundle", breaking], async (server) => {
		symlinkSync("/etc/passwd", join(breaking, "passwd.txt"));
		process.kill(server.pid, "SIGHUP");
		await line(server, /reload failed, the old files stay: .*passwd\.txt/);
		assert.equal((await get(server, "/")).body.toString(), "good");
		assert.equal((await get(server, "/passwd.txt")).status, 404);
		assert.equal(await metric(server, "reload_failures_total"), 1);
		rmSync(join(breaking, "passwd.txt"));
		process.kill(server.pid, "SIGHUP");
		await line(server, /reloaded/);
	});
});

test("SIGHUP takes a new certificate; old connections go on", () =>
	withServer(["--tls-cert", cert, "--tls-key", key], async (server) => {
		const old = await connect(server);
		assert.equal(old.socket.getPeerCertificate().subject.CN, "first");
		makeCertificate("second");
		process.kill(server.pid, "SIGHUP");
		await line(server, /reloaded/);
		const fresh = await connect(server);
		assert.equal(fresh.socket.getPeerCertificate().subject.CN, "second");
		for (const conn of [old, fresh]) {
			conn.socket.write(request("/"));
			assert.equal((await answers(conn, 1))[0].status, 200);
			conn.socket.destroy();
		}
	}));

test("TLS: old versions, other protocols, silence and noise are turned away", () =>
	withServer(["--tls-cert", cert, "--tls-key", key, "--head-ms", "800"], async (server) => {
		const fails = (options) =>
			new Promise((resolve) => {
				const socket = tls.connect({ host: "127.0.0.1", port: server.port, rejectUnauthorized: false, ...options });
				socket.on("secureConnect", () => socket.destroy() && resolve(false)).on("error", () => resolve(true));
			});
		assert.equal(await fails({ minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT:@SECLEVEL=0" }), true);
		assert.equal(await fails({ ALPNProtocols: ["h2"] }), true);
		assert.equal(await fails({ minVersion: "TLSv1.2", maxVersion: "TLSv1.2" }), false);
		assert.equal(await fails({ minVersion: "TLSv1.3" }), false);
		const plain = net.connect(server.port, "127.0.0.1");
		plain.on("error", () => {}).write(request("/"));
		await new Promise((resolve) => plain.resume().on("close", resolve));
		const silent = net.connect(server.port, "127.0.0.1");
		const began = Date.now();
		await new Promise((resolve) => silent.resume().on("close", resolve));
		assert.ok(Date.now() - began >= 790);
	}));

test("SIGTERM drains: what was promised is sent, then it ends", () =>
	withServer([], async (server) => {
		const idle = await connect(server);
		idle.socket.write(request("/"));
		await answers(idle, 1);
		const slow = await connect(server, { paused: true });
		slow.socket.write(request("/big.bin").repeat(12));
		await until("the answer is stuck", async () => (await metric(server, "held_bytes")) > 0);
		server.child.kill("SIGTERM");
		await line(server, /draining/);
		await idle.end; // between requests: closed
		assert.equal((await get(server, "/ready", { admin: true })).status, 503);
		assert.equal((await get(server, "/health", { admin: true })).status, 200);
		await assert.rejects(get(server, "/"), { code: "ECONNREFUSED" });
		const parts = [];
		slow.socket.on("data", (part) => parts.push(part));
		await slow.end;
		const found = answersIn(Buffer.concat(parts));
		assert.ok(found.length >= 1);
		for (const answer of found) assert.ok(answer.body.equals(BIG));
		assert.equal(found.at(-1).headers.connection, "close");
		assert.equal(await server.exit, 0);
	}));

test("a drain has an end, and a second SIGTERM does not wait for it", async () => {
	for (const [flags, again] of [[["--drain-ms", "300"], false], [["--drain-ms", "60000"], true]]) {
		const server = await start(flags);
		const stuck = await connect(server, { paused: true });
		stuck.socket.write(request("/big.bin").repeat(12));
		await until("the answer is stuck", async () => (await metric(server, "held_bytes")) > 0);
		const began = Date.now();
		server.child.kill("SIGTERM");
		await line(server, /draining/);
		if (again) server.child.kill("SIGTERM");
		assert.equal(await server.exit, 0);
		assert.ok(Date.now() - began < 5000);
		stuck.socket.destroy();
	}
});

// ---- operations

test("the admin port answers health, readiness and metrics, and nothing else", () =>
	withServer([], async (server) => {
		assert.equal((await get(server, "/health", { admin: true })).body.toString(), "ok\n");
		assert.equal((await get(server, "/ready", { admin: true })).status, 200);
		await get(server, "/none");
		const { headers, body } = await get(server, "/metrics", { admin: true });
		assert.match(headers["content-type"], /^text\/plain; version=0\.0\.4/);
		assert.match(body.toString(), /^toygrid_static_answers_total\{status="404"\} 1$/m);
		for (const text of body.toString().split("\n")) assert.match(text, /^(# (HELP|TYPE) .*|toygrid_static_[a-z_]+(\{[a-z]+="\w+"\})? \d+|)$/);
		assert.equal((await get(server, "/", { admin: true })).status, 404);
		assert.equal((await get(server, "/metrics", { admin: true, method: "POST" })).status, 405);
		assert.equal((await get(server, "/metrics")).status, 404);
	}));

test("access logs: one line per answer, addresses truncated, nothing injected", async () => {
	for (const [kind, pattern] of [
		["common", /^127\.0\.0\.0 - - \[\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET \/%22x HTTP\/1\.1" 404 10$/],
		["json", /^\{"time":"[-0-9T:]+Z","address":"127\.0\.0\.0","method":"GET","path":"\/%22x","status":404,"bytes":10\}$/],
	]) {
		const server = await start(["--access-log", kind], { stdout: "pipe" });
		let text = "";
		server.child.stdout.setEncoding("utf8").on("data", (part) => (text += part));
		await raw(server, request('/"x?secret'), { n: 1 });
		await raw(server, "\x01\r\n\r\n");
		await stop(server);
		const lines = text.trimEnd().split("\n");
		assert.equal(lines.length, 2);
		assert.match(lines[0], pattern);
		assert.ok(lines[1].includes("400"));
		assert.ok(!text.includes("secret"));
		if (kind === "json") lines.forEach((l) => JSON.parse(l));
	}
});

// What the policy does in a browser: the page reports by asking for a path, the access log tells us.
const chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync);

const POLICY_PAGE = {
	"index.html": '<!doctype html><html lang="en"><title>t</title><link rel="stylesheet" href="/s.css"><p id="p"></p><script type="module" src="/main.js"></script>',
	"s.css": "p { color: rgb(1, 2, 3) }",
	"main.js": `
		const said = { isolated: crossOriginIsolated, styled: getComputedStyle(p).color === "rgb(1, 2, 3)" };
		const closed = (f) => { try { f(); return false; } catch { return true; } };
		said.evalClosed = closed(() => (0, eval)("1"));
		said.htmlClosed = closed(() => p.insertAdjacentHTML("beforeend", "<b>x</b>"));
		said.urlClosed = closed(() => new Worker("/worker.js"));
		const policy = trustedTypes.createPolicy("t", { createScriptURL: (url) => url });
		const worker = new Worker(policy.createScriptURL("/worker.js"), { type: "module" });
		worker.onmessage = async ({ data }) => {
			said.wasm = data;
			said.node = (await fetch("/.well-known/toygrid/node")).ok;
			said.relay = await new Promise((done) => {
				document.addEventListener("securitypolicyviolation", () => done(false));
				new WebSocket("ws://localhost:1/").onerror = () => setTimeout(() => done(true), 50);
			});
			await fetch("/report/" + Object.entries(said).map(([k, v]) => k + "=" + v).join(","));
		};`,
	"worker.js": `
		const { instance } = await WebAssembly.instantiateStreaming(fetch("/f.wasm"));
		postMessage(instance.exports.f());`,
	// (module (func (export "f") (result i32) i32.const 42))
	"f.wasm": Buffer.from("0061736d010000000105016000017f03020100070501016600000a06010400412a0b", "hex"),
};

test("in a browser the page runs WASM in a worker, and no text becomes code", { skip: sanitized || !chromium }, async () => {
	const page = makeBundle("page", POLICY_PAGE);
	const server = await start(["--bundle", page, "--node", nodeFile, "--access-log", "json"], { stdout: "pipe" });
	const browser = spawn(chromium, ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", `--user-data-dir=${join(dir, "profile")}`, `http://localhost:${server.port}/`], { stdio: "ignore" });
	let text = "";
	const limit = setTimeout(() => server.child.stdout.destroy(new Error(`no report; asked for: ${text}`)), 30000);
	for await (const part of server.child.stdout.setEncoding("utf8")) if ((text += part).includes('"/report/')) break;
	clearTimeout(limit);
	browser.kill("SIGKILL");
	await once(browser, "exit");
	await stop(server);
	const said = /"\/report\/([^"]*)"/.exec(text)[1].split(",").sort();
	assert.deepEqual(said, ["evalClosed=true", "htmlClosed=true", "isolated=true", "node=true", "relay=true", "styled=true", "urlClosed=true", "wasm=42"]);
});

test("a log that nobody reads delays nobody", async () => {
	const server = await start(["--access-log", "json"], { stdout: "pipe" });
	server.child.stdout.pause();
	const conn = await connect(server);
	conn.socket.write(request("/none").repeat(5000));
	assert.equal((await answers(conn, 5000, [], 5000 * 300)).length, 5000);
	assert.ok((await metric(server, "log_lines_dropped_total")) > 0);
	conn.socket.destroy();
	await stop(server);
});

test("after start the process is locked in", { skip: sanitized }, () =>
	withServer([], async (server) => {
		const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
		assert.match(status, /^NoNewPrivs:\s+1$/m);
		assert.match(status, /^Seccomp:\s+2$/m);
		assert.match(status, /^Threads:\s+1$/m);
	}));

test("--self-test proves that forbidden calls die", { skip: sanitized }, () => {
	const run = spawnSync(program, ["--self-test"], { encoding: "utf8", env: cleanEnv() });
	assert.equal(run.status, 0, run.stdout);
	for (const call of ["open a file for writing", "create a file", "make a socket", "connect", "execute", "fork"])
		assert.match(run.stdout, new RegExp(`^sandbox: ${call}: dies$`, "m"));
	assert.match(run.stdout, /^sandbox: read a file: works$/m);
});

// ---- what it refuses to start with

function refusal(flags, env) {
	const run = spawnSync(program, flags, { encoding: "utf8", env: cleanEnv(env), timeout: 20000 });
	assert.equal(run.status, 1, `${flags}: ${run.stderr}`);
	assert.match(run.stderr, /^toygrid-static: [^\n]+\n$/, "one clear line");
	return run.stderr;
}

test("a port in use is one line and exit 1", () =>
	withServer([], async (server) => {
		assert.match(refusal(["--bundle", bundle, "--listen", `127.0.0.1:${server.port}`]), new RegExp(`port ${server.port} is already in use`));
		assert.match(refusal(["--bundle", bundle, "--listen", "127.0.0.1:0", "--admin", `127.0.0.1:${server.port}`]), /admin port/);
	}));

test("unknown flags and variables are named", () => {
	assert.match(refusal(["--bundel", bundle]), /--bundel/);
	assert.match(refusal([], { TOYGRID_STATIC_BUNDEL: bundle }), /TOYGRID_STATIC_BUNDEL/);
	assert.match(refusal([]), /--bundle/);
});

test("flags come from the environment too; --print-config shows what counts", () => {
	const env = cleanEnv({ TOYGRID_STATIC_BUNDLE: bundle, TOYGRID_STATIC_HEAD_MS: "777" });
	const run = spawnSync(program, ["--print-config", "--idle-ms", "888"], { encoding: "utf8", env });
	assert.equal(run.status, 0);
	assert.match(run.stdout, /^head-ms = 777$/m);
	assert.match(run.stdout, /^idle-ms = 888$/m);
	const help = spawnSync(program, ["--help"], { encoding: "utf8", env: cleanEnv() }).stdout;
	for (const [, flag] of run.stdout.matchAll(/^([a-z-]+) = /gm)) assert.ok(help.includes(`  --${flag} `), flag);
});

test("a bundle that is not what it should be is refused by name", () => {
	const cases = {
		"no-index": [{ "a.js": "x" }, /no index\.html/],
		"bad-name": [{ "index.html": "", "a b.js": "x" }, /"a b\.js"/],
		hidden: [{ "index.html": "", ".env": "x" }, /"\.env"/],
		"lone-twin": [{ "index.html": "", "a.js.br": "x" }, /a\.js\.br/],
		"too-big": [{ "index.html": "", "a.bin": Buffer.alloc((4 << 20) + 1) }, /a\.bin/],
		"too-big-together": [{ "index.html": "", "a.bin": Buffer.alloc(3 << 20), "b.bin": Buffer.alloc(3 << 20) }, /bytes/],
		"too-many": [Object.fromEntries([["index.html", ""], ...Array.from({ length: 64 }, (_, i) => [`f${i}.js`, "x"])]), /more than 64/],
		"too-deep": [{ "index.html": "", "a/b/c/d/e/f.js": "x" }, /folders deep/],
	};
	for (const [name, [files, pattern]] of Object.entries(cases))
		assert.match(refusal(["--bundle", makeBundle(name, files), "--listen", "127.0.0.1:0"]), pattern);
	assert.match(refusal(["--bundle", join(dir, "none")]), /cannot open bundle/);

	const linked = makeBundle("linked", { "index.html": "" });
	symlinkSync(nodeFile, join(linked, "x.json"));
	assert.match(refusal(["--bundle", linked]), /x\.json/);
	const piped = makeBundle("piped", { "index.html": "" });
	execFileSync("mkfifo", [join(piped, "x.js")]);
	assert.match(refusal(["--bundle", piped]), /x\.js is not a regular file/);
});

test("node files that are no small JSON object are refused", () => {
	const node = join(dir, "bad-node.json");
	for (const text of ["", "[]", "-----BEGIN PRIVATE KEY-----", "{", `{"a":"${"x".repeat(17000)}"}`, Buffer.from([0x7b, 0xff, 0x7d])]) {
		writeFileSync(node, text);
		refusal(["--bundle", bundle, "--node", node, "--listen", "127.0.0.1:0"]);
	}
	refusal(["--bundle", bundle, "--node", join(dir, "none.json")]);
});

test("certificates that cannot be used are refused", () => {
	const other = join(dir, "other.pem");
	writeFileSync(other, "nonsense");
	assert.match(refusal(["--bundle", bundle, "--listen", "127.0.0.1:0", "--tls-cert", other, "--tls-key", key]), /cannot use certificate/);
	assert.match(refusal(["--bundle", bundle, "--listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", other]), /cannot use private key/);
	assert.match(refusal(["--bundle", bundle, "--tls-cert", cert]), /go together/);
});
