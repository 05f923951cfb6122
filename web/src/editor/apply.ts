// apply.ts -- changes of items as one ProseMirror transaction (text-core.md C3).
//
// A change inside one block's text is an exact replace or mark step at its own place.  A change of blocks draws the
// smallest run of top-level nodes anew and replaces only the part in its middle that differs.  Places are
// found in the document before all changes, and the steps are made from its end to its start, so no position needs
// mapping.
import { Fragment, Slice, type Node } from "@tiptap/pm/model";
import { Selection, TextSelection, type EditorState, type Transaction } from "@tiptap/pm/state";
import { AddMarkStep, RemoveMarkStep, ReplaceStep } from "@tiptap/pm/transform";
import { draw, drawInline, drawMarks, objectData } from "./draw";
import { blockPos, gapPos, indexAt } from "./flatten";
import { Kind, type Items, type Run } from "./items";
import { makeChange, mapIndex, type Change, type Changes } from "./patches";
import { ReplaceManyStep, type Replacement } from "./replace";
import { stretchOf, stretchWith, type Stretch } from "./translate";

/// Make `changes` in `items`, which are in step with `state.doc`, and return the transaction that shows them.
export function applyChanges(state: EditorState, items: Items, changes: Changes): Transaction {
	const { doc } = state;
	const tr = state.tr;
	const keep = keepSelection(state, items);
	if (!changes.ascending) {
		for (const change of changes.list) makeChange(items, change);
		redraw(tr, stretchOf(doc, 0, doc.childCount - 1), items, 0, items.blocks.length);
	} else {
		const runs = findRuns(doc, items, changes.list);
		const steps: PlacedStep[] = [];
		for (const change of changes.list) {
			if (runs.some((run) => touches(run, items, change))) continue;
			placeSimple(tr, items, change, steps);
		}
		const bounds = runs.map((run) => ({
			from: run.firstBlock === 0 ? 0 : mapIndex(changes.list, items.start(run.firstBlock), true),
			to: mapIndex(changes.list, items.start(run.firstBlock + run.blocks), true),
		}));
		for (const change of changes.list) makeChange(items, change);
		runs.forEach((run, i) => {
			const first = items.blockFrom(bounds[i]!.from);
			const end = items.length === 0 ? 1 : items.blockFrom(bounds[i]!.to);
			steps.push({ at: run.from, take: () => redraw(tr, run, items, first, end) });
		});
		// A stable sort keeps later changes at one place before earlier ones, once turned around.
		steps.sort((a, b) => a.at - b.at);
		const texts = steps.flatMap(({ text }) => (text ? [text] : []));
		if (texts.length > 1 && texts.length === steps.length) tr.step(new ReplaceManyStep(joined(texts)));
		else for (const step of steps.reverse()) step.take();
	}
	keep(tr, items, (index) => mapIndex(changes.list, index));
	return tr;
}

/// A transaction that makes blocks of a stretch look as their items say; null when they do already.
export function repair(state: EditorState, items: Items, stretch: Stretch): Transaction | null {
	const tr = state.tr;
	const keep = keepSelection(state, items);
	redraw(tr, stretch, items, stretch.firstBlock, stretch.firstBlock + stretch.blocks);
	if (!tr.docChanged) return null;
	keep(tr, items, (index) => index);
	return tr;
}

// Remember the selection by items, so that it stays in its words even where their nodes are drawn anew.
function keepSelection(state: EditorState, items: Items): (tr: Transaction, items: Items, map: (index: number) => number) => void {
	const { selection, doc, storedMarks } = state;
	if (!(selection instanceof TextSelection)) return () => undefined;
	const anchor = indexAt(items, doc, selection.anchor);
	const head = selection.empty ? anchor : indexAt(items, doc, selection.head);
	return (tr, now, map) => {
		const at = (index: number) => tr.doc.resolve(gapPos(tr.doc, now.locate(map(index))));
		const $anchor = at(anchor);
		const $head = at(head);
		tr.setSelection($anchor.parent.inlineContent && $head.parent.inlineContent ? new TextSelection($anchor, $head) : Selection.near($head));
		tr.setStoredMarks(storedMarks);
	};
}

// The blocks whose cutting or attributes a change alters, or null when it stays inside the text of its blocks.
function alteredBlocks(items: Items, change: Change): [number, number] | null {
	const from = items.locate(change.old);
	const block = items.blocks[from.block]!;
	if (change.op === "insert") {
		const rule = block.marker && block.format.shape.type === "rule";
		return change.added[0]?.kind === Kind.block || from.offset < 0 || rule ? [from.block, from.block] : null;
	}
	const to = items.locate(change.old + change.count);
	if (change.op === "delete") {
		const emptied = !block.marker && change.count === block.count;
		return from.block !== to.block || from.offset < 0 || emptied ? [from.block, to.block] : null;
	}
	for (let k = from.offset < 0 ? 0 : from.block + 1; k <= to.block; k++)
		if (items.blocks[k]!.format.shape !== change.format.shape) return [from.block, to.block];
	return null;
}

function findRuns(doc: Node, items: Items, changes: readonly Change[]): Stretch[] {
	const runs: Stretch[] = [];
	for (const change of changes) {
		const altered = alteredBlocks(items, change);
		if (!altered) continue;
		if (items.blocks[altered[1] + 1]?.marker === false) altered[1]++; // a ghost's cutting hangs on the block before it
		const [first, last] = altered.map((k) => doc.resolve(blockPos(doc, k)).index(0)) as [number, number];
		const before = runs.at(-1);
		const run = stretchWith(items, doc, first, last);
		if (!before || run.firstChild > before.lastChild + 1) runs.push(run);
		else if (run.lastChild > before.lastChild) runs[runs.length - 1] = stretchOf(doc, Math.min(before.firstChild, run.firstChild), run.lastChild);
	}
	return runs;
}

function touches(run: Stretch, items: Items, change: Change): boolean {
	const first = items.locate(change.old).block;
	const last = change.op === "insert" ? first : items.locate(change.old + change.count).block;
	return first < run.firstBlock + run.blocks && last >= run.firstBlock;
}

// A step at its place in the document before all of them.
interface PlacedStep {
	at: number;
	take: () => void;
	text?: Replacement; // what it is, when it only replaces text
}

// Those that touch are one.
function joined(texts: readonly Replacement[]): Replacement[] {
	const list: Replacement[] = [];
	for (const text of texts) {
		const last = list.at(-1);
		if (last && text.from <= last.to) list[list.length - 1] = { from: last.from, to: Math.max(last.to, text.to), content: last.content.append(text.content) };
		else list.push(text);
	}
	return list;
}

function placeSimple(tr: Transaction, items: Items, change: Change, steps: PlacedStep[]): void {
	const { doc } = tr;
	const { schema } = doc.type;
	const from = items.locate(change.old);
	const at = gapPos(doc, from);
	if (change.op === "insert") {
		const code = doc.resolve(at).parent.type.spec.code === true;
		const content = drawInline(schema, { runs: change.added as Run[] }, code);
		steps.push({ at, take: () => tr.step(new ReplaceStep(at, at, new Slice(content, 0, 0))), text: { from: at, to: at, content } });
		return;
	}
	const to = gapPos(doc, items.locate(change.old + change.count));
	if (change.op === "delete") {
		steps.push({ at, take: () => tr.step(new ReplaceStep(at, to, Slice.empty)), text: { from: at, to, content: Fragment.empty } });
		return;
	}
	const marks = drawMarks(schema, change.format);
	doc.nodesBetween(at, to, (node, pos, parent) => {
		if (!node.isInline || !parent || parent.type.spec.code) return true;
		if (node.type.name === "object" && node.attrs["data"] !== objectData(change.format)) {
			const now = node.type.create({ data: objectData(change.format) }, null, marks);
			steps.push({ at: pos, take: () => tr.step(new ReplaceStep(pos, pos + 1, new Slice(Fragment.from(now), 0, 0))) });
			return false;
		}
		const lo = Math.max(at, pos);
		const hi = Math.min(to, pos + node.nodeSize);
		const gone = node.marks.filter((mark) => !mark.isInSet(marks));
		const come = marks.filter((mark) => !mark.isInSet(node.marks));
		if (gone.length + come.length > 0)
			steps.push({
				at: lo,
				take: () => {
					for (const mark of gone) tr.step(new RemoveMarkStep(lo, hi, mark));
					for (const mark of come) tr.step(new AddMarkStep(lo, hi, mark));
				},
			});
		return false;
	});
}

// Replace the differing middle of a stretch by what blocks [first, end) look like.
function redraw(tr: Transaction, stretch: Stretch, items: Items, first: number, end: number): void {
	const { doc } = tr;
	const { schema } = doc.type;
	const old = children(doc, stretch.firstChild, stretch.lastChild);
	const now = Fragment.from(draw(schema, items.blocks.slice(first, end)));
	const start = old.findDiffStart(now);
	if (start === null) return;
	let { a, b } = old.findDiffEnd(now)!;
	// Where the same tokens could belong to the equal start and to the equal end, they are the start's.
	const overlap = start - Math.min(a, b);
	if (overlap > 0) (a += overlap), (b += overlap);
	const slice = schema.topNodeType.create(null, now).slice(start, b);
	tr.step(new ReplaceStep(stretch.from + start, stretch.from + a, slice));
}

function children(doc: Node, first: number, last: number): Fragment {
	const nodes: Node[] = [];
	for (let i = first; i <= last; i++) nodes.push(doc.child(i));
	return Fragment.from(nodes);
}
