// toasts.ts -- short messages that go away by themselves, some with a button.
import { fill, h } from "./dom";

const SHOWN_MS = 5000;

/// A message that is shown.
export interface Toast {
	progress(text: string): void; // seen beside it, not read out each time
	close(): void;
	take(): void; // do what its button does
}

export interface ToastOptions {
	action?: { text: string; run: () => void };
	shownMs?: number; // Infinity: until it is closed
	gone?: () => void; // it went away, by itself or closed, and its action was not taken
}

export class Toasts {
	readonly container = h("div", { class: "toasts", role: "status", "aria-live": "polite" });

	show(text: string, { action, shownMs = SHOWN_MS, gone }: ToastOptions = {}): Toast {
		let timer: ReturnType<typeof setTimeout> | undefined;
		let over = false;
		const progress = h("span", { class: "toast-progress", "aria-hidden": "true" });
		const end = (taken: boolean) => {
			if (over) return;
			over = true;
			clearTimeout(timer);
			toast.remove();
			if (!taken) gone?.();
		};
		const wait = () => {
			clearTimeout(timer);
			if (shownMs < Infinity && !over) timer = setTimeout(() => end(false), shownMs);
		};
		const take = () => {
			if (over) return;
			end(true);
			action?.run();
		};
		const toast = h(
			"div",
			{ class: "toast" },
			h("span", {}, text),
			progress,
			action ? h("button", { class: "toast-action", type: "button", onclick: take }, action.text) : null,
		);
		if (action) {
			// Who is about to press it has time to.
			for (const event of ["pointerenter", "focusin"]) toast.addEventListener(event, () => clearTimeout(timer));
			for (const event of ["pointerleave", "focusout"]) toast.addEventListener(event, wait);
		}
		this.container.append(toast);
		wait();
		return { progress: (now) => fill(progress, now), close: () => end(false), take };
	}
}
