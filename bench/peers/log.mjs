// The peer of our logs: hypercore with corestore, doing what our bench `log` does.  Prints the peer's half of the rows.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Corestore from "corestore";
import Hypercore from "hypercore";

const version = (name) => JSON.parse(readFileSync(createRequire(import.meta.url).resolve(`${name}/package.json`), "utf8")).version;
const peer = `hypercore ${version("hypercore")}, corestore ${version("corestore")}`;
const row = (what, peer_value, unit) => console.log(JSON.stringify({ what, unit, peer, peer_value }));

const scratch = mkdtempSync(join(tmpdir(), "tg-peer-"));
const entry = Buffer.alloc(100, 7);

// Ours are times of the processor, so that what else the machine does counts for nobody.  Its threads may work at the
// same time, so the clock on the wall can be less: then that counts.
async function timed(work) {
	const began = performance.now();
	const used = process.cpuUsage();
	await work();
	const { user, system } = process.cpuUsage(used);
	return Math.min(performance.now() - began, (user + system) / 1000);
}

async function open() {
	const dir = join(scratch, "many");
	const keys = [];
	let store = new Corestore(dir);
	for (let i = 0; i < 1500; i++) {
		const core = store.get({ name: `log ${i}` });
		await core.ready();
		await core.append(Array(10).fill(entry));
		keys.push(core.key);
		await core.close();
	}
	await store.close();
	store = new Corestore(dir);
	const ms = await timed(() =>
		Promise.all(
			keys.map(async (key) => {
				const core = store.get({ key });
				await core.ready();
				if (core.length !== 10) throw new Error("a log is not whole");
				await core.get(9);
			}),
		),
	);
	row("open 1,500 logs of 10 entries and read each head", ms, "ms");
	await store.close();
}

async function append() {
	const core = new Hypercore(join(scratch, "append"));
	await core.ready();
	const singles = 3000;
	let ms = await timed(async () => {
		for (let i = 0; i < singles; i++) await core.append(entry);
	});
	row("append single entries of 100 bytes, each signed and stored", (singles / ms) * 1000, "entries/s");
	const batch = Array(1000).fill(entry);
	ms = await timed(async () => {
		for (let i = 0; i < 30; i++) await core.append(batch);
	});
	row("append entries of 100 bytes in batches of 1,000, stored", (30_000 / ms) * 1000, "entries/s");
	await core.close();
}

async function replicate() {
	const from = new Hypercore(join(scratch, "from"));
	await from.ready();
	const batch = Array(1000).fill(entry);
	for (let i = 0; i < 100; i++) await from.append(batch);
	const to = new Hypercore(join(scratch, "to"), from.key);
	await to.ready();
	const ms = await timed(async () => {
		const left = from.replicate(true);
		const right = to.replicate(false);
		left.pipe(right).pipe(left);
		await to.download({ start: 0, end: 100_000 }).done();
		left.destroy();
		right.destroy();
	});
	row("replicate 100,000 entries of 100 bytes, verified and stored", ms / 1000, "s");
	await from.close();
	await to.close();
}

try {
	await open();
	await append();
	await replicate();
} finally {
	rmSync(scratch, { recursive: true, force: true });
}
process.exit(0); // hypercore's storage keeps handles
