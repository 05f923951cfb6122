// time.ts -- times as people say them.

const format = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [["year", 31_536_000], ["month", 2_592_000], ["week", 604_800], ["day", 86_400], ["hour", 3600], ["minute", 60]];

/// "5 minutes ago".
export function ago(ms: number, now = Date.now()): string {
	const seconds = Math.max(0, (now - ms) / 1000);
	for (const [unit, length] of UNITS) if (seconds >= length) return format.format(-Math.floor(seconds / length), unit);
	return "just now";
}

/// "1.2 MB".
export function bytes(n: number): string {
	return n < 1000 ? `${n} B` : n < 1e6 ? `${Math.round(n / 1000)} kB` : `${(n / 1e6).toFixed(1)} MB`;
}
