// reporter.ts -- where every unexpected error ends: once in the console, once before the person.

export class Reporter {
	private listener: (message: string) => void = () => undefined;
	private readonly seen = new Set<string>();

	constructor() {
		addEventListener("error", (event) => this.report(event.error ?? event.message));
		addEventListener("unhandledrejection", (event) => this.report(event.reason));
	}

	/// Show messages with `listener`; each distinct one once.
	show(listener: (message: string) => void): void {
		this.listener = listener;
	}

	readonly report = (error: unknown): void => {
		console.error(error);
		const message = error instanceof Error ? error.message : String(error);
		if (this.seen.has(message)) return;
		this.seen.add(message);
		this.listener(message);
	};
}
