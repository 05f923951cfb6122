// carets.ts -- other people's carets and selections, drawn as decorations.
//
// Places come from the binding, by items.  Between two such placings they are mapped through transactions like any
// decoration.
import { Plugin, PluginKey, type EditorState } from "@tiptap/pm/state";
import { Decoration, DecorationSet } from "@tiptap/pm/view";

export interface CaretView {
	id: string;
	anchor: number;
	head: number;
	name: string;
	colour: string; // #rrggbb
	ink: string; // a colour that reads on it
}

export const caretsKey = new PluginKey<DecorationSet>("carets");

export function caretsPlugin(): Plugin<DecorationSet> {
	return new Plugin<DecorationSet>({
		key: caretsKey,
		state: {
			init: () => DecorationSet.empty,
			apply(tr, set) {
				const carets = tr.getMeta(caretsKey) as CaretView[] | undefined;
				return carets ? DecorationSet.create(tr.doc, carets.flatMap((caret) => decorate(caret, tr.doc.content.size))) : set.map(tr.mapping, tr.doc);
			},
		},
		props: { decorations: (state: EditorState) => caretsKey.getState(state) },
	});
}

function decorate({ id, anchor, head, name, colour, ink }: CaretView, size: number): Decoration[] {
	const style = `--person:${colour};--person-ink:${ink}`;
	const place = Math.min(head, size);
	const from = Math.min(anchor, head, size);
	const to = Math.min(Math.max(anchor, head), size);
	const widget = Decoration.widget(
		place,
		() => {
			const caret = document.createElement("span");
			const label = document.createElement("span");
			caret.className = "caret";
			caret.style.cssText = style;
			label.className = "caret-name";
			label.textContent = name;
			caret.append(label);
			return caret;
		},
		// A new key makes a new element: its name shows again after each move.
		{ side: 10, key: `${id} ${name} ${colour} ${place}`, ignoreSelection: true },
	);
	return from < to ? [Decoration.inline(from, to, { class: "selected-by", style }), widget] : [widget];
}
