/*
 * Bytes as choices: a history of a few people at one spot, for the core, the naive oracle and the tree.  All
 * three must show the same, whether the core gets single events, bundles as long as can be, or plans the load
 * (and then the events are out of order).
 */
#include <stdlib.h>

#include <toygrid/status.h>

#include "fuzz/target.h"
#include "text/judges.h"
#include "text/tree.h"

static void
need(int ok)
{
	if (!ok)
		abort();
}

/* Add all events, in bundles of at most ${most}. */
static void
give_all(const struct past *h, struct tg_doc *doc, int most)
{
	uint8_t given[PAST_EVENTS] = {0};

	for (int first = 0; first < h->n; first++) {
		int n = 0;

		if (given[first])
			continue;
		for (int e = first; e >= 0 && n < most; e = past_follows(h, e), n++)
			given[e] = 1;
		need(past_give(h, first, n, doc) == TG_OK);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct past_shown core, naive, tree;
	static struct past h;
	struct past_dice d = {data, len, 0};
	struct tg_patches p;
	struct tg_doc *doc;
	int how = (int)past_roll(&d, 32), fugue = how & 1;

	past_random(&h, &d, fugue, 2 + how / 8, 0, 200);
	oracle_show(&h, fugue, &naive);
	tree_show(&h, fugue, &tree);
	need(past_same(&naive, &tree, NULL));
	for (int way = 0; way < 3; way++) {
		need(tg_doc_open(&doc, fugue) == TG_OK);
		if (way == 2)
			need(tg_doc_load_begin(doc) == TG_OK);
		give_all(&h, doc, way == 0 ? 1 : h.n);
		need(tg_doc_load_end(doc) == TG_OK);
		if (how & 2)
			need(tg_doc_poll(doc, &p) == TG_OK);
		need(past_read(doc, &core) == TG_OK && past_same(&core, &naive, NULL));
		tg_doc_close(doc);
	}
	return 0;
}
