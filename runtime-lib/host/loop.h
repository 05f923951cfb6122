/*
 * loop.h -- a native host: one peer, its storage, its links, clock and entropy, on one event loop.
 *
 * Feeds the peer events and carries out its effects as docs/host.md says.  A turn of the loop is: whatever
 * came in becomes events; each event is handled to its end; when none is left the batches they asked to store
 * are written together, and their answers are the next events.
 *
 * The loop is libwebsockets' own; callers may put servers of theirs on tg_host_context().  One thread; only
 * tg_host_stop may be called from elsewhere.
 */
#ifndef TG_HOST_LOOP_H
#define TG_HOST_LOOP_H

#include <stddef.h>
#include <stdint.h>

#include <toygrid/peer.h>

#include "host/event_codec.h"
#include "host/store_lmdb.h"

struct lws_context;
struct tg_host; /* opaque */

enum tg_host_log_level {
	TG_LOG_ERROR,
	TG_LOG_WARN,
	TG_LOG_INFO
};

struct tg_host_options {
	const char *data_dir;
	struct tg_store_options store;
	const char *ca_file;	/* PEM roots for wss:// relays; NULL: the system's */
	const char *trace_file; /* record everything there (trace.h); NULL: nothing */

	/* Every effect that is not the host's own business: reply to nobody, grid, changed, notice, ... */
	void (*effect)(void *ctx, const struct tg_effect *effect);
	/* One line for people: what happened, and to what.  Both are plain text without secrets. */
	void (*log)(void *ctx, enum tg_host_log_level level, const char *what, const char *detail);
	void *ctx;
};

/* The answer to a command: its status and value, one msgpack value borrowed for the call. */
typedef void tg_reply_fn(void *ctx, int status, struct tg_bytes value);

#define TG_HOST_ERROR_BYTES TG_STORE_ERROR_BYTES

/**
 * tg_host_open(host, options, error):
 * Open storage, then the loop, then the peer, and give it entropy and the time.  No relay is dialled yet.
 * On failure *${host} is NULL, error says why and what was opened is closed again: the codes of
 * tg_store_open.
 */
int tg_host_open(struct tg_host **host, const struct tg_host_options *options,
    char error[TG_HOST_ERROR_BYTES]) __attribute__((warn_unused_result));

/** tg_host_close(host): Hang up, sync, release.  To leave politely first, see tg_host_leave.  NULL is fine.
 */
void tg_host_close(struct tg_host *host);

/** tg_host_relay(host, url): Keep a link to ${url} from now on.  The codes of tg_ws_add. */
int tg_host_relay(struct tg_host *host, const char *url) __attribute__((warn_unused_result));

/**
 * tg_host_request(host, reply, ctx):
 * A number for a command that is about to be fed; ${reply} (may be NULL) gets its answer, once, from inside
 * tg_host_turn.  0 when out of memory, which tg_host_feed then reports.
 */
uint64_t tg_host_request(struct tg_host *host, tg_reply_fn *reply, void *ctx);

/** tg_host_feed(host, event): Queue one event; takes the bytes of ${event} and leaves it empty. */
void tg_host_feed(struct tg_host *host, struct tg_buf *event);

/**
 * tg_host_turn(host):
 * One turn: wait for something to happen, handle it.  Returns TG_OK, TG_ECLOSED after tg_host_stop, or what
 * makes going on impossible (TG_ENOMEM; TG_EFORMAT for a bug between host and peer): then only close is left.
 */
int tg_host_turn(struct tg_host *host) __attribute__((warn_unused_result));

/** tg_host_stop(host): Make the present and every later tg_host_turn return TG_ECLOSED.  Safe in a signal
 * handler. */
void tg_host_stop(struct tg_host *host);

/**
 * tg_host_leave(host, timeout_ms):
 * Close every open grid, which stores what was typed and tells the others, and send what is queued; for at
 * most
 * ${timeout_ms}.  Returns 1 when all of it was done.
 */
int tg_host_leave(struct tg_host *host, unsigned timeout_ms);

/** tg_host_peer(host), tg_host_context(host): The peer, for tg_peer_doc; the loop, for further servers. */
struct tg_peer *tg_host_peer(struct tg_host *host);
struct lws_context *tg_host_context(struct tg_host *host);

/** tg_host_store(host): Its storage, for reading between turns. */
struct tg_store *tg_host_store(struct tg_host *host);

/** tg_host_after(host, ms, fn, ctx): Call fn(ctx) in ${ms}, once; a later call replaces an earlier one. */
void tg_host_after(struct tg_host *host, unsigned ms, void (*fn)(void *ctx), void *ctx);

/** tg_host_now_ms(): The wall clock, milliseconds since the Unix epoch. */
uint64_t tg_host_now_ms(void);

/* Counters since the start, for metrics. */
struct tg_host_counts {
	uint64_t events, messages_in, messages_out, bytes_in, bytes_out, batches, batches_failed;
	unsigned links_open;
	uint64_t store_bytes;
};
void tg_host_counts(struct tg_host *host, struct tg_host_counts *counts);

#endif
