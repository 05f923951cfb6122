// editor.ts -- the editor of one document: tiptap with our schema, bound to the runtime.
import { Editor, Extension } from "@tiptap/core";
import { Plugin } from "@tiptap/pm/state";
import { Binding, FROM_RUNTIME, type Caret, type Port } from "./binding";
import { caretsKey, caretsPlugin, type CaretView } from "./carets";
import { extensions, safeLink } from "./schema";

// Some keyboards compose for as long as they are open; after this long without a key others' words come in anyway.
const COMPOSING_IDLE_MS = 5000;

// The editor reads the end of a composition from the DOM a moment after the event (prosemirror-view: 20 ms).  Until then
// its state is behind the DOM, and nothing may be drawn.
const SETTLE_MS = 50;

// From this many top-level nodes on, those off the screen are not laid out.
const LARGE = 300;

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
}

export class DocumentEditor {
	readonly container = document.createElement("div");
	readonly tiptap: Editor;
	private readonly binding: Binding;
	private readers: Reader[] = [];
	private frame = 0;
	private placing = false;
	private lastInput = 0;
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
				attributes: { role: "textbox", "aria-multiline": "true", "aria-label": label, spellcheck: "true", translate: "no" },
				handleClickOn: (_view, _pos, _node, _at, event) => this.followLink(event),
				handleDOMEvents: {
					compositionend: () => {
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

	/// The runtime has patches: draw them in the next frame.  A hidden page has no frames, so a timer stands in.
	pullSoon(): void {
		if (this.frame) return;
		const pull = () => {
			this.frame = 0;
			// compositionEnded() pulls what is left for it.
			if (this.tiptap.isDestroyed || Date.now() < this.settledAt) return;
			this.readDom();
			if (!this.binding.pull()) this.pullWhenIdle();
		};
		this.frame = document.hidden ? window.setTimeout(pull, 200) : requestAnimationFrame(pull);
	}

	private pullWhenIdle(): void {
		clearTimeout(this.idle);
		this.idle = setTimeout(() => {
			if (this.tiptap.isDestroyed) return;
			const force = Date.now() - this.lastInput >= COMPOSING_IDLE_MS;
			if (!this.binding.pull(force)) this.pullWhenIdle();
		}, Math.max(50, this.lastInput + COMPOSING_IDLE_MS - Date.now()));
	}

	undo(): boolean {
		return this.binding.undo();
	}

	redo(): boolean {
		return this.binding.redo();
	}

	/// Show the carets of others.
	setReaders(readers: Reader[]): void {
		for (const old of this.readers) if (!readers.some((reader) => reader.id === old.id)) this.binding.setCaret(old.id, null);
		for (const reader of readers) this.binding.setCaret(reader.id, reader.caret);
		this.readers = readers;
		this.place();
	}

	/// Own selection, in item indexes.
	selection(): Caret | null {
		return this.binding.selection();
	}

	focus(): void {
		// Not the command of that name, which waits for a frame: what is typed meanwhile would go elsewhere.
		this.tiptap.view.focus();
	}

	destroy(): void {
		clearTimeout(this.idle);
		if (document.hidden) clearTimeout(this.frame);
		else cancelAnimationFrame(this.frame);
		this.tiptap.destroy();
	}

	// The browser moves a caret first and tells of it a moment later; a redraw in between would put it back where the
	// editor last knew it.  So ask before drawing what others did.
	private readDom(): void {
		const { view } = this.tiptap;
		if (!view.composing) (view as unknown as { domObserver: { flush(): void } }).domObserver.flush();
	}

	// Carets are placed once per turn, however many things moved, and never into a composition.
	private place(): void {
		if (this.placing) return;
		this.placing = true;
		queueMicrotask(() => {
			this.placing = false;
			if (this.tiptap.isDestroyed || this.tiptap.view.composing || Date.now() < this.settledAt) return;
			this.readDom();
			const { view } = this.tiptap;
			const places = this.binding.caretPositions();
			const carets = this.readers.flatMap((reader): CaretView[] => {
				const at = places.get(reader.id);
				return at ? [{ id: reader.id, name: reader.name, colour: reader.colour, ink: reader.ink, ...at }] : [];
			});
			view.dispatch(view.state.tr.setMeta(caretsKey, carets).setMeta("addToHistory", false));
		});
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
			addKeyboardShortcuts: () => ({
				"Mod-z": () => (this.undo(), true),
				"Mod-y": () => (this.redo(), true),
				"Mod-Shift-z": () => (this.redo(), true),
				"Mod-k": () => (events.link(), true),
			}),
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
