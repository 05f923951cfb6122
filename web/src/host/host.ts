// host.ts -- the browser as a host: carries out a peer's effects and feeds it events (docs/host.md).
import { Effect, Event, Status, type Runtime } from "../runtime/runtime";
import type { Value } from "../runtime/msgpack";
import { Links } from "./links";
import { Locks } from "./locks";
import type { Storage } from "./storage";

const ENTROPY_EVERY_MS = 3_600_000;

export class Host {
	readonly links: Links;
	private readonly locks = new Locks();
	private timer: ReturnType<typeof setTimeout> | undefined;
	private readonly soon = new MessageChannel();
	private soonAsked = false;
	private storing = 0;
	private written: Promise<number> = Promise.resolve(Status.ok); // how the newest batch ended, or will

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

	/// Batches handed to the disk and not yet confirmed.
	pendingStores(): number {
		return this.storing;
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
	private async store([batch, strict, list]: Value[]): Promise<void> {
		const writes = (list as [number, Uint8Array, Uint8Array][]).map(([op, key, value]) => ({ op, key, value }));
		const before = this.written;
		this.storing++;
		const written = before.then((failed) => (failed === Status.ok ? this.storage.store(writes, strict as boolean) : failed));
		this.written = written;
		const status = await written;
		this.storing--;
		if (this.written === written) this.written = Promise.resolve(Status.ok);
		this.runtime.event(Event.stored, batch as number, status);
	}

	private async load([request, from, to, maxBytes]: Value[]): Promise<void> {
		const { status, records, more } = await this.storage.load(from as Uint8Array, to as Uint8Array, maxBytes as number);
		this.runtime.event(Event.loaded, request as number, status, records, more);
	}

	private async lock([request, name]: Value[]): Promise<void> {
		this.runtime.event(Event.locked, request as number, await this.locks.lock(name as Uint8Array));
	}
}
