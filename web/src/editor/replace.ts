// replace.ts -- one step that replaces many stretches of text.
//
// A step each would do the same, but a transaction keeps the document before every step of it: ten thousand steps in
// ten thousand paragraphs are a hundred million children.  This one makes one document, and its map names the
// stretches, so the binding publishes them one by one and nothing between them.
import { Fragment, Slice, type Node, type Schema } from "@tiptap/pm/model";
import { Step, StepMap, StepResult, type Mappable } from "@tiptap/pm/transform";

/// A stretch inside one text block, and what comes in its place.
export interface Replacement {
	readonly from: number;
	readonly to: number;
	readonly content: Fragment; // inline
}

export class ReplaceManyStep extends Step {
	/// `list` is in order, and no two of it overlap.
	constructor(readonly list: readonly Replacement[]) {
		super();
	}

	override apply(doc: Node): StepResult {
		let next = 0;
		const within = (node: Node, start: number): Node => {
			const end = start + node.content.size;
			if (node.inlineContent) {
				let content = Fragment.empty;
				let at = start;
				for (let one = this.list[next]; one && one.from <= end; one = this.list[++next]) {
					if (one.from < at || one.to > end) throw new RangeError("a stretch that is not inside one block");
					content = content.append(node.content.cut(at - start, one.from - start)).append(one.content);
					at = one.to;
				}
				return node.copy(content.append(node.content.cut(at - start)));
			}
			const children: Node[] = [];
			node.forEach((child, offset) => {
				const one = this.list[next];
				const pos = start + offset;
				children.push(one && one.from < pos + child.nodeSize ? within(child, pos + 1) : child);
			});
			return node.copy(Fragment.fromArray(children));
		};
		try {
			const made = within(doc, 0);
			return next === this.list.length ? StepResult.ok(made) : StepResult.fail("a stretch beyond the document");
		} catch (error) {
			return StepResult.fail(String(error));
		}
	}

	override getMap(): StepMap {
		return new StepMap(this.list.flatMap(({ from, to, content }) => [from, to - from, content.size]));
	}

	override invert(doc: Node): ReplaceManyStep {
		let moved = 0;
		return new ReplaceManyStep(
			this.list.map(({ from, to, content }) => {
				const at = from + moved;
				moved += content.size - (to - from);
				return { from: at, to: at + content.size, content: doc.slice(from, to).content };
			}),
		);
	}

	override map(mapping: Mappable): ReplaceManyStep | null {
		const list = this.list.flatMap(({ from, to, content }) => {
			const [start, end] = [mapping.mapResult(from, 1), mapping.mapResult(to, -1)];
			return start.deleted && end.deleted ? [] : [{ from: start.pos, to: Math.max(start.pos, end.pos), content }];
		});
		return list.length > 0 ? new ReplaceManyStep(list) : null;
	}

	override toJSON(): unknown {
		return { stepType: "replaceMany", list: this.list.map(({ from, to, content }) => ({ from, to, content: content.toJSON() as unknown })) };
	}

	static override fromJSON(schema: Schema, json: { list: { from: number; to: number; content: unknown }[] }): ReplaceManyStep {
		return new ReplaceManyStep(json.list.map(({ from, to, content }) => ({ from, to, content: Fragment.fromJSON(schema, content) })));
	}
}

Step.jsonID("replaceMany", ReplaceManyStep);

/// `text` in place of [from, to) of a document: it looks like the first character it replaces.
export function textFor(doc: Node, from: number, to: number, text: string): Replacement {
	const marks = doc.nodeAt(from)?.marks ?? [];
	return { from, to, content: text ? Fragment.from(doc.type.schema.text(text, marks)) : Slice.empty.content };
}
