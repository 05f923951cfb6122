// slash.ts -- a slash that is being typed where a block or a word begins, and what was typed behind it.
import type { EditorState } from "@tiptap/pm/state";
import { blockText } from "./search";

export interface Slash {
	readonly from: number; // before the slash
	readonly to: number; // the caret
	readonly query: string; // in small letters
}

// One blank may be part of what is looked for: "heading 2".
const TYPED = /(?:^|[\s\ufffc])\/([^\s/\ufffc]*|[^\s/\ufffc]+ [^\s/\ufffc]*)$/u;

/// The slash before the caret; null when there is none, or in code, where a slash is a slash.
export function slashAt({ selection, schema }: EditorState): Slash | null {
	const { $from, empty } = selection;
	const { parent, parentOffset } = $from;
	const code = schema.marks["code"];
	if (!empty || !parent.isTextblock || parent.type.spec.code || (code && code.isInSet($from.marks()))) return null;
	const query = TYPED.exec(blockText(parent).slice(0, parentOffset))?.[1];
	return query === undefined ? null : { from: $from.pos - query.length - 1, to: $from.pos, query: query.toLowerCase() };
}

/// Those of `list` whose words fit `query`: first those whose name begins with it, then other words of theirs.
export function fitting<T extends { readonly text: string; readonly also: string }>(list: readonly T[], query: string): T[] {
	const rank = ({ text, also }: T) => {
		const name = text.toLowerCase();
		if (name.startsWith(query)) return 0;
		if (` ${name}`.includes(` ${query}`)) return 1;
		return ` ${also.toLowerCase()}`.includes(` ${query}`) ? 2 : 3;
	};
	return list.filter((one) => rank(one) < 3).sort((a, b) => rank(a) - rank(b));
}
