/*
 * pieces.h -- the text of a linear history while it is replayed: what is left, and nothing else.
 *
 * A history without concurrency needs no tombstones, origins or states: a document is a list of pieces, each
 * a stretch of events (LVs) whose items are still there.  Eight bytes a piece, three levels:
 *
 *     groups   [ sum | sum | sum ]                          scanned
 *     leaves   [ len len ... ] [ len len ... ]              up to 32 in a group, scanned
 *     pieces   [ lv+len lv+len ... ] [ ... ]                up to 64 in a leaf
 *
 * The leaf worked on last is remembered with the items before it, and so is the piece in it: the next edit is
 * mostly near, and then nothing is searched.  Its length is passed up only when another leaf is sought.
 */
#ifndef TG_TEXT_PIECES_H
#define TG_TEXT_PIECES_H

#include <stddef.h>
#include <stdint.h>

#define TG_PIECES_LEAF	64
#define TG_PIECES_GROUP 32

struct tg_piece {
	uint32_t lv, len;
};

struct tg_pieces {
	struct tg_piece_leaf {
		uint32_t n;
		struct tg_piece v[TG_PIECES_LEAF];
	} * leaves;
	size_t leaf_n, leaf_cap;
	struct tg_piece_group {
		uint32_t n;
		uint32_t leaf[TG_PIECES_GROUP], len[TG_PIECES_GROUP];
	} * groups;
	size_t group_n, group_cap;
	struct tg_piece_top {
		uint32_t group, len;
	} * top; /* the groups in order; as many as there are */
	size_t top_cap;
	uint32_t total;
	uint32_t at_top, at_slot, leaf; /* the leaf worked on: its group in top, its slot in that, itself */
	uint32_t before, len;		/* items before the leaf, and in it */
	uint32_t idx, idx_before;	/* a piece in it, and the items before that */
};

/** tg_pieces_init(p), tg_pieces_free(p): An empty list; release.  TG_OK, TG_ENOMEM. */
int tg_pieces_init(struct tg_pieces *p) __attribute__((warn_unused_result));
void tg_pieces_free(struct tg_pieces *p);

/** tg_pieces_insert(p, pos, lv, n): Items ${lv} .. ${lv} + n - 1 at ${pos} <= total.  TG_OK, TG_ENOMEM. */
int tg_pieces_insert(struct tg_pieces *p, uint32_t pos, uint32_t lv, uint32_t n)
    __attribute__((warn_unused_result));

/** tg_pieces_remove(p, pos, n): Take out items [pos, pos + n); pos + n <= total.  TG_OK, TG_ENOMEM. */
int tg_pieces_remove(struct tg_pieces *p, uint32_t pos, uint32_t n) __attribute__((warn_unused_result));

/** tg_pieces_each(p, visit, ctx): Call visit(ctx, piece) in order; stops when it does not return TG_OK. */
int tg_pieces_each(const struct tg_pieces *p, int (*visit)(void *ctx, struct tg_piece piece), void *ctx)
    __attribute__((warn_unused_result));

#endif
