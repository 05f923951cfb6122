/*
 * strip.c -- the blocks of one flow, as a binary tree balanced by chance: of two trees to join, the one that
 * gives the root is drawn with odds of their sizes, which keeps the depth at a few times log n whatever is
 * done.  The dice are a counter's hash, so every host rolls the same; depth is all that depends on it.
 */
#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "text/draw.h"

#define NONE TG_BLOCK_NONE

int
tg_block_new(struct tg_drawing *d, uint32_t *block)
{
	int rc;

	if (d->free_block != NONE) {
		*block = d->free_block;
		d->free_block = d->blocks[*block].right;
	} else {
		if ((rc = tg_array_need(
			 (void **)&d->blocks, &d->block_cap, d->block_n + 1, sizeof *d->blocks)) != TG_OK)
			return rc;
		*block = (uint32_t)d->block_n++;
	}
	memset(&d->blocks[*block], 0, sizeof d->blocks[*block]);
	d->blocks[*block].left = d->blocks[*block].right = d->blocks[*block].up = NONE;
	d->blocks[*block].table = NONE;
	d->blocks[*block].n = 1;
	return TG_OK;
}

void
tg_block_free(struct tg_drawing *d, uint32_t block)
{
	d->blocks[block].right = d->free_block;
	d->free_block = block;
}

static void
pull(struct tg_drawing *d, uint32_t i)
{
	struct tg_block *b = &d->blocks[i];

	b->n = 1;
	b->item_sum = b->items;
	b->token_sum = b->tokens;
	b->dirty_sum = b->dirty != TG_DRAW_CLEAN;
	for (int side = 0; side < 2; side++) {
		uint32_t kid = side == 0 ? b->left : b->right;
		struct tg_block *k;

		if (kid == NONE)
			continue;
		k = &d->blocks[kid];
		k->up = i;
		b->n += k->n;
		b->item_sum += k->item_sum;
		b->token_sum += k->token_sum;
		b->dirty_sum += k->dirty_sum;
	}
}

void
tg_block_pull(struct tg_drawing *d, uint32_t block)
{
	for (; block != NONE; block = d->blocks[block].up)
		pull(d, block);
}

/* The recursions below are as deep as the tree, some dozen levels. */

static uint32_t
join(struct tg_drawing *d, uint32_t a, uint32_t b)
{
	uint32_t dice, n;

	if (a == NONE)
		return b;
	if (b == NONE)
		return a;
	d->turn++;
	dice = tg_text_hash(&d->turn, sizeof d->turn);
	n = d->blocks[a].n + d->blocks[b].n;
	if ((uint64_t)dice * n >> 32 < d->blocks[a].n) {
		d->blocks[a].right = join(d, d->blocks[a].right, b);
		pull(d, a);
		return a;
	}
	d->blocks[b].left = join(d, a, d->blocks[b].left);
	pull(d, b);
	return b;
}

uint32_t
tg_blocks_join(struct tg_drawing *d, uint32_t a, uint32_t b)
{
	uint32_t root = join(d, a, b);

	if (root != NONE)
		d->blocks[root].up = NONE;
	return root;
}

uint32_t
tg_blocks_build(struct tg_drawing *d, const uint32_t *blocks, uint32_t n)
{
	uint32_t root;

	if (n == 0)
		return NONE;
	root = blocks[n / 2];
	d->blocks[root].left = tg_blocks_build(d, blocks, n / 2);
	d->blocks[root].right = tg_blocks_build(d, blocks + n / 2 + 1, n - n / 2 - 1);
	pull(d, root);
	d->blocks[root].up = NONE;
	return root;
}

/* The first ${n} blocks, and the others. */
static void
split(struct tg_drawing *d, uint32_t root, uint32_t n, uint32_t *a, uint32_t *b)
{
	uint32_t left;

	if (root == NONE) {
		*a = *b = NONE;
		return;
	}
	left = d->blocks[root].left == NONE ? 0 : d->blocks[d->blocks[root].left].n;
	if (n <= left) {
		split(d, d->blocks[root].left, n, a, &d->blocks[root].left);
		*b = root;
	} else {
		split(d, d->blocks[root].right, n - left - 1, &d->blocks[root].right, b);
		*a = root;
	}
	pull(d, root);
	d->blocks[root].up = NONE;
}

void
tg_strip_replace(
    struct tg_drawing *d, struct tg_strip *s, uint32_t rank, uint32_t n, uint32_t fresh, uint32_t *old)
{
	uint32_t a, b, c;

	split(d, s->root, rank, &a, &b);
	split(d, b, n, old, &c);
	if (*old != NONE)
		d->blocks[*old].up = NONE;
	if (fresh != NONE)
		a = tg_blocks_join(d, a, fresh);
	s->root = tg_blocks_join(d, a, c);
}

static uint32_t
edge(const struct tg_drawing *d, uint32_t i, int right)
{
	for (;;) {
		uint32_t kid = right ? d->blocks[i].right : d->blocks[i].left;

		if (kid == NONE)
			return i;
		i = kid;
	}
}

static uint32_t
neighbour(const struct tg_drawing *d, uint32_t i, int right)
{
	uint32_t kid = right ? d->blocks[i].right : d->blocks[i].left, up;

	if (kid != NONE)
		return edge(d, kid, !right);
	for (; (up = d->blocks[i].up) != NONE; i = up)
		if ((right ? d->blocks[up].left : d->blocks[up].right) == i)
			return up;
	return NONE;
}

uint32_t
tg_block_next(const struct tg_drawing *d, uint32_t block)
{
	return neighbour(d, block, 1);
}

uint32_t
tg_block_before(const struct tg_drawing *d, uint32_t block)
{
	return neighbour(d, block, 0);
}

uint32_t
tg_block_place(const struct tg_drawing *d, uint32_t block, uint32_t *items, uint32_t *tokens)
{
	uint32_t rank = 0, from = NONE;

	*items = *tokens = 0;
	for (uint32_t i = block; i != NONE; from = i, i = d->blocks[i].up) {
		const struct tg_block *b = &d->blocks[i];

		if (from != NONE && from == b->left)
			continue;
		if (b->left != NONE) {
			rank += d->blocks[b->left].n;
			*items += d->blocks[b->left].item_sum;
			*tokens += d->blocks[b->left].token_sum;
		}
		if (from != NONE) {
			rank++;
			*items += b->items;
			*tokens += b->tokens;
		}
	}
	return rank;
}

static uint32_t
find(const struct tg_drawing *d, uint32_t i, uint32_t at, int tokens)
{
	for (;;) {
		const struct tg_block *b = &d->blocks[i];
		uint32_t left = 0, own = tokens ? b->tokens : b->items;

		if (b->left != NONE)
			left = tokens ? d->blocks[b->left].token_sum : d->blocks[b->left].item_sum;
		if (at < left) {
			i = b->left;
		} else if (at - left < own || b->right == NONE) {
			return i;
		} else {
			at -= left + own;
			i = b->right;
		}
	}
}

uint32_t
tg_strip_block_at(const struct tg_drawing *d, const struct tg_strip *s, uint32_t index)
{
	return find(d, s->root, index, 0);
}

uint32_t
tg_strip_token_at(const struct tg_drawing *d, const struct tg_strip *s, uint32_t at)
{
	return find(d, s->root, at, 1);
}

uint32_t
tg_strip_block(const struct tg_drawing *d, const struct tg_strip *s, uint32_t rank)
{
	uint32_t i = s->root;

	for (;;) {
		const struct tg_block *b = &d->blocks[i];
		uint32_t left = b->left == NONE ? 0 : d->blocks[b->left].n;

		if (rank == left)
			return i;
		i = rank < left ? b->left : b->right;
		rank -= rank < left ? 0 : left + 1;
	}
}

uint32_t
tg_strip_dirty(const struct tg_drawing *d, const struct tg_strip *s)
{
	uint32_t i = s->root;

	while (i != NONE && d->blocks[i].dirty_sum > 0) {
		const struct tg_block *b = &d->blocks[i];

		if (b->left != NONE && d->blocks[b->left].dirty_sum > 0)
			i = b->left;
		else if (b->dirty != TG_DRAW_CLEAN)
			return i;
		else
			i = b->right;
	}
	return NONE;
}

int
tg_strip_check(const struct tg_drawing *d, const struct tg_strip *s)
{
	uint32_t n = 0, items = 0, tokens = 0, at_items, at_tokens;

	if (s->root == NONE || d->blocks[s->root].up != NONE)
		return 1;
	for (uint32_t i = edge(d, s->root, 0); i != NONE; i = tg_block_next(d, i)) {
		const struct tg_block *b = &d->blocks[i];

		if (tg_block_place(d, i, &at_items, &at_tokens) != n || at_items != items ||
		    at_tokens != tokens)
			return 2;
		if (tg_strip_block_at(d, s, items) != i && b->items > 0)
			return 3;
		if (b->dirty != TG_DRAW_CLEAN || (b->items == 0 && d->blocks[s->root].n > 1))
			return 4;
		n++;
		items += b->items;
		tokens += b->tokens;
	}
	return d->blocks[s->root].n == n && d->blocks[s->root].item_sum == items &&
		       d->blocks[s->root].token_sum == tokens
		   ? 0
		   : 5;
}
