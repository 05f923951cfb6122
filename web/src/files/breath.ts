// breath.ts -- long work in short steps, so that the page answers meanwhile.

const STEP_MS = 12;

/// A function to call between steps: it waits for the page now and then.
export function breather(): () => Promise<void> {
	let since = performance.now();
	return async () => {
		if (performance.now() - since < STEP_MS) return;
		await new Promise((resolve) => setTimeout(resolve));
		since = performance.now();
	};
}
