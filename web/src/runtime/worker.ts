// The worker's entry: load the runtime module and say that it came up.
export {};

const env = {
	rt_random(at: number, len: number): void {
		const memory = instance.exports["memory"] as WebAssembly.Memory;
		crypto.getRandomValues(new Uint8Array(memory.buffer, at, len));
	},
};
const { instance } = await WebAssembly.instantiateStreaming(fetch(__TG_WASM__), { env });
postMessage(`${Object.keys(instance.exports).length} functions`);
