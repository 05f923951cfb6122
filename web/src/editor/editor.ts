// editor.ts -- the editor of one document: tiptap with our schema, bound to the runtime.
import { Editor, Extension } from "@tiptap/core";
import { Plugin, TextSelection, type Transaction } from "@tiptap/pm/state";
import { Binding, FROM_RUNTIME, type Caret, type Port } from "./binding";
import { caretsKey, caretsPlugin, type CaretView } from "./carets";
import { bindings } from "./keymap";
import type { Block } from "./items";
import { movedIndex } from "./moved";
import { readPasted } from "./pasted";
import { extensions, safeLink } from "./schema";
import { Typed } from "./typed";

// Some keyboards compose for as long as they are open; after this long without a key others' words come in anyway.
const COMPOSING_IDLE_MS = 5000;

// The editor reads the end of a composition from the DOM a moment after the event (prosemirror-view: 20 ms).  Until then
// its state is behind the DOM, and nothing may be drawn.
const SETTLE_MS = 50;

// From this many top-level nodes on, those off the screen are not laid out.
const LARGE = 300;

// Nobody is typing when no key came for this long.
const QUIET_MS = 500;

// How near to the window's edges the caret may come, in pixels: bars stand at the top.
const COVERED = { top: 118, right: 5, bottom: 32, left: 5 };

/// What one editor hands over to the next one of its document.
export interface Held {
	readonly text: string[]; // the items, one element each
	readonly caret: Caret | null;
	readonly focused: boolean;
	readonly typed: Typed; // meanwhile
}

/// Somebody else, as shown in the text.
export interface Reader {
	id: string;
	name: string;
	colour: string;
	ink: string;
	caret: Caret | null;
}

export interface EditorEvents {
	failed(error: unknown): void;
	selected(caret: Caret, jumped: boolean): void;
	changed(): void; // anything the toolbar shows
	link(): void; // the person asks to edit a link
	apart(): void; // what comes next is undone by itself
}

export class DocumentEditor {
	readonly container = document.createElement("div");
	readonly tiptap: Editor;
	private readonly binding: Binding;
	private readers: Reader[] = [];
	private frame = 0;
	private drawing = false;
	private pulling = false; // in the next frame
	private placing = false; // others' carets, in the next frame
	private lastInput = 0;
	private held: Held | null = null;
	private settledAt = 0;
	private idle: ReturnType<typeof setTimeout> | undefined;

	constructor(port: Port, editable: boolean, label: string, placeholder: string, private readonly events: EditorEvents) {
		this.container.className = "editor";
		this.binding = new Binding(port, (error) => events.failed(error), () => this.place());
		this.tiptap = new Editor({
			element: this.container,
			onBeforeCreate: ({ editor }) => void (editor.options.content = this.binding.open(editor.schema) as never),
			editable,
			injectCSS: false,
			enableCoreExtensions: { delete: false },
			extensions: [...extensions, this.keys(placeholder)],
			editorProps: {
				scrollThreshold: COVERED,
				scrollMargin: COVERED,
				attributes: { role: "textbox", "aria-multiline": "true", "aria-label": label, spellcheck: "true", translate: "no" },
				transformPastedHTML: (html) => readPasted(html),
				handleClickOn: (_view, _pos, _node, _at, event) => this.followLink(event),
				handleDOMEvents: {
					keydown: (_view, event) => this.keepKey(event),
					beforeinput: (_view, event) => this.keepInput(event),
					paste: (_view, event) => this.keepPaste(event),
					compositionend: () => {
						this.held?.typed.compositionEnded();
						this.settledAt = Date.now() + SETTLE_MS;
						setTimeout(() => this.compositionEnded(), SETTLE_MS + 1);
					},
				},
			},
			onTransaction: ({ transaction, appendedTransactions }) => {
				const own = transaction.getMeta(FROM_RUNTIME) !== true;
				this.binding.onTransaction([transaction, ...appendedTransactions]);
				if (own && (transaction.docChanged || appendedTransactions.some((tr) => tr.docChanged))) this.lastInput = Date.now();
				if (transaction.docChanged || transaction.selectionSet) {
					const caret = this.binding.selection();
					if (caret && (own || transaction.docChanged)) events.selected(caret, own && !transaction.docChanged);
				}
				events.changed();
			},
		});
		this.binding.attach(this.tiptap.view);
	}

	/// The runtime has patches: draw them in the next frame.
	pullSoon(): void {
		this.pulling = true;
		this.drawSoon();
	}

	// What others did is drawn once a frame, their words and then their carets, however many of both have come.  A hidden
	// page has no frames, so a timer stands in.
	private drawSoon(): void {
		if (this.frame || this.drawing) return;
		const draw = () => {
			this.frame = 0;
			this.drawing = true;
			try {
				this.drawNow();
			} finally {
				this.drawing = false;
			}
		};
		this.frame = document.hidden ? window.setTimeout(draw, 200) : requestAnimationFrame(draw);
	}

	private drawNow(): void {
		const { pulling } = this;
		this.pulling = false;
		// compositionEnded() asks for what is left out here.
		if (this.tiptap.isDestroyed || this.held || Date.now() < this.settledAt) return;
		this.readDom();
		if (pulling && !this.binding.pull()) this.pullWhenIdle();
		if (this.placing) this.placeNow();
	}

	private pullWhenIdle(): void {
		clearTimeout(this.idle);
		this.idle = setTimeout(() => {
			if (this.tiptap.isDestroyed || this.held) return;
			const force = Date.now() - this.lastInput >= COMPOSING_IDLE_MS;
			if (!this.binding.pull(force)) this.pullWhenIdle();
		}, Math.max(50, this.lastInput + COMPOSING_IDLE_MS - Date.now()));
	}

	undo(): boolean {
		return this.held === null && this.binding.undo();
	}

	redo(): boolean {
		return this.held === null && this.binding.redo();
	}

	/// What `act` does is one step for undo, and nothing else is in that step.
	apart(act: () => void): void {
		this.events.apart();
		act();
		this.events.apart();
	}

	/// Draw what is not part of the text.  Not while text is being composed: nothing may be drawn then.
	adorn(change: (tr: Transaction) => Transaction): void {
		const { view } = this.tiptap;
		if (this.tiptap.isDestroyed || view.composing || Date.now() < this.settledAt) return;
		this.readDom();
		view.dispatch(change(view.state.tr).setMeta("addToHistory", false));
	}

	/// Resolves in a moment when nobody types here.
	async quiet(): Promise<void> {
		const busy = () => this.tiptap.view.composing || Date.now() < this.settledAt || Date.now() - this.lastInput < QUIET_MS;
		while (!this.tiptap.isDestroyed && busy()) await new Promise((resolve) => setTimeout(resolve, 50));
	}

	/// From now on nothing is drawn or edited; what is typed is kept for goOn() of the next editor.
	hold(): Held {
		this.readDom();
		return (this.held = { text: this.binding.text(), caret: this.binding.selection(), focused: this.tiptap.isFocused, typed: new Typed() });
	}

	/// Take over: the caret where it was in the text, and what was typed since.
	goOn({ text, caret, focused, typed }: Held): void {
		const { view } = this.tiptap;
		if (caret) {
			const now = this.binding.text();
			const [anchor, head] = [caret.anchor, caret.head].map((index) => view.state.doc.resolve(this.binding.position(movedIndex(text, now, index))));
			view.dispatch(view.state.tr.setSelection(TextSelection.between(anchor!, head!)));
		}
		if (focused) this.focus();
		typed.text.split("\n").forEach((line, i) => {
			if (i > 0) this.tiptap.commands.enter();
			if (line) view.dispatch(view.state.tr.insertText(line));
		});
	}

	/// Show the carets of others.
	setReaders(readers: Reader[]): void {
		for (const old of this.readers) if (!readers.some((reader) => reader.id === old.id)) this.binding.setCaret(old.id, null);
		for (const reader of readers) this.binding.setCaret(reader.id, reader.caret);
		this.readers = readers;
		this.place();
	}

	/// What it holds, to be written to a file.
	blocks(): readonly Block[] {
		return this.binding.items.blocks;
	}

	/// Own selection, in item indexes.
	selection(): Caret | null {
		return this.binding.selection();
	}

	focus(): void {
		// Not the command of that name, which waits for a frame: what is typed meanwhile would go elsewhere.
		this.tiptap.view.focus();
	}

	/// Put the caret into the block at `pos` and bring the block to the top.
	goTo(pos: number): void {
		const { view } = this.tiptap;
		if (view.editable) {
			view.dispatch(view.state.tr.setSelection(TextSelection.near(view.state.doc.resolve(pos + 1))));
			this.focus();
		}
		// What was never near the screen has no true height yet; once it has, look again.
		const bring = () => {
			const element = view.nodeDOM(pos);
			if (element instanceof Element) element.scrollIntoView({ block: "start" });
		};
		bring();
		requestAnimationFrame(bring);
	}

	destroy(): void {
		clearTimeout(this.idle);
		if (document.hidden) clearTimeout(this.frame);
		else cancelAnimationFrame(this.frame);
		this.tiptap.destroy();
	}

	private keepKey(event: KeyboardEvent): boolean {
		// A key right behind one that moved the caret acts where the caret is now.
		if (!this.held && !event.isComposing && !event.repeat && Date.now() >= this.settledAt) this.readDom();
		if (!this.held) return false;
		if (event.isComposing) return true;
		if (this.held.typed.key(event.key, event.ctrlKey || event.metaKey)) event.preventDefault();
		return true;
	}

	private keepInput(event: InputEvent): boolean {
		if (!this.held) return false;
		this.held.typed.input(event.inputType, event.data);
		event.preventDefault();
		return true;
	}

	private keepPaste(event: ClipboardEvent): boolean {
		if (!this.held) return false;
		this.held.typed.input("insertFromPaste", event.clipboardData?.getData("text/plain") ?? "");
		event.preventDefault();
		return true;
	}

	/// The browser moves a caret first and tells of it a moment later; a redraw in between would put it back where the
	/// editor last knew it.  So ask before drawing what others did, and before asking where the selection is.
	readDom(): void {
		const { view } = this.tiptap;
		if (!view.composing) (view as unknown as { domObserver: { flush(): void } }).domObserver.flush();
	}

	private place(): void {
		this.placing = true;
		this.drawSoon();
	}

	// Never into a composition.
	private placeNow(): void {
		const { view } = this.tiptap;
		this.placing = false;
		if (view.composing) return;
		const places = this.binding.caretPositions();
		const carets = this.readers.flatMap((reader): CaretView[] => {
			const at = places.get(reader.id);
			return at ? [{ id: reader.id, name: reader.name, colour: reader.colour, ink: reader.ink, ...at }] : [];
		});
		view.dispatch(view.state.tr.setMeta(caretsKey, carets).setMeta("addToHistory", false));
	}

	private compositionEnded(): void {
		if (this.tiptap.isDestroyed || this.tiptap.view.composing) return;
		this.binding.compositionEnded();
		this.pullSoon();
		this.place();
	}

	private keys(placeholder: string): Extension {
		const events = this.events;
		return Extension.create({
			name: "toygrid",
			priority: 1000,
			addKeyboardShortcuts: () => bindings(() => ({ tiptap: this.tiptap, undo: () => this.undo(), redo: () => this.redo(), link: () => events.link() })),
			addProseMirrorPlugins: () => [
				caretsPlugin(),
				new Plugin({
					props: {
						attributes: ({ doc }): Record<string, string> => {
							if (doc.childCount > LARGE) return { class: "is-large" };
							const empty = doc.childCount === 1 && doc.firstChild!.type.name === "paragraph" && doc.firstChild!.content.size === 0;
							return empty ? { class: "is-empty", "data-placeholder": placeholder } : {};
						},
					},
				}),
			],
		});
	}

	// In an editable text a click sets the caret; with Ctrl or Cmd it follows the link.
	private followLink(event: MouseEvent): boolean {
		const anchor = event.target instanceof Element ? event.target.closest("a") : null;
		const href = anchor?.getAttribute("href") ?? "";
		if (!safeLink(href) || !(event.ctrlKey || event.metaKey)) return false;
		window.open(href, "_blank", "noopener,noreferrer");
		return true;
	}
}
