// bench-table.mjs ROWS [JSON] -- show benchmark rows as a table, keep them as a JSON array; fails when a bar is missed.
import { readFileSync, writeFileSync } from "node:fs";

const FIELDS = ["what", "value", "unit", "peer", "peer_value", "ratio", "bar", "ok"];
const rows = readFileSync(process.argv[2], "utf8")
	.split("\n")
	.filter(Boolean)
	.map((line) => {
		const row = JSON.parse(line);
		return Object.fromEntries(FIELDS.map((field) => [field, row[field] ?? null]));
	});
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
