/*
 * ws_client.h -- links to relays: WebSocket connections that are dialled, kept open and dialled again.
 *
 * Each relay that was added is dialled for as long as the object lives.  When a connection ends, for whatever
 * reason, the next try comes after 0.5 s x 2^n (30 s at most), of which a random half is waited off, so that
 * the clients of a relay that died do not come back in one instant.  n starts again at 0 once a connection
 * lasted TG_WS_STEADY_MS.
 *
 * Everything happens inside lws_service() of the caller's context; one thread.
 */
#ifndef TG_HOST_WS_CLIENT_H
#define TG_HOST_WS_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#define TG_WS_BACKOFF_MS     500
#define TG_WS_BACKOFF_MAX_MS 30000
#define TG_WS_STEADY_MS	     10000
#define TG_WS_CONNECT_S	     10 /* a try that is not open by then has failed */
#define TG_WS_PING_S	     20 /* a silent connection is asked whether it still lives */
#define TG_WS_HANGUP_S	     35 /* and given up */
#define TG_WS_QUEUE_MAX_BYTES                                                                                \
	(8u << 20) /* unsent bytes of one link: then it is closed, the relay being too slow */

struct lws_context;
struct tg_ws; /* opaque */

struct tg_ws_options {
	const char *ca_file; /* PEM: trust these roots instead of the system's; NULL: the system's */

	/* A connection is open; ${link} is its number, used for no other, from 1 up.  ${host} as dialled. */
	void (*opened)(void *ctx, uint64_t link, const char *host);
	/* It is gone.  Called once for every opened(), also during tg_ws_close(). */
	void (*closed)(void *ctx, uint64_t link);
	/* One whole binary message of at most TG_WS_MESSAGE_MAX_BYTES.  ${data} is borrowed for the call. */
	void (*received)(void *ctx, uint64_t link, const uint8_t *data, size_t len);
	/* Something worth a log line: "connect failed", "closed", with the URL and the reason. */
	void (*log)(void *ctx, const char *what, const char *url, const char *detail);
	void *ctx;
};

/**
 * tg_ws_open(ws, context, options):
 * Prepare; nothing is dialled yet.  ${context} outlives the object, and lws_context_destroy comes after
 * tg_ws_close.  Callbacks may call tg_ws_send and tg_ws_hang_up.  TG_OK, TG_ENOMEM, or TG_EIO (${ca_file}
 * cannot be read, TLS cannot start).
 */
int tg_ws_open(struct tg_ws **ws, struct lws_context *context, const struct tg_ws_options *options)
    __attribute__((warn_unused_result));

/** tg_ws_close(ws): Hang up everywhere, reporting closed() for each open link, and release. */
void tg_ws_close(struct tg_ws *ws);

/** tg_ws_add(ws, url): Dial ${url} from the next turn of the loop on.  TG_OK, TG_EFORMAT, TG_ETOOBIG,
 * TG_ENOMEM. */
int tg_ws_add(struct tg_ws *ws, const char *url) __attribute__((warn_unused_result));

/** tg_ws_send(ws, link, data, len): Queue a copy as one binary message.  An unknown link is no error: it has
 * gone. */
int tg_ws_send(struct tg_ws *ws, uint64_t link, const uint8_t *data, size_t len)
    __attribute__((warn_unused_result));

/** tg_ws_hang_up(ws, link, reason): Close ${link} after what is queued; it is dialled again later.  */
void tg_ws_hang_up(struct tg_ws *ws, uint64_t link, const char *reason);

/** tg_ws_open_links(ws), tg_ws_unsent_bytes(ws): For metrics, and to know when everything has been sent. */
unsigned tg_ws_open_links(const struct tg_ws *ws);
size_t tg_ws_unsent_bytes(const struct tg_ws *ws);

#endif
