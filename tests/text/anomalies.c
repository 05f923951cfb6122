/*
 * Goal: what was reported against other editors does not happen here.  Each test is named after what happened
 * there and says where; those about formats alone are in marks.c, those about drawing in render.c and the
 * editor's tests.  Two or three people, through the public functions, undo included.
 */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <toygrid/status.h>
#include <toygrid/text.h>

#include "suite.h"

#define PEOPLE 3

enum {
	ALICE,
	BOB,
	CAROL,
};

static struct person {
	struct tg_doc *doc;
} people[PEOPLE];

static void
open_all(void)
{
	for (int i = 0; i < PEOPLE; i++) {
		uint8_t agent[TG_TEXT_AGENT_BYTES] = {(uint8_t)(i + 1)};

		ck_assert_int_eq(tg_doc_open(&people[i].doc, TG_TEXT_ORDER_FUGUEMAX), TG_OK);
		ck_assert_int_eq(tg_doc_set_agent(people[i].doc, agent), TG_OK);
	}
}

static void
close_all(void)
{
	for (int i = 0; i < PEOPLE; i++)
		tg_doc_close(people[i].doc);
}

/* What an edit became: to be undone. */
struct deed {
	int who;
	uint64_t first, count;
};

static struct deed
edit(int who, struct tg_edit e)
{
	struct deed d = {who, 0, 0};

	ck_assert_int_eq(tg_doc_edit(people[who].doc, &e, 1, &d.first, &d.count), TG_OK);
	return d;
}

/* '#' is a paragraph, '1' a heading of level one, '@' an atom. */
static struct deed
type(int who, uint32_t at, const char *text)
{
	static const uint8_t heading[] = {0x91, 0x92, 0xa1, 't', 0x01};
	struct deed all = {who, UINT64_MAX, 0};

	for (; *text != '\0'; text++, at++) {
		struct tg_edit e = {0};
		struct deed d;

		e.kind = *text == '#' || *text == '1' ? TG_EDIT_BLOCK
			 : *text == '@'		      ? TG_EDIT_ATOM
						      : TG_EDIT_INSERT;
		e.index = at;
		e.text = (const uint8_t *)text;
		e.text_len = 1;
		if (*text == '1') {
			e.attrs = heading;
			e.attrs_len = sizeof heading;
		}
		d = edit(who, e);
		all.first = all.count == 0 ? d.first : all.first;
		all.count += d.count;
	}
	return all;
}

static struct deed
erase(int who, uint32_t at, uint32_t count)
{
	struct tg_edit e = {0};

	e.kind = TG_EDIT_DELETE;
	e.index = at;
	e.count = count;
	return edit(who, e);
}

/* t := level (0: none) on [from, to). */
static struct deed
retype(int who, uint32_t from, uint32_t to, int level)
{
	uint8_t value = level == 0 ? 0xc0 : (uint8_t)level;
	struct tg_edit e = {0};

	e.kind = TG_EDIT_MARK;
	e.index = from;
	e.count = to - from;
	e.key = (const uint8_t *)"t";
	e.key_len = 1;
	e.value = &value;
	e.value_len = 1;
	return edit(who, e);
}

static struct deed
undo(struct deed what)
{
	struct tg_event_range range = {{(uint8_t)(what.who + 1)}, what.first, what.count};
	struct deed d = {what.who, 0, 0};
	struct tg_patches p;

	ck_assert_int_eq(tg_doc_undo(people[what.who].doc, &range, 1, &d.first, &d.count, &p), TG_OK);
	return d;
}

static void
poll(int who)
{
	struct tg_patches p;

	ck_assert_int_eq(tg_doc_poll(people[who].doc, &p), TG_OK);
}

/* Everybody gets everything and draws it. */
static void
meet(void)
{
	for (int i = 0; i < PEOPLE; i++) {
		uint8_t agent[TG_TEXT_AGENT_BYTES] = {(uint8_t)(i + 1)};
		struct tg_bundle b;

		while (tg_doc_take(people[i].doc, &b) == TG_OK)
			for (int k = 0; k < PEOPLE; k++)
				if (k != i)
					ck_assert_int_eq(
					    tg_doc_add(people[k].doc, agent, b.first_seq, b.parents,
						b.parent_count, b.ops, b.ops_len, b.text, b.text_len),
					    TG_OK);
	}
	for (int i = 0; i < PEOPLE; i++)
		poll(i);
}

static void
begin(const char *text)
{
	open_all();
	type(ALICE, 0, text);
	meet();
}

/* The text; a paragraph is #, a heading its level. */
static int
draw(void *ctx, const struct tg_text_run *run)
{
	char *s = (char *)ctx + strlen(ctx);

	for (uint32_t i = 0; i < run->count; i++)
		*s++ = run->kind == TG_TEXT_ATOM    ? '@'
		       : run->kind == TG_TEXT_BLOCK ? (run->format == 0 ? '#' : '1')
						    : (char)run->text[i];
	*s = '\0';
	return 0;
}

static void
shows(const char *text)
{
	meet();
	for (int i = 0; i < PEOPLE; i++) {
		char drawn[200] = "";

		ck_assert_int_eq(
		    tg_doc_read(people[i].doc, 0, 0, tg_doc_length(people[i].doc, 0), draw, drawn), TG_OK);
		ck_assert_str_eq(drawn, text);
	}
	close_all();
}

/* ---- text that is lost or doubled */

START_TEST(text_lost_when_one_side_deletes_all__y_prosemirror_108)
{
	begin("#one#two");
	erase(ALICE, 0, 8);
	type(BOB, 4, " more");
	type(CAROL, 8, "!");
	shows(" more!");
}
END_TEST

START_TEST(text_doubled_at_the_start_of_an_empty_line__y_prosemirror_160)
{
	begin("#one#");
	type(ALICE, 5, "a");
	type(BOB, 5, "b");
	type(ALICE, 6, "a");
	shows("#one#aab");
}
END_TEST

START_TEST(text_typed_behind_a_concurrent_split_stays_in_the_old_node__slate_yjs_45)
{
	begin("#hello world");
	type(ALICE, 6, "#"); /* behind hello */
	type(BOB, 12, "!");  /* at the end, which is in the new block now */
	type(CAROL, 1, "(");
	shows("#(hello# world!");
}
END_TEST

START_TEST(two_splits_copy_the_tail_twice__yorkie_1358)
{
	begin("#abcde");
	type(ALICE, 4, "#");
	type(BOB, 4, "#");
	shows("#abc##de");
}
END_TEST

START_TEST(a_split_and_a_delete_over_it__automerge_prosemirror_43)
{
	begin("#one two");
	type(ALICE, 4, "#");
	erase(BOB, 2, 5); /* "ne tw" */
	shows("#o#o");
}
END_TEST

START_TEST(a_join_and_a_retype_of_the_block_that_goes__automerge_prosemirror_44)
{
	begin("#one#two");
	erase(ALICE, 4, 1); /* join */
	retype(BOB, 4, 8, 1);
	shows("#onetwo");
}
END_TEST

START_TEST(attributes_of_neighbouring_lines_become_one__yjs_275)
{
	begin("#one#two");
	retype(ALICE, 0, 4, 1); /* the first */
	type(BOB, 4, "#");	/* an empty line between the two */
	type(CAROL, 8, "#three");
	shows("1one##two#three");
}
END_TEST

START_TEST(an_edit_of_one_cell_takes_the_place_of_the_whole_table__gutenberg_76913)
{
	static const uint8_t cells[2][7] = {
	    {0x93, 0xa1, 't', 0xa1, 'a', 0xa1, 'x'}, {0x93, 0xa1, 't', 0xa1, 'a', 0xa1, 'y'}};
	static const char *const words[2] = {"left", "right"};

	begin("@");
	for (int i = 0; i < 2; i++) {
		struct tg_edit e = {0};

		ck_assert_int_eq(tg_doc_flow(people[i].doc, cells[i], sizeof cells[i], &e.flow), TG_OK);
		e.kind = TG_EDIT_INSERT;
		e.text = (const uint8_t *)words[i];
		e.text_len = strlen(words[i]);
		edit(i, e);
	}
	meet();
	for (int i = 0; i < 2; i++)
		for (int who = 0; who < PEOPLE; who++) {
			const uint8_t *text;
			uint32_t flow;
			size_t len;

			ck_assert_int_eq(
			    tg_doc_flow(people[who].doc, cells[i], sizeof cells[i], &flow), TG_OK);
			ck_assert_int_eq(tg_doc_text(people[who].doc, flow, 0,
					     tg_doc_length(people[who].doc, flow), &text, &len),
			    TG_OK);
			ck_assert_uint_eq(len, strlen(words[i]));
			ck_assert_mem_eq(text, words[i], len);
		}
	shows("@");
}
END_TEST

/* ---- undo */

START_TEST(undo_brings_back_what_somebody_else_deleted__yjs_402)
{
	struct deed word;

	begin("#one two");
	word = erase(ALICE, 5, 3); /* two */
	meet();
	erase(BOB, 1, 3); /* one */
	meet();
	undo(word);
	shows("# two");
}
END_TEST

START_TEST(undo_after_a_remote_edit_takes_back_the_wrong_words__yjs_87)
{
	struct deed mine;

	begin("#");
	mine = type(ALICE, 1, "abc");
	meet();
	type(BOB, 2, "XYZ"); /* among them */
	meet();
	undo(mine);
	shows("#XYZ");
}
END_TEST

START_TEST(undo_deletes_paragraphs_of_others__lexical_6614)
{
	struct deed mine;

	begin("#one");
	mine = type(ALICE, 4, "#two");
	meet();
	type(BOB, 8, "#three");
	type(CAROL, 6, "#");
	meet();
	undo(mine);
	shows("#one##three");
}
END_TEST

START_TEST(undo_of_a_delete_puts_the_text_elsewhere__prosemirror_1568)
{
	struct deed gone;

	begin("#one two three");
	gone = erase(ALICE, 5, 4);
	type(BOB, 7, "-"); /* in the middle of what goes: t w - o */
	type(CAROL, 1, ">");
	meet();
	undo(gone);
	shows("#>one tw-o three");
}
END_TEST

START_TEST(undo_removes_what_others_typed_in_the_same_place__codemirror_868)
{
	struct deed mine;

	begin("#()");
	mine = type(ALICE, 2, "aaa");
	type(BOB, 2, "bbb");
	meet();
	type(CAROL, 4, "c");
	meet();
	undo(mine);
	shows("#(cbbb)");
}
END_TEST

/* There the text came back twice.  Here it does not come back at all: each undo finds that somebody else
 * deleted it too. */
START_TEST(two_undo_the_same_deletion_and_the_text_is_there_twice__yorkie_1293)
{
	struct deed a, b;

	begin("#one two");
	a = erase(ALICE, 4, 4);
	b = erase(BOB, 4, 4);
	meet();
	undo(a);
	meet();
	undo(b);
	shows("#one");
}
END_TEST

START_TEST(undo_of_a_type_when_somebody_changed_it_since)
{
	struct deed mine;

	begin("#one");
	mine = retype(ALICE, 0, 4, 1);
	meet();
	retype(BOB, 0, 4, 0);
	meet();
	undo(mine); /* Bob's is in force: nothing to give back */
	shows("#one");
}
END_TEST

/* ---- carets */

START_TEST(a_remote_caret_jumps_to_the_end__loro_prosemirror_78)
{
	const struct tg_event_id *version;
	struct tg_event_id id;
	uint32_t at = 99;
	size_t n;

	begin("#one two three");
	type(ALICE, 4, "!");
	ck_assert_int_eq(tg_doc_view_version(people[ALICE].doc, &version, &n), TG_OK);
	ck_assert_uint_eq(n, 1);
	id = *version;
	/* Alice's caret is behind her sign, which Bob does not have yet: no answer, rather than a wrong one.
	 */
	ck_assert_int_eq(tg_doc_map(people[BOB].doc, &id, 1, 0, 5, -1, &at), TG_EPARENT);
	erase(BOB, 1, 4);
	meet();
	ck_assert_int_eq(tg_doc_map(people[BOB].doc, &id, 1, 0, 5, -1, &at), TG_OK);
	ck_assert_uint_eq(at, 2); /* # ! */
	shows("#!two three");
}
END_TEST

START_TEST(a_caret_in_text_that_is_deleted_and_put_back__loro_784)
{
	const struct tg_event_id *version;
	struct tg_event_id id;
	struct deed gone;
	uint32_t at;
	size_t n;

	begin("#one two three");
	ck_assert_int_eq(tg_doc_view_version(people[ALICE].doc, &version, &n), TG_OK);
	id = *version;
	gone = erase(BOB, 5, 4);
	ck_assert_int_eq(tg_doc_map(people[BOB].doc, &id, 1, 0, 7, -1, &at), TG_OK);
	ck_assert_uint_eq(at, 5);
	undo(gone);
	ck_assert_int_eq(tg_doc_map(people[BOB].doc, &id, 1, 0, 12, -1, &at), TG_OK);
	ck_assert_uint_eq(at, 12);
	shows("#one two three");
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {text_lost_when_one_side_deletes_all__y_prosemirror_108,
	    text_doubled_at_the_start_of_an_empty_line__y_prosemirror_160,
	    text_typed_behind_a_concurrent_split_stays_in_the_old_node__slate_yjs_45,
	    two_splits_copy_the_tail_twice__yorkie_1358,
	    a_split_and_a_delete_over_it__automerge_prosemirror_43,
	    a_join_and_a_retype_of_the_block_that_goes__automerge_prosemirror_44,
	    attributes_of_neighbouring_lines_become_one__yjs_275,
	    an_edit_of_one_cell_takes_the_place_of_the_whole_table__gutenberg_76913,
	    undo_brings_back_what_somebody_else_deleted__yjs_402,
	    undo_after_a_remote_edit_takes_back_the_wrong_words__yjs_87,
	    undo_deletes_paragraphs_of_others__lexical_6614,
	    undo_of_a_delete_puts_the_text_elsewhere__prosemirror_1568,
	    undo_removes_what_others_typed_in_the_same_place__codemirror_868,
	    two_undo_the_same_deletion_and_the_text_is_there_twice__yorkie_1293,
	    undo_of_a_type_when_somebody_changed_it_since,
	    a_remote_caret_jumps_to_the_end__loro_prosemirror_78,
	    a_caret_in_text_that_is_deleted_and_put_back__loro_784};
	Suite *s = suite_create("text_anomalies");
	TCase *t = tcase_create("reported");

	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return suite_run(s);
}
