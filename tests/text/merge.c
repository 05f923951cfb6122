/*
 * Goal: whatever people do, in whatever order it arrives, every document and every page shows what the oracle
 * says.
 */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <toygrid/status.h>

#include "suite.h"
#include "text/codec.h"
#include "text/doc.h"
#include "text/seeds.h"
#include "text/world.h"

/* Some people edit, flush, receive and poll at random. */
static void
live(struct world *w, int steps)
{
	for (int i = 0; i < steps; i++) {
		int who = (int)world_random(w, (uint32_t)w->people);

		switch (world_random(w, 8)) {
		case 0:
		case 1:
		case 2:
			world_edit(w, who);
			break;
		case 3:
			world_take(w, who);
			break;
		case 4:
		case 5:
			world_deliver(w, who);
			break;
		case 6:
			world_poll(w, who);
			world_check_doc(w, w->person[who].doc);
			break;
		case 7:
			world_check_mirror(w, who);
			break;
		}
	}
}

static void
one_world(unsigned long seed)
{
	static struct world w;

	world_open(&w, seed, (int)(seed % 4 == 0), 3 + (int)(seed % 3));
	w.plain = 40 + (int)(seed % 61);
	live(&w, 80 + (int)(seed % 100));
	world_settle(&w);
	world_check_all(&w);
	live(&w, 30);
	world_settle(&w);
	world_check_all(&w);
	world_close(&w);
}

START_TEST(everybody_sees_what_the_oracle_says)
{
	FOR_SEEDS(seed, 100)
	one_world(seed);
}
END_TEST

/* In Fugue order the items of a run typed at once differ in their right origins; they were kept as one run.
 */
START_TEST(a_run_in_fugue_order_has_two_right_origins)
{
	one_world(1120);
}
END_TEST

/* Add all bundles to ${doc}, each as soon as its parents are there, in a random order. */
static void
add_shuffled(struct world *w, struct tg_doc *doc)
{
	uint8_t has[WORLD_BUNDLES] = {0};
	size_t left = w->bundle_n;

	while (left > 0) {
		size_t k = world_random(w, (uint32_t)w->bundle_n);

		if (!has[k] && world_add(doc, &w->bundles[k]) == TG_OK) {
			has[k] = 1;
			left--;
		}
	}
}

START_TEST(order_of_arrival_and_planning_change_nothing)
{
	static struct world w;
	struct tg_doc *doc;
	struct tg_patches p;

	FOR_SEEDS(seed, 40)
	{
		world_open(&w, 1000 + seed, (int)(seed % 4 == 0), 3 + (int)(seed % 3));
		live(&w, 120);
		world_settle(&w);
		for (int way = 0; way < 4; way++) {
			ck_assert_int_eq(tg_doc_open(&doc, w.order), TG_OK);
			if (way & 1)
				ck_assert_int_eq(tg_doc_load_begin(doc), TG_OK);
			if (way & 2) {
				add_shuffled(&w, doc);
			} else {
				for (size_t i = 0; i < w.bundle_n; i++)
					ck_assert_int_eq(world_add(doc, &w.bundles[i]), TG_OK);
			}
			ck_assert_int_eq(tg_doc_load_end(doc), TG_OK);
			if (way == 3) /* tracked from the start, or after a poll: the same */
				ck_assert_int_eq(tg_doc_poll(doc, &p), TG_OK);
			ck_assert_int_eq(tg_walk_track(doc), TG_OK);
			world_check_doc(&w, doc);
			tg_doc_close(doc);
		}
		world_close(&w);
	}
}
END_TEST

/* The same events cut into other bundles, written by another document that merely holds them. */
START_TEST(how_events_are_cut_into_bundles_changes_nothing)
{
	static struct world w;
	struct tg_doc *doc, *from;
	uint32_t stop;

	FOR_SEEDS(seed, 40)
	{
		world_open(&w, 2000 + seed, 0, 4);
		live(&w, 100);
		world_settle(&w);
		from = w.person[0].doc;
		ck_assert_int_eq(tg_doc_open(&doc, w.order), TG_OK);
		for (size_t i = 0; i < from->graph.n; i++) {
			struct tg_grun run = from->graph.runs[i];

			while (run.start < run.end) {
				uint32_t end = run.start + 1 + world_random(&w, run.end - run.start);
				struct tg_event_id ids[WORLD_BUNDLES];
				uint32_t n = run.parent_count;

				ck_assert_int_eq(tg_codec_encode(from, run.start, end, &stop), TG_OK);
				ck_assert_uint_eq(stop, end);
				for (uint32_t k = 0; k < n; k++) {
					uint32_t lv = from->graph.parent_pool[run.parents + k];
					const struct tg_grun *up = tg_graph_run(&from->graph, lv);

					memcpy(ids[k].agent, from->graph.agents[up->agent].key,
					    TG_TEXT_AGENT_BYTES);
					ids[k].seq = up->seq + lv - up->start;
				}
				ck_assert_int_eq(
				    tg_doc_add(doc, from->graph.agents[run.agent].key, run.seq, ids, n,
					from->out.data, from->out.len,
					from->out_text.len ? from->out_text.data : (const uint8_t *)"",
					from->out_text.len),
				    TG_OK);
				run.seq += end - run.start;
				run.start = end;
				run.parent_count = 0;
			}
		}
		world_check_doc(&w, doc);
		tg_doc_close(doc);
		world_close(&w);
	}
}
END_TEST

/* C held a text; A and B edit it, not knowing of each other; A then takes back all of its edits. */
START_TEST(undo_of_all_my_edits_leaves_what_others_did)
{
	static struct world w;

	FOR_SEEDS(seed, 100)
	{
		struct tg_event_range range = {{0}, 0, 0};
		const struct tg_event_id *ids;
		struct oracle_set without;
		struct tg_patches patches;
		uint64_t first, count;
		size_t n, at = 0;

		world_open(&w, 3000 + seed, (int)(seed % 4 == 0), 3);
		world_do(&w, 2, TG_EDIT_BLOCK, 0, 0, 1, 1, NULL);
		world_do(&w, 2, TG_EDIT_INSERT, 1, 0, 0, 1, "bold");
		world_do(&w, 2, TG_EDIT_INSERT, 5, 0, -1, 0, "the quick brown 🦊 jumps");
		world_do(&w, 2, TG_EDIT_MARK, 8, 14, 2, 1, NULL);
		world_settle(&w);
		for (uint32_t i = 0, k = 1 + world_random(&w, 8); i < k; i++)
			world_edit(&w, 0);
		for (uint32_t i = 0, k = 1 + world_random(&w, 8); i < k; i++)
			world_edit(&w, 1);
		world_take(&w, 0);
		world_take(&w, 1);
		world_deliver(&w, 0);
		world_deliver(&w, 0);
		if (seed % 2)
			world_poll(&w, 0);
		memset(&without, 0, sizeof without);
		for (int e = 0; e < w.oracle->event_n; e++)
			if (w.oracle->events[e].agent != 0)
				oracle_put(&without, e);

		world_agent(0, range.agent);
		range.count = tg_doc_next_seq(w.person[0].doc, range.agent);
		ck_assert_int_eq(tg_doc_undo(w.person[0].doc, &range, 1, &first, &count, &patches), TG_OK);
		world_draw(&w, 0, &patches);
		oracle_run(w.oracle, &without);
		for (int i = 0; i < w.oracle->item_n; i++) {
			const struct oracle_item *item = &w.oracle->items[i];

			if (item->deleted)
				continue;
			ck_assert_msg(
			    at < w.person[0].mirror_n &&
				w.oracle->events[item->event].scalar == w.person[0].mirror[at].scalar &&
				memcmp(item->value, w.person[0].mirror[at].value, sizeof item->value) == 0,
			    "seed %lu: item %zu", w.seed, at);
			at++;
		}
		ck_assert_msg(at == w.person[0].mirror_n, "seed %lu: %zu items, not %zu", w.seed,
		    w.person[0].mirror_n, at);

		/* And the undo is events like any other: the others come to the same. */
		ck_assert_int_eq(tg_doc_version(w.person[0].doc, &ids, &n), TG_OK);
		if (count > 0) {
			struct tg_event_id before[WORLD_PEOPLE];
			size_t before_n = 0;

			for (int who = 0; who < 3; who++) {
				world_agent(who, before[before_n].agent);
				before[before_n].seq =
				    tg_doc_next_seq(w.person[0].doc, before[before_n].agent);
				if (who == 0)
					before[before_n].seq = first;
				if (before[before_n].seq-- > 0)
					before_n++;
			}
			world_record_undo(&w, 0, first, count, before, before_n);
		}
		world_settle(&w);
		world_check_all(&w);

		/* Redo is the undo of the undo. */
		if (count > 0) {
			range.seq = first;
			range.count = count;
			ck_assert_int_eq(
			    tg_doc_undo(w.person[0].doc, &range, 1, &first, &count, &patches), TG_OK);
			world_draw(&w, 0, &patches);
		}
		world_close(&w);
	}
}
END_TEST

START_TEST(a_caret_of_another_version_is_found_again)
{
	static struct world w;

	FOR_SEEDS(seed, 40)
	{
		struct oracle *o;
		struct tg_doc *doc;

		world_open(&w, 4000 + seed, 0, 4);
		live(&w, 90);
		for (int i = 0; i < w.people; i++)
			world_take(&w, i);
		o = w.oracle;
		doc = w.person[0].doc;
		for (int tries = 0; tries < 30; tries++) {
			uint8_t then[ORACLE_EVENTS], now[ORACLE_EVENTS];
			struct oracle_set version, merged, view;
			const struct tg_event_id *ids;
			struct tg_event_id id;
			uint32_t index, want = 0, mapped;
			int k = 0, bias = world_random(&w, 2) ? 1 : -1, item;
			size_t n;

			/* Where is the caret's neighbour in the order of all items? */
			ck_assert_int_eq(tg_doc_version(doc, &ids, &n), TG_OK);
			world_version(&w, ids, n, &merged);
			ck_assert_int_eq(tg_doc_view_version(doc, &ids, &n), TG_OK);
			world_version(&w, ids, n, &view);
			if (o->event_n == 0)
				break;
			do
				k = (int)world_random(&w, (uint32_t)o->event_n);
			while (!oracle_has(&merged, k) && world_random(&w, 50) > 0);
			world_agent(o->events[k].agent, id.agent);
			id.seq = o->events[k].seq;
			if (!oracle_has(&merged, k)) {
				ck_assert_int_eq(tg_doc_map(doc, &id, 1, 0, 0, 1, &mapped), TG_EPARENT);
				continue;
			}
			world_version(&w, &id, 1, &version);
			oracle_run(o, &merged);
			oracle_view(o, &version, then);
			oracle_view(o, &view, now);
			n = 0;
			for (int i = 0; i < o->item_n; i++)
				n += then[o->items[i].event];
			ck_assert_int_eq(tg_doc_map(doc, &id, 1, 0, (uint32_t)n + 1, 1, &mapped), TG_ERANGE);
			index = world_random(&w, (uint32_t)n + 1);
			ck_assert_int_eq(tg_doc_map(doc, &id, 1, 0, index, bias, &mapped), TG_OK);
			/* Count what the view shows up to the item before (bias left) or before the item
			 * after. */
			item = bias < 0 ? (int)index - 1 : (int)index;
			for (int i = 0; i < o->item_n; i++) {
				int e = o->items[i].event;

				if (item < 0)
					break;
				if (then[e] && item-- == 0) {
					want += bias < 0 && now[e];
					item = -1;
					break;
				}
				want += now[e];
			}
			ck_assert_msg(mapped == want, "seed %lu: %u becomes %u, should be %u", w.seed, index,
			    mapped, want);
		}
		world_check_doc(&w, doc);
		world_close(&w);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("text_merge");
	TCase *t = tcase_create("people");

	tcase_set_timeout(t, 300);
	tcase_add_test(t, everybody_sees_what_the_oracle_says);
	tcase_add_test(t, a_run_in_fugue_order_has_two_right_origins);
	tcase_add_test(t, order_of_arrival_and_planning_change_nothing);
	tcase_add_test(t, how_events_are_cut_into_bundles_changes_nothing);
	tcase_add_test(t, undo_of_all_my_edits_leaves_what_others_did);
	tcase_add_test(t, a_caret_of_another_version_is_found_again);
	suite_add_tcase(s, t);
	return suite_run(s);
}
