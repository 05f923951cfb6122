// heads: 1,500 logs of 10 entries in a browser: IndexedDB, the page's own host, the runtime in WASM.  The time from the
// command that opens the document until the peer has read every head.
//
// The records are made natively (heads_store.c) and stored by one page; each opening is a page of its own, with a peer
// of its own.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { percentile, round, row, rowMax } from "./common/row.mjs";

const LOGS = 1500;
const ENTRIES = 10;
const OPENINGS = 7;
const BATCH = 1000; // records stored at once
const ORIGIN = "http://localhost:1/"; // answered here, never dialled

const web = fileURLToPath(new URL("../web/", import.meta.url));
const build = process.env.TG_BUILD ?? fileURLToPath(new URL("../build", import.meta.url));
const require = createRequire(join(web, "build.mjs"));
const { chromium } = require("playwright-core");

async function script() {
	const contents = ["host/storage", "host/host", "runtime/runtime", "runtime/wasm"].map((name) => `export * from "./src/${name}";`).join("\n");
	const built = await require("esbuild").build({
		stdin: { contents, resolveDir: web, loader: "ts" },
		bundle: true, format: "iife", globalName: "page", write: false, logLevel: "warning",
	});
	return `${built.outputFiles[0].text}; globalThis.page = page;`;
}

// In the page: put all records of the file into IndexedDB; how many.
async function fill(batch) {
	const bytes = new Uint8Array(await (await fetch("/records")).arrayBuffer());
	const storage = await page.openStorage();
	let count = 0;
	for (let at = 64; at < bytes.length; ) {
		const writes = [];
		for (; writes.length < batch && at < bytes.length; count++) {
			const key = at + 3;
			const value = key + bytes[at];
			at = value + bytes[at + 1] * 256 + bytes[at + 2];
			writes.push({ op: 0, key: bytes.slice(key, value), value: bytes.slice(value, at) });
		}
		if ((await storage.store(writes, true)) !== 0) throw new Error("a batch was not stored");
	}
	return count;
}

// In the page: open the document; when all heads were there, and when all entries were.
async function open(name) {
	const secret = new Uint8Array(await (await fetch("/records")).arrayBuffer()).slice(0, 64);
	const wasm = await WebAssembly.compileStreaming(fetch("/wasm"));
	const storage = await page.openStorage();
	const failed = [];
	const runtime = new page.Runtime(page.startPeer(wasm, (into) => crypto.getRandomValues(into)), (error) => failed.push(String(error)));
	const host = new page.Host(runtime, storage, () => undefined);
	const notices = [];
	runtime.on(page.Effect.notice, ([, code, text]) => notices.push(`${code} ${text}`));
	host.start();
	await runtime.command(page.Command.start, 0, name);
	const asked = []; // what letter of its storage the peer asked for, and when
	const load = storage.load.bind(storage);
	storage.load = (from, to, max) => {
		asked.push([String.fromCharCode(from[0]), performance.now()]);
		return load(from, to, max);
	};
	const began = performance.now();
	await runtime.command(page.Command.open, secret.subarray(0, 32), "e", secret.subarray(32));
	const entries = performance.now() - began;
	const list = await runtime.command(page.Command.heads, secret.subarray(0, 32));
	const read = list.filter(([, , length]) => length === 10).length;
	// When it asks for something else it has them all.
	const lastHeads = asked.findLastIndex(([letter]) => letter === "h");
	const heads = asked[lastHeads + 1][1] - began;
	return { heads, entries, read, failed, notices, asked: asked.map(([letter]) => letter).join("") };
}

const dir = mkdtempSync(join(tmpdir(), "tg-bench-"));
let context;
try {
	const records = join(dir, "records");
	const made = spawnSync(join(build, "native/bench/heads_store"), [records], { stdio: "inherit" });
	if (made.status !== 0) throw new Error("heads_store failed");
	context = await chromium.launchPersistentContext(join(dir, "profile"), {
		executablePath: process.env.TG_CHROMIUM ?? "/usr/bin/chromium",
		headless: true,
		args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
	});
	const serve = (path, contentType, body) => context.route(ORIGIN + path, (route) => route.fulfill({ contentType, body }));
	await serve("", "text/html", "<!doctype html><title>heads</title>");
	await serve("records", "application/octet-stream", readFileSync(records));
	await serve("wasm", "application/wasm", readFileSync(join(build, "wasm/toygrid.wasm")));
	await context.addInitScript({ content: await script() });
	const inPage = async (body, argument) => {
		const tab = await context.newPage();
		try {
			await tab.goto(ORIGIN);
			return await tab.evaluate(body, argument);
		} finally {
			await tab.close();
		}
	};
	const count = await inPage(fill, BATCH);
	if (count !== LOGS * (ENTRIES + 1)) throw new Error(`${count} records`);
	const times = [];
	for (let i = 0; i < OPENINGS; i++) {
		const one = await inPage(open, `opening ${i}`);
		if (one.read !== LOGS || one.failed.length > 0 || one.notices.length > 0) throw new Error(JSON.stringify(one));
		times.push(one);
	}
	rowMax("open 1,500 logs of 10 entries in a browser and read each head", round(percentile(times.map((t) => t.heads), 50)), "ms", 100);
	row("the same and read all entries", round(percentile(times.map((t) => t.entries), 50)), "ms");
} finally {
	await context?.close();
	rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
}
