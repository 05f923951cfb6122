/* hex.h -- bytes written as hexadecimal text, for vectors in tests. */
#ifndef TEST_HEX_H
#define TEST_HEX_H

#include <check.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/** hex(text, out, cap): The bytes of ${text}; returns how many. */
static inline size_t
hex(const char *text, uint8_t *out, size_t cap)
{
	size_t n = strlen(text) / 2;
	unsigned byte;

	ck_assert_uint_le(n, cap);
	for (size_t i = 0; i < n; i++) {
		ck_assert_int_eq(sscanf(text + 2 * i, "%2x", &byte), 1);
		out[i] = (uint8_t)byte;
	}
	return n;
}

/** ck_assert_hex(bytes, text): The bytes at ${bytes} are those that ${text} says. */
#define ck_assert_hex(bytes, text)                                                                           \
	do {                                                                                                 \
		uint8_t want_[512];                                                                          \
		size_t n_ = hex(text, want_, sizeof want_);                                                  \
		ck_assert_mem_eq(bytes, want_, n_);                                                          \
	} while (0)

#endif
