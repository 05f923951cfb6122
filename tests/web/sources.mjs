// sources.mjs -- the page's TypeScript for node tests: bundled once per test file by the page's own esbuild.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const web = fileURLToPath(new URL("../../web/", import.meta.url));
const esbuild = createRequire(join(web, "build.mjs"))("esbuild");

/// Import modules of web/src ("editor/items") or of its packages ("@tiptap/core"); they share one copy of everything.
export async function sources(...names) {
	const dir = await mkdtemp(join(tmpdir(), "toygrid-web-"));
	const contents = names.map((name, i) => `export * as m${i} from "${name.startsWith("@") ? "" : "./src/"}${name}";`).join("\n");
	try {
		await esbuild.build({
			stdin: { contents, resolveDir: web, loader: "ts" },
			bundle: true,
			format: "esm",
			platform: "neutral",
			mainFields: ["module", "main"],
			outfile: join(dir, "sources.mjs"),
			logLevel: "warning",
			define: { __TG_WASM__: '""', __TG_QR__: '""', __TG_FILES__: '"./later"', __TG_VERSION__: '"test"' },
		});
		const all = await import(pathToFileURL(join(dir, "sources.mjs")));
		return names.map((_, i) => all[`m${i}`]);
	} finally {
		await rm(dir, { recursive: true, force: true });
	}
}

/// A small seeded generator (mulberry32): next(n) is in 0 .. n - 1.
export function random(seed) {
	let a = seed >>> 0;
	const next = (n) => {
		a = (a + 0x6d2b79f5) | 0;
		let t = Math.imul(a ^ (a >>> 15), 1 | a);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * n);
	};
	next.pick = (list) => list[next(list.length)];
	return next;
}
