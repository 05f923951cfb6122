/*
 * Goal: of a document only its events count.  For random histories: any topological order, any cut into
 * bundles, any order of arrival with refusals and repetitions, planned or not, polled or not
 * (agree_all_ways); and what a document says about its events, encoded by the core, is what a second encoder
 * writes, and decodes to the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <toygrid/status.h>

#include "suite.h"
#include "text/codec.h"
#include "text/doc.h"
#include "text/scene.h"
#include "text/seeds.h"

static void
make(struct past *h, unsigned long seed)
{
	struct past_dice d = {NULL, 0, seed * 2 + 1000001};

	past_random(h, &d, seed % 4 == 0, 2 + (int)(seed % 5), seed % 3 == 0 ? 20 : 0,
	    seed % 10 == 0 ? 256 : 1 + (int)(seed % 100));
}

START_TEST(however_the_events_come_the_document_is_the_same)
{
	static struct past h;
	static struct past_shown shown;
	char name[40];

	for (unsigned long seed = 1; seed <= seeds_share(1000); seed++) {
		make(&h, seed);
		snprintf(name, sizeof name, "seed %lu", seed);
		agree_all_ways(&h, seed % 4 == 0, &shown, name);
	}
}
END_TEST

/* Pieces of runs of the graph, decoded one event at a time and encoded as a bundle. */
START_TEST(the_core_encodes_what_it_was_given_as_the_second_encoder_does)
{
	static struct past_bundle b;
	static struct past h;
	unsigned long bundles = 0;

	for (unsigned long seed = 1; seed <= seeds_share(1000); seed++) {
		struct tg_doc *doc;
		uint32_t stop;

		make(&h, seed);
		ck_assert_int_eq(tg_doc_open(&doc, TG_TEXT_ORDER_FUGUEMAX), TG_OK);
		for (int e = 0; e < h.n; e++) /* so an LV is the event of that number */
			if (past_give(&h, e, 1, doc) != TG_OK)
				ck_abort_msg("seed %lu: event %d is refused", seed, e);
		for (size_t i = 0; i < doc->graph.n; i++) {
			const struct tg_grun *r = &doc->graph.runs[i];
			uint32_t from = r->start + (uint32_t)(seed * 7 % (r->end - r->start));
			uint32_t to = from + 1 + (uint32_t)(seed * 11 % (r->end - from));

			if (tg_codec_encode(doc, from, to, &stop) != TG_OK || stop != to)
				ck_abort_msg("seed %lu: events %u to %u are not written", seed, from, to);
			past_bundle(&h, (int)from, (int)(to - from), &b);
			ck_assert_msg(
			    doc->out.len == b.ops_len && memcmp(doc->out.data, b.ops, b.ops_len) == 0 &&
				doc->out_text.len == b.text_len &&
				(b.text_len == 0 || memcmp(doc->out_text.data, b.text, b.text_len) == 0),
			    "seed %lu: events %u to %u are written in another way", seed, from, to);
			bundles++;
		}
		tg_doc_close(doc);
	}
	printf("%lu bundles by two encoders\n", bundles);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("text_invariance");
	TCase *t = tcase_create("random");

	tcase_set_timeout(t, 600);
	tcase_add_test(t, however_the_events_come_the_document_is_the_same);
	tcase_add_test(t, the_core_encodes_what_it_was_given_as_the_second_encoder_does);
	suite_add_tcase(s, t);
	return suite_run(s);
}
