// bench-table.mjs ROWS [JSON] -- show benchmark rows as a table, keep them as a JSON array; fails when a bar is missed.
import { readFileSync, writeFileSync } from "node:fs";

const FIELDS = ["what", "value", "unit", "peer", "peer_value", "ratio", "bar", "ok"];
const rows = [];
for (const line of readFileSync(process.argv[2], "utf8").split("\n").filter(Boolean)) {
	const row = JSON.parse(line);
	const ours = rows.find((other) => other.what === row.what && other.peer === null);
	if (ours && row.peer) Object.assign(ours, { peer: row.peer, peer_value: row.peer_value });
	else rows.push(Object.fromEntries(FIELDS.map((field) => [field, row[field] ?? null])));
}
// How many times better than the peer: more is better for rates, less for everything else.
for (const row of rows)
	if (row.peer_value !== null && row.value !== null)
		row.ratio = /\/s$/.test(row.unit) ? row.value / row.peer_value : row.peer_value / row.value;
const shown = rows.map((row) =>
	FIELDS.map((field) => {
		const value = row[field];
		if (value === null) return "";
		if (typeof value === "number") return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
		return typeof value === "boolean" ? (value ? "yes" : "NO") : String(value);
	}),
);
const widths = FIELDS.map((field, i) => Math.max(field.length, ...shown.map((cells) => cells[i].length)));
for (const cells of [FIELDS, ...shown])
	console.log(cells.map((cell, i) => (i === 1 || i === 4 || i === 5 ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join("  ").trimEnd());
if (process.argv[3]) writeFileSync(process.argv[3], `${JSON.stringify(rows, null, 2)}\n`);
const missed = rows.filter((row) => row.ok === false).length;
if (missed) console.error(`${missed} of ${rows.length} rows miss their bar`);
if (rows.length === 0) console.error("no rows");
process.exitCode = missed || rows.length === 0 ? 1 : 0;
