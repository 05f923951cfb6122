// title.ts -- the document's title, typed in place.
import { h } from "./dom";
import { texts } from "./texts";

const SETTLE_MS = 300;

export class Title {
	readonly container: HTMLInputElement;
	private timer: ReturnType<typeof setTimeout> | undefined;

	constructor(private readonly rename: (title: string) => void, done: () => void) {
		this.container = h("input", {
			class: "title", type: "text", maxlength: "200", "aria-label": texts.document.title, placeholder: texts.home.untitled, autocomplete: "off",
			oninput: () => {
				clearTimeout(this.timer);
				this.timer = setTimeout(() => this.send(), SETTLE_MS);
			},
			onblur: () => this.send(),
			onkeydown: (event: KeyboardEvent) => event.key === "Enter" && !event.isComposing && (event.preventDefault(), done()),
		});
	}

	/// The document is no longer shown: another one must not get this title.
	destroy(): void {
		clearTimeout(this.timer);
		this.timer = undefined;
	}

	/// Show the title, unless the person is typing one.
	update(title: string, editable: boolean): void {
		this.container.readOnly = !editable;
		if (this.timer === undefined && this.container.value !== title) this.container.value = title;
	}

	/// Say what is being typed now, without waiting for more.
	send(): void {
		if (this.timer === undefined) return;
		clearTimeout(this.timer);
		this.timer = undefined;
		this.rename(this.container.value.trim());
	}
}
