#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <toygrid/status.h>
#include <toygrid/text.h>

#include "base/utf8.h"
#include "files/paste.h"
#include "wire/writer.h"

#define BATCH_EDITS 1000
#define BATCH_BYTES 65536
#define RUN_BYTES   16384

void
tg_paste_init(struct tg_paste *p, uint32_t at, uint32_t nonce, tg_paste_take *take, void *ctx)
{
	memset(p, 0, sizeof *p);
	p->now.at = at;
	p->take = take;
	p->ctx = ctx;
	snprintf(p->tag, sizeof p->tag, "%x", nonce);
}

void
tg_paste_free(struct tg_paste *p)
{
	tg_buf_free(&p->edits);
	tg_buf_free(&p->run);
	tg_buf_free(&p->run_link);
}

/* Names: the text's own, and a number. */
static void
put_name(struct tg_paste *p, uint64_t id)
{
	char name[40];

	snprintf(name, sizeof name, "%s-%llu", p->tag, (unsigned long long)id);
	tg_write_str(&p->edits, name, strlen(name));
}

/* The beginning of an edit at the place where text goes: kind, flow, index. */
static void
put_edit(struct tg_paste *p, unsigned fields, int kind)
{
	const struct tg_paste_place *now = &p->now;

	if (!p->now.used && (now->table != 0 || now->object != 0) && ++p->flows > TG_PASTE_FLOWS_MAX &&
	    p->status == TG_OK)
		p->status = TG_ELIMIT;
	p->now.used = 1;
	tg_write_array(&p->edits, fields);
	tg_write_uint(&p->edits, (uint64_t)kind);
	if (now->table != 0) {
		tg_write_array(&p->edits, 3);
		put_name(p, now->table);
		put_name(p, now->row);
		put_name(p, now->column);
	} else if (now->object != 0) {
		tg_write_array(&p->edits, 2);
		put_name(p, now->object);
		tg_write_uint(&p->edits, TG_TEXT_SLOT_CONTENT);
	} else {
		tg_write_uint(&p->edits, TG_TEXT_FLOW_BODY);
	}
	tg_write_uint(&p->edits, now->at);
}

static void
hand_out(struct tg_paste *p)
{
	if (p->status == TG_OK)
		p->status = tg_buf_status(&p->edits);
	if (p->status == TG_OK && p->count > 0)
		p->status = p->take(p->ctx, &p->edits, p->count);
	tg_buf_reset(&p->edits);
	p->count = 0;
}

/* One more edit is written: are they enough for a batch? */
static void
edit_done(struct tg_paste *p)
{
	if (++p->count >= BATCH_EDITS || p->edits.len >= BATCH_BYTES)
		hand_out(p);
}

/* ---- attributes: keys in ascending order --------------------------------------------------------------- */

struct attrs {
	struct tg_buf *out;
	size_t from;
	uint32_t n;
};

static struct attrs
attrs_begin(struct tg_buf *out)
{
	struct attrs a = {out, 0, 0};

	tg_write_array(out, 0); /* one byte, counted up below: fewer than 16 keys */
	a.from = out->len - 1;
	return a;
}

static struct tg_buf *
attrs_key(struct attrs *a, const char *key)
{
	tg_write_array(a->out, 2);
	tg_write_str(a->out, key, strlen(key));
	if (!a->out->failed)
		a->out->data[a->from] = (uint8_t)(0x90 | ++a->n);
	return a->out;
}

static void
attrs_text(struct attrs *a, const char *key, const char *text)
{
	tg_write_str(attrs_key(a, key), text, strlen(text));
}

/* ---- text ---------------------------------------------------------------------------------------------- */

static void
flush_run(struct tg_paste *p)
{
	static const struct {
		const char *key;
		unsigned mark;
	} marks[] = {{"bold", TG_PASTE_BOLD}, {"code", TG_PASTE_CODE_MARK}, {"highlight", TG_PASTE_HIGHLIGHT},
	    {"italic", TG_PASTE_ITALIC}, {"link", 0}, {"strike", TG_PASTE_STRIKE}};
	struct attrs a;
	size_t scalars;

	if (p->run.len == 0)
		return;
	if (tg_buf_status(&p->run) != TG_OK || tg_buf_status(&p->run_link) != TG_OK)
		p->status = TG_ENOMEM;
	if (p->status == TG_OK && tg_utf8_count(p->run.data, p->run.len, &scalars) != TG_OK)
		p->status = TG_EFORMAT;
	if (p->status == TG_OK) {
		put_edit(p, 5, TG_EDIT_INSERT);
		tg_write_str(&p->edits, (const char *)p->run.data, p->run.len);
		a = attrs_begin(&p->edits);
		for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
			if (p->run_marks & marks[i].mark)
				tg_write_bool(attrs_key(&a, marks[i].key), 1);
			if (marks[i].mark == 0 && p->run_link.len > 0)
				tg_write_str(
				    attrs_key(&a, "link"), (const char *)p->run_link.data, p->run_link.len);
		}
		p->now.at += (uint32_t)scalars;
		edit_done(p);
	}
	tg_buf_reset(&p->run);
}

/* The bytes of the next character, or 0 where there is none. */
static size_t
character(const char *text, size_t len)
{
	size_t n = 1, scalars;

	while (n < len && n < 4 && ((uint8_t)text[n] & 0xc0) == 0x80)
		n++;
	return tg_utf8_count((const uint8_t *)text, n, &scalars) == TG_OK && scalars == 1 ? n : 0;
}

static void
put_clean(struct tg_paste *p, const char *text, size_t len)
{
	size_t n;

	for (; len > 0; text += n, len -= n) {
		if ((n = character(text, len)) == 0 ||
		    ((uint8_t)*text < 0x20 && *text != '\n' && *text != '\t') || *text == 0x7f) {
			n = n == 0 ? 1 : n;
			continue;
		}
		tg_buf_put(&p->run, text, n);
		if (p->run.len > RUN_BYTES)
			flush_run(p);
	}
}

int
tg_paste_safe(const char *address)
{
	static const char *const schemes[] = {"http:", "https:", "mailto:", "tel:"};
	size_t len = strlen(address), scalars;

	if (len > TG_PASTE_ADDRESS_MAX || tg_utf8_count((const uint8_t *)address, len, &scalars) != TG_OK)
		return 0;
	for (size_t i = 0; i < len; i++)
		if ((uint8_t)address[i] < 0x20 || address[i] == 0x7f)
			return 0;
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		if (strncasecmp(address, schemes[i], strlen(schemes[i])) == 0 &&
		    address[strlen(schemes[i])] != '\0')
			return 1;
	return 0;
}

void
tg_paste_text(struct tg_paste *p, const char *text, size_t len, unsigned marks, const char *link)
{
	size_t link_len = 0;

	if (len == 0 || p->status != TG_OK)
		return;
	if (!p->now.open)
		tg_paste_block(p, TG_PASTE_PARAGRAPH, "");
	if (p->now.code)
		marks = 0;
	else if (tg_paste_safe(link))
		link_len = strlen(link);
	if (p->run.len > 0 && (p->run_marks != marks || p->run_link.len != link_len ||
				  (link_len > 0 && memcmp(p->run_link.data, link, link_len) != 0)))
		flush_run(p);
	if (p->run.len == 0) {
		p->run_marks = marks;
		tg_buf_reset(&p->run_link);
		tg_buf_put(&p->run_link, link, link_len);
	}
	put_clean(p, text, len);
}

static int
is_web_address(const char *src)
{
	return strncasecmp(src, "http", 4) == 0 && tg_paste_safe(src);
}

void
tg_paste_image(struct tg_paste *p, const char *src, const char *alt)
{
	size_t alt_len = strlen(alt), scalars;
	struct attrs a;

	if (p->now.code || !is_web_address(src)) {
		tg_paste_text(p, alt, alt_len, 0, "");
		return;
	}
	if (!p->now.open)
		tg_paste_block(p, TG_PASTE_PARAGRAPH, "");
	flush_run(p);
	if (p->status != TG_OK)
		return;
	if (alt_len > TG_PASTE_ADDRESS_MAX || tg_utf8_count((const uint8_t *)alt, alt_len, &scalars) != TG_OK)
		alt = "";
	put_edit(p, 4, TG_EDIT_ATOM);
	p->now.at++;
	a = attrs_begin(&p->edits);
	if (alt[0] != '\0')
		attrs_text(&a, "alt", alt);
	attrs_text(&a, "src", src);
	attrs_text(&a, "type", "image");
	edit_done(p);
}

/* ---- structure ----------------------------------------------------------------------------------------- */

static void
put_path(struct tg_paste *p, struct attrs *a)
{
	struct tg_buf path = {0};
	char part[48];

	for (unsigned i = 0; i < p->now.quotes; i++) {
		snprintf(part, sizeof part, "%squote:%s-%llu", i > 0 ? "/" : "", p->tag,
		    (unsigned long long)p->now.quote_id[i]);
		tg_buf_put(&path, part, strlen(part));
	}
	if (tg_buf_status(&path) != TG_OK)
		p->status = TG_ENOMEM;
	else if (path.len > 0)
		tg_write_str(attrs_key(a, "path"), (const char *)path.data, path.len);
	tg_buf_free(&path);
}

/* How a block stands in the innermost list. */
enum standing {
	BESIDE, /* not in it */
	NEW_ITEM,
	IN_ITEM, /* one more block of the last item */
};

/* The level of the innermost list as it will be drawn; a new item of a list that a quote has ended begins it
 * again. */
static unsigned
drawn_level(struct tg_paste *p)
{
	unsigned level = p->now.depth - 1;

	if (level < p->now.ended) {
		p->now.lists[level].start += p->now.lists[level].items;
		p->now.lists[level].items = 0;
		p->now.ended = level;
	}
	return level - p->now.ended;
}

struct marker {
	const char *type; /* or NULL */
	uint64_t id;	  /* or 0 */
	const char *src, *alt;
};

static void
put_marker(struct tg_paste *p, const struct marker *m, enum standing standing)
{
	static const char *const kinds[] = {"bullet", "ordered", "task"};
	unsigned level = p->now.depth > 0 ? p->now.depth - 1 : 0, drawn = 0;
	char text[96];
	struct attrs a;

	flush_run(p);
	if (p->status != TG_OK)
		return;
	if (standing == IN_ITEM && level < p->now.ended)
		standing = BESIDE;
	if (standing != BESIDE)
		drawn = drawn_level(p);
	put_edit(p, 4, TG_EDIT_BLOCK);
	p->now.at++;
	a = attrs_begin(&p->edits);
	if (m->alt != NULL && m->alt[0] != '\0')
		attrs_text(&a, "alt", m->alt);
	if (standing == NEW_ITEM && p->now.checked && p->now.lists[level].kind == TG_PASTE_TASK)
		tg_write_bool(attrs_key(&a, "checked"), 1);
	if (standing == IN_ITEM)
		tg_write_bool(attrs_key(&a, "cont"), 1);
	if (m->id != 0) {
		attrs_key(&a, "id");
		put_name(p, m->id);
	}
	if (standing != BESIDE) {
		if (drawn > 0)
			tg_write_uint(attrs_key(&a, "indent"), drawn);
		snprintf(text, sizeof text, "%s:%s-%llu", kinds[p->now.lists[level].kind], p->tag,
		    (unsigned long long)p->now.lists[level].id);
		attrs_text(&a, "list", text);
	}
	put_path(p, &a);
	if (m->src != NULL)
		attrs_text(&a, "src", m->src);
	if (standing != BESIDE && p->now.lists[level].kind == TG_PASTE_ORDERED &&
	    p->now.lists[level].start != 1)
		tg_write_uint(attrs_key(&a, "start"), p->now.lists[level].start);
	if (m->type != NULL)
		attrs_text(&a, "type", m->type);
	if (standing == NEW_ITEM)
		p->now.lists[level].items++;
	edit_done(p);
}

/* Begin a block; the one before it ends.  A list item begins with a paragraph; text of a list outside any
 * item goes on with the item before it. */
static void
begin_block(struct tg_paste *p, const struct marker *m)
{
	static const struct marker paragraph = {0};
	enum standing standing = p->now.depth == 0 ? BESIDE : IN_ITEM;

	if (standing == IN_ITEM && p->now.item == 2) {
		if (m->type != NULL)
			put_marker(p, &paragraph, NEW_ITEM);
		else
			standing = NEW_ITEM;
	}
	put_marker(p, m, standing);
	p->now.item = p->now.item != 0;
}

/* A language is a word: anything else in its place is none. */
static int
is_language(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-_.#");

	return n <= TG_PASTE_LANGUAGE_MAX && s[n] == '\0';
}

void
tg_paste_block(struct tg_paste *p, enum tg_paste_block type, const char *detail)
{
	struct marker m = {0};
	char text[96];

	if (type == TG_PASTE_CODE && !is_language(detail))
		detail = "";
	snprintf(text, sizeof text, "%s%s%.*s",
	    type == TG_PASTE_CODE   ? "code"
	    : type == TG_PASTE_RULE ? "rule"
				    : "heading",
	    detail[0] != '\0' ? ":" : "", TG_PASTE_LANGUAGE_MAX, detail);
	if (type != TG_PASTE_PARAGRAPH)
		m.type = text;
	begin_block(p, &m);
	p->now.open = type != TG_PASTE_RULE;
	p->now.code = type == TG_PASTE_CODE;
}

void
tg_paste_close(struct tg_paste *p)
{
	flush_run(p);
	p->now.open = p->now.code = 0;
}

/* What was open waits until tg_pop(); 0 when too much waits already. */
static int
push(struct tg_paste *p)
{
	tg_paste_close(p);
	if (p->places == TG_PASTE_PLACES_MAX)
		return 0;
	p->outer[p->places++] = p->now;
	p->now.quote = 0;
	p->now.depth = p->now.hidden_lists = p->now.hidden_quotes = p->now.ended = 0;
	p->now.item = 0;
	return 1;
}

static void
pop(struct tg_paste *p)
{
	tg_paste_close(p);
	if (p->places > 0)
		p->now = p->outer[--p->places];
}

void
tg_paste_begin_quote(struct tg_paste *p)
{
	tg_paste_close(p);
	/* One that is too deep is not drawn: what is in it goes on as it is. */
	if (p->now.hidden_quotes > 0 || p->now.quotes == TG_PASTE_QUOTES_MAX) {
		p->now.hidden_quotes++;
		return;
	}
	if (p->now.depth > 0) {
		if (p->places == TG_PASTE_PLACES_MAX) {
			p->now.hidden_quotes++;
			return;
		}
		if (p->now.item == 2)
			tg_paste_block(p, TG_PASTE_PARAGRAPH, "");
		(void)push(p);
		p->now.quote = 1;
	}
	p->now.quote_id[p->now.quotes++] = ++p->next_id;
}

void
tg_paste_end_quote(struct tg_paste *p)
{
	uint32_t at;
	int used;

	tg_paste_close(p);
	if (p->now.hidden_quotes > 0) {
		p->now.hidden_quotes--;
	} else if (p->now.quote && p->places > 0 && p->now.quotes == p->outer[p->places - 1].quotes + 1) {
		at = p->now.at;
		used = p->now.used;
		pop(p);
		/* An empty quote is none, and has ended nothing. */
		if (at != p->now.at)
			p->now.ended = p->now.depth;
		p->now.at = at;
		p->now.used = used;
	} else if (p->now.quotes > 0) {
		p->now.quotes--;
	}
}

void
tg_paste_begin_list(struct tg_paste *p, enum tg_paste_list kind, uint64_t start)
{
	tg_paste_close(p);
	if (p->now.hidden_lists > 0 || p->now.depth == TG_PASTE_INDENT_MAX + 1) {
		p->now.hidden_lists++;
		return;
	}
	/* A list that begins an item needs an item to begin in. */
	if (p->now.depth > 0 && p->now.item == 2)
		tg_paste_block(p, TG_PASTE_PARAGRAPH, "");
	tg_paste_close(p);
	p->now.lists[p->now.depth].kind = kind;
	p->now.lists[p->now.depth].id = ++p->next_id;
	p->now.lists[p->now.depth].start = start > 999999999 ? 1 : start;
	p->now.lists[p->now.depth].items = 0;
	p->now.depth++;
	p->now.item = 2; /* text right in the list begins an item */
	p->now.checked = 0;
}

void
tg_paste_end_list(struct tg_paste *p)
{
	tg_paste_close(p);
	if (p->now.hidden_lists > 0)
		p->now.hidden_lists--;
	else if (p->now.depth > 0 && --p->now.depth == 0)
		p->now.ended = 0;
	p->now.item = p->now.depth > 0;
}

void
tg_paste_begin_item(struct tg_paste *p, int checked)
{
	tg_paste_close(p);
	p->now.item = 2;
	p->now.checked = checked;
}

void
tg_paste_end_item(struct tg_paste *p)
{
	if (p->now.item == 2 && p->now.depth > 0)
		tg_paste_block(p, TG_PASTE_PARAGRAPH, ""); /* an empty item */
	tg_paste_close(p);
	p->now.item = p->now.depth > 0;
}

/* ---- flows of objects ---------------------------------------------------------------------------------- */

static int
begin_flow(struct tg_paste *p, uint64_t object)
{
	if (!push(p))
		return 0;
	p->now.quotes = 0;
	p->now.at = 0;
	p->now.used = 0;
	p->now.table = 0;
	p->now.object = object;
	return 1;
}

void
tg_paste_end_flow(struct tg_paste *p)
{
	pop(p);
}

int
tg_paste_figure(struct tg_paste *p, const char *src, const char *alt)
{
	size_t alt_len = strlen(alt), scalars;
	struct marker m = {"image", 0, src, alt};

	if (p->flat || !is_web_address(src) || p->places == TG_PASTE_PLACES_MAX) {
		tg_paste_image(p, src, alt);
		return 0;
	}
	if (alt_len > TG_PASTE_ADDRESS_MAX || tg_utf8_count((const uint8_t *)alt, alt_len, &scalars) != TG_OK)
		m.alt = "";
	m.id = ++p->next_id;
	tg_paste_close(p);
	begin_block(p, &m);
	return begin_flow(p, m.id);
}

uint64_t
tg_paste_name(struct tg_paste *p)
{
	return ++p->next_id;
}

void
tg_paste_note_mark(struct tg_paste *p, uint64_t name)
{
	struct attrs a;

	if (!p->now.open)
		tg_paste_block(p, TG_PASTE_PARAGRAPH, "");
	flush_run(p);
	if (p->now.code || p->status != TG_OK)
		return;
	put_edit(p, 4, TG_EDIT_ATOM);
	p->now.at++;
	a = attrs_begin(&p->edits);
	attrs_key(&a, "id");
	put_name(p, name);
	attrs_text(&a, "type", "footnote");
	edit_done(p);
}

int
tg_paste_begin_note(struct tg_paste *p, uint64_t name)
{
	return begin_flow(p, name);
}

/* ---- tables -------------------------------------------------------------------------------------------- */

/* One more row or column: an atom in that flow of the table. */
static void
put_axis(struct tg_paste *p, enum tg_text_slot slot, unsigned at, uint64_t id, int header,
    enum tg_paste_align align)
{
	static const char *const aligns[] = {"", "left", "center", "right"};
	struct attrs a;

	if (p->status != TG_OK)
		return;
	tg_write_array(&p->edits, 4);
	tg_write_uint(&p->edits, TG_EDIT_ATOM);
	tg_write_array(&p->edits, 2);
	put_name(p, p->now.in_table);
	tg_write_uint(&p->edits, slot);
	tg_write_uint(&p->edits, at);
	a = attrs_begin(&p->edits);
	if (align != TG_PASTE_ALIGN_NONE)
		attrs_text(&a, "align", aligns[align]);
	if (header)
		tg_write_bool(attrs_key(&a, "header"), 1);
	attrs_key(&a, "id");
	put_name(p, id);
	edit_done(p);
}

int
tg_paste_begin_table(struct tg_paste *p, unsigned rows, const struct tg_paste_column *columns, unsigned n)
{
	struct marker m = {.type = "table"};

	tg_paste_close(p);
	if (p->flat || p->tables == TG_PASTE_TABLES_MAX || p->places == TG_PASTE_PLACES_MAX || rows == 0 ||
	    n == 0 || n > TG_PASTE_COLUMNS_MAX || rows > TG_PASTE_CELLS_MAX / n)
		return 0;
	if ((p->flows += 2) > TG_PASTE_FLOWS_MAX && p->status == TG_OK)
		p->status = TG_ELIMIT;
	m.id = ++p->next_id;
	begin_block(p, &m);
	(void)push(p);
	p->tables++;
	p->now.in_table = m.id;
	p->now.rows = 0;
	p->now.columns = n;
	p->now.first_column = p->next_id + 1;
	p->next_id += n;
	for (unsigned i = 0; i < n; i++)
		put_axis(
		    p, TG_TEXT_SLOT_COLUMNS, i, p->now.first_column + i, columns[i].header, columns[i].align);
	return 1;
}

void
tg_paste_begin_row(struct tg_paste *p, int header)
{
	p->now.in_row = ++p->next_id;
	put_axis(p, TG_TEXT_SLOT_ROWS, p->now.rows++, p->now.in_row, header, TG_PASTE_ALIGN_NONE);
}

/* A register of a cell. */
static void
put_span(struct tg_paste *p, uint64_t column, const char *key, unsigned value)
{
	if (value < 2 || value > TG_PASTE_SPAN_MAX || p->status != TG_OK)
		return;
	tg_write_array(&p->edits, 4);
	tg_write_uint(&p->edits, TG_EDIT_SET);
	tg_write_array(&p->edits, 3);
	put_name(p, p->now.in_table);
	put_name(p, p->now.in_row);
	put_name(p, column);
	tg_write_str(&p->edits, key, strlen(key));
	tg_write_uint(&p->edits, value);
	edit_done(p);
}

void
tg_paste_begin_cell(struct tg_paste *p, unsigned column, unsigned across, unsigned down)
{
	uint64_t name = p->now.first_column + column;

	put_span(p, name, "colspan", across);
	put_span(p, name, "rowspan", down);
	p->now.table = p->now.in_table;
	p->now.row = p->now.in_row;
	p->now.column = name;
	p->now.quotes = p->now.depth = p->now.ended = 0;
	p->now.item = p->now.open = p->now.code = 0;
	p->now.used = 0;
	p->now.at = 0;
}

void
tg_paste_end_cell(struct tg_paste *p)
{
	tg_paste_close(p);
}

void
tg_paste_end_table(struct tg_paste *p)
{
	pop(p);
	p->tables--;
}

int
tg_paste_end(struct tg_paste *p)
{
	tg_paste_close(p);
	hand_out(p);
	return p->status;
}
