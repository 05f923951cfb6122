// more.ts -- what can be done with a whole document, in the menu of its bar.
import { download, type Format } from "../files/write";
import type { Block } from "../editor/items";
import { MAC, printed } from "./keys";
import { Menu, type MenuItem } from "./menu";
import { texts } from "./texts";

const t = texts.files;

/// Menu items that export a document; `blocks` is asked when one is chosen.
export function exportItems(title: () => string, blocks: () => readonly Block[] | Promise<readonly Block[]>, failed: (error: unknown) => void): MenuItem[] {
	const item = (format: Format): MenuItem => ({
		text: t.exportAs[format],
		icon: "download",
		run: () => void Promise.resolve(blocks()).then((all) => download(format, title(), texts.home.untitled, all)).catch(failed),
	});
	return [item("markdown"), item("html"), item("text")];
}

export interface WholeDocument {
	title(): string;
	blocks(): readonly Block[];
	duplicate(): void;
	tools(): MenuItem[]; // that work in it
	failed(error: unknown): void;
}

export function documentMenu(whole: WholeDocument): Menu {
	return new Menu({ label: t.more, icon: "more" }, () => [
		whole.tools(),
		exportItems(() => whole.title(), () => whole.blocks(), (error) => whole.failed(error)),
		[{ text: t.print, icon: "print", keys: printed("Mod-p").join(MAC ? "" : "+"), run: () => print() }],
		[{ text: t.duplicate, icon: "copy", run: () => whole.duplicate() }],
	]);
}
