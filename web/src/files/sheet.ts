// sheet.ts -- a document as what is written to files: its blocks, each with the shape that it is drawn in.
//
// The writers see plain data and no editor: they are loaded when a file is first asked for.  They write what `toygrid
// grid export` writes (runtime-lib/cli/render_*.c), as far as this page can draw it.
import type { Block, Format, Shape } from "../editor/items";

export interface Sheet {
	readonly title: string;
	readonly blocks: readonly Block[];
	readonly shapes: readonly Shape[]; // drawnShapes() of the blocks
}

/// The sign for an object that a format cannot say (U+FFFC).
export const OBJECT = "\ufffc";

const SAFE_LINK = /^(https?:|mailto:|tel:)/i;

/// The address that a format links to, if a page may send its reader there.
export function linkOf({ attrs }: Format): string {
	const link = attrs.get("link");
	return typeof link === "string" && SAFE_LINK.test(link) ? link : "";
}

export function has({ attrs }: Format, mark: string): boolean {
	return attrs.get(mark) === true;
}

/// A picture by its address, if the format is one.
export function pictureOf({ attrs }: Format): { src: string; alt: string } | null {
	const [src, alt] = [attrs.get("src"), attrs.get("alt")];
	if (attrs.get("type") !== "image" || typeof src !== "string" || !/^https?:/i.test(src)) return null;
	return { src, alt: typeof alt === "string" ? alt : "" };
}

/// The quotes around a block, outermost first.
export function quotesOf({ path }: Shape): string[] {
	return path ? path.split("/") : [];
}

/// How many of the quotes around two blocks are the same.
export function sharedQuotes(a: readonly string[], b: readonly string[]): number {
	let n = 0;
	while (n < a.length && n < b.length && a[n] === b[n]) n++;
	return n;
}
