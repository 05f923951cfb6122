// Goal: the page counts characters as the runtime does, in Unicode scalar values, whatever JavaScript's strings make
// of them; and no lone surrogate crosses the border.
import assert from "node:assert/strict";
import { test } from "node:test";
import { random, sources } from "./sources.mjs";

const [{ charRun, format, Items, scalars, units, wellFormed }, { decode, encode }] = await sources("editor/items", "runtime/msgpack");

const samples = {
	ascii: "plain",
	astral: "\u{1d4b3}\u{1f98a}\u{10348}\u{10ffff}",
	"a family of three, with joiners": "\u{1f469}\u200d\u{1f469}\u200d\u{1f467}",
	"a flag": "\u{1f1eb}\u{1f1f7}",
	"a skin tone": "\u{1f44d}\u{1f3fd}",
	"combining marks": "e\u0301\u0302\u0300",
	"hangul letters": "\u1100\u1161\u11a8",
	"right to left": "\u05e9\u05dc\u05d5\u05dd",
	"both directions": "a\u200f\u202b\u05d0\u202c\u200eb",
	"no width": "\u200b\u2060\ufeff",
	noncharacters: "\uffff\ufffe",
	"beside the surrogates": "\ud7ff\ue000",
};

// What JavaScript itself says: its iterator goes by code points.
const points = (text) => Array.from(text);
const lone = (point) => /^[\ud800-\udfff]$/.test(point);

for (const [what, text] of Object.entries(samples)) {
	test(`indexes in ${what}`, () => {
		const list = points(text);
		assert.equal(scalars(text), list.length);
		list.forEach((_, i) => assert.equal(units(text, i), list.slice(0, i).join("").length));
		assert.equal(units(text, list.length), text.length);
		assert.equal(wellFormed(text), text);
		assert.equal(decode(encode(text)), text);
	});

	test(`cutting and joining ${what}`, () => {
		const list = points(text);
		for (let at = 0; at <= list.length; at++) {
			const items = new Items();
			items.insert(0, [charRun(text, format([]))]);
			items.insert(at, [charRun("\u{1f9f5}", format([]))]);
			const shown = () => items.blocks.map((b) => b.runs.map((r) => r.text).join("")).join("");
			assert.equal(shown(), [...list.slice(0, at), "\u{1f9f5}", ...list.slice(at)].join(""));
			items.delete(at, 1);
			if (at < list.length) {
				items.delete(at, 1);
				assert.equal(shown(), [...list.slice(0, at), ...list.slice(at + 1)].join(""));
			}
		}
	});
}

test("any string becomes one without lone surrogates, which nothing else changes", () => {
	const units16 = ["a", "\u00e9", "\u6f22", "\ud83e", "\udd8a", "\ud800", "\udfff", "\ud83e\udd8a", "\u200d"];
	for (let seed = 1; seed <= 400; seed++) {
		const next = random(seed);
		const text = Array.from({ length: next(12) }, () => units16[next(units16.length)]).join("");
		const want = points(text).map((point) => (lone(point) ? "\ufffd" : point));
		assert.equal(wellFormed(text), want.join(""), `seed ${seed}`);
		assert.equal(scalars(wellFormed(text)), want.length, `seed ${seed}`);
		assert.equal(decode(encode(text)), want.join(""), `seed ${seed}`);
		for (let n = 0; n <= want.length; n++) assert.equal(units(want.join(""), n), want.slice(0, n).join("").length, `seed ${seed}`);
	}
});

test("a surrogate in UTF-8 is no string", () => {
	for (const bytes of [[0xa3, 0xed, 0xa0, 0x80], [0xa3, 0xed, 0xbf, 0xbf], [0xa6, 0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80], [0xa2, 0xc0, 0x80], [0xa4, 0xf4, 0x90, 0x80, 0x80]]) {
		assert.throws(() => decode(Uint8Array.from(bytes)));
	}
});
