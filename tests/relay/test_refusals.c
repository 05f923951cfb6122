/*
 * Goal: whatever a client gets wrong is answered with its code, and neither its connection (where the
 * protocol says so) nor anybody else's is harmed.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>

#include "relay/client.h"
#include "relay/process.h"
#include "wire/writer.h"
#include "suite.h"

static struct process relay;
static struct grid grid;
static struct client a;		     /* who does wrong */
static struct client writer, reader; /* bystanders on the same topic */

static void
setup(void)
{
	ck_assert_int_eq(tg_crypto_init(), TG_OK);
	process_start(&relay, "--connection-main", "20/50", "--connection-side", "20/50",
	    "--topics-per-socket", "10", NULL);
	grid_make(&grid, 1);
	client_start(&a, relay.port);
	client_start(&writer, relay.port);
	client_start(&reader, relay.port);
	client_join(&a, &grid, PROVE_WRITE);
	client_join(&writer, &grid, PROVE_WRITE);
	client_join(&reader, &grid, PROVE_READ);
}

/* The others' connections work, and only what was right came through. */
static void
bystanders_are_well(void)
{
	static unsigned n;
	struct tg_buf buf = {0};
	struct tg_frame f;
	char text[32];

	snprintf(text, sizeof text, "well %u", n++);
	put_main(&buf, &grid, text);
	client_send(&writer, &buf);
	client_expect(&reader, TG_FRAME_PUB, &f);
	ck_assert_uint_eq(f.u.pub.payload.len, strlen(text));
	ck_assert_mem_eq(f.u.pub.payload.data, text, strlen(text));
	tg_buf_free(&buf);
}

static void
a_goes_on(void)
{
	struct tg_buf buf = {0};
	struct tg_frame f;

	put_main(&buf, &grid, "still here");
	client_send(&a, &buf);
	client_expect(&reader, TG_FRAME_PUB, &f);
	ck_assert_uint_eq(f.u.pub.payload.len, 10);
	tg_buf_free(&buf);
	bystanders_are_well();
}

static void
teardown(void)
{
	bystanders_are_well();
	client_close(&a);
	client_close(&writer);
	client_close(&reader);
	ck_assert_msg(process_end(&relay, SIGTERM) == 0, "%s", relay.text);
}

/* The frame in ${buf} must come back as ERR ${code} with its own id. */
static void
refused(struct tg_buf *buf, enum tg_err_code code)
{
	struct tg_frame_id id;
	struct tg_frame f;

	tg_frame_id(buf->data, buf->len, &id);
	client_send(&a, buf);
	client_expect(&a, TG_FRAME_ERR, &f);
	ck_assert_msg(f.u.err.code == code, "%s expected, got %.*s", tg_err_name(code), (int)f.u.err.text.len,
	    (const char *)f.u.err.text.data);
	ck_assert_mem_eq(f.u.err.id->b, id.b, sizeof id.b);
}

static void
closed(enum tg_err_code code, int ws_code)
{
	client_expect_err(&a, code);
	client_expect_close(&a, ws_code);
}

START_TEST(altered)
{
	struct tg_buf buf = {0};

	for (int at = 70; at < 76; at++) { /* payload and signature */
		put_main(&buf, &grid, "some payload that is altered on the way");
		buf.data[at] ^= 1;
		refused(&buf, TG_ERR_BAD_SIGNATURE);
	}
	tg_buf_free(&buf);
	a_goes_on();
}
END_TEST

START_TEST(unsigned_or_signed_with_another_key)
{
	struct tg_buf buf = {0};
	struct grid swapped = grid;

	put_main(&buf, &grid, "unsigned");
	memset(buf.data + buf.len - TG_SIG_BYTES, 0, TG_SIG_BYTES);
	refused(&buf, TG_ERR_BAD_SIGNATURE);
	swapped.write = grid.read; /* what a holder of the view link could try */
	put_main(&buf, &swapped, "a viewer writes");
	refused(&buf, TG_ERR_BAD_SIGNATURE);
	swapped.read = grid.write;
	put_side(&buf, &swapped, 0, "wrong class");
	refused(&buf, TG_ERR_BAD_SIGNATURE);
	tg_buf_free(&buf);
	a_goes_on();
}
END_TEST

START_TEST(replayed)
{
	struct tg_buf buf = {0}, copy = {0};
	struct tg_frame f;

	put_main(&buf, &grid, "once");
	tg_buf_put(&copy, buf.data, buf.len);
	client_send(&a, &buf);
	client_expect(&reader, TG_FRAME_PUB, &f);
	tg_buf_put(&buf, copy.data, copy.len);
	refused(&buf, TG_ERR_DUPLICATE);
	/* By somebody else too. */
	client_send(&writer, &copy);
	client_expect_err(&writer, TG_ERR_DUPLICATE);
	tg_buf_free(&buf);
	tg_buf_free(&copy);
	a_goes_on();
}
END_TEST

/* A forged copy sent first must not keep the original out. */
START_TEST(a_forgery_does_not_shut_out_the_original)
{
	struct tg_buf buf = {0}, forged = {0};
	struct tg_frame f;

	put_main(&buf, &grid, "the original");
	tg_buf_put(&forged, buf.data, buf.len);
	forged.data[forged.len - 1] ^= 1;
	refused(&forged, TG_ERR_BAD_SIGNATURE);
	client_send(&a, &buf);
	client_expect(&reader, TG_FRAME_PUB, &f);
	tg_buf_free(&buf);
	tg_buf_free(&forged);
}
END_TEST

static void
put_at(struct tg_buf *buf, unsigned class, int64_t offset_ms)
{
	tg_frame_put_pub(buf, class == TG_CLASS_MAIN ? &grid.write : &grid.read, &grid.topic, class, 0,
	    (uint64_t)((int64_t)now_ms() + offset_ms), "x", 1);
}

START_TEST(stale)
{
	struct tg_buf buf = {0};
	struct tg_frame f;

	put_at(&buf, TG_CLASS_MAIN, -660000); /* a clock eleven minutes off */
	refused(&buf, TG_ERR_STALE);
	put_at(&buf, TG_CLASS_MAIN, 660000);
	refused(&buf, TG_ERR_STALE);
	put_at(&buf, TG_CLASS_SIDE, -35000);
	refused(&buf, TG_ERR_STALE);
	put_at(&buf, TG_CLASS_SIDE, 35000);
	refused(&buf, TG_ERR_STALE);
	tg_frame_put_pub(&buf, &grid.write, &grid.topic, TG_CLASS_MAIN, 0, 0, "x", 1);
	refused(&buf, TG_ERR_STALE);
	tg_frame_put_pub(&buf, &grid.write, &grid.topic, TG_CLASS_MAIN, 0, UINT64_MAX, "x", 1);
	refused(&buf, TG_ERR_STALE);
	put_at(&buf, TG_CLASS_MAIN, -540000);
	client_send(&a, &buf);
	client_expect(&reader, TG_FRAME_PUB, &f);
	put_at(&buf, TG_CLASS_MAIN, 540000);
	client_send(&a, &buf);
	client_expect(&reader, TG_FRAME_PUB, &f);
	tg_buf_free(&buf);
	a_goes_on();
}
END_TEST

START_TEST(unknown_topic)
{
	struct grid other;
	struct tg_buf buf = {0};

	grid_make(&other, 2);
	put_main(&buf, &other, "never subscribed");
	refused(&buf, TG_ERR_UNKNOWN_TOPIC);
	tg_frame_put_unsub(&buf, &other.topic);
	refused(&buf, TG_ERR_UNKNOWN_TOPIC);
	tg_buf_free(&buf);
	a_goes_on();
}
END_TEST

START_TEST(too_fast)
{
	struct tg_buf buf = {0};
	struct tg_frame f;
	int passed = 120;

	for (int i = 0; i < 120; i++) {
		char text[32];

		snprintf(text, sizeof text, "fast %d", i);
		put_main(&buf, &grid, text);
	}
	put_sub(&buf, &a, &grid, PROVE_NONE, "127.0.0.1"); /* its OK says that all before it was looked at */
	client_send(&a, &buf);
	for (;;) {
		ck_assert_int_eq(client_next(&a, 15000, &f), 1);
		if (f.type == TG_FRAME_OK)
			break;
		ck_assert_int_eq(f.type, TG_FRAME_ERR);
		ck_assert_uint_eq(f.u.err.code, TG_ERR_RATE_LIMITED);
		passed--;
	}
	ck_assert_int_ge(passed, 50); /* the burst */
	ck_assert_int_le(passed, 70);
	for (int i = 0; i < passed; i++)
		client_expect(&reader, TG_FRAME_PUB, &f);
	/* Main does not pay for side, nor one connection for another. */
	put_side(&buf, &grid, 0, "side is free");
	client_send(&a, &buf);
	client_expect(&reader, TG_FRAME_PUB, &f);
	tg_buf_free(&buf);
	bystanders_are_well();
}
END_TEST

START_TEST(bad_subscriptions)
{
	struct tg_buf buf = {0};
	struct grid other, mixed;
	struct client fresh;

	grid_make(&other, 2);
	grid_make(&mixed, 3);
	mixed.topic = other.topic; /* a topic that is not of these keys */
	put_sub(&buf, &a, &mixed, PROVE_BOTH, "127.0.0.1");
	refused(&buf, TG_ERR_BAD_SIGNATURE);
	mixed = other;
	mixed.read.expanded[0] ^= 1; /* a proof without the key */
	put_sub(&buf, &a, &mixed, PROVE_READ, "127.0.0.1");
	refused(&buf, TG_ERR_BAD_SIGNATURE);
	put_sub(&buf, &a, &other, PROVE_READ, "relay.example"); /* a proof meant for another relay */
	refused(&buf, TG_ERR_BAD_SIGNATURE);
	client_start(&fresh, relay.port);
	put_sub(&buf, &fresh, &other, PROVE_READ, "127.0.0.1"); /* or made on another connection */
	refused(&buf, TG_ERR_BAD_SIGNATURE);
	client_close(&fresh);
	/* The one good proof does not carry the bad one in. */
	mixed = other;
	mixed.write.expanded[0] ^= 1;
	put_sub(&buf, &a, &mixed, PROVE_BOTH, "127.0.0.1");
	refused(&buf, TG_ERR_BAD_SIGNATURE);
	put_main(&buf, &other, "not subscribed");
	refused(&buf, TG_ERR_UNKNOWN_TOPIC);
	tg_buf_free(&buf);
	a_goes_on();
}
END_TEST

START_TEST(too_many_topics)
{
	struct tg_buf buf = {0};
	struct grid g;

	for (unsigned i = 0; i < 9; i++) { /* one is joined already */
		grid_make(&g, 100 + i);
		client_join(&a, &g, PROVE_READ);
	}
	grid_make(&g, 200);
	put_sub(&buf, &a, &g, PROVE_READ, "127.0.0.1");
	refused(&buf, TG_ERR_TOO_MANY_TOPICS);
	grid_make(&g, 100);
	client_join(&a, &g, PROVE_BOTH); /* more proofs for a known one are no new topic */
	tg_frame_put_unsub(&buf, &g.topic);
	client_send(&a, &buf);
	grid_make(&g, 200);
	client_join(&a, &g, PROVE_READ);
	tg_buf_free(&buf);
	a_goes_on();
}
END_TEST

START_TEST(a_frame_over_its_limit)
{
	struct tg_buf buf = {0};
	uint8_t head[64] = {0x97, 0x03, 0xc4, 0x20};

	memcpy(head + 4, grid.topic.b, 32);
	head[36] = head[37] = 0;
	head[38] = 1;
	memcpy(head + 39, "\xc6\x00\x02\xff\x01", 5); /* a payload of 196,353 bytes */
	tg_buf_put(&buf, head, 44);
	memset(tg_buf_space(&buf, 196353 + 66), 0, 196353 + 66);
	client_send(&a, &buf);
	closed(TG_ERR_TOO_BIG, 1009);
	tg_buf_free(&buf);
}
END_TEST

START_TEST(a_message_over_its_limit)
{
	uint8_t *big = calloc(1, TG_WS_MESSAGE_MAX_BYTES + 1);

	client_ws(&a, 0x82, big, TG_WS_MESSAGE_MAX_BYTES + 1);
	closed(TG_ERR_TOO_BIG, 1009);
	free(big);
}
END_TEST

START_TEST(a_message_in_endless_fragments)
{
	uint8_t part[8192] = {0};

	client_ws(&a, 0x02, part, sizeof part);
	for (int i = 0; i < 40; i++)
		client_ws(&a, 0x00, part, sizeof part);
	closed(TG_ERR_TOO_BIG, 1009);
}
END_TEST

START_TEST(a_header_that_promises_the_moon)
{
	static const uint8_t header[14] = {
	    0x82, 0xff, 0x3f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4};

	client_write(&a, header, sizeof header);
	client_write(&a, "x", 1); /* lws reports lengths with the first byte of payload */
	closed(TG_ERR_TOO_BIG, 1009);
}
END_TEST

START_TEST(truncated)
{
	struct tg_buf buf = {0};

	put_main(&buf, &grid, "cut off");
	client_ws(&a, 0x82, buf.data, buf.len - 1);
	closed(TG_ERR_BAD_FRAME, 1002);
	tg_buf_free(&buf);
}
END_TEST

START_TEST(non_canonical)
{
	struct tg_buf buf = {0};

	/* The class 0 as two bytes: cc 00.  The same value, another hash. */
	put_main(&buf, &grid, "x");
	tg_buf_space(&buf, 1);
	memmove(buf.data + 37, buf.data + 36, buf.len - 37);
	buf.data[36] = 0xcc;
	client_send(&a, &buf);
	closed(TG_ERR_BAD_FRAME, 1002);
	tg_buf_free(&buf);
}
END_TEST

START_TEST(good_frames_before_a_bad_one_count)
{
	struct tg_buf buf = {0};
	struct tg_frame f;

	put_main(&buf, &grid, "before");
	tg_buf_u8(&buf, 0xc1);
	put_main(&buf, &grid, "after");
	client_send(&a, &buf);
	client_expect(&reader, TG_FRAME_PUB, &f);
	ck_assert_uint_eq(f.u.pub.payload.len, 6);
	closed(TG_ERR_BAD_FRAME, 1002);
	tg_buf_free(&buf);
}
END_TEST

START_TEST(unknown_and_foreign_frames)
{
	static const char *const wrong[] = {"\x92\x07\x00", "\x92\x06\x05", "", "\x80"};
	static const size_t len[] = {3, 3, 0, 1};

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		client_close(&a);
		client_start(&a, relay.port);
		client_ws(&a, 0x82, wrong[i], len[i]);
		closed(TG_ERR_BAD_FRAME, 1002);
	}
}
END_TEST

START_TEST(a_text_message)
{
	client_ws(&a, 0x81, "hello", 5);
	closed(TG_ERR_BAD_FRAME, 1002);
}
END_TEST

START_TEST(a_frame_before_hello_and_a_second_hello)
{
	struct tg_buf buf = {0};
	struct client c;

	client_open(&c, relay.port);
	put_sub(&buf, &c, &grid, PROVE_BOTH, "127.0.0.1");
	client_send(&c, &buf);
	client_expect_err(&c, TG_ERR_BAD_FRAME);
	client_expect_close(&c, 1002);
	client_close(&c);
	client_hello(&a, "127.0.0.1");
	closed(TG_ERR_BAD_FRAME, 1002);
	tg_buf_free(&buf);
}
END_TEST

START_TEST(wrong_host)
{
	static const char *const names[] = {"evil.example", "", "127.0.0.1:8081", "LOCALHOST"};
	struct client c;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		client_open(&c, relay.port);
		client_hello(&c, names[i]);
		client_expect_err(&c, TG_ERR_WRONG_HOST);
		client_expect_close(&c, 1002);
		client_close(&c);
	}
	client_open(&c, relay.port);
	client_hello(&c, "[::1]");
	client_ws(&c, 0x89, "", 0);
	client_expect_nothing(&c, 50);
	client_close(&c);
}
END_TEST

START_TEST(bad_version)
{
	struct client c;

	client_open(&c, relay.port);
	client_ws(&c, 0x82,
	    "\x94\x00\x02\xa1t\xa9"
	    "127.0.0.1",
	    15);
	client_expect_err(&c, TG_ERR_BAD_VERSION);
	client_expect_close(&c, 1002);
	client_close(&c);
}
END_TEST

START_TEST(no_hello_and_no_topic_are_not_waited_for)
{
	struct process hasty;
	struct client silent, idle, reading;

	process_start(&hasty, "--hello-s", "3", "--ping-s", "1", "--idle-s", "4", NULL);
	client_start(&reading, hasty.port);
	client_join(&reading, &grid, PROVE_READ);
	client_open(&silent, hasty.port);
	client_start(&idle, hasty.port);
	client_expect_err(&silent, TG_ERR_BAD_FRAME);
	client_expect_close(&silent, 1002);
	client_expect_close(&idle, 1001);
	ck_assert_uint_gt(idle.pings, 0);
	ck_assert(process_metric(&hasty, "drops_total{cause=\"no_hello\"}") == 1);
	ck_assert(process_metric(&hasty, "drops_total{cause=\"idle\"}") == 1);
	client_expect_nothing(&reading, 50); /* as silent, but on a topic */
	client_close(&silent);
	client_close(&idle);
	client_close(&reading);
	ck_assert_int_eq(process_end(&hasty, SIGTERM), 0);
}
END_TEST

#define H2C_UPGRADE                                                                                          \
	"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nConnection: "      \
	"Upgrade\r\n\r\n"

/* Each line of a broken opening handshake, and bytes that are no HTTP at all: closed, soon, without harm. */
START_TEST(strange_handshakes)
{
	static const char *const openings[] = {
	    "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
	    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", H2C_UPGRADE,
	    "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
	    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
	    "GET / HTTP/1.1\r\nX: y", /* and then nothing: header time */
	};
	struct process hasty;
	struct client c;

	process_start(&hasty, "--hello-s", "1", NULL);
	for (size_t i = 0; i < sizeof openings / sizeof openings[0]; i++) {
		uint64_t until = mono_ms() + 15000;

		client_connect(&c, hasty.port, 0);
		client_write(&c, openings[i], strlen(openings[i]));
		while (client_read_some(&c, 100) >= 0)
			ck_assert_msg(mono_ms() < until, "opening %zu is held open", i);
		ck_assert_msg(c.in_len < 12 || memcmp(c.in, "HTTP/1.1 101", 12) != 0, "opening %zu", i);
		client_close(&c);
	}
	ck_assert_int_eq(process_end(&hasty, SIGTERM), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("relay refusals");
	TCase *tc = tcase_create("refusals");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, altered);
	tcase_add_test(tc, unsigned_or_signed_with_another_key);
	tcase_add_test(tc, replayed);
	tcase_add_test(tc, a_forgery_does_not_shut_out_the_original);
	tcase_add_test(tc, stale);
	tcase_add_test(tc, unknown_topic);
	tcase_add_test(tc, too_fast);
	tcase_add_test(tc, bad_subscriptions);
	tcase_add_test(tc, too_many_topics);
	tcase_add_test(tc, a_frame_over_its_limit);
	tcase_add_test(tc, a_message_over_its_limit);
	tcase_add_test(tc, a_message_in_endless_fragments);
	tcase_add_test(tc, a_header_that_promises_the_moon);
	tcase_add_test(tc, truncated);
	tcase_add_test(tc, non_canonical);
	tcase_add_test(tc, good_frames_before_a_bad_one_count);
	tcase_add_test(tc, unknown_and_foreign_frames);
	tcase_add_test(tc, a_text_message);
	tcase_add_test(tc, a_frame_before_hello_and_a_second_hello);
	tcase_add_test(tc, wrong_host);
	tcase_add_test(tc, bad_version);
	tcase_add_test(tc, no_hello_and_no_topic_are_not_waited_for);
	tcase_add_test(tc, strange_handshakes);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
