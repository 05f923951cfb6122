#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "text/pack.h"
#include "text/saved.h"
#include "wire/reader.h"

#define SECTIONS_MAX (1u << 20)

_Static_assert(TG_SAVED_NAME_BYTES == TG_HASH_BYTES, "a name is a hash");

/* ---- the index */

/* Two passes: the hashes and lengths stand in columns. */
static int
parse_index(struct tg_saved *s)
{
	struct tg_column c = {s->data, s->len, 0, s->len > 0 ? TG_OK : TG_ETRUNCATED};
	uint64_t format = tg_column_next(&c, UINT64_MAX), n;
	size_t at;
	int rc;

	if (c.status == TG_OK && format != TG_SAVED_FORMAT)
		return TG_EVERSION;
	n = tg_column_next(&c, SECTIONS_MAX);
	if (c.status != TG_OK || n < 2 || n % 2 != 0)
		return c.status != TG_OK && c.len < 8 ? TG_ETRUNCATED : TG_EFORMAT;
	if (n * (TG_HASH_BYTES + 2) > c.len - c.at)
		return TG_ETRUNCATED;
	if ((rc = tg_array_need((void **)&s->sections, &s->cap, (size_t)n, sizeof *s->sections)) != TG_OK)
		return rc;
	for (s->n = 0; s->n < n; s->n++) {
		s->sections[s->n].raw_len =
		    (size_t)tg_column_next(&c, s->n < 2 ? TG_SAVED_SECTION_MAX : TG_SAVED_PART_MAX);
		s->sections[s->n].hash = c.at;
		tg_column_bytes(&c, TG_HASH_BYTES);
	}
	for (size_t i = 0; i < n; i++)
		s->sections[i].len = (size_t)tg_column_next(&c, s->sections[i].raw_len);
	if (c.status != TG_OK) /* the longest numbers here have four bytes */
		return c.len - c.at < TG_HASH_BYTES + 4 ? TG_ETRUNCATED : TG_EFORMAT;
	at = c.at;
	for (size_t i = 0; i < n; i++) {
		struct tg_section *x = &s->sections[i];

		/* No stream holds more than this: so what a file can ask for is bounded by its own length. */
		if (x->raw_len / TG_PACK_RATIO_MAX > x->len || at > TG_SAVED_MAX ||
		    x->len > TG_SAVED_MAX - at)
			return TG_EFORMAT;
		x->at = at;
		at += x->len;
	}
	s->whole = at;
	return s->len > s->whole ? TG_EFORMAT : TG_OK;
}

/* Section 0 is not checked when it is opened: that would take as long as inflating it. */
static int
right_hash(const struct tg_saved *s, size_t i, const uint8_t *plain)
{
	struct tg_hash hash;

	tg_hash(TG_DOMAIN_SECTION, plain, s->sections[i].raw_len, &hash);
	return memcmp(hash.b, s->data + s->sections[i].hash, sizeof hash.b) == 0;
}

static int
inflate(const struct tg_saved *s, size_t i, uint8_t **plain)
{
	const struct tg_section *x = &s->sections[i];
	int rc;

	*plain = NULL;
	if (x->at + x->len > s->len)
		return TG_EGAP;
	if ((*plain = tg_malloc(x->raw_len + 1)) == NULL)
		return TG_ENOMEM;
	if ((rc = tg_unpack(s->data + x->at, x->len, *plain, x->raw_len)) == TG_OK)
		return TG_OK;
	tg_free(*plain);
	*plain = NULL;
	return rc;
}

int
tg_saved_plain(const struct tg_saved *s, size_t i, uint8_t **plain)
{
	int rc;

	if ((rc = inflate(s, i, plain)) != TG_OK)
		return rc;
	if (right_hash(s, i, *plain))
		return TG_OK;
	tg_free(*plain);
	*plain = NULL;
	return TG_EHASH;
}

int
tg_saved_check_opened(const struct tg_saved *s)
{
	return right_hash(s, 0, s->checkpoint.raw) ? TG_OK : TG_EHASH;
}

static void
free_saved(struct tg_saved *s)
{
	tg_checkpoint_free(&s->checkpoint);
	tg_free(s->sections);
	tg_free(s->data);
	tg_free(s);
}

/* ---- the bytes */

static int
keep(struct tg_saved *s, const uint8_t *data, size_t len)
{
	uint8_t *copy = tg_malloc(len + 1);

	if (copy == NULL)
		return TG_ENOMEM;
	if (len > 0)
		memcpy(copy, data, len);
	tg_free(s->data);
	s->data = copy;
	s->len = len;
	return TG_OK;
}

int
tg_doc_give_history(struct tg_doc *doc, const uint8_t *data, size_t len)
{
	struct tg_saved *s = doc->saved;
	size_t head;

	if (doc->failed != TG_OK)
		return doc->failed;
	if (s == NULL)
		return TG_EEXISTS;
	head = s->sections[0].at + s->sections[0].len;
	if (len != s->whole || memcmp(data, s->data, head) != 0)
		return TG_EINVAL;
	return s->len == s->whole ? TG_OK : keep(s, data, len);
}

int
tg_saved_opening(const uint8_t *data, size_t len, size_t *need)
{
	struct tg_saved s = {0};
	int rc;

	*need = 0;
	s.data = (uint8_t *)(uintptr_t)data; /* only read */
	s.len = len;
	if ((rc = parse_index(&s)) == TG_OK)
		*need = s.sections[0].at + s.sections[0].len;
	tg_free(s.sections);
	return rc;
}

int
tg_saved_sections(const uint8_t *data, size_t len, struct tg_saved_section *sections, size_t cap, size_t *n,
    uint8_t name[TG_SAVED_NAME_BYTES])
{
	struct tg_saved s = {0};
	struct tg_hash hash;
	int rc;

	*n = 0;
	memset(name, 0, TG_SAVED_NAME_BYTES);
	s.data = (uint8_t *)(uintptr_t)data; /* only read */
	s.len = len;
	if ((rc = parse_index(&s)) == TG_OK) {
		*n = s.n;
		for (size_t i = 0; i < s.n && i < cap; i++) {
			sections[i].at = s.sections[i].at;
			sections[i].len = s.sections[i].len;
			memcpy(sections[i].hash, data + s.sections[i].hash, TG_HASH_BYTES);
		}
		tg_hash(TG_DOMAIN_SAVED, data, s.sections[s.n - 1].hash + TG_HASH_BYTES, &hash);
		memcpy(name, hash.b, TG_SAVED_NAME_BYTES);
	}
	tg_free(s.sections);
	return rc;
}

/* ---- reading without history */

static const struct tg_shown_flow *
find_flow(const struct tg_checkpoint *c, uint32_t flow)
{
	for (size_t i = 0; i < c->flow_n; i++)
		if (c->flows[i].flow == flow)
			return &c->flows[i];
	return NULL;
}

static uint32_t
saved_length(const struct tg_doc *doc, uint32_t flow)
{
	const struct tg_shown_flow *f = find_flow(&doc->saved->checkpoint, flow);

	return f != NULL ? f->length : 0;
}

static int
read_saved(struct tg_doc *doc, uint32_t flow, uint32_t from, uint32_t count,
    int (*visit)(void *ctx, const struct tg_text_run *run), void *ctx)
{
	const struct tg_checkpoint *c = &doc->saved->checkpoint;
	const struct tg_shown_flow *f = find_flow(c, flow);
	uint32_t at = 0;
	int rc;

	if (flow >= doc->flow_n || (uint64_t)from + count > (f != NULL ? f->length : 0))
		return TG_ERANGE;
	for (size_t i = f != NULL ? f->first : 0; count > 0; at += c->runs[i++].count) {
		const struct tg_shown *r = &c->runs[i];
		struct tg_text_run run = {r->kind, r->format, from, 0, NULL, 0};
		uint32_t skip = from - at;

		if (skip >= r->count)
			continue;
		run.count = r->count - skip < count ? r->count - skip : count;
		if (r->kind == TG_TEXT_CHAR) {
			int ascii = c->text_len == c->chars;

			run.text = c->text + r->text;
			run.text += ascii ? skip : tg_oplog_bytes(run.text, skip);
			run.text_len = ascii ? run.count : tg_oplog_bytes(run.text, run.count);
		}
		if ((rc = visit(ctx, &run)) != 0)
			return rc;
		from += run.count;
		count -= run.count;
	}
	return TG_OK;
}

static int32_t *
new_record(struct tg_doc *doc)
{
	int32_t *p;

	if (tg_array_need((void **)&doc->records, &doc->record_cap, (doc->record_n + 1) * TG_PATCH_FIELDS,
		sizeof *doc->records) != TG_OK)
		return NULL;
	p = doc->records + doc->record_n++ * TG_PATCH_FIELDS;
	memset(p, 0, TG_PATCH_FIELDS * sizeof *p);
	return p;
}

static int
poll_flow(struct tg_doc *doc, const struct tg_checkpoint *c, const struct tg_shown_flow *f)
{
	uint32_t at = 0;

	for (size_t i = f->first; i < f->first + f->n; at += c->runs[i++].count) {
		const struct tg_shown *r = &c->runs[i];
		size_t end = i + 1 < c->n ? r[1].text : c->text_len;
		int32_t *p = new_record(doc);

		if (p == NULL)
			return TG_ENOMEM;
		p[0] = TG_PATCH_INSERT;
		p[1] = (int32_t)f->flow;
		p[2] = (int32_t)at;
		p[3] = (int32_t)r->count;
		p[4] = r->kind;
		p[5] = (int32_t)r->format;
		p[6] = (int32_t)r->text;
		p[7] = (int32_t)(end - r->text);
	}
	tg_drawings_splice(doc, f->flow, 0, 0, at);
	return TG_OK;
}

static int
poll_saved(struct tg_doc *doc, struct tg_patches *patches)
{
	struct tg_saved *s = doc->saved;
	const struct tg_checkpoint *c = &s->checkpoint;
	struct tg_reader r;
	uint32_t n;
	int32_t *p;

	doc->record_n = 0;
	tg_buf_reset(&doc->out);
	patches->count = 0;
	if (s->polled)
		return TG_OK;
	tg_buf_put(&doc->out, c->text, c->text_len);
	for (size_t i = 0; i < c->flow_n; i++)
		if (poll_flow(doc, c, &c->flows[i]) != TG_OK)
			return TG_ENOMEM;
	tg_reader_init(&r, c->registers, c->registers_len);
	n = tg_read_array(&r, 0, UINT32_MAX);
	for (uint32_t i = 0; i < n; i++) {
		struct tg_bytes b = tg_read_skip(&r);

		if (tg_reader_status(&r) != TG_OK)
			break;
		if ((p = new_record(doc)) == NULL)
			return TG_ENOMEM;
		p[0] = TG_PATCH_SET;
		p[6] = (int32_t)doc->out.len;
		p[7] = (int32_t)b.len;
		tg_buf_put(&doc->out, b.data, b.len);
	}
	if (tg_buf_status(&doc->out) != TG_OK)
		return TG_ENOMEM;
	s->polled = 1;
	patches->records = doc->records;
	patches->count = doc->record_n;
	patches->bytes = doc->out.data;
	patches->bytes_len = doc->out.len;
	return TG_OK;
}

/* ---- opening */

static const struct tg_saved_calls calls = {
    tg_history_load, saved_length, read_saved, poll_saved, free_saved};

int
tg_doc_open_saved(struct tg_doc **doc, const uint8_t *data, size_t len)
{
	struct tg_saved *s;
	struct tg_doc *d = NULL;
	int rc;

	*doc = NULL;
	if ((s = tg_calloc(1, sizeof *s)) == NULL)
		return TG_ENOMEM;
	if ((rc = keep(s, data, len)) != TG_OK || (rc = parse_index(s)) != TG_OK ||
	    (rc = inflate(s, 0, &s->checkpoint.raw)) != TG_OK)
		goto release;
	s->checkpoint.raw_len = s->sections[0].raw_len;
	if ((rc = tg_doc_open(&d, TG_TEXT_ORDER_FUGUEMAX)) != TG_OK ||
	    (rc = tg_checkpoint_parse(d, &s->checkpoint)) != TG_OK)
		goto close_doc;
	s->calls = &calls;
	d->saved = s;
	*doc = d;
	return TG_OK;

close_doc:
	tg_doc_close(d);
release:
	free_saved(s);
	return rc == TG_EGAP ? TG_ETRUNCATED : rc;
}
