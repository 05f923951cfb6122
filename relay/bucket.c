#include "bucket.h"

/* Thousandths of a token: a rate per second times milliseconds is exact, nothing is lost to rounding. */
#define UNIT 1000u

_Static_assert((uint64_t)TG_BURST_MAX *UNIT <= UINT32_MAX, "a full bucket fits its field");

void
tg_bucket_fill(struct tg_bucket *bucket, const struct tg_rate *rate, uint32_t now_ms)
{
	bucket->level = rate->burst * UNIT;
	bucket->at_ms = now_ms;
}

int
tg_bucket_has(struct tg_bucket *bucket, const struct tg_rate *rate, uint32_t now_ms, uint32_t cost)
{
	uint32_t passed = now_ms - bucket->at_ms;
	uint64_t gain, full = (uint64_t)rate->burst * UNIT;

	if (rate->per_s == 0)
		return 1;
	gain = (uint64_t)passed * rate->per_s;
	bucket->level = bucket->level + gain >= full ? (uint32_t)full : bucket->level + (uint32_t)gain;
	bucket->at_ms = now_ms;
	/* What costs more than a full bucket passes with a full one, or it could never pass. */
	return bucket->level >= (uint64_t)cost * UNIT || bucket->level == full;
}

void
tg_bucket_take(struct tg_bucket *bucket, const struct tg_rate *rate, uint32_t cost)
{
	uint64_t take = (uint64_t)cost * UNIT;

	if (rate->per_s == 0)
		return;
	bucket->level = take >= bucket->level ? 0 : bucket->level - (uint32_t)take;
}
