/*
 * format.h -- how an item looks, and why: interned formats and mark states.
 *
 * A FORMAT is a set of (key, value), sorted by the bytes of the key, interned: equal formats have one id, 0
 * is empty.  Pages see format ids.
 *
 * A STATE says where an item's format comes from: the format it was born with and the marks that cover it, as
 * a chain with the newest addition first.  States are interned by (rest of the chain, mark), so the items
 * that a mark covers share one number, and a run of items costs one u32:
 *
 *     state 7 = (5, mark 2) -> state 5 = (1, mark 0) -> state 1 = (born with format 3)
 *
 * For each key the mark with the highest (lamport, agent, seq) wins (B3); the order within the chain means
 * nothing.
 */
#ifndef TG_TEXT_FORMAT_H
#define TG_TEXT_FORMAT_H

#include "text/graph.h"
#include "text/pool.h"

#define TG_FORMAT_NONE UINT32_MAX

struct tg_pair {
	uint32_t key, value; /* pool ids */
};

struct tg_mark {
	uint32_t lv;
	uint32_t lamport;
	uint32_t key, value;
	uint32_t count; /* items in its range, in the version it was made in */
	/* Filled in by the walker (B3): first and last item of the range, the next item known to the author.
	 */
	uint32_t first, last, after;
	uint32_t next, prev; /* among the marks outside the prepared version, TG_LV_NONE ends; walk.c */
};

struct tg_formats {
	struct tg_pool *pool;
	const struct tg_graph *graph;
	struct {
		uint32_t off, n;       /* in pairs */
		uint32_t born;	       /* the state of items born with it, TG_FORMAT_NONE until asked for */
		uint32_t stamp, local; /* scratch of the encoder */
	} * formats;
	size_t n, cap;
	uint32_t stamp; /* scratch of the codec: formats met in this bundle */
	struct tg_pair *pairs;
	size_t pair_n, pair_cap;
	uint32_t *slots;
	size_t slot_count;
	struct tg_state {
		uint32_t rest;	 /* state, or TG_FORMAT_NONE: then mark is the birth format */
		uint32_t mark;	 /* index in marks */
		uint32_t best;	 /* the winner among this and the rest for this mark's key */
		uint32_t format; /* resolved */
	} * states;
	size_t state_n, state_cap;
	uint32_t *state_slots;
	size_t state_slot_count;
	struct tg_mark *marks;
	size_t mark_n, mark_cap;
	struct tg_pair *scratch;
	size_t scratch_cap;
	uint32_t *key_pass; /* scratch: the last pass that met a key, by pool id */
	size_t key_pass_n, key_pass_cap;
	uint32_t pass;
	uint32_t memo_rest, memo_mark, memo_state; /* the last tg_format_cover */
};

int tg_formats_init(struct tg_formats *f, struct tg_pool *pool, const struct tg_graph *graph)
    __attribute__((warn_unused_result));
void tg_formats_free(struct tg_formats *f);

/** tg_format_put(f, pairs, n, id): Intern pairs[0 .. n), already sorted by key bytes, values not nil. */
int tg_format_put(struct tg_formats *f, const struct tg_pair *pairs, size_t n, uint32_t *id)
    __attribute__((warn_unused_result));

/** tg_pairs_sort(pool, pairs, n): By the bytes of the key. */
void tg_pairs_sort(const struct tg_pool *pool, struct tg_pair *p, size_t n);

/** tg_format_with(f, format, key, value, id): The format with key := value (nil removes it). */
int tg_format_with(struct tg_formats *f, uint32_t format, uint32_t key, uint32_t value, uint32_t *id)
    __attribute__((warn_unused_result));

/** tg_format_get(f, format, n): Its pairs; borrowed until the next put. */
const struct tg_pair *tg_format_get(const struct tg_formats *f, uint32_t format, size_t *n);

/** tg_format_value(f, format, key): The value of a key; TG_POOL_NIL when absent. */
uint32_t tg_format_value(const struct tg_formats *f, uint32_t format, uint32_t key);

/** tg_format_born(f, format, state): The state of an item born with ${format} and covered by nothing. */
int tg_format_born(struct tg_formats *f, uint32_t format, uint32_t *state)
    __attribute__((warn_unused_result));

/** tg_format_birth(f, state): The format an item in ${state} was born with. */
uint32_t tg_format_birth(const struct tg_formats *f, uint32_t state);

/** tg_format_cover(f, state, mark, covered): The state after ${mark} covers an item in ${state}. */
int tg_format_cover(struct tg_formats *f, uint32_t state, uint32_t mark, uint32_t *covered)
    __attribute__((warn_unused_result));

/**
 * tg_format_winner(f, state, key, skip, ctx):
 * The winning mark for ${key} among those that skip(ctx, mark) does not exclude (NULL: all), or
 * TG_FORMAT_NONE when the birth format decides.
 */
uint32_t tg_format_winner(const struct tg_formats *f, uint32_t state, uint32_t key,
    int (*skip)(const void *ctx, const struct tg_mark *mark), const void *ctx);

/** tg_formats_forget_states(f): Before a walk from scratch.  Formats keep their ids. */
void tg_formats_forget_states(struct tg_formats *f);

#endif
