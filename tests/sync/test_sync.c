/*
 * Sealed messages: golden bytes (tests/vectors/sync.txt), tampering, the replay window, and the rules of each
 * body.
 * A line of the vectors is "NAME HEX".
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <toygrid/limits.h>
#include <toygrid/status.h>

#include "base/mem.h"
#include "suite.h"
#include "sync/bodies.h"
#include "sync/message.h"
#include "sync/window.h"
#include "vectors/sync.h"
#include "wire/writer.h"

static struct sync_vectors golden;

static void
setup(void)
{
	sync_vectors_init(&golden);
}

static struct tg_bytes
bytes(const struct tg_buf *b)
{
	return (struct tg_bytes){b->data, b->len};
}

static struct tg_bytes
text(const char *s)
{
	return (struct tg_bytes){(const uint8_t *)s, strlen(s)};
}

static struct tg_log_state
state(uint8_t key, uint64_t length)
{
	struct tg_log_state s;

	memset(s.log.b, key, sizeof s.log.b);
	s.length = length;
	memset(s.root.b, key ^ 0xff, sizeof s.root.b);
	return s;
}

/* ---- golden bytes -------------------------------------------------------------------------------------- */

static void
body_of(const char *name, struct tg_buf *b)
{
	sync_vectors_body(&golden, name, b);
}

START_TEST(the_bytes_are_those_of_the_vectors)
{
	char path[512], line[4096], name[32], hex[4000];
	size_t i = 0;
	FILE *f;

	snprintf(path, sizeof path, "%s/tests/vectors/sync.txt", getenv("TG_SOURCE_DIR"));
	f = fopen(path, "r");
	ck_assert_msg(f != NULL, "cannot read %s", path);
	while (fgets(line, sizeof line, f)) {
		struct tg_buf b = {0};

		if (line[0] == '#')
			continue;
		ck_assert_int_eq(sscanf(line, "%31s %3999s", name, hex), 2);
		ck_assert_uint_lt(i, SYNC_VECTORS);
		ck_assert_str_eq(name, sync_vector_names[i]);
		setup();
		body_of(name, &b);
		ck_assert_uint_eq(strlen(hex), 2 * b.len);
		for (size_t k = 0; k < b.len; k++) {
			char two[3];

			snprintf(two, sizeof two, "%02x", b.data[k]);
			ck_assert_msg(memcmp(two, hex + 2 * k, 2) == 0, "%s differs at byte %zu", name, k);
		}
		tg_buf_free(&b);
		i++;
	}
	fclose(f);
	ck_assert_uint_eq(i, SYNC_VECTORS);
}
END_TEST

/* ---- messages ------------------------------------------------------------------------------------------ */

START_TEST(a_message_comes_out_as_it_went_in)
{
	struct tg_buf body = {0}, payload = {0}, plain = {0};
	struct tg_message m;

	body_of("want", &body);
	ck_assert_int_eq(tg_message_seal(&golden.rng, &golden.session, 5, TG_MSG_WANT, body.data, body.len,
			     &golden.sync_key, &golden.topic, &payload),
	    TG_OK);
	ck_assert_int_eq(
	    tg_message_open(&golden.sync_key, &golden.topic, payload.data, payload.len, &plain, &m), TG_OK);
	ck_assert_int_eq(tg_message_verify(&m), TG_OK);
	ck_assert_uint_eq(m.counter, 5);
	ck_assert_uint_eq(m.kind, TG_MSG_WANT);
	ck_assert_uint_eq(m.body.len, body.len);
	ck_assert_mem_eq(m.body.data, body.data, body.len);
	tg_buf_free(&body);
	tg_buf_free(&payload);
	tg_buf_free(&plain);
}
END_TEST

START_TEST(every_changed_bit_of_a_payload_is_refused)
{
	struct tg_buf payload = {0}, plain = {0};
	struct tg_message m;

	body_of("message", &payload);
	for (size_t i = 0; i < payload.len * 8; i++) {
		payload.data[i / 8] ^= (uint8_t)(1 << i % 8);
		ck_assert_int_eq(
		    tg_message_open(&golden.sync_key, &golden.topic, payload.data, payload.len, &plain, &m),
		    TG_EDECRYPT);
		payload.data[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (size_t n = 0; n < payload.len; n++)
		ck_assert_int_ne(
		    tg_message_open(&golden.sync_key, &golden.topic, payload.data, n, &plain, &m), TG_OK);
	tg_buf_free(&payload);
	tg_buf_free(&plain);
}
END_TEST

START_TEST(a_message_does_not_open_on_another_topic_or_under_another_key)
{
	struct tg_buf payload = {0}, plain = {0};
	struct tg_hash other = golden.topic;
	struct tg_secret key = golden.sync_key;
	struct tg_message m;

	body_of("message", &payload);
	other.b[31] ^= 1;
	ck_assert_int_eq(
	    tg_message_open(&golden.sync_key, &other, payload.data, payload.len, &plain, &m), TG_EDECRYPT);
	key.b[0] ^= 1;
	ck_assert_int_eq(
	    tg_message_open(&key, &golden.topic, payload.data, payload.len, &plain, &m), TG_EDECRYPT);
	tg_buf_free(&payload);
	tg_buf_free(&plain);
}
END_TEST

/* A link holder can seal anything; it cannot sign as somebody else's session, nor move a signed message. */
START_TEST(a_link_holder_cannot_speak_for_another_session)
{
	struct tg_buf payload = {0}, plain = {0}, forged = {0};
	struct tg_hash other = golden.topic;
	struct tg_message m;

	body_of("message", &payload);
	ck_assert_int_eq(
	    tg_message_open(&golden.sync_key, &golden.topic, payload.data, payload.len, &plain, &m), TG_OK);
	/* The same signed message, sealed anew for another topic. */
	other.b[0] ^= 1;
	tg_buf_put(&forged, payload.data, TG_NONCE_BYTES);
	tg_seal(&golden.sync_key, payload.data, other.b, sizeof other.b, plain.data, plain.len,
	    tg_buf_space(&forged, plain.len + TG_TAG_BYTES));
	ck_assert_int_eq(
	    tg_message_open(&golden.sync_key, &other, forged.data, forged.len, &plain, &m), TG_OK);
	ck_assert_int_eq(tg_message_verify(&m), TG_ESIGNATURE);
	/* Its counter raised. */
	ck_assert_int_eq(
	    tg_message_open(&golden.sync_key, &golden.topic, payload.data, payload.len, &plain, &m), TG_OK);
	tg_buf_reset(&forged);
	plain.data[3 + 32 + 3] ^= 1; /* inside [array, version, bin header, session, 0xcd, counter] */
	tg_buf_put(&forged, payload.data, TG_NONCE_BYTES);
	tg_seal(&golden.sync_key, payload.data, golden.topic.b, sizeof golden.topic.b, plain.data, plain.len,
	    tg_buf_space(&forged, plain.len + TG_TAG_BYTES));
	if (tg_message_open(&golden.sync_key, &golden.topic, forged.data, forged.len, &plain, &m) == TG_OK)
		ck_assert_int_eq(tg_message_verify(&m), TG_ESIGNATURE);
	tg_buf_free(&payload);
	tg_buf_free(&plain);
	tg_buf_free(&forged);
}
END_TEST

START_TEST(a_body_too_big_for_a_frame_is_refused_when_sealed)
{
	struct tg_buf payload = {0};
	uint8_t *big = tg_calloc(1, TG_PAYLOAD_MAX_BYTES);

	ck_assert_ptr_nonnull(big);
	ck_assert_int_eq(tg_message_seal(&golden.rng, &golden.session, 1, 1, big, TG_PAYLOAD_MAX_BYTES,
			     &golden.sync_key, &golden.topic, &payload),
	    TG_ETOOBIG);
	ck_assert_uint_eq(payload.len, 0);
	tg_free(big);
}
END_TEST

START_TEST(each_failed_allocation_of_seal_and_open_is_reported)
{
	struct tg_buf body = {0}, payload = {0}, plain = {0};
	struct tg_message m;
	int rc = TG_ENOMEM;

	body_of("want", &body);
	for (long n = 0; rc == TG_ENOMEM; n++) {
		tg_buf_free(&payload);
		tg_mem_fail_after(n);
		rc = tg_message_seal(&golden.rng, &golden.session, 1, TG_MSG_WANT, body.data, body.len,
		    &golden.sync_key, &golden.topic, &payload);
		tg_mem_fail_after(-1);
		ck_assert(rc == TG_OK || rc == TG_ENOMEM);
	}
	tg_mem_fail_after(0);
	ck_assert_int_eq(
	    tg_message_open(&golden.sync_key, &golden.topic, payload.data, payload.len, &plain, &m),
	    TG_ENOMEM);
	tg_mem_fail_after(-1);
	tg_buf_free(&body);
	tg_buf_free(&payload);
	tg_buf_free(&plain);
}
END_TEST

/* ---- the window ---------------------------------------------------------------------------------------- */

START_TEST(the_window_knows_every_counter_it_saw)
{
	struct tg_window w = {0};
	static uint8_t seen[6000];
	uint64_t highest = 0;

	ck_assert_int_eq(tg_window_seen(&w, 0), 1);
	for (int i = 0; i < 20000; i++) {
		uint64_t c = 1 + tg_rng_below(&golden.rng, (uint32_t)(i / 4 + 1));
		int expect = highest >= TG_WINDOW_BITS && c <= highest - TG_WINDOW_BITS ? 1 : seen[c];

		ck_assert_int_eq(tg_window_seen(&w, c), expect);
		if (!expect) {
			tg_window_record(&w, c);
			seen[c] = 1;
		}
		if (c > highest && seen[c])
			highest = c;
	}
	/* A jump forgets nothing that matters: all below is refused. */
	tg_window_record(&w, UINT64_MAX);
	ck_assert_int_eq(tg_window_seen(&w, highest + 1), 1);
	ck_assert_int_eq(tg_window_seen(&w, UINT64_MAX - 5), 0);
	ck_assert_int_eq(tg_window_seen(&w, UINT64_MAX), 1);
}
END_TEST

/* ---- bodies -------------------------------------------------------------------------------------------- */

START_TEST(lists_are_walked_as_they_were_written)
{
	struct tg_buf b = {0};
	struct tg_have have;
	struct tg_want want;
	struct tg_data data;
	struct tg_log_state s;
	struct tg_want_range range;
	struct tg_hash locator;
	struct tg_bytes element, stored;

	body_of("have-list", &b);
	ck_assert_int_eq(tg_have_get(bytes(&b), &have), TG_OK);
	ck_assert_uint_eq(have.count, 2);
	ck_assert_int_eq(tg_have_next(&have.list, &s), 1);
	ck_assert_uint_eq(s.length, 7);
	ck_assert_int_eq(tg_have_next(&have.list, &s), 1);
	ck_assert_uint_eq(s.length, 70000);
	ck_assert_int_eq(tg_have_next(&have.list, &s), 0);

	tg_buf_reset(&b);
	body_of("want", &b);
	ck_assert_int_eq(tg_want_get(bytes(&b), &want), TG_OK);
	ck_assert_int_eq(tg_want_next_range(&want.ranges, &range), 1);
	ck_assert_uint_eq(range.to, 0);
	ck_assert_int_eq(tg_want_next_range(&want.ranges, &range), 1);
	ck_assert_uint_eq(range.from, 5);
	ck_assert_int_eq(tg_want_next_range(&want.ranges, &range), 0);
	ck_assert_int_eq(tg_want_next_locator(&want.locators, &locator), 1);
	ck_assert_int_eq(tg_want_next_locator(&want.locators, &locator), 0);

	tg_buf_reset(&b);
	body_of("have-branches", &b);
	ck_assert_int_eq(tg_have_get(bytes(&b), &have), TG_OK);
	ck_assert_int_eq(tg_have_next(&have.list, &s), 1);
	ck_assert_uint_eq(s.length, 9);
	ck_assert_int_eq(tg_have_next(&have.list, &s), 1);
	ck_assert_uint_eq(s.length, 8);

	tg_buf_reset(&b);
	body_of("want-branch", &b);
	ck_assert_int_eq(tg_want_get(bytes(&b), &want), TG_OK);
	ck_assert_int_eq(tg_want_next_range(&want.ranges, &range), 1);
	ck_assert_uint_eq(range.to, 7);
	ck_assert_int_eq(range.has_root, 1);
	ck_assert_uint_eq(range.root.b[31], 0xfe);

	tg_buf_reset(&b);
	body_of("data", &b);
	ck_assert_int_eq(tg_data_get(bytes(&b), &data), TG_OK);
	ck_assert_int_eq(tg_data_next(&data.runs, &element), 1);
	ck_assert_uint_eq(element.len, 2);
	ck_assert_int_eq(tg_data_next(&data.runs, &element), 0);
	ck_assert_int_eq(tg_data_next(&data.chunks, &element), 1);
	ck_assert_int_eq(tg_data_chunk_get(element, &locator, &stored), TG_OK);
	ck_assert_uint_eq(stored.len, strlen("stored form"));
	tg_buf_free(&b);
}
END_TEST

START_TEST(a_have_list_must_ascend)
{
	struct tg_log_state states[2] = {state(2, 1), state(1, 1)}, twice[2] = {state(1, 1), state(1, 2)};
	struct tg_buf b = {0};
	struct tg_have have;

	tg_have_put_list(&b, text(""), 0, states, 2);
	ck_assert_int_eq(tg_have_get(bytes(&b), &have), TG_EFORMAT);
	tg_buf_reset(&b);
	tg_have_put_list(&b, text(""), 0, twice, 2);
	ck_assert_int_eq(tg_have_get(bytes(&b), &have), TG_EFORMAT);
	tg_buf_free(&b);
}
END_TEST

START_TEST(an_empty_range_is_no_range)
{
	struct tg_want_range range = {.from = 5, .to = 5}, whole = {.has_root = 1};
	struct tg_key key = {{0}};
	struct tg_buf b = {0};
	struct tg_want want;

	/* A branch is named by its head: "to the newest" names none. */
	tg_want_put(&b, 1, 0, &key, &whole, 1, NULL, 0);
	ck_assert_int_eq(tg_want_get(bytes(&b), &want), TG_EFORMAT);
	tg_buf_reset(&b);

	tg_want_put(&b, 1, 0, &key, &range, 1, NULL, 0);
	ck_assert_int_eq(tg_want_get(bytes(&b), &want), TG_EFORMAT);
	tg_buf_free(&b);
}
END_TEST

START_TEST(every_cut_of_every_body_is_refused)
{
	for (size_t i = 0; i + 1 < SYNC_VECTORS; i++) {
		struct tg_buf b = {0};

		body_of(sync_vector_names[i], &b);
		for (size_t n = 0; n < b.len; n++) {
			struct tg_bytes cut = {b.data, n}, name, payload;
			struct tg_have have;
			struct tg_want want;
			struct tg_data data;
			struct tg_presence presence;
			struct tg_call call;
			struct tg_reply reply;

			ck_assert_int_ne(tg_have_get(cut, &have), TG_OK);
			ck_assert_int_ne(tg_want_get(cut, &want), TG_OK);
			ck_assert_int_ne(tg_data_get(cut, &data), TG_OK);
			ck_assert_int_ne(tg_presence_get(cut, &presence), TG_OK);
			ck_assert_int_ne(tg_cast_get(cut, &call), TG_OK);
			ck_assert_int_ne(tg_call_get(cut, &call), TG_OK);
			ck_assert_int_ne(tg_reply_get(cut, &reply), TG_OK);
			ck_assert_int_ne(tg_ext_get(cut, &name, &payload), TG_OK);
		}
		tg_buf_free(&b);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sync");
	TCase *tc = tcase_create("sync");

	if (tg_crypto_init() != TG_OK)
		return 1;
	tcase_set_timeout(tc, 0);
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, the_bytes_are_those_of_the_vectors);
	tcase_add_test(tc, a_message_comes_out_as_it_went_in);
	tcase_add_test(tc, every_changed_bit_of_a_payload_is_refused);
	tcase_add_test(tc, a_message_does_not_open_on_another_topic_or_under_another_key);
	tcase_add_test(tc, a_link_holder_cannot_speak_for_another_session);
	tcase_add_test(tc, a_body_too_big_for_a_frame_is_refused_when_sealed);
	tcase_add_test(tc, each_failed_allocation_of_seal_and_open_is_reported);
	tcase_add_test(tc, the_window_knows_every_counter_it_saw);
	tcase_add_test(tc, lists_are_walked_as_they_were_written);
	tcase_add_test(tc, a_have_list_must_ascend);
	tcase_add_test(tc, an_empty_range_is_no_range);
	tcase_add_test(tc, every_cut_of_every_body_is_refused);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
