// idle.ts -- work for a moment in which the browser has nothing better to do.

/// Call `run` then, once; `left` says how many milliseconds of it remain.  Returns what takes the call back.
export function idle(run: (left: () => number) => void): () => void {
	if (typeof requestIdleCallback === "function") {
		const handle = requestIdleCallback((deadline) => run(() => deadline.timeRemaining()), { timeout: 500 });
		return () => cancelIdleCallback(handle);
	}
	const timer = setTimeout(() => {
		const end = performance.now() + 8;
		run(() => end - performance.now());
	}, 50);
	return () => clearTimeout(timer);
}
