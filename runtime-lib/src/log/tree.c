#include <assert.h>
#include <string.h>

#include <toygrid/status.h>

#include "log/tree.h"

unsigned
tg_tree_peaks(uint64_t n)
{
	return (unsigned)__builtin_popcountll(n);
}

unsigned
tg_tree_completed(uint64_t seq)
{
	return 1 + (unsigned)__builtin_ctzll(seq + 1);
}

void
tg_tree_node(const struct tg_hash *left, const struct tg_hash *right, struct tg_hash *out)
{
	uint8_t both[2 * TG_HASH_BYTES];

	memcpy(both, left->b, TG_HASH_BYTES);
	memcpy(both + TG_HASH_BYTES, right->b, TG_HASH_BYTES);
	tg_hash(TG_DOMAIN_NODE, both, sizeof both, out);
}

void
tg_tree_append(struct tg_hash *peaks, uint64_t n, const struct tg_hash *leaf, uint8_t *nodes)
{
	unsigned last = tg_tree_peaks(n), count = tg_tree_completed(n);
	struct tg_hash node = *leaf;

	/* Each trailing 1 of n is a peak that the new leaf closes, like a carry. */
	for (unsigned i = 0;; i++) {
		memcpy(nodes + (size_t)i * TG_HASH_BYTES, node.b, TG_HASH_BYTES);
		if (i + 1 == count)
			break;
		tg_tree_node(&peaks[--last], &node, &node);
	}
	peaks[last] = node;
}

void
tg_tree_root(const struct tg_hash *peaks, uint64_t n, struct tg_hash *root)
{
	unsigned i = tg_tree_peaks(n);

	assert(i > 0);
	*root = peaks[--i];
	while (i-- > 0)
		tg_tree_node(&peaks[i], root, root);
}

void
tg_tree_peak_at(uint64_t n, unsigned i, unsigned *level, uint64_t *index)
{
	uint64_t before = 0;

	for (;; i--) {
		unsigned top = 63 - (unsigned)__builtin_clzll(n);

		if (i == 0) {
			*level = top;
			*index = before >> top;
			return;
		}
		before |= (uint64_t)1 << top;
		n &= ~((uint64_t)1 << top);
	}
}

/* The largest power of two below n > 1. */
static uint64_t
split(uint64_t n)
{
	return (uint64_t)1 << (63 - __builtin_clzll(n - 1));
}

unsigned
tg_tree_right(uint64_t n, uint64_t e, struct tg_span spans[TG_TREE_LEVELS])
{
	uint64_t from = 0;
	unsigned count = 0;

	while (e < n) {
		uint64_t k = split(n);

		if (e <= k) {
			spans[count++] = (struct tg_span){from + k, from + n};
			n = k;
		} else {
			from += k;
			e -= k;
			n -= k;
		}
	}
	/* The descent met them from the outside in. */
	for (unsigned i = 0; i < count / 2; i++) {
		struct tg_span t = spans[i];

		spans[i] = spans[count - 1 - i];
		spans[count - 1 - i] = t;
	}
	return count;
}

/* Recursion is as deep as the tree, at most 62. */
static void
root_of(const struct tg_hash *peaks, uint64_t e, uint64_t n, const struct tg_hash *right, unsigned rights,
    struct tg_hash *root)
{
	uint64_t k;

	if (e == n) {
		tg_tree_root(peaks, n, root);
		return;
	}
	k = split(n);
	if (e <= k) {
		root_of(peaks, e, k, right, rights - 1, root);
		tg_tree_node(root, &right[rights - 1], root);
	} else {
		root_of(peaks + 1, e - k, n - k, right, rights, root);
		tg_tree_node(&peaks[0], root, root);
	}
}

void
tg_tree_root_of(
    const struct tg_hash *peaks, uint64_t e, uint64_t n, const struct tg_hash *right, struct tg_hash *root)
{
	struct tg_span spans[TG_TREE_LEVELS];

	root_of(peaks, e, n, right, tg_tree_right(n, e, spans), root);
}

/* Keep TG_ENOTFOUND in mind and go on; anything else ends the walk. */
static int
go_on(int *sum, int rc)
{
	if (rc == TG_ENOTFOUND) {
		*sum = rc;
		return 1;
	}
	if (rc != TG_OK)
		*sum = rc;
	return rc == TG_OK;
}

int
tg_tree_load_peaks(const struct tg_tree_source *src, uint64_t n, struct tg_hash *peaks)
{
	unsigned count = tg_tree_peaks(n), level;
	uint64_t index;
	int rc = TG_OK;

	for (unsigned i = 0; i < count; i++) {
		tg_tree_peak_at(n, i, &level, &index);
		if (!go_on(&rc, src->node(src->ctx, level, index, &peaks[i])))
			break;
	}
	return rc;
}

int
tg_tree_subtree(const struct tg_tree_source *src, uint64_t from, uint64_t to, struct tg_hash *out)
{
	uint64_t n = to - from, k;
	struct tg_hash left, right;
	int rc = TG_OK;

	if ((n & (n - 1)) == 0) {
		unsigned level = (unsigned)__builtin_ctzll(n);

		return src->node(src->ctx, level, from >> level, out);
	}
	k = split(n);
	if (!go_on(&rc, tg_tree_subtree(src, from, from + k, &left)))
		return rc;
	if (!go_on(&rc, tg_tree_subtree(src, from + k, to, &right)))
		return rc;
	if (rc == TG_OK)
		tg_tree_node(&left, &right, out);
	return rc;
}

int
tg_tree_prove(const struct tg_tree_source *src, uint64_t n, uint64_t s, uint64_t e,
    struct tg_hash proof[2 * TG_TREE_LEVELS], unsigned *count)
{
	struct tg_span spans[TG_TREE_LEVELS];
	unsigned left = tg_tree_peaks(s), right = tg_tree_right(n, e, spans);
	int rc = TG_OK;

	if (!go_on(&rc, tg_tree_load_peaks(src, s, proof)))
		return rc;
	for (unsigned i = 0; i < right; i++)
		if (!go_on(&rc, tg_tree_subtree(src, spans[i].from, spans[i].to, &proof[left + i])))
			return rc;
	*count = left + right;
	return rc;
}
