/*
 * items.h -- the sequence of all items ever inserted, in its final order, as a B+tree of runs.
 *
 *                     inner: per child (sp, se, on sums), dirty bit
 *                    /        |        \
 *      leaf <-> leaf <-> leaf <-> leaf      up to 32 runs each, chained
 *
 * A run is a stretch of items with consecutive LVs where each follows the one before (its left origin) and
 * all have one state.  Three things are known of every item:
 *     sp  its state in the PREPARED version, where the walker stands: 0 not inserted, 1 visible, 1 + n
 * deleted n times se  is it deleted in MERGED, everything applied so far?  Only ever set. VIEW, seen  was it
 * on the screen at the last poll, and with which format?
 *
 * With tracking on, place[lv] is the leaf of an inserted item (and the target of a delete event, kept by
 * walk.c), so a run is found by LV in one step.  With tracking off (a history without concurrency needs no
 * ids) only positions work, and nothing pays for the rest.
 *
 * Sums of the leaf that is being worked on are passed up only when another leaf is touched; a cache remembers
 * where the last position was found.  Both make typing O(1).
 *
 * Invariants, checked by tg_items_check(): (1) runs are not empty and no leaf is over-full; (2) an inner
 * node's sums are those of its children; (3) parent links and the leaf chain agree with the tree; (4)
 * place[lv] names the leaf of every item when tracking; (5) a leaf is dirty iff its bit is set in every
 * ancestor.
 */
#ifndef TG_TEXT_ITEMS_H
#define TG_TEXT_ITEMS_H

#include <stddef.h>
#include <stdint.h>

#include "text/graph.h"

#define TG_LEAF_RUNS  32
#define TG_INNER_KIDS 16
#define TG_NODE_NONE  UINT32_MAX

#define TG_ITEM_SP	   0x03ffffffu /* sp count: at most 1 + TG_TEXT_EVENTS_MAX */
#define TG_ITEM_KIND_SHIFT 26	       /* enum tg_text_kind, two bits */
#define TG_ITEM_GONE	   0x40000000u /* se: deleted in MERGED */
#define TG_ITEM_VIEW	   0x80000000u /* in VIEW */

struct tg_item {
	uint32_t id;	/* LV of the first item */
	uint32_t len;	/* items; > 0 */
	uint32_t left;	/* left origin of the first item: an LV or TG_LV_NONE (start) */
	uint32_t right; /* right origin of all: an LV or TG_LV_NONE (end) */
	uint32_t st;	/* sp and the bits above */
	uint32_t state; /* of the format, see format.h */
	uint32_t seen;	/* format id in VIEW; 0 when not in it */
};

struct tg_leaf {
	uint32_t parent, next;
	uint16_t n;
	uint8_t pos;   /* among the parent's kids */
	uint8_t dirty; /* VIEW differs from MERGED somewhere in it */
	struct tg_item items[TG_LEAF_RUNS];
};

/* Items of one kind or another below a node. */
struct tg_sums {
	uint32_t sp; /* visible in PREPARED */
	uint32_t se; /* in MERGED */
	uint32_t on; /* inserted in PREPARED, visible or not */
};

struct tg_inner {
	uint32_t parent;
	uint8_t n;
	uint8_t pos;	/* among the parent's kids */
	uint16_t dirty; /* bit per child */
	uint32_t kid[TG_INNER_KIDS];
	uint32_t sp[TG_INNER_KIDS], se[TG_INNER_KIDS], on[TG_INNER_KIDS];
};

struct tg_items {
	struct tg_leaf *leaves;
	size_t leaf_n, leaf_cap;
	struct tg_inner *inners;
	size_t inner_n, inner_cap;
	uint32_t root;	 /* an inner, or a leaf when height is 0 */
	uint32_t height; /* inner levels */
	uint32_t first;	 /* leaf */
	uint32_t sp_total, se_total, view_total;
	int tracking;
	uint32_t *place;
	size_t place_cap;
	struct { /* sums not yet passed up */
		uint32_t leaf;
		struct tg_sums sums;
	} pending;
	struct { /* sp sum before a leaf and in it; the run found last in it, and the sum before that */
		uint32_t leaf, before, len;
		uint32_t idx, idx_before; /* idx TG_NODE_NONE: forgotten */
	} cache;
};

struct tg_cursor { /* before item ${off} of run ${idx} of a leaf; idx may be the leaf's n */
	uint32_t leaf, idx, off;
};

static inline uint32_t
tg_item_sp(const struct tg_item *it)
{
	return it->st & TG_ITEM_SP;
}

static inline int
tg_item_kind(const struct tg_item *it)
{
	return (int)(it->st >> TG_ITEM_KIND_SHIFT & 3);
}

static inline struct tg_item *
tg_items_at(const struct tg_items *t, struct tg_cursor c)
{
	return &t->leaves[c.leaf].items[c.idx];
}

/** tg_items_init(t, tracking): One empty leaf; also to start afresh.  TG_OK, TG_ENOMEM. */
int tg_items_init(struct tg_items *t, int tracking) __attribute__((warn_unused_result));
void tg_items_free(struct tg_items *t);

/** tg_items_find(t, k): The ${k}-th item with sp == 1; k < sp_total. */
struct tg_cursor tg_items_find(struct tg_items *t, uint32_t k);

/** tg_items_find_merged(t, k): The ${k}-th item that is not gone; k < se_total. */
struct tg_cursor tg_items_find_merged(struct tg_items *t, uint32_t k);

/** tg_items_locate(t, lv): An item by LV; tracking only. */
struct tg_cursor tg_items_locate(const struct tg_items *t, uint32_t lv);

/** tg_items_step(t, c): Move past the end of a leaf to the next run; 0 when there is none. */
static inline int
tg_items_step(const struct tg_items *t, struct tg_cursor *c)
{
	while (c->idx >= t->leaves[c->leaf].n) {
		if (t->leaves[c->leaf].next == TG_NODE_NONE)
			return 0;
		c->leaf = t->leaves[c->leaf].next;
		c->idx = c->off = 0;
	}
	return 1;
}

/** tg_items_back(t, c): Move to the run before; 0 when there is none.  The offset is 0 then. */
int tg_items_back(const struct tg_items *t, struct tg_cursor *c);

/** tg_items_next_on(t, c): Move to the first run from there on that PREPARED has inserted; 0 when none is. */
int tg_items_next_on(struct tg_items *t, struct tg_cursor *c);

/** tg_items_insert(t, c, item): Put a run at ${c}; it may join the run before.  Then *${c} is where it
 * starts. */
int tg_items_insert(struct tg_items *t, struct tg_cursor *c, const struct tg_item *item)
    __attribute__((warn_unused_result));

/** tg_items_track(t): From now on items are found by LV, those here already too; place[] has room. */
void tg_items_track(struct tg_items *t);

/**
 * tg_items_put_last(t, item), tg_items_put_end(t):
 * Build a sequence from nothing: runs in order, each in VIEW as it should be or not at all, then the tree.
 * Between tg_items_init() and put_end no other call may come.
 */
int tg_items_put_last(struct tg_items *t, const struct tg_item *item) __attribute__((warn_unused_result));
int tg_items_put_end(struct tg_items *t) __attribute__((warn_unused_result));

/** tg_items_cut(t, c, len): Make items [off, off + len) of a run a run of their own, and *${c} its start. */
int tg_items_cut(struct tg_items *t, struct tg_cursor *c, uint32_t len) __attribute__((warn_unused_result));

/** tg_items_set(t, c, st, state, seen): Change a whole run. */
void tg_items_set(struct tg_items *t, struct tg_cursor c, uint32_t st, uint32_t state, uint32_t seen);

/** tg_items_shift(t, id, len, delta): Add ${delta}, 1 or -1, to sp of the items id .. id + len - 1.  Tracking
 * only. */
int tg_items_shift(struct tg_items *t, uint32_t id, uint32_t len, uint32_t delta)
    __attribute__((warn_unused_result));

/** tg_items_join(t, c): Join the run at ${c} with the one before it in its leaf if they are alike. */
void tg_items_join(struct tg_items *t, struct tg_cursor *c);

/** tg_items_remove(t, c, n): Drop ${n} items at ${c}, within a run; only without tracking. */
int tg_items_remove(struct tg_items *t, struct tg_cursor c, uint32_t n) __attribute__((warn_unused_result));

/** tg_items_order(t, a, b): Do items come in the order a, b (< 0), b, a (> 0)?  Tracking only. */
int tg_items_order(const struct tg_items *t, uint32_t a, uint32_t b);

/** tg_items_before(t, c, merged): How many items before ${c} are visible, in PREPARED or in MERGED. */
uint32_t tg_items_before(struct tg_items *t, struct tg_cursor c, int merged);

/** tg_items_dirty(t, leaf): Note that VIEW and MERGED differ in ${leaf}. */
void tg_items_dirty(struct tg_items *t, uint32_t leaf);

/** tg_items_next_dirty(t, leaf, before): The first dirty leaf and the MERGED items before it; 0 when none is.
 */
int tg_items_next_dirty(struct tg_items *t, uint32_t *leaf, uint32_t *before);

/** tg_items_clean(t, leaf): The opposite of tg_items_dirty. */
void tg_items_clean(struct tg_items *t, uint32_t leaf);

/** tg_items_check(t): 0, or the number of the first broken invariant.  For tests. */
int tg_items_check(struct tg_items *t);

#endif
