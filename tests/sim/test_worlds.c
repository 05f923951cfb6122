/*
 * Random worlds: 20 peers, 3 relays, and everything that goes wrong (chaos.h).  In the end all show the same
 * document, nothing acknowledged is missing, nothing is there twice, and no log forked.
 *
 * TG_SIM_SEEDS=n tries n worlds (else TG_SEEDS, else 20), from TG_SIM_FIRST (1) on; TG_SIM_SEED=n only that
 * one; TG_SIM_PARTS=n and TG_SIM_PART=i take every n-th from the i-th on, for several processors;
 * TG_SIM_FAULTS=mask chooses what may go wrong (enum sim_fault); TG_SIM_STORY=1 prints the whole story of a
 * failure.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <check.h>

#include <toygrid/crypto.h>
#include <toygrid/status.h>

#include "sim/chaos.h"
#include "sim/check.h"
#include "suite.h"

static uint64_t
number_from(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL && text[0] != 0 ? strtoull(text, NULL, 0) : otherwise;
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t typed, acked;

static int
world_is_well(uint64_t seed, uint32_t faults)
{
	struct sim_chaos chaos;
	int well;

	sim_chaos_run(&chaos, seed, faults);
	well = !chaos.world->failed;
	typed += chaos.world->tokens->count;
	acked += sim_acked(chaos.world);
	if (!well || getenv("TG_SIM_STORY") != NULL)
		sim_world_report(chaos.world);
	sim_chaos_free(&chaos);
	return well;
}

START_TEST(every_world_converges_and_loses_nothing)
{
	uint64_t only = number_from("TG_SIM_SEED", 0), first = only ? only : number_from("TG_SIM_FIRST", 1);
	uint64_t count = only ? 1 : number_from("TG_SIM_SEEDS", number_from("TG_SEEDS", 20));
	uint64_t parts = number_from("TG_SIM_PARTS", 1), part = number_from("TG_SIM_PART", 0), done = 0;
	uint32_t faults = (uint32_t)number_from("TG_SIM_FAULTS", SIM_FAULT_ALL);
	double began = seconds();
	size_t failed = 0;

	for (uint64_t seed = only ? first : first + part; seed < first + count; seed += parts) {
		if (done > 0 && done % 25 == 0)
			fprintf(stderr, "%u worlds so far, %.1f s\n", (unsigned)done, seconds() - began);
		done++;
		if (!world_is_well(seed, faults)) {
			fprintf(stderr, "again with: TG_SIM_SEED=%llu\n\n", (unsigned long long)seed);
			failed++;
			if (getenv("TG_SIM_GO_ON") == NULL)
				break;
		}
	}
	fprintf(stderr, "%llu worlds, %zu tokens typed, %zu acknowledged, %.1f s, %zu failed\n",
	    (unsigned long long)done, typed, acked, seconds() - began, failed);
	ck_assert_uint_eq(failed, 0);
	ck_assert_msg(acked > 0, "no token was ever acknowledged: the check checks nothing");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sim_worlds");
	TCase *tc = tcase_create("worlds");

	if (tg_crypto_init() != TG_OK)
		return 1;
	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, every_world_converges_and_loses_nothing);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
