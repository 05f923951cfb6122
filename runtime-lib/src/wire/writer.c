#include <msgpack/pack.h>

#include "wire/writer.h"

static int
append(void *data, const char *bytes, size_t len)
{
	struct tg_buf *buf = data;

	tg_buf_put(buf, bytes, len);
	return buf->failed ? -1 : 0;
}

#define PACKER(pk, buf)                                                                                      \
	msgpack_packer pk;                                                                                   \
	msgpack_packer_init(&pk, buf, append)

void
tg_write_uint(struct tg_buf *buf, uint64_t v)
{
	PACKER(pk, buf);
	msgpack_pack_uint64(&pk, v);
}

void
tg_write_int(struct tg_buf *buf, int64_t v)
{
	PACKER(pk, buf);
	msgpack_pack_int64(&pk, v);
}

void
tg_write_bool(struct tg_buf *buf, int v)
{
	PACKER(pk, buf);
	if (v)
		msgpack_pack_true(&pk);
	else
		msgpack_pack_false(&pk);
}

void
tg_write_nil(struct tg_buf *buf)
{
	PACKER(pk, buf);
	msgpack_pack_nil(&pk);
}

void
tg_write_array(struct tg_buf *buf, uint32_t count)
{
	PACKER(pk, buf);
	msgpack_pack_array(&pk, count);
}

void
tg_write_bin(struct tg_buf *buf, const void *data, size_t len)
{
	PACKER(pk, buf);
	msgpack_pack_bin(&pk, len);
	if (len)
		msgpack_pack_bin_body(&pk, data, len);
}

void
tg_write_str(struct tg_buf *buf, const char *text, size_t len)
{
	PACKER(pk, buf);
	msgpack_pack_str(&pk, len);
	if (len)
		msgpack_pack_str_body(&pk, text, len);
}
