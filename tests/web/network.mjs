// network.mjs -- peers of the real WASM runtime in one process: memory for a disk, a queue for a network, a clock of
// our own.  What is under way is delivered when the test says, link by link in order, links in random order.
import { existsSync, readFileSync } from "node:fs";
import { sources } from "./sources.mjs";

const [{ Runtime, Event, Effect, Command }, { startPeer }] = await sources("runtime/runtime", "runtime/wasm");
export { Command };

const tree = new URL("../../", import.meta.url);
const build = process.env.TG_BUILD ? `${process.env.TG_BUILD}/` : new URL("build/", tree).pathname;
const file = process.env.TG_WASM ?? `${build}wasm/toygrid.wasm`;
export const module = existsSync(file) ? new WebAssembly.Module(readFileSync(file)) : null;

export class Network {
	now = 1_800_000_000_000;
	tasks = []; // { at, host, run } in order of asking; those of one lane run in order
	constructor(next) {
		this.next = next;
	}

	/// Run until nothing is due in the next `ms`.
	run(ms = 0) {
		const until = this.now + ms;
		for (let n = 0; ; n++) {
			if (n > 2_000_000) throw new Error("the network does not come to rest");
			let due = this.tasks.filter((task) => task.at <= this.now);
			if (due.length === 0) {
				const soonest = Math.min(...this.tasks.map((task) => task.at));
				if (soonest > until) break;
				this.now = soonest;
				continue;
			}
			this.step(due);
		}
		this.now = until;
	}

	/// Run `n` tasks that are due, of random lanes.
	some(n) {
		for (; n > 0; n--) {
			const due = this.tasks.filter((task) => task.at <= this.now);
			if (due.length === 0) {
				this.now += 1 + this.next(20);
				continue;
			}
			this.step(due);
		}
	}

	step(due) {
		const lanes = [...new Set(due.map((task) => task.lane))];
		const lane = this.next.pick(lanes);
		const task = due.find((t) => t.lane === lane);
		this.tasks.splice(this.tasks.indexOf(task), 1);
		task.run();
	}

	later(lane, run, at = 0) {
		this.tasks.push({ lane, run, at });
	}
}

export class Host {
	disk = new Map(); // latin-1 of the key -> [key, value]
	grids = new Map(); // hex -> { state, role, title }
	notices = [];
	errors = [];
	dirty = new Set(); // grids with patches waiting
	durability = null;
	presence = new Map();
	constructor(network, name) {
		this.network = network;
		this.name = name;
		this.links = [];
		this.runtime = new Runtime(startPeer(module, (into) => into.forEach((_, i) => (into[i] = network.next(256)))), (error) => this.errors.push(error));
		const on = (effect, listener) => this.runtime.on(effect, listener);
		const event = (lane, ...fields) => network.later(`${name} ${lane}`, () => this.runtime.event(...fields));
		on(Effect.send, ([link, bytes]) => {
			const { peer, link: theirs, up } = this.links[link];
			if (up) network.later(`${name} link ${link}`, () => peer.links[theirs].up && peer.runtime.event(Event.received, theirs, bytes), network.now + 1 + network.next(30));
		});
		on(Effect.store, ([batch, , list]) => {
			network.later(`${name} disk`, () => {
				for (const [op, key, value] of list) this.write(op, key, value);
				this.runtime.event(Event.stored, batch, 0);
			});
		});
		on(Effect.load, ([request, from, to, max]) => {
			network.later(`${name} disk`, () => {
				const [a, b] = [from, to].map((k) => Buffer.from(k));
				const found = [...this.disk.values()].filter(([k]) => Buffer.compare(k, a) >= 0 && Buffer.compare(k, b) < 0).sort(([x], [y]) => Buffer.compare(x, y));
				let bytes = 0;
				let n = 0;
				while (n < found.length && (n === 0 || bytes + found[n][0].length + found[n][1].length <= max)) bytes += found[n][0].length + found[n++][1].length;
				this.runtime.event(Event.loaded, request, 0, found.slice(0, n), n < found.length);
			});
		});
		on(Effect.lock, ([request]) => event("lock", Event.locked, request, true));
		on(Effect.wake, ([at]) => {
			if (this.wake) this.wake.run = () => undefined;
			network.later(`${name} clock`, () => this.runtime.event(Event.tick, network.now), at);
			this.wake = network.tasks.at(-1);
		});
		on(Effect.grid, ([grid, state, role, title]) => this.grids.set(Buffer.from(grid).toString("hex"), { state, role, title }));
		on(Effect.changed, ([grid]) => this.dirty.add(Buffer.from(grid).toString("hex")));
		on(Effect.notice, ([, code, text]) => this.notices.push([code, text]));
		on(Effect.durability, ([, unsent, safe, devices]) => (this.durability = { unsent, safe, devices }));
		on(Effect.presence, ([, session, , , , who, , position]) => this.presence.set(Buffer.from(session).toString("hex"), [who, position]));
		this.runtime.event(Event.entropy, Uint8Array.from({ length: 32 }, () => network.next(256)));
		this.runtime.event(Event.tick, network.now);
	}

	write(op, key, value) {
		const k = Buffer.from(key);
		const id = k.toString("latin1");
		const old = this.disk.get(id)?.[1];
		const head = (v) => Buffer.concat([v, Buffer.alloc(8)]).readBigUInt64BE(0);
		if (op === 1) this.disk.delete(id);
		else if (op === 0 || !old || (op === 2 && head(Buffer.from(value)) > head(Buffer.from(old)))) this.disk.set(id, [k, value]);
	}

	/// The answer of a command, after running the network until it comes.
	ask(name, ...args) {
		let answer;
		this.runtime.command(name, ...args).then(
			(value) => (answer = { value }),
			(error) => (answer = { error }),
		);
		// Promises settle between turns of this loop, which the caller awaits.
		return (async () => {
			for (let n = 0; n < 2000 && !answer; n++) {
				this.network.run(10);
				await null;
			}
			if (!answer) throw new Error(`${this.name}: command ${name} got no answer`);
			if (answer.error) throw answer.error;
			return answer.value;
		})();
	}
}

/// Join two hosts as tabs of one profile are joined (link kind 1).
export function join(a, b) {
	const ends = [a, b].map((host) => ({ host, number: (host.lastLink = (host.lastLink ?? 0) + 1) }));
	const [x, y] = ends;
	a.links[x.number] = { peer: b, link: y.number, up: true };
	b.links[y.number] = { peer: a, link: x.number, up: true };
	for (const { host, number } of ends) host.runtime.event(Event.opened, number, 1, "");
	return () => {
		for (const { host, number } of ends) if (host.links[number].up) (host.links[number].up = false), host.runtime.event(Event.closed, number);
	};
}
