// typed.ts -- what is typed while nothing can take it: kept as plain text, for the editor that comes next.

export class Typed {
	private done = "";
	private composing = ""; // each event of a composition tells all of it anew

	/// A key went down.  False: it is none of typing, and the browser's.
	key(key: string, shortcut: boolean): boolean {
		if (key === "Enter") this.input("insertParagraph", null);
		else if (key === "Backspace") this.input("deleteContentBackward", null);
		else if ([...key].length === 1 && !shortcut) this.input("insertText", key);
		else return false;
		return true;
	}

	/// An input event that no key explains: on a phone, by dictation.
	input(type: string, data: string | null): void {
		if (type === "insertCompositionText") {
			this.composing = data ?? "";
			return;
		}
		if (type === "deleteCompositionText") this.composing = "";
		this.compositionEnded();
		if (type === "insertParagraph" || type === "insertLineBreak") this.done += "\n";
		else if (type.startsWith("insert")) this.done += data ?? "";
		else if (type === "deleteContentBackward") this.done = [...this.done].slice(0, -1).join("");
	}

	compositionEnded(): void {
		this.done += this.composing;
		this.composing = "";
	}

	get text(): string {
		return this.done + this.composing;
	}
}
