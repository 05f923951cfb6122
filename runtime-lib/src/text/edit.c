#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "text/codec.h"
#include "text/doc.h"

int
tg_change_apply(struct tg_doc *doc, const struct tg_change *c, int local)
{
	struct tg_lvs *at = local ? &doc->view : &doc->merged;
	uint32_t start = doc->log.next;
	uint32_t events = c->kind == TG_OP_MARK ? 1 : c->count;
	int rc;

	if ((rc = tg_graph_append(&doc->graph, doc->agent, events, at->v, at->n)) != TG_OK)
		return rc;
	doc->log.flow = (uint16_t)c->flow;
	switch (c->kind) {
	case TG_OP_CHAR:
		rc = tg_oplog_append_text(&doc->log, c->pos, c->count, c->format, c->text, c->text_len);
		break;
	case TG_OP_MARK:
		rc = tg_doc_log_mark(doc, c->pos, c->count, c->key, c->value);
		break;
	case TG_OP_SET:
		rc = tg_doc_log_set(doc, c->object, c->key, c->value, local);
		break;
	default:
		rc = tg_oplog_append(&doc->log, c->kind, c->pos, c->count, c->format);
	}
	if (rc != TG_OK)
		return rc == TG_ELIMIT ? TG_ENOMEM : rc; /* the arena's 4 GiB */
	if (local && c->kind == TG_OP_SET)
		tg_drawings_set(doc, c->object);
	else if (local)
		tg_drawings_splice(doc, c->flow, c->pos, c->kind <= TG_OP_ATOM ? 0 : c->count,
		    c->kind == TG_OP_DELETE ? 0 : c->count);
	if (local && (rc = tg_lvs_advance(&doc->merged, at->v, at->n, doc->log.next - 1)) != TG_OK)
		return rc;
	at->n = 0;
	if ((rc = tg_lvs_push(at, doc->log.next - 1)) != TG_OK)
		return rc;
	doc->applied = doc->log.next;
	if ((rc = tg_walk_apply(doc, start, doc->log.next, local)) == TG_OK)
		doc->graph.runs[doc->graph.n - 1].length = tg_flow_total(doc, TG_TEXT_FLOW_BODY);
	return rc;
}

/* The length of a flow after the edits checked so far. */
static uint64_t *
length_of(struct tg_doc *doc, uint32_t flow)
{
	struct tg_flow *f = &doc->flows[flow];

	if (f->length_stamp != doc->length_stamp) {
		f->length_stamp = doc->length_stamp;
		f->length = flow == doc->flow ? doc->items.view_total : f->items.view_total;
	}
	return &f->length;
}

/* Can edit ${e} be made?  The flow's length and *events are kept up. */
static int
check_edit(struct tg_doc *doc, const struct tg_edit *e, uint64_t *events)
{
	struct tg_object_name name;
	struct tg_flow cell;
	uint64_t *length;
	struct tg_bytes key = {e->key, e->key_len}, value;
	struct tg_reader r;
	size_t scalars;
	int rc;

	if (e->kind != TG_EDIT_SET
		? e->flow >= doc->flow_n
		: e->object != TG_TEXT_OBJECT_DOC && !tg_object_get(doc, e->object, &name) &&
		      !tg_object_cell(doc, e->object, &cell))
		return TG_EINVAL;
	length = length_of(doc, e->kind != TG_EDIT_SET ? e->flow : TG_TEXT_FLOW_BODY);
	switch (e->kind) {
	case TG_EDIT_INSERT:
		if (e->text_len == 0)
			return TG_EFORMAT;
		if (e->text_len > UINT32_MAX / 2)
			return TG_ETOOBIG;
		if ((rc = tg_utf8_count(e->text, e->text_len, &scalars)) != TG_OK ||
		    (rc = tg_codec_attrs(e->attrs, e->attrs_len)) != TG_OK)
			return rc == TG_ETRUNCATED ? TG_EFORMAT : rc;
		if (e->index > *length)
			return TG_ERANGE;
		*length += scalars;
		*events += scalars;
		return TG_OK;
	case TG_EDIT_BLOCK:
	case TG_EDIT_ATOM:
		if ((rc = tg_codec_attrs(e->attrs, e->attrs_len)) != TG_OK)
			return rc == TG_ETRUNCATED ? TG_EFORMAT : rc;
		if (e->index > *length)
			return TG_ERANGE;
		*length += 1;
		*events += 1;
		return TG_OK;
	case TG_EDIT_DELETE:
		if (e->count == 0 || (uint64_t)e->index + e->count > *length)
			return TG_ERANGE;
		*length -= e->count;
		*events += e->count;
		return TG_OK;
	case TG_EDIT_MARK:
		if (e->count == 0 || (uint64_t)e->index + e->count > *length)
			return TG_ERANGE;
		break;
	case TG_EDIT_SET:
		break;
	default:
		return TG_EINVAL;
	}
	if (key.len == 0 || tg_utf8_count(key.data, key.len, &scalars) != TG_OK)
		return TG_EFORMAT;
	if (key.len > TG_TEXT_KEY_MAX)
		return TG_ETOOBIG;
	tg_reader_init(&r, e->value, e->value_len);
	value = tg_codec_value(&r, 1);
	if ((rc = tg_reader_end(&r)) != TG_OK || value.len != e->value_len)
		return rc == TG_ETRUNCATED ? TG_EFORMAT : rc;
	*events += 1;
	return TG_OK;
}

static int
make_edit(struct tg_doc *doc, const struct tg_edit *e)
{
	struct tg_change c = {0};
	size_t scalars;
	int rc;

	c.flow = e->flow;
	c.pos = e->index;
	c.count = 1;
	switch (e->kind) {
	case TG_EDIT_INSERT:
		c.kind = TG_OP_CHAR;
		if ((rc = tg_utf8_count(e->text, e->text_len, &scalars)) != TG_OK)
			return rc;
		c.count = (uint32_t)scalars;
		c.text = e->text;
		c.text_len = e->text_len;
		break;
	case TG_EDIT_BLOCK:
		c.kind = TG_OP_BLOCK;
		break;
	case TG_EDIT_ATOM:
		c.kind = TG_OP_ATOM;
		break;
	case TG_EDIT_DELETE:
		c.kind = TG_OP_DELETE;
		c.count = e->count;
		break;
	case TG_EDIT_MARK:
		c.kind = TG_OP_MARK;
		c.count = e->count;
		break;
	case TG_EDIT_SET:
		c.kind = TG_OP_SET;
		c.flow = TG_TEXT_FLOW_BODY;
		c.object = e->object;
		c.pos = 0;
		break;
	}
	if (c.kind <= TG_OP_ATOM &&
	    (rc = tg_codec_attrs_format(doc, e->attrs, e->attrs_len, &c.format)) != TG_OK)
		return rc;
	if (c.kind == TG_OP_MARK || c.kind == TG_OP_SET) {
		if ((rc = tg_pool_put(&doc->pool, e->key, e->key_len, &c.key)) != TG_OK ||
		    (rc = tg_pool_put(&doc->pool, e->value, e->value_len, &c.value)) != TG_OK)
			return rc;
	}
	return tg_change_apply(doc, &c, 1);
}

int
tg_doc_edit(
    struct tg_doc *doc, const struct tg_edit *edits, size_t n, uint64_t *first_seq, uint64_t *event_count)
{
	uint64_t events = 0, first;
	int rc;

	if (first_seq != NULL)
		*first_seq = 0;
	if (event_count != NULL)
		*event_count = 0;
	if ((rc = tg_doc_ready(doc)) != TG_OK)
		return rc;
	if (doc->agent == TG_LV_NONE)
		return TG_EINVAL;
	if (n > TG_TEXT_EDITS_MAX)
		return TG_ETOOBIG;
	doc->length_stamp++;
	for (size_t i = 0; i < n; i++)
		if ((rc = check_edit(doc, &edits[i], &events)) != TG_OK)
			return rc;
	if (events > TG_TEXT_EVENTS_MAX - doc->log.next)
		return TG_ELIMIT;
	if ((rc = tg_view_prepare(doc)) != TG_OK)
		return tg_doc_fail(doc, rc);
	first = doc->graph.agents[doc->agent].next_seq;
	for (size_t i = 0; i < n; i++)
		if ((rc = make_edit(doc, &edits[i])) != TG_OK)
			return tg_doc_fail(doc, rc);
	if (first_seq != NULL)
		*first_seq = first;
	if (event_count != NULL)
		*event_count = events;
	return TG_OK;
}

/* ---- edits as msgpack */

static void
read_attrs(struct tg_reader *r, struct tg_edit *e)
{
	struct tg_bytes b = tg_read_skip(r);

	e->attrs = b.data;
	e->attrs_len = b.len;
	if (b.len == 1 && b.data[0] == 0x90)
		e->attrs_len = 0; /* [] */
}

static void
read_key_value(struct tg_reader *r, struct tg_edit *e)
{
	struct tg_bytes b = tg_codec_key(r);

	e->key = b.data;
	e->key_len = b.len;
	b = tg_codec_value(r, 1);
	e->value = b.data;
	e->value_len = b.len;
}

static int
read_edit(struct tg_doc *doc, struct tg_reader *r, struct tg_edit *e)
{
	static const uint8_t fields[] = {5, 4, 4, 4, 6, 4};
	uint32_t n = tg_read_array(r, 1, 6), to;
	struct tg_bytes b;
	int rc;

	memset(e, 0, sizeof *e);
	e->kind = (int)tg_read_uint(r, UINT32_MAX / 2);
	if (tg_reader_status(r) == TG_OK && (e->kind > TG_EDIT_SET || n != fields[e->kind]))
		tg_reader_fail(r, TG_EFORMAT);
	if (e->kind == TG_EDIT_SET) {
		if ((rc = tg_object_read(doc, r, 1, &e->object)) != TG_OK)
			return rc;
		read_key_value(r, e);
		return TG_OK;
	}
	if ((rc = tg_flow_read(doc, r, 1, &e->flow)) != TG_OK)
		return rc;
	e->index = (uint32_t)tg_read_uint(r, UINT32_MAX);
	switch (e->kind) {
	case TG_EDIT_INSERT:
		b = tg_read_str(r, UINT32_MAX / 2);
		e->text = b.data;
		e->text_len = b.len;
		read_attrs(r, e);
		break;
	case TG_EDIT_BLOCK:
	case TG_EDIT_ATOM:
		read_attrs(r, e);
		break;
	case TG_EDIT_DELETE:
		e->count = (uint32_t)tg_read_uint(r, UINT32_MAX);
		break;
	case TG_EDIT_MARK:
		to = (uint32_t)tg_read_uint(r, UINT32_MAX);
		e->count = to > e->index ? to - e->index : 0;
		read_key_value(r, e);
		break;
	}
	return TG_OK;
}

int
tg_doc_edit_msgpack(
    struct tg_doc *doc, const uint8_t *data, size_t len, uint64_t *first_seq, uint64_t *event_count)
{
	struct tg_edit one, *edits = &one;
	struct tg_reader r;
	uint32_t n;
	int rc;

	if (first_seq != NULL)
		*first_seq = 0;
	if (event_count != NULL)
		*event_count = 0;
	if ((rc = tg_doc_ready(doc)) != TG_OK)
		return rc;
	tg_reader_init(&r, data, len);
	n = tg_read_array(&r, 0, TG_TEXT_EDITS_MAX);
	if ((rc = tg_reader_status(&r)) != TG_OK)
		return rc;
	if (n > 1 && (edits = tg_calloc(n, sizeof *edits)) == NULL)
		return tg_doc_fail(doc, TG_ENOMEM);
	for (uint32_t i = 0; i < n && rc == TG_OK && tg_reader_status(&r) == TG_OK; i++)
		rc = read_edit(doc, &r, &edits[i]);
	if (rc == TG_OK && (rc = tg_reader_end(&r)) == TG_OK)
		rc = tg_doc_edit(doc, edits, n, first_seq, event_count);
	if (n > 1)
		tg_free(edits);
	return tg_doc_fail(doc, rc);
}
