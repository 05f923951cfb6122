/*
 * server.h -- the process: one loop, its listeners, its connections, and what they share.
 *
 * Everything runs on one thread in one libevent loop, so nothing here is locked.
 */
#ifndef TG_STATIC_SERVER_H
#define TG_STATIC_SERVER_H

#include <event2/event.h>
#include <event2/event_struct.h>

#include "address.h"
#include "answer.h"
#include "config.h"
#include "image.h"
#include "bounds.h"
#include "log.h"
#include "tls.h"

struct tg_conn;
struct tg_server;

struct tg_listener {
	struct tg_server *server;
	struct event ev;
	int fd; /* -1: closed */
	bool admin;
};

struct tg_counters {
	uint64_t accepted;
	uint64_t refused_full;	  /* over max-connections */
	uint64_t refused_address; /* over address-connections */
	uint64_t rate_limited;
	uint64_t answers[600]; /* by status */
	uint64_t bytes;	       /* handed to the kernel, heads included, before TLS */
	uint64_t head_timeouts;
	uint64_t idle_closed;
	uint64_t slow_closed;
	uint64_t held_closed; /* over TG_HELD_BYTES_MAX */
	uint64_t tls_failures;
	uint64_t accept_pauses;
	uint64_t reloads;
	uint64_t reload_failures;
};

struct tg_server {
	const struct tg_config *config;
	struct event_base *base;
	struct tg_image *image; /* what new requests are answered from */
	SSL_CTX *tls;		/* NULL: plain http */
	struct tg_addresses *addresses;
	struct tg_listener listeners[TG_LISTENERS_MAX];
	size_t listener_count;
	struct tg_listener admin;
	struct event sweep_ev, resume_ev, flush_ev, signal_ev[4];
	unsigned sweep_ms;

	struct tg_conn *conns; /* all, in no order */
	size_t open;	       /* public ones that count against the cap */
	size_t admin_open;
	size_t lingering; /* refused ones that still read */
	size_t held;	  /* bytes of remainders and pending answers */

	uint64_t now_ms; /* monotonic, coarse: set at every event */
	struct tg_site site;
	time_t started;
	uint64_t notified_ms; /* when the service manager's watchdog was last fed */
	bool draining;
	struct tg_log log;
	struct tg_counters counters;

	uint8_t read_buf[TG_READ_BYTES];
	uint8_t write_buf[16384]; /* one TLS record */
};

/**
 * tg_server_start(server, config, why):
 * Load and bind.  ${server} is zeroed by the caller and must not move.  TG_OK, or a code with ${why}
 * and everything undone.  Afterwards the caller enters the sandbox.
 */
int tg_server_start(struct tg_server *server, const struct tg_config *config, struct tg_why *why)
    __attribute__((warn_unused_result));

/** tg_server_run(server): Announce, and serve until drained.  tg_server_stop(server): Release everything. */
void tg_server_run(struct tg_server *server);
void tg_server_stop(struct tg_server *server);

/** tg_server_tick(server): Read the clocks.  To be called at the start of every event. */
void tg_server_tick(struct tg_server *server);

/** tg_server_conn_closed(server): A connection is gone: perhaps the last one of a drain. */
void tg_server_conn_closed(struct tg_server *server);

#endif
