// node.ts -- the node that served the page: its relays, and the replica for new documents (docs/protocol.md 5.8).
import { fromHex } from "./bytes";

export interface Replica {
	node: Uint8Array;
	box: Uint8Array;
	name: string;
	token: Uint8Array;
}

export interface NodeInfo {
	relays: string[];
	replica: Replica | null;
}

const KEY = "toygrid.node";

/// Ask the node; offline, what it said last.
export async function askNode(): Promise<NodeInfo> {
	try {
		const answer = await fetch("/.well-known/toygrid/node", { credentials: "omit", cache: "no-store" });
		if (answer.ok) {
			const info: unknown = await answer.json();
			localStorage.setItem(KEY, JSON.stringify(info));
			return parseNode(info);
		}
	} catch {
		// No network: below.
	}
	try {
		return parseNode(JSON.parse(localStorage.getItem(KEY) ?? "null"));
	} catch {
		return parseNode(null);
	}
}

export function parseNode(info: unknown): NodeInfo {
	const { relays, replica } = (info ?? {}) as { relays?: unknown; replica?: Record<string, unknown> };
	const urls = Array.isArray(relays) ? relays.filter((url): url is string => typeof url === "string" && /^wss?:\/\/[^/]/.test(url)) : [];
	const node = fromHex(replica?.["node"], 32);
	const box = fromHex(replica?.["box"], 32);
	const token = fromHex(replica?.["token"], 32);
	const name = replica?.["name"];
	return { relays: urls.slice(0, 4), replica: node && box && token ? { node, box, token, name: typeof name === "string" ? name.slice(0, 64) : "replica" } : null };
}
