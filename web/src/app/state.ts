// state.ts -- all that the page shows, and the actions that change it.
import type { Route } from "./route";
import type { Card } from "./shelf";

export type Connection = "offline" | "connecting" | "live";

export const Role = { view: 0, comment: 1, edit: 2, replica: 3 } as const;
/// Roles of sessions, in presence and durability (docs/protocol.md 4.1).
export const SessionRole = { viewer: 0, writer: 1, replica: 2 } as const;

export const Notice = { storageFull: 1, storageWorks: 2, fork: 3, clock: 4, quota: 5, notAllowed: 6, damaged: 7, openAgain: 8 } as const;

export interface Me {
	name: string;
	colour: number;
}

export interface DocumentEntry {
	grid: string;
	mode: string;
	title: string;
	openedMs: number;
}

/// Somebody in the document, or another tab of one's own.
export interface Person {
	session: string;
	device: string;
	role: number;
	own: boolean;
	name: string;
	colour: number;
	caret: { anchor: number; head: number } | null;
}

export interface Device {
	id: string;
	role: number;
	name: string;
	holds: boolean;
	temporary: boolean;
}

export interface Durability {
	unsent: number;
	safe: number;
	wrote: boolean; // there is something of one's own to keep safe
	devices: Device[];
}

export interface OpenDocument {
	grid: string;
	phase: "loading" | "ready" | "missing" | "broken"; // broken: it could not be opened again; the page must be loaded anew
	stale: boolean; // must be opened again to show all of it: the page does so in a quiet moment
	role: number;
	title: string;
	people: Map<string, Person>;
	durability: Durability | null;
	progress: { done: number; total: number } | null;
}

export interface State {
	phase: "starting" | "ready";
	route: Route;
	me: Me;
	documents: DocumentEntry[] | null;
	cards: ReadonlyMap<string, Card>; // what home remembers of them
	open: OpenDocument | null;
	connection: Connection;
	connectionDetail: string;
	storageFull: boolean;
	notices: Map<number, string>;
}

export type Action =
	| { type: "navigate"; hash: string }
	| { type: "rename"; grid: string; title: string }
	| { type: "profile"; name: string; colour: number }
	| { type: "dismiss"; notice: number };

export function initialState(route: Route): State {
	return {
		phase: "starting",
		route,
		me: { name: "", colour: 0 },
		documents: null,
		cards: new Map(),
		open: null,
		connection: "connecting",
		connectionDetail: "",
		storageFull: false,
		notices: new Map(),
	};
}
