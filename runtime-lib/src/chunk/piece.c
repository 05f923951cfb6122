/*
 * Content-defined cutting with a gear hash (Xia et al., "FastCDC", USENIX ATC 2016, without its
 * normalisation, which our sizes do not need).  Each byte shifts the hash left by one and adds that byte's
 * random number, so the hash depends on the last 64 bytes alone: after an insertion, cuts fall into their old
 * places again as soon as 64 bytes agree.  A cut is where the top bits are zero.  The table is fixed for
 * ever: another one would cut the same file differently, and nothing would be shared any more.  It is
 * computed, not written down: splitmix64 from state 0.
 */
#include <toygrid/chunk.h>

/* On average one position in 2^16 - and TG_PIECE_MIN before the first - makes pieces of about 80 KiB at most.
 */
#define CUT_MASK 0xffff000000000000u

_Static_assert(TG_PIECE_AVG == 1u << 16, "the mask has as many bits as the average says");

static uint64_t
gear(uint8_t byte)
{
	uint64_t z = (byte + (uint64_t)1) * 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

size_t
tg_piece_cut(const uint8_t *data, size_t len, int last)
{
	size_t end = len < TG_PIECE_MAX ? len : TG_PIECE_MAX;
	uint64_t hash = 0;

	/* The window must be full at the first place where a cut may fall. */
	for (size_t i = TG_PIECE_MIN - 64; i < end; i++) {
		hash = (hash << 1) + gear(data[i]);
		if (i + 1 >= TG_PIECE_MIN && (hash & CUT_MASK) == 0)
			return i + 1;
	}
	return end == TG_PIECE_MAX || last ? end : 0;
}
