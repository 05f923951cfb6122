// home.ts -- the list of one's documents.
import type { DocumentEntry, State } from "../app/state";
import { documentAddress } from "../app/route";
import { Dialog } from "./dialog";
import { fill, h } from "./dom";
import { icon } from "./icons";
import { texts } from "./texts";
import { ago } from "./time";

export class Home {
	private readonly list = h("div", { class: "home-list" });
	readonly container: HTMLElement;

	constructor(private readonly create: () => void, private readonly open: () => void, private readonly remove: (entry: DocumentEntry) => void) {
		this.container = h(
			"main",
			{ class: "home" },
			h(
				"div",
				{ class: "home-head" },
				h("div", {}, h("h1", {}, texts.home.title), h("p", { class: "muted" }, texts.home.lead)),
				h("button", { class: "button", type: "button", onclick: () => this.open() }, icon("upload"), texts.files.import),
				h("button", { class: "button button-main", type: "button", onclick: () => this.create() }, icon("plus"), texts.home.create),
			),
			this.list,
		);
	}

	update({ documents }: State): void {
		if (documents === null) fill(this.list, ...[1, 2, 3].map(() => h("div", { class: "row skeleton-row" }, h("span", { class: "skeleton" }))));
		else if (documents.length === 0)
			fill(
				this.list,
				h("div", { class: "empty" }, h("div", { class: "empty-mark" }, icon("file")), h("h2", {}, texts.home.empty), h("p", { class: "muted" }, texts.home.emptyHint)),
			);
		else fill(this.list, h("ul", { class: "rows" }, ...documents.map((entry) => this.row(entry))));
	}

	private row(entry: DocumentEntry): HTMLElement {
		const title = entry.title || texts.home.untitled;
		return h(
			"li",
			{ class: "row" },
			h(
				"a",
				{ class: "row-link", href: documentAddress(entry.grid) },
				h("span", { class: "row-icon" }, icon("file")),
				h(
					"span",
					{ class: "row-text" },
					h("span", { class: entry.title ? "row-title" : "row-title muted" }, title),
					h("span", { class: "row-detail" }, texts.home.opened(ago(entry.openedMs))),
				),
				entry.mode === "v" && h("span", { class: "tag" }, texts.home.viewOnly),
			),
			h("button", { class: "icon-button", type: "button", "aria-label": texts.home.remove(title), title: texts.remove.confirm, onclick: () => this.ask(entry, title) }, icon("trash")),
		);
	}

	private ask(entry: DocumentEntry, title: string): void {
		const dialog = new Dialog(texts.remove.title, "dialog-small");
		dialog.show(
			h("p", {}, texts.remove.body(title)),
			h("p", { class: "muted" }, texts.remove.warning),
			h(
				"div",
				{ class: "dialog-actions" },
				h("button", { class: "button", type: "button", onclick: () => dialog.close() }, texts.dialog.cancel),
				h("button", { class: "button button-bad", type: "button", onclick: () => (dialog.close(), this.remove(entry)) }, texts.remove.confirm),
			),
		);
	}
}
