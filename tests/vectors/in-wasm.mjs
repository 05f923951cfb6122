// in-wasm.mjs -- compute the golden files with vectors.wasm: in Node, and in a browser's page.

/// What the module computes: { NAME: text } for the golden texts of the same names.  Sent to a page as it stands, so
/// it uses nothing but its argument and what both hosts have; `wasm` is the module as base64.
export async function computeVectors({ wasm, golden }) {
	const bytes = Uint8Array.from(atob(wasm), (c) => c.charCodeAt(0));
	const random = (at, len) => crypto.getRandomValues(new Uint8Array(rt.memory.buffer, at, len));
	const { instance } = await WebAssembly.instantiate(bytes, { env: { rt_random: random } });
	const rt = instance.exports;
	rt.__wasm_call_ctors();
	if (rt.vectors_init() !== 0) throw new Error("the module did not start");
	const give = (text) => {
		const encoded = new TextEncoder().encode(text);
		const at = rt.vectors_alloc(encoded.length);
		new Uint8Array(rt.memory.buffer, at, encoded.length).set(encoded);
		return [at, encoded.length];
	};
	const computed = {};
	for (const [name, text] of Object.entries(golden)) {
		const len = rt.vectors_compute(...give(name), ...give(text));
		computed[name] = new TextDecoder().decode(new Uint8Array(rt.memory.buffer, rt.vectors_computed(), len));
	}
	return computed;
}
