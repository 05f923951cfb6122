/*
 * Goal: what one client can cost the others is bounded, and whoever reaches a bound is told.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <toygrid/status.h>

#include "relay/client.h"
#include "relay/process.h"
#include "suite.h"

#define LOTS_OF_RATE                                                                                         \
	"--connection-main", "off", "--connection-side", "off", "--address-main", "off", "--address-side",   \
	    "off", "--topic-main", "off", "--topic-side", "off"

static struct process relay;
static struct grid grid;

static void
setup(void)
{
	ck_assert_int_eq(tg_crypto_init(), TG_OK);
	grid_make(&grid, 1);
}

static void
stop(void)
{
	ck_assert_msg(process_end(&relay, SIGTERM) == 0, "%s", relay.text);
}

/* A reader whose kernel buffer is small, so that what it leaves unread piles up in the relay. */
static void
start_small_reader(struct client *c)
{
	struct tg_frame f;

	client_connect(c, relay.port, 4096);
	client_upgrade(c);
	client_expect(c, TG_FRAME_HELLO, &f);
	memcpy(c->epoch, f.u.relay_hello.epoch, sizeof c->epoch);
	memcpy(c->challenge, f.u.relay_hello.challenge, sizeof c->challenge);
	client_hello(c, "127.0.0.1");
	client_join(c, &grid, PROVE_READ);
}

/* Frames "m 0", "m 1" ... (main) or "e 0" ... (ephemeral) of about 8 KB, one message each. */
static void
publish(struct client *c, struct tg_buf *buf, char kind, int n)
{
	static char text[8192];

	memset(text, '.', sizeof text - 1);
	text[snprintf(text, 40, "%c %d", kind, n)] = ' ';
	text[sizeof text - 1] = 0;
	if (kind == 'm')
		put_main(buf, &grid, text);
	else
		put_side(buf, &grid, TG_PUB_EPHEMERAL, text);
	client_send(c, buf);
}

/* Read to the end of the connection, or up to goal main frames: they must be 0, 1, 2 ... without a hole. */
static void
read_all(struct client *from, int goal, int *mains, int *ephemerals, int *slow)
{
	struct tg_frame f;

	*mains = *ephemerals = *slow = 0;
	while (*mains < goal && client_next(from, 15000, &f) == 1) {
		char kind, text[40];
		int n;

		if (f.type == TG_FRAME_ERR) {
			ck_assert_uint_eq(f.u.err.code, TG_ERR_SLOW);
			(*slow)++;
			continue;
		}
		ck_assert_int_eq(f.type, TG_FRAME_PUB);
		memcpy(text, f.u.pub.payload.data, 39);
		text[39] = 0;
		ck_assert_int_eq(sscanf(text, "%c %d", &kind, &n), 2);
		if (kind == 'e') {
			(*ephemerals)++;
			continue;
		}
		ck_assert_msg(n == *mains, "main frame %d came where %d should: a hole", n, *mains);
		(*mains)++;
	}
}

START_TEST(a_slow_reader_loses_ephemeral_frames_first_and_no_others)
{
	struct client writer, slow, quick;
	struct tg_buf buf = {0};
	int mains, ephemerals, told;
	struct tg_frame last;

	process_start(&relay, LOTS_OF_RATE, NULL);
	client_start(&writer, relay.port);
	client_start(&quick, relay.port);
	client_join(&writer, &grid, PROVE_WRITE);
	client_join(&quick, &grid, PROVE_READ);
	start_small_reader(&slow);
	/* 45 main frames are 360 KB: more than half of the cap, less than all of it. */
	for (int i = 0; i < 45; i++) {
		publish(&writer, &buf, 'm', i);
		publish(&writer, &buf, 'e', i);
	}
	read_all(&quick, 45, &mains, &ephemerals, &told);
	ck_assert_int_eq(mains, 45);
	while (process_metric(&relay, "frames_in_total{class=\"main\"}") < 45)
		;
	ck_assert(process_metric(&relay, "drops_total{cause=\"ephemeral_slow_reader\"}") > 0);
	ck_assert(process_metric(&relay, "queue_bytes") <= 524288);
	read_all(&slow, 45, &mains, &ephemerals, &told);
	ck_assert_int_eq(mains, 45);
	ck_assert_int_eq(told, 0);
	ck_assert_int_lt(ephemerals, 45);
	ck_assert_int_eq(slow.close_code, 0);
	/* It has caught up: nothing is dropped any more. */
	do {
		publish(&writer, &buf, 'e', 100);
		client_expect(&slow, TG_FRAME_PUB, &last);
	} while (memcmp(last.u.pub.payload.data, "e 100", 5) != 0);
	client_expect(&quick, TG_FRAME_PUB, &last);
	while (process_metric(&relay, "queue_bytes") > 0)
		client_next(&slow, 10, &last);
	ck_assert(process_metric(&relay, "drops_total{cause=\"reader_closed_slow\"}") == 0);
	ck_assert(process_metric(&relay, "queue_bytes") == 0);
	ck_assert(process_metric(&relay, "out_bytes") == 0);
	client_close(&writer);
	client_close(&slow);
	client_close(&quick);
	tg_buf_free(&buf);
	stop();
}
END_TEST

START_TEST(a_reader_that_stands_still_is_closed_as_slow_without_a_hole)
{
	struct client writer, slow, quick;
	struct tg_buf buf = {0};
	int mains, ephemerals, told, seen = 0;

	process_start(&relay, LOTS_OF_RATE, NULL);
	client_start(&writer, relay.port);
	client_start(&quick, relay.port);
	client_join(&writer, &grid, PROVE_WRITE);
	client_join(&quick, &grid, PROVE_READ);
	start_small_reader(&slow);
	for (int i = 0; i < 150; i++) {
		struct tg_frame f;

		publish(&writer, &buf, 'm', i);
		client_expect(&quick, TG_FRAME_PUB, &f); /* the others get every frame meanwhile */
		seen++;
	}
	ck_assert_int_eq(seen, 150);
	ck_assert(process_metric(&relay, "drops_total{cause=\"reader_closed_slow\"}") == 1);
	ck_assert(process_metric(&relay, "queue_bytes") < 1000);
	read_all(&slow, 1000, &mains, &ephemerals, &told);
	ck_assert_int_gt(mains, 0);
	ck_assert_int_lt(mains, 150);
	ck_assert_int_eq(told, 1);
	ck_assert_int_eq(slow.close_code, 1008);
	client_close(&writer);
	client_close(&slow);
	client_close(&quick);
	tg_buf_free(&buf);
	stop();
}
END_TEST

/* Never reads again after being closed: the relay does not wait for it for ever. */
START_TEST(a_dead_reader_is_let_go)
{
	struct client writer, slow;
	struct tg_buf buf = {0};
	uint64_t until;

	process_start(&relay, LOTS_OF_RATE, NULL);
	client_start(&writer, relay.port);
	client_join(&writer, &grid, PROVE_WRITE);
	start_small_reader(&slow);
	for (int i = 0; i < 150; i++)
		publish(&writer, &buf, 'm', i);
	until = mono_ms() + 20000;
	while (process_metric(&relay, "sockets") > 1) {
		ck_assert_msg(mono_ms() < until, "the socket stays");
		usleep(100000); /* a poll of a counter: there is no event to wait for */
	}
	client_close(&writer);
	client_close(&slow);
	tg_buf_free(&buf);
	stop();
}
END_TEST

/* Somebody who makes the relay answer and never reads the answers. */
START_TEST(unread_answers_count_as_a_slow_reader)
{
	struct client c;
	struct tg_buf buf = {0};
	struct grid other;
	int sent = 0;

	process_start(&relay, LOTS_OF_RATE, "--queue-bytes", "65536", "--connection-control", "off",
	    "--address-control", "off", NULL);
	client_connect(&c, relay.port, 4096);
	client_upgrade(&c);
	client_hello(&c, "127.0.0.1");
	grid_make(&other, 5);
	for (int i = 0; i < 5000; i++)
		tg_frame_put_unsub(&buf, &other.topic);
	while (sent < 20 && client_ws(&c, 0x82, buf.data, buf.len) == 0 &&
	       process_metric(&relay, "drops_total{cause=\"reader_closed_slow\"}") == 0)
		sent++;
	ck_assert(process_metric(&relay, "drops_total{cause=\"reader_closed_slow\"}") == 1);
	ck_assert(process_metric(&relay, "out_bytes") < 200000);
	client_close(&c);
	tg_buf_free(&buf);
	stop();
}
END_TEST

START_TEST(the_dedup_window_answers_busy_when_full_and_forgets_what_is_stale)
{
	struct client c;
	struct tg_buf buf = {0};
	struct tg_frame f;
	uint64_t until;
	char text[16];

	process_start(&relay, LOTS_OF_RATE, "--dedup-slots", "20", "--main-age-ms", "3000", NULL);
	client_start(&c, relay.port);
	client_join(&c, &grid, PROVE_WRITE);
	for (int i = 0; i < 21; i++) {
		snprintf(text, sizeof text, "%d", i);
		put_main(&buf, &grid, text);
	}
	client_send(&c, &buf);
	client_expect(&c, TG_FRAME_ERR, &f);
	ck_assert_uint_eq(f.u.err.code, TG_ERR_BUSY);
	ck_assert(process_metric(&relay, "dedup_held") == 20);
	until = mono_ms() + 20000;
	while (process_metric(&relay, "dedup_held") > 0) {
		ck_assert_msg(mono_ms() < until, "nothing is forgotten");
		usleep(100000);
	}
	put_main(&buf, &grid, "again");
	client_send(&c, &buf);
	client_expect_nothing(&c, 100);
	client_close(&c);
	tg_buf_free(&buf);
	stop();
}
END_TEST

START_TEST(sockets_of_one_address_are_limited_and_given_back)
{
	struct client c[6], extra;

	process_start(&relay, "--sockets-per-address", "6", NULL);
	for (int i = 0; i < 6; i++)
		client_start(&c[i], relay.port);
	client_connect(&extra, relay.port, 0);
	while (client_read_some(&extra, 5000) > 0)
		;
	ck_assert_int_eq(extra.ended, 1);
	client_close(&extra);
	ck_assert(process_metric(&relay, "drops_total{cause=\"socket_address_limit\"}") == 1);
	client_close(&c[0]);
	while (process_metric(&relay, "sockets") > 5)
		;
	client_start(&c[0], relay.port);
	for (int i = 0; i < 6; i++)
		client_close(&c[i]);
	stop();
}
END_TEST

START_TEST(sockets_in_all_are_limited)
{
	struct client c[3], extra;
	char body[64];

	process_start(&relay, "--connections", "3", NULL);
	for (int i = 0; i < 3; i++)
		client_start(&c[i], relay.port);
	ck_assert_int_eq(process_get(&relay, "/ready", body, sizeof body), 503);
	client_connect(&extra, relay.port, 0);
	while (client_read_some(&extra, 5000) > 0)
		;
	ck_assert_int_eq(extra.ended, 1);
	client_close(&extra);
	for (int i = 0; i < 3; i++)
		client_close(&c[i]);
	stop();
}
END_TEST

START_TEST(half_received_messages_are_bounded_in_all)
{
	enum {
		N = 8
	};
	struct client c[N];
	uint8_t *part = calloc(1, 200000);
	uint64_t until = mono_ms() + 15000;

	process_start(&relay, "--memory-mib", "1", NULL);
	for (int i = 0; i < N; i++) {
		client_start(&c[i], relay.port);
		client_ws(&c[i], 0x02, part, 200000); /* and never its end */
	}
	while (process_metric(&relay, "errors_total{code=\"busy\"}") < 3)
		ck_assert_msg(mono_ms() < until, "memory is not bounded");
	ck_assert(process_metric(&relay, "assembly_bytes") <= 1 << 20);
	for (int i = 0; i < N; i++)
		client_close(&c[i]);
	while (process_metric(&relay, "sockets") > 0)
		;
	ck_assert(process_metric(&relay, "assembly_bytes") == 0);
	free(part);
	stop();
}
END_TEST

/* Publish n frames at once; returns how many were refused for their rate. */
static int
limited(struct client *c, const struct grid *g, int n, int forged)
{
	static unsigned serial;
	struct tg_buf buf = {0};
	struct tg_frame f;
	char text[32];
	int refused = 0;

	for (int i = 0; i < n; i++) {
		snprintf(text, sizeof text, "rate %u", serial++);
		put_main(&buf, g, text);
		if (forged)
			buf.data[buf.len - 1] ^= 1;
	}
	put_sub(&buf, c, g, PROVE_NONE, "127.0.0.1"); /* its OK says that all before it was looked at */
	client_send(c, &buf);
	tg_buf_free(&buf);
	while (client_next(c, 15000, &f) == 1 && f.type == TG_FRAME_ERR) {
		if (f.u.err.code == TG_ERR_RATE_LIMITED)
			refused++;
		else
			ck_assert_uint_eq(f.u.err.code, TG_ERR_BAD_SIGNATURE);
	}
	ck_assert_int_eq(f.type, TG_FRAME_OK);
	return refused;
}

START_TEST(a_topic_has_a_rate_which_its_publishers_share_and_forgers_cannot_use_up)
{
	struct client a, b;
	struct grid other;

	process_start(
	    &relay, "--connection-main", "off", "--address-main", "off", "--topic-main", "1/20", NULL);
	grid_make(&other, 2);
	client_start(&a, relay.port);
	client_start(&b, relay.port);
	client_join(&a, &grid, PROVE_WRITE);
	client_join(&b, &grid, PROVE_WRITE);
	client_join(&b, &other, PROVE_WRITE);
	ck_assert_int_eq(limited(&a, &grid, 100, 1), 0);
	ck_assert_int_eq(limited(&a, &grid, 15, 0), 0);
	ck_assert_int_ge(limited(&b, &grid, 15, 0), 7);
	ck_assert_int_eq(limited(&b, &other, 15, 0), 0); /* another topic does not pay for it */
	client_close(&a);
	client_close(&b);
	stop();
}
END_TEST

START_TEST(an_address_has_a_rate_which_its_connections_share_and_reconnecting_does_not_refill)
{
	struct client a, b;

	process_start(
	    &relay, "--connection-main", "off", "--address-main", "1/20", "--topic-main", "off", NULL);
	client_start(&a, relay.port);
	client_start(&b, relay.port);
	client_join(&a, &grid, PROVE_WRITE);
	client_join(&b, &grid, PROVE_WRITE);
	ck_assert_int_eq(limited(&a, &grid, 15, 0), 0);
	ck_assert_int_ge(limited(&b, &grid, 15, 0), 7);
	client_close(&a);
	client_close(&b);
	client_start(&a, relay.port);
	client_join(&a, &grid, PROVE_WRITE);
	ck_assert_int_ge(limited(&a, &grid, 15, 0), 7);
	client_close(&a);
	stop();
}
END_TEST

START_TEST(a_storm_of_subscriptions_is_limited)
{
	struct client c;
	struct tg_buf buf = {0};
	struct tg_frame f;
	int ok = 0, refused = 0;

	process_start(&relay, "--connection-control", "1/10", NULL);
	client_start(&c, relay.port);
	for (unsigned i = 0; i < 30; i++) {
		struct grid g;

		grid_make(&g, i);
		put_sub(&buf, &c, &g, PROVE_READ, "127.0.0.1");
	}
	client_send(&c, &buf);
	for (int i = 0; i < 30; i++) {
		ck_assert_int_eq(client_next(&c, 5000, &f), 1);
		ok += f.type == TG_FRAME_OK;
		refused += f.type == TG_FRAME_ERR && f.u.err.code == TG_ERR_RATE_LIMITED;
	}
	ck_assert_int_ge(ok, 10);
	ck_assert_int_ge(refused, 15);
	ck_assert_int_eq(ok + refused, 30);
	client_close(&c);
	tg_buf_free(&buf);
	stop();
}
END_TEST

START_TEST(joining_and_leaving_leaves_nothing_behind)
{
	struct tg_buf buf = {0};

	process_start(&relay, LOTS_OF_RATE, "--address-control", "off", NULL);
	for (int round = 0; round < 30; round++) {
		struct client c[4];
		struct grid g;

		for (int i = 0; i < 4; i++) {
			client_start(&c[i], relay.port);
			for (unsigned k = 0; k < 5; k++) {
				grid_make(&g, k);
				client_join(&c[i], &g, PROVE_BOTH);
			}
		}
		for (int i = 0; i < 4; i++) {
			put_main(&buf, &g, "x");
			client_send(&c[i], &buf);
		}
		for (int i = 0; i < 4; i++)
			client_close(&c[i]);
	}
	while (process_metric(&relay, "sockets") > 0)
		;
	ck_assert(process_metric(&relay, "connections") == 0);
	ck_assert(process_metric(&relay, "topics") == 0);
	ck_assert(process_metric(&relay, "subscriptions") == 0);
	ck_assert(process_metric(&relay, "out_bytes") == 0);
	ck_assert(process_metric(&relay, "queue_bytes") == 0);
	tg_buf_free(&buf);
	stop();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("relay bounds");
	TCase *tc = tcase_create("bounds");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, a_slow_reader_loses_ephemeral_frames_first_and_no_others);
	tcase_add_test(tc, a_reader_that_stands_still_is_closed_as_slow_without_a_hole);
	tcase_add_test(tc, a_dead_reader_is_let_go);
	tcase_add_test(tc, unread_answers_count_as_a_slow_reader);
	tcase_add_test(tc, the_dedup_window_answers_busy_when_full_and_forgets_what_is_stale);
	tcase_add_test(tc, sockets_of_one_address_are_limited_and_given_back);
	tcase_add_test(tc, sockets_in_all_are_limited);
	tcase_add_test(tc, half_received_messages_are_bounded_in_all);
	tcase_add_test(tc, a_topic_has_a_rate_which_its_publishers_share_and_forgers_cannot_use_up);
	tcase_add_test(
	    tc, an_address_has_a_rate_which_its_connections_share_and_reconnecting_does_not_refill);
	tcase_add_test(tc, a_storm_of_subscriptions_is_limited);
	tcase_add_test(tc, joining_and_leaving_leaves_nothing_behind);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
