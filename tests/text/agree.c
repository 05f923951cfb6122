/* agree.c -- the same events in many ways, and one answer. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <toygrid/status.h>

#include "text/judges.h"
#include "text/scene.h"
#include "text/tree.h"

#define WAYS 8

/* libcheck writes down each assertion that it passes, which would take longer than all the rest. */
#define NEED(what, ...)                                                                                      \
	do                                                                                                   \
		if (!(what))                                                                                 \
			ck_abort_msg(__VA_ARGS__);                                                           \
	while (0)

struct piece { /* a bundle to be */
	int first, count;
	int given;
};

struct giving {
	const struct past *h;
	const char *name;
	int way;
	struct past_dice dice;
	struct piece pieces[PAST_EVENTS];
	int n;
	struct past_set held;
};

/* Cut all events into bundles of at most ${most}, at random. */
static void
cut(struct giving *g, uint32_t most)
{
	struct past_set cut = {{0}};

	g->n = 0;
	for (int first = 0; first < g->h->n; first++) {
		uint32_t want = most == 0 ? PAST_EVENTS : 1 + past_roll(&g->dice, most);
		struct piece *p = &g->pieces[g->n];

		if (past_has(&cut, first))
			continue;
		*p = (struct piece){first, 0, 0};
		for (int e = first; e >= 0 && want-- > 0; e = past_follows(g->h, e), p->count++)
			past_put(&cut, e);
		g->n++;
	}
}

/* What must tg_doc_add() say now? */
static int
verdict(const struct giving *g, const struct piece *p)
{
	const struct past_event *e = &g->h->events[p->first];
	int missing = 0;

	if (past_has(&g->held, p->first))
		return TG_EEXISTS;
	for (int i = 0; i < e->parent_n; i++)
		missing |= !past_has(&g->held, e->parents[i]);
	for (int i = 0; i < p->first; i++) /* a gap is noticed before a missing parent */
		if (g->h->events[i].agent == e->agent && !past_has(&g->held, i))
			return TG_EGAP;
	return missing ? TG_EPARENT : TG_OK;
}

static void
offer(struct giving *g, struct tg_doc *doc, struct piece *p)
{
	int want = verdict(g, p), rc = past_give(g->h, p->first, p->count, doc);

	NEED(rc == want, "%s, way %d: event %d is answered with %s, not %s", g->name, g->way, p->first,
	    tg_status_name(rc), tg_status_name(want));
	if (rc != TG_OK)
		return;
	for (int e = p->first, n = p->count; n-- > 0; e = past_follows(g->h, e))
		past_put(&g->held, e);
	p->given = 1;
}

static int
ready(const struct giving *g, const struct piece *p)
{
	const struct past_event *e = &g->h->events[p->first];

	for (int i = 0; i < e->parent_n; i++)
		if (!past_has(&g->held, e->parents[i]))
			return 0;
	return !p->given;
}

/* Any piece; mostly one that can be taken. */
static struct piece *
any_piece(struct giving *g)
{
	uint32_t i = past_roll(&g->dice, (uint32_t)g->n);

	if (past_roll(&g->dice, 4) != 0)
		while (!ready(g, &g->pieces[i]))
			i = (i + 1) % (uint32_t)g->n;
	return &g->pieces[i];
}

/* In the order of the history, or any. */
static void
give_all(struct giving *g, struct tg_doc *doc, int shuffled, int polling, int load_until)
{
	struct tg_patches patches;
	int left = g->n;

	while (left > 0) {
		struct piece *p = shuffled ? any_piece(g) : &g->pieces[g->n - left];

		if (left == load_until)
			NEED(tg_doc_load_end(doc) == TG_OK, "%s, way %d", g->name, g->way);
		left += p->given; /* offered again: refused */
		offer(g, doc, p);
		left -= p->given;
		if (polling && past_roll(&g->dice, 3) == 0)
			NEED(tg_doc_poll(doc, &patches) == TG_OK, "%s, way %d", g->name, g->way);
	}
}

void
agree_all_ways(const struct past *h, int fugue, struct past_shown *shown, const char *name)
{
	static struct past_shown other;
	static struct giving g;
	int at = 0;

	oracle_show(h, fugue, shown);
	tree_show(h, fugue, &other);
	NEED(past_same(shown, &other, &at), "%s: the oracles differ at %d", name, at);
	for (int way = 0; way < WAYS; way++) {
		struct tg_doc *doc;

		memset(&g, 0, sizeof g);
		g.h = h;
		g.name = name;
		g.way = way;
		g.dice.state = (uint64_t)way * 77 + (uint64_t)h->n + 1;
		cut(&g, way < 2 ? (uint32_t)(1 - way) : (uint32_t)(way % 3) * 5 + 1);
		NEED(tg_doc_open(&doc, fugue) == TG_OK, "%s, way %d", name, way);
		if (way == 3 || way == 6)
			NEED(tg_doc_load_begin(doc) == TG_OK, "%s, way %d", name, way);
		give_all(&g, doc, way > 1, way == 4 || way == 7, way == 6 ? g.n / 2 : 0);
		NEED(tg_doc_load_end(doc) == TG_OK, "%s, way %d", name, way);
		NEED(past_read(doc, &other) == TG_OK, "%s, way %d", name, way);
		NEED(past_same(shown, &other, &at), "%s: the core, in way %d, differs from the oracles at %d",
		    name, way, at);
		tg_doc_close(doc);
	}
}
