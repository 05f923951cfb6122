// dom.ts -- make elements.  Text always enters as text nodes, never as HTML.

type Child = Node | string | null | false;
type Props = Record<string, string | boolean | number | null | ((event: never) => void)>;

/// Make an element: attributes by name, listeners as "onclick" and the like, true for bare attributes.
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, props: Props = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(props)) {
		if (typeof value === "function") element.addEventListener(name.slice(2), value as unknown as EventListener);
		else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : String(value));
	}
	element.append(...children.filter((child): child is Node | string => child !== null && child !== false));
	return element;
}

/// Replace the children of `parent`.
export function fill(parent: Element, ...children: Child[]): void {
	parent.replaceChildren(...children.filter((child): child is Node | string => child !== null && child !== false));
}

/// The same where most of it is as it was: what is equal stays, with its focus, and the page has nothing to lay out.
export function refill(parent: Element, ...children: Child[]): void {
	const wanted = children.filter((child): child is Node | string => child !== null && child !== false).map((child) => (typeof child === "string" ? new Text(child) : child));
	wanted.forEach((child, i) => {
		const old = parent.childNodes[i];
		if (!old) parent.append(child);
		else if (!old.isEqualNode(child)) old.replaceWith(child);
	});
	while (parent.childNodes.length > wanted.length) parent.lastChild!.remove();
}

/// Set an element's text, if it is another one.
export function say(element: Element, text: string): void {
	if (element.textContent !== text) element.textContent = text;
}

/// Set an attribute, if it is another one.
export function mark(element: Element, name: string, value: string): void {
	if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/// Colours are 24-bit numbers on the wire.
export function cssColour(colour: number): string {
	return "#" + (colour & 0xffffff).toString(16).padStart(6, "0");
}

/// Black or white, whichever reads better on a colour (WCAG relative luminance).
export function inkOn(colour: number): string {
	const linear = [16, 8, 0].map((shift) => {
		const c = ((colour >> shift) & 255) / 255;
		return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
	});
	return 0.2126 * linear[0]! + 0.7152 * linear[1]! + 0.0722 * linear[2]! > 0.36 ? "#10131a" : "#ffffff";
}

/// The colours offered to people: apart from each other and readable on light and dark.
export const PALETTE = [0x3b6cf6, 0xe0533d, 0x1d9a6c, 0xa64bd8, 0xd9820f, 0x0e8fb3, 0xd6438a, 0x6b7a1f] as const;
