// print.ts -- what goes to paper: a copy of the document, made when the browser begins to print and gone afterwards.
//
// A copy, because the editor's own nodes carry carets, are laid out for a screen and, in long documents, only where they
// are seen.  The copy has a title, says where links lead, and is laid out by print.css alone.
import { DOMSerializer, type Node } from "@tiptap/pm/model";
import { h } from "./dom";

export interface Printed {
	title: string;
	doc: Node;
}

export class PrintCopy {
	private sheet: HTMLElement | null = null;
	private readonly make = () => this.show();
	private readonly drop = () => this.hide();

	/// `printed` is asked for the document when printing begins; null: there is none to print.
	constructor(private readonly printed: () => Printed | null) {
		addEventListener("beforeprint", this.make);
		addEventListener("afterprint", this.drop);
	}

	destroy(): void {
		this.hide();
		removeEventListener("beforeprint", this.make);
		removeEventListener("afterprint", this.drop);
	}

	private show(): void {
		this.hide();
		const printed = this.printed();
		if (!printed) return;
		this.sheet = sheetOf(printed);
		document.body.append(this.sheet);
	}

	private hide(): void {
		this.sheet?.remove();
		this.sheet = null;
	}
}

function sheetOf({ title, doc }: Printed): HTMLElement {
	const sheet = h("article", { class: "print" });
	const first = doc.firstChild;
	if (title && !(first?.type.name === "heading" && first.textContent.trim() === title)) sheet.append(h("h1", { class: "print-title" }, title));
	sheet.append(DOMSerializer.fromSchema(doc.type.schema).serializeFragment(doc.content));
	let last: HTMLAnchorElement | null = null;
	for (const link of sheet.querySelectorAll("a")) {
		const address = link.getAttribute("href") ?? "";
		// One link is several pieces where some of its words are bold.
		if (last && last.nextElementSibling?.className === "print-address" && last.nextElementSibling.nextSibling === link && last.getAttribute("href") === address) last.nextElementSibling.remove();
		if (address && !saysWhere(link, address)) link.after(h("span", { class: "print-address" }, ` (${address.replace(/^(mailto|tel):/i, "")})`));
		last = link;
	}
	return sheet;
}

// Paper has no use for an address that its words say already.
function saysWhere(link: HTMLAnchorElement, address: string): boolean {
	const bare = (text: string) => text.trim().toLowerCase().replace(/^(https?:\/\/|mailto:|tel:)/, "").replace(/\/$/, "");
	return bare(link.textContent!) === bare(address);
}
