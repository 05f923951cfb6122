/*
 * order.h -- the one order in which a document's events are saved.
 *
 * LVs depend on the order of arrival; saved bytes must not.  So the events are numbered anew: go on with the
 * author of the last event while its next event has all its parents behind it; else take, of the authors
 * whose next event has, the one with the lowest key.  The rule looks at nothing but the events, so hosts with
 * the same events number them alike, and it follows each author for as long as possible, so that runs stay
 * long.
 *
 *     a0-a1----a2     host 1 heard a0 b0 a1 a2 b1, host 2 b0 a0 b1 a1 a2 (a2 saw b0)
 *       b0--b1 /      both save a0 a1 | b0 b1 | a2
 */
#ifndef TG_TEXT_ORDER_H
#define TG_TEXT_ORDER_H

#include "text/graph.h"

struct tg_order {
	uint32_t *runs; /* the graph's runs, by index, in this order */
	size_t n;
	uint32_t *at;	  /* by index of the run: the new number of its first event */
	uint32_t *agents; /* agents that have events, ascending by key */
	uint32_t *rank;	  /* by agent: its place among these */
	size_t agent_n;
};

/** tg_order_make(order, graph): Fill a zeroed ${order}; free it after a failure too.  TG_OK, TG_ENOMEM. */
int tg_order_make(struct tg_order *order, const struct tg_graph *graph) __attribute__((warn_unused_result));
void tg_order_free(struct tg_order *order);

/** tg_order_of(order, graph, lv): The new number of an event. */
static inline uint32_t
tg_order_of(const struct tg_order *order, const struct tg_graph *graph, uint32_t lv)
{
	uint32_t run = tg_graph_run_index(graph, lv);

	return order->at[run] + (lv - graph->runs[run].start);
}

#endif
