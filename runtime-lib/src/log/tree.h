/*
 * tree.h -- the Merkle tree over a log's leaves, RFC 9162 shape (protocol.md 5.5).
 *
 * A tree of n leaves is kept as its peaks: the complete subtrees that n's binary digits name, largest first.
 *
 *	n = 7 = 4 + 2 + 1            root = H(p0, H(p1, p2))
 *	    p0         p1    p2
 *	   /  \       /  \   |
 *	  .    .     4    5  6       A complete subtree is named by (level, index): it covers the leaves
 *	 / \  / \                    [index << level, (index + 1) << level), and is stored with its
 *	0   1 2  3                   last leaf's entry, the level-th of its hashes.
 *
 * Two facts carry everything else.  The part of a range proof left of the range is exactly the peaks of
 * [0, start), because the descent splits at the highest bit.  So a run is verified by appending its leaves
 * to these, which also yields the nodes to be stored, and folding in the part right of it.
 */
#ifndef TG_LOG_TREE_H
#define TG_LOG_TREE_H

#include <stdint.h>

#include <toygrid/crypto.h>

#define TG_TREE_LEVELS	   64
#define TG_TREE_LEAVES_MAX ((uint64_t)1 << 62) /* sums of two positions fit 64 bits */

/** tg_tree_peaks(n): How many peaks a tree of n leaves has.  tg_tree_completed(seq): How many nodes leaf seq
 * completes. */
unsigned tg_tree_peaks(uint64_t n);
unsigned tg_tree_completed(uint64_t seq);

/** tg_tree_node(left, right, out): Hash of an inner node; ${out} may be either. */
void tg_tree_node(const struct tg_hash *left, const struct tg_hash *right, struct tg_hash *out);

/**
 * tg_tree_append(peaks, n, leaf, nodes):
 * Turn the peaks of n leaves into those of n + 1.  nodes[0 .. tg_tree_completed(n)) gets what the leaf
 * completes, itself first; ${nodes} may be unaligned storage of 32 bytes each.
 */
void tg_tree_append(struct tg_hash *peaks, uint64_t n, const struct tg_hash *leaf, uint8_t *nodes);

/** tg_tree_root(peaks, n, root): Fold the peaks of n >= 1 leaves. */
void tg_tree_root(const struct tg_hash *peaks, uint64_t n, struct tg_hash *root);

/** tg_tree_peak_at(n, i, level, index): Name of the i-th peak of n leaves. */
void tg_tree_peak_at(uint64_t n, unsigned i, unsigned *level, uint64_t *index);

struct tg_span {
	uint64_t from, to;
};

/** tg_tree_right(n, e, spans): The maximal subtrees of a tree of n leaves right of [0, e), 1 <= e <= n, from
 * left to right; returns how many, < TG_TREE_LEVELS. */
unsigned tg_tree_right(uint64_t n, uint64_t e, struct tg_span spans[TG_TREE_LEVELS]);

/** tg_tree_root_of(peaks, e, n, right, root): Root of a tree of n leaves from the peaks of its first e >= 1
 * and the hashes of tg_tree_right(n, e). */
void tg_tree_root_of(
    const struct tg_hash *peaks, uint64_t e, uint64_t n, const struct tg_hash *right, struct tg_hash *root);

/* Where complete nodes come from.  May fail; TG_ENOTFOUND means "not loaded yet", and the walk goes on so
 * that all that is missing is asked for at once. */
struct tg_tree_source {
	int (*node)(void *ctx, unsigned level, uint64_t index, struct tg_hash *out);
	void *ctx;
};

/** tg_tree_load_peaks(src, n, peaks): The peaks of n leaves. */
int tg_tree_load_peaks(const struct tg_tree_source *src, uint64_t n, struct tg_hash *peaks);

/** tg_tree_subtree(src, from, to, out): Hash of a subtree that a descent meets (complete or on the right
 * edge). */
int tg_tree_subtree(const struct tg_tree_source *src, uint64_t from, uint64_t to, struct tg_hash *out);

/** tg_tree_prove(src, n, s, e, proof, count): The range proof of [s, e) in a tree of n leaves. */
int tg_tree_prove(const struct tg_tree_source *src, uint64_t n, uint64_t s, uint64_t e,
    struct tg_hash proof[2 * TG_TREE_LEVELS], unsigned *count);

#endif
