// flatten.ts -- ProseMirror nodes to items, and positions to gaps.
//
// An item is a token of the document: a character, an inline leaf, or the opening of a block that holds text (or
// is a rule).  Openings of lists, items and quotes, and all closings, are no items: they follow from attributes.
// So the items of any range of positions are exactly the item tokens in it.
import type { Mark, Node } from "@tiptap/pm/model";
import { atomRun, charRun, format, Kind, PLAIN, scalars, shapeAttrs, units, wellFormed, type Format, type Gap, type Items, type Segment, type Shape, type Scalar } from "./items";

const counted = new WeakMap<Node, number>();

/// Does this node stand for one block of items?
export function isBlock(node: Node): boolean {
	return node.isTextblock || (node.isBlock && node.isLeaf);
}

/// Blocks in a node.  Nodes never change, so the count is kept with them.
export function blockCount(node: Node): number {
	if (isBlock(node)) return 1;
	let n = counted.get(node);
	if (n === undefined) {
		n = 0;
		for (let i = 0; i < node.childCount; i++) n += blockCount(node.child(i));
		counted.set(node, n);
	}
	return n;
}

/// How many blocks open before `pos`.
export function blocksBefore(doc: Node, pos: number): number {
	const $pos = doc.resolve(pos);
	let n = 0;
	for (let depth = 0; depth <= $pos.depth; depth++) {
		const parent = $pos.node(depth);
		if (isBlock(parent)) return n + 1;
		for (let i = 0; i < $pos.index(depth); i++) n += blockCount(parent.child(i));
	}
	return n;
}

/// The item index of a position; `items` must be in step with `doc`.
export function indexAt(items: Items, doc: Node, pos: number): number {
	const $pos = doc.resolve(pos);
	const before = blocksBefore(doc, pos);
	if (!$pos.parent.isTextblock) return items.start(before);
	return items.index({ block: before - 1, offset: inlineCount($pos.parent, $pos.parentOffset) });
}

/// The item indexes of positions in ascending order: as indexAt(), in one walk.
export function indexesAt(items: Items, doc: Node, positions: readonly number[]): number[] {
	const found: number[] = [];
	let blocks = 0;
	const upTo = (end: number, index: (pos: number) => number) => {
		while (found.length < positions.length && positions[found.length]! <= end) found.push(index(positions[found.length]!));
	};
	doc.descendants((node, pos) => {
		if (!isBlock(node)) return true;
		upTo(pos, () => items.start(blocks));
		const block = blocks++;
		if (node.isTextblock) upTo(pos + 1 + node.content.size, (at) => items.index({ block, offset: inlineCount(node, at - pos - 1) }));
		return false;
	});
	upTo(Infinity, () => items.start(blocks));
	return found;
}

// Items in the first `size` units of a text block's content.
function inlineCount(block: Node, size: number): number {
	let n = 0;
	let at = 0;
	for (let i = 0; i < block.childCount && at < size; i++) {
		const child = block.child(i);
		n += child.isText ? scalars(child.text!.slice(0, size - at)) : 1;
		at += child.nodeSize;
	}
	return n;
}

// The outermost node in which a block was looked for last: edits come in clusters, those of others in order.
let near = { doc: null as Node | null, child: 0, pos: 0, blocks: 0 };

/// Where the node of a block begins.
export function blockPos(doc: Node, block: number): number {
	let { child, pos, blocks } = near.doc === doc && near.blocks <= block ? near : { child: 0, pos: 0, blocks: 0 };
	for (; child < doc.childCount - 1; child++) {
		const node = doc.child(child);
		const n = blockCount(node);
		if (block < blocks + n) break;
		blocks += n;
		pos += node.nodeSize;
	}
	near = { doc, child, pos, blocks };
	let node = doc.maybeChild(child);
	for (let left = block - blocks; node && !isBlock(node) && node.childCount > 0; ) {
		pos++; // into the node
		let i = 0;
		for (; i < node.childCount - 1; i++) {
			const n = blockCount(node.child(i));
			if (left < n) break;
			left -= n;
			pos += node.child(i).nodeSize;
		}
		node = node.child(i);
	}
	return pos;
}

/// The position of a gap.
export function gapPos(doc: Node, gap: Gap): number {
	const pos = blockPos(doc, gap.block);
	const node = doc.nodeAt(pos);
	if (!node || !node.isTextblock || gap.offset < 0) return pos;
	let at = pos + 1;
	let left = gap.offset;
	for (let i = 0; i < node.childCount && left > 0; i++) {
		const child = node.child(i);
		if (child.isText) {
			const n = scalars(child.text!);
			at += left < n ? units(child.text!, left) : child.nodeSize;
			left -= n;
		} else {
			at += child.nodeSize;
			left--;
		}
	}
	return at;
}

/// The shape in which the block at `pos` is drawn in `doc`.
export function shapeAt(doc: Node, pos: number): Shape {
	const $pos = doc.resolve(pos);
	const node = $pos.nodeAfter!;
	const shape = { ...PLAIN };
	if (node.type.name === "heading") (shape.type = "heading"), (shape.level = node.attrs["level"] as number);
	else if (node.type.name === "codeBlock") (shape.type = "code"), (shape.language = (node.attrs["language"] as string | null) ?? "");
	else if (node.type.name === "horizontalRule") shape.type = "rule";
	let depthOfLists = 0;
	const path: string[] = [];
	for (let depth = 1; depth <= $pos.depth; depth++) {
		const around = $pos.node(depth);
		const kind = /^(bullet|ordered|task)List$/.exec(around.type.name)?.[1];
		const group = around.attrs["group"] as string | undefined;
		if (around.type.name === "blockquote") path.push(group ? `quote:${group}` : "quote");
		else if (kind) {
			shape.list = group ? `${kind}:${group}` : kind;
			shape.indent = depthOfLists++;
			shape.start = kind === "ordered" ? (around.attrs["start"] as number) : 1;
			shape.cont = $pos.index(depth + 1) > 0;
			shape.checked = kind === "task" && !shape.cont && $pos.node(depth + 1).attrs["checked"] === true;
		}
	}
	shape.path = path.join("/");
	return shape;
}

/// The inline format of a node: what its marks say.
export function markFormat(marks: readonly Mark[]): Format {
	const attrs: [string, Scalar][] = [];
	for (const mark of marks) {
		const entry = markKey(mark);
		if (entry) attrs.push(entry);
	}
	return format(attrs);
}

/// The key and value of a mark.
export function markKey(mark: Mark): [string, Scalar] | null {
	if (mark.type.name === "link") return ["link", String(mark.attrs["href"] ?? "")];
	return [mark.type.name, true];
}

/// The items whose tokens lie in [from, to).
export function itemsBetween(doc: Node, from: number, to: number): Segment[] {
	const out: Segment[] = [];
	doc.nodesBetween(from, to, (node, pos) => {
		if (isBlock(node)) {
			if (pos >= from) out.push({ kind: Kind.block, format: format(shapeAttrs(shapeAt(doc, pos))) });
			return true;
		}
		if (node.isText) {
			const text = node.text!.slice(Math.max(0, from - pos), Math.max(0, to - pos));
			out.push(charRun(wellFormed(text), markFormat(node.marks)));
		} else if (node.type.name === "hardBreak") out.push(charRun("\n", markFormat(node.marks)));
		else if (node.type.name === "object") out.push(atomRun(1, format([...objectAttrs(node), ...markFormat(node.marks).attrs])));
		return true;
	});
	return out;
}

function objectAttrs(node: Node): [string, Scalar][] {
	try {
		return JSON.parse(node.attrs["data"] as string) as [string, Scalar][];
	} catch {
		return [];
	}
}
