// tags.ts -- the words by which a person sorts their documents: for this browser alone.
import { Dialog } from "./dialog";
import { fill, h } from "./dom";
import { texts } from "./texts";

const t = texts.tags;
const MAX_TAGS = 8;
const MAX_CHARS = 24;

/// "a, b,, A" as ["a", "b"]: each once, whatever its case, no empty ones, not too many.
export function readTags(text: string): string[] {
	const tags = new Map<string, string>();
	for (const part of text.split(",")) {
		const tag = [...part.replace(/\s+/g, " ").trim().replace(/^#/, "")].slice(0, MAX_CHARS).join("").trim();
		if (tag && !tags.has(tag.toLowerCase())) tags.set(tag.toLowerCase(), tag);
	}
	return [...tags.values()].slice(0, MAX_TAGS);
}

/// Ask for the tags of a document; `known` are those of all.
export function showTags(title: string, now: readonly string[], known: readonly string[], save: (tags: string[]) => void): void {
	const dialog = new Dialog(t.title, "dialog-small");
	const field = h("input", { class: "field", id: "tags-field", type: "text", value: now.join(", "), placeholder: t.placeholder, autocomplete: "off", "aria-describedby": "tags-hint", oninput: () => draw() });
	const others = h("div", { class: "tag-choice", role: "group", "aria-label": t.known });
	const draw = () => {
		const chosen = readTags(field.value);
		const has = (tag: string) => chosen.some((one) => one.toLowerCase() === tag.toLowerCase());
		fill(
			others,
			...known.map((tag) =>
				h(
					"button",
					{
						class: "chip", type: "button", "aria-pressed": String(has(tag)),
						onclick: (event: Event) => {
							const at = [...others.children].indexOf(event.currentTarget as Element);
							field.value = (has(tag) ? chosen.filter((one) => one.toLowerCase() !== tag.toLowerCase()) : [...chosen, tag]).join(", ");
							draw();
							(others.children[at] as HTMLElement).focus();
						},
					},
					tag,
				),
			),
		);
	};
	draw();
	dialog.show(
		h("p", { class: "muted", id: "tags-hint" }, t.hint(title)),
		h(
			"form",
			{ method: "dialog", onsubmit: () => save(readTags(field.value)) },
			h("label", { class: "label", for: "tags-field" }, t.label),
			field,
			known.length > 0 && others,
			h("div", { class: "dialog-actions" }, h("button", { class: "button button-main", type: "submit" }, t.save)),
		),
	);
	field.focus();
	field.setSelectionRange(field.value.length, field.value.length);
}
