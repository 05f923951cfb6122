/*
 * net.h -- connections between peers and relays: bytes with a delay, in order, until the link dies.
 *
 * A WebSocket loses no single message, so neither does a link; but it may die at any moment, and what is in
 * flight is lost then, unknown to both ends.  A link lives in memory until the world ends: calls that were
 * asked for earlier find it closed and do nothing.
 */
#ifndef TG_SIM_NET_H
#define TG_SIM_NET_H

#include <stddef.h>
#include <stdint.h>

#include "sim/rand.h"
#include "sim/sched.h"

struct sim_relay;
struct sim_conn;
struct sim_link;

/* The peer's end, carried out by host.c or by a test. */
struct sim_link_owner {
	void (*opened)(void *owner, struct sim_link *link);
	void (*received)(void *owner, struct sim_link *link, const uint8_t *data, size_t len);
	void (*closed)(void *owner, struct sim_link *link);
};

enum sim_link_state {
	SIM_LINK_DIALLING,
	SIM_LINK_OPEN,
	SIM_LINK_CLOSED
};

struct sim_link {
	struct sim_sched *sched;
	struct sim_rand rand;
	struct sim_relay *relay;
	void *owner;
	const struct sim_link_owner *calls;
	uint64_t id; /* the owner's number for it */
	enum sim_link_state state;
	int was_open;
	struct sim_conn *conn; /* the relay's end; NULL unless open */
	uint32_t latency_ms;
	uint64_t up_last_ms;		 /* when the newest message to the relay arrives */
	struct sim_packet *up, *up_tail; /* on the way to the relay, in order */
	struct sim_packet *down;	 /* on the way to the peer, by time of arrival */
	struct sim_source *sources;	 /* when each sender's newest frame arrives at the peer */
	size_t source_count;
	uint64_t up_bytes, down_bytes; /* delivered */
	uint64_t down_data_bytes;      /* of them: large main frames, that is log data */
	int frozen;		       /* a black hole: nothing arrives any more, nobody is told */
};

/** sim_link_dial(sched, rand, relay, owner, calls, id): Start a connection; calls->opened follows when the
 * relay answers, or calls->closed when it is down. */
struct sim_link *sim_link_dial(struct sim_sched *sched, struct sim_rand rand, struct sim_relay *relay,
    void *owner, const struct sim_link_owner *calls, uint64_t id);
void sim_link_free(struct sim_link *link);

/** sim_link_up(link, data, len): Send towards the relay. */
void sim_link_up(struct sim_link *link, const uint8_t *data, size_t len);

/** sim_link_down(link, source, delay_ms, data, len): Send towards the peer, not before ${delay_ms} from now.
 * What came from one ${source} (a link, or NULL for the relay itself) stays in order; frames of different
 * sources may overtake each other. */
void sim_link_down(
    struct sim_link *link, const struct sim_link *source, uint32_t delay_ms, const uint8_t *data, size_t len);

/** sim_link_cut(link, tell_owner): The link dies now: both ends are told (the owner only if asked), whatever
 * was in flight is gone. */
void sim_link_cut(struct sim_link *link, int tell_owner);

/** sim_link_close_after(link): The relay's end says good-bye: what it sent before still arrives. */
void sim_link_close_after(struct sim_link *link);

#endif
