// outline.ts -- the document's headings: beside the paper where there is room, in a dialog where there is none.
import type { Transaction } from "@tiptap/pm/state";
import { FROM_RUNTIME } from "../editor/binding";
import type { DocumentEditor } from "../editor/editor";
import { depths, headings, type Heading } from "../editor/headings";
import { idle } from "../editor/idle";
import { Dialog } from "./dialog";
import { fill, h } from "./dom";
import { icon } from "./icons";
import { keyText } from "./keys";
import { texts } from "./texts";

const t = texts.outline;
const KEPT = "toygrid.outline"; // in this browser: whether the panel is open
const ABOVE = 48; // pixels below the tools at which a heading counts as read
const room = matchMedia("(min-width: 901px)");

export class Outline {
	private editor: DocumentEditor | null = null;
	private list: readonly Heading[] = [];
	private drawn = "";
	private links: HTMLButtonElement[] = [];
	private current = -1;
	private stop: HTMLButtonElement | null = null; // the one that Tab reaches
	private open = remembered();
	private dialog: Dialog | null = null;
	private cancel: () => void = () => undefined;
	private frame = 0;
	private typed = false; // here, since the outline was read
	private readonly content = h("div", { class: "outline-list", onkeydown: (event: KeyboardEvent) => this.move(event) });
	private readonly onScroll = () => this.markSoon();
	private readonly onRoom = () => this.show();
	private readonly onTransaction = ({ transaction }: { transaction: Transaction }) => {
		if (transaction.docChanged) {
			this.typed ||= transaction.getMeta(FROM_RUNTIME) !== true;
			this.readSoon();
		} else if (transaction.selectionSet) this.markTyping();
	};
	readonly button = h("button", { class: "icon-button outline-button", type: "button", "aria-label": t.title, title: `${t.title} (${keyText("outline")})`, "aria-pressed": "false", onclick: () => this.toggle() }, icon("outline"));
	readonly container = h("nav", { class: "outline", "aria-label": t.title, hidden: true }, h("h2", {}, t.title));

	/// `shown` hears whether the panel takes room; `top` is where free window begins, in pixels.
	constructor(private readonly shown: (open: boolean) => void, private readonly top: () => number) {
		room.addEventListener("change", this.onRoom);
	}

	attach(editor: DocumentEditor): void {
		this.detach();
		this.editor = editor;
		editor.tiptap.on("transaction", this.onTransaction);
		addEventListener("scroll", this.onScroll, { passive: true });
		this.button.hidden = false;
		this.show();
	}

	detach(): void {
		this.editor?.tiptap.off("transaction", this.onTransaction);
		this.editor = null;
		this.cancel();
		cancelAnimationFrame(this.frame);
		removeEventListener("scroll", this.onScroll);
		this.dialog?.close();
		this.button.hidden = true;
		this.show();
	}

	destroy(): void {
		this.detach();
		room.removeEventListener("change", this.onRoom);
	}

	/// Open or close the panel; where there is no room for it, open a dialog.
	toggle(): void {
		if (!this.editor) return;
		if (!room.matches) return this.showDialog();
		this.open = !this.open;
		remember(this.open);
		this.show();
	}

	private get visible(): boolean {
		return this.editor !== null && (this.dialog !== null || (this.open && room.matches));
	}

	private show(): void {
		const panel = this.visible && this.dialog === null;
		this.container.hidden = !panel;
		this.button.setAttribute("aria-pressed", String(panel));
		this.shown(panel);
		if (panel) this.container.append(this.content);
		if (this.visible) this.read();
	}

	private showDialog(): void {
		const dialog = new Dialog(t.title, "dialog-small");
		this.dialog = dialog;
		dialog.container.addEventListener("close", () => {
			this.dialog = null;
			this.show();
		});
		this.container.hidden = true;
		dialog.show(this.content);
		this.read();
		(this.links[Math.max(0, this.current)] ?? null)?.focus();
	}

	private readSoon(): void {
		if (!this.visible) return;
		this.cancel();
		this.cancel = idle(() => this.read());
	}

	private read(): void {
		this.cancel();
		if (!this.editor) return;
		this.list = headings(this.editor.tiptap.state.doc);
		const deep = depths(this.list);
		const now = JSON.stringify(this.list.map(({ text }, i) => [deep[i], text]));
		if (now !== this.drawn) this.draw(deep);
		this.drawn = now;
		this.mark(this.current);
		if (this.editor.tiptap.isFocused && this.typed) this.markTyping();
		else this.markSoon();
		this.typed = false;
	}

	// Lists in lists, so that a screen reader tells the depth.
	private draw(deep: readonly number[]): void {
		const hadFocus = this.links.indexOf(document.activeElement as HTMLButtonElement);
		const root = h("ul", {});
		const lists = [root];
		this.links = this.list.map(({ text }, i) => {
			const link = h("button", { type: "button", tabindex: "-1", class: text ? "outline-link" : "outline-link muted", title: text || null, onclick: () => this.jump(i) }, text || t.untitled);
			const depth = deep[i]!;
			while (lists.length <= depth) {
				const inner = h("ul", {});
				lists.at(-1)!.lastElementChild!.append(inner);
				lists.push(inner);
			}
			lists.length = depth + 1;
			lists[depth]!.append(h("li", {}, link));
			return link;
		});
		fill(this.content, this.links.length > 0 ? root : h("p", { class: "muted" }, t.empty));
		if (hadFocus >= 0) this.links[Math.min(hadFocus, this.links.length - 1)]?.focus();
	}

	private markSoon(): void {
		if (!this.visible || this.frame) return;
		this.frame = requestAnimationFrame(() => {
			this.frame = 0;
			if (this.editor && !this.editor.tiptap.isDestroyed) this.mark(this.readAt());
		});
	}

	// Who types is where the caret is, whatever stands at the top of the window.
	private markTyping(): void {
		if (!this.visible || !this.editor?.tiptap.isFocused) return;
		const { head } = this.editor.tiptap.state.selection;
		this.mark(this.list.findLastIndex(({ pos }) => pos < head));
	}

	// The last heading that has gone up to where one reads.
	private readAt(): number {
		const { view } = this.editor!.tiptap;
		const line = this.top() + ABOVE;
		let low = 0;
		let high = this.list.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			const element = view.nodeDOM(this.list[middle]!.pos);
			if (element instanceof Element && element.getBoundingClientRect().top <= line) low = middle + 1;
			else high = middle;
		}
		// At the end of the document the last headings cannot come up any further.
		const end = scrollY > 0 && innerHeight + scrollY >= document.documentElement.scrollHeight - 2;
		return end ? this.list.length - 1 : low - 1;
	}

	private mark(index: number): void {
		this.links[this.current]?.removeAttribute("aria-current");
		this.current = Math.min(index, this.links.length - 1);
		const link = this.links[this.current];
		link?.setAttribute("aria-current", "location");
		// Tab reaches one of them, the arrows all.
		const stop = link ?? this.links[0] ?? null;
		if (stop === this.stop) return;
		if (this.stop) this.stop.tabIndex = -1;
		if (stop) stop.tabIndex = 0;
		this.stop = stop;
		if (!link || this.dialog) return;
		const [at, around] = [link.getBoundingClientRect(), this.container.getBoundingClientRect()];
		if (at.top < around.top || at.bottom > around.bottom) this.container.scrollTop += at.top - around.top - around.height / 2;
	}

	private jump(index: number): void {
		const { editor } = this;
		if (!editor) return;
		this.read();
		const heading = this.list[index];
		if (!heading) return;
		this.dialog?.close();
		editor.goTo(heading.pos);
		requestAnimationFrame(() => this.mark(index));
	}

	private move(event: KeyboardEvent): void {
		const at = this.links.indexOf(event.target as HTMLButtonElement);
		const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: this.links.length - 1 }[event.key];
		if (at < 0) return;
		if (event.key === "Escape" && !this.dialog) this.editor?.focus();
		else if (to !== undefined) this.links[Math.max(0, Math.min(to, this.links.length - 1))]!.focus();
		else return;
		event.preventDefault();
	}
}

// Without storage the panel is closed at the next visit, and that is all.
function remembered(): boolean {
	try {
		return localStorage.getItem(KEPT) === "open";
	} catch {
		return false;
	}
}

function remember(open: boolean): void {
	try {
		localStorage.setItem(KEPT, open ? "open" : "closed");
	} catch {
		// see remembered()
	}
}
