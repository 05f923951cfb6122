/*
 * Markdown (CommonMark, with strike-through, task lists, tables and footnotes as GitHub writes them).
 *
 * Emphasis signs are used only where every reader takes them as such: around a word that stands free.
 * Elsewhere, and for what Markdown cannot say, the HTML tag is written, which Markdown allows.
 *
 * A cell is one line there, so its blocks stand with <br> between them; spans and header columns cannot be
 * said, and a table without a header row has an empty one.  What stands under a picture is its title: that
 * is the picture's own, where a paragraph behind it would be read as any other paragraph; it is without
 * marks. Footnotes are defined at the end, by number.  Comments are left out: Markdown has no place for them.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cli/document.h"

#define DEPTH_MAX 16

struct sheet {
	const struct tg_document *d;
	struct tg_buf *out;
	unsigned quotes;
	unsigned widths[DEPTH_MAX]; /* columns of the markers of the lists around */
	uint64_t numbers[DEPTH_MAX];
	unsigned depth;
	unsigned margin; /* blanks before all that: 4 in a footnote */
	int go_on;	 /* what comes next goes on with this line */
	int cell;	 /* in a cell of a table */
	int heading;	 /* which is one line, too */
	int opens;	 /* a bracket follows the text */
	int after_note;	 /* a footnote stands before it */
	/* Nothing but the prefix is on this line: 1, or the border of a cell: 2. */
	int line_start;
	const uint8_t *tail; /* the line feeds that the block ends in, up to its end */
};

static void
repeat(struct tg_buf *out, const char *text, unsigned n)
{
	while (n-- > 0)
		tg_put_text(out, text);
}

/* Columns that the list markers around take. */
static unsigned
indent_of(const struct sheet *s, unsigned depth)
{
	unsigned i, n = 0;

	for (i = 0; i < depth; i++)
		n += s->widths[i];
	return n;
}

/* What stands in front of a further line of the block. */
static void
put_prefix(struct sheet *s)
{
	if (!s->go_on) {
		repeat(s->out, " ", s->margin);
		repeat(s->out, "> ", s->quotes);
		repeat(s->out, " ", indent_of(s, s->depth));
	}
	s->go_on = 0;
	s->line_start = 1;
}

/* ---- inside a block ------------------------------------------------------------------------------------ */

static void
put_escaped(struct sheet *s, const uint8_t *text, size_t len)
{
	size_t i, digits = 0;

	for (i = 0; i < len; i++) {
		uint8_t c = text[i];

		if (c == '\n' && (s->cell || s->heading || (s->tail != NULL && text + i >= s->tail))) {
			tg_put_text(s->out, "<br>"); /* a sign for it needs something behind it */
			continue;
		}
		if (c == '\n') {
			tg_put_text(s->out, "\\\n");
			put_prefix(s);
			digits = 0;
			continue;
		}
		if (s->line_start && (c == ' ' || c == '\t')) {
			tg_put_text(s->out, "&#32;");
			s->line_start = 0;
			continue;
		}
		/* A number with a point would begin a list. */
		if (s->line_start == 1 && isdigit(c)) {
			digits++;
			tg_buf_u8(s->out, c);
			if (digits < 10 && i + 1 < len && isdigit(text[i + 1]))
				continue;
			if (i + 1 < len && (text[i + 1] == '.' || text[i + 1] == ')'))
				tg_buf_u8(s->out, '\\');
			s->line_start = 0;
			continue;
		}
		if (strchr("\\`*_[]<>&~|", c) != NULL || (s->line_start == 1 && strchr("#+-=:", c) != NULL) ||
		    (c == '!' && i + 1 == len && s->opens) || (c == ':' && i == 0 && s->after_note))
			tg_buf_u8(s->out, '\\');
		tg_buf_u8(s->out, c);
		s->line_start = 0;
	}
}

static void
put_code_span(struct sheet *s, const uint8_t *text, size_t len)
{
	unsigned run = 0, longest = 0;
	int pad =
	    len > 0 && (text[0] == '`' || text[len - 1] == '`' || (text[0] == ' ' && text[len - 1] == ' '));
	size_t i;

	for (i = 0; i < len; i++) {
		run = text[i] == '`' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	repeat(s->out, "`", longest + 1);
	repeat(s->out, " ", (unsigned)pad);
	for (i = 0; i < len; i++) {
		if (s->cell && text[i] == '|')
			tg_buf_u8(s->out, '\\');
		tg_buf_u8(s->out, text[i] == '\n' ? ' ' : text[i]);
	}
	repeat(s->out, " ", (unsigned)pad);
	repeat(s->out, "`", longest + 1);
	s->line_start = 0;
}

static int
is_free(int c)
{
	return c < 0 || c == ' ' || c == '\n' || (c < 0x80 && ispunct(c) && strchr("*_~`\\", c) == NULL);
}

static int
is_word(uint8_t c)
{
	return c >= 0x80 || isalnum(c);
}

/* The character next to a span, across span borders; -1 at the end of the block. */
static int
neighbour(const struct tg_document *d, const struct tg_block *b, size_t span, int after)
{
	const struct tg_span *s;

	if (after ? span + 1 == b->span_count : span == 0)
		return -1;
	s = &d->spans[b->first_span + (after ? span + 1 : span - 1)];
	if (s->atom || s->len == 0 || s->format->marks != 0 || s->format->link.len > 0)
		return 'x';
	return d->text.data[s->at + (after ? 0 : s->len - 1)];
}

/* Text between the quotation marks of a title. */
static void
put_title_text(struct sheet *s, const uint8_t *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (strchr("\\\"&<|", text[i]) != NULL)
			tg_buf_u8(s->out, '\\');
		tg_buf_u8(s->out, text[i] == '\n' ? ' ' : text[i]);
	}
}

static void
put_title(struct sheet *s, struct tg_range range)
{
	const struct tg_document *d = s->d;

	for (size_t i = 0; i < range.count; i++) {
		const struct tg_block *b = &d->blocks[range.first + i];

		tg_put_text(s->out, i > 0 ? " " : "");
		for (size_t j = 0; j < b->span_count; j++) {
			const struct tg_span *span = &d->spans[b->first_span + j];

			if (span->len > 0)
				put_title_text(s, d->text.data + span->at, span->len);
		}
		for (size_t j = 0; b->table != NULL && j < b->table->cell_count; j++) {
			tg_put_text(s->out, j > 0 ? " " : "");
			put_title(s, b->table->cells[j].blocks);
		}
	}
}

static void
put_address(struct sheet *s, struct tg_bytes address, struct tg_range title)
{
	tg_put_text(s->out, "](<");
	for (size_t i = 0; i < address.len; i++) {
		if (address.data[i] < 0x20)
			continue;
		if (strchr("<>\\|", address.data[i]) != NULL)
			tg_buf_u8(s->out, '\\');
		tg_buf_u8(s->out, address.data[i]);
	}
	tg_buf_u8(s->out, '>');
	if (title.count > 0) {
		tg_put_text(s->out, " \"");
		put_title(s, title);
		tg_buf_u8(s->out, '"');
	}
	tg_buf_u8(s->out, ')');
}

static void
put_picture(struct sheet *s, const struct tg_format *f, struct tg_range title)
{
	if (!tg_is_picture(f)) {
		tg_put_text(s->out, title.count > 0 ? "\xef\xbf\xbc " : "\xef\xbf\xbc");
		put_title(s, title);
		s->line_start = 0;
		return;
	}
	tg_put_text(s->out, "![");
	s->line_start = 0;
	put_escaped(s, f->alt.data, f->alt.len);
	put_address(s, f->src, title);
}

static void
put_object(struct sheet *s, const struct tg_span *span)
{
	static const struct tg_range no_title;
	unsigned number = span->part > 0 ? s->d->parts[span->part - 1].number : 0;
	char note[32];

	if (number == 0) {
		put_picture(s, span->format, no_title);
		return;
	}
	snprintf(note, sizeof note, "[^%u]", number);
	tg_put_text(s->out, note);
	s->line_start = 0;
}

static void
put_span(struct sheet *s, const struct tg_block *b, size_t at)
{
	static const struct {
		unsigned mark;
		const char *sign, *open, *close;
	} signs[] = {{TG_MARK_HIGHLIGHT, NULL, "<mark>", "</mark>"},
	    {TG_MARK_BOLD, "**", "<strong>", "</strong>"}, {TG_MARK_ITALIC, "*", "<em>", "</em>"},
	    {TG_MARK_STRIKE, "~~", "<s>", "</s>"}};
	const struct tg_span *span = &s->d->spans[b->first_span + at];
	const uint8_t *text = span->len > 0 ? s->d->text.data + span->at : NULL;
	static const struct tg_range no_title;
	const struct tg_format *f = span->format;
	size_t from = 0, to = span->len, k;
	int plain, link = f->link.len > 0;

	s->opens = at + 1 < b->span_count && (span[1].atom || span[1].format->link.len > 0);
	s->after_note = at > 0 && span[-1].part > 0;
	if (span->atom) {
		put_object(s, span);
		return;
	}
	/* Blanks at the borders stay outside: "**bold** " and not "**bold **". */
	if (f->marks != 0 || link) {
		while (from < to && (text[from] == ' ' || text[from] == '\n'))
			from++;
		while (to > from && (text[to - 1] == ' ' || text[to - 1] == '\n'))
			to--;
		if (from == to) {
			put_escaped(s, text, span->len);
			return;
		}
	}
	plain = (from > 0 || is_free(neighbour(s->d, b, at, 0))) &&
		(to < span->len || is_free(neighbour(s->d, b, at, 1))) && is_word(text[from]) &&
		is_word(text[to - 1]) && !(f->marks & TG_MARK_CODE);
	put_escaped(s, text, from);
	if (link)
		tg_buf_u8(s->out, '[');
	for (k = 0; k < sizeof signs / sizeof *signs; k++)
		if (f->marks & signs[k].mark)
			tg_put_text(s->out, plain && signs[k].sign != NULL ? signs[k].sign : signs[k].open);
	if (f->marks != 0 || link)
		s->line_start = 0;
	if (f->marks & TG_MARK_CODE)
		put_code_span(s, text + from, to - from);
	else
		put_escaped(s, text + from, to - from);
	for (k = sizeof signs / sizeof *signs; k-- > 0;)
		if (f->marks & signs[k].mark)
			tg_put_text(s->out, plain && signs[k].sign != NULL ? signs[k].sign : signs[k].close);
	if (link)
		put_address(s, f->link, no_title);
	put_escaped(s, text + to, span->len - to);
}

/* ---- blocks -------------------------------------------------------------------------------------------- */

static void
put_code_block(struct sheet *s, const struct tg_block *b)
{
	unsigned run = 0, longest = 2;
	size_t i, j;

	for (j = 0; j < b->span_count; j++) {
		const struct tg_span *span = &s->d->spans[b->first_span + j];

		for (i = 0; i < span->len; i++) {
			run = s->d->text.data[span->at + i] == '`' ? run + 1 : 0;
			longest = run > longest ? run : longest;
		}
	}
	repeat(s->out, "`", longest + 1);
	for (i = 0; i < b->format->language.len; i++)
		if (b->format->language.data[i] > ' ' && b->format->language.data[i] != '`')
			tg_buf_u8(s->out, b->format->language.data[i]);
	tg_buf_u8(s->out, '\n');
	put_prefix(s);
	for (j = 0; j < b->span_count; j++) {
		const struct tg_span *span = &s->d->spans[b->first_span + j];

		for (i = 0; i < span->len; i++) {
			tg_buf_u8(s->out, s->d->text.data[span->at + i]);
			if (s->d->text.data[span->at + i] == '\n')
				put_prefix(s);
		}
	}
	tg_buf_u8(s->out, '\n');
	put_prefix(s);
	repeat(s->out, "`", longest + 1);
	tg_buf_u8(s->out, '\n');
}

/* The empty line, or none, between a block and the one before it.  ${beside}: it begins a list right behind
 * another. */
static void
separate(struct sheet *s, const struct tg_block *before, const struct tg_block *b, int beside)
{
	unsigned quotes = tg_path_shared(before->path, b->path);

	/* Items of one list stand close together.  A list that begins with another number than 1 does not end
	 * the paragraph of the item it is in. */
	if (b->list != TG_LIST_NONE && before->list != TG_LIST_NONE && !b->cont && !before->cont && !beside &&
	    tg_same(before->path, b->path) &&
	    (b->indent <= before->indent || b->list != TG_LIST_ORDERED || b->start == 1))
		return;
	repeat(s->out, " ", quotes > 0 ? s->margin : 0);
	repeat(s->out, "> ", quotes);
	tg_buf_u8(s->out, '\n');
	/* Two lists side by side would be read as one. */
	if (beside) {
		repeat(s->out, " ", s->margin);
		repeat(s->out, "> ", quotes);
		repeat(s->out, " ", indent_of(s, b->indent));
		tg_put_text(s->out, "<!-- -->\n");
		repeat(s->out, " ", quotes > 0 ? s->margin : 0);
		repeat(s->out, "> ", quotes);
		tg_buf_u8(s->out, '\n');
	}
}

static void
put_marker(struct sheet *s, const struct tg_block *b, int goes_on)
{
	char marker[32];

	s->numbers[b->indent] = goes_on ? s->numbers[b->indent] + 1 : b->start;
	if (b->list == TG_LIST_ORDERED)
		snprintf(
		    marker, sizeof marker, "%llu. ", (unsigned long long)s->numbers[b->indent] % 1000000000);
	else
		snprintf(marker, sizeof marker, "- ");
	s->depth = b->indent;
	put_prefix(s);
	tg_put_text(s->out, marker);
	s->widths[b->indent] = (unsigned)strlen(marker);
	s->depth = b->indent + 1;
	if (b->list == TG_LIST_TASK)
		tg_put_text(s->out, b->checked ? "[x] " : "[ ] ");
	s->line_start = 1;
}

static void
find_tail(struct sheet *s, const struct tg_block *b)
{
	const struct tg_span *last;
	size_t n = 0;

	s->tail = NULL;
	if (b->span_count == 0 || (last = &s->d->spans[b->first_span + b->span_count - 1])->atom)
		return;
	while (n < last->len && s->d->text.data[last->at + last->len - 1 - n] == '\n')
		n++;
	if (n > 0)
		s->tail = s->d->text.data + last->at + last->len - n;
}

/* ---- tables -------------------------------------------------------------------------------------------- */

/* Blocks on one line. */
static void
put_flat(struct sheet *s, struct tg_range range)
{
	const struct tg_document *d = s->d;

	for (size_t i = 0; i < range.count; i++) {
		const struct tg_block *b = &d->blocks[range.first + i];

		tg_put_text(s->out, i > 0 ? "<br>" : "");
		s->line_start = i > 0 ? 0 : 2;
		if (b->type == TG_BLOCK_IMAGE)
			put_picture(s, b->format,
			    b->part > 0 ? d->parts[b->part - 1].blocks : (struct tg_range){0, 0});
		else if (b->type == TG_BLOCK_EMBED)
			tg_put_text(s->out, "\xef\xbf\xbc");
		for (size_t j = 0; b->table != NULL && j < b->table->cell_count; j++) {
			tg_put_text(s->out, j > 0 ? "<br>" : "");
			put_flat(s, b->table->cells[j].blocks);
		}
		for (size_t j = 0; j < b->span_count; j++) {
			const struct tg_span *span = &d->spans[b->first_span + j];

			if (b->type != TG_BLOCK_CODE)
				put_span(s, b, j);
			else if (span->len > 0)
				put_code_span(s, d->text.data + span->at, span->len);
		}
	}
}

static void
put_row(struct sheet *s, const struct tg_table *t, size_t *at, unsigned row)
{
	for (unsigned column = 0; column < t->columns; column++) {
		tg_put_text(s->out, "| ");
		if (*at < t->cell_count && t->cells[*at].row == row && t->cells[*at].column == column)
			put_flat(s, t->cells[(*at)++].blocks);
		tg_put_text(s->out, " ");
	}
	tg_put_text(s->out, "|\n");
}

static void
put_table(struct sheet *s, const struct tg_table *t)
{
	size_t at = 0, none = t->cell_count;

	s->cell = 1;
	s->tail = NULL;
	put_row(s, t, t->row_headers[0] ? &at : &none, 0);
	put_prefix(s);
	for (unsigned i = 0; i < t->columns; i++) {
		struct tg_bytes align =
		    t->column[i] != NULL ? t->column[i]->align : (struct tg_bytes){NULL, 0};

		tg_put_text(s->out, tg_is(align, "left")     ? "| :-- "
				    : tg_is(align, "center") ? "| :-: "
				    : tg_is(align, "right")  ? "| --: "
							     : "| --- ");
	}
	tg_put_text(s->out, "|\n");
	for (unsigned row = t->row_headers[0] != 0; row < t->rows; row++) {
		put_prefix(s);
		put_row(s, t, &at, row);
	}
	s->cell = 0;
}

/* ---- all of it ----------------------------------------------------------------------------------------- */

/* A block behind its prefix and marker. */
static void
put_block(struct sheet *s, const struct tg_block *b)
{
	switch (b->type) {
	case TG_BLOCK_CODE:
		put_code_block(s, b);
		return;
	case TG_BLOCK_TABLE:
		put_table(s, b->table);
		return;
	case TG_BLOCK_IMAGE:
		put_picture(
		    s, b->format, b->part > 0 ? s->d->parts[b->part - 1].blocks : (struct tg_range){0, 0});
		return;
	case TG_BLOCK_EMBED:
		tg_put_text(s->out, "\xef\xbf\xbc");
		return;
	case TG_BLOCK_RULE:
		tg_put_text(s->out, "---");
		return;
	case TG_BLOCK_HEADING:
		repeat(s->out, "#", b->level);
		tg_buf_u8(s->out, ' ');
		break;
	case TG_BLOCK_PARAGRAPH:
		break;
	}
	find_tail(s, b);
	s->heading = b->type == TG_BLOCK_HEADING;
	for (size_t j = 0; j < b->span_count; j++)
		put_span(s, b, j);
	s->heading = 0;
}

static void
put_range(struct sheet *s, struct tg_range range)
{
	const struct tg_block *b = range.count > 0 ? &s->d->blocks[range.first] : NULL;
	struct tg_bytes lists[DEPTH_MAX];
	unsigned open = 0;

	for (size_t i = 0; i < range.count; i++, b++) {
		if (i > 0 && !tg_same((b - 1)->path, b->path))
			open = 0;
		if (i > 0)
			separate(s, b - 1, b,
			    b->list != TG_LIST_NONE && !b->cont && open > b->indent &&
				!tg_same(lists[b->indent], b->list_id));
		s->quotes = tg_path_parts(b->path);
		if (b->list == TG_LIST_NONE) {
			open = s->depth = 0;
			put_prefix(s);
		} else if (b->cont) {
			open = s->depth = b->indent + 1;
			put_prefix(s);
		} else {
			put_marker(s, b, open > b->indent && tg_same(lists[b->indent], b->list_id));
			lists[b->indent] = b->list_id;
			open = b->indent + 1;
		}
		put_block(s, b);
		/* An item may not begin with two empty lines. */
		if (b->span_count == 0 && b->list != TG_LIST_NONE && !b->cont && i + 1 < range.count &&
		    b[1].list != TG_LIST_NONE && b[1].cont && b[1].indent == b->indent)
			tg_put_text(s->out, "<!-- -->");
		if (b->type != TG_BLOCK_CODE && b->type != TG_BLOCK_TABLE)
			tg_buf_u8(s->out, '\n');
	}
}

void
tg_render_markdown(const struct tg_document *d, struct tg_buf *out)
{
	struct sheet s = {.d = d, .out = out};
	char label[32];

	put_range(&s, d->body);
	for (size_t i = 0; i < d->note_count; i++) {
		const struct tg_range note = d->parts[d->notes[i]].blocks;
		const struct tg_block *first = &d->blocks[note.first];

		snprintf(label, sizeof label, "\n[^%zu]: ", i + 1);
		tg_put_text(out, label);
		s = (struct sheet){.d = d, .out = out, .margin = 4, .go_on = 1};
		/* Only a paragraph can begin on that line. */
		if (note.count > 0 && (first->type != TG_BLOCK_PARAGRAPH || first->list != TG_LIST_NONE ||
					  first->path.len > 0)) {
			tg_put_text(out, "<!-- -->\n\n");
			s.go_on = 0;
		}
		put_range(&s, note);
		if (note.count == 0)
			tg_buf_u8(out, '\n');
	}
}
