// library.ts -- documents that no editor shows: read one, fill a new one.
import { breather } from "../files/breath";
import { blocksOf, format, Items, Kind, type Attrs, type Block, type Format, type Segment } from "../editor/items";
import { appended, decodePatches, makeChange } from "../editor/patches";
import { Command, CommandError, Status, type Runtime } from "../runtime/runtime";
import type { Value } from "../runtime/msgpack";
import { toBase64Url } from "./bytes";

const FLOW_BODY = 0;
const EDIT_INSERT = 0;
const EDIT_BLOCK = 1;
const EDIT_ATOM = 2;
const EDITS_PER_CALL = 200;
const CHARS_PER_CALL = 16 << 10;
const ARRIVES_MS = 10_000;

/// A document that this browser does not have (yet).
export class NotHere extends Error {}

export class Library {
	private readonly waiting = new Map<string, (ready: boolean) => void>();

	constructor(private readonly runtime: Runtime) {}

	/// The runtime has said something of a document.
	heard(grid: string, phase: number): void {
		if (phase === 1 || phase === 2) this.waiting.get(grid)?.(phase === 1);
	}

	/// All of a document that is not open; it is open while it is read.  Throws NotHere.
	async read(grid: Uint8Array): Promise<readonly Block[]> {
		const name = toBase64Url(grid);
		const ready = new Promise<boolean>((resolve) => this.waiting.set(name, resolve));
		const patience = setTimeout(() => this.heard(name, 2), ARRIVES_MS);
		let opened = false;
		try {
			await this.runtime.command(Command.open, grid, "", new Uint8Array(0));
			opened = true;
			if (!(await ready)) throw new NotHere();
			const formats = new Map<number, Format>();
			const formatOf = (id: number) => {
				if (!formats.has(id)) formats.set(id, format(this.runtime.now(Command.format, grid, id) as unknown as Attrs));
				return formats.get(id)!;
			};
			const { list } = decodePatches(this.runtime.now(Command.poll, grid), formatOf);
			const all = appended(list);
			if (all) return blocksOf(all);
			const items = new Items();
			for (const change of list) makeChange(items, change);
			return items.blocks;
		} catch (error) {
			throw error instanceof CommandError && error.status === Status.notFound ? new NotHere() : error;
		} finally {
			clearTimeout(patience);
			this.waiting.delete(name);
			if (opened) await this.runtime.command(Command.close, grid);
		}
	}

	/// Put content into an open document that is empty, in short steps.
	async fill(grid: Uint8Array, content: readonly Segment[], progress: (done: number) => void = () => undefined): Promise<void> {
		const breathe = breather();
		let edits: Value[][] = [];
		let chars = 0;
		let at = 0;
		const send = () => {
			if (edits.length > 0) this.runtime.now(Command.edit, grid, edits);
			edits = [];
			chars = 0;
		};
		for (const [i, segment] of content.entries()) {
			const attrs: Value = [...segment.format.attrs];
			if (segment.kind === Kind.block) edits.push([EDIT_BLOCK, FLOW_BODY, at++, attrs]);
			else if (segment.kind === Kind.atom) for (let n = 0; n < segment.count; n++) edits.push([EDIT_ATOM, FLOW_BODY, at++, attrs]);
			else
				for (const text of pieces(segment.text)) {
					edits.push([EDIT_INSERT, FLOW_BODY, at, text, attrs]);
					at += [...text].length;
					chars += text.length;
					if (chars >= CHARS_PER_CALL) send();
				}
			if (edits.length >= EDITS_PER_CALL || chars >= CHARS_PER_CALL) {
				send();
				progress(i / content.length);
				await breathe();
			}
		}
		send();
	}
}

// Never cut inside a character.
function* pieces(text: string): Generator<string> {
	for (let from = 0; from < text.length; ) {
		let to = Math.min(text.length, from + CHARS_PER_CALL);
		if (to < text.length && /[\udc00-\udfff]/.test(text[to]!)) to--;
		yield text.slice(from, to);
		from = to;
	}
}
