// read.ts -- a file that somebody picked, as items for a new document.
import { getSchema } from "@tiptap/core";
import type { Segment } from "../editor/items";
import { extensions } from "../editor/schema";
import { breather } from "./breath";
import { Reader, readText } from "./from-html";
import type { markdownPieces } from "./from-markdown";

export const MAX_BYTES = 4 << 20;
/// What a person may pick.
export const ACCEPTED = ".md,.markdown,.html,.htm,.txt,text/markdown,text/html,text/plain";

const FORMATS: Record<string, "markdown" | "html" | "text"> = { md: "markdown", markdown: "markdown", html: "html", htm: "html", txt: "text", text: "text" };
const TYPES: Record<string, "markdown" | "html" | "text"> = { "text/markdown": "markdown", "text/html": "html", "text/plain": "text" };

export class NotReadable extends Error {
	constructor(readonly why: "size" | "kind") {
		super(`cannot read this file: ${why}`);
	}
}

export interface ReadFile {
	title: string;
	segments: Segment[];
}

/// Read a file, in short steps.  `later` loads the part for Markdown.  Throws NotReadable.
export async function readFile(file: File, later: () => Promise<{ markdownPieces: typeof markdownPieces }>, progress: (done: number) => void): Promise<ReadFile> {
	if (file.size > MAX_BYTES) throw new NotReadable("size");
	const [, stem = file.name, ending = ""] = /^(.*)\.([^.]*)$/s.exec(file.name) ?? [];
	const kind = FORMATS[ending.toLowerCase()] ?? TYPES[file.type];
	if (!kind) throw new NotReadable("kind");
	const text = decode(new Uint8Array(await file.arrayBuffer()));
	const named = (name: string) => [...(name || stem.trim())].slice(0, 200).join("");
	if (kind === "text") return { title: named(""), segments: readText(text) };
	const reader = new Reader(getSchema(extensions));
	if (kind === "html") {
		const title = await reader.html(text, progress);
		return { title: named(title || reader.heading), segments: reader.segments };
	}
	const breathe = breather();
	for (const { html, done } of (await later()).markdownPieces(text)) {
		await reader.html(html);
		progress(done);
		await breathe();
	}
	return { title: named(reader.heading), segments: reader.segments };
}

// UTF-8, or UTF-16 that says so; what is neither comes from an old Windows.
function decode(bytes: Uint8Array): string {
	const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : null;
	let text;
	try {
		text = new TextDecoder(utf16 ?? "utf-8", { fatal: true }).decode(bytes);
	} catch {
		text = new TextDecoder("windows-1252").decode(bytes);
	}
	if (text.includes("\0")) throw new NotReadable("kind");
	return text;
}
