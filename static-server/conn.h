/*
 * conn.h -- one connection: read heads, queue answers, send them, and never hold more than a few KiB.
 *
 *                accept                    first byte            head complete
 *   (TLS) SHAKE --------> WAIT --------------> HEAD ------------------+
 *                          ^ idle-ms: closed    head-ms: 408          |
 *                          |                                          v
 *                          +------------------------------- answered at once, or
 *                          |          all sent                  SEND: the kernel is full
 *                          +------------------------------------------+  min-rate: closed
 *
 *   an error, or a close of ours: LINGER reads and forgets for a second, so that the answer is not lost
 *
 * Back-pressure: while an answer is unsent nothing is read, so a client that asks and does not read stops
 * itself. What is kept then: at most TG_PIPELINE_MAX first lines and one read's worth of unparsed bytes.
 * Bodies are never copied.  There is no timer per connection: deadlines are numbers that one sweep compares.
 */
#ifndef TG_STATIC_CONN_H
#define TG_STATIC_CONN_H

#include "server.h"

/** tg_conn_open(server, fd, peer, admin): Serve ${fd} (non-blocking; taken, also on failure). */
void tg_conn_open(struct tg_server *server, int fd, const struct sockaddr *peer, bool admin);

/** tg_conn_sweep(server): Close or answer what is over its deadline. */
void tg_conn_sweep(struct tg_server *server);

/** tg_conn_drain(server): Close connections between requests; the others end with their answer. */
void tg_conn_drain(struct tg_server *server);

/** tg_conn_close_all(server): At once. */
void tg_conn_close_all(struct tg_server *server);

#endif
