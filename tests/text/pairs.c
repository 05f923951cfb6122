/*
 * Goal: whatever two people do to one block at once, and three, they end with the same items and the same
 * page, of the schema, and no character is lost that nobody deleted.
 *
 * All pairs of eleven operations at four places each.  Of the triples some, or with TG_PAIRS_TRIPLES=n about
 * n for each first operation; 1936 is all of them, half a minute.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <toygrid/status.h>

#include "suite.h"
#include "text/room.h"

enum op {
	TYPE,
	SPLIT,
	JOIN,
	RETYPE,
	INDENT,
	WRAP,
	DELETE,
	MARK,
	PASTE,
	MOVE,
	TABLE,
	OPS
};
enum place {
	START,
	MIDDLE,
	END,
	ADJACENT,
	PLACES
};
#define CASES (OPS * PLACES)

static const char *const op_names[] = {
    "type", "split", "join", "retype", "indent", "wrap", "delete", "mark", "paste", "move", "table"};
static const char *const place_names[] = {"start", "middle", "end", "adjacent"};

/*
 *  0 ¶ abc   4 • def   8 • ghi   12 heading jkl   16 table   17 ¶ mno
 *                      ~~~~~~~ the block that all are after
 */
static void
base(struct room *r, int people)
{
	static const struct {
		const char *attrs, *text;
	} blocks[] = {{NULL, "abc"}, {"list=bullet:x", "def"}, {"list=bullet:x", "ghi"},
	    {"type=heading:2", "jkl"}, {"type=table id=t", ""}, {NULL, "mno"}};
	uint32_t at = 0;

	room_open(r, people);
	for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
		room_block(r, ANN, "", at++, blocks[i].attrs);
		if (blocks[i].text[0] != '\0')
			room_type(r, ANN, "", at, blocks[i].text, NULL);
		at += (uint32_t)strlen(blocks[i].text);
	}
	room_atom(r, ANN, "t/2", 0, "id=c1");
	room_atom(r, ANN, "t/1", 0, "id=r1");
	room_atom(r, ANN, "t/1", 1, "id=r2");
	room_meet(r);
}

static const uint32_t gap[] = {9, 10, 12, 13}; /* START .. ADJACENT */
static const struct {
	uint32_t from, to;
} blocks_at[] = {{8, 12}, {4, 12}, {8, 16}, {12, 16}}, joins_at[] = {{8, 9}, {7, 9}, {12, 13}, {11, 13}},
  marks_at[] = {{9, 10}, {10, 11}, {11, 12}, {13, 16}};

/* The letters that only ${who} types. */
static const char *
letters(int who, int second)
{
	static const char *const all[] = {"AB", "CD", "EF", "GH", "IJ", "KL"};

	return all[who * 2 + second];
}

static void
table_op(struct room *r, int who, enum place place)
{
	char id[24];

	snprintf(id, sizeof id, "id=n%d", who);
	switch (place) {
	case START:
		room_atom(r, who, "t/1", 0, id);
		break;
	case MIDDLE:
		room_type(r, who, "t/r1/c1", 0, letters(who, 0), NULL);
		break;
	case END:
		room_delete(r, who, "t/1", 1, 1);
		break;
	default:
		room_atom(r, who, "t/2", 1, id);
	}
}

static void
operate(struct room *r, int who, enum op op, enum place place)
{
	static const char body[] = " abc def ghi jkl mno"; /* a marker is a space */
	uint32_t from = blocks_at[place].from, to = blocks_at[place].to, at;
	char id[24];

	snprintf(id, sizeof id, "quote:%d", who);
	switch (op) {
	case TYPE:
		room_type(r, who, "", gap[place], letters(who, 0), who == BEN ? "bold=true" : NULL);
		break;
	case SPLIT:
		room_block(r, who, "", gap[place], place == ADJACENT ? "type=heading:2" : "list=bullet:x");
		break;
	case JOIN:
		room_delete(r, who, "", joins_at[place].from, joins_at[place].to - joins_at[place].from);
		break;
	case RETYPE:
		room_mark(r, who, "", from, to, "type",
		    who == ANN	 ? "heading:1"
		    : who == BEN ? "code"
				 : "rule");
		break;
	case INDENT:
		room_mark(r, who, "", from, to, "list", "bullet:x");
		room_mark(r, who, "", from, to, "indent", who == CLEO ? "2" : "1");
		break;
	case WRAP:
		room_mark(r, who, "", from, to, "path", id);
		break;
	case DELETE:
		room_delete(r, who, "", from, to - from);
		break;
	case MARK:
		room_mark(
		    r, who, "", marks_at[place].from, marks_at[place].to, "bold", who == BEN ? NULL : "true");
		break;
	case PASTE:
		room_type(r, who, "", gap[place], letters(who, 0), NULL);
		room_block(r, who, "", gap[place] + 2, NULL);
		room_type(r, who, "", gap[place] + 3, letters(who, 1), NULL);
		break;
	case MOVE: {
		char text[16] = {0};
		size_t n = 0;

		for (uint32_t i = from; i < to; i++)
			if (body[i] != ' ')
				text[n++] = body[i];
		room_delete(r, who, "", from, to - from);
		at = place == START || place == ADJACENT ? 0 : tg_doc_view_length(r->doc[who], 0);
		room_block(r, who, "", at, "list=bullet:x");
		room_type(r, who, "", at + 1, text, NULL);
		break;
	}
	default:
		table_op(r, who, place);
	}
}

/* How the operations of all change how often a letter of the base is there. */
static void
account(const enum op *ops, const enum place *places, int people, uint32_t index, int *deleted, int *copies)
{
	*deleted = 0;
	*copies = 1;
	for (int i = 0; i < people; i++) {
		int in_blocks = index >= blocks_at[places[i]].from && index < blocks_at[places[i]].to;

		if ((ops[i] == DELETE && in_blocks) ||
		    (ops[i] == JOIN && index >= joins_at[places[i]].from && index < joins_at[places[i]].to))
			*deleted = 1;
		if (ops[i] == MOVE && in_blocks)
			++*copies;
	}
}

static int
count_unit(const struct drawn *page, uint32_t unit)
{
	int n = 0;

	for (size_t i = 0; i < page->n; i++)
		n += page->v[i].op == TG_TOKEN_TEXT && page->v[i].unit == unit;
	return n;
}

static void
check_letters(struct room *r, const enum op *ops, const enum place *places, const char *name)
{
	static const char body[] = " abc def ghi jkl  mno";

	for (uint32_t i = 0; body[i] != '\0'; i++) {
		int deleted, copies, n = count_unit(&r->page[0], (uint32_t)body[i]);

		if (body[i] == ' ')
			continue;
		account(ops, places, r->people, i, &deleted, &copies);
		ck_assert_msg(n <= copies, "%s: %c is there %d times", name, body[i], n);
		ck_assert_msg(deleted || n >= 1, "%s: %c is lost", name, body[i]);
	}
	for (int who = 0; who < r->people; who++)
		for (int i = 0; i < 4; i++) {
			int typed =
			    ops[who] == PASTE ||
			    (i < 2 && (ops[who] == TYPE || (ops[who] == TABLE && places[who] == MIDDLE)));
			int n = count_unit(&r->page[0], (uint32_t)letters(who, i / 2)[i % 2]);

			ck_assert_msg(
			    n == typed, "%s: %c is there %d times", name, letters(who, i / 2)[i % 2], n);
		}
}

static void
try_case(const int *which, int people)
{
	static struct room r;
	enum op ops[ROOM_PEOPLE];
	enum place places[ROOM_PEOPLE];
	char name[128] = "";

	base(&r, people);
	for (int i = 0; i < people; i++) {
		ops[i] = (enum op)(which[i] / PLACES);
		places[i] = (enum place)(which[i] % PLACES);
		snprintf(name + strlen(name), sizeof name - strlen(name), "%s%s at %s", i > 0 ? ", " : "",
		    op_names[ops[i]], place_names[places[i]]);
		room_draw(&r, i, name);
	}
	for (int i = 0; i < people; i++) {
		operate(&r, i, ops[i], places[i]);
		room_draw(&r, i, name);
	}
	room_meet(&r);
	room_agrees(&r, name);
	check_letters(&r, ops, places, name);
	room_close(&r);
}

START_TEST(all_pairs_of_operations)
{
	for (int b = 0; b < CASES; b++)
		try_case((int[]){_i, b}, 2);
}
END_TEST

START_TEST(triples_of_operations)
{
	const char *all = getenv("TG_PAIRS_TRIPLES");
	int step = 211; /* a prime: other triples for each first one */

	if (all != NULL && atoi(all) > 0)
		step = atoi(all) < CASES * CASES ? CASES * CASES / atoi(all) : 1;
	for (int i = _i % step; i < CASES * CASES; i += step)
		try_case((int[]){_i, i / CASES, i % CASES}, 3);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("text_pairs");
	TCase *t = tcase_create("pairs");

	tcase_set_timeout(t, 600);
	tcase_add_loop_test(t, all_pairs_of_operations, 0, CASES);
	tcase_add_loop_test(t, triples_of_operations, 0, CASES);
	suite_add_tcase(s, t);
	return suite_run(s);
}
