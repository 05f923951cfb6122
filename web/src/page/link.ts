// link.ts -- give the selected words a link, change it or take it away.
import type { DocumentEditor } from "../editor/editor";
import { safeLink } from "../editor/schema";
import { Dialog } from "./dialog";
import { h } from "./dom";
import { texts } from "./texts";

const t = texts.link;

export function showLink(editor: DocumentEditor): void {
	const { tiptap } = editor;
	const old = tiptap.isActive("link") ? String(tiptap.getAttributes("link")["href"] ?? "") : "";
	const dialog = new Dialog(t.title, "dialog-small");
	const field = h("input", { class: "field", id: "link-address", type: "text", value: old, placeholder: "https://", inputmode: "url", autocomplete: "off", oninput: () => field.setCustomValidity("") });
	const end = (change: () => void) => (dialog.close(), editor.focus(), change());
	dialog.show(
		h(
			"form",
			{
				onsubmit: (event: Event) => {
					event.preventDefault();
					const typed = field.value.trim();
					const href = /^[a-z][a-z0-9+.-]*:/i.test(typed) ? typed : `https://${typed}`;
					if (!typed || !safeLink(href) || !URL.canParse(href)) {
						field.setCustomValidity(t.invalid);
						field.reportValidity();
						return;
					}
					end(() => {
						const { empty } = tiptap.state.selection;
						if (empty && !old) tiptap.commands.insertContent({ type: "text", text: typed, marks: [{ type: "link", attrs: { href } }] });
						else tiptap.chain().extendMarkRange("link").setLink({ href }).run();
					});
				},
			},
			h("label", { class: "label", for: "link-address" }, t.address),
			field,
			h(
				"div",
				{ class: "dialog-actions" },
				old !== "" && h("button", { class: "button", type: "button", onclick: () => end(() => tiptap.chain().extendMarkRange("link").unsetLink().run()) }, t.remove),
				h("button", { class: "button button-main", type: "submit" }, t.apply),
			),
		),
	);
	field.select();
}
