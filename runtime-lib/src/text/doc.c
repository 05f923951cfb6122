#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "text/codec.h"
#include "text/doc.h"
#include "text/saved.h"
#include "wire/writer.h"

int
tg_doc_open(struct tg_doc **doc, int order)
{
	struct tg_doc *d;
	int rc;

	*doc = NULL;
	if (order != TG_TEXT_ORDER_FUGUEMAX && order != TG_TEXT_ORDER_FUGUE)
		return TG_EINVAL;
	if ((d = tg_calloc(1, sizeof *d)) == NULL)
		return TG_ENOMEM;
	d->order = order;
	d->agent = TG_LV_NONE;
	d->open_marks = TG_LV_NONE;
	d->floor = TG_LV_NONE;
	d->sibling_scan = TG_SIBLINGS_SCAN;
	d->budget = TG_TRACK_BUDGET;
	d->decoded = tg_calloc(1, sizeof *d->decoded);
	rc = d->decoded != NULL ? TG_OK : TG_ENOMEM;
	if (rc != TG_OK || (rc = tg_pool_init(&d->pool)) != TG_OK ||
	    (rc = tg_graph_init(&d->graph)) != TG_OK ||
	    (rc = tg_formats_init(&d->formats, &d->pool, &d->graph)) != TG_OK ||
	    (rc = tg_flows_init(d)) != TG_OK) {
		tg_doc_close(d);
		return rc;
	}
	*doc = d;
	return TG_OK;
}

void
tg_doc_close(struct tg_doc *doc)
{
	if (doc == NULL)
		return;
	while (doc->drawings != NULL)
		doc->drawing_calls->close(doc->drawings);
	tg_pool_free(&doc->pool);
	tg_formats_free(&doc->formats);
	tg_graph_free(&doc->graph);
	tg_oplog_free(&doc->log);
	tg_flows_free(doc);
	tg_siblings_free(&doc->siblings);
	tg_free(doc->sets);
	tg_free(doc->registers);
	tg_free(doc->register_slots);
	tg_undone_free(&doc->undone);
	tg_free(doc->prepared.v);
	tg_free(doc->merged.v);
	tg_free(doc->view.v);
	tg_free(doc->parents.v);
	tg_free(doc->span_a.v);
	tg_free(doc->span_b.v);
	if (doc->decoded != NULL)
		tg_decoded_free(doc->decoded);
	tg_free(doc->decoded);
	tg_free(doc->ops);
	tg_buf_free(&doc->out);
	tg_buf_free(&doc->out_text);
	tg_free(doc->records);
	tg_free(doc->ids);
	tg_free(doc->pairs);
	tg_free(doc->key_scratch);
	if (doc->saved != NULL)
		doc->saved->calls->free(doc->saved);
	tg_free(doc);
}

int
tg_doc_fail(struct tg_doc *doc, int rc)
{
	if (rc == TG_ENOMEM)
		doc->failed = rc;
	return rc;
}

int
tg_doc_usable(struct tg_doc *doc)
{
	return doc->failed == TG_OK && doc->saved != NULL ? TG_OK : tg_doc_ready(doc);
}

int
tg_doc_ready(struct tg_doc *doc)
{
	int rc;

	if (doc->failed != TG_OK)
		return doc->failed;
	if (doc->saved != NULL && (rc = doc->saved->calls->load(doc)) != TG_OK)
		return rc;
	return doc->loading || doc->applied != doc->log.next ? tg_doc_load_end(doc) : TG_OK;
}

int
tg_doc_beats(
    const struct tg_doc *doc, uint32_t lamport, uint32_t lv, uint32_t other_lamport, uint32_t other_lv)
{
	if (lamport != other_lamport)
		return lamport > other_lamport;
	return tg_graph_compare(&doc->graph, lv, other_lv) > 0;
}

/* ---- logging marks and sets */

int
tg_doc_log_mark(struct tg_doc *doc, uint32_t pos, uint32_t count, uint32_t key, uint32_t value)
{
	struct tg_formats *f = &doc->formats;
	struct tg_mark *m;
	int rc;

	if ((rc = tg_array_need((void **)&f->marks, &f->mark_cap, f->mark_n + 1, sizeof *f->marks)) !=
		TG_OK ||
	    (rc = tg_oplog_append(&doc->log, TG_OP_MARK, pos, 1, (uint32_t)f->mark_n)) != TG_OK)
		return rc;
	m = &f->marks[f->mark_n++];
	memset(m, 0, sizeof *m);
	m->lv = doc->log.next - 1;
	m->lamport = tg_graph_lamport(&doc->graph, m->lv);
	m->key = key;
	m->value = value;
	m->count = count;
	return TG_OK;
}

static uint32_t *
register_slot(const struct tg_doc *doc, uint32_t object, uint32_t key)
{
	size_t mask = doc->register_slot_count - 1;
	uint32_t name[2] = {object, key};
	size_t i = tg_text_hash(name, sizeof name) & mask;

	for (;; i = (i + 1) & mask) {
		uint32_t s = doc->register_slots[i];

		if (s == 0 || (doc->registers[s - 1].object == object && doc->registers[s - 1].key == key))
			return &doc->register_slots[i];
	}
}

uint32_t
tg_doc_find_register(const struct tg_doc *doc, uint32_t object, uint32_t key)
{
	uint32_t s = doc->register_n > 0 ? *register_slot(doc, object, key) : 0;

	return s > 0 ? s - 1 : TG_LV_NONE;
}

static int
grow_register_slots(struct tg_doc *doc)
{
	size_t count = doc->register_slot_count > 0 ? doc->register_slot_count * 2 : 16;
	uint32_t *fresh;

	if ((doc->register_n + 1) * 2 <= doc->register_slot_count)
		return TG_OK;
	if ((fresh = tg_calloc(count, sizeof *fresh)) == NULL)
		return TG_ENOMEM;
	tg_free(doc->register_slots);
	doc->register_slots = fresh;
	doc->register_slot_count = count;
	for (size_t i = 0; i < doc->register_n; i++)
		*register_slot(doc, doc->registers[i].object, doc->registers[i].key) = (uint32_t)i + 1;
	return TG_OK;
}

static int
make_register(struct tg_doc *doc, uint32_t object, uint32_t key, uint32_t *index)
{
	struct tg_register *r;
	int rc;

	if ((*index = tg_doc_find_register(doc, object, key)) != TG_LV_NONE)
		return TG_OK;
	if ((rc = grow_register_slots(doc)) != TG_OK ||
	    (rc = tg_array_need((void **)&doc->registers, &doc->register_cap, doc->register_n + 1,
		 sizeof *doc->registers)) != TG_OK)
		return rc;
	*index = (uint32_t)doc->register_n++;
	r = &doc->registers[*index];
	r->object = object;
	r->key = key;
	r->last = r->winner = TG_LV_NONE;
	r->seen = TG_POOL_NIL;
	*register_slot(doc, object, key) = *index + 1;
	return TG_OK;
}

int
tg_doc_log_set(struct tg_doc *doc, uint32_t object, uint32_t key, uint32_t value, int local)
{
	struct tg_register *r;
	struct tg_set *s;
	uint32_t reg;
	int rc;

	if ((rc = make_register(doc, object, key, &reg)) != TG_OK ||
	    (rc = tg_array_need((void **)&doc->sets, &doc->set_cap, doc->set_n + 1, sizeof *doc->sets)) !=
		TG_OK)
		return rc;
	doc->log.flow = TG_TEXT_FLOW_BODY;
	if ((rc = tg_oplog_append(&doc->log, TG_OP_SET, 0, 1, (uint32_t)doc->set_n)) != TG_OK)
		return rc;
	r = &doc->registers[reg];
	s = &doc->sets[doc->set_n];
	s->lv = doc->log.next - 1;
	s->lamport = tg_graph_lamport(&doc->graph, s->lv);
	s->value = value;
	s->reg = reg;
	s->before = r->last;
	r->last = (uint32_t)doc->set_n++;
	if (r->winner == TG_LV_NONE ||
	    tg_doc_beats(doc, s->lamport, s->lv, doc->sets[r->winner].lamport, doc->sets[r->winner].lv))
		r->winner = r->last;
	if (local)
		r->seen = value;
	if (doc->sets[r->winner].value != r->seen)
		doc->registers_stale = 1;
	return TG_OK;
}

/* ---- adding */

static int
log_decoded(struct tg_doc *doc)
{
	const struct tg_decoded *d = doc->decoded;
	const uint8_t *chars = d->chars;
	size_t at = 0;
	int rc = TG_OK;

	if (chars == NULL && d->char_n > 0) { /* expunged: U+FFFD for each */
		tg_buf_reset(&doc->out);
		for (uint32_t i = 0; i < d->char_n; i++)
			tg_buf_put(&doc->out, "\xef\xbf\xbd", 3);
		if ((rc = tg_buf_status(&doc->out)) != TG_OK)
			return rc;
		chars = doc->out.data;
	}
	if (!d->arguments)
		return tg_oplog_append_ops(
		    &doc->log, d->ops, d->op_n, chars, d->chars != NULL ? d->chars_len : doc->out.len);
	for (size_t i = 0; i < d->op_n && rc == TG_OK; i++) {
		const struct tg_op *op = &d->ops[i];
		size_t len = 0;

		doc->log.flow = (uint16_t)op->flow;
		switch (op->kind) {
		case TG_OP_CHAR:
			len = d->chars_len == d->char_n ? op->count : tg_oplog_bytes(chars + at, op->count);
			rc = tg_oplog_append_text(&doc->log, op->pos, op->count, op->format, chars + at, len);
			at += len;
			break;
		case TG_OP_MARK:
			rc = tg_doc_log_mark(doc, op->pos, op->count, op->key, op->value);
			break;
		case TG_OP_SET:
			rc = tg_doc_log_set(doc, op->object, op->key, op->value, 0);
			break;
		default:
			rc = tg_oplog_append(&doc->log, op->kind, op->pos, op->count, op->format);
		}
	}
	return rc;
}

/* The parents of a bundle as a frontier in doc->parents. */
static int
resolve_parents(
    struct tg_doc *doc, uint32_t agent, uint64_t first_seq, const struct tg_event_id *parents, size_t n)
{
	uint32_t other, lv;
	int rc;

	doc->parents.n = 0;
	if (first_seq > 0 &&
	    (rc = tg_lvs_push(&doc->parents, tg_graph_lv(&doc->graph, agent, first_seq - 1))) != TG_OK)
		return rc;
	for (size_t i = 0; i < n; i++) {
		if (tg_graph_agent(&doc->graph, parents[i].agent, 0, &other) != TG_OK ||
		    (lv = tg_graph_lv(&doc->graph, other, parents[i].seq)) == TG_LV_NONE)
			return TG_EPARENT;
		if ((rc = tg_lvs_push(&doc->parents, lv)) != TG_OK)
			return rc;
	}
	return tg_graph_reduce(&doc->graph, &doc->parents);
}

/*
 * Can the decoded bundle wait in the log until somebody looks?  While a document is loaded all can, else
 * those known to be in range.  *${length}: the items of the body where it was made, UINT32_MAX when not
 * known.
 */
static int
can_wait(struct tg_doc *doc, int follows, uint64_t *length)
{
	const struct tg_lvs *p = &doc->parents;
	const struct tg_grun *r = NULL;

	*length = UINT32_MAX;
	if (doc->decoded->flow_n > 0 || (doc->loading && !follows))
		return doc->loading;
	if (p->n == 0)
		*length = 0;
	else if (p->n == 1 && (r = tg_graph_run(&doc->graph, p->v[0]))->end == p->v[0] + 1)
		*length = r->length;
	return doc->loading || *length != UINT32_MAX;
}

/* Make doc->parents the prepared version. */
static int
prepare(struct tg_doc *doc)
{
	const struct tg_lvs *p = &doc->parents;
	uint32_t floor = p->n > 0 ? p->v[p->n - 1] + 1 : 0;
	int rc;

	if ((rc = tg_track_flush(doc)) != TG_OK)
		return rc;
	if (!doc->items.tracking && tg_lvs_equal(p, &doc->merged))
		return TG_OK;
	if ((rc = tg_track_need(doc, floor)) != TG_OK)
		return rc;
	return tg_walk_to(doc, p);
}

static int
add(struct tg_doc *doc, const uint8_t *key, uint64_t first_seq, const struct tg_event_id *parents,
    size_t parent_count, const uint8_t *ops, size_t ops_len, const uint8_t *text, size_t text_len)
{
	uint32_t agent = TG_LV_NONE, start = doc->log.next, floor;
	uint64_t next = 0;
	int rc, wait, follows;

	if (tg_graph_agent(&doc->graph, key, 0, &agent) == TG_OK)
		next = doc->graph.agents[agent].next_seq;
	if (first_seq > next)
		return TG_EGAP;
	if (first_seq < next)
		return TG_EEXISTS;
	if (parent_count > TG_TEXT_PARENTS_MAX)
		return TG_ETOOBIG;
	if ((rc = tg_codec_decode(doc->decoded, ops, ops_len, text, text_len)) != TG_OK)
		return rc;
	if (doc->decoded->event_n > TG_TEXT_EVENTS_MAX - start)
		return TG_ELIMIT;
	if ((rc = resolve_parents(doc, agent, first_seq, parents, parent_count)) != TG_OK)
		return rc;

	follows = tg_lvs_equal(&doc->parents, &doc->merged);
	floor = doc->parents.n > 0 ? doc->parents.v[doc->parents.n - 1] + 1 : 0;
	wait = can_wait(doc, follows, &doc->decoded->length);
	if (wait == 0) {
		if ((rc = prepare(doc)) != TG_OK)
			return rc;
		start = doc->log.next;
		tg_codec_lengths(doc->decoded, doc, key);
	}
	if ((wait == 0 || doc->decoded->length != UINT32_MAX) && !tg_codec_in_range(doc->decoded))
		return TG_ERANGE;
	if ((rc = tg_codec_intern(doc->decoded, doc, key)) != TG_OK)
		return rc;

	/* Nothing is refused from here on. */
	if ((agent == TG_LV_NONE && (rc = tg_graph_agent(&doc->graph, key, 1, &agent)) != TG_OK) ||
	    (rc = tg_graph_append(
		 &doc->graph, agent, doc->decoded->event_n, doc->parents.v, doc->parents.n)) != TG_OK ||
	    (rc = log_decoded(doc)) != TG_OK ||
	    (rc = tg_lvs_advance(&doc->merged, doc->parents.v, doc->parents.n, doc->log.next - 1)) != TG_OK)
		return rc == TG_ELIMIT ? TG_ENOMEM : rc;
	if (agent == doc->agent && doc->taken == first_seq)
		doc->taken = doc->graph.agents[agent].next_seq;
	if (wait) {
		if (doc->decoded->length == UINT32_MAX)
			doc->unchecked = 1;
		else
			doc->graph.runs[doc->graph.n - 1].length = (uint32_t)doc->decoded->length;
		if (!follows && floor < doc->floor)
			doc->floor = floor;
		return TG_OK;
	}
	doc->applied = doc->log.next;
	if ((rc = tg_walk_apply(doc, start, doc->log.next, 0)) == TG_OK)
		doc->graph.runs[doc->graph.n - 1].length = tg_flow_total(doc, TG_TEXT_FLOW_BODY);
	return rc;
}

int
tg_doc_add(struct tg_doc *doc, const uint8_t agent[TG_TEXT_AGENT_BYTES], uint64_t first_seq,
    const struct tg_event_id *parents, size_t parent_count, const uint8_t *ops, size_t ops_len,
    const uint8_t *text, size_t text_len)
{
	int rc;

	if (doc->failed != TG_OK)
		return doc->failed;
	if (doc->saved != NULL && (rc = doc->saved->calls->load(doc)) != TG_OK)
		return rc;
	return tg_doc_fail(
	    doc, add(doc, agent, first_seq, parents, parent_count, ops, ops_len, text, text_len));
}

int
tg_doc_load_begin(struct tg_doc *doc)
{
	int rc;

	if (doc->failed != TG_OK)
		return doc->failed;
	if (doc->saved != NULL && (rc = doc->saved->calls->load(doc)) != TG_OK)
		return rc;
	if (doc->view.n == 0)
		doc->loading = 1;
	return TG_OK;
}

int
tg_doc_load_end(struct tg_doc *doc)
{
	if (doc->failed != TG_OK)
		return doc->failed;
	doc->loading = 0;
	doc->failed = tg_track_flush(doc); /* out of range in the middle of a walk: no way back */
	return doc->failed;
}

/* ---- own events */

int
tg_doc_set_agent(struct tg_doc *doc, const uint8_t agent[TG_TEXT_AGENT_BYTES])
{
	uint32_t index;
	int rc;

	if ((rc = tg_doc_ready(doc)) != TG_OK)
		return rc;
	if (doc->agent != TG_LV_NONE && doc->taken != doc->graph.agents[doc->agent].next_seq)
		return TG_EBUSY;
	if ((rc = tg_graph_agent(&doc->graph, agent, 1, &index)) != TG_OK)
		return tg_doc_fail(doc, rc);
	doc->agent = index;
	doc->taken = doc->graph.agents[index].next_seq;
	return TG_OK;
}

/* The parents of event lv, less the agent's own previous event, in doc->parents. */
static int
named_parents(struct tg_doc *doc, uint32_t lv)
{
	const struct tg_grun *r = tg_graph_run(&doc->graph, lv);
	uint32_t own = doc->taken > 0 ? tg_graph_lv(&doc->graph, doc->agent, doc->taken - 1) : TG_LV_NONE;
	int rc;

	doc->parents.n = 0;
	if (lv > r->start)
		return TG_OK;
	for (uint32_t i = 0; i < r->parent_count; i++) {
		uint32_t p = doc->graph.parent_pool[r->parents + i];

		if (p != own && (rc = tg_lvs_push(&doc->parents, p)) != TG_OK)
			return rc;
	}
	return TG_OK;
}

static int
take(struct tg_doc *doc, struct tg_bundle *bundle)
{
	uint32_t lv, end, stop;
	int rc;

	if (doc->agent == TG_LV_NONE || (lv = tg_graph_lv(&doc->graph, doc->agent, doc->taken)) == TG_LV_NONE)
		return TG_ENOTFOUND;
	end = tg_graph_run(&doc->graph, lv)->end;
	if ((rc = tg_codec_encode(doc, lv, end, &stop)) != TG_OK || (rc = named_parents(doc, lv)) != TG_OK ||
	    (rc = tg_doc_ids(doc, &doc->parents, &bundle->parents)) != TG_OK)
		return rc;
	bundle->first_seq = doc->taken;
	bundle->event_count = stop - lv;
	bundle->parent_count = doc->parents.n;
	bundle->ops = doc->out.data;
	bundle->ops_len = doc->out.len;
	bundle->text = doc->out_text.len > 0 ? doc->out_text.data : (const uint8_t *)"";
	bundle->text_len = doc->out_text.len;
	doc->taken += stop - lv;
	return TG_OK;
}

int
tg_doc_take(struct tg_doc *doc, struct tg_bundle *bundle)
{
	int rc;

	memset(bundle, 0, sizeof *bundle);
	if ((rc = tg_doc_ready(doc)) != TG_OK)
		return rc;
	return tg_doc_fail(doc, take(doc, bundle));
}
