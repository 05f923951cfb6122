// write.ts -- a document as a file that is downloaded.
import { drawnShapes } from "../editor/draw";
import type { Block } from "../editor/items";
import type * as Later from "./later";

export type Format = "markdown" | "html" | "text";

const FILES = {
	markdown: { ending: "md", type: "text/markdown" },
	html: { ending: "html", type: "text/html" },
	text: { ending: "txt", type: "text/plain" },
} as const;

/// The part of the page that is loaded with the first file is not there, and the network is not either.
export class NotLoaded extends Error {}

/// The part of the page that is loaded with the first file.  Throws NotLoaded.
export async function later(): Promise<typeof Later> {
	try {
		return (await import(__TG_FILES__)) as typeof Later;
	} catch {
		throw new NotLoaded();
	}
}

/// Hand a document to the person as a file named after its title, or after `untitled`.
export async function download(format: Format, title: string, untitled: string, blocks: readonly Block[]): Promise<void> {
	const { toHtml, toMarkdown, toText } = await later();
	const write = { markdown: toMarkdown, html: toHtml, text: toText }[format];
	const { ending, type } = FILES[format];
	// One empty block is what is shown of nothing.
	const written = blocks.length === 1 && !blocks[0]!.marker && blocks[0]!.count === 0 ? [] : blocks;
	const text = write({ title, blocks: written, shapes: drawnShapes(written) });
	const link = document.createElement("a");
	link.href = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
	link.download = `${fileName(title) || fileName(untitled)}.${ending}`;
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/// A title as the name of a file, on any system.
export function fileName(title: string): string {
	const plain = title.replace(/[\0-\x1f\x7f/\\:*?"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g, " ").replace(/\s+/g, " ").trim();
	return [...plain.replace(/^[. ]+/, "")].slice(0, 80).join("").replace(/[. ]+$/, "");
}
