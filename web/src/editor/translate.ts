// translate.ts -- a transaction that was applied, as edits of the runtime (text-core.md C2).
//
// Each step is taken by its exact ranges, in its own before and after documents; never by comparing texts, since
// repeated letters make a comparison ambiguous and it would then merge wrongly.  Within a range, items equal at both
// ends stay: a marker meets a marker whatever its attributes, so wrapping, lifting and retyping keep text and
// markers and become attribute writes.
import { AddMarkStep, AttrStep, RemoveMarkStep, ReplaceAroundStep, ReplaceStep, type Step } from "@tiptap/pm/transform";
import type { Node } from "@tiptap/pm/model";
import { BLOCK_KEYS, format, Kind, NONE, shapeAttrs, sliceRun, withKey, type Items, type Run, type Scalar, type Segment } from "./items";
import { blockCount, blocksBefore, indexAt, indexesAt, isBlock, itemsBetween, markKey, shapeAt } from "./flatten";
import { drawnShapes } from "./draw";
import { ReplaceManyStep } from "./replace";
import type { Value } from "../runtime/msgpack";

/// Items and document went apart: a step that is not understood.
export class Mismatch extends Error {}

const FLOW_BODY = 0;
const EditKind = { insert: 0, block: 1, atom: 2, delete: 3, mark: 4 } as const;

/// Records edits and makes them in the items at once, so that each index counts in the result of those before.
export class Edits {
	readonly list: Value[][] = [];

	constructor(readonly items: Items) {}

	insert(index: number, added: readonly Segment[]): void {
		if (added.length === 0) return;
		this.items.insert(index, added);
		for (const segment of added) {
			const attrs: Value = [...segment.format.attrs];
			if (segment.kind === Kind.block) this.list.push([EditKind.block, FLOW_BODY, index++, attrs]);
			else if (segment.kind === Kind.char) {
				this.list.push([EditKind.insert, FLOW_BODY, index, segment.text, attrs]);
				index += segment.count;
			} else for (let i = 0; i < segment.count; i++) this.list.push([EditKind.atom, FLOW_BODY, index++, attrs]);
		}
	}

	delete(index: number, count: number): void {
		if (count === 0) return;
		this.items.delete(index, count);
		this.list.push([EditKind.delete, FLOW_BODY, index, count]);
	}

	mark(from: number, to: number, key: string, value: Scalar | null): void {
		if (from >= to) return;
		this.items.reformat(from, to, (old) => withKey(old, key, value));
		this.list.push([EditKind.mark, FLOW_BODY, from, to, key, value]);
	}
}

/// Translate one step.  `edits.items` is in step with `before` and afterwards with `after`.
export function translateStep(edits: Edits, step: Step, before: Node, after: Node): void {
	if (step instanceof AddMarkStep || step instanceof RemoveMarkStep) {
		translateMark(edits, step, before);
		return;
	}
	const { from, to } = span(step, before);
	giveMarkers(edits, before, from, to);
	const inText = step instanceof ReplaceManyStep;
	const ranges = inText ? manyRanges(edits, step, before) : rangesOf(edits, step, before, after);
	let structural = !inText && !(step instanceof ReplaceStep);
	for (const range of ranges.reverse()) {
		const old = edits.items.read(range.from, range.to);
		structural ||= [...old, ...range.added].some((s) => s.kind === Kind.block);
		replace(edits, range.from, old, range.added);
	}
	if (edits.items.blocks.length !== blockCount(after)) throw new Mismatch("a step changed blocks in an unknown way");
	// A marker can also lose its place in a list by a step without markers: closing and opening tokens only.
	const $from = before.resolve(from);
	if (inText) return;
	if (structural || !$from.sameParent(before.resolve(to)) || !$from.parent.isTextblock)
		writeShapes(edits, after, step.getMap().map(from, -1), step.getMap().map(to, 1));
}

interface Range {
	from: number; // item indexes
	to: number;
	added: Segment[];
}

function rangesOf(edits: Edits, step: Step, before: Node, after: Node): Range[] {
	const ranges: Range[] = [];
	step.getMap().forEach((oldFrom, oldTo, newFrom, newTo) => {
		ranges.push({
			from: indexAt(edits.items, before, oldFrom),
			to: indexAt(edits.items, before, oldTo),
			added: itemsBetween(after, newFrom, newTo),
		});
	});
	return ranges;
}

// The same, without a walk through the document for each of many.
function manyRanges(edits: Edits, { list }: ReplaceManyStep, before: Node): Range[] {
	const indexes = indexesAt(edits.items, before, list.flatMap(({ from, to }) => [from, to]));
	const paragraph = before.type.schema.nodes["paragraph"]!;
	return list.map(({ content }, i) => ({ from: indexes[2 * i]!, to: indexes[2 * i + 1]!, added: itemsBetween(paragraph.create(null, content), 0, content.size) }));
}

// The positions of `before` whose blocks a step may change.
function span(step: Step, before: Node): { from: number; to: number } {
	if (step instanceof ReplaceStep || step instanceof ReplaceAroundStep) return { from: step.from, to: step.to };
	if (step instanceof ReplaceManyStep) return { from: step.list[0]!.from, to: step.list.at(-1)!.to };
	if (step instanceof AttrStep) return { from: step.pos, to: step.pos + (before.nodeAt(step.pos)?.nodeSize ?? 0) };
	return { from: 0, to: before.content.size };
}

// A ghost block that is edited, or whose neighbour is, gets a marker and keeps looking as it does.
function giveMarkers(edits: Edits, before: Node, from: number, to: number): void {
	const first = Math.max(0, blocksBefore(before, from) - 1);
	const last = Math.min(edits.items.blocks.length - 1, blocksBefore(before, to));
	for (let k = first; k <= last; k++)
		if (!edits.items.blocks[k]!.marker) edits.insert(edits.items.start(k), [{ kind: Kind.block, format: NONE }]);
}

// Replace the items `old` at `index`, keeping what is equal at both ends.
function replace(edits: Edits, index: number, old: Segment[], added: Segment[]): void {
	// Nothing can be equal then, and a large paste need not be taken apart.
	const [a, b] = old.length && added.length ? [explode(old), explode(added)] : [[], []];
	let head = 0;
	while (head < a.length && head < b.length && alike(a[head]!, b[head]!)) head++;
	let tail = 0;
	while (tail < a.length - head && tail < b.length - head && alike(a[a.length - 1 - tail]!, b[b.length - 1 - tail]!)) tail++;
	edits.delete(index + head, itemCount(old) - head - tail);
	edits.insert(index + head, sliceSegments(added, head, itemCount(added) - tail));
}

function itemCount(segments: readonly Segment[]): number {
	return segments.reduce((n, segment) => n + (segment.kind === Kind.block ? 1 : segment.count), 0);
}

// One entry per item.
function explode(segments: readonly Segment[]): Segment[] {
	return segments.flatMap<Segment>((s) => (s.kind === Kind.block ? [s] : Array.from(s.text, (text): Run => ({ ...s, text, count: 1 }))));
}

function alike(a: Segment, b: Segment): boolean {
	// A rule's marker is no other block's: what follows it is cut differently.
	if (a.kind === Kind.block || b.kind === Kind.block)
		return a.kind === b.kind && (a.format.shape.type === "rule") === (b.format.shape.type === "rule");
	return a.kind === b.kind && a.text === b.text && a.format === b.format;
}

function sliceSegments(segments: readonly Segment[], from: number, to: number): Segment[] {
	const out: Segment[] = [];
	let at = 0;
	for (const segment of segments) {
		const n = segment.kind === Kind.block ? 1 : segment.count;
		const lo = Math.max(from - at, 0);
		const hi = Math.min(to - at, n);
		if (lo < hi) out.push(segment.kind === Kind.block ? segment : sliceRun(segment, lo, hi));
		at += n;
	}
	return out;
}

// One event per mark and stretch of text, so that text typed into the stretch meanwhile is marked too.  Blocks that
// forbid the mark (code) are left out; a marker between two blocks may be covered, it does not draw marks.
function translateMark(edits: Edits, step: AddMarkStep | RemoveMarkStep, before: Node): void {
	const entry = markKey(step.mark);
	if (!entry) return;
	const [key, value] = entry;
	let open: { from: number; to: number } | null = null;
	const ranges: { from: number; to: number }[] = [];
	before.nodesBetween(step.from, step.to, (node, pos) => {
		if (!node.isTextblock) return true;
		if (!node.type.allowsMarkType(step.mark.type)) {
			open = null;
			return false;
		}
		const from = indexAt(edits.items, before, Math.max(step.from, pos + 1));
		const to = indexAt(edits.items, before, Math.min(step.to, pos + node.nodeSize - 1));
		if (open && from - open.to <= 1) open.to = to;
		else if (from < to) ranges.push((open = { from, to }));
		return false;
	});
	for (const { from, to } of ranges) edits.mark(from, to, key, step instanceof AddMarkStep ? value : null);
}

/// A run of top-level nodes, with its positions and blocks: what is looked at or drawn anew together.
export interface Stretch {
	firstChild: number;
	lastChild: number;
	from: number;
	to: number;
	firstBlock: number;
	blocks: number;
}

/// The nodes that meet [from, to] and those around them whose drawing may change with theirs.
export function stretchAround(items: Items, doc: Node, from: number, to: number): Stretch {
	const size = doc.content.size;
	const first = doc.resolve(Math.min(from, size)).index(0);
	const last = doc.resolve(Math.min(to, size)).indexAfter(0);
	return stretchWith(items, doc, first, last - 1);
}

/// Children first to last, one more on each side, which may join with them, and all lists that follow: how deep an
/// item of a list is drawn hangs on the items before it.
export function stretchWith(items: Items, doc: Node, first: number, last: number): Stretch {
	const stretch = stretchOf(doc, first - 1, last + 1);
	for (;;) {
		const next = items.blocks[stretch.firstBlock + stretch.blocks];
		const child = doc.maybeChild(stretch.lastChild + 1);
		if (!child || !next?.format.shape.list) return stretch;
		stretch.lastChild++;
		stretch.to += child.nodeSize;
		stretch.blocks += blockCount(child);
	}
}

export function stretchOf(doc: Node, firstChild: number, lastChild: number): Stretch {
	const stretch = { firstChild: Math.max(0, firstChild), lastChild: Math.min(doc.childCount - 1, lastChild), from: 0, to: 0, firstBlock: 0, blocks: 0 };
	for (let i = 0; i <= stretch.lastChild; i++) {
		const child = doc.child(i);
		if (i < stretch.firstChild) {
			stretch.from += child.nodeSize;
			stretch.firstBlock += blockCount(child);
		} else stretch.blocks += blockCount(child);
		stretch.to += child.nodeSize;
	}
	return stretch;
}

// Write the block keys in which the items of a stretch differ from what the document shows.  A write covers the
// marker and the block's text, so a block split off from it meanwhile is changed too (text-core.md B4).
function writeShapes(edits: Edits, doc: Node, from: number, to: number): void {
	const { items } = edits;
	const stretch = stretchAround(items, doc, from, to);
	const blocks = items.blocks.slice(stretch.firstBlock, stretch.firstBlock + stretch.blocks);
	const drawn = drawnShapes(blocks).map((shape) => format(shapeAttrs(shape)));
	const writes: { from: number; to: number; key: string; value: Scalar | null }[] = [];
	let k = 0;
	let start = items.start(stretch.firstBlock);
	doc.nodesBetween(stretch.from, stretch.to, (node, pos) => {
		if (!isBlock(node)) return node.isBlock;
		const block = blocks[k]!;
		const end = start + block.count + (block.marker ? 1 : 0);
		const shown = format(shapeAttrs(shapeAt(doc, pos)));
		if (block.marker && shown !== drawn[k]) {
			for (const key of BLOCK_KEYS) {
				const value = shown.attrs.get(key) ?? null;
				if ((block.format.attrs.get(key) ?? null) === value) continue;
				const last = writes.findLast((w) => w.key === key);
				if (last && last.to === start && last.value === value) last.to = end;
				else writes.push({ from: start, to: end, key, value });
			}
		}
		k++;
		start = end;
		return false;
	});
	for (const write of writes) edits.mark(write.from, write.to, write.key, write.value);
}
