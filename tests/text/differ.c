/*
 * Goal: the core, the naive oracle and the tree show the same for random histories of two to six people with
 * up to 256 events, many at one spot, with several roots, deletions, marks, markers and sets, in three flows
 * and both orders.  The first 10,000 are those that tests/vectors freezes.
 */
#include <stdio.h>
#include <stdlib.h>

#include <check.h>

#include <toygrid/status.h>

#include "suite.h"
#include "text/judges.h"
#include "text/seeds.h"
#include "text/tree.h"

START_TEST(core_naive_oracle_and_tree_agree)
{
	static struct past_shown core, naive, tree;
	static struct past h;
	unsigned long events = 0, n = seeds_share(20000);
	struct tg_doc *doc;
	int at;

	for (unsigned long seed = 0; seed < n; seed++) {
		int fugue = past_numbered(&h, (uint32_t)seed);

		ck_assert_int_eq(tg_doc_open(&doc, fugue), TG_OK);
		if (seed % 3 == 0)
			ck_assert_int_eq(tg_doc_load_begin(doc), TG_OK);
		/* Saved events first, then what comes from others: the load may end anywhere. */
		for (int e = 0, loaded = (int)(seed / 3) % (h.n + 1); e < h.n; e++) {
			if (e == loaded)
				ck_assert_int_eq(tg_doc_load_end(doc), TG_OK);
			if (past_give(&h, e, 1, doc) != TG_OK)
				ck_abort_msg("seed %lu: event %d is refused", seed, e);
		}
		ck_assert_int_eq(tg_doc_load_end(doc), TG_OK);
		ck_assert_int_eq(past_read(doc, &core), TG_OK);
		tg_doc_close(doc);
		oracle_show(&h, fugue, &naive);
		tree_show(&h, fugue, &tree);
		ck_assert_msg(past_same(&naive, &tree, &at), "seed %lu: the oracles differ at %d", seed, at);
		ck_assert_msg(
		    past_same(&core, &naive, &at), "seed %lu: core and oracle differ at %d", seed, at);
		events += (unsigned long)h.n;
	}
	printf("%lu histories, %lu events\n", n, events);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("text_differ");
	TCase *t = tcase_create("random");

	tcase_set_timeout(t, 600);
	tcase_add_test(t, core_naive_oracle_and_tree_agree);
	suite_add_tcase(s, t);
	return suite_run(s);
}
