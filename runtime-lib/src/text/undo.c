/*
 * undo.c -- take back chosen events, wherever they ended up; and give them back again.
 *
 * The rule: what is shown are the items whose insertion is not undone and whose deletions are all undone, in
 * the format that the marks give which are not undone.  What somebody else deleted too stays deleted, what
 * somebody else marked over stays so.  An undo adds events to those undone (a redo, the undo of an undo,
 * takes them out), works out what the rule now says of the items they touched, and makes the difference as
 * ordinary new events in MERGED.  Those new events say nothing of their own to the rule, and text put back
 * counts as the item it was: undone.h.
 *
 * Text comes back at the place of its tombstone.  An index cannot say "before this tombstone, behind that",
 * so text put back lies left of all tombstones at its place.  What is put back later must not get behind it:
 *
 *     a [x] [y] [z] b      x, y, z were deleted one after the other; undo of the last
 *     a z' [x] [y] [z] b   now y comes back: z is still ahead when y is passed, so y goes in front of z'
 *     a y' z' [x] ...
 *
 * `ahead` below keeps the shown copies whose own tombstone was not passed yet.
 */
#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "text/steps.h"
#include "text/version.h"

struct numbers {
	uint32_t *v;
	size_t n, cap;
};

/* An item, or what stands for it. */
struct instance {
	uint32_t id, st, state;
};

struct ahead {
	uint32_t root, count, index;
};

struct undo {
	struct tg_doc *doc;
	struct tg_undone *past;
	struct tg_spans touched; /* the events that are taken or given back now: no events of an undo */
	struct tg_spans events;	 /* what counts as undone from now on */
	struct numbers targets;	 /* items that touched events deleted, as what they are */
	struct numbers forgiven; /* items by deletions that do not count, one entry each */
	struct numbers keys;	 /* of touched marks */
	struct numbers flows;	 /* of all touched events but sets */
	int redo;
	struct tg_steps steps;
	struct instance *instances; /* of the item looked at: first itself */
	size_t instance_n, instance_cap;
	struct ahead *ahead;
	size_t ahead_n, ahead_cap;
	struct tg_version scratch; /* for choosing marks */
	uint32_t *states;
	size_t state_cap;
};

static void
make_set(struct numbers *s)
{
	size_t kept = 0;

	tg_text_sort_numbers(s->v, s->n);
	for (size_t i = 0; i < s->n; i++)
		if (kept == 0 || s->v[kept - 1] != s->v[i])
			s->v[kept++] = s->v[i];
	s->n = kept;
}

static int
push_number(struct numbers *s, uint32_t x)
{
	int rc = tg_array_need((void **)&s->v, &s->cap, s->n + 1, sizeof *s->v);

	if (rc == TG_OK)
		s->v[s->n++] = x;
	return rc;
}

/* The first number at or above ${x}. */
static size_t
find_number(const struct numbers *s, uint32_t x)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->v[mid] < x)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Does an event say something to the rule? */
static int
counts(const void *ctx, uint32_t lv)
{
	const struct undo *u = ctx;

	return !tg_spans_has(&u->events, lv) && tg_undone_batch(u->past, lv) == NULL;
}

/* ---- which events */

/* The ranges as spans of LVs. */
static int
gather_ranges(struct tg_doc *doc, struct tg_spans *chosen, const struct tg_event_range *ranges, size_t n)
{
	int rc;

	for (size_t i = 0; i < n; i++) {
		uint64_t seq = ranges[i].seq, end = seq + ranges[i].count;
		uint32_t agent, lv;

		if (ranges[i].count == 0)
			continue;
		if (tg_graph_agent(&doc->graph, ranges[i].agent, 0, &agent) != TG_OK || end < seq ||
		    end > doc->graph.agents[agent].next_seq)
			return TG_ENOTFOUND;
		while (seq < end) {
			const struct tg_grun *r;
			uint32_t len;

			lv = tg_graph_lv(&doc->graph, agent, seq);
			r = tg_graph_run(&doc->graph, lv);
			len = end - seq < r->end - lv ? (uint32_t)(end - seq) : r->end - lv;
			if ((rc = tg_spans_push(chosen, lv, lv + len)) != TG_OK)
				return rc;
			seq += len;
		}
	}
	tg_spans_tidy(chosen);
	return TG_OK;
}

/* What the choice means: events, and for each undo among them what that had taken or given back. */
static int
choose_events(struct undo *u, const struct tg_spans *chosen)
{
	struct tg_undone *past = u->past;
	struct tg_spans made = {0}, more = {0}, less = {0};
	int rc = TG_OK;

	for (size_t i = 0; i < past->batch_n && rc == TG_OK; i++) {
		const struct tg_undo_batch *b = &past->batches[i];

		rc = tg_spans_push(&made, b->start, b->end);
		if (rc != TG_OK || !tg_spans_meet(chosen, b->start, b->end))
			continue;
		u->redo = !b->redo;
		for (size_t k = 0; k < b->n && rc == TG_OK; k++) {
			struct tg_span s = past->spans.v[b->first + k];

			rc = tg_spans_push(b->redo ? &more : &less, s.start, s.end);
		}
	}
	tg_spans_tidy(&less);
	if (rc == TG_OK)
		rc = tg_spans_without(chosen, &made, &more);
	for (size_t i = 0; i < past->events.n && rc == TG_OK; i++)
		rc = tg_spans_push(&more, past->events.v[i].start, past->events.v[i].end);
	tg_spans_tidy(&more);
	if (rc == TG_OK)
		rc = tg_spans_without(&more, &less, &u->events);
	/* Touched is what changes sides. */
	if (rc == TG_OK)
		rc = tg_spans_without(&u->events, &past->events, &u->touched);
	if (rc == TG_OK)
		rc = tg_spans_without(&past->events, &u->events, &u->touched);
	tg_spans_tidy(&u->touched);
	tg_free(made.v);
	tg_free(more.v);
	tg_free(less.v);
	return rc;
}

/* ---- what they did */

static int
gather_register(struct undo *u, const struct tg_register *r)
{
	struct tg_doc *doc = u->doc;
	struct tg_change c = {0};
	uint32_t best = TG_LV_NONE;
	int touched = 0;

	for (uint32_t s = r->last; s != TG_LV_NONE; s = doc->sets[s].before) {
		touched |= tg_spans_has(&u->touched, doc->sets[s].lv);
		if (counts(u, doc->sets[s].lv) &&
		    (best == TG_LV_NONE || tg_doc_beats(doc, doc->sets[s].lamport, doc->sets[s].lv,
					       doc->sets[best].lamport, doc->sets[best].lv)))
			best = s;
	}
	c.kind = TG_OP_SET;
	c.count = 1;
	c.object = r->object;
	c.key = r->key;
	c.value = best == TG_LV_NONE ? TG_POOL_NIL : doc->sets[best].value;
	return !touched || c.value == doc->sets[r->winner].value ? TG_OK : tg_steps_add(&u->steps, &c, 0);
}

/* Call visit for the parts of the log that lie in spans. */
static int
each_run(struct undo *u, const struct tg_spans *spans,
    int (*visit)(struct undo *u, const struct tg_oprun *r, uint32_t from, uint32_t to))
{
	const struct tg_oplog *log = &u->doc->log;
	int rc;

	for (size_t i = 0; i < spans->n; i++) {
		const struct tg_oprun *r = tg_oplog_find(log, spans->v[i].start);

		for (uint32_t at = spans->v[i].start, to; at < spans->v[i].end; at = to, r++) {
			to = tg_oplog_end(log, r);
			to = to > spans->v[i].end ? spans->v[i].end : to;
			if ((rc = visit(u, r, at, to)) != TG_OK)
				return rc;
		}
	}
	return TG_OK;
}

static int
note_touched(struct undo *u, const struct tg_oprun *r, uint32_t from, uint32_t to)
{
	uint32_t one = 1;
	int rc;

	if (r->kind == TG_OP_SET)
		return TG_OK;
	if (r->kind == TG_OP_MARK && (rc = push_number(&u->keys, u->doc->formats.marks[r->aux].key)) != TG_OK)
		return rc;
	if ((u->flows.n == 0 || u->flows.v[u->flows.n - 1] != r->flow) &&
	    (rc = push_number(&u->flows, r->flow)) != TG_OK)
		return rc;
	for (; from < to && (r->kind == TG_OP_DELETE || r->kind == TG_OP_DELETE_BACK); from++)
		if ((rc = push_number(
			 &u->targets, tg_undone_root(u->past, u->doc->items.place[from], &one))) != TG_OK)
			return rc;
	return TG_OK;
}

static int
note_forgiven(struct undo *u, const struct tg_oprun *r, uint32_t from, uint32_t to)
{
	int rc;

	for (; from < to && (r->kind == TG_OP_DELETE || r->kind == TG_OP_DELETE_BACK); from++)
		if ((rc = push_number(&u->forgiven, u->doc->items.place[from])) != TG_OK)
			return rc;
	return TG_OK;
}

static int
gather_effects(struct undo *u)
{
	struct tg_spans made = {0};
	int rc;

	if ((rc = each_run(u, &u->touched, note_touched)) != TG_OK ||
	    (rc = each_run(u, &u->events, note_forgiven)) != TG_OK)
		return rc;
	for (size_t i = 0; i < u->past->batch_n && rc == TG_OK; i++)
		rc = tg_spans_push(&made, u->past->batches[i].start, u->past->batches[i].end);
	if (rc == TG_OK)
		rc = each_run(u, &made, note_forgiven);
	tg_free(made.v);
	make_set(&u->targets);
	make_set(&u->keys);
	make_set(&u->flows);
	tg_text_sort_numbers(u->forgiven.v, u->forgiven.n);
	for (size_t i = 0; i < u->doc->register_n && rc == TG_OK; i++)
		rc = gather_register(u, &u->doc->registers[i]);
	return rc;
}

/* ---- items */

static int
push_instance(struct undo *u, uint32_t id, uint32_t *n)
{
	struct tg_cursor c = tg_items_locate(&u->doc->items, id);
	const struct tg_item *it = tg_items_at(&u->doc->items, c);
	int rc =
	    tg_array_need((void **)&u->instances, &u->instance_cap, u->instance_n + 1, sizeof *u->instances);

	if (rc != TG_OK)
		return rc;
	if (*n > it->len - c.off)
		*n = it->len - c.off;
	u->instances[u->instance_n].id = id;
	u->instances[u->instance_n].st = it->st;
	u->instances[u->instance_n++].state = it->state;
	return TG_OK;
}

/* All that item ${root} is or was shown as; *${n} is cut to the items behind it of which the same can be
 * said. */
static int
find_instances(struct undo *u, uint32_t root, uint32_t *n)
{
	int rc;

	u->instance_n = 0;
	if ((rc = push_instance(u, root, n)) != TG_OK)
		return rc;
	for (size_t i = 0; i < u->past->copy_n; i++) {
		const struct tg_copy *c = &u->past->copies[i];

		if (root - c->source < c->count) {
			if (*n > c->source + c->count - root)
				*n = c->source + c->count - root;
			if ((rc = push_instance(u, c->lv + (root - c->source), n)) != TG_OK)
				return rc;
		} else if (c->source > root && c->source - root < *n) {
			*n = c->source - root;
		}
	}
	return TG_OK;
}

static int
is_touched(const struct undo *u, uint32_t root)
{
	size_t i = find_number(&u->targets, root);

	return (i < u->targets.n && u->targets.v[i] == root) || tg_spans_has(&u->touched, root);
}

/* Is any of [root, root + n) touched? */
static int
meets_touched(const struct undo *u, uint32_t root, uint32_t n)
{
	size_t i = find_number(&u->targets, root);

	return (i < u->targets.n && u->targets.v[i] - root < n) || tg_spans_meet(&u->touched, root, root + n);
}

/* Does the rule show the ${k}-th item behind the one whose instances were found? */
static int
is_to_show(const struct undo *u, uint32_t k)
{
	if (tg_spans_has(&u->events, u->instances[0].id + k))
		return 0;
	for (size_t i = 0; i < u->instance_n; i++) {
		uint32_t id = u->instances[i].id + k, deleted = (u->instances[i].st & TG_ITEM_SP) - 1;
		size_t at = find_number(&u->forgiven, id);

		for (; deleted > 0 && at < u->forgiven.n && u->forgiven.v[at] == id; at++)
			deleted--;
		if (deleted > 0)
			return 0;
	}
	return 1;
}

static int
is_shown(const struct undo *u)
{
	for (size_t i = 0; i < u->instance_n; i++)
		if (!(u->instances[i].st & TG_ITEM_GONE))
			return 1;
	return 0;
}

/* The chains of marks of all instances. */
static int
gather_states(struct undo *u)
{
	int rc = tg_array_need((void **)&u->states, &u->state_cap, u->instance_n, sizeof *u->states);

	for (size_t i = 0; i < u->instance_n && rc == TG_OK; i++)
		u->states[i] = u->instances[i].state;
	return rc;
}

/* The tombstones of items [root, root + n) were passed. */
static void
pass(struct undo *u, uint32_t root, uint32_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < u->ahead_n; i++) {
		struct ahead *a = &u->ahead[i];

		if (a->root - root < n) {
			uint32_t cut = root + n - a->root < a->count ? root + n - a->root : a->count;

			a->root += cut;
			a->index += cut;
			a->count -= cut;
		}
		if (a->count > 0)
			u->ahead[kept++] = *a;
	}
	u->ahead_n = kept;
}

static int
push_ahead(struct undo *u, uint32_t root, uint32_t n, uint32_t index)
{
	int rc = tg_array_need((void **)&u->ahead, &u->ahead_cap, u->ahead_n + 1, sizeof *u->ahead);

	if (rc == TG_OK) {
		u->ahead[u->ahead_n].root = root;
		u->ahead[u->ahead_n].count = n;
		u->ahead[u->ahead_n++].index = index;
	}
	return rc;
}

/* Put back items [root, root + n): instances and states were found. */
static int
put_back(struct undo *u, int kind, uint32_t root, uint32_t n, uint32_t *index)
{
	struct tg_change c = {.kind = kind, .flow = u->doc->flow, .count = n};
	uint32_t format;
	int rc;

	if ((rc = gather_states(u)) != TG_OK ||
	    (rc = tg_version_choose(u->doc, &u->scratch, u->states, u->instance_n, counts, u, &format)) !=
		TG_OK ||
	    (rc = tg_steps_birth(u->doc, format, &c.format)) != TG_OK)
		return rc;
	c.pos = u->ahead_n > 0 ? u->ahead[0].index : *index;
	*index += n;
	for (size_t i = 0; i < u->ahead_n; i++)
		u->ahead[i].index += n;
	return tg_steps_back(u->doc, &u->steps, &c, root);
}

/* Items [id, id + n) of one run, which are items [root, root + n). */
static int
judge_items(struct undo *u, const struct tg_item *it, uint32_t id, uint32_t root, uint32_t n, uint32_t *index)
{
	struct tg_change c = {.kind = TG_OP_DELETE, .flow = u->doc->flow};
	int gone = (it->st & TG_ITEM_GONE) != 0, rc;

	for (uint32_t done = 0, part; done < n; done += part) {
		int touched = is_touched(u, root + done), show = 0;
		uint32_t same = 1;

		part = n - done;
		if (touched) {
			if ((rc = find_instances(u, root + done, &part)) != TG_OK)
				return rc;
			show = is_to_show(u, 0);
		}
		while (same < part && is_touched(u, root + done + same) == touched &&
		       (!touched || is_to_show(u, same) == show))
			same++;
		part = same;
		if (!gone && touched && !show) {
			c.pos = *index;
			c.count = part;
			if ((rc = tg_steps_add(&u->steps, &c, 0)) != TG_OK)
				return rc;
		} else if (!gone) {
			if (id != root && (rc = push_ahead(u, root + done, part, *index)) != TG_OK)
				return rc;
			*index += part;
		} else if (id == root && touched && show && !is_shown(u)) {
			if ((rc = put_back(u, tg_item_kind(it), root + done, part, index)) != TG_OK)
				return rc;
		}
		if (id == root)
			pass(u, root + done, part);
	}
	return TG_OK;
}

static int
gather_items(struct undo *u, uint32_t flow)
{
	struct tg_items *t = &u->doc->items;
	struct tg_cursor c = {0, 0, 0};
	uint32_t index = 0;
	int rc;

	tg_flow_enter(u->doc, flow);
	c.leaf = t->first;
	u->ahead_n = 0;
	for (; tg_items_step(t, &c); c.idx++) {
		const struct tg_item *it = tg_items_at(t, c);

		for (uint32_t done = 0, n; done < it->len; done += n) {
			uint32_t id = it->id + done, root;

			n = it->len - done;
			root = tg_undone_root(u->past, id, &n);
			if (id == root && u->ahead_n == 0 && !meets_touched(u, root, n)) {
				index += it->st & TG_ITEM_GONE ? 0 : n;
				continue;
			}
			if ((rc = judge_items(u, it, id, root, n, &index)) != TG_OK)
				return rc;
		}
	}
	return TG_OK;
}

/* ---- marks */

/* Did a touched mark set ${key} on an item in these states? */
static int
is_marked(const struct undo *u, uint32_t key)
{
	const struct tg_formats *f = &u->doc->formats;

	for (size_t i = 0; i < u->instance_n; i++)
		for (uint32_t s = u->instances[i].state; f->states[s].rest != TG_FORMAT_NONE;
		     s = f->states[s].rest) {
			const struct tg_mark *m = &f->marks[f->states[s].mark];

			if (m->key == key && tg_spans_has(&u->touched, m->lv))
				return 1;
		}
	return 0;
}

/* The value of ${key} that the rule gives items in ${it} from ${id} on; 0 when no touched mark was there. */
static int
judge_mark(struct undo *u, const struct tg_item *it, uint32_t id, uint32_t *n, uint32_t key, uint32_t *value,
    int *mine)
{
	uint32_t root = tg_undone_root(u->past, id, n), format, now;
	int rc;

	*mine = 0;
	if ((rc = find_instances(u, root, n)) != TG_OK || !is_marked(u, key))
		return rc;
	if ((rc = gather_states(u)) != TG_OK || (rc = tg_version_choose(u->doc, &u->scratch, u->states,
						     u->instance_n, counts, u, &format)) != TG_OK)
		return rc;
	now = tg_format_value(&u->doc->formats, u->doc->formats.states[it->state].format, key);
	*value = tg_format_value(&u->doc->formats, format, key);
	*mine = *value != now;
	return TG_OK;
}

/* Marks that give what the rule says of ${key} where touched marks are. */
static int
gather_marks(struct undo *u, uint32_t flow, uint32_t key)
{
	struct tg_items *t = &u->doc->items;
	struct tg_cursor c = {0, 0, 0};
	struct tg_change change = {.kind = TG_OP_MARK, .flow = flow, .key = key};
	uint32_t index = 0;
	int rc;

	tg_flow_enter(u->doc, flow);
	c.leaf = t->first;
	for (; tg_items_step(t, &c); c.idx++) {
		const struct tg_item *it = tg_items_at(t, c);

		if (it->st & TG_ITEM_GONE)
			continue;
		for (uint32_t done = 0, n; done < it->len; done += n) {
			uint32_t value = 0;
			int mine;

			n = it->len - done;
			if ((rc = judge_mark(u, it, it->id + done, &n, key, &value, &mine)) != TG_OK)
				return rc;
			if (change.count > 0 && (!mine || value != change.value)) {
				if ((rc = tg_steps_add(&u->steps, &change, 0)) != TG_OK)
					return rc;
				change.count = 0;
			}
			if (mine && change.count == 0) {
				change.pos = index;
				change.value = value;
			}
			change.count += mine ? n : 0;
			index += n;
		}
	}
	return change.count > 0 ? tg_steps_add(&u->steps, &change, 0) : TG_OK;
}

/* ---- making it so */

static int
note_copy(void *ctx, uint32_t lv, uint32_t source, uint32_t count)
{
	struct tg_undone *past = ctx;
	int rc =
	    tg_array_need((void **)&past->copies, &past->copy_cap, past->copy_n + 1, sizeof *past->copies);

	if (rc == TG_OK) {
		past->copies[past->copy_n].lv = lv;
		past->copies[past->copy_n].source = source;
		past->copies[past->copy_n++].count = count;
	}
	return rc;
}

static int
make_events(struct undo *u)
{
	struct tg_doc *doc = u->doc;
	uint64_t events = u->steps.events;
	int rc;

	/* Giving back a mark takes at most one event per run of items and what divides it: a generous bound,
	 * checked before anything. */
	for (size_t i = 0; i < u->flows.n; i++) {
		tg_flow_enter(doc, u->flows.v[i]);
		events += (uint64_t)u->keys.n * (doc->items.leaf_n * TG_LEAF_RUNS + 2 * u->past->copy_n);
	}
	if (events > TG_TEXT_EVENTS_MAX - doc->log.next)
		return TG_ELIMIT;
	if ((rc = tg_steps_make(doc, &u->steps, note_copy, u->past)) != TG_OK)
		return rc;
	for (size_t i = 0; i < u->flows.n; i++)
		for (size_t k = 0; k < u->keys.n; k++)
			if ((rc = gather_marks(u, u->flows.v[i], u->keys.v[k])) != TG_OK ||
			    (rc = tg_steps_make(doc, &u->steps, note_copy, u->past)) != TG_OK)
				return rc;
	return TG_OK;
}

/* Remember what was done, for the next time. */
static int
remember(struct undo *u, uint32_t start)
{
	struct tg_undone *past = u->past;
	struct tg_undo_batch b = {start, u->doc->log.next, past->spans.n, u->touched.n, u->redo};
	struct tg_spans events = past->events;
	int rc;

	past->events = u->events;
	u->events = events; /* to be freed */
	if (b.start == b.end)
		return TG_OK;
	for (size_t i = 0; i < u->touched.n; i++)
		if ((rc = tg_spans_push(&past->spans, u->touched.v[i].start, u->touched.v[i].end)) != TG_OK)
			return rc;
	if ((rc = tg_array_need((void **)&past->batches, &past->batch_cap, past->batch_n + 1,
		 sizeof *past->batches)) == TG_OK)
		past->batches[past->batch_n++] = b;
	return rc;
}

/* The first event that the rule must know of: all that was undone and all that undos made. */
static uint32_t
first_of(const struct undo *u)
{
	uint32_t first = u->doc->log.next;

	if (u->touched.n > 0 && u->touched.v[0].start < first)
		first = u->touched.v[0].start;
	if (u->events.n > 0 && u->events.v[0].start < first)
		first = u->events.v[0].start;
	if (u->past->batch_n > 0 && u->past->batches[0].start < first)
		first = u->past->batches[0].start;
	return first;
}

static int
undo(struct undo *u, const struct tg_event_range *ranges, size_t n)
{
	struct tg_doc *doc = u->doc;
	struct tg_spans chosen = {0};
	uint32_t start = doc->log.next;
	int rc = gather_ranges(doc, &chosen, ranges, n);

	if (rc == TG_OK)
		rc = choose_events(u, &chosen);
	tg_free(chosen.v);
	if (rc != TG_OK || (rc = tg_track_need(doc, first_of(u))) != TG_OK ||
	    (rc = tg_walk_to(doc, &doc->merged)) != TG_OK || (rc = gather_effects(u)) != TG_OK)
		return rc;
	for (size_t i = 0; i < u->flows.n; i++)
		if ((rc = gather_items(u, u->flows.v[i])) != TG_OK)
			return rc;
	if ((rc = make_events(u)) != TG_OK)
		return rc;
	return remember(u, start);
}

static void
free_all(struct undo *u)
{
	tg_free(u->touched.v);
	tg_free(u->events.v);
	tg_free(u->targets.v);
	tg_free(u->forgiven.v);
	tg_free(u->keys.v);
	tg_free(u->flows.v);
	tg_steps_free(&u->steps);
	tg_free(u->instances);
	tg_free(u->ahead);
	tg_version_free(&u->scratch);
	tg_free(u->states);
}

int
tg_doc_undo(struct tg_doc *doc, const struct tg_event_range *ranges, size_t n, uint64_t *first_seq,
    uint64_t *event_count, struct tg_patches *patches)
{
	struct undo u = {.doc = doc, .past = &doc->undone};
	uint32_t first;
	int rc;

	if (first_seq != NULL)
		*first_seq = 0;
	if (event_count != NULL)
		*event_count = 0;
	memset(patches, 0, sizeof *patches);
	if ((rc = tg_doc_ready(doc)) != TG_OK)
		return rc;
	if (doc->agent == TG_LV_NONE)
		return TG_EINVAL;
	if (n > TG_TEXT_UNDO_RANGES_MAX)
		return TG_ETOOBIG;
	first = doc->graph.agents[doc->agent].next_seq;
	rc = undo(&u, ranges, n);
	free_all(&u);
	if (rc == TG_OK)
		rc = tg_poll(doc, patches);
	if (rc != TG_OK)
		return tg_doc_fail(doc, rc);
	if (first_seq != NULL)
		*first_seq = first;
	if (event_count != NULL)
		*event_count = doc->graph.agents[doc->agent].next_seq - first;
	return TG_OK;
}
