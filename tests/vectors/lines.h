/* lines.h -- writing the lines of a vectors file. */
#ifndef TESTS_VECTORS_LINES_H
#define TESTS_VECTORS_LINES_H

#include <stddef.h>
#include <stdint.h>

#include <toygrid/crypto.h>

#include "base/buf.h"

void line_text(struct tg_buf *out, const char *text); /* as it is */
void line_begin(struct tg_buf *out, const char *name);
void line_hex(struct tg_buf *out, const void *data, size_t len);
void line_uint(struct tg_buf *out, uint64_t v);
void line_end(struct tg_buf *out);

/** line_one(out, name, data, len): A whole line with one value. */
void line_one(struct tg_buf *out, const char *name, const void *data, size_t len);

/** vector_need(ok): Abort when ${ok} is 0: a vector that cannot be computed. */
void vector_need(int ok);

/** vector_secret(fill, out): 32 times the byte ${fill}. */
void vector_secret(uint8_t fill, struct tg_secret *out);

#endif
