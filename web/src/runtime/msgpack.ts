// msgpack.ts -- the strict subset of msgpack that crosses the border to the runtime (docs/protocol.md 1).
//
// nil, bool, integers up to 2^53 - 1, UTF-8 str, bin, array.  Shortest forms only; anything else is refused, as
// the C reader refuses it.  Small enough to read, so no package does this for us.

export type Value = null | boolean | number | string | Uint8Array | Value[];

const utf8 = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const DEPTH_MAX = 16;

/// Encode one value.  Lone surrogates become U+FFFD, since UTF-8 has no place for them.
export function encode(value: Value): Uint8Array {
	const out = new Writer();
	out.value(value);
	return out.done();
}

/// Decode exactly one value; trailing bytes are an error.
export function decode(bytes: Uint8Array): Value {
	const reader = new Reader(bytes);
	const value = reader.value(0);
	if (!reader.atEnd()) throw new RangeError("msgpack: trailing bytes");
	return value;
}

/// Decode values that stand back to back until the bytes end.
export function decodeAll(bytes: Uint8Array): Value[] {
	const reader = new Reader(bytes);
	const values: Value[] = [];
	while (!reader.atEnd()) values.push(reader.value(0));
	return values;
}

class Writer {
	private bytes = new Uint8Array(256);
	private view = new DataView(this.bytes.buffer);
	private at = 0;

	done(): Uint8Array {
		return this.bytes.slice(0, this.at);
	}

	value(value: Value): void {
		if (value === null) this.u8(0xc0);
		else if (value === false) this.u8(0xc2);
		else if (value === true) this.u8(0xc3);
		else if (typeof value === "number") this.integer(value);
		else if (typeof value === "string") {
			const data = utf8.encode(value);
			if (data.length < 32) this.u8(0xa0 | data.length);
			else this.length(data.length, 0xd9, 0xda, 0xdb);
			this.raw(data);
		} else if (value instanceof Uint8Array) {
			this.length(value.length, 0xc4, 0xc5, 0xc6);
			this.raw(value);
		} else {
			if (value.length < 16) this.u8(0x90 | value.length);
			else this.length(value.length, 0, 0xdc, 0xdd);
			for (const item of value) this.value(item);
		}
	}

	private integer(n: number): void {
		if (!Number.isSafeInteger(n) || n < 0) throw new RangeError(`msgpack: ${n} is no unsigned integer`);
		if (n < 0x80) this.u8(n);
		else if (n < 0x100) this.u8(0xcc), this.u8(n);
		else if (n < 0x10000) this.u8(0xcd), this.u16(n);
		else if (n < 0x100000000) this.u8(0xce), this.u32(n);
		else this.u8(0xcf), this.u32(Math.floor(n / 0x100000000)), this.u32(n >>> 0);
	}

	private length(n: number, form8: number, form16: number, form32: number): void {
		if (form8 !== 0 && n < 0x100) this.u8(form8), this.u8(n);
		else if (n < 0x10000) this.u8(form16), this.u16(n);
		else this.u8(form32), this.u32(n);
	}

	private room(n: number): void {
		if (this.at + n <= this.bytes.length) return;
		const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.at + n));
		larger.set(this.bytes);
		this.bytes = larger;
		this.view = new DataView(larger.buffer);
	}

	private u8(n: number): void {
		this.room(1);
		this.bytes[this.at++] = n;
	}
	private u16(n: number): void {
		this.room(2);
		this.view.setUint16(this.at, n);
		this.at += 2;
	}
	private u32(n: number): void {
		this.room(4);
		this.view.setUint32(this.at, n);
		this.at += 4;
	}
	private raw(data: Uint8Array): void {
		this.room(data.length);
		this.bytes.set(data, this.at);
		this.at += data.length;
	}
}

class Reader {
	private at = 0;
	private readonly view: DataView;

	constructor(private readonly bytes: Uint8Array) {
		this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	}

	atEnd(): boolean {
		return this.at === this.bytes.length;
	}

	value(depth: number): Value {
		if (depth > DEPTH_MAX) throw new RangeError("msgpack: too deep");
		const tag = this.view.getUint8(this.at++);
		if (tag < 0x80) return tag;
		if (tag >= 0xa0 && tag < 0xc0) return strict.decode(this.take(tag & 31));
		if (tag >= 0x90 && tag < 0xa0) return this.array(tag & 15, depth);
		switch (tag) {
			case 0xc0:
				return null;
			case 0xc2:
				return false;
			case 0xc3:
				return true;
			case 0xc4:
				return this.take(this.least(this.number(1), 0)).slice();
			case 0xc5:
				return this.take(this.least(this.number(2), 0x100)).slice();
			case 0xc6:
				return this.take(this.least(this.number(4), 0x10000)).slice();
			case 0xcc:
				return this.least(this.number(1), 0x80);
			case 0xcd:
				return this.least(this.number(2), 0x100);
			case 0xce:
				return this.least(this.number(4), 0x10000);
			case 0xcf: {
				const n = this.number(4) * 0x100000000 + this.number(4);
				if (!Number.isSafeInteger(n)) throw new RangeError("msgpack: integer over 2^53 - 1");
				return this.least(n, 0x100000000);
			}
			case 0xd9:
				return strict.decode(this.take(this.least(this.number(1), 32)));
			case 0xda:
				return strict.decode(this.take(this.least(this.number(2), 0x100)));
			case 0xdb:
				return strict.decode(this.take(this.least(this.number(4), 0x10000)));
			case 0xdc:
				return this.array(this.least(this.number(2), 16), depth);
			case 0xdd:
				return this.array(this.least(this.number(4), 0x10000), depth);
			default:
				throw new RangeError(`msgpack: form 0x${tag.toString(16)} is not used here`);
		}
	}

	// A count may not promise more than the bytes that are left, else five bytes ask for gigabytes.
	private array(n: number, depth: number): Value[] {
		if (n > this.bytes.length - this.at) throw new RangeError("msgpack: ends too early");
		const items: Value[] = [];
		for (let i = 0; i < n; i++) items.push(this.value(depth + 1));
		return items;
	}

	private least(n: number, least: number): number {
		if (n < least) throw new RangeError("msgpack: not the shortest form");
		return n;
	}

	private number(width: 1 | 2 | 4): number {
		const at = this.at;
		this.at += width;
		return width === 1 ? this.view.getUint8(at) : width === 2 ? this.view.getUint16(at) : this.view.getUint32(at);
	}

	private take(n: number): Uint8Array {
		if (n > this.bytes.length - this.at) throw new RangeError("msgpack: ends too early");
		this.at += n;
		return this.bytes.subarray(this.at - n, this.at);
	}
}
