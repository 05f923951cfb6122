#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "text/steps.h"
#include "wire/writer.h"

int
tg_steps_add(struct tg_steps *s, const struct tg_change *change, uint32_t source)
{
	int rc = tg_array_need((void **)&s->v, &s->cap, s->n + 1, sizeof *s->v);

	if (rc != TG_OK)
		return rc;
	s->v[s->n].change = *change;
	s->v[s->n++].source = source;
	s->events += change->kind == TG_OP_MARK ? 1 : change->count;
	return TG_OK;
}

static int
make_step(struct tg_doc *doc, struct tg_step *step,
    int (*made)(void *ctx, uint32_t lv, uint32_t source, uint32_t count), void *ctx)
{
	struct tg_change c = step->change;
	uint32_t left = c.count, source = step->source;
	int rc = TG_OK;

	if (c.kind != TG_OP_CHAR) {
		rc = tg_change_apply(doc, &c, 0);
	} else {
		while (left > 0 && rc == TG_OK) { /* text comes in runs of the log */
			const uint8_t *p;

			c.count = left;
			p = tg_oplog_text(&doc->log, source, &c.count, &c.text_len);
			tg_buf_reset(&doc->out_text); /* the arena may move while it grows */
			tg_buf_put(&doc->out_text, p, c.text_len);
			if ((rc = tg_buf_status(&doc->out_text)) != TG_OK)
				return rc;
			c.text = doc->out_text.data;
			rc = tg_change_apply(doc, &c, 0);
			c.pos += c.count;
			source += c.count;
			left -= c.count;
		}
	}
	if (rc == TG_OK && made != NULL && c.kind <= TG_OP_ATOM)
		rc = made(ctx, doc->log.next - step->change.count, step->source, step->change.count);
	return rc;
}

int
tg_steps_make(struct tg_doc *doc, struct tg_steps *s,
    int (*made)(void *ctx, uint32_t lv, uint32_t source, uint32_t count), void *ctx)
{
	int rc;

	for (size_t i = 0; i < s->n; i++)
		if ((rc = make_step(doc, &s->v[i], made, ctx)) != TG_OK)
			return rc;
	s->n = 0;
	return TG_OK;
}

void
tg_steps_free(struct tg_steps *s)
{
	tg_free(s->v);
	memset(s, 0, sizeof *s);
}

int
tg_steps_birth(struct tg_doc *doc, uint32_t format, uint32_t *birth)
{
	size_t n, len, bytes = 8, fit = 0;
	const struct tg_pair *p = tg_format_get(&doc->formats, format, &n);
	int rc;

	*birth = format;
	for (; fit < n && fit < TG_TEXT_FORMAT_KEYS_MAX; fit++) {
		tg_pool_get(&doc->pool, p[fit].key, &len);
		bytes += len + 4;
		tg_pool_get(&doc->pool, p[fit].value, &len);
		bytes += len;
		if (bytes > TG_TEXT_ATTRS_MAX)
			break;
	}
	if (fit == n)
		return TG_OK;
	if ((rc = tg_array_need((void **)&doc->pairs, &doc->pair_cap, fit, sizeof *doc->pairs)) != TG_OK)
		return rc;
	if (fit > 0)
		memcpy(doc->pairs, p, fit * sizeof *p);
	return tg_format_put(&doc->formats, doc->pairs, fit, birth);
}

/*
 * A marker or atom that comes back is a new event, but flows and registers may hang on the old one: then it
 * keeps that name in the key "id" (docs/rich-text.md).
 */
int
tg_steps_name(struct tg_doc *doc, uint32_t lv, uint32_t *format)
{
	static const char digits[] = "0123456789abcdef";
	const struct tg_grun *g = tg_graph_run(&doc->graph, lv);
	char text[2 * TG_TEXT_AGENT_BYTES + 24];
	struct tg_object_name name = {0};
	size_t pairs, len = 0, at = sizeof text;
	struct tg_buf value = {0};
	uint32_t key, id;
	int rc;

	memcpy(name.agent, doc->graph.agents[g->agent].key, TG_TEXT_AGENT_BYTES);
	name.seq = g->seq + (lv - g->start);
	tg_format_get(&doc->formats, *format, &pairs);
	if (pairs >= TG_TEXT_FORMAT_KEYS_MAX || tg_object_put(doc, &name, 0, &id) != TG_OK)
		return TG_OK;
	if ((rc = tg_pool_put(&doc->pool, "id", 2, &key)) != TG_OK ||
	    tg_format_value(&doc->formats, *format, key) != TG_POOL_NIL)
		return rc;
	text[len++] = '=';
	for (int i = 0; i < TG_TEXT_AGENT_BYTES; i++) {
		text[len++] = digits[name.agent[i] >> 4];
		text[len++] = digits[name.agent[i] & 15];
	}
	text[len++] = ':';
	do {
		text[--at] = digits[name.seq % 10];
		name.seq /= 10;
	} while (name.seq > 0);
	memmove(text + len, text + at, sizeof text - at);
	len += sizeof text - at;
	tg_write_str(&value, text, len);
	if ((rc = tg_buf_status(&value)) == TG_OK &&
	    (rc = tg_pool_put(&doc->pool, value.data, value.len, &id)) == TG_OK)
		rc = tg_format_with(&doc->formats, *format, key, id, format);
	tg_buf_free(&value);
	return rc;
}

int
tg_steps_back(struct tg_doc *doc, struct tg_steps *s, const struct tg_change *change, uint32_t source)
{
	struct tg_change c = *change;
	int rc;

	if (c.kind == TG_OP_CHAR)
		return tg_steps_add(s, &c, source);
	c.count = 1; /* each has a name of its own */
	for (uint32_t i = 0; i < change->count; i++, c.pos++) {
		c.format = change->format;
		if ((rc = tg_steps_name(doc, source + i, &c.format)) != TG_OK ||
		    (rc = tg_steps_add(s, &c, source + i)) != TG_OK)
			return rc;
	}
	return TG_OK;
}
