// patches.ts -- what poll, undo and redo answer (text.h), as changes of items.
import { atomRun, charRun, Kind, type Format, type Items, type Segment } from "./items";
import type { Value } from "../runtime/msgpack";

const FIELDS = 8; // int32 each: op, flow, index, count, kind, format, byte_off, byte_len
const Op = { insert: 0, delete: 1, reformat: 2, set: 3 } as const;
const FLOW_BODY = 0;

/// One change; `index` counts in the result of the changes before it, `old` in the items before all of them.
export type Change =
	| { op: "insert"; index: number; old: number; count: number; added: Segment[] }
	| { op: "delete"; index: number; old: number; count: number }
	| { op: "reformat"; index: number; old: number; count: number; format: Format };

export interface Changes {
	list: Change[];
	/// The records ascend, so `old` is right for each of them.  If not, only `index` may be used.
	ascending: boolean;
}

const utf8 = new TextDecoder();

/// Decode `[records, bytes]`; `formatOf` names the format of an id.
export function decodePatches(answer: Value, formatOf: (id: number) => Format): Changes {
	const [records, bytes] = answer as [Uint8Array, Uint8Array];
	const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
	const changes: Changes = { list: [], ascending: true };
	let delta = 0; // items added by the changes so far, less those deleted
	let floor = 0; // where the last change ended, before all of them
	for (let at = 0; at + FIELDS * 4 <= records.byteLength; at += FIELDS * 4) {
		const field = (i: number) => view.getInt32(at + i * 4, true);
		const [op, flow, index, count, kind, formatId] = [field(0), field(1), field(2), field(3), field(4), field(5)];
		if (flow !== FLOW_BODY || op === Op.set) continue;
		const old = index - delta;
		if (old < floor) changes.ascending = false;
		if (op === Op.insert) {
			const fmt = formatOf(formatId);
			const added: Segment[] =
				kind === Kind.block
					? Array.from({ length: count }, () => ({ kind: Kind.block, format: fmt }))
					: [kind === Kind.atom ? atomRun(count, fmt) : charRun(utf8.decode(bytes.subarray(field(6), field(6) + field(7))), fmt)];
			changes.list.push({ op: "insert", index, old, count, added });
			delta += count;
			floor = old;
		} else if (op === Op.delete) {
			changes.list.push({ op: "delete", index, old, count });
			delta -= count;
			floor = old + count;
		} else {
			changes.list.push({ op: "reformat", index, old, count, format: formatOf(formatId) });
			floor = old + count;
		}
	}
	return changes;
}

/// The items that `changes` make of nothing, when each appends to those before it, as in a first poll; else null.
export function appended(changes: readonly Change[]): Segment[] | null {
	let end = 0;
	const all: Segment[] = [];
	for (const change of changes) {
		if (change.op !== "insert" || change.index !== end) return null;
		all.push(...change.added);
		end += change.count;
	}
	return all;
}

/// Make one change in `items`.
export function makeChange(items: Items, change: Change): void {
	if (change.op === "insert") items.insert(change.index, change.added);
	else if (change.op === "delete") items.delete(change.index, change.count);
	else items.reformat(change.index, change.index + change.count, () => change.format);
}

/// Where the gap at `index` is after the changes.  Text inserted right at it comes to stand behind it, unless
/// `after`.
export function mapIndex(changes: readonly Change[], index: number, after = false): number {
	for (const change of changes) {
		if (change.op === "insert" && (change.index < index || (after && change.index === index))) index += change.count;
		else if (change.op === "delete" && change.index < index) index = Math.max(change.index, index - change.count);
	}
	return index;
}
