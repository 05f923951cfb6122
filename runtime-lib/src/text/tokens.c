#include <string.h>

#include <toygrid/status.h>

#include "text/draw.h"

/* ---- cutting items into blocks */

struct cutting {
	struct tg_drawing *d;
	int leaf; /* the last block is a leaf: what follows is a ghost's */
};

static uint32_t
utf16_units(const struct tg_text_run *run)
{
	uint32_t n = run->count;

	if (run->kind == TG_TEXT_CHAR && run->text_len != run->count)
		for (size_t i = 0; i < run->text_len; i++)
			n += run->text[i] >= 0xf0; /* a surrogate pair */
	return n;
}

static int
cut_run(void *ctx, const struct tg_text_run *run, uint32_t lv)
{
	struct cutting *c = ctx;
	struct tg_drawing *d = c->d;
	const struct tg_shape *shape;
	uint32_t n = run->kind == TG_TEXT_BLOCK ? run->count : 1;
	int rc;

	if ((rc = tg_array_need((void **)&d->cuts, &d->cut_cap, d->cut_n + n, sizeof *d->cuts)) != TG_OK)
		return rc;
	if (run->kind == TG_TEXT_BLOCK) {
		if ((rc = tg_shape_of(d, run->format, &shape)) != TG_OK)
			return rc;
		c->leaf = tg_node_is_leaf(shape->node);
		for (uint32_t i = 0; i < n; i++)
			d->cuts[d->cut_n++] = (struct tg_cut){1, 0, run->format, lv + i, 1};
		return TG_OK;
	}
	if (d->cut_n == 0 || c->leaf) {
		d->cuts[d->cut_n++] = (struct tg_cut){0, 0, 0, 0, 0};
		c->leaf = 0;
	}
	d->cuts[d->cut_n - 1].items += run->count;
	d->cuts[d->cut_n - 1].units += utf16_units(run);
	return TG_OK;
}

int
tg_draw_cut(struct tg_drawing *d, uint32_t flow, uint32_t from, uint32_t count)
{
	struct cutting c = {d, 0};

	d->cut_n = 0;
	return tg_view_read(d->doc, flow, from, count, cut_run, &c);
}

/* ---- tokens */

int
tg_token_put(struct tg_drawing *d, int op, int node, uint32_t format, uint32_t count, uint32_t a, uint32_t b)
{
	size_t first = d->step_n > 0 ? d->steps[d->step_n - 1].first : 0;
	int32_t *p = NULL;
	int rc;

	if (d->token_n > first)
		p = d->tokens + (d->token_n - 1) * TG_TOKEN_FIELDS;
	if (p != NULL && op >= TG_TOKEN_LEAF && node >= TG_NODE_BREAK && p[0] == op && p[1] == node &&
	    (uint32_t)p[2] == format) {
		p[3] += (int32_t)count;
		p[4] += (int32_t)a;
		p[7] += (int32_t)b;
		return TG_OK;
	}
	if ((rc = tg_array_need((void **)&d->tokens, &d->token_cap, (d->token_n + 1) * TG_TOKEN_FIELDS,
		 sizeof *d->tokens)) != TG_OK)
		return rc;
	p = d->tokens + d->token_n++ * TG_TOKEN_FIELDS;
	memset(p, 0, TG_TOKEN_FIELDS * sizeof *p);
	p[0] = op;
	p[1] = node;
	p[2] = (int32_t)format;
	p[3] = (int32_t)count;
	p[4] = (int32_t)a;
	if (op == TG_TOKEN_TEXT) {
		p[6] = (int32_t)(d->bytes.len - b);
		p[7] = (int32_t)b;
	} else {
		p[5] = (int32_t)b;
	}
	return TG_OK;
}

/* As a node of text tokens: not one, but they join with each other only. */
#define TEXT TG_NODE_COUNT

static int
put_text(struct tg_drawing *d, uint32_t format, uint32_t count, const uint8_t *text, size_t len)
{
	struct tg_text_run run = {TG_TEXT_CHAR, 0, 0, count, text, len};

	if (count == 0)
		return TG_OK;
	tg_buf_put(&d->bytes, text, len);
	return tg_token_put(d, TG_TOKEN_TEXT, TEXT, format, count, utf16_units(&run), (uint32_t)len);
}

int
tg_draw_lead(
    struct tg_drawing *d, const struct tg_drawn *drawn, const struct tg_shape *shape, uint32_t format)
{
	const struct tg_shape s = *shape;
	int rc = TG_OK;

	for (uint32_t i = 0; i < drawn->closes && rc == TG_OK; i++)
		rc = tg_token_put(d, TG_TOKEN_CLOSE, 0, 0, 0, 0, 0);
	for (uint32_t i = s.depth - drawn->containers; i < s.depth && rc == TG_OK; i++)
		rc = tg_token_put(d, TG_TOKEN_OPEN, tg_path_node(d, s.path, i), format, 0, i, 0);
	if (rc == TG_OK && drawn->list)
		rc = tg_token_put(d, TG_TOKEN_OPEN, s.list_node, format, 0, 0, 0);
	if (rc == TG_OK && drawn->item)
		rc = tg_token_put(d, TG_TOKEN_OPEN,
		    s.list_node == TG_NODE_TASKS ? TG_NODE_TASK : TG_NODE_ITEM, format, 0, 0, 0);
	return rc;
}

int
tg_draw_ancestors(struct tg_drawing *d, uint32_t context, uint32_t from)
{
	uint32_t open = tg_context_open(&d->contexts[context]);
	int rc = TG_OK;

	for (; from < open && rc == TG_OK; from++) {
		const struct tg_context *c = &d->contexts[context];
		int node;

		if (from < c->depth) {
			node = tg_path_node(d, c->path, from);
		} else {
			while (c->levels > (from - c->depth) / 2 + 1)
				c = &d->contexts[c->up];
			node = (from - c->depth) % 2 == 0      ? c->list_node
			       : c->list_node == TG_NODE_TASKS ? TG_NODE_TASK
							       : TG_NODE_ITEM;
		}
		rc = tg_token_put(d, TG_TOKEN_OPEN, node, 0, 0, from < c->depth ? from : 0, 0);
	}
	return rc;
}

struct inside {
	struct tg_drawing *d;
	int code;
};

static int
draw_run(void *ctx, const struct tg_text_run *run, uint32_t lv)
{
	struct inside *in = ctx;
	uint32_t at = 0, from = 0;
	size_t begin = 0;
	int rc;

	(void)lv;
	if (run->kind == TG_TEXT_ATOM && !in->code)
		return tg_token_put(in->d, TG_TOKEN_LEAF, TG_NODE_OBJECT, run->format, run->count, 0, 0);
	if (run->kind == TG_TEXT_ATOM) {
		for (uint32_t i = 0; i < run->count; i++)
			if ((rc = put_text(in->d, 0, 1, (const uint8_t *)"\xef\xbf\xbc", 3)) != TG_OK)
				return rc;
		return TG_OK;
	}
	if (in->code) /* R2: formats are hidden there, not lost */
		return put_text(in->d, 0, run->count, run->text, run->text_len);
	for (size_t i = 0; i < run->text_len; i++) {
		if (run->text[i] == '\n') {
			if ((rc = put_text(in->d, run->format, at - from, run->text + begin, i - begin)) !=
				TG_OK ||
			    (rc = tg_token_put(in->d, TG_TOKEN_LEAF, TG_NODE_BREAK, run->format, 1, 0, 0)) !=
				TG_OK)
				return rc;
			begin = i + 1;
			from = at + 1;
		}
		at += (run->text[i] & 0xc0) != 0x80;
	}
	return put_text(in->d, run->format, run->count - from, run->text + begin, run->text_len - begin);
}

int
tg_draw_inside(struct tg_drawing *d, uint32_t flow, uint32_t from, uint32_t count, int code)
{
	struct inside in = {d, code};

	return tg_view_read(d->doc, flow, from, count, draw_run, &in);
}
