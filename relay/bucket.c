#include "bucket.h"

#define UNIT 256u /* levels are counted in 1/256 tokens, so that slow rates add up */

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
	gain = (uint64_t)passed * rate->per_s * UNIT / 1000;
	if (bucket->level + gain >= full) {
		bucket->level = (uint32_t)full;
		bucket->at_ms = now_ms;
	} else if (gain > 0) {
		bucket->level += (uint32_t)gain;
		/* Only the time that became tokens is used up; the rest of a unit is not lost to rounding. */
		bucket->at_ms += (uint32_t)(gain * 1000 / ((uint64_t)rate->per_s * UNIT));
	}
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
