// world.mjs -- what the browser tests share: the real servers on ports of their own, and Chromium profiles.
//
// Everything a world started ends with it.  Waiting is always for something that can be seen: text in a page, a word
// on the chip, a line of a program.
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const tree = fileURLToPath(new URL("../../", import.meta.url));
const build = process.env.TG_BUILD ?? join(tree, "build");
const bin = {
	relay: join(build, "native/relay/toygrid-relay"),
	static: join(build, "native/static-server/toygrid-static"),
	toygrid: join(build, "native/runtime-lib/cli/toygrid"),
};
export const hasReplica = existsSync(bin.toygrid);
export const toygrid = bin.toygrid;
const { chromium } = createRequire(join(tree, "web/build.mjs"))("playwright-core");

const START_MS = 15_000;
export const WAIT_MS = 30_000;

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

// Wait until something listens.
async function listening(port, program) {
	const deadline = Date.now() + START_MS;
	for (;;) {
		if (program.exitCode !== null) throw new Error(`${program.spawnfile} ended with ${program.exitCode}:\n${program.said}`);
		const open = await new Promise((resolve) => {
			const socket = net.connect(port, "127.0.0.1");
			socket.once("connect", () => (socket.destroy(), resolve(true)));
			socket.once("error", () => resolve(false));
		});
		if (open) return;
		if (Date.now() > deadline) throw new Error(`${program.spawnfile} does not listen on ${port}:\n${program.said}`);
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}

export class World {
	dir = mkdtempSync(join(tmpdir(), "toygrid-browser-"));
	programs = new Set();
	profiles = new Set();
	profileCount = 0;

	/// Start relay, replica (unless told not to) and static server.
	static async start({ replica = hasReplica } = {}) {
		const world = new World();
		try {
			world.relayPort = await freePort();
			await world.startRelay();
			const node = { relays: [`ws://localhost:${world.relayPort}`] };
			if (replica) node.replica = await world.startReplica();
			const file = join(world.dir, "node.json");
			writeFileSync(file, JSON.stringify(node));
			const port = await freePort();
			world.origin = `http://localhost:${port}`;
			world.static = world.spawn(bin.static, ["--listen", `127.0.0.1:${port}`, "--bundle", join(build, "web"), "--node", file]);
			await listening(port, world.static);
			return world;
		} catch (error) {
			await world.end();
			throw error;
		}
	}

	spawn(path, args) {
		const child = spawn(path, args, { stdio: ["ignore", "pipe", "pipe"], cwd: this.dir });
		child.said = "";
		for (const stream of [child.stdout, child.stderr]) {
			stream.setEncoding("utf8");
			stream.on("data", (text) => (child.said = (child.said + text).slice(-20_000)));
		}
		child.gone = new Promise((resolve) => child.once("close", resolve));
		this.programs.add(child);
		child.gone.then(() => this.programs.delete(child));
		return child;
	}

	async startRelay() {
		this.relay = this.spawn(bin.relay, ["--listen", `127.0.0.1:${this.relayPort}`, "--host", "localhost", "--host", "127.0.0.1"]);
		await listening(this.relayPort, this.relay);
	}

	async startReplica() {
		const file = join(this.dir, "replica.json"); // appears whole, once storage and connection are up
		rmSync(file, { force: true });
		this.replica = this.spawn(bin.toygrid, ["peer", "--replica", "--relay", `ws://localhost:${this.relayPort}`, "--data", join(this.dir, "replica"), "--node-file", file]);
		await until("the replica's node file", () => {
			if (this.replica.exitCode !== null) throw new Error(`the replica ended with ${this.replica.exitCode}:\n${this.replica.said}`);
			return existsSync(file);
		}, START_MS);
		return JSON.parse(readFileSync(file, "utf8")).replica;
	}

	/// The document as a native peer prints it.
	async export(link) {
		const child = this.spawn(bin.toygrid, ["grid", "export", link, "--format", "text", "--relay", `ws://localhost:${this.relayPort}`, "--quiet"]);
		let all = "";
		child.stdout.on("data", (text) => (all += text));
		const code = await child.gone;
		if (code !== 0) throw new Error(`export ended with ${code}:\n${child.said}`);
		return all;
	}

	/// End a program; SIGKILL is the harshest way.
	async stop(program, signal = "SIGTERM") {
		program.kill(signal);
		await program.gone;
	}

	/// A fresh browser profile with its own process.
	async profile(options = {}) {
		const profile = new Profile(this, join(this.dir, `profile-${++this.profileCount}`), options);
		return profile.open();
	}

	/// A profile that is the copy of another one, as on a second machine.
	async profileFrom(dir) {
		return new Profile(this, dir, {}).open();
	}

	async end() {
		await Promise.allSettled([...this.profiles].map((profile) => profile.close()));
		for (const program of this.programs) program.kill("SIGKILL");
		await Promise.allSettled([...this.programs].map((program) => program.gone));
		rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
	}
}

/// Run `body` in a world and end it whatever happens; fail when a page logged an error it should not have.
export async function inWorld(options, body) {
	const world = await World.start(options);
	try {
		await body(world);
		for (const profile of world.profiles) if (profile.errors.length > 0) throw new Error(`errors in a page:\n${profile.errors.join("\n")}`);
	} catch (error) {
		const pages = [...world.profiles].map((p) => p.errors.join("\n")).join("\n");
		error.message += `\npages: ${pages}\nrelay: ${world.relay?.said.slice(-1500)}\nreplica: ${world.replica?.said.slice(-1500)}`;
		throw error;
	} finally {
		await world.end();
	}
}

export class Profile {
	errors = [];
	constructor(world, dir, { clockMs = 0, ...options }) {
		this.world = world;
		this.dir = dir;
		this.clockMs = clockMs; // how far this person's clock is off
		this.options = options;
	}

	async open() {
		this.context = await chromium.launchPersistentContext(this.dir, {
			executablePath: process.env.TG_CHROMIUM ?? "/usr/bin/chromium",
			headless: true,
			args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
			viewport: { width: 1280, height: 860 },
			...this.options,
		});
		this.world.profiles.add(this);
		this.context.setDefaultTimeout(WAIT_MS);
		if (this.clockMs) await this.context.addInitScript(`{ const now = Date.now; Date.now = () => now() + ${this.clockMs}; }`);
		this.context.on("page", (page) => this.watch(page));
		this.page = this.context.pages()[0] ?? (await this.context.newPage());
		this.watch(this.page);
		return this;
	}

	watch(page) {
		if (page.watched) return;
		page.watched = true;
		// A relay that is down on purpose is said on the console by the browser itself.
		page.on("console", (message) => {
			if (message.type() === "error" && !/WebSocket connection|ERR_CONNECTION|Failed to load resource|ERR_INTERNET_DISCONNECTED/.test(message.text())) this.errors.push(message.text());
		});
		page.on("pageerror", (error) => this.errors.push(String(error.stack ?? error)));
	}

	async close() {
		this.world.profiles.delete(this);
		await this.context.close();
	}

	/// A copy of the profile on disk, while it is closed; and the profile as it was then.
	backUp() {
		cpSync(this.dir, `${this.dir}.backup`, { recursive: true });
		return `${this.dir}.backup`;
	}

	restore(backup) {
		rmSync(this.dir, { recursive: true });
		cpSync(backup, this.dir, { recursive: true });
	}

	/// Name this person.
	async rename(name, page = this.page) {
		await page.goto(`${this.world.origin}/#/`);
		await page.locator(".disc-own").click();
		await page.getByLabel("Name", { exact: true }).fill(name);
		await page.getByRole("button", { name: "Save" }).click();
		await page.locator(`.disc-own[title^="${name}"]`).waitFor();
	}

	/// Create a document with a title; its links.
	async create(title) {
		const { page } = this;
		await page.goto(`${this.world.origin}/#/`);
		await page.getByRole("button", { name: "New document" }).click();
		await page.locator(".ProseMirror").waitFor();
		if (title) {
			await page.getByLabel("Title").fill(title);
			await page.getByLabel("Title").press("Enter");
		}
		const links = await this.links();
		await page.locator(".ProseMirror").click();
		return links;
	}

	async links() {
		const { page } = this;
		await page.getByRole("button", { name: "Share" }).click();
		const read = async (name) => ((await page.getByLabel(name).count()) > 0 ? page.getByLabel(name).inputValue() : "");
		await page.getByLabel("Can view").waitFor();
		const links = { edit: await read("Can edit"), view: await read("Can view") };
		await page.keyboard.press("Escape");
		return links;
	}

	/// Open a document by its link and wait for its text.
	async visit(link, page = this.page) {
		await page.goto(link);
		await page.locator(".ProseMirror").waitFor();
		return page;
	}

	/// Put the caret at the end of the text.  By a click, as people do: after a bare focus() the editor sets the
	/// selection only 20 ms later, and keys that come sooner fall beside the text.
	async toEnd(page = this.page) {
		await page.locator(".ProseMirror").click();
		await page.keyboard.press("Control+End");
	}
}

/// The document as a page shows it: what must be equal everywhere.  Carets of others are left out.
export function shown(page) {
	return page.evaluate(() => {
		const copy = document.querySelector(".ProseMirror").cloneNode(true);
		for (const caret of copy.querySelectorAll(".caret, .ProseMirror-separator, .ProseMirror-trailingBreak, .ProseMirror-widget, img")) caret.remove();
		for (const span of copy.querySelectorAll(".selected-by")) span.replaceWith(...span.childNodes);
		for (const label of copy.querySelectorAll("li[data-checked] > label")) label.remove();
		for (const hr of copy.querySelectorAll("[class]")) hr.removeAttribute("class");
		for (const node of copy.querySelectorAll("[draggable], [contenteditable]")) node.removeAttribute("draggable"), node.removeAttribute("contenteditable");
		copy.normalize();
		return copy.innerHTML;
	});
}

export function text(page) {
	return page.evaluate(() => {
		const copy = document.querySelector(".ProseMirror").cloneNode(true);
		for (const extra of copy.querySelectorAll(".caret, li[data-checked] > label")) extra.remove();
		return [...copy.querySelectorAll("p, h1, h2, h3, h4, h5, h6, pre")].map((block) => block.textContent).join("\n");
	});
}

/// Wait until `check` gives a truthy value; it says what it last saw when it does not.
export async function until(what, check, ms = WAIT_MS) {
	const deadline = Date.now() + ms;
	let seen;
	for (;;) {
		seen = await check();
		if (seen === true) return;
		if (Date.now() > deadline) throw new Error(`waited ${ms} ms for: ${what}; saw ${JSON.stringify(seen)?.slice(0, 3000)}`);
		await new Promise((resolve) => setTimeout(resolve, 25));
	}
}

/// Wait until all pages show one document; return it.
export async function converged(pages, ms = WAIT_MS) {
	let all;
	await until(
		"all pages to show one document",
		async () => {
			all = await Promise.all(pages.map(shown));
			return all.every((one) => one === all[0]) || all;
		},
		ms,
	);
	return all[0];
}

/// Wait until the chip says so.
export async function chip(page, pattern, ms = WAIT_MS) {
	await until(
		`the chip to say ${pattern}`,
		async () => {
			const said = await page.locator(".status").innerText();
			return pattern.test(said.replace(/\s+/g, " ")) || said;
		},
		ms,
	);
}

/// Tokens in a text, by author: "a12" is author a's twelfth.
export function tokens(all, author) {
	return [...all.matchAll(new RegExp(`\\b${author}(\\d+)\\b`, "g"))].map((match) => Number(match[1]));
}
