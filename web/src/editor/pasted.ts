// pasted.ts -- HTML from elsewhere, made to say with elements what it says with styles.
//
// The policy of the page (style-src 'self') leaves `element.style` empty in pasted HTML, and the editor's parser asks
// nothing else: the <b style="font-weight:normal"> around all that Google Docs copies would be bold, and its
// <span style="font-weight:700"> would not.  So the text of the style attributes is read here, by the rules of CSS as
// far as bold, italic and struck out go, and each piece of text gets <strong>, <em> and <s> of its own.  Tables, which
// this page cannot draw, become one paragraph a row, cells joined by " | ", as `grid create --from` reads them.
//
// The HTML is anybody's: it is parsed into a document of its own that is never shown, every loop is linear in its nodes,
// and what is larger than the limits is handed on as it came.

const MAX_CHARS = 4 << 20;
const MAX_NODES = 300_000;

const NORMAL = 400;
const BOLD = 600; // from here on it looks bold

// Where the style attribute waits while the HTML is parsed: under its own name each one is refused, and said so, on
// the console.  Tags that this does not find (a < or > in a value) keep the name; both are read.
const KEPT = "data-pasted-style";
const TAG = /<[a-z][^<>]*>/gi;
const STYLE = /(\s)style(?=\s*=)/gi;

// Handlers and a base address are refused, too, and go for good.
const HANDLER = /([\s/"'])on[a-z]+(?=\s*=)/gi;
const BASE = /^<base(?=[\s/>])/i;

// A sheet is refused as well, but not when it is an element that is read in the same way and never shown.
const SHEET = /^<style(?=[\s/>])/i;
const SHEET_END = /<\/style(?=[\s/>])/gi;

const FORMATS = "b,strong,i,em,s,strike,del";
export const BLOCKS = "address,article,aside,blockquote,dd,div,dl,dt,fieldset,figcaption,figure,footer,form,h1,h2,h3,h4,h5,h6,header,hr,li,main,nav,ol,p,pre,section,table,tbody,td,tfoot,th,thead,tr,ul";
const RICH = "blockquote,dl,h1,h2,h3,h4,h5,h6,hr,ol,pre,table,ul"; // in a cell: more than words
const PARTS = /^(caption|col|colgroup|tbody|td|tfoot|th|thead|tr)$/i;

interface Look {
	readonly weight: number; // as CSS counts it
	readonly italic: boolean;
	readonly struck: boolean;
}

const PLAIN: Look = { weight: NORMAL, italic: false, struck: false };

type Policy = { createHTML(html: string): string };
type Policies = { createPolicy(name: string, rules: Policy): Policy };

let policy: Policy | undefined;

/// What the editor shall parse in place of `html`; `html` itself where there is nothing to do, or too much.
export function readPasted(html: string): string {
	if (html.length > MAX_CHARS || !/\sstyle\s*=|<style|<t[abdfhr]|<input/i.test(html)) return html;
	const { body } = parsePasted(html);
	return cleanPasted(body) ? body.innerHTML : html;
}

/// The same of nodes that parsePasted() made, in place; false, and nothing done, where there are too many.
export function cleanPasted(body: HTMLElement): boolean {
	const nodes = collect(body);
	if (!nodes) return false;
	putMarks(body, nodes);
	putTasks(body);
	putRows(body);
	return true;
}

/// HTML as a document that is never shown: nothing in it runs, nothing is loaded.
export function parsePasted(html: string): Document {
	const first = /<([a-z]+)/i.exec(html)?.[1] ?? "";
	const whole = PARTS.test(first) ? `<table>${html}</table>` : html;
	const tags = whole.replace(TAG, (tag) => tag.replace(STYLE, `$1${KEPT}`).replace(HANDLER, "$1data-off").replace(BASE, "<wbr").replace(SHEET, "<noframes"));
	const quiet = "<!DOCTYPE html>" + tags.replace(SHEET_END, "</noframes");
	// The nodes never enter the page: the editor makes its own from what its schema knows of them.
	const policies = (globalThis as { trustedTypes?: Policies }).trustedTypes;
	policy ??= policies?.createPolicy("toygrid-pasted", { createHTML: (text) => text });
	return new DOMParser().parseFromString(policy?.createHTML(quiet) ?? quiet, "text/html");
}

// All elements and texts, a parent before its children; null when there are too many.
function collect(body: HTMLElement): Node[] | null {
	const walker = body.ownerDocument.createTreeWalker(body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
	const nodes: Node[] = [];
	for (let node: Node | null = body; node; node = walker.nextNode()) if (nodes.push(node) > MAX_NODES) return null;
	return nodes;
}

// ---- marks

function putMarks(body: HTMLElement, nodes: readonly Node[]): void {
	const looks = new Map<Node, Look>();
	const leaves: [ChildNode, Look][] = [];
	for (const node of nodes) {
		const around = looks.get(node.parentNode!) ?? PLAIN;
		if (node instanceof Element) {
			looks.set(node, lookOf(node, around));
			node.removeAttribute("style");
			node.removeAttribute(KEPT);
		}
		if (around !== PLAIN && (node instanceof Text || node instanceof HTMLBRElement)) leaves.push([node, around]);
	}
	for (const gone of body.querySelectorAll("style,script,noframes")) gone.remove();
	// Outermost first, so that each node moves once.
	for (const element of body.querySelectorAll(FORMATS)) unwrap(element);
	for (const [leaf, look] of leaves) {
		if (isBetweenBlocks(leaf)) continue;
		if (look.struck) wrap(leaf, "s");
		if (look.italic) wrap(leaf, "em");
		if (look.weight >= BOLD) wrap(leaf, "strong");
	}
}

function lookOf(element: Element, around: Look): Look {
	const name = element.localName;
	// These are bold by what they are; that their letters are is no news, whatever a browser wrote down when it copied.
	const title = /^(h[1-6]|th)$/.test(name);
	let weight = name === "b" || name === "strong" ? bolder(around.weight) : title ? NORMAL : around.weight;
	let italic = around.italic || name === "i" || name === "em";
	let line = name === "s" || name === "strike" || name === "del";
	for (const declaration of (element.getAttribute(KEPT) ?? element.getAttribute("style") ?? "").split(";")) {
		const colon = declaration.indexOf(":");
		const value = declaration.slice(colon + 1).toLowerCase().replace("!important", "").trim();
		switch (colon < 0 ? "" : declaration.slice(0, colon).trim().toLowerCase()) {
			case "font-weight":
				if (!title) weight = weightOf(value, around.weight) ?? weight;
				break;
			case "font-style":
				if (/^(italic|oblique)\b/.test(value)) italic = true;
				else if (value === "normal" || value === "initial") italic = false;
				else if (value === "inherit" || value === "unset") italic = around.italic;
				break;
			case "text-decoration":
			case "text-decoration-line":
				line = /\bline-through\b/.test(value);
				break;
		}
	}
	// A line is drawn through all that is inside, whatever that says.
	const struck = around.struck || line;
	if (weight === around.weight && italic === around.italic && struck === around.struck) return around;
	return { weight, italic, struck };
}

function weightOf(value: string, around: number): number | null {
	switch (value) {
		case "normal":
		case "initial":
			return NORMAL;
		case "bold":
			return 700;
		case "bolder":
			return bolder(around);
		case "lighter":
			return around < 550 ? 100 : around < 750 ? NORMAL : 700;
		case "inherit":
		case "unset":
			return around;
	}
	return /^\d{1,4}(\.\d+)?$/.test(value) ? Number(value) : null;
}

// CSS Fonts 4, 2.2.1.
function bolder(around: number): number {
	return around < 350 ? NORMAL : around < 550 ? 700 : Math.max(around, 900);
}

// White space there is how the HTML is laid out, not text; a break there is none.
function isBetweenBlocks(leaf: ChildNode): boolean {
	if (leaf instanceof Text && /\S/.test(leaf.data)) return false;
	const { previousSibling: before, nextSibling: after, parentNode } = leaf;
	if (isBlock(before) || isBlock(after)) return true;
	return leaf instanceof Text ? !before && !after && (isBlock(parentNode) || parentNode?.nodeName === "BODY") : !after;
}

function isBlock(node: Node | null): boolean {
	return node instanceof Element && node.matches(BLOCKS);
}

function unwrap(element: Element): void {
	while (element.firstChild) element.before(element.firstChild);
	element.remove();
}

// Around `leaf` alone: what is wrapped twice has the second element inside the first.
function wrap(leaf: ChildNode, name: string): void {
	const element = leaf.ownerDocument!.createElement(name);
	leaf.replaceWith(element);
	element.append(leaf);
}

// ---- tasks

function putTasks(body: HTMLElement): void {
	for (const box of body.querySelectorAll('input[type="checkbox" i]')) {
		const item = box.closest("li");
		const list = item?.parentElement;
		if (!item || list?.localName !== "ul" || !beginsWith(item, box)) continue;
		list.setAttribute("data-type", "taskList");
		for (const one of list.children) if (one.localName === "li") one.setAttribute("data-type", "taskItem");
		item.setAttribute("data-checked", String(box.hasAttribute("checked")));
		box.remove();
	}
	// The parser takes the first <div> of a task for its content, wherever that stands.
	for (const item of body.querySelectorAll('li[data-type="taskItem"]')) {
		const content = body.ownerDocument.createElement("div");
		moveInto(content, item);
		item.append(content);
	}
}

function beginsWith(item: Element, box: Element): boolean {
	for (let node: Node = box; node !== item; node = node.parentNode!)
		for (let before = node.previousSibling; before; before = before.previousSibling) if (before.textContent!.trim() !== "" || isBlock(before)) return false;
	return true;
}

// ---- tables

function putRows(body: HTMLElement): void {
	const tables = [...body.querySelectorAll("table")];
	if (tables.length === 0) return;
	// How deep the editor that copied this had it open: not true any more.
	for (const element of body.querySelectorAll("[data-pm-slice]")) element.removeAttribute("data-pm-slice");
	const rich = new Set<Element>();
	for (const element of body.querySelectorAll(RICH))
		for (let up = element.parentElement; up && !rich.has(up); up = up.parentElement) rich.add(up);
	// Inner ones first: they are in the cells of the outer ones when these are taken apart.
	for (const table of tables.reverse()) {
		const out = body.ownerDocument.createElement("div");
		if (table.caption) moveInto(out.appendChild(body.ownerDocument.createElement("div")), table.caption);
		for (const row of [...table.rows]) putRow(out, [...row.cells], rich);
		// What a browser's limit of depth has left beside the rows.
		if (!isBlank(table)) moveInto(out.appendChild(body.ownerDocument.createElement("div")), table);
		table.replaceWith(out);
	}
}

// One paragraph; a cell that holds lists, headings or tables of its own, or is the only one, comes as it is.
function putRow(out: HTMLElement, cells: readonly HTMLElement[], rich: ReadonlySet<Element>): void {
	if (cells.every((cell) => !rich.has(cell) && isBlank(cell))) return;
	let paragraph: HTMLElement | null = null;
	for (const cell of cells) {
		if (rich.has(cell) || cells.length === 1) {
			paragraph = null;
			moveInto(out.appendChild(out.ownerDocument.createElement("div")), cell);
			continue;
		}
		if (paragraph) paragraph.append(" | ");
		else paragraph = out.appendChild(out.ownerDocument.createElement("p"));
		if (isBlank(cell)) continue;
		for (const element of cell.querySelectorAll(`br,${BLOCKS}`)) {
			element.before(" ");
			element.after(" ");
			unwrap(element);
		}
		moveInto(paragraph, cell);
	}
}

function isBlank(cell: Element): boolean {
	return cell.textContent!.trim() === "";
}

function moveInto(target: Element, source: Element): void {
	while (source.firstChild) target.append(source.firstChild);
}
