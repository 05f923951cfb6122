/*
 * Goal: what the items remember, and since when, changes nothing.  Trackers that are dropped at every chance
 * and built again with any base (cold) show what those show that remember everything (warm): at every
 * critical version of random histories, with the page at any version.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <check.h>

#include <toygrid/status.h>

#include "hostile.h"
#include "suite.h"
#include "text/doc.h"
#include "text/seeds.h"
#include "text/world.h"

static void
sound(struct world *w, struct tg_doc *doc)
{
	int rc = tg_track_check(doc);

	ck_assert_msg(rc == 0, "seed %lu: invariant %d", w->seed, rc);
}

/* Ask for a tracker from somewhere on. */
static void
shake(struct world *w, struct tg_doc *doc)
{
	uint32_t floor = world_random(w, doc->log.next + 1);

	doc->budget = world_random(w, 2) ? 0 : TG_TRACK_BUDGET;
	doc->sibling_scan = world_random(w, 3); /* an index of every small crowd */
	if (world_random(w, 2) == 0) {
		doc->items.tracking =
		    doc->items.tracking && world_random(w, 2); /* or it is not warm at all */
		ck_assert_int_eq(tg_track_need(doc, floor), TG_OK);
		ck_assert(doc->items.tracking && doc->base <= floor);
	}
	sound(w, doc);
}

/* People who hear of each other often, so that many versions are critical, or seldom. */
static void
live(struct world *w, int steps)
{
	int often = (int)(w->seed % 3);

	for (int i = 0; i < steps; i++) {
		int who = (int)world_random(w, (uint32_t)w->people);

		switch (world_random(w, 8)) {
		case 0:
		case 1:
			world_edit(w, who);
			break;
		case 2:
			world_take(w, who);
			break;
		case 3:
			world_deliver(w, who);
			break;
		case 4:
			world_poll(w, who);
			world_check_mirror(w, who);
			break;
		case 5:
			if (often == 0 && world_random(w, 4) == 0)
				world_settle(w);
			break;
		case 6:
			shake(w, w->person[who].doc);
			break;
		default:
			sound(w, w->person[who].doc);
		}
	}
}

START_TEST(pages_stay_right_while_trackers_come_and_go)
{
	static struct world w;

	for (unsigned long seed = 1; seed <= seeds_share(60); seed++) {
		world_open(&w, 7000 + seed, 0, 2 + (int)(seed % 4));
		live(&w, 250);
		world_settle(&w);
		world_check_all(&w);
		world_close(&w);
	}
}
END_TEST

START_TEST(forgetting_at_every_critical_version_changes_nothing)
{
	static struct world w;
	struct tg_doc *doc;

	for (unsigned long seed = 1; seed <= seeds_share(60); seed++) {
		world_open(&w, 8000 + seed, 0, 2 + (int)(seed % 4));
		live(&w, 200);
		world_settle(&w);
		ck_assert_int_eq(tg_doc_open(&doc, w.order), TG_OK);
		doc->clear_leaves = 1;
		ck_assert_int_eq(tg_doc_load_begin(doc), TG_OK);
		for (size_t i = 0; i < w.bundle_n; i++)
			ck_assert_int_eq(world_add(doc, &w.bundles[i]), TG_OK);
		ck_assert_int_eq(tg_doc_load_end(doc), TG_OK);
		sound(&w, doc);
		world_check_doc(&w, doc);
		tg_doc_close(doc);
		world_close(&w);
	}
}
END_TEST

START_TEST(replay_from_every_critical_version_is_replay_from_the_start)
{
	static struct world w;

	for (unsigned long seed = 1; seed <= seeds_share(30); seed++) {
		struct tg_doc *doc;
		uint32_t base = TG_LV_NONE;

		world_open(&w, 9000 + seed, 0, 2 + (int)(seed % 3));
		live(&w, 150);
		world_settle(&w);
		doc = w.person[0].doc;
		for (uint32_t floor = doc->log.next; base != 0; floor = base - 1) {
			ck_assert_int_eq(tg_graph_critical(&doc->graph, floor, &base), TG_OK);
			doc->items.tracking = 0; /* cold */
			ck_assert_int_eq(tg_track_need(doc, floor), TG_OK);
			ck_assert_uint_eq(doc->base, base);
			sound(&w, doc);
			world_check_doc(&w, doc);
		}
		world_close(&w);
	}
}
END_TEST

/* Every insertion at one spot, by people who hear of each other now and then: with an index or without. */
START_TEST(crowds_stand_in_the_same_order_with_an_index)
{
	static struct world w;
	struct tg_doc *doc;

	for (unsigned long seed = 1; seed <= seeds_share(40); seed++) {
		world_open(&w, 11000 + seed, (int)(seed % 3 == 0), 5);
		for (int i = 0; i < 150; i++) {
			int who = (int)world_random(&w, 5);
			uint32_t n = tg_doc_view_length(w.person[who].doc, 0);

			w.person[who].doc->sibling_scan = (uint32_t)who;
			if (world_random(&w, 3) > 0)
				world_do(&w, who, TG_EDIT_INSERT, n < 1 ? n : 1, 0, 0, 0, "x");
			world_take(&w, who);
			for (int k = 0; world_random(&w, 12) == 0 && k < 20; k++)
				world_deliver(&w, who);
			if (world_random(&w, 4) == 0)
				world_poll(&w, who);
		}
		world_settle(&w);
		for (int scan = 0; scan < 65; scan += 64) {
			ck_assert_int_eq(tg_doc_open(&doc, w.order), TG_OK);
			doc->sibling_scan = (uint32_t)scan;
			for (size_t i = 0; i < w.bundle_n; i++)
				ck_assert_int_eq(world_add(doc, &w.bundles[i]), TG_OK);
			world_check_doc(&w, doc);
			tg_doc_close(doc);
		}
		world_close(&w);
	}
}
END_TEST

START_TEST(hostile_shapes_are_merged_in_seconds)
{
	for (int which = 0; which < HOSTILE_COUNT; which++) {
		struct timespec a, b;
		struct tg_doc *doc;
		double seconds;

		ck_assert_int_eq(tg_doc_open(&doc, TG_TEXT_ORDER_FUGUEMAX), TG_OK);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
		ck_assert_int_eq(hostile_run(doc, which), TG_OK);
		ck_assert_uint_gt(tg_doc_length(doc, TG_TEXT_FLOW_BODY), 10000);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
		seconds = (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
		/* Under a second as it is shipped; sanitizers are slow, and quadratic is minutes. */
		ck_assert_msg(seconds < 20, "%s: %.1f s", hostile_name(which), seconds);
		ck_assert_int_eq(tg_track_check(doc), 0);
		tg_doc_close(doc);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("text_track");
	TCase *t = tcase_create("base");

	tcase_set_timeout(t, 300);
	tcase_add_test(t, pages_stay_right_while_trackers_come_and_go);
	tcase_add_test(t, forgetting_at_every_critical_version_changes_nothing);
	tcase_add_test(t, replay_from_every_critical_version_is_replay_from_the_start);
	tcase_add_test(t, crowds_stand_in_the_same_order_with_an_index);
	tcase_add_test(t, hostile_shapes_are_merged_in_seconds);
	suite_add_tcase(s, t);
	return suite_run(s);
}
