// binding.ts -- keeps an editor and a document of the runtime in step.
//
//   dispatch --> onTransaction: steps -> edits (translate.ts) --> runtime
//   runtime says "changed" --> pull, at most once per frame: patches -> transaction (apply.ts) --> dispatch
//
// The items are the page's copy of the runtime's VIEW.  After every own transaction the nodes around it are compared
// with a fresh drawing of their items; where they differ (two lists that became one, an indent too deep) only those
// nodes are corrected, so that everyone's documents are equal.
import type { Node } from "@tiptap/pm/model";
import { Selection, TextSelection, type EditorState, type Transaction } from "@tiptap/pm/state";
import { AddMarkStep, AttrStep, RemoveMarkStep } from "@tiptap/pm/transform";
import { applyChanges, repair } from "./apply";
import { draw } from "./draw";
import { gapPos, indexAt } from "./flatten";
import { Items, type Format } from "./items";
import { appended, decodePatches, makeChange, mapIndex, type Change, type Changes } from "./patches";
import { Edits, stretchAround, stretchOf, translateStep } from "./translate";
import type { Value } from "../runtime/msgpack";

/// Meta key of transactions that the binding made.
export const FROM_RUNTIME = "toygrid";

/// The document in the runtime; all calls answer at once.
export interface Port {
	edit(edits: Value[][]): void; // throws when refused: nothing happened then
	poll(): Value;
	undo(): Value; // null: nothing to undo
	redo(): Value;
	format(id: number): Format;
}

/// The part of an editor view that the binding needs.
export interface View {
	readonly state: EditorState;
	readonly composing: boolean;
	dispatch(tr: Transaction): void;
}

/// A remote caret, in item indexes.
export interface Caret {
	anchor: number;
	head: number;
}

export class Binding {
	readonly items = new Items();
	private view: View | null = null;
	private shown: Node | null = null; // the document the items are in step with
	private waiting = false; // patches or a repair wait for the end of a composition
	private readonly carets = new Map<string, Caret>();

	/// `failed` hears of anything unexpected; `moved` when remote carets must be placed anew.
	constructor(private readonly port: Port, private readonly failed: (error: unknown) => void, private readonly moved: () => void = () => undefined) {}

	/// Take what the runtime holds: the nodes to open the editor with.
	open(schema: Node["type"]["schema"]): Node {
		const { list } = this.decode(this.port.poll());
		const all = appended(list);
		if (all && this.items.length === 0) this.items.fill(all);
		else for (const change of list) makeChange(this.items, change);
		return (this.shown = schema.topNodeType.create(null, draw(schema, this.items.blocks)));
	}

	/// The editor that shows open()'s nodes.
	attach(view: View): void {
		this.view = view;
	}

	/// A transaction was applied by the editor, with those that plugins appended to it.
	onTransaction(transactions: readonly Transaction[]): void {
		for (const tr of transactions) {
			if (!tr.docChanged) continue;
			if (tr.getMeta(FROM_RUNTIME)) this.shown = tr.doc;
			else this.publish(tr);
		}
	}

	/// Draw what others did; false when that has to wait, because text is being composed and its nodes must not be
	/// touched.  `force` draws all the same.
	pull(force = false): boolean {
		if (!this.view) return true;
		if (this.view.composing && !force) {
			this.waiting = true;
			return false;
		}
		if (this.waiting) this.compositionEnded();
		this.show(this.decode(this.port.poll()));
		return true;
	}

	/// Call when a composition ended.
	compositionEnded(): void {
		this.waiting = false;
		this.repairAll();
	}

	undo(): boolean {
		return this.showOwn(this.port.undo());
	}

	redo(): boolean {
		return this.showOwn(this.port.redo());
	}

	/// Where the own selection is, in item indexes.
	selection(): Caret | null {
		const state = this.view?.state;
		if (!state || state.doc !== this.shown) return null;
		const { selection, doc } = state;
		return { anchor: indexAt(this.items, doc, selection.anchor), head: indexAt(this.items, doc, selection.head) };
	}

	/// Where a gap between items is in the document shown.
	position(index: number): number {
		return this.shown ? gapPos(this.shown, this.items.locate(Math.max(0, Math.min(index, this.items.length)))) : 0;
	}

	/// All items, one element each.
	text(): string[] {
		return this.items.blocks.flatMap((block) => [...(block.marker ? ["\n"] : []), ...block.runs.flatMap((run) => [...run.text])]);
	}

	/// Place, move or (null) remove somebody's caret.
	setCaret(id: string, caret: Caret | null): void {
		if (caret) this.carets.set(id, { ...caret });
		else this.carets.delete(id);
	}

	/// Remote carets as positions of the document shown.
	caretPositions(): Map<string, { anchor: number; head: number }> {
		const places = new Map<string, { anchor: number; head: number }>();
		const doc = this.shown;
		if (!doc) return places;
		const at = (index: number) => gapPos(doc, this.items.locate(Math.min(index, this.items.length)));
		for (const [id, { anchor, head }] of this.carets) places.set(id, { anchor: at(anchor), head: at(head) });
		return places;
	}

	private publish(tr: Transaction): void {
		const before = this.items.snapshot();
		const edits = new Edits(this.items);
		try {
			if (tr.before !== this.shown) throw new Error("a transaction on a document that the binding has not seen");
			tr.steps.forEach((step, i) => translateStep(edits, step, tr.docs[i]!, tr.docs[i + 1] ?? tr.doc));
			if (edits.list.length > 0) this.port.edit(edits.list);
			this.shown = tr.doc;
		} catch (error) {
			// The runtime's document decides: show it, whatever the editor has.
			this.items.restore(before);
			this.shown = tr.doc;
			this.failed(error);
			this.waiting = true;
			this.repairAll();
			return;
		}
		this.moveCarets(edits.list.flatMap(editChange));
		this.check(tr);
	}

	private check(tr: Transaction): void {
		const view = this.view;
		if (!view || view.state.doc !== tr.doc) {
			// A plugin has changed more since: its own transaction comes next, and the whole is looked at then.
			if (view) queueMicrotask(() => this.repairAll());
			return;
		}
		let from = Infinity;
		let to = -1;
		tr.steps.forEach((step, i) => {
			const later = tr.mapping.slice(i + 1);
			const seen = (a: number, b: number) => {
				from = Math.min(from, later.map(a, -1));
				to = Math.max(to, later.map(b, 1));
			};
			if (step instanceof AddMarkStep || step instanceof RemoveMarkStep) seen(step.from, step.to);
			else if (step instanceof AttrStep) seen(step.pos, step.pos);
			else step.getMap().forEach((_a, _b, newFrom, newTo) => seen(newFrom, newTo));
		});
		if (to < 0) return;
		const $from = tr.doc.resolve(from);
		// Typing inside one text changes no nesting; one look at the block's text is enough there.
		const stretch = stretchAround(this.items, tr.doc, from, to);
		if ($from.parent.isTextblock && $from.sameParent(tr.doc.resolve(to)) && tr.steps.length === 1 && $from.depth > 1 && stretch.blocks > 200) return;
		this.repair(view, stretch);
	}

	private repair(view: View, stretch: ReturnType<typeof stretchOf>): void {
		const tr = repair(view.state, this.items, stretch);
		if (!tr) return;
		if (view.composing) this.waiting = true;
		else view.dispatch(mark(tr));
	}

	private repairAll(): void {
		const { view } = this;
		if (!view || view.composing || view.state.doc !== this.shown) return;
		this.repair(view, { ...stretchOf(view.state.doc, 0, view.state.doc.childCount - 1), blocks: this.items.blocks.length });
	}

	private decode(answer: Value): Changes {
		return decodePatches(answer, (id) => this.port.format(id));
	}

	private show(changes: Changes): void {
		const { view } = this;
		if (!view || changes.list.length === 0) return;
		const tr = applyChanges(view.state, this.items, changes);
		this.dispatch(tr, changes);
	}

	private dispatch(tr: Transaction, changes: Changes): void {
		mark(tr);
		this.moveCarets(changes.list);
		this.shown = tr.doc;
		this.view!.dispatch(tr);
	}

	// Undo and redo show own changes: the caret goes to the last of them.
	private showOwn(answer: Value): boolean {
		const { view } = this;
		if (!view || answer === null) return false;
		const changes = this.decode(answer);
		if (changes.list.length === 0) return true;
		const tr = applyChanges(view.state, this.items, changes);
		const last = changes.list.at(-1)!;
		const $at = tr.doc.resolve(gapPos(tr.doc, this.items.locate(last.index + (last.op === "delete" ? 0 : last.count))));
		tr.setSelection($at.parent.inlineContent ? new TextSelection($at) : Selection.near($at)).scrollIntoView();
		this.dispatch(tr, changes);
		return true;
	}

	private moveCarets(changes: readonly Change[]): void {
		if (this.carets.size === 0 || changes.length === 0) return;
		for (const caret of this.carets.values()) {
			caret.anchor = mapIndex(changes, caret.anchor);
			caret.head = mapIndex(changes, caret.head);
		}
		this.moved();
	}
}

// Plugins must not answer it with changes of their own: each reader would make them.
function mark(tr: Transaction): Transaction {
	return tr.setMeta(FROM_RUNTIME, true).setMeta("addToHistory", false).setMeta("preventAutolink", true);
}

// An own edit as a change, for carets.
function editChange(edit: Value[]): Change[] {
	const [kind, , index, detail] = edit as [number, number, number, Value];
	if (kind === 3) return [{ op: "delete", index, old: index, count: detail as number }];
	if (kind === 4) return [];
	return [{ op: "insert", index, old: index, count: kind === 0 ? [...(detail as string)].length : 1, added: [] }];
}
