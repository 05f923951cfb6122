// shelf.ts -- what home knows of each document beside what the runtime does: pinned, tags, last edited here, how
// its text begins, and whether it is about to be removed.
//
// It is for this browser alone and never sent.  Nothing depends on it: where it cannot be stored it lasts as long as the
// page, and it may be lost at any time.

export interface Card {
	readonly grid: string;
	readonly pinned: boolean;
	readonly editedMs: number; // 0: not edited here
	readonly removedMs: number; // when its removal was asked for; 0: it stays
	readonly tags: readonly string[];
	readonly text: string; // how it begins, on one line
}

const STORE = "cards";
const TEXT_CHARS = 8 << 10;

export class Shelf {
	private readonly held = new Map<string, Card>();
	private readonly writing = new Map<string, number>(); // own changes that the disk does not have yet
	private readonly db: Promise<IDBDatabase | null>;

	constructor(name = "toygrid-shelf") {
		this.db = new Promise((resolve) => {
			if (!("indexedDB" in globalThis)) return resolve(null);
			const request = indexedDB.open(name, 1);
			request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "grid" });
			request.onerror = () => resolve(null);
			request.onsuccess = () => {
				request.result.onversionchange = () => request.result.close();
				resolve(request.result);
			};
		});
	}

	get cards(): ReadonlyMap<string, Card> {
		return this.held;
	}

	card(grid: string): Card {
		return this.held.get(grid) ?? blank(grid);
	}

	/// Read what other tabs have changed.
	async refresh(): Promise<void> {
		await this.work("readonly", (store) => {
			const all = store.getAll();
			all.onsuccess = () => {
				for (const grid of [...this.held.keys()]) if (!this.writing.has(grid)) this.held.delete(grid);
				for (const card of all.result as Card[]) if (!this.writing.has(card.grid)) this.held.set(card.grid, { ...blank(card.grid), ...card });
			};
		});
	}

	change(grid: string, change: Partial<Omit<Card, "grid">>): void {
		const now = { ...this.card(grid), ...change };
		this.held.set(grid, now);
		this.write(grid, (store) => void store.put(now));
	}

	forget(grid: string): void {
		this.held.delete(grid);
		this.write(grid, (store) => void store.delete(grid));
	}

	private write(grid: string, ask: (store: IDBObjectStore) => void): void {
		this.writing.set(grid, (this.writing.get(grid) ?? 0) + 1);
		void this.work("readwrite", ask).then(() => {
			const left = this.writing.get(grid)! - 1;
			if (left > 0) this.writing.set(grid, left);
			else this.writing.delete(grid);
		});
	}

	// Resolves in any case.
	private async work(mode: IDBTransactionMode, ask: (store: IDBObjectStore) => void): Promise<void> {
		const db = await this.db;
		await new Promise<void>((resolve) => {
			try {
				if (!db) return resolve();
				const tx = db.transaction(STORE, mode);
				tx.oncomplete = tx.onabort = () => resolve();
				ask(tx.objectStore(STORE));
				if (mode === "readwrite") tx.commit(); // a page that is left waits for nobody
			} catch {
				resolve(); // the database was closed for a newer page
			}
		});
	}
}

// Cards of older pages lack what was added since.
function blank(grid: string): Card {
	return { grid, pinned: false, editedMs: 0, removedMs: 0, tags: [], text: "" };
}

/// How a text begins.
export function beginning(blocks: Iterable<{ readonly runs: readonly { readonly text: string }[] }>): string {
	let text = "";
	for (const { runs } of blocks) {
		for (const run of runs) text += run.text.slice(0, TEXT_CHARS);
		text += " ";
		if (text.length > TEXT_CHARS) break;
	}
	return text.slice(0, TEXT_CHARS).replace(/[\s\ufffc]+/g, " ").trim();
}
