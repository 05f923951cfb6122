// waiting.ts -- a document that is being looked for: how far it is, and after a while that nobody answers.
import type { OpenDocument, State } from "../app/state";
import { h } from "./dom";
import { texts } from "./texts";
import { bytes } from "./time";

const t = texts.document;

const LATE_MS = 10_000; // who is online answers within seconds
const PATIENT_MS = 60_000; // who chose to wait is not asked again at once

export class Waiting {
	private readonly text = h("p", { class: "muted waiting-text", role: "status", tabindex: "-1" });
	private readonly late = h("p", { class: "waiting-late", role: "status" });
	private readonly ways = h(
		"div",
		{ class: "waiting-ways", hidden: true },
		h("button", { class: "button button-main", type: "button", onclick: () => (this.wait(PATIENT_MS), this.text.focus()) }, t.keepWaiting),
		h("a", { class: "button", href: "#/" }, t.toHome),
	);
	readonly container = h(
		"div",
		{ class: "waiting" },
		...["w60", "w95", "w90", "w40"].map((width) => h("span", { class: `skeleton ${width}`, "aria-hidden": "true" })),
		this.text,
		this.late,
		this.ways,
	);
	private timer: ReturnType<typeof setTimeout> | undefined;
	private hint = "";
	private last = "";

	update({ connection }: State, { progress }: OpenDocument): void {
		const arriving = progress !== null && progress.total > 0;
		say(this.text, arriving ? t.progress(bytes(progress.done), bytes(progress.total)) : `${t.looking}. ${connection === "offline" ? t.lookingOffline : t.lookingHint}`);
		this.hint = connection !== "live" ? t.lateOffline : arriving ? t.lateStalled : t.late;
		// A sign of life: somebody can be asked now, or has sent some of it.
		const sign = `${connection === "live"} ${progress?.done}`;
		if (sign !== this.last) this.wait(LATE_MS);
		this.last = sign;
	}

	destroy(): void {
		clearTimeout(this.timer);
	}

	private wait(ms: number): void {
		clearTimeout(this.timer);
		say(this.late, "");
		this.ways.hidden = true;
		this.timer = setTimeout(() => {
			say(this.late, this.hint);
			this.ways.hidden = false;
		}, ms);
	}
}

// Only when it is new: a screen reader reads it out each time.
function say(place: HTMLElement, words: string): void {
	if (place.textContent !== words) place.textContent = words;
}
