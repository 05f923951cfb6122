// wasm-parts.mjs -- how the runtime module's code is divided among the folders of runtime-lib/src.
//
// The linker's map names functions, not files, since all is optimised as one; so a function counts for the folder in
// whose sources it is defined.  What was inlined counts for the folder it went to: the figures are near, not exact.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

/// Folder -> bytes of code; "others" has the libraries, the exports, and names that two folders define.
export function parts(map, sources) {
	const owner = new Map();
	for (const folder of readdirSync(sources))
		for (const file of readdirSync(join(sources, folder)).filter((name) => name.endsWith(".c")))
			for (const [, name] of readFileSync(join(sources, folder, file), "utf8").matchAll(/^(\w+)\(/gm))
				owner.set(name, owner.has(name) && owner.get(name) !== folder ? "others" : folder);
	const bytes = { others: 0 };
	let code = false;
	for (const line of readFileSync(map, "utf8").split("\n")) {
		// Address, offset, size, then indented by what it is: 0 a section, 8 a piece of it, 16 its symbol.
		const [, size, indent, what] = /^ *\S+ +[0-9a-f]+ +([0-9a-f]+) ( *)(.*)$/.exec(line) ?? [];
		if (indent === "") code = what === "CODE";
		if (!code || indent?.length !== 8) continue;
		const folder = owner.get(/:\((\w+)[.\d]*\)$/.exec(what)?.[1]) ?? "others";
		bytes[folder] = (bytes[folder] ?? 0) + parseInt(size, 16);
	}
	return bytes;
}
