// host.ts -- the browser as a host: carries out a peer's effects and feeds it events (docs/host.md).
import { Effect, Event, Status, type Runtime } from "../runtime/runtime";
import type { Value } from "../runtime/msgpack";
import { Links } from "./links";
import { Locks } from "./locks";
import type { Storage, Write } from "./storage";

interface Batch {
	writes: Write[];
	strict: boolean;
	ended: Promise<number>;
}

const ENTROPY_EVERY_MS = 3_600_000;

export class Host {
	readonly links: Links;
	private readonly locks = new Locks();
	private timer: ReturnType<typeof setTimeout> | undefined;
	private readonly soon = new MessageChannel();
	private soonAsked = false;
	private readonly storing: Batch[] = []; // those whose end the peer does not know yet, oldest first

	constructor(private readonly runtime: Runtime, private readonly storage: Storage, linksChanged: () => void) {
		this.links = new Links(runtime, linksChanged);
		this.soon.port1.onmessage = () => {
			this.soonAsked = false;
			this.tick();
		};
		runtime.on(Effect.send, ([link, bytes]) => this.links.send(link as number, bytes as Uint8Array));
		runtime.on(Effect.store, (fields) => void this.store(fields));
		runtime.on(Effect.load, (fields) => void this.load(fields));
		runtime.on(Effect.lock, (fields) => void this.lock(fields));
		runtime.on(Effect.unlock, ([name]) => this.locks.unlock(name as Uint8Array));
		runtime.on(Effect.wake, ([at]) => this.wake(at as number));
		runtime.on(Effect.close, ([link]) => this.links.close(link as number));
	}

	/// First events of a peer's life: entropy, the time, the other tabs.
	start(): void {
		this.entropy();
		setInterval(() => this.entropy(), ENTROPY_EVERY_MS);
		this.tick();
		this.links.openTabs();
	}

	/// Is anything on its way to the disk?
	writing(): boolean {
		return this.storing.some((batch) => batch.writes.length > 0);
	}

	/// The page may be gone in a moment: what waits for its turn is written now, in one transaction with what is under
	/// way.  To write that twice changes nothing, and if this works all of it is stored.
	hurry(): void {
		if (!this.writing()) return;
		const together = this.storage.store(this.storing.flatMap((batch) => batch.writes), this.storing.some((batch) => batch.strict));
		for (const batch of this.storing) batch.ended = together;
	}

	private entropy(): void {
		this.runtime.event(Event.entropy, crypto.getRandomValues(new Uint8Array(32)));
	}

	private tick(): void {
		this.runtime.event(Event.tick, Date.now());
	}

	// 0 means soon: after input that is waiting already, yet without the 4 ms floor of timers.
	private wake(at: number): void {
		clearTimeout(this.timer);
		if (at > 0) {
			this.timer = setTimeout(() => this.tick(), Math.min(Math.max(0, at - Date.now()), 0x7fffffff));
		} else if (!this.soonAsked) {
			this.soonAsked = true;
			this.soon.port2.postMessage(0);
		}
	}

	// One batch after another.  When one fails, so do those asked for before the peer could hear of it: storage
	// holds a prefix of what was asked for.
	private async store([number, strict, list]: Value[]): Promise<void> {
		const writes = (list as [number, Uint8Array, Uint8Array][]).map(([op, key, value]) => ({ op, key, value }));
		const before = this.storing.at(-1)?.ended ?? Promise.resolve<number>(Status.ok);
		const own: Promise<number> = before.then((failed) => {
			if (batch.ended !== own) return batch.ended; // hurry() took it along: older must not be written over newer
			return failed === Status.ok ? this.storage.store(writes, batch.strict) : failed;
		});
		const batch: Batch = { writes, strict: strict as boolean, ended: own };
		this.storing.push(batch);
		let status;
		for (let ended; ended !== batch.ended; ) status = await (ended = batch.ended);
		this.storing.splice(this.storing.indexOf(batch), 1);
		this.runtime.event(Event.stored, number as number, status as number);
	}

	private async load([request, from, to, maxBytes]: Value[]): Promise<void> {
		const { status, records, more } = await this.storage.load(from as Uint8Array, to as Uint8Array, maxBytes as number);
		this.runtime.event(Event.loaded, request as number, status, records, more);
	}

	private async lock([request, name]: Value[]): Promise<void> {
		this.runtime.event(Event.locked, request as number, await this.locks.lock(name as Uint8Array));
	}
}
