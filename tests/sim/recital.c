#include <toygrid/status.h>

#include "sim/chaos.h"
#include "sim/recital.h"

static void
quiet(struct sim_host *host)
{
	host->user->quiet = 1;
}

static void
all_tabs(struct sim_profile *profile, void (*act)(struct sim_host *host))
{
	for (size_t i = 0; i < profile->tab_count; i++)
		if (sim_host_alive(profile->tabs[i]))
			act(profile->tabs[i]);
}

/* A copy of anna's profile, on a second machine, signs another history of her log. */
static void
fork_a_log(struct sim_world *world, struct sim_links *links)
{
	struct sim_profile *anna = world->profiles[0], *twin;
	struct sim_store *copy;
	struct sim_host *one, *other;

	all_tabs(anna, quiet);
	sim_world_run(world, 5000);
	all_tabs(anna, sim_host_kill);
	sim_world_run(world, 200);
	twin = sim_profile_new(world, "twin", 3);
	copy = sim_store_copy(anna->store);
	sim_store_replace(twin->store, copy);
	sim_store_free(copy);
	one = sim_person_open(anna, links, "e");
	other = sim_person_open(twin, links, "e");
	quiet(one);
	quiet(other);
	sim_world_run(world, 4000);
	sim_user_type_token(one->user);
	sim_user_type_token(other->user);
	sim_world_run(world, 8000);
}

struct sim_world *
sim_recital(uint64_t seed)
{
	static struct sim_links links;
	struct sim_world *world = sim_world_new(seed, 2, &sim_real_peer);
	struct sim_host *anna, *ben;

	links = (struct sim_links){.known = 0};
	world->record = 1;
	sim_profile_new(world, "anna", 3);
	sim_profile_new(world, "ben", 1)->skew_ms = 660000;
	sim_profile_new(world, "vera", 2);
	sim_profile_new(world, "rep", 3);
	sim_replica_open(world->profiles[3]);
	anna = sim_host_open(world->profiles[0]);
	sim_user_start(anna, &links, "", 1);
	sim_world_run(world, 1500);
	if (!links.known) {
		sim_fail(world, "no document was made");
		return world;
	}
	sim_invite(anna, world->profiles[3]);
	ben = sim_person_open(world->profiles[1], &links, "e");
	sim_person_open(world->profiles[2], &links, "v");
	sim_world_run(world, 4000);
	world->relays[0]->faults = (struct sim_faults){30, 30, 200, 0};
	sim_world_run(world, 2000);
	sim_relay_stop(world->relays[1]);
	sim_world_run(world, 1500);
	sim_host_kill(ben);
	sim_relay_start(world->relays[1]);
	sim_world_run(world, 500);
	ben = sim_person_open(world->profiles[1], &links, "e");
	sim_person_open(world->profiles[0], &links, "e"); /* anna's second tab */
	world->profiles[0]->store->full = 1;
	sim_world_run(world, 2000);
	world->profiles[0]->store->full = 0;
	world->relays[0]->faults = (struct sim_faults){0};
	sim_world_run(world, 4000);
	fork_a_log(world, &links);
	return world;
}
