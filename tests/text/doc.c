/*
 * Goal: the public functions one by one: what they promise, what they refuse, and what a failing allocator
 * leaves.
 */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <toygrid/status.h>
#include <toygrid/text.h>

#include "base/mem.h"
#include "suite.h"

enum {
	ALICE,
	BOB,
	CAROL
};

static const uint8_t agents[][TG_TEXT_AGENT_BYTES] = {{1}, {2}, {3}};
static const uint8_t yes[] = {0xc3}, nil[] = {0xc0}, one[] = {1}, two[] = {2};
static const uint8_t bold[] = {0x91, 0x92, 0xa1, 'b', 0xc3};

static struct tg_doc *
open_doc(int who)
{
	struct tg_doc *doc;

	ck_assert_int_eq(tg_doc_open(&doc, TG_TEXT_ORDER_FUGUEMAX), TG_OK);
	ck_assert_int_eq(tg_doc_set_agent(doc, agents[who]), TG_OK);
	return doc;
}

static struct tg_edit
insert(uint32_t index, const char *text)
{
	struct tg_edit e = {0};

	e.kind = TG_EDIT_INSERT;
	e.index = index;
	e.text = (const uint8_t *)text;
	e.text_len = strlen(text);
	return e;
}

static struct tg_edit delete (uint32_t index, uint32_t count)
{
	struct tg_edit e = {0};

	e.kind = TG_EDIT_DELETE;
	e.index = index;
	e.count = count;
	return e;
}

static struct tg_edit
mark(uint32_t from, uint32_t to, const char *key, const uint8_t *value)
{
	struct tg_edit e = {0};

	e.kind = TG_EDIT_MARK;
	e.index = from;
	e.count = to - from;
	e.key = (const uint8_t *)key;
	e.key_len = strlen(key);
	e.value = value;
	e.value_len = 1;
	return e;
}

static struct tg_edit
set(const char *key, const uint8_t *value)
{
	struct tg_edit e = mark(0, 1, key, value);

	e.kind = TG_EDIT_SET;
	return e;
}

static void
edit(struct tg_doc *doc, struct tg_edit e)
{
	ck_assert_int_eq(tg_doc_edit(doc, &e, 1, NULL, NULL), TG_OK);
}

static void
poll(struct tg_doc *doc)
{
	struct tg_patches p;

	ck_assert_int_eq(tg_doc_poll(doc, &p), TG_OK);
}

/* Send what ${from} has not handed out to the others, which draw it. */
static void
send(struct tg_doc *from, int who, struct tg_doc *a, struct tg_doc *b)
{
	struct tg_bundle bundle;

	while (tg_doc_take(from, &bundle) == TG_OK) {
		struct tg_doc *to[] = {a, b};

		for (int i = 0; i < 2; i++)
			if (to[i] != NULL)
				ck_assert_int_eq(tg_doc_add(to[i], agents[who], bundle.first_seq,
						     bundle.parents, bundle.parent_count, bundle.ops,
						     bundle.ops_len, bundle.text, bundle.text_len),
				    TG_OK);
	}
}

static void
swap(struct tg_doc *a, struct tg_doc *b)
{
	send(a, ALICE, b, NULL);
	send(b, BOB, a, NULL);
	poll(a);
	poll(b);
}

/* The text as a string in which bold characters are upper case, markers # and atoms @. */
static int
draw(void *ctx, const struct tg_text_run *run)
{
	char *s = (char *)ctx + strlen(ctx);

	for (uint32_t i = 0; i < run->count; i++) {
		*s = run->kind == TG_TEXT_CHAR ? (char)run->text[i] : run->kind == TG_TEXT_BLOCK ? '#' : '@';
		if (run->format != 0 && *s >= 'a' && *s <= 'z')
			*s = (char)(*s - 'a' + 'A');
		*++s = '\0';
	}
	return 0;
}

static const char *
shown(struct tg_doc *doc)
{
	static char text[2][200];
	static int turn;
	char *s = text[turn ^= 1];

	s[0] = '\0';
	ck_assert_int_eq(tg_doc_read(doc, 0, 0, tg_doc_length(doc, 0), draw, s), TG_OK);
	return s;
}

#define SHOWS(doc, text) ck_assert_str_eq(shown(doc), text)

/* Two documents that hold ${text}, written by Alice. */
static void
open_pair(struct tg_doc **a, struct tg_doc **b, const char *text)
{
	*a = open_doc(ALICE);
	*b = open_doc(BOB);
	if (*text != '\0')
		edit(*a, insert(0, text));
	swap(*a, *b);
}

static void
close_pair(struct tg_doc *a, struct tg_doc *b)
{
	swap(a, b);
	ck_assert_str_eq(shown(a), shown(b));
	tg_doc_close(a);
	tg_doc_close(b);
}

/* ---- order */

START_TEST(words_typed_at_one_place_stay_whole)
{
	struct tg_doc *a, *b;

	open_pair(&a, &b, "");
	for (uint32_t i = 0; i < 5; i++) {
		char x[2] = {"hello"[i], '\0'}, y[2] = {"world"[i], '\0'};

		edit(a, insert(i, x));
		edit(b, insert(i, y));
	}
	swap(a, b);
	SHOWS(a, "helloworld");
	close_pair(a, b);
}
END_TEST

START_TEST(words_typed_backward_at_one_place_stay_whole)
{
	struct tg_doc *a, *b;

	open_pair(&a, &b, "()");
	for (uint32_t i = 0; i < 5; i++) {
		char x[2] = {"hello"[4 - i], '\0'}, y[2] = {"world"[4 - i], '\0'};

		edit(a, insert(1, x));
		edit(b, insert(1, y));
	}
	swap(a, b);
	SHOWS(a, "(helloworld)");
	close_pair(a, b);
}
END_TEST

/* A case in which Yjs once gave "axb": 3 inserts b, 1 inserts a before it, 2 inserts x not knowing of either.
 */
START_TEST(a_stranger_does_not_get_between_a_and_b)
{
	struct tg_doc *a, *b, *c = open_doc(CAROL);

	open_pair(&a, &b, "");
	edit(c, insert(0, "b"));
	send(c, CAROL, a, NULL);
	poll(a);
	edit(a, insert(0, "a"));
	edit(b, insert(0, "x"));
	send(a, ALICE, c, NULL);
	send(b, BOB, a, c);
	ck_assert_str_ne(shown(a), "axb");
	ck_assert_str_eq(shown(a), shown(c));
	tg_doc_close(a);
	tg_doc_close(b);
	tg_doc_close(c);
}
END_TEST

START_TEST(text_typed_into_what_another_deletes_stays)
{
	struct tg_doc *a, *b;

	open_pair(&a, &b, "one two three");
	edit(a, delete (3, 7));
	edit(b, insert(6, "XY"));
	swap(a, b);
	SHOWS(a, "oneXYree");
	edit(a, delete (0, 3));
	edit(b, delete (1, 4));
	swap(a, b);
	SHOWS(a, "ree");
	close_pair(a, b);
}
END_TEST

/* ---- formats (rule B3) */

START_TEST(words_in_the_middle_of_a_new_mark_are_marked_too)
{
	struct tg_doc *a, *b;

	open_pair(&a, &b, "one two");
	edit(a, mark(0, 7, "b", yes));
	edit(b, insert(3, " more"));
	swap(a, b);
	SHOWS(a, "ONE MORE TWO");
	close_pair(a, b);
}
END_TEST

START_TEST(anothers_words_beside_a_new_mark_stay_plain)
{
	struct tg_doc *a, *b;

	open_pair(&a, &b, "one");
	edit(a, mark(0, 3, "b", yes));
	edit(b, insert(0, "x"));
	edit(b, insert(4, "y"));
	swap(a, b);
	SHOWS(a, "xONEy");
	close_pair(a, b);
}
END_TEST

START_TEST(taking_a_format_away_reaches_words_that_continue_it)
{
	struct tg_doc *a, *b;
	struct tg_edit e = insert(3, "xyz");

	open_pair(&a, &b, "");
	edit(a, insert(0, "one end"));
	edit(a, mark(0, 3, "b", yes));
	swap(a, b);
	SHOWS(b, "ONE end");
	e.attrs = bold; /* Bob goes on typing in bold at the end of the bold word */
	e.attrs_len = sizeof bold;
	edit(b, e);
	edit(a, mark(0, 3, "b", nil));
	swap(a, b);
	SHOWS(a, "onexyz end");
	close_pair(a, b);
}
END_TEST

START_TEST(words_made_after_a_mark_have_only_the_format_they_were_born_with)
{
	struct tg_doc *a, *b;

	open_pair(&a, &b, "one two");
	edit(a, mark(0, 7, "b", yes));
	swap(a, b);
	edit(b, insert(3, "xyz"));
	swap(a, b);
	SHOWS(a, "ONExyz TWO");
	close_pair(a, b);
}
END_TEST

START_TEST(of_two_marks_the_later_wins_and_of_concurrent_ones_the_higher_agent)
{
	struct tg_doc *a, *b;

	open_pair(&a, &b, "one two three");
	edit(a, mark(0, 7, "b", yes));
	edit(b, mark(4, 13, "b", nil));
	swap(a, b);
	SHOWS(a, "ONE two three");
	edit(a, mark(0, 13, "b", yes));
	swap(a, b);
	SHOWS(b, "ONE TWO THREE");
	close_pair(a, b);
}
END_TEST

START_TEST(markers_and_atoms_are_items_with_attributes)
{
	struct tg_doc *a, *b;
	struct tg_edit e = {0};
	const uint8_t *format;
	struct tg_patches p;
	size_t len;

	open_pair(&a, &b, "ab");
	e.kind = TG_EDIT_BLOCK;
	e.index = 1;
	e.attrs = bold;
	e.attrs_len = sizeof bold;
	edit(a, e);
	e.kind = TG_EDIT_ATOM;
	e.index = 0;
	e.attrs_len = 0;
	edit(a, e);
	SHOWS(a, "@a#b");
	send(a, ALICE, b, NULL);
	ck_assert_int_eq(tg_doc_poll(b, &p), TG_OK);
	ck_assert_uint_eq(p.count, 2);
	ck_assert_int_eq(p.records[4], TG_TEXT_ATOM);
	ck_assert_int_eq(p.records[TG_PATCH_FIELDS + 2], 2);
	ck_assert_int_eq(p.records[TG_PATCH_FIELDS + 4], TG_TEXT_BLOCK);
	ck_assert_int_eq(tg_doc_format(b, (uint32_t)p.records[TG_PATCH_FIELDS + 5], &format, &len), TG_OK);
	ck_assert_uint_eq(len, sizeof bold);
	ck_assert_mem_eq(format, bold, len);
	ck_assert_int_eq(tg_doc_format(b, 99, &format, &len), TG_ENOTFOUND);
	close_pair(a, b);
}
END_TEST

START_TEST(registers_take_the_latest_value)
{
	struct tg_doc *a, *b;
	struct tg_patches p;
	const uint8_t *v;
	size_t len;

	open_pair(&a, &b, "");
	ck_assert_int_eq(tg_doc_register(a, 0, (const uint8_t *)"title", 5, &v, &len), TG_OK);
	ck_assert_uint_eq(v[0], 0xc0);
	edit(a, set("title", one));
	edit(b, set("title", two));
	send(a, ALICE, b, NULL);
	send(b, BOB, a, NULL);
	ck_assert_int_eq(tg_doc_poll(b, &p), TG_OK);
	ck_assert_uint_eq(p.count, 0); /* Bob's own wins the tie */
	ck_assert_int_eq(tg_doc_poll(a, &p), TG_OK);
	ck_assert_uint_eq(p.count, 1);
	ck_assert_int_eq(p.records[0], TG_PATCH_SET);
	ck_assert_int_eq(p.records[7], 9);
	ck_assert_mem_eq(p.bytes + p.records[6], "\x93\x00\xa5title\x02", 9);
	edit(a, set("title", one));
	edit(a, set("lang", yes));
	swap(a, b);
	ck_assert_int_eq(tg_doc_registers(b, &v, &len), TG_OK);
	ck_assert_uint_eq(len, 1 + 8 + 9);
	ck_assert_mem_eq(v, "\x92\x93\x00\xa4lang\xc3\x93\x00\xa5title\x01", len);
	close_pair(a, b);
}
END_TEST

/* ---- undo */

static uint64_t
undo(struct tg_doc *doc, int who, uint64_t seq, uint64_t count, uint64_t *first)
{
	struct tg_event_range range = {{0}, seq, count};
	struct tg_patches p;
	uint64_t n;

	memcpy(range.agent, agents[who], sizeof range.agent);
	ck_assert_int_eq(tg_doc_undo(doc, &range, 1, first, &n, &p), TG_OK);
	return n;
}

START_TEST(undo_puts_deleted_text_back_where_it_was)
{
	struct tg_doc *a, *b;
	uint64_t first, n;

	open_pair(&a, &b, "one two three");
	edit(a, delete (3, 4)); /* events 13 to 16 */
	edit(b, insert(3, "X"));
	edit(b, insert(8, "Y"));
	swap(a, b);
	SHOWS(a, "oneXY three");
	n = undo(a, ALICE, 13, 4, &first);
	ck_assert_uint_eq(n, 4);
	SHOWS(a, "oneX twoY three");
	undo(a, ALICE, first, n, &first); /* redo */
	SHOWS(a, "oneXY three");
	close_pair(a, b);
}
END_TEST

START_TEST(undo_of_typing_deletes_only_what_is_left_of_it)
{
	struct tg_doc *a, *b;
	uint64_t first;

	open_pair(&a, &b, "()");
	edit(a, insert(1, "hello")); /* events 2 to 6 */
	swap(a, b);
	edit(b, delete (2, 2));
	edit(b, insert(2, "XX"));
	swap(a, b);
	SHOWS(a, "(hXXlo)");
	ck_assert_uint_eq(undo(a, ALICE, 2, 5, &first), 3);
	SHOWS(a, "(XX)");
	ck_assert_uint_eq(undo(a, ALICE, 2, 5, &first), 0);
	close_pair(a, b);
}
END_TEST

START_TEST(undo_leaves_deleted_what_somebody_else_deleted_too)
{
	struct tg_doc *a, *b;
	uint64_t first;

	open_pair(&a, &b, "abcdef");
	edit(a, delete (1, 3)); /* events 6 to 8: b c d */
	edit(b, delete (2, 1)); /* c */
	swap(a, b);
	ck_assert_uint_eq(undo(a, ALICE, 6, 3, &first), 2);
	SHOWS(a, "abdef");
	close_pair(a, b);
}
END_TEST

START_TEST(undo_of_a_mark_gives_back_the_value_before_where_mine_still_wins)
{
	struct tg_doc *a, *b;
	uint64_t first;

	open_pair(&a, &b, "one two three");
	edit(a, mark(0, 7, "b", yes));	/* event 13 */
	edit(a, mark(4, 13, "b", nil)); /* event 14 */
	swap(a, b);
	SHOWS(b, "ONE two three");
	edit(b, mark(12, 13, "b", yes));
	swap(a, b);
	SHOWS(a, "ONE two threE");
	ck_assert_uint_eq(undo(a, ALICE, 14, 1, &first), 1);
	SHOWS(a, "ONE TWO threE");
	close_pair(a, b);
}
END_TEST

START_TEST(undo_of_a_set_gives_back_the_value_before)
{
	struct tg_doc *a = open_doc(ALICE);
	const uint8_t *v;
	uint64_t first;
	size_t len;

	edit(a, set("k", one));
	edit(a, set("k", two));
	undo(a, ALICE, 1, 1, &first);
	ck_assert_int_eq(tg_doc_register(a, 0, (const uint8_t *)"k", 1, &v, &len), TG_OK);
	ck_assert_uint_eq(v[0], 1);
	undo(a, ALICE, first, 1, &first);
	ck_assert_int_eq(tg_doc_register(a, 0, (const uint8_t *)"k", 1, &v, &len), TG_OK);
	ck_assert_uint_eq(v[0], 2);
	tg_doc_close(a);
}
END_TEST

/* ---- refusals */

START_TEST(bundles_are_refused_with_the_reason)
{
	static const uint8_t x[] = {1, 0, 0, 1, 0, 0};
	struct tg_doc *a = open_doc(ALICE);
	struct tg_event_id parents[TG_TEXT_PARENTS_MAX + 1];

	memset(parents, 0, sizeof parents);
	memcpy(parents[0].agent, agents[CAROL], TG_TEXT_AGENT_BYTES);
#define ADD(seq, n) tg_doc_add(a, agents[BOB], seq, parents, n, x, sizeof x, (const uint8_t *)"x", 1)
	ck_assert_int_eq(ADD(1, 0), TG_EGAP);
	ck_assert_int_eq(ADD(0, 1), TG_EPARENT);
	ck_assert_int_eq(ADD(0, TG_TEXT_PARENTS_MAX + 1), TG_ETOOBIG);
	ck_assert_int_eq(ADD(0, 0), TG_OK);
	ck_assert_int_eq(ADD(0, 0), TG_EEXISTS);
	memcpy(parents[0].agent, agents[BOB], TG_TEXT_AGENT_BYTES);
	parents[0].seq = 1; /* itself */
	ck_assert_int_eq(ADD(1, 1), TG_EPARENT);
	parents[0].seq = 0; /* its own previous event may be named */
	ck_assert_int_eq(ADD(1, 1), TG_OK);
	ck_assert_uint_eq(tg_doc_next_seq(a, agents[BOB]), 2);
	ck_assert_uint_eq(tg_doc_next_seq(a, agents[CAROL]), 0);
	tg_doc_close(a);
}
END_TEST

START_TEST(edits_are_refused_as_a_whole)
{
	static const uint8_t unsorted[] = {0x92, 0x92, 0xa1, 'b', 0xc3, 0x92, 0xa1, 'a', 0xc3};
	static const uint8_t absent[] = {0x91, 0x92, 0xa1, 'b', 0xc0};
	struct tg_doc *a = open_doc(ALICE), *nobody;
	struct tg_edit e[2];
	struct tg_bundle b;

	ck_assert_int_eq(tg_doc_open(&nobody, 0), TG_OK);
	e[0] = insert(0, "x");
	ck_assert_int_eq(tg_doc_edit(nobody, e, 1, NULL, NULL), TG_EINVAL);
	tg_doc_close(nobody);
	ck_assert_int_eq(tg_doc_open(&nobody, 2), TG_EINVAL);

#define REFUSED(rc, bad)                                                                                     \
	e[1] = bad;                                                                                          \
	ck_assert_int_eq(tg_doc_edit(a, e, 2, NULL, NULL), rc)
	REFUSED(TG_ERANGE, insert(2, "y"));
	REFUSED(TG_ERANGE, delete (0, 2));
	REFUSED(TG_ERANGE, delete (0, 0));
	REFUSED(TG_ERANGE, delete (UINT32_MAX, UINT32_MAX));
	REFUSED(TG_ERANGE, mark(0, 2, "b", yes));
	REFUSED(TG_ERANGE, mark(1, 1, "b", yes));
	REFUSED(TG_EFORMAT, insert(0, ""));
	REFUSED(TG_EFORMAT, insert(0, "\xff"));
	REFUSED(TG_EFORMAT, mark(0, 1, "", yes));
	REFUSED(TG_EFORMAT, mark(0, 1, "b", bold));
	e[0].attrs = unsorted;
	e[0].attrs_len = sizeof unsorted;
	ck_assert_int_eq(tg_doc_edit(a, e, 1, NULL, NULL), TG_EFORMAT);
	e[0].attrs = absent;
	e[0].attrs_len = sizeof absent;
	ck_assert_int_eq(tg_doc_edit(a, e, 1, NULL, NULL), TG_EFORMAT);
	e[0] = insert(0, "x");
	e[0].flow = 1;
	ck_assert_int_eq(tg_doc_edit(a, e, 1, NULL, NULL), TG_EINVAL);
	ck_assert_uint_eq(tg_doc_length(a, 0), 0);
	ck_assert_int_eq(tg_doc_take(a, &b), TG_ENOTFOUND);
	tg_doc_close(a);
}
END_TEST

START_TEST(edits_in_msgpack_do_the_same)
{
	static const uint8_t edits[] = {0x96, 0x95, 0, 0, 0, 0xa3, 'a', 'd', 'c', 0x91, 0x92, 0xa1, 'b', 0xc3,
	    0x94, 1, 0, 0, 0x90, 0x94, 2, 0, 4, 0x90, 0x94, 3, 0, 1, 1, 0x96, 4, 0, 1, 3, 0xa1, 'b', 0xc0,
	    0x94, 5, 0, 0xa1, 't', 0xa1, 'x'};
	uint8_t bad[sizeof edits];
	struct tg_doc *a = open_doc(ALICE);
	uint64_t first, count;

	/* Cut short or with one byte changed it is refused or says something else, but nothing breaks. */
	for (size_t n = 0; n < sizeof edits; n++)
		ck_assert_int_ne(tg_doc_edit_msgpack(a, edits, n, NULL, NULL), TG_OK);
	ck_assert_uint_eq(tg_doc_length(a, 0), 0);
	for (size_t n = 0; n < sizeof edits; n++) {
		struct tg_doc *b = open_doc(BOB);

		memcpy(bad, edits, sizeof bad);
		bad[n] ^= 0x41;
		(void)(tg_doc_edit_msgpack(b, bad, sizeof bad, NULL, NULL) == TG_OK);
		tg_doc_close(b);
	}
	ck_assert_int_eq(tg_doc_edit_msgpack(a, edits, sizeof edits - 1, &first, &count), TG_ETRUNCATED);
	ck_assert_int_eq(tg_doc_edit_msgpack(a, edits, sizeof edits, &first, &count), TG_OK);
	ck_assert_uint_eq(first, 0);
	ck_assert_uint_eq(count, 8);
	SHOWS(a, "#dc@");
	tg_doc_close(a);
}
END_TEST

START_TEST(own_events_are_handed_out_once_and_loaded_ones_never)
{
	struct tg_doc *a = open_doc(ALICE), *again = open_doc(ALICE);
	const struct tg_event_id *ids;
	struct tg_bundle b;
	size_t n;

	edit(a, insert(0, "ab"));
	ck_assert_int_eq(tg_doc_set_agent(a, agents[BOB]), TG_EBUSY);
	ck_assert_int_eq(tg_doc_take(a, &b), TG_OK);
	ck_assert_int_eq(
	    tg_doc_add(again, agents[ALICE], 0, NULL, 0, b.ops, b.ops_len, b.text, b.text_len), TG_OK);
	ck_assert_int_eq(tg_doc_take(again, &b), TG_ENOTFOUND);
	poll(again);
	edit(again, insert(2, "c"));
	ck_assert_int_eq(tg_doc_take(again, &b), TG_OK);
	ck_assert_uint_eq(b.first_seq, 2);
	ck_assert_int_eq(tg_doc_take(a, &b), TG_ENOTFOUND);
	/* A new log of the same person: its first event follows the old one's last. */
	ck_assert_int_eq(tg_doc_set_agent(a, agents[BOB]), TG_OK);
	edit(a, insert(0, "x"));
	ck_assert_int_eq(tg_doc_take(a, &b), TG_OK);
	ck_assert_uint_eq(b.first_seq, 0);
	ck_assert_uint_eq(b.parent_count, 1);
	ck_assert_uint_eq(b.parents[0].seq, 1);
	ck_assert_mem_eq(b.parents[0].agent, agents[ALICE], TG_TEXT_AGENT_BYTES);
	ck_assert_int_eq(tg_doc_version(a, &ids, &n), TG_OK);
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(ids[0].seq, 0);
	ck_assert_mem_eq(ids[0].agent, agents[BOB], TG_TEXT_AGENT_BYTES);
	tg_doc_close(a);
	tg_doc_close(again);
}
END_TEST

START_TEST(an_out_of_range_bundle_ends_a_planned_load)
{
	static const uint8_t x[] = {1, 0, 0, 1, 0, 0}, far[] = {1, 0, 0, 1, 0, 4};
	struct tg_doc *a = open_doc(ALICE);
	const uint8_t *t = (const uint8_t *)"x";
	struct tg_patches p;

	ck_assert_int_eq(tg_doc_load_begin(a), TG_OK);
	ck_assert_int_eq(tg_doc_add(a, agents[ALICE], 0, NULL, 0, x, sizeof x, t, 1), TG_OK);
	ck_assert_int_eq(tg_doc_add(a, agents[BOB], 0, NULL, 0, far, sizeof far, t, 1), TG_OK);
	ck_assert_int_eq(tg_doc_load_end(a), TG_ERANGE);
	ck_assert_int_eq(tg_doc_poll(a, &p), TG_ERANGE);
	tg_doc_close(a);

	a = open_doc(ALICE);
	ck_assert_int_eq(tg_doc_add(a, agents[ALICE], 0, NULL, 0, x, sizeof x, t, 1), TG_OK);
	ck_assert_int_eq(tg_doc_add(a, agents[BOB], 0, NULL, 0, far, sizeof far, t, 1), TG_ERANGE);
	SHOWS(a, "x");
	tg_doc_close(a);
}
END_TEST

/* ---- many keys, many siblings */

START_TEST(of_very_many_keys_the_first_are_shown)
{
	struct tg_doc *a, *b;
	struct tg_patches p;
	const uint8_t *f;
	size_t len;
	char key[8] = "k0000";

	open_pair(&a, &b, "x");
	for (int i = 400; i-- > 0;) {
		key[1] = (char)('0' + i / 100);
		key[2] = (char)('0' + i / 10 % 10);
		key[3] = (char)('0' + i % 10);
		edit(i % 2 ? a : b, mark(0, 1, key, yes));
		if (i % 50 == 0)
			swap(a, b);
	}
	edit(a, mark(0, 1, "k0000", nil)); /* then the next one shows again */
	send(a, ALICE, b, NULL);
	ck_assert_int_eq(tg_doc_poll(b, &p), TG_OK);
	ck_assert_int_eq(p.records[0], TG_PATCH_REFORMAT);
	ck_assert_int_eq(tg_doc_format(b, (uint32_t)p.records[5], &f, &len), TG_OK);
	ck_assert_mem_eq(f, "\xdc\x01\x00\x92\xa5k0010\xc3", 11);
	ck_assert_mem_eq(f + len - 8, "\x92\xa5k2560\xc3", 8);
	close_pair(a, b);
}
END_TEST

/* ---- allocation failure */

struct story {
	struct {
		int who;
		uint64_t seq;
		struct tg_event_id parents[4];
		size_t parent_n;
		uint8_t ops[200], text[200];
		size_t ops_len, text_len;
	} bundles[40];
	int n;
};

static void
keep(struct story *s, struct tg_doc *from, int who, struct tg_doc *to)
{
	struct tg_bundle b;

	while (tg_doc_take(from, &b) == TG_OK) {
		s->bundles[s->n].who = who;
		s->bundles[s->n].seq = b.first_seq;
		s->bundles[s->n].parent_n = b.parent_count;
		if (b.parent_count > 0)
			memcpy(s->bundles[s->n].parents, b.parents, b.parent_count * sizeof *b.parents);
		memcpy(s->bundles[s->n].ops, b.ops, b.ops_len);
		if (b.text_len > 0)
			memcpy(s->bundles[s->n].text, b.text, b.text_len);
		s->bundles[s->n].ops_len = b.ops_len;
		s->bundles[s->n++].text_len = b.text_len;
		ck_assert_int_eq(tg_doc_add(to, agents[who], b.first_seq, b.parents, b.parent_count, b.ops,
				     b.ops_len, b.text, b.text_len),
		    TG_OK);
	}
}

/* Everything once; the first failure, or TG_OK. */
static int
replay(const struct story *s, struct tg_doc **doc)
{
	struct tg_event_range range = {{0}, 0, 5};
	const struct tg_event_id *ids;
	struct tg_patches p;
	struct tg_bundle b;
	struct tg_edit e[3];
	const uint8_t *data;
	uint32_t mapped;
	size_t n;
	int rc;

	if ((rc = tg_doc_open(doc, 0)) != TG_OK)
		return rc;
	memcpy(range.agent, agents[ALICE], sizeof range.agent);
	for (int i = 0; i < s->n; i++) {
		if ((rc = tg_doc_add(*doc, agents[s->bundles[i].who], s->bundles[i].seq,
			 s->bundles[i].parents, s->bundles[i].parent_n, s->bundles[i].ops,
			 s->bundles[i].ops_len, s->bundles[i].text, s->bundles[i].text_len)) != TG_OK ||
		    (i % 3 == 0 && (rc = tg_doc_poll(*doc, &p)) != TG_OK))
			return rc;
	}
	e[0] = insert(1, "new");
	e[1] = mark(0, 3, "b", yes);
	e[2] = set("title", one);
	if ((rc = tg_doc_set_agent(*doc, agents[CAROL])) != TG_OK ||
	    (rc = tg_doc_edit(*doc, e, 3, NULL, NULL)) != TG_OK || (rc = tg_doc_take(*doc, &b)) != TG_OK ||
	    (rc = tg_doc_undo(*doc, &range, 1, NULL, NULL, &p)) != TG_OK ||
	    (rc = tg_doc_poll(*doc, &p)) != TG_OK ||
	    (rc = tg_doc_text(*doc, 0, 0, tg_doc_length(*doc, 0), &data, &n)) != TG_OK ||
	    (rc = tg_doc_registers(*doc, &data, &n)) != TG_OK ||
	    (rc = tg_doc_format(*doc, 1, &data, &n)) != TG_OK ||
	    (rc = tg_doc_version(*doc, &ids, &n)) != TG_OK ||
	    (rc = tg_doc_map(*doc, s->bundles[3].parents, s->bundles[3].parent_n, 0, 0, 1, &mapped)) != TG_OK)
		return rc;
	return TG_OK;
}

static void
hand_over(struct tg_doc *from, int who, struct tg_doc *to)
{
	struct tg_bundle b;

	while (tg_doc_take(from, &b) == TG_OK)
		ck_assert_int_eq(tg_doc_add(to, agents[who], b.first_seq, b.parents, b.parent_count, b.ops,
				     b.ops_len, b.text, b.text_len),
		    TG_OK);
}

/* A run that joins its neighbour when what stood between them goes was not counted: later records were too
 * far left.  Found by the simulation. */
START_TEST(a_poll_counts_what_joins_across_a_removed_run)
{
	struct tg_doc *alice = open_doc(ALICE), *bob = open_doc(BOB);
	struct tg_edit word = insert(0, "abcde "), token = insert(4, "[000]");
	struct tg_edit again[] = {delete (4, 5), insert(5, "!")};
	struct tg_patches patches;

	ck_assert_int_eq(tg_doc_edit(alice, &word, 1, NULL, NULL), TG_OK);
	hand_over(alice, ALICE, bob);
	ck_assert_int_eq(tg_doc_poll(bob, &patches), TG_OK);
	ck_assert_int_eq(tg_doc_edit(alice, &token, 1, NULL, NULL), TG_OK);
	hand_over(alice, ALICE, bob);
	ck_assert_int_eq(tg_doc_poll(bob, &patches), TG_OK);
	ck_assert_int_eq(tg_doc_edit(alice, again, 2, NULL, NULL), TG_OK);
	hand_over(alice, ALICE, bob);
	ck_assert_int_eq(tg_doc_poll(bob, &patches), TG_OK);
	ck_assert_uint_eq(patches.count, 2);
	ck_assert_int_eq(patches.records[0], TG_PATCH_DELETE);
	ck_assert_int_eq(patches.records[2], 4);
	ck_assert_int_eq(patches.records[TG_PATCH_FIELDS], TG_PATCH_INSERT);
	ck_assert_int_eq(patches.records[TG_PATCH_FIELDS + 2], 5);
	tg_doc_close(alice);
	tg_doc_close(bob);
}
END_TEST

START_TEST(any_allocation_may_fail_and_the_document_can_then_be_closed)
{
	static struct story s;
	struct tg_doc *a, *b, *doc;
	struct tg_patches p;
	long n = 0;
	int rc;

	open_pair(&a, &b, "");
	for (uint32_t i = 0; i < 12; i++) {
		struct tg_edit e = insert(i / 2, i % 3 ? "xé" : "yy");

		if (i % 4 == 0) {
			e.attrs = bold;
			e.attrs_len = sizeof bold;
		}
		edit(a, e);
		edit(b, insert(i / 3, "☃z"));
		if (i % 3 == 1) {
			edit(a, delete (i / 2, 2));
			edit(b, mark(0, i, i % 2 ? "b" : "i", i % 4 ? yes : nil));
			edit(b, set("title", two));
		}
		if (i % 2) {
			keep(&s, a, ALICE, b);
			keep(&s, b, BOB, a);
			poll(a);
		}
		if (i % 4 == 0)
			poll(b);
	}
	tg_doc_close(a);
	tg_doc_close(b);
	do {
		tg_mem_fail_after(n++);
		rc = replay(&s, &doc);
		ck_assert_msg(rc == TG_OK || rc == TG_ENOMEM, "allocation %ld: %s", n, tg_status_name(rc));
		if (rc == TG_ENOMEM && doc != NULL && n > 100 && n % 50 == 0)
			ck_assert_int_eq(tg_doc_poll(doc, &p), TG_ENOMEM);
		tg_doc_close(doc);
	} while (rc != TG_OK);
	tg_mem_fail_after(-1);
	ck_assert_int_gt(n, 60);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("text_doc");
	TCase *t = tcase_create("order");

	tcase_add_test(t, words_typed_at_one_place_stay_whole);
	tcase_add_test(t, words_typed_backward_at_one_place_stay_whole);
	tcase_add_test(t, a_stranger_does_not_get_between_a_and_b);
	tcase_add_test(t, text_typed_into_what_another_deletes_stays);
	suite_add_tcase(s, t);
	t = tcase_create("formats");
	tcase_add_test(t, words_in_the_middle_of_a_new_mark_are_marked_too);
	tcase_add_test(t, anothers_words_beside_a_new_mark_stay_plain);
	tcase_add_test(t, taking_a_format_away_reaches_words_that_continue_it);
	tcase_add_test(t, words_made_after_a_mark_have_only_the_format_they_were_born_with);
	tcase_add_test(t, of_two_marks_the_later_wins_and_of_concurrent_ones_the_higher_agent);
	tcase_add_test(t, markers_and_atoms_are_items_with_attributes);
	tcase_add_test(t, registers_take_the_latest_value);
	tcase_add_test(t, of_very_many_keys_the_first_are_shown);
	suite_add_tcase(s, t);
	t = tcase_create("undo");
	tcase_add_test(t, undo_puts_deleted_text_back_where_it_was);
	tcase_add_test(t, undo_of_typing_deletes_only_what_is_left_of_it);
	tcase_add_test(t, undo_leaves_deleted_what_somebody_else_deleted_too);
	tcase_add_test(t, undo_of_a_mark_gives_back_the_value_before_where_mine_still_wins);
	tcase_add_test(t, undo_of_a_set_gives_back_the_value_before);
	suite_add_tcase(s, t);
	t = tcase_create("refusal");
	tcase_add_test(t, bundles_are_refused_with_the_reason);
	tcase_add_test(t, edits_are_refused_as_a_whole);
	tcase_add_test(t, edits_in_msgpack_do_the_same);
	tcase_add_test(t, own_events_are_handed_out_once_and_loaded_ones_never);
	tcase_add_test(t, an_out_of_range_bundle_ends_a_planned_load);
	tcase_add_test(t, a_poll_counts_what_joins_across_a_removed_run);
	tcase_add_test(t, any_allocation_may_fail_and_the_document_can_then_be_closed);
	suite_add_tcase(s, t);
	return suite_run(s);
}
