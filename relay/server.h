/*
 * server.h -- sockets and libwebsockets on a libev loop; the implementation of transport.h.
 *
 * We accept ourselves and hand sockets to lws, so that limits cost no lws state and a port in use is our
 * message to give.  lws does HTTP, TLS and WebSocket framing; the end of a turn is libev's prepare hook.
 */
#ifndef TG_RELAY_SERVER_H
#define TG_RELAY_SERVER_H

#include <ev.h>

#include "relay.h"

struct tg_server;

/**
 * tg_server_new(relay, loop, error, error_len):
 * Bind, listen and prepare lws; nothing is accepted yet.  NULL with one line in ${error}.
 */
struct tg_server *tg_server_new(struct tg_relay *relay, struct ev_loop *loop, char *error, size_t error_len);

/** tg_server_url(server, admin, text, len): "ws://127.0.0.1:8081", with the port that was bound.  ${admin}:
 * that of the admin port, empty without one. */
void tg_server_url(const struct tg_server *server, int admin, char *text, size_t len);

/** tg_server_start(server): Begin to accept. */
void tg_server_start(struct tg_server *server);

/** tg_server_stop_listening(server): Take no new clients; the admin port stays. */
void tg_server_stop_listening(struct tg_server *server);

/** tg_server_reload(server): Read certificate and key again.  0, or -1 without TLS or when they do not load.
 */
int tg_server_reload(struct tg_server *server);

/** tg_server_free(server): Close everything.  Connections of the relay are freed on the way. */
void tg_server_free(struct tg_server *server);

#endif
