/*
 * move.c -- memcpy, memmove and memset, smaller than the C library's and faster: short ones by eight bytes,
 * long ones by the engine's own instructions.
 *
 * Built with -fno-builtin, or the compiler would make calls of these functions out of their loops, and with
 * -mbulk-memory, which the rest does without: a short memory.copy costs a call into the engine.
 */
#include <stdint.h>
#include <string.h>

#define LONG_BYTES 128 /* from here on that call is worth it */

/* Loads and stores of 8 bytes at any address. */
typedef uint64_t __attribute__((aligned(1), may_alias)) word;

void *
memcpy(void *restrict to, const void *restrict from, size_t len)
{
	const uint8_t *s = from;
	uint8_t *d = to;

	if (len >= LONG_BYTES)
		return __builtin_memcpy(to, from, len);
	for (; len >= 8; len -= 8, d += 8, s += 8)
		*(word *)d = *(const word *)s;
	while (len-- > 0)
		*d++ = *s++;
	return to;
}

void *
memmove(void *to, const void *from, size_t len)
{
	const uint8_t *s = from;
	uint8_t *d = to;

	if (len >= LONG_BYTES)
		return __builtin_memmove(to, from, len);
	if ((uintptr_t)d - (uintptr_t)s >= len)
		return memcpy(to, from, len);
	for (; len >= 8; len -= 8)
		*(word *)(d + len - 8) = *(const word *)(s + len - 8);
	while (len-- > 0)
		d[len] = s[len];
	return to;
}

void *
memset(void *to, int byte, size_t len)
{
	uint64_t all = (uint8_t)byte * UINT64_C(0x0101010101010101);
	uint8_t *d = to;

	if (len >= LONG_BYTES)
		return __builtin_memset(to, byte, len);
	for (; len >= 8; len -= 8, d += 8)
		*(word *)d = all;
	while (len-- > 0)
		*d++ = (uint8_t)byte;
	return to;
}
