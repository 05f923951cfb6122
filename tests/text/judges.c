#include <string.h>

#include "text/judges.h"

void
oracle_event(struct oracle *o, const struct past *h, int e, int flow)
{
	const struct past_event *x = &h->events[e];
	struct oracle_event *to = &o->events[e];

	memset(to, 0, sizeof *to);
	to->agent = x->agent;
	to->seq = x->seq;
	to->kind = (enum oracle_kind)x->kind;
	to->pos = x->pos;
	to->to = x->pos + x->count;
	to->item_kind = x->item;
	to->scalar = x->scalar;
	memcpy(to->value, x->birth, sizeof to->value);
	to->key = x->key;
	if (x->kind != PAST_SET && x->flow != flow) {
		to->kind = ORACLE_SET;
		to->key = -1; /* of no register */
	}
	to->mark_value = x->value;
	to->lamport = 1;
	for (int i = 0; i < x->parent_n; i++) {
		const struct oracle_event *up = &o->events[x->parents[i]];

		for (size_t k = 0; k < sizeof up->known.w / sizeof *up->known.w; k++)
			to->known.w[k] |= up->known.w[k];
		oracle_put(&to->known, x->parents[i]);
		if (up->lamport >= to->lamport)
			to->lamport = up->lamport + 1;
	}
	o->event_n = e + 1;
	oracle_apply(o, e);
}

void
oracle_show(const struct past *h, int fugue, struct past_shown *shown)
{
	static struct oracle o;
	struct oracle_set all;

	memset(&all, 0xff, sizeof all);
	memset(shown, 0, sizeof *shown);
	o.fugue = fugue;
	for (int flow = 0; flow < PAST_FLOWS; flow++) {
		o.event_n = o.item_n = 0;
		for (int e = 0; e < h->n; e++)
			oracle_event(&o, h, e, flow);
		oracle_format(&o, &all);
		for (int i = 0; i < o.item_n; i++) {
			const struct oracle_event *e = &o.events[o.items[i].event];

			if (o.items[i].deleted)
				continue;
			shown->items[shown->n].flow = flow;
			shown->items[shown->n].kind = e->item_kind;
			shown->items[shown->n].scalar = e->item_kind == TG_TEXT_CHAR ? e->scalar : 0;
			memcpy(shown->items[shown->n++].value, o.items[i].value, sizeof o.items[i].value);
		}
	}
	for (int k = 0; k < PAST_KEYS; k++)
		shown->registers[k] = oracle_register(&o, &all, k);
}
