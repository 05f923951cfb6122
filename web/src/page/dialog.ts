// dialog.ts -- a modal dialog: the browser's own, so focus, Escape and the backdrop behave as everywhere.
import { fill, h } from "./dom";
import { icon } from "./icons";
import { texts } from "./texts";

export class Dialog {
	readonly container: HTMLDialogElement;
	private readonly body = h("div", { class: "dialog-body" });

	constructor(title: string, className = "") {
		const id = `dialog-${title.replace(/\W+/g, "-")}`;
		this.container = h(
			"dialog",
			{ class: `dialog ${className}`, "aria-labelledby": id },
			h(
				"header",
				{ class: "dialog-head" },
				h("h2", { id }, title),
				h("button", { class: "icon-button", type: "button", "aria-label": texts.dialog.close, onclick: () => this.close() }, icon("close")),
			),
			this.body,
		);
		// A click on the backdrop is a click on the dialog itself, outside its box.
		this.container.addEventListener("mousedown", (event) => event.target === this.container && this.close());
		this.container.addEventListener("close", () => this.container.remove());
	}

	/// Show the dialog with this content.
	show(...content: (Node | string | null | false)[]): void {
		fill(this.body, ...content);
		if (this.container.open) return;
		document.body.append(this.container);
		this.container.showModal();
	}

	close(): void {
		this.container.close();
	}
}
