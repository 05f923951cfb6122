/*
 * scalar.c -- arithmetic modulo the order of Ed25519's base point, in loops.  libsodium has it written out,
 * six kilobytes of code that a first visit would pay for; a signature takes three of these calls, a few
 * microseconds.
 *
 * The order is L = 2^252 + D with D < 2^125 (RFC 8032 5.1).  A number is kept in limbs of 28 bits, because
 * then 2^252 is exactly what stands behind the ninth limb.  Reduction takes the limbs of a long number from
 * the top: x becomes 2^28 x + limb; with q for what that pushes out of the nine limbs and r for what stays in
 * them, it is q 2^252 + r, and becomes r - q D.
 *
 * That keeps -2^153 < x < L.  If x was not negative, 0 <= q <= 2^28, and r - q D is below 2^252 and above
 * -2^153. If it was, q is -1, as 2^28 x > -2^252, and r + D is below L.  So one addition of L at the end is
 * enough.
 *
 * Scalars are secrets: no branch and no address depends on them, and what of them was on the stack is wiped.
 */
#include <stdint.h>
#include <string.h>

#include <sodium/utils.h>

void sc25519_reduce(unsigned char s[64]);
void sc25519_muladd(
    unsigned char s[32], const unsigned char a[32], const unsigned char b[32], const unsigned char c[32]);

#define LIMB_BITS     28
#define LIMB_NIBBLES  7
#define REDUCED_LIMBS 9
#define FACTOR_LIMBS  10 /* of 32 bytes */
#define LONG_LIMBS    19 /* of 64 bytes, and the columns of a product of two times 32 */

/* D */
static const int64_t order_low[] = {0xcf5d3ed, 0x12631a5, 0x79cd658, 0xf9dea2f, 0x14de};

#define ORDER_LOW_LIMBS (sizeof order_low / sizeof order_low[0])

/* Add what ${len} little-endian bytes say to ${limbs}. */
static void
add_bytes(int64_t *limbs, const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < 2 * len; i++)
		limbs[i / LIMB_NIBBLES] += (int64_t)(bytes[i / 2] >> 4 * (i % 2) & 15)
					   << 4 * (i % LIMB_NIBBLES);
}

/* Make all limbs but the last, which has the sign, 28 bits of a number again. */
static void
carry(int64_t *limbs, size_t count)
{
	for (size_t i = 0; i + 1 < count; i++) {
		limbs[i + 1] += limbs[i] >> LIMB_BITS;
		limbs[i] &= (1 << LIMB_BITS) - 1;
	}
}

/* x += factor D */
static void
add_order_low(int64_t x[REDUCED_LIMBS], int64_t factor)
{
	for (size_t i = 0; i < ORDER_LOW_LIMBS; i++)
		x[i] += factor * order_low[i];
	carry(x, REDUCED_LIMBS);
}

/* s = the number in ${limbs}, which are positive and not carried yet, mod L; they are wiped. */
static void
reduce(int64_t limbs[LONG_LIMBS], unsigned char s[32])
{
	int64_t x[REDUCED_LIMBS] = {0}, *top = &x[REDUCED_LIMBS - 1], negative;

	carry(limbs, LONG_LIMBS);
	for (size_t i = LONG_LIMBS; i-- > 0;) {
		int64_t q = *top;

		memmove(x + 1, x, sizeof x - sizeof *x);
		x[0] = limbs[i];
		add_order_low(x, -q);
	}
	negative = *top >> 63 & 1;
	*top += negative << LIMB_BITS;
	add_order_low(x, negative);
	memset(s, 0, 32);
	for (size_t i = 0; i < REDUCED_LIMBS * LIMB_NIBBLES; i++)
		s[i / 2] |=
		    (unsigned char)((x[i / LIMB_NIBBLES] >> 4 * (i % LIMB_NIBBLES) & 15) << 4 * (i % 2));
	s[31] |= (unsigned char)(*top >> LIMB_BITS << 4);
	sodium_memzero(x, sizeof x);
	sodium_memzero(limbs, LONG_LIMBS * sizeof *limbs);
}

/* s[0 .. 32) = s[0 .. 64) mod L */
void
sc25519_reduce(unsigned char s[64])
{
	int64_t limbs[LONG_LIMBS] = {0};

	add_bytes(limbs, s, 64);
	reduce(limbs, s);
}

/* s = a b + c mod L */
void
sc25519_muladd(
    unsigned char s[32], const unsigned char a[32], const unsigned char b[32], const unsigned char c[32])
{
	int64_t p[FACTOR_LIMBS] = {0}, q[FACTOR_LIMBS] = {0}, limbs[LONG_LIMBS] = {0};

	add_bytes(p, a, 32);
	add_bytes(q, b, 32);
	add_bytes(limbs, c, 32);
	for (size_t i = 0; i < FACTOR_LIMBS; i++)
		for (size_t k = 0; k < FACTOR_LIMBS; k++)
			limbs[i + k] += p[i] * q[k];
	sodium_memzero(p, sizeof p);
	sodium_memzero(q, sizeof q);
	reduce(limbs, s);
}
