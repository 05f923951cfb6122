#include <stdlib.h>
#include <string.h>

#include "vectors/lines.h"

void
line_text(struct tg_buf *out, const char *text)
{
	tg_buf_put(out, text, strlen(text));
}

void
line_begin(struct tg_buf *out, const char *name)
{
	line_text(out, name);
}

void
line_hex(struct tg_buf *out, const void *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *p = data;

	tg_buf_u8(out, ' ');
	if (len == 0)
		tg_buf_u8(out, '-');
	for (size_t i = 0; i < len; i++) {
		tg_buf_u8(out, (uint8_t)digits[p[i] >> 4]);
		tg_buf_u8(out, (uint8_t)digits[p[i] & 15]);
	}
}

void
line_uint(struct tg_buf *out, uint64_t v)
{
	char text[24];
	size_t at = sizeof text;

	do
		text[--at] = (char)('0' + v % 10);
	while (v /= 10);
	tg_buf_u8(out, ' ');
	tg_buf_put(out, text + at, sizeof text - at);
}

void
line_end(struct tg_buf *out)
{
	tg_buf_u8(out, '\n');
}

void
line_one(struct tg_buf *out, const char *name, const void *data, size_t len)
{
	line_begin(out, name);
	line_hex(out, data, len);
	line_end(out);
}

void
vector_need(int ok)
{
	if (!ok)
		abort();
}

void
vector_secret(uint8_t fill, struct tg_secret *out)
{
	memset(out->b, fill, sizeof out->b);
}
