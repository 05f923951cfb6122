// toolbar.ts -- formatting buttons, as one toolbar: Tab enters and leaves it, arrows move inside.
import type { ChainedCommands } from "@tiptap/core";
import type { DocumentEditor } from "../editor/editor";
import { LEVELS, type Level } from "../editor/items";
import type { KeyName } from "../editor/keymap";
import { fill, h, mark } from "./dom";
import { icon, type IconName } from "./icons";
import { keyText } from "./keys";
import { texts } from "./texts";

interface Item {
	icon: IconName;
	text: string;
	key?: KeyName;
	active?: string | [string, Record<string, unknown>];
	run: (editor: DocumentEditor) => void;
}

const chain = (act: (chain: ChainedCommands) => ChainedCommands) => (editor: DocumentEditor) => void act(editor.tiptap.chain().focus()).run();
const inTask = (editor: DocumentEditor) => (editor.tiptap.isActive("taskItem") ? "taskItem" : "listItem");
const t = texts.toolbar;

export class Toolbar {
	private readonly style = h("select", { class: "toolbar-style", "aria-label": t.style, title: t.style, onchange: () => this.setStyle(), onkeydown: () => (this.styleByKey = true), onpointerdown: () => (this.styleByKey = false) });
	private styleByKey = false;
	private readonly buttons: { item: Item; button: HTMLButtonElement }[] = [];
	private readonly items: HTMLElement[] = [];
	readonly container: HTMLElement;

	constructor(private readonly editor: DocumentEditor, link: () => void) {
		fill(this.style, h("option", { value: "0" }, t.paragraph), ...LEVELS.map((level) => h("option", { value: String(level) }, t.heading(level))));
		const history: Item[] = [
			{ icon: "undo", text: t.undo, key: "undo", run: (e) => void (e.undo(), e.focus()) },
			{ icon: "redo", text: t.redo, key: "redo", run: (e) => void (e.redo(), e.focus()) },
		];
		const groups: Item[][] = [
			[
				{ icon: "bold", text: t.bold, key: "bold", active: "bold", run: chain((c) => c.toggleBold()) },
				{ icon: "italic", text: t.italic, key: "italic", active: "italic", run: chain((c) => c.toggleItalic()) },
				{ icon: "strike", text: t.strike, key: "strike", active: "strike", run: chain((c) => c.toggleStrike()) },
				{ icon: "highlight", text: t.highlight, key: "highlight", active: "highlight", run: chain((c) => c.toggleHighlight()) },
				{ icon: "code", text: t.code, key: "code", active: "code", run: chain((c) => c.toggleCode()) },
				{ icon: "link", text: t.link, key: "link", active: "link", run: link },
			],
			[
				{ icon: "bullet", text: t.bullet, key: "bullet", active: "bulletList", run: chain((c) => c.toggleBulletList()) },
				{ icon: "ordered", text: t.ordered, key: "ordered", active: "orderedList", run: chain((c) => c.toggleOrderedList()) },
				{ icon: "task", text: t.task, key: "task", active: "taskList", run: chain((c) => c.toggleTaskList()) },
				{ icon: "outdent", text: t.outdent, key: "outdent", run: (e) => chain((c) => c.liftListItem(inTask(e)))(e) },
				{ icon: "indent", text: t.indent, key: "indent", run: (e) => chain((c) => c.sinkListItem(inTask(e)))(e) },
			],
			[
				{ icon: "quote", text: t.quote, key: "quote", active: "blockquote", run: chain((c) => c.toggleBlockquote()) },
				{ icon: "codeBlock", text: t.codeBlock, key: "codeBlock", active: "codeBlock", run: chain((c) => c.toggleCodeBlock()) },
				{ icon: "rule", text: t.rule, run: chain((c) => c.setHorizontalRule()) },
			],
		];
		const group = (items: Item[]) => h("div", { class: "toolbar-group", role: "group" }, ...items.map((item) => this.button(item)));
		// Undo stands first: a phone shows only the beginning, and has no keys for it.
		const first = group(history);
		this.items.push(this.style);
		this.container = h(
			"div",
			{ class: "toolbar", role: "toolbar", "aria-label": t.label, onkeydown: (event: KeyboardEvent) => this.move(event) },
			first,
			this.style,
			...groups.map(group),
		);
		this.update();
	}

	update(): void {
		const { tiptap } = this.editor;
		for (const { item, button } of this.buttons) {
			if (!item.active) continue;
			const [name, attrs] = typeof item.active === "string" ? [item.active, {}] : item.active;
			mark(button, "aria-pressed", String(tiptap.isActive(name, attrs)));
		}
		const style = String(LEVELS.find((level) => tiptap.isActive("heading", { level })) ?? 0);
		if (this.style.value !== style) this.style.value = style;
	}

	private button(item: Item): HTMLButtonElement {
		const button = h(
			"button",
			{
				class: "icon-button",
				type: "button",
				tabindex: "-1",
				"aria-label": item.text,
				"aria-pressed": item.active ? "false" : null,
				title: item.key ? `${item.text} (${keyText(item.key)})` : item.text,
				// Keep the selection and, on phones, the keyboard.
				onmousedown: (event: MouseEvent) => event.preventDefault(),
				onclick: () => item.run(this.editor),
			},
			icon(item.icon),
		);
		this.buttons.push({ item, button });
		this.items.push(button);
		return button;
	}

	private setStyle(): void {
		const level = Number(this.style.value) as 0 | Level;
		const { tiptap } = this.editor;
		if (level === 0) tiptap.commands.setParagraph();
		else tiptap.commands.setHeading({ level });
		// Who goes through the list by arrows goes on there.
		if (!this.styleByKey) this.editor.focus();
	}

	private move(event: KeyboardEvent): void {
		if (event.key === "Escape") {
			this.editor.focus();
			return;
		}
		const at = this.items.indexOf(event.target as HTMLElement);
		const n = this.items.length;
		const to = { ArrowRight: (at + 1) % n, ArrowLeft: (at + n - 1) % n, Home: 0, End: n - 1 }[event.key];
		if (to === undefined || at < 0) return;
		event.preventDefault();
		this.items[to]!.focus();
	}
}
