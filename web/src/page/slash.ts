// slash.ts -- the menu of blocks that a slash opens while one types.
//
// The focus stays in the text: the text names the menu and its active entry to screen readers.
import type { ChainedCommands } from "@tiptap/core";
import type { Transaction } from "@tiptap/pm/state";
import { FROM_RUNTIME } from "../editor/binding";
import type { DocumentEditor } from "../editor/editor";
import { fitting, slashAt, type Slash } from "../editor/slash";
import { fill, h } from "./dom";
import { nameOf } from "./help";
import { icon, type IconName } from "./icons";
import { texts } from "./texts";

const t = texts.slash;

interface Entry {
	readonly name: keyof typeof t.also;
	readonly text: string;
	readonly also: string; // other words that find it
	readonly node: string; // the kind of node it makes
	readonly icon: IconName;
	readonly make: (chain: ChainedCommands) => ChainedCommands;
}

const entry = (name: Entry["name"], node: string, symbol: IconName, make: Entry["make"]): Entry => ({ name, text: nameOf(name), also: t.also[name], node, icon: symbol, make });

const ENTRIES: readonly Entry[] = [
	entry("paragraph", "paragraph", "paragraph", (c) => c.setParagraph()),
	entry("heading1", "heading", "heading1", (c) => c.setHeading({ level: 1 })),
	entry("heading2", "heading", "heading2", (c) => c.setHeading({ level: 2 })),
	entry("heading3", "heading", "heading3", (c) => c.setHeading({ level: 3 })),
	entry("heading4", "heading", "heading4", (c) => c.setHeading({ level: 4 })),
	entry("heading5", "heading", "heading5", (c) => c.setHeading({ level: 5 })),
	entry("heading6", "heading", "heading6", (c) => c.setHeading({ level: 6 })),
	entry("bullet", "bulletList", "bullet", (c) => c.toggleBulletList()),
	entry("ordered", "orderedList", "ordered", (c) => c.toggleOrderedList()),
	entry("task", "taskList", "task", (c) => c.toggleTaskList()),
	entry("quote", "blockquote", "quote", (c) => c.toggleBlockquote()),
	entry("codeBlock", "codeBlock", "codeBlock", (c) => c.toggleCodeBlock()),
	entry("rule", "horizontalRule", "rule", (c) => c.setHorizontalRule()),
];

export class SlashMenu {
	readonly container = h("div", { class: "slash", id: "slash-menu", role: "listbox", "aria-label": t.label, hidden: true, onmousedown: (event: MouseEvent) => event.preventDefault() });
	private editor: DocumentEditor | null = null;
	private slash: Slash | null = null; // while the menu is open
	private shown: readonly Entry[] = [];
	private active = 0;
	private readonly onKey = (event: KeyboardEvent) => this.key(event);
	private readonly place = () => this.slash && this.position(this.slash);
	private readonly close = () => this.hide();
	private readonly onTransaction = ({ transaction }: { transaction: Transaction }) => this.follow(transaction);

	attach(editor: DocumentEditor, editable: boolean): void {
		this.detach();
		if (!editable) return;
		this.editor = editor;
		editor.tiptap.on("transaction", this.onTransaction);
		editor.tiptap.on("blur", this.close);
	}

	detach(): void {
		this.hide();
		this.editor?.tiptap.off("transaction", this.onTransaction);
		this.editor?.tiptap.off("blur", this.close);
		this.editor = null;
	}

	// It opens when somebody has just typed the slash here, and stays as long as the caret is behind that slash and
	// something fits.
	private follow(transaction: Transaction): void {
		const { state, view } = this.editor!.tiptap;
		if (this.slash) {
			if (!transaction.docChanged && !transaction.selectionSet) return;
			const from = transaction.mapping.map(this.slash.from);
			const now = slashAt(state);
			if (now?.from === from) this.show(now);
			else this.hide();
		} else if (transaction.docChanged && !transaction.getMeta(FROM_RUNTIME) && !view.composing && transaction.doc.content.size > transaction.before.content.size) {
			const now = slashAt(state);
			if (now?.query === "") this.show(now);
		}
	}

	private show(slash: Slash): void {
		const { nodes } = this.editor!.tiptap.schema;
		const fits = fitting(ENTRIES.filter(({ node }) => nodes[node]), slash.query);
		if (fits.length === 0) return this.hide();
		const before = this.shown[this.active];
		const opens = this.slash === null;
		const same = !opens && slash.query === this.slash!.query;
		this.slash = slash;
		this.shown = fits;
		if (!same) {
			this.active = opens ? 0 : Math.max(0, slash.query ? 0 : fits.indexOf(before!));
			fill(this.container, ...fits.map((one, i) => this.option(one, i)));
		}
		this.container.hidden = false;
		if (opens) {
			// Before the text hears of it.
			addEventListener("keydown", this.onKey, true);
			addEventListener("scroll", this.place, { passive: true, capture: true });
			addEventListener("resize", this.place);
		}
		this.position(slash);
		this.mark();
	}

	private hide(): void {
		if (!this.slash) return;
		this.slash = null;
		this.container.hidden = true;
		removeEventListener("keydown", this.onKey, true);
		removeEventListener("scroll", this.place, true);
		removeEventListener("resize", this.place);
		for (const name of ["aria-controls", "aria-activedescendant"]) this.editor?.tiptap.view.dom.removeAttribute(name);
	}

	private option({ text, name, icon: symbol }: Entry, index: number): HTMLElement {
		return h(
			"div",
			{ class: "slash-option", id: `slash-${name}`, role: "option", onclick: () => this.choose(index), onmousemove: () => index !== this.active && ((this.active = index), this.mark()) },
			icon(symbol),
			h("span", {}, text),
		);
	}

	private mark(): void {
		const { dom } = this.editor!.tiptap.view;
		[...this.container.children].forEach((option, i) => option.setAttribute("aria-selected", String(i === this.active)));
		const active = this.container.children[this.active];
		active?.scrollIntoView({ block: "nearest" });
		dom.setAttribute("aria-controls", "slash-menu");
		dom.setAttribute("aria-activedescendant", active?.id ?? "");
	}

	// Under the slash, or above its line where there is no room.
	private position({ from }: Slash): void {
		const at = this.editor!.tiptap.view.coordsAtPos(from);
		const height = visualViewport?.height ?? innerHeight;
		const { offsetWidth, offsetHeight } = this.container;
		const below = at.bottom + 6 + offsetHeight <= height - 8 || at.top < offsetHeight + 14;
		this.container.style.top = `${below ? at.bottom + 6 : at.top - offsetHeight - 6}px`;
		this.container.style.left = `${Math.max(8, Math.min(at.left, innerWidth - offsetWidth - 8))}px`;
	}

	private key(event: KeyboardEvent): void {
		if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
		const n = this.shown.length;
		if (event.key === "ArrowDown") this.active = (this.active + 1) % n;
		else if (event.key === "ArrowUp") this.active = (this.active + n - 1) % n;
		else if (event.key === "Enter" || event.key === "Tab") this.choose(this.active);
		else if (event.key === "Escape") this.hide();
		else return;
		event.preventDefault();
		event.stopPropagation();
		if (this.slash) this.mark();
	}

	private choose(index: number): void {
		const { editor, slash } = this;
		const entry = this.shown[index];
		if (!editor || !slash || !entry) return;
		this.hide();
		editor.focus();
		editor.apart(() => entry.make(editor.tiptap.chain().deleteRange(slash)).run());
	}
}
