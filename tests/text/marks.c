/*
 * Goal: formats come out as people mean them (rule B3, docs/protocol.md 6.4): the examples of the Peritext
 * paper, the cases of Loro's list, and what was reported against other editors, by name; each in every way
 * the events may arrive.  Where our rule differs from theirs on purpose, the test says so in its name or
 * comment.
 */
#include <stdlib.h>

#include <check.h>

#include "suite.h"
#include "text/scene.h"

static struct scene s;

/* ---- Loro's list, by its numbers; Peritext's examples are among them */

/* 0; Peritext example 1 */
START_TEST(an_insert_into_what_is_made_bold_meanwhile_is_bold)
{
	scene_text(&s, "Hello World");
	scene_mark(&s, ALICE, 0, 11, BOLD, 1);
	scene_insert(&s, BOB, 6, "New ", PLAIN);
	scene_shows(&s, "<Hello New World>");
}
END_TEST

/* 1; Peritext example 2; yjs#382 lost the overlap */
START_TEST(two_overlapping_bolds_are_one)
{
	scene_text(&s, "Hello World");
	scene_mark(&s, ALICE, 0, 5, BOLD, 1);
	scene_mark(&s, BOB, 3, 11, BOLD, 1);
	scene_shows(&s, "<Hello World>");
}
END_TEST

/* 2: the new words continue the bold that is being taken away */
START_TEST(an_insert_behind_what_is_unbolded_meanwhile_is_plain)
{
	scene_open(&s);
	scene_insert(&s, ALICE, 0, "Hello World", BOLD);
	scene_meet(&s);
	scene_mark(&s, ALICE, 0, 6, BOLD, 0);
	scene_insert(&s, BOB, 6, "a ", BOLD);
	scene_shows(&s, "Hello a <World>");
}
END_TEST

/* 3: loro#1009 swallowed it */
START_TEST(an_insert_before_what_is_made_bold_meanwhile_is_plain)
{
	scene_text(&s, "Hello World");
	scene_mark(&s, ALICE, 6, 11, BOLD, 1);
	scene_insert(&s, BOB, 6, "a ", PLAIN);
	scene_shows(&s, "Hello a <World>");
}
END_TEST

/* 4: they wish it bold; somebody else's words after a word that I just made bold stay plain here, on purpose
 */
START_TEST(an_insert_behind_what_is_made_bold_meanwhile_stays_plain)
{
	scene_text(&s, "Hello World");
	scene_mark(&s, ALICE, 0, 5, BOLD, 1);
	scene_insert(&s, BOB, 5, "*", PLAIN);
	scene_shows(&s, "<Hello>* World");
}
END_TEST

/* 5 */
START_TEST(an_edit_inside_a_new_link_is_in_the_link)
{
	scene_text(&s, "Hello World");
	scene_mark(&s, ALICE, 0, 5, LINK, 1);
	scene_delete(&s, BOB, 1, 4);
	scene_insert(&s, BOB, 1, "ey", PLAIN);
	scene_shows(&s, "[Hey] World");
}
END_TEST

/* 6; Peritext examples 7 and 8: the editor knows which of the formats around the caret go on, and the text is
 * born with them; nothing is added to it afterwards, wherever it came to stand. */
START_TEST(words_typed_at_the_end_of_a_bold_link_are_bold_and_no_link)
{
	scene_open(&s);
	scene_insert(&s, ALICE, 0, "Hello", BOLD);
	scene_insert(&s, ALICE, 5, " World", PLAIN);
	scene_mark(&s, ALICE, 0, 5, LINK, 1);
	scene_insert(&s, ALICE, 5, "t", BOLD);
	scene_shows(&s, "<[Hello]t> World");
	scene_meet(&s);
	scene_insert(&s, BOB, 6, "!", PLAIN);
	scene_shows(&s, "<[Hello]t>! World");
}
END_TEST

/* 7 */
START_TEST(two_unbold_at_once_a_part_and_the_whole)
{
	scene_open(&s);
	scene_insert(&s, ALICE, 0, "The fox jumped", BOLD);
	scene_insert(&s, ALICE, 14, " over.", PLAIN);
	scene_meet(&s);
	scene_mark(&s, ALICE, 0, 14, BOLD, 0);
	scene_mark(&s, BOB, 4, 7, BOLD, 0);
	scene_shows(&s, "The fox jumped over.");
}
END_TEST

/* 8; Peritext example 4 */
START_TEST(bold_and_unbold_in_different_places_keep_apart)
{
	scene_open(&s);
	scene_insert(&s, ALICE, 0, "The fox jumped", BOLD);
	scene_insert(&s, ALICE, 14, " over the dog.", PLAIN);
	scene_meet(&s);
	scene_mark(&s, ALICE, 7, 14, BOLD, 0);
	scene_mark(&s, BOB, 3, 14, BOLD, 0);
	scene_mark(&s, BOB, 24, 27, BOLD, 1);
	scene_shows(&s, "<The> fox jumped over the <dog>.");
}
END_TEST

/* 9; Peritext example 3 */
START_TEST(bold_and_italic_overlap)
{
	scene_text(&s, "The fox jumped.");
	scene_mark(&s, ALICE, 0, 7, BOLD, 1);
	scene_mark(&s, BOB, 4, 14, ITALIC, 1);
	scene_shows(&s, "<The {fox> jumped}.");
}
END_TEST

/* 10; Peritext example 6: what may stand together has keys of its own (here one is called italic) */
START_TEST(two_comments_overlap_and_both_stay)
{
	scene_text(&s, "The fox jumped.");
	scene_mark(&s, ALICE, 0, 7, COMMENT, 1);
	scene_mark(&s, BOB, 4, 14, ITALIC, 1);
	scene_mark(&s, CAROL, 0, 15, BOLD, 1);
	scene_shows(&s, "<(The {fox) jumped}.>");
}
END_TEST

/* ---- who wins */

/* Peritext example 5 */
START_TEST(of_two_links_on_the_same_words_one_wins_where_they_overlap)
{
	scene_text(&s, "The fox jumped.");
	scene_mark(&s, ALICE, 0, 7, LINK, 1);
	scene_mark(&s, BOB, 4, 14, LINK, 2);
	scene_shows(&s, "[The ][[fox jumped]].");
}
END_TEST

START_TEST(of_bold_and_unbold_on_the_same_words_one_wins_and_all_agree)
{
	for (int lower = 0; lower < 2; lower++) {
		scene_text(&s, "The fox");
		scene_mark(&s, lower ? BOB : CAROL, 0, 7, BOLD, 1);
		scene_mark(&s, lower ? CAROL : BOB, 4, 7, BOLD, 0);
		scene_shows(&s, lower ? "<The >fox" : "<The fox>");
	}
}
END_TEST

START_TEST(a_mark_made_knowing_of_another_wins_over_it)
{
	for (int who = 0; who < 2; who++) {
		scene_text(&s, "The fox");
		scene_mark(&s, who, 0, 7, BOLD, 1);
		scene_hear(&s, 1 - who, who);
		scene_mark(&s, 1 - who, 0, 3, BOLD, 0);
		scene_shows(&s, "The< fox>");
	}
}
END_TEST

/* Who has seen more is later, whatever they are called. */
START_TEST(a_longer_history_wins_over_a_higher_name)
{
	scene_text(&s, "The fox");
	scene_insert(&s, ALICE, 7, "!", PLAIN);
	scene_mark(&s, ALICE, 0, 7, BOLD, 0);
	scene_mark(&s, DAVE, 0, 7, BOLD, 1);
	scene_shows(&s, "The fox!");
}
END_TEST

/* ---- the edges, and what is no longer there */

/* Peritext: the ends of a mark are items, and items may be deleted. */
START_TEST(a_mark_whose_ends_are_deleted_meanwhile_keeps_its_middle)
{
	scene_text(&s, "one two three");
	scene_mark(&s, ALICE, 4, 7, BOLD, 1);
	scene_delete(&s, BOB, 4, 1);
	scene_delete(&s, BOB, 5, 1);
	scene_insert(&s, CAROL, 5, "X", PLAIN);
	scene_shows(&s, "one <Xw> three");
}
END_TEST

START_TEST(words_put_where_a_marked_word_was_deleted_are_plain)
{
	scene_text(&s, "one two three");
	scene_mark(&s, ALICE, 4, 7, BOLD, 1);
	scene_meet(&s);
	scene_delete(&s, BOB, 4, 3);
	scene_insert(&s, BOB, 4, "2", PLAIN);
	scene_shows(&s, "one 2 three");
}
END_TEST

START_TEST(a_mark_on_a_word_that_is_deleted_meanwhile_leaves_nothing)
{
	scene_text(&s, "one two three");
	scene_mark(&s, ALICE, 4, 7, BOLD, 1);
	scene_delete(&s, BOB, 3, 5);
	scene_insert(&s, CAROL, 4, "_", PLAIN); /* before the first marked item */
	scene_insert(&s, CAROL, 8, "_", PLAIN); /* behind the last */
	scene_shows(&s, "one__three");
}
END_TEST

/* automerge#277 */
START_TEST(a_mark_does_not_reach_text_made_in_its_middle_by_who_knew_it)
{
	scene_text(&s, "one two");
	scene_mark(&s, ALICE, 0, 7, BOLD, 1);
	scene_hear(&s, BOB, ALICE);
	scene_insert(&s, BOB, 3, " plain", PLAIN);
	scene_shows(&s, "<one> plain< two>");
}
END_TEST

/* yjs#606: taking a format away reached beyond its range */
START_TEST(unbolding_in_the_middle_leaves_both_sides)
{
	scene_open(&s);
	scene_insert(&s, ALICE, 0, "one two three", BOLD);
	scene_meet(&s);
	scene_mark(&s, ALICE, 4, 7, BOLD, 0);
	scene_insert(&s, BOB, 4, "X", BOLD);
	scene_insert(&s, BOB, 9, "Y", BOLD); /* behind the space behind two */
	scene_shows(&s, "<one X>two< Ythree>");
}
END_TEST

/* The continuation clause reaches words that go on in the format, up to the next item that its author knew.
 */
START_TEST(the_continuation_ends_at_the_next_item_that_the_author_knew)
{
	scene_open(&s);
	scene_insert(&s, ALICE, 0, "ab", BOLD);
	scene_meet(&s);
	scene_mark(&s, ALICE, 0, 1, BOLD, 0);
	scene_insert(&s, BOB, 1, "x", BOLD); /* between a and b */
	scene_insert(&s, BOB, 3, "y", BOLD); /* behind b */
	scene_shows(&s, "ax<by>");
}
END_TEST

/* The item behind the range may be deleted: it still ends the continuation, for its author knew it. */
START_TEST(a_deleted_item_ends_the_continuation_too)
{
	scene_open(&s);
	scene_insert(&s, ALICE, 0, "abc", BOLD);
	scene_delete(&s, ALICE, 1, 1);
	scene_mark(&s, ALICE, 0, 1, BOLD, 0);
	scene_meet(&s); /* nobody is concurrent with that */
	scene_insert(&s, BOB, 1, "x", BOLD);
	scene_shows(&s, "a<xc>");

	scene_open(&s);
	scene_insert(&s, ALICE, 0, "abc", BOLD);
	scene_meet(&s);
	scene_delete(&s, ALICE, 1, 1);
	scene_mark(&s, ALICE, 0, 1, BOLD, 0);
	scene_insert(&s, BOB, 1, "x", BOLD); /* before b, which Bob has */
	scene_insert(&s, BOB, 3, "y", BOLD); /* behind it */
	scene_shows(&s, "ax<yc>");
}
END_TEST

START_TEST(a_plain_word_ends_nothing_for_the_bold_one_behind_it)
{
	scene_open(&s);
	scene_insert(&s, ALICE, 0, "ab", BOLD);
	scene_meet(&s);
	scene_mark(&s, ALICE, 0, 1, BOLD, 0);
	scene_insert(&s, BOB, 1, "-", PLAIN);
	scene_insert(&s, BOB, 2, "x", BOLD);
	scene_shows(&s, "a-x<b>");
}
END_TEST

/* ... and a mark that gives a format changes the one it continues as well: another link, the same words. */
START_TEST(a_new_value_reaches_words_that_continue_the_old_one)
{
	scene_open(&s);
	scene_insert(&s, ALICE, 0, "link", LINK);
	scene_insert(&s, ALICE, 4, " end", PLAIN);
	scene_meet(&s);
	scene_mark(&s, ALICE, 0, 4, LINK, 2);
	scene_insert(&s, BOB, 4, "ed", LINK);
	scene_shows(&s, "[[linked]] end");
}
END_TEST

/* ---- markers and atoms are items too */

/* automerge#1131: marks across blocks */
START_TEST(a_mark_across_markers_marks_the_words_on_both_sides)
{
	scene_text(&s, "#one#two");
	scene_mark(&s, ALICE, 2, 7, BOLD, 1);
	scene_insert(&s, BOB, 4, "#", PLAIN);
	scene_insert(&s, BOB, 5, "x", PLAIN);
	scene_shows(&s, "#o<ne#x#tw>o");
}
END_TEST

/* A block that is split off meanwhile gets the attribute that the whole block gets. */
START_TEST(what_is_written_over_a_block_reaches_one_split_off_it_meanwhile)
{
	scene_text(&s, "#one two#end");
	scene_mark(&s, ALICE, 0, 8, LINK, 1);
	scene_insert(&s, BOB, 4, "#", PLAIN);
	scene_shows(&s, "[#one# two]#end");
}
END_TEST

START_TEST(an_atom_in_a_marked_range_is_marked)
{
	scene_text(&s, "one @ two");
	scene_mark(&s, ALICE, 0, 9, ITALIC, 1);
	scene_insert(&s, BOB, 5, "@", PLAIN);
	scene_shows(&s, "{one @@ two}");
}
END_TEST

/* ---- more than two */

START_TEST(three_mark_and_one_writes_and_nobody_knows_of_the_others)
{
	scene_text(&s, "abcdef");
	scene_mark(&s, ALICE, 0, 4, BOLD, 1);
	scene_mark(&s, BOB, 2, 6, BOLD, 0);
	scene_mark(&s, CAROL, 1, 5, ITALIC, 1);
	scene_insert(&s, DAVE, 3, "X", BOLD);
	scene_shows(&s, "<a{b>cXde}f");
}
END_TEST

/* Everybody hears the others' marks in another order. */
START_TEST(a_mark_heard_late_is_judged_as_if_heard_at_once)
{
	scene_text(&s, "abc");
	scene_mark(&s, ALICE, 0, 3, BOLD, 1);
	scene_insert(&s, BOB, 1, "1", PLAIN);
	scene_insert(&s, BOB, 2, "2", PLAIN);
	scene_hear(&s, CAROL, BOB);
	scene_delete(&s, CAROL, 0, 2); /* a 1 */
	scene_insert(&s, CAROL, 1, "3", PLAIN);
	scene_hear(&s, DAVE, CAROL);
	scene_hear(&s, DAVE, ALICE);
	scene_insert(&s, DAVE, 1, "4", PLAIN);
	scene_shows(&s, "<2>4<3bc>");
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {an_insert_into_what_is_made_bold_meanwhile_is_bold,
	    two_overlapping_bolds_are_one, an_insert_behind_what_is_unbolded_meanwhile_is_plain,
	    an_insert_before_what_is_made_bold_meanwhile_is_plain,
	    an_insert_behind_what_is_made_bold_meanwhile_stays_plain,
	    an_edit_inside_a_new_link_is_in_the_link,
	    words_typed_at_the_end_of_a_bold_link_are_bold_and_no_link,
	    two_unbold_at_once_a_part_and_the_whole, bold_and_unbold_in_different_places_keep_apart,
	    bold_and_italic_overlap, two_comments_overlap_and_both_stay,
	    of_two_links_on_the_same_words_one_wins_where_they_overlap,
	    of_bold_and_unbold_on_the_same_words_one_wins_and_all_agree,
	    a_mark_made_knowing_of_another_wins_over_it, a_longer_history_wins_over_a_higher_name,
	    a_mark_whose_ends_are_deleted_meanwhile_keeps_its_middle,
	    words_put_where_a_marked_word_was_deleted_are_plain,
	    a_mark_on_a_word_that_is_deleted_meanwhile_leaves_nothing,
	    a_mark_does_not_reach_text_made_in_its_middle_by_who_knew_it,
	    unbolding_in_the_middle_leaves_both_sides,
	    the_continuation_ends_at_the_next_item_that_the_author_knew,
	    a_deleted_item_ends_the_continuation_too, a_plain_word_ends_nothing_for_the_bold_one_behind_it,
	    a_new_value_reaches_words_that_continue_the_old_one,
	    a_mark_across_markers_marks_the_words_on_both_sides,
	    what_is_written_over_a_block_reaches_one_split_off_it_meanwhile,
	    an_atom_in_a_marked_range_is_marked, three_mark_and_one_writes_and_nobody_knows_of_the_others,
	    a_mark_heard_late_is_judged_as_if_heard_at_once};
	Suite *suite = suite_create("text_marks");
	TCase *t = tcase_create("cases");

	tcase_set_timeout(t, 300);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(suite, t);
	return suite_run(suite);
}
