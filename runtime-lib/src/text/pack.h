/*
 * pack.h -- raw deflate (RFC 1951), by libdeflate.
 *
 * What is hashed is always the plain bytes: two builds of the library may write different streams for them,
 * and every stream that inflates to them is as good.
 */
#ifndef TG_TEXT_PACK_H
#define TG_TEXT_PACK_H

#include "base/buf.h"

#define TG_PACK_RATIO_MAX 1032u /* a deflate stream is at most this much smaller than what it holds */

/**
 * tg_pack(out, data, len):
 * Append data[0 .. len) packed; plain when that is no longer.  So it is packed iff fewer bytes than ${len}
 * were appended.  Failure shows in tg_buf_status(out).
 */
void tg_pack(struct tg_buf *out, const uint8_t *data, size_t len);

/**
 * tg_unpack(data, len, out, out_len):
 * The inverse: exactly ${out_len} bytes into ${out}.  Returns TG_OK, TG_EFORMAT, TG_ENOMEM.
 */
int tg_unpack(const uint8_t *data, size_t len, uint8_t *out, size_t out_len)
    __attribute__((warn_unused_result));

#endif
