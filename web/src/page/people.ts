// people.ts -- who is here: one disc per device, oneself first.
import { SessionRole, type State } from "../app/state";
import { coloursOf } from "./colours";
import { cssColour, h, inkOn, mark, refill } from "./dom";
import { texts } from "./texts";

const SHOWN = 4;

export class People {
	readonly container = h("div", { class: "people", role: "group" });

	constructor(private readonly profile: () => void) {}

	update({ phase, me, open }: State): void {
		if (phase === "starting") return; // who we are is still being read
		const colourOf = open && coloursOf(me, open);
		const others = new Map<string, { name: string; colour: number; text: string }>();
		for (const person of open?.people.values() ?? []) {
			if (person.own || !person.name) continue;
			const text = person.role === SessionRole.viewer ? texts.people.viewer(person.name) : person.name;
			others.set(person.device, { name: person.name, colour: colourOf!(person), text });
		}
		const list = [...others.values()];
		const hidden = list.slice(SHOWN);
		mark(this.container, "aria-label", texts.people.label(list.length + 1));
		refill(
			this.container,
			...list.slice(0, SHOWN).map((person) => disc(h("span", { class: "disc", role: "img", "aria-label": person.text, title: person.text }), person.name, person.colour)),
			hidden.length > 0 && h("span", { class: "disc disc-more", title: hidden.map((person) => person.text).join(", ") }, texts.people.more(hidden.length)),
			disc(
				h("button", { class: "disc disc-own", type: "button", "aria-label": `${texts.people.you(me.name)}. ${texts.people.profile}`, title: texts.people.you(me.name), onclick: () => this.profile() }),
				me.name,
				me.colour,
			),
		);
	}
}

function disc<T extends HTMLElement>(element: T, name: string, colour: number): T {
	element.style.setProperty("--person", cssColour(colour));
	element.style.setProperty("--person-ink", inkOn(colour));
	element.dataset["initials"] = initials(name); // a picture: the name is its label
	return element;
}

function initials(name: string): string {
	const words = name.trim().split(/\s+/);
	return words.slice(0, 2).map((word) => [...word][0] ?? "").join("").toUpperCase() || "?";
}
