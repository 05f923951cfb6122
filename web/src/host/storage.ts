// storage.ts -- the peer's key-value space in IndexedDB: store and load effects (docs/host.md).
//
// One object store, binary keys in byte order.  A batch is one readwrite transaction, so its rules (put if
// greater, put if absent) are decided and applied in one atomic step even when several tabs write: IndexedDB
// runs overlapping readwrite transactions one after another, across tabs too.
import { Status } from "../runtime/runtime";

export const Op = { put: 0, delete: 1, putIfGreater: 2, putIfAbsent: 3 } as const;

export interface Write {
	op: number;
	key: Uint8Array;
	value: Uint8Array;
}

export interface Loaded {
	status: number;
	records: [Uint8Array, Uint8Array][];
	more: boolean;
}

const STORE = "records";
const PAGE = 256; // records fetched at a time: one request each for keys and values

/// Open (or create) the database.
export function openStorage(name = "toygrid"): Promise<Storage> {
	return new Promise((resolve, reject) => {
		const request = indexedDB.open(name, 1);
		request.onupgradeneeded = () => request.result.createObjectStore(STORE);
		request.onerror = () => reject(request.error);
		request.onsuccess = () => resolve(new Storage(request.result));
	});
}

export class Storage {
	constructor(private readonly db: IDBDatabase) {
		// Another tab with a newer page wants to upgrade: let it, this tab's next write fails and says so.
		db.onversionchange = () => db.close();
	}

	/// Write a batch atomically.  With `strict` it resolves once the bytes are on the disk, earlier batches
	/// with them.  Resolves with a status; never rejects.
	store(writes: Write[], strict: boolean): Promise<number> {
		return new Promise((resolve) => {
			let tx: IDBTransaction;
			try {
				tx = this.db.transaction(STORE, "readwrite", { durability: strict ? "strict" : "relaxed" });
			} catch {
				resolve(Status.io);
				return;
			}
			tx.oncomplete = () => resolve(Status.ok);
			tx.onabort = () => resolve(tx.error?.name === "QuotaExceededError" ? Status.full : Status.io);
			const records = tx.objectStore(STORE);
			// Requests run in the order in which they are made, so what follows a conditional put waits for its answer.
			const from = (first: number): void => {
				for (let i = first; i < writes.length; i++) {
					const { op, key, value } = writes[i]!;
					const at = key as BufferSource;
					if (op === Op.put) records.put(value, at);
					else if (op === Op.delete) records.delete(at);
					else {
						const held = records.get(at);
						held.onsuccess = () => {
							const old = held.result as Uint8Array | undefined;
							if (old === undefined || (op === Op.putIfGreater && first64(value) > first64(old))) records.put(value, at);
							from(i + 1);
						};
						return;
					}
				}
				// All is asked for: a page that is being left does not live to see the requests succeed.
				tx.commit();
			};
			from(0);
		});
	}

	/// All records with from <= key < to in order, about `maxBytes` of them, one at least.
	load(from: Uint8Array, to: Uint8Array, maxBytes: number): Promise<Loaded> {
		return new Promise((resolve) => {
			const records: [Uint8Array, Uint8Array][] = [];
			let bytes = 0;
			const fail = () => resolve({ status: Status.io, records: [], more: false });
			if (compare(from, to) >= 0) {
				resolve({ status: Status.ok, records, more: false });
				return;
			}
			try {
				const tx = this.db.transaction(STORE, "readonly");
				const source = tx.objectStore(STORE);
				tx.onabort = fail;
				const page = (after: Uint8Array, open: boolean): void => {
					const range = IDBKeyRange.bound(after, to, open, true);
					const keys = source.getAllKeys(range, PAGE);
					const values = source.getAll(range, PAGE);
					values.onsuccess = () => {
						for (let i = 0; i < values.result.length; i++) {
							const key = new Uint8Array(keys.result[i] as ArrayBuffer);
							const value = values.result[i] as Uint8Array;
							if (records.length > 0 && bytes + key.length + value.length > maxBytes) {
								resolve({ status: Status.ok, records, more: true });
								return;
							}
							bytes += key.length + value.length;
							records.push([key, value]);
						}
						const last = records.at(-1);
						if (values.result.length < PAGE || !last) resolve({ status: Status.ok, records, more: false });
						else page(last[0], true);
					};
				};
				page(from, false);
			} catch {
				fail();
			}
		});
	}
}

// The first 8 bytes, big-endian; a shorter value counts as padded with zeros.
function first64(bytes: Uint8Array): bigint {
	let n = 0n;
	for (let i = 0; i < 8; i++) n = (n << 8n) | BigInt(bytes[i] ?? 0);
	return n;
}

function compare(a: Uint8Array, b: Uint8Array): number {
	const n = Math.min(a.length, b.length);
	for (let i = 0; i < n; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
	return a.length - b.length;
}
