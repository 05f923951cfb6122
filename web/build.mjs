// build.mjs -- make the page: TypeScript, styles and the runtime's WASM in, a folder of files ready to serve out.
//
//   node build.mjs [--out DIR] [--wasm FILE]
//
// Every file but the few with fixed names is named by its content, so it may be cached for ever; names flow
// upwards: those of the WASM and of the parts loaded later go into the page script, that one's into index.html.
// Next to each compressible file stand its brotli and gzip twins (NAME.br, NAME.gz), made once here at the
// highest level.  Two builds of the same tree give the same bytes.
//
// What the sources see (declared in src/build.d.ts):
//   __TG_WASM__     path of the runtime module, "/assets/toygrid-XXXXXXXXXX.wasm"
//   __TG_QR__       path of the script that draws QR codes, loaded when one is first shown
//   __TG_FILES__    path of the script that writes files and reads Markdown, loaded with the first file
//   __TG_VERSION__  version of package.json
import { createHash } from "node:crypto";
import { constants, brotliCompressSync, gzipSync } from "node:zlib";
import { cp, mkdir, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({
	options: { out: { type: "string" }, wasm: { type: "string" } },
});
const out = resolve(options.out ?? join(here, "../build/web"));
const wasm = resolve(options.wasm ?? join(here, "../build/wasm/toygrid.wasm"));
const version = JSON.parse(await readFile(join(here, "package.json"), "utf8")).version;

// Build beside the old folder and swap at the end: a failed build leaves the last good page in place.
const staging = `${out}.new`;

const exists = (path) => stat(path).then(() => true, () => false);

// Write `bytes` as assets/STEM-HASH.EXT and return the path the browser asks for.
async function emit(stem, ext, bytes) {
	const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 10);
	const path = `/assets/${stem}-${hash}${ext}`;
	await mkdir(join(staging, "assets"), { recursive: true });
	await writeFile(join(staging, path), bytes);
	return path;
}

async function bundle(entry, define) {
	const result = await esbuild.build({
		entryPoints: [join(here, entry)],
		absWorkingDir: here,
		bundle: true,
		minify: true,
		write: false,
		format: "esm",
		target: ["es2022"],
		legalComments: "none",
		charset: "utf8",
		logLevel: "warning",
		outdir: "unused",
		external: ["/assets/*"],
		define: { __TG_VERSION__: JSON.stringify(version), ...define },
	});
	return Buffer.from(result.outputFiles[0].contents);
}

async function files(dir) {
	const found = [];
	for (const item of await readdir(dir, { withFileTypes: true })) {
		const path = join(dir, item.name);
		if (item.isDirectory()) found.push(...(await files(path)));
		else found.push(path);
	}
	return found.sort();
}

const COMPRESSIBLE = new Set([".html", ".js", ".css", ".wasm", ".svg", ".json", ".webmanifest", ".txt", ".map"]);

// A twin that is no smaller than its original would only cost memory in the server; leave it out.
async function twins(path) {
	const bytes = await readFile(path);
	const sizes = { raw: bytes.length, gz: bytes.length, br: bytes.length };
	if (!COMPRESSIBLE.has(extname(path))) return sizes;
	const br = brotliCompressSync(bytes, {
		params: {
			[constants.BROTLI_PARAM_QUALITY]: 11,
			[constants.BROTLI_PARAM_LGWIN]: 22,
			[constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
		},
	});
	const gz = gzipSync(bytes, { level: 9 });
	if (br.length < bytes.length) await writeFile(`${path}.br`, br), (sizes.br = br.length);
	if (gz.length < bytes.length) await writeFile(`${path}.gz`, gz), (sizes.gz = gz.length);
	return sizes;
}

await rm(staging, { recursive: true, force: true });
await mkdir(staging, { recursive: true });

if (!(await exists(wasm))) {
	console.error(`build.mjs: no runtime module at ${relative(process.cwd(), wasm)}: run ./toygrid build wasm first`);
	process.exit(1);
}
const wasmPath = await emit("toygrid", ".wasm", await readFile(wasm));
const qr = await emit("qr", ".js", await bundle("src/page/qr.ts", {}));
const filesPart = await emit("files", ".js", await bundle("src/files/later.ts", {}));
const style = await emit("page", ".css", await bundle("src/page/page.css", {}));
const script = await emit(
	"page",
	".js",
	await bundle("src/page/main.ts", { __TG_WASM__: JSON.stringify(wasmPath), __TG_QR__: JSON.stringify(qr), __TG_FILES__: JSON.stringify(filesPart) }),
);

// Fixed names: index.html, the service worker when there is one, and everything in web/public.
const html = (await readFile(join(here, "index.html"), "utf8"))
	.replaceAll("{{script}}", script)
	.replaceAll("{{style}}", style)
	.replaceAll("{{wasm}}", wasmPath);
await writeFile(join(staging, "index.html"), html);
if (await exists(join(here, "src/sw/sw.ts")))
	await writeFile(
		join(staging, "sw.js"),
		await bundle("src/sw/sw.ts", { __TG_SHELL__: JSON.stringify(["/", wasmPath, qr, filesPart, style, script]) }),
	);
if (await exists(join(here, "public"))) await cp(join(here, "public"), staging, { recursive: true });

const total = { raw: 0, gz: 0, br: 0 };
const row = (name, s) =>
	console.log(`${name.padEnd(36)} ${String(s.raw).padStart(8)} ${String(s.gz).padStart(8)} ${String(s.br).padStart(8)}`);
console.log(`${"file".padEnd(36)} ${"raw".padStart(8)} ${"gzip".padStart(8)} ${"brotli".padStart(8)}`);
for (const path of await files(staging)) {
	const sizes = await twins(path);
	for (const key of Object.keys(total)) total[key] += sizes[key];
	row(relative(staging, path), sizes);
}
row("total", total);

await rm(`${out}.old`, { recursive: true, force: true });
if (await exists(out)) await rename(out, `${out}.old`);
await mkdir(dirname(out), { recursive: true });
await rename(staging, out);
await rm(`${out}.old`, { recursive: true, force: true });
console.log(`the page is in ${relative(process.cwd(), out) || "."} (${basename(script)})`);
