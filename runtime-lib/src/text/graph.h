/*
 * graph.h -- who made which events after which: the event graph, run-length encoded.
 *
 * Every event held has a dense local number, its LV, in order of arrival; parents always have lower LVs.  A
 * run is a stretch of LVs by one agent where each event's only parent is the one before; so typing costs
 * nothing and the graph of a document has as many runs as people took turns.  A version is a frontier: the
 * sorted LVs of its newest events.  LVs are local; between hosts an event is named (agent, seq).
 *
 * Invariants: (1) runs tile [0, next) in order; (2) every parent of a run is < its start; (3) parents are a
 * frontier: none is an ancestor of another; (4) an agent's pieces tile its seqs [0, next_seq) and its LVs
 * ascend.
 */
#ifndef TG_TEXT_GRAPH_H
#define TG_TEXT_GRAPH_H

#include <stddef.h>
#include <stdint.h>

#include <toygrid/text.h>

#include "text/pool.h"

#define TG_LV_NONE	UINT32_MAX
#define TG_CLOCK_AGENTS 8

struct tg_lvs { /* a growable list of LVs; a frontier when sorted */
	uint32_t *v;
	size_t n, cap;
};

struct tg_span { /* LVs [start, end) */
	uint32_t start, end;
};

struct tg_spans {
	struct tg_span *v;
	size_t n, cap;
};

struct tg_grun {
	uint32_t start, end; /* LVs [start, end) */
	uint32_t agent;	     /* index in agents */
	uint32_t seq;	     /* of start */
	uint32_t lamport;    /* of start: 1 + the highest of the parents, else 1 */
	uint32_t parents;    /* index in parent_pool */
	uint32_t parent_count;
	uint32_t followed; /* does another run name the last event as a parent? */
	uint32_t length;   /* items of the body after the last event, TG_LV_NONE when not known */
	uint32_t critical; /* the events of the run before this LV are critical; at most start: none is */
};

struct tg_agent {
	uint8_t key[TG_TEXT_AGENT_BYTES];
	uint32_t next_seq;
	struct tg_agent_piece {
		uint32_t seq, lv;
	} * pieces; /* ascending; a piece ends where the next begins */
	size_t n, cap;
};

struct tg_graph {
	struct tg_grun *runs;
	size_t n, cap;
	uint32_t *parent_pool;
	uint32_t *parent_runs; /* the index of the run of each */
	size_t pool_n, pool_cap, parent_runs_cap;
	uint32_t *hint; /* hint[lv / 16] = a run at or before that of lv / 16 * 16 */
	size_t hint_n, hint_cap;
	struct tg_agent *agents;
	size_t agent_n, agent_cap;
	uint32_t *slots; /* agent key -> index + 1 */
	size_t slot_count;
	uint32_t next; /* the next LV */
	struct {
		uint64_t *v;
		size_t n, cap;
	} heap; /* scratch of diff and reduce */
	struct tg_reach {
		uint32_t stamp;
		uint32_t a, b;
	} * reach; /* scratch of diff and reduce: per run, one past the highest LV reached in the pass
		      ${stamp} */
	size_t reach_n, reach_cap;
	uint32_t stamp;
	uint32_t judged; /* what runs say of critical events is true as long as this is the next LV */
	/*
	 * While few agents have written: of each run, one past each agent's newest event before it.  An
	 * agent's events follow one another, so that says all about a version, and ancestry is one
	 * comparison.
	 */
	struct tg_clock {
		uint32_t v[TG_CLOCK_AGENTS];
	} * clocks;
	size_t clock_cap;
	int unclocked; /* too many agents: clocks are gone */
};

int tg_lvs_push(struct tg_lvs *l, uint32_t lv) __attribute__((warn_unused_result));
int tg_lvs_copy(struct tg_lvs *to, const struct tg_lvs *from) __attribute__((warn_unused_result));
int tg_lvs_equal(const struct tg_lvs *a, const struct tg_lvs *b);

/**
 * tg_lvs_advance(f, graph, parents, count, last):
 * Move frontier ${f} past events ending in ${last} whose parents were parents[0 .. count).
 */
int tg_lvs_advance(struct tg_lvs *f, const uint32_t *parents, size_t count, uint32_t last)
    __attribute__((warn_unused_result));

int tg_graph_init(struct tg_graph *g) __attribute__((warn_unused_result));
void tg_graph_free(struct tg_graph *g);

/** tg_graph_agent(g, key, create, index): Find or make an agent.  TG_OK, TG_ENOTFOUND, TG_ENOMEM. */
int tg_graph_agent(struct tg_graph *g, const uint8_t key[TG_TEXT_AGENT_BYTES], int create, uint32_t *index)
    __attribute__((warn_unused_result));

/** tg_graph_lv(g, agent, seq): The LV of a held event, else TG_LV_NONE. */
uint32_t tg_graph_lv(const struct tg_graph *g, uint32_t agent, uint64_t seq);

/** tg_graph_run(g, lv), tg_graph_run_index(g, lv): The run that holds ${lv}. */
static inline const struct tg_grun *
tg_graph_run(const struct tg_graph *g, uint32_t lv)
{
	const struct tg_grun *r = &g->runs[g->hint[lv >> 4]];

	while (lv >= r->end)
		r++;
	return r;
}

static inline uint32_t
tg_graph_run_index(const struct tg_graph *g, uint32_t lv)
{
	return (uint32_t)(tg_graph_run(g, lv) - g->runs);
}

/** tg_graph_compare(g, a, b): The order of two events by (agent bytes, seq): breaks every tie. */
int tg_graph_compare(const struct tg_graph *g, uint32_t a, uint32_t b);

/** tg_graph_lamport(g, lv): 1 + the highest lamport among its parents. */
uint32_t tg_graph_lamport(const struct tg_graph *g, uint32_t lv);

/**
 * tg_graph_append(g, agent, count, parents, parent_count):
 * Add ${count} events of ${agent}, one after another, the first with the given parents (a frontier).
 */
int tg_graph_append(struct tg_graph *g, uint32_t agent, uint32_t count, const uint32_t *parents,
    size_t parent_count) __attribute__((warn_unused_result));

/** tg_graph_reduce(g, l): Sort, and drop duplicates and ancestors of others. */
int tg_graph_reduce(struct tg_graph *g, struct tg_lvs *l) __attribute__((warn_unused_result));

/**
 * tg_graph_critical(g, limit, base):
 * The highest *${base} <= ${limit} such that event *${base} - 1 is critical: every other event is its
 * ancestor or its descendant.  0, the empty version, always is.  O(runs).
 */
int tg_graph_critical(struct tg_graph *g, uint32_t limit, uint32_t *base) __attribute__((warn_unused_result));

/** tg_graph_judge(g): Find out which events are critical, unless that is known: O(runs).  TG_OK, TG_ENOMEM.
 */
int tg_graph_judge(struct tg_graph *g) __attribute__((warn_unused_result));

/** tg_graph_is_critical(g, lv): Is this event critical?  The graph must be judged. */
static inline int
tg_graph_is_critical(const struct tg_graph *g, uint32_t lv)
{
	return lv < tg_graph_run(g, lv)->critical;
}

/**
 * tg_graph_diff(g, a, b, only_a, only_b):
 * The events in one version and not in the other, as spans with the newest first.  Cost: what lies between
 * the versions and their last common events.
 */
int tg_graph_diff(struct tg_graph *g, const uint32_t *a, size_t an, const uint32_t *b, size_t bn,
    struct tg_spans *only_a, struct tg_spans *only_b) __attribute__((warn_unused_result));

#endif
