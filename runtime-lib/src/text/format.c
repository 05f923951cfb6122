#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "text/format.h"

int
tg_formats_init(struct tg_formats *f, struct tg_pool *pool, const struct tg_graph *graph)
{
	uint32_t id;

	f->pool = pool;
	f->graph = graph;
	f->slot_count = f->state_slot_count = 16;
	f->memo_rest = TG_FORMAT_NONE;
	f->slots = tg_calloc(f->slot_count, sizeof *f->slots);
	f->state_slots = tg_calloc(f->state_slot_count, sizeof *f->state_slots);
	if (f->slots == NULL || f->state_slots == NULL)
		return TG_ENOMEM; /* the owner calls tg_formats_free */
	if (tg_array_need((void **)&f->pairs, &f->pair_cap, 8, sizeof *f->pairs) != TG_OK)
		return TG_ENOMEM;
	return tg_format_put(f, NULL, 0, &id);
}

void
tg_formats_free(struct tg_formats *f)
{
	tg_free(f->formats);
	tg_free(f->pairs);
	tg_free(f->slots);
	tg_free(f->states);
	tg_free(f->state_slots);
	tg_free(f->marks);
	tg_free(f->scratch);
	tg_free(f->key_pass);
	memset(f, 0, sizeof *f);
}

static uint32_t *
format_slot(const struct tg_formats *f, const struct tg_pair *pairs, size_t n)
{
	size_t mask = f->slot_count - 1;
	size_t i = tg_text_hash(pairs, n * sizeof *pairs) & mask;

	for (;; i = (i + 1) & mask) {
		uint32_t s = f->slots[i];

		if (s == 0)
			return &f->slots[i];
		if (f->formats[s - 1].n == n &&
		    (n == 0 || memcmp(f->pairs + f->formats[s - 1].off, pairs, n * sizeof *pairs) == 0))
			return &f->slots[i];
	}
}

int
tg_format_put(struct tg_formats *f, const struct tg_pair *pairs, size_t n, uint32_t *id)
{
	uint32_t *slot = format_slot(f, pairs, n);
	int rc;

	if (*slot != 0) {
		*id = *slot - 1;
		return TG_OK;
	}
	if ((rc = tg_array_need((void **)&f->formats, &f->cap, f->n + 1, sizeof *f->formats)) != TG_OK ||
	    (rc = tg_array_need((void **)&f->pairs, &f->pair_cap, f->pair_n + n, sizeof *f->pairs)) != TG_OK)
		return rc;
	if (n > 0)
		memcpy(f->pairs + f->pair_n, pairs, n * sizeof *pairs);
	memset(&f->formats[f->n], 0, sizeof f->formats[f->n]);
	f->formats[f->n].off = (uint32_t)f->pair_n;
	f->formats[f->n].n = (uint32_t)n;
	f->formats[f->n].born = TG_FORMAT_NONE;
	f->pair_n += n;
	*id = (uint32_t)f->n++;
	*slot = *id + 1;
	if (f->n * 2 > f->slot_count) {
		uint32_t *fresh = tg_calloc(f->slot_count * 2, sizeof *fresh);

		if (fresh == NULL)
			return TG_ENOMEM;
		tg_free(f->slots);
		f->slots = fresh;
		f->slot_count *= 2;
		for (size_t i = 0; i < f->n; i++)
			*format_slot(f, f->pairs + f->formats[i].off, f->formats[i].n) = (uint32_t)i + 1;
	}
	return TG_OK;
}

const struct tg_pair *
tg_format_get(const struct tg_formats *f, uint32_t format, size_t *n)
{
	*n = f->formats[format].n;
	return f->pairs + f->formats[format].off;
}

uint32_t
tg_format_value(const struct tg_formats *f, uint32_t format, uint32_t key)
{
	size_t n;
	const struct tg_pair *p = tg_format_get(f, format, &n);

	for (size_t i = 0; i < n; i++)
		if (p[i].key == key)
			return p[i].value;
	return TG_POOL_NIL;
}

/* Put (key, value) into the sorted scratch pairs [0, n) and return the new count. */
static size_t
set_pair(struct tg_formats *f, size_t n, uint32_t key, uint32_t value)
{
	size_t i = 0;

	while (i < n && tg_pool_compare(f->pool, f->scratch[i].key, key) < 0)
		i++;
	if (i < n && f->scratch[i].key == key) {
		if (value != TG_POOL_NIL) {
			f->scratch[i].value = value;
			return n;
		}
		memmove(f->scratch + i, f->scratch + i + 1, (n - i - 1) * sizeof *f->scratch);
		return n - 1;
	}
	if (value == TG_POOL_NIL)
		return n;
	memmove(f->scratch + i + 1, f->scratch + i, (n - i) * sizeof *f->scratch);
	f->scratch[i].key = key;
	f->scratch[i].value = value;
	return n + 1;
}

static int
load_scratch(struct tg_formats *f, uint32_t format, size_t extra, size_t *n)
{
	const struct tg_pair *p = tg_format_get(f, format, n);
	int rc = tg_array_need((void **)&f->scratch, &f->scratch_cap, *n + extra, sizeof *f->scratch);

	if (rc == TG_OK && *n > 0)
		memcpy(f->scratch, p, *n * sizeof *p);
	return rc;
}

int
tg_format_with(struct tg_formats *f, uint32_t format, uint32_t key, uint32_t value, uint32_t *id)
{
	size_t n;
	int rc = load_scratch(f, format, 1, &n);

	if (rc != TG_OK)
		return rc;
	n = set_pair(f, n, key, value);
	return tg_format_put(f, f->scratch, n > TG_TEXT_SHOWN_KEYS_MAX ? TG_TEXT_SHOWN_KEYS_MAX : n, id);
}

/* Is this the first time in this pass that a key is met? */
static int
is_new_key(struct tg_formats *f, uint32_t key)
{
	if (f->key_pass[key] == f->pass)
		return 0;
	f->key_pass[key] = f->pass;
	return 1;
}

static int
compare_pairs(const void *pool, const void *a, const void *b)
{
	return tg_pool_compare(pool, ((const struct tg_pair *)a)->key, ((const struct tg_pair *)b)->key);
}

void
tg_pairs_sort(const struct tg_pool *pool, struct tg_pair *p, size_t n)
{
	tg_text_sort(p, n, sizeof *p, compare_pairs, pool);
}

/*
 * The slow way, for items with more keys than are shown: which keys those are depends on all marks, so take
 * each key's winner (the first of its key in the chain knows it), then what the item was born with, and sort.
 */
static int
resolve_all(struct tg_formats *f, uint32_t state, uint32_t *id)
{
	const struct tg_pair *born;
	size_t n = 0, born_n, length = 0;
	uint32_t s;
	int rc;

	for (s = state; f->states[s].rest != TG_FORMAT_NONE; s = f->states[s].rest)
		length++;
	born = tg_format_get(f, f->states[s].mark, &born_n);
	if ((rc = tg_array_need(
		 (void **)&f->scratch, &f->scratch_cap, length + born_n, sizeof *f->scratch)) != TG_OK ||
	    (rc = tg_array_need((void **)&f->key_pass, &f->key_pass_cap, f->pool->n, sizeof *f->key_pass)) !=
		TG_OK)
		return rc;
	while (f->key_pass_n < f->key_pass_cap)
		f->key_pass[f->key_pass_n++] = 0;
	f->pass++;
	for (s = state; f->states[s].rest != TG_FORMAT_NONE; s = f->states[s].rest) {
		const struct tg_mark *best = &f->marks[f->states[s].best];

		if (is_new_key(f, best->key) && best->value != TG_POOL_NIL)
			f->scratch[n++] = (struct tg_pair){best->key, best->value};
	}
	for (size_t i = 0; i < born_n; i++)
		if (is_new_key(f, born[i].key))
			f->scratch[n++] = born[i];
	tg_pairs_sort(f->pool, f->scratch, n);
	return tg_format_put(f, f->scratch, n > TG_TEXT_SHOWN_KEYS_MAX ? TG_TEXT_SHOWN_KEYS_MAX : n, id);
}

static uint32_t *
state_slot(const struct tg_formats *f, uint32_t rest, uint32_t mark)
{
	size_t mask = f->state_slot_count - 1;
	uint32_t pair[2] = {rest, mark};
	size_t i = tg_text_hash(pair, sizeof pair) & mask;

	for (;; i = (i + 1) & mask) {
		uint32_t s = f->state_slots[i];

		if (s == 0 || (f->states[s - 1].rest == rest && f->states[s - 1].mark == mark))
			return &f->state_slots[i];
	}
}

static int
add_state(struct tg_formats *f, struct tg_state s, uint32_t *id)
{
	int rc = tg_array_need((void **)&f->states, &f->state_cap, f->state_n + 1, sizeof *f->states);

	if (rc != TG_OK)
		return rc;
	f->states[f->state_n] = s;
	*id = (uint32_t)f->state_n++;
	if (s.rest == TG_FORMAT_NONE)
		return TG_OK; /* found through formats[].born */
	if (f->state_n * 2 > f->state_slot_count) {
		uint32_t *fresh = tg_calloc(f->state_slot_count * 2, sizeof *fresh);

		if (fresh == NULL)
			return TG_ENOMEM;
		tg_free(f->state_slots);
		f->state_slots = fresh;
		f->state_slot_count *= 2;
		for (size_t i = 0; i < f->state_n; i++)
			if (f->states[i].rest != TG_FORMAT_NONE)
				*state_slot(f, f->states[i].rest, f->states[i].mark) = (uint32_t)i + 1;
		return TG_OK;
	}
	*state_slot(f, s.rest, s.mark) = *id + 1;
	return TG_OK;
}

int
tg_format_born(struct tg_formats *f, uint32_t format, uint32_t *state)
{
	struct tg_state s = {TG_FORMAT_NONE, format, TG_FORMAT_NONE, format};
	int rc;

	if (f->formats[format].born == TG_FORMAT_NONE) {
		if ((rc = add_state(f, s, state)) != TG_OK)
			return rc;
		f->formats[format].born = *state;
	}
	*state = f->formats[format].born;
	return TG_OK;
}

uint32_t
tg_format_birth(const struct tg_formats *f, uint32_t state)
{
	while (f->states[state].rest != TG_FORMAT_NONE)
		state = f->states[state].rest;
	return f->states[state].mark;
}

static int
beats(const struct tg_formats *f, uint32_t a, uint32_t b)
{
	const struct tg_mark *ma = &f->marks[a], *mb = &f->marks[b];

	if (ma->lamport != mb->lamport)
		return ma->lamport > mb->lamport;
	return tg_graph_compare(f->graph, ma->lv, mb->lv) > 0;
}

uint32_t
tg_format_winner(const struct tg_formats *f, uint32_t state, uint32_t key,
    int (*skip)(const void *ctx, const struct tg_mark *mark), const void *ctx)
{
	uint32_t best = TG_FORMAT_NONE;

	for (; f->states[state].rest != TG_FORMAT_NONE; state = f->states[state].rest) {
		uint32_t m = f->states[state].mark;

		if (f->marks[m].key != key)
			continue;
		if (skip == NULL)
			return f->states[state].best;
		if (!skip(ctx, &f->marks[m]) && (best == TG_FORMAT_NONE || beats(f, m, best)))
			best = m;
	}
	return best;
}

int
tg_format_cover(struct tg_formats *f, uint32_t state, uint32_t mark, uint32_t *covered)
{
	const struct tg_mark *m = &f->marks[mark];
	struct tg_state s = {state, mark, mark, f->states[state].format};
	uint32_t slot, winner;
	size_t shown;
	int rc;

	if (f->memo_rest == state && f->memo_mark == mark) {
		*covered = f->memo_state;
		return TG_OK;
	}
	if ((slot = *state_slot(f, state, mark)) != 0) {
		*covered = slot - 1;
	} else {
		winner = tg_format_winner(f, state, m->key, NULL, NULL);
		if (winner != TG_FORMAT_NONE && !beats(f, mark, winner))
			s.best = winner;
		tg_format_get(f, s.format, &shown);
		if (s.best == mark && shown < TG_TEXT_SHOWN_KEYS_MAX &&
		    (rc = tg_format_with(f, s.format, m->key, m->value, &s.format)) != TG_OK)
			return rc;
		if ((rc = add_state(f, s, covered)) != TG_OK)
			return rc;
		if (s.best == mark && shown >= TG_TEXT_SHOWN_KEYS_MAX) {
			if ((rc = resolve_all(f, *covered, &s.format)) != TG_OK)
				return rc;
			f->states[*covered].format = s.format;
		}
	}
	f->memo_rest = state;
	f->memo_mark = mark;
	f->memo_state = *covered;
	return TG_OK;
}

void
tg_formats_forget_states(struct tg_formats *f)
{
	f->state_n = 0;
	f->memo_rest = TG_FORMAT_NONE;
	memset(f->state_slots, 0, f->state_slot_count * sizeof *f->state_slots);
	for (size_t i = 0; i < f->n; i++)
		f->formats[i].born = TG_FORMAT_NONE;
}
