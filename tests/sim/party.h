/*
 * party.h -- a small world for a named scenario: a few people, each with a tab, who do only what it says.
 */
#ifndef TG_SIM_PARTY_H
#define TG_SIM_PARTY_H

#include <stddef.h>
#include <stdint.h>

#include "sim/user.h"
#include "sim/world.h"

#define CAST_MAX 80

extern struct sim_world *world;
extern struct sim_links links;
extern struct sim_host *cast[CAST_MAX]; /* the newest tab of each person */

/** party(seed, people, relays): A world with ${people} of which the first makes the document; all have it
 * open. */
void party(uint64_t seed, size_t people, size_t relays);

/** enter(i, mode): Somebody opens a tab of person ${i}; runs until the document is there. */
struct sim_host *enter(size_t i, const char *mode);

/** well(): Nothing failed so far.  finish(): Let it settle, check everything, and end the world. */
void well(void);
void finish(void);

/** tell_failure(): A scenario that failed left its world behind: print its story. */
void tell_failure(void);

/** sees(host, text): Is it on the screen?  type_text(host, text): At the end of what is there. */
int sees(const struct sim_host *host, const char *text);
void type_text(struct sim_host *host, const char *text);

/** logs_in(profile): Logs of the grid in a profile's store. */
size_t logs_in(const struct sim_profile *profile);

#endif
