#include <string.h>
#include <strings.h>

#include <toygrid/status.h>
#include <toygrid/text.h>

#include "base/mem.h"
#include "cli/document.h"

#define INDENT_MAX 15

void
tg_put_text(struct tg_buf *out, const char *text)
{
	tg_buf_put(out, text, strlen(text));
}

int
tg_same(struct tg_bytes a, struct tg_bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

int
tg_is(struct tg_bytes a, const char *text)
{
	return tg_same(a, (struct tg_bytes){(const uint8_t *)text, strlen(text)});
}

static int
begins(struct tg_bytes b, const char *scheme)
{
	return b.len > strlen(scheme) && strncasecmp((const char *)b.data, scheme, strlen(scheme)) == 0;
}

int
tg_is_address(struct tg_bytes b)
{
	for (size_t i = 0; i < b.len; i++)
		if (b.data[i] < 0x20 || b.data[i] == 0x7f)
			return 0;
	return begins(b, "http:") || begins(b, "https:") || begins(b, "mailto:") || begins(b, "tel:");
}

int
tg_is_picture(const struct tg_format *f)
{
	return f->image && tg_is_address(f->src) && begins(f->src, "http");
}

/* ---- formats ------------------------------------------------------------------------------------------- */

static int
starts(struct tg_bytes b, const char *text)
{
	size_t n = strlen(text);

	return b.len >= n && memcmp(b.data, text, n) == 0;
}

/* "name" or "name:detail"? */
static int
named(struct tg_bytes b, const char *name, struct tg_bytes *detail)
{
	size_t n = strlen(name);

	*detail = (struct tg_bytes){NULL, 0};
	if (!starts(b, name) || (b.len > n && b.data[n] != ':'))
		return 0;
	if (b.len > n)
		*detail = (struct tg_bytes){b.data + n + 1, b.len - n - 1};
	return 1;
}

/* Only quotes are containers so far; paths with anything else in them are read without it, rarely enough. */
static int
is_path(struct tg_bytes b)
{
	size_t from = 0, to;
	struct tg_bytes part, id;

	while (from <= b.len && b.len > 0) {
		for (to = from; to < b.len && b.data[to] != '/'; to++)
			;
		part = (struct tg_bytes){b.data + from, to - from};
		if (!named(part, "quote", &id))
			return 0;
		from = to + 1;
	}
	return b.len > 0;
}

/* Values of a wrong type and unknown ones read as absent (R4). */
static void
set_key(struct tg_format *f, struct tg_bytes key, struct tg_bytes value)
{
	static const struct {
		const char *key;
		unsigned mark;
	} marks[] = {{"bold", TG_MARK_BOLD}, {"code", TG_MARK_CODE}, {"highlight", TG_MARK_HIGHLIGHT},
	    {"italic", TG_MARK_ITALIC}, {"strike", TG_MARK_STRIKE}};
	struct tg_bytes text = {NULL, 0}, detail;
	uint64_t number = 0;
	int is_number = 0, is_true = 0;
	struct tg_reader r;
	size_t i;

	tg_reader_init(&r, value.data, value.len);
	if (value.data[0] == 0xc3) {
		is_true = 1;
	} else if (value.data[0] < 0x80 || (value.data[0] >= 0xcc && value.data[0] <= 0xcf)) {
		number = tg_read_uint(&r, UINT64_MAX);
		is_number = 1;
	} else if ((value.data[0] & 0xe0) == 0xa0 || (value.data[0] >= 0xd9 && value.data[0] <= 0xdb)) {
		text = tg_read_str(&r, value.len);
	}
	for (i = 0; i < sizeof marks / sizeof *marks; i++)
		if (is_true && tg_is(key, marks[i].key))
			f->marks |= marks[i].mark;
	if (tg_is(key, "link"))
		f->link = text;
	if (tg_is(key, "type")) {
		if (named(text, "heading", &detail)) {
			f->type = TG_BLOCK_HEADING;
			f->level = detail.len == 1 && detail.data[0] >= '1' && detail.data[0] <= '9'
				       ? (unsigned)(detail.data[0] - '0')
				       : 1;
			if (f->level > 6)
				f->level = 6;
		} else if (named(text, "code", &detail)) {
			f->type = TG_BLOCK_CODE;
			f->language = detail;
		} else if (named(text, "rule", &detail)) {
			f->type = TG_BLOCK_RULE;
		} else if (named(text, "image", &detail)) {
			f->image = 1;
		}
	}
	if (tg_is(key, "src"))
		f->src = text;
	if (tg_is(key, "alt"))
		f->alt = text;
	if (tg_is(key, "path") && is_path(text))
		f->path = text;
	if (tg_is(key, "list") && (named(text, "bullet", &detail) || named(text, "ordered", &detail) ||
				      named(text, "task", &detail)))
		f->list = text;
	if (tg_is(key, "indent") && is_number)
		f->indent = number > INDENT_MAX ? INDENT_MAX : (unsigned)number;
	if (tg_is(key, "cont"))
		f->cont = is_true;
	if (tg_is(key, "checked"))
		f->checked = is_true;
	if (tg_is(key, "start") && is_number)
		f->start = number;
}

static int
read_format(struct tg_doc *doc, struct tg_document *d, uint32_t id, const struct tg_format **out)
{
	struct tg_format *f;
	const uint8_t *data;
	struct tg_bytes key;
	struct tg_reader r;
	uint32_t i, n;
	size_t len;
	int rc;

	for (i = 0; i < d->format_count; i++)
		if (d->formats[i]->id == id) {
			*out = d->formats[i];
			return TG_OK;
		}
	if ((rc = tg_doc_format(doc, id, &data, &len)) != TG_OK)
		return rc;
	if (tg_mem_grow((void **)&d->formats, &d->format_cap, d->format_count + 1, sizeof f) != TG_OK ||
	    (f = tg_calloc(1, sizeof *f)) == NULL)
		return TG_ENOMEM;
	d->formats[d->format_count++] = f;
	f->id = id;
	f->start = 1;
	tg_buf_put(&f->attrs, data, len);
	if (tg_buf_status(&f->attrs) != TG_OK)
		return TG_ENOMEM;
	tg_reader_init(&r, f->attrs.data, f->attrs.len);
	n = tg_read_array(&r, 0, UINT32_MAX);
	for (i = 0; i < n && tg_reader_status(&r) == TG_OK; i++) {
		tg_read_array(&r, 2, 2);
		key = tg_read_str(&r, f->attrs.len);
		data = r.data + r.at;
		tg_read_skip(&r);
		if (tg_reader_status(&r) == TG_OK)
			set_key(f, key, (struct tg_bytes){data, (size_t)(r.data + r.at - data)});
	}
	*out = f;
	return TG_OK;
}

/* ---- runs to blocks ------------------------------------------------------------------------------------ */

/* A run, kept until the reading is over: formats can only be asked for then. */
struct kept {
	int kind;
	uint32_t format, count;
	size_t at, len;
};

struct keeping {
	struct kept *runs;
	size_t count, cap;
	struct tg_buf *text;
};

static int
keep(void *ctx, const struct tg_text_run *run)
{
	struct keeping *k = ctx;

	if (tg_mem_grow((void **)&k->runs, &k->cap, k->count + 1, sizeof *k->runs) != TG_OK)
		return TG_ENOMEM;
	k->runs[k->count++] = (struct kept){run->kind, run->format, run->count, k->text->len, run->text_len};
	if (run->kind == TG_TEXT_CHAR)
		tg_buf_put(k->text, run->text, run->text_len);
	return tg_buf_status(k->text);
}

static int
add_block(struct tg_document *d, const struct tg_format *format)
{
	struct tg_block *b;

	if (tg_mem_grow((void **)&d->blocks, &d->block_cap, d->block_count + 1, sizeof *b) != TG_OK)
		return TG_ENOMEM;
	b = &d->blocks[d->block_count++];
	memset(b, 0, sizeof *b);
	b->format = format;
	b->first_span = d->span_count;
	return TG_OK;
}

static int
add_span(struct tg_document *d, const struct tg_format *format, int atom, size_t at, size_t len)
{
	struct tg_block *b;

	/* Text before the first marker, and behind a rule, which holds none, is a paragraph of its own (R1).
	 */
	if (d->block_count == 0 || (d->blocks[d->block_count - 1].format != NULL &&
				       d->blocks[d->block_count - 1].format->type == TG_BLOCK_RULE))
		if (add_block(d, NULL) != TG_OK)
			return TG_ENOMEM;
	b = &d->blocks[d->block_count - 1];
	if (b->span_count > 0) {
		struct tg_span *last = &d->spans[d->span_count - 1];

		if (last->format == format && !last->atom && !atom && last->at + last->len == at) {
			last->len += len;
			return TG_OK;
		}
	}
	if (tg_mem_grow((void **)&d->spans, &d->span_cap, d->span_count + 1, sizeof *d->spans) != TG_OK)
		return TG_ENOMEM;
	d->spans[d->span_count++] = (struct tg_span){format, atom, at, len};
	b->span_count++;
	return TG_OK;
}

/* The drawn shape of each block: its wishes, cut down to what its neighbours allow (drawnShapes in draw.ts).
 */
static void
draw_shapes(struct tg_document *d)
{
	static const struct tg_format plain = {.start = 1};
	struct tg_bytes open[INDENT_MAX + 2], path = {NULL, 0}, detail;
	uint64_t starts_at[INDENT_MAX + 2];
	unsigned depth, levels = 0;
	int joins, goes_on;
	size_t i;

	for (i = 0; i < d->block_count; i++) {
		struct tg_block *b = &d->blocks[i];
		const struct tg_format *f = b->format != NULL ? b->format : &plain;

		b->type = f->type;
		b->level = f->level;
		b->path = f->path;
		b->start = 1;
		if (!tg_same(f->path, path))
			levels = 0;
		path = f->path;
		depth = f->indent < levels ? f->indent : levels;
		goes_on = depth < levels && tg_same(open[depth], f->list);
		joins = f->cont && goes_on;
		if (f->list.len == 0 || (f->type != TG_BLOCK_PARAGRAPH && !joins)) {
			levels = 0;
			continue;
		}
		b->list = named(f->list, "bullet", &detail)    ? TG_LIST_BULLET
			  : named(f->list, "ordered", &detail) ? TG_LIST_ORDERED
							       : TG_LIST_TASK;
		if (!goes_on) {
			open[depth] = f->list;
			starts_at[depth] = b->list == TG_LIST_ORDERED ? f->start : 1;
		}
		levels = depth + 1;
		b->list_id = f->list;
		b->indent = depth;
		b->cont = joins;
		b->checked = b->list == TG_LIST_TASK && f->checked && !joins;
		b->start = starts_at[depth];
	}
}

static int
read_title(struct tg_doc *doc, struct tg_document *d)
{
	struct tg_bytes text = {NULL, 0};
	const uint8_t *value;
	struct tg_reader r;
	size_t len;
	int rc;

	if ((rc = tg_doc_register(doc, TG_TEXT_OBJECT_DOC, (const uint8_t *)"title", 5, &value, &len)) !=
	    TG_OK)
		return rc;
	tg_reader_init(&r, value, len);
	if (!tg_read_nil(&r))
		text = tg_read_str(&r, len);
	if (tg_reader_status(&r) != TG_OK)
		text.len = 0;
	if ((d->title = tg_calloc(1, text.len + 1)) == NULL)
		return TG_ENOMEM;
	if (text.len > 0)
		memcpy(d->title, text.data, text.len);
	return TG_OK;
}

int
tg_document_read(struct tg_doc *doc, struct tg_document *d)
{
	struct keeping k = {.text = &d->text};
	const struct tg_format *f;
	size_t i;
	uint32_t j;
	int rc;

	memset(d, 0, sizeof *d);
	rc = tg_doc_read(doc, TG_TEXT_FLOW_BODY, 0, tg_doc_length(doc, TG_TEXT_FLOW_BODY), keep, &k);
	for (i = 0; i < k.count && rc == TG_OK; i++) {
		const struct kept *run = &k.runs[i];

		if ((rc = read_format(doc, d, run->format, &f)) != TG_OK)
			break;
		for (j = 0; j < (run->kind == TG_TEXT_CHAR ? 1 : run->count) && rc == TG_OK; j++)
			rc = run->kind == TG_TEXT_BLOCK
				 ? add_block(d, f)
				 : add_span(d, f, run->kind == TG_TEXT_ATOM, run->at, run->len);
	}
	tg_free(k.runs);
	if (rc == TG_OK)
		rc = read_title(doc, d);
	draw_shapes(d);
	return rc;
}

void
tg_document_free(struct tg_document *d)
{
	size_t i;

	for (i = 0; i < d->format_count; i++) {
		tg_buf_free(&d->formats[i]->attrs);
		tg_free(d->formats[i]);
	}
	tg_free(d->formats);
	tg_free(d->blocks);
	tg_free(d->spans);
	tg_free(d->title);
	tg_buf_free(&d->text);
	memset(d, 0, sizeof *d);
}
