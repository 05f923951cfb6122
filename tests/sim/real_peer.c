#include <toygrid/peer.h>

#include "sim/world.h"

const struct sim_peer_calls sim_real_peer = {
    tg_peer_new, tg_peer_event, tg_peer_effects, tg_peer_free, tg_peer_doc};
