/*
 * skeleton.c -- the graph as bytes: who wrote how many events after which others.
 *
 * An entry is a stretch by one author where each event's only parent is the one before it, as long as it can
 * be in the order of order.h.  A parent is mostly the last event of an entry not far back: so it is written
 * as how many entries back, and only otherwise also how far from that entry's end.
 */
#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "base/varint.h"
#include "text/saved.h"

struct entry {
	uint32_t start, end; /* in the new numbers */
	uint32_t rank;
	uint32_t run; /* the graph's run it begins with */
};

static size_t
entry_of(const struct entry *e, size_t n, uint32_t number)
{
	size_t lo = 0, hi = n;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (e[mid].start <= number)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

static size_t
make_entries(const struct tg_graph *g, const struct tg_order *o, struct entry *e)
{
	size_t n = 0;

	for (size_t i = 0; i < o->n; i++) {
		const struct tg_grun *r = &g->runs[o->runs[i]];
		uint32_t at = o->at[o->runs[i]], rank = o->rank[r->agent];

		if (n > 0 && e[n - 1].rank == rank && r->parent_count == 1 &&
		    tg_order_of(o, g, g->parent_pool[r->parents]) == at - 1) {
			e[n - 1].end = at + (r->end - r->start);
			continue;
		}
		e[n].start = at;
		e[n].end = at + (r->end - r->start);
		e[n].rank = rank;
		e[n++].run = o->runs[i];
	}
	return n;
}

/* The parents of an entry in the new numbers, ascending, into ${p}. */
static void
sorted_parents(const struct tg_graph *g, const struct tg_order *o, const struct tg_grun *r, uint32_t *p)
{
	for (uint32_t i = 0; i < r->parent_count; i++)
		p[i] = tg_order_of(o, g, g->parent_pool[r->parents + i]);
	tg_text_sort_numbers(p, r->parent_count);
}

int
tg_skeleton_put(const struct tg_graph *graph, const struct tg_order *order, struct tg_buf *out)
{
	struct tg_buf inside = {0};
	struct entry *e = NULL;
	uint32_t *parents = NULL, most = 1;
	size_t n = 0;
	int rc = TG_ENOMEM;

	for (size_t i = 0; i < graph->n; i++)
		if (graph->runs[i].parent_count > most)
			most = graph->runs[i].parent_count;
	if ((parents = tg_calloc(most, sizeof *parents)) == NULL ||
	    (e = tg_calloc(order->n + 1, sizeof *e)) == NULL)
		goto free_arrays;
	n = make_entries(graph, order, e);
	tg_varint_put(out, order->agent_n);
	for (size_t i = 0; i < order->agent_n; i++)
		tg_buf_put(out, graph->agents[order->agents[i]].key, TG_TEXT_AGENT_BYTES);
	tg_varint_put(out, n);
	for (size_t i = 0; i < n; i++)
		tg_varint_put(out, e[i].rank);
	for (size_t i = 0; i < n; i++)
		tg_varint_put(out, e[i].end - e[i].start - 1);
	for (size_t i = 0; i < n; i++)
		tg_varint_put(out, graph->runs[e[i].run].parent_count);
	for (size_t i = 0; i < n; i++) {
		const struct tg_grun *r = &graph->runs[e[i].run];

		sorted_parents(graph, order, r, parents);
		for (uint32_t k = 0; k < r->parent_count; k++) {
			size_t of = entry_of(e, n, parents[k]);
			uint32_t back = e[of].end - 1 - parents[k];

			tg_varint_put(out, (uint64_t)(i - of - 1) << 1 | (back > 0));
			if (back > 0)
				tg_varint_put(&inside, back - 1);
		}
	}
	tg_buf_put(out, inside.data, inside.len);
	rc = tg_buf_status(&inside);
	if (rc == TG_OK)
		rc = tg_buf_status(out);
free_arrays:
	tg_buf_free(&inside);
	tg_free(parents);
	tg_free(e);
	return rc;
}

/* ---- reading */

struct reading {
	struct tg_graph *graph;
	struct tg_column ranks, lengths, counts, refs, inside;
	struct entry *e;
	size_t cap;
	struct tg_lvs parents, reduced;
};

/* The column behind ${before}, which has ${n} numbers: found by passing over these. */
static void
column_after(struct tg_column *c, const struct tg_column *before, uint64_t n)
{
	*c = *before;
	while (n > 0 && c->status == TG_OK) {
		if (c->at >= c->len)
			c->status = TG_EFORMAT;
		else if (c->data[c->at++] < 0x80)
			n--;
	}
}

/*
 * Parents are a frontier, and the author's own event before is one of them or an ancestor: then taking it in
 * and reducing changes nothing.
 */
static int
check_parents(struct reading *r, uint32_t agent)
{
	const struct tg_agent *a = &r->graph->agents[agent];
	uint32_t own = a->next_seq > 0 ? tg_graph_lv(r->graph, agent, a->next_seq - 1) : TG_LV_NONE;
	int rc;

	if (r->parents.n <= 1 && (own == TG_LV_NONE || (r->parents.n == 1 && r->parents.v[0] == own)))
		return TG_OK;
	if ((rc = tg_lvs_copy(&r->reduced, &r->parents)) != TG_OK ||
	    (own != TG_LV_NONE && (rc = tg_lvs_push(&r->reduced, own)) != TG_OK) ||
	    (rc = tg_graph_reduce(r->graph, &r->reduced)) != TG_OK)
		return rc;
	return tg_lvs_equal(&r->reduced, &r->parents) ? TG_OK : TG_EFORMAT;
}

static int
read_entry(struct reading *r, size_t i)
{
	struct entry *e = &r->e[i];
	uint64_t rank = tg_column_next(&r->ranks, r->graph->agent_n - 1);
	uint64_t count = tg_column_next(&r->lengths, TG_TEXT_EVENTS_MAX - 1) + 1;
	uint64_t parents = tg_column_next(&r->counts, i);
	int rc;

	e->rank = (uint32_t)rank;
	e->start = r->graph->next;
	if (r->ranks.status != TG_OK || r->lengths.status != TG_OK || r->counts.status != TG_OK)
		return TG_EFORMAT;
	if (count > TG_TEXT_EVENTS_MAX - e->start)
		return TG_ELIMIT;
	e->end = e->start + (uint32_t)count;
	r->parents.n = 0;
	for (uint64_t k = 0; k < parents; k++) {
		uint64_t ref = tg_column_next(&r->refs, UINT32_MAX);
		const struct entry *of = &r->e[i - 1 - (ref >> 1 < i ? ref >> 1 : 0)];
		uint64_t back = ref & 1 ? tg_column_next(&r->inside, TG_TEXT_EVENTS_MAX) + 1 : 0;
		uint32_t lv = of->end - 1 - (uint32_t)back;

		if (r->refs.status != TG_OK || r->inside.status != TG_OK || ref >> 1 >= i ||
		    back >= of->end - of->start || (k > 0 && lv <= r->parents.v[k - 1]))
			return TG_EFORMAT;
		if ((rc = tg_lvs_push(&r->parents, lv)) != TG_OK)
			return rc;
	}
	if (i > 0 && parents == 1 && e[-1].rank == e->rank && r->parents.v[0] == e->start - 1)
		return TG_EFORMAT; /* one entry, written as two */
	if ((rc = check_parents(r, e->rank)) != TG_OK)
		return rc;
	return tg_graph_append(r->graph, e->rank, (uint32_t)count, r->parents.v, r->parents.n);
}

static int
read_agents(struct reading *r, struct tg_column *c)
{
	uint64_t n = tg_column_next(c, c->len / TG_TEXT_AGENT_BYTES);
	const uint8_t *last = NULL;
	uint32_t index;
	int rc;

	for (uint64_t i = 0; i < n; i++) {
		const uint8_t *key = tg_column_bytes(c, TG_TEXT_AGENT_BYTES);

		if (key == NULL || (last != NULL && memcmp(last, key, TG_TEXT_AGENT_BYTES) >= 0))
			return TG_EFORMAT;
		if ((rc = tg_graph_agent(r->graph, key, 1, &index)) != TG_OK)
			return rc;
		last = key;
	}
	return c->status;
}

int
tg_skeleton_read(struct tg_graph *graph, const uint8_t *data, size_t len)
{
	struct reading r = {0};
	struct tg_column c = {data, len, 0, TG_OK};
	uint64_t n;
	int rc;

	r.graph = graph;
	if ((rc = read_agents(&r, &c)) != TG_OK)
		return rc;
	n = tg_column_next(&c, graph->agent_n > 0 ? TG_TEXT_EVENTS_MAX : 0);
	r.ranks = c;
	column_after(&r.lengths, &r.ranks, n);
	column_after(&r.counts, &r.lengths, n);
	column_after(&r.refs, &r.counts, n);
	rc = r.refs.status;
	if (rc == TG_OK) { /* how many references there are, only the counts say */
		uint64_t refs = 0;
		struct tg_column counts = r.counts;

		for (uint64_t i = 0; i < n; i++)
			refs += tg_column_next(&counts, i);
		column_after(&r.inside, &r.refs, refs);
		rc = r.inside.status;
	}
	for (uint64_t i = 0; i < n && rc == TG_OK; i++)
		if ((rc = tg_array_need((void **)&r.e, &r.cap, (size_t)i + 1, sizeof *r.e)) == TG_OK)
			rc = read_entry(&r, (size_t)i);
	if (rc == TG_OK && r.inside.at != len)
		rc = TG_EFORMAT;
	for (size_t i = 0; i < graph->agent_n && rc == TG_OK; i++)
		if (graph->agents[i].next_seq == 0)
			rc = TG_EFORMAT;
	tg_free(r.e);
	tg_free(r.parents.v);
	tg_free(r.reduced.v);
	return rc;
}
