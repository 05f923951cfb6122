#include <string.h>
#include <strings.h>

#include <toygrid/status.h>
#include <toygrid/text.h>

#include "base/mem.h"
#include "cli/document.h"
#include "wire/writer.h"

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

unsigned
tg_path_parts(struct tg_bytes path)
{
	unsigned n = path.len > 0;
	size_t i;

	for (i = 0; i < path.len; i++)
		n += path.data[i] == '/';
	return n;
}

unsigned
tg_path_shared(struct tg_bytes a, struct tg_bytes b)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i <= a.len && i <= b.len; i++) {
		int end_a = i == a.len || a.data[i] == '/', end_b = i == b.len || b.data[i] == '/';

		if (end_a && end_b && i > 0)
			n++;
		if (i == a.len || i == b.len || a.data[i] != b.data[i])
			break;
	}
	return n;
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
			f->type = TG_BLOCK_IMAGE;
			f->image = 1;
		} else if (named(text, "table", &detail)) {
			f->type = TG_BLOCK_TABLE;
		} else if (named(text, "embed", &detail)) {
			f->type = TG_BLOCK_EMBED;
		} else if (named(text, "footnote", &detail)) {
			f->note = 1;
		}
	}
	if (tg_is(key, "id"))
		f->name = text;
	if (tg_is(key, "header"))
		f->header = is_true;
	if (tg_is(key, "align"))
		f->align = text;
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
	uint32_t format, index, count;
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
	k->runs[k->count++] =
	    (struct kept){run->kind, run->format, run->index, run->count, k->text->len, run->text_len};
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
add_span(struct tg_document *d, size_t first, const struct tg_format *format, int atom, size_t at, size_t len)
{
	struct tg_block *b;

	/* Text before the first marker, and behind a leaf, which holds none, is a paragraph of its own (R1).
	 */
	if (d->block_count == first || (d->blocks[d->block_count - 1].format != NULL &&
					   d->blocks[d->block_count - 1].format->type >= TG_BLOCK_RULE))
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
	d->spans[d->span_count++] = (struct tg_span){format, atom, at, len, 0};
	b->span_count++;
	return TG_OK;
}

/* The drawn shape of each block: its wishes, cut down to what its neighbours allow (drawnShapes in draw.ts).
 */
static void
draw_shapes(struct tg_document *d, struct tg_range range)
{
	static const struct tg_format plain = {.start = 1};
	struct tg_bytes open[INDENT_MAX + 2], path = {NULL, 0}, detail;
	uint64_t starts_at[INDENT_MAX + 2];
	unsigned depth, levels = 0;
	int joins, goes_on;
	size_t i;

	for (i = range.first; i < range.first + range.count; i++) {
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

/* ---- flows of objects ---------------------------------------------------------------------------------- */

static int
view(struct tg_doc *doc, struct tg_document *d)
{
	struct tg_patches patches;

	if (d->viewed)
		return TG_OK;
	d->viewed = 1;
	return tg_doc_poll(doc, &patches);
}

static int
hex_digit(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "=" agent in hex ":" seq, as an object's name. */
static int
put_event_name(struct tg_buf *out, struct tg_bytes id)
{
	struct tg_event_id event = {.seq = 0};
	size_t i, hex = 2 * TG_TEXT_AGENT_BYTES;

	if (id.len < hex + 3 || id.len > hex + 18 || id.data[0] != '=' || id.data[1 + hex] != ':')
		return 0;
	for (i = 0; i < hex; i++) {
		if (hex_digit(id.data[1 + i]) < 0)
			return 0;
		event.agent[i / 2] = (uint8_t)(event.agent[i / 2] << 4 | hex_digit(id.data[1 + i]));
	}
	for (i = hex + 2; i < id.len; i++) {
		if (id.data[i] < '0' || id.data[i] > '9')
			return 0;
		event.seq = event.seq * 10 + (uint64_t)(id.data[i] - '0');
	}
	if (event.seq > TG_TEXT_UINT_MAX)
		return 0;
	tg_write_array(out, 2);
	tg_write_bin(out, event.agent, sizeof event.agent);
	tg_write_uint(out, event.seq);
	return 1;
}

/* Make room in part_of for a flow. */
static int
know_flow(struct tg_document *d, uint32_t flow)
{
	while (d->part_of_count <= flow) {
		if (tg_mem_grow((void **)&d->part_of, &d->part_of_cap, d->part_of_count + 1,
			sizeof *d->part_of) != TG_OK)
			return TG_ENOMEM;
		d->part_of[d->part_of_count++] = 0;
	}
	return TG_OK;
}

/* The part that is the content of item ${index}, an object; 0 when it has none, or one that is shown
 * elsewhere. */
static int
find_part(struct tg_doc *doc, struct tg_document *d, uint32_t flow, uint32_t index, const struct tg_format *f,
    int caption, size_t *part)
{
	struct tg_buf name = {0};
	struct tg_event_id event;
	uint32_t format, found;
	int rc = TG_OK, kind;

	*part = 0;
	tg_write_array(&name, 2);
	if (f->name.len == 0 || f->name.len > TG_TEXT_NAME_MAX || !put_event_name(&name, f->name)) {
		if (f->name.len > 0 && f->name.len <= TG_TEXT_NAME_MAX) {
			tg_write_str(&name, (const char *)f->name.data, f->name.len);
		} else if ((rc = view(doc, d)) == TG_OK &&
			   (rc = tg_doc_item(doc, flow, index, &event, &kind, &format)) == TG_OK) {
			tg_write_array(&name, 2);
			tg_write_bin(&name, event.agent, sizeof event.agent);
			tg_write_uint(&name, event.seq);
		}
	}
	tg_write_uint(&name, TG_TEXT_SLOT_CONTENT);
	if (rc == TG_OK && (rc = tg_buf_status(&name)) == TG_OK)
		rc = tg_doc_flow(doc, name.data, name.len, &found);
	tg_buf_free(&name);
	if (rc != TG_OK)
		return rc == TG_ENOMEM ? rc : TG_OK; /* more flows than there may be: an empty one */
	if ((rc = know_flow(d, found)) != TG_OK)
		return rc;
	if (d->part_of[found] == 0) {
		if (tg_mem_grow((void **)&d->parts, &d->part_cap, d->part_count + 1, sizeof *d->parts) !=
		    TG_OK)
			return TG_ENOMEM;
		d->parts[d->part_count++] = (struct tg_part){.flow = found, .caption = caption};
		d->part_of[found] = d->part_count;
		*part = d->part_count;
	} else if (!caption && d->part_of[found] != SIZE_MAX && !d->parts[d->part_of[found] - 1].caption) {
		*part = d->part_of[found]; /* one footnote may be named in many places */
	}
	return TG_OK;
}

/* ---- tables -------------------------------------------------------------------------------------------- */

enum seen_kind {
	SEEN_TABLE,
	SEEN_NO_TABLE,
	SEEN_ROW,
	SEEN_CELL,
	SEEN_END, /* of a cell or table */
};

/* What a drawing says of tables, in its order. */
struct seen {
	enum seen_kind kind;
	uint32_t format, flow; /* of a table its rows */
	unsigned across, down;
};

struct drawn {
	struct seen *seen;
	size_t count, cap, at;
	uint8_t *open; /* nodes around, while it is made */
	size_t open_count, open_cap;
};

static int
add_seen(struct drawn *t, struct seen seen)
{
	if (tg_mem_grow((void **)&t->seen, &t->cap, t->count + 1, sizeof *t->seen) != TG_OK)
		return TG_ENOMEM;
	t->seen[t->count++] = seen;
	return TG_OK;
}

static int
see_token(struct tg_doc *doc, struct tg_document *d, struct drawn *t, const int32_t *token)
{
	uint32_t format_id = (uint32_t)token[2];
	const struct tg_format *f;
	int node = token[1], rc = TG_OK;

	if (token[0] == TG_TOKEN_OPEN) {
		if (tg_mem_grow((void **)&t->open, &t->open_cap, t->open_count + 1, 1) != TG_OK)
			return TG_ENOMEM;
		t->open[t->open_count++] = (uint8_t)node;
		if (node == TG_NODE_TABLE)
			return add_seen(t, (struct seen){.kind = SEEN_TABLE, .flow = (uint32_t)token[4]});
		if (node == TG_NODE_ROW)
			return add_seen(t, (struct seen){.kind = SEEN_ROW, .format = format_id});
		if (node == TG_NODE_CELL)
			return add_seen(t, (struct seen){SEEN_CELL, format_id, (uint32_t)token[3],
					       (unsigned)token[4], (unsigned)token[5]});
	} else if (token[0] == TG_TOKEN_CLOSE && t->open_count > 0) {
		node = t->open[--t->open_count];
		if (node == TG_NODE_TABLE || node == TG_NODE_CELL)
			return add_seen(t, (struct seen){.kind = SEEN_END});
	} else if (token[0] == TG_TOKEN_LEAF && node == TG_NODE_EMBED) {
		if ((rc = read_format(doc, d, format_id, &f)) == TG_OK && f->type == TG_BLOCK_TABLE)
			for (int32_t i = 0; i < token[3] && rc == TG_OK; i++)
				rc = add_seen(t, (struct seen){.kind = SEEN_NO_TABLE});
	}
	return rc;
}

static int
draw_tables(struct tg_doc *doc, struct tg_document *d, uint32_t flow, struct drawn *t)
{
	struct tg_drawing *drawing = NULL;
	struct tg_render render = {0};
	int32_t *tokens = NULL;
	size_t count = 0;
	int rc = view(doc, d);

	if (rc == TG_OK && (rc = tg_drawing_open(&drawing, doc, flow)) == TG_OK &&
	    (rc = tg_drawing_update(drawing, &render)) == TG_OK && render.token_count > 0) {
		count = render.token_count;
		if ((tokens = tg_calloc(count, TG_TOKEN_FIELDS * sizeof *tokens)) == NULL)
			rc = TG_ENOMEM;
		else
			memcpy(tokens, render.tokens, count * TG_TOKEN_FIELDS * sizeof *tokens);
	}
	tg_drawing_close(drawing);
	for (size_t i = 0; i < count && rc == TG_OK; i++)
		rc = see_token(doc, d, t, tokens + i * TG_TOKEN_FIELDS);
	tg_free(tokens);
	return rc;
}

/* To behind the end of the table or cell that has begun. */
static void
skip_seen(struct drawn *t)
{
	unsigned depth = 1;

	while (t->at < t->count && depth > 0) {
		enum seen_kind kind = t->seen[t->at++].kind;

		depth += kind == SEEN_TABLE || kind == SEEN_CELL;
		depth -= kind == SEEN_END;
	}
}

static int read_range(struct tg_doc *doc, struct tg_document *d, uint32_t flow, int captions, struct drawn *t,
    struct tg_range *range);

/* One cell of ${table}, in the first free place of the row; ${left} says for how many rows each column is
 * taken. */
static int
read_cell(struct tg_doc *doc, struct tg_document *d, struct tg_table *table, unsigned row, unsigned *left,
    const struct seen *seen, int captions, struct drawn *t)
{
	struct tg_table_cell cell = {.row = row, .across = seen->across, .down = seen->down};
	const struct tg_format *f;
	int rc;

	while (cell.column < TG_RENDER_COLUMNS_MAX && left[cell.column] > 0)
		cell.column++;
	if (cell.column + cell.across > TG_RENDER_COLUMNS_MAX)
		return TG_EFORMAT; /* a drawing does not do that */
	for (unsigned i = 0; i < cell.across; i++)
		left[cell.column + i] = cell.down;
	if (cell.column + cell.across > table->columns)
		table->columns = cell.column + cell.across;
	if ((rc = read_format(doc, d, seen->format, &f)) != TG_OK)
		return rc;
	table->column[cell.column] = f;
	if (seen->flow != UINT32_MAX &&
	    (rc = read_range(doc, d, seen->flow, captions, t, &cell.blocks)) != TG_OK)
		return rc;
	skip_seen(t);
	if (tg_mem_grow((void **)&table->cells, &table->cell_cap, table->cell_count + 1,
		sizeof *table->cells) != TG_OK)
		return TG_ENOMEM;
	table->cells[table->cell_count++] = cell;
	return TG_OK;
}

static int
read_table(struct tg_doc *doc, struct tg_document *d, int captions, struct drawn *t, struct tg_table *table)
{
	unsigned left[TG_RENDER_COLUMNS_MAX] = {0};
	const struct tg_format *f;
	int rc = TG_OK;

	while (rc == TG_OK && t->at < t->count && t->seen[t->at].kind != SEEN_END) {
		const struct seen *seen = &t->seen[t->at++];

		if (seen->kind == SEEN_ROW) {
			for (unsigned i = 0; i < TG_RENDER_COLUMNS_MAX && table->rows > 0; i++)
				left[i] -= left[i] > 0;
			if (tg_mem_grow((void **)&table->row_headers, &table->row_cap, table->rows + 1, 1) !=
			    TG_OK)
				return TG_ENOMEM;
			if ((rc = read_format(doc, d, seen->format, &f)) == TG_OK)
				table->row_headers[table->rows++] = (uint8_t)f->header;
		} else if (seen->kind == SEEN_CELL && table->rows > 0) {
			rc = read_cell(doc, d, table, table->rows - 1, left, seen, captions, t);
		}
	}
	t->at++;
	return rc;
}

/* The table of a block, which is the next in ${t}; without one it is an embed. */
static int
next_table(struct tg_doc *doc, struct tg_document *d, size_t block, int captions, struct drawn *t)
{
	struct tg_table *table;
	uint32_t rows;
	int rc;

	if (t->at >= t->count || t->seen[t->at].kind != SEEN_TABLE) {
		t->at += t->at < t->count && t->seen[t->at].kind == SEEN_NO_TABLE;
		d->blocks[block].type = TG_BLOCK_EMBED;
		return TG_OK;
	}
	rows = t->seen[t->at++].flow;
	if ((rc = know_flow(d, rows)) != TG_OK)
		return rc;
	/* A drawing shows a table once, but a note may name one of the body. */
	if (d->part_of[rows] != 0) {
		skip_seen(t);
		d->blocks[block].type = TG_BLOCK_EMBED;
		return TG_OK;
	}
	d->part_of[rows] = SIZE_MAX;
	if (tg_mem_grow((void **)&d->tables, &d->table_cap, d->table_count + 1, sizeof table) != TG_OK ||
	    (table = tg_calloc(1, sizeof *table)) == NULL)
		return TG_ENOMEM;
	d->tables[d->table_count++] = table;
	d->blocks[block].table = table;
	return read_table(doc, d, captions, t, table);
}

/* ---- all of it ----------------------------------------------------------------------------------------- */

/* One run; objects of it that have flows get their parts. */
static int
add_run(struct tg_doc *doc, struct tg_document *d, uint32_t flow, size_t first, const struct kept *run,
    int captions)
{
	const struct tg_format *f;
	int rc = read_format(doc, d, run->format, &f);

	if (rc == TG_OK && run->kind == TG_TEXT_CHAR)
		return add_span(d, first, f, 0, run->at, run->len);
	for (uint32_t i = 0; i < run->count && rc == TG_OK; i++) {
		if (run->kind == TG_TEXT_BLOCK) {
			if ((rc = add_block(d, f)) == TG_OK && f->type == TG_BLOCK_IMAGE && captions)
				rc = find_part(
				    doc, d, flow, run->index + i, f, 1, &d->blocks[d->block_count - 1].part);
		} else if ((rc = add_span(d, first, f, 1, run->at, 0)) == TG_OK && f->note) {
			rc = find_part(doc, d, flow, run->index + i, f, 0, &d->spans[d->span_count - 1].part);
		}
	}
	return rc;
}

/* A flow, with the cells of its tables.  ${t}: what the drawing says that the flow is a part of, or NULL. */
static int
read_range(struct tg_doc *doc, struct tg_document *d, uint32_t flow, int captions, struct drawn *t,
    struct tg_range *range)
{
	struct keeping k = {.text = &d->text};
	struct drawn own = {0};
	int rc;

	range->first = d->block_count;
	rc = tg_doc_read(doc, flow, 0, tg_doc_length(doc, flow), keep, &k);
	for (size_t i = 0; i < k.count && rc == TG_OK; i++)
		rc = add_run(doc, d, flow, range->first, &k.runs[i], captions);
	tg_free(k.runs);
	range->count = d->block_count - range->first;
	draw_shapes(d, *range);
	for (size_t i = range->first; i < range->first + range->count && rc == TG_OK; i++)
		if (d->blocks[i].type == TG_BLOCK_TABLE) {
			if (t == NULL) {
				t = &own;
				rc = draw_tables(doc, d, flow, t);
			}
			if (rc == TG_OK)
				rc = next_table(doc, d, i, captions, t);
		}
	tg_free(own.seen);
	tg_free(own.open);
	return rc;
}

/* Footnotes get their numbers in the order in which a reader meets them.  Tables and captions nest no deeper
 * than they are drawn. */
static int
number_notes(struct tg_document *d, struct tg_range range)
{
	int rc = TG_OK;

	for (size_t i = range.first; i < range.first + range.count && rc == TG_OK; i++) {
		const struct tg_block *b = &d->blocks[i];

		for (size_t j = 0; j < b->span_count && b->type != TG_BLOCK_CODE; j++) {
			size_t part = d->spans[b->first_span + j].part;

			if (part == 0 || d->parts[part - 1].number > 0)
				continue;
			if (tg_mem_grow((void **)&d->notes, &d->note_cap, d->note_count + 1,
				sizeof *d->notes) != TG_OK)
				return TG_ENOMEM;
			d->notes[d->note_count++] = part - 1;
			d->parts[part - 1].number = (unsigned)d->note_count;
		}
		for (size_t j = 0; b->table != NULL && j < b->table->cell_count && rc == TG_OK; j++)
			rc = number_notes(d, b->table->cells[j].blocks);
		if (rc == TG_OK && b->part > 0)
			rc = number_notes(d, d->parts[b->part - 1].blocks);
	}
	return rc;
}

int
tg_document_read(struct tg_doc *doc, struct tg_document *d)
{
	struct tg_range range;
	int rc;

	memset(d, 0, sizeof *d);
	rc = read_range(doc, d, TG_TEXT_FLOW_BODY, 1, NULL, &d->body);
	for (size_t i = 0; i < d->part_count && rc == TG_OK; i++) {
		/* A picture under a picture has nothing under it: else there were no end. */
		rc = read_range(doc, d, d->parts[i].flow, !d->parts[i].caption, NULL, &range);
		d->parts[i].blocks = range;
	}
	if (rc == TG_OK)
		rc = number_notes(d, d->body);
	for (size_t i = 0; i < d->note_count && rc == TG_OK; i++)
		rc = number_notes(d, d->parts[d->notes[i]].blocks);
	if (rc == TG_OK)
		rc = read_title(doc, d);
	return rc;
}

int
tg_is_plain(const struct tg_document *d, struct tg_range range)
{
	const struct tg_block *b = &d->blocks[range.first];

	return range.count == 0 || (range.count == 1 && b->type == TG_BLOCK_PARAGRAPH &&
				       b->list == TG_LIST_NONE && b->path.len == 0);
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
	for (i = 0; i < d->table_count; i++) {
		tg_free(d->tables[i]->cells);
		tg_free(d->tables[i]->row_headers);
		tg_free(d->tables[i]);
	}
	tg_free(d->tables);
	tg_free(d->parts);
	tg_free(d->notes);
	tg_free(d->part_of);
	tg_free(d->blocks);
	tg_free(d->spans);
	tg_free(d->title);
	tg_buf_free(&d->text);
	memset(d, 0, sizeof *d);
}
