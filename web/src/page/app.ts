// app.ts -- the whole page: home or one document, and what floats above both.
import type { Controller } from "../app/controller";
import type { Reporter } from "../app/reporter";
import type { State } from "../app/state";
import { DocumentPage, message } from "./document";
import { fill, h } from "./dom";
import { Home } from "./home";
import { Import } from "./import";
import { icon } from "./icons";
import { People } from "./people";
import { showProfile } from "./profile";
import { texts } from "./texts";
import { Toasts } from "./toasts";

export class App {
	private readonly toasts = new Toasts();
	private readonly stage = h("div", { class: "stage" });
	private readonly people: People;
	private readonly home: Home;
	private readonly top: HTMLElement;
	private readonly import: Import;
	private document: DocumentPage | null = null;
	private shown = "";
	readonly container = h("div", { class: "app" }, this.stage, this.toasts.container);

	constructor(private readonly controller: Controller, private readonly reporter: Reporter) {
		this.people = new People(() => showProfile(controller.state.me, (name, colour) => controller.dispatch({ type: "profile", name, colour })));
		this.import = new Import(controller, this.toasts, reporter.report, () => controller.state.route.name === "home");
		this.home = new Home(
			() => controller.dispatch({ type: "create" }),
			() => this.import.pick(),
			(entry) => {
				const title = entry.title || texts.home.untitled;
				controller.remove(entry.grid).then((removed) => this.toasts.show(removed ? texts.remove.done(title) : texts.remove.open(title)), reporter.report);
			},
		);
		this.top = h("header", { class: "bar bar-home" }, h("a", { class: "brand", href: "#/" }, icon("logo"), texts.product), h("span", { class: "space" }), this.people.container);
		reporter.show((text) => this.toasts.show(texts.failure.unexpected(text)));
		controller.subscribe({
			changed: (state) => this.update(state),
			patches: () => this.document?.patches(),
		});
		this.update(controller.state);
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
				this.document = new DocumentPage(this.controller, open.grid, this.reporter.report);
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
