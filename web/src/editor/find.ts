// find.ts -- find and replace in one editor.
//
// What is found is drawn as decorations and never stored.  Of very many matches only those near the window are drawn.
// Between an edit and the next search, in an idle moment, what is drawn is mapped along.
import { Plugin, PluginKey, TextSelection } from "@tiptap/pm/state";
import { Decoration, DecorationSet, type EditorView } from "@tiptap/pm/view";
import type { DocumentEditor } from "./editor";
import { idle } from "./idle";
import { ReplaceManyStep, textFor } from "./replace";
import { firstFrom, pattern, Search, type Match, type SearchOptions } from "./search";

const DRAWN_ALL = 500; // so many matches are drawn wherever they are
const MARGIN = 24; // pixels left free around a match that is shown

interface Drawn {
	readonly set: DecorationSet;
	readonly at: Match | null; // the match that one is at
}

const key = new PluginKey<Drawn>("find");

export class Find {
	private search: Search | null = null;
	private matches: readonly Match[] = [];
	private from: number; // where one was when the search began
	private cancel: () => void = () => undefined;
	private readonly onScroll = () => this.matches.length > DRAWN_ALL && this.drawSoon();
	private drawing = 0;

	/// `changed` hears when index or count did; `covered` is how much of the window's top is not free for text.
	constructor(private readonly editor: DocumentEditor, private readonly covered: () => number, private readonly changed: () => void) {
		this.from = editor.tiptap.state.selection.from;
		editor.tiptap.registerPlugin(
			new Plugin<Drawn>({
				key,
				state: {
					init: () => ({ set: DecorationSet.empty, at: null }),
					apply(tr, { set, at }) {
						const now = tr.getMeta(key) as Drawn | undefined;
						if (now || !tr.docChanged) return now ?? { set, at };
						const mapped = at && { from: tr.mapping.map(at.from, 1), to: tr.mapping.map(at.to, -1) };
						return { set: set.map(tr.mapping, tr.doc), at: mapped && mapped.from < mapped.to ? mapped : null };
					},
				},
				props: { decorations: (state) => key.getState(state)?.set },
				view: () => ({
					update: (view, before) => {
						if (view.state.doc !== before.doc) this.searchSoon();
					},
				}),
			}),
		);
		addEventListener("scroll", this.onScroll, { passive: true });
	}

	/// How many there are.
	get count(): number {
		return this.matches.length;
	}

	/// Which of them one is at, from 0; -1 between them.
	get index(): number {
		const at = this.at;
		if (!at) return -1;
		const i = firstFrom(this.matches, at.from);
		return this.matches[i]?.from === at.from && this.matches[i].to === at.to ? i : -1;
	}

	/// Look for something else, beginning where one was; `go` there.
	set(query: string, options: SearchOptions, go = true): void {
		const wanted = pattern(query, options);
		this.search = wanted && new Search(wanted);
		this.searchNow();
		if (go) this.show(firstFrom(this.matches, this.from));
		else this.draw(null);
	}

	/// Go to the next match (1) or the one before (-1), round the end.
	go(step: 1 | -1): void {
		this.searchNow();
		const { index } = this;
		if (index >= 0) this.show(index + step);
		else this.show(firstFrom(this.matches, this.at?.from ?? this.from) + (step < 0 ? -1 : 0));
	}

	/// Replace the match one is at and go on to the next.
	replace(text: string): void {
		this.searchNow();
		const at = this.matches[this.index];
		if (!at) return this.go(1);
		this.make([at], text);
		this.from = at.from + text.length;
		this.searchNow();
		this.show(firstFrom(this.matches, this.from));
	}

	/// Replace all matches: one step for undo.  Returns how many there were.
	replaceAll(text: string): number {
		this.searchNow();
		const { matches } = this;
		if (matches.length > 0) this.make(matches, text);
		this.searchNow();
		this.draw(null);
		return matches.length;
	}

	/// End: nothing is drawn any more, the match one was at is selected and the text has the focus.
	close(): void {
		this.stop();
		const { tiptap } = this.editor;
		if (tiptap.isDestroyed) return;
		const { at } = this;
		tiptap.unregisterPlugin(key);
		const { view } = tiptap;
		if (at) view.dispatch(view.state.tr.setSelection(TextSelection.create(view.state.doc, at.from, at.to)));
		this.editor.focus();
		if (!at || view.editable) return;
		// Where nothing can be written the editor leaves the selection to the browser.
		const [from, to] = [view.domAtPos(at.from, 1), view.domAtPos(at.to, -1)];
		getSelection()?.setBaseAndExtent(from.node, from.offset, to.node, to.offset);
	}

	/// The editor is going away.
	stop(): void {
		this.cancel();
		cancelAnimationFrame(this.drawing);
		removeEventListener("scroll", this.onScroll);
	}

	private get at(): Match | null {
		return key.getState(this.editor.tiptap.state)?.at ?? null;
	}

	private make(matches: readonly Match[], text: string): void {
		const { view } = this.editor.tiptap;
		const { doc } = view.state;
		const tr = view.state.tr.step(new ReplaceManyStep(matches.map(({ from, to }) => textFor(doc, from, to, text))));
		// What is drawn is drawn anew in a moment; mapping all of it would be in vain.
		tr.setMeta(key, { set: DecorationSet.empty, at: null }).setMeta("preventAutolink", true);
		this.editor.apart(() => view.dispatch(tr));
	}

	private searchSoon(): void {
		this.cancel();
		this.cancel = idle(() => {
			if (this.editor.tiptap.view.composing) return this.searchSoon();
			this.searchNow();
			this.draw(this.at);
		});
	}

	private searchNow(): void {
		this.cancel();
		this.matches = this.search ? this.search.in(this.editor.tiptap.state.doc) : [];
	}

	// Go to a match; behind the last one comes the first.
	private show(index: number): void {
		const n = this.matches.length;
		const at = n > 0 ? this.matches[(index + n) % n]! : null;
		this.draw(at);
		if (at) this.reveal(at);
	}

	private drawSoon(): void {
		cancelAnimationFrame(this.drawing);
		this.drawing = requestAnimationFrame(() => this.draw(this.at));
	}

	private draw(at: Match | null): void {
		const { view } = this.editor.tiptap;
		if (view.isDestroyed) return;
		const { doc } = view.state;
		let drawn = this.matches;
		if (drawn.length > DRAWN_ALL) {
			const [from, to] = visible(view);
			drawn = drawn.slice(firstFrom(drawn, from), firstFrom(drawn, to));
			// One paragraph may have them all: then those around where one is.
			const first = Math.max(0, (at ? firstFrom(drawn, at.from) : 0) - DRAWN_ALL / 2);
			drawn = drawn.slice(first, first + DRAWN_ALL);
		}
		const all = drawn.map(({ from, to }) => Decoration.inline(from, to, { class: at?.from === from ? "found found-now" : "found" }));
		if (at && !drawn.some(({ from }) => from === at.from)) all.push(Decoration.inline(at.from, at.to, { class: "found found-now" }));
		this.editor.adorn((tr) => tr.setMeta(key, { set: DecorationSet.create(doc, all), at } satisfies Drawn));
		this.changed();
	}

	// Blocks off the screen have no true height until they come near: look again once they have been laid out.
	private reveal({ from, to }: Match, again = true): void {
		const { view } = this.editor.tiptap;
		const { node } = view.domAtPos(from, 1);
		const element = node instanceof Element ? node : node.parentElement;
		const free = () => {
			const { top } = view.coordsAtPos(from, 1);
			const { bottom } = view.coordsAtPos(to, -1);
			return { top, inside: top >= this.covered() + MARGIN && bottom <= innerHeight - MARGIN };
		};
		if (!free().inside) {
			element?.scrollIntoView({ block: "center" });
			const { top, inside } = free();
			if (!inside) scrollBy(0, top - (this.covered() + innerHeight) / 2);
		}
		if (again) requestAnimationFrame(() => this.at?.from === from && this.reveal({ from, to }, false));
	}
}

// The positions on the screen and a window's height around it, by the document's outermost nodes.
function visible(view: EditorView): [number, number] {
	const { children } = view.dom;
	const firstBelow = (y: number) => {
		let low = 0;
		let high = children.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if (children[middle]!.getBoundingClientRect().bottom < y) low = middle + 1;
			else high = middle;
		}
		return low;
	};
	const at = (i: number) => (i < children.length ? view.posAtDOM(children[i]!, 0) : view.state.doc.content.size);
	return [at(firstBelow(-innerHeight)), at(firstBelow(2 * innerHeight) + 1)];
}
