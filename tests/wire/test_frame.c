/*
 * Relay frames: golden bytes (tests/vectors/frames.txt), limits, and the three ways of being refused.
 *
 * Each line of the vectors is "ok NAME HEX" or "bad STATUS NAME HEX".  The ok lines are built from fixed keys
 * (vectors/frames.c) and compared.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>

#include "vectors/frames.h"
#include "wire/frame.h"
#include "wire/frame_echo.h"
#include "suite.h"

static struct frame_vectors golden;

static void
build_vectors(void)
{
	ck_assert_int_eq(tg_crypto_init(), TG_OK);
	frame_vectors_build(&golden);
}

static void
free_vectors(void)
{
	frame_vectors_free(&golden);
}

static const struct tg_buf *
built(const char *name)
{
	const struct tg_buf *bytes = frame_vectors_find(&golden, name);

	ck_assert_msg(bytes != NULL, "no vector %s", name);
	return bytes;
}

static size_t
from_hex(const char *hex, uint8_t *out, size_t cap)
{
	size_t n = 0;
	unsigned byte;

	for (; hex[0] && hex[0] != '\n'; hex += 2) {
		ck_assert_int_eq(sscanf(hex, "%2x", &byte), 1);
		ck_assert_uint_lt(n, cap);
		out[n++] = (uint8_t)byte;
	}
	return n;
}

static int
status_of(const char *name)
{
#define X(code, number, text)                                                                                \
	if (strcmp(name, #code) == 0)                                                                        \
		return code;
	TG_STATUS_MAP(X)
#undef X
	ck_abort_msg("no status %s", name);
	return -1;
}

static int
decode(const struct tg_buf *b, struct tg_frame *f)
{
	size_t used;
	int rc = tg_frame_decode(b->data, b->len, f, &used);

	ck_assert_uint_eq(used, rc == TG_OK ? b->len : 0);
	return rc;
}

START_TEST(golden_frames_decode_and_encode_to_the_same_bytes)
{
	static char line[8192];
	static uint8_t bytes[4096];
	char path[512], name[64], status[32];
	size_t ok = 0, bad = 0;
	FILE *f;

	snprintf(path, sizeof path, "%s/tests/vectors/frames.txt", getenv("TG_SOURCE_DIR"));
	f = fopen(path, "r");
	ck_assert_msg(f != NULL, "%s", path);
	while (fgets(line, sizeof line, f) != NULL) {
		struct tg_frame frame;
		struct tg_buf again = {0};
		size_t n, used;
		int at = 0, rc;

		if (sscanf(line, "ok %63s %n", name, &at) == 1 && at > 0) {
			const struct tg_buf *b = built(name);

			n = from_hex(line + at, bytes, sizeof bytes);
			ck_assert_msg(b->len == n && memcmp(b->data, bytes, n) == 0, "encoding of %s", name);
			ck_assert_int_eq(tg_frame_decode(bytes, n, &frame, &used), TG_OK);
			ck_assert_uint_eq(used, n);
			ck_assert_int_eq(frame_echo(&frame, &again), 1);
			ck_assert_msg(
			    again.len == n && memcmp(again.data, bytes, n) == 0, "echo of %s", name);
			ok++;
		} else if (sscanf(line, "bad %31s %63s %n", status, name, &at) == 2 && at > 0) {
			n = from_hex(line + at, bytes, sizeof bytes);
			rc = tg_frame_decode(bytes, n, &frame, &used);
			ck_assert_msg(rc == status_of(status), "%s gives %s", name, tg_status_name(rc));
			ck_assert_uint_eq(used, 0);
			bad++;
		} else {
			ck_assert_msg(line[0] == '#' || line[0] == '\n', "line: %s", line);
		}
		tg_buf_free(&again);
	}
	fclose(f);
	ck_assert_uint_eq(ok, golden.count);
	ck_assert_uint_ge(bad, 20);
}
END_TEST

START_TEST(every_prefix_of_a_frame_is_truncated_and_nothing_else)
{
	for (size_t i = 0; i < golden.count; i++) {
		struct tg_frame f;
		size_t used;

		for (size_t n = 0; n < golden.list[i].bytes.len; n++) {
			/* A copy of exactly n bytes, so that the sanitizer sees a byte read too far. */
			uint8_t *copy = malloc(n ? n : 1);

			memcpy(copy, golden.list[i].bytes.data, n);
			ck_assert_int_eq(tg_frame_decode(copy, n, &f, &used), TG_ETRUNCATED);
			free(copy);
		}
	}
}
END_TEST

START_TEST(frames_stand_back_to_back)
{
	struct tg_buf all = {0};
	size_t at = 0, n = 0;

	for (size_t i = 0; i < golden.count; i++)
		tg_buf_put(&all, golden.list[i].bytes.data, golden.list[i].bytes.len);
	while (at < all.len) {
		struct tg_frame f;
		size_t used;

		ck_assert_int_eq(tg_frame_decode(all.data + at, all.len - at, &f, &used), TG_OK);
		ck_assert_ptr_eq(f.raw.data, all.data + at);
		ck_assert_uint_eq(f.raw.len, used);
		at += used;
		n++;
	}
	ck_assert_uint_eq(n, golden.count);
	tg_buf_free(&all);
}
END_TEST

START_TEST(fields_come_back)
{
	struct tg_frame f;

	ck_assert_int_eq(decode(built("relay-hello"), &f), TG_OK);
	ck_assert(f.type == TG_FRAME_HELLO && f.from_relay);
	ck_assert_uint_eq(f.u.relay_hello.limits.frame_bytes, TG_FRAME_MAX_BYTES);
	ck_assert_uint_eq(f.u.relay_hello.limits.queue_bytes, TG_READER_QUEUE_BYTES);
	ck_assert_uint_eq(f.u.relay_hello.time_ms, golden.now_ms);
	ck_assert_mem_eq(f.u.relay_hello.epoch, golden.epoch, sizeof golden.epoch);
	ck_assert_mem_eq(f.u.relay_hello.challenge, golden.challenge, sizeof golden.challenge);
	ck_assert_int_eq(decode(built("client-hello"), &f), TG_OK);
	ck_assert(f.type == TG_FRAME_HELLO && !f.from_relay);
	ck_assert_mem_eq(f.u.client_hello.host.data, "relay.example", 13);
	ck_assert_int_eq(decode(built("sub-read"), &f), TG_OK);
	ck_assert_ptr_nonnull(f.u.sub.read_proof);
	ck_assert_ptr_null(f.u.sub.write_proof);
	ck_assert_int_eq(decode(built("pub-ephemeral"), &f), TG_OK);
	ck_assert_uint_eq(f.u.pub.flags, TG_PUB_EPHEMERAL | TG_PUB_RECEIPT);
	ck_assert_uint_eq(f.u.pub.class, TG_CLASS_SIDE);
	ck_assert_mem_eq(f.u.pub.payload.data, "caret", 5);
	ck_assert_int_eq(decode(built("err"), &f), TG_OK);
	ck_assert_uint_eq(f.u.err.code, TG_ERR_STALE);
	ck_assert_uint_eq(f.u.err.text.len, strlen("stale: 700000 ms old"));
	ck_assert_mem_eq(f.u.err.text.data, "stale: 700000 ms old", f.u.err.text.len);
}
END_TEST

START_TEST(signatures_and_proofs_verify_and_only_with_their_own_key)
{
	struct tg_sub_claim claim = {"relay.example", 13, golden.epoch, golden.challenge, &golden.topic,
	    &golden.write.public_key, &golden.read.public_key};
	struct tg_hash digest;
	struct tg_frame f;

	ck_assert_int_eq(decode(built("pub-main"), &f), TG_OK);
	tg_pub_digest(f.u.pub.signed_bytes, &digest);
	ck_assert_int_eq(tg_verify(&golden.write.public_key, &digest, f.u.pub.sig), TG_OK);
	ck_assert_int_eq(tg_verify(&golden.read.public_key, &digest, f.u.pub.sig), TG_ESIGNATURE);
	ck_assert_int_eq(decode(built("sub-both"), &f), TG_OK);
	tg_sub_digest(&claim, TG_CLASS_SIDE, &digest);
	ck_assert_int_eq(tg_verify(&golden.read.public_key, &digest, f.u.sub.read_proof), TG_OK);
	ck_assert_int_eq(tg_verify(&golden.write.public_key, &digest, f.u.sub.write_proof), TG_ESIGNATURE);
	tg_sub_digest(&claim, TG_CLASS_MAIN, &digest);
	ck_assert_int_eq(tg_verify(&golden.write.public_key, &digest, f.u.sub.write_proof), TG_OK);
	claim.host = "relay.exampld"; /* another relay in the middle */
	tg_sub_digest(&claim, TG_CLASS_MAIN, &digest);
	ck_assert_int_eq(tg_verify(&golden.write.public_key, &digest, f.u.sub.write_proof), TG_ESIGNATURE);
}
END_TEST

/* tg_sub_digest hashes piece by piece; the writer and one hash must give the same. */
START_TEST(the_sub_digest_is_the_hash_of_the_written_array)
{
	static const char host[] = "a-rather-long-name.of-a-relay.in-some.domain.example.org.and.so.on."
				   "a-rather-long-name.of-a-relay.in-some.domain.example.org.and.so.on."
				   "a-rather-long-name.of-a-relay.in-some.domain.example.org.and.so.on."
				   "a-rather-long-name.of-a-relay.in-some.domain.example.org.and.";

	for (size_t n = 0; n <= TG_FRAME_HOST_MAX_BYTES; n++) {
		struct tg_sub_claim claim = {host, n, golden.epoch, golden.challenge, &golden.topic,
		    &golden.write.public_key, &golden.read.public_key};
		struct tg_hash got, want;
		struct tg_buf b = {0};

		tg_write_array(&b, 7);
		tg_write_str(&b, host, n);
		tg_write_bin(&b, golden.epoch, sizeof golden.epoch);
		tg_write_bin(&b, golden.challenge, sizeof golden.challenge);
		tg_write_bin(&b, golden.topic.b, sizeof golden.topic.b);
		tg_write_bin(&b, golden.write.public_key.b, TG_KEY_BYTES);
		tg_write_bin(&b, golden.read.public_key.b, TG_KEY_BYTES);
		tg_write_uint(&b, n & 1);
		tg_hash(TG_DOMAIN_SUB, b.data, b.len, &want);
		tg_sub_digest(&claim, n & 1, &got);
		ck_assert_int_eq(tg_hash_cmp(&got, &want), 0);
		tg_buf_free(&b);
	}
}
END_TEST

START_TEST(the_largest_payload_passes_and_one_byte_more_is_too_big)
{
	struct tg_buf b = {0};
	struct tg_frame f;
	size_t used, at;
	uint8_t *big = calloc(1, TG_PAYLOAD_MAX_BYTES + 200);

	tg_frame_put_pub(
	    &b, &golden.write, &golden.topic, TG_CLASS_MAIN, 0, UINT64_MAX, big, TG_PAYLOAD_MAX_BYTES);
	ck_assert_uint_le(b.len, TG_FRAME_MAX_BYTES);
	ck_assert_int_eq(decode(&b, &f), TG_OK);
	ck_assert_uint_eq(f.u.pub.payload.len, TG_PAYLOAD_MAX_BYTES);
	/* The payload's length stands after array, type, topic, class, flags and time. */
	at = 1 + 1 + 34 + 1 + 1 + 9;
	ck_assert_uint_eq(b.data[at], 0xc6);
	b.data[at + 4]++;
	ck_assert_int_eq(tg_frame_decode(b.data, b.len, &f, &used), TG_ETOOBIG);
	ck_assert_int_eq(tg_frame_decode(b.data, at + 5, &f, &used), TG_ETOOBIG);
	tg_buf_free(&b);
	free(big);
}
END_TEST

START_TEST(one_changed_byte_never_crashes_and_what_passes_echoes)
{
	for (size_t i = 0; i < golden.count; i++) {
		struct tg_buf *v = &golden.list[i].bytes;

		for (size_t at = 0; at < v->len; at++) {
			uint8_t kept = v->data[at];

			for (unsigned bit = 0; bit < 256; bit++) {
				struct tg_buf again = {0};
				struct tg_frame f;
				size_t used;

				v->data[at] = (uint8_t)bit;
				if (tg_frame_decode(v->data, v->len, &f, &used) == TG_OK &&
				    frame_echo(&f, &again)) {
					ck_assert_uint_eq(again.len, used);
					ck_assert_mem_eq(again.data, v->data, used);
				}
				tg_buf_free(&again);
			}
			v->data[at] = kept;
		}
	}
}
END_TEST

START_TEST(a_failed_allocation_shows_in_the_buffer)
{
	struct tg_buf b = {0};

	b.failed = 1;
	tg_frame_put_pub(&b, &golden.write, &golden.topic, TG_CLASS_MAIN, 0, golden.now_ms, "x", 1);
	tg_frame_put_err(&b, NULL, TG_ERR_BUSY, NULL);
	ck_assert_int_eq(tg_buf_status(&b), TG_ENOMEM);
	ck_assert_uint_eq(b.len, 0);
}
END_TEST

START_TEST(error_codes_have_names_and_long_details_are_cut)
{
	char detail[200];
	struct tg_buf b = {0};
	struct tg_frame f;

	ck_assert_str_eq(tg_err_name(TG_ERR_SLOW), "slow");
	ck_assert_str_eq(tg_err_name(0), "unknown");
	ck_assert_str_eq(tg_err_name(TG_ERR_CODE_COUNT), "unknown");
	ck_assert_int_eq(tg_err_closes(TG_ERR_WRONG_HOST), 1);
	ck_assert_int_eq(tg_err_closes(TG_ERR_DUPLICATE), 0);
	memset(detail, 'd', sizeof detail - 1);
	detail[sizeof detail - 1] = 0;
	tg_frame_put_err(&b, NULL, TG_ERR_TOO_MANY_TOPICS, detail);
	ck_assert_int_eq(decode(&b, &f), TG_OK);
	ck_assert_uint_eq(f.u.err.text.len, TG_FRAME_ERR_TEXT_MAX_BYTES);
	tg_buf_free(&b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("frame");
	TCase *tc = tcase_create("frame");

	tcase_add_checked_fixture(tc, build_vectors, free_vectors);
	tcase_add_test(tc, golden_frames_decode_and_encode_to_the_same_bytes);
	tcase_add_test(tc, every_prefix_of_a_frame_is_truncated_and_nothing_else);
	tcase_add_test(tc, frames_stand_back_to_back);
	tcase_add_test(tc, fields_come_back);
	tcase_add_test(tc, signatures_and_proofs_verify_and_only_with_their_own_key);
	tcase_add_test(tc, the_sub_digest_is_the_hash_of_the_written_array);
	tcase_add_test(tc, the_largest_payload_passes_and_one_byte_more_is_too_big);
	tcase_add_test(tc, one_changed_byte_never_crashes_and_what_passes_echoes);
	tcase_add_test(tc, a_failed_allocation_shows_in_the_buffer);
	tcase_add_test(tc, error_codes_have_names_and_long_details_are_cut);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
