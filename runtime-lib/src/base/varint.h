/*
 * varint.h -- unsigned LEB128 in its shortest form, and zigzag for signed numbers.
 *
 * Used inside the columns of text operations, where msgpack's type bytes would double the size.  Exactly one
 * encoding of each number is accepted, because the columns are hashed.
 */
#ifndef TG_BASE_VARINT_H
#define TG_BASE_VARINT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define TG_VARINT_MAX_BYTES 10 /* ceil(64 / 7) */

/** tg_varint_put(buf, v): Append ${v}, 1..TG_VARINT_MAX_BYTES bytes. */
void tg_varint_put(struct tg_buf *buf, uint64_t v);

/**
 * tg_varint_get(data, len, v):
 * Read a number from data[0 .. len).  Returns the bytes used, or 0 when the input ends inside the number,
 * does not fit 64 bits or is not in shortest form (*${v} is 0 then).
 */
size_t tg_varint_get(const uint8_t *data, size_t len, uint64_t *v);

/** tg_zigzag(v), tg_unzigzag(v): Map small negative numbers to small unsigned ones and back.  Cannot fail. */
static inline uint64_t
tg_zigzag(int64_t v)
{
	return ((uint64_t)v << 1) ^ (uint64_t) - (v < 0);
}

static inline int64_t
tg_unzigzag(uint64_t v)
{
	return (int64_t)((v >> 1) ^ (~(v & 1) + 1));
}

#endif
