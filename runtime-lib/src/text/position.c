#include <string.h>

#include <toygrid/status.h>

#include "text/draw.h"

/* Items of a block up to a number of UTF-16 units, or the other way round. */
struct count {
	uint32_t items, units;
	uint32_t max_items, max_units;
};

static int
count_run(void *ctx, const struct tg_text_run *run, uint32_t lv)
{
	struct count *c = ctx;

	(void)lv;
	for (uint32_t i = 0, at = 0; i < run->count; i++) {
		uint32_t wide = 1;

		if (run->kind == TG_TEXT_CHAR) {
			wide += run->text[at] >= 0xf0;
			at += (uint32_t)tg_oplog_bytes(run->text + at, 1);
		}
		if (c->items == c->max_items || c->units + wide > c->max_units)
			return -1;
		c->items++;
		c->units += wide;
	}
	return TG_OK;
}

static int
count_in_block(struct tg_drawing *d, uint32_t flow, uint32_t from, uint32_t items, struct count *c)
{
	int rc = tg_view_read(d->doc, flow, from, items, count_run, c);

	return rc == -1 ? TG_OK : rc;
}

/* Where a strip's tokens begin in the document. */
static uint32_t
strip_base(const struct tg_drawing *d, uint32_t strip)
{
	uint32_t base = 0, items, tokens;

	while (d->strips[strip].table != TG_BLOCK_NONE) {
		const struct tg_table *t = &d->tables[d->strips[strip].table];
		uint32_t columns = t->column_n, i = 0;

		tg_block_place(d, t->block, &items, &tokens);
		base += tokens + d->blocks[t->block].lead + 1;
		for (;; i++) {
			base += i % columns == 0;
			if (t->cells[i].strip == strip)
				break;
			if (t->cells[i].across > 0)
				base += 2 + (t->cells[i].strip == TG_BLOCK_NONE
						    ? 2
						    : tg_strip_tokens(d, t->cells[i].strip));
			base += i % columns == columns - 1;
		}
		base++; /* the cell's opening */
		strip = t->strip;
	}
	return base;
}

int
tg_drawing_position(struct tg_drawing *d, uint32_t flow, uint32_t index, uint32_t *position)
{
	struct count c = {0, 0, 0, UINT32_MAX};
	uint32_t strip, i, items, tokens;
	const struct tg_block *b;
	int rc;

	*position = 0;
	if (d->failed != TG_OK)
		return d->failed;
	if (flow >= d->strip_of_n || d->strip_of[flow] == 0)
		return TG_ENOTFOUND;
	strip = d->strip_of[flow] - 1;
	if (d->strips[strip].root == TG_BLOCK_NONE)
		return TG_ENOTFOUND;
	if (index > d->blocks[d->strips[strip].root].item_sum)
		return TG_ERANGE;
	i = tg_strip_block_at(d, &d->strips[strip], index > 0 ? index - 1 : 0);
	tg_block_place(d, i, &items, &tokens);
	b = &d->blocks[i];
	*position = strip_base(d, strip) + tokens + b->lead;
	if (index == 0 && b->marker)
		return TG_OK;
	if (tg_node_is_leaf(b->node)) {
		*position += b->tokens - b->lead;
		return TG_OK;
	}
	c.max_items = index - items - b->marker;
	if ((rc = count_in_block(d, flow, items + b->marker, b->items - b->marker, &c)) != TG_OK)
		return tg_doc_fail(d->doc, rc);
	*position += 1 + c.units;
	return TG_OK;
}

static int find_in_strip(struct tg_drawing *d, uint32_t strip, uint32_t at, uint32_t *flow, uint32_t *index);

/* Position ${at} inside a table, behind its opening. */
static int
find_in_table(struct tg_drawing *d, uint32_t table, uint32_t at, uint32_t *flow, uint32_t *index)
{
	const struct tg_table *t = &d->tables[table];
	uint32_t columns = t->column_n, last = 0;

	for (uint32_t i = 0; i < t->row_n * columns; i++) {
		uint32_t size;

		if (i % columns == 0)
			at -= at > 0;
		if (t->cells[i].across > 0) {
			last = i;
			size = t->cells[i].strip == TG_BLOCK_NONE ? 2 : tg_strip_tokens(d, t->cells[i].strip);
			if (at <= size + 1) {
				if (t->cells[i].strip != TG_BLOCK_NONE)
					return find_in_strip(d, t->cells[i].strip,
					    at == 0	    ? 0
					    : at - 1 < size ? at - 1
							    : size,
					    flow, index);
				break;
			}
			at -= size + 2;
		}
		if (i % columns == columns - 1)
			at -= at > 0;
	}
	*index = 0;
	return tg_flow_find(
	    d->doc, TG_FLOW_CELL, t->object, t->rows[last / columns], t->columns[last % columns], 1, flow);
}

static int
find_in_strip(struct tg_drawing *d, uint32_t strip, uint32_t at, uint32_t *flow, uint32_t *index)
{
	struct count c = {0, 0, UINT32_MAX, 0};
	uint32_t i = tg_strip_token_at(d, &d->strips[strip], at), items, tokens;
	const struct tg_block *b = &d->blocks[i];
	int rc;

	tg_block_place(d, i, &items, &tokens);
	*flow = d->strips[strip].flow;
	*index = items;
	if (at >= tokens + b->tokens) { /* behind the last block */
		*index = items + b->items;
		return TG_OK;
	}
	if (at <= tokens + b->lead) /* in front of the block */
		return TG_OK;
	if (b->table != TG_BLOCK_NONE && d->tables[b->table].cells != NULL)
		return find_in_table(d, b->table, at - tokens - b->lead - 1, flow, index);
	c.max_units = at - tokens - b->lead - 1;
	if ((rc = count_in_block(d, *flow, items + b->marker, b->items - b->marker, &c)) != TG_OK)
		return rc;
	*index = items + b->marker + c.items;
	return TG_OK;
}

int
tg_drawing_index(struct tg_drawing *d, uint32_t position, uint32_t *flow, uint32_t *index)
{
	*flow = *index = 0;
	if (d->failed != TG_OK)
		return d->failed;
	if (d->strips[0].root == TG_BLOCK_NONE || position > tg_drawing_size(d))
		return TG_ERANGE;
	return tg_doc_fail(d->doc, find_in_strip(d, 0, position, flow, index));
}

int
tg_drawing_blocks(
    struct tg_drawing *d, uint32_t flow, uint32_t from, uint32_t to, uint32_t *first, uint32_t *end)
{
	const struct tg_strip *s;
	uint32_t tokens, last;

	*first = *end = 0;
	if (d->failed != TG_OK)
		return d->failed;
	if (flow >= d->strip_of_n || d->strip_of[flow] == 0)
		return TG_ENOTFOUND;
	s = &d->strips[d->strip_of[flow] - 1];
	if (s->root == TG_BLOCK_NONE)
		return TG_ENOTFOUND;
	if (from > to || to > d->blocks[s->root].item_sum)
		return TG_ERANGE;
	tg_block_place(d, tg_strip_block_at(d, s, from > 0 ? from - 1 : 0), first, &tokens);
	last = tg_strip_block_at(d, s, to > 0 ? to - 1 : 0);
	tg_block_place(d, last, end, &tokens);
	*end += d->blocks[last].items;
	return TG_OK;
}
