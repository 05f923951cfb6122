// draw.ts -- items to ProseMirror nodes: total, so that any sequence is a schema-valid document.
//
// Lists and quotes are attributes of blocks, not nodes around them (text-core.md B1, B4).  Drawing nests them.
// One sequence has one drawing: two people with the same items have equal documents, whatever the order in
// which the changes reached them.
import { Fragment, Mark, type Node, type Schema } from "@tiptap/pm/model";
import { BLOCK_KEYS, Kind, listKind, PLAIN, type Block, type Format, type Shape } from "./items";

/// The shapes that will be drawn: each block's wishes, cut down to what its neighbours allow.  The first block is
/// taken to begin a new top-level node.
export function drawnShapes(blocks: readonly Block[]): Shape[] {
	const shapes: Shape[] = [];
	let path = "";
	let levels: { list: string; start: number }[] = []; // the list items still open, outermost first
	for (const { marker, format } of blocks) {
		const wish = marker ? format.shape : PLAIN;
		if (wish.path !== path) levels = [];
		path = wish.path;
		const depth = Math.min(wish.indent, levels.length); // R3
		const joins = wish.cont && levels[depth]?.list === wish.list;
		// A list item begins with a paragraph, so a heading, code or a rule stands in a list only as a further
		// block of an item; asked to begin one, it keeps its type and leaves the list.
		if (!wish.list || (wish.type !== "paragraph" && !joins)) {
			levels = [];
			shapes.push({ ...wish, list: "", indent: 0, cont: false, checked: false, start: 1 });
			continue;
		}
		const goesOn = levels[depth]?.list === wish.list;
		const start = goesOn ? levels[depth]!.start : wish.start;
		levels = [...levels.slice(0, depth), { list: wish.list, start }];
		shapes.push({ ...wish, indent: depth, cont: joins, checked: wish.checked && !joins, start });
	}
	return shapes;
}

/// Draw blocks as top-level nodes.
export function draw(schema: Schema, blocks: readonly Block[]): Node[] {
	const shapes = drawnShapes(blocks);
	const root = new Frame(null);
	let quotes: Frame[] = [];
	let path: string[] = [];
	let lists: { list: string; frame: Frame; item: Frame }[] = [];
	for (let i = 0; i < blocks.length; i++) {
		const shape = shapes[i]!;
		const wanted = shape.path ? shape.path.split("/") : [];
		let shared = 0;
		while (shared < path.length && shared < wanted.length && path[shared] === wanted[shared]) shared++;
		if (shared < path.length || shared < wanted.length) {
			lists = [];
			quotes = quotes.slice(0, shared);
			for (const id of wanted.slice(shared))
				quotes.push((quotes.at(-1) ?? root).open(schema.nodes["blockquote"]!.name, { group: id === "quote" ? "" : id.slice(6) }));
			path = wanted;
		}
		const around = quotes.at(-1) ?? root;
		const node = drawBlock(schema, blocks[i]!, shape);
		if (!shape.list) {
			lists = [];
			around.add(node);
			continue;
		}
		const { indent } = shape;
		if (shape.cont) {
			lists = lists.slice(0, indent + 1);
			lists[indent]!.item.add(node);
			continue;
		}
		const kind = listKind(shape.list);
		if (lists[indent]?.list !== shape.list) {
			const outer = indent > 0 ? lists[indent - 1]!.item : around;
			const attrs = { group: shape.list.slice(kind.length + 1), ...(kind === "ordered" ? { start: shape.start } : {}) };
			const frame = outer.open(`${kind}List`, attrs);
			lists = [...lists.slice(0, indent), { list: shape.list, frame, item: frame }];
		}
		const level = lists[indent]!;
		level.item = level.frame.open(kind === "task" ? "taskItem" : "listItem", kind === "task" ? { checked: shape.checked } : {});
		level.item.add(node);
		lists = lists.slice(0, indent + 1);
	}
	return root.children(schema);
}

// A node under construction: children are nodes, or frames still to be made nodes.
class Frame {
	private readonly parts: (Node | Frame)[] = [];
	constructor(private readonly type: string | null, private readonly attrs: Record<string, unknown> = {}) {}

	add(node: Node): void {
		this.parts.push(node);
	}

	open(type: string, attrs: Record<string, unknown>): Frame {
		const frame = new Frame(type, attrs);
		this.parts.push(frame);
		return frame;
	}

	children(schema: Schema): Node[] {
		return this.parts.map((part) => (part instanceof Frame ? schema.nodes[part.type!]!.create(part.attrs, part.children(schema)) : part));
	}
}

function drawBlock(schema: Schema, block: Block, shape: Shape): Node {
	const content = drawInline(schema, block, shape.type === "code");
	switch (shape.type) {
		case "heading":
			return schema.nodes["heading"]!.create({ level: shape.level }, content);
		case "code":
			return schema.nodes["codeBlock"]!.create({ language: shape.language || null }, content);
		case "rule":
			return schema.nodes["horizontalRule"]!.create();
		default:
			return schema.nodes["paragraph"]!.create(null, content);
	}
}

/// Draw the inside of a block.  In code, marks are hidden (R2), breaks are line feeds and objects their mark.
export function drawInline(schema: Schema, block: { readonly runs: Block["runs"] }, code: boolean): Fragment {
	const nodes: Node[] = [];
	for (const run of block.runs) {
		const marks = code ? Mark.none : drawMarks(schema, run.format);
		if (code) nodes.push(schema.text(run.text));
		else if (run.kind === Kind.atom) {
			const data = objectData(run.format);
			for (let i = 0; i < run.count; i++) nodes.push(schema.nodes["object"]!.create({ data }, null, marks));
		} else
			run.text.split("\n").forEach((line, i) => {
				if (i > 0) nodes.push(schema.nodes["hardBreak"]!.create(null, null, marks));
				if (line) nodes.push(schema.text(line, marks));
			});
	}
	return Fragment.fromArray(nodes);
}

/// What an object is: its keys without those that any item may have.
export function objectData({ attrs }: Format): string {
	const common: readonly string[] = [...MARK_KEYS, ...BLOCK_KEYS];
	return JSON.stringify([...attrs].filter(([key]) => !common.includes(key)));
}

export const MARK_KEYS = ["bold", "code", "highlight", "italic", "link", "strike"] as const;

/// The marks that a format asks for.
export function drawMarks(schema: Schema, { attrs }: Format): readonly Mark[] {
	const marks: Mark[] = [];
	for (const key of MARK_KEYS) {
		const value = attrs.get(key);
		if (key === "link" ? typeof value === "string" : value === true)
			marks.push(schema.marks[key]!.create(key === "link" ? { href: value } : null));
	}
	return marks.length ? Mark.setFrom(marks) : Mark.none;
}
