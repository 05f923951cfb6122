#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "text/pieces.h"
#include "text/pool.h"

static int
new_leaf(struct tg_pieces *p, uint32_t *leaf)
{
	int rc = tg_array_need((void **)&p->leaves, &p->leaf_cap, p->leaf_n + 1, sizeof *p->leaves);

	if (rc == TG_OK) {
		*leaf = (uint32_t)p->leaf_n++;
		p->leaves[*leaf].n = 0;
	}
	return rc;
}

static int
new_group(struct tg_pieces *p, uint32_t *group)
{
	int rc;

	if ((rc = tg_array_need((void **)&p->groups, &p->group_cap, p->group_n + 1, sizeof *p->groups)) !=
		TG_OK ||
	    (rc = tg_array_need((void **)&p->top, &p->top_cap, p->group_n + 1, sizeof *p->top)) != TG_OK)
		return rc;
	*group = (uint32_t)p->group_n++;
	p->groups[*group].n = 0;
	return TG_OK;
}

int
tg_pieces_init(struct tg_pieces *p)
{
	uint32_t leaf, group;
	int rc;

	memset(p, 0, sizeof *p);
	if ((rc = new_leaf(p, &leaf)) != TG_OK || (rc = new_group(p, &group)) != TG_OK)
		return rc;
	p->groups[group].n = 1;
	p->groups[group].leaf[0] = leaf;
	p->groups[group].len[0] = 0;
	p->top[0].group = group;
	p->top[0].len = 0;
	return TG_OK;
}

void
tg_pieces_free(struct tg_pieces *p)
{
	tg_free(p->leaves);
	tg_free(p->groups);
	tg_free(p->top);
	memset(p, 0, sizeof *p);
}

/* Pass the length of the leaf worked on up. */
static void
leave(struct tg_pieces *p)
{
	uint32_t *len = &p->groups[p->top[p->at_top].group].len[p->at_slot];

	p->top[p->at_top].len += p->len - *len; /* modulo 2^32: decreases too */
	*len = p->len;
}

/* Work on the leaf that holds item ${k} < total. */
static void
enter(struct tg_pieces *p, uint32_t k)
{
	const struct tg_piece_group *g;
	uint32_t before = 0, i = 0;

	leave(p);
	while (k - before >= p->top[i].len)
		before += p->top[i++].len;
	p->at_top = i;
	g = &p->groups[p->top[i].group];
	for (i = 0; k - before >= g->len[i]; i++)
		before += g->len[i];
	p->at_slot = i;
	p->leaf = g->leaf[i];
	p->len = g->len[i];
	p->before = p->idx_before = before;
	p->idx = 0;
}

/* Stand on the piece that holds item ${k} < total. */
static inline struct tg_piece_leaf *
seek(struct tg_pieces *p, uint32_t k)
{
	struct tg_piece_leaf *l;
	uint32_t idx, at;

	if (k - p->before >= p->len)
		enter(p, k);
	l = &p->leaves[p->leaf];
	idx = p->idx;
	at = p->idx_before;
	while (k < at)
		at -= l->v[--idx].len;
	while (k - at >= l->v[idx].len)
		at += l->v[idx++].len;
	p->idx = idx;
	p->idx_before = at;
	return l;
}

/* Split the group of the leaf worked on, which is full. */
static int
split_group(struct tg_pieces *p)
{
	uint32_t fresh, keep = TG_PIECES_GROUP / 2, moved = 0;
	struct tg_piece_group *g, *h;
	int rc = new_group(p, &fresh);

	if (rc != TG_OK)
		return rc;
	g = &p->groups[p->top[p->at_top].group];
	h = &p->groups[fresh];
	h->n = g->n - keep;
	for (uint32_t i = 0; i < h->n; i++) {
		h->leaf[i] = g->leaf[keep + i];
		moved += h->len[i] = g->len[keep + i];
	}
	g->n = keep;
	memmove(
	    p->top + p->at_top + 2, p->top + p->at_top + 1, (p->group_n - 2 - p->at_top) * sizeof *p->top);
	p->top[p->at_top + 1].group = fresh;
	p->top[p->at_top + 1].len = moved;
	p->top[p->at_top].len -= moved;
	if (p->at_slot >= keep) {
		p->at_top++;
		p->at_slot -= keep;
	}
	return TG_OK;
}

/* Split the leaf worked on, which is nearly full; the piece stood on stays the one stood on. */
static int
split_leaf(struct tg_pieces *p)
{
	struct tg_piece_group *g;
	struct tg_piece_leaf *l, *m;
	uint32_t fresh, keep, first = 0;
	int rc;

	leave(p);
	if (p->groups[p->top[p->at_top].group].n == TG_PIECES_GROUP && (rc = split_group(p)) != TG_OK)
		return rc;
	if ((rc = new_leaf(p, &fresh)) != TG_OK)
		return rc;
	l = &p->leaves[p->leaf];
	m = &p->leaves[fresh];
	keep = p->idx + 1 == l->n ? l->n - 2 : l->n / 2; /* going forward leaves full leaves behind */
	m->n = l->n - keep;
	memcpy(m->v, l->v + keep, m->n * sizeof *m->v);
	l->n = keep;
	for (uint32_t i = 0; i < keep; i++)
		first += l->v[i].len;
	g = &p->groups[p->top[p->at_top].group];
	for (uint32_t i = g->n++; i > p->at_slot + 1; i--) {
		g->leaf[i] = g->leaf[i - 1];
		g->len[i] = g->len[i - 1];
	}
	g->leaf[p->at_slot + 1] = fresh;
	g->len[p->at_slot + 1] = p->len - first;
	g->len[p->at_slot] = first;
	if (p->idx < keep) {
		p->len = first;
		return TG_OK;
	}
	p->at_slot++;
	p->leaf = fresh;
	p->before += first;
	p->len -= first;
	p->idx -= keep;
	return TG_OK;
}

/* Move pieces [from, n) of a leaf ${by} up. */
static inline void
shift_up(struct tg_piece_leaf *l, uint32_t from, uint32_t by)
{
	memmove(l->v + from + by, l->v + from, (l->n - from) * sizeof *l->v);
	l->n += by;
}

int
tg_pieces_insert(struct tg_pieces *p, uint32_t pos, uint32_t lv, uint32_t n)
{
	struct tg_piece_leaf *l;
	struct tg_piece *at;
	uint32_t off = 0;
	int rc;

	if (p->total == 0) {
		l = &p->leaves[p->leaf]; /* every leaf is empty */
		p->before = p->idx_before = p->idx = 0;
	} else if (pos == 0) {
		l = seek(p, 0);
	} else {
		l = seek(p, pos - 1);
		off = pos - p->idx_before;
	}
	if (l->n + 2 > TG_PIECES_LEAF) {
		if ((rc = split_leaf(p)) != TG_OK)
			return rc;
		l = &p->leaves[p->leaf];
	}
	at = &l->v[p->idx];
	p->total += n;
	p->len += n;
	if (off == 0) {
		shift_up(l, p->idx, 1);
	} else if (off == at->len) {
		if (at->lv + at->len == lv) {
			at->len += n;
			return TG_OK;
		}
		p->idx_before += off;
		shift_up(l, ++p->idx, 1);
	} else {
		p->idx_before += off;
		shift_up(l, ++p->idx, 2);
		l->v[p->idx + 1] = (struct tg_piece){at->lv + off, at->len - off};
		at->len = off;
	}
	l->v[p->idx] = (struct tg_piece){lv, n};
	return TG_OK;
}

/* Take out items from a piece on, where one starts, in the leaf worked on; returns how many, at most ${n}. */
static uint32_t
remove_pieces(struct tg_pieces *p, struct tg_piece_leaf *l, uint32_t n)
{
	uint32_t gone = 0, end = p->idx;

	while (end < l->n && l->v[end].len <= n - gone)
		gone += l->v[end++].len;
	if (end < l->n) {
		l->v[end].lv += n - gone;
		l->v[end].len -= n - gone;
		gone = n;
	}
	if (end > p->idx) {
		memmove(l->v + p->idx, l->v + end, (l->n - end) * sizeof *l->v);
		l->n -= end - p->idx;
		if (p->idx == l->n && p->idx > 0) /* stand on a piece, if there is one */
			p->idx_before -= l->v[--p->idx].len;
	}
	return gone;
}

int
tg_pieces_remove(struct tg_pieces *p, uint32_t pos, uint32_t n)
{
	int rc;

	while (n > 0) {
		struct tg_piece_leaf *l = seek(p, pos);
		struct tg_piece *at = &l->v[p->idx];
		uint32_t off = pos - p->idx_before, gone;

		if (off == 0) {
			gone = remove_pieces(p, l, n);
		} else if (off + n < at->len) {
			if (l->n == TG_PIECES_LEAF) {
				if ((rc = split_leaf(p)) != TG_OK)
					return rc;
				l = &p->leaves[p->leaf];
				at = &l->v[p->idx];
			}
			shift_up(l, p->idx + 1, 1);
			at[1] = (struct tg_piece){at->lv + off + n, at->len - off - n};
			at->len = off;
			gone = n;
		} else {
			gone = at->len - off;
			at->len = off;
		}
		n -= gone;
		p->total -= gone;
		p->len -= gone;
	}
	return TG_OK;
}

int
tg_pieces_each(const struct tg_pieces *p, int (*visit)(void *ctx, struct tg_piece piece), void *ctx)
{
	int rc;

	for (size_t t = 0; t < p->group_n; t++) {
		const struct tg_piece_group *g = &p->groups[p->top[t].group];

		for (uint32_t i = 0; i < g->n; i++) {
			const struct tg_piece_leaf *l = &p->leaves[g->leaf[i]];

			for (uint32_t k = 0; k < l->n; k++)
				if ((rc = visit(ctx, l->v[k])) != TG_OK)
					return rc;
		}
	}
	return TG_OK;
}
