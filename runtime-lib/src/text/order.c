#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "text/order.h"

#define NONE UINT32_MAX

/* Of one author, by rank. */
struct author {
	uint32_t next;	 /* index in runs_of of the next run to number */
	uint32_t end;	 /* one past its last */
	uint32_t waiter; /* another author that waits for the same run, or NONE */
};

struct numbering {
	const struct tg_graph *graph;
	struct tg_order *order;
	struct author *authors;
	uint32_t *runs_of; /* the runs of each author, in the order of its events */
	uint32_t *waiting; /* by run: the author that waits for it, or NONE */
	uint32_t *ready;   /* a min-heap of ranks */
	size_t ready_n;
	uint32_t next;
};

static void
push_ready(struct numbering *n, uint32_t rank)
{
	size_t i = n->ready_n++;

	for (; i > 0 && n->ready[(i - 1) / 2] > rank; i = (i - 1) / 2)
		n->ready[i] = n->ready[(i - 1) / 2];
	n->ready[i] = rank;
}

static uint32_t
pop_ready(struct numbering *n)
{
	uint32_t top = n->ready[0], last = n->ready[--n->ready_n];
	size_t i = 0, k;

	while ((k = 2 * i + 1) < n->ready_n) {
		if (k + 1 < n->ready_n && n->ready[k + 1] < n->ready[k])
			k++;
		if (n->ready[k] >= last)
			break;
		n->ready[i] = n->ready[k];
		i = k;
	}
	n->ready[i] = last;
	return top;
}

/* A run that the author's next run needs and that has no number yet, or NONE. */
static uint32_t
needed(const struct numbering *n, uint32_t rank)
{
	const struct tg_grun *r = &n->graph->runs[n->runs_of[n->authors[rank].next]];

	for (uint32_t i = 0; i < r->parent_count; i++) {
		uint32_t run = n->graph->parent_runs[r->parents + i];

		if (n->order->at[run] == NONE)
			return run;
	}
	return NONE;
}

/* Let the author wait for what its next run needs; 1 when it needs nothing more. */
static int
can_go_on(struct numbering *n, uint32_t rank)
{
	uint32_t run = needed(n, rank);

	if (run == NONE)
		return 1;
	n->authors[rank].waiter = n->waiting[run];
	n->waiting[run] = rank;
	return 0;
}

static void
number_run(struct numbering *n, uint32_t run)
{
	uint32_t rank = n->waiting[run], next;

	n->order->at[run] = n->next;
	n->order->runs[n->order->n++] = run;
	n->next += n->graph->runs[run].end - n->graph->runs[run].start;
	for (; rank != NONE; rank = next) {
		next = n->authors[rank].waiter;
		if (can_go_on(n, rank))
			push_ready(n, rank);
	}
}

static void
number_all(struct numbering *n)
{
	for (uint32_t rank = 0; rank < n->order->agent_n; rank++)
		if (can_go_on(n, rank))
			push_ready(n, rank);
	while (n->ready_n > 0) {
		uint32_t rank = pop_ready(n);
		struct author *a = &n->authors[rank];

		do
			number_run(n, n->runs_of[a->next++]);
		while (a->next < a->end && can_go_on(n, rank));
	}
}

static int
compare_agents(const void *graph, const void *a, const void *b)
{
	const struct tg_agent *agents = ((const struct tg_graph *)graph)->agents;

	return memcmp(
	    agents[*(const uint32_t *)a].key, agents[*(const uint32_t *)b].key, TG_TEXT_AGENT_BYTES);
}

/* The agents that have events, by key; how many runs each has is counted in place. */
static void
sort_agents(struct tg_order *o, const struct tg_graph *g)
{
	for (size_t i = 0; i < g->agent_n; i++)
		if (g->agents[i].next_seq > 0)
			o->agents[o->agent_n++] = (uint32_t)i;
	tg_text_sort(o->agents, o->agent_n, sizeof *o->agents, compare_agents, g);
	for (size_t i = 0; i < o->agent_n; i++)
		o->rank[o->agents[i]] = (uint32_t)i;
}

static void
list_runs(struct numbering *n)
{
	const struct tg_graph *g = n->graph;
	uint32_t at = 0;

	for (size_t i = 0; i < g->n; i++)
		n->authors[n->order->rank[g->runs[i].agent]].end++;
	for (size_t i = 0; i < n->order->agent_n; i++) {
		struct author *a = &n->authors[i];

		a->next = at;
		at += a->end;
		a->end = a->next;
	}
	for (size_t i = 0; i < g->n; i++) { /* an agent's LVs ascend with its events */
		struct author *a = &n->authors[n->order->rank[g->runs[i].agent]];

		n->runs_of[a->end++] = (uint32_t)i;
		n->waiting[i] = NONE;
		n->order->at[i] = NONE;
	}
}

int
tg_order_make(struct tg_order *order, const struct tg_graph *graph)
{
	struct numbering n = {0};
	int rc = TG_ENOMEM;

	if (graph->n == 0)
		return TG_OK;
	n.graph = graph;
	n.order = order;
	order->runs = tg_calloc(graph->n, sizeof *order->runs);
	order->at = tg_calloc(graph->n, sizeof *order->at);
	order->agents = tg_calloc(graph->agent_n, sizeof *order->agents);
	order->rank = tg_calloc(graph->agent_n, sizeof *order->rank);
	n.authors = tg_calloc(graph->agent_n, sizeof *n.authors);
	n.runs_of = tg_calloc(graph->n, sizeof *n.runs_of);
	n.waiting = tg_calloc(graph->n, sizeof *n.waiting);
	n.ready = tg_calloc(graph->agent_n, sizeof *n.ready);
	if (order->runs != NULL && order->at != NULL && order->agents != NULL && order->rank != NULL &&
	    n.authors != NULL && n.runs_of != NULL && n.waiting != NULL && n.ready != NULL) {
		sort_agents(order, graph);
		list_runs(&n);
		number_all(&n);
		rc = TG_OK;
	}
	tg_free(n.authors);
	tg_free(n.runs_of);
	tg_free(n.waiting);
	tg_free(n.ready);
	return rc;
}

void
tg_order_free(struct tg_order *order)
{
	tg_free(order->runs);
	tg_free(order->at);
	tg_free(order->agents);
	tg_free(order->rank);
	memset(order, 0, sizeof *order);
}
