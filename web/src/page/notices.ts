// notices.ts -- what a person should know now, above the text.
import { Notice, Role, type State } from "../app/state";
import { h, refill } from "./dom";
import { icon } from "./icons";
import { texts } from "./texts";

export class Notices {
	readonly container = h("div", { class: "notices", "aria-live": "polite" });

	constructor(private readonly dismiss: (notice: number) => void) {}

	update(state: State): void {
		const list: { text: string; bad: boolean; code: number | null }[] = [];
		if (state.storageFull) list.push({ text: texts.notices.full, bad: true, code: null });
		for (const [code, text] of state.notices) list.push({ text: noticeText(code, text), bad: code === Notice.fork, code });
		if (state.open?.phase === "ready" && state.open.role !== Role.edit) list.push({ text: texts.notices.viewOnly, bad: false, code: null });
		refill(
			this.container,
			...list.map(({ text, bad, code }) =>
				h(
					"div",
					{ class: bad ? "notice notice-bad" : "notice", role: bad ? "alert" : null },
					icon(bad ? "alert" : "eye"),
					h("span", {}, text),
					code !== null && h("button", { class: "icon-button", type: "button", "aria-label": texts.notices.dismiss, onclick: () => this.dismiss(code) }, icon("close")),
				),
			),
		);
	}
}

function noticeText(code: number, text: string): string {
	switch (code) {
		case Notice.fork:
			return texts.notices.fork;
		case Notice.clock:
			return texts.notices.clock;
		case Notice.quota:
			return texts.notices.quota(text);
		case Notice.notAllowed:
			return texts.notices.notAllowed;
		case Notice.damaged:
			return texts.notices.damaged;
		default:
			return text;
	}
}
