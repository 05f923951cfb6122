// The IndexedDB driver's rules, in a browser: what docs/host.md promises of store, load and lock.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const web = fileURLToPath(new URL("../../web/", import.meta.url));
const require = createRequire(join(web, "build.mjs"));
const esbuild = require("esbuild");
const { chromium } = require("playwright-core");
const ORIGIN = "http://localhost:1/"; // answered here, never dialled
const dir = mkdtempSync(join(tmpdir(), "toygrid-storage-"));
let context;

before(async () => {
	const built = await esbuild.build({
		stdin: { contents: 'export * from "./src/host/storage"; export * from "./src/host/locks";', resolveDir: web, loader: "ts" },
		bundle: true, format: "iife", globalName: "host", write: false, logLevel: "warning",
	});
	const script = built.outputFiles[0].text;
	context = await chromium.launchPersistentContext(dir, {
		executablePath: process.env.TG_CHROMIUM ?? "/usr/bin/chromium",
		headless: true,
		args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
	});
	await context.route(ORIGIN, (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><title>storage</title>" }));
	await context.addInitScript({ content: script + `
		globalThis.host = host;
		globalThis.key = (...bytes) => new Uint8Array(bytes);
		globalThis.list = async (storage, from, to, max = 1 << 20) => {
			const { status, records, more } = await storage.load(from, to, max);
			return { status, more, records: records.map(([k, v]) => [[...k], [...v]]) };
		};` });
});

after(async () => {
	await context?.close();
	rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
});

let count = 0;
// Run `body` in a page with a storage of its own.
async function inPage(body, ...pages) {
	const page = await context.newPage();
	await page.goto(ORIGIN);
	try {
		return await page.evaluate(`(async () => { const storage = await host.openStorage("test-${pages[0] ?? ++count}"); return (${body})(storage); })()`);
	} finally {
		await page.close();
	}
}

test("keys come back in byte order, in the half-open range, with the bytes that were put", { timeout: 30_000 }, async () => {
	const got = await inPage(async (storage) => {
		const status = await storage.store([2, 0, 255, 128].map((n) => ({ op: 0, key: key(1, n), value: key(n) })), true);
		await storage.store([{ op: 0, key: key(1), value: key(9) }, { op: 0, key: key(2), value: key(8) }], false);
		return [status, await list(storage, key(1), key(2))];
	});
	assert.deepEqual(got, [0, { status: 0, more: false, records: [[[1], [9]], [[1, 0], [0]], [[1, 2], [2]], [[1, 128], [128]], [[1, 255], [255]]] }]);
});

test("a batch is atomic: delete, put and the conditional puts see each other in order", { timeout: 30_000 }, async () => {
	const got = await inPage(async (storage) => {
		await storage.store([{ op: 0, key: key(1), value: key(1) }], false);
		await storage.store([
			{ op: 1, key: key(1), value: key() },
			{ op: 3, key: key(1), value: key(2) },
			{ op: 3, key: key(1), value: key(3) },
		], true);
		return list(storage, key(0), key(9));
	});
	assert.deepEqual(got.records, [[[1], [2]]]);
});

test("put if greater compares the first 8 bytes as one big-endian number", { timeout: 30_000 }, async () => {
	const got = await inPage(async (storage) => {
		const put = (...value) => storage.store([{ op: 2, key: key(1), value: key(...value) }], false);
		const held = async () => (await list(storage, key(0), key(9))).records[0][1];
		const seen = [];
		for (const value of [[0, 0, 0, 0, 0, 0, 0, 5, 1], [0, 0, 0, 0, 0, 0, 0, 5, 2], [0, 0, 0, 0, 0, 0, 0, 4, 3], [0, 0, 0, 0, 0, 0, 1, 0, 4], [128, 0, 0, 0, 0, 0, 0, 0, 5], [127, 255, 255, 255, 255, 255, 255, 255, 6]]) {
			await put(...value);
			seen.push((await held()).at(-1));
		}
		return seen;
	});
	assert.deepEqual(got, [1, 1, 1, 4, 5, 5]);
});

test("two tabs that put if greater at once leave the greatest", { timeout: 30_000 }, async () => {
	const name = ++count;
	const body = (odd) => `async (storage) => {
		await Promise.all(Array.from({ length: 100 }, (_, i) => storage.store([{ op: 2, key: key(1), value: key(0, 0, 0, 0, 0, 0, 0, 2 * i + ${odd}) }], false)));
	}`;
	await Promise.all([inPage(body(0), name), inPage(body(1), name)]);
	const got = await inPage((storage) => list(storage, key(0), key(9)), name);
	assert.equal(got.records[0][1].at(-1), 199);
});

test("a load stops at its size, says so, and gives at least one record", { timeout: 30_000 }, async () => {
	const got = await inPage(async (storage) => {
		const writes = [];
		for (let i = 0; i < 600; i++) writes.push({ op: 0, key: key(1, i >> 8, i & 255), value: new Uint8Array(100) });
		await storage.store(writes, false);
		const one = await storage.load(key(1), key(2), 10);
		const some = await storage.load(key(1), key(2), 1030);
		const all = await storage.load(key(1), key(2), 1 << 20);
		const none = await storage.load(key(5), key(5), 100);
		return [one, some, all, none].map(({ records, more, status }) => [records.length, more, status]);
	});
	assert.deepEqual(got, [[1, true, 0], [10, true, 0], [600, false, 0], [0, false, 0]]);
});

test("a failed batch changes nothing and says so", { timeout: 30_000 }, async () => {
	const got = await inPage(async (storage) => {
		await storage.store([{ op: 0, key: key(1), value: key(1) }], false);
		storage.db.close();
		const status = await storage.store([{ op: 0, key: key(1), value: key(2) }], true);
		return [status, (await storage.load(key(0), key(9), 100)).status];
	});
	assert.deepEqual(got, [22, 22]);
});

test("a lock is one tab's until it is given back or the tab is gone", { timeout: 30_000 }, async () => {
	const [one, two] = [await context.newPage(), await context.newPage()];
	for (const page of [one, two]) {
		await page.goto(ORIGIN);
		await page.evaluate("void (globalThis.locks = new host.Locks())");
	}
	const lock = (page) => page.evaluate("locks.lock(key(1, 2))");
	assert.equal(await lock(one), true);
	assert.equal(await lock(two), false);
	await one.evaluate("locks.unlock(key(1, 2))");
	assert.equal(await lock(two), true);
	assert.equal(await lock(one), false);
	await two.close();
	// The browser frees the lock as the page goes; asking again is how anybody would notice.
	let again = false;
	for (let i = 0; i < 100 && !again; i++) again = await lock(one);
	assert.equal(again, true);
	await one.close();
});
