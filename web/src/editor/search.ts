// search.ts -- where words stand in a document.
//
// Nodes never change, so what was found in a block is kept with its node: after an edit only the blocks that are new
// are read again, and a search of a megabyte costs a walk over its blocks.
import type { Node } from "@tiptap/pm/model";

/// A stretch of one block's text, as positions of the document.
export interface Match {
	readonly from: number;
	readonly to: number;
}

export interface SearchOptions {
	readonly matchCase: boolean;
	readonly wholeWord: boolean;
}

const WORD = "[\\p{L}\\p{M}\\p{N}_]";
const BEGINS = new RegExp(`^${WORD}`, "u");
const ENDS = new RegExp(`${WORD}$`, "u");

/// The pattern that finds `query`; null when there is nothing to look for.  A blank finds a no-break space as well.
export function pattern(query: string, { matchCase, wholeWord }: SearchOptions): RegExp | null {
	if (!query) return null;
	let source = query.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&").replace(/[ \u00a0]/g, "[ \\u00a0]");
	if (wholeWord) source = (BEGINS.test(query) ? `(?<!${WORD})` : "") + source + (ENDS.test(query) ? `(?!${WORD})` : "");
	return new RegExp(source, matchCase ? "gu" : "giu");
}

/// The text of a block, one unit for each of its positions.
export function blockText(block: Node): string {
	return block.textBetween(0, block.content.size, "", (leaf) => (leaf.type.name === "hardBreak" ? "\n" : "\ufffc").repeat(leaf.nodeSize));
}

export class Search {
	private readonly known = new WeakMap<Node, readonly number[]>();

	constructor(private readonly wanted: RegExp) {}

	/// All matches in a document, in order.
	in(doc: Node): Match[] {
		const found: Match[] = [];
		doc.descendants((node, pos) => {
			if (!node.isTextblock) return true;
			const bounds = this.inBlock(node);
			for (let i = 0; i < bounds.length; i += 2) found.push({ from: pos + 1 + bounds[i]!, to: pos + 1 + bounds[i + 1]! });
			return false;
		});
		return found;
	}

	private inBlock(block: Node): readonly number[] {
		let bounds = this.known.get(block);
		if (!bounds) {
			bounds = [...blockText(block).matchAll(this.wanted)].flatMap((match) => [match.index, match.index + match[0].length]);
			this.known.set(block, bounds);
		}
		return bounds;
	}
}

/// The first of `matches` that begins at `pos` or after it; their number when there is none.
export function firstFrom(matches: readonly Match[], pos: number): number {
	let low = 0;
	let high = matches.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (matches[middle]!.from < pos) low = middle + 1;
		else high = middle;
	}
	return low;
}
