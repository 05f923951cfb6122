// floating.ts -- formatting beside the words that are selected.  The toolbar above has the same and more: this one
// spares the way, and is not shown where fingers select.
import { TextSelection, type Transaction } from "@tiptap/pm/state";
import type { DocumentEditor } from "../editor/editor";
import { KEYS } from "../editor/keymap";
import { h } from "./dom";
import { nameOf } from "./help";
import { icon } from "./icons";
import { keyText } from "./keys";
import { texts } from "./texts";

const NAMES = ["bold", "italic", "strike", "highlight", "code", "link"] as const;
const REST_MS = 200; // so long a selection stands still first
const GAP = 8; // pixels between words and bar
const room = matchMedia("(min-width: 641px)");
const fingers = matchMedia("(pointer: coarse)");

export class Floating {
	private editor: DocumentEditor | null = null;
	private buttons: HTMLButtonElement[] = [];
	private timer: ReturnType<typeof setTimeout> | undefined;
	private pointing = false; // a mouse button is down
	private readonly onTransaction = ({ transaction }: { transaction: Transaction }) => {
		if (transaction.selectionSet || transaction.docChanged) this.showSoon();
		else if (this.visible) this.update();
	};
	private readonly hideNow = () => this.hide();
	// Words that were selected a moment ago may be the reason for the scrolling: they have yet to stand still.
	private readonly onScroll = () => {
		const soon = this.timer !== undefined;
		this.hide();
		if (soon) this.showSoon();
	};
	private readonly onDown = (event: Event) => {
		if (this.container.contains(event.target as Node)) return;
		this.pointing = true;
		this.hide();
	};
	private readonly onUp = () => {
		this.pointing = false;
		this.showSoon();
	};
	private readonly onFocus = (event: FocusEvent) => {
		const { target } = event;
		if (target instanceof Node && !this.container.contains(target) && !this.editor?.container.contains(target)) this.hide();
	};
	private readonly onKey = (event: KeyboardEvent) => {
		if (event.key === "Escape" && this.visible && !this.container.contains(event.target as Node)) this.hide();
	};
	readonly container = h("div", { class: "floating", role: "toolbar", "aria-label": texts.floating.label, hidden: true, onkeydown: (event: KeyboardEvent) => this.move(event), onmousedown: (event: MouseEvent) => event.preventDefault() });

	/// `top` is where free window begins, in pixels.
	constructor(private readonly top: () => number, private readonly link: () => void) {}

	attach(editor: DocumentEditor, editable: boolean): void {
		this.detach();
		if (!editable) return;
		this.editor = editor;
		this.buttons = NAMES.filter((name) => editor.tiptap.schema.marks[name]).map((name) =>
			h("button", { class: "icon-button", type: "button", tabindex: "-1", "data-mark": name, "aria-label": nameOf(name), "aria-pressed": "false", title: `${nameOf(name)} (${keyText(name)})`, onclick: () => this.run(name) }, icon(name)),
		);
		this.container.replaceChildren(...this.buttons);
		editor.tiptap.on("transaction", this.onTransaction);
		addEventListener("scroll", this.onScroll, { passive: true });
		addEventListener("resize", this.hideNow);
		addEventListener("pointerdown", this.onDown, true);
		addEventListener("pointerup", this.onUp, true);
		addEventListener("focusin", this.onFocus);
		addEventListener("keydown", this.onKey, true);
	}

	detach(): void {
		this.hide();
		this.editor?.tiptap.off("transaction", this.onTransaction);
		this.editor = null;
		removeEventListener("scroll", this.onScroll);
		removeEventListener("resize", this.hideNow);
		removeEventListener("pointerdown", this.onDown, true);
		removeEventListener("pointerup", this.onUp, true);
		removeEventListener("focusin", this.onFocus);
		removeEventListener("keydown", this.onKey, true);
	}

	/// Take the focus, when there is something to see.
	focus(): boolean {
		if (this.visible) this.buttons[0]?.focus();
		return this.visible;
	}

	private get visible(): boolean {
		return !this.container.hidden;
	}

	private hide(): void {
		clearTimeout(this.timer);
		this.timer = undefined;
		this.container.hidden = true;
	}

	private showSoon(): void {
		clearTimeout(this.timer);
		if (this.visible) this.show();
		else this.timer = setTimeout(() => this.show(), REST_MS);
	}

	private show(): void {
		const { editor } = this;
		this.timer = undefined;
		if (!editor || editor.tiptap.isDestroyed) return;
		const { view, state } = editor.tiptap;
		const { selection } = state;
		const wanted = room.matches && !fingers.matches && !this.pointing && !view.composing && selection instanceof TextSelection && /\S/.test(state.doc.textBetween(selection.from, selection.to, " ")) && !selection.$from.parent.type.spec.code;
		if (!wanted || !(view.hasFocus() || this.container.contains(document.activeElement))) return this.hide();
		this.container.hidden = false;
		if (this.position()) this.update();
		else this.hide();
	}

	// Above the selection, or below it; where it fills the window, nowhere.
	private position(): boolean {
		const { view, state } = this.editor!.tiptap;
		const { from, to } = state.selection;
		const [start, end] = [view.coordsAtPos(from, 1), view.coordsAtPos(to, -1)];
		const { offsetWidth: width, offsetHeight: height } = this.container;
		let top = start.top - height - GAP;
		if (top < this.top() + 4) top = end.bottom + GAP;
		if (top < this.top() || top + height > innerHeight - 4) return false;
		const middle = end.bottom - start.top < 2 * (start.bottom - start.top) ? (start.left + end.right) / 2 : start.left + width / 2;
		this.container.style.top = `${Math.round(top)}px`;
		this.container.style.left = `${Math.round(Math.max(8, Math.min(middle - width / 2, innerWidth - width - 8)))}px`;
		return true;
	}

	private update(): void {
		for (const button of this.buttons) button.setAttribute("aria-pressed", String(this.editor!.tiptap.isActive(button.dataset["mark"]!)));
	}

	private run(name: (typeof NAMES)[number]): void {
		const { editor } = this;
		if (!editor) return;
		const inside = this.container.contains(document.activeElement);
		KEYS[name].run({ tiptap: editor.tiptap, undo: () => false, redo: () => false, link: this.link });
		// The command may have gone to the text; who came by keyboard goes on here.
		if (inside && this.visible && name !== "link") this.container.querySelector<HTMLElement>(`[data-mark="${name}"]`)?.focus();
	}

	private move(event: KeyboardEvent): void {
		const at = this.buttons.indexOf(event.target as HTMLButtonElement);
		const n = this.buttons.length;
		const to = { ArrowRight: (at + 1) % n, ArrowLeft: (at + n - 1) % n, Home: 0, End: n - 1 }[event.key];
		if (event.key === "Escape" || event.key === "Tab") {
			this.hide();
			this.editor?.focus();
		} else if (to !== undefined) this.buttons[to]!.focus();
		else return;
		event.preventDefault();
		event.stopPropagation();
	}
}
