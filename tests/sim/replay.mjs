// replay.mjs -- feed a recorded trace (runtime-lib/host/trace.h) to a fresh peer of the browser's module and compare
// every answer.  Runs in Node and, unchanged, inside a page: it must not use anything but the language.

/// Returns { steps, bytes } or throws with the number of the first step that differs.
export function replay(module, trace) {
	const instance = new WebAssembly.Instance(module, {
		env: {
			// The peer draws from entropy events alone; this serves libsodium's start-up.
			rt_random: (at, len) => new Uint8Array(instance.exports.memory.buffer, at, len).fill(7),
		},
	});
	const rt = instance.exports;
	rt.__wasm_call_ctors();
	const peer = rt.tg_rt_new();
	if (peer === 0) throw new Error("the module does not start");
	const view = new DataView(trace.buffer, trace.byteOffset, trace.byteLength);
	const magic = String.fromCharCode(...trace.subarray(0, 8));
	if (magic !== "tgtrace1") throw new Error(`not a trace: ${magic}`);

	let at = 8;
	let steps = 0;
	let bytes = 0;
	while (at < trace.length) {
		const eventLength = view.getUint32(at);
		const event = trace.subarray(at + 4, at + 4 + eventLength);
		at += 4 + eventLength;
		const status = trace[at];
		const effectsLength = view.getUint32(at + 1);
		const expected = trace.subarray(at + 5, at + 5 + effectsLength);
		at += 5 + effectsLength;

		const place = rt.tg_rt_alloc(eventLength);
		new Uint8Array(rt.memory.buffer, place, eventLength).set(event);
		const answered = rt.tg_rt_event(peer, place, eventLength);
		rt.tg_rt_free(place);
		const length = rt.tg_rt_effects_len(peer);
		const effects = new Uint8Array(rt.memory.buffer, length ? rt.tg_rt_effects(peer) : 0, length);
		if (answered !== status) throw new Error(`step ${steps}: status ${answered} instead of ${status}`);
		if (length !== effectsLength) throw new Error(`step ${steps}: ${length} bytes of effects instead of ${effectsLength}`);
		for (let i = 0; i < length; i++)
			if (effects[i] !== expected[i]) throw new Error(`step ${steps}: effects differ from byte ${i} on`);
		steps++;
		bytes += length;
	}
	return { steps, bytes };
}
