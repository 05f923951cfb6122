/*
 * Goal: all graphs of up to seven events, several roots among them: which versions are critical, by the rule
 * that is cheap, is what the definition says; and what lies between any two versions, and which events of any
 * set are its newest, is what sets of ancestors say.
 *
 * That whatever follows a critical version needs nothing of what was before is for model.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <toygrid/status.h>

#include "suite.h"
#include "text/graph.h"
#include "text/seeds.h"

#define MAX_EVENTS 7

/* Events in an order in which parents come first; known[e]: its ancestors, as bits. */
struct small {
	int n;
	unsigned known[MAX_EVENTS];
};

static int
closed(const struct small *g, unsigned set)
{
	for (int e = 0; e < g->n; e++)
		if (set >> e & 1 && (g->known[e] & ~set) != 0)
			return 0;
	return 1;
}

/* The events of a set that are no ancestors of others in it. */
static unsigned
newest(const struct small *g, unsigned set)
{
	unsigned top = set;

	for (int e = 0; e < g->n; e++)
		if (set >> e & 1)
			top &= ~g->known[e];
	return top;
}

/* Call look() for every graph of ${n} events: each may know any set that is closed under ancestors. */
static void
each_graph(struct small *g, int n, void (*look)(const struct small *g))
{
	if (g->n == n) {
		look(g);
		return;
	}
	for (unsigned set = 0; set < 1u << g->n; set++) {
		if (!closed(g, set))
			continue;
		g->known[g->n++] = set;
		each_graph(g, n, look);
		g->n--;
	}
}

/* ---- critical versions */

static unsigned long graphs, critical_n, fooled;

/* Every event is v, or an ancestor of v, or knows v. */
static int
is_critical(const struct small *g, int v)
{
	for (int e = 0; e < g->n; e++)
		if (e != v && !(g->known[v] >> e & 1) && !(g->known[e] >> v & 1))
			return 0;
	return 1;
}

/* Walk back from all heads, the newest first.  What is reached is kept in a heap: here, as bits, each event
 * once.  An event with nothing beside it in the heap is critical, unless a root was met before: a root's
 * branch leaves the heap without a trace. */
static unsigned
critical_by_rule(const struct small *g, int heed_roots)
{
	unsigned heap = newest(g, (1u << g->n) - 1), found = 0;
	int rooted = 0;

	while (heap != 0) {
		int v = 31 - __builtin_clz(heap);

		heap &= ~(1u << v);
		if (heap == 0 && !(rooted && heed_roots))
			found |= 1u << v;
		rooted |= g->known[v] == 0;
		heap |= newest(g, g->known[v]);
	}
	return found;
}

static void
look_critical(const struct small *g)
{
	unsigned want = 0;

	for (int v = 0; v < g->n; v++)
		if (is_critical(g, v)) {
			want |= 1u << v;
			critical_n++;
		}
	graphs++;
	if (critical_by_rule(g, 1) != want)
		ck_abort_msg("graph %lu of %d events: critical are %x, the rule says %x", graphs, g->n, want,
		    critical_by_rule(g, 1));
	fooled += critical_by_rule(g, 0) != want;
}

START_TEST(the_rule_for_critical_versions_is_their_definition)
{
	static const unsigned long counts[] = {1, 2, 7, 40, 357, 4824, 96428}; /* OEIS A006455 */
	struct small g;

	for (int n = 1; n <= MAX_EVENTS; n++) {
		graphs = critical_n = fooled = 0;
		g.n = 0;
		each_graph(&g, n, look_critical);
		printf(
		    "%d events: %lu graphs, %lu critical versions; without a look at roots %lu are wrong\n",
		    n, graphs, critical_n, fooled);
		ck_assert_uint_eq(graphs, counts[n - 1]);
		ck_assert(n < 3 || fooled > 0); /* the obvious test is not enough */
	}
}
END_TEST

/* ---- the graph of the core */

static unsigned long pairs;

static unsigned
spans_bits(const struct tg_spans *s)
{
	unsigned bits = 0, last = UINT32_MAX;

	for (size_t i = 0; i < s->n; i++) {
		if (s->v[i].start >= s->v[i].end || s->v[i].end > last)
			ck_abort_msg("spans are not newest first");
		last = s->v[i].start;
		for (uint32_t lv = s->v[i].start; lv < s->v[i].end; lv++)
			bits |= 1u << lv;
	}
	return bits;
}

static size_t
list(unsigned bits, uint32_t *lvs)
{
	size_t n = 0;

	for (uint32_t e = 0; e < MAX_EVENTS; e++)
		if (bits >> e & 1)
			lvs[n++] = e;
	return n;
}

/* The graph in the core: each event by somebody else, or with lines of one agent's events as runs. */
static void
build(const struct small *g, int runs, struct tg_graph *graph)
{
	uint32_t agent = 0, parents[MAX_EVENTS];
	uint8_t key[TG_TEXT_AGENT_BYTES] = {0};

	memset(graph, 0, sizeof *graph);
	if (tg_graph_init(graph) != TG_OK)
		ck_abort();
	for (int e = 0; e < g->n; e++) {
		unsigned up = newest(g, g->known[e]);

		if (!(runs && e > 0 && up == 1u << (e - 1))) {
			key[0] = (uint8_t)(100 - e);
			if (tg_graph_agent(graph, key, 1, &agent) != TG_OK)
				ck_abort();
		}
		if (tg_graph_append(graph, agent, 1, parents, list(up, parents)) != TG_OK)
			ck_abort();
	}
}

/* The core's own way of finding the newest critical version that is old enough. */
static void
look_base(const struct small *g)
{
	struct tg_graph graph;

	graphs++;
	for (int runs = 0; runs < 2; runs++) {
		build(g, runs, &graph);
		for (uint32_t limit = 0; limit <= (uint32_t)g->n; limit++) {
			uint32_t want = limit, base;

			while (want > 0 && !is_critical(g, (int)want - 1))
				want--;
			if (tg_graph_critical(&graph, limit, &base) != TG_OK || base != want)
				ck_abort_msg(
				    "graph %lu of %d events: base %u, should be %u (limit %u, runs %d)",
				    graphs, g->n, base, want, limit, runs);
		}
		tg_graph_free(&graph);
	}
}

START_TEST(the_core_finds_the_newest_critical_version)
{
	struct small g;

	for (int n = 1; n <= MAX_EVENTS; n++) {
		graphs = 0;
		g.n = 0;
		each_graph(&g, n, look_base);
	}
}
END_TEST

static void
look_graph(const struct small *g)
{
	struct tg_spans only_a = {0}, only_b = {0};
	struct tg_lvs l = {0};
	uint32_t a[MAX_EVENTS], b[MAX_EVENTS];
	struct tg_graph graph;

	graphs++;
	for (int runs = 0; runs < 2; runs++) {
		build(g, runs, &graph);
		for (unsigned x = 0; x < 1u << g->n; x++) {
			size_t an = list(newest(g, x), a);

			/* Any set, newest first, and each twice: its newest. */
			l.n = 0;
			for (int e = g->n * 2; e-- > 0;)
				if (x >> e / 2 & 1 && tg_lvs_push(&l, (uint32_t)e / 2) != TG_OK)
					ck_abort();
			if (tg_graph_reduce(&graph, &l) != TG_OK || l.n != an ||
			    (an > 0 && memcmp(l.v, a, an * sizeof *a) != 0))
				ck_abort_msg("graph %lu of %d events: the newest of %x", graphs, g->n, x);
			if (!closed(g, x))
				continue;
			for (unsigned y = 0; y < 1u << g->n; y++) {
				size_t bn = list(newest(g, y), b);

				if (!closed(g, y))
					continue;
				pairs++;
				if (tg_graph_diff(&graph, a, an, b, bn, &only_a, &only_b) != TG_OK ||
				    spans_bits(&only_a) != (x & ~y) || spans_bits(&only_b) != (y & ~x))
					ck_abort_msg(
					    "graph %lu of %d events: between %x and %x", graphs, g->n, x, y);
			}
		}
		tg_graph_free(&graph);
	}
	free(only_a.v);
	free(only_b.v);
	free(l.v);
}

START_TEST(what_lies_between_any_two_versions_of_any_small_graph)
{
	struct small g;

	for (int n = 1; n <= (seeds_few() ? 5 : 6); n++) { /* sanitizers are slow */
		graphs = pairs = 0;
		g.n = 0;
		each_graph(&g, n, look_graph);
		printf("%d events: %lu graphs, %lu pairs of versions\n", n, graphs, pairs);
	}
}
END_TEST

/* ---- large graphs */

#define BIG_EVENTS 12000
#define BIG_AGENTS 6

static struct big {
	uint64_t known[BIG_EVENTS][BIG_EVENTS / 64 + 1]; /* ancestors and itself */
	uint32_t newest[BIG_AGENTS];			 /* of each agent, + 1 */
	uint64_t random;
} big;

static uint32_t
roll(uint32_t below)
{
	big.random = big.random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((big.random >> 33) % below);
}

/* Two agents write most, turn about, and know of each other; the others hear little, of anybody: so versions
 * that are near each other have thousands of runs between them that are in neither. */
static void
grow(struct tg_graph *graph, uint32_t e)
{
	uint32_t who = roll(40) != 0 ? e % 2 : roll(BIG_AGENTS), agent;
	uint8_t key[TG_TEXT_AGENT_BYTES] = {(uint8_t)who};
	struct tg_lvs l = {0};

	memset(big.known[e], 0, sizeof big.known[e]);
	for (uint32_t other = 0; other < BIG_AGENTS; other++) {
		int hears = other == who || (who < 2 && other < 2) || roll(8) == 0;

		if (!hears || big.newest[other] == 0 || (who >= 2 && other < 2 && roll(4) != 0))
			continue;
		if (tg_lvs_push(&l, big.newest[other] - 1) != TG_OK)
			ck_abort();
		for (uint32_t w = 0; w <= e / 64; w++)
			big.known[e][w] |= big.known[big.newest[other] - 1][w];
	}
	big.known[e][e / 64] |= UINT64_C(1) << e % 64;
	big.newest[who] = e + 1;
	if (tg_graph_reduce(graph, &l) != TG_OK || tg_graph_agent(graph, key, 1, &agent) != TG_OK ||
	    tg_graph_append(graph, agent, 1, l.v, l.n) != TG_OK)
		ck_abort();
	free(l.v);
}

static unsigned long
check_spans(const struct tg_spans *s, uint32_t a, uint32_t b)
{
	static uint64_t want[BIG_EVENTS / 64 + 1];
	unsigned long n = 0;

	for (size_t w = 0; w < sizeof want / sizeof *want; w++)
		want[w] = big.known[a][w] & ~big.known[b][w];
	for (size_t i = 0; i < s->n; i++)
		for (uint32_t lv = s->v[i].start; lv < s->v[i].end; lv++, n++) {
			if (!(want[lv / 64] >> lv % 64 & 1))
				ck_abort_msg("%u is between %u and %u, or twice", lv, a, b);
			want[lv / 64] &= ~(UINT64_C(1) << lv % 64);
		}
	for (uint32_t lv = 0; lv < BIG_EVENTS; lv++)
		if (want[lv / 64] >> lv % 64 & 1)
			ck_abort_msg("%u is missing between %u and %u", lv, a, b);
	return n;
}

START_TEST(what_lies_between_versions_of_a_large_graph)
{
	struct tg_spans only_a = {0}, only_b = {0};
	unsigned long between = 0;
	struct tg_graph graph;

	memset(&graph, 0, sizeof graph);
	ck_assert_int_eq(tg_graph_init(&graph), TG_OK);
	for (uint32_t e = 0; e < BIG_EVENTS; e++)
		grow(&graph, e);
	for (int i = 0; i < 3000; i++) {
		uint32_t a = roll(BIG_EVENTS), b = roll(BIG_EVENTS);

		if (i % 3 == 0) /* the newest of one who hears little, and of another */
			a = big.newest[2 + roll(BIG_AGENTS - 2)] - 1;
		if (i % 3 == 0)
			b = big.newest[2 + roll(BIG_AGENTS - 2)] - 1;
		if (tg_graph_diff(&graph, &a, 1, &b, 1, &only_a, &only_b) != TG_OK)
			ck_abort();
		between += check_spans(&only_a, a, b) + check_spans(&only_b, b, a);
	}
	printf("%zu runs: %lu events between 3000 pairs\n", graph.n, between);
	tg_graph_free(&graph);
	free(only_a.v);
	free(only_b.v);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("text_critical");
	TCase *t = tcase_create("graphs");

	tcase_set_timeout(t, 300);
	tcase_add_test(t, the_rule_for_critical_versions_is_their_definition);
	tcase_add_test(t, the_core_finds_the_newest_critical_version);
	tcase_add_test(t, what_lies_between_any_two_versions_of_any_small_graph);
	tcase_add_test(t, what_lies_between_versions_of_a_large_graph);
	suite_add_tcase(s, t);
	return suite_run(s);
}
