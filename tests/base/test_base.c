/*
 * Bytes, memory, numbers and text: the ground everything else stands on.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/varint.h"
#include "suite.h"

START_TEST(a_buffer_grows_and_keeps_what_was_put)
{
	struct tg_buf b = {0};
	uint8_t *p;

	for (unsigned i = 0; i < 10000; i++)
		tg_buf_u8(&b, (uint8_t)i);
	ck_assert_int_eq(tg_buf_status(&b), TG_OK);
	ck_assert_uint_eq(b.len, 10000);
	for (unsigned i = 0; i < 10000; i++)
		ck_assert_uint_eq(b.data[i], (uint8_t)i);
	tg_buf_reset(&b);
	tg_buf_u64be(&b, 0x0102030405060708);
	ck_assert_mem_eq(b.data, "\1\2\3\4\5\6\7\10", 8);
	tg_buf_put(&b, NULL, 0);
	ck_assert_ptr_nonnull(p = tg_buf_space(&b, 3));
	memcpy(p, "abc", 3);
	ck_assert_uint_eq(b.len, 11);
	tg_buf_free(&b);
	ck_assert_ptr_null(b.data);
	ck_assert_uint_eq(b.cap, 0);
}
END_TEST

START_TEST(a_failed_allocation_sticks_until_reset)
{
	struct tg_buf b = {0};

	tg_buf_put(&b, "12345678", 8);
	tg_mem_fail_after(0);
	tg_buf_put(&b, "9", 1);
	tg_mem_fail_after(-1);
	ck_assert_int_eq(tg_buf_status(&b), TG_ENOMEM);
	tg_buf_put(&b, "9", 1);
	ck_assert_ptr_null(tg_buf_space(&b, 1));
	ck_assert_uint_eq(b.len, 8);
	tg_buf_reset(&b);
	ck_assert_int_eq(tg_buf_status(&b), TG_OK);
	tg_buf_put(&b, "9", 1);
	ck_assert_uint_eq(b.len, 1);
	/* A length that cannot be is a failed allocation, not an overflow. */
	ck_assert_ptr_null(tg_buf_space(&b, SIZE_MAX));
	ck_assert_int_eq(tg_buf_status(&b), TG_ENOMEM);
	tg_buf_free(&b);
}
END_TEST

START_TEST(the_nth_allocation_fails_and_all_after_it)
{
	void *p;

	tg_mem_fail_after(2);
	p = tg_malloc(1);
	ck_assert_ptr_nonnull(p);
	p = tg_realloc(p, 2);
	ck_assert_ptr_nonnull(p);
	ck_assert_ptr_null(tg_calloc(1, 1));
	ck_assert_ptr_null(tg_realloc(p, 3));
	ck_assert_ptr_null(tg_malloc(1));
	ck_assert_int_eq(tg_mem_fail_after(-1), 5);
	tg_free(p);
	tg_free(NULL);
}
END_TEST

START_TEST(growing_doubles_and_refuses_what_overflows)
{
	void *array = NULL;
	size_t cap = 0;

	ck_assert_int_eq(tg_mem_grow(&array, &cap, 1, 4), TG_OK);
	ck_assert_uint_eq(cap, 8);
	ck_assert_int_eq(tg_mem_grow(&array, &cap, 9, 4), TG_OK);
	ck_assert_uint_eq(cap, 16);
	ck_assert_int_eq(tg_mem_grow(&array, &cap, SIZE_MAX, 1), TG_ENOMEM);
	ck_assert_int_eq(tg_mem_grow(&array, &cap, SIZE_MAX / 4, 8), TG_ENOMEM);
	ck_assert_uint_eq(cap, 16);
	tg_free(array);
}
END_TEST

START_TEST(numbers_come_back_from_their_one_encoding)
{
	for (int shift = 0; shift < 64; shift++)
		for (int d = -2; d <= 2; d++) {
			uint64_t v = ((uint64_t)1 << shift) + (uint64_t)d, back;
			struct tg_buf b = {0};
			uint8_t longer[TG_VARINT_MAX_BYTES + 1];

			tg_varint_put(&b, v);
			ck_assert_uint_eq(tg_varint_get(b.data, b.len, &back), b.len);
			ck_assert_uint_eq(back, v);
			for (size_t n = 0; n < b.len; n++)
				ck_assert_uint_eq(tg_varint_get(b.data, n, &back), 0); /* cut */
			memcpy(longer, b.data, b.len);
			longer[b.len - 1] |= 0x80;
			longer[b.len] = 0;
			ck_assert_uint_eq(tg_varint_get(longer, b.len + 1, &back), 0); /* not the shortest */
			ck_assert_uint_eq(back, 0);
			ck_assert_int_eq(tg_unzigzag(tg_zigzag((int64_t)v)), (int64_t)v);
			tg_buf_free(&b);
		}
	ck_assert_uint_eq(tg_zigzag(0), 0);
	ck_assert_uint_eq(tg_zigzag(-1), 1);
	ck_assert_uint_eq(tg_zigzag(1), 2);
	ck_assert_uint_eq(tg_zigzag(INT64_MIN), UINT64_MAX);
}
END_TEST

START_TEST(more_than_64_bits_are_refused)
{
	static const uint8_t most[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};
	static const uint8_t over[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02};
	static const uint8_t endless[] = {
	    0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01};
	uint64_t v;

	ck_assert_uint_eq(tg_varint_get(most, sizeof most, &v), 10);
	ck_assert_uint_eq(v, UINT64_MAX);
	ck_assert_uint_eq(tg_varint_get(over, sizeof over, &v), 0);
	ck_assert_uint_eq(tg_varint_get(endless, sizeof endless, &v), 0);
}
END_TEST

/* Encode a scalar value the plain way (RFC 3629 section 3). */
static size_t
encode(uint32_t cp, uint8_t out[4])
{
	if (cp < 0x80) {
		out[0] = (uint8_t)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (uint8_t)(0xc0 | cp >> 6);
		out[1] = (uint8_t)(0x80 | (cp & 63));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (uint8_t)(0xe0 | cp >> 12);
		out[1] = (uint8_t)(0x80 | (cp >> 6 & 63));
		out[2] = (uint8_t)(0x80 | (cp & 63));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | cp >> 18);
	out[1] = (uint8_t)(0x80 | (cp >> 12 & 63));
	out[2] = (uint8_t)(0x80 | (cp >> 6 & 63));
	out[3] = (uint8_t)(0x80 | (cp & 63));
	return 4;
}

/* All sequences of two and three bytes, and the edges of four: valid exactly when an encoder made them. */
START_TEST(utf8_is_valid_exactly_when_it_encodes_scalar_values)
{
	static uint8_t valid3[1 << 24], valid2[1 << 16];
	uint8_t b[4];
	size_t n, count;

	memset(valid3, 0, sizeof valid3);
	memset(valid2, 0, sizeof valid2);
	for (uint32_t cp = 0; cp < 0x110000; cp++) {
		if (cp >= 0xd800 && cp <= 0xdfff)
			continue;
		n = encode(cp, b);
		if (tg_utf8_count(b, n, &count) != TG_OK || count != 1)
			ck_abort_msg("U+%04X", cp);
		if (n == 2)
			valid2[b[0] << 8 | b[1]] = 1;
		if (n == 3)
			valid3[b[0] << 16 | b[1] << 8 | b[2]] = 1;
	}
	for (uint32_t v = 0x8000; v < 1 << 16; v++) {
		b[0] = (uint8_t)(v >> 8);
		b[1] = (uint8_t)v;
		ck_assert_int_eq(tg_utf8_count(b, 2, &count) == TG_OK, valid2[v]);
	}
	for (uint32_t v = 0xe00000; v < 1 << 24; v++) {
		b[0] = (uint8_t)(v >> 16);
		b[1] = (uint8_t)(v >> 8);
		b[2] = (uint8_t)v;
		if ((tg_utf8_count(b, 3, &count) == TG_OK) != valid3[v])
			ck_abort_msg("%06x", v);
	}
	ck_assert_int_eq(tg_utf8_count((const uint8_t *)"\xf4\x90\x80\x80", 4, &count), TG_EFORMAT);
	ck_assert_int_eq(tg_utf8_count((const uint8_t *)"\xf0\x8f\xbf\xbf", 4, &count), TG_EFORMAT);
	ck_assert_int_eq(tg_utf8_count((const uint8_t *)"\xf5\x80\x80\x80", 4, &count), TG_EFORMAT);
	ck_assert_int_eq(
	    tg_utf8_count((const uint8_t *)"a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 10, &count), TG_OK);
	ck_assert_uint_eq(count, 4);
	ck_assert_int_eq(tg_utf8_count(NULL, 0, &count), TG_OK);
	ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(every_status_has_a_name_and_a_text)
{
	ck_assert_str_eq(tg_status_name(TG_OK), "TG_OK");
	ck_assert_str_eq(tg_status_name(TG_EPARENT), "TG_EPARENT");
	ck_assert_str_eq(tg_status_name(9999), "TG_E?");
	ck_assert_str_eq(tg_status_text(-1), "unknown status");
#define X(name, number, text)                                                                                \
	ck_assert_str_eq(tg_status_name(number), #name);                                                     \
	ck_assert_uint_gt(strlen(tg_status_text(name)), 0);
	TG_STATUS_MAP(X)
#undef X
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("base");
	TCase *tc = tcase_create("base");

	tcase_add_test(tc, a_buffer_grows_and_keeps_what_was_put);
	tcase_add_test(tc, a_failed_allocation_sticks_until_reset);
	tcase_add_test(tc, the_nth_allocation_fails_and_all_after_it);
	tcase_add_test(tc, growing_doubles_and_refuses_what_overflows);
	tcase_add_test(tc, numbers_come_back_from_their_one_encoding);
	tcase_add_test(tc, more_than_64_bits_are_refused);
	tcase_add_test(tc, utf8_is_valid_exactly_when_it_encodes_scalar_values);
	tcase_add_test(tc, every_status_has_a_name_and_a_text);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
