#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "text/doc.h"
#include "text/draw.h"
#include "text/saved.h"
#include "wire/writer.h"

uint32_t
tg_doc_length(struct tg_doc *doc, uint32_t flow)
{
	if (doc->failed == TG_OK && doc->saved != NULL)
		return doc->saved->calls->length(doc, flow);
	if (tg_doc_ready(doc) != TG_OK || flow >= doc->flow_n)
		return 0;
	return flow == doc->flow ? doc->items.se_total : doc->flows[flow].items.se_total;
}

uint32_t
tg_doc_view_length(struct tg_doc *doc, uint32_t flow)
{
	if (doc->failed == TG_OK && doc->saved != NULL)
		return doc->saved->polled ? doc->saved->calls->length(doc, flow) : 0;
	if (tg_doc_ready(doc) != TG_OK || flow >= doc->flow_n)
		return 0;
	return flow == doc->flow ? doc->items.view_total : doc->flows[flow].items.view_total;
}

int
tg_doc_read(struct tg_doc *doc, uint32_t flow, uint32_t from, uint32_t count,
    int (*visit)(void *ctx, const struct tg_text_run *run), void *ctx)
{
	struct tg_items *t = &doc->items;
	struct tg_cursor c;
	int rc;

	if (doc->failed == TG_OK && doc->saved != NULL)
		return doc->saved->calls->read(doc, flow, from, count, visit, ctx);
	if ((rc = tg_doc_ready(doc)) != TG_OK)
		return rc;
	if (flow >= doc->flow_n)
		return TG_ERANGE;
	tg_flow_enter(doc, flow);
	if ((uint64_t)from + count > t->se_total)
		return TG_ERANGE;
	if (count == 0)
		return TG_OK;
	c = tg_items_find_merged(t, from);
	for (; count > 0 && tg_items_step(t, &c); c.idx++, c.off = 0) {
		const struct tg_item *it = tg_items_at(t, c);

		if (it->st & TG_ITEM_GONE)
			continue;
		while (c.off < it->len && count > 0) {
			struct tg_text_run run = {
			    tg_item_kind(it), doc->formats.states[it->state].format, from, 0, NULL, 0};
			uint32_t n = it->len - c.off < count ? it->len - c.off : count;

			if (run.kind == TG_TEXT_CHAR)
				run.text = tg_oplog_text(&doc->log, it->id + c.off, &n, &run.text_len);
			run.count = n;
			if ((rc = visit(ctx, &run)) != 0)
				return rc;
			from += n;
			count -= n;
			c.off += n;
		}
	}
	return TG_OK;
}

static int
collect_text(void *ctx, const struct tg_text_run *run)
{
	tg_buf_put(ctx, run->text, run->text_len);
	return 0;
}

int
tg_doc_text(
    struct tg_doc *doc, uint32_t flow, uint32_t from, uint32_t count, const uint8_t **data, size_t *len)
{
	int rc;

	*data = NULL;
	*len = 0;
	tg_buf_reset(&doc->out_text);
	if ((rc = tg_doc_read(doc, flow, from, count, collect_text, &doc->out_text)) != TG_OK)
		return rc;
	if ((rc = tg_buf_status(&doc->out_text)) != TG_OK)
		return tg_doc_fail(doc, rc);
	*data = doc->out_text.len > 0 ? doc->out_text.data : (const uint8_t *)"";
	*len = doc->out_text.len;
	return TG_OK;
}

static void
put_attrs(struct tg_doc *doc, struct tg_buf *out, const struct tg_pair *pairs, size_t n)
{
	tg_write_array(out, (uint32_t)n);
	for (size_t i = 0; i < n; i++) {
		size_t len;
		const uint8_t *p = tg_pool_get(&doc->pool, pairs[i].key, &len);

		tg_write_array(out, 2);
		tg_write_str(out, (const char *)p, len);
		p = tg_pool_get(&doc->pool, pairs[i].value, &len);
		tg_buf_put(out, p, len);
	}
}

int
tg_doc_format(struct tg_doc *doc, uint32_t id, const uint8_t **data, size_t *len)
{
	const struct tg_pair *pairs;
	size_t n;
	int rc;

	*data = NULL;
	*len = 0;
	if ((rc = tg_doc_usable(doc)) != TG_OK)
		return rc;
	if (id >= doc->formats.n)
		return TG_ENOTFOUND;
	tg_buf_reset(&doc->out_text); /* not out: a caller may be reading patches from there */
	pairs = tg_format_get(&doc->formats, id, &n);
	put_attrs(doc, &doc->out_text, pairs, n);
	if ((rc = tg_buf_status(&doc->out_text)) != TG_OK)
		return tg_doc_fail(doc, rc);
	*data = doc->out_text.data;
	*len = doc->out_text.len;
	return TG_OK;
}

int
tg_doc_register(struct tg_doc *doc, uint32_t object, const uint8_t *key, size_t key_len,
    const uint8_t **value, size_t *value_len)
{
	uint32_t id, found = TG_POOL_NIL;
	int rc;

	*value = NULL;
	*value_len = 0;
	if ((rc = tg_doc_ready(doc)) != TG_OK)
		return rc;
	if (tg_pool_find(&doc->pool, key, key_len, &id) &&
	    (id = tg_doc_find_register(doc, object, id)) != TG_LV_NONE)
		found = doc->sets[doc->registers[id].winner].value;
	*value = tg_pool_get(&doc->pool, found, value_len);
	return TG_OK;
}

/* Registers in the order of (object, key). */
static int
compare_registers(const void *ctx, const void *a, const void *b)
{
	const struct tg_doc *doc = ctx;
	const struct tg_register *x = &doc->registers[*(const uint32_t *)a];
	const struct tg_register *y = &doc->registers[*(const uint32_t *)b];
	int c = tg_object_compare(doc, x->object, y->object);

	return c != 0 ? c : tg_pool_compare(&doc->pool, x->key, y->key);
}

/* The registers that are not nil, sorted, as indexes in doc->key_scratch. */
static int
sort_registers(struct tg_doc *doc, size_t *n)
{
	uint32_t *v;
	int rc = tg_array_need(
	    (void **)&doc->key_scratch, &doc->key_cap, doc->register_n, sizeof *doc->key_scratch);

	*n = 0;
	if (rc != TG_OK)
		return rc;
	v = doc->key_scratch;
	for (size_t i = 0; i < doc->register_n; i++)
		if (doc->sets[doc->registers[i].winner].value != TG_POOL_NIL)
			v[(*n)++] = (uint32_t)i;
	tg_text_sort(v, *n, sizeof *v, compare_registers, doc);
	return TG_OK;
}

int
tg_doc_registers(struct tg_doc *doc, const uint8_t **data, size_t *len)
{
	size_t n, k;
	int rc;

	*data = NULL;
	*len = 0;
	if (doc->failed == TG_OK && doc->saved != NULL) {
		*data = doc->saved->checkpoint.registers;
		*len = doc->saved->checkpoint.registers_len;
		return TG_OK;
	}
	if ((rc = tg_doc_ready(doc)) != TG_OK)
		return rc;
	if ((rc = sort_registers(doc, &n)) != TG_OK)
		return tg_doc_fail(doc, rc);
	tg_buf_reset(&doc->out);
	tg_write_array(&doc->out, (uint32_t)n);
	for (size_t i = 0; i < n; i++) {
		const struct tg_register *r = &doc->registers[doc->key_scratch[i]];
		const uint8_t *p = tg_pool_get(&doc->pool, r->key, &k);

		tg_write_array(&doc->out, 3);
		tg_object_write(doc, &doc->out, r->object);
		tg_write_str(&doc->out, (const char *)p, k);
		p = tg_pool_get(&doc->pool, doc->sets[r->winner].value, &k);
		tg_buf_put(&doc->out, p, k);
	}
	if ((rc = tg_buf_status(&doc->out)) != TG_OK)
		return tg_doc_fail(doc, rc);
	*data = doc->out.data;
	*len = doc->out.len;
	return TG_OK;
}

/* ---- versions */

int
tg_doc_ids(struct tg_doc *doc, const struct tg_lvs *version, const struct tg_event_id **ids)
{
	int rc = tg_array_need((void **)&doc->ids, &doc->id_cap, version->n, sizeof *doc->ids);

	if (rc != TG_OK)
		return rc;
	for (size_t i = 0; i < version->n; i++) {
		const struct tg_grun *r = tg_graph_run(&doc->graph, version->v[i]);
		struct tg_event_id id;
		size_t k = i;

		memcpy(id.agent, doc->graph.agents[r->agent].key, TG_TEXT_AGENT_BYTES);
		id.seq = r->seq + (version->v[i] - r->start);
		for (; k > 0 && memcmp(doc->ids[k - 1].agent, id.agent, TG_TEXT_AGENT_BYTES) > 0; k--)
			doc->ids[k] = doc->ids[k - 1];
		doc->ids[k] = id;
	}
	*ids = doc->ids;
	return TG_OK;
}

static int
version_ids(struct tg_doc *doc, const struct tg_lvs *version, const struct tg_event_id **ids, size_t *n)
{
	int rc;

	*ids = NULL;
	*n = 0;
	if ((rc = tg_doc_ready(doc)) != TG_OK)
		return rc;
	if ((rc = tg_doc_ids(doc, version, ids)) != TG_OK)
		return tg_doc_fail(doc, rc);
	*n = version->n;
	return TG_OK;
}

int
tg_doc_version(struct tg_doc *doc, const struct tg_event_id **ids, size_t *n)
{
	return version_ids(doc, &doc->merged, ids, n);
}

int
tg_doc_view_version(struct tg_doc *doc, const struct tg_event_id **ids, size_t *n)
{
	return version_ids(doc, &doc->view, ids, n);
}

uint64_t
tg_doc_next_seq(struct tg_doc *doc, const uint8_t agent[TG_TEXT_AGENT_BYTES])
{
	uint32_t index;

	if (doc->failed == TG_OK && doc->saved != NULL && doc->saved->calls->load(doc) != TG_OK)
		return 0;
	if (tg_graph_agent(&doc->graph, agent, 0, &index) != TG_OK)
		return 0;
	return doc->graph.agents[index].next_seq;
}

/* Items before ${c} that are in VIEW. */
static uint32_t
view_before(struct tg_doc *doc, struct tg_cursor c)
{
	struct tg_items *t = &doc->items;
	struct tg_cursor at = {t->first, 0, 0};
	uint32_t sum = 0;

	if (tg_lvs_equal(&doc->view, &doc->merged))
		return tg_items_before(t, c, 1);
	for (; tg_items_step(t, &at) && (at.leaf != c.leaf || at.idx != c.idx); at.idx++)
		if (tg_items_at(t, at)->st & TG_ITEM_VIEW)
			sum += tg_items_at(t, at)->len;
	return tg_items_at(t, c)->st & TG_ITEM_VIEW ? sum + c.off : sum;
}

static int
map_index(struct tg_doc *doc, uint32_t index, int bias, uint32_t *mapped)
{
	struct tg_items *t = &doc->items;
	struct tg_cursor c;
	int after = bias < 0;

	if (index > t->sp_total)
		return TG_ERANGE;
	if (after ? index == 0 : index == t->sp_total) {
		*mapped = after ? 0 : t->view_total;
		return TG_OK;
	}
	c = tg_items_find(t, after ? index - 1 : index);
	*mapped = view_before(doc, c);
	if (after && (tg_items_at(t, c)->st & TG_ITEM_VIEW))
		++*mapped;
	return TG_OK;
}

int
tg_doc_map(struct tg_doc *doc, const struct tg_event_id *version, size_t n, uint32_t flow, uint32_t index,
    int bias, uint32_t *mapped)
{
	uint32_t agent, lv;
	int rc;

	*mapped = 0;
	if ((rc = tg_doc_ready(doc)) != TG_OK)
		return rc;
	if (flow >= doc->flow_n)
		return TG_EINVAL;
	doc->parents.n = 0;
	for (size_t i = 0; i < n; i++) {
		if (tg_graph_agent(&doc->graph, version[i].agent, 0, &agent) != TG_OK ||
		    (lv = tg_graph_lv(&doc->graph, agent, version[i].seq)) == TG_LV_NONE)
			return TG_EPARENT;
		if ((rc = tg_lvs_push(&doc->parents, lv)) != TG_OK)
			return tg_doc_fail(doc, rc);
	}
	if ((rc = tg_graph_reduce(&doc->graph, &doc->parents)) != TG_OK)
		return tg_doc_fail(doc, rc);
	if (!doc->items.tracking && tg_lvs_equal(&doc->parents, &doc->merged) &&
	    tg_lvs_equal(&doc->view, &doc->merged)) {
		tg_flow_enter(doc, flow);
		if (index > doc->items.se_total)
			return TG_ERANGE;
		*mapped = index;
		return TG_OK;
	}
	if ((rc = tg_track_need(doc, doc->parents.n > 0 ? doc->parents.v[doc->parents.n - 1] + 1 : 0)) !=
		TG_OK ||
	    (rc = tg_walk_to(doc, &doc->parents)) != TG_OK)
		return tg_doc_fail(doc, rc);
	tg_flow_enter(doc, flow);
	return map_index(doc, index, bias, mapped);
}

/* ---- one item of VIEW */

int
tg_view_prepare(struct tg_doc *doc)
{
	int rc;

	if (!doc->items.tracking && tg_lvs_equal(&doc->view, &doc->merged))
		return TG_OK;
	if ((rc = tg_track_need(doc, doc->view.n > 0 ? doc->view.v[doc->view.n - 1] + 1 : 0)) != TG_OK)
		return rc;
	return tg_walk_to(doc, &doc->view);
}

int
tg_doc_item(
    struct tg_doc *doc, uint32_t flow, uint32_t index, struct tg_event_id *id, int *kind, uint32_t *format)
{
	const struct tg_grun *r;
	const struct tg_item *it;
	struct tg_cursor c;
	uint32_t lv;
	int rc;

	memset(id, 0, sizeof *id);
	*kind = 0;
	*format = 0;
	if ((rc = tg_doc_ready(doc)) != TG_OK)
		return rc;
	if (index >= tg_doc_view_length(doc, flow))
		return TG_ERANGE;
	if ((rc = tg_view_prepare(doc)) != TG_OK)
		return tg_doc_fail(doc, rc);
	tg_flow_enter(doc, flow);
	c = tg_items_find(&doc->items, index);
	it = tg_items_at(&doc->items, c);
	lv = it->id + c.off;
	r = tg_graph_run(&doc->graph, lv);
	memcpy(id->agent, doc->graph.agents[r->agent].key, TG_TEXT_AGENT_BYTES);
	id->seq = r->seq + (lv - r->start);
	*kind = tg_item_kind(it);
	*format = it->seen;
	return TG_OK;
}

/* A saved document whose history is not read: events are not known, TG_LV_NONE stands for them. */
struct saved_read {
	int (*visit)(void *ctx, const struct tg_text_run *run, uint32_t lv);
	void *ctx;
};

static int
visit_saved(void *ctx, const struct tg_text_run *run)
{
	const struct saved_read *s = ctx;

	return s->visit(s->ctx, run, TG_LV_NONE);
}

int
tg_view_read(struct tg_doc *doc, uint32_t flow, uint32_t from, uint32_t count,
    int (*visit)(void *ctx, const struct tg_text_run *run, uint32_t lv), void *ctx)
{
	struct tg_items *t = &doc->items;
	struct tg_cursor c;
	int rc;

	if (count == 0)
		return TG_OK;
	if (doc->saved != NULL) {
		struct saved_read s = {visit, ctx};

		return doc->saved->calls->read(doc, flow, from, count, visit_saved, &s);
	}
	if ((rc = tg_view_prepare(doc)) != TG_OK)
		return rc;
	tg_flow_enter(doc, flow);
	c = tg_items_find(t, from);
	for (; count > 0 && tg_items_step(t, &c); c.idx++, c.off = 0) {
		const struct tg_item *it = tg_items_at(t, c);

		if (tg_item_sp(it) != 1)
			continue;
		while (c.off < it->len && count > 0) {
			struct tg_text_run run = {tg_item_kind(it), it->seen, from, 0, NULL, 0};
			uint32_t n = it->len - c.off < count ? it->len - c.off : count;

			if (run.kind == TG_TEXT_CHAR)
				run.text = tg_oplog_text(&doc->log, it->id + c.off, &n, &run.text_len);
			run.count = n;
			if ((rc = visit(ctx, &run, it->id + c.off)) != TG_OK)
				return rc;
			from += n;
			count -= n;
			c.off += n;
		}
	}
	return TG_OK;
}
