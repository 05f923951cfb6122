/*
 * Entries, heads and bodies as bytes: there and back, and nothing else accepted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <toygrid/status.h>

#include "log/entry.h"
#include "log/fixture.h"
#include "suite.h"
#include "wire/writer.h"

static struct person alice;
static struct tg_key own = {{9}};

static void
setup(void)
{
	tg_crypto_init();
	person_init(&alice, TG_MODE_EDIT, 1, 1);
}

static void
teardown(void)
{
	person_free(&alice);
}

static struct tg_bytes
bytes(const void *data, size_t len)
{
	return (struct tg_bytes){data, len};
}

/* ---- entry ---- */

START_TEST(the_hash_of_an_empty_text_is_what_the_constant_says)
{
	struct tg_entry e = {bytes("h", 1), bytes("b", 1), bytes(NULL, 0), 0};
	struct tg_entry expunged = e;
	struct tg_hash of_nothing, leaf, other;

	tg_hash(TG_DOMAIN_TEXT, "", 0, &of_nothing);
	expunged.expunged = 1;
	expunged.text = bytes(of_nothing.b, sizeof of_nothing.b);
	tg_entry_leaf(&e, &leaf);
	tg_entry_leaf(&expunged, &other);
	ck_assert_int_eq(tg_hash_cmp(&leaf, &other), 0);
}
END_TEST

START_TEST(expunging_the_text_keeps_the_leaf_and_drops_the_size)
{
	struct tg_entry e = {bytes("header", 6), bytes("body", 4), bytes("text", 4), 0}, out;
	struct tg_hash text, leaf, after;
	struct tg_buf buf = {0};

	tg_entry_leaf(&e, &leaf);
	ck_assert_uint_eq(tg_entry_size(&e), 14);
	tg_hash(TG_DOMAIN_TEXT, "text", 4, &text);
	e.text = bytes(text.b, sizeof text.b);
	e.expunged = 1;
	tg_entry_encode(&e, &buf);
	ck_assert_int_eq(tg_entry_decode(buf.data, buf.len, &out), TG_OK);
	ck_assert_int_eq(out.expunged, 1);
	tg_entry_leaf(&out, &after);
	ck_assert_int_eq(tg_hash_cmp(&leaf, &after), 0);
	ck_assert_uint_eq(tg_entry_size(&out), 10);
	tg_buf_free(&buf);
}
END_TEST

START_TEST(every_flipped_bit_of_an_entry_is_refused_or_is_another_leaf)
{
	struct tg_entry e = {bytes("header", 6), bytes("body", 4), bytes("text", 4), 0}, out;
	struct tg_hash leaf, other;
	struct tg_buf buf = {0};

	tg_entry_leaf(&e, &leaf);
	tg_entry_encode(&e, &buf);
	for (size_t bit = 0; bit < buf.len * 8; bit++) {
		buf.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (tg_entry_decode(buf.data, buf.len, &out) == TG_OK) {
			tg_entry_leaf(&out, &other);
			ck_assert_int_ne(tg_hash_cmp(&leaf, &other), 0);
		}
		buf.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t n = 0; n < buf.len; n++)
		ck_assert_int_eq(tg_entry_decode(buf.data, n, &out), TG_ETRUNCATED);
	tg_buf_u8(&buf, 0);
	ck_assert_int_eq(tg_entry_decode(buf.data, buf.len, &out), TG_EFORMAT);
	tg_buf_free(&buf);
}
END_TEST

START_TEST(parts_over_their_limits_are_refused)
{
	static uint8_t big[TG_ENTRY_BODY_MAX_BYTES + 1];
	const size_t limits[][3] = {{TG_ENTRY_HEADER_MAX_BYTES + 1, 1, 0},
	    {1, TG_ENTRY_BODY_MAX_BYTES + 1, 0}, {1, 1, TG_ENTRY_TEXT_MAX_BYTES + 1}, {1, 65536, 65536},
	    {1024, 98304, 27649}};
	struct tg_buf buf = {0};
	struct tg_entry e, out;

	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		e = (struct tg_entry){
		    bytes(big, limits[i][0]), bytes(big, limits[i][1]), bytes(big, limits[i][2]), 0};
		tg_buf_reset(&buf);
		tg_entry_encode(&e, &buf);
		ck_assert_int_eq(tg_entry_decode(buf.data, buf.len, &out), TG_ETOOBIG);
	}
	tg_buf_free(&buf);
}
END_TEST

START_TEST(our_bin_headers_are_msgpacks)
{
	static const size_t lengths[] = {0, 1, 255, 256, 65535, 65536, 98304};
	static uint8_t data[98304];
	uint8_t header[5];

	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		struct tg_buf buf = {0};
		size_t n = tg_bin_header(header, lengths[i]);

		tg_write_bin(&buf, data, lengths[i]);
		ck_assert_uint_eq(buf.len, n + lengths[i]);
		ck_assert_int_eq(memcmp(buf.data, header, n), 0);
		tg_buf_free(&buf);
	}
}
END_TEST

/* ---- head ---- */

static void
make_head(struct tg_head *head, uint64_t length)
{
	memset(head, 0, sizeof *head);
	head->grid = alice.access.grid;
	head->log = alice.device.public_key;
	head->length = length;
	head->bytes = length * 150;
	head->root.b[5] = 5;
	tg_head_sign(&alice.device, head);
}

START_TEST(a_head_has_one_encoding_at_every_magnitude)
{
	static const uint64_t lengths[] = {
	    1, 127, 128, 255, 256, 65536, (uint64_t)1 << 32, (uint64_t)1 << 62};
	uint8_t a[TG_HEAD_MAX_BYTES], b[TG_HEAD_MAX_BYTES];
	struct tg_head head, out;

	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		size_t n;

		make_head(&head, lengths[i]);
		n = tg_head_encode(&head, a);
		ck_assert_int_eq(tg_head_decode(a, n, &out), TG_OK);
		ck_assert_int_eq(tg_head_verify(&out), TG_OK);
		ck_assert_uint_eq(tg_head_encode(&out, b), n);
		ck_assert_int_eq(memcmp(a, b, n), 0);
	}
	make_head(&head, 0);
	ck_assert_int_eq(tg_head_decode(a, tg_head_encode(&head, a), &out), TG_EFORMAT);
	make_head(&head, ((uint64_t)1 << 62) + 1);
	ck_assert_int_eq(tg_head_decode(a, tg_head_encode(&head, a), &out), TG_ETOOBIG);
}
END_TEST

START_TEST(every_flipped_bit_of_a_head_is_refused)
{
	uint8_t a[TG_HEAD_MAX_BYTES];
	struct tg_head head, out;
	size_t n;

	make_head(&head, 300);
	n = tg_head_encode(&head, a);
	for (size_t bit = 0; bit < n * 8; bit++) {
		a[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert(tg_head_decode(a, n, &out) != TG_OK || tg_head_verify(&out) == TG_ESIGNATURE);
		a[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t i = 0; i < n; i++)
		ck_assert_int_ne(tg_head_decode(a, i, &out), TG_OK);
}
END_TEST

/* ---- body ---- */

static void
three_parents(struct tg_parent parents[3])
{
	memset(parents, 0, 3 * sizeof *parents);
	for (int i = 0; i < 3; i++) {
		parents[i].log.b[0] = (uint8_t)(1 + i);
		parents[i].seq = 100u << (8 * i);
		parents[i].leaf.b[31] = (uint8_t)i;
	}
}

START_TEST(a_body_comes_back_with_all_kinds_of_transitions)
{
	struct tg_parent parents[3], parent;
	struct tg_body_walk walk = {0};
	struct tg_transition t;
	struct tg_head a, b;
	struct tg_buf buf = {0};
	struct tg_body body;
	int n = 0;

	three_parents(parents);
	make_head(&a, 3);
	make_head(&b, 4);
	tg_body_begin(&buf, 1700000000000, parents, 3, 9);
	tg_body_text(&buf, 7, "ops", 3, 11);
	tg_body_record(&buf, TG_T_GENESIS, "genesis", 7);
	tg_body_record(&buf, TG_T_MEMBER, "member", 6);
	tg_body_text(&buf, 18, "more", 4, 5);
	tg_body_fork(&buf, &a, &b, bytes("\x92\x90\x90", 3));
	tg_body_ext(&buf, "name", 4, "payload", 7);
	tg_body_invite(&buf, &alice.device.public_key, &alice.box, "node", 4);
	tg_body_record(&buf, TG_T_RETENTION, "r", 1);
	tg_body_record(&buf, TG_T_EPOCH, "e", 1);
	ck_assert_int_eq(tg_buf_status(&buf), TG_OK);
	ck_assert_int_eq(tg_body_decode(&own, buf.data, buf.len, &body), TG_OK);
	ck_assert_uint_eq(body.time_ms, 1700000000000);
	ck_assert_uint_eq(body.text_len, 16);
	while (tg_body_next_parent(&body, &walk, &parent)) {
		ck_assert_int_eq(memcmp(&parent, &parents[n], sizeof parent), 0);
		n++;
	}
	ck_assert_int_eq(n, 3);
	memset(&walk, 0, sizeof walk);
	for (n = 0; tg_body_next_transition(&body, &walk, &t); n++)
		switch (n) {
		case 0:
			ck_assert_uint_eq(t.kind, TG_T_TEXT);
			ck_assert_uint_eq(t.u.text.first_seq, 7);
			ck_assert_int_eq(memcmp(t.u.text.operations.data, "ops", 3), 0);
			ck_assert_uint_eq(t.u.text.text_at, 0);
			ck_assert_uint_eq(t.u.text.text_len, 11);
			break;
		case 1:
			ck_assert_uint_eq(t.kind, TG_T_GENESIS);
			ck_assert_uint_eq(t.u.record.len, 7);
			break;
		case 3:
			ck_assert_uint_eq(t.u.text.text_at, 11);
			ck_assert_uint_eq(t.u.text.text_len, 5);
			break;
		case 4:
			ck_assert_uint_eq(t.kind, TG_T_FORK);
			ck_assert_uint_eq(t.u.fork.proof.len, 3);
			ck_assert_int_eq(
			    tg_head_decode(t.u.fork.head_b.data, t.u.fork.head_b.len, &a), TG_OK);
			ck_assert_uint_eq(a.length, 4);
			break;
		case 5:
			ck_assert_uint_eq(t.u.ext.name.len, 4);
			ck_assert_uint_eq(t.u.ext.payload.len, 7);
			break;
		case 6:
			ck_assert_int_eq(tg_key_cmp(&t.u.invite.box, &alice.box), 0);
			break;
		}
	ck_assert_int_eq(n, 9);
	for (size_t i = 0; i < buf.len; i++)
		ck_assert_int_ne(tg_body_decode(&own, buf.data, i, &body), TG_OK);
	tg_buf_free(&buf);
}
END_TEST

START_TEST(parents_ascend_and_never_name_the_own_log)
{
	struct tg_parent parents[3];
	struct tg_buf buf = {0};
	struct tg_body body;

	for (int c = 0; c < 3; c++) {
		three_parents(parents);
		if (c == 0)
			parents[1].log = parents[0].log;
		if (c == 1)
			parents[2].log.b[0] = 0;
		tg_buf_reset(&buf);
		tg_body_begin(&buf, 1, parents, 3, 1);
		tg_body_ext(&buf, "", 0, "", 0);
		ck_assert_int_eq(
		    tg_body_decode(c == 2 ? &parents[1].log : &own, buf.data, buf.len, &body), TG_EFORMAT);
	}
	tg_buf_free(&buf);
}
END_TEST

START_TEST(counts_and_texts_have_limits)
{
	struct tg_parent *many = calloc(TG_PARENTS_MAX + 1, sizeof *many);
	struct tg_buf buf = {0};
	struct tg_body body;

	for (unsigned i = 0; i <= TG_PARENTS_MAX; i++)
		many[i].log.b[0] = (uint8_t)(i + 10);
	tg_body_begin(&buf, 1, many, TG_PARENTS_MAX + 1, 1);
	tg_body_ext(&buf, "", 0, "", 0);
	ck_assert_int_eq(tg_body_decode(&own, buf.data, buf.len, &body), TG_ETOOBIG);
	tg_buf_reset(&buf);
	tg_body_begin(&buf, 1, NULL, 0, 0);
	ck_assert_int_eq(tg_body_decode(&own, buf.data, buf.len, &body), TG_EFORMAT);
	tg_buf_reset(&buf);
	tg_body_begin(&buf, 1, NULL, 0, TG_TRANSITIONS_MAX + 1);
	for (unsigned i = 0; i <= TG_TRANSITIONS_MAX; i++)
		tg_body_ext(&buf, "", 0, "", 0);
	ck_assert_int_eq(tg_body_decode(&own, buf.data, buf.len, &body), TG_ETOOBIG);
	tg_buf_reset(&buf);
	tg_body_begin(&buf, 1, NULL, 0, 2); /* each fits the text part, both together do not */
	tg_body_text(&buf, 0, "", 0, 40000);
	tg_body_text(&buf, 0, "", 0, 40000);
	ck_assert_int_eq(tg_body_decode(&own, buf.data, buf.len, &body), TG_ETOOBIG);
	tg_buf_free(&buf);
	free(many);
}
END_TEST

START_TEST(unknown_transitions_are_passed_over_but_must_be_well_formed)
{
	static const uint8_t deep_ok[] = {0x92, 0x63, 0x91, 0x91, 0x91, 0x91, 0x91, 0x01};
	static const uint8_t too_deep[] = {0x92, 0x63, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x01};
	static const uint8_t map[] = {0x92, 0x63, 0x81, 0x01, 0x01};
	static const uint8_t longer_form[] = {0x92, 0x63, 0xcc, 0x01};
	static const uint8_t known_with_more[] = {0x93, TG_T_MEMBER, 0xc4, 0x01, 0x00, 0x00};
	const struct {
		struct tg_bytes raw;
		int rc;
	} cases[] = {
	    {{deep_ok, sizeof deep_ok}, TG_OK},
	    {{too_deep, sizeof too_deep}, TG_EFORMAT},
	    {{map, sizeof map}, TG_EFORMAT},
	    {{longer_form, sizeof longer_form}, TG_EFORMAT},
	    {{known_with_more, sizeof known_with_more}, TG_EFORMAT},
	};
	struct tg_body_walk walk = {0};
	struct tg_transition t;
	struct tg_buf buf = {0};
	struct tg_body body;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		tg_buf_reset(&buf);
		tg_body_begin(&buf, 1, NULL, 0, 2);
		tg_buf_put(&buf, cases[i].raw.data, cases[i].raw.len);
		tg_body_ext(&buf, "x", 1, "", 0);
		ck_assert_int_eq(tg_body_decode(&own, buf.data, buf.len, &body), cases[i].rc);
		if (i > 0)
			continue;
		ck_assert_int_eq(tg_body_next_transition(&body, &walk, &t), 1);
		ck_assert_uint_eq(t.kind, 0x63);
		ck_assert_uint_eq(t.raw.len, sizeof deep_ok);
		ck_assert_int_eq(tg_body_next_transition(&body, &walk, &t), 1);
		ck_assert_uint_eq(t.kind, TG_T_EXT);
	}
	tg_buf_free(&buf);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("log_codec");
	TCase *t = tcase_create("log_codec");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, the_hash_of_an_empty_text_is_what_the_constant_says);
	tcase_add_test(t, expunging_the_text_keeps_the_leaf_and_drops_the_size);
	tcase_add_test(t, every_flipped_bit_of_an_entry_is_refused_or_is_another_leaf);
	tcase_add_test(t, parts_over_their_limits_are_refused);
	tcase_add_test(t, our_bin_headers_are_msgpacks);
	tcase_add_test(t, a_head_has_one_encoding_at_every_magnitude);
	tcase_add_test(t, every_flipped_bit_of_a_head_is_refused);
	tcase_add_test(t, a_body_comes_back_with_all_kinds_of_transitions);
	tcase_add_test(t, parents_ascend_and_never_name_the_own_log);
	tcase_add_test(t, counts_and_texts_have_limits);
	tcase_add_test(t, unknown_transitions_are_passed_over_but_must_be_well_formed);
	suite_add_tcase(s, t);
	return suite_run(s);
}
