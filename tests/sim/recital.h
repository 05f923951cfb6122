/*
 * recital.h -- a short fixed world whose every peer is recorded: two people, a viewer, a replica, a bad
 * relay, a crash, an undo, a forked log.  Its traces are replayed natively, in Node and in Chromium.
 */
#ifndef TG_SIM_RECITAL_H
#define TG_SIM_RECITAL_H

#include "sim/world.h"

/** sim_recital(seed): Run it; the caller frees the world, whose hosts hold the traces. */
struct sim_world *sim_recital(uint64_t seed);

#endif
