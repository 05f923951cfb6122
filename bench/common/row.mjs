// row.mjs -- what a node benchmark prints: rows as those of row.h, one JSON object a line.

function print(what, value, unit, bar, ok) {
	console.log(JSON.stringify({ what, value, unit, peer: null, peer_value: null, ratio: null, bar, ok }));
}

/// A figure without a promise.
export function row(what, value, unit) {
	print(what, value, unit, null, null);
}

/// Less is better; promised is at most `bar`.
export function rowMax(what, value, unit, bar) {
	print(what, value, unit, bar, value <= bar);
}

/// The value that `percent` of 100 in an array do not exceed.
export function percentile(values, percent) {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.ceil((percent / 100) * sorted.length) - 1)];
}

/// To a tenth: what is under it is noise.
export function round(value) {
	return Math.round(value * 10) / 10;
}
