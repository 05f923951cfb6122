// find.ts -- the bar to find words in the text and to replace them.
import type { DocumentEditor } from "../editor/editor";
import { Find } from "../editor/find";
import { h } from "./dom";
import { icon, type IconName } from "./icons";
import { keyText } from "./keys";
import { texts } from "./texts";

const t = texts.find;
const PREFILL_MAX = 100; // characters of a selection that are taken over

export class FindBar {
	private readonly query = h("input", { class: "field", type: "text", "aria-label": t.query, placeholder: t.query, autocomplete: "off", spellcheck: "false", enterkeyhint: "search", oninput: () => this.look() });
	private readonly place = h("span", { class: "find-place", role: "status" });
	private readonly replacement = h("input", { class: "field", type: "text", "aria-label": t.replacement, placeholder: t.replacement, autocomplete: "off", spellcheck: "false" });
	private readonly matchCase = toggle("matchCase", t.matchCase, () => this.look());
	private readonly wholeWord = toggle("wholeWord", t.wholeWord, () => this.look());
	private readonly more = h("button", { class: "icon-button find-more", type: "button", "aria-label": t.more, title: t.more, "aria-expanded": "false", "aria-controls": "find-replace", onclick: () => this.expand(this.second.hasAttribute("hidden")) }, icon("right"));
	private readonly second = h(
		"div",
		{ class: "find-line", id: "find-replace", hidden: true },
		this.replacement,
		h("button", { class: "button", type: "button", onclick: () => this.find?.replace(this.replacement.value) }, t.replace),
		h("button", { class: "button", type: "button", onclick: () => this.replaceAll() }, t.replaceAll),
	);
	readonly container = h(
		"div",
		{ class: "find", role: "search", "aria-label": t.labelOnly, hidden: true, onkeydown: (event: KeyboardEvent) => this.key(event) },
		h(
			"div",
			{ class: "find-line" },
			this.more,
			h("div", { class: "find-field" }, this.query, this.place),
			h("div", { class: "find-buttons" }, this.matchCase, this.wholeWord, button("up", `${t.previous} (${keyText("findPrevious")})`, () => this.find?.go(-1)), button("down", `${t.next} (${keyText("findNext")})`, () => this.find?.go(1)), button("close", t.close, () => this.close())),
		),
		this.second,
	);
	private editor: DocumentEditor | null = null;
	private find: Find | null = null;
	private said = "";

	/// `top` is where free window begins, in pixels.
	constructor(private readonly top: () => number) {}

	/// Work in this editor from now on; the bar stays open, and what is in the window stays there.
	attach(editor: DocumentEditor, editable: boolean): void {
		this.detach();
		this.editor = editor;
		this.more.hidden = !editable;
		this.container.setAttribute("aria-label", editable ? t.label : t.labelOnly);
		if (!editable) this.expand(false);
		if (this.open) this.begin(false);
	}

	/// The editor is going away.
	detach(): void {
		this.find?.stop();
		this.find = null;
		this.editor = null;
	}

	get open(): boolean {
		return !this.container.hidden;
	}

	/// Show the bar with what is selected; false when it has the focus already, and the browser's own may come.
	show(): boolean {
		if (!this.editor) return false;
		if (this.open && document.activeElement === this.query) return false;
		this.editor.readDom();
		const { state } = this.editor.tiptap;
		const { from, to, $from } = state.selection;
		const words = from < to && to <= $from.end() ? state.doc.textBetween(from, to) : "";
		if (words && words.length <= PREFILL_MAX) this.query.value = words;
		if (!this.open) {
			this.container.hidden = false;
			this.container.style.setProperty("--find-top", `${Math.round(this.top())}px`);
			this.begin();
		} else if (words) this.look();
		this.query.focus();
		this.query.select();
		return true;
	}

	/// Next or previous, also while the bar is not where the focus is; false when nothing is looked for.
	go(step: 1 | -1): boolean {
		if (!this.find) return false;
		this.find.go(step);
		return true;
	}

	/// Close, and go back to the text with the match selected.
	close(): void {
		if (!this.open) return;
		this.container.hidden = true;
		this.find?.close();
		this.find = null;
	}

	private begin(go = true): void {
		this.find = new Find(this.editor!, () => Math.max(this.container.getBoundingClientRect().bottom, this.top()), () => this.tell());
		this.look(go);
	}

	private look(go = true): void {
		this.find?.set(this.query.value, { matchCase: pressed(this.matchCase), wholeWord: pressed(this.wholeWord) }, go);
		this.tell();
	}

	private tell(): void {
		const { find } = this;
		const text = !find || !this.query.value ? "" : this.said || t.place(find.index, find.count);
		if (this.place.textContent !== text) this.place.textContent = text;
		this.container.classList.toggle("is-none", find !== null && this.query.value !== "" && find.count === 0 && !this.said);
	}

	private replaceAll(): void {
		const n = this.find?.replaceAll(this.replacement.value) ?? 0;
		this.say(t.replaced(n));
	}

	// Said until something else is.
	private say(text: string): void {
		this.said = text;
		this.tell();
		this.said = "";
	}

	private expand(open: boolean): void {
		this.second.hidden = !open;
		this.more.setAttribute("aria-expanded", String(open));
		if (open && document.activeElement === this.more) this.replacement.focus();
	}

	private key(event: KeyboardEvent): void {
		if (event.isComposing) return;
		const undoes = (event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "z" && !(event.target instanceof HTMLInputElement);
		if (event.key === "Escape") this.close();
		else if (undoes) void (event.shiftKey ? this.editor?.redo() : this.editor?.undo());
		else if (event.key === "Enter" && event.target === this.query) this.find?.go(event.shiftKey ? -1 : 1);
		else if (event.key === "Enter" && event.target === this.replacement) {
			if (event.ctrlKey || event.metaKey) this.replaceAll();
			else this.find?.replace(this.replacement.value);
		} else return;
		event.preventDefault();
		event.stopPropagation();
	}
}

function button(symbol: IconName, text: string, run: () => void): HTMLButtonElement {
	return h("button", { class: "icon-button", type: "button", "aria-label": text.replace(/ \(.*/, ""), title: text, onclick: run }, icon(symbol));
}

function toggle(kind: "matchCase" | "wholeWord", text: string, changed: () => void): HTMLButtonElement {
	const element: HTMLButtonElement = h(
		"button",
		{ class: `icon-button find-${kind}`, type: "button", "aria-label": text, "aria-pressed": "false", title: text, onclick: () => (element.setAttribute("aria-pressed", String(!pressed(element))), changed()) },
		h("span", { "data-sign": kind === "matchCase" ? "Aa" : "ab" }),
	);
	return element;
}

function pressed(element: HTMLElement): boolean {
	return element.getAttribute("aria-pressed") === "true";
}
