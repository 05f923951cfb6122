// main.ts -- the page's entry: check the browser, load the runtime, show the page.
import { askNode } from "../app/node";
import { Controller } from "../app/controller";
import { Reporter } from "../app/reporter";
import { openStorage } from "../host/storage";
import { startPeer } from "../runtime/wasm";
import { App } from "./app";
import { fill, h } from "./dom";
import { icon } from "./icons";
import { someName } from "./profile";
import { texts } from "./texts";

const place = document.getElementById("app")!;

function fail(text: string): void {
	fill(
		place,
		h(
			"main",
			{ class: "empty", role: "alert" },
			h("div", { class: "empty-mark" }, icon("alert")),
			h("h1", {}, texts.failure.title),
			h("p", { class: "muted" }, text),
			h("button", { class: "button", type: "button", onclick: () => location.reload() }, texts.failure.reload),
		),
	);
}

async function start(): Promise<void> {
	if (!isSecureContext) return fail(texts.failure.insecure);
	if (!("locks" in navigator) || !("indexedDB" in window) || !("popover" in HTMLElement.prototype)) return fail(texts.failure.old);
	const reporter = new Reporter();
	const node = askNode();
	const compiled = WebAssembly.compileStreaming(fetch(__TG_WASM__));
	let storage;
	try {
		storage = await openStorage();
	} catch {
		return fail(texts.failure.storage);
	}
	const peer = startPeer(await compiled, (into) => void crypto.getRandomValues(into as Uint8Array<ArrayBuffer>));
	const controller = new Controller(peer, storage, reporter);
	const app = new App(controller, reporter);
	fill(place, app.container);
	await controller.start(someName(), node);
}

start().catch((error: unknown) => {
	console.error(error);
	fail(texts.failure.unexpected(error instanceof Error ? error.message : String(error)));
});
