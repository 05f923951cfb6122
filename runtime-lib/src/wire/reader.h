/*
 * reader.h -- a strict, sequential msgpack reader with a sticky error.
 *
 * It accepts exactly the subset that protocol.md section 2 allows, in exactly the form our writer produces:
 * shortest-form unsigned and negative integers, bool, nil, str (valid UTF-8), bin, array.  Floats, maps and
 * ext types are refused.  Nothing is allocated; byte strings are borrowed from the input.
 *
 * Read straight through and check tg_reader_status() once before using any value; after an error every call
 * returns zero values.  Loops must still test the status each turn, and array counts are bounded by the
 * caller's limit and by the bytes that are left, so a five-byte header cannot ask for four billion
 * iterations.
 *
 * (msgpack-c's unpacker is not used on hostile input: it takes longer forms than needed, so two encodings of
 * one value would hash differently, and it allocates by the count in an array's header.  Tests compare the
 * two.)
 */
#ifndef TG_WIRE_READER_H
#define TG_WIRE_READER_H

#include <stddef.h>
#include <stdint.h>

#include <toygrid/bytes.h> /* what the reader lends is borrowed from its input */

#define TG_READER_MAX_DEPTH 8

struct tg_reader {
	const uint8_t *data;
	size_t len;
	size_t at;
	int status;
};

/** tg_reader_init(r, data, len): Start at the first byte.  ${data} must outlive everything borrowed from it.
 */
void tg_reader_init(struct tg_reader *r, const void *data, size_t len);

/** tg_reader_status(r): TG_OK, TG_ETRUNCATED, TG_EFORMAT, TG_ETOOBIG or what tg_reader_fail set. */
int tg_reader_status(const struct tg_reader *r);

/** tg_reader_fail(r, status): Make ${status} the sticky error unless there is one already. */
void tg_reader_fail(struct tg_reader *r, int status);

/** tg_reader_end(r): Fail with TG_EFORMAT if bytes are left, then return the status. */
int tg_reader_end(struct tg_reader *r);

/** tg_read_uint(r, max): An unsigned integer <= ${max} (else TG_ETOOBIG). */
uint64_t tg_read_uint(struct tg_reader *r, uint64_t max);

/** tg_read_int(r): A signed integer. */
int64_t tg_read_int(struct tg_reader *r);

/** tg_read_bool(r): 0 or 1. */
int tg_read_bool(struct tg_reader *r);

/** tg_read_nil(r): 1 and move past it when the next value is nil, else 0 and stay.  Never sets an error. */
int tg_read_nil(struct tg_reader *r);

/** tg_read_array(r, min, max): An array header's count within [min, max]; its elements follow. */
uint32_t tg_read_array(struct tg_reader *r, uint32_t min, uint32_t max);

/** tg_read_bin(r, max), tg_read_str(r, max): Borrowed bytes, at most ${max}; str is valid UTF-8. */
struct tg_bytes tg_read_bin(struct tg_reader *r, size_t max);
struct tg_bytes tg_read_str(struct tg_reader *r, size_t max);

/** tg_read_fixed(r, out, len): A bin of exactly ${len} bytes, copied out; zeroes on error. */
void tg_read_fixed(struct tg_reader *r, void *out, size_t len);

/** tg_read_skip(r): Pass over one value of any kind, nested to TG_READER_MAX_DEPTH; borrowed bytes of it. */
struct tg_bytes tg_read_skip(struct tg_reader *r);

#endif
