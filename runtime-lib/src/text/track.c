/*
 * track.c -- how much of history the items remember: the base, critical versions, and replay from one.
 *
 * A version is CRITICAL when every other event is an ancestor of it or made after it.  Nothing that is made
 * after a critical version can be concurrent with what came before, so nobody will ever ask for the
 * tombstones, origins and states of that: the walk can begin there, with the document as it was as one row
 * of visible items.  That is the tracker's BASE; its items have their real names, so events after it find
 * what they delete.
 *
 *     history     o--o--o--C--o--o--D        C, D critical
 *                           \\--o--/
 *     base 0      everything is walked, every tombstone is there
 *     base C      replayed up to C without a walk, then walked: the branch is there, what C had deleted is
 * not
 *
 * While a history has only critical versions it needs no tracker at all: the document is LINEAR.  When an
 * event comes that was made in an older version, the tracker is built cold, from the last critical version
 * that this one and VIEW both contain; from then on it is warm, and each event costs its own diff.  One that
 * was made before the base has it built again from further back.  When it gets too big, and everybody's
 * events are merged and shown, it is dropped.
 *
 * Remote events that are known to be in range wait until somebody looks: then all of them are walked in an
 * order planned over them.  So an author who goes on writing in an old version, while others write in a new
 * one, costs two turns between the versions for each look at the document, not for each bundle.
 *
 * Fugue (not FugueMax) asks for the left origins of old items, so there the base is always the beginning.
 *
 * Invariants, checked by tg_track_check(): (1) events [0, applied) are in the items; (2) when tracking, BASE
 * is 0 or one past a critical event, and PREPARED and VIEW, unless VIEW is empty, contain it; (3) when not
 * tracking, all that is applied is linear after a critical version, no item is deleted unless VIEW has it,
 * and no mark is open.
 */
#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "text/version.h"

enum {
	FEW_RUNS = 8,	    /* so many are walked in the order they came in: planning would cost more */
	CLEAR_LEAVES = 4096 /* during a walk: at the first critical version above this, and twice that */
};

/* Are the logged events [start, end), made one after another in PREPARED, in range? */
static int
in_range(struct tg_doc *doc, uint32_t start, uint32_t end)
{
	const struct tg_oprun *r = tg_oplog_find(&doc->log, start);
	uint32_t flow = TG_TEXT_FLOW_BODY;
	uint64_t length = tg_flow_total(doc, flow);

	doc->length_stamp++;
	doc->flows[flow].length_stamp = doc->length_stamp;
	for (uint32_t at = start; at < end; r++) {
		uint32_t to = tg_oplog_end(&doc->log, r), skip = at - r->lv;
		uint64_t pos = r->pos, n;

		if (to > end)
			to = end;
		n = to - at;
		at = to;
		if (r->flow != flow) {
			doc->flows[flow].length = length;
			flow = r->flow;
			length = doc->flows[flow].length_stamp == doc->length_stamp
				     ? doc->flows[flow].length
				     : tg_flow_total(doc, flow);
			doc->flows[flow].length_stamp = doc->length_stamp;
		}
		switch (r->kind) {
		case TG_OP_CHAR:
		case TG_OP_BLOCK:
		case TG_OP_ATOM:
			if (pos + skip > length)
				return 0;
			length += n;
			break;
		case TG_OP_DELETE:
			if (pos + n > length)
				return 0;
			length -= n;
			break;
		case TG_OP_DELETE_BACK:
			if (pos - skip >= length || pos - skip + 1 < n)
				return 0;
			length -= n;
			break;
		case TG_OP_MARK:
			if (pos + doc->formats.marks[r->aux].count > length)
				return 0;
			break;
		}
	}
	return 1;
}

/* ---- beginning */

static size_t
tracker_bytes(const struct tg_doc *doc)
{
	size_t leaves = doc->items.leaf_n;

	for (size_t i = 1; i < doc->flow_n; i++)
		leaves += doc->flows[i].items.leaf_n;
	return leaves * sizeof(struct tg_leaf) + doc->items.place_cap * sizeof *doc->items.place;
}

static int
start_afresh(struct tg_doc *doc)
{
	int rc;

	for (uint32_t i = 0; i < doc->flow_n; i++) {
		tg_flow_enter(doc, i);
		if ((rc = tg_items_init(&doc->items, 0)) != TG_OK)
			return rc;
		doc->open_marks = TG_LV_NONE;
	}
	tg_flow_enter(doc, TG_TEXT_FLOW_BODY);
	tg_formats_forget_states(&doc->formats);
	tg_siblings_free(&doc->siblings);
	doc->prepared.n = 0;
	return TG_OK;
}

/* From linear to tracked, where the document stands. */
static int
start_tracking(struct tg_doc *doc, uint32_t base)
{
	int rc = tg_mem_grow(
	    (void **)&doc->items.place, &doc->items.place_cap, doc->log.next, sizeof *doc->items.place);

	for (uint32_t i = 0; i < doc->flow_n && rc == TG_OK; i++) {
		tg_flow_enter(doc, i);
		tg_items_track(&doc->items);
	}
	doc->base = base;
	return rc;
}

/* Forget what only concurrent events could ask for: PREPARED is critical, and the items are as they are in
 * it. */
static int
forget(struct tg_doc *doc)
{
	for (uint32_t i = 0; i < doc->flow_n; i++) {
		struct tg_items fresh = {0}, *old;
		struct tg_cursor c;
		int rc;

		tg_flow_enter(doc, i);
		old = &doc->items;
		if ((rc = tg_items_init(&fresh, 0)) != TG_OK)
			return rc;
		for (c = (struct tg_cursor){old->first, 0, 0}; tg_items_step(old, &c) && rc == TG_OK;
		     c.idx++) {
			struct tg_item it = *tg_items_at(old, c);

			it.left = it.id - 1;
			it.right = TG_LV_NONE;
			if (!(it.st & TG_ITEM_GONE))
				rc = tg_items_put_last(&fresh, &it);
		}
		if (rc != TG_OK || (rc = tg_items_put_end(&fresh)) != TG_OK) {
			tg_items_free(&fresh);
			return rc;
		}
		fresh.place = old->place;
		fresh.place_cap = old->place_cap;
		old->place = NULL;
		tg_items_free(old);
		*old = fresh;
	}
	tg_siblings_free(&doc->siblings);
	return TG_OK;
}

/* ---- walking */

static int
visit_stretch(struct tg_doc *doc, uint32_t start, uint32_t end, const struct tg_lvs *parents)
{
	struct tg_grun *r;
	int rc;

	if ((rc = tg_walk_to(doc, parents)) != TG_OK)
		return rc;
	if (doc->unchecked && !in_range(doc, start, end))
		return TG_ERANGE;
	if ((rc = tg_walk_apply(doc, start, end, 0)) != TG_OK)
		return rc;
	r = &doc->graph.runs[tg_graph_run_index(&doc->graph, start)];
	if (r->end == end)
		r->length = tg_flow_total(doc, TG_TEXT_FLOW_BODY);
	doc->walked += end - start;
	if (doc->walked != end || doc->items.leaf_n < doc->clear_leaves)
		return TG_OK; /* not all before it is here, or it is not worth the while */
	if (doc->order == TG_TEXT_ORDER_FUGUE || doc->keep ||
	    (doc->view.n > 0 && doc->view.v[doc->view.n - 1] < end - 1))
		return TG_OK;
	if ((rc = tg_graph_judge(&doc->graph)) != TG_OK || !tg_graph_is_critical(&doc->graph, end - 1))
		return rc;
	if ((rc = forget(doc)) != TG_OK)
		return rc;
	if (doc->clear_leaves > 1)
		doc->clear_leaves =
		    doc->items.leaf_n * 2 > CLEAR_LEAVES ? doc->items.leaf_n * 2 : CLEAR_LEAVES;
	return start_tracking(doc, end);
}

/* Walk the events [from, to); all before are in the items, which are tracking. */
static int
walk(struct tg_doc *doc, uint32_t from, uint32_t to)
{
	const struct tg_graph *g = &doc->graph;
	uint32_t first = from < to ? tg_graph_run_index(g, from) : 0;
	int rc;

	doc->walked = from;
	if (doc->clear_leaves == 0)
		doc->clear_leaves = CLEAR_LEAVES;
	if (from < to && g->n - first > FEW_RUNS)
		return tg_plan_walk(doc, from, to, visit_stretch);
	while (from < to) { /* as they came */
		const struct tg_grun *r = tg_graph_run(g, from);
		uint32_t before = from - 1, end = r->end < to ? r->end : to;
		struct tg_lvs parents = {&before, 1, 0};

		if (r->start == from) {
			parents.n = r->parent_count;
			parents.v = parents.n > 0 ? &g->parent_pool[r->parents] : NULL;
		}
		if ((rc = visit_stretch(doc, from, end, &parents)) != TG_OK)
			return rc;
		from = end;
	}
	return TG_OK;
}

/* Does each of the first events follow the one before? */
static int
is_linear(const struct tg_graph *g, uint32_t end)
{
	for (size_t i = 0; i < g->n && g->runs[i].start < end; i++)
		if (g->runs[i].parent_count != (i > 0) ||
		    (i > 0 && g->parent_pool[g->runs[i].parents] != g->runs[i].start - 1))
			return 0;
	return 1;
}

/* Make the items, from nothing, the document after events [0, end), of which the last is critical; untracked.
 */
static int
replay(struct tg_doc *doc, uint32_t end)
{
	int rc = start_afresh(doc);

	if (rc != TG_OK || end == 0)
		return rc;
	if (!is_linear(&doc->graph, end)) {
		if ((rc = start_tracking(doc, 0)) != TG_OK || (rc = walk(doc, 0, end)) != TG_OK)
			return rc;
		return forget(doc);
	}
	if (doc->unchecked && !in_range(doc, 0, end))
		return TG_ERANGE;
	return doc->flow_n == 1 ? tg_replay_linear(doc, end) : tg_walk_apply(doc, 0, end, 0);
}

/* What VIEW has, and with which formats, after the items were made anew. */
static int
see(struct tg_doc *doc)
{
	struct tg_version v = {0};
	struct tg_spans none = {0};
	uint32_t leaf, before, format;
	int rc;

	if (doc->view.n == 0)
		return TG_OK;
	if (tg_lvs_equal(&doc->view, &doc->merged)) {
		tg_walk_seen(doc);
		return TG_OK;
	}
	if ((rc = tg_walk_to(doc, &doc->view)) == TG_OK &&
	    (rc = tg_lvs_copy(&v.frontier, &doc->view)) == TG_OK)
		rc = tg_graph_diff(&doc->graph, v.frontier.v, v.frontier.n, NULL, 0, &v.events, &none);
	for (uint32_t i = 0; i < doc->flow_n && rc == TG_OK; i++) {
		struct tg_items *t = &doc->items;
		struct tg_cursor c;

		tg_flow_enter(doc, i);
		while (tg_items_next_dirty(t, &leaf, &before))
			tg_items_clean(t, leaf);
		for (c = (struct tg_cursor){t->first, 0, 0}; tg_items_step(t, &c); c.idx++) {
			struct tg_item *it = tg_items_at(t, c);

			if (tg_item_sp(it) != 1) {
				tg_items_set(t, c, it->st & ~TG_ITEM_VIEW, it->state, 0);
			} else {
				if ((rc = tg_version_format(doc, &v, it->state, &format)) != TG_OK)
					break;
				tg_items_set(t, c, it->st | TG_ITEM_VIEW, it->state, format);
			}
			if (tg_walk_stale(doc, it))
				tg_items_dirty(t, c.leaf);
		}
	}
	tg_free(none.v);
	tg_version_free(&v);
	return rc;
}

/* ---- the public part */

/*
 * Build the tracker cold, with a base of at most ${floor} that VIEW contains too.  It may end up with a later
 * one, where all that waited allows it, unless ${keep}.
 */
static int
rebuild(struct tg_doc *doc, uint32_t floor, int keep)
{
	uint32_t base = 0;
	int rc;

	if (doc->view.n > 0 && doc->view.v[doc->view.n - 1] + 1 < floor)
		floor = doc->view.v[doc->view.n - 1] + 1;
	if (doc->order == TG_TEXT_ORDER_FUGUEMAX &&
	    (rc = tg_graph_critical(&doc->graph, floor, &base)) != TG_OK)
		return rc;
	doc->keep = 0;
	if ((rc = replay(doc, base)) != TG_OK)
		return rc;
	doc->keep = keep;
	if ((rc = start_tracking(doc, base)) != TG_OK || (rc = walk(doc, base, doc->log.next)) != TG_OK)
		return rc;
	doc->keep = 0;
	return see(doc);
}

int
tg_track_flush(struct tg_doc *doc)
{
	uint32_t from = doc->applied, to = doc->log.next, floor = doc->floor;
	int rc;

	if (from == to)
		return TG_OK;
	if (!doc->items.tracking && floor == TG_LV_NONE) {
		if (doc->view.n == 0 && from <= to - from && is_linear(&doc->graph, to))
			rc = replay(doc, to);
		else if (doc->unchecked && !in_range(doc, from, to))
			rc = TG_ERANGE;
		else
			rc = tg_walk_apply(doc, from, to, 0);
	} else if (doc->items.tracking && (floor == TG_LV_NONE || doc->base <= floor)) {
		doc->keep = !doc->unchecked;
		rc = walk(doc, from, to);
	} else {
		rc = rebuild(doc, floor, !doc->unchecked);
	}
	if (rc != TG_OK)
		return rc;
	doc->applied = to;
	doc->floor = TG_LV_NONE;
	doc->unchecked = 0;
	return TG_OK;
}

int
tg_track_need(struct tg_doc *doc, uint32_t floor)
{
	int rc = tg_track_flush(doc);

	if (rc != TG_OK || (doc->items.tracking && doc->base <= floor))
		return rc;
	return rebuild(doc, floor, 1);
}

int
tg_walk_track(struct tg_doc *doc)
{
	return tg_track_need(doc, 0);
}

int
tg_track_trim(struct tg_doc *doc)
{
	int rc;

	if (!doc->items.tracking || doc->order == TG_TEXT_ORDER_FUGUE || doc->merged.n != 1 ||
	    tracker_bytes(doc) <= doc->budget || !tg_lvs_equal(&doc->view, &doc->merged))
		return TG_OK;
	if ((rc = tg_walk_to(doc, &doc->merged)) != TG_OK || (rc = forget(doc)) != TG_OK)
		return rc;
	tg_flow_enter(doc, TG_TEXT_FLOW_BODY);
	tg_free(doc->items.place);
	doc->items.place = NULL;
	doc->items.place_cap = 0;
	doc->base = 0;
	return TG_OK;
}

int
tg_track_check(struct tg_doc *doc)
{
	uint32_t base;

	if (doc->applied > doc->log.next || doc->log.next != doc->graph.next)
		return 1;
	for (uint32_t i = 0; i < doc->flow_n; i++) {
		struct tg_cursor c;
		int rc;

		tg_flow_enter(doc, i);
		c = (struct tg_cursor){doc->items.first, 0, 0};
		if ((rc = tg_items_check(&doc->items)) != 0)
			return 10 + rc;
		for (; !doc->items.tracking && tg_items_step(&doc->items, &c); c.idx++)
			if ((tg_items_at(&doc->items, c)->st & (TG_ITEM_GONE | TG_ITEM_VIEW)) == TG_ITEM_GONE)
				return 3;
		if (!doc->items.tracking && doc->open_marks != TG_LV_NONE)
			return 3;
	}
	if (!doc->items.tracking || doc->base == 0 || doc->applied != doc->log.next)
		return 0; /* what waits may be about to have the base moved */
	if (tg_graph_critical(&doc->graph, doc->base, &base) != TG_OK || base != doc->base)
		return 2;
	if (doc->prepared.n == 0 || doc->prepared.v[doc->prepared.n - 1] + 1 < base)
		return 2;
	return doc->view.n > 0 && doc->view.v[doc->view.n - 1] + 1 < base ? 2 : 0;
}
