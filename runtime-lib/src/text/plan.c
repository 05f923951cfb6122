/*
 * plan.c -- in which order to walk a graph, or the part of it above an event.
 *
 * Every topological order gives the same document; they differ in how often the walker turns back.  This one
 * goes depth first and takes the smaller branch first, so that the work undone when turning back is the small
 * one.  A branch's size is estimated by marking which 128ths of history it reaches, OR-ed from children
 * upward: exact sizes of overlapping branches cannot be added.  Many reach equally far; then the one that
 * begins with fewer events goes first, which halves the turning back on a history of many branches (A2) and
 * takes a fifth of it on one of two people who write at once.  Runs are cut behind every event that others
 * follow, since there the walk may turn.
 */
#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "text/doc.h"

struct plan {
	uint32_t from, to; /* the events planned: all LVs below are relative to from, but for start */
	uint64_t *starts;  /* bitmap over LVs: a stretch starts here */
	uint32_t *rank;	   /* starts before each word of the bitmap */
	uint32_t n;	   /* stretches */
	struct stretch {
		uint32_t start;	   /* LV */
		uint32_t kids;	   /* index + 1 of the first link to a child; 0: none */
		uint32_t waits;	   /* parents not yet visited */
		uint32_t reaches;  /* how many bits of reach, once that is known */
		uint64_t reach[2]; /* 128ths of history with events behind it */
	} * stretches;		   /* n + 1, the last one for its start */
	struct link {
		uint32_t kid, next; /* next as in kids above */
	} * links;
	uint32_t *stack;
	uint32_t *ready;
};

static uint32_t
bits(uint64_t w)
{
	w -= w >> 1 & UINT64_C(0x5555555555555555);
	w = (w & UINT64_C(0x3333333333333333)) + (w >> 2 & UINT64_C(0x3333333333333333));
	w = (w + (w >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return (uint32_t)(w * UINT64_C(0x0101010101010101) >> 56);
}

/* The stretch that holds lv. */
static uint32_t
stretch_of(const struct plan *p, uint32_t lv)
{
	uint64_t below;

	lv -= p->from;
	below = p->starts[lv / 64] & (~UINT64_C(0) >> (63 - lv % 64));
	return p->rank[lv / 64] + bits(below) - 1;
}

static void
set_start(struct plan *p, uint32_t lv)
{
	if (lv < p->from || lv >= p->to)
		return;
	lv -= p->from;
	p->starts[lv / 64] |= UINT64_C(1) << lv % 64;
}

static int
cut_stretches(struct plan *p, const struct tg_graph *g)
{
	size_t words = (size_t)(p->to - p->from) / 64 + 1, first = tg_graph_run_index(g, p->from), n = 0;

	p->starts = tg_calloc(words, sizeof *p->starts);
	p->rank = tg_calloc(words, sizeof *p->rank);
	if (p->starts == NULL || p->rank == NULL)
		return TG_ENOMEM;
	set_start(p, p->from);
	for (size_t i = first; i < g->n && g->runs[i].start < p->to; i++) {
		set_start(p, g->runs[i].start);
		n += g->runs[i].parent_count + 1;
		for (uint32_t k = 0; k < g->runs[i].parent_count; k++)
			set_start(p, g->parent_pool[g->runs[i].parents + k] + 1);
	}
	for (size_t i = 0; i < words; i++) {
		p->rank[i] = p->n;
		p->n += bits(p->starts[i]);
	}
	p->stretches = tg_calloc(p->n + 1, sizeof *p->stretches);
	p->links = tg_calloc(p->n + n + 1, sizeof *p->links);
	p->stack = tg_calloc(p->n, sizeof *p->stack);
	p->ready = tg_calloc(p->n, sizeof *p->ready);
	if (p->stretches == NULL || p->links == NULL || p->stack == NULL || p->ready == NULL)
		return TG_ENOMEM;
	p->n = 0;
	for (size_t i = 0; i < words; i++)
		for (uint64_t w = p->starts[i]; w != 0; w &= w - 1)
			p->stretches[p->n++].start = p->from + (uint32_t)(i * 64 + bits((w & -w) - 1));
	p->stretches[p->n].start = p->to;
	return TG_OK;
}

/* The parents of a stretch; those before what is planned are held already. */
static const uint32_t *
parents_of(const struct plan *p, const struct tg_graph *g, uint32_t i, uint32_t *before, size_t *n)
{
	const struct tg_grun *r = tg_graph_run(g, p->stretches[i].start);

	if (r->start == p->stretches[i].start) {
		*n = r->parent_count;
		return *n > 0 ? &g->parent_pool[r->parents] : NULL;
	}
	*before = p->stretches[i].start - 1;
	*n = 1;
	return before;
}

/* Last ones first, so that what a stretch reaches is known before its parents get it. */
static void
link_kids(struct plan *p, const struct tg_graph *g)
{
	uint32_t before, links = 0;
	uint64_t part = 127, events = p->to - p->from;

	for (uint32_t i = p->n; i-- > 0;) {
		struct stretch *s = &p->stretches[i];
		const uint32_t *parents;
		size_t n;

		while (part * events > (uint64_t)(s->start - p->from) * 128)
			part--;
		s->reach[part / 64] |= UINT64_C(1) << part % 64;
		s->reaches = bits(s->reach[0]) + bits(s->reach[1]);
		parents = parents_of(p, g, i, &before, &n);
		for (size_t k = 0; k < n; k++) {
			struct stretch *up;

			if (parents[k] < p->from)
				continue;
			up = &p->stretches[stretch_of(p, parents[k])];
			p->links[links] = (struct link){i, up->kids};
			up->kids = ++links;
			up->reach[0] |= s->reach[0];
			up->reach[1] |= s->reach[1];
			s->waits++;
		}
	}
}

/* Of stretches that reach equally far the shorter one is smaller. */
static uint64_t
weight(const struct plan *p, uint32_t i)
{
	const struct stretch *s = &p->stretches[i];

	return (uint64_t)s->reaches << 32 | (s[1].start - s->start);
}

/* Is stretch ${a} larger than ${b}?  Later ones are, when all else is equal. */
static int
is_larger(const struct plan *p, uint32_t a, uint32_t b)
{
	uint64_t wa = weight(p, a), wb = weight(p, b);

	return wa != wb ? wa > wb : a > b;
}

/* Largest first, in place; a shell sort, since one event may have very many children. */
static void
sort_ready(const struct plan *p, uint32_t n)
{
	uint32_t gap = 1;

	while (gap < n / 3)
		gap = 3 * gap + 1;
	for (; gap > 0; gap /= 3)
		for (uint32_t i = gap; i < n; i++) {
			uint32_t x = p->ready[i], k = i;

			for (; k >= gap && is_larger(p, x, p->ready[k - gap]); k -= gap)
				p->ready[k] = p->ready[k - gap];
			p->ready[k] = x;
		}
}

static int
visit_all(struct plan *p, struct tg_doc *doc,
    int (*visit)(struct tg_doc *doc, uint32_t start, uint32_t end, const struct tg_lvs *parents))
{
	uint32_t depth = 0, n = 0, before;
	int rc;

	for (uint32_t i = 0; i < p->n; i++)
		if (p->stretches[i].waits == 0)
			p->ready[n++] = i;
	for (;;) {
		const uint32_t *parents;
		struct tg_lvs version = {0};
		uint32_t i;

		if (n > 1)
			sort_ready(p, n);
		for (uint32_t k = 0; k < n; k++)
			p->stack[depth++] = p->ready[k];
		if (depth == 0)
			return TG_OK;
		i = p->stack[--depth];
		parents = parents_of(p, &doc->graph, i, &before, &version.n);
		version.v = (uint32_t *)(uintptr_t)parents; /* read only */
		if ((rc = visit(doc, p->stretches[i].start, p->stretches[i + 1].start, &version)) != TG_OK)
			return rc;
		n = 0;
		for (uint32_t k = p->stretches[i].kids; k != 0; k = p->links[k - 1].next)
			if (--p->stretches[p->links[k - 1].kid].waits == 0)
				p->ready[n++] = p->links[k - 1].kid;
	}
}

int
tg_plan_walk(struct tg_doc *doc, uint32_t from, uint32_t to,
    int (*visit)(struct tg_doc *doc, uint32_t start, uint32_t end, const struct tg_lvs *parents))
{
	struct plan p = {0};
	int rc;

	if (from == to)
		return TG_OK;
	p.from = from;
	p.to = to;

	if ((rc = cut_stretches(&p, &doc->graph)) == TG_OK) {
		link_kids(&p, &doc->graph);
		rc = visit_all(&p, doc, visit);
	}
	tg_free(p.starts);
	tg_free(p.rank);
	tg_free(p.stretches);
	tg_free(p.links);
	tg_free(p.stack);
	tg_free(p.ready);
	return rc;
}
