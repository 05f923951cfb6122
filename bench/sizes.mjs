// sizes: what a browser has to fetch, as the static server sends it (brotli).
import { existsSync, readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";

const web = join(process.env.TG_BUILD ?? "build", "web");

function row(what, value, bar = null) {
	const ok = bar === null ? null : value <= bar;
	console.log(JSON.stringify({ what, value, unit: "bytes", peer: null, peer_value: null, ratio: null, bar, ok }));
}

function files(dir) {
	return readdirSync(dir, { withFileTypes: true }).flatMap((item) =>
		item.isDirectory() ? files(join(dir, item.name)) : [join(dir, item.name)],
	);
}

const size = (path) => statSync(path).size;
const sent = (path) => size(existsSync(`${path}.br`) ? `${path}.br` : path);

let total = 0;
for (const path of files(web).sort()) {
	if (/\.(br|gz)$/.test(path)) continue;
	total += sent(path);
	if (path.endsWith(".wasm")) {
		row("wasm, raw", size(path));
		row("wasm, brotli", sent(path), 90_000);
	} else {
		row(`${relative(web, path).replace(/-[0-9a-f]{10}\./, ".")}, brotli`, sent(path));
	}
}
row("whole release, brotli", total, 300 * 1024);
