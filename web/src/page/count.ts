// count.ts -- how many words, said quietly in a corner; a click says more.
import type { Transaction } from "@tiptap/pm/state";
import { Counter, NOTHING, type Count } from "../editor/count";
import type { DocumentEditor } from "../editor/editor";
import { idle } from "../editor/idle";
import { fill, h } from "./dom";
import { texts } from "./texts";

const t = texts.count;

export class WordCount {
	private readonly counter = new Counter(navigator.language);
	private readonly number = new Intl.NumberFormat(navigator.language);
	private editor: DocumentEditor | null = null;
	private all: Count = NOTHING;
	private selected: Count | null = null;
	private stale = false; // the document changed since `all` was counted
	private cancel: () => void = () => undefined;
	private readonly details = h("div", { class: "popover count-details", id: "count-details", popover: "auto", tabindex: "-1", role: "dialog", "aria-label": t.title });
	private readonly button = h("button", { class: "count", type: "button", hidden: true, "aria-haspopup": "dialog", popovertarget: "count-details" });
	private readonly onTransaction = ({ transaction }: { transaction: Transaction }) => {
		if (transaction.docChanged) this.stale = true;
		if (transaction.docChanged || transaction.selectionSet) this.countSoon();
	};
	readonly container = h("div", { class: "count-box" }, this.button, this.details);

	attach(editor: DocumentEditor): void {
		this.detach();
		this.editor = editor;
		this.stale = true;
		editor.tiptap.on("transaction", this.onTransaction);
		this.countSoon();
	}

	detach(): void {
		this.cancel();
		this.editor?.tiptap.off("transaction", this.onTransaction);
		this.editor = null;
		this.button.hidden = true;
		this.details.hidePopover?.();
	}

	/// Say all of it.
	show(): void {
		this.details.showPopover();
		this.details.focus();
	}

	private countSoon(): void {
		this.cancel();
		this.cancel = idle((left) => this.count(left));
	}

	private count(left: () => number): void {
		if (!this.editor) return;
		const { doc, selection } = this.editor.tiptap.state;
		const parts = [this.stale ? this.counter.between(doc, 0, doc.content.size) : null, selection.empty ? null : this.counter.between(doc, selection.from, selection.to)];
		const sums: (Count | null)[] = [];
		// An edit meanwhile begins anew; blocks that were counted stay counted.
		const go = (time: () => number): void => {
			for (;;) {
				const part = parts[sums.length];
				const next = part?.next();
				if (!next || next.done) sums.push(next ? next.value : null);
				if (sums.length === parts.length) break;
				if (time() < 1) return void (this.cancel = idle(go));
			}
			if (this.stale) this.all = sums[0] ?? NOTHING;
			this.stale = false;
			this.selected = sums[1] ?? null;
			this.tell();
		};
		go(left);
	}

	private tell(): void {
		const n = (value: number) => this.number.format(value);
		const { all, selected } = this;
		this.button.hidden = false;
		this.button.textContent = selected && selected.characters > 0 ? t.of(n(selected.words), n(all.words)) : t.words(all.words, n(all.words));
		const row = (name: string, key: keyof Count) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, n(all[key])), selected && h("td", {}, n(selected[key])));
		fill(
			this.details,
			h(
				"table",
				{},
				h("thead", {}, h("tr", {}, h("td", {}), h("th", { scope: "col" }, t.document), selected && h("th", { scope: "col" }, t.selection))),
				h("tbody", {}, row(t.wordRow, "words"), row(t.characters, "characters"), row(t.bare, "bare")),
			),
		);
	}
}
