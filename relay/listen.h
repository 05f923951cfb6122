/*
 * listen.h -- listening sockets, with the options that every accepted socket inherits.
 */
#ifndef TG_RELAY_LISTEN_H
#define TG_RELAY_LISTEN_H

#include <stddef.h>
#include <stdint.h>

/**
 * tg_listen(text, flag, send_buffer, error, error_len):
 * Listen on ${text}, "ADDR:PORT" or "[ADDR]:PORT", without blocking.  ${send_buffer} > 0 bounds the kernel's
 * send buffer of each client.  The descriptor, or -1 with one line in ${error} that names --${flag} or the
 * address.
 */
int tg_listen(const char *text, const char *flag, uint32_t send_buffer, char *error, size_t error_len);

/** tg_listen_url(fd, scheme, text, len): "ws://127.0.0.1:8081", with the port that was bound; empty for -1.
 */
void tg_listen_url(int fd, const char *scheme, char *text, size_t len);

#endif
