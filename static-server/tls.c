#include <errno.h>
#include <limits.h>
#include <string.h>

#include <openssl/err.h>
#include <toygrid/status.h>

#include "tls.h"

static const char *
last_error(void)
{
	unsigned long code = ERR_peek_last_error();
	const char *text = code != 0 ? ERR_reason_error_string(code) : NULL;

	if (text == NULL && ERR_SYSTEM_ERROR(code))
		text = strerror(ERR_GET_REASON(code));
	return text != NULL ? text : "unknown error";
}

/* We speak HTTP/1.1; who offers only other protocols is told so now, not by a 400 later. */
static int
select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
    unsigned int in_len, void *arg)
{
	static const unsigned char ours[] = "\x08http/1.1";
	unsigned char *chosen;

	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto(&chosen, out_len, ours, sizeof ours - 1, in, in_len) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

int
tg_tls_load(const char *cert, const char *key, SSL_CTX **out, struct tg_why *why)
{
	SSL_CTX *ctx;

	*out = NULL;
	ERR_clear_error();
	if ((ctx = SSL_CTX_new(TLS_server_method())) == NULL) {
		tg_why_set(why, "TLS: %s", last_error());
		return TG_EIO;
	}
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
				     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
	/* An idle connection keeps no record buffers; a blocked write may be repeated from a copy. */
	SSL_CTX_set_mode(ctx,
	    SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/* Tickets resume sessions; a server-side cache would be memory that strangers fill. */
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ctx, 1);
	SSL_CTX_set_alpn_select_cb(ctx, select_alpn, NULL);
	/* Forward secrecy and AEAD only; TLS 1.3 has nothing else. */
	if (SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1) {
		tg_why_set(why, "TLS: %s", last_error());
		goto free_ctx;
	}
	if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1) {
		tg_why_set(why, "cannot use certificate %s: %s", cert, last_error());
		goto free_ctx;
	}
	if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1) {
		tg_why_set(why, "cannot use private key %s: %s", key, last_error());
		goto free_ctx;
	}
	if (SSL_CTX_check_private_key(ctx) != 1) {
		tg_why_set(why, "private key %s does not belong to certificate %s", key, cert);
		goto free_ctx;
	}
	*out = ctx;
	return TG_OK;

free_ctx:
	SSL_CTX_free(ctx);
	return TG_EIO;
}

enum tg_tls_result
tg_tls_handshake(SSL *ssl)
{
	int n;

	ERR_clear_error();
	if ((n = SSL_accept(ssl)) == 1)
		return TG_TLS_DONE;
	switch (SSL_get_error(ssl, n)) {
	case SSL_ERROR_WANT_READ:
		return TG_TLS_WANT_READ;
	case SSL_ERROR_WANT_WRITE:
		return TG_TLS_WANT_WRITE;
	default:
		return TG_TLS_FAILED;
	}
}

/* Both kinds of "later" are EAGAIN: without renegotiation a read waits for reading and a write for writing.
 */
static ssize_t
outcome(SSL *ssl, int n)
{
	switch (SSL_get_error(ssl, n)) {
	case SSL_ERROR_NONE:
		return n;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		errno = EAGAIN;
		return -1;
	default:
		errno = EPROTO;
		return -1;
	}
}

ssize_t
tg_tls_read(SSL *ssl, void *buf, size_t len)
{
	ERR_clear_error();
	return outcome(ssl, SSL_read(ssl, buf, (int)len));
}

ssize_t
tg_tls_write(SSL *ssl, const void *buf, size_t len)
{
	ERR_clear_error();
	return outcome(ssl, SSL_write(ssl, buf, (int)len));
}
