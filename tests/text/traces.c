/*
 * Goal: the published conformance cases and traces come out as published.  The data are not part of the
 * project: set TG_TRACES to a folder of files made by bench/traces/convert.mjs (conformance.bin,
 * automerge-paper.bin, ...).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <toygrid/status.h>

#include "suite.h"
#include "text/doc.h"
#include "trace.h"

static void
check_file(const char *name, int order, int planned)
{
	const char *folder = getenv("TG_TRACES");
	struct trace_file file;
	char path[4096];
	FILE *f;

	if (folder == NULL)
		return;
	snprintf(path, sizeof path, "%s/%s.bin", folder, name);
	if ((f = fopen(path, "rb")) == NULL)
		return;
	fclose(f);
	ck_assert_int_eq(trace_open(path, &file), 0);
	for (size_t i = 0; i < file.n; i++) {
		const struct trace_case *c = &file.cases[i];
		struct tg_doc *doc;
		const uint8_t *text;
		size_t len;

		ck_assert_int_eq(tg_doc_open(&doc, order), TG_OK);
		if (planned)
			ck_assert_int_eq(tg_doc_load_begin(doc), TG_OK);
		ck_assert_int_eq(trace_add(doc, c), TG_OK);
		ck_assert_int_eq(tg_doc_load_end(doc), TG_OK);
		ck_assert_int_eq(tg_items_check(&doc->items), 0);
		ck_assert_int_eq(tg_doc_text(doc, 0, 0, tg_doc_length(doc, 0), &text, &len), TG_OK);
		ck_assert_msg(len == c->end_len && memcmp(text, c->end, len) == 0, "%s: case %zu", name, i);
		tg_doc_close(doc);
	}
	trace_close(&file);
}

START_TEST(conformance_cases_come_out_in_both_orders)
{
	for (int way = 0; way < 4; way++)
		check_file("conformance", way & 1 ? TG_TEXT_ORDER_FUGUE : TG_TEXT_ORDER_FUGUEMAX, way & 2);
}
END_TEST

START_TEST(recorded_editing_comes_out_as_recorded)
{
	static const char *const names[] = {"automerge-paper", "S3", "clownschool", "rustcode", "seph-blog1",
	    "sveltecomponent", "rustcode.unicode", "seph-blog1.unicode", "json-crdt-patch.unicode"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		check_file(names[i], TG_TEXT_ORDER_FUGUEMAX, 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("text_traces");
	TCase *t = tcase_create("published");

	tcase_set_timeout(t, 300);
	tcase_add_test(t, conformance_cases_come_out_in_both_orders);
	tcase_add_test(t, recorded_editing_comes_out_as_recorded);
	suite_add_tcase(s, t);
	return suite_run(s);
}
