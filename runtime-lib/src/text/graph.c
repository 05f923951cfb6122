#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "text/graph.h"
#include "text/pool.h"

int
tg_lvs_push(struct tg_lvs *l, uint32_t lv)
{
	int rc = tg_array_need((void **)&l->v, &l->cap, l->n + 1, sizeof *l->v);

	if (rc == TG_OK)
		l->v[l->n++] = lv;
	return rc;
}

int
tg_lvs_copy(struct tg_lvs *to, const struct tg_lvs *from)
{
	int rc = tg_array_need((void **)&to->v, &to->cap, from->n, sizeof *to->v);

	if (rc == TG_OK) {
		for (size_t i = 0; i < from->n; i++)
			to->v[i] = from->v[i];
		to->n = from->n;
	}
	return rc;
}

int
tg_lvs_equal(const struct tg_lvs *a, const struct tg_lvs *b)
{
	if (a->n != b->n)
		return 0;
	for (size_t i = 0; i < a->n; i++)
		if (a->v[i] != b->v[i])
			return 0;
	return 1;
}

int
tg_lvs_advance(struct tg_lvs *f, const uint32_t *parents, size_t count, uint32_t last)
{
	if (f->n == 1 && count == 1 && f->v[0] == parents[0]) {
		f->v[0] = last;
		return TG_OK;
	}
	for (size_t i = 0; i < count; i++) {
		size_t lo = 0, hi = f->n;

		while (lo < hi) {
			size_t mid = lo + (hi - lo) / 2;

			if (f->v[mid] < parents[i])
				lo = mid + 1;
			else
				hi = mid;
		}
		if (lo < f->n && f->v[lo] == parents[i])
			memmove(f->v + lo, f->v + lo + 1, (--f->n - lo) * sizeof *f->v);
	}
	return tg_lvs_push(f, last); /* the newest LV of all: still sorted */
}

int
tg_graph_init(struct tg_graph *g)
{
	g->slot_count = 16;
	g->slots = tg_calloc(g->slot_count, sizeof *g->slots);
	return g->slots != NULL ? TG_OK : TG_ENOMEM;
}

void
tg_graph_free(struct tg_graph *g)
{
	for (size_t i = 0; i < g->agent_n; i++)
		tg_free(g->agents[i].pieces);
	tg_free(g->agents);
	tg_free(g->slots);
	tg_free(g->runs);
	tg_free(g->parent_pool);
	tg_free(g->parent_runs);
	tg_free(g->reach);
	tg_free(g->clocks);
	tg_free(g->hint);
	tg_free(g->heap.v);
	memset(g, 0, sizeof *g);
}

static uint32_t *
agent_slot(const struct tg_graph *g, const uint8_t *key)
{
	size_t mask = g->slot_count - 1;
	uint64_t a, b;
	size_t i;

	/* Keys look random already: half of one is enough. */
	memcpy(&a, key, sizeof a);
	memcpy(&b, key + sizeof a, sizeof b);
	a = (a ^ b * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xff51afd7ed558ccd);
	i = (size_t)(a >> 32) & mask;
	while (g->slots[i] != 0 && memcmp(g->agents[g->slots[i] - 1].key, key, TG_TEXT_AGENT_BYTES) != 0)
		i = (i + 1) & mask;
	return &g->slots[i];
}

int
tg_graph_agent(struct tg_graph *g, const uint8_t key[TG_TEXT_AGENT_BYTES], int create, uint32_t *index)
{
	uint32_t *slot = agent_slot(g, key);
	int rc;

	if (*slot != 0) {
		*index = *slot - 1;
		return TG_OK;
	}
	if (!create)
		return TG_ENOTFOUND;
	if ((rc = tg_array_need((void **)&g->agents, &g->agent_cap, g->agent_n + 1, sizeof *g->agents)) !=
	    TG_OK)
		return rc;
	if ((g->agent_n + 1) * 2 > g->slot_count) {
		uint32_t *fresh = tg_calloc(g->slot_count * 2, sizeof *fresh);

		if (fresh == NULL)
			return TG_ENOMEM;
		tg_free(g->slots);
		g->slots = fresh;
		g->slot_count *= 2;
		for (size_t i = 0; i < g->agent_n; i++)
			*agent_slot(g, g->agents[i].key) = (uint32_t)i + 1;
		slot = agent_slot(g, key);
	}
	memset(&g->agents[g->agent_n], 0, sizeof *g->agents);
	memcpy(g->agents[g->agent_n].key, key, TG_TEXT_AGENT_BYTES);
	*index = (uint32_t)g->agent_n++;
	*slot = *index + 1;
	return TG_OK;
}

uint32_t
tg_graph_lv(const struct tg_graph *g, uint32_t agent, uint64_t seq)
{
	const struct tg_agent *a = &g->agents[agent];
	size_t lo, hi, back = 1;

	if (seq >= a->next_seq)
		return TG_LV_NONE;
	/* Mostly a late event is asked for: go back from the end in growing steps, then halve the last step.
	 */
	while (back < a->n && a->pieces[a->n - back].seq > seq)
		back *= 2;
	lo = back < a->n ? a->n - back : 0;
	hi = a->n - back / 2;
	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (a->pieces[mid].seq <= seq)
			lo = mid;
		else
			hi = mid;
	}
	return a->pieces[lo].lv + (uint32_t)(seq - a->pieces[lo].seq);
}

int
tg_graph_compare(const struct tg_graph *g, uint32_t a, uint32_t b)
{
	const struct tg_grun *ra = tg_graph_run(g, a), *rb = tg_graph_run(g, b);

	if (ra->agent != rb->agent)
		return memcmp(g->agents[ra->agent].key, g->agents[rb->agent].key, TG_TEXT_AGENT_BYTES);
	return a < b ? -1 : a > b; /* one agent's LVs ascend with its seqs */
}

uint32_t
tg_graph_lamport(const struct tg_graph *g, uint32_t lv)
{
	const struct tg_grun *r = tg_graph_run(g, lv);

	return r->lamport + (lv - r->start);
}

/* How many agents clocks tell of; one that has not written yet has no place in them. */
static inline size_t
clock_n(const struct tg_graph *g)
{
	return g->agent_n < TG_CLOCK_AGENTS ? g->agent_n : TG_CLOCK_AGENTS;
}

/* The later of two clocks, of ${n} agents. */
static inline void
join_clock(struct tg_clock *c, const struct tg_clock *d, size_t n)
{
	for (size_t k = 0; k < n; k++)
		c->v[k] = d->v[k] > c->v[k] ? d->v[k] : c->v[k];
}

/* Begin the clock of a new run: nothing is before it yet. */
static int
new_clock(struct tg_graph *g, uint32_t agent)
{
	int rc;

	if (g->unclocked)
		return TG_OK;
	if (agent >= TG_CLOCK_AGENTS) {
		tg_free(g->clocks);
		g->clocks = NULL;
		g->clock_cap = 0;
		g->unclocked = 1;
		return TG_OK;
	}
	rc = tg_array_need((void **)&g->clocks, &g->clock_cap, g->n + 1, sizeof *g->clocks);
	if (rc == TG_OK)
		g->clocks[g->n] = (struct tg_clock){{0}};
	return rc;
}

/* A run that begins with the event g->next of ${agent}. */
static int
new_run(struct tg_graph *g, uint32_t agent, const uint32_t *parents, size_t parent_count)
{
	struct tg_grun *r;
	uint32_t lamport = 1;
	int rc;

	if ((rc = tg_array_need((void **)&g->runs, &g->cap, g->n + 1, sizeof *g->runs)) != TG_OK ||
	    (rc = tg_array_need((void **)&g->parent_pool, &g->pool_cap, g->pool_n + parent_count,
		 sizeof *g->parent_pool)) != TG_OK ||
	    (rc = tg_array_need((void **)&g->parent_runs, &g->parent_runs_cap, g->pool_n + parent_count,
		 sizeof *g->parent_runs)) != TG_OK ||
	    (rc = new_clock(g, agent)) != TG_OK)
		return rc;
	for (size_t i = 0; i < parent_count; i++) {
		uint32_t lv = parents[i], run = tg_graph_run_index(g, lv);
		struct tg_grun *up = &g->runs[run];

		g->parent_pool[g->pool_n + i] = lv;
		g->parent_runs[g->pool_n + i] = run;
		if (up->end == lv + 1)
			up->followed = 1;
		if (up->lamport + (lv - up->start) >= lamport)
			lamport = up->lamport + (lv - up->start) + 1;
		if (!g->unclocked) {
			struct tg_clock *c = &g->clocks[g->n];

			join_clock(c, &g->clocks[run], clock_n(g));
			if (c->v[up->agent] <= lv)
				c->v[up->agent] = lv + 1;
		}
	}
	r = &g->runs[g->n++];
	r->start = g->next;
	r->agent = agent;
	r->seq = g->agents[agent].next_seq;
	r->lamport = lamport;
	r->parents = (uint32_t)g->pool_n;
	r->parent_count = (uint32_t)parent_count;
	g->pool_n += parent_count;
	return TG_OK;
}

int
tg_graph_append(
    struct tg_graph *g, uint32_t agent, uint32_t count, const uint32_t *parents, size_t parent_count)
{
	struct tg_agent *a = &g->agents[agent];
	struct tg_grun *r;
	uint32_t end = g->next + count;
	size_t hints = ((size_t)end + 15) / 16;
	int rc;

	if (a->n == 0 || a->pieces[a->n - 1].lv + (a->next_seq - a->pieces[a->n - 1].seq) != g->next) {
		if ((rc = tg_array_need((void **)&a->pieces, &a->cap, a->n + 1, sizeof *a->pieces)) != TG_OK)
			return rc;
		a->pieces[a->n].seq = a->next_seq;
		a->pieces[a->n++].lv = g->next;
	}
	if ((g->n == 0 || parent_count != 1 || parents[0] != g->next - 1 ||
		g->runs[g->n - 1].agent != agent) &&
	    (rc = new_run(g, agent, parents, parent_count)) != TG_OK)
		return rc;
	if (hints > g->hint_n) {
		if ((rc = tg_array_need((void **)&g->hint, &g->hint_cap, hints, sizeof *g->hint)) != TG_OK)
			return rc;
		for (uint32_t *h = g->hint + g->hint_n, *stop = g->hint + hints, run = (uint32_t)g->n - 1;
		     h < stop; h++)
			*h = run;
		g->hint_n = hints;
	}
	r = &g->runs[g->n - 1];
	r->end = end;
	r->followed = 0;
	r->length = TG_LV_NONE;
	g->next = end;
	a->next_seq += count;
	return TG_OK;
}

/*
 * A max-heap of (LV, flags), LV in the high bits.  Walking back from the newest event is what diff and reduce
 * have in common: whatever is popped is newer than everything still to come.
 */
static int
heap_push(struct tg_graph *g, uint32_t lv, unsigned flag)
{
	uint64_t key = (uint64_t)lv << 2 | flag;
	size_t i = g->heap.n;
	int rc = tg_array_need((void **)&g->heap.v, &g->heap.cap, i + 1, sizeof *g->heap.v);

	if (rc != TG_OK)
		return rc;
	g->heap.n++;
	while (i > 0 && g->heap.v[(i - 1) / 2] < key) {
		g->heap.v[i] = g->heap.v[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	g->heap.v[i] = key;
	return TG_OK;
}

static uint64_t
heap_pop(struct tg_graph *g)
{
	uint64_t top = g->heap.v[0], key = g->heap.v[--g->heap.n];
	size_t i = 0, n = g->heap.n;

	for (;;) {
		size_t c = 2 * i + 1;

		if (c >= n)
			break;
		if (c + 1 < n && g->heap.v[c + 1] > g->heap.v[c])
			c++;
		if (g->heap.v[c] <= key)
			break;
		g->heap.v[i] = g->heap.v[c];
		i = c;
	}
	if (n > 0)
		g->heap.v[i] = key;
	return top;
}

static uint32_t
heap_top_lv(const struct tg_graph *g)
{
	return (uint32_t)(g->heap.v[0] >> 2);
}

/* Begin a pass over the runs: nothing is reached. */
static int
new_pass(struct tg_graph *g)
{
	int rc = tg_array_need((void **)&g->reach, &g->reach_cap, g->cap, sizeof *g->reach);

	if (rc != TG_OK)
		return rc;
	if (g->stamp == UINT32_MAX || g->reach_n != g->reach_cap) {
		memset(g->reach, 0, g->reach_cap * sizeof *g->reach);
		g->reach_n = g->reach_cap;
		g->stamp = 0;
	}
	g->stamp++;
	return TG_OK;
}

/* Reach a run up to a from one side and up to b from the other; by how much does that change "a differs from
 * b"? */
static int
touch(struct tg_graph *g, uint32_t run, uint32_t a, uint32_t b)
{
	struct tg_reach *r = &g->reach[run];
	int before;

	if (r->stamp != g->stamp) {
		r->stamp = g->stamp;
		r->a = r->b = 0;
	}
	before = r->a != r->b;
	if (r->a < a)
		r->a = a;
	if (r->b < b)
		r->b = b;
	return (r->a != r->b) - before;
}

/* Sort ascending and drop duplicates. */
static void
sort_lvs(struct tg_lvs *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		uint32_t x = l->v[i];
		size_t k = n;

		while (k > 0 && l->v[k - 1] > x)
			k--;
		if (k > 0 && l->v[k - 1] == x)
			continue;
		memmove(l->v + k + 1, l->v + k, (n - k) * sizeof *l->v);
		l->v[k] = x;
		n++;
	}
	l->n = n;
}

/* What these versions have per agent, one past the newest event. */
static struct tg_clock
clock_of(const struct tg_graph *g, const uint32_t *v, size_t n)
{
	struct tg_clock c = {{0}};

	for (size_t i = 0; i < n; i++) {
		const struct tg_grun *r = tg_graph_run(g, v[i]);

		join_clock(&c, &g->clocks[r - g->runs], clock_n(g));
		if (c.v[r->agent] <= v[i])
			c.v[r->agent] = v[i] + 1;
	}
	return c;
}

/* From the newest down: one stays unless another that stays has it; at most one of each agent does. */
static void
reduce_by_clock(const struct tg_graph *g, struct tg_lvs *l)
{
	size_t kept = l->n - 1, k;

	for (size_t i = kept; i-- > 0;) {
		uint32_t lv = l->v[i], agent = tg_graph_run(g, lv)->agent;

		for (k = kept; k < l->n; k++) {
			const struct tg_grun *r = tg_graph_run(g, l->v[k]);

			if (r->agent == agent || g->clocks[r - g->runs].v[agent] > lv)
				break;
		}
		if (k == l->n)
			l->v[--kept] = lv;
	}
	l->n -= kept;
	memmove(l->v, l->v + kept, l->n * sizeof *l->v);
}

enum {
	REDUCE_FEW = 16
};

/* Is this event nobody's parent? */
static int
is_head(const struct tg_graph *g, uint32_t lv)
{
	const struct tg_grun *r = tg_graph_run(g, lv);

	return lv == r->end - 1 && !r->followed;
}

/*
 * Is event ${old} an ancestor of one of these newer ones?  Mostly it is and not far away, so look depth
 * first, oldest parents first, rather than at everything between.
 */
static int
is_ancestor(struct tg_graph *g, uint32_t old, const uint32_t *newer, size_t n, int *yes)
{
	int rc;

	*yes = 0;
	if ((rc = new_pass(g)) != TG_OK)
		return rc;
	g->heap.n = 0; /* as a stack */
	if ((rc = tg_array_need((void **)&g->heap.v, &g->heap.cap, n, sizeof *g->heap.v)) != TG_OK)
		return rc;
	for (size_t i = 0; i < n; i++)
		g->heap.v[g->heap.n++] = tg_graph_run_index(g, newer[i]);
	while (g->heap.n > 0) {
		const struct tg_grun *r = &g->runs[g->heap.v[--g->heap.n]];

		if (r->start <= old) { /* only what is newer gets here, so it holds the older one */
			*yes = 1;
			return TG_OK;
		}
		if ((rc = tg_array_need((void **)&g->heap.v, &g->heap.cap, g->heap.n + r->parent_count,
			 sizeof *g->heap.v)) != TG_OK)
			return rc;
		for (uint32_t i = r->parent_count; i-- > 0;) { /* sorted: the oldest comes to the top */
			uint32_t run = g->parent_runs[r->parents + i];

			if (g->parent_pool[r->parents + i] < old || g->reach[run].stamp == g->stamp)
				continue;
			g->reach[run].stamp = g->stamp;
			g->heap.v[g->heap.n++] = run;
		}
	}
	return TG_OK;
}

/* A few events: ask for each. */
static int
reduce_few(struct tg_graph *g, struct tg_lvs *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		int yes = 0, rc;

		if (i + 1 < l->n && !is_head(g, l->v[i]) &&
		    (rc = is_ancestor(g, l->v[i], l->v + i + 1, l->n - i - 1, &yes)) != TG_OK)
			return rc;
		if (!yes)
			l->v[kept++] = l->v[i];
	}
	l->n = kept;
	return TG_OK;
}

/*
 * Walk down all runs from that of the newest to that of the oldest and note what is reached.  It looks at
 * more runs than a heap of those reached would, but at each for a nanosecond.
 */
int
tg_graph_reduce(struct tg_graph *g, struct tg_lvs *l)
{
	uint32_t low, r;
	size_t left, kept, followed = 0;
	int rc;

	sort_lvs(l);
	if (l->n > 1 && !g->unclocked) {
		reduce_by_clock(g, l);
		return TG_OK;
	}
	while (followed < l->n && is_head(g, l->v[followed]))
		followed++;
	if (followed + 1 >= l->n) /* the last one is the newest: nobody's ancestor */
		return TG_OK;
	if (l->n <= REDUCE_FEW)
		return reduce_few(g, l);
	if ((rc = new_pass(g)) != TG_OK)
		return rc;
	left = kept = l->n;
	low = tg_graph_run_index(g, l->v[0]);
	for (r = tg_graph_run_index(g, l->v[left - 1]);; r--) {
		const struct tg_grun *run = &g->runs[r];
		uint32_t reached = g->reach[r].stamp == g->stamp ? g->reach[r].a : 0;

		/* The highest one asked for in this run stays unless it was reached; those below it go. */
		while (left > 0 && l->v[left - 1] >= run->start) {
			uint32_t lv = l->v[--left];

			if (lv >= reached) {
				l->v[--kept] = lv;
				reached = lv + 1;
			}
		}
		if (left == 0)
			break;
		for (uint32_t i = 0; reached > 0 && i < run->parent_count; i++) {
			uint32_t end = g->parent_pool[run->parents + i] + 1;

			if (g->parent_runs[run->parents + i] >= low)
				touch(g, g->parent_runs[run->parents + i], end, 0);
		}
	}
	memmove(l->v, l->v + kept, (l->n - kept) * sizeof *l->v);
	l->n -= kept;
	return TG_OK;
}

/*
 * LVs are in a topological order.  So v is critical iff (1) every earlier event has a child at or before v,
 * and (2) every later event has a parent at or after v, which a further root has not.  Inside a run both hold
 * by themselves: what counts of (1) are the first children of the ends of runs, of (2) the highest parents of
 * starts.
 */
int
tg_graph_judge(struct tg_graph *g)
{
	uint32_t later = UINT32_MAX, open = 0;
	int rc;

	if (g->judged == g->next)
		return TG_OK;
	if ((rc = new_pass(g)) != TG_OK)
		return rc;
	/* reach.a: the first run that follows the end of this one; reach.b: the highest of those before */
	for (size_t r = 0; r < g->n; r++)
		g->reach[r].a = g->reach[r].stamp = 0;
	for (size_t r = 0; r < g->n; r++)
		for (uint32_t i = 0; i < g->runs[r].parent_count; i++) {
			struct tg_reach *up = &g->reach[g->parent_runs[g->runs[r].parents + i]];

			if (up->a == 0 &&
			    g->parent_pool[g->runs[r].parents + i] + 1 == g->runs[up - g->reach].end)
				up->a = (uint32_t)r;
		}
	for (size_t r = 0; r < g->n; r++) {
		g->reach[r].b = open;
		if (g->reach[r].a == 0)
			open = UINT32_MAX;
		else if (g->reach[r].a > open)
			open = g->reach[r].a;
	}
	for (size_t r = g->n; r-- > 0;) {
		struct tg_grun *run = &g->runs[r];

		run->critical = g->reach[r].b > r ? 0 : run->end < later ? run->end : later;
		if (run->parent_count == 0)
			later = 0; /* nothing before a further root */
		else if (g->parent_pool[run->parents + run->parent_count - 1] + 1 < later)
			later = g->parent_pool[run->parents + run->parent_count - 1] + 1;
	}
	g->judged = g->next;
	return TG_OK;
}

int
tg_graph_critical(struct tg_graph *g, uint32_t limit, uint32_t *base)
{
	int rc = tg_graph_judge(g);

	*base = 0;
	if (rc != TG_OK || limit == 0 || g->n == 0)
		return rc;
	limit = limit < g->next ? limit : g->next;
	for (size_t r = tg_graph_run_index(g, limit - 1) + 1; r-- > 0 && *base == 0;) {
		const struct tg_grun *run = &g->runs[r];
		uint32_t last = run->critical < limit ? run->critical : limit;

		*base = run->start < last ? last : 0;
	}
	return TG_OK;
}

static int
emit(struct tg_spans *s, uint32_t start, uint32_t end)
{
	int rc;

	if (s->n > 0 && s->v[s->n - 1].start == end) {
		s->v[s->n - 1].start = start;
		return TG_OK;
	}
	if ((rc = tg_array_need((void **)&s->v, &s->cap, s->n + 1, sizeof *s->v)) != TG_OK)
		return rc;
	s->v[s->n].start = start;
	s->v[s->n++].end = end;
	return TG_OK;
}

enum {
	DIFF_IDLE = 4096
};

/*
 * The diff of versions that are near each other in LVs: one pass down the runs, as in tg_graph_reduce.
 * Returns 1 when it had to pass DIFF_IDLE runs in a row that belong to neither; then a heap is better.
 */
static int
diff_pass(struct tg_graph *g, const uint32_t *a, size_t an, const uint32_t *b, size_t bn,
    struct tg_spans *only_a, struct tg_spans *only_b, int *rc)
{
	uint32_t r = 0, idle = 0;
	long uneven = 0; /* runs reached, not yet passed, in which the sides differ */

	for (size_t i = 0; i < an + bn; i++) {
		uint32_t lv = i < an ? a[i] : b[i - an], run = tg_graph_run_index(g, lv);

		uneven += touch(g, run, i < an ? lv + 1 : 0, i < an ? 0 : lv + 1);
		r = run > r ? run : r;
	}
	for (; uneven > 0 && *rc == TG_OK; r--) {
		const struct tg_grun *run = &g->runs[r];
		struct tg_reach at = g->reach[r];

		if (at.stamp != g->stamp) {
			if (++idle > DIFF_IDLE)
				return 1;
			continue;
		}
		idle = 0;
		if (at.a > at.b)
			*rc = emit(only_a, at.b > run->start ? at.b : run->start, at.a);
		else if (at.b > at.a)
			*rc = emit(only_b, at.a > run->start ? at.a : run->start, at.b);
		uneven -= at.a != at.b;
		for (uint32_t i = 0; i < run->parent_count; i++) {
			uint32_t end = g->parent_pool[run->parents + i] + 1;

			uneven += touch(
			    g, g->parent_runs[run->parents + i], at.a > 0 ? end : 0, at.b > 0 ? end : 0);
		}
	}
	return 0;
}

/* The events of ${hi} that ${lo} does not have, newest first. */
static int
emit_by_clock(struct tg_graph *g, struct tg_clock hi, const struct tg_clock *lo, struct tg_spans *s)
{
	uint32_t agents[TG_CLOCK_AGENTS];
	size_t n = 0;
	int rc = TG_OK;

	for (uint32_t k = 0; k < clock_n(g); k++)
		if (hi.v[k] > lo->v[k])
			agents[n++] = k;
	while (n > 0 && rc == TG_OK) {
		const struct tg_grun *r;
		uint32_t k;
		size_t at = 0;

		for (size_t i = 1; i < n; i++)
			at = hi.v[agents[i]] > hi.v[agents[at]] ? i : at;
		k = agents[at];
		r = tg_graph_run(g, hi.v[k] - 1);
		rc = emit(s, r->start > lo->v[k] ? r->start : lo->v[k], hi.v[k]);
		hi.v[k] = g->clocks[r - g->runs].v[k];
		if (hi.v[k] <= lo->v[k])
			agents[at] = agents[--n];
	}
	return rc;
}

int
tg_graph_diff(struct tg_graph *g, const uint32_t *a, size_t an, const uint32_t *b, size_t bn,
    struct tg_spans *only_a, struct tg_spans *only_b)
{
	enum {
		A = 1,
		B = 2,
		BOTH = 3
	};
	size_t both = 0; /* heap entries that are known to be in both versions */
	int rc = TG_OK;

	only_a->n = only_b->n = 0;
	if (an == 1 && bn == 1) { /* one run, or the same event: most calls */
		const struct tg_grun *r = tg_graph_run(g, a[0] > b[0] ? a[0] : b[0]);

		if (a[0] == b[0])
			return TG_OK;
		if (a[0] > b[0] && b[0] >= r->start)
			return emit(only_a, b[0] + 1, a[0] + 1);
		if (b[0] > a[0] && a[0] >= r->start)
			return emit(only_b, a[0] + 1, b[0] + 1);
	}
	if (!g->unclocked) {
		struct tg_clock ca = clock_of(g, a, an), cb = clock_of(g, b, bn);

		rc = emit_by_clock(g, ca, &cb, only_a);
		return rc == TG_OK ? emit_by_clock(g, cb, &ca, only_b) : rc;
	}
	if ((rc = new_pass(g)) != TG_OK || !diff_pass(g, a, an, b, bn, only_a, only_b, &rc))
		return rc;
	only_a->n = only_b->n = 0;
	g->heap.n = 0;
	for (size_t i = 0; i < an && rc == TG_OK; i++)
		rc = heap_push(g, a[i], A);
	for (size_t i = 0; i < bn && rc == TG_OK; i++)
		rc = heap_push(g, b[i], B);
	while (rc == TG_OK && g->heap.n > both) {
		uint64_t top = heap_pop(g);
		uint32_t lv = (uint32_t)(top >> 2);
		unsigned flag = top & 3;
		const struct tg_grun *r = tg_graph_run(g, lv);

		both -= flag == BOTH;
		while (g->heap.n > 0 && heap_top_lv(g) >= r->start) {
			uint32_t lower;
			unsigned other;

			top = heap_pop(g);
			lower = (uint32_t)(top >> 2);
			other = top & 3;
			both -= other == BOTH;
			if ((flag | other) == flag)
				continue;
			if (flag != BOTH && lower < lv &&
			    (rc = emit(flag == A ? only_a : only_b, lower + 1, lv + 1)) != TG_OK)
				return rc;
			lv = lower;
			flag |= other;
		}
		if (flag != BOTH)
			rc = emit(flag == A ? only_a : only_b, r->start, lv + 1);
		for (size_t i = 0; i < r->parent_count && rc == TG_OK; i++) {
			rc = heap_push(g, g->parent_pool[r->parents + i], flag);
			both += flag == BOTH;
		}
	}
	return rc;
}
