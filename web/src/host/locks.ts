// locks.ts -- exclusive rights for as long as this tab lives: Web Locks, shared by all tabs of a profile.

export class Locks {
	private readonly release = new Map<string, () => void>();

	/// Try to get the right `name`; answers at once, true if it is ours now.
	async lock(name: Uint8Array): Promise<boolean> {
		const id = lockName(name);
		// Without Web Locks two tabs could write one log, so no tab gets to continue an old one.
		if (!navigator.locks) return false;
		return new Promise((answer) => {
			navigator.locks
				.request(id, { ifAvailable: true }, (lock) => {
					answer(lock !== null);
					return lock ? new Promise<void>((resolve) => this.release.set(id, resolve)) : undefined;
				})
				.catch(() => answer(false));
		});
	}

	unlock(name: Uint8Array): void {
		this.release.get(lockName(name))?.();
		this.release.delete(lockName(name));
	}
}

/// Until the function given back is called (or this tab is gone) nobody gets to be alone with `name`.
export function share(name: string): () => void {
	let release!: () => void;
	const done = new Promise<void>((resolve) => (release = resolve));
	navigator.locks.request(`toygrid/${name}`, { mode: "shared" }, () => done).catch(() => undefined);
	return release;
}

/// Do `work` unless a tab shares `name` now; false if one does.
export async function alone(name: string, work: () => Promise<unknown>): Promise<boolean> {
	return navigator.locks.request(`toygrid/${name}`, { ifAvailable: true }, async (lock) => {
		if (lock) await work();
		return lock !== null;
	});
}

function lockName(name: Uint8Array): string {
	return "toygrid/" + Array.from(name, (b) => b.toString(16).padStart(2, "0")).join("");
}
