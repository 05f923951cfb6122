/*
 * relay.h -- the relay without its sockets: what all connections share, and what happens at the end of a
 * turn.
 *
 * A turn is one round of the event loop.  Frames that arrive in it are checked at once and joined per topic;
 * tg_relay_end_turn() sends each topic's batch to its readers.  One thread; nothing here blocks or does I/O
 * except through transport.h.
 */
#ifndef TG_RELAY_RELAY_H
#define TG_RELAY_RELAY_H

#include <stdint.h>

#include "address.h"
#include "batch.h"
#include "config.h"
#include "dedup.h"
#include "metrics.h"
#include "topic.h"

#define TG_RELAY_SOFTWARE "toygrid-relay 0.1"
#define TG_CLOSE_GRACE_S  5u	 /* from our CLOSE frame to the end of the socket */
#define TG_TURN_MAX_MS	  5u	 /* a batch waits no longer than this for the turn to end */
#define TG_DRAIN_MAX_MS	  10000u /* from SIGTERM to the end of the process */

struct tg_conn;

/* Connections in the order in which they entered, each at most once and on one list. */
struct tg_conn_list {
	struct tg_conn *first, *last;
	uint32_t count;
};

struct tg_relay {
	struct tg_config config;
	struct tg_topics topics;
	struct tg_addresses addresses;
	struct tg_dedup *dedup;
	struct tg_batch_pool pool;
	struct tg_metrics metrics;
	uint8_t epoch[TG_RELAY_EPOCH_BYTES];
	uint64_t now_ms;  /* Unix time: what frames' times are compared with */
	uint64_t mono_ms; /* never goes back: ages, rates, deadlines */
	uint64_t start_ms;
	struct tg_conn_list handshake;
	struct tg_conn_list waiting; /* for HELLO */
	struct tg_conn_list open;
	struct tg_conn_list closing;
	struct tg_conn *todo;	/* have replies to send or are to be closed, at the end of the turn */
	struct tg_topic *dirty; /* have batches */
	uint64_t dirty_from_ms; /* mono: when the first of them got its first frame */
	uint32_t mark;		/* of the batch being sent: its senders carry it */
	uint32_t sockets;	/* handshakes included */
	int draining;
	uint64_t drain_from_ms; /* mono */
	int dedup_behind;	/* more ids are due than one tick may forget */
};

/**
 * tg_relay_init(relay, config, now_ms, mono_ms):
 * Ready to take connections.  TG_OK or TG_ENOMEM.
 */
int tg_relay_init(struct tg_relay *relay, const struct tg_config *config, uint64_t now_ms, uint64_t mono_ms)
    __attribute__((warn_unused_result));

/** tg_relay_close(relay): Release everything; every connection must have been freed. */
void tg_relay_close(struct tg_relay *relay);

/** tg_relay_clock(relay, now_ms, mono_ms): What time it is, before anything else in a turn. */
void tg_relay_clock(struct tg_relay *relay, uint64_t now_ms, uint64_t mono_ms);

/** tg_relay_forward(relay, topic, class, flags, frame, len, sender): Join a frame to its topic's batch of
 * this turn.  TG_OK or TG_ENOMEM. */
int tg_relay_forward(struct tg_relay *relay, struct tg_topic *topic, unsigned flags, const uint8_t *frame,
    size_t len, struct tg_conn *sender) __attribute__((warn_unused_result));

/** tg_relay_full(relay, more): 1 when ${more} bytes would not fit what may wait in memory. */
int tg_relay_full(const struct tg_relay *relay, size_t more);

/**
 * tg_relay_turn_is_long(relay):
 * 1 when frames have been waiting for TG_TURN_MAX_MS: with hundreds of sockets to read and a signature to
 * check for each frame, a round of the loop can take long, and readers need not wait for its end.
 */
int tg_relay_turn_is_long(const struct tg_relay *relay);

/** tg_relay_end_turn(relay): Send what this turn brought.  Not from within tg_conn_receive(). */
void tg_relay_end_turn(struct tg_relay *relay);

/** tg_relay_tick(relay): Once a second: deadlines, pings, forgetting. */
void tg_relay_tick(struct tg_relay *relay);

/** tg_relay_drain(relay): Ask everybody to leave, at moments spread over config.drain_ms. */
void tg_relay_drain(struct tg_relay *relay);

/** tg_relay_drain_step(relay): Several times a second while draining: close who stayed; 1 when all are gone.
 */
int tg_relay_drain_step(struct tg_relay *relay);

#endif
