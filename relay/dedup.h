/*
 * dedup.h -- the ids of frames that were forwarded, each kept until its frame would be too old to be
 * accepted.
 *
 * The window saves traffic when clients publish one frame over several paths; receivers drop replays
 * themselves.  Memory is fixed at init: a number of slots, each holding one id.  When all are taken the
 * answer is "full" and no id is forgotten early, because forgetting would let a recorded frame pass again.
 * Memory that was never used is never touched, so an idle relay does not pay for the window.
 */
#ifndef TG_RELAY_DEDUP_H
#define TG_RELAY_DEDUP_H

#include <stddef.h>
#include <stdint.h>

#include "wire/frame.h"

/* An id can be asked to live this long at most: a main frame stamped at the far end of its allowed future. */
#define TG_DEDUP_MAX_AGE_S 1300u

struct tg_dedup;

/**
 * tg_dedup_new(slots, seed, now_s):
 * A window of ${slots} (1 .. 2^30) ids; ${seed} (16 bytes) keys its hash, so that senders cannot choose ids
 * that collide.  ${now_s} counts seconds of any clock that never goes back.  NULL without memory.
 */
struct tg_dedup *tg_dedup_new(uint32_t slots, const uint8_t seed[16], uint64_t now_s);

/** tg_dedup_free(dedup): NULL does nothing. */
void tg_dedup_free(struct tg_dedup *dedup);

/** tg_dedup_has(dedup, id): 1 when ${id} is in the window.  O(1). */
int tg_dedup_has(const struct tg_dedup *dedup, const struct tg_frame_id *id);

/** tg_dedup_full(dedup): 1 when every slot is taken. */
int tg_dedup_full(const struct tg_dedup *dedup);

/**
 * tg_dedup_put(dedup, id, until_s):
 * Remember ${id}, which must not be in the window, up to and including second ${until_s} (cut to
 * TG_DEDUP_MAX_AGE_S from the last tick).  The window must not be full.  O(1).
 */
void tg_dedup_put(struct tg_dedup *dedup, const struct tg_frame_id *id, uint64_t until_s);

/**
 * tg_dedup_tick(dedup, now_s, budget):
 * Forget what was kept until before ${now_s}, at most ${budget} ids in this call, so that a second in which
 * many expire does not hold up the loop.  Returns 1 when there is more to forget at once, else 0.
 */
int tg_dedup_tick(struct tg_dedup *dedup, uint64_t now_s, uint32_t budget);

/** tg_dedup_count(dedup): Ids held. */
uint32_t tg_dedup_count(const struct tg_dedup *dedup);

#endif
