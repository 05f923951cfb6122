/* Goal: the module's arithmetic modulo the order of Ed25519's base point equals libsodium's, also where a
 * number is as long as it can be, a multiple of the order, or next to one. */
#include <check.h>
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

#define SCALAR crypto_core_ed25519_SCALARBYTES
#define WIDE   crypto_core_ed25519_NONREDUCEDSCALARBYTES
#define RANDOM 20000

void sc25519_reduce(unsigned char s[64]);
void sc25519_muladd(
    unsigned char s[32], const unsigned char a[32], const unsigned char b[32], const unsigned char c[32]);

/* RFC 8032 5.1 */
static const uint8_t order[SCALAR] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2,
    0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10};

static void
reduces(const uint8_t wide[WIDE])
{
	uint8_t expected[SCALAR], s[WIDE];

	crypto_core_ed25519_scalar_reduce(expected, wide);
	memcpy(s, wide, sizeof s);
	sc25519_reduce(s);
	ck_assert_mem_eq(s, expected, SCALAR);
}

static void
reduced(uint8_t out[SCALAR], const uint8_t s[SCALAR])
{
	uint8_t wide[WIDE] = {0};

	memcpy(wide, s, SCALAR);
	crypto_core_ed25519_scalar_reduce(out, wide);
}

static void
multiplies(const uint8_t a[SCALAR], const uint8_t b[SCALAR], const uint8_t c[SCALAR])
{
	uint8_t expected[SCALAR], factors[2][SCALAR], sum[SCALAR], s[SCALAR];

	reduced(factors[0], a);
	reduced(factors[1], b);
	reduced(sum, c);
	crypto_core_ed25519_scalar_mul(expected, factors[0], factors[1]);
	crypto_core_ed25519_scalar_add(expected, expected, sum);
	sc25519_muladd(s, a, b, c);
	ck_assert_mem_eq(s, expected, SCALAR);
}

/* Add ${number} times 2^(8 ${shift}); what overflows is dropped. */
static void
add_at(uint8_t wide[WIDE], const uint8_t *number, size_t len, size_t shift)
{
	unsigned sum = 0;

	for (size_t i = shift; i < WIDE; i++, sum >>= 8) {
		sum += wide[i] + (i - shift < len ? number[i - shift] : 0u);
		wide[i] = (uint8_t)sum;
	}
}

START_TEST(random_numbers)
{
	uint8_t wide[WIDE], abc[3][SCALAR];

	for (int i = 0; i < RANDOM; i++) {
		randombytes_buf(wide, sizeof wide);
		reduces(wide);
		randombytes_buf(abc, sizeof abc);
		multiplies(abc[0], abc[1], abc[2]);
	}
}
END_TEST

START_TEST(longest_numbers)
{
	uint8_t ones[WIDE], zero[WIDE] = {0};

	memset(ones, 0xff, sizeof ones);
	reduces(ones);
	reduces(zero);
	multiplies(ones, ones, ones);
	multiplies(ones, ones, zero);
	multiplies(zero, ones, ones);
	multiplies(order, ones, zero);
	multiplies(ones, order, order);
	for (size_t bit = 0; bit < 8 * WIDE; bit++) {
		uint8_t one[WIDE] = {0};

		one[bit / 8] = (uint8_t)(1 << bit % 8);
		reduces(one);
		if (bit >= 8 * SCALAR)
			continue;
		multiplies(one, one, one);
		multiplies(one, ones, one);
		multiplies(one, order, ones);
	}
}
END_TEST

START_TEST(multiples_of_the_order_and_their_neighbours)
{
	static const uint8_t one[] = {1};
	uint8_t minus_one[WIDE];

	memset(minus_one, 0xff, sizeof minus_one);
	for (size_t shift = 0; shift + SCALAR <= WIDE; shift++) {
		uint8_t wide[WIDE] = {0};

		for (int times = 1; times < 256; times++) {
			uint8_t above[WIDE], below[WIDE];

			add_at(wide, order, sizeof order, shift);
			memcpy(above, wide, sizeof above);
			add_at(above, one, sizeof one, 0);
			memcpy(below, wide, sizeof below);
			add_at(below, minus_one, sizeof minus_one, 0);
			reduces(wide);
			reduces(above);
			reduces(below);
		}
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("wasm/scalar");
	TCase *tc = tcase_create("scalar");

	if (sodium_init() < 0)
		return EXIT_FAILURE;
	suite_add_tcase(suite, tc);
	tcase_add_test(tc, random_numbers);
	tcase_add_test(tc, longest_numbers);
	tcase_add_test(tc, multiples_of_the_order_and_their_neighbours);
	return suite_run(suite);
}
