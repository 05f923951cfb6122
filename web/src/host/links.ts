// links.ts -- the peer's links: WebSockets to relays (kind 0) and the other tabs of this profile (kind 1).
//
// A link number is used once.  A relay that goes away is dialled again with jittered back-off, 0.5 s doubling to
// 30 s; it counts as well again after it stayed open for 10 s, so a relay that accepts and drops is not hammered.
import { Event, type Runtime } from "../runtime/runtime";

const BACKOFF_FIRST_MS = 500;
const BACKOFF_MAX_MS = 30_000;
const STEADY_MS = 10_000;
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

export const LinkKind = { relay: 0, tabs: 1 } as const;

interface Link {
	send(bytes: Uint8Array): void;
	close(): void;
}

export class Links {
	private readonly links = new Map<number, Link>();
	private readonly relays = new Map<string, Relay>();
	private lastLink = 0;

	constructor(private readonly runtime: Runtime, private readonly changed: () => void) {
		addEventListener("online", () => this.redial());
		// A socket would notice a lost network only when its next words go unanswered for long.
		addEventListener("offline", () => this.networkLost());
	}

	/// Sockets that are dialling, open, and waiting to be dialled again.
	states(): ("connecting" | "open" | "waiting")[] {
		return [...this.relays.values()].map((relay) => relay.state);
	}

	/// Numbers of the open links to relays.
	openRelays(): number[] {
		return [...this.relays.values()].flatMap((relay) => relay.link || []);
	}

	/// Dial a relay and keep dialling it.
	addRelay(url: string): void {
		if (!this.relays.has(url)) this.relays.set(url, new Relay(url, this));
	}

	/// Try all waiting relays now.
	redial(): void {
		for (const relay of this.relays.values()) relay.redial();
	}

	private networkLost(): void {
		for (const relay of this.relays.values()) relay.networkLost();
	}

	/// Join the other tabs.
	openTabs(name = "toygrid"): void {
		const channel = new BroadcastChannel(name);
		const link = this.opened({ send: (bytes) => channel.postMessage(bytes), close: () => channel.close() }, LinkKind.tabs, "");
		channel.onmessage = (message: MessageEvent<unknown>) => {
			if (message.data instanceof Uint8Array) this.runtime.event(Event.received, link, message.data);
		};
	}

	send(link: number, bytes: Uint8Array): void {
		this.links.get(link)?.send(bytes);
	}

	close(link: number): void {
		this.links.get(link)?.close();
	}

	opened(link: Link, kind: number, host: string): number {
		const number = ++this.lastLink;
		this.links.set(number, link);
		this.runtime.event(Event.opened, number, kind, host);
		return number;
	}

	closed(link: number): void {
		if (this.links.delete(link)) this.runtime.event(Event.closed, link);
	}

	received(link: number, bytes: Uint8Array): void {
		this.runtime.event(Event.received, link, bytes);
	}

	stateChanged(): void {
		this.changed();
	}
}

class Relay {
	state: "connecting" | "open" | "waiting" = "connecting";
	link = 0; // 0: none open
	private attempts = 0;
	private timer: ReturnType<typeof setTimeout> | undefined;
	private hangUp: () => void = () => undefined; // end the socket there is, if any

	constructor(private readonly url: string, private readonly links: Links) {
		this.dial();
	}

	redial(): void {
		if (this.state !== "waiting") return;
		clearTimeout(this.timer);
		this.dial();
	}

	/// A relay on this very machine needs no network.
	networkLost(): void {
		if (!LOOPBACK.test(new URL(this.url).hostname)) this.hangUp();
	}

	private dial(): void {
		let steady: ReturnType<typeof setTimeout> | undefined;
		this.setState("connecting");
		const socket = new WebSocket(this.url);
		socket.binaryType = "arraybuffer";
		socket.onopen = () => {
			steady = setTimeout(() => (this.attempts = 0), STEADY_MS);
			this.setState("open");
			this.link = this.links.opened(
				{ send: (bytes) => socket.readyState === WebSocket.OPEN && socket.send(bytes as Uint8Array<ArrayBuffer>), close: () => socket.close() },
				LinkKind.relay,
				new URL(this.url).hostname,
			);
		};
		socket.onmessage = (message: MessageEvent<unknown>) => {
			if (message.data instanceof ArrayBuffer) this.links.received(this.link, new Uint8Array(message.data));
		};
		const closed = () => {
			socket.onclose = socket.onmessage = socket.onopen = null;
			this.hangUp = () => undefined;
			clearTimeout(steady);
			const { link } = this;
			this.link = 0;
			if (link) this.links.closed(link);
			const ceiling = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** this.attempts++);
			this.timer = setTimeout(() => this.dial(), ceiling * (0.5 + Math.random() / 2));
			this.setState("waiting");
		};
		socket.onclose = closed;
		// Closing shakes hands first, which takes long where nobody answers: do not wait for it.
		this.hangUp = () => {
			socket.close();
			closed();
		};
	}

	private setState(state: Relay["state"]): void {
		this.state = state;
		this.links.stateChanged();
	}
}
