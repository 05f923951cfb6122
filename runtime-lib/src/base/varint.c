#include "base/varint.h"

void
tg_varint_put(struct tg_buf *buf, uint64_t v)
{
	uint8_t b[TG_VARINT_MAX_BYTES];
	size_t n = 0;

	while (v >= 0x80) {
		b[n++] = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	b[n++] = (uint8_t)v;
	tg_buf_put(buf, b, n);
}

size_t
tg_varint_get(const uint8_t *data, size_t len, uint64_t *v)
{
	uint64_t r = 0;
	size_t i;

	*v = 0;
	for (i = 0; i < len && i < TG_VARINT_MAX_BYTES; i++) {
		uint64_t part = data[i] & 0x7f;

		if (i == TG_VARINT_MAX_BYTES - 1 && part > 1)
			return 0; /* more than 64 bits */
		r |= part << (7 * i);
		if (data[i] & 0x80)
			continue;
		if (i > 0 && data[i] == 0)
			return 0; /* a shorter form exists */
		*v = r;
		return i + 1;
	}
	return 0;
}
