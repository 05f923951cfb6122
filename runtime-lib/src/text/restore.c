/*
 * restore.c -- bring a version of the past back, as new events: history goes on, nothing is rewound.
 *
 * The version's items are noted in document order.  Then one pass over the items of MERGED, which has the
 * same order: what is shown and not noted is deleted, what is noted and not shown is put back.  What is shown
 * then is item for item what was noted, so formats are compared one by one and the differences marked.
 */
#include <string.h>

#include <toygrid/history.h>
#include <toygrid/status.h>

#include "base/mem.h"
#include "text/steps.h"
#include "text/version.h"

struct noted { /* items [start, end) as the version shows them; flows one after another */
	uint32_t start, end, format;
};

struct restore {
	struct tg_doc *doc;
	struct tg_version version;
	struct noted *noted;
	size_t noted_n, noted_cap;
	size_t *flow_at; /* where each flow begins in noted, and behind the last */
	size_t flow_cap;
	struct tg_steps steps;
};

static int
note_flow(struct restore *x)
{
	struct tg_items *t = &x->doc->items;
	struct tg_cursor c = {t->first, 0, 0};
	int rc;

	for (; tg_items_step(t, &c); c.idx++) {
		const struct tg_item *it = tg_items_at(t, c);
		struct noted noted = {it->id, it->id + it->len, 0};

		if (tg_item_sp(it) != 1)
			continue;
		if ((rc = tg_version_format(x->doc, &x->version, it->state, &noted.format)) != TG_OK ||
		    (rc = tg_array_need((void **)&x->noted, &x->noted_cap, x->noted_n + 1, sizeof noted)) !=
			TG_OK)
			return rc;
		x->noted[x->noted_n++] = noted;
	}
	return TG_OK;
}

static int
note_all(struct restore *x)
{
	uint32_t flows = x->doc->flow_n;
	int rc = tg_array_need((void **)&x->flow_at, &x->flow_cap, (size_t)flows + 1, sizeof *x->flow_at);

	for (uint32_t flow = 0; flow < flows && rc == TG_OK; flow++) {
		x->flow_at[flow] = x->noted_n;
		x->version.flow = flow;
		if ((rc = tg_version_prepare(x->doc, &x->version)) == TG_OK)
			rc = note_flow(x);
	}
	if (rc == TG_OK)
		x->flow_at[flows] = x->noted_n;
	return rc;
}

/* Items [id, id + n) of one run: what becomes of them? */
static int
place_items(struct restore *x, const struct tg_item *it, uint32_t id, uint32_t n, const struct noted *noted,
    uint32_t *index)
{
	struct tg_change c = {.kind = TG_OP_DELETE, .flow = x->doc->flow, .pos = *index, .count = n};
	int gone = (it->st & TG_ITEM_GONE) != 0, rc;

	if (noted == NULL)
		return gone ? TG_OK : tg_steps_add(&x->steps, &c, 0);
	*index += n;
	if (!gone)
		return TG_OK;
	c.kind = tg_item_kind(it);
	if ((rc = tg_steps_birth(x->doc, noted->format, &c.format)) != TG_OK)
		return rc;
	return tg_steps_back(x->doc, &x->steps, &c, id);
}

static int
place_flow(struct restore *x, uint32_t flow)
{
	struct tg_items *t = &x->doc->items;
	struct tg_cursor c = {0, 0, 0};
	size_t next = x->flow_at[flow], end = x->flow_at[flow + 1];
	uint32_t index = 0, used = 0; /* items of noted[next] that were met */
	int rc;

	tg_flow_enter(x->doc, flow);
	c.leaf = t->first;
	for (; tg_items_step(t, &c); c.idx++) {
		const struct tg_item *it = tg_items_at(t, c);

		for (uint32_t id = it->id, stop = it->id + it->len, n; id < stop; id += n) {
			const struct noted *noted = next < end ? &x->noted[next] : NULL;
			uint32_t at = noted != NULL ? noted->start + used : 0;

			n = stop - id;
			if (noted != NULL && at == id) {
				n = noted->end - at < n ? noted->end - at : n;
				used += n;
				if (at + n == noted->end) {
					next++;
					used = 0;
				}
			} else {
				if (noted != NULL && at > id && at < stop)
					n = at - id;
				noted = NULL;
			}
			if ((rc = place_items(x, it, id, n, noted, &index)) != TG_OK)
				return rc;
		}
	}
	return TG_OK;
}

/* ---- formats */

/* Mark ${n} items at ${index} until they look as ${to}.  The name of what was put back stays. */
static int
mark_items(struct restore *x, uint32_t index, uint32_t n, uint32_t from, uint32_t to)
{
	struct tg_formats *f = &x->doc->formats;
	struct tg_change c = {
	    .kind = TG_OP_MARK, .flow = x->doc->flow, .pos = index, .count = n, .value = TG_POOL_NIL};
	const struct tg_pair *p;
	uint32_t id;
	size_t pairs;
	int rc, has_id = tg_pool_find(&x->doc->pool, (const uint8_t *)"id", 2, &id);

	p = tg_format_get(f, from, &pairs);
	for (size_t i = 0; i < pairs; i++) {
		c.key = p[i].key;
		if (tg_format_value(f, to, c.key) == TG_POOL_NIL && !(has_id && c.key == id) &&
		    (rc = tg_steps_add(&x->steps, &c, 0)) != TG_OK)
			return rc;
	}
	p = tg_format_get(f, to, &pairs);
	for (size_t i = 0; i < pairs; i++) {
		c.key = p[i].key;
		c.value = p[i].value;
		if (tg_format_value(f, from, c.key) != c.value &&
		    (rc = tg_steps_add(&x->steps, &c, 0)) != TG_OK)
			return rc;
	}
	return TG_OK;
}

static int
mark_flow(struct restore *x, uint32_t flow)
{
	struct tg_items *t = &x->doc->items;
	struct tg_cursor c = {0, 0, 0};
	size_t next = x->flow_at[flow];
	uint32_t index = 0, used = 0;
	int rc;

	tg_flow_enter(x->doc, flow);
	c.leaf = t->first;
	for (; tg_items_step(t, &c); c.idx++) {
		const struct tg_item *it = tg_items_at(t, c);
		uint32_t format = x->doc->formats.states[it->state].format;

		for (uint32_t done = 0, n; !(it->st & TG_ITEM_GONE) && done < it->len;
		     done += n, index += n) {
			const struct noted *noted = &x->noted[next];

			n = noted->end - noted->start - used;
			n = it->len - done < n ? it->len - done : n;
			if (format != noted->format &&
			    (rc = mark_items(x, index, n, format, noted->format)) != TG_OK)
				return rc;
			used += n;
			if (used == noted->end - noted->start) {
				next++;
				used = 0;
			}
		}
	}
	return TG_OK;
}

static int
set_registers(struct restore *x)
{
	struct tg_doc *doc = x->doc;
	int rc;

	for (size_t i = 0; i < doc->register_n; i++) {
		const struct tg_register *r = &doc->registers[i];
		uint32_t set = tg_version_set(doc, &x->version, r);
		struct tg_change c = {.kind = TG_OP_SET, .count = 1, .object = r->object, .key = r->key};

		c.value = set == TG_LV_NONE ? TG_POOL_NIL : doc->sets[set].value;
		if (c.value != doc->sets[r->winner].value && (rc = tg_steps_add(&x->steps, &c, 0)) != TG_OK)
			return rc;
	}
	return TG_OK;
}

/* Is there room for the steps and for all marks that could follow?  Checked before anything. */
static int
has_room(struct restore *x)
{
	struct tg_doc *doc = x->doc;
	uint64_t pieces = x->noted_n;
	size_t pairs, most = 0;

	for (uint32_t flow = 0; flow < doc->flow_n; flow++) {
		tg_flow_enter(doc, flow);
		pieces += doc->items.leaf_n * (uint64_t)TG_LEAF_RUNS;
	}
	for (size_t i = 0; i < doc->formats.n; i++) {
		tg_format_get(&doc->formats, (uint32_t)i, &pairs);
		most = pairs > most ? pairs : most;
	}
	return x->steps.events + pieces * 2 * most <= TG_TEXT_EVENTS_MAX - doc->log.next;
}

static int
restore(struct restore *x, const struct tg_event_id *ids, size_t n)
{
	struct tg_doc *doc = x->doc;
	int rc;

	if ((rc = tg_version_open(doc, &x->version, ids, n)) != TG_OK || (rc = note_all(x)) != TG_OK ||
	    (rc = tg_walk_to(doc, &doc->merged)) != TG_OK)
		return rc;
	for (uint32_t flow = 0; flow < doc->flow_n; flow++)
		if ((rc = place_flow(x, flow)) != TG_OK)
			return rc;
	if ((rc = set_registers(x)) != TG_OK)
		return rc;
	if (!has_room(x))
		return TG_ELIMIT;
	if ((rc = tg_steps_make(doc, &x->steps, NULL, NULL)) != TG_OK)
		return rc;
	for (uint32_t flow = 0; flow < doc->flow_n; flow++)
		if ((rc = mark_flow(x, flow)) != TG_OK ||
		    (rc = tg_steps_make(doc, &x->steps, NULL, NULL)) != TG_OK)
			return rc;
	return TG_OK;
}

int
tg_doc_restore(struct tg_doc *doc, const struct tg_event_id *ids, size_t n, uint64_t *first_seq,
    uint64_t *event_count, struct tg_patches *patches)
{
	struct restore x = {.doc = doc};
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
	first = doc->graph.agents[doc->agent].next_seq;
	rc = restore(&x, ids, n);
	tg_version_free(&x.version);
	tg_free(x.noted);
	tg_free(x.flow_at);
	tg_steps_free(&x.steps);
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
