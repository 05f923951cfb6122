// route.ts -- what the part of the address behind # asks for (docs/protocol.md 2).
import { fromBase64Url } from "./bytes";

export type Route =
	| { name: "home" }
	| { name: "document"; grid: string; mode: string; secret: Uint8Array }
	| { name: "lost" };

const SECRET_BYTES: Record<string, number> = { e: 32, c: 32, v: 64 };

export function parseRoute(hash: string): Route {
	const parts = hash.replace(/^#?\/?/, "").split("/");
	if (parts.length === 1 && parts[0] === "") return { name: "home" };
	const [kind, grid = "", access = "", ...rest] = parts;
	if (kind !== "g" || rest.length > 0 || fromBase64Url(grid)?.length !== 32) return { name: "lost" };
	if (access === "") return { name: "document", grid, mode: "", secret: new Uint8Array(0) };
	const mode = access[0]!;
	const secret = fromBase64Url(access.slice(1));
	return secret && secret.length === SECRET_BYTES[mode] ? { name: "document", grid, mode, secret } : { name: "lost" };
}

export function documentAddress(grid: string): string {
	return `#/g/${grid}`;
}
