/*
 * tls.h -- TLS 1.2 and 1.3 over non-blocking sockets.
 *
 * A context is read from two files and then never changes; SIGHUP reads a new one for new connections, and
 * old connections keep theirs (OpenSSL counts).
 */
#ifndef TG_STATIC_TLS_H
#define TG_STATIC_TLS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <openssl/ssl.h>

#include "bundle.h"

enum tg_tls_result {
	TG_TLS_DONE,
	TG_TLS_WANT_READ,
	TG_TLS_WANT_WRITE,
	TG_TLS_FAILED
};

/** tg_tls_load(cert, key, out, why): TG_OK with a context in *out (SSL_CTX_free); TG_EIO with ${why}. */
int tg_tls_load(const char *cert, const char *key, SSL_CTX **out, struct tg_why *why)
    __attribute__((warn_unused_result));

/** tg_tls_handshake(ssl): Go on with the handshake. */
enum tg_tls_result tg_tls_handshake(SSL *ssl);

/** tg_tls_read, tg_tls_write: As recv() and send(): bytes, 0 at the end (read), or -1 with errno; EAGAIN. */
ssize_t tg_tls_read(SSL *ssl, void *buf, size_t len);
ssize_t tg_tls_write(SSL *ssl, const void *buf, size_t len);

#endif
