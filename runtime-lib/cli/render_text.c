/*
 * Plain text: one line per block (a line break inside a block is one too) and per row of a table, cells with
 * tabs between them; footnotes as numbers in brackets, and behind the text by these.  Nothing else: no
 * comments.
 */
#include <stdio.h>

#include "cli/document.h"

static void put_range(
    const struct tg_document *d, struct tg_range range, const char *between, struct tg_buf *out);

static void
put_spans(const struct tg_document *d, const struct tg_block *b, struct tg_buf *out)
{
	char number[32];

	for (size_t j = 0; j < b->span_count; j++) {
		const struct tg_span *s = &d->spans[b->first_span + j];

		if (s->part > 0 && d->parts[s->part - 1].number > 0 && b->type != TG_BLOCK_CODE) {
			snprintf(number, sizeof number, "[%u]", d->parts[s->part - 1].number);
			tg_put_text(out, number);
		} else if (s->atom) {
			tg_put_text(out, "\xef\xbf\xbc"); /* U+FFFC, the sign for an object */
		} else {
			tg_buf_put(out, d->text.data + s->at, s->len);
		}
	}
}

static void
put_table(const struct tg_document *d, const struct tg_table *t, const char *between, struct tg_buf *out)
{
	for (size_t i = 0; i < t->cell_count; i++) {
		if (i > 0)
			tg_put_text(out, t->cells[i].row != t->cells[i - 1].row ? between : "\t");
		put_range(d, t->cells[i].blocks, " ", out);
	}
}

static void
put_range(const struct tg_document *d, struct tg_range range, const char *between, struct tg_buf *out)
{
	for (size_t i = 0; i < range.count; i++) {
		const struct tg_block *b = &d->blocks[range.first + i];

		tg_put_text(out, i > 0 ? between : "");
		if (b->table != NULL)
			put_table(d, b->table, between, out);
		else if (b->type == TG_BLOCK_IMAGE || b->type == TG_BLOCK_EMBED)
			tg_put_text(out, "\xef\xbf\xbc");
		else
			put_spans(d, b, out);
		if (b->part > 0 && d->parts[b->part - 1].blocks.count > 0) {
			tg_put_text(out, between);
			put_range(d, d->parts[b->part - 1].blocks, between, out);
		}
	}
}

void
tg_render_text(const struct tg_document *d, struct tg_buf *out)
{
	char number[32];

	put_range(d, d->body, "\n", out);
	tg_put_text(out, d->body.count > 0 ? "\n" : "");
	for (size_t i = 0; i < d->note_count; i++) {
		snprintf(number, sizeof number, "[%zu] ", i + 1);
		tg_put_text(out, number);
		put_range(d, d->parts[d->notes[i]].blocks, "\n", out);
		tg_put_text(out, "\n");
	}
}
