// keys.ts -- keys of the page around the text, and all keys in words.
import { KEYS, type KeyName } from "../editor/keymap";
import { h } from "./dom";
import { texts } from "./texts";

/// The page's own keys: they work wherever the focus is, as long as a document is shown.
export const PAGE_KEYS = {
	find: ["Mod-f"],
	findNext: ["F3", "Mod-g"],
	findPrevious: ["Shift-F3", "Mod-Shift-g"],
	outline: ["Mod-Alt-o"],
	toolbar: ["Alt-F10"],
	help: ["Mod-/"],
} as const;

export type PageKey = keyof typeof PAGE_KEYS;

export const MAC = typeof navigator === "object" && /Mac|iP(hone|ad)/.test(navigator.platform);
const SYMBOLS: Record<string, string> = { Alt: "⌥", Shift: "⇧", Mod: "⌘", Enter: "↩", Tab: "⇥" };

/// The page's key that this event is.
export function pageKey(event: KeyboardEvent): PageKey | null {
	for (const name of Object.keys(PAGE_KEYS) as PageKey[]) if (PAGE_KEYS[name].some((keys) => isKey(keys, event))) return name;
	return null;
}

/// Is this event these keys?  A sign needs Shift on some keyboards and not on others.
export function isKey(keys: string, event: KeyboardEvent, mac = MAC): boolean {
	const parts = keys.split("-");
	const key = parts.pop()!;
	const mod = mac ? event.metaKey : event.ctrlKey;
	const other = mac ? event.ctrlKey : event.metaKey;
	// AltGr writes letters, and says that it is Ctrl and Alt.
	if (event.getModifierState?.("AltGraph") || other || mod !== parts.includes("Mod") || event.altKey !== parts.includes("Alt")) return false;
	if (key.length === 1 && key.toLowerCase() === key.toUpperCase()) return event.key === key;
	// With Alt a Mac's keys give other letters.
	const pressed = event.key.toLowerCase() === key.toLowerCase() || (mac && parts.includes("Alt") && event.code === `Key${key.toUpperCase()}`);
	return pressed && event.shiftKey === parts.includes("Shift");
}

/// The single keys of "Mod-Shift-s", as printed on the keyboard.
export function printed(keys: string, mac = MAC): string[] {
	const parts = keys.split("-");
	const key = parts.pop()!;
	const order = mac ? ["Alt", "Shift", "Mod"] : ["Mod", "Alt", "Shift"];
	const said = (name: string) => (mac ? (SYMBOLS[name] ?? name) : (texts.keys.names[name === "Mod" ? "Ctrl" : name] ?? name));
	return [...order.filter((name) => parts.includes(name)), key.length === 1 ? key.toUpperCase() : key].map(said);
}

/// In one line, for tooltips.
export function keyText(name: KeyName | PageKey): string {
	return printed(keysOf(name)).join(MAC ? "" : "+");
}

/// As keys, for the help and menus.
export function keyCaps(name: KeyName | PageKey): HTMLElement {
	return h("span", { class: "keys" }, ...printed(keysOf(name)).map((key) => h("kbd", {}, key)));
}

function keysOf(name: KeyName | PageKey): string {
	return name in PAGE_KEYS ? PAGE_KEYS[name as PageKey][0] : KEYS[name as KeyName].keys[0];
}
