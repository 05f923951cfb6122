/*
 * The simulation itself: its storage, relay, links and host keep their own promises.  Everything later is
 * judged by them.
 */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <toygrid/status.h>

#include "sim/world.h"
#include "suite.h"
#include "wire/writer.h"

/* ---- storage ------------------------------------------------------------------------------------------- */

static struct sim_sched sched;
static int answers, last_status, last_more;
static uint64_t last_id;
static size_t last_len;

static void
answered(void *owner, int is_load, uint64_t id, int status, struct tg_bytes list, int more)
{
	(void)owner;
	(void)is_load;
	answers++;
	last_id = id;
	last_status = status;
	last_more = more;
	last_len = list.len;
}

static struct sim_store *
fresh_store(uint64_t seed)
{
	struct sim_rand rand = {seed};

	memset(&sched, 0, sizeof sched);
	sched.now_ms = SIM_START_MS;
	answers = 0;
	return sim_store_new(&sched, rand);
}

static void
put(struct sim_store *store, int op, const char *key, const char *value, int strict)
{
	static char owner;
	struct tg_buf ops = {0};

	tg_write_array(&ops, 1);
	tg_write_array(&ops, 3);
	tg_write_uint(&ops, (uint64_t)op);
	tg_write_bin(&ops, key, strlen(key));
	tg_write_bin(&ops, value, strlen(value));
	ck_assert_int_eq(
	    sim_store_batch(store, &owner, 1, strict, (struct tg_bytes){ops.data, ops.len}, answered), 0);
	tg_buf_free(&ops);
}

static const char *
value_of(struct sim_store *store, const char *key)
{
	const struct sim_record *r = sim_store_get(store, key, strlen(key));
	static char text[64];

	if (r == NULL)
		return "";
	memcpy(text, r->value, r->value_len);
	text[r->value_len] = 0;
	return text;
}

START_TEST(the_store_keeps_the_rules_of_its_operations)
{
	struct sim_store *store = fresh_store(1);

	put(store, TG_STORE_PUT, "a", "1", 0);
	put(store, TG_STORE_PUT_IF_ABSENT, "a", "2", 0);
	put(store, TG_STORE_PUT_IF_ABSENT, "b", "3", 0);
	put(store, TG_STORE_PUT_IF_LONGER, "n", "00000005x", 0);
	put(store, TG_STORE_PUT_IF_LONGER, "n", "00000004y", 0);
	put(store, TG_STORE_PUT_IF_LONGER, "n", "00000005z", 0);
	ck_assert_str_eq(value_of(store, "a"), ""); /* nothing happens before its time */
	sim_run_until(&sched, SIM_START_MS + 1000);
	ck_assert_int_eq(answers, 6);
	ck_assert_str_eq(value_of(store, "a"), "1");
	ck_assert_str_eq(value_of(store, "b"), "3");
	ck_assert_str_eq(value_of(store, "n"), "00000005x");
	put(store, TG_STORE_DELETE, "a", "", 0);
	sim_run_until(&sched, SIM_START_MS + 2000);
	ck_assert_str_eq(value_of(store, "a"), "");
	sim_store_free(store);
	sim_sched_free(&sched);
}
END_TEST

START_TEST(a_full_disk_refuses_what_writes_and_changes_nothing)
{
	struct sim_store *store = fresh_store(2);

	put(store, TG_STORE_PUT, "a", "1", 1);
	sim_run_until(&sched, SIM_START_MS + 100);
	store->full = 1;
	put(store, TG_STORE_PUT, "a", "2", 1);
	sim_run_until(&sched, SIM_START_MS + 200);
	ck_assert_int_eq(last_status, TG_EFULL);
	ck_assert_str_eq(value_of(store, "a"), "1");
	put(store, TG_STORE_DELETE, "a", "", 1);
	sim_run_until(&sched, SIM_START_MS + 300);
	ck_assert_int_eq(last_status, TG_OK);
	sim_store_free(store);
	sim_sched_free(&sched);
}
END_TEST

START_TEST(after_a_failed_batch_those_asked_for_before_fail_too)
{
	struct sim_store *store = fresh_store(3);

	store->delay_max_ms = 5;
	store->full = 1;
	put(store, TG_STORE_PUT, "a", "1", 0);
	put(store, TG_STORE_PUT, "b", "2", 0);
	while (answers == 0)
		sim_run_until(&sched, sched.now_ms + 1);
	store->full = 0;
	sim_run_until(&sched, sched.now_ms + 100);
	ck_assert_int_eq(answers, 2);
	ck_assert_int_eq(last_status, TG_EFULL);
	ck_assert_str_eq(value_of(store, "b"), "");
	sim_store_free(store);
	sim_sched_free(&sched);
}
END_TEST

START_TEST(a_power_cut_leaves_a_prefix_with_all_that_was_strict)
{
	static const char *const values[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};

	for (uint64_t seed = 1; seed <= 50; seed++) {
		struct sim_store *store = fresh_store(seed);
		int left = 0;

		for (int i = 0; i < 10; i++)
			put(store, TG_STORE_PUT, values[i], values[i], i == 4);
		put(store, TG_STORE_PUT, "0", "changed", 0);
		sim_run_until(&sched, SIM_START_MS + 1000);
		sim_store_power_cut(store);
		while (left < 10 && value_of(store, values[left])[0] != 0)
			left++;
		ck_assert_int_ge(left, 5);
		for (int i = left; i < 10; i++)
			ck_assert_str_eq(value_of(store, values[i]), "");
		ck_assert(strcmp(value_of(store, "0"), left == 10 ? value_of(store, "0") : "0") == 0);
		sim_store_free(store);
		sim_sched_free(&sched);
	}
}
END_TEST

START_TEST(a_dead_process_gets_no_answer)
{
	static char owner;
	struct sim_store *store = fresh_store(4);

	put(store, TG_STORE_PUT, "a", "1", 1);
	(void)owner;
	for (int i = 0; i < 5; i++)
		sim_store_load(store, &owner, 1, (struct tg_bytes){(const uint8_t *)"a", 1},
		    (struct tg_bytes){(const uint8_t *)"b", 1}, 100, answered);
	sim_store_crash(store, &owner);
	sim_run_until(&sched, SIM_START_MS + 1000);
	ck_assert_int_eq(answers, 1);
	sim_store_free(store);
	sim_sched_free(&sched);
}
END_TEST

START_TEST(a_load_stops_at_its_limit_and_says_so)
{
	static char owner;
	struct sim_store *store = fresh_store(5);

	put(store, TG_STORE_PUT, "a", "1234567890", 0);
	put(store, TG_STORE_PUT, "b", "1234567890", 0);
	sim_store_load(store, &owner, 7, (struct tg_bytes){(const uint8_t *)"a", 1},
	    (struct tg_bytes){(const uint8_t *)"c", 1}, 1, answered);
	sim_run_until(&sched, SIM_START_MS + 1000);
	ck_assert_uint_eq(last_id, 7);
	ck_assert_int_eq(last_more, 1);
	ck_assert_uint_eq(last_len, 1 + 1 + 2 + 1 + 2 + 10); /* one record of two */
	sim_store_free(store);
	sim_sched_free(&sched);
}
END_TEST

/* ---- relay --------------------------------------------------------------------------------------------- */

/* A bare client of one relay. */
struct client {
	struct sim_link *link;
	struct tg_relay_hello hello;
	uint8_t epoch[8], challenge[32];
	uint64_t time_ms;
	uint32_t pubs, oks, errors;
	uint64_t last_error;
	uint8_t last_payload[8];
	int closed;
};

static void
client_opened(void *owner, struct sim_link *link)
{
	struct tg_buf out = {0};

	(void)owner;
	tg_frame_put_client_hello(&out, "test", "r0.sim", 6);
	sim_link_up(link, out.data, out.len);
	tg_buf_free(&out);
}

static void
client_received(void *owner, struct sim_link *link, const uint8_t *data, size_t len)
{
	struct client *client = owner;
	struct tg_frame frame;
	size_t used;

	(void)link;
	for (size_t at = 0; at < len; at += used) {
		ck_assert_int_eq(tg_frame_decode(data + at, len - at, &frame, &used), TG_OK);
		if (frame.type == TG_FRAME_HELLO) {
			memcpy(client->epoch, frame.u.relay_hello.epoch, 8);
			memcpy(client->challenge, frame.u.relay_hello.challenge, 32);
			client->time_ms = frame.u.relay_hello.time_ms;
		} else if (frame.type == TG_FRAME_PUB) {
			client->pubs++;
			memcpy(client->last_payload, frame.u.pub.payload.data, 1);
		} else if (frame.type == TG_FRAME_OK) {
			client->oks++;
		} else if (frame.type == TG_FRAME_ERR) {
			client->errors++;
			client->last_error = frame.u.err.code;
		}
	}
}

static void
client_closed(void *owner, struct sim_link *link)
{
	struct client *client = owner;

	(void)link;
	client->closed = 1;
}

static const struct sim_link_owner client_calls = {client_opened, client_received, client_closed};

static struct tg_keypair write_pair, read_pair;
static struct tg_hash topic;
static struct sim_relay *relay;
static struct client clients[3];

static void
subscribe(struct client *client, int prove_read)
{
	struct tg_sub_claim claim = {"r0.sim", 6, client->epoch, client->challenge, &topic,
	    &write_pair.public_key, &read_pair.public_key};
	struct tg_hash digest;
	struct tg_sig proof;
	struct tg_buf out = {0};

	tg_sub_digest(&claim, TG_CLASS_SIDE, &digest);
	tg_sign(&read_pair, &digest, &proof);
	tg_frame_put_sub(
	    &out, &topic, &write_pair.public_key, &read_pair.public_key, prove_read ? &proof : NULL, NULL);
	sim_link_up(client->link, out.data, out.len);
	tg_buf_free(&out);
}

static void
publish(
    struct client *client, const struct tg_keypair *pair, unsigned class, uint64_t time_ms, uint8_t payload)
{
	struct tg_buf out = {0};

	tg_frame_put_pub(&out, pair, &topic, class, TG_PUB_RECEIPT, time_ms, &payload, 1);
	sim_link_up(client->link, out.data, out.len);
	tg_buf_free(&out);
}

static void
network(uint64_t seed, int prove_read)
{
	struct tg_secret seed_w = {{1}}, seed_r = {{2}};
	struct sim_rand rand = {seed};

	memset(&sched, 0, sizeof sched);
	memset(clients, 0, sizeof clients);
	sched.now_ms = SIM_START_MS;
	tg_keypair_from_seed(&seed_w, &write_pair);
	tg_keypair_from_seed(&seed_r, &read_pair);
	tg_topic_id(&write_pair.public_key, &read_pair.public_key, &topic);
	relay = sim_relay_new(&sched, rand, "r0.sim");
	for (int i = 0; i < 3; i++)
		clients[i].link =
		    sim_link_dial(&sched, sim_rand_fork(&relay->rand), relay, &clients[i], &client_calls, 1);
	sim_run_until(&sched, sched.now_ms + 1000);
	for (int i = 0; i < 3; i++)
		subscribe(&clients[i], prove_read);
	sim_run_until(&sched, sched.now_ms + 1000);
}

static void
network_end(void)
{
	for (int i = 0; i < 3; i++)
		sim_link_free(clients[i].link);
	sim_relay_free(relay);
	sim_sched_free(&sched);
}

START_TEST(a_frame_reaches_every_other_reader_and_not_its_sender)
{
	network(1, 1);
	publish(&clients[0], &write_pair, TG_CLASS_MAIN, sched.now_ms, 42);
	sim_run_until(&sched, sched.now_ms + 1000);
	ck_assert_uint_eq(clients[0].pubs, 0);
	ck_assert_uint_eq(clients[0].oks, 2); /* the SUB and the PUB */
	ck_assert_uint_eq(clients[1].pubs, 1);
	ck_assert_uint_eq(clients[2].pubs, 1);
	ck_assert_uint_eq(clients[1].last_payload[0], 42);
	network_end();
}
END_TEST

START_TEST(without_a_read_proof_nothing_is_forwarded)
{
	network(2, 0);
	publish(&clients[0], &write_pair, TG_CLASS_MAIN, sched.now_ms, 42);
	sim_run_until(&sched, sched.now_ms + 1000);
	ck_assert_uint_eq(clients[1].pubs, 0);
	ck_assert_uint_eq(clients[0].oks, 2);
	network_end();
}
END_TEST

START_TEST(the_relay_refuses_what_it_must_with_the_right_code)
{
	network(3, 1);
	publish(&clients[0], &read_pair, TG_CLASS_MAIN, sched.now_ms, 1); /* a viewer writes */
	sim_run_until(&sched, sched.now_ms + 1000);
	ck_assert_uint_eq(clients[0].last_error, TG_ERR_BAD_SIGNATURE);
	publish(&clients[0], &write_pair, TG_CLASS_MAIN, sched.now_ms - 700000, 2);
	sim_run_until(&sched, sched.now_ms + 1000);
	ck_assert_uint_eq(clients[0].last_error, TG_ERR_STALE);
	publish(&clients[0], &write_pair, TG_CLASS_MAIN, sched.now_ms, 3);
	publish(&clients[0], &write_pair, TG_CLASS_MAIN, sched.now_ms, 3);
	sim_run_until(&sched, sched.now_ms + 1000);
	ck_assert_uint_eq(clients[0].last_error, TG_ERR_DUPLICATE);
	ck_assert_uint_eq(clients[0].errors, 3);
	ck_assert_uint_eq(clients[1].pubs, 1);
	ck_assert_int_eq(clients[0].closed, 0);
	sim_link_up(clients[0].link, (const uint8_t *)"\xc1", 1);
	sim_run_until(&sched, sched.now_ms + 1000);
	ck_assert_uint_eq(clients[0].last_error, TG_ERR_BAD_FRAME);
	ck_assert_int_eq(clients[0].closed, 1);
	ck_assert_int_eq(clients[1].closed, 0);
	network_end();
}
END_TEST

START_TEST(a_restarted_relay_has_a_new_epoch_and_no_links)
{
	uint8_t epoch[8];

	network(4, 1);
	memcpy(epoch, relay->epoch, 8);
	sim_relay_stop(relay);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(clients[i].closed, 1);
	sim_relay_start(relay);
	ck_assert_mem_ne(epoch, relay->epoch, 8);
	network_end();
}
END_TEST

START_TEST(reordering_keeps_each_senders_order)
{
	uint32_t from_a = 0, from_b = 100;

	network(5, 1);
	relay->faults.reorder_ms = 500;
	for (uint8_t i = 1; i < 50; i++) {
		publish(&clients[0], &write_pair, TG_CLASS_MAIN, sched.now_ms, i);
		publish(&clients[1], &write_pair, TG_CLASS_MAIN, sched.now_ms, (uint8_t)(100 + i));
	}
	for (int ms = 0; ms < 3000; ms++) {
		uint32_t before = clients[2].pubs;

		sim_run_until(&sched, sched.now_ms + 1);
		if (clients[2].pubs == before)
			continue;
		if (clients[2].last_payload[0] < 100) {
			ck_assert_uint_ge(clients[2].last_payload[0], from_a);
			from_a = clients[2].last_payload[0];
		} else {
			ck_assert_uint_ge(clients[2].last_payload[0], from_b);
			from_b = clients[2].last_payload[0];
		}
	}
	ck_assert_uint_eq(clients[2].pubs, 98);
	network_end();
}
END_TEST

START_TEST(a_cut_link_loses_what_was_in_flight)
{
	network(6, 1);
	publish(&clients[0], &write_pair, TG_CLASS_MAIN, sched.now_ms, 9);
	sim_link_cut(clients[0].link, 1);
	sim_run_until(&sched, sched.now_ms + 1000);
	ck_assert_uint_eq(clients[1].pubs, 0);
	ck_assert_int_eq(clients[0].closed, 1);
	network_end();
}
END_TEST

/* ---- host ---------------------------------------------------------------------------------------------- */

/* A stand-in peer: it notes the kinds of its events and answers some with prepared effects. */
struct tg_peer {
	uint8_t kinds[64];
	size_t count;
	int lock_granted[2];
	int locks;
	struct tg_buf out;
};

static struct tg_peer *newest;

static int
stand_in_create(struct tg_peer **peer)
{
	newest = *peer = sim_malloc(sizeof **peer);
	return TG_OK;
}

static int
stand_in_event(struct tg_peer *peer, const uint8_t *event, size_t len)
{
	struct tg_reader r;
	uint64_t kind;

	tg_reader_init(&r, event, len);
	tg_read_array(&r, 1, 8);
	kind = tg_read_uint(&r, 8);
	if (peer->count < sizeof peer->kinds)
		peer->kinds[peer->count++] = (uint8_t)kind;
	tg_buf_reset(&peer->out);
	if (kind == TG_EVENT_COMMAND) {
		uint64_t request = tg_read_uint(&r, UINT64_MAX);

		tg_write_array(&peer->out, 4); /* store, strict */
		tg_write_uint(&peer->out, TG_EFFECT_STORE);
		tg_write_uint(&peer->out, 1);
		tg_write_bool(&peer->out, 1);
		tg_write_array(&peer->out, 1);
		tg_write_array(&peer->out, 3);
		tg_write_uint(&peer->out, TG_STORE_PUT);
		tg_write_bin(&peer->out, "key", 3);
		tg_write_bin(&peer->out, "value", 5);
		tg_write_array(&peer->out, 3); /* lock */
		tg_write_uint(&peer->out, TG_EFFECT_LOCK);
		tg_write_uint(&peer->out, 9);
		tg_write_bin(&peer->out, "door", 4);
		tg_write_array(&peer->out, 2); /* wake */
		tg_write_uint(&peer->out, TG_EFFECT_WAKE);
		tg_write_uint(&peer->out, SIM_START_MS + 5000);
		tg_write_array(&peer->out, 4); /* reply */
		tg_write_uint(&peer->out, TG_EFFECT_REPLY);
		tg_write_uint(&peer->out, request);
		tg_write_uint(&peer->out, 0);
		tg_write_nil(&peer->out);
		tg_write_array(&peer->out, 3); /* send to the other tabs */
		tg_write_uint(&peer->out, TG_EFFECT_SEND);
		tg_write_uint(&peer->out, 1);
		tg_write_bin(&peer->out, "hi", 2);
	} else if (kind == TG_EVENT_LOCKED) {
		tg_read_uint(&r, UINT64_MAX);
		peer->lock_granted[peer->locks++] = tg_read_bool(&r);
	}
	return TG_OK;
}

static void
stand_in_effects(struct tg_peer *peer, const uint8_t **effects, size_t *len)
{
	*effects = peer->out.data;
	*len = peer->out.len;
}

static void
stand_in_destroy(struct tg_peer *peer)
{
	tg_buf_free(&peer->out);
	free(peer);
}

static struct tg_doc *
stand_in_doc(struct tg_peer *peer, const struct tg_hash *grid)
{
	(void)peer;
	(void)grid;
	return NULL;
}

static const struct sim_peer_calls stand_in = {
    stand_in_create, stand_in_event, stand_in_effects, stand_in_destroy, stand_in_doc};

static int replies;

static void
on_reply(struct sim_host *host, void *ctx, int status, struct tg_bytes value)
{
	(void)host;
	(void)ctx;
	(void)value;
	replies += status == TG_OK ? 1 : 100;
}

static int
count_kind(const struct tg_peer *peer, uint8_t kind)
{
	int n = 0;

	for (size_t i = 0; i < peer->count; i++)
		n += peer->kinds[i] == kind;
	return n;
}

START_TEST(a_host_carries_out_effects_and_answers_each_once)
{
	struct sim_world *world = sim_world_new(1, 2, &stand_in);
	struct sim_profile *profile = sim_profile_new(world, "p0", 1);
	struct sim_host *a = sim_host_open(profile), *b;
	struct tg_peer *peer_a = newest, *peer_b;
	struct tg_buf event;

	replies = 0;
	b = sim_host_open(profile);
	peer_b = newest;
	ck_assert_uint_eq(peer_a->kinds[0], TG_EVENT_ENTROPY);
	sim_world_run(world, 1000);
	sim_host_command(a, TG_COMMAND_LIST, 0, &event);
	sim_host_send(a, &event, on_reply, NULL);
	ck_assert_int_eq(replies, 1);
	sim_world_run(world, 1000);
	ck_assert_int_eq(count_kind(peer_a, TG_EVENT_STORED), 1);
	ck_assert_int_eq(peer_a->lock_granted[0], 1);
	ck_assert_int_eq(count_kind(peer_b, TG_EVENT_RECEIVED), 2); /* a relay's HELLO, and "hi" */
	ck_assert_int_eq(count_kind(peer_a, TG_EVENT_OPENED), 2);   /* tabs, one relay */
	sim_host_command(b, TG_COMMAND_LIST, 0, &event);
	sim_host_send(b, &event, on_reply, NULL);
	sim_world_run(world, 1000);
	ck_assert_int_eq(peer_b->locks, 1);
	ck_assert_int_eq(peer_b->lock_granted[0], 0);
	sim_host_kill(a);
	sim_host_command(b, TG_COMMAND_LIST, 0, &event);
	sim_host_send(b, &event, on_reply, NULL);
	sim_world_run(world, 1000);
	ck_assert_int_eq(peer_b->lock_granted[1], 1);
	ck_assert_int_eq(world->failed, 0);
	sim_world_free(world);
}
END_TEST

START_TEST(a_profile_that_is_cut_off_loses_its_links_and_comes_back)
{
	struct sim_world *world = sim_world_new(7, 1, &stand_in);
	struct sim_profile *profile = sim_profile_new(world, "p0", 1);
	struct sim_host *host = sim_host_open(profile);
	struct tg_peer *peer = newest;

	sim_world_run(world, 1000);
	profile->offline = 1;
	sim_profile_reconnect(profile);
	ck_assert_int_eq(count_kind(peer, TG_EVENT_CLOSED), 1);
	sim_world_run(world, 10000);
	ck_assert_ptr_null(host->links[0]);
	profile->offline = 0;
	sim_profile_reconnect(profile);
	sim_world_run(world, 1000);
	ck_assert_int_eq(count_kind(peer, TG_EVENT_OPENED), 3);
	sim_relay_stop(world->relays[0]);
	sim_world_run(world, 3000);
	sim_relay_start(world->relays[0]);
	sim_world_run(world, 10000);
	ck_assert_int_eq(count_kind(peer, TG_EVENT_OPENED), 4);
	sim_world_free(world);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sim_harness");
	TCase *tc = tcase_create("harness");

	if (tg_crypto_init() != TG_OK)
		return 1;
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, the_store_keeps_the_rules_of_its_operations);
	tcase_add_test(tc, a_full_disk_refuses_what_writes_and_changes_nothing);
	tcase_add_test(tc, after_a_failed_batch_those_asked_for_before_fail_too);
	tcase_add_test(tc, a_power_cut_leaves_a_prefix_with_all_that_was_strict);
	tcase_add_test(tc, a_dead_process_gets_no_answer);
	tcase_add_test(tc, a_load_stops_at_its_limit_and_says_so);
	tcase_add_test(tc, a_frame_reaches_every_other_reader_and_not_its_sender);
	tcase_add_test(tc, without_a_read_proof_nothing_is_forwarded);
	tcase_add_test(tc, the_relay_refuses_what_it_must_with_the_right_code);
	tcase_add_test(tc, a_restarted_relay_has_a_new_epoch_and_no_links);
	tcase_add_test(tc, reordering_keeps_each_senders_order);
	tcase_add_test(tc, a_cut_link_loses_what_was_in_flight);
	tcase_add_test(tc, a_host_carries_out_effects_and_answers_each_once);
	tcase_add_test(tc, a_profile_that_is_cut_off_loses_its_links_and_comes_back);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
