/*
 * checkpoint.c -- what a document shows, without how it came about.
 *
 * Its text stands last and in one piece, so that opening a document is little more than inflating it.
 */
#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "base/varint.h"
#include "text/codec.h"
#include "text/saved.h"

struct writing {
	struct tg_doc *doc;
	struct tg_buf heads, formats, text, table, flows;
	uint32_t format_n;
	uint32_t kind, format, count; /* of the run being joined; count 0: none yet */
	uint32_t run_n;		      /* of the flow being read */
};

static void
end_run(struct writing *w)
{
	if (w->count == 0)
		return;
	tg_varint_put(&w->heads, (uint64_t)(w->count - 1) << 2 | w->kind);
	tg_varint_put(&w->formats, w->format);
	w->run_n++;
	w->count = 0;
}

/* The place of a format in the table, in the order of first use; 0 is none. */
static uint32_t
local_format(struct writing *w, uint32_t id)
{
	struct tg_formats *f = &w->doc->formats;
	const struct tg_pair *pairs;
	size_t n, len;

	if (id == 0)
		return 0;
	if (f->formats[id].stamp == f->stamp)
		return f->formats[id].local;
	f->formats[id].stamp = f->stamp;
	f->formats[id].local = ++w->format_n;
	pairs = tg_format_get(f, id, &n);
	tg_varint_put(&w->table, n);
	for (size_t i = 0; i < n; i++) {
		const uint8_t *p = tg_pool_get(f->pool, pairs[i].key, &len);

		tg_varint_put(&w->table, len);
		tg_buf_put(&w->table, p, len);
		p = tg_pool_get(f->pool, pairs[i].value, &len);
		tg_buf_put(&w->table, p, len);
	}
	return w->format_n;
}

static int
put_run(void *ctx, const struct tg_text_run *run)
{
	struct writing *w = ctx;
	uint32_t format = local_format(w, run->format);

	if (w->count > 0 && (w->kind != (uint32_t)run->kind || w->format != format))
		end_run(w);
	w->kind = (uint32_t)run->kind;
	w->format = format;
	w->count += run->count;
	if (run->kind == TG_TEXT_CHAR)
		tg_buf_put(&w->text, run->text, run->text_len);
	return 0;
}

/* A flow that is saved, and where its name stands among the names. */
struct named_flow {
	size_t at, len;
	uint32_t flow;
};

static int
compare_names(const void *ctx, const void *a, const void *b)
{
	const struct named_flow *x = a, *y = b;
	const uint8_t *names = ctx;
	int c = memcmp(names + x->at, names + y->at, x->len < y->len ? x->len : y->len);

	return c != 0 ? c : (x->len > y->len) - (x->len < y->len);
}

/* The body, and by name the flows that are not empty. */
static int
list_flows(struct tg_doc *doc, struct tg_buf *names, struct named_flow **flows, size_t *n)
{
	size_t cap = 0, len;
	const uint8_t *name;
	int rc;

	*n = 0;
	for (uint32_t i = 0; i < doc->flow_n; i++) {
		if (i != TG_TEXT_FLOW_BODY && tg_doc_length(doc, i) == 0)
			continue;
		if ((rc = tg_array_need((void **)flows, &cap, *n + 1, sizeof **flows)) != TG_OK ||
		    (rc = tg_doc_flow_name(doc, i, &name, &len)) != TG_OK)
			return rc;
		(*flows)[(*n)++] = (struct named_flow){names->len, len, i};
		tg_buf_put(names, name, len);
	}
	if ((rc = tg_buf_status(names)) == TG_OK)
		tg_text_sort(*flows + 1, *n - 1, sizeof **flows, compare_names, names->data);
	return rc;
}

static int
put_flow(struct writing *w, const struct named_flow *f, const uint8_t *names)
{
	int rc;

	w->run_n = 0;
	if ((rc = tg_doc_read(w->doc, f->flow, 0, tg_doc_length(w->doc, f->flow), put_run, w)) != TG_OK)
		return rc;
	end_run(w);
	tg_varint_put(&w->flows, f->len);
	tg_buf_put(&w->flows, names + f->at, f->len);
	tg_varint_put(&w->flows, w->run_n);
	return TG_OK;
}

static int
put_document(struct writing *w, struct tg_buf *out)
{
	struct named_flow *flows = NULL;
	struct tg_buf names = {0};
	const uint8_t *registers;
	size_t n, len;
	int rc = list_flows(w->doc, &names, &flows, &n);

	w->doc->formats.stamp++;
	for (size_t i = 0; i < n && rc == TG_OK; i++)
		rc = put_flow(w, &flows[i], names.data);
	tg_free(flows);
	tg_buf_free(&names);
	if (rc != TG_OK || (rc = tg_doc_registers(w->doc, &registers, &len)) != TG_OK)
		return rc;
	tg_varint_put(out, (uint64_t)w->doc->order);
	tg_varint_put(out, w->format_n);
	tg_buf_put(out, w->table.data, w->table.len);
	tg_varint_put(out, len);
	tg_buf_put(out, registers, len);
	tg_varint_put(out, n);
	tg_buf_put(out, w->flows.data, w->flows.len);
	tg_buf_put(out, w->heads.data, w->heads.len);
	tg_buf_put(out, w->formats.data, w->formats.len);
	tg_buf_put(out, w->text.data, w->text.len);
	if (w->heads.failed || w->formats.failed || w->text.failed || w->table.failed || w->flows.failed)
		return TG_ENOMEM;
	return tg_buf_status(out);
}

int
tg_checkpoint_put(struct tg_doc *doc, struct tg_buf *out)
{
	struct writing w = {0};
	int rc;

	w.doc = doc;
	rc = put_document(&w, out);
	tg_buf_free(&w.heads);
	tg_buf_free(&w.formats);
	tg_buf_free(&w.text);
	tg_buf_free(&w.table);
	tg_buf_free(&w.flows);
	return rc;
}

/* ---- reading */

const uint8_t *
tg_column_bytes(struct tg_column *c, size_t len)
{
	const uint8_t *p = c->data + c->at;

	if (c->status != TG_OK || len > c->len - c->at) {
		c->status = TG_EFORMAT;
		return NULL;
	}
	c->at += len;
	return p;
}

/* The next format of the table gets its id in the doc. */
static int
read_format(struct tg_doc *doc, struct tg_column *c, uint32_t *id)
{
	uint64_t n = tg_column_next(c, TG_TEXT_SHOWN_KEYS_MAX);
	int rc;

	if (c->status != TG_OK || n == 0)
		return TG_EFORMAT;
	if ((rc = tg_array_need((void **)&doc->pairs, &doc->pair_cap, (size_t)n, sizeof *doc->pairs)) !=
	    TG_OK)
		return rc;
	for (size_t i = 0; i < n; i++) {
		size_t len = (size_t)tg_column_next(c, TG_TEXT_KEY_MAX), scalars;
		const uint8_t *key = tg_column_bytes(c, len);
		struct tg_bytes value;
		struct tg_reader r;

		if (key == NULL || len == 0 || tg_utf8_count(key, len, &scalars) != TG_OK)
			return TG_EFORMAT;
		tg_reader_init(&r, c->data + c->at, c->len - c->at);
		value = tg_codec_value(&r, 0);
		if (tg_reader_status(&r) != TG_OK)
			return TG_EFORMAT;
		c->at += r.at;
		if ((rc = tg_pool_put(&doc->pool, key, len, &doc->pairs[i].key)) != TG_OK ||
		    (rc = tg_pool_put(&doc->pool, value.data, value.len, &doc->pairs[i].value)) != TG_OK)
			return rc;
		if (i > 0 && tg_pool_compare(&doc->pool, doc->pairs[i - 1].key, doc->pairs[i].key) >= 0)
			return TG_EFORMAT;
	}
	return tg_format_put(&doc->formats, doc->pairs, (size_t)n, id);
}

static int
read_formats(struct tg_doc *doc, struct tg_column *c, uint32_t **ids, uint64_t *n)
{
	size_t cap = 0;
	int rc = TG_OK;

	*n = tg_column_next(c, c->len / 4);
	doc->formats.stamp++;
	for (uint64_t i = 0; i < *n && rc == TG_OK; i++) {
		uint32_t id;

		if ((rc = tg_array_need((void **)ids, &cap, (size_t)i + 1, sizeof **ids)) != TG_OK ||
		    (rc = read_format(doc, c, &id)) != TG_OK)
			break;
		(*ids)[i] = id;
		if (doc->formats.formats[id].stamp == doc->formats.stamp)
			rc = TG_EFORMAT; /* twice in the table */
		doc->formats.formats[id].stamp = doc->formats.stamp;
	}
	return rc == TG_OK ? c->status : rc;
}

static int
read_flows(struct tg_doc *doc, struct tg_checkpoint *c, struct tg_column *in, size_t *runs)
{
	uint64_t n = tg_column_next(in, TG_TEXT_FLOWS_MAX);
	const uint8_t *last = NULL;
	size_t last_len = 0;
	int rc;

	*runs = 0;
	for (uint64_t i = 0; i < n && in->status == TG_OK; i++) {
		size_t len = tg_column_next(in, in->len);
		const uint8_t *name = tg_column_bytes(in, len);
		struct tg_shown_flow *f;
		int order = -1;

		if (name == NULL || len == 0)
			return TG_EFORMAT;
		if ((rc = tg_array_need((void **)&c->flows, &c->flow_cap, c->flow_n + 1, sizeof *c->flows)) !=
		    TG_OK)
			return rc;
		f = &c->flows[c->flow_n++];
		memset(f, 0, sizeof *f);
		if (i > 1 && (order = memcmp(last, name, last_len < len ? last_len : len)) == 0)
			order = (last_len > len) - (last_len < len);
		if (order >= 0)
			return TG_EFORMAT;
		if ((rc = tg_doc_flow(doc, name, len, &f->flow)) != TG_OK)
			return rc == TG_ENOMEM ? rc : TG_EFORMAT;
		/* A bare number is the body or stands for a flow known already: no name. */
		if ((i == 0) != (f->flow == TG_TEXT_FLOW_BODY) || (i > 0 && name[0] < 0x90))
			return TG_EFORMAT;
		f->first = *runs;
		f->n = tg_column_next(in, TG_TEXT_EVENTS_MAX);
		*runs += f->n;
		if ((i > 0 && f->n == 0) || *runs > TG_TEXT_EVENTS_MAX)
			return TG_EFORMAT;
		last = name;
		last_len = len;
	}
	return in->status == TG_OK && n == 0 ? TG_EFORMAT : in->status;
}

static int
read_run(struct tg_checkpoint *c, struct tg_column *heads, struct tg_column *formats, uint64_t *used,
    const uint32_t *ids, uint64_t id_n)
{
	uint64_t head = tg_column_next(heads, (uint64_t)TG_TEXT_EVENTS_MAX << 2);
	uint64_t format = tg_column_next(formats, id_n);
	struct tg_shown *run;
	int rc;

	if (heads->status != TG_OK || formats->status != TG_OK || (head & 3) > TG_TEXT_ATOM ||
	    format > *used + 1)
		return TG_EFORMAT;
	if ((rc = tg_array_need((void **)&c->runs, &c->cap, c->n + 1, sizeof *c->runs)) != TG_OK)
		return rc;
	*used = format > *used ? format : *used;
	run = &c->runs[c->n++];
	run->kind = head & 3;
	run->count = (uint32_t)(head >> 2) + 1;
	run->format = format > 0 ? ids[format - 1] : 0;
	c->chars += run->kind == TG_TEXT_CHAR ? run->count : 0;
	return TG_OK;
}

static int
read_runs(struct tg_checkpoint *c, struct tg_column *heads, size_t n, const uint32_t *ids, uint64_t id_n)
{
	struct tg_column formats = *heads;
	uint64_t used = 0, items = 0;
	int rc;

	for (size_t i = 0; i < n && formats.at < formats.len;)
		i += formats.data[formats.at++] < 0x80;
	for (size_t k = 0; k < c->flow_n; k++)
		for (size_t i = 0; i < c->flows[k].n; i++) {
			const struct tg_shown *r;

			if ((rc = read_run(c, heads, &formats, &used, ids, id_n)) != TG_OK)
				return rc;
			r = &c->runs[c->n - 1];
			if (i > 0 && r[-1].kind == r->kind && r[-1].format == r->format)
				return TG_EFORMAT; /* one run, written as two */
			if ((items += r->count) > TG_TEXT_EVENTS_MAX)
				return TG_ELIMIT;
			c->flows[k].length += r->count;
		}
	heads->at = formats.at;
	return used == id_n ? TG_OK : TG_EFORMAT;
}

/* Where the text of each run begins. */
static int
place_text(struct tg_checkpoint *c)
{
	size_t scalars, at = 0;

	if (tg_utf8_count(c->text, c->text_len, &scalars) != TG_OK || scalars != c->chars)
		return TG_EFORMAT;
	for (size_t i = 0; i < c->n; i++) {
		c->runs[i].text = (uint32_t)at;
		if (c->runs[i].kind == TG_TEXT_CHAR)
			at += c->text_len == c->chars ? c->runs[i].count
						      : tg_oplog_bytes(c->text + at, c->runs[i].count);
	}
	return TG_OK;
}

/* Before the history is read nobody else looks at them; it says whether they are the right ones. */
static int
check_registers(const struct tg_checkpoint *c)
{
	struct tg_reader r;
	uint32_t n;

	tg_reader_init(&r, c->registers, c->registers_len);
	n = tg_read_array(&r, 0, TG_TEXT_EVENTS_MAX);
	for (uint32_t i = 0; i < n && tg_reader_status(&r) == TG_OK; i++) {
		tg_read_array(&r, 3, 3);
		tg_read_skip(&r);
		tg_codec_key(&r);
		tg_codec_value(&r, 0);
	}
	return tg_reader_end(&r) == TG_OK ? TG_OK : TG_EFORMAT;
}

int
tg_checkpoint_parse(struct tg_doc *doc, struct tg_checkpoint *c)
{
	struct tg_column in = {c->raw, c->raw_len, 0, TG_OK};
	uint32_t *ids = NULL;
	uint64_t id_n;
	size_t runs;
	int rc;

	doc->order = (int)tg_column_next(&in, TG_TEXT_ORDER_FUGUE);
	if ((rc = read_formats(doc, &in, &ids, &id_n)) != TG_OK)
		goto free_ids;
	c->registers_len = (size_t)tg_column_next(&in, in.len);
	c->registers = tg_column_bytes(&in, c->registers_len);
	if ((rc = in.status) != TG_OK || (rc = check_registers(c)) != TG_OK ||
	    (rc = read_flows(doc, c, &in, &runs)) != TG_OK ||
	    (rc = read_runs(c, &in, runs, ids, id_n)) != TG_OK)
		goto free_ids;
	c->text = in.data + in.at;
	c->text_len = in.len - in.at;
	rc = place_text(c);
free_ids:
	tg_free(ids);
	return rc;
}

void
tg_checkpoint_free(struct tg_checkpoint *c)
{
	tg_free(c->raw);
	tg_free(c->runs);
	tg_free(c->flows);
	memset(c, 0, sizeof *c);
}
