// headings.ts -- the headings of a document, in order.
//
// Paragraphs are passed over at the cost of a look; what a quote or a list holds is kept with its node, which never changes.
import type { Node } from "@tiptap/pm/model";
import { blockText } from "./search";

export interface Heading {
	readonly level: number; // 1 to 6
	readonly text: string; // one line, "" for a heading without words
	readonly pos: number; // before the heading
}

const known = new WeakMap<Node, readonly Heading[]>();

/// All headings below `node`; positions count from the beginning of its content.
export function headings(node: Node): readonly Heading[] {
	let found = known.get(node);
	if (found) return found;
	const list: Heading[] = [];
	node.forEach((child, offset) => {
		if (child.type.name === "heading") list.push({ level: child.attrs["level"] as number, text: blockText(child).replace(/[\s\ufffc]+/g, " ").trim(), pos: offset });
		else if (!child.isTextblock && !child.isLeaf) for (const inner of headings(child)) list.push({ ...inner, pos: offset + 1 + inner.pos });
	});
	known.set(node, (found = list));
	return found;
}

/// How deep each heading stands among those before it, from 0: a level that was left out does not count.
export function depths(list: readonly Heading[]): number[] {
	const open: number[] = [];
	return list.map(({ level }) => {
		while (open.length > 0 && open.at(-1)! >= level) open.pop();
		return open.push(level) - 1;
	});
}
