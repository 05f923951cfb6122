/*
 * transport.h -- all that a connection asks of its socket.
 *
 * server.c implements it over libwebsockets; tests implement it in memory.
 */
#ifndef TG_RELAY_TRANSPORT_H
#define TG_RELAY_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>

/**
 * tg_transport_write(socket, data, len):
 * Write whole WebSocket messages.  What the kernel does not take is kept and sent by the transport itself,
 * which is then busy.  Must not be called while it is busy, so that at most one write waits out of our sight.
 * 0, or -1 when the socket is broken.
 */
int tg_transport_write(void *socket, const uint8_t *data, size_t len);

/** tg_transport_busy(socket): 1 while a part of an earlier write waits for the kernel. */
int tg_transport_busy(void *socket);

/** tg_transport_want_write(socket): Call tg_conn_writable() when the kernel takes bytes again. */
void tg_transport_want_write(void *socket);

/** tg_transport_kill(socket): Close without ceremony, soon but never within this call. */
void tg_transport_kill(void *socket);

#endif
