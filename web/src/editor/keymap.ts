// keymap.ts -- the keys that do something to the text, in one table: it binds them, and it is what the help prints.
import type { Editor } from "@tiptap/core";
import type { Level } from "./items";

/// What a key may do: the editor and what belongs to the page around it.
export interface Hands {
	readonly tiptap: Editor;
	undo(): boolean;
	redo(): boolean;
	link(): void;
}

interface Key {
	readonly keys: readonly string[]; // "Mod-Shift-s"; the first one is shown.  Mod: Cmd on a Mac, else Ctrl
	readonly run: (hands: Hands) => boolean; // false: the key is somebody else's
}

const inTask = (editor: Editor) => (editor.isActive("taskItem") ? "taskItem" : "listItem");
// In code, Tab is the code's.
const nest = ({ tiptap }: Hands, how: "sinkListItem" | "liftListItem") => !tiptap.isActive("codeBlock") && tiptap.commands[how](inTask(tiptap));
const heading = (level: Level): Key => ({ keys: [`Mod-Alt-${level}`], run: ({ tiptap }) => tiptap.commands.toggleHeading({ level }) });

export const KEYS = {
	bold: { keys: ["Mod-b"], run: ({ tiptap }) => tiptap.commands.toggleBold() },
	italic: { keys: ["Mod-i"], run: ({ tiptap }) => tiptap.commands.toggleItalic() },
	strike: { keys: ["Mod-Shift-s"], run: ({ tiptap }) => tiptap.commands.toggleStrike() },
	highlight: { keys: ["Mod-Shift-h"], run: ({ tiptap }) => tiptap.commands.toggleHighlight() },
	code: { keys: ["Mod-e"], run: ({ tiptap }) => tiptap.commands.toggleCode() },
	link: { keys: ["Mod-k"], run: ({ link }) => (link(), true) },
	paragraph: { keys: ["Mod-Alt-0"], run: ({ tiptap }) => tiptap.commands.setParagraph() },
	heading1: heading(1),
	heading2: heading(2),
	heading3: heading(3),
	heading4: heading(4),
	heading5: heading(5),
	heading6: heading(6),
	bullet: { keys: ["Mod-Shift-8"], run: ({ tiptap }) => tiptap.commands.toggleBulletList() },
	ordered: { keys: ["Mod-Shift-7"], run: ({ tiptap }) => tiptap.commands.toggleOrderedList() },
	task: { keys: ["Mod-Shift-9"], run: ({ tiptap }) => tiptap.commands.toggleTaskList() },
	indent: { keys: ["Tab"], run: (hands) => nest(hands, "sinkListItem") },
	outdent: { keys: ["Shift-Tab"], run: (hands) => nest(hands, "liftListItem") },
	quote: { keys: ["Mod-Shift-b"], run: ({ tiptap }) => tiptap.commands.toggleBlockquote() },
	codeBlock: { keys: ["Mod-Alt-c"], run: ({ tiptap }) => tiptap.commands.toggleCodeBlock() },
	lineBreak: { keys: ["Shift-Enter"], run: ({ tiptap }) => tiptap.commands.setHardBreak() },
	undo: { keys: ["Mod-z"], run: ({ undo }) => (undo(), true) },
	redo: { keys: ["Mod-Shift-z", "Mod-y"], run: ({ redo }) => (redo(), true) },
} as const satisfies Record<string, Key>;

export type KeyName = keyof typeof KEYS;

/// The table as the editor wants it; `hands` is asked when a key comes.
export function bindings(hands: () => Hands): Record<string, () => boolean> {
	return Object.fromEntries(Object.values<Key>(KEYS).flatMap(({ keys, run }) => keys.map((key) => [key, () => run(hands())])));
}

/// What becomes something else as soon as it is typed, by the editor's input rules; `block` only where a block begins.
export const TYPED = {
	heading1: { typed: "# ", block: true },
	heading2: { typed: "## ", block: true },
	heading3: { typed: "### ", block: true },
	heading4: { typed: "#### ", block: true },
	heading5: { typed: "##### ", block: true },
	heading6: { typed: "###### ", block: true },
	bullet: { typed: "- ", block: true },
	ordered: { typed: "1. ", block: true },
	task: { typed: "[ ] ", block: true },
	quote: { typed: "> ", block: true },
	codeBlock: { typed: "``` ", block: true },
	rule: { typed: "---", block: true },
	bold: { typed: "**…**", block: false },
	italic: { typed: "*…*", block: false },
	strike: { typed: "~~…~~", block: false },
	highlight: { typed: "==…==", block: false },
	code: { typed: "`…`", block: false },
} as const;
