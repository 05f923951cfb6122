/*
 * admin.h -- answers of the admin port: /health, /ready, /metrics.
 */
#ifndef TG_RELAY_ADMIN_H
#define TG_RELAY_ADMIN_H

#include "base/buf.h"
#include "relay.h"

/**
 * tg_admin_answer(relay, path, body, type):
 * The HTTP status for GET ${path}; appends the body and sets *${type} to its media type.
 *   /health   200 while the loop turns
 *   /ready    200 while new clients are welcome, 503 when draining or out of sockets or memory
 *   /metrics  200, Prometheus text
 */
int tg_admin_answer(const struct tg_relay *relay, const char *path, struct tg_buf *body, const char **type);

#endif
