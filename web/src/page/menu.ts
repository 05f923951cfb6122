// menu.ts -- a button that opens a menu: arrows move, letters find, Escape and Tab leave.
import { fill, h } from "./dom";
import { icon, type IconName } from "./icons";

export interface MenuItem {
	text: string;
	icon?: IconName;
	keys?: string; // the shortcut that does the same
	bad?: boolean; // it takes something away
	run: () => void;
}

/// Items with lines between the groups.
export type MenuGroups = (MenuItem | false)[][];

export interface MenuHead {
	label: string;
	icon: IconName;
	text?: string; // beside the icon
	className?: string;
}

let count = 0;

export class Menu {
	private readonly list: HTMLElement;
	readonly button: HTMLButtonElement;
	readonly container: HTMLElement;

	/// `groups` is asked each time the menu opens.
	constructor({ label, icon: symbol, text, className = "" }: MenuHead, private readonly groups: () => MenuGroups) {
		const id = `menu-${++count}`;
		this.list = h("div", { class: "menu", id, role: "menu", "aria-label": label, popover: "auto", onkeydown: (event: KeyboardEvent) => this.move(event) });
		this.button = h(
			"button",
			{
				class: `${text ? "button" : "icon-button"} ${className}`, type: "button", "aria-label": text ? null : label, title: text ? null : label, "aria-haspopup": "menu", "aria-expanded": "false", popovertarget: id,
				onkeydown: (event: KeyboardEvent) => (event.key === "ArrowDown" || event.key === "ArrowUp") && (event.preventDefault(), event.stopPropagation(), this.list.showPopover()),
			},
			icon(symbol), text ?? null,
		);
		this.container = h("div", { class: "menu-box" }, this.button, this.list);
		this.list.addEventListener("beforetoggle", (event) => {
			const open = (event as ToggleEvent).newState === "open";
			this.button.setAttribute("aria-expanded", String(open));
			if (open) this.draw();
		});
		const follow = () => this.place();
		this.list.addEventListener("toggle", (event) => {
			if ((event as ToggleEvent).newState !== "open") return removeEventListener("scroll", follow);
			// Others' words may move the page under it.
			addEventListener("scroll", follow, { passive: true });
			this.place();
			this.items()[0]?.focus({ preventScroll: true });
		});
	}

	private draw(): void {
		const groups = this.groups().map((group) => group.filter((item): item is MenuItem => item !== false)).filter((group) => group.length > 0);
		fill(this.list, ...groups.map((group) => h("div", { class: "menu-group", role: "group" }, ...group.map((item) => this.item(item)))));
	}

	private item({ text, icon: symbol, keys, bad, run }: MenuItem): HTMLElement {
		return h(
			"button",
			{
				class: bad ? "menu-item menu-bad" : "menu-item", type: "button", role: "menuitem", tabindex: "-1", "aria-keyshortcuts": keys ?? null,
				onclick: () => {
					this.list.hidePopover();
					this.button.focus();
					run();
				},
			},
			symbol ? icon(symbol) : h("span", { class: "icon" }),
			h("span", { class: "menu-text" }, text),
			keys ? h("kbd", { class: "menu-keys", "aria-hidden": "true" }, keys) : null,
		);
	}

	// Under the button, or above it where there is no room.
	private place(): void {
		const at = this.button.getBoundingClientRect();
		this.list.style.left = this.list.style.top = "0"; // as wide as it wants to be
		const { offsetWidth: width, offsetHeight: height } = this.list;
		const below = at.bottom + 4 + height <= innerHeight - 8 || at.top < height + 12;
		this.list.style.top = `${below ? Math.min(at.bottom + 4, Math.max(8, innerHeight - height - 8)) : at.top - height - 4}px`;
		this.list.style.left = `${Math.max(8, Math.min(at.right - width, innerWidth - width - 8))}px`;
	}

	private items(): HTMLElement[] {
		return [...this.list.querySelectorAll<HTMLElement>(".menu-item")];
	}

	private move(event: KeyboardEvent): void {
		event.stopPropagation(); // a list around has keys of its own
		const items = this.items();
		const at = items.indexOf(document.activeElement as HTMLElement);
		let to = -1;
		if (event.key === "ArrowDown") to = (at + 1) % items.length;
		else if (event.key === "ArrowUp") to = (at - 1 + items.length) % items.length;
		else if (event.key === "Home") to = 0;
		else if (event.key === "End") to = items.length - 1;
		else if (event.key === "Escape" || event.key === "Tab") {
			this.list.hidePopover();
			this.button.focus();
			if (event.key === "Escape") event.preventDefault();
			return;
		} else if (event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey) {
			const begins = (i: number) => items[(at + i) % items.length]!.textContent!.trim().toLowerCase().startsWith(event.key.toLowerCase());
			const step = items.findIndex((_, i) => begins(i + 1));
			if (step >= 0) to = (at + step + 1) % items.length;
		}
		if (to < 0) return;
		event.preventDefault();
		items[to]!.focus();
	}
}
