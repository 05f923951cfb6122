/*
 * Goal: a random document, of everything a format can say, is the same after it was written and read again.
 * For HTML that is all there is; for Markdown one line per cell, no spans, a plain title under a picture, and
 * no task list in a quote, which cmark-gfm 0.29.0.gfm.6 reads as text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <check.h>

#include <toygrid/status.h>
#include <toygrid/text.h>

#include "base/mem.h"
#include "cli/document.h"
#include "files/paste.h"
#include "files/take.h"

#define ROUNDS	  300
#define DEPTH_MAX 4
#define NOTES_MAX 4

static struct tg_doc *doc;
static struct tg_paste p;
static uint64_t notes[NOTES_MAX];
static unsigned note_count, depth;
static int html;

static void
fresh(void)
{
	static const uint8_t agent[TG_TEXT_AGENT_BYTES] = {1};

	tg_doc_close(doc);
	ck_assert_int_eq(tg_doc_open(&doc, TG_TEXT_ORDER_FUGUEMAX), TG_OK);
	ck_assert_int_eq(tg_doc_set_agent(doc, agent), TG_OK);
	tg_paste_init(&p, 0, 7, take, doc);
}

static void
finish(void)
{
	ck_assert_int_eq(tg_paste_end(&p), TG_OK);
	tg_paste_free(&p);
}

static unsigned
below(unsigned n)
{
	return (unsigned)rand() % n;
}

static void
text(const char *t)
{
	tg_paste_text(&p, t, strlen(t), 0, "");
}

static void
paragraph(int may_refer)
{
	static const char *const words[] = {
	    "a", "b c", "x|y", "!", "1.", "#", "\\", "word", "é", ":", "[z]", "<i>", "a\nb"};

	tg_paste_block(&p, below(5) ? TG_PASTE_PARAGRAPH : TG_PASTE_HEADING, "2");
	for (unsigned i = 0, n = 1 + below(3); i < n; i++) {
		const char *t = words[below(sizeof words / sizeof *words)];

		tg_paste_text(
		    &p, t, strlen(t), below(3) ? 0 : 1u << below(5), below(8) ? "" : "https://e.x/");
		text("-");
		if (may_refer && note_count < NOTES_MAX && !below(6)) {
			notes[note_count] = tg_paste_name(&p);
			tg_paste_note_mark(&p, notes[note_count++]);
			text("t");
		}
	}
	tg_paste_close(&p);
}

static void blocks(void);

static void
list(void)
{
	tg_paste_begin_list(&p, (enum tg_paste_list)below(html ? 3 : 2), below(2) ? 1 : 3);
	for (unsigned i = 0, n = 1 + below(3); i < n; i++) {
		tg_paste_begin_item(&p, below(2) != 0);
		tg_paste_block(&p, TG_PASTE_PARAGRAPH, "");
		text("item");
		if (below(2))
			blocks();
		tg_paste_end_item(&p);
	}
	tg_paste_end_list(&p);
}

static void
table(void)
{
	struct tg_paste_column columns[3] = {{0}};
	unsigned n = 1 + below(3), rows = 2 + below(2), head = below(2);

	if (!tg_paste_begin_table(&p, rows, columns, n))
		return;
	for (unsigned i = 0; i < rows; i++) {
		tg_paste_begin_row(&p, i == 0 && head);
		for (unsigned j = 0; j < n; j++) {
			tg_paste_begin_cell(&p, j, 1, 1);
			if (html)
				blocks();
			else
				text(below(2) ? "x|" : "y");
			tg_paste_end_cell(&p);
		}
	}
	tg_paste_end_table(&p);
}

static void
block(void)
{
	unsigned kind = below(8);

	depth++;
	if (depth > DEPTH_MAX || kind < 2) {
		paragraph(1);
	} else if (kind == 2) {
		tg_paste_begin_quote(&p);
		blocks();
		tg_paste_end_quote(&p);
	} else if (kind < 5) {
		list();
	} else if (kind == 5) {
		tg_paste_block(&p, TG_PASTE_CODE, "c");
		text("x\n y");
		tg_paste_close(&p);
	} else if (kind == 6) {
		table();
	} else if (tg_paste_figure(&p, "https://e.x/p", "alt")) {
		text("under \"it\"");
		tg_paste_end_flow(&p);
	}
	depth--;
}

static void
blocks(void)
{
	for (unsigned i = 0, n = 1 + below(3); i < n; i++)
		block();
}

static char *
written(void)
{
	struct tg_buf out = {0};
	struct tg_document d;

	ck_assert_int_eq(tg_document_read(doc, &d), TG_OK);
	(html ? tg_render_html : tg_render_markdown)(&d, &out);
	tg_buf_u8(&out, 0);
	ck_assert_int_eq(tg_buf_status(&out), TG_OK);
	tg_document_free(&d);
	return (char *)out.data;
}

START_TEST(a_random_document_comes_back_as_it_was)
{
	const char *given = getenv("TG_SEED");
	unsigned seed = given ? (unsigned)atoi(given) : (unsigned)time(NULL);
	char *before, *after;

	for (unsigned round = 0; round < ROUNDS; round++) {
		srand(seed + round);
		html = _i;
		note_count = depth = 0;
		fresh();
		blocks();
		for (unsigned i = 0; i < note_count; i++)
			if (tg_paste_begin_note(&p, notes[i])) {
				paragraph(0);
				tg_paste_end_flow(&p);
			}
		finish();
		before = written();
		fresh();
		ck_assert_int_eq(html ? tg_paste_html(&p, before, strlen(before), NULL)
				      : tg_paste_markdown(&p, before, strlen(before)),
		    TG_OK);
		finish();
		after = written();
		ck_assert_msg(
		    strcmp(before, after) == 0, "TG_SEED=%u:\n%s\nbecomes\n%s", seed + round, before, after);
		tg_free(before);
		tg_free(after);
	}
	tg_doc_close(doc);
	doc = NULL;
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("round_trip");
	TCase *t = tcase_create("formats");
	SRunner *sr;
	int failed;

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, a_random_document_comes_back_as_it_was, 0, 2);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
