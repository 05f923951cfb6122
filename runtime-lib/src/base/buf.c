#include <string.h>

#include <toygrid/status.h>

#include "base/buf.h"
#include "base/mem.h"

uint8_t *
tg_buf_space(struct tg_buf *buf, size_t len)
{
	uint8_t *p;

	if (buf->failed)
		return NULL;
	if (len > SIZE_MAX / 2 - buf->len ||
	    tg_mem_grow((void **)&buf->data, &buf->cap, buf->len + len, 1) != TG_OK) {
		buf->failed = 1;
		return NULL;
	}
	p = buf->data + buf->len;
	buf->len += len;
	return p;
}

void
tg_buf_put(struct tg_buf *buf, const void *data, size_t len)
{
	uint8_t *p;

	if (len == 0)
		return;
	if ((p = tg_buf_space(buf, len)) != NULL)
		memcpy(p, data, len);
}

void
tg_buf_u8(struct tg_buf *buf, uint8_t v)
{
	tg_buf_put(buf, &v, 1);
}

void
tg_buf_u64be(struct tg_buf *buf, uint64_t v)
{
	uint8_t b[8];
	int i;

	for (i = 0; i < 8; i++)
		b[i] = (uint8_t)(v >> (56 - 8 * i));
	tg_buf_put(buf, b, sizeof b);
}

int
tg_buf_status(const struct tg_buf *buf)
{
	return buf->failed ? TG_ENOMEM : TG_OK;
}

void
tg_buf_truncate(struct tg_buf *buf, size_t len)
{
	buf->len = len;
	buf->failed = 0;
}

void
tg_buf_reset(struct tg_buf *buf)
{
	buf->len = 0;
	buf->failed = 0;
}

void
tg_buf_free(struct tg_buf *buf)
{
	tg_free(buf->data);
	memset(buf, 0, sizeof *buf);
}
