// desk.ts -- the paper, and what lies around it to work with: find and replace.
import type { DocumentEditor } from "../editor/editor";
import { h } from "./dom";
import { FindBar } from "./find";
import { pageKey, type PageKey } from "./keys";

export class Desk {
	private readonly find: FindBar;
	readonly container: HTMLElement;
	private readonly onKey = (event: KeyboardEvent) => this.key(event);

	/// `tools` is what stands above the paper and does not scroll away.
	constructor(paper: HTMLElement, tools: HTMLElement) {
		this.find = new FindBar(() => tools.getBoundingClientRect().bottom || (tools.previousElementSibling?.getBoundingClientRect().bottom ?? 0));
		this.container = h("div", { class: "desk" }, this.find.container, paper);
		// Captured: some of these keys mean something to the text as well.
		addEventListener("keydown", this.onKey, true);
	}

	/// The text is in this editor now.
	attach(editor: DocumentEditor, editable: boolean): void {
		this.find.attach(editor, editable);
	}

	/// There is no text.
	detach(): void {
		this.find.detach();
	}

	destroy(): void {
		this.detach();
		removeEventListener("keydown", this.onKey, true);
	}

	private key(event: KeyboardEvent): void {
		const name = pageKey(event);
		// A dialog has its own keys, and the browser's.
		if (!name || event.isComposing || document.querySelector("dialog[open]")) return;
		if (this.act(name)) event.preventDefault(), event.stopPropagation();
	}

	private act(name: PageKey): boolean {
		switch (name) {
			case "find":
				return this.find.show();
			case "findNext":
				return this.find.go(1);
			case "findPrevious":
				return this.find.go(-1);
			default:
				return false;
		}
	}
}
