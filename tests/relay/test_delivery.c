/*
 * Goal: what one client publishes reaches the readers of its topic byte for byte, and nobody else.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>

#include "relay/client.h"
#include "relay/process.h"
#include "suite.h"

#define LOTS_OF_RATE                                                                                         \
	"--connection-main", "off", "--connection-side", "off", "--address-main", "off", "--address-side",   \
	    "off", "--topic-main", "off", "--topic-side", "off", "--connection-control", "off",              \
	    "--address-control", "off"

static struct process relay;
static struct grid grid;
static struct client a, b;

static void
setup(void)
{
	ck_assert_int_eq(tg_crypto_init(), TG_OK);
	process_start(&relay, LOTS_OF_RATE, NULL);
	grid_make(&grid, 1);
	client_start(&a, relay.port);
	client_start(&b, relay.port);
}

static void
teardown(void)
{
	client_close(&a);
	client_close(&b);
	ck_assert_msg(process_end(&relay, SIGTERM) == 0, "%s", relay.text);
}

static void
expect_payload(struct client *c, const char *text)
{
	struct tg_frame f;

	client_expect(c, TG_FRAME_PUB, &f);
	ck_assert_msg(
	    f.u.pub.payload.len == strlen(text) && memcmp(f.u.pub.payload.data, text, strlen(text)) == 0,
	    "'%s' expected, got '%.*s'", text, (int)f.u.pub.payload.len, (const char *)f.u.pub.payload.data);
}

START_TEST(hello_tells_limits_clock_epoch_and_a_fresh_challenge)
{
	struct client c;
	struct tg_frame f;

	ck_assert_uint_eq(a.limits.frame_bytes, TG_FRAME_MAX_BYTES);
	ck_assert_uint_eq(a.limits.message_bytes, TG_WS_MESSAGE_MAX_BYTES);
	ck_assert_uint_eq(a.limits.topics, TG_TOPICS_PER_SOCKET_MAX);
	ck_assert_uint_eq(a.limits.main_age_ms, TG_MAIN_AGE_MS);
	ck_assert_uint_eq(a.limits.side_age_ms, TG_SIDE_AGE_MS);
	ck_assert_uint_eq(a.limits.queue_bytes, TG_READER_QUEUE_BYTES);
	ck_assert_mem_eq(a.epoch, b.epoch, sizeof a.epoch);
	ck_assert_mem_ne(a.challenge, b.challenge, sizeof a.challenge);
	client_connect(&c, relay.port, 0);
	client_upgrade(&c);
	client_expect(&c, TG_FRAME_HELLO, &f);
	ck_assert(f.from_relay);
	ck_assert_uint_le(now_ms() - f.u.relay_hello.time_ms + 60000, 120000);
	client_close(&c);
}
END_TEST

START_TEST(frames_arrive_byte_for_byte_in_order_and_without_echo)
{
	struct tg_buf sent = {0}, copy = {0};
	struct tg_frame f;

	client_join(&a, &grid, PROVE_BOTH);
	client_join(&b, &grid, PROVE_READ);
	for (int i = 0; i < 300; i++) {
		char text[600];

		memset(text, 'a' + i % 26, sizeof text);
		text[1 + (i * 7) % 599] = 0;
		put_main(&sent, &grid, text);
	}
	tg_buf_put(&copy, sent.data, sent.len);
	client_send(&a, &sent);
	for (size_t at = 0; at < copy.len; at += f.raw.len) {
		client_expect(&b, TG_FRAME_PUB, &f);
		ck_assert_uint_le(f.raw.len, copy.len - at);
		ck_assert_mem_eq(f.raw.data, copy.data + at, f.raw.len);
	}
	ck_assert_msg(
	    b.messages <= 12, "300 frames came in %d messages: they are not joined", (int)b.messages);
	client_expect_nothing(&a, 100);
	tg_buf_free(&sent);
	tg_buf_free(&copy);
}
END_TEST

/* All in one turn: each gets the others' frames without its own, so the shared buffer must be cut up. */
START_TEST(readers_that_also_publish_get_everything_but_their_own)
{
	enum {
		N = 5,
		EACH = 40
	};
	struct client c[N];
	struct tg_buf buf = {0};
	char text[32];

	for (int i = 0; i < N; i++) {
		client_start(&c[i], relay.port);
		client_join(&c[i], &grid, PROVE_BOTH);
	}
	kill(relay.pid, SIGSTOP); /* so that all of it waits for one turn */
	for (int i = 0; i < N; i++) {
		for (int k = 0; k < EACH; k++) {
			snprintf(text, sizeof text, "%d %d", i, k);
			put_main(&buf, &grid, text);
		}
		client_send(&c[i], &buf);
	}
	kill(relay.pid, SIGCONT);
	for (int i = 0; i < N; i++) {
		int next[N] = {0};

		for (int k = 0; k < (N - 1) * EACH; k++) {
			struct tg_frame f;
			int from, n;

			client_expect(&c[i], TG_FRAME_PUB, &f);
			memcpy(text, f.u.pub.payload.data, f.u.pub.payload.len);
			text[f.u.pub.payload.len] = 0;
			ck_assert_int_eq(sscanf(text, "%d %d", &from, &n), 2);
			ck_assert_int_ne(from, i);
			ck_assert_int_eq(n, next[from]++);
		}
		client_expect_nothing(&c[i], 20);
	}
	for (int i = 0; i < N; i++)
		client_close(&c[i]);
	tg_buf_free(&buf);
}
END_TEST

START_TEST(without_a_read_proof_one_may_publish_and_sees_nothing)
{
	struct tg_buf buf = {0};

	client_join(&a, &grid, PROVE_NONE);
	client_join(&b, &grid, PROVE_BOTH);
	put_main(&buf, &grid, "from a");
	client_send(&a, &buf);
	expect_payload(&b, "from a");
	put_main(&buf, &grid, "from b");
	put_side(&buf, &grid, 0, "side from b");
	client_send(&b, &buf);
	client_expect_nothing(&a, 150);
	/* A later SUB adds what was missing. */
	client_join(&a, &grid, PROVE_READ);
	put_main(&buf, &grid, "again");
	client_send(&b, &buf);
	expect_payload(&a, "again");
	tg_buf_free(&buf);
}
END_TEST

START_TEST(main_side_and_ephemeral_frames_all_arrive)
{
	struct tg_buf buf = {0};

	client_join(&a, &grid, PROVE_BOTH);
	client_join(&b, &grid, PROVE_READ);
	put_side(&buf, &grid, 0, "side");
	client_send(&a, &buf);
	expect_payload(&b, "side");
	put_side(&buf, &grid, TG_PUB_EPHEMERAL, "ephemeral");
	client_send(&a, &buf);
	expect_payload(&b, "ephemeral");
	put_main(&buf, &grid, "main");
	client_send(&a, &buf);
	expect_payload(&b, "main");
	ck_assert(process_metric(&relay, "frames_in_total{class=\"main\"}") == 1);
	ck_assert(process_metric(&relay, "frames_in_total{class=\"side\"}") == 2);
	tg_buf_free(&buf);
}
END_TEST

START_TEST(an_inbox_is_written_by_any_link_holder_and_read_by_its_session_only)
{
	struct grid inbox, thief;
	struct tg_buf buf = {0};
	struct client c;

	inbox_make(&inbox, &grid, 7);
	client_start(&c, relay.port);
	client_join(&b, &inbox, PROVE_READ); /* the session */
	client_join(&a, &inbox, PROVE_WRITE);
	/* c holds the link (the grid's read pair) but not the session's key: no proof it can make admits it.
	 */
	thief = inbox;
	thief.read = grid.read;
	thief.read.public_key = inbox.read.public_key;
	put_sub(&buf, &c, &thief, PROVE_READ, "127.0.0.1");
	client_send(&c, &buf);
	client_expect_err(&c, TG_ERR_BAD_SIGNATURE);
	client_join(&c, &inbox, PROVE_WRITE);
	put_main(&buf, &inbox, "answer"); /* signed with the grid's read pair: the inbox's write key */
	client_send(&a, &buf);
	expect_payload(&b, "answer");
	client_expect_nothing(&c, 100);
	client_close(&c);
	tg_buf_free(&buf);
}
END_TEST

START_TEST(topics_do_not_mix_and_unsub_ends_delivery)
{
	struct grid other;
	struct tg_buf buf = {0};

	grid_make(&other, 2);
	client_join(&a, &grid, PROVE_BOTH);
	client_join(&a, &other, PROVE_BOTH);
	client_join(&b, &other, PROVE_READ);
	put_main(&buf, &grid, "not for b");
	put_main(&buf, &other, "for b");
	client_send(&a, &buf);
	expect_payload(&b, "for b");
	tg_frame_put_unsub(&buf, &other.topic);
	client_send(&b, &buf);
	client_join(&b, &grid, PROVE_READ); /* its OK says that UNSUB was handled */
	put_main(&buf, &other, "too late");
	put_main(&buf, &grid, "last");
	client_send(&a, &buf);
	expect_payload(&b, "last");
	/* Of a topic one has left, one may not publish either. */
	put_main(&buf, &other, "left");
	client_send(&b, &buf);
	client_expect_err(&b, TG_ERR_UNKNOWN_TOPIC);
	tg_buf_free(&buf);
}
END_TEST

START_TEST(a_receipt_is_given_when_asked_for)
{
	struct tg_buf buf = {0};
	struct tg_frame_id id;
	struct tg_frame f;

	client_join(&a, &grid, PROVE_WRITE);
	tg_frame_put_pub(&buf, &grid.write, &grid.topic, TG_CLASS_MAIN, TG_PUB_RECEIPT, now_ms(), "x", 1);
	tg_frame_id(buf.data, buf.len, &id);
	client_send(&a, &buf);
	client_expect(&a, TG_FRAME_OK, &f);
	ck_assert_mem_eq(f.u.ok.id->b, id.b, sizeof id.b);
	put_main(&buf, &grid, "no receipt");
	client_send(&a, &buf);
	client_expect_nothing(&a, 100);
	tg_buf_free(&buf);
}
END_TEST

START_TEST(the_largest_frame_and_messages_in_pieces_arrive)
{
	struct tg_buf buf = {0};
	char *big = malloc(TG_PAYLOAD_MAX_BYTES + 1);
	struct tg_frame f;

	memset(big, 'x', TG_PAYLOAD_MAX_BYTES);
	big[TG_PAYLOAD_MAX_BYTES] = 0;
	client_join(&a, &grid, PROVE_BOTH);
	client_join(&b, &grid, PROVE_READ);
	put_main(&buf, &grid, big);
	ck_assert_uint_le(buf.len, TG_FRAME_MAX_BYTES);
	client_send(&a, &buf);
	client_expect(&b, TG_FRAME_PUB, &f);
	ck_assert_uint_eq(f.u.pub.payload.len, TG_PAYLOAD_MAX_BYTES);

	/* One frame in WebSocket fragments of one byte and more, with pings in between. */
	put_main(&buf, &grid, "in pieces");
	for (size_t at = 0; at < buf.len;) {
		size_t n = at < 20 ? 1 : 50;

		if (n > buf.len - at)
			n = buf.len - at;
		client_ws(
		    &a, (uint8_t)((at == 0 ? 2 : 0) | (at + n == buf.len ? 0x80 : 0)), buf.data + at, n);
		if (at < 5)
			client_ws(&a, 0x89, "ping", 4);
		at += n;
	}
	expect_payload(&b, "in pieces");
	tg_buf_reset(&buf);

	/* An empty last fragment. */
	put_main(&buf, &grid, "and an end");
	client_ws(&a, 0x02, buf.data, buf.len);
	client_ws(&a, 0x80, "", 0);
	expect_payload(&b, "and an end");
	client_expect_nothing(&a, 50);
	tg_buf_free(&buf);
	free(big);
}
END_TEST

/* More than 64 KiB in a turn is cut on frame borders: no message beyond what clients accept. */
START_TEST(half_a_megabyte_comes_in_whole_frames_and_small_messages)
{
	struct tg_buf buf = {0};
	char *text = malloc(30001);
	struct tg_frame f;

	memset(text, 'y', 30000);
	text[30000] = 0;
	client_join(&a, &grid, PROVE_BOTH);
	client_join(&b, &grid, PROVE_READ);
	for (int m = 0; m < 2; m++) {
		for (int i = 0; i < 8; i++) {
			text[0] = (char)('a' + m);
			text[1] = (char)('a' + i);
			put_main(&buf, &grid, text);
		}
		client_send(&a, &buf);
	}
	for (int i = 0; i < 16; i++) {
		client_expect(&b, TG_FRAME_PUB, &f);
		ck_assert_uint_eq(f.u.pub.payload.data[1], (uint8_t)('a' + i % 8));
		ck_assert_uint_le(b.message.len, 65536);
	}
	tg_buf_free(&buf);
	free(text);
}
END_TEST

START_TEST(a_publisher_that_leaves_at_once_is_still_heard)
{
	struct tg_buf buf = {0};
	struct client c;

	client_join(&b, &grid, PROVE_READ);
	client_start(&c, relay.port);
	client_join(&c, &grid, PROVE_NONE);
	put_main(&buf, &grid, "goodbye");
	client_send(&c, &buf);
	client_close(&c);
	expect_payload(&b, "goodbye");
	tg_buf_free(&buf);
}
END_TEST

START_TEST(verify_once_trusts_a_proven_key_for_its_class_only)
{
	struct process once;
	struct client c, d;
	struct tg_buf buf = {0};
	struct grid forged = grid;

	process_start(&once, LOTS_OF_RATE, "--verify", "once", NULL);
	client_start(&c, once.port);
	client_start(&d, once.port);
	client_join(&d, &grid, PROVE_READ);
	grid_make(&forged, 99); /* other keys, same topic: signatures that do not verify */
	forged.topic = grid.topic;
	client_join(&c, &grid, PROVE_NONE);
	put_main(&buf, &forged, "refused");
	client_send(&c, &buf);
	client_expect_err(&c, TG_ERR_BAD_SIGNATURE);
	client_join(&c, &grid, PROVE_WRITE);
	put_main(&buf, &forged, "taken on trust");
	client_send(&c, &buf);
	expect_payload(&d, "taken on trust");
	put_side(&buf, &forged, 0, "other class");
	client_send(&c, &buf);
	client_expect_err(&c, TG_ERR_BAD_SIGNATURE);
	ck_assert(process_metric(&once, "verify_failures_total") == 2);
	client_close(&c);
	client_close(&d);
	tg_buf_free(&buf);
	ck_assert_int_eq(process_end(&once, SIGTERM), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("relay delivery");
	TCase *tc = tcase_create("delivery");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, hello_tells_limits_clock_epoch_and_a_fresh_challenge);
	tcase_add_test(tc, frames_arrive_byte_for_byte_in_order_and_without_echo);
	tcase_add_test(tc, readers_that_also_publish_get_everything_but_their_own);
	tcase_add_test(tc, without_a_read_proof_one_may_publish_and_sees_nothing);
	tcase_add_test(tc, main_side_and_ephemeral_frames_all_arrive);
	tcase_add_test(tc, an_inbox_is_written_by_any_link_holder_and_read_by_its_session_only);
	tcase_add_test(tc, topics_do_not_mix_and_unsub_ends_delivery);
	tcase_add_test(tc, a_receipt_is_given_when_asked_for);
	tcase_add_test(tc, the_largest_frame_and_messages_in_pieces_arrive);
	tcase_add_test(tc, half_a_megabyte_comes_in_whole_frames_and_small_messages);
	tcase_add_test(tc, a_publisher_that_leaves_at_once_is_still_heard);
	tcase_add_test(tc, verify_once_trusts_a_proven_key_for_its_class_only);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
