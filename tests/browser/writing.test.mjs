// Writing together: real browsers, real servers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { chip, converged, hasReplica, inWorld, shown, text, tokens, until } from "./world.mjs";

const LIMIT = { timeout: 120_000 };
const STYLES = ["Control+b", "Control+i", "Control+e", "Control+Shift+h"];

/// Type tokens "a1 a2 ...", now and then bold, a heading, a list item.  Calls `between` before each.
async function write(page, author, from, to, between = async () => undefined) {
	for (let n = from; n <= to; n++) {
		await between(n);
		const style = n % 17 === 0 ? STYLES[(n / 17) % STYLES.length] : null;
		if (style) await page.keyboard.press(style);
		await page.keyboard.type(`${author}${n}`);
		if (style) await page.keyboard.press(style);
		if (n % 23 === 0) {
			await page.keyboard.press("Enter");
			if (n % 46 === 0) await page.keyboard.type("- ");
			if (n % 69 === 0) await page.keyboard.type("## ");
		} else await page.keyboard.type(" ");
	}
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function eachOnceInOrder(all, author, count) {
	const seen = tokens(all, author);
	assert.deepEqual([...seen].sort((a, b) => a - b), Array.from({ length: count }, (_, i) => i + 1), `tokens of ${author}`);
	assert.deepEqual(seen, [...seen].sort((a, b) => a - b), `order of ${author}`);
}

test("two write 2,000 keystrokes each at once with formatting, a third joins late: one document, every token once, in order", { timeout: 180_000 }, () =>
	inWorld({}, async (world) => {
		const [a, b] = [await world.profile(), await world.profile()];
		const { edit } = await a.create("Both at once");
		await b.visit(edit);
		await chip(b.page, /Live/);
		// Each begins in a paragraph of their own.
		await a.page.keyboard.type("top");
		await a.page.keyboard.press("Enter");
		await a.page.keyboard.type("bottom");
		await converged([a.page, b.page]);
		await until("the first paragraphs", async () => /top\nbottom/.test(await text(b.page)));
		await a.page.keyboard.press("ArrowUp");
		await a.page.keyboard.press("End");
		await a.page.keyboard.press("Enter");
		await b.toEnd();
		await b.page.keyboard.press("Enter");
		const COUNT = 420; // some 2,000 keystrokes with formatting
		await Promise.all([write(a.page, "a", 1, COUNT), write(b.page, "b", 1, COUNT)]);
		await until("all tokens to arrive", async () => {
			const all = await Promise.all([text(a.page), text(b.page)]);
			return all.every((one) => tokens(one, "a").length === COUNT && tokens(one, "b").length === COUNT) || all.map((one) => [tokens(one, "a").length, tokens(one, "b").length]);
		});
		await converged([a.page, b.page]);
		const c = await world.profile();
		await c.visit(edit);
		await until("the third to catch up", async () => tokens(await text(c.page), "b").length === COUNT);
		await converged([a.page, b.page, c.page]);
		const all = await text(c.page);
		eachOnceInOrder(all, "a", COUNT);
		eachOnceInOrder(all, "b", COUNT);
		if (hasReplica) assert.equal((await world.export(edit)).trimEnd(), all.trimEnd());
	}));

test("both offline, both edit, both come back: nothing lost, one document", LIMIT, () =>
	inWorld({}, async (world) => {
		const [a, b] = [await world.profile(), await world.profile()];
		const { edit } = await a.create("Offline");
		await a.page.keyboard.type("start");
		await b.visit(edit);
		await until("the first word", async () => (await text(b.page)) === "start");
		await world.stop(world.relay);
		await Promise.all([chip(a.page, /Offline|Connecting/), chip(b.page, /Offline|Connecting/)]);
		await a.toEnd();
		await b.toEnd();
		await Promise.all([a.page.keyboard.press("Enter"), b.page.keyboard.press("Enter")]);
		await Promise.all([write(a.page, "a", 1, 60), write(b.page, "b", 1, 60)]);
		assert.notEqual(await shown(a.page), await shown(b.page));
		await world.startRelay();
		await Promise.all([chip(a.page, /Live/), chip(b.page, /Live/)]);
		await until("all tokens", async () => {
			const all = await Promise.all([text(a.page), text(b.page)]);
			return all.every((one) => tokens(one, "a").length === 60 && tokens(one, "b").length === 60) || all;
		});
		await converged([a.page, b.page]);
		const all = await text(a.page);
		eachOnceInOrder(all, "a", 60);
		eachOnceInOrder(all, "b", 60);
	}));

test("the relay is killed in the middle of typing: nothing lost, one document", LIMIT, () =>
	inWorld({}, async (world) => {
		const [a, b] = [await world.profile(), await world.profile()];
		const { edit } = await a.create("Killed relay");
		await a.page.keyboard.type("start");
		await b.visit(edit);
		await until("the first word", async () => (await text(b.page)) === "start");
		await a.toEnd();
		await b.toEnd();
		await Promise.all([a.page.keyboard.press("Enter"), b.page.keyboard.press("Enter")]);
		await Promise.all([
			write(a.page, "a", 1, 120, async (n) => {
				if (n !== 40) return;
				await world.stop(world.relay, "SIGKILL");
				void world.startRelay();
			}),
			write(b.page, "b", 1, 120),
		]);
		await until("all tokens", async () => {
			const all = await Promise.all([text(a.page), text(b.page)]);
			return all.every((one) => tokens(one, "a").length === 120 && tokens(one, "b").length === 120) || all.map((one) => [tokens(one, "a").length, tokens(one, "b").length]);
		});
		await converged([a.page, b.page]);
		eachOnceInOrder(await text(b.page), "a", 120);
		eachOnceInOrder(await text(b.page), "b", 120);
	}));

test("a tab crashes while typing: after reload at most the last unflushed moment is missing", LIMIT, () =>
	inWorld({}, async (world) => {
		const a = await world.profile();
		// What is typed waits for the batch that is at the disk, then for its own: twice what this machine's disk takes
		// for one, at worst, those that have not come back yet included.
		await a.context.addInitScript(() => {
			const pending = new Set();
			let slowest = 0;
			globalThis.slowestMs = () => Math.max(slowest, ...[...pending].map((began) => performance.now() - began));
			const { transaction } = IDBDatabase.prototype;
			IDBDatabase.prototype.transaction = function (...args) {
				const tx = transaction.apply(this, args);
				const began = performance.now() + Math.random() / 1000; // each its own number
				pending.add(began);
				tx.addEventListener("complete", () => {
					pending.delete(began);
					slowest = Math.max(slowest, performance.now() - began);
				});
				return tx;
			};
		});
		await a.create("Crash");
		const { page } = a;
		const address = page.url();
		const times = [];
		for (let n = 1; n <= 60; n++) {
			await page.keyboard.type(`a${n} `);
			times.push(Date.now());
		}
		const crashed = Date.now();
		const unflushed = 100 + 2 * (await page.evaluate("slowestMs()"));
		const client = await a.context.newCDPSession(page);
		const gone = new Promise((resolve) => page.once("crash", resolve));
		client.send("Page.crash").catch(() => undefined);
		await gone;
		const again = await a.context.newPage();
		await a.visit(address, again);
		// The chip counts this browser once its disk has answered; by then the stored part is drawn.
		await until("the stored text", async () => tokens(await text(again), "a").length > 0);
		const seen = tokens(await text(again), "a");
		// The crash may have come between two digits: such a beginning is no token.
		if (seen.at(-1) !== seen.length && String(seen.length).startsWith(String(seen.at(-1)))) seen.pop();
		const safe = times.filter((time) => time < crashed - unflushed).length;
		assert.ok(seen.length >= safe, `${seen.length} tokens of ${times.length} came back; ${safe} were older than ${Math.round(unflushed)} ms`);
		assert.deepEqual(seen, Array.from({ length: seen.length }, (_, i) => i + 1));
	}));

test("several tabs of one profile write in one document without a relay's help", LIMIT, () =>
	inWorld({}, async (world) => {
		const a = await world.profile();
		await a.create("Tabs");
		const [one, two] = [a.page, await a.context.newPage()];
		await a.visit(one.url(), two);
		await world.stop(world.relay);
		await chip(one, /Offline|Connecting/);
		await one.bringToFront();
		await one.locator(".ProseMirror").click();
		await one.keyboard.type("first tab");
		await two.bringToFront();
		await until("the first tab's words", async () => (await text(two)) === "first tab");
		await a.toEnd(two);
		await two.keyboard.type(" and second");
		await one.bringToFront();
		await until("the second tab's words", async () => (await text(one)) === "first tab and second");
		await converged([one, two]);
	}));

test("a view link shows the document live and cannot change it", LIMIT, () =>
	inWorld({}, async (world) => {
		const [a, b] = [await world.profile(), await world.profile()];
		const { view } = await a.create("To look at");
		await a.page.keyboard.type("Read this");
		await b.visit(view);
		await until("the text", async () => (await text(b.page)) === "Read this");
		assert.equal(await b.page.locator(".ProseMirror").getAttribute("contenteditable"), "false");
		await b.page.locator(".ProseMirror").click();
		await b.page.keyboard.type("XYZ");
		await a.page.keyboard.type(" and this");
		await until("what is typed", async () => (await text(b.page)) === "Read this and this");
		assert.equal(await text(a.page), "Read this and this");
		assert.equal((await b.links()).edit, "", "a view link must not yield an edit link");
	}));

test("profile deleted: the link brings the document back from the replica alone", { ...LIMIT, skip: !hasReplica && "no native peer built" }, () =>
	inWorld({}, async (world) => {
		const a = await world.profile();
		const { edit } = await a.create("Kept elsewhere");
		await a.page.keyboard.type("Nobody else is here");
		await chip(a.page, /safe on 2 devices/);
		await a.close();
		const b = await world.profile();
		await b.visit(edit);
		await until("the text", async () => (await text(b.page)) === "Nobody else is here");
		assert.equal(await b.page.getByLabel("Title").inputValue(), "Kept elsewhere");
	}));

test("the chip says safe on 2 devices only after acks, and the truth when the replica is stopped", { ...LIMIT, skip: !hasReplica && "no native peer built" }, () =>
	inWorld({}, async (world) => {
		const a = await world.profile();
		await a.create("Truth");
		await a.page.keyboard.type("one");
		await chip(a.page, /safe on 2 devices/);
		await world.stop(world.replica);
		await a.page.keyboard.type(" two");
		await chip(a.page, /on this device/);
		await world.startReplica();
		await chip(a.page, /safe on 2 devices/, 60_000);
	}));

test("a restored browser profile goes on in a new log: no fork, and nothing of either time is lost", { ...LIMIT, skip: !hasReplica && "no native peer built" }, () =>
	inWorld({}, async (world) => {
		const a = await world.profile();
		const { edit } = await a.create("Restored");
		await a.page.keyboard.type("old ");
		await chip(a.page, /safe on 2 devices/);
		const address = a.page.url();
		await a.close();
		const backup = a.backUp();
		await a.open();
		await a.visit(address);
		await a.toEnd();
		await a.page.keyboard.type("lost by the restore ");
		await chip(a.page, /safe on 2 devices/);
		await until("the replica to hold it", async () => /lost by/.test(await world.export(edit)));
		await a.close();
		a.restore(backup);
		await a.open();
		await a.visit(address);
		await a.toEnd();
		await a.page.keyboard.type("new");
		await until("both", async () => /old lost by the restore/.test(await text(a.page)) && /new/.test(await text(a.page)) || text(a.page));
		await chip(a.page, /safe on 2 devices/);
		await until("both in the replica", async () => {
			const all = await world.export(edit);
			return /lost by the restore/.test(all) && /new/.test(all) || all;
		});
		assert.equal(await a.page.locator(".notice-bad").count(), 0);
	}));

test("a profile copied to a second machine forks its log: nothing of either is lost, and all go on where they were", { ...LIMIT, skip: !hasReplica && "no native peer built" }, () =>
	inWorld({}, async (world) => {
		const [a, b] = [await world.profile(), await world.profile()];
		const { edit } = await a.create("Copied");
		await a.page.keyboard.type("start ");
		await chip(a.page, /safe on 2 devices/);
		await b.visit(edit);
		await until("the first word", async () => /start/.test(await text(b.page)));
		const address = a.page.url();
		await pause(3000); // then its log is marked as at rest
		await a.close();
		const twin = await world.profileFrom(a.backUp());
		await a.open();
		for (const one of [a, twin]) {
			await one.visit(address);
			await chip(one.page, /Live/);
		}
		await pause(2000); // both are told that the log is as long as they think
		await world.stop(world.relay);
		await Promise.all([a, b, twin].map((one) => chip(one.page, /Offline|Connecting/)));
		for (const [one, word] of [[a, "original "], [twin, "copy "], [b, "other "]]) {
			await one.toEnd();
			await one.page.keyboard.type(word);
		}
		await world.startRelay();
		await until("all words everywhere", async () => {
			const all = await Promise.all([a, b, twin].map((one) => text(one.page)));
			return all.every((one) => ["original", "copy", "other"].every((word) => one.includes(word))) || all;
		}, 60_000);
		await converged([a.page, b.page, twin.page]);
		assert.equal(await a.page.locator(".notice-bad").count(), 1);
		// Each caret is where it was, in the text and in the editor: nobody clicks.
		await a.page.keyboard.type("1");
		await twin.page.keyboard.type("2");
		await b.page.keyboard.type("3");
		await until("what was typed next", async () => {
			const all = await text(b.page);
			return /original 1/.test(all) && /copy 2/.test(all) && /other 3/.test(all) || all;
		});
		await converged([a.page, b.page, twin.page]);
		// A native peer that comes now gets both histories, too.
		assert.equal((await world.export(edit)).trimEnd(), (await text(b.page)).trimEnd());
	}));

test("opening again after a fork fails: that is said, no key goes nowhere, and loading again brings all of it", { ...LIMIT, skip: !hasReplica && "no native peer built" }, () =>
	inWorld({}, async (world) => {
		const a = await world.profile();
		await a.create("Copied");
		await a.page.keyboard.type("start ");
		await chip(a.page, /safe on 2 devices/);
		const address = a.page.url();
		await pause(3000); // then its log is marked as at rest
		await a.close();
		const twin = await world.profileFrom(a.backUp());
		await a.open();
		for (const one of [a, twin]) {
			await one.visit(address);
			await chip(one.page, /Live/);
		}
		await pause(2000); // both are told that the log is as long as they think
		await world.stop(world.relay);
		for (const [one, word] of [[a, "original "], [twin, "copy "]]) {
			await one.toEnd();
			await one.page.keyboard.type(word);
		}
		// A disk that gives nothing back, after a while, when the document is read from its first record on.
		await a.page.evaluate(() => {
			const { getAll } = IDBObjectStore.prototype;
			IDBObjectStore.prototype.getAll = function (range, ...rest) {
				if (new Uint8Array(range.lower)[0] !== "h".charCodeAt(0)) return getAll.call(this, range, ...rest);
				globalThis.reading = true;
				const until = performance.now() + 3000;
				const wait = () => (performance.now() < until ? (this.count().onsuccess = wait) : this.transaction.abort());
				wait();
				return {};
			};
		});
		await world.startRelay();
		await until("the document to be opened again", () => a.page.evaluate("globalThis.reading === true"), 60_000);
		await a.page.keyboard.type("typed <meanwhile>");
		const said = a.page.getByRole("alert").filter({ hasText: "could not be opened again" });
		await said.waitFor();
		assert.equal(await said.locator("pre").innerText(), "typed <meanwhile>");
		await a.page.keyboard.type("nowhere");
		assert.equal(await a.page.locator("[contenteditable=true], .toolbar").count(), 0);
		assert.equal(await a.page.getByLabel("Title").getAttribute("readonly"), "");
		assert.equal(await a.page.getByRole("button", { name: "Share" }).count(), 0);
		assert.match(a.errors.splice(0).join("\n"), /command 3 failed with status 22/);
		await said.getByRole("button", { name: "Load again" }).click();
		await until("all words", async () => {
			const all = (await a.page.locator(".ProseMirror").count()) > 0 && (await text(a.page));
			return (/original/.test(all) && /copy/.test(all) && !/nowhere|meanwhile/.test(all)) || all;
		});
		await a.toEnd();
		await a.page.keyboard.type("on");
		await converged([a.page, twin.page]);
	}));

test("a clock 11 minutes ahead or behind can still write", LIMIT, () =>
	inWorld({}, async (world) => {
		const [a, b, c] = [await world.profile(), await world.profile({ clockMs: 660_000 }), await world.profile({ clockMs: -660_000 })];
		const { edit } = await a.create("Clocks");
		await a.page.keyboard.type("now");
		for (const [person, word] of [[b, " ahead"], [c, " behind"]]) {
			await person.visit(edit);
			await until("the text", async () => /now/.test(await text(person.page)));
			await person.toEnd();
			await person.page.keyboard.type(word);
		}
		await until("all words", async () => (await text(a.page)) === "now ahead behind" || text(a.page));
		await converged([a.page, b.page, c.page]);
	}));

test("others' carets show with their names, in the right place", LIMIT, () =>
	inWorld({}, async (world) => {
		const [a, b] = [await world.profile(), await world.profile()];
		await b.rename("Grace Hopper");
		const { edit } = await a.create("Carets");
		await a.page.keyboard.type("one two three");
		await b.visit(edit);
		await until("the text", async () => (await text(b.page)) === "one two three");
		await b.page.locator(".ProseMirror").click();
		await b.page.keyboard.press("Home");
		for (let i = 0; i < 3; i++) await b.page.keyboard.press("ArrowRight");
		await a.page.locator(".caret-name", { hasText: "Grace Hopper" }).waitFor({ state: "attached" });
		const before = () => a.page.evaluate(() => {
			const range = document.createRange();
			range.setStart(document.querySelector(".ProseMirror p"), 0);
			const caret = document.querySelector(".caret");
			if (!caret) return null;
			range.setEndBefore(caret);
			return range.toString();
		});
		await until("the caret after one", async () => (await before()) === "one" || before());
		// Words typed before it push it along; it stays in its own.
		await a.page.keyboard.press("Home");
		await a.page.keyboard.type("zero ");
		await until("the caret to move along", async () => (await before()) === "zero one" || before());
		await a.page.getByRole("img", { name: "Grace Hopper" }).waitFor();
	}));

test("undo takes back one's own words only, here and there", LIMIT, () =>
	inWorld({}, async (world) => {
		const [a, b] = [await world.profile(), await world.profile()];
		const { edit } = await a.create("Undo");
		await a.page.keyboard.type("mine");
		await b.visit(edit);
		await until("the text", async () => (await text(b.page)) === "mine");
		await b.toEnd();
		await b.page.keyboard.type(" yours");
		await until("both", async () => (await text(a.page)) === "mine yours");
		await a.page.keyboard.press("Control+z");
		await until("the others' words alone", async () => (await text(b.page)) === " yours" || text(b.page));
		await a.page.keyboard.press("Control+Shift+z");
		await until("both again", async () => (await text(b.page)) === "mine yours" || text(b.page));
		await converged([a.page, b.page]);
	}));
