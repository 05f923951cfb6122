// home.ts -- the list of one's documents: found by words, pinned, copied, exported, removed.
//
// The list is drawn anew only when something in it has changed, and the focus stays with its document: effects of the
// runtime come at any time, and whoever walks the list by keys must not lose their place.
import { documentAddress } from "../app/route";
import { findDocuments, tagsOf, type Found } from "../app/find";
import type { DocumentEntry, State } from "../app/state";
import { fill, h } from "./dom";
import { icon } from "./icons";
import { isKey, MAC, printed } from "./keys";
import { Menu } from "./menu";
import { exportItems } from "./more";
import { showTags } from "./tags";
import { templates, type Template } from "./templates";
import { texts } from "./texts";
import { ago } from "./time";
import type { Block } from "../editor/items";

const t = texts.home;
const SHOWN = 100; // rows before "Show all"
const NEW = "Mod-Alt-n";
const SEARCH_FROM = 4; // documents; fewer are seen at a glance

export interface HomeActs {
	create(): void;
	template(template: Template): void;
	open(): void; // a file
	pin(entry: DocumentEntry, pinned: boolean): void;
	tag(entry: DocumentEntry, tags: string[]): void;
	duplicate(entry: DocumentEntry): void;
	read(entry: DocumentEntry): Promise<readonly Block[]>;
	remove(entry: DocumentEntry): void;
	undo(): boolean; // the last removal, if it can be
	failed(error: unknown): void;
}

export class Home {
	private readonly list = h("div", { class: "home-list", onkeydown: (event: KeyboardEvent) => this.listKey(event) });
	private readonly said = h("p", { class: "unseen", role: "status" });
	private readonly field = h("input", {
		class: "field home-search", type: "search", placeholder: t.search, "aria-label": t.search, autocomplete: "off", spellcheck: "false", "aria-keyshortcuts": MAC ? "Meta+K" : "Control+K",
		oninput: () => this.draw(), onkeydown: (event: KeyboardEvent) => this.searchKey(event),
	});
	private readonly search = h("div", { class: "home-find", hidden: true }, icon("search"), this.field);
	private readonly tags = h("div", { class: "chips", role: "group", "aria-label": texts.tags.filter, hidden: true });
	private tag = ""; // only documents that have it
	private documents: State["documents"] = null;
	private cards: State["cards"] = new Map();
	private drawn = "";
	private all = false;
	readonly container: HTMLElement;

	constructor(private readonly acts: HomeActs) {
		const starter = (symbol: Parameters<typeof icon>[0], text: string, run: () => void) => h("button", { class: "starter", type: "button", onclick: run }, icon(symbol), text);
		this.container = h(
			"main",
			{ class: "home" },
			h(
				"div",
				{ class: "home-head" },
				h("div", {}, h("h1", {}, t.title), h("p", { class: "muted" }, t.lead)),
				h("button", { class: "button button-main", type: "button", "aria-keyshortcuts": MAC ? "Meta+Alt+N" : "Control+Alt+N", title: printed(NEW).join(MAC ? "" : "+"), onclick: () => acts.create() }, icon("plus"), t.create),
			),
			h(
				"div",
				{ class: "starters", role: "group", "aria-label": t.startWith },
				...templates.map((template) => starter(template.icon, template.name, () => acts.template(template))),
				starter("upload", texts.files.import, () => acts.open()),
			),
			this.search,
			this.tags,
			this.said,
			this.list,
		);
		document.addEventListener("keydown", (event) => this.pageKey(event));
	}

	update({ documents, cards }: State): void {
		this.documents = documents;
		this.cards = cards;
		this.draw();
	}

	/// Put the focus on a document's row, or on a part of it.
	focusOn(grid: string, part = ".row-link"): void {
		this.list.querySelector<HTMLElement>(`.row[data-grid="${grid}"] ${part}`)?.focus();
	}

	private draw(): void {
		const { documents, cards } = this;
		if (documents === null) {
			if (this.drawn !== "waiting") fill(this.list, ...[1, 2, 3].map(() => h("div", { class: "row skeleton-row" }, h("span", { class: "skeleton" }))));
			this.drawn = "waiting";
			return;
		}
		const query = this.field.value.trim();
		const known = tagsOf(documents, cards);
		if (!known.includes(this.tag)) this.tag = "";
		const found = findDocuments(documents, cards, query, this.tag);
		const there = query || this.tag ? findDocuments(documents, cards, "").length : found.length;
		this.search.hidden = !query && there < SEARCH_FROM && document.activeElement !== this.field;
		const signature = JSON.stringify([query, this.tag, known, this.all, there, found.map(({ entry, card, atMs, edited }) => [entry.grid, entry.title, entry.mode, card?.pinned, card?.tags, ago(atMs), edited, card?.text.length])]);
		if (signature === this.drawn) return;
		const newQuery = !this.drawn.startsWith(JSON.stringify([query, this.tag]).slice(0, -1) + ",");
		this.drawn = signature;
		const back = this.focused();
		if (there === 0) fill(this.list, empty());
		else if (found.length === 0) fill(this.list, h("div", { class: "empty empty-small" }, h("h2", {}, t.nothing), h("p", { class: "muted" }, t.nothingHint)));
		else this.drawRows(found, query);
		back?.();
		if (newQuery) this.said.textContent = query || this.tag ? t.found(found.length) : "";
		this.drawTags(known);
	}

	private drawTags(known: string[]): void {
		const at = [...this.tags.children].indexOf(document.activeElement!);
		this.tags.hidden = known.length === 0;
		const chip = (text: string, tag: string) => h("button", { class: "chip", type: "button", "aria-pressed": String(this.tag === tag), onclick: () => ((this.tag = this.tag === tag ? "" : tag), this.draw()) }, text);
		fill(this.tags, chip(texts.tags.all, ""), ...known.map((tag) => chip(tag, tag)));
		if (at >= 0) (this.tags.children[Math.min(at, known.length)] as HTMLElement).focus();
	}

	private drawRows(found: Found[], query: string): void {
		const pinned = query ? [] : found.filter(({ card }) => card?.pinned);
		const rest = found.slice(pinned.length);
		const shown = this.all ? rest : rest.slice(0, SHOWN);
		const group = (name: string, rows: Found[]) =>
			rows.length > 0 && h("section", { "aria-label": name }, pinned.length > 0 && h("h2", { class: "home-group" }, name), h("ul", { class: "rows" }, ...rows.map((one) => this.row(one))));
		fill(
			this.list,
			group(t.pinned, pinned),
			group(t.recent, shown),
			shown.length < rest.length && h("button", { class: "button home-all", type: "button", onclick: () => ((this.all = true), this.draw()) }, t.showAll(rest.length)),
		);
	}

	private row({ entry, card, atMs, edited, snippet }: Found): HTMLElement {
		const title = entry.title || t.untitled;
		const pinned = card?.pinned === true;
		const text = card?.text ?? "";
		const tags = card?.tags ?? [];
		// What begins with its title need not say it twice.
		const excerpt = (entry.title && text.startsWith(entry.title) ? text.slice(entry.title.length) : text).trim().slice(0, 160);
		const when = h("span", { class: "row-when" }, edited ? t.edited(ago(atMs)) : t.opened(ago(atMs)));
		const words = snippet ? h("span", { class: "row-excerpt" }, snippet.before, h("mark", {}, snippet.match), snippet.after) : excerpt ? h("span", { class: "row-excerpt" }, excerpt) : null;
		const menu = new Menu({ label: t.menu(title), icon: "more" }, () => [
			[
				{ text: pinned ? t.unpin : t.pin, icon: "pin", run: () => this.acts.pin(entry, !pinned) },
				{ text: texts.tags.edit, icon: "tag", run: () => this.editTags(entry, title, tags) },
				{ text: texts.files.duplicate, icon: "copy", run: () => this.acts.duplicate(entry) },
			],
			exportItems(() => entry.title, () => this.acts.read(entry), (error) => this.acts.failed(error)),
			[{ text: texts.remove.confirm, icon: "trash", keys: t.removeKeys, bad: true, run: () => this.acts.remove(entry) }],
		]);
		const pin = h("button", { class: "icon-button row-pin", type: "button", "aria-pressed": String(pinned), "aria-label": t.pinIt(title), title: pinned ? t.unpin : t.pin, onclick: () => this.acts.pin(entry, !pinned) }, icon("pin"));
		return h(
			"li",
			{ class: "row", "data-grid": entry.grid },
			h(
				"a",
				{ class: "row-link", href: documentAddress(entry.grid) },
				h("span", { class: "row-icon" }, icon("file")),
				h("span", { class: "row-text" }, h("span", { class: entry.title ? "row-title" : "row-title muted" }, title), h("span", { class: "row-detail" }, when, words)),
				tags.length > 0 && h("span", { class: "row-tags" }, ...tags.map((tag) => h("span", { class: "tag" }, tag))),
				entry.mode === "v" && h("span", { class: "tag" }, t.viewOnly),
			),
			pin,
			menu.container,
		);
	}

	// What has the focus in the list gets it again: the same part of the same row, or the row that stands there now.
	private focused(): (() => void) | null {
		const { activeElement } = document;
		const row = activeElement?.closest<HTMLElement>(".row");
		if (!row || !this.list.contains(row)) return null;
		const { grid } = row.dataset;
		const at = this.links().indexOf(row.querySelector<HTMLElement>(".row-link")!);
		const part = activeElement!.classList.contains("row-pin") ? ".row-pin" : activeElement!.getAttribute("aria-haspopup") ? "[aria-haspopup]" : ".row-link";
		return () => {
			const links = this.links();
			const same = this.list.querySelector<HTMLElement>(`.row[data-grid="${grid}"] ${part}`);
			(same ?? links[Math.min(at, links.length - 1)] ?? this.container.querySelector<HTMLElement>(".button-main"))?.focus();
		};
	}

	private editTags(entry: DocumentEntry, title: string, tags: readonly string[]): void {
		showTags(title, tags, tagsOf(this.documents ?? [], this.cards), (now) => {
			this.acts.tag(entry, now);
			setTimeout(() => this.focusOn(entry.grid, "[aria-haspopup]")); // its row was drawn anew
		});
	}

	private links(): HTMLElement[] {
		return [...this.list.querySelectorAll<HTMLElement>(".row-link")];
	}

	private listKey(event: KeyboardEvent): void {
		const row = (event.target as Element).closest<HTMLElement>(".row");
		const links = this.links();
		const at = row ? links.indexOf(row.querySelector<HTMLElement>(".row-link")!) : -1;
		if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
		const entry = this.documents?.find(({ grid }) => grid === row!.dataset["grid"]);
		let to = -1;
		if (event.key === "ArrowDown") to = Math.min(at + 1, links.length - 1);
		else if (event.key === "ArrowUp") to = at - 1;
		else if (event.key === "Home") to = 0;
		else if (event.key === "End") to = links.length - 1;
		else if (event.key === "Delete" || (MAC && event.key === "Backspace")) {
			event.preventDefault();
			if (entry) this.acts.remove(entry);
			return;
		} else return;
		event.preventDefault();
		if (to >= 0) links[to]!.focus();
		else if (!this.search.hidden) this.field.focus();
	}

	private searchKey(event: KeyboardEvent): void {
		if (event.isComposing) return;
		const first = this.links()[0];
		if (event.key === "ArrowDown") event.preventDefault(), first?.focus();
		else if (event.key === "Enter" && this.field.value.trim()) first?.click();
		else if (event.key === "Escape" && this.field.value) {
			event.preventDefault();
			this.field.value = "";
			this.draw();
		}
	}

	private pageKey(event: KeyboardEvent): void {
		if (!this.container.isConnected || event.isComposing || document.querySelector("dialog[open]")) return;
		const typing = event.target instanceof HTMLInputElement && event.target.value !== "";
		if (isKey("Mod-k", event)) {
			event.preventDefault();
			this.search.hidden = false;
			this.field.focus();
			this.field.select();
		} else if (isKey(NEW, event)) {
			event.preventDefault();
			this.acts.create();
		} else if (isKey("Mod-z", event) && !typing && this.acts.undo()) event.preventDefault();
	}
}

function empty(): HTMLElement {
	return h(
		"div",
		{ class: "empty" },
		h("div", { class: "empty-mark" }, icon("file")),
		h("h2", {}, t.empty),
		h("p", { class: "muted" }, t.emptyHint),
		h("ul", { class: "empty-ways" }, ...t.emptyWays.map((way) => h("li", {}, icon("check"), way))),
	);
}
