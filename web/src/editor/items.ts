// items.ts -- the document as the runtime sees it: a sequence of items, kept here as a list of blocks.
//
// An item is a Unicode scalar, a block marker or an inline object (text.h).  A block is a marker with the items
// up to the next one.  Two kinds of block have no marker, since total drawing needs a place for every item
// (text-core.md B6, R1): text before the first marker, and text after a rule, which holds none.  They are
// called ghosts; a ghost without items exists only as the single block of an empty document.
//
//   items    ¶  H  i  ¶  ──  x  ¶  y              blocks   [¶ Hi] [¶ ──] [ghost x] [¶ y]
//
// The list is the page's copy of VIEW: patches and own edits change it in the same way.  It keeps what cannot
// be drawn (unknown keys, marks inside code), so nothing of it is lost when a block is drawn anew.

export type Scalar = boolean | number | string;
export type Attrs = (readonly [string, Scalar])[];

export const Kind = { char: 0, block: 1, atom: 2 } as const;

/// A format: a set of keys with values.  Equal formats are one object, so they compare by identity.
export interface Format {
	readonly attrs: ReadonlyMap<string, Scalar>;
	readonly shape: Shape; // what a marker of this format asks for
}

/// Items of one format in one block: text, or objects as U+FFFC each.
export interface Run {
	readonly kind: 0 | 2;
	readonly text: string;
	readonly count: number;
	readonly format: Format;
}

export interface Block {
	readonly marker: boolean;
	readonly format: Format; // of the marker
	readonly runs: readonly Run[];
	readonly count: number; // items after the marker
}

/// Items before they are cut into blocks.
export type Segment = { kind: 1; format: Format } | Run;

/// What a block looks like: the block keys of text-core.md B4 that this page draws.
export interface Shape {
	readonly type: "paragraph" | "heading" | "code" | "rule";
	readonly level: number; // of a heading, 1 to 6
	readonly language: string; // of code
	readonly path: string; // quotes around it, outermost first: "quote", "quote/quote:id"
	readonly list: string; // "" or kind[:list id]
	readonly indent: number;
	readonly cont: boolean; // one more block of the list item before it
	readonly checked: boolean;
	readonly start: number; // first number of an ordered list
}

/// The levels of headings.
export const LEVELS = [1, 2, 3, 4, 5, 6] as const;
export type Level = (typeof LEVELS)[number];

export const PLAIN: Shape = {
	type: "paragraph", level: 0, language: "", path: "", list: "", indent: 0, cont: false, checked: false, start: 1,
};

const LIST = /^(bullet|ordered|task)(:|$)/;
const INDENT_MAX = 15;

/// The kind of a list value: "bullet", "ordered" or "task".
export function listKind(list: string): string {
	return list.split(":", 1)[0]!;
}

// Values of the wrong type and unknown ones read as absent (R4): the attribute stays, the drawing is plain.
function shapeOf(attrs: ReadonlyMap<string, Scalar>): Shape {
	const text = (key: string) => (typeof attrs.get(key) === "string" ? (attrs.get(key) as string) : "");
	const number = (key: string) => (typeof attrs.get(key) === "number" ? (attrs.get(key) as number) : 0);
	const [name = "", detail = ""] = /^([a-z]+)(?::(.*))?$/s.exec(text("type"))?.slice(1) ?? [];
	const type = name === "heading" || name === "code" || name === "rule" ? name : "paragraph";
	const list = LIST.test(text("list")) ? text("list") : "";
	return {
		type,
		level: type !== "heading" ? 0 : /^[1-9]$/.test(detail) ? Math.min(6, Number(detail)) : 1,
		language: type === "code" ? detail : "",
		path: text("path")
			.split("/")
			.filter((part) => part === "quote" || part.startsWith("quote:"))
			.slice(0, INDENT_MAX)
			.join("/"),
		list,
		indent: list ? Math.min(INDENT_MAX, number("indent")) : 0,
		cont: list !== "" && attrs.get("cont") === true,
		checked: listKind(list) === "task" && attrs.get("checked") === true,
		start: listKind(list) === "ordered" && attrs.has("start") ? number("start") : 1,
	};
}

/// The block keys that say `shape`; defaults are left out.
export function shapeAttrs(shape: Shape): Attrs {
	const attrs: [string, Scalar][] = [];
	if (shape.checked) attrs.push(["checked", true]);
	if (shape.cont) attrs.push(["cont", true]);
	if (shape.indent > 0) attrs.push(["indent", shape.indent]);
	if (shape.list) attrs.push(["list", shape.list]);
	if (shape.path) attrs.push(["path", shape.path]);
	if (shape.start !== 1) attrs.push(["start", shape.start]);
	if (shape.type === "heading") attrs.push(["type", `heading:${shape.level}`]);
	else if (shape.type === "code") attrs.push(["type", shape.language ? `code:${shape.language}` : "code"]);
	else if (shape.type === "rule") attrs.push(["type", "rule"]);
	return attrs;
}

export const BLOCK_KEYS = ["checked", "cont", "indent", "list", "path", "start", "type"] as const;

const interned = new Map<string, Format>();

/// The one format with these keys, in any order.
export function format(attrs: Iterable<readonly [string, Scalar]>): Format {
	const sorted = [...attrs].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
	const name = JSON.stringify(sorted);
	let known = interned.get(name);
	if (!known) {
		const map = new Map(sorted);
		known = { attrs: map, shape: shapeOf(map) };
		interned.set(name, known);
	}
	return known;
}

export const NONE = format([]);

/// `base` with one key changed; null takes it away.
export function withKey(base: Format, key: string, value: Scalar | null): Format {
	if ((base.attrs.get(key) ?? null) === value) return base;
	const map = new Map(base.attrs);
	if (value === null) map.delete(key);
	else map.set(key, value);
	return format(map);
}

/// Unicode scalars in a string without lone surrogates.
export function scalars(text: string): number {
	let n = text.length;
	for (let i = 0; i < text.length; i++) {
		const unit = text.charCodeAt(i);
		if (unit >= 0xdc00 && unit < 0xe000) n--;
	}
	return n;
}

/// UTF-16 units of the first `count` scalars of `text`.
export function units(text: string, count: number): number {
	let at = 0;
	for (let n = 0; n < count && at < text.length; n++) at += text.codePointAt(at)! > 0xffff ? 2 : 1;
	return at;
}

/// `text` with lone surrogates replaced by U+FFFD: what the runtime can hold.
export function wellFormed(text: string): string {
	return text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd");
}

export function charRun(text: string, fmt: Format): Run {
	return { kind: Kind.char, text, count: scalars(text), format: fmt };
}

export function atomRun(count: number, fmt: Format): Run {
	return { kind: Kind.atom, text: "\ufffc".repeat(count), count, format: fmt };
}

/// A gap between items: in `block`, after `offset` of the items that follow its marker.  offset -1 is the gap
/// before the marker of the first block.
export interface Gap {
	block: number;
	offset: number;
}

const EMPTY: Block = { marker: false, format: NONE, runs: [], count: 0 };

export class Items {
	private list: Block[] = [EMPTY];
	private total = 0;
	// Where the last search ended: edits come in clusters, loads in ascending order.
	private near = { block: 0, start: 0 };

	get blocks(): readonly Block[] {
		return this.list;
	}

	get length(): number {
		return this.total;
	}

	/// Index of a block's first item; one past the last block is the length.
	start(block: number): number {
		let { block: k, start } = this.near.block <= 2 * block ? this.near : { block: 0, start: 0 };
		for (; k < block; k++) start += size(this.list[k]!);
		while (k > block) start -= size(this.list[--k]!);
		if (k < this.list.length) this.near = { block: k, start };
		return start;
	}

	/// The gap before item `index`: it belongs to the block of the item before it.
	locate(index: number): Gap {
		let { block, start } = this.near.start <= 2 * index ? this.near : { block: 0, start: 0 };
		while (block > 0 && start >= index) start -= size(this.list[--block]!);
		while (block < this.list.length - 1 && start + size(this.list[block]!) < index) start += size(this.list[block++]!);
		this.near = { block, start };
		return { block, offset: index - start - (this.list[block]!.marker ? 1 : 0) };
	}

	/// The first block that begins at item `index` or after it.
	blockFrom(index: number): number {
		let k = 0;
		for (let start = 0; k < this.list.length && start < index; k++) start += size(this.list[k]!);
		return k;
	}

	/// What restore() needs to take back all later changes.
	snapshot(): readonly Block[] {
		return this.list.slice();
	}

	restore(snapshot: readonly Block[]): void {
		this.list = [...snapshot];
		this.total = sizes(this.list);
		this.near = { block: 0, start: 0 };
	}

	/// The index of a gap.
	index(gap: Gap): number {
		return this.start(gap.block) + (this.list[gap.block]!.marker ? 1 : 0) + gap.offset;
	}

	/// Items [from, to) as segments.
	read(from: number, to: number): Segment[] {
		const first = this.locate(from).block;
		const last = this.locate(to).block;
		const start = this.start(first);
		return cut(segments(this.list.slice(first, last + 1)), from - start, to - start)[1];
	}

	/// Hold these items instead: a whole document at once.
	fill(all: readonly Segment[]): void {
		const made = blocksOf(all);
		this.restore(made.length > 0 ? made : [EMPTY]);
	}

	insert(index: number, added: readonly Segment[]): void {
		this.change(index, index, (before, after) => [...before, ...added, ...after]);
	}

	delete(index: number, count: number): void {
		this.change(index, index + count, (before, after) => [...before, ...after]);
	}

	/// Give items [from, to) the format that `next` makes of theirs.
	reformat(from: number, to: number, next: (old: Format) => Format): void {
		this.change(from, to, (before, after, inside) => [...before, ...inside.map((s) => ({ ...s, format: next(s.format) })), ...after]);
	}

	// All changes work on the segments of the touched blocks and the one after, which may be a ghost that comes or
	// goes; then blocks are cut anew.  Cost: the size of those blocks.
	private change(from: number, to: number, edit: (before: Segment[], after: Segment[], inside: Segment[]) => Segment[]): void {
		const total = this.length;
		if (from < 0 || to < from || to > total) throw new RangeError(`items [${from}, ${to}) of ${total}`);
		let first = this.locate(from).block;
		// Text may turn into a ghost of the rule before it, or stop being one.
		if (first > 0) first--;
		const start = this.start(first);
		let last = this.locate(to).block;
		if (last < this.list.length - 1) last++;
		const [before, inside, after] = cut(segments(this.list.slice(first, last + 1)), from - start, to - start);
		const made = blocksOf(edit(before, after, inside));
		this.near = { block: first, start };
		this.total += sizes(made) - sizes(this.list.splice(first, last + 1 - first, ...made));
		if (this.list.length === 0) this.list = [EMPTY];
		if (this.list.length > 1 && size(this.list[0]!) === 0) this.list.shift();
		if (first === 0) this.near = { block: 0, start: 0 };
	}
}

function size(block: Block): number {
	return block.count + (block.marker ? 1 : 0);
}

function sizes(blocks: readonly Block[]): number {
	return blocks.reduce((n, block) => n + size(block), 0);
}

/// The items of blocks.
export function segments(blocks: readonly Block[]): Segment[] {
	const out: Segment[] = [];
	for (const block of blocks) {
		if (block.marker) out.push({ kind: Kind.block, format: block.format });
		out.push(...block.runs);
	}
	return out;
}

function length(segment: Segment): number {
	return segment.kind === Kind.block ? 1 : segment.count;
}

// Segments before, inside and after [from, to).
function cut(all: readonly Segment[], from: number, to: number): [Segment[], Segment[], Segment[]] {
	const parts: [Segment[], Segment[], Segment[]] = [[], [], []];
	let at = 0;
	for (const segment of all) {
		const n = length(segment);
		for (const [i, lo, hi] of [[0, 0, from], [1, from, to], [2, to, Infinity]] as const) {
			const a = Math.max(lo, at) - at;
			const b = Math.min(hi, at + n) - at;
			if (a < b) parts[i].push(a === 0 && b === n ? segment : sliceRun(segment as Run, a, b));
		}
		at += n;
	}
	return parts;
}

/// Items [from, to) of a run.
export function sliceRun(run: Run, from: number, to: number): Run {
	const a = units(run.text, from);
	const text = run.text.slice(a, a + units(run.text.slice(a), to - from));
	return { kind: run.kind, text, count: to - from, format: run.format };
}

/// Cut segments into blocks; neighbours of one kind and format become one run.
export function blocksOf(all: readonly Segment[]): Block[] {
	const blocks: Block[] = [];
	let open: { marker: boolean; format: Format; runs: Run[]; count: number } | undefined;
	for (const segment of all) {
		if (segment.kind === Kind.block) {
			blocks.push((open = { marker: true, format: segment.format, runs: [], count: 0 }));
			continue;
		}
		if (segment.count === 0) continue;
		if (!open || (open.marker && open.format.shape.type === "rule")) blocks.push((open = { marker: false, format: NONE, runs: [], count: 0 }));
		const last = open.runs.at(-1);
		if (last && last.kind === segment.kind && last.format === segment.format)
			open.runs[open.runs.length - 1] = { ...last, text: last.text + segment.text, count: last.count + segment.count };
		else open.runs.push(segment);
		open.count += segment.count;
	}
	return blocks;
}
