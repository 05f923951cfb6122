/*
 * HTML: a complete page without scripts.  Text from others goes in escaped; a link leads only where a page
 * may send its reader (http, https, mailto, tel).
 */
#include <stdio.h>
#include <string.h>

#include "cli/document.h"

#define DEPTH_MAX 16

struct page {
	const struct tg_document *d;
	struct tg_buf *out;
	struct tg_bytes path; /* quotes that are open */
	unsigned quotes;
	struct tg_bytes lists[DEPTH_MAX]; /* lists that are open, each with an open item */
	enum tg_list_kind kinds[DEPTH_MAX];
	unsigned depth;
};

static void
put_escaped(struct tg_buf *out, const uint8_t *data, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		switch (data[i]) {
		case '&':
			tg_put_text(out, "&amp;");
			break;
		case '<':
			tg_put_text(out, "&lt;");
			break;
		case '>':
			tg_put_text(out, "&gt;");
			break;
		case '"':
			tg_put_text(out, "&quot;");
			break;
		default:
			tg_buf_u8(out, data[i]);
		}
}

static void
put_picture(struct page *p, const struct tg_format *f)
{
	if (!tg_is_picture(f)) {
		tg_put_text(p->out, "\xef\xbf\xbc");
		return;
	}
	tg_put_text(p->out, "<img src=\"");
	put_escaped(p->out, f->src.data, f->src.len);
	tg_put_text(p->out, "\" alt=\"");
	put_escaped(p->out, f->alt.data, f->alt.len);
	tg_put_text(p->out, "\">");
}

/* Does the block end in a line feed?  A reader takes the last one for the end of the line. */
static int
ends_in_break(const struct page *p, const struct tg_block *b)
{
	const struct tg_span *s;

	if (b->span_count == 0)
		return 0;
	s = &p->d->spans[b->first_span + b->span_count - 1];
	return !s->atom && s->len > 0 && p->d->text.data[s->at + s->len - 1] == '\n';
}

static void
put_spans(struct page *p, const struct tg_block *b)
{
	static const struct {
		unsigned mark;
		const char *open, *close;
	} tags[] = {{TG_MARK_HIGHLIGHT, "<mark>", "</mark>"}, {TG_MARK_BOLD, "<strong>", "</strong>"},
	    {TG_MARK_ITALIC, "<em>", "</em>"}, {TG_MARK_STRIKE, "<s>", "</s>"},
	    {TG_MARK_CODE, "<code>", "</code>"}};
	int code = b->type == TG_BLOCK_CODE;
	size_t j, k, from, to;

	for (j = 0; j < b->span_count; j++) {
		const struct tg_span *s = &p->d->spans[b->first_span + j];
		const uint8_t *text = s->len > 0 ? p->d->text.data + s->at : NULL;
		unsigned marks = code ? 0 : s->format->marks;
		int link = !code && tg_is_address(s->format->link);

		if (link) {
			tg_put_text(p->out, "<a rel=\"noopener noreferrer nofollow\" href=\"");
			put_escaped(p->out, s->format->link.data, s->format->link.len);
			tg_put_text(p->out, "\">");
		}
		for (k = 0; k < sizeof tags / sizeof *tags; k++)
			if (marks & tags[k].mark)
				tg_put_text(p->out, tags[k].open);
		if (s->atom)
			put_picture(p, s->format);
		for (from = 0; !s->atom && from <= s->len; from = to + 1) {
			for (to = from; to < s->len && (code || text[to] != '\n'); to++)
				;
			if (to > from)
				put_escaped(p->out, text + from, to - from);
			if (to < s->len)
				tg_put_text(p->out, "<br>");
		}
		for (k = sizeof tags / sizeof *tags; k-- > 0;)
			if (marks & tags[k].mark)
				tg_put_text(p->out, tags[k].close);
		if (link)
			tg_put_text(p->out, "</a>");
	}
	if (ends_in_break(p, b))
		tg_put_text(p->out, code ? "\n" : "<br>");
}

static void
close_lists(struct page *p, unsigned keep)
{
	while (p->depth > keep) {
		p->depth--;
		tg_put_text(p->out, p->kinds[p->depth] == TG_LIST_ORDERED ? "</li></ol>\n" : "</li></ul>\n");
	}
}

static unsigned
parts(struct tg_bytes path)
{
	unsigned n = path.len > 0;
	size_t i;

	for (i = 0; i < path.len; i++)
		n += path.data[i] == '/';
	return n;
}

/* How many parts of two paths agree from the start. */
static unsigned
shared(struct tg_bytes a, struct tg_bytes b)
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

static void
set_quotes(struct page *p, struct tg_bytes path)
{
	unsigned keep = shared(p->path, path), want = parts(path);

	if (keep == p->quotes && keep == want)
		return;
	close_lists(p, 0);
	for (; p->quotes > keep; p->quotes--)
		tg_put_text(p->out, "</blockquote>\n");
	for (; p->quotes < want; p->quotes++)
		tg_put_text(p->out, "<blockquote>\n");
	p->path = path;
}

static void
open_item(struct page *p, const struct tg_block *b)
{
	char tag[64];

	close_lists(p, b->indent + 1);
	if (p->depth > b->indent && !tg_same(p->lists[b->indent], b->list_id))
		close_lists(p, b->indent);
	if (p->depth > b->indent) {
		tg_put_text(p->out, "</li>\n");
	} else {
		if (b->list == TG_LIST_ORDERED && b->start != 1)
			snprintf(tag, sizeof tag, "<ol start=\"%llu\">\n", (unsigned long long)b->start);
		else
			snprintf(tag, sizeof tag, "%s",
			    b->list == TG_LIST_ORDERED ? "<ol>\n"
			    : b->list == TG_LIST_TASK  ? "<ul class=\"tasks\">\n"
						       : "<ul>\n");
		tg_put_text(p->out, tag);
		p->lists[p->depth] = b->list_id;
		p->kinds[p->depth++] = b->list;
	}
	tg_put_text(p->out, "<li>");
	if (b->list == TG_LIST_TASK)
		tg_put_text(p->out, b->checked ? "<input type=\"checkbox\" disabled checked> "
					       : "<input type=\"checkbox\" disabled> ");
}

static void
put_block(struct page *p, const struct tg_block *b)
{
	char tag[16];

	set_quotes(p, b->path);
	if (b->list == TG_LIST_NONE)
		close_lists(p, 0);
	else if (b->cont)
		close_lists(p, b->indent + 1);
	else
		open_item(p, b);
	switch (b->type) {
	case TG_BLOCK_RULE:
		tg_put_text(p->out, "<hr>\n");
		break;
	case TG_BLOCK_CODE:
		tg_put_text(p->out, "<pre><code");
		if (b->format->language.len > 0) {
			tg_put_text(p->out, " class=\"language-");
			put_escaped(p->out, b->format->language.data, b->format->language.len);
			tg_put_text(p->out, "\"");
		}
		tg_put_text(p->out, ">");
		put_spans(p, b);
		tg_put_text(p->out, "</code></pre>\n");
		break;
	case TG_BLOCK_HEADING:
		snprintf(tag, sizeof tag, "<h%u>", b->level);
		tg_put_text(p->out, tag);
		put_spans(p, b);
		snprintf(tag, sizeof tag, "</h%u>\n", b->level);
		tg_put_text(p->out, tag);
		break;
	case TG_BLOCK_PARAGRAPH:
		tg_put_text(p->out, "<p>");
		put_spans(p, b);
		tg_put_text(p->out, "</p>\n");
		break;
	}
}

void
tg_render_html(const struct tg_document *d, struct tg_buf *out)
{
	struct page p = {.d = d, .out = out};
	size_t i;

	tg_put_text(out, "<!doctype html>\n<meta charset=\"utf-8\">\n<title>");
	put_escaped(out, (const uint8_t *)d->title, strlen(d->title));
	tg_put_text(out, "</title>\n");
	for (i = 0; i < d->block_count; i++)
		put_block(&p, &d->blocks[i]);
	set_quotes(&p, (struct tg_bytes){NULL, 0});
	close_lists(&p, 0);
}
