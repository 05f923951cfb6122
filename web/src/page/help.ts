// help.ts -- all keys on one sheet, printed from the tables that bind them.
import { KEYS, TYPED, type KeyName } from "../editor/keymap";
import { Dialog } from "./dialog";
import { h } from "./dom";
import { keyCaps, PAGE_KEYS, type PageKey } from "./keys";
import { texts } from "./texts";

const t = texts.keys;

const GROUPS: { title: string; names: readonly (KeyName | PageKey)[] }[] = [
	{ title: t.groups.text, names: ["bold", "italic", "strike", "highlight", "code", "link"] },
	{ title: t.groups.blocks, names: ["paragraph", "heading1", "heading2", "heading3", "heading4", "heading5", "heading6", "quote", "codeBlock", "lineBreak"] },
	{ title: t.groups.lists, names: ["bullet", "ordered", "task", "indent", "outdent"] },
	{ title: t.groups.document, names: ["undo", "redo", ...(Object.keys(PAGE_KEYS) as PageKey[])] },
];

/// What a key does, in words; the toolbar's where it has them.
export function nameOf(name: KeyName | PageKey | keyof typeof TYPED): string {
	const level = /^heading(\d)$/.exec(name);
	if (level) return texts.toolbar.heading(Number(level[1]));
	const words: Record<string, unknown> = { ...texts.toolbar, ...t };
	return String(words[name]);
}

/// Every key of the text is on the sheet.
export const listed: readonly string[] = GROUPS.flatMap(({ names }) => names);

export function showHelp(editable: boolean): void {
	// Where nothing can be written there is no toolbar either, and nothing to replace.
	const rows = (group: (typeof GROUPS)[number]) => group.names.filter((name) => editable || !(name in KEYS || name === "toolbar"));
	const said = (name: KeyName | PageKey) => (name === "find" && !editable ? texts.find.labelOnly : nameOf(name));
	const section = (title: string, ...lines: HTMLElement[]) => h("section", {}, h("h3", {}, title), h("dl", {}, ...lines));
	const line = (what: string, keys: Node) => h("div", {}, h("dt", {}, what), h("dd", {}, keys));
	const typed = Object.entries(TYPED).map(([name, { typed }]) => line(nameOf(name as keyof typeof TYPED), h("code", {}, typed.trimEnd() + (typed.endsWith(" ") ? " ␣" : ""))));
	const dialog = new Dialog(t.title, "dialog-help");
	dialog.show(
		h(
			"div",
			{ class: "help" },
			...GROUPS.filter((group) => rows(group).length > 0).map((group) => section(group.title, ...rows(group).map((name) => line(said(name), keyCaps(name))))),
			editable && h("section", {}, h("h3", {}, t.typed), h("p", { class: "muted" }, t.typedHint), h("dl", {}, ...typed)),
		),
	);
}
