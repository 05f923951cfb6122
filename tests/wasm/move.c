/* The module's memcpy, memmove and memset move exactly the bytes asked for, for every short length and
 * distance. */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

#define LENGTHS 300 /* on both sides of where the engine's instruction takes over */
#define SHIFTS	20
#define ROOM	(LENGTHS + 2 * SHIFTS + 16)

void *wasm_memcpy(void *restrict to, const void *restrict from, size_t len);
void *wasm_memmove(void *to, const void *from, size_t len);
void *wasm_memset(void *to, int byte, size_t len);

static void
number(uint8_t *bytes)
{
	for (size_t i = 0; i < ROOM; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
}

START_TEST(copies)
{
	uint8_t from[ROOM], to[ROOM], expected[ROOM];

	number(from);
	for (size_t len = 0; len < LENGTHS; len++)
		for (size_t shift = 0; shift < 9; shift++) {
			memset(to, 0xee, sizeof to);
			memset(expected, 0xee, sizeof expected);
			for (size_t i = 0; i < len; i++)
				expected[shift + i] = from[2 * shift + i];
			ck_assert_ptr_eq(wasm_memcpy(to + shift, from + 2 * shift, len), to + shift);
			ck_assert_mem_eq(to, expected, ROOM);
		}
}
END_TEST

START_TEST(moves_over_itself)
{
	uint8_t bytes[ROOM], before[ROOM], expected[ROOM];

	number(before);
	for (size_t len = 0; len < LENGTHS; len++)
		for (int shift = -SHIFTS; shift <= SHIFTS; shift++) {
			uint8_t *to = bytes + SHIFTS + shift;

			memcpy(bytes, before, ROOM);
			memcpy(expected, before, ROOM);
			for (size_t i = 0; i < len; i++)
				expected[(size_t)(SHIFTS + shift) + i] = before[SHIFTS + i];
			ck_assert_ptr_eq(wasm_memmove(to, bytes + SHIFTS, len), to);
			ck_assert_mem_eq(bytes, expected, ROOM);
		}
}
END_TEST

START_TEST(fills)
{
	uint8_t bytes[ROOM], expected[ROOM];

	for (size_t len = 0; len < LENGTHS; len++)
		for (size_t shift = 0; shift < 9; shift++) {
			number(bytes);
			number(expected);
			for (size_t i = 0; i < len; i++)
				expected[shift + i] = 0xa5;
			ck_assert_ptr_eq(wasm_memset(bytes + shift, 0x1a5, len), bytes + shift);
			ck_assert_mem_eq(bytes, expected, ROOM);
		}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("wasm/move");
	TCase *tc = tcase_create("move");

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, copies);
	tcase_add_test(tc, moves_over_itself);
	tcase_add_test(tc, fills);
	return suite_run(suite);
}
