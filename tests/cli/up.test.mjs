// ./toygrid up with the real relay, replica and static server (built before: the cli stage does that).
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const tree = fileURLToPath(new URL("../../", import.meta.url));

function freePort() {
	return new Promise((resolve) => {
		const server = net.createServer().listen(0, "127.0.0.1", () => {
			const { port } = server.address();
			server.close(() => resolve(port));
		});
	});
}

async function up(t, ...flags) {
	const data = mkdtempSync(join(tmpdir(), "tg-data-"));
	const port = await freePort();
	const relayPort = await freePort();
	const child = spawn(join(tree, "toygrid"), ["up", "--no-install", "--port", port, "--relay-port", relayPort, "--data", data, ...flags], {
		stdio: ["ignore", "pipe", "pipe"],
	});
	const self = { child, data, port, relayPort, out: "", err: "" };
	child.stdout.on("data", (bytes) => (self.out += bytes));
	child.stderr.on("data", (bytes) => (self.err += bytes));
	self.ended = new Promise((resolve) => child.once("close", (code, signal) => resolve(code ?? signal)));
	const open = new Promise((resolve, reject) => {
		child.stdout.on("data", () => /^Open (.*)$/m.test(self.out) && resolve());
		child.once("close", (code) => reject(new Error(`ended with ${code}:\n${self.out}${self.err}`)));
	});
	t.after(async () => {
		child.kill("SIGKILL");
		await self.ended;
		rmSync(data, { recursive: true });
		for (const name of ["relay", "replica", "static"]) rmSync(join(tree, `build/log/up-${port}-${name}.log`), { force: true });
	});
	const began = Date.now();
	await open;
	self.ms = Date.now() - began;
	self.url = /^Open (.*)$/m.exec(self.out)[1];
	return self;
}

function get(url, options = {}) {
	return new Promise((resolve, reject) => {
		(url.startsWith("https") ? https : http)
			.get(url, options, (response) => {
				let body = "";
				const certificate = response.socket.getPeerCertificate?.();
				response.setEncoding("utf8");
				response.on("data", (text) => (body += text));
				response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body, certificate }));
			})
			.on("error", reject);
	});
}

const refused = (port) =>
	new Promise((resolve) => {
		const socket = net.connect(port, "127.0.0.1");
		socket.once("connect", () => socket.destroy() && resolve(false));
		socket.once("error", () => resolve(true));
	});

// The processes whose parent is `pid`, by program name.
function children(pid) {
	const found = {};
	for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name)))
		try {
			const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
			const [, name, rest] = /^\d+ \((.*)\) (.*)$/s.exec(stat);
			if (Number(rest.split(" ")[1]) === pid) found[name] = Number(entry);
		} catch {}
	return found;
}

test("a node comes up in under 3 s, serves the page and names its relay and replica", async (t) => {
	const self = await up(t);
	assert.equal(self.url, `http://localhost:${self.port}/`);
	assert.ok(self.ms < 3000, `${self.ms} ms with nothing to build`);
	const page = await get(self.url);
	assert.equal(page.status, 200);
	assert.match(page.headers["content-type"], /^text\/html/);
	const node = JSON.parse((await get(`${self.url}.well-known/toygrid/node`)).body);
	assert.deepEqual(node.relays, [`ws://localhost:${self.relayPort}`]);
	assert.match(node.replica.node, /^[0-9a-f]{64}$/);
	assert.match(node.replica.box, /^[0-9a-f]{64}$/);
	assert.match(node.replica.token, /^[0-9a-f]+$/);
	assert.equal(await refused(self.relayPort), false);
});

test("it keeps its replica's keys: the second start names the same node", async (t) => {
	const first = await up(t);
	const named = async (self) => JSON.parse((await get(`${self.url}.well-known/toygrid/node`)).body).replica.node;
	const before = await named(first);
	first.child.kill("SIGINT");
	assert.equal(await first.ended, 130);
	const second = await up(t, "--data", first.data);
	assert.equal(await named(second), before);
});

test("two nodes from one tree: commands that must choose name both, and each is reached by its own file", async (t) => {
	const nodes = [await up(t), await up(t)];
	const ask = (...words) => spawnSync(join(tree, "toygrid"), ["grid", ...words], { encoding: "utf8" });
	const which = ask("create", "--title", "x");
	assert.equal(which.status, 2, which.stderr);
	for (const { port, url, relayPort } of nodes) {
		const file = join(tree, `build/run/node-${port}.json`);
		assert.ok(which.stderr.includes(` --node ${file}`), which.stderr);
		assert.equal((await get(`${url}.well-known/toygrid/node`)).body, readFileSync(file, "utf8"));
		const made = ask("create", "--title", `of ${port}`, "--node", file, "--quiet");
		assert.equal(made.status, 0, made.stderr);
		const link = /^view +(.*)$/m.exec(made.stdout)[1];
		assert.ok(ask("export", link).stderr.includes(`--relay ws://localhost:${relayPort}`));
		const read = ask("export", link, "--relay", `ws://localhost:${relayPort}`, "--format", "json", "--quiet");
		assert.equal(read.status, 0, read.stderr);
		assert.match(read.stdout, new RegExp(`of ${port}`));
	}
});

test("stopped: both ports are free again and no program is left", async (t) => {
	const self = await up(t);
	const programs = Object.values(children(self.child.pid));
	assert.equal(programs.length, 3);
	self.child.kill("SIGTERM");
	assert.equal(await self.ended, 143);
	assert.deepEqual(await Promise.all([refused(self.port), refused(self.relayPort)]), [true, true]);
	assert.deepEqual(programs.filter((pid) => existsSync(`/proc/${pid}`)), []); // reaped by up, too
});

test("the relay is killed: up names it, stops the rest and ends with 1", async (t) => {
	const self = await up(t);
	process.kill(children(self.child.pid)["toygrid-relay"], "SIGKILL");
	assert.equal(await self.ended, 1);
	assert.match(self.err, /^toygrid: the relay was ended by SIGKILL/m);
	assert.ok(await refused(self.port));
});

test("--no-replica starts none and writes no data", async (t) => {
	const self = await up(t, "--no-replica");
	assert.deepEqual(Object.keys(children(self.child.pid)).sort(), ["toygrid-relay", "toygrid-static"]);
	assert.equal(JSON.parse((await get(`${self.url}.well-known/toygrid/node`)).body).replica, undefined);
	assert.deepEqual(readdirSync(self.data), []);
});

test("--tls serves https with the certificate whose fingerprint it printed; the replica reaches the relay", async (t) => {
	const self = await up(t, "--tls", "--domain", "node.test");
	assert.equal(self.url, `https://node.test:${self.port}/`);
	const here = `https://127.0.0.1:${self.port}/`;
	const page = await get(here, { rejectUnauthorized: false });
	assert.equal(page.status, 200);
	assert.ok(self.out.includes(page.certificate.fingerprint256), self.out);
	const own = new X509Certificate(readFileSync(join(self.data, "tls/node.test.crt")));
	assert.equal(own.checkHost("node.test"), "node.test");
	const relay = await get(`https://127.0.0.1:${self.relayPort}/`, { rejectUnauthorized: false });
	assert.equal(relay.certificate.fingerprint256, own.fingerprint256);
});
