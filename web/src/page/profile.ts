// profile.ts -- one's own name and colour.
import type { Me } from "../app/state";
import { Dialog } from "./dialog";
import { cssColour, h, PALETTE } from "./dom";
import { texts } from "./texts";

const t = texts.profile;

/// Show the dialog; `save` gets what was chosen.
export function showProfile(me: Me, save: (name: string, colour: number) => void): void {
	const dialog = new Dialog(t.title, "dialog-small");
	const name = h("input", { class: "field", id: "profile-name", type: "text", maxlength: "32", value: me.name, autocomplete: "nickname", required: true });
	const colours = h(
		"div",
		{ class: "colours", role: "radiogroup", "aria-label": t.colour },
		...offeredTo(me).map((colour, i) => {
			const input = h("input", { type: "radio", name: "colour", value: String(colour), "aria-label": t.colourName(i + 1), checked: colour === me.colour });
			input.style.setProperty("--person", cssColour(colour));
			return input;
		}),
	);
	dialog.show(
		h("p", { class: "muted" }, t.hint),
		h(
			"form",
			{
				method: "dialog",
				onsubmit: () => {
					const chosen = colours.querySelector<HTMLInputElement>("input:checked");
					if (name.value.trim()) save(name.value.trim(), chosen ? Number(chosen.value) : me.colour);
				},
			},
			h("label", { class: "label", for: "profile-name" }, t.name),
			name,
			h("span", { class: "label" }, t.colour),
			colours,
			h("div", { class: "dialog-actions" }, h("button", { class: "button button-main", type: "submit" }, t.save)),
		),
	);
	name.select();
}

// The colour one has, if it is not among those offered, comes first.
function offeredTo({ colour }: Me): number[] {
	const offered: number[] = [...PALETTE];
	return offered.includes(colour) ? offered : [colour, ...offered.slice(1)];
}

/// A name to start with.
export function someName(): string {
	const pick = (list: readonly string[]) => list[Math.floor(Math.random() * list.length)]!;
	return `${pick(texts.names.first)} ${pick(texts.names.second)}`;
}
