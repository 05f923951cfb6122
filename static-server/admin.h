/*
 * admin.h -- what the admin port answers: /health, /ready, /metrics.
 */
#ifndef TG_STATIC_ADMIN_H
#define TG_STATIC_ADMIN_H

#include "server.h"

/**
 * tg_admin_answer(server, req, out):
 * /health 200 while the loop turns; /ready 200, or 503 while draining; /metrics in Prometheus text format.
 * Cannot fail; without memory the answer is 503.
 */
void tg_admin_answer(struct tg_server *server, const struct tg_request *req, struct tg_answer *out);

#endif
