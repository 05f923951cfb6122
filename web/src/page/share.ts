// share.ts -- links to hand out, with QR codes drawn when asked for.
import { Dialog } from "./dialog";
import { fill, h } from "./dom";
import { icon, type IconName } from "./icons";
import { texts } from "./texts";
import type { drawQr } from "./qr";

const t = texts.share;

/// Show the dialog.
export function showShare(links: { edit: string; view: string }): void {
	const dialog = new Dialog(t.title, "dialog-share");
	dialog.show(
		h("p", { class: "muted" }, t.hint),
		links.edit ? linkRow("pencil", t.edit, t.editHint, links.edit) : null,
		links.view ? linkRow("eye", t.view, t.viewHint, links.view) : null,
		!links.edit && h("p", { class: "muted" }, t.none),
	);
}

function linkRow(symbol: IconName, title: string, hint: string, link: string): HTMLElement {
	const field = h("input", { class: "field", type: "text", readonly: true, value: link, "aria-label": title, onfocus: () => field.select() });
	const code = h("div", { class: "qr-place", hidden: true });
	const copy: HTMLButtonElement = h("button", { class: "button", type: "button", onclick: () => void copyLink(field, copy) }, icon("copy"), h("span", {}, t.copy));
	const show = h(
		"button",
		{ class: "icon-button", type: "button", "aria-label": t.qr, title: t.qr, "aria-expanded": "false", onclick: () => void toggleQr(show, code, link, title) },
		icon("qr"),
	);
	return h(
		"section",
		{ class: "link-row" },
		h("div", { class: "link-head" }, icon(symbol), h("strong", {}, title), h("span", { class: "muted" }, hint)),
		h("div", { class: "link-line" }, field, copy, show),
		code,
	);
}

async function copyLink(field: HTMLInputElement, button: HTMLButtonElement): Promise<void> {
	try {
		await navigator.clipboard.writeText(field.value);
	} catch {
		// Without permission the selected text is there to copy by hand.
		field.focus();
		field.select();
		return;
	}
	fill(button, icon("check"), h("span", {}, t.copied));
	setTimeout(() => fill(button, icon("copy"), h("span", {}, t.copy)), 2000);
}

async function toggleQr(button: HTMLButtonElement, place: HTMLElement, link: string, what: string): Promise<void> {
	if (place.childElementCount === 0) {
		const module = (await import(__TG_QR__)) as { drawQr: typeof drawQr };
		fill(place, module.drawQr(link, t.qrLabel(what)));
	}
	place.hidden = !place.hidden;
	button.setAttribute("aria-expanded", String(!place.hidden));
}
