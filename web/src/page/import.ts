// import.ts -- files that become documents: picked, or dropped on the list of documents.
import type { Controller } from "../app/controller";
import { documentAddress } from "../app/route";
import { ACCEPTED, MAX_BYTES, NotReadable, readFile } from "../files/read";
import { later } from "../files/write";
import { h } from "./dom";
import { icon } from "./icons";
import { texts } from "./texts";
import { bytes } from "./time";
import type { Toasts } from "./toasts";

const t = texts.files;
const FILES_AT_ONCE = 20;

export class Import {
	private readonly input = h("input", { type: "file", accept: ACCEPTED, multiple: true, hidden: true, onchange: () => this.picked() });
	private readonly target = h("div", { class: "drop-target", hidden: true, "aria-hidden": "true" }, h("div", { class: "drop-box" }, icon("upload"), h("strong", {}, t.drop), h("span", { class: "muted" }, t.kinds)));
	private over = 0; // elements that a dragged file is over
	readonly container = h("div", {}, this.input, this.target);

	/// Files are taken while `here` says that the list is shown.
	constructor(private readonly controller: Controller, private readonly toasts: Toasts, private readonly failed: (error: unknown) => void, here: () => boolean) {
		const files = (event: DragEvent) => event.dataTransfer?.types.includes("Files") === true;
		const dragged = (event: DragEvent) => here() && files(event);
		const show = (over: number) => {
			this.over = Math.max(0, over);
			this.target.hidden = this.over === 0;
		};
		const on = (name: string, act: (event: DragEvent) => void) => addEventListener(name, (event) => dragged(event as DragEvent) && act(event as DragEvent));
		// Elsewhere the browser would open the file in place of the page.
		const refuse = (event: DragEvent) => {
			if (here() || event.defaultPrevented || !files(event)) return;
			event.preventDefault();
			event.dataTransfer!.dropEffect = "none";
		};
		for (const name of ["dragover", "drop"]) addEventListener(name, refuse as (event: Event) => void);
		on("dragenter", () => show(this.over + 1));
		on("dragleave", () => show(this.over - 1));
		on("dragover", (event) => event.preventDefault());
		on("drop", (event) => {
			event.preventDefault();
			show(0);
			void this.take([...event.dataTransfer!.files]);
		});
	}

	/// Ask the person for files.
	pick(): void {
		this.input.click();
	}

	private picked(): void {
		const files = [...(this.input.files ?? [])];
		this.input.value = ""; // the same file may be picked again
		void this.take(files);
	}

	// Several stay in the list, one is opened.
	private async take(files: File[]): Promise<void> {
		let added = "";
		for (const file of files.slice(0, FILES_AT_ONCE)) {
			const toast = this.toasts.show(t.reading(file.name), { shownMs: Infinity });
			const from = location.hash;
			try {
				// Finding the words takes about as long as writing them down.
				const { title, segments } = await readFile(file, later, (done) => toast.progress(t.percent(Math.round(50 * done))));
				added = await this.controller.add(title, segments, (done) => toast.progress(t.percent(50 + Math.round(50 * done))));
			} catch (error) {
				if (error instanceof NotReadable) this.toasts.show(error.why === "size" ? t.tooLarge(file.name, bytes(MAX_BYTES)) : t.notText(file.name));
				else this.failed(error);
				continue;
			} finally {
				toast.close();
			}
			if (files.length === 1 && location.hash === from) location.hash = documentAddress(added);
		}
		if (files.length > FILES_AT_ONCE) this.toasts.show(t.tooMany(FILES_AT_ONCE));
	}
}
