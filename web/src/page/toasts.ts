// toasts.ts -- short messages that go away by themselves.
import { h } from "./dom";

const SHOWN_MS = 5000;

export class Toasts {
	readonly container = h("div", { class: "toasts", role: "status", "aria-live": "polite" });

	show(text: string): void {
		const toast = h("div", { class: "toast" }, text);
		this.container.append(toast);
		setTimeout(() => toast.remove(), SHOWN_MS);
	}
}
