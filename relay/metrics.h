/*
 * metrics.h -- what the relay counts, and its text form for Prometheus.
 */
#ifndef TG_RELAY_METRICS_H
#define TG_RELAY_METRICS_H

#include <stdint.h>

#include "base/buf.h"
#include "wire/frame.h"

/* Frames and connections that were dropped, by cause. */
#define TG_DROP_MAP(X)                                                                                       \
	X(TG_DROP_EPHEMERAL, "ephemeral_slow_reader")                                                        \
	X(TG_DROP_SLOW, "reader_closed_slow")                                                                \
	X(TG_DROP_ADDRESS_FULL, "socket_address_limit")                                                      \
	X(TG_DROP_RELAY_FULL, "socket_total_limit")                                                          \
	X(TG_DROP_HANDSHAKE_LATE, "no_handshake")                                                            \
	X(TG_DROP_HELLO_LATE, "no_hello")                                                                    \
	X(TG_DROP_IDLE, "idle")                                                                              \
	X(TG_DROP_NO_MEMORY, "no_memory")

enum tg_drop {
#define X(name, text) name,
	TG_DROP_MAP(X)
#undef X
	TG_DROP_COUNT
};

struct tg_metrics {
	uint64_t accepted;		    /* sockets, ever */
	uint64_t connections;		    /* WebSockets now */
	uint64_t frames_in[2], bytes_in[2]; /* PUBs accepted, by class */
	uint64_t deliveries;		    /* accepted PUBs times their readers */
	uint64_t writes, bytes_out;	    /* handed to the sockets */
	uint64_t errors[TG_ERR_CODE_COUNT];
	uint64_t drops[TG_DROP_COUNT];
	uint64_t queue_bytes;	 /* references waiting in readers' queues, counted per reader */
	uint64_t assembly_bytes; /* messages half received */
	uint64_t verifies, verify_failures, verify_ns;
	uint64_t turns; /* of the loop */
};

/* What is not counted but looked up when asked. */
struct tg_gauges {
	uint64_t sockets, topics, subscriptions, dedup_held, dedup_slots, out_bytes, addresses;
	uint64_t start_ms; /* Unix time */
	int sandboxed, draining, tls;
};

/** tg_metrics_text(m, g, buf): Append the Prometheus text form. */
void tg_metrics_text(const struct tg_metrics *m, const struct tg_gauges *g, struct tg_buf *buf);

#endif
