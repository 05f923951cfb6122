#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/drawn.h"

void
drawn_free(struct drawn *page)
{
	free(page->v);
	memset(page, 0, sizeof *page);
}

static void
push(struct drawn *d, struct drawn_token t)
{
	if (d->n == d->cap) {
		d->cap = d->cap ? d->cap * 2 : 256;
		d->v = realloc(d->v, d->cap * sizeof *d->v);
		if (d->v == NULL)
			abort();
	}
	d->v[d->n++] = t;
}

/* One record of the drawing as single tokens; 0 when it says what it must not. */
static int
expand(struct drawn *d, const int32_t *r, const uint8_t *bytes)
{
	struct drawn_token t = {
	    (uint8_t)r[0], (uint8_t)r[1], (uint32_t)r[2], (uint32_t)r[3], (uint32_t)r[4], (uint32_t)r[5], 0};
	size_t first = d->n, chars = 0;

	switch (r[0]) {
	case TG_TOKEN_OPEN:
	case TG_TOKEN_CLOSE:
		push(d, t);
		return 1;
	case TG_TOKEN_LEAF:
		t.flow = 0;
		for (int32_t i = 0; i < r[3]; i++)
			push(d, t);
		return r[3] > 0;
	}
	t.flow = t.a = t.b = 0;
	for (int32_t i = 0; i < r[7];) {
		const uint8_t *s = bytes + r[6] + i;
		int more = s[0] < 0x80 ? 0 : s[0] < 0xe0 ? 1 : s[0] < 0xf0 ? 2 : 3;
		uint32_t c = s[0] & (more == 0 ? 0x7f : 0x3fu >> more);

		for (int k = 1; k <= more; k++)
			c = c << 6 | (s[k] & 0x3f);
		i += more + 1;
		chars++;
		t.unit = c > 0xffff ? 0xd800 + ((c - 0x10000) >> 10) : c;
		push(d, t);
		t.unit = 0xdc00 + (c & 0x3ff);
		if (c > 0xffff)
			push(d, t);
	}
	return chars == (size_t)r[3] && d->n - first == (size_t)r[4] && chars > 0;
}

/* What is open in front of token ${at}: node types, outermost first. */
static size_t
open_at(const struct drawn *d, size_t at, uint8_t *nodes)
{
	size_t n = 0;

	for (size_t i = 0; i < at; i++) {
		if (d->v[i].op == TG_TOKEN_OPEN)
			nodes[n++] = d->v[i].node;
		else if (d->v[i].op == TG_TOKEN_CLOSE)
			n--;
	}
	return n;
}

static const char *
apply_step(struct drawn *page, const struct tg_render *r, const struct tg_render_step *s)
{
	uint8_t left[256], right[256];
	struct drawn fresh = {0}, whole = {0};
	size_t nl, nr, shared, depth = 0;
	const char *why = NULL;

	if (s->from > s->to || s->to > page->n)
		return "a step beyond the end";
	nl = open_at(page, s->from, left);
	nr = open_at(page, s->to, right);
	if (s->open_start > nl || s->open_end > nr || nl - s->open_start != nr - s->open_end)
		return "a slice that does not fit";
	shared = nl - s->open_start;
	if (memcmp(left, right, shared) != 0)
		return "a slice between different parents";
	for (uint32_t i = 0; i < s->count; i++)
		if (!expand(&fresh, r->tokens + (s->first + i) * TG_TOKEN_FIELDS, r->bytes))
			why = "a token that lies about its size";
	if (why == NULL && fresh.n < s->open_start + s->open_end)
		why = "a slice more open than long";
	for (size_t i = 0; why == NULL && i < fresh.n; i++) {
		if (i < s->open_start &&
		    (fresh.v[i].op != TG_TOKEN_OPEN || fresh.v[i].node != left[shared + i]))
			why = "an ancestor that is another";
		if (fresh.v[i].op == TG_TOKEN_OPEN)
			depth++;
		else if (fresh.v[i].op == TG_TOKEN_CLOSE && depth-- == 0)
			why = "a slice that closes what it did not open";
	}
	if (why == NULL && depth != 0)
		why = "a slice that leaves nodes open";
	for (size_t i = 0; why == NULL && i < s->from; i++)
		push(&whole, page->v[i]);
	for (size_t i = s->open_start; why == NULL && i < fresh.n - s->open_end; i++)
		push(&whole, fresh.v[i]);
	for (size_t i = s->to; why == NULL && i < page->n; i++)
		push(&whole, page->v[i]);
	drawn_free(&fresh);
	if (why != NULL) {
		drawn_free(&whole);
		return why;
	}
	drawn_free(page);
	*page = whole;
	return NULL;
}

const char *
drawn_apply(struct drawn *page, const struct tg_render *render)
{
	const char *why = NULL;

	for (size_t i = 0; i < render->step_count && why == NULL; i++)
		why = apply_step(page, render, &render->steps[i]);
	return why;
}

/* ---- the schema */

struct parse {
	const struct drawn *d;
	size_t at;
	const char *why;
};

static int
peek(const struct parse *p, int op, int node)
{
	return p->at < p->d->n && p->d->v[p->at].op == op &&
	       (op == TG_TOKEN_CLOSE || op == TG_TOKEN_TEXT || p->d->v[p->at].node == node);
}

static int
eat(struct parse *p, int op, int node)
{
	if (!peek(p, op, node))
		return 0;
	p->at++;
	return 1;
}

static void
need(struct parse *p, int ok, const char *why)
{
	if (!ok && p->why == NULL)
		p->why = why;
}

static void parse_block(struct parse *p);

static int
at_block(const struct parse *p)
{
	if (p->at >= p->d->n)
		return 0;
	if (p->d->v[p->at].op == TG_TOKEN_LEAF)
		return p->d->v[p->at].node >= TG_NODE_RULE && p->d->v[p->at].node <= TG_NODE_EMBED;
	return p->d->v[p->at].op == TG_TOKEN_OPEN;
}

static void
parse_blocks(struct parse *p)
{
	need(p, at_block(p), "a parent without a block");
	while (p->why == NULL && at_block(p))
		parse_block(p);
}

static void
parse_inline(struct parse *p, int code)
{
	for (; p->at < p->d->n && p->d->v[p->at].op != TG_TOKEN_CLOSE && p->why == NULL; p->at++) {
		const struct drawn_token *t = &p->d->v[p->at];

		if (t->op == TG_TOKEN_LEAF)
			need(p, !code && (t->node == TG_NODE_BREAK || t->node == TG_NODE_OBJECT),
			    "a leaf where text is");
		else
			need(p, t->op == TG_TOKEN_TEXT, "a node inside of text");
		need(p, !code || t->format == 0, "formats in code");
		need(p, code || t->op != TG_TOKEN_TEXT || t->unit != '\n', "a line feed in text");
	}
}

static void
parse_list(struct parse *p, int item)
{
	need(p, peek(p, TG_TOKEN_OPEN, item), "a list without items");
	while (p->why == NULL && eat(p, TG_TOKEN_OPEN, item)) {
		need(p, peek(p, TG_TOKEN_OPEN, TG_NODE_PARAGRAPH), "an item that begins with no paragraph");
		while (p->why == NULL && at_block(p)) {
			if (p->d->v[p->at].op == TG_TOKEN_OPEN)
				need(p,
				    p->d->v[p->at].node <= TG_NODE_TASKS &&
					p->d->v[p->at].node != TG_NODE_ROW &&
					p->d->v[p->at].node != TG_NODE_CELL,
				    "something in an item that may not be there");
			parse_block(p);
		}
		need(p, eat(p, TG_TOKEN_CLOSE, 0), "an item that does not end");
	}
}

static void
parse_table(struct parse *p)
{
	static uint32_t covered[1024]; /* per column: rows still to come that a cell above covers */
	uint32_t columns = 0, row = 0;
	static uint32_t saved[8][1024];
	static int level;

	if (level == 8) {
		need(p, 0, "tables too deep");
		return;
	}
	memcpy(saved[level++], covered, sizeof covered);
	memset(covered, 0, sizeof covered);
	need(p, peek(p, TG_TOKEN_OPEN, TG_NODE_ROW), "a table without rows");
	for (; p->why == NULL && eat(p, TG_TOKEN_OPEN, TG_NODE_ROW); row++) {
		uint32_t at = 0;

		while (p->why == NULL && peek(p, TG_TOKEN_OPEN, TG_NODE_CELL)) {
			const struct drawn_token *t = &p->d->v[p->at++];

			while (at < columns && covered[at] > 0)
				covered[at++]--;
			need(p, t->a > 0 && t->b > 0 && at + t->a <= 1024, "a cell without size");
			for (uint32_t i = 0; p->why == NULL && i < t->a; i++, at++) {
				need(p, covered[at] == 0, "cells that overlap");
				covered[at] = t->b - 1;
			}
			need(p, row == 0 || at <= columns, "a row that is wider");
			parse_blocks(p);
			need(p, eat(p, TG_TOKEN_CLOSE, 0), "a cell that does not end");
		}
		columns = row == 0 ? at : columns;
		while (at < columns && covered[at] > 0)
			covered[at++]--;
		need(p, at == columns && columns > 0, "a row that is narrower");
		need(p, eat(p, TG_TOKEN_CLOSE, 0), "a row that does not end");
	}
	for (uint32_t i = 0; i < columns; i++)
		need(p, covered[i] == 0, "a cell that reaches below the table");
	memcpy(covered, saved[--level], sizeof covered);
}

static void
parse_block(struct parse *p)
{
	const struct drawn_token *t = &p->d->v[p->at++];

	if (t->op == TG_TOKEN_LEAF) {
		need(p, t->node >= TG_NODE_RULE && t->node <= TG_NODE_EMBED, "an inline leaf as a block");
		return;
	}
	switch (t->node) {
	case TG_NODE_PARAGRAPH:
	case TG_NODE_HEADING:
	case TG_NODE_CODE:
		parse_inline(p, t->node == TG_NODE_CODE);
		break;
	case TG_NODE_TABLE:
		parse_table(p);
		break;
	case TG_NODE_BULLETS:
	case TG_NODE_ORDERED:
		parse_list(p, TG_NODE_ITEM);
		break;
	case TG_NODE_TASKS:
		parse_list(p, TG_NODE_TASK);
		break;
	case TG_NODE_QUOTE:
	case TG_NODE_CALLOUT:
	case TG_NODE_DETAILS:
		parse_blocks(p);
		break;
	case TG_NODE_COLUMNS:
		need(p, peek(p, TG_TOKEN_OPEN, TG_NODE_COLUMN), "columns without a column");
		while (p->why == NULL && eat(p, TG_TOKEN_OPEN, TG_NODE_COLUMN)) {
			parse_blocks(p);
			need(p, eat(p, TG_TOKEN_CLOSE, 0), "a column that does not end");
		}
		break;
	default:
		need(p, 0, "a node that is no block");
	}
	need(p, eat(p, TG_TOKEN_CLOSE, 0), "a block that does not end");
}

const char *
drawn_check(const struct drawn *page)
{
	struct parse p = {page, 0, NULL};

	parse_blocks(&p);
	need(&p, p.at == page->n, "something behind the last block");
	return p.why;
}

long
drawn_differs(const struct drawn *a, const struct drawn *b)
{
	for (size_t i = 0; i < a->n && i < b->n; i++)
		if (memcmp(&a->v[i], &b->v[i], sizeof a->v[i]) != 0 && a->v[i].op != TG_TOKEN_CLOSE) {
			const struct drawn_token *x = &a->v[i], *y = &b->v[i];

			if (x->op != y->op || x->node != y->node || x->format != y->format ||
			    (x->flow != y->flow && x->flow != UINT32_MAX && y->flow != UINT32_MAX) ||
			    x->a != y->a || x->b != y->b || x->unit != y->unit)
				return (long)i;
		}
	return a->n == b->n ? -1 : (long)(a->n < b->n ? a->n : b->n);
}

void
drawn_print(const struct drawn *page, char *out, size_t cap)
{
	static const char *const names[TG_NODE_COUNT] = {"p", "h", "code", "hr", "img", "embed", "table",
	    "tr", "td", "ul", "ol", "tl", "li", "ti", "quote", "callout", "details", "columns", "column",
	    "br", "obj"};
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < page->n && at + 16 < cap; i++) {
		const struct drawn_token *t = &page->v[i];

		if (t->op != TG_TOKEN_CLOSE && t->op != TG_TOKEN_TEXT && i > 0 &&
		    page->v[i - 1].op != TG_TOKEN_OPEN)
			out[at++] = ' ';
		if (t->op == TG_TOKEN_OPEN)
			at += (size_t)snprintf(out + at, cap - at, "%s(", names[t->node]);
		else if (t->op == TG_TOKEN_CLOSE)
			out[at++] = ')';
		else if (t->op == TG_TOKEN_LEAF)
			at += (size_t)snprintf(out + at, cap - at, "%s", names[t->node]);
		else
			out[at++] = (char)(t->unit < 0x80 ? t->unit : '?');
	}
	out[at] = '\0';
}
