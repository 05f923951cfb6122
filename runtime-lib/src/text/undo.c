/*
 * undo.c -- take back chosen events, wherever they ended up.
 *
 * The items remember everything: an inserted item that is still there is deleted, a deleted one is inserted
 * again between the neighbours its tombstone has now, and a mark that wins gives way to the next best.  What
 * somebody else deleted too stays deleted, what somebody else marked over stays so.  The inverse edits are
 * made in MERGED as ordinary new events, so undoing them again is redo.
 */
#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "text/doc.h"
#include "wire/writer.h"

struct undo {
	struct tg_spans events; /* what is undone, sorted, as LVs */
	uint32_t *targets;	/* items they deleted, sorted, one entry per deletion */
	size_t target_n, target_cap;
	uint32_t *keys; /* of the marks among them */
	size_t key_n, key_cap;
	uint32_t *flows; /* of all but the sets among them */
	size_t flow_n, flow_cap;
	struct step {
		struct tg_change change;
		uint32_t source; /* restored text: the item it was */
	} * steps;
	size_t step_n, step_cap;
};

static int
is_undone(const struct undo *u, uint32_t lv)
{
	size_t lo = 0, hi = u->events.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (lv >= u->events.v[mid].end)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < u->events.n && lv >= u->events.v[lo].start;
}

static int
skip_mark(const void *ctx, const struct tg_mark *mark)
{
	return is_undone(ctx, mark->lv);
}

static void
sort_numbers(uint32_t *v, size_t n)
{
	size_t gap = 1;

	while (gap < n / 3)
		gap = 3 * gap + 1;
	for (; gap > 0; gap /= 3)
		for (size_t i = gap; i < n; i++) {
			uint32_t x = v[i];
			size_t k = i;

			for (; k >= gap && v[k - gap] > x; k -= gap)
				v[k] = v[k - gap];
			v[k] = x;
		}
}

/* Sorted, without duplicates; the new count. */
static size_t
sort_set(uint32_t *v, size_t n)
{
	size_t kept = 0;

	sort_numbers(v, n);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || v[kept - 1] != v[i])
			v[kept++] = v[i];
	return kept;
}

static int
push_number(uint32_t **v, size_t *n, size_t *cap, uint32_t x)
{
	int rc = tg_array_need((void **)v, cap, *n + 1, sizeof **v);

	if (rc == TG_OK)
		(*v)[(*n)++] = x;
	return rc;
}

/* The ranges as sorted, disjoint spans of LVs. */
static int
gather_events(struct tg_doc *doc, struct undo *u, const struct tg_event_range *ranges, size_t n)
{
	size_t kept = 0, gap = 1;
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
			if ((rc = tg_array_need((void **)&u->events.v, &u->events.cap, u->events.n + 1,
				 sizeof *u->events.v)) != TG_OK)
				return rc;
			u->events.v[u->events.n].start = lv;
			u->events.v[u->events.n++].end = lv + len;
			seq += len;
		}
	}
	while (gap < u->events.n / 3)
		gap = 3 * gap + 1;
	for (; gap > 0; gap /= 3)
		for (size_t i = gap; i < u->events.n; i++) {
			struct tg_span x = u->events.v[i];
			size_t k = i;

			for (; k >= gap && u->events.v[k - gap].start > x.start; k -= gap)
				u->events.v[k] = u->events.v[k - gap];
			u->events.v[k] = x;
		}
	for (size_t i = 0; i < u->events.n; i++) {
		if (kept > 0 && u->events.v[i].start <= u->events.v[kept - 1].end) {
			if (u->events.v[i].end > u->events.v[kept - 1].end)
				u->events.v[kept - 1].end = u->events.v[i].end;
		} else {
			u->events.v[kept++] = u->events.v[i];
		}
	}
	u->events.n = kept;
	return TG_OK;
}

static int
add_step(struct undo *u, struct tg_change change, uint32_t source)
{
	int rc = tg_array_need((void **)&u->steps, &u->step_cap, u->step_n + 1, sizeof *u->steps);

	if (rc == TG_OK) {
		u->steps[u->step_n].change = change;
		u->steps[u->step_n++].source = source;
	}
	return rc;
}

static int
gather_register(struct tg_doc *doc, struct undo *u, const struct tg_register *r)
{
	struct tg_change c = {0};
	uint32_t best = TG_LV_NONE;

	if (!is_undone(u, doc->sets[r->winner].lv))
		return TG_OK;
	for (uint32_t s = r->last; s != TG_LV_NONE; s = doc->sets[s].before)
		if (!is_undone(u, doc->sets[s].lv) &&
		    (best == TG_LV_NONE || tg_doc_beats(doc, doc->sets[s].lamport, doc->sets[s].lv,
					       doc->sets[best].lamport, doc->sets[best].lv)))
			best = s;
	c.kind = TG_OP_SET;
	c.count = 1;
	c.object = r->object;
	c.key = r->key;
	c.value = best == TG_LV_NONE ? TG_POOL_NIL : doc->sets[best].value;
	return c.value == doc->sets[r->winner].value ? TG_OK : add_step(u, c, 0);
}

/* What the events did: deleted items, keys of marks, registers. */
static int
gather_effects(struct tg_doc *doc, struct undo *u)
{
	int rc, sets = 0;

	for (size_t i = 0; i < u->events.n; i++) {
		const struct tg_oprun *r = tg_oplog_find(&doc->log, u->events.v[i].start);

		for (uint32_t at = u->events.v[i].start, to; at < u->events.v[i].end; at = to, r++) {
			to = tg_oplog_end(&doc->log, r);
			to = to > u->events.v[i].end ? u->events.v[i].end : to;
			if (r->kind == TG_OP_MARK && (rc = push_number(&u->keys, &u->key_n, &u->key_cap,
							  doc->formats.marks[r->aux].key)) != TG_OK)
				return rc;
			sets |= r->kind == TG_OP_SET;
			if (r->kind != TG_OP_SET && (u->flow_n == 0 || u->flows[u->flow_n - 1] != r->flow) &&
			    (rc = push_number(&u->flows, &u->flow_n, &u->flow_cap, r->flow)) != TG_OK)
				return rc;
			if (r->kind != TG_OP_DELETE && r->kind != TG_OP_DELETE_BACK)
				continue;
			for (uint32_t lv = at; lv < to; lv++)
				if ((rc = push_number(&u->targets, &u->target_n, &u->target_cap,
					 doc->items.place[lv])) != TG_OK)
					return rc;
		}
	}
	sort_numbers(u->targets, u->target_n);
	u->key_n = sort_set(u->keys, u->key_n);
	u->flow_n = sort_set(u->flows, u->flow_n);
	for (size_t i = 0; sets && i < doc->register_n; i++)
		if ((rc = gather_register(doc, u, &doc->registers[i])) != TG_OK)
			return rc;
	return TG_OK;
}

/* How often the undone events deleted item ${id}. */
static uint32_t
times_deleted(const struct undo *u, uint32_t id)
{
	size_t lo = 0, hi = u->target_n;
	uint32_t n = 0;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (u->targets[mid] < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	while (lo + n < u->target_n && u->targets[lo + n] == id)
		n++;
	return n;
}

static uint32_t
value_without(const struct tg_doc *doc, const struct undo *u, uint32_t state, uint32_t key)
{
	uint32_t m = tg_format_winner(&doc->formats, state, key, skip_mark, u);

	if (m != TG_FORMAT_NONE)
		return doc->formats.marks[m].value;
	return tg_format_value(&doc->formats, tg_format_birth(&doc->formats, state), key);
}

/* The format of an item as if the undone marks had never been; what a birth format may hold of it. */
static int
format_without(struct tg_doc *doc, const struct undo *u, uint32_t state, uint32_t *format)
{
	size_t n, len, bytes = 8, fit = 0;
	const struct tg_pair *p;
	int rc;

	*format = doc->formats.states[state].format;
	for (size_t i = 0; i < u->key_n; i++)
		if ((rc = tg_format_with(&doc->formats, *format, u->keys[i],
			 value_without(doc, u, state, u->keys[i]), format)) != TG_OK)
			return rc;
	p = tg_format_get(&doc->formats, *format, &n);
	for (; fit < n && fit < TG_TEXT_FORMAT_KEYS_MAX; fit++) {
		tg_pool_get(&doc->pool, p[fit].key, &len);
		bytes += len + 4;
		tg_pool_get(&doc->pool, p[fit].value, &len);
		bytes += len;
		if (bytes > TG_TEXT_ATTRS_MAX)
			break;
	}
	if (fit == n)
		return TG_OK;
	if ((rc = tg_array_need((void **)&doc->pairs, &doc->pair_cap, fit, sizeof *doc->pairs)) != TG_OK)
		return rc;
	if (fit > 0)
		memcpy(doc->pairs, p, fit * sizeof *p);
	return tg_format_put(&doc->formats, doc->pairs, fit, format);
}

/*
 * A marker or atom that comes back is a new event, but flows and registers may hang on the old one: then it
 * keeps that name in the key "id" (docs/rich-text.md).
 */
static int
name_restored(struct tg_doc *doc, uint32_t lv, uint32_t *format)
{
	static const char digits[] = "0123456789abcdef";
	const struct tg_grun *g = tg_graph_run(&doc->graph, lv);
	char text[2 * TG_TEXT_AGENT_BYTES + 24];
	struct tg_object_name name = {0};
	size_t pairs, len = 0, at = sizeof text;
	struct tg_buf value = {0};
	uint32_t key, id;
	int rc;

	memcpy(name.agent, doc->graph.agents[g->agent].key, TG_TEXT_AGENT_BYTES);
	name.seq = g->seq + (lv - g->start);
	tg_format_get(&doc->formats, *format, &pairs);
	if (pairs >= TG_TEXT_FORMAT_KEYS_MAX || tg_object_put(doc, &name, 0, &id) != TG_OK)
		return TG_OK;
	if ((rc = tg_pool_put(&doc->pool, "id", 2, &key)) != TG_OK ||
	    tg_format_value(&doc->formats, *format, key) != TG_POOL_NIL)
		return rc;
	text[len++] = '=';
	for (int i = 0; i < TG_TEXT_AGENT_BYTES; i++) {
		text[len++] = digits[name.agent[i] >> 4];
		text[len++] = digits[name.agent[i] & 15];
	}
	text[len++] = ':';
	do {
		text[--at] = digits[name.seq % 10];
		name.seq /= 10;
	} while (name.seq > 0);
	memmove(text + len, text + at, sizeof text - at);
	len += sizeof text - at;
	tg_write_str(&value, text, len);
	if ((rc = tg_buf_status(&value)) == TG_OK &&
	    (rc = tg_pool_put(&doc->pool, value.data, value.len, &id)) == TG_OK)
		rc = tg_format_with(&doc->formats, *format, key, id, format);
	tg_buf_free(&value);
	return rc;
}

/* Items that come back: text as one insert, anything else one by one, each with its name. */
static int
bring_back(struct tg_doc *doc, struct undo *u, const struct tg_item *it, uint32_t from, struct tg_change c)
{
	uint32_t n = c.count, plain;
	int rc;

	c.kind = tg_item_kind(it);
	if ((rc = format_without(doc, u, it->state, &c.format)) != TG_OK)
		return rc;
	if (c.kind == TG_OP_CHAR)
		return add_step(u, c, from);
	plain = c.format;
	c.count = 1;
	for (uint32_t i = 0; i < n; i++, c.pos++) {
		c.format = plain;
		if ((rc = name_restored(doc, from + i, &c.format)) != TG_OK ||
		    (rc = add_step(u, c, from + i)) != TG_OK)
			return rc;
	}
	return TG_OK;
}

/* Deletions and insertions that undo events on one run; *index moves behind what is left of it. */
static int
gather_run(struct tg_doc *doc, struct undo *u, const struct tg_item *it, uint32_t *index)
{
	uint32_t done = 0;
	int rc;

	while (done < it->len) {
		int undone = is_undone(u, it->id + done);
		int back = (it->st & TG_ITEM_GONE) && !undone && tg_item_sp(it) > 1 &&
			   times_deleted(u, it->id + done) == tg_item_sp(it) - 1;
		struct tg_change c = {0};
		uint32_t n = 1;

		while (done + n < it->len && is_undone(u, it->id + done + n) == undone &&
		       (!(it->st & TG_ITEM_GONE) ||
			   (!undone && times_deleted(u, it->id + done + n) == tg_item_sp(it) - 1) == back))
			n++;
		c.flow = doc->flow;
		c.pos = *index;
		c.count = n;
		if (!(it->st & TG_ITEM_GONE) && undone) {
			c.kind = TG_OP_DELETE;
			if ((rc = add_step(u, c, 0)) != TG_OK)
				return rc;
		} else if (!(it->st & TG_ITEM_GONE)) {
			*index += n;
		} else if (back) {
			if ((rc = bring_back(doc, u, it, it->id + done, c)) != TG_OK)
				return rc;
			*index += n;
		}
		done += n;
	}
	return TG_OK;
}

static int
gather_items(struct tg_doc *doc, struct undo *u, uint32_t flow)
{
	struct tg_cursor c = {0, 0, 0};
	uint32_t index = 0;
	int rc;

	tg_flow_enter(doc, flow);
	c.leaf = doc->items.first;

	for (; tg_items_step(&doc->items, &c); c.idx++)
		if ((rc = gather_run(doc, u, tg_items_at(&doc->items, c), &index)) != TG_OK)
			return rc;
	return TG_OK;
}

/* Marks that give back what ${key} was where an undone mark wins. */
static int
gather_marks(struct tg_doc *doc, struct undo *u, uint32_t flow, uint32_t key)
{
	struct tg_cursor c = {0, 0, 0};
	struct tg_change change = {0};
	uint32_t index = 0;
	int rc;

	tg_flow_enter(doc, flow);
	c.leaf = doc->items.first;
	change.flow = flow;
	change.kind = TG_OP_MARK;
	change.key = key;
	for (; tg_items_step(&doc->items, &c); c.idx++) {
		const struct tg_item *it = tg_items_at(&doc->items, c);
		uint32_t m, value = 0;
		int mine;

		if (it->st & TG_ITEM_GONE)
			continue;
		m = tg_format_winner(&doc->formats, it->state, key, NULL, NULL);
		mine = m != TG_FORMAT_NONE && is_undone(u, doc->formats.marks[m].lv);
		if (mine) {
			value = value_without(doc, u, it->state, key);
			mine = value != doc->formats.marks[m].value;
		}
		if (change.count > 0 && (!mine || value != change.value)) {
			if ((rc = add_step(u, change, 0)) != TG_OK)
				return rc;
			change.count = 0;
		}
		if (mine && change.count == 0) {
			change.pos = index;
			change.value = value;
		}
		change.count += mine ? it->len : 0;
		index += it->len;
	}
	return change.count > 0 ? add_step(u, change, 0) : TG_OK;
}

/* Make the steps gathered so far events in MERGED. */
static int
make_steps(struct tg_doc *doc, struct undo *u)
{
	int rc;

	for (size_t i = 0; i < u->step_n; i++) {
		struct tg_change c = u->steps[i].change;
		uint32_t left = c.count, source = u->steps[i].source;

		while (c.kind == TG_OP_CHAR && left > 0) { /* text comes in runs of the log */
			const uint8_t *p;

			c.count = left;
			p = tg_oplog_text(&doc->log, source, &c.count, &c.text_len);
			tg_buf_reset(&doc->out_text); /* the arena may move while it grows */
			tg_buf_put(&doc->out_text, p, c.text_len);
			if ((rc = tg_buf_status(&doc->out_text)) != TG_OK)
				return rc;
			c.text = doc->out_text.data;
			if ((rc = tg_change_apply(doc, &c, 0)) != TG_OK)
				return rc;
			c.pos += c.count;
			source += c.count;
			left -= c.count;
		}
		if (c.kind != TG_OP_CHAR && (rc = tg_change_apply(doc, &c, 0)) != TG_OK)
			return rc;
	}
	u->step_n = 0;
	return TG_OK;
}

static int
undo(struct tg_doc *doc, struct undo *u, const struct tg_event_range *ranges, size_t n)
{
	uint64_t events = 0;
	int rc;

	if ((rc = gather_events(doc, u, ranges, n)) != TG_OK ||
	    (rc = tg_track_need(doc, u->events.n > 0 ? u->events.v[0].start : doc->log.next)) != TG_OK ||
	    (rc = tg_walk_to(doc, &doc->merged)) != TG_OK || (rc = gather_effects(doc, u)) != TG_OK)
		return rc;
	for (size_t i = 0; i < u->flow_n; i++)
		if ((rc = gather_items(doc, u, u->flows[i])) != TG_OK)
			return rc;
	for (size_t i = 0; i < u->step_n; i++)
		events += u->steps[i].change.count;
	/* Giving back a mark takes at most one event per run of items: a generous bound, checked before
	 * anything. */
	for (size_t i = 0; i < u->flow_n; i++) {
		tg_flow_enter(doc, u->flows[i]);
		events += (uint64_t)u->key_n * doc->items.leaf_n * TG_LEAF_RUNS;
	}
	if (events > TG_TEXT_EVENTS_MAX - doc->log.next)
		return TG_ELIMIT;
	if ((rc = make_steps(doc, u)) != TG_OK)
		return rc;
	for (size_t i = 0; i < u->flow_n; i++)
		for (size_t k = 0; k < u->key_n; k++)
			if ((rc = gather_marks(doc, u, u->flows[i], u->keys[k])) != TG_OK ||
			    (rc = make_steps(doc, u)) != TG_OK)
				return rc;
	return TG_OK;
}

int
tg_doc_undo(struct tg_doc *doc, const struct tg_event_range *ranges, size_t n, uint64_t *first_seq,
    uint64_t *event_count, struct tg_patches *patches)
{
	struct undo u = {0};
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
	rc = undo(doc, &u, ranges, n);
	tg_free(u.events.v);
	tg_free(u.targets);
	tg_free(u.keys);
	tg_free(u.flows);
	tg_free(u.steps);
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
