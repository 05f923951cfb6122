/*
 * A peer is a function of its events: what was recorded in a world comes out again, byte for byte, from a
 * fresh peer that is fed the same events.  (tests/sim/replay.test.mjs does the same with the browser's
 * module.)
 */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <toygrid/peer.h>
#include <toygrid/status.h>

#include "host/trace.h"
#include "sim/recital.h"
#include "suite.h"

static void
replay(const struct sim_host *host)
{
	struct tg_trace_step step;
	struct tg_peer *peer;
	size_t at, n = 0;
	int rc;

	ck_assert_int_eq(tg_peer_new(&peer), TG_OK);
	ck_assert_int_eq(tg_trace_open(host->trace->data, host->trace->len, &at), TG_OK);
	while ((rc = tg_trace_next(host->trace->data, host->trace->len, &at, &step)) == TG_OK) {
		const uint8_t *effects;
		size_t len;
		int status = tg_peer_event(peer, step.event.data, step.event.len);

		tg_peer_effects(peer, &effects, &len);
		ck_assert_msg(status == step.status && len == step.effects.len &&
				  (len == 0 || memcmp(effects, step.effects.data, len) == 0),
		    "%s/%u: event %zu of its trace gives other effects", host->profile->name, host->number,
		    n);
		n++;
	}
	ck_assert_int_eq(rc, TG_ENOTFOUND);
	ck_assert_uint_gt(n, 20);
	tg_peer_free(peer);
}

START_TEST(every_trace_of_a_world_replays_byte_for_byte)
{
	for (uint64_t seed = 1; seed <= 3; seed++) {
		struct sim_world *world = sim_recital(seed);
		unsigned again = 0;

		if (world->failed)
			sim_world_report(world);
		ck_assert(!world->failed);
		for (size_t i = 0; i < world->host_count; i++) {
			replay(world->hosts[i]);
			again += world->hosts[i]->notices[8];
		}
		ck_assert_msg(
		    again > 0, "nobody met both branches of the forked log of world %u", (unsigned)seed);
		sim_world_free(world);
	}
}
END_TEST

START_TEST(one_seed_gives_one_story)
{
	struct sim_world *a = sim_recital(7), *b = sim_recital(7);

	ck_assert_uint_eq(a->host_count, b->host_count);
	for (size_t i = 0; i < a->host_count; i++) {
		ck_assert_uint_eq(a->hosts[i]->trace->len, b->hosts[i]->trace->len);
		ck_assert_mem_eq(a->hosts[i]->trace->data, b->hosts[i]->trace->data, a->hosts[i]->trace->len);
	}
	sim_world_free(a);
	sim_world_free(b);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sim_replay");
	TCase *tc = tcase_create("replay");

	if (tg_crypto_init() != TG_OK)
		return 1;
	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, every_trace_of_a_world_replays_byte_for_byte);
	tcase_add_test(tc, one_seed_gives_one_story);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
