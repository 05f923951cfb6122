/*
 * Goal: a character is one Unicode scalar value, nothing more and nothing less, whatever it is made of and
 * beside: astral planes, joiners, combining marks, other directions.  Every slice of every text is cut
 * exactly there.
 */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <toygrid/status.h>
#include <toygrid/text.h>

#include "suite.h"

static const uint8_t alice[TG_TEXT_AGENT_BYTES] = {1}, bob[TG_TEXT_AGENT_BYTES] = {2};

static const struct sample {
	const char *what, *text;
	uint32_t scalars;
} samples[] = {
    {"ascii", "plain", 5},
    {"two bytes each", "Żółć", 4},
    {"three bytes each", "漢字かな", 4},
    {"astral", "𝒳🦊𐍈", 3},
    {"a family of three, with joiners", "👩‍👩‍👧", 5},
    {"a flag of two letters", "🇫🇷", 2},
    {"a skin tone", "👍🏽", 2},
    {"a heart and its variant", "❤️", 2},
    {"combining marks", "e\u0301\u0302\u0300", 4}, /* e and three, not one of them composed */
    {"hangul letters, not composed", "\u1100\u1161\u11a8", 3},
    {"right to left", "שלום עולם", 9},
    {"arabic, with marks", "مَرْحَبًا", 9},
    {"both directions, with their signs", "a\u200f\u202bאב\u202c\u200eb", 8},
    {"devanagari, joined", "क्षि", 4},
    {"thai", "กำ", 2},
    {"no width at all", "\u200b\u2060\ufeff", 3},
    {"noncharacters", "\uffff\U0010ffff", 2},
    {"private use", "\ue000\U000f0000", 2},
    {"line and paragraph separators", "\u2028\u2029\xc2\x85", 3},
    {"the last before and the first after the surrogates", "\ud7ff\ue000", 2},
};

#define SAMPLES (sizeof samples / sizeof *samples)

static struct tg_doc *
open_doc(const uint8_t *agent)
{
	struct tg_doc *doc;

	ck_assert_int_eq(tg_doc_open(&doc, TG_TEXT_ORDER_FUGUEMAX), TG_OK);
	ck_assert_int_eq(tg_doc_set_agent(doc, agent), TG_OK);
	return doc;
}

static int
insert(struct tg_doc *doc, uint32_t at, const char *text, size_t len)
{
	struct tg_edit e = {0};

	e.kind = TG_EDIT_INSERT;
	e.index = at;
	e.text = (const uint8_t *)text;
	e.text_len = len;
	return tg_doc_edit(doc, &e, 1, NULL, NULL);
}

static int
erase(struct tg_doc *doc, uint32_t at, uint32_t count)
{
	struct tg_edit e = {0};

	e.kind = TG_EDIT_DELETE;
	e.index = at;
	e.count = count;
	return tg_doc_edit(doc, &e, 1, NULL, NULL);
}

/* What begins a scalar, read off the bytes alone. */
static size_t
offset_of(const char *text, size_t len, uint32_t scalar)
{
	size_t i = 0;

	for (uint32_t n = 0; i < len; i++)
		if (((uint8_t)text[i] & 0xc0) != 0x80 && n++ == scalar)
			break;
	return i;
}

static void
same_slices(struct tg_doc *doc, const char *text, size_t len, const char *what)
{
	uint32_t n = tg_doc_length(doc, 0);
	const uint8_t *data;
	size_t got;

	for (uint32_t from = 0; from <= n; from++)
		for (uint32_t count = 0; from + count <= n; count++) {
			size_t a = offset_of(text, len, from), b = offset_of(text, len, from + count);

			ck_assert_int_eq(tg_doc_text(doc, 0, from, count, &data, &got), TG_OK);
			ck_assert_msg(got == b - a && (got == 0 || memcmp(data, text + a, got) == 0),
			    "%s: %u from %u", what, count, from);
		}
}

START_TEST(each_scalar_value_is_one_item)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		struct tg_doc *doc = open_doc(alice);

		ck_assert_int_eq(insert(doc, 0, samples[i].text, strlen(samples[i].text)), TG_OK);
		ck_assert_msg(tg_doc_length(doc, 0) == samples[i].scalars, "%s: %u", samples[i].what,
		    tg_doc_length(doc, 0));
		same_slices(doc, samples[i].text, strlen(samples[i].text), samples[i].what);
		tg_doc_close(doc);
	}
}
END_TEST

/* Two insert into each gap of a text, even inside what is drawn as one sign, and a third deletes each item.
 */
START_TEST(a_text_may_be_parted_at_every_scalar)
{
	for (size_t i = 0; i < SAMPLES; i++)
		for (uint32_t at = 0; at <= samples[i].scalars; at++) {
			struct tg_doc *a = open_doc(alice), *b = open_doc(bob);
			const char *text = samples[i].text;
			size_t len = strlen(text), cut = offset_of(text, len, at), out = cut;
			struct tg_bundle bundle;
			struct tg_patches patches;
			char want[200];

			ck_assert_int_eq(insert(a, 0, text, len), TG_OK);
			ck_assert_int_eq(tg_doc_take(a, &bundle), TG_OK);
			ck_assert_int_eq(tg_doc_add(b, alice, 0, NULL, 0, bundle.ops, bundle.ops_len,
					     bundle.text, bundle.text_len),
			    TG_OK);
			ck_assert_int_eq(tg_doc_poll(b, &patches), TG_OK);
			ck_assert_int_eq(insert(b, at, "🧵", 4), TG_OK);
			if (at < samples[i].scalars)
				ck_assert_int_eq(erase(a, at, 1), TG_OK);
			ck_assert_int_eq(insert(a, at, "ß", 2), TG_OK);
			ck_assert_int_eq(tg_doc_take(b, &bundle), TG_OK);
			ck_assert_int_eq(tg_doc_add(a, bob, 0, bundle.parents, bundle.parent_count,
					     bundle.ops, bundle.ops_len, bundle.text, bundle.text_len),
			    TG_OK);
			memcpy(want, text, cut);
			memcpy(want + out, "ß🧵", 6);
			out += 6;
			cut = offset_of(text, len, at + (at < samples[i].scalars));
			memcpy(want + out, text + cut, len - cut);
			same_slices(a, want, out + len - cut, samples[i].what);
			tg_doc_close(a);
			tg_doc_close(b);
		}
}
END_TEST

START_TEST(what_is_no_scalar_value_is_refused)
{
	static const char *const wrong[] = {
	    "\xed\xa0\x80",
	    "\xed\xaf\xbf",
	    "\xed\xb0\x80",
	    "\xed\xbf\xbf",		/* lone surrogates */
	    "\xed\xa0\xbd\xed\xb8\x80", /* a pair of them is no character */
	    "a\xed\xa0\x80z",
	    "\xf4\x90\x80\x80",
	    "\xf7\xbf\xbf\xbf",
	    "\xf8\x88\x80\x80\x80", /* too high */
	    "\xc0\xaf",
	    "\xe0\x80\xaf",
	    "\xf0\x80\x80\xaf",
	    "\xc1\xbf", /* too long */
	    "\x80",
	    "\xbf",
	    "\xe2\x98",
	    "\xf0\x9f\xa6",
	    "\xc3",
	    "\xe2\x28\xa1",
	    "\xff",
	    "\xfe",
	};

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct tg_doc *doc = open_doc(alice);
		uint8_t ops[] = {1, 0, 0, 1, 0, 0};
		const struct tg_event_id *none;
		size_t n;

		ck_assert_int_eq(insert(doc, 0, wrong[i], strlen(wrong[i])), TG_EFORMAT);
		for (unsigned items = 1; items < 4; items++) {
			ops[4] = (uint8_t)((items - 1) * 8);
			ck_assert_int_eq(tg_doc_add(doc, bob, 0, NULL, 0, ops, sizeof ops,
					     (const uint8_t *)wrong[i], strlen(wrong[i])),
			    TG_EFORMAT);
		}
		ck_assert_uint_eq(tg_doc_length(doc, 0), 0);
		ck_assert_int_eq(tg_doc_version(doc, &none, &n), TG_OK);
		ck_assert_uint_eq(n, 0);
		tg_doc_close(doc);
	}
}
END_TEST

/* Random edits with characters of all lengths, and an array of scalars beside. */
START_TEST(random_edits_count_as_an_array_of_scalars)
{
	for (unsigned seed = 1; seed <= 60; seed++) {
		struct tg_doc *doc = open_doc(alice);
		uint64_t random = seed * 77;
		char text[4000] = "";
		size_t len = 0;

		for (int step = 0; step < 120; step++) {
			uint32_t n = tg_doc_length(doc, 0), at;
			const struct sample *s;
			size_t cut, end;

			random = random * UINT64_C(6364136223846793005) + 1;
			at = (uint32_t)(random >> 40) % (n + 1);
			s = &samples[(random >> 20) % SAMPLES];
			cut = offset_of(text, len, at);
			if ((random >> 60) % 2 == 0 || at == n) {
				size_t add = strlen(s->text);

				ck_assert_int_eq(insert(doc, at, s->text, add), TG_OK);
				memmove(text + cut + add, text + cut, len - cut);
				memcpy(text + cut, s->text, add);
				len += add;
			} else {
				uint32_t count = 1 + (uint32_t)(random >> 33) % 9;

				if (count > n - at)
					count = n - at;
				end = offset_of(text, len, at + count);
				ck_assert_int_eq(erase(doc, at, count), TG_OK);
				memmove(text + cut, text + end, len - end);
				len -= end - cut;
			}
			if (len > sizeof text - 100)
				break;
		}
		if (tg_doc_length(doc, 0) > 60)
			ck_assert_int_eq(erase(doc, 60, tg_doc_length(doc, 0) - 60), TG_OK);
		same_slices(doc, text, offset_of(text, len, 60), "random");
		tg_doc_close(doc);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("text_unicode");
	TCase *t = tcase_create("scalars");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, each_scalar_value_is_one_item);
	tcase_add_test(t, a_text_may_be_parted_at_every_scalar);
	tcase_add_test(t, what_is_no_scalar_value_is_refused);
	tcase_add_test(t, random_edits_count_as_an_array_of_scalars);
	suite_add_tcase(s, t);
	return suite_run(s);
}
