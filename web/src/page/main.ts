// The page's entry: start the runtime's worker and show what it says.
const app = document.getElementById("app")!;
const worker = new Worker(__TG_WORKER__, { type: "module" });
worker.onmessage = (event: MessageEvent<string>) => {
	app.textContent = `toygrid ${__TG_VERSION__}: ${event.data}`;
};
