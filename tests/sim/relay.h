/*
 * relay.h -- a relay in memory with the behaviour of protocol.md 3: verify, fan out, forget.
 *
 * It checks what the real one checks (form, host name, proofs, class, age, duplicates, signatures) and
 * answers with the same codes.  ${faults} turns it into a bad relay: it drops side frames, duplicates frames
 * and lets frames of different senders overtake each other, but keeps the order of one sender's.
 */
#ifndef TG_SIM_RELAY_H
#define TG_SIM_RELAY_H

#include <stddef.h>
#include <stdint.h>

#include "sim/net.h"
#include "sim/rand.h"
#include "sim/sched.h"
#include "wire/frame.h"

struct sim_conn;

struct sim_faults {
	uint32_t drop_side_percent;
	uint32_t duplicate_percent;
	uint32_t reorder_ms;	/* up to this much later */
	uint32_t inbox_late_ms; /* topics are sent one by one: an inbox this much behind the grid */
};

struct sim_relay {
	struct sim_sched *sched;
	struct sim_rand rand;
	char name[32];
	int64_t skew_ms; /* its clock minus true time */
	int up;
	uint8_t epoch[TG_RELAY_EPOCH_BYTES];
	struct sim_faults faults;
	const struct sim_link *withhold_from; /* this reader does not get ... */
	uint32_t withhold;		      /* ... the next so many main frames */
	struct sim_conn *conns;		      /* linked list */

	struct tg_frame_id *seen; /* open addressing, power of two; all zero: empty */
	size_t seen_count, seen_cap;

	uint64_t pubs, forwarded;	    /* frames taken; copies sent */
	uint64_t errors[TG_ERR_CODE_COUNT]; /* ERR answers by code */
	void (*tap)(void *ctx, const struct sim_relay *relay,
	    const struct tg_pub *pub); /* sees every PUB that was taken; may be NULL */
	void *tap_ctx;
};

struct sim_relay *sim_relay_new(struct sim_sched *sched, struct sim_rand rand, const char *name);
void sim_relay_free(struct sim_relay *relay);

/** sim_relay_stop(relay), sim_relay_start(relay): Down: every link dies.  Up again: a new epoch, nothing
 * remembered. */
void sim_relay_stop(struct sim_relay *relay);
void sim_relay_start(struct sim_relay *relay);

/** sim_relay_drain(relay, within_ms): Announce that it goes away. */
void sim_relay_drain(struct sim_relay *relay, uint64_t within_ms);

/** sim_relay_topics(relay): Subscriptions of all connections. */
size_t sim_relay_topics(const struct sim_relay *relay);

/* For net.c: a link reached the relay (NULL: it is down); its first frame; bytes; the end. */
struct sim_conn *sim_relay_accept(struct sim_relay *relay, struct sim_link *link);
void sim_relay_greet(struct sim_relay *relay, struct sim_conn *conn);
void sim_relay_receive(struct sim_relay *relay, struct sim_conn *conn, const uint8_t *data, size_t len);
void sim_relay_closed(struct sim_relay *relay, struct sim_conn *conn);

#endif
