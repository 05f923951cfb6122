// controller.ts -- the one place where actions meet the runtime: dispatch(action) in, changed state out.
import { Host } from "../host/host";
import { alone, share } from "../host/locks";
import type { Storage } from "../host/storage";
import { Command, CommandError, Effect, Runtime, Status } from "../runtime/runtime";
import type { Value } from "../runtime/msgpack";
import type { Peer } from "../runtime/wasm";
import type { Caret, Port } from "../editor/binding";
import { blocksOf, format, type Attrs, type Block, type Format, type Segment } from "../editor/items";
import { fromBase64Url, toBase64Url, toHex } from "./bytes";
import { Library } from "./library";
import type { NodeInfo } from "./node";
import type { Reporter } from "./reporter";
import { parseRoute, type Route } from "./route";
import { beginning, Shelf } from "./shelf";
import { Role, initialState, Notice, type Action, type OpenDocument, type Person, type State } from "./state";

const KIND_PERSON = 0;
const FLOW_BODY = 0;
const CARET_EVERY_MS = 100; // presence is at most 10 a second
const REMOVAL_LEFT_MS = 60_000; // longer than any page offers to undo it
const LINK_STATE = ["connecting", "live", "refused", "draining"] as const;

/// What the page hears besides changed state.
export interface Listener {
	changed(state: State): void;
	patches(): void; // the open document has patches
}

export class Controller {
	readonly state: State;
	private readonly runtime: Runtime;
	private readonly host: Host;
	private readonly library: Library;
	private readonly shelf = new Shelf();
	private readonly editedMs = new Map<string, number>(); // documents edited since this page was loaded
	private readonly listeners: Listener[] = [];
	private readonly lastWords = new Set<() => void>();
	private readonly linkStates = new Map<number, { state: number; detail: string }>();
	private readonly formats = new Map<number, Format>();
	private readonly known = new Map<string, OpenDocument>(); // what effects have said of each open grid
	private node: NodeInfo = { relays: [], replica: null };
	private begin: () => void = () => undefined;
	private readonly begun = new Promise<void>((resolve) => (this.begin = resolve));
	private lastEdit = 0;
	private again = ""; // the grid that is being closed and opened again
	private unshare: () => void = () => undefined; // of the open document
	private readonly unseen = new Map<string, Promise<void>>(); // until when documents are worked on that are not shown
	private opening: Promise<void> = Promise.resolve(); // until then
	private caretTimer: ReturnType<typeof setTimeout> | undefined;
	private caretWaiting: Caret | null = null;
	private caretSent = 0;
	private notifying = false;

	constructor(peer: Peer, storage: Storage, private readonly reporter: Reporter) {
		this.state = initialState(parseRoute(location.hash));
		this.runtime = new Runtime(peer, reporter.report, () => Date.now());
		this.host = new Host(this.runtime, storage, () => this.connectionChanged());
		this.library = new Library(this.runtime);
		this.listen();
		addEventListener("hashchange", () => this.dispatch({ type: "navigate", hash: location.hash }));
		// Another tab may have made, renamed or removed a document meanwhile.
		addEventListener("focus", () => this.state.route.name === "home" && this.dispatch({ type: "navigate", hash: location.hash }));
		addEventListener("pagehide", () => {
			this.flush();
			this.tell(Command.away);
		});
		document.addEventListener("visibilitychange", () => document.hidden && this.flush());
		addEventListener("beforeunload", (event) => this.unsaved() && event.preventDefault());
	}

	/// Call `say` when the open document is about to be closed, or the page to go, and what it dispatches still counts.
	/// The function given back ends that.
	beforeLeaving(say: () => void): () => void {
		this.lastWords.add(say);
		return () => void this.lastWords.delete(say);
	}

	/// Bring the peer up; resolves when it knows who we are.
	async start(defaultName: string, node: Promise<NodeInfo>): Promise<void> {
		this.host.start();
		const [, name, colour] = (await this.runtime.command(Command.start, KIND_PERSON, defaultName)) as [Uint8Array, string, number];
		this.state.me = { name, colour };
		this.state.phase = "ready";
		this.begin();
		const kept = (await navigator.storage?.persisted?.().catch(() => false)) ?? false;
		await this.runtime.command(Command.temporary, !kept);
		this.dispatch({ type: "navigate", hash: location.hash });
		this.node = await node;
		for (const url of this.node.relays) this.host.links.addRelay(url);
		this.connectionChanged();
	}

	subscribe(listener: Listener): () => void {
		this.listeners.push(listener);
		return () => void this.listeners.splice(this.listeners.indexOf(listener), 1);
	}

	/// Change the state.  What can fail is reported, never thrown.
	dispatch(action: Action): void {
		this.act(action).catch(this.reporter.report);
	}

	/// The open document for its editor; every call answers at once.
	port(): Port {
		const grid = this.openGrid();
		const edited = () => void this.editedMs.set(toBase64Url(grid), (this.lastEdit = Date.now()));
		return {
			edit: (edits) => {
				edited();
				this.runtime.now(Command.edit, grid, edits);
			},
			poll: () => this.runtime.now(Command.poll, grid),
			undo: () => (edited(), this.runtime.now(Command.undo, grid)),
			redo: () => (edited(), this.runtime.now(Command.redo, grid)),
			format: (id) => this.format(grid, id),
		};
	}

	/// Close the open document and open it anew from storage, where all of it is.  Until that has ended its port
	/// answers nothing; then it wants a new one.  Rejects when that fails: the document is broken then.
	openAgain(): Promise<void> {
		const { open } = this.state;
		if (!open) return this.opening;
		const grid = this.openGrid();
		this.again = open.grid;
		open.stale = false;
		const work = async () => {
			try {
				await this.runtime.command(Command.close, grid);
				this.formats.clear();
				open.people.clear();
				await this.runtime.command(Command.open, grid, "", new Uint8Array(0));
			} catch (error) {
				open.phase = "broken";
				open.durability = null; // nothing more is heard of it
				throw error;
			} finally {
				this.again = "";
				this.changed();
			}
		};
		const done = work();
		this.opening = done.catch(() => undefined);
		return done;
	}

	/// Tell others where the own caret is; null when it left.
	caret(caret: Caret | null): void {
		this.caretWaiting = caret;
		if (this.caretTimer !== undefined) return;
		this.caretTimer = setTimeout(() => this.sendCaret(), Math.max(0, this.caretSent + CARET_EVERY_MS - Date.now()));
	}

	/// The caret jumped: what is typed next is undone by itself.
	undoBreak(): void {
		if (this.state.open) void this.runtime.command(Command.undoBreak, this.openGrid()).catch(this.reporter.report);
	}

	/// Links to the open document, "" where we may not hand one out.
	async links(): Promise<{ edit: string; comment: string; view: string }> {
		const [edit, comment, view] = (await this.runtime.command(Command.links, this.openGrid())) as [string, string, string];
		const address = (fragment: string) => (fragment ? `${location.origin}/${fragment}` : "");
		return { edit: address(edit), comment: address(comment), view: address(view) };
	}

	/// Delete a document and its keys here; false where another tab has it open: what is typed there would go nowhere.
	async remove(grid: string): Promise<boolean> {
		const removed = await alone(grid, () => this.runtime.command(Command.forget, fromBase64Url(grid)!));
		if (removed) this.shelf.forget(grid);
		else this.keep(grid);
		await this.list();
		this.changed();
		return removed;
	}

	/// A document is no longer shown, and remove() follows unless keep() does; false where another tab has it open.
	async removeSoon(grid: string): Promise<boolean> {
		const free = await alone(grid, async () => undefined);
		if (free) this.shelf.change(grid, { removedMs: Date.now() });
		this.changed();
		return free;
	}

	/// It stays after all.
	keep(grid: string): void {
		if (this.shelf.card(grid).removedMs > 0) this.shelf.change(grid, { removedMs: 0 });
		this.changed();
	}

	/// Show a document before all others, or no longer.
	pin(grid: string, pinned: boolean): void {
		this.shelf.change(grid, { pinned });
		this.changed();
	}

	/// Sort a document by these words.
	tag(grid: string, tags: readonly string[]): void {
		this.shelf.change(grid, { tags });
		this.changed();
	}

	/// Home shall know how a document begins, and that it was edited.
	remember(grid: string, blocks: readonly Block[]): void {
		const old = this.shelf.card(grid);
		const text = beginning(blocks);
		const editedMs = Math.max(old.editedMs, this.editedMs.get(grid) ?? 0);
		if (text !== old.text || editedMs !== old.editedMs) this.shelf.change(grid, { text, editedMs });
	}

	/// What stands in a document that is not open here.  Throws NotHere.
	async read(grid: string): Promise<readonly Block[]> {
		await this.begun;
		return this.apart(grid, () => this.library.read(fromBase64Url(grid)!));
	}

	/// A new document, empty and open in the runtime: its id.
	async create(): Promise<string> {
		await this.begun;
		await this.opening;
		const grid = await this.make("");
		void this.askForStorage();
		return toBase64Url(grid);
	}

	/// A new document with this content, which is not opened yet: its id.
	async add(title: string, content: readonly Segment[], progress?: (done: number) => void): Promise<string> {
		await this.begun;
		const grid = await this.make(title);
		const id = toBase64Url(grid);
		await this.apart(id, async () => {
			try {
				await this.library.fill(grid, content, progress);
			} catch (error) {
				await this.runtime.command(Command.forget, grid); // half a document is none
				throw error;
			}
			// What it begins with is nobody's typing: a document that was opened again has nothing to undo.
			await this.runtime.command(Command.close, grid);
		});
		this.remember(id, blocksOf(content));
		await this.list();
		this.changed();
		void this.askForStorage();
		return id;
	}

	// Work on a document that is not shown, one after another; it is not opened until that has closed it.
	private apart<T>(grid: string, work: () => Promise<T>): Promise<T> {
		const done = (this.unseen.get(grid) ?? Promise.resolve()).then(work).finally(() => this.known.delete(grid));
		const ended = done.then(() => undefined, () => undefined);
		this.unseen.set(grid, ended);
		void ended.then(() => this.unseen.get(grid) === ended && this.unseen.delete(grid));
		return done;
	}

	private async make(title: string): Promise<Uint8Array> {
		const grid = (await this.runtime.command(Command.create, title)) as Uint8Array;
		const { replica } = this.node;
		if (replica) this.runtime.command(Command.invite, grid, replica.node, replica.box, replica.name, replica.token).catch(this.reporter.report);
		return grid;
	}

	private async act(action: Action): Promise<void> {
		const { state } = this;
		if (action.type === "navigate") this.sayLastWords();
		// Who is quick finds buttons before the peer knows its keys.
		if (action.type === "profile") await this.begun;
		// A title can only be typed later, and waits for nothing: the page may be gone in a moment.
		if (action.type !== "rename" || this.again) await this.opening;
		switch (action.type) {
			case "navigate":
				state.route = parseRoute(action.hash);
				if (state.phase !== "ready") break;
				if (state.route.name === "document") await this.open(state.route);
				else {
					await this.closeOpen();
					if (state.route.name === "home") await this.list();
				}
				break;
			case "rename":
				if (state.open?.grid !== action.grid || state.open.title === action.title) break;
				state.open.title = action.title;
				this.lastEdit = Date.now();
				await this.runtime.command(Command.title, this.openGrid(), action.title);
				break;
			case "profile":
				await this.runtime.command(Command.profile, action.name, action.colour);
				state.me = { name: action.name, colour: action.colour };
				break;
			case "dismiss":
				state.notices.delete(action.notice);
				break;
		}
		this.changed();
	}

	private async open(route: Route & { name: "document" }): Promise<void> {
		const { state } = this;
		if (state.open?.grid === route.grid && route.mode === "" && state.open.phase !== "missing") return;
		await this.closeOpen();
		await this.unseen.get(route.grid);
		if (state.route !== route) return; // meanwhile the person went elsewhere
		const open = this.document(route.grid);
		if (open.phase === "missing") open.phase = "loading";
		state.open = open;
		this.unshare = share(open.grid);
		this.keep(open.grid); // whoever opens it wants it
		this.changed();
		try {
			await this.runtime.command(Command.open, fromBase64Url(route.grid)!, route.mode, route.secret);
		} catch (error) {
			if (state.open !== open) return; // left meanwhile: the peer was told to stop opening it
			if (!(error instanceof CommandError) || error.status !== Status.notFound) throw error;
			open.phase = "missing";
		}
	}

	private async closeOpen(): Promise<void> {
		const { open } = this.state;
		if (!open) return;
		this.state.open = null;
		this.unshare();
		this.known.delete(open.grid);
		this.formats.clear();
		this.state.notices.clear();
		this.changed();
		if (open.phase !== "missing" && open.phase !== "broken") await this.runtime.command(Command.close, fromBase64Url(open.grid)!);
	}

	// A replica that was invited while no relay could be reached never heard of it.
	private remindReplica(): void {
		const { replica } = this.node;
		if (!replica || this.state.open?.phase !== "ready" || this.state.open.role !== Role.edit) return;
		this.runtime.command(Command.remind, this.openGrid(), replica.node, replica.box, replica.name, replica.token).catch(this.reporter.report);
	}

	// Ask the browser to keep what is stored; where it will not promise, others are told that a copy here may vanish.
	private async askForStorage(): Promise<void> {
		const kept = (await navigator.storage?.persist?.().catch(() => false)) ?? false;
		await this.runtime.command(Command.temporary, !kept);
	}

	private async list(): Promise<void> {
		const list = (await this.runtime.command(Command.list)) as [Uint8Array, string, string, number][];
		await this.shelf.refresh();
		const documents = list.map(([grid, mode, title, openedMs]) => ({ grid: toBase64Url(grid), mode, title, openedMs }));
		const there = new Set(documents.map(({ grid }) => grid));
		for (const { grid, removedMs } of [...this.shelf.cards.values()]) {
			// The page was closed before it was done.
			const late = removedMs > 0 && Math.abs(Date.now() - removedMs) > REMOVAL_LEFT_MS;
			if (late && there.has(grid) && (await alone(grid, () => this.runtime.command(Command.forget, fromBase64Url(grid)!)))) there.delete(grid);
			if (!there.has(grid)) this.shelf.forget(grid);
		}
		this.state.cards = this.shelf.cards;
		this.state.documents = documents.filter(({ grid }) => there.has(grid));
	}

	private listen(): void {
		const on = (effect: number, listener: (open: OpenDocument, fields: Value[]) => void) =>
			this.runtime.on(effect, ([grid, ...fields]) => {
				listener(this.document(toBase64Url(grid as Uint8Array)), fields);
				this.changed();
			});
		on(Effect.grid, (open, [phase, role, title]) => {
			this.library.heard(open.grid, phase as number);
			if (open.phase === "broken" || (open.grid === this.again && phase !== 1)) return; // it comes back in a moment, or not
			if (phase === 2) open.phase = "missing";
			else if (phase === 1) {
				if (open.phase !== "ready") queueMicrotask(() => this.remindReplica());
				open.phase = "ready";
			}
			open.role = role as number;
			open.title = title as string;
		});
		on(Effect.presence, (open, [session, device, role, own, name, colour, position]) => {
			const person = personOf(session as Uint8Array, device as Uint8Array, role as number, own as boolean, name as string, colour as number, position as Value[] | null);
			if (person.name === "" && !person.caret) open.people.delete(person.session);
			else open.people.set(person.session, person);
		});
		on(Effect.durability, (open, [unsent, safe, devices]) => {
			open.durability = {
				unsent: unsent as number,
				safe: safe as number,
				// Others may confirm an entry before the own disk does: then neither says that there is one.
				wrote: open.durability?.wrote === true || (unsent as number) + (safe as number) > 0,
				devices: (devices as [Uint8Array, number, string, boolean, boolean][]).map(([id, role, name, holds, temporary]) => ({
					id: toHex(id), role, name, holds, temporary,
				})),
			};
		});
		on(Effect.progress, (open, [done, total]) => {
			open.progress = { done: done as number, total: total as number };
		});
		this.runtime.on(Effect.changed, ([grid]) => {
			if (this.state.open && toBase64Url(grid as Uint8Array) === this.state.open.grid) for (const listener of this.listeners) listener.patches();
		});
		this.runtime.on(Effect.link, ([link, state, detail]) => {
			this.linkStates.set(link as number, { state: state as number, detail: detail as string });
			if (LINK_STATE[state as number] === "live") queueMicrotask(() => this.remindReplica());
			this.connectionChanged();
		});
		this.runtime.on(Effect.notice, ([grid, code, text]) => {
			if (code === Notice.openAgain) this.stale(toBase64Url(grid as Uint8Array));
			else this.notice(code as number, text as string);
		});
	}

	// Effects may speak of a grid before the page opens it: `create` answers with a grid that is ready.
	private document(grid: string): OpenDocument {
		let known = this.known.get(grid);
		if (!known) this.known.set(grid, (known = { grid, phase: "loading", stale: false, role: 0, title: "", people: new Map(), durability: null, progress: null }));
		return known;
	}

	private stale(grid: string): void {
		if (this.state.open?.grid !== grid) return;
		this.state.open.stale = true;
		this.changed();
	}

	private notice(code: number, text: string): void {
		if (code === Notice.storageFull) this.state.storageFull = true;
		else if (code === Notice.storageWorks) this.state.storageFull = false;
		else this.state.notices.set(code, text);
		this.changed();
	}

	// Live: a relay has accepted us.  Connecting: one is being dialled or greeted.  Else offline.
	private connectionChanged(): void {
		const sockets = this.host?.links.states() ?? [];
		const open = new Set(this.host?.links.openRelays() ?? []);
		const links = [...this.linkStates].filter(([link]) => open.has(link)).map(([, state]) => LINK_STATE[state.state]);
		const refused = [...this.linkStates.values()].filter((link) => LINK_STATE[link.state] === "refused").at(-1);
		this.state.connection = links.includes("live") ? "live" : links.includes("connecting") || sockets.includes("connecting") || sockets.includes("open") ? "connecting" : "offline";
		if (!navigator.onLine && this.state.connection === "connecting") this.state.connection = "offline";
		this.state.connectionDetail = this.state.connection === "live" ? "" : (refused?.detail ?? "");
		this.changed();
	}

	private format(grid: Uint8Array, id: number): Format {
		let known = this.formats.get(id);
		if (!known) {
			known = format(this.runtime.now(Command.format, grid, id) as unknown as Attrs);
			this.formats.set(id, known);
		}
		return known;
	}

	private sendCaret(): void {
		this.caretTimer = undefined;
		this.caretSent = Date.now();
		const { open } = this.state;
		if (open?.phase !== "ready" || this.again) return;
		const at = this.caretWaiting;
		this.runtime.command(Command.caret, this.openGrid(), at ? [FLOW_BODY, at.anchor, at.head] : null).catch(this.reporter.report);
	}

	private flush(): void {
		this.sayLastWords();
		this.tell(Command.flush);
		this.host.hurry();
	}

	// A command for the open document, if there is one, that needs no answer.
	private tell(command: number): void {
		if (this.state.open?.phase === "ready" && !this.again) this.runtime.command(command, this.openGrid()).catch(() => undefined);
	}

	private sayLastWords(): void {
		for (const say of this.lastWords) say();
	}

	// Typed and not yet on the disk: what closing the tab now would lose.
	private unsaved(): boolean {
		this.flush();
		return this.state.storageFull || (this.host.writing() && Date.now() - this.lastEdit < 5000);
	}

	private openGrid(): Uint8Array {
		const grid = this.state.open && fromBase64Url(this.state.open.grid);
		if (!grid) throw new Error("no document is open");
		return grid;
	}

	// Many effects in one turn are one change for the page.
	private changed(): void {
		if (this.notifying) return;
		this.notifying = true;
		queueMicrotask(() => {
			this.notifying = false;
			for (const listener of [...this.listeners]) listener.changed(this.state);
		});
	}
}

function personOf(session: Uint8Array, device: Uint8Array, role: number, own: boolean, name: string, colour: number, position: Value[] | null): Person {
	const [flow, anchor, head] = (position ?? []) as number[];
	const caret = position && flow === FLOW_BODY ? { anchor: anchor!, head: head! } : null;
	return { session: toHex(session), device: toHex(device), role, own, name, colour, caret };
}
