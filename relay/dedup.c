/*
 * Slots live in one array and are linked by index in two ways: along a hash bucket, to be found, and along
 * the second in which they expire, to be forgotten.  A wheel of seconds covers the longest life.
 *
 *   buckets[hash(id)] -> slot -> slot          wheel[second % WHEEL] -> slot -> slot
 *
 * Free slots are those never used (from `fresh` on) and a list of used ones.
 */
#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "base/mem.h"
#include "dedup.h"

#define WHEEL	2048u /* seconds; a power of two above TG_DEDUP_MAX_AGE_S */
#define NO_SLOT 0u    /* indexes are stored plus one, so that zeroed memory means "none" */

_Static_assert(WHEEL > TG_DEDUP_MAX_AGE_S + 1, "an expiry second must not meet its own next round");

struct slot {
	struct tg_frame_id id;
	uint32_t next_in_bucket;
	uint32_t next_in_second; /* also links the free list */
};

struct tg_dedup {
	struct slot *slots;
	uint32_t *buckets;
	uint32_t bucket_mask;
	uint32_t slot_count;
	uint32_t fresh; /* slots[fresh ..] were never used */
	uint32_t free;
	uint32_t count;
	uint64_t done_s; /* every second up to and including this one has been forgotten */
	uint8_t seed[16];
	uint32_t wheel[WHEEL];
};

_Static_assert(crypto_shorthash_KEYBYTES == 16, "seed size");

static uint32_t
bucket_of(const struct tg_dedup *d, const struct tg_frame_id *id)
{
	uint8_t h[crypto_shorthash_BYTES];
	uint32_t v;

	crypto_shorthash(h, id->b, sizeof id->b, d->seed);
	memcpy(&v, h, sizeof v);
	return v & d->bucket_mask;
}

struct tg_dedup *
tg_dedup_new(uint32_t slots, const uint8_t seed[16], uint64_t now_s)
{
	struct tg_dedup *d;
	uint32_t buckets = 16;

	while (buckets < slots)
		buckets *= 2;
	if ((d = tg_calloc(1, sizeof *d)) == NULL)
		return NULL;
	/* calloc of this size maps zero pages; they become memory when a slot is first used. */
	d->slots = tg_calloc(slots, sizeof *d->slots);
	d->buckets = tg_calloc(buckets, sizeof *d->buckets);
	if (d->slots == NULL || d->buckets == NULL) {
		tg_dedup_free(d);
		return NULL;
	}
	d->bucket_mask = buckets - 1;
	d->slot_count = slots;
	d->done_s = now_s == 0 ? 0 : now_s - 1;
	memcpy(d->seed, seed, sizeof d->seed);
	return d;
}

void
tg_dedup_free(struct tg_dedup *dedup)
{
	if (dedup == NULL)
		return;
	tg_free(dedup->slots);
	tg_free(dedup->buckets);
	tg_free(dedup);
}

int
tg_dedup_has(const struct tg_dedup *dedup, const struct tg_frame_id *id)
{
	uint32_t i = dedup->buckets[bucket_of(dedup, id)];

	for (; i != NO_SLOT; i = dedup->slots[i - 1].next_in_bucket)
		if (memcmp(&dedup->slots[i - 1].id, id, sizeof *id) == 0)
			return 1;
	return 0;
}

int
tg_dedup_full(const struct tg_dedup *dedup)
{
	return dedup->free == NO_SLOT && dedup->fresh == dedup->slot_count;
}

void
tg_dedup_put(struct tg_dedup *dedup, const struct tg_frame_id *id, uint64_t until_s)
{
	uint32_t *bucket = &dedup->buckets[bucket_of(dedup, id)], *second;
	struct slot *s;
	uint32_t i;

	if (until_s > dedup->done_s + TG_DEDUP_MAX_AGE_S)
		until_s = dedup->done_s + TG_DEDUP_MAX_AGE_S;
	if (until_s <= dedup->done_s)
		until_s = dedup->done_s + 1;
	if (dedup->free != NO_SLOT) {
		i = dedup->free;
		dedup->free = dedup->slots[i - 1].next_in_second;
	} else {
		assert(dedup->fresh < dedup->slot_count);
		i = ++dedup->fresh;
	}
	second = &dedup->wheel[until_s % WHEEL];
	s = &dedup->slots[i - 1];
	s->id = *id;
	s->next_in_bucket = *bucket;
	*bucket = i;
	s->next_in_second = *second;
	*second = i;
	dedup->count++;
}

static void
unlink_from_bucket(struct tg_dedup *d, uint32_t i)
{
	uint32_t *link = &d->buckets[bucket_of(d, &d->slots[i - 1].id)];

	while (*link != i)
		link = &d->slots[*link - 1].next_in_bucket;
	*link = d->slots[i - 1].next_in_bucket;
}

int
tg_dedup_tick(struct tg_dedup *dedup, uint64_t now_s, uint32_t budget)
{
	while (dedup->done_s + 1 < now_s) {
		uint32_t *second = &dedup->wheel[(dedup->done_s + 1) % WHEEL];

		while (*second != NO_SLOT) {
			uint32_t i = *second;

			if (budget == 0)
				return 1;
			budget--;
			*second = dedup->slots[i - 1].next_in_second;
			unlink_from_bucket(dedup, i);
			dedup->slots[i - 1].next_in_second = dedup->free;
			dedup->free = i;
			dedup->count--;
		}
		/* With nothing held there is nothing to walk past: a process that was stopped for a day. */
		dedup->done_s = dedup->count == 0 ? now_s - 1 : dedup->done_s + 1;
	}
	return 0;
}

uint32_t
tg_dedup_count(const struct tg_dedup *dedup)
{
	return dedup->count;
}
