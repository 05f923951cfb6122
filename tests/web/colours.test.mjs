// Everybody here is shown in a colour of their own.
import assert from "node:assert/strict";
import { test } from "node:test";
import { random, sources } from "./sources.mjs";

const [{ coloursOf, distinct }, { PALETTE }] = await sources("page/colours", "page/dom");
const apart = (a, b) => Math.hypot(...[16, 8, 0].map((shift) => ((a >> shift) & 255) - ((b >> shift) & 255)));
const [BLUE, RED, GREEN] = PALETTE;
// What an installation picks from when it is new (runtime-lib/src/peer/install.c).
const FIRST = [0x2563eb, 0x059669, 0xd97706, 0xdb2777, 0x7c3aed, 0x0891b2, 0xdc2626, 0x65a30d, 0x4f46e5, 0x92400e];

function shuffled(list, next) {
	const all = [...list];
	for (let i = all.length - 1; i > 0; i--) {
		const j = next(i + 1);
		[all[i], all[j]] = [all[j], all[i]];
	}
	return all;
}

test("whose colour nobody else has keeps it", () => {
	assert.deepEqual(distinct(BLUE, [["b", RED], ["a", GREEN]]), new Map([["a", GREEN], ["b", RED]]));
	assert.deepEqual(distinct(BLUE, []), new Map());
});

test("of two who chose one colour the lower name keeps it; one's own is nobody else's", () => {
	const shown = distinct(BLUE, [["b", RED], ["a", RED], ["c", BLUE]]);
	assert.equal(shown.get("a"), RED);
	for (const who of ["b", "c"]) assert.ok(PALETTE.includes(shown.get(who)) && ![RED, BLUE].includes(shown.get(who)), who);
	assert.notEqual(shown.get("b"), shown.get("c"));
});

test("colours that only pass for one another count as one", () => {
	const shown = distinct(BLUE, [["a", FIRST[0]], ["b", BLUE - 1]]);
	for (const colour of shown.values()) assert.ok(apart(colour, BLUE) >= 60);
});

test("while the palette lasts all are apart, in whatever order they came; who shares with nobody is never changed", () => {
	for (let seed = 1; seed <= 300; seed++) {
		const next = random(seed);
		const any = [...PALETTE, ...FIRST];
		const own = next.pick(any);
		const people = Array.from({ length: 1 + next(5) }, () => [String(next(1e9)), next.pick(any)]);
		const shown = distinct(own, people);
		assert.deepEqual(distinct(own, shuffled(people, next)), shown, `seed ${seed}: order`);
		const all = [own, ...shown.values()];
		for (let i = 0; i < all.length; i++) for (let j = 0; j < i; j++) assert.ok(apart(all[i], all[j]) >= 60, `seed ${seed}: ${all.map((c) => c.toString(16))}`);
		for (const [who, colour] of people)
			if ([own, ...people.filter(([other]) => other !== who).map(([, c]) => c)].every((c) => apart(c, colour) >= 60)) assert.equal(shown.get(who), colour, `seed ${seed}`);
	}
});

test("more people than colours: all are shown, in what they chose", () => {
	const people = Array.from({ length: 40 }, (_, i) => [String(i), BLUE]);
	const shown = distinct(RED, people);
	assert.equal(shown.size, 40);
	assert.ok(new Set(shown.values()).size >= PALETTE.length - 1);
	assert.equal([...shown.values()].filter((colour) => colour === BLUE).length, 40 - (PALETTE.length - 2));
});

test("tabs are shown as their device, one's own as oneself", () => {
	const tab = (session, device, colour, own = false) => [session, { session, device, own, colour, name: "x", role: 1, caret: null }];
	const people = new Map([tab("1", "d", RED), tab("2", "d", RED), tab("3", "e", RED), tab("4", "me", GREEN, true)]);
	const colourOf = coloursOf({ name: "me", colour: BLUE }, { people });
	const [one, two, other, self] = [...people.values()].map(colourOf);
	assert.deepEqual([one, two, self], [RED, RED, BLUE]);
	assert.ok(![RED, BLUE].includes(other));
});
