/*
 * buf.h -- a growable run of bytes with a sticky error.
 *
 * An encoder appends without checking each step and asks once at the end: after a failed allocation every
 * further append does nothing and tg_buf_status() says TG_ENOMEM.  Zero-initialise (= {0}) to start empty.
 */
#ifndef TG_BASE_BUF_H
#define TG_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

struct tg_buf {
	uint8_t *data; /* owned; NULL while cap == 0 */
	size_t len;    /* bytes in use, <= cap */
	size_t cap;
	int failed; /* an allocation failed; contents are incomplete */
};

/** tg_buf_put(buf, data, len): Append ${len} bytes (0 allowed, then ${data} may be NULL). */
void tg_buf_put(struct tg_buf *buf, const void *data, size_t len);

/** tg_buf_space(buf, len): Append ${len} uninitialised bytes and return them, or NULL after a failure. */
uint8_t *tg_buf_space(struct tg_buf *buf, size_t len);

/** tg_buf_u8(buf, v), tg_buf_u64be(buf, v): Append one byte; append 8 bytes, most significant first. */
void tg_buf_u8(struct tg_buf *buf, uint8_t v);
void tg_buf_u64be(struct tg_buf *buf, uint64_t v);

/** tg_buf_status(buf): TG_OK or TG_ENOMEM. */
int tg_buf_status(const struct tg_buf *buf);

/** tg_buf_truncate(buf, len): Back to the first ${len} bytes, as before a failed append: to undo, in a buffer
 * that had not failed by then. */
void tg_buf_truncate(struct tg_buf *buf, size_t len);

/** tg_buf_reset(buf): Empty it, forget the error, keep the memory. */
void tg_buf_reset(struct tg_buf *buf);

/** tg_buf_free(buf): Release the memory and zero the struct. */
void tg_buf_free(struct tg_buf *buf);

#endif
