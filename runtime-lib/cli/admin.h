/*
 * admin.h -- /health, /ready and /metrics of a running peer, over HTTP for its operator.
 *
 * /health is 200 as long as the loop turns, /ready 200 or 503, /metrics Prometheus text.  Nothing secret is
 * served, still it belongs on a loopback address or a Unix socket (mode 0600).
 */
#ifndef TG_CLI_ADMIN_H
#define TG_CLI_ADMIN_H

#include "base/buf.h"

struct lws_context;
struct tg_admin;

struct tg_admin_options {
	int (*ready)(void *ctx);
	/* Somebody wants metrics: bring them up to date and call tg_admin_fresh, at once or later. */
	void (*refresh)(void *ctx);
	void (*metrics)(void *ctx, struct tg_buf *out);
	void *ctx;
};

/**
 * tg_admin_open(admin, context, address, options):
 * Serve on ${address}: ADDR:PORT, [ADDR]:PORT, or the path of a Unix socket (anything with a slash).  TG_OK;
 * TG_EFORMAT: no such address; TG_EIO: cannot listen there (in use, no right); TG_ENOMEM.
 */
int tg_admin_open(struct tg_admin **admin, struct lws_context *context, const char *address,
    const struct tg_admin_options *options) __attribute__((warn_unused_result));

/** tg_admin_fresh(admin): Answer those who wait for metrics. */
void tg_admin_fresh(struct tg_admin *admin);

/**
 * tg_admin_close(admin): Release; after lws_context_destroy, which ends the serving and still tells us of
 * connections. NULL is fine.
 */
void tg_admin_close(struct tg_admin *admin);

#endif
