/*
 * siblings.h -- who else was inserted at one place, in order, so that a crowd can be searched.
 *
 * Items that people who did not know of each other inserted at one place are children of one item (Fugue): on
 * its LEFT when the text they stood in had it right behind where they wrote and it was itself written there
 * (its left origin is theirs), else on the RIGHT of the item they wrote behind.  Their order is fixed: on the
 * left by (agent, seq); on the right who reaches further right first, then by (agent, seq).
 *
 * Mostly there are none or two, and the walker looks at them in the sequence.  When it had to look at more
 * than TG_SIBLINGS_SCAN runs it makes an index of that group here, which later inserts keep up: binary search
 * over pieces of some hundred names.
 */
#ifndef TG_TEXT_SIBLINGS_H
#define TG_TEXT_SIBLINGS_H

#include <stddef.h>
#include <stdint.h>

#define TG_SIBLINGS_SCAN  64
#define TG_SIBLINGS_PIECE 512

struct tg_siblings {
	struct tg_group {
		uint32_t parent; /* LV, or TG_LV_NONE: the start of the text */
		int side;	 /* 0 left, 1 right */
		uint32_t flow;
		struct tg_group_piece {
			uint32_t n;
			uint32_t v[TG_SIBLINGS_PIECE]; /* LVs */
		} * *pieces;
		size_t n, cap;
	} * groups;
	size_t n, cap;
	uint32_t *slots; /* open addressing, index in groups + 1 */
	size_t slot_count;
};

struct tg_sibling_at { /* a place among siblings: before that of piece and i */
	size_t piece;
	uint32_t i;
};

/** tg_siblings_free(s): Forget all groups. */
void tg_siblings_free(struct tg_siblings *s);

/** tg_siblings_find(s, flow, parent, side): The group, or NULL. */
struct tg_group *tg_siblings_find(const struct tg_siblings *s, uint32_t flow, uint32_t parent, int side);

/** tg_siblings_make(s, flow, parent, side, group): A new, empty group.  TG_OK, TG_ENOMEM. */
int tg_siblings_make(struct tg_siblings *s, uint32_t flow, uint32_t parent, int side, struct tg_group **group)
    __attribute__((warn_unused_result));

/**
 * tg_group_search(g, before, ctx, at):
 * The first place in ${g} whose sibling is not before(ctx, lv) the new one.  O(log n) calls.
 */
void tg_group_search(
    const struct tg_group *g, int (*before)(void *ctx, uint32_t lv), void *ctx, struct tg_sibling_at *at);

/** tg_group_before(g, at), tg_group_after(g, at): The sibling on either side of a place, or TG_LV_NONE. */
uint32_t tg_group_before(const struct tg_group *g, struct tg_sibling_at at);
uint32_t tg_group_after(const struct tg_group *g, struct tg_sibling_at at);

/** tg_group_insert(g, at, lv): Put one in.  TG_OK, TG_ENOMEM. */
int tg_group_insert(struct tg_group *g, struct tg_sibling_at at, uint32_t lv)
    __attribute__((warn_unused_result));

#endif
