// from-html.ts -- HTML as items, by the way of all that is pasted: cleaned, then parsed by the editor's schema.
import { DOMParser, Fragment, type Node, type Schema } from "@tiptap/pm/model";
import { itemsBetween } from "../editor/flatten";
import { charRun, Kind, NONE, type Segment } from "../editor/items";
import { BLOCKS, cleanPasted, parsePasted } from "../editor/pasted";
import { safeLink } from "../editor/schema";
import { breather } from "./breath";

const PARAGRAPH: Segment = { kind: Kind.block, format: NONE };
const GROUP_NODES = 150; // cleaned and parsed together
// Boxes that say nothing: what is in them may be read bit by bit.
const BOX = "article,aside,div,footer,header,main,nav,section";

export class Reader {
	readonly segments: Segment[] = [];
	heading = ""; // the first one's words
	private readonly parser: DOMParser;
	private last: Node | null = null; // of the top level, so far
	private lists = 1;

	constructor(private readonly schema: Schema) {
		this.parser = DOMParser.fromSchema(schema);
	}

	/// Read HTML after what was read before.  The title that it says it has.
	async html(html: string, progress: (done: number) => void = () => undefined): Promise<string> {
		const document = parsePasted(html);
		const breathe = breather();
		const title = (document.querySelector("title")?.textContent ?? "").replace(/\s+/g, " ").trim();
		for (const gone of document.querySelectorAll("title,script,style,noframes,template")) gone.remove();
		const all = [...parts(document.body)];
		for (let first = 0; first < all.length; ) {
			const root = document.createElement("body");
			let nodes = 0;
			for (; first < all.length && nodes < GROUP_NODES; first++) {
				const node = all[first]!;
				nodes += 1 + (node instanceof Element ? node.getElementsByTagName("*").length : 0);
				root.append(node);
			}
			this.take(root);
			progress(first / all.length);
			await breathe();
		}
		return title;
	}

	private take(root: HTMLElement): void {
		putPictures(root);
		cleanPasted(root);
		for (const item of root.querySelectorAll("li")) beginWithWords(item);
		for (const pre of root.querySelectorAll("pre")) dropLastBreak(pre);
		if (!this.heading) this.heading = (root.querySelector("h1,h2,h3,h4,h5,h6")?.textContent ?? "").replace(/\s+/g, " ").trim();
		// A group of white space and comments; the parser would make a paragraph of nothing.
		if (root.childElementCount === 0 && !root.textContent!.trim()) return;
		const { content } = this.parser.parse(root);
		const doc = this.schema.topNodeType.create(null, this.apart(content, this.last));
		this.last = doc.lastChild;
		this.segments.push(...itemsBetween(doc, 0, doc.content.size));
	}

	// Two lists or quotes of a kind side by side stay two: the second gets a name of its own.
	private apart(content: Fragment, before: Node | null): Fragment {
		const nodes: Node[] = [];
		content.forEach((node) => {
			const previous = nodes.at(-1) ?? before;
			const inside = node.isTextblock ? node.content : this.apart(node.content, null);
			const beside = "group" in node.attrs && previous?.type === node.type && previous.attrs["group"] === node.attrs["group"];
			nodes.push(beside ? node.type.create({ ...node.attrs, group: String(++this.lists) }, inside, node.marks) : node.copy(inside));
		});
		return Fragment.from(nodes);
	}
}

/// Lines of plain text, each a paragraph.
export function readText(text: string): Segment[] {
	const lines = text ? text.replace(/\r\n?/g, "\n").replace(/\n$/, "").split("\n") : [];
	return lines.flatMap((line): Segment[] => (line ? [PARAGRAPH, charRun(line, NONE)] : [PARAGRAPH]));
}

// The parts of a page that are read one after another.  Boxes in which only blocks stand are opened, unless they are
// small or have a style that their text inherits.
function* parts(box: Element): Generator<ChildNode> {
	for (const node of [...box.childNodes]) {
		const open =
			node instanceof Element && node.matches(BOX) && node.getElementsByTagName("*").length > GROUP_NODES && !node.getAttributeNames().some((name) => name.endsWith("style")) &&
			[...node.childNodes].every((child) => (child instanceof Element ? child.matches(BLOCKS) : child.nodeType !== 3 || !child.textContent!.trim()));
		if (open) yield* parts(node);
		else yield node;
	}
}

// A picture of elsewhere is not loaded: a link leads to it.
function putPictures(root: Element): void {
	for (const image of root.querySelectorAll("img")) {
		const src = image.getAttribute("src") ?? "";
		const alt = image.getAttribute("alt") ?? "";
		if (!/^https?:/i.test(src) || !safeLink(src) || image.closest("a")) image.replaceWith(alt);
		else {
			const link = root.ownerDocument.createElement("a");
			link.href = src;
			link.textContent = alt.trim() || src;
			image.replaceWith(link);
		}
	}
}

// An item begins with a paragraph; the parser would put another block behind the list.
function beginWithWords(item: Element): void {
	let at: Element = item;
	for (;;) {
		const first = [...at.childNodes].find((node) => node.nodeType !== 8 && node.textContent!.trim() !== "" || node instanceof HTMLElement);
		if (!(first instanceof Element)) return;
		if (!first.matches("div,section,article")) {
			if (first.matches("h1,h2,h3,h4,h5,h6,hr,ol,pre,ul")) first.before(item.ownerDocument.createElement("p"));
			return;
		}
		at = first;
	}
}

function dropLastBreak(pre: Element): void {
	let last: ChildNode | null = pre;
	while (last?.lastChild) last = last.lastChild;
	if (last instanceof Text) last.data = last.data.replace(/\n$/, "");
}
