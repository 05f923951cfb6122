// document.ts -- one open document: its bar, toolbar, notices and text.
import type { Controller } from "../app/controller";
import { documentAddress } from "../app/route";
import { Role, type OpenDocument, type Person, type State } from "../app/state";
import { DocumentEditor, type Reader } from "../editor/editor";
import { Desk } from "./desk";
import { segments } from "../editor/items";
import { cssColour, fill, h, inkOn } from "./dom";
import { icon } from "./icons";
import { showLink } from "./link";
import { documentMenu } from "./more";
import { Notices } from "./notices";
import { People } from "./people";
import { showProfile } from "./profile";
import { showShare } from "./share";
import { Status } from "./status";
import { texts } from "./texts";
import { Title } from "./title";
import { Toolbar } from "./toolbar";
import { Waiting } from "./waiting";

export class DocumentPage {
	private readonly title: Title;
	private readonly status = new Status();
	private readonly people: People;
	private readonly notices: Notices;
	private readonly share = h("button", { class: "button button-main share", type: "button", "aria-label": texts.share.button, onclick: () => void this.showShare() }, icon("share"), h("span", {}, texts.share.button));
	private readonly more = documentMenu({
		title: () => this.controller.state.open?.title ?? "",
		blocks: () => this.editor?.blocks() ?? [],
		duplicate: () => this.duplicate(),
		failed: (error) => this.failed(error),
	});
	private readonly tools = h("div", { class: "tools" });
	private readonly paper = h("main", { class: "paper" });
	private readonly desk = new Desk(this.paper, this.tools);
	private editor: DocumentEditor | null = null;
	private toolbar: Toolbar | null = null;
	private waiting: Waiting | null = null;
	private editable = false;
	private again = false; // being opened again
	private drawnPeople: Map<string, Person> = new Map();
	private toolbarFrame = 0;
	readonly container: HTMLElement;

	constructor(private readonly controller: Controller, readonly grid: string, private readonly failed: (error: unknown) => void) {
		this.title = new Title((title) => controller.dispatch({ type: "rename", grid, title }), () => this.editor?.focus());
		this.people = new People(() => showProfile(controller.state.me, (name, colour) => controller.dispatch({ type: "profile", name, colour })));
		this.notices = new Notices((notice) => controller.dispatch({ type: "dismiss", notice }));
		this.container = h(
			"div",
			{ class: "document" },
			h(
				"header",
				{ class: "bar" },
				h("a", { class: "icon-button back", href: "#/", "aria-label": texts.document.back, title: texts.document.back }, icon("back")),
				this.title.container,
				this.status.container,
				this.people.container,
				this.share,
				this.more.container,
			),
			this.tools,
			this.notices.container,
			this.desk.container,
		);
	}

	update(state: State): void {
		const { open } = state;
		if (!open || open.grid !== this.grid) return;
		document.title = open.title ? `${open.title} · ${texts.product}` : texts.product;
		this.title.update(open.title, open.phase === "ready" && open.role === Role.edit);
		this.status.update(state);
		this.people.update(state);
		this.notices.update(state);
		this.share.hidden = this.more.container.hidden = open.phase !== "ready";
		// Not from a disk that lacks what was typed last.
		if (open.phase === "ready" && open.stale && this.editor && !state.storageFull) void this.openAgain(this.editor);
		if (open.phase === "ready") this.showEditor(open);
		else if (open.phase === "loading") this.showWaiting(state, open);
		else this.showMissing();
	}

	patches(): void {
		if (!this.again) this.editor?.pullSoon();
	}

	destroy(): void {
		this.controller.caret(null);
		this.title.destroy();
		this.clear();
		this.desk.destroy();
		cancelAnimationFrame(this.toolbarFrame);
	}

	private showEditor(open: OpenDocument): void {
		if (!this.editor) {
			this.clear();
			this.editable = open.role === Role.edit;
			this.editor = this.makeEditor();
			fill(this.paper, this.editor.container);
			this.showTools();
			this.controller.caret(null); // who only reads is here, too
			if (this.editable && !open.title && matchMedia("(pointer: fine)").matches) this.title.container.focus();
		} else if (this.editable !== (open.role === Role.edit)) {
			this.editable = open.role === Role.edit;
			this.editor.tiptap.setEditable(this.editable, false);
			this.showTools();
		}
		this.showReaders(open);
	}

	private makeEditor(): DocumentEditor {
		return new DocumentEditor(this.controller.port(), this.editable, texts.document.label, texts.document.placeholder, {
			failed: this.failed,
			selected: (caret, jumped) => {
				this.controller.caret(caret);
				if (jumped) this.controller.undoBreak();
			},
			changed: () => {
				if (!this.toolbarFrame) this.toolbarFrame = requestAnimationFrame(() => ((this.toolbarFrame = 0), this.toolbar?.update()));
			},
			link: () => this.editor && this.editable && showLink(this.editor),
			apart: () => this.controller.undoBreak(),
		});
	}

	// The runtime opens the document again and may then show more of it: an editor made anew takes over where this one
	// is, in a moment when nobody types.
	private async openAgain(editor: DocumentEditor): Promise<void> {
		if (this.again) return;
		this.again = true;
		try {
			await editor.quiet();
			if (this.editor !== editor) return;
			const held = editor.hold();
			await this.controller.openAgain();
			if (this.editor !== editor) return;
			const top = scrollY;
			this.editor = this.makeEditor();
			fill(this.paper, this.editor.container);
			editor.destroy();
			this.showTools();
			this.drawnPeople = new Map();
			scrollTo(0, top);
			this.editor.goOn(held);
		} catch (error) {
			this.failed(error);
		} finally {
			this.again = false;
		}
	}

	private showTools(): void {
		const { editor } = this;
		this.toolbar = editor && this.editable ? new Toolbar(editor, () => showLink(editor)) : null;
		fill(this.tools, this.toolbar?.container ?? null);
		if (editor) this.desk.attach(editor, this.editable);
	}

	private showReaders(open: OpenDocument): void {
		const now = new Map([...open.people].filter(([, person]) => person.caret));
		const same = now.size === this.drawnPeople.size && [...now].every(([id, person]) => this.drawnPeople.get(id) === person);
		if (same) return;
		this.drawnPeople = now;
		this.editor?.setReaders(
			[...now].map(([id, person]): Reader => ({ id, name: person.name, colour: cssColour(person.colour), ink: inkOn(person.colour), caret: person.caret })),
		);
	}

	private showWaiting(state: State, open: OpenDocument): void {
		if (!this.waiting) {
			this.clear();
			this.waiting = new Waiting();
			fill(this.paper, this.waiting.container);
		}
		this.waiting.update(state, open);
	}

	private showMissing(): void {
		this.clear();
		fill(this.paper, message(texts.document.missing, texts.document.missingHint));
	}

	// Nothing is on the paper.
	private clear(): void {
		this.waiting?.destroy();
		this.waiting = null;
		this.desk.detach();
		this.editor?.destroy();
		this.editor = null;
		this.toolbar = null;
		fill(this.tools);
	}

	private duplicate(): void {
		const title = texts.files.copyOf(this.controller.state.open?.title || texts.home.untitled);
		const content = segments(this.editor?.blocks() ?? []);
		this.controller.add(title, content).then((grid) => (location.hash = documentAddress(grid)), this.failed);
	}

	private async showShare(): Promise<void> {
		try {
			showShare(await this.controller.links());
		} catch (error) {
			this.failed(error);
		}
	}
}

/// A page that only says something.
export function message(title: string, hint: string): HTMLElement {
	return h("div", { class: "empty" }, h("div", { class: "empty-mark" }, icon("file")), h("h2", {}, title), h("p", { class: "muted" }, hint), h("a", { class: "button", href: "#/" }, texts.document.toHome));
}
