/*
 * writer.h -- msgpack output through msgpack-c's packer, limited to the subset that the reader accepts.
 *
 * Every function appends to a tg_buf, whose sticky error is checked once at the end.
 */
#ifndef TG_WIRE_WRITER_H
#define TG_WIRE_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

void tg_write_uint(struct tg_buf *buf, uint64_t v);
void tg_write_int(struct tg_buf *buf, int64_t v);
void tg_write_bool(struct tg_buf *buf, int v);
void tg_write_nil(struct tg_buf *buf);
void tg_write_array(struct tg_buf *buf, uint32_t count);
void tg_write_bin(struct tg_buf *buf, const void *data, size_t len);

/** tg_write_str(buf, text, len): ${text} must be valid UTF-8 (the caller's duty; readers refuse anything
 * else). */
void tg_write_str(struct tg_buf *buf, const char *text, size_t len);

#endif
