// editor-model.mjs -- what the editor tests share: random editing by commands, and a sequence too simple to be wrong.
import { sources } from "./sources.mjs";

export const [items, drawing, flatten, translating, bindings, schemas, core, pmState, commands, lists, msgpack] = await sources(
	"editor/items", "editor/draw", "editor/flatten", "editor/translate", "editor/binding", "editor/schema",
	"@tiptap/core", "@tiptap/pm/state", "@tiptap/pm/commands", "@tiptap/pm/schema-list", "runtime/msgpack",
);
export const schema = core.getSchema(schemas.extensions);

/// The reference: an array with one entry per item, and edits done by splice.
export class Sequence {
	list = []; // { kind, text, attrs: { key: value } }

	edit([kind, flow, at, a, b, c]) {
		const object = (pairs) => Object.fromEntries(pairs);
		if (flow !== 0) throw new Error("flow");
		if (at < 0 || at > this.list.length) throw new RangeError(`index ${at} of ${this.list.length}`);
		if (kind === 0) this.list.splice(at, 0, ...[...a].map((text) => ({ kind: 0, text, attrs: object(b) })));
		else if (kind === 1) this.list.splice(at, 0, { kind: 1, text: "", attrs: object(a) });
		else if (kind === 2) this.list.splice(at, 0, { kind: 2, text: "\ufffc", attrs: object(a) });
		else if (kind === 3) {
			if (a < 1 || at + a > this.list.length) throw new RangeError(`delete ${at}+${a} of ${this.list.length}`);
			this.list.splice(at, a);
		} else if (kind === 4) {
			if (at >= a || a > this.list.length) throw new RangeError(`mark ${at}..${a}`);
			for (const item of this.list.slice(at, a)) {
				item.attrs = { ...item.attrs, [b]: c };
				if (c === null) delete item.attrs[b];
			}
		} else throw new Error("kind");
	}

	blocks() {
		return items.blocksOf(
			this.list.map(({ kind, text, attrs }) => {
				const format = items.format(Object.entries(attrs));
				return kind === 1 ? { kind, format } : { kind, text, count: 1, format };
			}),
		);
	}

	draw() {
		const blocks = this.blocks();
		return schema.topNodeType.create(null, drawing.draw(schema, blocks.length ? blocks : new items.Items().blocks));
	}
}

/// An editor view without a screen.
export class FakeView {
	composing = false;
	constructor(doc, binding) {
		this.binding = binding;
		this.state = pmState.EditorState.create({ doc });
		binding.attach(this);
	}
	endOfTextblock(dir, { selection: { $head } }) {
		return dir === "backward" ? $head.parentOffset === 0 : $head.parentOffset === $head.parent.content.size;
	}
	dispatch(tr) {
		this.state = this.state.apply(tr);
		for (const step of tr.steps) {
			const map = step.getMap();
			map.forEach((from, to) => {
				if (tr.getMeta(bindings.FROM_RUNTIME) && from === 0 && to === tr.docs[0].content.size && to > 40) this.wholeDocumentSteps = (this.wholeDocumentSteps ?? 0) + 1;
			});
		}
		this.binding.onTransaction([tr]);
	}
}

const WORDS = ["a", "bb", "aab", "\u{1f600}", "é", "x\u{1f468}\u200d\u{1f469}", "שלום", " "];

/// One random command of an editor at a random selection.  Returns its name.
export function randomCommand(view, next) {
	const { Selection, TextSelection, NodeSelection } = pmState;
	const size = view.state.doc.content.size;
	const place = () => Selection.near(view.state.doc.resolve(next(size + 1)), next(2) ? 1 : -1);
	const one = place();
	const other = next(3) === 0 ? place() : one;
	let selection = one;
	if (!(one instanceof NodeSelection) && !(other instanceof NodeSelection)) selection = TextSelection.between(one.$head, other.$head);
	view.dispatch(view.state.tr.setSelection(selection));
	const dispatch = (tr) => view.dispatch(tr);
	const run = (command) => command(view.state, dispatch, view);
	const node = (name) => schema.nodes[name];
	const type = () => {
		const { tr } = view.state;
		const text = next.pick(WORDS);
		if (view.state.selection.$from.parent.isTextblock && view.state.selection.$to.parent.isTextblock) {
			tr.insertText(text);
			if (next(4) === 0) tr.setStoredMarks([schema.marks.bold.create()]);
			view.dispatch(tr);
		}
	};
	const all = {
		type, type2: type, type3: type,
		backspace: () => run(commands.chainCommands(commands.deleteSelection, commands.joinBackward, commands.selectNodeBackward)),
		remove: () => {
			const { $from, $to } = view.state.selection;
			view.dispatch(view.state.tr.delete(Math.max(0, $from.pos - next(3)), $to.pos));
		},
		delete: () => run(commands.deleteSelection),
		split: () => run(commands.splitBlock),
		enter: () => run(commands.chainCommands(commands.newlineInCode, lists.splitListItem(node("listItem")), lists.splitListItem(node("taskItem")), commands.createParagraphNear, commands.liftEmptyBlock, commands.splitBlock)),
		join: () => run(commands.joinBackward),
		joinForward: () => run(commands.joinForward),
		heading: () => run(commands.setBlockType(node("heading"), { level: 1 + next(3) })),
		paragraph: () => run(commands.setBlockType(node("paragraph"))),
		code: () => run(commands.setBlockType(node("codeBlock"), { language: next(2) ? "js" : null })),
		bullet: () => run(lists.wrapInList(node("bulletList"))),
		ordered: () => run(lists.wrapInList(node("orderedList"), { start: 1 + next(2) * 4 })),
		task: () => run(lists.wrapInList(node("taskList"))),
		quote: () => run(commands.wrapIn(node("blockquote"))),
		lift: () => run(commands.lift),
		sink: () => run(lists.sinkListItem(node("listItem"))),
		liftItem: () => run(lists.liftListItem(node("listItem"))),
		bold: () => run(commands.toggleMark(schema.marks.bold)),
		italic: () => run(commands.toggleMark(schema.marks.italic)),
		link: () => run(commands.toggleMark(schema.marks.link, { href: next.pick(["https://a.example/", "https://b.example/"]) })),
		rule: () => {
			const { tr } = view.state;
			view.dispatch(tr.replaceSelectionWith(node("horizontalRule").create()));
		},
		break: () => run((state, go) => (state.selection.$from.parent.type.spec.code ? false : (go(state.tr.replaceSelectionWith(node("hardBreak").create())), true))),
		check: () => {
			let at = null;
			view.state.doc.descendants((n, pos) => void (n.type.name === "taskItem" && next(3) === 0 && (at = pos)));
			if (at !== null) view.dispatch(view.state.tr.setNodeMarkup(at, null, { ...view.state.doc.nodeAt(at).attrs, checked: next(2) === 1 }));
		},
		paste: () => {
			const a = next(size + 1);
			const b = next(size + 1);
			const slice = view.state.doc.slice(Math.min(a, b), Math.max(a, b));
			if (slice.size < 60) view.dispatch(view.state.tr.replaceSelection(slice));
		},
		all: () => next(20) === 0 && run((state, go) => (go(state.tr.setSelection(new pmState.AllSelection(state.doc)).deleteSelection()), true)),
	};
	const name = next.pick(Object.keys(all));
	try {
		all[name]();
	} catch (error) {
		// prosemirror-commands' splitBlock trips over selections that do not sit in a text block.
		if (!String(error).includes("contentMatchAt")) throw error;
	}
	return name;
}

/// A random item as an edit at `index`.
export function randomInsert(next, index) {
	const attrs = [];
	if (next(3) === 0) {
		const kind = next(3);
		if (kind === 0) return [2, 0, index, [["image", "x"]]];
	}
	if (next(2) === 0) {
		if (next(3) === 0) attrs.push(["indent", next(4)]);
		if (next(2) === 0) attrs.push(["list", next.pick(["bullet", "ordered", "task", "bullet:2", "strange"])]);
		if (next(4) === 0) attrs.push(["path", next.pick(["quote", "quote/quote", "quote:b", "odd/quote"])]);
		if (next(2) === 0) attrs.push(["type", next.pick(["heading:1", "heading:9", "code", "code:c", "rule", "unknown", "paragraph"])]);
		if (next(4) === 0) attrs.push(["cont", true]);
		if (next(4) === 0) attrs.push(["checked", true]);
		return [1, 0, index, attrs.sort(([a], [b]) => (a < b ? -1 : 1))];
	}
	if (next(3) === 0) attrs.push(["bold", true]);
	if (next(6) === 0) attrs.push(["link", "https://x.example/"]);
	return [0, 0, index, next.pick(["a", "b", "ab", "\n", "\u{1f600}b"]), attrs];
}

/// Random changes as poll answers them, made in `sequence` too.  `formats` maps ids to formats.
export function randomPatches(sequence, next, formats) {
	const records = [];
	const chunks = [];
	let bytes = 0;
	const id = (attrs) => {
		const format = items.format(Object.entries(attrs));
		if (!formats.includes(format)) formats.push(format);
		return formats.indexOf(format);
	};
	let at = 0;
	for (let n = 1 + next(4); n > 0 && at <= sequence.list.length; n--) {
		at += next(Math.max(1, sequence.list.length - at + 1));
		const left = sequence.list.length - at;
		const what = next(3);
		if (what === 0 || left === 0) {
			const edit = randomInsert(next, at);
			sequence.edit(edit);
			const item = sequence.list[at];
			const data = new TextEncoder().encode(edit[0] === 0 ? edit[3] : "");
			const count = edit[0] === 0 ? [...edit[3]].length : 1;
			records.push([0, 0, at, count, item.kind, id(item.attrs), bytes, data.length]);
			chunks.push(data);
			bytes += data.length;
			at += count;
		} else if (what === 1) {
			const count = 1 + next(Math.min(left, 5));
			sequence.edit([3, 0, at, count]);
			records.push([1, 0, at, count, 0, 0, 0, 0]);
		} else {
			const item = sequence.list[at];
			const [key, value] = next.pick([["bold", true], ["bold", null], ["type", "heading:2"], ["type", null], ["type", "rule"], ["list", "bullet"], ["list", null], ["indent", 1]]);
			sequence.edit([4, 0, at, at + 1, key, value]);
			records.push([2, 0, at, 1, 0, id(item.attrs), 0, 0]);
			at += 1;
		}
	}
	const flat = new Int32Array(records.flat());
	return [new Uint8Array(flat.buffer), Buffer.concat(chunks)];
}
