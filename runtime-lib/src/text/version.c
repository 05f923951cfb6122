#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "text/version.h"
#include "wire/writer.h"

int
tg_version_open(struct tg_doc *doc, struct tg_version *v, const struct tg_event_id *ids, size_t n)
{
	struct tg_spans none = {0};
	uint32_t agent, lv;
	int rc;

	memset(v, 0, sizeof *v);
	for (size_t i = 0; i < n; i++) {
		if (tg_graph_agent(&doc->graph, ids[i].agent, 0, &agent) != TG_OK ||
		    (lv = tg_graph_lv(&doc->graph, agent, ids[i].seq)) == TG_LV_NONE)
			return TG_EPARENT;
		if ((rc = tg_lvs_push(&v->frontier, lv)) != TG_OK)
			return rc;
	}
	if ((rc = tg_graph_reduce(&doc->graph, &v->frontier)) != TG_OK)
		return rc;
	rc = tg_graph_diff(&doc->graph, v->frontier.v, v->frontier.n, NULL, 0, &v->events, &none);
	tg_free(none.v);
	return rc;
}

void
tg_version_free(struct tg_version *v)
{
	tg_free(v->frontier.v);
	tg_free(v->events.v);
	tg_free(v->formats);
	tg_free(v->best);
	tg_free(v->slot);
	memset(v, 0, sizeof *v);
}

int
tg_version_has(const struct tg_version *v, uint32_t lv)
{
	size_t lo = 0, hi = v->events.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (lv < v->events.v[mid].start)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < v->events.n && lv < v->events.v[lo].end;
}

int
tg_version_prepare(struct tg_doc *doc, const struct tg_version *v)
{
	int rc = tg_walk_track(doc);

	if (rc != TG_OK || (rc = tg_walk_to(doc, &v->frontier)) != TG_OK)
		return rc;
	tg_flow_enter(doc, v->flow);
	return TG_OK;
}

/* Each key's winner among the chains' marks that count, in v->best. */
static int
find_winners(struct tg_doc *doc, struct tg_version *v, const uint32_t *states, size_t state_n,
    int (*counts)(const void *ctx, uint32_t lv), const void *ctx, size_t *n)
{
	const struct tg_formats *f = &doc->formats;
	int rc = tg_array_need((void **)&v->slot, &v->slot_cap, doc->pool.n, sizeof *v->slot);

	*n = 0;
	if (rc != TG_OK)
		return rc;
	for (; v->slot_n < doc->pool.n; v->slot_n++)
		v->slot[v->slot_n] = 0;
	for (size_t i = 0; i < state_n; i++)
		for (uint32_t s = states[i]; f->states[s].rest != TG_FORMAT_NONE; s = f->states[s].rest) {
			uint32_t mark = f->states[s].mark, slot;
			const struct tg_mark *m = &f->marks[mark], *other;

			if (!counts(ctx, m->lv))
				continue;
			slot = v->slot[m->key];
			if (slot < *n && v->best[slot].key == m->key) {
				other = &f->marks[v->best[slot].value];
				if (tg_doc_beats(doc, m->lamport, m->lv, other->lamport, other->lv))
					v->best[slot].value = mark;
				continue;
			}
			if ((rc = tg_array_need((void **)&v->best, &v->best_cap, *n + 1, sizeof *v->best)) !=
			    TG_OK)
				return rc;
			v->slot[m->key] = (uint32_t)*n;
			v->best[(*n)++] = (struct tg_pair){m->key, mark};
		}
	return TG_OK;
}

int
tg_version_choose(struct tg_doc *doc, struct tg_version *v, const uint32_t *states, size_t state_n,
    int (*counts)(const void *ctx, uint32_t lv), const void *ctx, uint32_t *format)
{
	const struct tg_pair *born;
	size_t n, kept = 0, born_n;
	int rc;

	if ((rc = find_winners(doc, v, states, state_n, counts, ctx, &n)) != TG_OK)
		return rc;
	*format = tg_format_birth(&doc->formats, states[0]);
	if (n == 0)
		return TG_OK;
	born = tg_format_get(&doc->formats, *format, &born_n);
	if ((rc = tg_array_need((void **)&v->best, &v->best_cap, n + born_n, sizeof *v->best)) != TG_OK)
		return rc;
	/* What it was born with goes behind the winners, unless one of them has the key: slots still tell. */
	for (size_t i = 0, all = n; i < born_n; i++) {
		uint32_t slot = v->slot[born[i].key];

		if (slot < n && v->best[slot].key == born[i].key)
			continue;
		v->best[all++] = born[i];
		kept = all - n;
	}
	for (size_t i = 0; i < n; i++)
		v->best[i].value = doc->formats.marks[v->best[i].value].value;
	n += kept;
	kept = 0;
	for (size_t i = 0; i < n; i++)
		if (v->best[i].value != TG_POOL_NIL)
			v->best[kept++] = v->best[i];
	tg_pairs_sort(&doc->pool, v->best, kept);
	return tg_format_put(
	    &doc->formats, v->best, kept > TG_TEXT_SHOWN_KEYS_MAX ? TG_TEXT_SHOWN_KEYS_MAX : kept, format);
}

static int
has_event(const void *ctx, uint32_t lv)
{
	return tg_version_has(ctx, lv);
}

int
tg_version_format(struct tg_doc *doc, struct tg_version *v, uint32_t state, uint32_t *format)
{
	int rc;

	if (doc->formats.states[state].rest == TG_FORMAT_NONE) {
		*format = doc->formats.states[state].mark;
		return TG_OK;
	}
	if ((rc = tg_array_need(
		 (void **)&v->formats, &v->format_cap, (size_t)state + 1, sizeof *v->formats)) != TG_OK)
		return rc;
	for (; v->format_n <= state; v->format_n++)
		v->formats[v->format_n] = 0;
	if (v->formats[state] == 0) {
		if ((rc = tg_version_choose(doc, v, &state, 1, has_event, v, format)) != TG_OK)
			return rc;
		v->formats[state] = *format + 1;
	}
	*format = v->formats[state] - 1;
	return TG_OK;
}

uint32_t
tg_version_set(const struct tg_doc *doc, const struct tg_version *v, const struct tg_register *reg)
{
	uint32_t best = TG_LV_NONE;

	for (uint32_t s = reg->last; s != TG_LV_NONE; s = doc->sets[s].before)
		if (tg_version_has(v, doc->sets[s].lv) &&
		    (best == TG_LV_NONE || tg_doc_beats(doc, doc->sets[s].lamport, doc->sets[s].lv,
					       doc->sets[best].lamport, doc->sets[best].lv)))
			best = s;
	return best;
}

void
tg_version_author(const struct tg_doc *doc, uint32_t lv, uint32_t *count, struct tg_event_range *by)
{
	const struct tg_grun *r = tg_graph_run(&doc->graph, lv);

	if (*count > r->end - lv)
		*count = r->end - lv;
	memcpy(by->agent, doc->graph.agents[r->agent].key, TG_TEXT_AGENT_BYTES);
	by->seq = r->seq + (lv - r->start);
	by->count = *count;
}

void
tg_version_put_set(
    const struct tg_doc *doc, const struct tg_register *reg, uint32_t value, struct tg_buf *out)
{
	size_t len;
	const uint8_t *p = tg_pool_get(&doc->pool, reg->key, &len);

	tg_write_array(out, 3);
	tg_object_write(doc, out, reg->object);
	tg_write_str(out, (const char *)p, len);
	p = tg_pool_get(&doc->pool, value, &len);
	tg_buf_put(out, p, len);
}
