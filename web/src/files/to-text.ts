// to-text.ts -- plain text: one line per block; a line break inside a block is one too.
import type { Sheet } from "./sheet";

export function toText({ blocks }: Sheet): string {
	return blocks.map((block) => block.runs.map((run) => run.text).join("") + "\n").join("");
}
