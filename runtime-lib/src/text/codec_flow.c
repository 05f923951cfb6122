/*
 * codec_flow.c -- which flows and objects a bundle speaks of (docs/protocol.md 6.1, layout 2).
 *
 * Each table is in a fixed order without duplicates and is used up, so that it has one encoding: agents by
 * their bytes and without the author, objects by (form, name or seq), flows by (object, slot, row, column).
 */
#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "base/varint.h"
#include "text/codec.h"

uint64_t
tg_column_next(struct tg_column *c, uint64_t max)
{
	uint64_t v = 0;
	size_t n = 1;

	if (c->status != TG_OK)
		return 0;
	if (c->at < c->len && c->data[c->at] < 0x80)
		v = c->data[c->at];
	else
		n = tg_varint_get(c->data + c->at, c->len - c->at, &v);
	c->at += n;
	if (n > 0 && v <= max)
		return v;
	tg_column_fail(c, TG_EFORMAT);
	return 0;
}

static int
compare_objects(const struct tg_decoded_object *a, const struct tg_decoded_object *b)
{
	size_t n = a->name.len < b->name.len ? a->name.len : b->name.len;
	int c;

	if (a->form != b->form)
		return a->form < b->form ? -1 : 1;
	if (a->form > 0)
		return a->seq < b->seq ? -1 : a->seq > b->seq;
	c = n > 0 ? memcmp(a->name.data, b->name.data, n) : 0;
	return c != 0 ? c : (a->name.len > b->name.len) - (a->name.len < b->name.len);
}

static int
compare_flows(const struct tg_decoded_flow *a, const struct tg_decoded_flow *b)
{
	if (a->object != b->object)
		return a->object < b->object ? -1 : 1;
	if (a->slot != b->slot) /* a cell's, which is written as 0, comes first */
		return a->slot + 1 < b->slot + 1 ? -1 : 1;
	if (a->row != b->row)
		return a->row < b->row ? -1 : 1;
	return a->column < b->column ? -1 : a->column > b->column;
}

/* ---- decoding */

static void
decode_object(struct tg_decoded *d, struct tg_column *c, struct tg_decoded_object *o)
{
	size_t scalars;

	memset(o, 0, sizeof *o);
	o->form = (uint32_t)tg_column_next(c, d->agent_n + 1);
	if (o->form > 0) {
		o->seq = tg_column_next(c, TG_TEXT_UINT_MAX);
		return;
	}
	o->name.len = tg_column_next(c, UINT32_MAX);
	if (c->status != TG_OK)
		return;
	o->name.data = c->data + c->at;
	if (o->name.len > TG_TEXT_NAME_MAX)
		tg_column_fail(c, TG_ETOOBIG);
	else if (o->name.len == 0 || o->name.len > c->len - c->at ||
		 tg_utf8_count(o->name.data, o->name.len, &scalars) != TG_OK)
		tg_column_fail(c, TG_EFORMAT);
	else
		c->at += o->name.len;
}

static uint32_t
decode_reference(struct tg_decoded *d, struct tg_column *c)
{
	uint32_t object = (uint32_t)tg_column_next(c, d->object_n);

	if (object > 0)
		d->objects[object - 1].used = 1;
	return object;
}

static void
decode_flow(struct tg_decoded *d, struct tg_column *c, struct tg_decoded_flow *f)
{
	uint64_t slot;

	memset(f, 0, sizeof *f);
	f->object = decode_reference(d, c);
	slot = tg_column_next(c, TG_TEXT_SLOT_MAX + UINT64_C(1));
	f->slot = slot == 0 ? TG_FLOW_CELL : (uint32_t)slot - 1;
	if (slot == 0) {
		f->row = decode_reference(d, c);
		f->column = decode_reference(d, c);
	}
}

void
tg_codec_decode_flows(struct tg_decoded *d, struct tg_column *c)
{
	size_t n = tg_column_next(c, c->len / TG_TEXT_AGENT_BYTES), last = 1;
	int rc;

	if (c->status == TG_OK &&
	    (rc = tg_array_need((void **)&d->agents, &d->agent_cap, n, sizeof *d->agents)) != TG_OK)
		tg_column_fail(c, rc);
	for (size_t i = 0; i < n && c->status == TG_OK; i++) {
		if (c->len - c->at < TG_TEXT_AGENT_BYTES ||
		    (i > 0 && memcmp(d->agents[i - 1], c->data + c->at, TG_TEXT_AGENT_BYTES) >= 0)) {
			tg_column_fail(c, TG_EFORMAT);
			return;
		}
		d->agents[d->agent_n++] = c->data + c->at;
		c->at += TG_TEXT_AGENT_BYTES;
	}
	n = tg_column_next(c, c->len / 2);
	if (c->status == TG_OK &&
	    (rc = tg_array_need((void **)&d->objects, &d->object_cap, n, sizeof *d->objects)) != TG_OK)
		tg_column_fail(c, rc);
	for (size_t i = 0; i < n && c->status == TG_OK; i++) {
		decode_object(d, c, &d->objects[i]);
		if (c->status == TG_OK && i > 0 && compare_objects(&d->objects[i - 1], &d->objects[i]) >= 0)
			tg_column_fail(c, TG_EFORMAT);
		/* In the order of their forms: an agent is used when no form is left out. */
		if (d->objects[i].form > last + 1)
			tg_column_fail(c, TG_EFORMAT);
		last = d->objects[i].form > last ? d->objects[i].form : last;
		d->object_n++;
	}
	if (last != d->agent_n + 1 || (c->status == TG_OK && n == 0 && d->agent_n > 0))
		tg_column_fail(c, TG_EFORMAT);
	n = tg_column_next(c, c->len / 2);
	if (c->status == TG_OK &&
	    (rc = tg_array_need((void **)&d->flows, &d->flow_cap, n, sizeof *d->flows)) != TG_OK)
		tg_column_fail(c, rc);
	for (size_t i = 0; i < n && c->status == TG_OK; i++) {
		decode_flow(d, c, &d->flows[i]);
		if (c->status == TG_OK && i > 0 && compare_flows(&d->flows[i - 1], &d->flows[i]) >= 0)
			tg_column_fail(c, TG_EFORMAT);
		d->flow_n++;
	}
	if (d->object_n + d->flow_n == 0)
		tg_column_fail(c, TG_EFORMAT); /* layout 1 would have done */
}

void
tg_codec_decode_flow_column(struct tg_decoded *d, struct tg_column *c)
{
	for (size_t i = 0; i < d->op_n && c->status == TG_OK; i++) {
		uint64_t flow;

		if (d->ops[i].kind == TG_OP_SET)
			continue;
		flow = tg_column_next(c, d->flow_n);
		if (flow > 0)
			d->flows[flow - 1].used = 1;
		d->ops[i].flow = (uint32_t)flow;
	}
}

int
tg_codec_flows_used(const struct tg_decoded *d)
{
	for (size_t i = 0; i < d->flow_n; i++)
		if (!d->flows[i].used)
			return 0;
	for (size_t i = 0; i < d->object_n; i++)
		if (!d->objects[i].used)
			return 0;
	return 1;
}

static struct tg_object_name
name_of(const struct tg_decoded *d, const struct tg_decoded_object *o, const uint8_t *agent)
{
	struct tg_object_name name = {o->name.data, o->name.len, {0}, o->seq};

	if (o->form > 0) {
		name.name = NULL;
		memcpy(name.agent, o->form == 1 ? agent : d->agents[o->form - 2], TG_TEXT_AGENT_BYTES);
	}
	return name;
}

void
tg_codec_lengths(struct tg_decoded *d, struct tg_doc *doc, const uint8_t agent[TG_TEXT_AGENT_BYTES])
{
	d->length = tg_flow_total(doc, TG_TEXT_FLOW_BODY);
	for (size_t i = 0; i < d->object_n; i++) {
		struct tg_object_name name = name_of(d, &d->objects[i], agent);

		if (tg_object_put(doc, &name, 0, &d->objects[i].id) != TG_OK)
			d->objects[i].id = UINT32_MAX;
	}
	for (size_t i = 0; i < d->flow_n; i++) {
		struct tg_decoded_flow *f = &d->flows[i];
		uint32_t object = f->object > 0 ? d->objects[f->object - 1].id : TG_OBJECT_DOC;
		uint32_t row = f->row > 0 ? d->objects[f->row - 1].id : TG_OBJECT_DOC;
		uint32_t column = f->column > 0 ? d->objects[f->column - 1].id : TG_OBJECT_DOC;

		f->length = 0;
		if (object != UINT32_MAX && row != UINT32_MAX && column != UINT32_MAX &&
		    tg_flow_find(doc, f->slot, object, row, column, 0, &f->id) == TG_OK)
			f->length = tg_flow_total(doc, f->id);
	}
}

int
tg_codec_intern_flows(struct tg_decoded *d, struct tg_doc *doc, const uint8_t agent[TG_TEXT_AGENT_BYTES])
{
	int rc;

	for (size_t i = 0; i < d->agent_n; i++)
		if (memcmp(d->agents[i], agent, TG_TEXT_AGENT_BYTES) == 0)
			return TG_EFORMAT;
	for (size_t i = 0; i < d->object_n; i++) {
		struct tg_object_name name = name_of(d, &d->objects[i], agent);

		if ((rc = tg_object_put(doc, &name, 1, &d->objects[i].id)) != TG_OK)
			return rc;
	}
	for (size_t i = 0; i < d->flow_n; i++) {
		struct tg_decoded_flow *f = &d->flows[i];

		uint32_t object = f->object > 0 ? d->objects[f->object - 1].id : TG_OBJECT_DOC;
		uint32_t row = f->row > 0 ? d->objects[f->row - 1].id : TG_OBJECT_DOC;
		uint32_t column = f->column > 0 ? d->objects[f->column - 1].id : TG_OBJECT_DOC;

		if ((rc = tg_flow_find(doc, f->slot, object, row, column, 1, &f->id)) != TG_OK ||
		    (rc = tg_flow_name(doc, f->slot, object, row, column, 1, &f->name)) != TG_OK)
			return rc;
	}
	return TG_OK;
}

/* ---- encoding */

_Static_assert(TG_SORT_BYTES >= sizeof(struct tg_decoded_flow), "an element fits");
_Static_assert(TG_SORT_BYTES >= sizeof(struct tg_decoded_object), "an element fits");

static int
by_bytes(const void *ctx, const void *a, const void *b)
{
	(void)ctx;
	return memcmp(*(const uint8_t *const *)a, *(const uint8_t *const *)b, TG_TEXT_AGENT_BYTES);
}

static int
by_object(const void *ctx, const void *a, const void *b)
{
	(void)ctx;
	return compare_objects(a, b);
}

static int
by_flow(const void *ctx, const void *a, const void *b)
{
	(void)ctx;
	return compare_flows(a, b);
}

static int
by_id(const void *ctx, const void *a, const void *b)
{
	(void)ctx;
	const struct tg_decoded_object *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* The object's place in the table plus one, looked up by its id; 0 for the document. */
static uint32_t
place_of(const struct tg_decoded *d, uint32_t id)
{
	size_t lo = 0, hi = d->object_n;

	if (id == TG_OBJECT_DOC)
		return 0;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (d->objects[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return (uint32_t)d->objects[lo].seq; /* where number_objects() left it */
}

static int
add_object(struct tg_decoded *d, uint32_t id)
{
	int rc;

	if (id == TG_OBJECT_DOC)
		return TG_OK;
	if ((rc = tg_array_need((void **)&d->objects, &d->object_cap, d->object_n + 1, sizeof *d->objects)) !=
	    TG_OK)
		return rc;
	memset(&d->objects[d->object_n], 0, sizeof *d->objects);
	d->objects[d->object_n++].id = id;
	return TG_OK;
}

static int
add_flow(struct tg_doc *doc, uint32_t flow)
{
	struct tg_decoded *d = doc->decoded;
	const struct tg_flow *f = &doc->flows[flow];
	int rc;

	if (flow == TG_TEXT_FLOW_BODY || f->length_stamp == doc->length_stamp)
		return TG_OK;
	doc->flows[flow].length_stamp = doc->length_stamp;
	if ((rc = tg_array_need((void **)&d->flows, &d->flow_cap, d->flow_n + 1, sizeof *d->flows)) !=
		TG_OK ||
	    (rc = add_object(d, f->object)) != TG_OK || (rc = add_object(d, f->row)) != TG_OK ||
	    (rc = add_object(d, f->column)) != TG_OK)
		return rc;
	d->flows[d->flow_n++] = (struct tg_decoded_flow){.id = flow};
	return TG_OK;
}

/* Flows and objects that the operations speak of, flows with their number in the doc as ${id}. */
static int
gather(struct tg_doc *doc, size_t op_n)
{
	struct tg_decoded *d = doc->decoded;
	int rc;

	d->agent_n = d->object_n = d->flow_n = 0;
	doc->length_stamp++; /* borrowed: has this flow been met? */
	for (size_t i = 0; i < op_n; i++) {
		const struct tg_op *op = &doc->ops[i];
		struct tg_flow cell;

		if (tg_object_cell(doc, op->object, &cell))
			rc = add_flow(doc, doc->flow_of[op->object]);
		else
			rc = add_object(d, op->object);
		if (rc != TG_OK || (rc = add_flow(doc, op->flow)) != TG_OK)
			return rc;
	}
	return TG_OK;
}

/* Fill in, sort and write the tables of agents and objects; then sort by id for place_of(). */
static int
put_objects(struct tg_doc *doc, const uint8_t *agent)
{
	struct tg_decoded *d = doc->decoded;
	struct tg_object_name name;
	size_t kept = 0;
	int rc;

	tg_text_sort(d->objects, d->object_n, sizeof *d->objects, by_id, NULL);
	for (size_t i = 0; i < d->object_n; i++)
		if (kept == 0 || d->objects[kept - 1].id != d->objects[i].id)
			d->objects[kept++] = d->objects[i];
	d->object_n = kept;
	if ((rc = tg_array_need((void **)&d->agents, &d->agent_cap, kept, sizeof *d->agents)) != TG_OK)
		return rc;
	for (size_t i = 0; i < d->object_n; i++) {
		struct tg_decoded_object *o = &d->objects[i];
		const uint8_t *p;
		size_t len;

		tg_object_get(doc, o->id, &name);
		o->name = (struct tg_bytes){name.name, name.name_len};
		o->seq = name.seq;
		if (name.name != NULL)
			continue;
		o->form = 1;
		if (memcmp(name.agent, agent, TG_TEXT_AGENT_BYTES) == 0)
			continue;
		p = tg_pool_get(&doc->pool, o->id, &len); /* the pool's copy of the agent, behind the tag */
		o->name.data = p + 2;
		o->form = 2;
		d->agents[d->agent_n++] = p + 2;
	}
	tg_text_sort(d->agents, d->agent_n, sizeof *d->agents, by_bytes, NULL);
	kept = 0;
	for (size_t i = 0; i < d->agent_n; i++)
		if (kept == 0 || by_bytes(NULL, &d->agents[kept - 1], &d->agents[i]) != 0)
			d->agents[kept++] = d->agents[i];
	d->agent_n = kept;
	for (size_t i = 0; i < d->object_n; i++) {
		struct tg_decoded_object *o = &d->objects[i];
		size_t lo = 0, hi = d->agent_n;

		if (o->form < 2)
			continue;
		while (lo < hi) {
			size_t mid = lo + (hi - lo) / 2;

			if (memcmp(d->agents[mid], o->name.data, TG_TEXT_AGENT_BYTES) < 0)
				lo = mid + 1;
			else
				hi = mid;
		}
		o->form = (uint32_t)lo + 2;
	}
	tg_text_sort(d->objects, d->object_n, sizeof *d->objects, by_object, NULL);
	tg_varint_put(&doc->out, d->agent_n);
	for (size_t i = 0; i < d->agent_n; i++)
		tg_buf_put(&doc->out, d->agents[i], TG_TEXT_AGENT_BYTES);
	tg_varint_put(&doc->out, d->object_n);
	for (size_t i = 0; i < d->object_n; i++) {
		struct tg_decoded_object *o = &d->objects[i];

		tg_varint_put(&doc->out, o->form);
		tg_varint_put(&doc->out, o->form == 0 ? o->name.len : o->seq);
		if (o->form == 0)
			tg_buf_put(&doc->out, o->name.data, o->name.len);
		o->seq = i + 1; /* written; now its number */
	}
	tg_text_sort(d->objects, d->object_n, sizeof *d->objects, by_id, NULL);
	return TG_OK;
}

int
tg_codec_put_flows(struct tg_doc *doc, size_t op_n, const uint8_t agent[TG_TEXT_AGENT_BYTES])
{
	struct tg_decoded *d = doc->decoded;
	int rc;

	if ((rc = gather(doc, op_n)) != TG_OK || (rc = put_objects(doc, agent)) != TG_OK)
		return rc;
	for (size_t i = 0; i < d->flow_n; i++) {
		const struct tg_flow *f = &doc->flows[d->flows[i].id];

		d->flows[i].slot = f->slot;
		d->flows[i].object = place_of(d, f->object);
		d->flows[i].row = place_of(d, f->row);
		d->flows[i].column = place_of(d, f->column);
	}
	tg_text_sort(d->flows, d->flow_n, sizeof *d->flows, by_flow, NULL);
	tg_varint_put(&doc->out, d->flow_n);
	for (size_t i = 0; i < d->flow_n; i++) {
		const struct tg_decoded_flow *f = &d->flows[i];

		tg_varint_put(&doc->out, f->object);
		tg_varint_put(&doc->out, (uint32_t)(f->slot + 1)); /* a cell's is 0 */
		if (f->slot == TG_FLOW_CELL) {
			tg_varint_put(&doc->out, f->row);
			tg_varint_put(&doc->out, f->column);
		}
		doc->flows[f->id].local = (uint32_t)i + 1;
	}
	for (size_t i = 0; i < op_n; i++) {
		struct tg_op *op = &doc->ops[i];
		struct tg_flow cell;

		if (tg_object_cell(doc, op->object, &cell))
			op->object = (uint32_t)d->object_n + doc->flows[doc->flow_of[op->object]].local;
		else
			op->object = place_of(d, op->object);
		if (op->flow != TG_TEXT_FLOW_BODY)
			op->flow = doc->flows[op->flow].local;
	}
	return TG_OK;
}
