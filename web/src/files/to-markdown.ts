// to-markdown.ts -- Markdown (CommonMark, with strike-through and task lists as GitHub writes them).
//
// Emphasis signs are used only where every reader takes them as such: around a word that stands free.  Elsewhere, and
// for what Markdown cannot say, the HTML tag is written, which Markdown allows.
import type { Block, Run, Shape } from "../editor/items";
import { has, linkOf, OBJECT, pictureOf, quotesOf, sharedQuotes, type Sheet } from "./sheet";

const SIGNS = [
	{ key: "highlight", sign: "", tag: "mark" },
	{ key: "bold", sign: "**", tag: "strong" },
	{ key: "italic", sign: "*", tag: "em" },
	{ key: "strike", sign: "~~", tag: "s" },
] as const;

const SPECIAL = "\\`*_[]<>&~|";
const AT_START = "#+-=:";

export function toMarkdown({ blocks, shapes }: Pick<Sheet, "blocks" | "shapes">): string {
	const writer = new Writer();
	blocks.forEach((block, i) => writer.add(block, shapes[i]!, blocks[i + 1], shapes[i + 1]));
	return writer.out.join("");
}

class Writer {
	readonly out: string[] = [];
	private before: Shape | null = null;
	private quotes = 0;
	private depth = 0; // lists around the line
	private readonly widths: number[] = []; // columns of their markers
	private readonly numbers: number[] = [];
	private lists: string[] = []; // the lists whose items are open
	private lineStart = false; // nothing but the prefix is on this line
	private heading = false; // which is one line
	private opens = false; // a bracket follows the text
	private tail = Infinity; // where the line feeds begin that the block ends in, in its last run

	add(block: Block, shape: Shape, next: Block | undefined, nextShape: Shape | undefined): void {
		const { before } = this;
		if (before && before.path !== shape.path) this.lists = [];
		const open = this.lists.length;
		const beside = shape.list !== "" && !shape.cont && open > shape.indent && this.lists[shape.indent] !== shape.list;
		if (before) this.separate(before, shape, beside);
		this.quotes = quotesOf(shape).length;
		if (!shape.list) {
			this.lists = [];
			this.depth = 0;
			this.prefix();
		} else if (shape.cont) {
			this.lists.length = this.depth = shape.indent + 1;
			this.prefix();
		} else {
			this.marker(shape, open > shape.indent && !beside);
			this.lists = [...this.lists.slice(0, shape.indent), shape.list];
		}
		this.block(block, shape);
		// An item may not begin with two empty lines.
		if (block.count === 0 && shape.list && !shape.cont && next && nextShape!.list && nextShape!.cont && nextShape!.indent === shape.indent) this.out.push("<!-- -->");
		if (shape.type !== "code") this.out.push("\n");
		this.before = shape;
	}

	private indent(depth: number): string {
		let n = 0;
		for (let i = 0; i < depth; i++) n += this.widths[i] ?? 0;
		return " ".repeat(n);
	}

	// What stands in front of a further line of the block.
	private prefix(): void {
		this.out.push("> ".repeat(this.quotes), this.indent(this.depth));
		this.lineStart = true;
	}

	private marker({ list, indent, start, checked }: Shape, goesOn: boolean): void {
		this.numbers[indent] = goesOn ? this.numbers[indent]! + 1 : start;
		const marker = list.startsWith("ordered") ? `${this.numbers[indent]! % 1_000_000_000}. ` : "- ";
		this.depth = indent;
		this.prefix();
		this.out.push(marker);
		this.widths[indent] = marker.length;
		this.depth = indent + 1;
		if (list.startsWith("task")) this.out.push(checked ? "[x] " : "[ ] ");
	}

	// The empty line, or none, between two blocks.  `beside`: a list begins right behind another.
	private separate(before: Shape, shape: Shape, beside: boolean): void {
		// Items of one list stand close together.  A list that begins with another number than 1 does not end the
		// paragraph of the item it is in.
		const close = shape.list !== "" && before.list !== "" && !shape.cont && !before.cont && !beside && before.path === shape.path;
		if (close && (shape.indent <= before.indent || !shape.list.startsWith("ordered") || shape.start === 1)) return;
		const quotes = "> ".repeat(sharedQuotes(quotesOf(before), quotesOf(shape)));
		this.out.push(quotes, "\n");
		// Two lists side by side would be read as one.
		if (beside) this.out.push(quotes, this.indent(shape.indent), "<!-- -->\n", quotes, "\n");
	}

	private block(block: Block, shape: Shape): void {
		const picture = pictureOf(block.format);
		if (picture) return this.picture(picture);
		if (shape.type === "code") return this.code(block, shape);
		if (shape.type === "rule") return void this.out.push("---");
		this.heading = shape.type === "heading";
		if (this.heading) this.out.push("#".repeat(shape.level), " ");
		const last = block.runs.at(-1);
		this.tail = last?.kind === 0 ? last.text.replace(/\n+$/, "").length : Infinity;
		block.runs.forEach((_, at) => this.span(block.runs, at));
		this.heading = false;
	}

	private code({ runs }: Block, { language }: Shape): void {
		const text = runs.map((run) => run.text).join("");
		const fence = "`".repeat(Math.max(3, longestRun(text) + 1));
		this.out.push(fence, language.replace(/[\0- `]/g, ""), "\n");
		for (const line of text.split("\n")) {
			this.prefix();
			this.out.push(line, "\n");
		}
		this.prefix();
		this.out.push(fence, "\n");
	}

	private span(runs: readonly Run[], at: number): void {
		const { format, kind, text } = runs[at]!;
		const next = runs[at + 1];
		this.opens = next !== undefined && (next.kind === 2 || linkOf(next.format) !== "");
		const tail = at === runs.length - 1 ? this.tail : Infinity;
		if (kind === 2) {
			const picture = pictureOf(format);
			for (let i = 0; i < runs[at]!.count; i++) picture ? this.picture(picture) : this.out.push(OBJECT);
			this.lineStart = false;
			return;
		}
		const link = linkOf(format);
		const signs = SIGNS.filter(({ key }) => has(format, key));
		const code = has(format, "code");
		let [from, to] = [0, text.length];
		// Blanks at the borders stay outside: "**bold** " and not "**bold **".
		if (signs.length > 0 || code || link) {
			from = /^[ \n]*/.exec(text)![0].length;
			to = Math.max(from, text.replace(/[ \n]+$/, "").length);
			if (from === to) return this.escaped(text, 0, text.length, tail);
		}
		const plain =
			(from > 0 || isFree(neighbour(runs[at - 1], -1))) && (to < text.length || isFree(neighbour(next, 0))) && isWord(text[from]) && isWord(text[to - 1]) && !code;
		this.escaped(text, 0, from, tail);
		if (link) this.out.push("[");
		for (const { sign, tag } of signs) this.out.push(plain && sign ? sign : `<${tag}>`);
		if (signs.length > 0 || code || link) this.lineStart = false;
		if (code) this.codeSpan(text.slice(from, to));
		else this.escaped(text, from, to, tail);
		for (const { sign, tag } of [...signs].reverse()) this.out.push(plain && sign ? sign : `</${tag}>`);
		if (link) this.address(link);
		this.escaped(text, to, text.length, tail);
	}

	private codeSpan(text: string): void {
		const pad = /^`|`$|^ [^]* $/.test(text) ? " " : "";
		const fence = "`".repeat(longestRun(text) + 1);
		this.out.push(fence, pad, text.replaceAll("\n", " "), pad, fence);
	}

	private picture({ src, alt }: { src: string; alt: string }): void {
		this.out.push("![");
		this.lineStart = false;
		this.opens = false;
		this.escaped(alt, 0, alt.length, Infinity);
		this.address(src);
	}

	private address(address: string): void {
		this.out.push("](<", address.replace(/[\0-\x1f]/g, "").replace(/[<>\\|]/g, "\\$&"), ">)");
	}

	// Line feeds from `tail` on end the block: a sign for them needs something behind it.
	private escaped(text: string, from: number, to: number, tail: number): void {
		let plainFrom = from;
		const flush = (at: number, ...more: string[]) => {
			this.out.push(text.slice(plainFrom, at), ...more);
			plainFrom = at + 1;
		};
		for (let i = from; i < to; i++) {
			const c = text[i]!;
			if (c === "\n") {
				const tag = this.heading || i >= tail;
				flush(i, tag ? "<br>" : "\\\n");
				if (!tag) this.prefix();
				continue;
			}
			if (this.lineStart) {
				this.lineStart = false;
				if (c === " " || c === "\t") {
					flush(i, "&#32;");
					continue;
				}
				// A number with a point would begin a list.
				const digits = /^\d{1,10}(?=[.)])/.exec(text.slice(i, Math.min(to, i + 11)))?.[0].length ?? 0;
				if (digits > 0) {
					flush(i + digits, "\\", text[i + digits]!);
					i += digits;
					continue;
				}
				if (AT_START.includes(c)) {
					flush(i, "\\", c);
					continue;
				}
			}
			if (SPECIAL.includes(c) || (c === "!" && i + 1 === to && this.opens)) flush(i, "\\", c);
		}
		flush(to);
	}
}

function longestRun(text: string): number {
	return (text.match(/`+/g) ?? []).reduce((most, run) => Math.max(most, run.length), 0);
}

function isFree(c: string): boolean {
	return c === "" || c === " " || c === "\n" || /[!-/:-@[-`{-~]/.test(c) && !"*_~`\\".includes(c);
}

function isWord(c: string | undefined): boolean {
	return c !== undefined && (c >= "\x80" || /[0-9A-Za-z]/.test(c));
}

// The character next to a run; "" at the end of the block.
function neighbour(run: Run | undefined, at: number): string {
	if (!run) return "";
	const marked = run.kind === 2 || linkOf(run.format) !== "" || has(run.format, "code") || SIGNS.some(({ key }) => has(run.format, key));
	return marked ? "x" : run.text.at(at)!;
}
