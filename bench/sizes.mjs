// sizes: what a browser has to fetch, as the static server sends it (brotli).
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { parts } from "../scripts/wasm-parts.mjs";
import { row, rowMax } from "./common/row.mjs";

const build = process.env.TG_BUILD ?? "build";
const web = join(build, "web");

function files(dir) {
	return readdirSync(dir, { withFileTypes: true }).flatMap((item) =>
		item.isDirectory() ? files(join(dir, item.name)) : [join(dir, item.name)],
	);
}

const size = (path) => statSync(path).size;
const sent = (path) => size(existsSync(`${path}.br`) ? `${path}.br` : path);

let total = 0;
let page = 0; // what opening the page fetches beside the runtime: index.html and what it names
const shell = readFileSync(join(web, "index.html"), "utf8");
for (const path of files(web).sort()) {
	if (/\.(br|gz)$/.test(path)) continue;
	const name = relative(web, path);
	total += sent(path);
	if (path.endsWith(".wasm")) {
		row("wasm, raw", size(path), "bytes");
		rowMax("wasm, brotli", sent(path), "bytes", 90_000);
	} else {
		row(`${name.replace(/-[0-9a-f]{10}\./, ".")}, brotli`, sent(path), "bytes");
		if (name === "index.html" || shell.includes(name)) page += sent(path);
	}
}
row("page without the runtime, brotli", page, "bytes");
rowMax("whole release, brotli", total, "bytes", 300 * 1024);

const { text } = parts(join(build, "wasm", "toygrid.wasm.map"), join("runtime-lib", "src"));
rowMax("document core in the wasm, raw", text, "bytes", 60_000);
