/*
 * Goal: what people see after they changed the same blocks at once: the cases of docs/rich-text.md by name,
 * and what other editors are known to do wrong.
 */
#define _GNU_SOURCE /* memmem */
#include <string.h>

#include <check.h>

#include <toygrid/status.h>

#include "suite.h"
#include "text/room.h"

static struct room r;

/* "one" and "two" in a paragraph each; everybody has them.  Items: 0 ¶, 1-3 one, 4 ¶, 5-7 two. */
static void
two_paragraphs(int people, const char *attrs)
{
	room_open(&r, people);
	room_block(&r, ANN, "", 0, attrs);
	room_type(&r, ANN, "", 1, "one", NULL);
	room_block(&r, ANN, "", 4, attrs);
	room_type(&r, ANN, "", 5, "two", NULL);
	room_meet(&r);
}

static void
done(const char *text)
{
	room_meet(&r);
	room_shows(&r, text);
	room_close(&r);
}

/* ---- what the rules say (text-core.md B4, B5) */

START_TEST(two_indents_at_once_are_one)
{
	two_paragraphs(2, "list=bullet:x");
	for (int i = 0; i < 2; i++)
		room_mark(&r, i, "", 4, 8, "indent", "1");
	done("ul(li(p(one) ul(li(p(two)))))");
}
END_TEST

START_TEST(two_splits_at_one_place_leave_one_empty_block_between)
{
	two_paragraphs(2, NULL);
	for (int i = 0; i < 2; i++)
		room_block(&r, i, "", 6, NULL);
	done("p(one) p(t) p() p(wo)");
}
END_TEST

START_TEST(text_typed_into_the_tail_of_a_split_moves_with_it)
{
	two_paragraphs(2, NULL);
	room_block(&r, ANN, "", 6, NULL);
	room_type(&r, BEN, "", 7, "XX", NULL);
	done("p(one) p(t) p(wXXo)");
}
END_TEST

START_TEST(joining_a_block_that_another_retypes_keeps_the_text)
{
	two_paragraphs(2, NULL);
	room_delete(&r, ANN, "", 4, 1);
	room_mark(&r, BEN, "", 4, 8, "type", "heading:2");
	done("p(onetwo)");
}
END_TEST

START_TEST(wrapping_by_two_is_decided_block_by_block)
{
	two_paragraphs(2, NULL);
	room_mark(&r, ANN, "", 0, 8, "path", "quote:a");
	room_mark(&r, BEN, "", 4, 8, "path", "quote:b"); /* as old, and by the higher name */
	done("quote(p(one)) quote(p(two))");
}
END_TEST

START_TEST(text_typed_into_a_block_that_is_deleted_flows_into_the_one_before)
{
	two_paragraphs(2, NULL);
	room_delete(&r, ANN, "", 4, 4);
	room_type(&r, BEN, "", 6, "NEW", NULL);
	done("p(oneNEW)");
}
END_TEST

START_TEST(a_block_split_off_at_once_is_converted_too)
{
	two_paragraphs(2, NULL);
	room_mark(&r, ANN, "", 4, 8, "type", "heading:2"); /* the marker and its text */
	room_block(&r, BEN, "", 6, NULL);
	done("p(one) h(t) h(wo)");
}
END_TEST

START_TEST(a_conversion_leaves_the_next_block_alone)
{
	two_paragraphs(2, NULL);
	room_mark(&r, ANN, "", 0, 4, "type", "heading:2");
	room_block(&r, BEN, "", 4, NULL); /* Enter at the end of the first */
	done("h(one) p() p(two)");
}
END_TEST

START_TEST(lists_and_quotes_side_by_side_stay_two)
{
	room_open(&r, 2);
	room_block(&r, ANN, "", 0, "list=bullet:x path=quote:a");
	room_block(&r, ANN, "", 1, "list=bullet:y path=quote:a");
	room_block(&r, ANN, "", 2, "list=bullet:y path=quote:b");
	done("quote(ul(li(p())) ul(li(p()))) quote(ul(li(p())))");
}
END_TEST

START_TEST(a_list_is_no_deeper_than_its_neighbours_let_it)
{
	room_open(&r, 1);
	room_block(&r, ANN, "", 0, "list=bullet:x indent=5");
	room_block(&r, ANN, "", 1, "list=bullet:x indent=15");
	room_block(&r, ANN, "", 2, "list=ordered:y indent=1");
	room_block(&r, ANN, "", 3, "list=ordered:y indent=1 cont=true type=code");
	room_block(&r, ANN, "", 4, "list=ordered:y indent=1 type=heading");
	done("ul(li(p() ul(li(p())) ol(li(p() code())))) h()");
}
END_TEST

START_TEST(what_is_not_known_is_drawn_plainly_and_kept)
{
	const uint8_t *p;
	uint32_t format;
	struct tg_event_id id;
	size_t len;
	int kind;

	room_open(&r, 1);
	room_block(&r, ANN, "", 0, "type=hologram:3 path=orb:1/quote:q list=braid");
	room_type(&r, ANN, "", 1, "x", "sparkle=true");
	room_shows(&r, "quote(p(x))");
	ck_assert_int_eq(tg_doc_item(r.doc[0], 0, 0, &id, &kind, &format), TG_OK);
	ck_assert_int_eq(tg_doc_format(r.doc[0], format, &p, &len), TG_OK);
	ck_assert_ptr_nonnull(memmem(p, len, "hologram:3", 10));
	ck_assert_ptr_nonnull(memmem(p, len, "orb:1/quote:q", 13));
	room_close(&r);
}
END_TEST

START_TEST(text_needs_no_marker)
{
	room_open(&r, 2);
	room_type(&r, ANN, "", 0, "a", NULL);
	room_meet(&r);
	room_block(&r, ANN, "", 1, "type=rule");
	room_type(&r, ANN, "", 2, "b", NULL);
	room_block(&r, ANN, "", 3, "type=rule");
	done("p(a) hr p(b) hr");
}
END_TEST

START_TEST(a_block_moved_by_two_is_there_twice)
{
	two_paragraphs(2, NULL);
	for (int i = 0; i < 2; i++) {
		room_delete(&r, i, "", 4, 4);
		room_block(&r, i, "", 0, NULL);
		room_type(&r, i, "", 1, "two", NULL);
	}
	done("p(two) p(two) p(one)");
}
END_TEST

START_TEST(text_typed_into_a_block_that_is_moved_stays_in_the_old_place)
{
	two_paragraphs(2, NULL);
	room_delete(&r, ANN, "", 4, 4);
	room_block(&r, ANN, "", 0, NULL);
	room_type(&r, ANN, "", 1, "two", NULL);
	room_type(&r, BEN, "", 8, "!", NULL);
	done("p(two) p(one!)");
}
END_TEST

/* ---- tables */

static void
two_by_two(int people)
{
	room_open(&r, people);
	room_block(&r, ANN, "", 0, "type=table id=t");
	room_atom(&r, ANN, "t/1", 0, "id=r1");
	room_atom(&r, ANN, "t/1", 1, "id=r2");
	room_atom(&r, ANN, "t/2", 0, "id=c1");
	room_atom(&r, ANN, "t/2", 1, "id=c2");
	room_type(&r, ANN, "t/r1/c1", 0, "a", NULL);
	room_type(&r, ANN, "t/r2/c2", 0, "d", NULL);
	room_meet(&r);
	room_shows(&r, "table(tr(td(p(a)) td(p())) tr(td(p()) td(p(d))))");
}

START_TEST(a_row_and_a_column_inserted_at_once_make_a_full_grid)
{
	two_by_two(2);
	room_atom(&r, ANN, "t/1", 1, "id=r3");
	room_atom(&r, BEN, "t/2", 1, "id=c3");
	room_type(&r, ANN, "t/r3/c1", 0, "x", NULL);
	room_type(&r, BEN, "t/r1/c3", 0, "y", NULL);
	done(
	    "table(tr(td(p(a)) td(p(y)) td(p())) tr(td(p(x)) td(p()) td(p())) tr(td(p()) td(p()) td(p(d))))");
}
END_TEST

START_TEST(two_who_type_into_a_new_cell_meet_there)
{
	two_by_two(2);
	room_type(&r, ANN, "t/r1/c2", 0, "left ", NULL);
	room_type(&r, BEN, "t/r1/c2", 0, "right", NULL);
	done("table(tr(td(p(a)) td(p(left right))) tr(td(p()) td(p(d))))");
}
END_TEST

START_TEST(an_edit_in_a_row_that_is_deleted_is_hidden_and_back_on_undo)
{
	two_by_two(2);
	room_delete(&r, ANN, "t/1", 1, 1);
	room_type(&r, BEN, "t/r2/c2", 1, "!", NULL);
	room_meet(&r);
	room_shows(&r, "table(tr(td(p(a)) td(p())))");
	room_undo(&r, ANN);
	done("table(tr(td(p(a)) td(p())) tr(td(p()) td(p(d!))))");
}
END_TEST

START_TEST(a_row_without_a_name_of_its_own_keeps_its_cells_through_undo)
{
	struct tg_event_id id;
	uint32_t format, cell;
	int kind;
	uint8_t name[64] = {0x93, 0xa1, 't', 0x92, 0xc4, 32};
	struct tg_edit e = {.kind = TG_EDIT_INSERT, .text = (const uint8_t *)"kept", .text_len = 4};

	room_open(&r, 2);
	room_block(&r, ANN, "", 0, "type=table id=t");
	room_atom(&r, ANN, "t/2", 0, "id=c");
	room_atom(&r, ANN, "t/1", 0, NULL);
	ck_assert_int_eq(tg_doc_item(r.doc[ANN], room_flow(&r, ANN, "t/1"), 0, &id, &kind, &format), TG_OK);
	memcpy(name + 6, id.agent, 32);
	name[38] = (uint8_t)id.seq;
	memcpy(name + 39,
	    "\xa1"
	    "c",
	    2);
	ck_assert_int_eq(tg_doc_flow(r.doc[ANN], name, 41, &cell), TG_OK);
	e.flow = cell;
	ck_assert_int_eq(tg_doc_edit(r.doc[ANN], &e, 1, NULL, NULL), TG_OK);
	room_meet(&r);
	room_shows(&r, "table(tr(td(p(kept))))");
	room_delete(&r, ANN, "t/1", 0, 1);
	room_meet(&r);
	room_shows(&r, "embed"); /* no rows: a placeholder */
	room_undo(&r, ANN);
	done("table(tr(td(p(kept))))");
}
END_TEST

START_TEST(a_deleted_table_comes_back_with_its_cells)
{
	struct tg_event_id id;
	uint8_t name[64] = {0x92, 0x92, 0xc4, 32}; /* [[agent, 0], slot] */
	struct tg_edit e = {.kind = TG_EDIT_ATOM};
	struct tg_patches patches;
	struct tg_event_range deleted = {{0}, 0, 1};
	uint32_t format;
	int kind;

	room_open(&r, 2);
	room_block(&r, ANN, "", 0, "type=table");
	ck_assert_int_eq(tg_doc_item(r.doc[ANN], 0, 0, &id, &kind, &format), TG_OK);
	memcpy(name + 4, id.agent, 32);
	name[36] = (uint8_t)id.seq;
	for (uint8_t slot = TG_TEXT_SLOT_ROWS; slot <= TG_TEXT_SLOT_COLUMNS; slot++) {
		name[37] = slot;
		ck_assert_int_eq(tg_doc_flow(r.doc[ANN], name, 38, &e.flow), TG_OK);
		ck_assert_int_eq(tg_doc_edit(r.doc[ANN], &e, 1, NULL, NULL), TG_OK);
	}
	room_meet(&r);
	room_shows(&r, "table(tr(td(p())))");
	room_delete(&r, BEN, "", 0, 1);
	room_meet(&r);
	room_shows(&r, "p()");
	memcpy(deleted.agent, id.agent, 32);
	deleted.agent[0] = 2; /* Ben's */
	deleted.seq = r.last_first[BEN];
	ck_assert_int_eq(tg_doc_undo(r.doc[BEN], &deleted, 1, NULL, NULL, &patches), TG_OK);
	done("table(tr(td(p())))");
}
END_TEST

START_TEST(a_command_on_blocks_covers_their_markers_and_text)
{
	uint32_t first, end;

	two_paragraphs(1, NULL);
	room_draw(&r, ANN, "two paragraphs");
	ck_assert_int_eq(tg_drawing_blocks(r.drawing[ANN], 0, 4, 4, &first, &end), TG_OK); /* behind "one" */
	ck_assert_uint_eq(first * 100 + end, 4);
	ck_assert_int_eq(tg_drawing_blocks(r.drawing[ANN], 0, 2, 5, &first, &end), TG_OK);
	ck_assert_uint_eq(first * 100 + end, 8);
	ck_assert_int_eq(tg_drawing_blocks(r.drawing[ANN], 0, 5, 5, &first, &end), TG_OK);
	ck_assert_uint_eq(first * 100 + end, 408);
	ck_assert_int_eq(tg_drawing_blocks(r.drawing[ANN], 0, 5, 9, &first, &end), TG_ERANGE);
	room_close(&r);
}
END_TEST

START_TEST(two_undos_of_one_deleted_row_show_it_once)
{
	two_by_two(2);
	room_delete(&r, ANN, "t/1", 1, 1);
	room_meet(&r);
	r.last_first[BEN] = r.last_first[ANN];
	for (int i = 0; i < 2; i++) {
		struct tg_event_range range = {{0}, r.last_first[ANN], 1};
		struct tg_patches patches;

		memset(range.agent, 0x50, sizeof range.agent);
		range.agent[0] = 1;
		ck_assert_int_eq(tg_doc_undo(r.doc[i], &range, 1, NULL, NULL, &patches), TG_OK);
	}
	done("table(tr(td(p(a)) td(p())) tr(td(p()) td(p(d))))");
}
END_TEST

START_TEST(spans_are_clipped_where_they_are_drawn)
{
	two_by_two(2);
	room_set(&r, ANN, "t/r1/c1", "colspan", "9");
	room_set(&r, BEN, "t/r1/c1", "rowspan", "2");
	room_set(&r, BEN, "t/r2/c1", "colspan", "2");
	room_meet(&r);
	room_shows(&r, "table(tr(td(p(a))) tr())");
	room_set(&r, ANN, "t/r1/c1", "colspan", "1");
	done("table(tr(td(p(a)) td(p())) tr(td(p(d))))");
}
END_TEST

START_TEST(a_table_in_its_own_cell_and_one_twice_are_drawn_once)
{
	two_by_two(2);
	room_block(&r, BEN, "t/r1/c2", 0, "type=table id=t");
	room_block(&r, ANN, "", 1, "type=table id=t");
	done("table(tr(td(p(a)) td(embed)) tr(td(p()) td(p(d)))) embed");
}
END_TEST

START_TEST(an_item_of_an_unknown_kind_in_rows_is_no_row)
{
	two_by_two(1);
	room_type(&r, ANN, "t/1", 1, "text", NULL);
	room_block(&r, ANN, "t/1", 0, NULL);
	done("table(tr(td(p(a)) td(p())) tr(td(p()) td(p(d))))");
}
END_TEST

/* ---- comments and objects */

START_TEST(a_thread_is_written_by_two_while_its_words_are_deleted)
{
	const uint8_t *text;
	uint32_t flow, at;
	size_t len;

	two_paragraphs(2, NULL);
	room_mark(&r, ANN, "", 5, 8, "c:7", "true");
	room_meet(&r);
	room_type(&r, ANN, "c:7/0", 0, "why? ", NULL);
	room_type(&r, BEN, "c:7/0", 0, "ok", NULL);
	room_delete(&r, BEN, "", 5, 3);
	room_meet(&r);
	room_shows(&r, "p(one) p()");
	for (int i = 0; i < 2; i++) {
		flow = room_flow(&r, i, "c:7/0");
		ck_assert_int_eq(tg_doc_text(r.doc[i], flow, 0, 7, &text, &len), TG_OK);
		ck_assert_mem_eq(text, "why? ok", 7);
		/* No word is left: the comment keeps the place. */
		ck_assert_int_eq(
		    tg_doc_comment(r.doc[i], (const uint8_t *)"c:7", 3, &flow, &at, &(uint32_t){0}), TG_OK);
		ck_assert_uint_eq(flow, 0);
		ck_assert_uint_eq(at, 5);
	}
	room_close(&r);
}
END_TEST

START_TEST(words_typed_behind_a_comment_are_not_in_it)
{
	uint32_t flow, from, to;

	two_paragraphs(2, NULL);
	room_mark(&r, ANN, "", 5, 8, "c:7", "true");
	room_type(&r, BEN, "", 8, "!", NULL);
	room_type(&r, BEN, "", 6, "-", NULL);
	room_meet(&r);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(
		    tg_doc_comment(r.doc[i], (const uint8_t *)"c:7", 3, &flow, &from, &to), TG_OK);
		ck_assert_uint_eq(from, 5);
		ck_assert_uint_eq(to, 9);
	}
	room_close(&r);
}
END_TEST

START_TEST(objects_of_every_kind_draw_as_one_and_keep_what_they_are)
{
	room_open(&r, 2);
	room_block(&r, ANN, "", 0, NULL);
	room_atom(&r, ANN, "", 1, "type=image");
	room_atom(&r, ANN, "", 2, "type=mention who=ben");
	room_atom(&r, BEN, "", 0, "type=app");
	room_block(&r, ANN, "", 3, "type=code");
	room_atom(&r, ANN, "", 4, "type=footnote");
	room_type(&r, ANN, "", 5, "x", "bold=true");
	done("p(obj obj) code(?x?)");
}
END_TEST

/* ---- what other editors are known for */

START_TEST(y_prosemirror_160_text_at_the_start_of_an_empty_line_is_not_doubled)
{
	room_open(&r, 2);
	room_block(&r, ANN, "", 0, NULL);
	room_meet(&r);
	room_type(&r, ANN, "", 1, "ab", NULL);
	room_type(&r, BEN, "", 1, "cd", NULL);
	done("p(abcd)");
}
END_TEST

START_TEST(y_prosemirror_108_text_survives_the_deletion_of_everything)
{
	two_paragraphs(2, NULL);
	room_delete(&r, ANN, "", 0, 8);
	room_type(&r, BEN, "", 8, "more", NULL);
	done("p(more)");
}
END_TEST

START_TEST(y_prosemirror_258_a_quote_without_blocks_is_no_quote)
{
	two_paragraphs(2, "path=quote:a");
	room_delete(&r, ANN, "", 0, 8);
	room_mark(&r, BEN, "", 0, 4, "path", "quote:b");
	done("p()");
}
END_TEST

START_TEST(y_prosemirror_34_marks_of_one_kind_coexist)
{
	uint32_t flow, from, to;

	two_paragraphs(2, NULL);
	room_mark(&r, ANN, "", 1, 4, "c:1", "true");
	room_mark(&r, BEN, "", 2, 7, "c:2", "true");
	room_meet(&r);
	ck_assert_int_eq(tg_doc_comment(r.doc[0], (const uint8_t *)"c:1", 3, &flow, &from, &to), TG_OK);
	ck_assert_uint_eq(from * 100 + to, 104);
	ck_assert_int_eq(tg_doc_comment(r.doc[0], (const uint8_t *)"c:2", 3, &flow, &from, &to), TG_OK);
	ck_assert_uint_eq(from * 100 + to, 207);
	room_close(&r);
}
END_TEST

START_TEST(y_prosemirror_27_a_column_resized_by_two_is_one_width)
{
	two_by_two(2);
	room_mark(&r, ANN, "t/2", 0, 1, "width", "10");
	room_mark(&r, BEN, "t/2", 0, 1, "width", "20");
	room_delete(&r, ANN, "t/2", 1, 1);
	done("table(tr(td(p(a))) tr(td(p())))");
}
END_TEST

START_TEST(y_prosemirror_247_indents_of_two_keep_the_list_a_list)
{
	two_paragraphs(3, "list=bullet:x");
	room_mark(&r, ANN, "", 0, 4, "indent", "1");
	room_mark(&r, BEN, "", 4, 8, "indent", "2");
	room_delete(&r, CLEO, "", 0, 4);
	done("ul(li(p(two)))");
}
END_TEST

START_TEST(yorkie_1358_two_splits_double_nothing)
{
	room_open(&r, 2);
	room_block(&r, ANN, "", 0, NULL);
	room_type(&r, ANN, "", 1, "abcde", NULL);
	room_meet(&r);
	room_block(&r, ANN, "", 3, NULL);
	room_block(&r, BEN, "", 5, NULL);
	done("p(ab) p(cd) p(e)");
}
END_TEST

START_TEST(automerge_prosemirror_42_adjacent_lists_stay_apart)
{
	two_paragraphs(2, "list=bullet:x");
	room_mark(&r, ANN, "", 4, 8, "list", "bullet:y");
	room_type(&r, BEN, "", 8, "!", NULL);
	done("ul(li(p(one))) ul(li(p(two!)))");
}
END_TEST

START_TEST(automerge_prosemirror_25_a_rule_alone_loads)
{
	room_open(&r, 2);
	room_block(&r, ANN, "", 0, "type=rule");
	done("hr");
}
END_TEST

START_TEST(automerge_prosemirror_41_a_bold_word_in_what_becomes_code)
{
	two_paragraphs(2, NULL);
	room_mark(&r, ANN, "", 4, 8, "type", "code");
	room_mark(&r, BEN, "", 5, 8, "bold", "true");
	done("p(one) code(two)");
}
END_TEST

START_TEST(gutenberg_76913_a_table_is_no_single_register)
{
	two_by_two(2);
	room_type(&r, ANN, "t/r1/c1", 1, "nn", NULL);
	room_type(&r, BEN, "t/r2/c2", 1, "ee", NULL);
	done("table(tr(td(p(ann)) td(p())) tr(td(p()) td(p(dee))))");
}
END_TEST

START_TEST(lexical_6614_undo_deletes_only_own_paragraphs)
{
	two_paragraphs(2, NULL);
	room_block(&r, ANN, "", 8, NULL);
	room_meet(&r);
	room_type(&r, BEN, "", 9, "ben", NULL);
	room_block(&r, BEN, "", 12, NULL);
	room_meet(&r);
	r.last_count[ANN] = 1;
	room_undo(&r, ANN);
	done("p(one) p(twoben) p()");
}
END_TEST

START_TEST(codemirror_868_undo_keeps_what_others_typed_inside)
{
	two_paragraphs(2, NULL);
	room_type(&r, ANN, "", 8, "mine", NULL);
	room_meet(&r);
	room_type(&r, BEN, "", 10, "YOURS", NULL);
	room_meet(&r);
	room_undo(&r, ANN);
	done("p(one) p(twoYOURS)");
}
END_TEST

START_TEST(prosemirror_1568_undo_puts_text_back_in_its_old_place)
{
	two_paragraphs(2, NULL);
	room_delete(&r, ANN, "", 5, 3);
	room_meet(&r);
	room_type(&r, BEN, "", 5, "<>", NULL);
	room_block(&r, BEN, "", 4, NULL);
	room_meet(&r);
	room_undo(&r, ANN);
	done("p(one) p() p(<>two)");
}
END_TEST

START_TEST(odoo_199402_indenting_does_not_break_the_other_page)
{
	two_paragraphs(2, "list=bullet:x");
	for (int i = 0; i < 6; i++) {
		char level[2] = {(char)('0' + i), 0};

		room_mark(&r, i % 2, "", 4, 8, "indent", level);
		room_hear(&r, 1 - i % 2, i % 2);
		room_agrees(&r, "after an indent");
	}
	done("ul(li(p(one) ul(li(p(two)))))");
}
END_TEST

START_TEST(slate_yjs_45_a_split_and_a_join_of_one_block)
{
	two_paragraphs(2, NULL);
	room_block(&r, ANN, "", 6, NULL);
	room_delete(&r, BEN, "", 4, 1);
	done("p(onet) p(wo)");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("text_blocks");
	TCase *t = tcase_create("blocks");

	tcase_add_test(t, two_indents_at_once_are_one);
	tcase_add_test(t, two_splits_at_one_place_leave_one_empty_block_between);
	tcase_add_test(t, text_typed_into_the_tail_of_a_split_moves_with_it);
	tcase_add_test(t, joining_a_block_that_another_retypes_keeps_the_text);
	tcase_add_test(t, wrapping_by_two_is_decided_block_by_block);
	tcase_add_test(t, text_typed_into_a_block_that_is_deleted_flows_into_the_one_before);
	tcase_add_test(t, a_block_split_off_at_once_is_converted_too);
	tcase_add_test(t, a_conversion_leaves_the_next_block_alone);
	tcase_add_test(t, lists_and_quotes_side_by_side_stay_two);
	tcase_add_test(t, a_list_is_no_deeper_than_its_neighbours_let_it);
	tcase_add_test(t, what_is_not_known_is_drawn_plainly_and_kept);
	tcase_add_test(t, text_needs_no_marker);
	tcase_add_test(t, a_block_moved_by_two_is_there_twice);
	tcase_add_test(t, text_typed_into_a_block_that_is_moved_stays_in_the_old_place);
	tcase_add_test(t, a_row_and_a_column_inserted_at_once_make_a_full_grid);
	tcase_add_test(t, two_who_type_into_a_new_cell_meet_there);
	tcase_add_test(t, an_edit_in_a_row_that_is_deleted_is_hidden_and_back_on_undo);
	tcase_add_test(t, a_row_without_a_name_of_its_own_keeps_its_cells_through_undo);
	tcase_add_test(t, a_deleted_table_comes_back_with_its_cells);
	tcase_add_test(t, a_command_on_blocks_covers_their_markers_and_text);
	tcase_add_test(t, two_undos_of_one_deleted_row_show_it_once);
	tcase_add_test(t, spans_are_clipped_where_they_are_drawn);
	tcase_add_test(t, a_table_in_its_own_cell_and_one_twice_are_drawn_once);
	tcase_add_test(t, an_item_of_an_unknown_kind_in_rows_is_no_row);
	tcase_add_test(t, a_thread_is_written_by_two_while_its_words_are_deleted);
	tcase_add_test(t, words_typed_behind_a_comment_are_not_in_it);
	tcase_add_test(t, objects_of_every_kind_draw_as_one_and_keep_what_they_are);
	tcase_add_test(t, y_prosemirror_160_text_at_the_start_of_an_empty_line_is_not_doubled);
	tcase_add_test(t, y_prosemirror_108_text_survives_the_deletion_of_everything);
	tcase_add_test(t, y_prosemirror_258_a_quote_without_blocks_is_no_quote);
	tcase_add_test(t, y_prosemirror_34_marks_of_one_kind_coexist);
	tcase_add_test(t, y_prosemirror_27_a_column_resized_by_two_is_one_width);
	tcase_add_test(t, y_prosemirror_247_indents_of_two_keep_the_list_a_list);
	tcase_add_test(t, yorkie_1358_two_splits_double_nothing);
	tcase_add_test(t, automerge_prosemirror_42_adjacent_lists_stay_apart);
	tcase_add_test(t, automerge_prosemirror_25_a_rule_alone_loads);
	tcase_add_test(t, automerge_prosemirror_41_a_bold_word_in_what_becomes_code);
	tcase_add_test(t, gutenberg_76913_a_table_is_no_single_register);
	tcase_add_test(t, lexical_6614_undo_deletes_only_own_paragraphs);
	tcase_add_test(t, codemirror_868_undo_keeps_what_others_typed_inside);
	tcase_add_test(t, prosemirror_1568_undo_puts_text_back_in_its_old_place);
	tcase_add_test(t, odoo_199402_indenting_does_not_break_the_other_page);
	tcase_add_test(t, slate_yjs_45_a_split_and_a_join_of_one_block);
	suite_add_tcase(s, t);
	return suite_run(s);
}
