// The small parts: msgpack at the border, addresses, what a node says, items.
import assert from "node:assert/strict";
import { test } from "node:test";
import { random, sources } from "./sources.mjs";

const [{ encode, decode, decodeAll }, { parseRoute }, { parseNode }, { fromBase64Url, toBase64Url }, { Items, charRun, format, scalars, units, wellFormed }, { movedIndex }, { Typed }] = await sources(
	"runtime/msgpack", "app/route", "app/node", "app/bytes", "editor/items", "editor/moved", "editor/typed",
);
const hex = (bytes) => Buffer.from(bytes).toString("hex");
const un = (text) => decode(new Uint8Array(Buffer.from(text, "hex")));

test("msgpack takes the shortest form at every border and comes back the same", () => {
	const numbers = [[0, "00"], [127, "7f"], [128, "cc80"], [255, "ccff"], [256, "cd0100"], [65535, "cdffff"], [65536, "ce00010000"], [4294967295, "ceffffffff"], [4294967296, "cf0000000100000000"], [Number.MAX_SAFE_INTEGER, "cf001fffffffffffff"]];
	for (const [n, wanted] of numbers) assert.equal(hex(encode(n)), wanted);
	const all = [null, true, false, ...numbers.map(([n]) => n), "", "x".repeat(31), "x".repeat(32), "é".repeat(200), "y".repeat(70_000), new Uint8Array(0), new Uint8Array(255), new Uint8Array(256), new Uint8Array(65536), [], Array(15).fill(1), Array(16).fill([]), Array(70_000).fill(null)];
	for (const value of all) assert.deepEqual(decode(encode(value)), value);
	assert.deepEqual(decodeAll(new Uint8Array(Buffer.concat(all.map(encode)))), all);
});

test("msgpack refuses longer forms, other types, half and trailing bytes", () => {
	for (const bad of ["cc7f", "cd00ff", "ce0000ffff", "cf00000000ffffffff", "cf0020000000000000", "d9017a", "da0001", "dc0001c0", "c50001aa", "80", "ca00000000", "ff", "d0ff", "c1", "92c0", "c402aa", "a261", "a1ff", "c0c0", "", "dd7fffffffc0"])
		assert.throws(() => un(bad), bad);
	assert.throws(() => encode(-1));
	assert.throws(() => encode(1.5));
	assert.throws(() => un("91".repeat(40) + "c0"), "depth");
});

test("an address is home, a document, or said to be incomplete", () => {
	const id = toBase64Url(new Uint8Array(32).fill(7));
	const long = toBase64Url(new Uint8Array(64).fill(9));
	assert.deepEqual(parseRoute(""), { name: "home" });
	assert.deepEqual(parseRoute("#/"), { name: "home" });
	assert.equal(parseRoute(`#/g/${id}`).name, "document");
	assert.equal(parseRoute(`#/g/${id}`).mode, "");
	assert.equal(parseRoute(`#/g/${id}/e${id}`).mode, "e");
	assert.equal(parseRoute(`#/g/${id}/v${long}`).secret.length, 64);
	for (const bad of [`#/g/${id}/e${id.slice(1)}`, `#/g/${id}/v${id}`, `#/g/${id}/x${id}`, `#/g/${id.slice(2)}`, `#/h/${id}`, `#/g/${id}/e${id}/more`, `#/g/${id.slice(0, -1)}_`]) assert.equal(parseRoute(bad).name, "lost", bad);
	assert.equal(fromBase64Url("A"), null);
	assert.equal(fromBase64Url("AB"), null, "not canonical");
});

test("what a node says is believed only where it has the right shape", () => {
	const key = "ab".repeat(32);
	assert.deepEqual(parseNode(null), { relays: [], replica: null });
	assert.deepEqual(parseNode({ relays: ["ws://x", 3, "http://y", "wss://z/p"], replica: { node: key, box: key, token: "zz", name: "n" } }), { relays: ["ws://x", "wss://z/p"], replica: null });
	const { replica } = parseNode({ relays: [], replica: { node: key, box: key, token: key, name: 5 } });
	assert.equal(hex(replica.node), key);
	assert.equal(replica.name, "replica");
});

test("text is counted in scalars, and lone surrogates are replaced", () => {
	const text = "a\u{1f600}é\u{10ffff}";
	assert.equal(scalars(text), 4);
	assert.deepEqual([0, 1, 2, 3, 4].map((n) => units(text, n)), [0, 1, 3, 4, 6]);
	assert.equal(wellFormed("\ud83dx\ude00\u{1f600}"), "\ufffdx\ufffd\u{1f600}");
});

test("items answer every index as a plain list does", () => {
	for (let seed = 1; seed <= 50; seed++) {
		const next = random(seed);
		const held = new Items();
		let list = []; // "¶", "─" for a rule, or a character
		const rule = format([["type", "rule"]]);
		for (let i = 0; i < 60; i++) {
			const at = next(list.length + 1);
			const what = next(4);
			if (what === 0) held.insert(at, [{ kind: 1, format: format([]) }]), list.splice(at, 0, "¶");
			else if (what === 1) held.insert(at, [{ kind: 1, format: rule }]), list.splice(at, 0, "─");
			else if (what === 2) held.insert(at, [charRun("x\u{1f600}", format([]))]), list.splice(at, 0, "x", "\u{1f600}");
			else if (at < list.length) {
				const n = 1 + next(Math.min(4, list.length - at));
				held.delete(at, n);
				list.splice(at, n);
			}
			const flat = held.blocks.map((b) => (b.marker ? (b.format === rule ? "─" : "¶") : "") + b.runs.map((r) => r.text).join("")).join("");
			assert.equal(flat, list.join(""), `seed ${seed}`);
			assert.equal(held.length, list.length);
			for (let index = 0; index <= list.length; index++) {
				const gap = held.locate(index);
				assert.equal(held.index(gap), index, `seed ${seed}: the gap of ${index}`);
				assert.ok(gap.offset >= -1 && gap.offset <= held.blocks[gap.block].count);
			}
			for (let k = 1; k < held.blocks.length; k++) assert.ok(held.blocks[k].marker || (held.blocks[k - 1].marker && held.blocks[k - 1].format === rule), "a ghost where none may be");
		}
	}
});

test("a caret stays at its words when a document is drawn anew and they have changed places", () => {
	const goes = (old, now) => {
		const [index, text] = [old.indexOf("|"), old.replace("|", "")];
		const at = movedIndex([...text], [...now.replace("|", "")], index);
		assert.equal(at, now.indexOf("|"), `${old} -> ${now}`);
	};
	goes("start other |original ", "start original other |copy ");
	goes("start other original |", "start original |other copy ");
	goes("start |", "start |");
	goes("|start", "new |start");
	goes("one two|", "one two| three");
	goes("the cat and the cat|", "the cat and the cat|");
	goes("gone| for ever", "| for ever");
	goes("all of it| gone", "|");
});

test("what is typed while a document is drawn anew is kept, with keys or without", () => {
	const typed = new Typed();
	for (const key of ["a", "b", "Enter", "c", "x", "Backspace", "\u{1f600}"]) assert.ok(typed.key(key, false));
	assert.equal(typed.key("Shift", false), false);
	assert.equal(typed.key("r", true), false);
	assert.equal(typed.text, "ab\nc\u{1f600}");
	typed.input("deleteContentBackward", null);
	for (const part of ["h", "he", "hel"]) typed.input("insertCompositionText", part);
	assert.equal(typed.text, "ab\nchel");
	typed.compositionEnded();
	typed.input("insertParagraph", null);
	typed.input("insertText", "!");
	typed.input("insertCompositionText", "wo");
	typed.input("deleteCompositionText", null); // as Safari ends one
	typed.input("insertFromComposition", "word");
	assert.equal(typed.text, "ab\nchel\n!word");
});
