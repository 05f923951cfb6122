/*
 * Goal: what people put at one place stands in an order they would call right, in every way the events may
 * arrive; the situations that are known to go wrong, by name.  Each is judged by both oracles and the core.
 *
 * More of them in doc.c, on the public functions: words forward and backward, a stranger between a and b,
 * text typed into what another deletes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <check.h>

#include <toygrid/status.h>

#include "suite.h"
#include "text/scene.h"

static const int orders[] = {TG_TEXT_ORDER_FUGUEMAX, TG_TEXT_ORDER_FUGUE};

/* Run a scene in both orders. */
#define IN_BOTH_ORDERS(s) for (size_t o = 0; o < 2 && ((s)->fugue = orders[o], 1); o++)

/* Type a word from its last letter to its first, the caret staying where it is. */
static void
insert_backward(struct scene *s, int who, uint32_t at, const char *word)
{
	for (size_t i = strlen(word); i-- > 0;) {
		char letter[2] = {word[i], '\0'};

		scene_insert(s, who, at, letter, PLAIN);
	}
}

START_TEST(hello_and_world_typed_forward)
{
	static struct scene s;

	scene_text(&s, "()");
	scene_insert(&s, ALICE, 1, "hello", PLAIN);
	scene_insert(&s, BOB, 1, "world", PLAIN);
	IN_BOTH_ORDERS(&s)
	scene_shows(&s, "(helloworld)");
}
END_TEST

START_TEST(hello_and_world_typed_backward)
{
	static struct scene s;

	scene_text(&s, "()");
	insert_backward(&s, ALICE, 1, "hello");
	insert_backward(&s, BOB, 1, "world");
	IN_BOTH_ORDERS(&s)
	scene_shows(&s, "(helloworld)");
}
END_TEST

START_TEST(hello_typed_forward_and_world_backward)
{
	static struct scene s;

	scene_text(&s, "()");
	scene_insert(&s, ALICE, 1, "hello", PLAIN);
	insert_backward(&s, BOB, 1, "world");
	IN_BOTH_ORDERS(&s)
	scene_shows(&s, "(helloworld)");
}
END_TEST

START_TEST(hello_typed_backward_and_world_forward)
{
	static struct scene s;

	scene_text(&s, "()");
	insert_backward(&s, ALICE, 1, "hello");
	scene_insert(&s, BOB, 1, "world", PLAIN);
	IN_BOTH_ORDERS(&s)
	scene_shows(&s, "(helloworld)");
}
END_TEST

START_TEST(words_typed_from_the_middle_outward_stay_whole)
{
	static struct scene s;

	scene_text(&s, "()");
	scene_insert(&s, ALICE, 1, "ll", PLAIN);
	scene_insert(&s, ALICE, 3, "o", PLAIN);
	insert_backward(&s, ALICE, 1, "he");
	scene_insert(&s, BOB, 1, "r", PLAIN);
	insert_backward(&s, BOB, 1, "wo");
	scene_insert(&s, BOB, 4, "ld", PLAIN);
	IN_BOTH_ORDERS(&s)
	scene_shows(&s, "(helloworld)");
}
END_TEST

START_TEST(three_words_at_one_place_stay_whole)
{
	static struct scene s;

	scene_open(&s);
	scene_insert(&s, CAROL, 0, "third", PLAIN);
	insert_backward(&s, ALICE, 0, "first");
	scene_insert(&s, BOB, 0, "second", PLAIN);
	IN_BOTH_ORDERS(&s)
	scene_shows(&s, "firstsecondthird");
}
END_TEST

/* Three people: the third inserts b; the first, who knows it, inserts a before it; the second, who knows
 * nothing, inserts x.  Some orders put x between the two ("axb"), which stand together for good reason. */
START_TEST(nobody_gets_between_an_item_and_what_was_put_before_it)
{
	static struct scene s;

	for (int stranger = 0; stranger < 3; stranger++) {
		int a = (stranger + 1) % 3, b = (stranger + 2) % 3;

		for (int swapped = 0; swapped < 2; swapped++) {
			scene_open(&s);
			scene_insert(&s, swapped ? a : b, 0, "b", PLAIN);
			scene_hear(&s, swapped ? b : a, swapped ? a : b);
			scene_insert(&s, swapped ? b : a, 0, "a", PLAIN);
			scene_insert(&s, stranger, 0, "x", PLAIN);
			IN_BOTH_ORDERS(&s)
			{
				struct past_shown shown;

				agree_all_ways(&s.past, s.fugue, &shown, "axb");
				ck_assert_int_eq(shown.n, 3);
				ck_assert_uint_ne(shown.items[1].scalar, 'x');
			}
		}
	}
}
END_TEST

/* The smallest history that the two orders tell apart.  Both b and d go behind a; d was put between a and c,
 * b was put where nothing followed.  FugueMax keeps d at its c; Fugue goes by the names of the authors. */
START_TEST(fuguemax_keeps_an_item_at_what_it_was_put_before)
{
	static struct scene s;

	scene_open(&s);
	scene_insert(&s, ALICE, 0, "a", PLAIN);
	scene_hear(&s, CAROL, ALICE);
	scene_insert(&s, CAROL, 1, "b", PLAIN);
	scene_insert(&s, BOB, 0, "c", PLAIN);
	scene_hear(&s, ALICE, BOB);
	scene_insert(&s, ALICE, 1, "d", PLAIN);
	scene_shows(&s, "abdc");
	s.fugue = 1;
	scene_shows(&s, "adbc");
}
END_TEST

START_TEST(text_inserted_inside_what_is_deleted_meanwhile_stays)
{
	static struct scene s;

	scene_text(&s, "one two three");
	scene_delete(&s, ALICE, 3, 7);
	scene_insert(&s, BOB, 6, "XY", PLAIN);
	scene_erase(&s, CAROL, 2, 6);
	IN_BOTH_ORDERS(&s)
	scene_shows(&s, "onXYree");
}
END_TEST

START_TEST(an_insert_at_the_edge_of_what_is_deleted_meanwhile_stays)
{
	static struct scene s;

	scene_text(&s, "abcdef");
	scene_delete(&s, ALICE, 2, 2);
	scene_insert(&s, BOB, 2, "<", PLAIN);
	scene_insert(&s, BOB, 5, ">", PLAIN);
	scene_meet(&s);
	scene_insert(&s, CAROL, 3, "-", PLAIN); /* between the two, where nothing is left */
	IN_BOTH_ORDERS(&s)
	scene_shows(&s, "ab<->ef");
}
END_TEST

START_TEST(what_two_delete_is_deleted_once)
{
	static struct scene s;

	scene_text(&s, "abcde");
	scene_delete(&s, ALICE, 1, 2);
	scene_erase(&s, BOB, 2, 2);
	IN_BOTH_ORDERS(&s)
	scene_shows(&s, "ae");
	/* Somebody who saw only one of the two. */
	scene_hear(&s, CAROL, BOB);
	scene_insert(&s, CAROL, 2, "x", PLAIN);
	IN_BOTH_ORDERS(&s)
	scene_shows(&s, "axe");
	scene_meet(&s);
	scene_insert(&s, DAVE, 1, "y", PLAIN);
	IN_BOTH_ORDERS(&s)
	scene_shows(&s, "ayxe");
}
END_TEST

/* Three delete b; then the walk must go back to versions where none, one, or two of them did. */
START_TEST(what_three_deleted_comes_back_in_versions_that_know_of_fewer)
{
	static struct scene s;

	scene_text(&s, "abc");
	scene_delete(&s, ALICE, 1, 1);
	scene_delete(&s, BOB, 1, 1);
	scene_delete(&s, CAROL, 1, 1);
	scene_insert(&s, DAVE, 2, "0", PLAIN); /* b is there */
	scene_hear(&s, DAVE, ALICE);
	scene_insert(&s, DAVE, 1, "1", PLAIN);
	scene_hear(&s, DAVE, BOB);
	scene_insert(&s, DAVE, 1, "2", PLAIN);
	scene_hear(&s, DAVE, CAROL);
	scene_insert(&s, DAVE, 1, "3", PLAIN);
	scene_insert(&s, 4, 1, "4", PLAIN); /* a fifth, who heard of nobody */
	scene_insert(&s, 4, 3, "5", PLAIN);
	IN_BOTH_ORDERS(&s)
	scene_shows(&s, "a321405c");
}
END_TEST

/* Each merges what the other had before the other's merge: no single common version to start from. */
START_TEST(criss_cross_merges)
{
	static struct scene s;

	scene_text(&s, "[]");
	for (int round = 0; round < 4; round++) {
		struct past_set alice, bob;
		char a[2] = {(char)('a' + round), '\0'}, b[2] = {(char)('A' + round), '\0'};

		scene_insert(&s, ALICE, 1, a, PLAIN);
		scene_insert(&s, BOB, 1, b, PLAIN);
		alice = s.version[ALICE];
		bob = s.version[BOB];
		scene_insert(&s, ALICE, 1, "-", PLAIN);
		scene_insert(&s, BOB, 1, "+", PLAIN);
		for (size_t i = 0; i < sizeof alice.w / sizeof *alice.w; i++) {
			s.version[ALICE].w[i] |= bob.w[i];
			s.version[BOB].w[i] |= alice.w[i];
		}
	}
	scene_delete(&s, ALICE, 0, 3);
	scene_delete(&s, BOB, 2, 3);
	IN_BOTH_ORDERS(&s)
	scene_shows(&s, "c-+Cb-+Ba+A]");
}
END_TEST

START_TEST(several_roots)
{
	static struct scene s;

	scene_open(&s);
	scene_insert(&s, ALICE, 0, "aaa", PLAIN);
	scene_insert(&s, BOB, 0, "bbb", PLAIN);
	scene_insert(&s, CAROL, 0, "ccc", PLAIN);
	scene_hear(&s, BOB, ALICE);
	scene_delete(&s, BOB, 2, 2); /* the last a and the first b */
	scene_insert(&s, BOB, 2, "x", PLAIN);
	scene_hear(&s, CAROL, ALICE);
	scene_insert(&s, CAROL, 3, "y", PLAIN);
	scene_insert(&s, DAVE, 0, "ddd", PLAIN); /* a fourth root, after all that */
	IN_BOTH_ORDERS(&s)
	scene_shows(&s, "aaxybbcccddd");
	scene_meet(&s);
	scene_insert(&s, 4, 0, "!", PLAIN);
	IN_BOTH_ORDERS(&s)
	scene_shows(&s, "!aaxybbcccddd");
}
END_TEST

/* An agent's events are one line: its previous event is a parent whether it is named or not, so one agent
 * cannot stand on two branches. */
START_TEST(an_agent_is_never_on_two_branches)
{
	static const uint8_t first[] = {1, 0, 0, 1, 0, 0}, at_1[] = {1, 0, 0, 1, 0, 2};
	static const uint8_t at_2[] = {1, 0, 0, 1, 0, 4};
	uint8_t alice[TG_TEXT_AGENT_BYTES], bob[TG_TEXT_AGENT_BYTES];
	struct tg_event_id by_bob = {{0}, 0};
	struct tg_doc *doc;
	const uint8_t *text;
	size_t len;

	past_agent(ALICE, alice);
	past_agent(BOB, bob);
	memcpy(by_bob.agent, bob, sizeof bob);
	for (int early = 0; early < 2; early++) {
		ck_assert_int_eq(tg_doc_open(&doc, TG_TEXT_ORDER_FUGUEMAX), TG_OK);
		if (early)
			ck_assert_int_eq(
			    tg_doc_add(doc, bob, 0, NULL, 0, first, sizeof first, (const uint8_t *)"b", 1),
			    TG_OK);
		ck_assert_int_eq(
		    tg_doc_add(doc, alice, 0, NULL, 0, first, sizeof first, (const uint8_t *)"a", 1), TG_OK);
		if (!early)
			ck_assert_int_eq(
			    tg_doc_add(doc, bob, 0, NULL, 0, first, sizeof first, (const uint8_t *)"b", 1),
			    TG_OK);
		/* Alice names Bob's event alone, as if hers had never been: it is there all the same. */
		ck_assert_int_eq(
		    tg_doc_add(doc, alice, 1, &by_bob, 1, at_2, sizeof at_2, (const uint8_t *)"c", 1), TG_OK);
		/* And with no parents named, Bob's second knows his first alone. */
		ck_assert_int_eq(
		    tg_doc_add(doc, bob, 1, NULL, 0, at_2, sizeof at_2, (const uint8_t *)"?", 1), TG_ERANGE);
		ck_assert_int_eq(
		    tg_doc_add(doc, bob, 1, NULL, 0, at_1, sizeof at_1, (const uint8_t *)"d", 1), TG_OK);
		ck_assert_int_eq(tg_doc_text(doc, 0, 0, tg_doc_length(doc, 0), &text, &len), TG_OK);
		ck_assert_uint_eq(len, 4);
		ck_assert_mem_eq(text, "abcd", 4);
		tg_doc_close(doc);
	}
}
END_TEST

/* 100 people, each of whom inserts at index 0 many times without hearing of the others. */
START_TEST(very_many_inserts_at_one_spot_take_no_time)
{
	static const uint8_t insert[] = {1, 0, 0, 1, 0, 0};
	enum {
		PEOPLE = 100,
		EACH = 100
	};
	uint8_t agent[TG_TEXT_AGENT_BYTES];
	clock_t began = clock();
	struct tg_doc *doc;
	double seconds;

	ck_assert_int_eq(tg_doc_open(&doc, TG_TEXT_ORDER_FUGUEMAX), TG_OK);
	memset(agent, 0, sizeof agent);
	for (uint64_t seq = 0; seq < EACH; seq++)
		for (int who = 0; who < PEOPLE; who++) {
			agent[0] = (uint8_t)(who * 37);
			ck_assert_int_eq(tg_doc_add(doc, agent, seq, NULL, 0, insert, sizeof insert,
					     (const uint8_t *)"x", 1),
			    TG_OK);
		}
	ck_assert_uint_eq(tg_doc_length(doc, 0), PEOPLE * EACH);
	tg_doc_close(doc);
	seconds = (double)(clock() - began) / CLOCKS_PER_SEC;
	printf("%d inserts at one spot: %.2f s\n", PEOPLE * EACH, seconds);
	ck_assert_double_lt(seconds, 30); /* sanitizers included; bench text says how fast it is */
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {hello_and_world_typed_forward, hello_and_world_typed_backward,
	    hello_typed_forward_and_world_backward, hello_typed_backward_and_world_forward,
	    words_typed_from_the_middle_outward_stay_whole, three_words_at_one_place_stay_whole,
	    fuguemax_keeps_an_item_at_what_it_was_put_before,
	    nobody_gets_between_an_item_and_what_was_put_before_it,
	    text_inserted_inside_what_is_deleted_meanwhile_stays,
	    an_insert_at_the_edge_of_what_is_deleted_meanwhile_stays, what_two_delete_is_deleted_once,
	    what_three_deleted_comes_back_in_versions_that_know_of_fewer, criss_cross_merges, several_roots,
	    an_agent_is_never_on_two_branches, very_many_inserts_at_one_spot_take_no_time};
	Suite *s = suite_create("text_order");
	TCase *t = tcase_create("cases");

	tcase_set_timeout(t, 300);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return suite_run(s);
}
