/*
 * wiretap.h -- for finding out why: every message a relay takes, opened and told in the story.
 */
#ifndef TG_SIM_WIRETAP_H
#define TG_SIM_WIRETAP_H

#include "sim/user.h"
#include "sim/world.h"

/** sim_wiretap(world, links): From now on, if TG_SIM_WIRE is set in the environment; ${links} outlive the
 * world. */
void sim_wiretap(struct sim_world *world, const struct sim_links *links);

#endif
