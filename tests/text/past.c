#include <stdlib.h>
#include <string.h>

#include "text/past.h"

void
past_known(const struct past *h, int e, struct past_set *known)
{
	struct past_set todo = {{0}};

	memset(known, 0, sizeof *known);
	for (int i = 0; i < h->events[e].parent_n; i++)
		past_put(&todo, h->events[e].parents[i]);
	for (int i = e; i-- > 0;) { /* parents come before children: one look back meets them all */
		if (!past_has(&todo, i))
			continue;
		past_put(known, i);
		for (int k = 0; k < h->events[i].parent_n; k++)
			past_put(&todo, h->events[i].parents[k]);
	}
}

int
past_add(struct past *h, struct past_set *version, const struct past_event *e)
{
	struct past_event *copy = &h->events[h->n];
	struct past_set below = {{0}}, known;

	if (h->n == PAST_EVENTS || e->agent < 0 || e->agent >= PAST_AGENTS)
		abort();
	*copy = *e;
	copy->seq = h->seqs[e->agent]++;
	copy->parent_n = 0;
	for (int i = h->n; i-- > 0;) { /* newest first: what is no ancestor of one taken before is a parent */
		if (!past_has(version, i) || past_has(&below, i))
			continue;
		if (copy->parent_n == PAST_AGENTS)
			abort(); /* each agent's events are one line, so that cannot be */
		copy->parents[copy->parent_n++] = i;
		past_known(h, i, &known);
		for (size_t k = 0; k < sizeof below.w / sizeof *below.w; k++)
			below.w[k] |= known.w[k];
	}
	past_put(version, h->n);
	return h->n++;
}

int
past_same(const struct past_shown *a, const struct past_shown *b, int *at)
{
	int i, k;

	for (i = 0; i < a->n && i < b->n; i++) {
		if (a->items[i].flow != b->items[i].flow || a->items[i].kind != b->items[i].kind ||
		    a->items[i].scalar != b->items[i].scalar)
			break;
		for (k = 0; k < PAST_KEYS && a->items[i].value[k] == b->items[i].value[k]; k++)
			;
		if (k < PAST_KEYS)
			break;
	}
	if (at != NULL)
		*at = i;
	if (i < a->n || i < b->n)
		return 0;
	for (k = 0; k < PAST_KEYS; k++)
		if (a->registers[k] != b->registers[k])
			return 0;
	return 1;
}
