// document.ts -- one open document: its bar, toolbar, notices and text.
import type { Controller } from "../app/controller";
import { documentAddress } from "../app/route";
import { Role, type Me, type OpenDocument, type State } from "../app/state";
import { DocumentEditor, type Held, type Reader } from "../editor/editor";
import { coloursOf } from "./colours";
import { Desk } from "./desk";
import { segments } from "../editor/items";
import { cssColour, fill, h, inkOn } from "./dom";
import { icon } from "./icons";
import { showLink } from "./link";
import { documentMenu } from "./more";
import { Notices } from "./notices";
import { People } from "./people";
import { PrintCopy } from "./print";
import { showProfile } from "./profile";
import { showShare } from "./share";
import { Status } from "./status";
import { texts } from "./texts";
import { Title } from "./title";
import { Toolbar } from "./toolbar";
import { Waiting } from "./waiting";

export class DocumentPage {
	private readonly title: Title;
	private readonly forgetTitle: () => void; // nobody asks it for its last words any more
	private readonly status = new Status();
	private readonly people: People;
	private readonly notices: Notices;
	private readonly share = h("button", { class: "button button-main share", type: "button", "aria-label": texts.share.button, onclick: () => void this.showShare() }, icon("share"), h("span", {}, texts.share.button));
	private readonly more = documentMenu({
		title: () => this.controller.state.open?.title ?? "",
		blocks: () => this.editor?.blocks() ?? [],
		duplicate: () => this.duplicate(),
		tools: () => this.desk.menu(),
		failed: (error) => this.failed(error),
	});
	private readonly print = new PrintCopy(() => this.editor && { title: this.controller.state.open?.title ?? "", doc: this.editor.tiptap.state.doc });
	private readonly tools = h("div", { class: "tools", role: "region", "aria-label": texts.toolbar.label });
	private readonly paper = h("main", { class: "paper" });
	private readonly desk = new Desk(this.paper, this.tools, () => this.editor && showLink(this.editor));
	private editor: DocumentEditor | null = null;
	private toolbar: Toolbar | null = null;
	private waiting: Waiting | null = null;
	private editable = false;
	private again = false; // being opened again
	private held: Held | null = null; // by the last editor, for the next one
	private broken = false; // and that failed
	private drawn: readonly Reader[] = []; // whose carets the editor shows
	private toolbarFrame = 0;
	private readonly remember = () => {
		if (this.editor) this.controller.remember(this.grid, this.editor.blocks());
	};
	readonly container: HTMLElement;

	constructor(private readonly controller: Controller, readonly grid: string, private readonly failed: (error: unknown) => void) {
		this.title = new Title((title) => controller.dispatch({ type: "rename", grid, title }), () => this.editor?.focus());
		this.forgetTitle = controller.beforeLeaving(() => this.title.send());
		this.people = new People(() => showProfile(controller.state.me, (name, colour) => controller.dispatch({ type: "profile", name, colour })));
		document.addEventListener("visibilitychange", this.remember);
		this.notices = new Notices((notice) => controller.dispatch({ type: "dismiss", notice }));
		this.container = h(
			"div",
			{ class: "document" },
			h(
				"header",
				{ class: "bar" },
				h("a", { class: "icon-button back", href: "#/", "aria-label": texts.document.back, title: texts.document.back }, icon("back")),
				this.desk.outline.button,
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
		const title = open.title ? `${open.title} · ${texts.product}` : texts.product;
		if (document.title !== title) document.title = title;
		this.title.update(open.title, open.phase === "ready" && open.role === Role.edit);
		this.status.update(state);
		this.people.update(state);
		this.notices.update(state);
		this.share.hidden = this.more.container.hidden = open.phase !== "ready";
		// Not from a disk that lacks what was typed last.
		if (open.phase === "ready" && open.stale && this.editor && !state.storageFull) void this.openAgain(this.editor);
		if (this.broken || open.phase === "broken") this.showBroken();
		else if (open.phase === "ready") this.showEditor(state, open);
		else if (open.phase === "loading") this.showWaiting(state, open);
		else this.showMissing();
	}

	patches(): void {
		if (!this.again) this.editor?.pullSoon();
	}

	destroy(): void {
		this.remember();
		this.print.destroy();
		document.removeEventListener("visibilitychange", this.remember);
		this.controller.caret(null);
		this.forgetTitle();
		this.title.destroy();
		this.clear();
		this.desk.destroy();
		cancelAnimationFrame(this.toolbarFrame);
	}

	private showEditor({ me }: State, open: OpenDocument): void {
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
		this.showReaders(me, open);
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
			const held = (this.held = editor.hold());
			await this.controller.openAgain();
			if (this.editor !== editor) return;
			const top = scrollY;
			this.editor = this.makeEditor();
			fill(this.paper, this.editor.container);
			editor.destroy();
			this.showTools();
			this.drawn = [];
			scrollTo(0, top);
			this.editor.goOn(held);
			this.held = null;
		} catch (error) {
			this.failed(error);
			// It accepts keys that go nowhere.
			if (this.editor === editor) this.showBroken();
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

	private showReaders(me: Me, open: OpenDocument): void {
		const colourOf = coloursOf(me, open);
		const now = [...open.people].filter(([, person]) => person.caret).map(([id, person]): Reader => {
			const colour = colourOf(person);
			return { id, name: person.name, colour: cssColour(colour), ink: inkOn(colour), caret: person.caret };
		});
		const { drawn } = this;
		// (a caret that is told of anew is a new object)
		if (now.length === drawn.length && now.every(({ id, name, colour, caret }, i) => drawn[i]!.id === id && drawn[i]!.caret === caret && drawn[i]!.name === name && drawn[i]!.colour === colour)) return;
		this.drawn = now;
		this.editor?.setReaders(now);
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

	// Once: whoever copies what was typed is not disturbed.  The button does not take the focus, or the next key of
	// somebody who is typing would press it.
	private showBroken(): void {
		if (this.broken) return;
		this.broken = true;
		this.clear();
		const t = texts.document;
		const typed = this.held?.typed.text ?? "";
		fill(
			this.paper,
			h(
				"div",
				{ class: "empty", role: "alert" },
				h("div", { class: "empty-mark" }, icon("alert")),
				h("h2", {}, t.broken),
				h("p", { class: "muted" }, t.brokenHint),
				typed !== "" && h("p", {}, t.brokenLost),
				typed !== "" && h("pre", { class: "typed", tabindex: "0" }, typed),
				h("button", { class: "button button-main", type: "button", onclick: () => location.reload() }, t.loadAgain),
			),
		);
	}

	// Nothing is on the paper.
	private clear(): void {
		this.waiting?.destroy();
		this.waiting = null;
		this.desk.detach();
		this.editor?.destroy();
		this.editor = null;
		this.drawn = [];
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
