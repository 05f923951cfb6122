/*
 * world.h -- everything of one simulated world: time, relays, profiles, the story, and the first failure.
 */
#ifndef TG_SIM_WORLD_H
#define TG_SIM_WORLD_H

#include <stddef.h>
#include <stdint.h>

#include "sim/host.h"
#include "sim/relay.h"
#include "sim/sched.h"

#define SIM_PROFILES_MAX 96
#define SIM_HOSTS_MAX	 512
#define SIM_LINKS_MAX	 16384
#define SIM_START_MS	 UINT64_C(1800000000000) /* when every world begins: Unix epoch */

struct sim_tokens;

struct sim_world {
	uint64_t seed;
	struct sim_sched sched;
	struct sim_rand rand;
	const struct sim_peer_calls *calls;
	struct sim_relay *relays[SIM_RELAYS_MAX];
	size_t relay_count;
	struct sim_profile *profiles[SIM_PROFILES_MAX];
	size_t profile_count;
	struct sim_host *hosts[SIM_HOSTS_MAX];
	size_t host_count;
	struct sim_link *links[SIM_LINKS_MAX]; /* all there ever were */
	size_t link_count;
	struct sim_tokens *tokens; /* what users typed; see user.h */
	struct tg_buf story;
	int record;    /* hosts opened from now on write traces */
	int failed;    /* 1 after the first sim_fail */
	int lenient;   /* fuzzing: hosts say what they like, sim_fail is not called for */
	int malformed; /* a peer's effects did not decode */
	char failure[512];
};

/** sim_world_new(seed, relays, calls): An empty world at SIM_START_MS with ${relays} relays. */
struct sim_world *sim_world_new(uint64_t seed, size_t relays, const struct sim_peer_calls *calls);
void sim_world_free(struct sim_world *world);

/** sim_world_run(world, ms): Let ${ms} of virtual time pass, or less when something failed. */
void sim_world_run(struct sim_world *world, uint64_t ms);

/** sim_say(world, who, format, ...): A line of the story. */
void sim_say(struct sim_world *world, const char *who, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** sim_fail(world, format, ...): A promise was broken; the first one is kept. */
void sim_fail(struct sim_world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** sim_world_report(world): Print the failure, the seed and the end of the story on standard error. */
void sim_world_report(const struct sim_world *world);

/** The real peer. */
extern const struct sim_peer_calls sim_real_peer;

#endif
