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
	p->at = at;
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
		tg_write_array(&p->edits, 5);
		tg_write_uint(&p->edits, TG_EDIT_INSERT);
		tg_write_uint(&p->edits, TG_TEXT_FLOW_BODY);
		tg_write_uint(&p->edits, p->at);
		tg_write_str(&p->edits, (const char *)p->run.data, p->run.len);
		a = attrs_begin(&p->edits);
		for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
			if (p->run_marks & marks[i].mark)
				tg_write_bool(attrs_key(&a, marks[i].key), 1);
			if (marks[i].mark == 0 && p->run_link.len > 0)
				tg_write_str(
				    attrs_key(&a, "link"), (const char *)p->run_link.data, p->run_link.len);
		}
		p->at += (uint32_t)scalars;
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
	if (!p->open)
		tg_paste_block(p, TG_PASTE_PARAGRAPH, "");
	if (p->code)
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

void
tg_paste_image(struct tg_paste *p, const char *src, const char *alt)
{
	size_t alt_len = strlen(alt), scalars;
	struct attrs a;

	if (p->code || strncasecmp(src, "http", 4) != 0 || !tg_paste_safe(src)) {
		tg_paste_text(p, alt, alt_len, 0, "");
		return;
	}
	if (!p->open)
		tg_paste_block(p, TG_PASTE_PARAGRAPH, "");
	flush_run(p);
	if (p->status != TG_OK)
		return;
	if (alt_len > TG_PASTE_ADDRESS_MAX || tg_utf8_count((const uint8_t *)alt, alt_len, &scalars) != TG_OK)
		alt = "";
	tg_write_array(&p->edits, 4);
	tg_write_uint(&p->edits, TG_EDIT_ATOM);
	tg_write_uint(&p->edits, TG_TEXT_FLOW_BODY);
	tg_write_uint(&p->edits, p->at++);
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

	for (unsigned i = 0; i < p->quotes; i++) {
		snprintf(part, sizeof part, "%squote:%s-%llu", i > 0 ? "/" : "", p->tag,
		    (unsigned long long)p->quote_id[i]);
		tg_buf_put(&path, part, strlen(part));
	}
	if (tg_buf_status(&path) != TG_OK)
		p->status = TG_ENOMEM;
	else if (path.len > 0)
		tg_write_str(attrs_key(a, "path"), (const char *)path.data, path.len);
	tg_buf_free(&path);
}

/* A marker, of the innermost list when ${in_list}. */
static void
put_marker(struct tg_paste *p, enum tg_paste_block type, const char *detail, int in_list, int cont)
{
	static const char *const kinds[] = {"bullet", "ordered", "task"};
	unsigned level = p->depth > 0 ? p->depth - 1 : 0;
	char text[96];
	struct attrs a;

	flush_run(p);
	if (p->status != TG_OK)
		return;
	tg_write_array(&p->edits, 4);
	tg_write_uint(&p->edits, TG_EDIT_BLOCK);
	tg_write_uint(&p->edits, TG_TEXT_FLOW_BODY);
	tg_write_uint(&p->edits, p->at++);
	a = attrs_begin(&p->edits);
	if (in_list) {
		if (!cont && p->checked && p->lists[level].kind == TG_PASTE_TASK)
			tg_write_bool(attrs_key(&a, "checked"), 1);
		if (cont)
			tg_write_bool(attrs_key(&a, "cont"), 1);
		if (level > 0)
			tg_write_uint(attrs_key(&a, "indent"), level);
		snprintf(text, sizeof text, "%s:%s-%llu", kinds[p->lists[level].kind], p->tag,
		    (unsigned long long)p->lists[level].id);
		attrs_text(&a, "list", text);
	}
	put_path(p, &a);
	if (in_list && p->lists[level].kind == TG_PASTE_ORDERED && p->lists[level].start != 1)
		tg_write_uint(attrs_key(&a, "start"), p->lists[level].start);
	if (type == TG_PASTE_HEADING || (type == TG_PASTE_CODE && detail[0] != '\0')) {
		snprintf(text, sizeof text, "%s:%.*s", type == TG_PASTE_CODE ? "code" : "heading",
		    TG_PASTE_LANGUAGE_MAX, detail);
		attrs_text(&a, "type", text);
	} else if (type != TG_PASTE_PARAGRAPH) {
		attrs_text(&a, "type", type == TG_PASTE_CODE ? "code" : "rule");
	}
	edit_done(p);
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
	int in_list = p->depth > 0;

	if (type == TG_PASTE_CODE && !is_language(detail))
		detail = "";
	/* A list item begins with a paragraph; text of a list outside any item goes on with the item before
	 * it. */
	if (in_list && p->item == 2 && type != TG_PASTE_PARAGRAPH)
		put_marker(p, TG_PASTE_PARAGRAPH, "", 1, 0);
	else if (in_list && p->item == 2)
		in_list = 2;
	put_marker(p, type, detail, in_list, in_list == 1);
	p->item = p->item != 0;
	p->open = type != TG_PASTE_RULE;
	p->code = type == TG_PASTE_CODE;
}

void
tg_paste_close(struct tg_paste *p)
{
	flush_run(p);
	p->open = p->code = 0;
}

void
tg_paste_begin_quote(struct tg_paste *p)
{
	tg_paste_close(p);
	/* A quote in a list item is not drawn, nor one that is too deep: what is in it goes on as it is. */
	if (p->depth > 0 || p->hidden_quotes > 0 || p->quotes == TG_PASTE_QUOTES_MAX)
		p->hidden_quotes++;
	else
		p->quote_id[p->quotes++] = ++p->next_id;
}

void
tg_paste_end_quote(struct tg_paste *p)
{
	tg_paste_close(p);
	if (p->hidden_quotes > 0)
		p->hidden_quotes--;
	else if (p->quotes > 0)
		p->quotes--;
}

void
tg_paste_begin_list(struct tg_paste *p, enum tg_paste_list kind, uint64_t start)
{
	tg_paste_close(p);
	if (p->hidden_lists > 0 || p->depth == TG_PASTE_INDENT_MAX + 1) {
		p->hidden_lists++;
		return;
	}
	/* A list that begins an item needs an item to begin in. */
	if (p->depth > 0 && p->item == 2)
		tg_paste_block(p, TG_PASTE_PARAGRAPH, "");
	tg_paste_close(p);
	p->lists[p->depth].kind = kind;
	p->lists[p->depth].id = ++p->next_id;
	p->lists[p->depth].start = start > 999999999 ? 1 : start;
	p->depth++;
	p->item = 2; /* text right in the list begins an item */
	p->checked = 0;
}

void
tg_paste_end_list(struct tg_paste *p)
{
	tg_paste_close(p);
	if (p->hidden_lists > 0)
		p->hidden_lists--;
	else if (p->depth > 0)
		p->depth--;
	p->item = p->depth > 0;
}

void
tg_paste_begin_item(struct tg_paste *p, int checked)
{
	tg_paste_close(p);
	p->item = 2;
	p->checked = checked;
}

void
tg_paste_end_item(struct tg_paste *p)
{
	if (p->item == 2 && p->depth > 0)
		tg_paste_block(p, TG_PASTE_PARAGRAPH, ""); /* an empty item */
	tg_paste_close(p);
	p->item = p->depth > 0;
}

int
tg_paste_end(struct tg_paste *p)
{
	tg_paste_close(p);
	hand_out(p);
	return p->status;
}
