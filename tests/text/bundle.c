/*
 * bundle.c -- a history as the bytes of bundles: docs/protocol.md 6.1 written down a second time, in the
 * order of its sentences and without a thought for speed; and what a document shows, read back through the
 * public functions.
 */
#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>

#include "text/past.h"

const char *const past_keys[PAST_KEYS] = {"b", "c:1", "i", "link"};

void
past_agent(int agent, uint8_t key[TG_TEXT_AGENT_BYTES])
{
	memset(key, 0x5a, TG_TEXT_AGENT_BYTES);
	key[7] = (uint8_t)agent;
}

int
past_follows(const struct past *h, int e)
{
	for (int i = e + 1; i < h->n; i++)
		if (h->events[i].agent == h->events[e].agent)
			return h->events[i].parent_n == 1 && h->events[i].parents[0] == e ? i : -1;
	return -1;
}

/* ---- values */

static size_t
value_bytes(int key, int value, uint8_t *out)
{
	static const char address[] = "https://a.example/";

	if (value == 0) {
		out[0] = 0xc0;
		return 1;
	}
	if (key == 3 && value == 1) {
		out[0] = 0xa0 | (sizeof address - 1);
		memcpy(out + 1, address, sizeof address - 1);
		return sizeof address;
	}
	out[0] = value == 1 ? 0xc3 : key == 3 ? 0xa1 : 0xcc;
	out[1] = key == 3 ? 'u' : 200;
	return value == 1 ? 1 : 2;
}

static int
value_of(int key, const uint8_t *data, size_t len)
{
	uint8_t want[32];

	for (int value = 0; value < PAST_VALUES; value++)
		if (value_bytes(key, value, want) == len && memcmp(want, data, len) == 0)
			return value;
	abort(); /* nobody wrote that */
}

static size_t
utf8(uint32_t c, uint8_t *out)
{
	if (c < 0x80) {
		out[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (uint8_t)(0xc0 | c >> 6);
		out[1] = (uint8_t)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (uint8_t)(0xe0 | c >> 12);
		out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | c >> 18);
	out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (c & 0x3f));
	return 4;
}

/* ---- writing */

struct op { /* an operation of 6.1: a run of events */
	const struct past_event *e;
	uint32_t pos, n;
	int back;   /* kind 3 */
	int format; /* inserts: number in the table, from 1; 0 none */
};

static void
put(uint8_t *out, size_t *len, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		out[(*len)++] = (uint8_t)(v | 0x80);
	out[(*len)++] = (uint8_t)v;
}

static int
same_birth(const struct past_event *a, const struct past_event *b)
{
	return memcmp(a->birth, b->birth, sizeof a->birth) == 0;
}

/* Does event ${e} continue the run ${op}? */
static int
joins(struct op *op, const struct past_event *e)
{
	if (op->e->kind != e->kind || op->e->flow != e->flow)
		return 0;
	if (e->kind == PAST_INSERT)
		return op->e->item == e->item && same_birth(op->e, e) && e->pos == op->pos + op->n;
	if (e->kind != PAST_DELETE)
		return 0;
	if (op->n == 1 && e->pos + 1 == op->pos)
		op->back = 1;
	return op->back ? e->pos + op->n == op->pos : e->pos == op->pos;
}

static int
head_kind(const struct op *op, int last_format)
{
	switch (op->e->kind) {
	case PAST_INSERT:
		return op->e->item != TG_TEXT_CHAR ? 3 + op->e->item : op->format != last_format;
	case PAST_DELETE:
		return 2 + op->back;
	case PAST_MARK:
		return 6;
	default:
		return 7;
	}
}

struct writing {
	struct op ops[PAST_EVENTS];
	int n;
	const struct past_event *formats[PAST_EVENTS]; /* one that was born with it */
	int format_n;
	int key_at[PAST_KEYS]; /* place in the list of keys, -1 when not used */
	int key_n;
	int caption, cell; /* are these flows used? */
};

static void
gather(struct writing *w, const struct past *h, int first, int count)
{
	static const int none[PAST_KEYS];

	w->n = w->format_n = w->key_n = w->caption = w->cell = 0;
	memset(w->key_at, 0, sizeof w->key_at);
	for (int e = first; count-- > 0; e = past_follows(h, e)) {
		const struct past_event *x = &h->events[e];
		struct op *op = &w->ops[w->n];

		if (w->n > 0 && joins(op - 1, x)) {
			op[-1].n++;
			continue;
		}
		w->n++;
		*op = (struct op){x, x->pos, x->kind == PAST_MARK ? x->count : 1, 0, 0};
		if (x->kind != PAST_SET) {
			w->caption |= x->flow == 1;
			w->cell |= x->flow == 2;
		}
		if (x->kind == PAST_MARK || x->kind == PAST_SET)
			w->key_at[x->key] = 1;
		if (x->kind != PAST_INSERT || memcmp(x->birth, none, sizeof none) == 0)
			continue;
		for (op->format = 1; op->format <= w->format_n; op->format++)
			if (same_birth(w->formats[op->format - 1], x))
				break;
		if (op->format > w->format_n)
			w->formats[w->format_n++] = x;
		for (int k = 0; k < PAST_KEYS; k++)
			w->key_at[k] |= x->birth[k] != 0;
	}
	for (int k = 0; k < PAST_KEYS; k++)
		w->key_at[k] = w->key_at[k] ? w->key_n++ : -1;
}

/* The caption is ("t", content), the cell is row "r" and column "c" of "t"; of flows of one object the cell
 * comes first. */
static void
write_flows(const struct writing *w, struct past_bundle *b)
{
	static const uint8_t objects[] = {0, 1, 'c', 0, 1, 'r', 0, 1, 't'}, caption[] = {1, 1},
			     cell[] = {3, 0, 2, 1}, both[] = {3, 0, 2, 1, 3, 1};
	size_t from = w->cell ? 0 : 6;

	put(b->ops, &b->ops_len, 0); /* agents */
	put(b->ops, &b->ops_len, w->cell ? 3 : 1);
	memcpy(b->ops + b->ops_len, objects + from, sizeof objects - from);
	b->ops_len += sizeof objects - from;
	put(b->ops, &b->ops_len, (uint64_t)(w->caption + w->cell));
	if (w->caption && w->cell)
		memcpy(b->ops + b->ops_len, both, sizeof both);
	else
		memcpy(b->ops + b->ops_len, w->cell ? cell : caption, w->cell ? sizeof cell : sizeof caption);
	b->ops_len += w->caption && w->cell ? sizeof both : w->cell ? sizeof cell : sizeof caption;
}

static void
write_ops(const struct writing *w, struct past_bundle *b)
{
	int64_t cursor = 0;
	int last = 0, flow = 0, layout = w->caption || w->cell ? 2 : 1;

	put(b->ops, &b->ops_len, (uint64_t)layout);
	put(b->ops, &b->ops_len, (uint64_t)w->key_n);
	for (int k = 0; k < PAST_KEYS; k++)
		if (w->key_at[k] >= 0) {
			put(b->ops, &b->ops_len, strlen(past_keys[k]));
			memcpy(b->ops + b->ops_len, past_keys[k], strlen(past_keys[k]));
			b->ops_len += strlen(past_keys[k]);
		}
	put(b->ops, &b->ops_len, (uint64_t)w->format_n);
	for (int i = 0; i < w->format_n; i++) {
		int pairs = 0;

		for (int k = 0; k < PAST_KEYS; k++)
			pairs += w->formats[i]->birth[k] != 0;
		put(b->ops, &b->ops_len, (uint64_t)pairs);
		for (int k = 0; k < PAST_KEYS; k++)
			if (w->formats[i]->birth[k] != 0)
				put(b->ops, &b->ops_len, (uint64_t)w->key_at[k]);
	}
	if (layout == 2)
		write_flows(w, b);
	put(b->ops, &b->ops_len, (uint64_t)w->n);
	for (int i = 0; i < w->n; i++) {
		int kind = head_kind(&w->ops[i], last);

		put(b->ops, &b->ops_len, (uint64_t)(w->ops[i].n - 1) * 8 + (uint64_t)kind);
		if (kind <= 1)
			last = w->ops[i].format;
	}
	for (int i = 0; layout == 2 && i < w->n; i++)
		if (w->ops[i].e->kind != PAST_SET)
			put(b->ops, &b->ops_len,
			    w->ops[i].e->flow == 0		? 0
			    : w->ops[i].e->flow == 1 && w->cell ? 2
								: 1);
	for (int i = 0; i < w->n; i++) {
		const struct op *op = &w->ops[i];
		int64_t delta = (int64_t)op->pos - cursor;

		if (op->e->kind == PAST_SET)
			continue;
		if (op->e->flow != flow) {
			flow = op->e->flow;
			delta = op->pos;
		}
		put(b->ops, &b->ops_len, delta < 0 ? (uint64_t)(-delta) * 2 - 1 : (uint64_t)delta * 2);
		cursor = op->pos;
		if (op->e->kind == PAST_DELETE)
			cursor -= op->back ? op->n - 1 : 0;
		else
			cursor += op->n;
	}
	last = 0;
	for (int i = 0; i < w->n; i++) {
		int kind = head_kind(&w->ops[i], last);

		if (kind == 1 || kind == 4 || kind == 5)
			put(b->ops, &b->ops_len, (uint64_t)w->ops[i].format);
		if (kind <= 1)
			last = w->ops[i].format;
	}
	for (int i = 0; i < w->n; i++) {
		const struct past_event *e = w->ops[i].e;

		if (e->kind == PAST_SET)
			put(b->ops, &b->ops_len, TG_TEXT_OBJECT_DOC);
		if (e->kind == PAST_SET || e->kind == PAST_MARK)
			put(b->ops, &b->ops_len, (uint64_t)w->key_at[e->key]);
	}
}

static void
write_text(const struct writing *w, const struct past *h, int first, int count, struct past_bundle *b)
{
	for (int e = first; count-- > 0; e = past_follows(h, e))
		if (h->events[e].kind == PAST_INSERT && h->events[e].item == TG_TEXT_CHAR)
			b->text_len += utf8(h->events[e].scalar, b->text + b->text_len);
	for (int i = 0; i < w->format_n; i++)
		for (int k = 0; k < PAST_KEYS; k++)
			if (w->formats[i]->birth[k] != 0)
				b->text_len += value_bytes(k, w->formats[i]->birth[k], b->text + b->text_len);
	for (int i = 0; i < w->n; i++)
		if (w->ops[i].e->kind == PAST_MARK || w->ops[i].e->kind == PAST_SET)
			b->text_len +=
			    value_bytes(w->ops[i].e->key, w->ops[i].e->value, b->text + b->text_len);
}

void
past_bundle(const struct past *h, int first, int count, struct past_bundle *b)
{
	const struct past_event *e = &h->events[first];
	static struct writing w;

	b->ops_len = b->text_len = b->parent_n = 0;
	past_agent(e->agent, b->agent);
	b->first_seq = e->seq;
	for (int i = 0; i < e->parent_n; i++) {
		const struct past_event *parent = &h->events[e->parents[i]];

		if (parent->agent == e->agent)
			continue; /* need not be named */
		past_agent(parent->agent, b->parents[b->parent_n].agent);
		b->parents[b->parent_n++].seq = parent->seq;
	}
	gather(&w, h, first, count);
	write_ops(&w, b);
	write_text(&w, h, first, count, b);
	if (b->ops_len > sizeof b->ops || b->text_len > sizeof b->text)
		abort(); /* PAST_EVENTS grew, the arrays did not */
}

int
past_give(const struct past *h, int first, int count, struct tg_doc *doc)
{
	static struct past_bundle b;

	past_bundle(h, first, count, &b);
	return tg_doc_add(
	    doc, b.agent, b.first_seq, b.parents, b.parent_n, b.ops, b.ops_len, b.text, b.text_len);
}

/* ---- reading */

struct reading {
	struct past_shown *shown;
	int flow;
	uint32_t formats[PAST_EVENTS];
};

static uint32_t
scalar_at(const uint8_t **s)
{
	uint32_t c = *(*s)++;
	int more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;

	if (more > 0)
		c &= 0x3fu >> more;
	while (more-- > 0)
		c = c << 6 | (*(*s)++ & 0x3f);
	return c;
}

static int
read_run(void *ctx, const struct tg_text_run *run)
{
	struct reading *r = ctx;
	const uint8_t *s = run->text;

	for (uint32_t i = 0; i < run->count; i++) {
		if (r->shown->n == PAST_EVENTS)
			abort();
		r->shown->items[r->shown->n].flow = r->flow;
		r->shown->items[r->shown->n].kind = run->kind;
		r->shown->items[r->shown->n].scalar = run->kind == TG_TEXT_CHAR ? scalar_at(&s) : 0;
		r->formats[r->shown->n++] = run->format;
	}
	return 0;
}

/* [[key, value] ...] with the keys of this file; short enough that each header is one byte. */
static void
read_format(const uint8_t *p, size_t len, int *value)
{
	const uint8_t *end = p + len;

	memset(value, 0, PAST_KEYS * sizeof *value);
	for (p++; p < end;) {
		size_t key_len = p[1] & 0x1f, value_len;
		int key = 0;

		while (strlen(past_keys[key]) != key_len || memcmp(past_keys[key], p + 2, key_len) != 0)
			if (++key == PAST_KEYS)
				abort();
		p += 2 + key_len;
		value_len = *p == 0xcc ? 2 : (*p & 0xe0) == 0xa0 ? 1u + (*p & 0x1f) : 1;
		value[key] = value_of(key, p, value_len);
		p += value_len;
	}
}

int
past_read(struct tg_doc *doc, struct past_shown *shown)
{
	static const uint8_t names[PAST_FLOWS][8] = {
	    {0}, {0x92, 0xa1, 't', 0}, {0x93, 0xa1, 't', 0xa1, 'r', 0xa1, 'c'}};
	static const size_t name_len[PAST_FLOWS] = {1, 4, 7};
	struct reading r = {shown, 0, {0}};
	uint32_t number;
	const uint8_t *data;
	size_t len;
	int rc;

	memset(shown, 0, sizeof *shown);
	for (r.flow = 0; r.flow < PAST_FLOWS; r.flow++)
		if ((rc = tg_doc_flow(doc, names[r.flow], name_len[r.flow], &number)) != TG_OK ||
		    (rc = tg_doc_read(doc, number, 0, tg_doc_length(doc, number), read_run, &r)) != TG_OK)
			return rc;
	for (int i = 0; i < shown->n; i++) {
		if ((rc = tg_doc_format(doc, r.formats[i], &data, &len)) != TG_OK)
			return rc;
		read_format(data, len, shown->items[i].value);
	}
	for (int k = 0; k < PAST_KEYS; k++) {
		if ((rc = tg_doc_register(doc, TG_TEXT_OBJECT_DOC, (const uint8_t *)past_keys[k],
			 strlen(past_keys[k]), &data, &len)) != TG_OK)
			return rc;
		shown->registers[k] = value_of(k, data, len);
	}
	return TG_OK;
}
