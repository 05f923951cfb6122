/*
 * Goal: one list of events has one encoding, the one docs/protocol.md 6.1 describes, and nothing else is
 * accepted.
 */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <toygrid/status.h>
#include <toygrid/text.h>

#include "base/mem.h"
#include "suite.h"

static const uint8_t alice[TG_TEXT_AGENT_BYTES] = {1};

static struct tg_doc *
open_doc(void)
{
	struct tg_doc *doc;

	ck_assert_int_eq(tg_doc_open(&doc, TG_TEXT_ORDER_FUGUEMAX), TG_OK);
	return doc;
}

/* The status of one bundle, from hex, in a document that holds "0123456789". */
static int
try_bundle(const char *ops_hex, const char *text, size_t text_len)
{
	static const uint8_t base[] = {1, 0, 0, 1, 9 << 3, 0}, digits[] = "0123456789";
	uint8_t ops[256];
	struct tg_doc *doc = open_doc();
	size_t n = 0, hi = 0, have = 0;
	int rc;

	for (const char *p = ops_hex; *p != '\0'; p++) {
		if (*p == ' ')
			continue;
		hi = hi << 4 | (size_t)(*p <= '9' ? *p - '0' : *p - 'a' + 10);
		if (++have % 2 == 0)
			ops[n++] = (uint8_t)hi;
	}
	ck_assert_int_eq(tg_doc_add(doc, alice, 0, NULL, 0, base, sizeof base, digits, 10), TG_OK);
	rc = tg_doc_add(doc, alice, 10, NULL, 0, ops, n, (const uint8_t *)text, text_len);
	if (rc != TG_OK) /* whatever was wrong, nothing happened */
		ck_assert_uint_eq(tg_doc_length(doc, 0), 10);
	tg_doc_close(doc);
	return rc;
}

#define OK(ops, text)	       ck_assert_int_eq(try_bundle(ops, text, sizeof text - 1), TG_OK)
#define REFUSED(rc, ops, text) ck_assert_int_eq(try_bundle(ops, text, sizeof text - 1), rc)

START_TEST(the_example_of_the_protocol_is_what_an_edit_writes)
{
	static const uint8_t ops[] = {1, 1, 1, 0x62, 1, 1, 0, 2, 9, 4, 0, 3, 1, 0},
			     text[] = {0x68, 0x69, 0xc3};
	static const uint8_t bold[] = {0x91, 0x92, 0xa1, 'b', 0xc3};
	struct tg_doc *doc = open_doc();
	struct tg_edit e[2] = {{0}, {0}};
	struct tg_bundle b;

	e[0].kind = TG_EDIT_INSERT;
	e[0].text = (const uint8_t *)"hi";
	e[0].text_len = 2;
	e[0].attrs = bold;
	e[0].attrs_len = sizeof bold;
	e[1].kind = TG_EDIT_BLOCK;
	ck_assert_int_eq(tg_doc_set_agent(doc, alice), TG_OK);
	ck_assert_int_eq(tg_doc_edit(doc, e, 2, NULL, NULL), TG_OK);
	ck_assert_int_eq(tg_doc_take(doc, &b), TG_OK);
	ck_assert_uint_eq(b.first_seq, 0);
	ck_assert_uint_eq(b.event_count, 3);
	ck_assert_uint_eq(b.parent_count, 0);
	ck_assert_uint_eq(b.ops_len, sizeof ops);
	ck_assert_mem_eq(b.ops, ops, sizeof ops);
	ck_assert_uint_eq(b.text_len, sizeof text);
	ck_assert_mem_eq(b.text, text, sizeof text);
	tg_doc_close(doc);
}
END_TEST

START_TEST(each_kind_of_operation_is_read)
{
	OK("01 00 00 01 00 00", "x");			      /* insert */
	OK("01 00 00 01 10 00", "a\xc3\xa9\xf0\x9f\xa6\x8a"); /* three characters of 1, 2 and 4 bytes */
	OK("01 01 01 62 01 01 00 01 01 00 01", "x\xc3");      /* in a format {b: true} */
	OK("01 00 00 01 12 06", "");			      /* delete 3 at 3 */
	OK("01 00 00 01 13 06", "");			      /* delete 3, 2, 1 */
	OK("01 00 00 01 04 00 00", "");			      /* a marker */
	OK("01 00 00 01 05 00 00", "");			      /* an atom */
	OK("01 01 01 62 00 01 4e 00 00", "\xc3");	      /* mark all ten b: true */
	OK("01 01 01 62 00 01 07 00 00", "\xa1x");	      /* set b: "x" */
	OK("01 01 01 62 00 01 07 00 00", "\xc0");	      /* set b: nil */
	OK("01 00 00 02 00 00 00 01", "xy");		      /* two inserts at the start: not one run */
	OK("01 00 00 02 02 0b 0a 03", "");		      /* delete 5, then 3 and 2: not one run */
}
END_TEST

START_TEST(other_forms_of_the_same_are_refused)
{
	REFUSED(TG_EFORMAT, "", "");
	REFUSED(TG_EFORMAT, "01", "");
	REFUSED(TG_EFORMAT, "01 00 00 00", "");		  /* no operation */
	REFUSED(TG_EFORMAT, "8100 00 00 01 00 00", "x");  /* a longer 1 */
	REFUSED(TG_EFORMAT, "01 00 00 01 00 00 00", "x"); /* a byte too many */
	REFUSED(TG_EFORMAT, "01 00 00 01 00", "x");	  /* one too few */
	REFUSED(TG_EFORMAT, "01 00 00 01 00 00", "");	  /* text too short */
	REFUSED(TG_EFORMAT, "01 00 00 01 00 00", "xy");	  /* and too long */
	REFUSED(TG_EFORMAT, "01 00 00 01 00 00", "\xff"); /* and not UTF-8 */
	REFUSED(TG_EFORMAT, "01 00 00 01 00 00", "\xc3");
	REFUSED(TG_EFORMAT, "01 00 00 01 00 00", "\xed\xa0\x80");  /* a surrogate */
	REFUSED(TG_EFORMAT, "01 00 00 02 00 00 00 00", "xy");	   /* "xy" as two runs */
	REFUSED(TG_EFORMAT, "01 00 00 02 02 02 0a 00", "");	   /* two deletes at 5 as two runs */
	REFUSED(TG_EFORMAT, "01 00 00 02 02 02 0a 01", "");	   /* delete 5 and 4 as two runs */
	REFUSED(TG_EFORMAT, "01 00 00 02 0b 02 0a 01", "");	   /* 5, 4 and then 3 */
	REFUSED(TG_EFORMAT, "01 00 00 02 02 0b 0a 01", "");	   /* 5 and then 4, 3 */
	REFUSED(TG_EFORMAT, "01 00 00 01 03 0a", "");		   /* one delete, backward */
	REFUSED(TG_EFORMAT, "01 00 00 01 1b 04", "");		   /* backward below 0 */
	REFUSED(TG_EFORMAT, "01 00 00 01 02 01", "");		   /* at -1 */
	REFUSED(TG_EFORMAT, "01 01 01 62 00 01 00 00", "x");	   /* a key not used */
	REFUSED(TG_EFORMAT, "01 01 00 00 01 07 00 00", "\xc3");	   /* an empty key */
	REFUSED(TG_EFORMAT, "01 01 01 ff 00 01 07 00 00", "\xc3"); /* not UTF-8 */
	REFUSED(TG_EFORMAT, "01 02 01 62 01 61 00 02 07 07 00 00 00 01", "\xc3\xc3"); /* keys out of order */
	REFUSED(TG_EFORMAT, "01 01 01 62 01 01 00 01 00 00", "x\xc3");		      /* a format not used */
	REFUSED(TG_EFORMAT, "01 01 01 62 01 00 01 01 00 01", "x");		      /* an empty format */
	REFUSED(TG_EFORMAT, "01 01 01 62 01 01 00 01 01 00 00", "x\xc3"); /* "another" format, the same */
	REFUSED(TG_EFORMAT, "01 01 01 62 01 01 01 01 01 00 01", "x\xc3"); /* no such key */
	REFUSED(TG_EFORMAT, "01 01 01 62 01 01 00 01 01 00 02", "x\xc3"); /* no such format */
	REFUSED(TG_EFORMAT, "01 01 01 62 02 01 00 01 00 02 01 01 00 03 02 01",
	    "xy\xc3\xc2"); /* not in first use */
	REFUSED(TG_EFORMAT, "01 01 01 62 02 01 00 01 00 02 01 01 00 03 01 02",
	    "xy\xc3\xc3");						  /* one format twice */
	REFUSED(TG_EFORMAT, "01 01 01 62 01 01 00 01 01 00 01", "x\xc0"); /* nil in a format */
	REFUSED(TG_EFORMAT, "01 01 01 62 00 01 07 00 00", "\xcc\x01");	  /* a longer 1 as value */
	REFUSED(TG_EFORMAT, "01 01 01 62 00 01 07 00 00", "\x90");	  /* an array as value */
	REFUSED(TG_EFORMAT, "01 01 01 62 00 01 07 00 00", "\xff");	  /* -1 as value */
	REFUSED(TG_EFORMAT, "01 01 01 62 00 01 07 00 00", "\xa2x");	  /* a value cut short */
	REFUSED(TG_EFORMAT, "01 01 01 62 00 01 07 00 00", "\xc3\xc3");	  /* a value too many */
	REFUSED(TG_EFORMAT, "01 01 01 62 00 01 07 00 01", "\xc3");	  /* no such key */
}
END_TEST

/* Layout 2: agents, objects, flows; then, behind the heads, the flow of each operation. */
#define BOB  "0200000000000000000000000000000000000000000000000000000000000000"
#define CARL "0300000000000000000000000000000000000000000000000000000000000000"

START_TEST(flows_and_objects_have_one_encoding)
{
	OK("02 00 00 00 01 0001 62 01 01 01 01 00 01 00", "x"); /* into slot 0 of "b" */
	OK("02 00 00 00 01 0105 01 01 01 01 00 01 00", "x");	/* of the author's event 5 */
	OK("02 00 00 01" BOB " 01 0205 01 01 01 01 00 01 00", "x");
	OK("02 00 00 00 00 01 00 01 01 00 01 00", "x");			      /* slot 0 of the document */
	OK("02 00 00 00 03 0105 0106 0107 01 01 00 02 03 01 00 01 00", "x");  /* a cell */
	OK("02 00 00 00 01 0105 01 01 01 02 00 00 00 01 00 00", "yx");	      /* body, then the other */
	OK("02 01 01 62 00 00 01 0105 00 01 07 01 00", "\xc3");		      /* a register of an object */
	REFUSED(TG_EFORMAT, "02 00 00 00 00 00 01 00 00", "x");		      /* layout 1 would have done */
	REFUSED(TG_EFORMAT, "02 00 00 00 01 0105 00 01 00 00", "x");	      /* an object not used */
	REFUSED(TG_EFORMAT, "02 00 00 00 01 0105 01 01 01 01 00 00 00", "x"); /* a flow not used */
	REFUSED(TG_EFORMAT, "02 00 00 01" BOB " 01 0105 01 01 01 01 00 01 00", "x"); /* an agent not used */
	REFUSED(TG_EFORMAT, "02 00 00 00 01 0205 01 01 01 01 00 01 00", "x");	     /* no such agent */
	REFUSED(TG_EFORMAT, "02 00 00 00 01 0105 01 02 01 01 00 01 00", "x");	     /* no such object */
	REFUSED(TG_EFORMAT, "02 00 00 00 01 0105 01 01 01 01 00 02 00", "x");	     /* no such flow */
	REFUSED(TG_EFORMAT, "02 00 00 00 02 0105 0105 01 01 01 01 00 01 00", "x");   /* one object twice */
	REFUSED(TG_EFORMAT, "02 00 00 00 02 0106 0105 02 01 01 02 01 02 00 00 01 02 00 00", "xy");
	REFUSED(
	    TG_EFORMAT, "02 00 00 00 01 0105 02 01 01 01 01 02 00 00 01 02 00 00", "xy"); /* a flow twice */
	REFUSED(TG_EFORMAT,
	    "02 00 00 01 0100000000000000000000000000000000000000000000000000000000000000"
	    " 01 0205 01 01 01 01 00 01 00",
	    "x"); /* the author by name */
	REFUSED(TG_EFORMAT, "02 00 00 02" CARL BOB " 02 0205 0305 02 01 01 02 01 02 00 00 01 02 00 00", "xy");
	REFUSED(TG_EFORMAT, "02 00 00 00 01 0000 01 01 01 01 00 01 00", "x");	/* an empty name */
	REFUSED(TG_EFORMAT, "02 00 00 00 01 0001ff 01 01 01 01 00 01 00", "x"); /* not UTF-8 */
	REFUSED(TG_ERANGE, "02 00 00 00 01 0105 01 01 01 01 00 01 02", "x");	/* at 1 of an empty flow */
	REFUSED(TG_ERANGE, "02 00 00 00 01 0105 01 01 01 01 02 01 00", "");	/* nothing there to delete */
	OK("02 00 00 00 01 0105 01 01 01 02 00 02 01 01 00 01", "x");		/* inserted, then deleted */
}
END_TEST

START_TEST(what_a_later_version_may_mean_is_told_apart)
{
	REFUSED(TG_EVERSION, "03 00 00 01 00 00", "x");
	REFUSED(TG_EVERSION, "01 00 00 01 0f", "");
	REFUSED(TG_EVERSION, "01 01 01 62 00 01 07 01 00", "\xc3");
}
END_TEST

START_TEST(out_of_range_and_too_big_are_refused)
{
	uint8_t *big = calloc(1, TG_TEXT_BUNDLE_TEXT_MAX + 1);
	struct tg_doc *doc = open_doc();
	static const uint8_t ops[] = {1, 0, 0, 1, 0, 0};

	REFUSED(TG_ERANGE, "01 00 00 01 00 16", "x");		  /* insert at 11 of 10 */
	OK("01 00 00 01 00 14", "x");				  /* at 10 */
	REFUSED(TG_ERANGE, "01 00 00 01 02 14", "");		  /* delete at 10 */
	REFUSED(TG_ERANGE, "01 00 00 01 52 00", "");		  /* delete 11 */
	REFUSED(TG_ERANGE, "01 01 01 62 00 01 56 00 00", "\xc3"); /* mark 11 */
	REFUSED(TG_ERANGE, "01 00 00 02 4a 00 00 02", "x");	  /* delete all, insert at 1 */
	OK("01 00 00 02 4a 00 00 00", "x");			  /* delete all, insert at 0 */
	REFUSED(TG_ETOOBIG, "01 00 00 01 84 80 80 01 00 00", ""); /* 2^18 + 1 markers */
	REFUSED(TG_ELIMIT, "01 00 00 01 82 80 80 80 01 00", "");  /* 2^25 + 1 deletes */
	ck_assert_int_eq(
	    tg_doc_add(doc, alice, 0, NULL, 0, ops, sizeof ops, big, TG_TEXT_BUNDLE_TEXT_MAX + 1),
	    TG_ETOOBIG);
	ck_assert_int_eq(
	    tg_doc_add(doc, alice, 0, NULL, 0, big, TG_TEXT_BUNDLE_OPS_MAX + 1, big, 1), TG_ETOOBIG);
	free(big);
	tg_doc_close(doc);
}
END_TEST

START_TEST(expunged_text_reads_as_replacement_characters)
{
	static const uint8_t ops[] = {1, 1, 1, 0x62, 1, 1, 0, 2, 9, 4, 0, 3, 1, 0};
	static const uint8_t only_marker[] = {1, 0, 0, 1, 4, 0, 0};
	struct tg_doc *doc = open_doc();
	const uint8_t *text;
	size_t len;

	ck_assert_int_eq(tg_doc_add(doc, alice, 0, NULL, 0, ops, sizeof ops, NULL, 0), TG_OK);
	ck_assert_int_eq(tg_doc_add(doc, alice, 3, NULL, 0, only_marker, sizeof only_marker, NULL, 0), TG_OK);
	ck_assert_uint_eq(tg_doc_length(doc, 0), 4);
	ck_assert_int_eq(tg_doc_text(doc, 0, 0, 4, &text, &len), TG_OK);
	ck_assert_uint_eq(len, 6);
	ck_assert_mem_eq(text, "\xef\xbf\xbd\xef\xbf\xbd", 6);
	tg_doc_close(doc);
}
END_TEST

/* A paste longer than a bundle, with characters of all lengths, comes out as bundles that say the same. */
START_TEST(a_long_paste_becomes_several_bundles)
{
	static const char *const parts[] = {"plain ascii, plain ascii; ", "é", "☃☃", "🦊"};
	struct tg_doc *doc = open_doc(), *copy = open_doc();
	size_t len = 0, bundles = 0, got;
	uint8_t *text = malloc(400000);
	const uint8_t *out;
	struct tg_edit e = {0};
	struct tg_bundle b;
	uint64_t count;

	for (unsigned i = 0; len < 300000; i++) {
		const char *p = i < 4000 ? parts[0] : parts[i * i % 4];

		memcpy(text + len, p, strlen(p));
		len += strlen(p);
	}
	e.text = text;
	e.text_len = len;
	ck_assert_int_eq(tg_doc_set_agent(doc, alice), TG_OK);
	ck_assert_int_eq(tg_doc_edit(doc, &e, 1, NULL, &count), TG_OK);
	while (tg_doc_take(doc, &b) == TG_OK) {
		ck_assert_uint_le(b.text_len, TG_TEXT_BUNDLE_TEXT_MAX);
		ck_assert_uint_eq(b.parent_count, 0);
		ck_assert_int_eq(
		    tg_doc_add(copy, alice, b.first_seq, NULL, 0, b.ops, b.ops_len, b.text, b.text_len),
		    TG_OK);
		bundles++;
	}
	ck_assert_uint_ge(bundles, 5);
	ck_assert_uint_le(bundles, 6);
	ck_assert_uint_eq(tg_doc_length(copy, 0), count);
	ck_assert_int_eq(tg_doc_text(copy, 0, 0, (uint32_t)count, &out, &got), TG_OK);
	ck_assert_uint_eq(got, len);
	ck_assert_mem_eq(out, text, len);
	free(text);
	tg_doc_close(doc);
	tg_doc_close(copy);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("text_codec");
	TCase *t = tcase_create("bytes");

	tcase_add_test(t, the_example_of_the_protocol_is_what_an_edit_writes);
	tcase_add_test(t, each_kind_of_operation_is_read);
	tcase_add_test(t, other_forms_of_the_same_are_refused);
	tcase_add_test(t, flows_and_objects_have_one_encoding);
	tcase_add_test(t, what_a_later_version_may_mean_is_told_apart);
	tcase_add_test(t, out_of_range_and_too_big_are_refused);
	tcase_add_test(t, expunged_text_reads_as_replacement_characters);
	tcase_add_test(t, a_long_paste_becomes_several_bundles);
	suite_add_tcase(s, t);
	return suite_run(s);
}
