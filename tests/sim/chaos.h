/*
 * chaos.h -- a whole random world: who takes part, what they do, and all that goes wrong meanwhile.
 */
#ifndef TG_SIM_CHAOS_H
#define TG_SIM_CHAOS_H

#include "sim/user.h"
#include "sim/world.h"

/* What may go wrong; all of it in an ordinary world. */
enum sim_fault {
	SIM_FAULT_CUT = 1 << 0,	      /* a link dies with what is in flight */
	SIM_FAULT_FREEZE = 1 << 1,    /* a link becomes a black hole, and dies later */
	SIM_FAULT_OFFLINE = 1 << 2,   /* somebody goes offline and goes on typing */
	SIM_FAULT_PARTITION = 1 << 3, /* a relay is out of reach for half of them */
	SIM_FAULT_RESTART = 1 << 4,   /* a relay restarts */
	SIM_FAULT_LOSSY = 1 << 5,     /* a relay drops side frames, duplicates, reorders */
	SIM_FAULT_CRASH = 1 << 6,     /* a tab crashes and is opened again */
	SIM_FAULT_POWER = 1 << 7,     /* a power cut */
	SIM_FAULT_FULL = 1 << 8,      /* a disk is full for a while */
	SIM_FAULT_TABS = 1 << 9,      /* more tabs are opened, others closed */
	SIM_FAULT_RESTORE = 1 << 10,  /* an old backup of a profile is put back */
	SIM_FAULT_SKEW = 1 << 11,     /* clocks up to 11 minutes off */
	SIM_FAULT_LIAR = 1 << 12,     /* a holder of a view link lies */
	SIM_FAULT_ALL = (1 << 13) - 1,
};

struct sim_chaos {
	struct sim_world *world;
	struct sim_links links;
	struct sim_rand rand;
	uint32_t faults;
	uint64_t end_ms; /* no more faults from then on */
	size_t people;	 /* profiles [0, people) are persons, then replicas */
	size_t replicas;
	struct sim_store *backup;
	struct sim_profile *backup_of;
	struct sim_liar *liar;
};

/** sim_chaos_run(chaos, seed, faults): A world of about 20 peers and 3 relays; runs until it has settled or
 * failed.  The caller looks at chaos->world and calls sim_chaos_free. */
void sim_chaos_run(struct sim_chaos *chaos, uint64_t seed, uint32_t faults);
void sim_chaos_free(struct sim_chaos *chaos);

/* Parts of it, for scenarios. */

/** sim_replica_open(profile): Start a replica on ${profile}. */
struct sim_host *sim_replica_open(struct sim_profile *profile);

/** sim_invite(inviter, replica): Invite it; both must be started. */
void sim_invite(struct sim_host *inviter, struct sim_profile *replica);

/** sim_person_open(profile, links): A tab that opens the grid: from storage if it is known there, by
 * ${mode}'s link otherwise. */
struct sim_host *sim_person_open(struct sim_profile *profile, struct sim_links *links, const char *mode);

#endif
