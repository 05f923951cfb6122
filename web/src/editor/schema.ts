// schema.ts -- the kinds of blocks and marks, as tiptap extensions.
//
// Nodes hold only what items can say (items.ts): everything drawn comes from them, and a pasted attribute that they
// cannot say would differ between two people.
import { mergeAttributes, Node, type Extensions } from "@tiptap/core";
import Highlight from "@tiptap/extension-highlight";
import { BulletList, ListItem, OrderedList, TaskItem, TaskList } from "@tiptap/extension-list";
import StarterKit from "@tiptap/starter-kit";
import { Blockquote } from "@tiptap/extension-blockquote";
import { Code } from "@tiptap/extension-code";
import { Link } from "@tiptap/extension-link";
import { LEVELS } from "./items";

// Which of two lists or quotes that stand side by side a block belongs to.  Never shown.
const group = { group: { default: "", rendered: false, keepOnSplit: true } };

// An inline object of a kind that this page cannot draw: kept, shown as a placeholder.
const InlineObject = Node.create({
	name: "object",
	group: "inline",
	inline: true,
	atom: true,
	addAttributes: () => ({ data: { default: "[]", rendered: false } }),
	renderHTML: () => ["span", { class: "object", "data-object": "" }, "\ufffc"],
});

const IN_ITEM = "paragraph (paragraph | heading | codeBlock | horizontalRule | bulletList | orderedList | taskList)*";
const START_MAX = 999_999_999;
const SAFE_LINK = /^(https?:|mailto:|tel:)/i;

/// Is this an address that a link may lead to?
export function safeLink(href: string): boolean {
	return SAFE_LINK.test(href.trim());
}

// The first number of a list; what is none of Markdown's is none here.
function startOf(text: string | null): number {
	const start = Math.max(0, Number.parseInt(text ?? "1", 10));
	return start <= START_MAX ? start : 1;
}

export const extensions: Extensions = [
	StarterKit.configure({
		undoRedo: false, // the runtime undoes own edits only
		trailingNode: false, // would write into everybody's document
		underline: false,
		link: false,
		code: false,
		blockquote: false,
		bulletList: false,
		orderedList: false,
		listItem: false,
		heading: { levels: [...LEVELS] },
		dropcursor: { class: "dropcursor", color: false },
		codeBlock: { enableTabIndentation: true },
	}),
	Blockquote.extend({ addAttributes: () => group }),
	BulletList.extend({ addAttributes: () => group }),
	OrderedList.extend({
		addAttributes: () => ({ ...group, start: { default: 1, parseHTML: (element: HTMLElement) => startOf(element.getAttribute("start")) } }),
	}),
	TaskList.extend({ addAttributes: () => group }),
	ListItem.extend({ content: IN_ITEM }),
	TaskItem.extend({ content: IN_ITEM }).configure({ nested: true }),
	// All marks are independent keys, so code may be bold too.
	Code.extend({ excludes: "" }),
	Highlight,
	Link.extend({
		addAttributes: () => ({ href: { default: null, parseHTML: (element: HTMLElement) => element.getAttribute("href") } }),
		renderHTML({ HTMLAttributes }) {
			const href = String(HTMLAttributes["href"] ?? "");
			return ["a", mergeAttributes({ rel: "noopener noreferrer nofollow", target: "_blank" }, safeLink(href) ? { href } : {}), 0];
		},
	}).configure({ openOnClick: false, autolink: true, linkOnPaste: true, defaultProtocol: "https" }),
	InlineObject,
];
