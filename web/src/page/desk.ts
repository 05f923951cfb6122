// desk.ts -- the paper, and what lies around it to work with: find and replace, the outline, the count, the keys,
// the menu that a slash opens and the bar beside what is selected.
import type { DocumentEditor } from "../editor/editor";
import { WordCount } from "./count";
import { h } from "./dom";
import { FindBar } from "./find";
import { Floating } from "./floating";
import { showHelp } from "./help";
import { keyText, pageKey, type PageKey } from "./keys";
import type { MenuItem } from "./menu";
import { Outline } from "./outline";
import { SlashMenu } from "./slash";
import { texts } from "./texts";

export class Desk {
	private readonly find: FindBar;
	private readonly count = new WordCount();
	private readonly slash = new SlashMenu();
	private readonly floating: Floating;
	private editable = false;
	private readonly onKey = (event: KeyboardEvent) => this.key(event);
	readonly outline: Outline;
	readonly container: HTMLElement;

	/// `tools` is what stands above the paper and does not scroll away.
	constructor(paper: HTMLElement, private readonly tools: HTMLElement, link: () => void) {
		const top = () => tools.getBoundingClientRect().bottom || (tools.previousElementSibling?.getBoundingClientRect().bottom ?? 0);
		this.find = new FindBar(top);
		this.floating = new Floating(top, link);
		this.outline = new Outline((open) => this.container?.classList.toggle("has-outline", open), top);
		this.container = h("div", { class: "desk" }, this.outline.container, paper, this.floating.container, this.find.container, this.count.container, this.slash.container);
		// Captured: some of these keys mean something to the text as well.
		addEventListener("keydown", this.onKey, true);
	}

	/// The text is in this editor now.
	attach(editor: DocumentEditor, editable: boolean): void {
		this.editable = editable;
		this.find.attach(editor, editable);
		this.outline.attach(editor);
		this.count.attach(editor);
		this.slash.attach(editor, editable);
		this.floating.attach(editor, editable);
	}

	/// There is no text.
	detach(): void {
		this.find.detach();
		this.outline.detach();
		this.count.detach();
		this.slash.detach();
		this.floating.detach();
	}

	destroy(): void {
		this.detach();
		this.outline.destroy();
		removeEventListener("keydown", this.onKey, true);
	}

	/// The same as menu items, for who has no keys or does not know them.
	menu(): MenuItem[] {
		return [
			{ text: this.editable ? texts.find.label : texts.find.labelOnly, icon: "search", keys: keyText("find"), run: () => void this.find.show() },
			{ text: texts.outline.title, icon: "outline", keys: keyText("outline"), run: () => this.outline.toggle() },
			{ text: texts.count.title, icon: "count", run: () => this.count.show() },
			{ text: texts.keys.title, icon: "keyboard", keys: keyText("help"), run: () => showHelp(this.editable) },
		];
	}

	private key(event: KeyboardEvent): void {
		const name = pageKey(event);
		// A dialog has its own keys, and the browser's.
		if (!name || event.isComposing || document.querySelector("dialog[open]")) return;
		if (!this.act(name)) return;
		event.preventDefault();
		event.stopPropagation();
	}

	private act(name: PageKey): boolean {
		for (const menu of document.querySelectorAll<HTMLElement>(":popover-open")) menu.hidePopover();
		switch (name) {
			case "find":
				return this.find.show();
			case "findNext":
				return this.find.go(1);
			case "findPrevious":
				return this.find.go(-1);
			case "outline":
				return this.outline.toggle(), true;
			case "toolbar":
				return this.toTools();
			case "help":
				return showHelp(this.editable), true;
		}
	}

	private toTools(): boolean {
		if (this.floating.focus()) return true;
		const first = this.tools.querySelector<HTMLElement>("button, select");
		first?.focus();
		return first !== null;
	}
}
