/*
 * bucket.h -- token buckets: a steady rate with a burst, eight bytes each, no timer.
 *
 * A bucket fills by what time has passed when somebody looks at it.  Zeroed memory is an uninitialised
 * bucket: give it to tg_bucket_fill() first.
 */
#ifndef TG_RELAY_BUCKET_H
#define TG_RELAY_BUCKET_H

#include <stdint.h>

struct tg_rate {
	uint32_t per_s; /* tokens a second; 0: no limit */
	uint32_t burst; /* the most a bucket holds, <= TG_BURST_MAX */
};

#define TG_BURST_MAX 4000000u

struct tg_bucket {
	uint32_t level; /* in thousandths of a token, <= burst * 1000 */
	uint32_t at_ms; /* up to when the level is counted; wraps every 49 days, which only delays a refill */
};

/** tg_bucket_fill(bucket, rate, now_ms): Start full. */
void tg_bucket_fill(struct tg_bucket *bucket, const struct tg_rate *rate, uint32_t now_ms);

/** tg_bucket_has(bucket, rate, now_ms, cost): Count what time brought; 1 when ${cost} tokens are there. */
int tg_bucket_has(struct tg_bucket *bucket, const struct tg_rate *rate, uint32_t now_ms, uint32_t cost);

/** tg_bucket_take(bucket, rate, cost): Take what tg_bucket_has() just found. */
void tg_bucket_take(struct tg_bucket *bucket, const struct tg_rate *rate, uint32_t cost);

#endif
