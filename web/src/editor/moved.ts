// moved.ts -- where a caret goes when its document was drawn anew and nothing tells how the two texts are related.

const CONTEXT = 64; // items looked at on either side

/// The gap in `now` whose surroundings are most like those of gap `index` in `old`; of equals, the nearest.  Words may
/// have changed places: what stood around the caret counts, not how far it was from the beginning.
export function movedIndex(old: readonly string[], now: readonly string[], index: number): number {
	let best = Math.min(index, now.length);
	let most = 0;
	for (let at = 0; at <= now.length; at++) {
		let before = 0;
		while (before < CONTEXT && before < index && before < at && old[index - 1 - before] === now[at - 1 - before]) before++;
		let after = 0;
		while (after < CONTEXT && index + after < old.length && at + after < now.length && old[index + after] === now[at + after]) after++;
		const alike = 2 * before + after; // people go on behind what they have written
		if (alike > most || (alike === most && Math.abs(at - index) < Math.abs(best - index))) [best, most] = [at, alike];
	}
	return best;
}
