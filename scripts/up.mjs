// up.mjs -- start relay, replica and static server, say where the page is, watch them, stop them.
//
// Started by scripts/up.sh when everything is built.  Order: the relay, because the replica connects to it; the
// replica, because the node file names its keys; the static server last, so that whoever can open the page can also
// edit.  A program that dies takes the others with it: half a node would look alive and lose nothing but trust.
import { spawn } from "node:child_process";
import { createWriteStream, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const tree = join(dirname(fileURLToPath(import.meta.url)), "..");
const build = join(tree, "build");
const DRAIN_MS = 12_000; // the servers promise to drain in 10 s; then they are killed
const START_MS = 15_000; // a program that is not ready by then is stuck

function fail(text) {
	console.error(`toygrid: ${text}`);
	process.exit(1);
}

// Resolve when `port` can be listened on, on the addresses we would use.
function probe(port, host) {
	return new Promise((resolve, reject) => {
		const server = net.createServer();
		server.once("error", reject);
		server.listen({ port, host, exclusive: true }, () => server.close(() => resolve()));
	});
}

async function checkPorts(ports, host) {
	for (const port of ports) {
		try {
			await probe(port, host);
		} catch (error) {
			if (error.code === "EADDRINUSE") fail(`port ${port} is in use: stop what listens there, or choose another (--port, --relay-port)`);
			if (error.code === "EACCES") fail(`port ${port} needs root: choose one above 1023 (--port, --relay-port)`);
			fail(`cannot listen on port ${port}: ${error.message}`);
		}
	}
}

function freePort() {
	return new Promise((resolve, reject) => {
		const server = net.createServer();
		server.once("error", reject);
		server.listen(0, "127.0.0.1", () => {
			const { port } = server.address();
			server.close(() => resolve(port));
		});
	});
}

const argv = process.argv.slice(2);
if (argv[0] === "--check-ports") {
	await checkPorts(argv.slice(1).map(Number), "127.0.0.1");
	process.exit(0);
}
const { values: options } = parseArgs({
	args: argv,
	options: Object.fromEntries(
		["port", "relay-port", "data", "replica", "open", "domain", "cert", "key", "own", "fingerprint"].map((name) => [name, { type: "string" }]),
	),
});
const secure = options.cert !== undefined;
const host = secure ? "0.0.0.0" : "127.0.0.1";
const name = secure ? options.domain : "localhost";
const page = `${secure ? "https" : "http"}://${name}:${options.port}/`;
const relayUrl = `${secure ? "wss" : "ws"}://${name}:${options["relay-port"]}`;
const terminal = process.stdout.isTTY;
const began = Date.now();
let shown = ""; // the status line as it stands on the terminal
let statusTimer;

// ---- programs

const programs = []; // in start order
let stopping = false;

function program(title, path, args) {
	if (!existsSync(path)) fail(`${title} is not built (${path}): see ./toygrid build native`);
	const log = join(build, "log", `up-${options.port}-${title.split(" ")[0]}.log`);
	mkdirSync(dirname(log), { recursive: true });
	const out = createWriteStream(log);
	// setpriv makes the kernel stop the program when we are killed without a chance to do it.
	const child = spawn("setpriv", ["--pdeathsig", "TERM", "--", path, ...args], {
		stdio: ["ignore", "pipe", "pipe"],
		detached: true, // Ctrl-C at the terminal reaches us alone; we pass it on in order
	});
	const self = { title, child, log, tail: [], exited: false };
	for (const stream of [child.stdout, child.stderr]) {
		let rest = "";
		stream.setEncoding("utf8");
		stream.on("data", (text) => {
			out.write(text);
			const lines = (rest + text).split("\n");
			rest = lines.pop();
			for (const line of lines) {
				self.tail.push(line);
				if (self.tail.length > 12) self.tail.shift();
			}
		});
	}
	self.gone = new Promise((resolve) => {
		child.once("error", (error) => {
			self.tail.push(error.message);
			resolve("could not be started");
		});
		// "close", not "exit": by then its last lines have been read
		child.once("close", (code, signal) => resolve(signal ? `was ended by ${signal}` : `ended with code ${code}`));
	});
	self.gone.then((how) => {
		self.exited = true;
		if (!stopping) died(self, how);
	});
	programs.push(self);
	return self;
}

function died(self, how) {
	clearStatus();
	console.error(`toygrid: the ${self.title} ${how}; its last lines (${self.log}):`);
	for (const line of self.tail) console.error(`    ${line}`);
	stop(1);
}

async function stop(code) {
	stopping = true;
	process.exitCode = code;
	clearInterval(statusTimer);
	// Last started, first stopped: the page's server goes before what the page needs.
	for (const self of [...programs].reverse()) if (!self.exited) self.child.kill("SIGTERM");
	const late = setTimeout(kill, DRAIN_MS);
	await Promise.all(programs.map((self) => self.gone));
	clearTimeout(late);
	leaveRun(options.port);
	process.exit(code);
}

function kill() {
	for (const self of programs) if (!self.exited) self.child.kill("SIGKILL");
}

function interrupted(code) {
	if (stopping) {
		kill();
		return;
	}
	clearStatus();
	if (terminal) console.log("stopping (Ctrl-C again: at once)");
	stop(code);
}
process.on("SIGINT", () => interrupted(130));
process.on("SIGTERM", () => interrupted(143));
process.on("SIGHUP", () => interrupted(129));

// ---- build/run: who runs from this tree
//
// Several nodes may, each with its own ports.  Of each there is node-PORT.json, what its page finds at
// /.well-known/toygrid/node, and node-PORT.pid, by which the native program sees that it is still there
// (runtime-lib/cli/node_find.h).

const run = join(build, "run");
const nodeFile = join(run, `node-${options.port}.json`);

// When a process began, in ticks since boot; its number alone may have been used again.  undefined: there is none.
function startOf(pid) {
	try {
		return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).split(" ")[19];
	} catch {
		return undefined;
	}
}

function leaveRun(port) {
	for (const end of ["json", "pid"]) rmSync(join(run, `node-${port}.${end}`), { force: true });
}

// Whoever was killed could not clean up.
function enterRun() {
	mkdirSync(run, { recursive: true });
	for (const name of readdirSync(run)) {
		const port = /^node-(\d+)\.(json|pid)$/.exec(name)?.[1];
		if (!port) continue;
		const [pid, start] = existsSync(join(run, `node-${port}.pid`)) ? readFileSync(join(run, `node-${port}.pid`), "utf8").split(/\s/) : [];
		if (!start || startOf(pid) !== start) leaveRun(port);
	}
	writeFileSync(join(run, `node-${options.port}.pid`), `${process.pid} ${startOf("self")}\n`);
}

// ---- what they say

function get(port, path) {
	return new Promise((resolve, reject) => {
		const request = http.get({ host: "127.0.0.1", port, path, timeout: 1000 }, (response) => {
			let body = "";
			response.setEncoding("utf8");
			response.on("data", (text) => (body += text));
			response.on("end", () => resolve({ status: response.statusCode, body }));
		});
		request.on("timeout", () => request.destroy(new Error("no answer")));
		request.on("error", reject);
	});
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Poll the admin port until it says ready; a program that dies meanwhile is reported by died().
async function ready(self, admin) {
	const deadline = Date.now() + START_MS;
	while (!self.exited) {
		const answer = await get(admin, "/ready").catch(() => undefined);
		if (answer?.status === 200) return;
		if (Date.now() > deadline) {
			died(self, "does not get ready");
			break;
		}
		await pause(20);
	}
	await new Promise(() => {}); // stop() ends the process
}

// Sum of all samples of a Prometheus metric, whatever their labels; undefined when there is none.
function metric(text, metricName) {
	let sum;
	for (const line of text.split("\n")) {
		const match = /^([A-Za-z0-9_:]+)(\{[^}]*\})? ([0-9.e+-]+)$/.exec(line);
		if (match?.[1] === metricName) sum = (sum ?? 0) + Number(match[3]);
	}
	return sum;
}

function bytesText(n) {
	if (n < 1000) return `${n} B`;
	if (n < 1e6) return `${(n / 1e3).toFixed(1)} kB`;
	return n < 1e9 ? `${(n / 1e6).toFixed(1)} MB` : `${(n / 1e9).toFixed(2)} GB`;
}

// How the replica, on this machine, reaches the relay: our own certificate is good for 127.0.0.1 too and is its own
// authority; one that was given is good for its name alone.
function relayFromHere() {
	if (!secure) return ["--relay", `ws://127.0.0.1:${options["relay-port"]}`];
	if (options.own === "yes") return ["--relay", `wss://127.0.0.1:${options["relay-port"]}`, "--ca", options.cert];
	return ["--relay", relayUrl];
}

const count = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;

// ---- start

await checkPorts([Number(options.port), Number(options["relay-port"])], host);
enterRun();
const bin = (path) => join(build, "native", path);
const tls = secure ? ["--tls-cert", options.cert, "--tls-key", options.key] : [];

const relayAdmin = await freePort();
const relay = program("relay", bin("relay/toygrid-relay"), [
	"--listen", `${host}:${options["relay-port"]}`, "--admin", `127.0.0.1:${relayAdmin}`,
	// The replica keeps every document on one connection, two topics each.
	"--topics-per-socket", "65536",
	// What clients sign names the host they dialled, so the relay must know what it is called.
	...[...new Set([name, "localhost", "127.0.0.1"])].flatMap((one) => ["--host", one]),
	...tls,
]);
await ready(relay, relayAdmin);

// The replica writes the node file when it is ready, with its invite token.
let replicaAdmin;
if (options.replica === "yes") {
	replicaAdmin = await freePort();
	const replica = program("replica", bin("runtime-lib/cli/toygrid"), [
		"peer", "--replica", "--data", join(options.data, "replica"), "--admin", `127.0.0.1:${replicaAdmin}`,
		...relayFromHere(), "--public-relay", relayUrl, "--node-file", nodeFile,
	]);
	await ready(replica, replicaAdmin);
} else {
	writeFileSync(`${nodeFile}.new`, JSON.stringify({ relays: [relayUrl] }), { mode: 0o600 });
	renameSync(`${nodeFile}.new`, nodeFile);
}

const staticAdmin = await freePort();
const server = program("static server", bin("static-server/toygrid-static"), [
	"--listen", `${host}:${options.port}`, "--bundle", join(build, "web"), "--node", nodeFile,
	"--admin", `127.0.0.1:${staticAdmin}`, ...tls,
]);
await ready(server, staticAdmin);

console.log(`Open ${page}`);
if (secure) {
	console.log(`  the certificate's SHA-256 fingerprint, to compare with what the other machine's browser shows:`);
	console.log(`  ${options.fingerprint}`);
} else {
	console.log(`  a second person: open it in another browser profile; on another machine: ./toygrid up --tls`);
}
if (options.replica === "yes") console.log(`  documents are kept, sealed, in ${options.data}`);
if (options.open === "yes") spawn("xdg-open", [page], { stdio: "ignore", detached: true }).on("error", () => console.log("  (no xdg-open here: open it yourself)")).unref();

// ---- status

function clearStatus() {
	if (terminal && shown) process.stdout.write("\r\x1b[K");
	shown = "";
}

async function status() {
	const parts = [];
	const relayText = (await get(relayAdmin, "/metrics").catch(() => undefined))?.body ?? "";
	const connections = metric(relayText, "toygrid_relay_connections");
	if (connections !== undefined) parts.push(count(Math.max(0, connections - (replicaAdmin ? 1 : 0)), "connection"));
	if (replicaAdmin) {
		const text = (await get(replicaAdmin, "/metrics").catch(() => undefined))?.body ?? "";
		const grids = metric(text, "toygrid_replica_grids");
		const bytes = metric(text, "toygrid_replica_bytes");
		if (grids !== undefined) parts.push(count(grids, "document"));
		if (bytes !== undefined) parts.push(`${bytesText(bytes)} in the replica`);
	}
	const minutes = Math.floor((Date.now() - began) / 60_000);
	parts.push(minutes < 1 ? "just started" : minutes < 120 ? `up ${minutes} min` : `up ${Math.floor(minutes / 60)} h`);
	const line = parts.join(", ");
	if (stopping || line === shown) return;
	shown = line;
	process.stdout.write(`\r\x1b[K${line}`);
}

// Without a terminal a status would fill somebody's log: /metrics on the admin ports is the place for that.
if (terminal) statusTimer = setInterval(() => status().catch(() => {}), 1000);
