/*
 * check.h -- what must be true in the end, read from the peers' documents and from the bytes in their stores.
 *
 * Each check calls sim_fail with what is wrong.  They look at the world from outside: no peer is asked
 * whether it did well.
 */
#ifndef TG_SIM_CHECK_H
#define TG_SIM_CHECK_H

#include "sim/user.h"
#include "sim/world.h"

/** sim_check_stores(world, grid): In every store the entries of each log reach to its head's length, and no
 * two stores hold different entries at one place of a log (unless ${forked} names that log; NULL: none). */
void sim_check_stores(struct sim_world *world, const struct tg_hash *grid, const struct tg_key *forked);

/** sim_heads_equal(world, grid): 1 when all profiles that know the grid hold the same logs, equally long. */
int sim_heads_equal(struct sim_world *world, const struct tg_hash *grid);

/** sim_check_documents(world, grid): All tabs show the same document, and their displays have drawn it. */
void sim_check_documents(struct sim_world *world, const struct tg_hash *grid);

/** sim_check_tokens(world, grid): The ledger: nothing twice, nothing acknowledged is missing, in order,
 * nothing of those who may only look. */
void sim_check_tokens(struct sim_world *world, const struct tg_hash *grid);

/** sim_settle(world, links, max_ms): Let time pass until all hold and show the same and nothing is unsent;
 * fails after ${max_ms}.  Then all checks above. */
void sim_settle(struct sim_world *world, const struct sim_links *links, uint64_t max_ms);

/** sim_doc_digest(host, grid, digest): Hash of what the peer's document shows: items, formats, registers.
 * 1, or 0 when it has none. */
int sim_doc_digest(struct sim_host *host, const struct tg_hash *grid, struct tg_hash *digest);

/** sim_acked(world): Tokens in the ledger that were promised to be safe. */
size_t sim_acked(const struct sim_world *world);

#endif
