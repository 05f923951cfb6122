#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "text/undone.h"

void
tg_undone_free(struct tg_undone *u)
{
	tg_free(u->events.v);
	tg_free(u->batches);
	tg_free(u->spans.v);
	tg_free(u->copies);
	memset(u, 0, sizeof *u);
}

/* ---- spans */

int
tg_spans_push(struct tg_spans *s, uint32_t start, uint32_t end)
{
	int rc = tg_array_need((void **)&s->v, &s->cap, s->n + 1, sizeof *s->v);

	if (rc == TG_OK) {
		s->v[s->n].start = start;
		s->v[s->n++].end = end;
	}
	return rc;
}

static int
compare_spans(const void *ctx, const void *a, const void *b)
{
	uint32_t x = ((const struct tg_span *)a)->start, y = ((const struct tg_span *)b)->start;

	(void)ctx;
	return x < y ? -1 : x > y;
}

void
tg_spans_tidy(struct tg_spans *s)
{
	size_t kept = 0;

	tg_text_sort(s->v, s->n, sizeof *s->v, compare_spans, NULL);
	for (size_t i = 0; i < s->n; i++) {
		if (kept > 0 && s->v[i].start <= s->v[kept - 1].end) {
			if (s->v[i].end > s->v[kept - 1].end)
				s->v[kept - 1].end = s->v[i].end;
		} else {
			s->v[kept++] = s->v[i];
		}
	}
	s->n = kept;
}

/* The first span that ends behind ${lv}. */
static size_t
find_span(const struct tg_spans *s, uint32_t lv)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (lv >= s->v[mid].end)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

int
tg_spans_has(const struct tg_spans *s, uint32_t lv)
{
	size_t i = find_span(s, lv);

	return i < s->n && lv >= s->v[i].start;
}

int
tg_spans_meet(const struct tg_spans *s, uint32_t start, uint32_t end)
{
	size_t i = find_span(s, start);

	return i < s->n && s->v[i].start < end;
}

int
tg_spans_without(const struct tg_spans *s, const struct tg_spans *other, struct tg_spans *out)
{
	int rc;

	for (size_t i = 0; i < s->n; i++) {
		uint32_t at = s->v[i].start, end = s->v[i].end;

		for (size_t k = find_span(other, at); at < end; k++) {
			uint32_t stop = k < other->n && other->v[k].start < end ? other->v[k].start : end;

			if (stop > at && (rc = tg_spans_push(out, at, stop)) != TG_OK)
				return rc;
			at = stop < end ? other->v[k].end : end;
		}
	}
	return TG_OK;
}

/* ---- */

const struct tg_undo_batch *
tg_undone_batch(const struct tg_undone *u, uint32_t lv)
{
	size_t lo = 0, hi = u->batch_n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (lv >= u->batches[mid].end)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < u->batch_n && lv >= u->batches[lo].start ? &u->batches[lo] : NULL;
}

uint32_t
tg_undone_root(const struct tg_undone *u, uint32_t lv, uint32_t *count)
{
	size_t lo = 0, hi = u->copy_n;
	const struct tg_copy *c;
	uint32_t off;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (lv - u->copies[mid].lv >= u->copies[mid].count && lv > u->copies[mid].lv)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == u->copy_n)
		return lv;
	c = &u->copies[lo];
	if (lv < c->lv) {
		if (*count > c->lv - lv)
			*count = c->lv - lv;
		return lv;
	}
	off = lv - c->lv;
	if (*count > c->count - off)
		*count = c->count - off;
	return c->source + off;
}
