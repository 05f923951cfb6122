// find.ts -- the documents that somebody looks for, by tags and by words of titles, tags and how texts begin.
import type { Card } from "./shelf";
import type { DocumentEntry } from "./state";

export interface Found {
	entry: DocumentEntry;
	card: Card | undefined;
	atMs: number; // when it was last opened or edited
	edited: boolean; // edited later than opened, or about then
	snippet: { before: string; match: string; after: string } | null; // where the text has the first word
}

const BEFORE = 20; // characters shown before a match
const AFTER = 100;
const OPENED_MS = 60_000; // whoever edits has opened it before: of the two, the edit is said

/// Those that have all the words, and the tag if there is one, pinned ones and then the latest first; all without words.
export function findDocuments(documents: readonly DocumentEntry[], cards: ReadonlyMap<string, Card>, query: string, tag = ""): Found[] {
	const words = plain(query).split(/\s+/).filter(Boolean);
	const found: Found[] = [];
	for (const entry of documents) {
		const card = cards.get(entry.grid);
		if (card && card.removedMs > 0) continue;
		if (tag && !card?.tags.includes(tag)) continue;
		const title = plain(`${entry.title} ${words.length > 0 ? (card?.tags.join(" ") ?? "") : ""}`);
		const text = words.length > 0 ? plain(card?.text ?? "") : "";
		if (!words.every((word) => title.includes(word) || text.includes(word))) continue;
		const inText = words.find((word) => !title.includes(word));
		const editedMs = card?.editedMs ?? 0;
		found.push({
			entry, card, atMs: Math.max(entry.openedMs, editedMs), edited: editedMs > 0 && editedMs + OPENED_MS >= entry.openedMs,
			snippet: inText === undefined ? null : cut(card!.text, text, inText),
		});
	}
	return found.sort((a, b) => Number(b.card?.pinned ?? false) - Number(a.card?.pinned ?? false) || b.atMs - a.atMs);
}

/// The tags of these documents, each once, in order of the alphabet.
export function tagsOf(documents: readonly DocumentEntry[], cards: ReadonlyMap<string, Card>): string[] {
	const shown = documents.map(({ grid }) => cards.get(grid)).filter((card) => card && card.removedMs === 0);
	return [...new Set(shown.flatMap((card) => card!.tags))].sort((a, b) => a.localeCompare(b));
}

// Without case and accents, each character where it was.
function plain(text: string): string {
	return Array.from({ length: text.length }, (_, i) => {
		const c = text[i]!;
		if (c < "\x80") return c.toLowerCase();
		const bare = c.normalize("NFD")[0]!.toLowerCase();
		return bare.length === 1 ? bare : c;
	}).join("");
}

function cut(text: string, searched: string, word: string): Found["snippet"] {
	const at = searched.indexOf(word);
	const from = Math.max(0, at - BEFORE);
	const to = at + word.length + AFTER;
	return { before: (from > 0 ? "… " : "") + text.slice(from, at), match: text.slice(at, at + word.length), after: text.slice(at + word.length, to) + (to < text.length ? " …" : "") };
}
