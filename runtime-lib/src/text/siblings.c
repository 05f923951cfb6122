#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "text/graph.h"
#include "text/pool.h"
#include "text/siblings.h"

void
tg_siblings_free(struct tg_siblings *s)
{
	for (size_t i = 0; i < s->n; i++) {
		for (size_t k = 0; k < s->groups[i].n; k++)
			tg_free(s->groups[i].pieces[k]);
		tg_free(s->groups[i].pieces);
	}
	tg_free(s->groups);
	tg_free(s->slots);
	memset(s, 0, sizeof *s);
}

static uint32_t *
slot_of(const struct tg_siblings *s, uint32_t flow, uint32_t parent, int side)
{
	uint32_t name[3] = {flow, parent, (uint32_t)side};
	size_t mask = s->slot_count - 1, i = tg_text_hash(name, sizeof name) & mask;

	for (;; i = (i + 1) & mask) {
		const struct tg_group *g;

		if (s->slots[i] == 0)
			return &s->slots[i];
		g = &s->groups[s->slots[i] - 1];
		if (g->parent == parent && g->side == side && g->flow == flow)
			return &s->slots[i];
	}
}

struct tg_group *
tg_siblings_find(const struct tg_siblings *s, uint32_t flow, uint32_t parent, int side)
{
	uint32_t slot = s->n > 0 ? *slot_of(s, flow, parent, side) : 0;

	return slot > 0 ? &s->groups[slot - 1] : NULL;
}

int
tg_siblings_make(struct tg_siblings *s, uint32_t flow, uint32_t parent, int side, struct tg_group **group)
{
	int rc = tg_array_need((void **)&s->groups, &s->cap, s->n + 1, sizeof *s->groups);

	if (rc != TG_OK)
		return rc;
	if ((s->n + 1) * 2 > s->slot_count) {
		size_t count = s->slot_count > 0 ? s->slot_count * 2 : 16;
		uint32_t *fresh = tg_calloc(count, sizeof *fresh);

		if (fresh == NULL)
			return TG_ENOMEM;
		tg_free(s->slots);
		s->slots = fresh;
		s->slot_count = count;
		for (size_t i = 0; i < s->n; i++)
			*slot_of(s, s->groups[i].flow, s->groups[i].parent, s->groups[i].side) =
			    (uint32_t)i + 1;
	}
	*slot_of(s, flow, parent, side) = (uint32_t)s->n + 1;
	*group = &s->groups[s->n++];
	memset(*group, 0, sizeof **group);
	(*group)->flow = flow;
	(*group)->parent = parent;
	(*group)->side = side;
	return TG_OK;
}

void
tg_group_search(
    const struct tg_group *g, int (*before)(void *ctx, uint32_t lv), void *ctx, struct tg_sibling_at *at)
{
	size_t lo = 0, hi = g->n;
	uint32_t low = 0, high;

	while (lo < hi) { /* the first piece whose last is not before it */
		size_t mid = lo + (hi - lo) / 2;

		if (before(ctx, g->pieces[mid]->v[g->pieces[mid]->n - 1]))
			lo = mid + 1;
		else
			hi = mid;
	}
	at->piece = lo;
	at->i = 0;
	if (lo == g->n)
		return;
	high = g->pieces[lo]->n;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (before(ctx, g->pieces[lo]->v[mid]))
			low = mid + 1;
		else
			high = mid;
	}
	at->i = low;
}

uint32_t
tg_group_before(const struct tg_group *g, struct tg_sibling_at at)
{
	if (at.i > 0)
		return g->pieces[at.piece]->v[at.i - 1];
	return at.piece > 0 ? g->pieces[at.piece - 1]->v[g->pieces[at.piece - 1]->n - 1] : TG_LV_NONE;
}

uint32_t
tg_group_after(const struct tg_group *g, struct tg_sibling_at at)
{
	return at.piece < g->n ? g->pieces[at.piece]->v[at.i] : TG_LV_NONE;
}

static int
add_piece(struct tg_group *g, size_t at)
{
	struct tg_group_piece *p;
	int rc = tg_array_need((void **)&g->pieces, &g->cap, g->n + 1, sizeof *g->pieces);

	if (rc != TG_OK)
		return rc;
	if ((p = tg_malloc(sizeof *p)) == NULL)
		return TG_ENOMEM;
	p->n = 0;
	memmove(g->pieces + at + 1, g->pieces + at, (g->n - at) * sizeof *g->pieces);
	g->pieces[at] = p;
	g->n++;
	return TG_OK;
}

int
tg_group_insert(struct tg_group *g, struct tg_sibling_at at, uint32_t lv)
{
	struct tg_group_piece *p;
	int rc;

	if (at.piece == g->n) { /* behind all: in the last piece */
		if (g->n == 0 && (rc = add_piece(g, 0)) != TG_OK)
			return rc;
		at.piece = g->n - 1;
		at.i = g->pieces[at.piece]->n;
	}
	p = g->pieces[at.piece];
	if (p->n == TG_SIBLINGS_PIECE) {
		uint32_t keep = p->n / 2;

		if ((rc = add_piece(g, at.piece + 1)) != TG_OK)
			return rc;
		memcpy(g->pieces[at.piece + 1]->v, p->v + keep, (p->n - keep) * sizeof *p->v);
		g->pieces[at.piece + 1]->n = p->n - keep;
		p->n = keep;
		if (at.i > keep) {
			at.i -= keep;
			p = g->pieces[at.piece + 1];
		}
	}
	memmove(p->v + at.i + 1, p->v + at.i, (p->n - at.i) * sizeof *p->v);
	p->v[at.i] = lv;
	p->n++;
	return TG_OK;
}
