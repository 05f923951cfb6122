// colours.ts -- everybody here in a colour of their own, whatever they chose.
import type { Me, OpenDocument, Person } from "../app/state";
import { PALETTE } from "./dom";

// Colours closer than this (as points in red, green, blue) pass for one another.  All of PALETTE are further apart.
const ALIKE = 60;

function distance(a: number, b: number): number {
	return Math.hypot(...[16, 8, 0].map((shift) => ((a >> shift) & 255) - ((b >> shift) & 255)));
}

/// The colour to show each of `others` in, by who they are, with what they chose.  Nobody gets one that passes for `own`
/// or for another's while PALETTE lasts; then they keep theirs.  It depends on who is here and not on who came first:
/// the lowest name keeps what two chose, the other one gets what of PALETTE is furthest from all in use.
export function distinct(own: number, others: Iterable<readonly [string, number]>): Map<string, number> {
	const shown = new Map<string, number>();
	const used = [own];
	const gap = (colour: number) => Math.min(...used.map((one) => distance(one, colour)));
	const take = (who: string, colour: number): void => {
		shown.set(who, colour);
		used.push(colour);
	};
	const list = [...new Map(others)].sort(([a], [b]) => (a < b ? -1 : 1));
	for (const [who, colour] of list) if (gap(colour) >= ALIKE) take(who, colour);
	for (const [who, colour] of list) {
		if (shown.has(who)) continue;
		const best = PALETTE.reduce((a, b) => (gap(b) > gap(a) ? b : a));
		take(who, gap(best) < ALIKE ? colour : best);
	}
	return shown;
}

/// The colours of the people in a document, by device; one's own other tabs have one's own.
export function coloursOf(me: Me, open: OpenDocument): (person: Person) => number {
	const others = [...open.people.values()].filter((person) => !person.own);
	const shown = distinct(me.colour, others.map((person) => [person.device, person.colour]));
	return (person) => (person.own ? me.colour : shown.get(person.device)!);
}
