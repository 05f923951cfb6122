#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "base/varint.h"
#include "text/codec.h"
#include "text/cut.h"
#include "text/pack.h"
#include "text/saved.h"

/* ---- cutting the history */

struct cutting {
	struct tg_doc *doc;
	int (*visit)(void *ctx, const struct tg_span *spans, size_t n, uint32_t events);
	void *ctx;
	struct tg_spans spans; /* of the part so far */
	uint32_t events;
	size_t values;	 /* bytes of keys and values in it */
	uint32_t format; /* the last one used in it */
	uint32_t flow;	 /* that of the last operation */
};

static int
end_part(struct cutting *c)
{
	int rc = c->events > 0 ? c->visit(c->ctx, c->spans.v, c->spans.n, c->events) : TG_OK;

	c->spans.n = 0;
	c->events = 0;
	c->values = 0;
	c->format = 0;
	c->flow = TG_TEXT_FLOW_BODY;
	return rc;
}

static int
add_span(struct cutting *c, uint32_t start, uint32_t end)
{
	struct tg_spans *s = &c->spans;
	int rc;

	c->events += end - start;
	if (s->n > 0 && s->v[s->n - 1].end == start) {
		s->v[s->n - 1].end = end;
		return TG_OK;
	}
	if ((rc = tg_array_need((void **)&s->v, &s->cap, s->n + 1, sizeof *s->v)) != TG_OK)
		return rc;
	s->v[s->n].start = start;
	s->v[s->n++].end = end;
	return TG_OK;
}

static size_t
pool_bytes(const struct tg_doc *doc, uint32_t id)
{
	size_t len;

	tg_pool_get(&doc->pool, id, &len);
	return len;
}

/* What a run of the log brings into the part beside operations and text; about so many bytes. */
static size_t
value_bytes(const struct cutting *c, const struct tg_oprun *r)
{
	const struct tg_doc *doc = c->doc;
	const struct tg_pair *p;
	size_t n, sum = r->flow != c->flow && r->kind != TG_OP_SET ? TG_SAVED_FLOW_VALUES : 0;

	if (r->kind == TG_OP_MARK)
		return sum + pool_bytes(doc, doc->formats.marks[r->aux].key) +
		       pool_bytes(doc, doc->formats.marks[r->aux].value);
	if (r->kind == TG_OP_SET) {
		const struct tg_register *reg = &doc->registers[doc->sets[r->aux].reg];

		return (reg->object != TG_OBJECT_DOC ? TG_SAVED_OBJECT_VALUES : 0) +
		       pool_bytes(doc, reg->key) + pool_bytes(doc, doc->sets[r->aux].value);
	}
	if (r->kind > TG_OP_ATOM || r->aux == c->format)
		return sum;
	p = tg_format_get(&doc->formats, r->aux, &n);
	for (size_t i = 0; i < n; i++)
		sum += pool_bytes(doc, p[i].key) + pool_bytes(doc, p[i].value);
	return sum;
}

/* Events [start, end), by one author from ${seq} on. */
static int
cut_stretch(struct cutting *c, const uint8_t *agent, uint64_t seq, uint32_t start, uint32_t end)
{
	const struct tg_oprun *r = tg_oplog_find(&c->doc->log, start);
	uint32_t to;
	int rc;

	for (uint32_t at = start; at < end; seq += to - at, at = to) {
		uint32_t run_end = tg_oplog_end(&c->doc->log, r);
		uint64_t step = TG_CUT_EVENTS_STEP - seq % TG_CUT_EVENTS_STEP;
		size_t values = value_bytes(c, r);

		if (c->events > 0 && values > 0 && c->values + values > TG_SAVED_PART_VALUES) {
			if ((rc = end_part(c)) != TG_OK)
				return rc;
			values = value_bytes(c, r);
		}
		c->values += values;
		if (r->kind <= TG_OP_ATOM)
			c->format = r->aux;
		if (r->kind != TG_OP_SET)
			c->flow = r->flow;
		if (step > TG_CUT_EVENTS_MAX - c->events)
			step = TG_CUT_EVENTS_MAX - c->events;
		to = run_end < end ? run_end : end;
		if (to - at >= step)
			to = at + (uint32_t)step;
		if ((rc = add_span(c, at, to)) != TG_OK)
			return rc;
		if (tg_cut_event(c->events, agent, seq + (to - at) - 1) && (rc = end_part(c)) != TG_OK)
			return rc;
		if (to == run_end)
			r++;
	}
	return TG_OK;
}

int
tg_save_parts(struct tg_doc *doc, const struct tg_order *order,
    int (*visit)(void *ctx, const struct tg_span *spans, size_t n, uint32_t events), void *ctx)
{
	struct cutting c = {0};
	int rc = TG_OK;

	c.doc = doc;
	c.visit = visit;
	c.ctx = ctx;
	for (size_t i = 0; i < order->n && rc == TG_OK; i++) {
		const struct tg_grun *r = &doc->graph.runs[order->runs[i]];

		rc = cut_stretch(&c, doc->graph.agents[r->agent].key, r->seq, r->start, r->end);
	}
	if (rc == TG_OK)
		rc = end_part(&c);
	tg_free(c.spans.v);
	return rc;
}

/* ---- writing */

struct saving {
	struct tg_doc *doc;
	uint64_t *living;
	struct tg_buf plain, hashes, lengths, packed;
	uint32_t sections;
};

static int
put_section(struct saving *s, const uint8_t *data, size_t len)
{
	size_t before = s->packed.len;
	struct tg_hash hash;

	if (len > (s->sections < 2 ? TG_SAVED_SECTION_MAX : TG_SAVED_PART_MAX))
		return TG_ETOOBIG;
	tg_hash(TG_DOMAIN_SECTION, data, len, &hash);
	tg_varint_put(&s->hashes, len);
	tg_buf_put(&s->hashes, hash.b, sizeof hash.b);
	tg_pack(&s->packed, data, len);
	tg_varint_put(&s->lengths, s->packed.len - before);
	s->sections++;
	return s->packed.len + s->hashes.len + s->lengths.len > TG_SAVED_MAX - 64 ? TG_ETOOBIG : TG_OK;
}

/* Set the bit of every inserted item that MERGED shows. */
static void
mark_living(struct saving *s)
{
	struct tg_doc *doc = s->doc;

	for (uint32_t flow = 0; flow < doc->flow_n; flow++) {
		struct tg_cursor c = {0, 0, 0};

		tg_flow_enter(doc, flow);
		c.leaf = doc->items.first;
		for (; tg_items_step(&doc->items, &c); c.idx++) {
			const struct tg_item *it = tg_items_at(&doc->items, c);

			if (it->st & TG_ITEM_GONE)
				continue;
			for (uint32_t lv = it->id; lv < it->id + it->len; lv++)
				s->living[lv >> 6] |= UINT64_C(1) << (lv & 63);
		}
	}
}

/* Append the characters among events [at, end) of one run of the log that are no longer shown. */
static void
put_lost(struct saving *s, uint32_t at, uint32_t end)
{
	while (at < end) {
		const uint8_t *p;
		uint32_t n = 0;
		size_t len;

		while (at < end && s->living[at >> 6] >> (at & 63) & 1)
			at++;
		while (at + n < end && !(s->living[(at + n) >> 6] >> ((at + n) & 63) & 1))
			n++;
		if (n == 0)
			return;
		p = tg_oplog_text(&s->doc->log, at, &n, &len);
		tg_buf_put(&s->doc->out_text, p, len);
		at += n;
	}
}

static int
put_part(void *ctx, const struct tg_span *spans, size_t n, uint32_t events)
{
	struct saving *s = ctx;
	struct tg_doc *doc = s->doc;
	int rc;

	(void)events;
	if ((rc = tg_codec_encode_part(doc, spans, n)) != TG_OK)
		return rc;
	for (size_t i = 0; i < n; i++) {
		const struct tg_oprun *r = tg_oplog_find(&doc->log, spans[i].start);
		uint32_t to;

		for (uint32_t at = spans[i].start; at < spans[i].end; at = to, r++) {
			to = tg_oplog_end(&doc->log, r);
			to = to > spans[i].end ? spans[i].end : to;
			if (r->kind == TG_OP_CHAR)
				put_lost(s, at, to);
		}
	}
	if ((rc = tg_buf_status(&doc->out_text)) != TG_OK)
		return rc;
	if ((rc = put_section(s, doc->out.data, doc->out.len)) != TG_OK)
		return rc;
	return put_section(
	    s, doc->out_text.len > 0 ? doc->out_text.data : (const uint8_t *)"", doc->out_text.len);
}

static int
put_sections(struct saving *s, struct tg_order *order)
{
	struct tg_doc *doc = s->doc;
	int rc;

	s->living = tg_calloc((size_t)doc->log.next / 64 + 1, sizeof *s->living);
	if (s->living == NULL)
		return TG_ENOMEM;
	mark_living(s);
	if ((rc = tg_order_make(order, &doc->graph)) != TG_OK ||
	    (rc = tg_checkpoint_put(doc, &s->plain)) != TG_OK ||
	    (rc = put_section(s, s->plain.data, s->plain.len)) != TG_OK)
		return rc;
	tg_buf_reset(&s->plain);
	if ((rc = tg_skeleton_put(&doc->graph, order, &s->plain)) != TG_OK ||
	    (rc = put_section(s, s->plain.data, s->plain.len)) != TG_OK)
		return rc;
	return tg_save_parts(doc, order, put_part, s);
}

static int
save(struct tg_doc *doc)
{
	struct tg_order order = {0};
	struct saving s = {0};
	int rc;

	s.doc = doc;
	rc = put_sections(&s, &order);
	if (rc == TG_OK && (s.hashes.failed || s.lengths.failed || s.packed.failed))
		rc = TG_ENOMEM;
	if (rc == TG_OK) {
		tg_buf_reset(&doc->out);
		tg_varint_put(&doc->out, TG_SAVED_FORMAT);
		tg_varint_put(&doc->out, s.sections);
		tg_buf_put(&doc->out, s.hashes.data, s.hashes.len);
		tg_buf_put(&doc->out, s.lengths.data, s.lengths.len);
		tg_buf_put(&doc->out, s.packed.data, s.packed.len);
		rc = tg_buf_status(&doc->out);
	}
	tg_order_free(&order);
	tg_free(s.living);
	tg_buf_free(&s.plain);
	tg_buf_free(&s.hashes);
	tg_buf_free(&s.lengths);
	tg_buf_free(&s.packed);
	return rc;
}

int
tg_doc_save(struct tg_doc *doc, const uint8_t **data, size_t *len)
{
	int rc;

	*data = NULL;
	*len = 0;
	if ((rc = tg_doc_ready(doc)) != TG_OK)
		return rc;
	if (doc->agent != TG_LV_NONE && doc->taken != doc->graph.agents[doc->agent].next_seq)
		return TG_EBUSY;
	if ((rc = save(doc)) != TG_OK)
		return tg_doc_fail(doc, rc);
	*data = doc->out.data;
	*len = doc->out.len;
	return TG_OK;
}
