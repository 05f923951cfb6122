// title.ts -- the document's title, typed in place.
import { h } from "./dom";
import { texts } from "./texts";

const SETTLE_MS = 300;

// After these nobody waits for a title to settle.  Captured, so that it is sent before the controller's own listeners
// store what there is.  popstate comes with every new address in the page, and before the hashchange by which the
// controller closes the document.
const LEAVING = ["beforeunload", "pagehide", "popstate"];

export class Title {
	readonly container: HTMLInputElement;
	private timer: ReturnType<typeof setTimeout> | undefined;
	private readonly leaving = () => this.send();

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
		for (const event of LEAVING) addEventListener(event, this.leaving, true);
	}

	/// The document is no longer shown: another one must not get this title.
	destroy(): void {
		clearTimeout(this.timer);
		this.timer = undefined;
		for (const event of LEAVING) removeEventListener(event, this.leaving, true);
	}

	/// Show the title, unless the person is typing one.
	update(title: string, editable: boolean): void {
		this.container.readOnly = !editable;
		if (this.timer === undefined && this.container.value !== title) this.container.value = title;
	}

	private send(): void {
		if (this.timer === undefined) return;
		clearTimeout(this.timer);
		this.timer = undefined;
		this.rename(this.container.value.trim());
	}
}
