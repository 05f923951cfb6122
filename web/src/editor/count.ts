// count.ts -- words and characters, as people count them in their language.
//
// What a block holds is kept with its node, so an edit costs its own block.  The first count of a long document takes
// a while and is made in pieces.
import type { Node } from "@tiptap/pm/model";
import { blockText } from "./search";

export interface Count {
	readonly words: number;
	readonly characters: number; // what a reader sees as one: an accent or an emoji of several parts is one
	readonly bare: number; // of them, those that are no blanks
}

export const NOTHING: Count = { words: 0, characters: 0, bare: 0 };

const ASCII = /^[\x20-\x7e]*$/;

function add(a: Count, b: Count): Count {
	return { words: a.words + b.words, characters: a.characters + b.characters, bare: a.bare + b.bare };
}

export class Counter {
	private readonly known = new WeakMap<Node, Count>();
	private readonly words: Intl.Segmenter | null = null;
	private readonly characters: Intl.Segmenter | null = null;

	/// Word borders differ between languages; `locale` is the reader's.
	constructor(locale?: string) {
		if (typeof Intl.Segmenter !== "function") return;
		this.words = new Intl.Segmenter(locale, { granularity: "word" });
		this.characters = new Intl.Segmenter(locale, { granularity: "grapheme" });
	}

	/// Count a text; line ends and objects are no characters.
	text(text: string): Count {
		const seen = text.replace(/\ufffc/g, "");
		let words = 0;
		if (this.words) for (const segment of this.words.segment(seen)) words += segment.isWordLike ? 1 : 0;
		else words = (seen.match(/[\p{L}\p{N}][\p{L}\p{M}\p{N}'’]*/gu) ?? []).length;
		const lines = seen.replace(/\n/g, "");
		return { words, characters: this.length(lines), bare: this.length(lines.replace(/\s+/g, "")) };
	}

	/// Count [from, to) of a document in pieces: each next() does one block and gives what is counted so far.
	*between(doc: Node, from: number, to: number): Generator<Count, Count> {
		let sum = NOTHING;
		const blocks: [Node, number][] = [];
		doc.nodesBetween(from, to, (node, pos) => {
			if (node.isTextblock) blocks.push([node, pos + 1]);
			return !node.isTextblock;
		});
		for (const [block, start] of blocks) {
			const whole = from <= start && start + block.content.size <= to;
			sum = add(sum, whole ? this.block(block) : this.text(blockText(block).slice(Math.max(0, from - start), Math.max(0, to - start))));
			yield sum;
		}
		return sum;
	}

	private block(block: Node): Count {
		let count = this.known.get(block);
		if (!count) this.known.set(block, (count = block.content.size === 0 ? NOTHING : this.text(blockText(block))));
		return count;
	}

	private length(text: string): number {
		if (ASCII.test(text)) return text.length;
		let n = 0;
		if (this.characters) for (const _ of this.characters.segment(text)) n++;
		else for (const _ of text) n++;
		return n;
	}
}
