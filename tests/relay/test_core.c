/*
 * Goal: whatever readers do (keep up, dawdle, break, leave, run out of memory on the relay's side), each gets
 * every reliable frame of its topics from others exactly once and in order, until it is closed.
 *
 * The relay's core runs in this process on sockets in memory (fake.h), with random events from a seed. Beside
 * it stands a model too simple to be wrong: what each reader should see.
 */
#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "relay/client.h"
#include "relay/fake.h"
#include "suite.h"

enum {
	CLIENTS = 8,
	TOPICS = 3
};

static uint64_t random_state;
static struct tg_relay relay;
static struct fake fakes[CLIENTS];
static struct grid grids[TOPICS];
static uint64_t now; /* both clocks, ms */

/* The model: for each reader and topic the numbers of the frames it must see next, and how far it has. */
struct expected {
	uint32_t *numbers;
	size_t count, cap, seen;
	int reads;
};
static struct expected expected[CLIENTS][TOPICS];

/* What was published in this turn. */
enum {
	TURN_MAX = 4000
};
struct sent {
	uint32_t number;
	int from, topic;
};
static struct sent turn[TURN_MAX];
static size_t turn_count;

static size_t parsed[CLIENTS]; /* bytes of fakes[].got looked at */
static int was_told_slow[CLIENTS];
static uint32_t next_number;
static long allocations = -1; /* that succeed while the relay looks at a message; -1: all */

static uint32_t
below(uint32_t n)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(random_state >> 33) % n;
}

static void
tell(int c, const struct tg_buf *frames)
{
	struct tg_piece piece = {
	    .data = frames->data, .len = frames->len, .first = 1, .last = 1, .binary = 1};

	if (allocations >= 0)
		tg_mem_fail_after(allocations);
	tg_conn_receive(fakes[c].conn, &piece);
	tg_mem_fail_after(-1);
}

static void
join_relay(int c)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	struct tg_address *address;
	struct tg_buf b = {0};

	for (;;) {
		sin.sin_addr.s_addr = htonl(0x0a000000u + (uint32_t)c);
		address = tg_addresses_get(
		    &relay.addresses, (struct sockaddr *)&sin, relay.config.address_rate, relay.mono_ms);
		if (address != NULL && (fakes[c].conn = tg_conn_new(&relay, address)) != NULL)
			break;
	}
	tg_conn_established(fakes[c].conn, &fakes[c]);
	tg_frame_put_client_hello(&b, "model", "localhost", 9);
	tell(c, &b);
	tg_buf_free(&b);
	parsed[c] = 0;
	was_told_slow[c] = 0;
}

static void
leave_relay(int c)
{
	fake_free(&fakes[c]);
	for (size_t k = 0; k < turn_count; k++)
		if (turn[k].from == c)
			turn[k].from = -1; /* whoever comes back under this number is somebody else */
	for (int t = 0; t < TOPICS; t++) {
		expected[c][t].reads = 0;
		expected[c][t].count = expected[c][t].seen = 0;
	}
}

static void
subscribe(int c, int t, unsigned prove)
{
	const struct tg_conn *conn = fakes[c].conn;
	struct client as = {0};
	struct tg_buf b = {0};

	memcpy(as.epoch, relay.epoch, sizeof as.epoch);
	memcpy(as.challenge, conn->challenge, sizeof as.challenge);
	put_sub(&b, &as, &grids[t], prove, "localhost");
	tell(c, &b);
	tg_buf_free(&b);
}

static int
on_topic(int c, int t, int reading)
{
	for (const struct tg_sub_entry *e = fakes[c].conn->subs; e != NULL; e = e->next)
		if (tg_hash_cmp(&e->topic->id, &grids[t].topic) == 0)
			return !reading || e->may_read;
	return 0;
}

static void
expect(struct expected *e, uint32_t number)
{
	if (e->count == e->cap) {
		e->cap = e->cap * 2 + 16;
		ck_assert_ptr_nonnull(e->numbers = realloc(e->numbers, e->cap * sizeof *e->numbers));
	}
	e->numbers[e->count++] = number;
}

/* Reliable frames carry their number and count in the model; ephemeral ones may get lost and do not. */
static void
publish(int c, int t, int ephemeral)
{
	uint8_t payload[3000] = {0};
	struct tg_buf b = {0};
	uint64_t before = relay.metrics.frames_in[0];
	uint32_t number = next_number++;

	memcpy(payload, &number, sizeof number);
	payload[4] = (uint8_t)t;
	payload[5] = (uint8_t)ephemeral;
	tg_frame_put_pub(&b, ephemeral ? &grids[t].read : &grids[t].write, &grids[t].topic,
	    ephemeral ? TG_CLASS_SIDE : TG_CLASS_MAIN, ephemeral ? TG_PUB_EPHEMERAL : 0, now, payload,
	    6 + below(sizeof payload - 6));
	tell(c, &b);
	tg_buf_free(&b);
	if (ephemeral || relay.metrics.frames_in[0] == before)
		return; /* refused */
	ck_assert_uint_lt(turn_count, TURN_MAX);
	turn[turn_count++] = (struct sent){number, c, t};
}

/* A turn's frames are for those who read the topic when it ends. */
static void
expect_turn(void)
{
	for (size_t k = 0; k < turn_count; k++)
		for (int i = 0; i < CLIENTS; i++)
			if (i != turn[k].from && fakes[i].conn != NULL &&
			    fakes[i].conn->state == TG_CONN_OPEN && on_topic(i, turn[k].topic, 1))
				expect(&expected[i][turn[k].topic], turn[k].number);
	turn_count = 0;
}

/* Look at what arrived at client c: whole messages of whole frames, and the frames those that were expected.
 */
static void
check_arrived(int c)
{
	struct fake *f = &fakes[c];

	while (f->got_len - parsed[c] >= 2) {
		const uint8_t *p = f->got + parsed[c];
		size_t left = f->got_len - parsed[c], n = 2, len = p[1], at = 0;

		if (len == 126) {
			n = 4;
			len = (size_t)p[2] << 8 | p[3];
		} else if (len == 127) {
			n = 10;
			len = (size_t)p[7] << 16 | (size_t)p[8] << 8 | p[9];
		}
		ck_assert_uint_le(n + len, left); /* writes are whole messages */
		parsed[c] += n + len;
		if (p[0] != TG_WS_BINARY)
			continue;
		while (at < len) {
			struct tg_frame frame;
			struct expected *e;
			uint32_t number;
			size_t used;

			ck_assert_int_eq(tg_frame_decode(p + n + at, len - at, &frame, &used), TG_OK);
			at += used;
			if (frame.type == TG_FRAME_ERR && frame.u.err.code == TG_ERR_SLOW)
				was_told_slow[c] = 1;
			if (frame.type != TG_FRAME_PUB || frame.u.pub.payload.data[5])
				continue;
			memcpy(&number, frame.u.pub.payload.data, sizeof number);
			e = &expected[c][frame.u.pub.payload.data[4]];
			ck_assert_msg(
			    e->seen < e->count, "client %d got frame %u, which was not for it", c, number);
			ck_assert_msg(e->numbers[e->seen] == number, "client %d got frame %u instead of %u",
			    c, number, e->numbers[e->seen]);
			e->seen++;
		}
	}
}

static void
end_turn(void)
{
	expect_turn();
	tg_relay_end_turn(&relay);
	for (int c = 0; c < CLIENTS; c++) {
		struct fake *f = &fakes[c];

		if (f->conn == NULL)
			continue;
		fake_flush(f);
		check_arrived(c);
		/* A transport frees its connection from its own callback, never inside a turn. */
		if (f->killed || (f->conn->state == TG_CONN_CLOSING && f->conn->close_written &&
				     f->kept == NULL && f->conn->queue_first == NULL))
			leave_relay(c);
	}
}

static void
start(uint64_t seed)
{
	char *args[] = {"relay", "--connection-main", "off", "--connection-side", "off", "--address-main",
	    "off", "--address-side", "off", "--topic-main", "off", "--topic-side", "off",
	    "--connection-control", "off", "--address-control", "off", "--dedup-slots", "200000",
	    "--queue-bytes", "40000"};
	struct tg_config config;

	random_state = seed;
	now = 1700000000000;
	ck_assert_int_eq(
	    tg_config_read(&config, sizeof args / sizeof args[0], args, stdout, stderr), TG_CONFIG_RUN);
	ck_assert_int_eq(tg_relay_init(&relay, &config, now, now), TG_OK);
	for (int t = 0; t < TOPICS; t++)
		grid_make(&grids[t], (unsigned)t);
}

static void
stop(void)
{
	for (int c = 0; c < CLIENTS; c++) {
		if (fakes[c].conn != NULL)
			leave_relay(c);
		for (int t = 0; t < TOPICS; t++) {
			free(expected[c][t].numbers);
			memset(&expected[c][t], 0, sizeof expected[c][t]);
		}
	}
	tg_relay_end_turn(&relay); /* what a leaver published last */
	ck_assert_uint_eq(relay.sockets, 0);
	ck_assert_uint_eq(relay.metrics.connections, 0);
	ck_assert_uint_eq(relay.metrics.queue_bytes, 0);
	ck_assert_uint_eq(relay.metrics.assembly_bytes, 0);
	ck_assert_uint_eq(relay.pool.out_bytes, 0);
	ck_assert_uint_eq(relay.topics.count, 0);
	ck_assert_uint_eq(relay.topics.sub_count, 0);
	tg_relay_close(&relay);
}

static void
something_happens(void)
{
	int c = (int)below(CLIENTS), t = (int)below(TOPICS);
	struct fake *f = &fakes[c];
	struct tg_buf b = {0};

	if (f->conn == NULL) {
		if (below(3) == 0)
			join_relay(c);
		return;
	}
	if (f->conn->state == TG_CONN_DEAD)
		return;
	switch (below(40)) {
	case 0:
		leave_relay(c);
		return;
	case 1:
		f->broken = below(4) == 0;
		return;
	case 2:
	case 3:
		f->slow = !f->slow;
		return;
	case 4:
		tg_conn_peer_leaves(f->conn);
		leave_relay(c);
		return;
	case 5:
	case 6:
	case 7:
		/* Whether one who joins in a turn gets what came earlier in it is nobody's promise: start a
		 * new one. */
		end_turn();
		if (f->conn != NULL && f->conn->state == TG_CONN_OPEN && !on_topic(c, t, 1))
			subscribe(c, t, below(4));
		return;
	case 8:
		if (f->conn->state == TG_CONN_OPEN && below(5) == 0) {
			tg_frame_put_unsub(&b, &grids[t].topic);
			tell(c, &b);
			tg_buf_free(&b);
		}
		return;
	case 9:
		now += below(3000);
		tg_relay_clock(&relay, now, now);
		tg_relay_tick(&relay);
		return;
	case 10:
		tg_conn_ping(f->conn);
		return;
	default:
		if (f->conn->state == TG_CONN_OPEN)
			publish(c, t, below(3) == 0);
	}
}

/* At the end everybody who is not closed takes what waits: then nothing may be missing. */
static void
catch_up(void)
{
	for (int i = 0; i < 3; i++) {
		for (int c = 0; c < CLIENTS; c++)
			fakes[c].slow = 0;
		end_turn();
	}
	for (int c = 0; c < CLIENTS; c++) {
		if (fakes[c].conn == NULL || fakes[c].conn->state != TG_CONN_OPEN)
			continue;
		ck_assert_ptr_null(fakes[c].conn->queue_first);
		for (int t = 0; t < TOPICS; t++)
			ck_assert_msg(
			    expected[c][t].seen == expected[c][t].count, "client %d misses frames", c);
	}
}

static uint64_t
chosen_seed(void)
{
	uint64_t seed =
	    getenv("TG_SEED") != NULL ? strtoull(getenv("TG_SEED"), NULL, 10) : (uint64_t)time(NULL);

	ck_assert_int_eq(tg_crypto_init(), TG_OK);
	printf("TG_SEED=%llu\n", (unsigned long long)seed);
	return seed;
}

START_TEST(no_reader_sees_a_hole_a_double_or_its_own)
{
	uint64_t seed = chosen_seed();
	uint64_t slow = 0, dropped = 0;

	for (uint64_t run = 0; run < 12; run++) {
		start(seed + run);
		for (int step = 0; step < 3000; step++) {
			something_happens();
			if (below(12) == 0)
				end_turn();
		}
		catch_up();
		slow += relay.metrics.drops[TG_DROP_SLOW];
		dropped += relay.metrics.drops[TG_DROP_EPHEMERAL];
		stop();
	}
	ck_assert_uint_gt(slow, 0); /* the interesting cases did happen */
	ck_assert_uint_gt(dropped, 0);
}
END_TEST

/* Many sockets with signatures to check must not keep what is ready from being sent. */
START_TEST(frames_that_have_waited_make_a_turn_long)
{
	start(chosen_seed());
	join_relay(0);
	join_relay(1);
	subscribe(0, 0, PROVE_BOTH);
	subscribe(1, 0, PROVE_BOTH);
	end_turn();
	now += 1000;
	tg_relay_clock(&relay, now, now);
	ck_assert_int_eq(tg_relay_turn_is_long(&relay), 0); /* nothing waits */
	publish(0, 0, 0);
	ck_assert_int_eq(tg_relay_turn_is_long(&relay), 0);
	now += TG_TURN_MAX_MS;
	tg_relay_clock(&relay, now, now);
	publish(0, 0, 0);
	ck_assert_int_eq(tg_relay_turn_is_long(&relay), 1);
	end_turn();
	ck_assert_int_eq(tg_relay_turn_is_long(&relay), 0);
	ck_assert_uint_eq(expected[1][0].seen, 2);
	stop();
}
END_TEST

/* As the first while allocations fail: frames may be refused and readers closed, but the promise holds. */
START_TEST(failed_allocations_close_readers_rather_than_skip_a_frame)
{
	uint64_t seed = chosen_seed();

	for (uint64_t run = 0; run < 12; run++) {
		start(seed + run);
		for (int step = 0; step < 2000; step++) {
			/* Only the relay's allocations fail, not those that make a client's frames. */
			allocations = below(10) == 0 ? (long)below(6) : -1;
			something_happens();
			allocations = -1;
			if (below(12) == 0) {
				if (below(3) == 0)
					tg_mem_fail_after((long)below(6));
				end_turn();
				tg_mem_fail_after(-1);
			}
		}
		catch_up();
		stop();
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("relay core");
	TCase *tc = tcase_create("core");

	tcase_add_test(tc, no_reader_sees_a_hole_a_double_or_its_own);
	tcase_add_test(tc, frames_that_have_waited_make_a_turn_long);
	tcase_add_test(tc, failed_allocations_close_readers_rather_than_skip_a_frame);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
