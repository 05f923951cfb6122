// app.ts -- the whole page: home or one document, and what floats above both.
import type { Controller } from "../app/controller";
import { NotHere } from "../app/library";
import type { Reporter } from "../app/reporter";
import { documentAddress, parseRoute } from "../app/route";
import type { DocumentEntry, State } from "../app/state";
import { segments } from "../editor/items";
import { NotLoaded } from "../files/write";
import { DocumentPage, message } from "./document";
import { fill, h } from "./dom";
import { Home } from "./home";
import { Import } from "./import";
import { icon } from "./icons";
import { People } from "./people";
import { showProfile } from "./profile";
import { texts } from "./texts";
import { contentOf, type Template } from "./templates";
import { Toasts, type Toast } from "./toasts";

const UNDO_MS = 10_000;

export class App {
	private readonly toasts = new Toasts();
	private readonly stage = h("div", { class: "stage" });
	private readonly people: People;
	private readonly home: Home;
	private readonly top: HTMLElement;
	private readonly import: Import;
	private removals: Toast[] = [];
	private document: DocumentPage | null = null;
	private shown = "";
	private going = false; // to a document that is being made
	readonly container = h("div", { class: "app" }, this.stage, this.toasts.container);

	constructor(private readonly controller: Controller, private readonly reporter: Reporter) {
		this.people = new People(() => showProfile(controller.state.me, (name, colour) => controller.dispatch({ type: "profile", name, colour })));
		this.import = new Import(controller, this.toasts, (error) => this.failed(error), () => controller.state.route.name === "home");
		this.home = new Home({
			create: () => this.go(() => controller.create()),
			template: (template) => this.start(template),
			open: () => this.import.pick(),
			pin: (entry, pinned) => controller.pin(entry.grid, pinned),
			tag: (entry, tags) => controller.tag(entry.grid, tags),
			duplicate: (entry) => this.duplicate(entry),
			read: (entry) => controller.read(entry.grid),
			remove: (entry) => void this.remove(entry).catch(reporter.report),
			undo: () => this.undo(),
			failed: (error) => this.failed(error),
		});
		this.top = h("header", { class: "bar bar-home" }, h("a", { class: "brand", href: "#/" }, icon("logo"), texts.product), h("span", { class: "space" }), this.people.container);
		reporter.show((text) => this.toasts.show(texts.failure.unexpected(text)));
		controller.subscribe({
			changed: (state) => this.update(state),
			patches: () => this.document?.patches(),
		});
		this.update(controller.state);
	}

	private start(template: Template): void {
		const today = new Intl.DateTimeFormat("en", { day: "numeric", month: "long", year: "numeric" }).format();
		this.go(() => this.controller.add(template.title(today), contentOf(template)));
	}

	// To a new document; a second click on the way there is still the first one.
	private go(make: () => Promise<string>): void {
		if (this.going || parseRoute(location.hash).name !== "home") return;
		this.going = true;
		make()
			.then((grid) => void (location.hash = documentAddress(grid)), (error: unknown) => this.failed(error))
			.finally(() => (this.going = false));
	}

	private duplicate(entry: DocumentEntry): void {
		this.go(async () => this.controller.add(texts.files.copyOf(entry.title || texts.home.untitled), segments(await this.controller.read(entry.grid))));
	}

	// It leaves the list at once, and this browser when nobody wanted it back for some seconds.
	private async remove(entry: DocumentEntry): Promise<void> {
		const title = entry.title || texts.home.untitled;
		if (!(await this.controller.removeSoon(entry.grid))) {
			this.toasts.show(texts.remove.open(title));
			return;
		}
		const over = () => (this.removals = this.removals.filter((one) => one !== toast));
		const toast = this.toasts.show(texts.remove.done(title), {
			shownMs: UNDO_MS,
			action: {
				text: texts.remove.undo,
				run: () => {
					over();
					this.controller.keep(entry.grid);
					this.toasts.show(texts.remove.back(title));
					setTimeout(() => this.home.focusOn(entry.grid));
				},
			},
			gone: () => {
				over();
				this.controller.remove(entry.grid).then((removed) => removed || this.toasts.show(texts.remove.open(title)), this.reporter.report);
			},
		});
		this.removals.push(toast);
	}

	private undo(): boolean {
		const last = this.removals.at(-1);
		last?.take();
		return last !== undefined;
	}

	private failed(error: unknown): void {
		if (error instanceof NotHere) this.toasts.show(texts.files.notHere);
		else if (error instanceof NotLoaded) this.toasts.show(texts.files.notLoaded);
		else this.reporter.report(error);
	}

	private update(state: State): void {
		const { route, open } = state;
		const wanted = route.name === "document" ? (open ? `document ${open.grid}` : "waiting") : route.name;
		if (wanted === "waiting") return;
		if (wanted !== this.shown) {
			this.document?.destroy();
			this.document = null;
			this.shown = wanted;
			if (route.name === "document" && open) {
				this.document = new DocumentPage(this.controller, open.grid, (error) => this.failed(error));
				fill(this.stage, this.document.container);
			} else {
				document.title = texts.product;
				fill(this.stage, this.top, route.name === "home" ? h("div", {}, this.home.container, this.import.container) : message(texts.document.lost, texts.document.lostHint));
			}
			scrollTo(0, 0);
		}
		if (this.document) this.document.update(state);
		else {
			this.people.update(state);
			this.home.update(state);
		}
	}
}
