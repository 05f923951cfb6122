// wasm.ts -- the runtime module: the one file that knows WASM memory.
//
// Everyone else sees Uint8Array.  Views of the memory die when it grows, so they are made anew after every call.

/// A peer (docs/host.md): one encoded event in, the effects since the last call out.
export interface Peer {
	event(bytes: Uint8Array): number;
	effects(): Uint8Array;
}

interface Exports {
	memory: WebAssembly.Memory;
	__wasm_call_ctors(): void;
	tg_rt_new(): number;
	tg_rt_alloc(len: number): number;
	tg_rt_free(at: number, len: number): void;
	tg_rt_event(handle: number, at: number, len: number): number;
	tg_rt_effects(handle: number): number;
	tg_rt_effects_len(handle: number): number;
}

/// Start a peer in a compiled module.  `random` fills a view with bytes of the system's generator.
export function startPeer(module: WebAssembly.Module, random: (into: Uint8Array) => void): Peer {
	const env = {
		rt_random(at: number, len: number): void {
			random(new Uint8Array(rt.memory.buffer, at, len));
		},
	};
	const rt = new WebAssembly.Instance(module, { env }).exports as unknown as Exports;
	rt.__wasm_call_ctors();
	const handle = rt.tg_rt_new();
	if (handle === 0) throw new Error("the runtime did not start");
	return {
		event(bytes) {
			const at = rt.tg_rt_alloc(bytes.length);
			if (at === 0) throw new Error("the runtime is out of memory");
			new Uint8Array(rt.memory.buffer, at, bytes.length).set(bytes);
			const status = rt.tg_rt_event(handle, at, bytes.length);
			rt.tg_rt_free(at, bytes.length);
			return status;
		},
		effects() {
			const len = rt.tg_rt_effects_len(handle);
			if (len === 0) return new Uint8Array(0);
			return new Uint8Array(rt.memory.buffer, rt.tg_rt_effects(handle), len).slice();
		},
	};
}
