#include <stdio.h>
#include <string.h>

#include <check.h>

#include "sim/chaos.h"
#include "sim/check.h"
#include "sim/party.h"
#include "sim/wiretap.h"

#define SETTLE_MS 60000

struct sim_world *world;
struct sim_links links;
struct sim_host *cast[CAST_MAX];

static void
stop_typing(struct sim_user *user)
{
	user->quiet = 1; /* these people do only what the scenario says */
}

/* Somebody opens a tab of person ${i}; runs until the document is there. */
struct sim_host *
enter(size_t i, const char *mode)
{
	cast[i] = sim_person_open(world->profiles[i], &links, mode);
	stop_typing(cast[i]->user);
	for (int ms = 0; ms < 10000 && !sim_user_ready(cast[i]->user) && !world->failed; ms += 10)
		sim_world_run(world, 10);
	ck_assert_msg(
	    sim_user_ready(cast[i]->user), "%s could not open the document", world->profiles[i]->name);
	return cast[i];
}

/* A world with ${people} of which the first makes the document; all have it open. */
void
party(uint64_t seed, size_t people, size_t relays)
{
	char name[16];

	memset(&links, 0, sizeof links);
	memset(cast, 0, sizeof cast);
	world = sim_world_new(seed, relays, &sim_real_peer);
	sim_wiretap(world, &links);
	for (size_t i = 0; i < people; i++) {
		snprintf(name, sizeof name, "p%u", (unsigned)i);
		sim_profile_new(world, name, (1u << relays) - 1);
	}
	cast[0] = sim_host_open(world->profiles[0]);
	stop_typing(sim_user_start(cast[0], &links, "", 1));
	sim_world_run(world, 1000);
	ck_assert_msg(links.known, "no document was made: %s", world->failure);
	for (size_t i = 1; i < people; i++)
		enter(i, "e");
	sim_world_run(world, 2000);
}

void
well(void)
{
	ck_assert_msg(!world->failed, "%s", world->failure);
}

/* A scenario that failed left its world behind: print its story. */
void
tell_failure(void)
{
	if (world != NULL)
		sim_world_report(world);
	sim_world_free(world);
	world = NULL;
}

void
finish(void)
{
	sim_settle(world, &links, SETTLE_MS);
	well();
	sim_world_free(world);
	world = NULL;
}

int
sees(const struct sim_host *host, const char *text)
{
	const struct sim_user *user = host->user;
	size_t len = strlen(text), j;

	for (size_t i = 0; i + len <= user->view_len; i++) {
		for (j = 0; j < len && user->view[i + j].scalar == (uint8_t)text[j]; j++)
			;
		if (j == len)
			return 1;
	}
	return 0;
}

void
type_text(struct sim_host *host, const char *text)
{
	sim_user_type_text(host->user, (uint32_t)host->user->view_len, text);
}

/* Logs of the grid in a profile's store. */
size_t
logs_in(const struct sim_profile *profile)
{
	uint8_t key[33] = {'h'};
	size_t from, to;

	memcpy(key + 1, links.grid.b, 32);
	sim_store_range(profile->store, key, sizeof key, &from, &to);
	return to - from;
}
