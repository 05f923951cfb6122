// runtime.ts -- events in, effects out, and commands that answer (docs/host.md).
//
// Everything the page asks of the peer goes through command(); everything the peer wants done goes to one
// listener per effect.  Effects are carried out in order; an event caused by an effect waits for its turn.
import { decodeAll, encode, type Value } from "./msgpack";
import type { Peer } from "./wasm";

export const Event = { tick: 0, entropy: 1, opened: 2, closed: 3, received: 4, stored: 5, loaded: 6, locked: 7, command: 8 } as const;

export const Effect = {
	send: 0, store: 1, load: 2, lock: 3, unlock: 4, wake: 5, close: 6, reply: 7, grid: 8, changed: 9, presence: 10,
	durability: 11, link: 12, notice: 13, ext: 14, called: 15, progress: 16,
} as const;

export const Command = {
	start: 0, profile: 1, create: 2, open: 3, close: 4, list: 5, forget: 6, edit: 7, poll: 8, format: 9, undo: 10,
	redo: 11, caret: 12, links: 13, invite: 14, title: 15, heads: 21, undoBreak: 24, flush: 25, temporary: 28, remind: 29, away: 30,
} as const;

export const Status = { ok: 0, notFound: 10, permission: 14, io: 22, full: 23 } as const;

const TICK_FRESH_MS = 10; // a clock older than this is set before an event

/// A command that the peer answered with an error.
export class CommandError extends Error {
	constructor(readonly command: number, readonly status: number) {
		super(`command ${command} failed with status ${status}`);
	}
}

type Answer = (status: number, value: Value) => void;

export class Runtime {
	private readonly listeners = new Map<number, (fields: Value[]) => void>();
	private readonly waiting = new Map<number, Answer>();
	private readonly queue: Value[][] = [];
	private busy = false;
	private lastRequest = 0;
	private lastTick = 0;

	constructor(private readonly peer: Peer, private readonly failed: (error: unknown) => void, private readonly clock: () => number = () => this.lastTick) {}

	/// Carry out effects of one kind with `listener`; it gets the fields after the kind.
	on(effect: number, listener: (fields: Value[]) => void): void {
		this.listeners.set(effect, listener);
	}

	/// Hand an event to the peer and carry out what follows.  From inside an effect it is put off until the rest
	/// of that list was carried out.  The peer's clock stands between ticks, so one goes first when time has passed.
	event(...event: Value[]): void {
		const now = this.clock();
		if (event[0] === Event.tick) this.lastTick = event[1] as number;
		else if (this.lastTick > 0 && Math.abs(now - this.lastTick) > TICK_FRESH_MS) this.queue.push([Event.tick, (this.lastTick = now)]);
		this.queue.push(event);
		if (this.busy) return;
		this.busy = true;
		try {
			for (let next = this.queue.shift(); next; next = this.queue.shift()) {
				const status = this.peer.event(encode(next));
				if (status !== Status.ok) this.failed(new Error(`the runtime refused event ${String(next[0])}: status ${status}`));
				for (const effect of decodeAll(this.peer.effects())) this.carryOut(effect as Value[]);
			}
		} finally {
			this.busy = false;
		}
	}

	/// Run a command; rejects with CommandError.
	command(name: number, ...args: Value[]): Promise<Value> {
		return new Promise((resolve, reject) => {
			this.ask(name, args, (status, value) => (status === Status.ok ? resolve(value) : reject(new CommandError(name, status))));
		});
	}

	/// Run a command that the peer answers before it returns (edit, poll, format, undo, redo), so that nothing
	/// can be typed between question and answer.  Throws CommandError.
	now(name: number, ...args: Value[]): Value {
		let answer: { status: number; value: Value } | undefined;
		if (this.busy) throw new Error(`command ${name} from inside an effect`);
		this.ask(name, args, (status, value) => (answer = { status, value }));
		if (!answer) throw new Error(`command ${name} was not answered at once`);
		if (answer.status !== Status.ok) throw new CommandError(name, answer.status);
		return answer.value;
	}

	private ask(name: number, args: Value[], answer: Answer): void {
		const request = ++this.lastRequest;
		this.waiting.set(request, answer);
		this.event(Event.command, request, name, ...args);
	}

	// One listener's failure must not swallow the effects after it: they may be stores.
	private carryOut(effect: Value[]): void {
		const [kind, ...fields] = effect;
		try {
			if (kind === Effect.reply) {
				const [request, status, value] = fields as [number, number, Value];
				const answer = this.waiting.get(request);
				this.waiting.delete(request);
				answer?.(status, value);
			} else this.listeners.get(kind as number)?.(fields);
		} catch (error) {
			this.failed(error);
		}
	}
}
