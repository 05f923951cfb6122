/*
 * HTML: a complete page without scripts.  Text from others goes in escaped; a link leads only where a page
 * may send its reader (http, https, mailto, tel).
 *
 * Footnotes are written with the roles that DPUB-ARIA 1.0 has for them, as pandoc does: a reference is a link
 * of role doc-noteref, the notes are a list in a section of role doc-endnotes.  Header cells say by their
 * scope whether the row or the column is the header.  Comments are left out: HTML has no place for them.
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

static void put_range(struct page *p, struct tg_range range);

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

static void
put_object(struct page *p, const struct tg_span *s, int code)
{
	unsigned number = s->part > 0 ? p->d->parts[s->part - 1].number : 0;
	char tag[96];

	if (code || (s->format->note && number == 0)) {
		tg_put_text(p->out, "\xef\xbf\xbc");
	} else if (s->format->note) {
		snprintf(tag, sizeof tag, "<sup><a href=\"#fn%u\" role=\"doc-noteref\">%u</a></sup>", number,
		    number);
		tg_put_text(p->out, tag);
	} else {
		put_picture(p, s->format);
	}
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
		unsigned marks = code || s->part > 0 ? 0 : s->format->marks;
		int link = !code && s->part == 0 && tg_is_address(s->format->link);

		if (link) {
			tg_put_text(p->out, "<a rel=\"noopener noreferrer nofollow\" href=\"");
			put_escaped(p->out, s->format->link.data, s->format->link.len);
			tg_put_text(p->out, "\">");
		}
		for (k = 0; k < sizeof tags / sizeof *tags; k++)
			if (marks & tags[k].mark)
				tg_put_text(p->out, tags[k].open);
		if (s->atom)
			put_object(p, s, code);
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

static void
set_quotes(struct page *p, struct tg_bytes path)
{
	unsigned keep = tg_path_shared(p->path, path), want = tg_path_parts(path);

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

/* Within a line where that is all there is to say. */
static void
put_inside(struct page *p, struct tg_range range)
{
	if (range.count > 0 && tg_is_plain(p->d, range))
		put_spans(p, &p->d->blocks[range.first]);
	else
		put_range(p, range);
}

static void
put_figure(struct page *p, const struct tg_block *b)
{
	tg_put_text(p->out, "<figure>");
	put_picture(p, b->format);
	if (b->part > 0 && p->d->parts[b->part - 1].blocks.count > 0) {
		tg_put_text(p->out, "<figcaption>");
		put_inside(p, p->d->parts[b->part - 1].blocks);
		tg_put_text(p->out, "</figcaption>");
	}
	tg_put_text(p->out, "</figure>\n");
}

static void
put_cell(struct page *p, const struct tg_table *t, const struct tg_table_cell *c)
{
	const struct tg_format *column = t->column[c->column];
	int head = t->row_headers[c->row] != 0 || column->header;
	char tag[96];

	tg_put_text(p->out, head ? "<th" : "<td");
	snprintf(tag, sizeof tag, " colspan=\"%u\"", c->across);
	tg_put_text(p->out, c->across > 1 ? tag : "");
	snprintf(tag, sizeof tag, " rowspan=\"%u\"", c->down);
	tg_put_text(p->out, c->down > 1 ? tag : "");
	if (tg_is(column->align, "left") || tg_is(column->align, "center") || tg_is(column->align, "right")) {
		snprintf(tag, sizeof tag, " align=\"%.*s\"", (int)column->align.len,
		    (const char *)column->align.data);
		tg_put_text(p->out, tag);
	}
	if (head)
		tg_put_text(p->out, t->row_headers[c->row] ? " scope=\"col\"" : " scope=\"row\"");
	tg_put_text(p->out, ">");
	put_inside(p, c->blocks);
	tg_put_text(p->out, head ? "</th>" : "</td>");
}

static void
put_table(struct page *p, const struct tg_table *t)
{
	size_t i = 0;

	tg_put_text(p->out, "<table>\n");
	for (unsigned row = 0; row < t->rows; row++) {
		tg_put_text(p->out, "<tr>");
		for (; i < t->cell_count && t->cells[i].row == row; i++)
			put_cell(p, t, &t->cells[i]);
		tg_put_text(p->out, "</tr>\n");
	}
	tg_put_text(p->out, "</table>\n");
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
	case TG_BLOCK_IMAGE:
		put_figure(p, b);
		break;
	case TG_BLOCK_TABLE:
		put_table(p, b->table);
		break;
	case TG_BLOCK_EMBED:
		tg_put_text(p->out, "<p>\xef\xbf\xbc</p>\n");
		break;
	case TG_BLOCK_PARAGRAPH:
		tg_put_text(p->out, "<p>");
		put_spans(p, b);
		tg_put_text(p->out, "</p>\n");
		break;
	}
}

/* Blocks of a flow of their own: no list or quote around goes on in them. */
static void
put_range(struct page *p, struct tg_range range)
{
	struct page inner = {.d = p->d, .out = p->out};

	for (size_t i = 0; i < range.count; i++)
		put_block(&inner, &p->d->blocks[range.first + i]);
	set_quotes(&inner, (struct tg_bytes){NULL, 0});
	close_lists(&inner, 0);
}

void
tg_render_html(const struct tg_document *d, struct tg_buf *out)
{
	struct page p = {.d = d, .out = out};
	char tag[48];

	tg_put_text(out, "<!doctype html>\n<meta charset=\"utf-8\">\n<title>");
	put_escaped(out, (const uint8_t *)d->title, strlen(d->title));
	tg_put_text(out, "</title>\n");
	put_range(&p, d->body);
	if (d->note_count == 0)
		return;
	tg_put_text(out, "<section role=\"doc-endnotes\">\n<ol>\n");
	for (size_t i = 0; i < d->note_count; i++) {
		snprintf(tag, sizeof tag, "<li id=\"fn%zu\">", i + 1);
		tg_put_text(out, tag);
		put_inside(&p, d->parts[d->notes[i]].blocks);
		tg_put_text(out, "</li>\n");
	}
	tg_put_text(out, "</ol>\n</section>\n");
}
