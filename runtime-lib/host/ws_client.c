#include <stdio.h>
#include <string.h>

#include <libwebsockets.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <toygrid/limits.h>
#include <toygrid/status.h>

#include "base/buf.h"
#include "base/mem.h"
#include "host/relay_url.h"
#include "host/ws_client.h"

/* A message that waits; its bytes begin LWS_PRE behind the struct, where lws puts its header. */
struct message {
	struct message *next;
	size_t len;
};

struct link {
	struct tg_ws *ws;
	struct link *next;
	char *text; /* the URL as given */
	struct tg_relay_url url;
	lws_sorted_usec_list_t retry;
	unsigned tries;	 /* since the last steady connection */
	struct lws *wsi; /* while dialling or open */
	uint64_t id;	 /* 0: not open */
	lws_usec_t opened_at;
	int hanging_up;
	struct tg_buf in; /* the message being received */
	struct message *out, **out_end;
	size_t out_bytes;
};

struct tg_ws {
	struct lws_context *context;
	struct lws_vhost *vhost;
	struct tg_ws_options options;
	struct link *links;
	uint64_t next_id;
	int closing;
};

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len);

static const struct lws_protocols protocols[] = {
    {.name = "toygrid-client", .callback = callback, .rx_buffer_size = 65536, .tx_packet_size = 0},
    {0},
};

static const lws_retry_bo_t liveness = {
    .secs_since_valid_ping = TG_WS_PING_S,
    .secs_since_valid_hangup = TG_WS_HANGUP_S,
};

static void
note(struct link *l, const char *what, const char *detail)
{
	if (l->ws->options.log != NULL)
		l->ws->options.log(l->ws->options.ctx, what, l->text, detail);
}

/* ---- dialling ------------------------------------------------------------------------------------------ */

static void dial(lws_sorted_usec_list_t *sul);

static void
dial_later(struct link *l)
{
	uint64_t delay = (uint64_t)TG_WS_BACKOFF_MS << (l->tries < 8 ? l->tries : 8);
	uint32_t random = 0;

	if (l->ws->closing)
		return;
	if (delay > TG_WS_BACKOFF_MAX_MS)
		delay = TG_WS_BACKOFF_MAX_MS;
	/* Not the peer's generator: when we dial must not change what a trace says. */
	lws_get_random(l->ws->context, &random, sizeof random);
	delay = delay / 2 + random % (delay / 2 + 1);
	l->tries++;
	lws_sul_schedule(l->ws->context, 0, &l->retry, dial, (lws_usec_t)delay * LWS_USEC_PER_SEC / 1000);
}

static void
dial(lws_sorted_usec_list_t *sul)
{
	struct link *l = lws_container_of(sul, struct link, retry);
	struct lws_client_connect_info info = {
	    .context = l->ws->context,
	    .vhost = l->ws->vhost,
	    .address = l->url.host,
	    .port = l->url.port,
	    .path = l->url.path,
	    .host = l->url.host,
	    .local_protocol_name = protocols[0].name,
	    .opaque_user_data = l,
	    .pwsi = &l->wsi,
	    .retry_and_idle_policy = &liveness,
	    /* Where a redirect leads was not asked for by anybody. */
	    .ssl_connection = LCCSCF_HTTP_NO_FOLLOW_REDIRECT,
	};

	if (l->url.secure) {
		info.ssl_connection |= LCCSCF_USE_SSL;
		/* lws compares host names only; addresses are compared in address_matches(). */
		if (l->url.is_address)
			info.ssl_connection |= LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK;
	}
	/* A failure here may or may not have been told to the callback; scheduling twice is harmless. */
	if (lws_client_connect_via_info(&info) == NULL) {
		l->wsi = NULL;
		if (lws_dll2_is_detached(&l->retry.list))
			dial_later(l);
	}
}

/* Is the certificate made out to the address that was dialled?  The chain has been checked before. */
static int
address_matches(struct link *l, struct lws *wsi)
{
	X509 *cert = SSL_get_peer_certificate(lws_get_ssl(wsi));
	int ok = cert != NULL && X509_check_ip_asc(cert, l->url.host, 0) == 1;

	X509_free(cert);
	return ok;
}

/* ---- queues -------------------------------------------------------------------------------------------- */

static void
drop_queue(struct link *l)
{
	struct message *m;

	while ((m = l->out) != NULL) {
		l->out = m->next;
		tg_free(m);
	}
	l->out_end = &l->out;
	l->out_bytes = 0;
}

/* The connection is over: tell, clean, dial again. */
static void
ended(struct link *l, const char *what, const char *detail)
{
	uint64_t id = l->id;

	if (l->wsi == NULL)
		return;
	l->wsi = NULL;
	l->id = 0;
	l->hanging_up = 0;
	drop_queue(l);
	tg_buf_reset(&l->in);
	if (id != 0 && lws_now_usecs() - l->opened_at > (lws_usec_t)TG_WS_STEADY_MS * 1000)
		l->tries = 0;
	if (!l->ws->closing)
		note(l, what, detail);
	dial_later(l);
	if (id != 0)
		l->ws->options.closed(l->ws->options.ctx, id);
}

static int
send_some(struct link *l, struct lws *wsi)
{
	struct message *m;
	int n;

	/* lws keeps what the socket does not take; never hand it more while it still has some. */
	while ((m = l->out) != NULL && !lws_partial_buffered(wsi)) {
		n = lws_write(wsi, (unsigned char *)(m + 1) + LWS_PRE, m->len, LWS_WRITE_BINARY);
		if (n < (int)m->len)
			return -1;
		if ((l->out = m->next) == NULL)
			l->out_end = &l->out;
		l->out_bytes -= m->len;
		tg_free(m);
	}
	if (l->out != NULL || (l->hanging_up && lws_partial_buffered(wsi))) {
		lws_callback_on_writable(wsi);
	} else if (l->hanging_up) {
		lws_close_reason(wsi, LWS_CLOSE_STATUS_NORMAL, NULL, 0);
		return -1;
	}
	return 0;
}

static int
receive(struct link *l, struct lws *wsi, const void *in, size_t len)
{
	if (!lws_frame_is_binary(wsi)) {
		lws_close_reason(wsi, LWS_CLOSE_STATUS_UNACCEPTABLE_OPCODE, NULL, 0);
		return -1;
	}
	/* lws knows no largest message; the cap is ours to keep, before the bytes are. */
	if (len > TG_WS_MESSAGE_MAX_BYTES - l->in.len) {
		lws_close_reason(wsi, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, NULL, 0);
		return -1;
	}
	tg_buf_put(&l->in, in, len);
	if (tg_buf_status(&l->in) != TG_OK)
		return -1;
	if (lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0) {
		if (!l->hanging_up)
			l->ws->options.received(l->ws->options.ctx, l->id, l->in.data, l->in.len);
		tg_buf_reset(&l->in);
	}
	return 0;
}

static int
callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct link *l = wsi != NULL ? lws_get_opaque_user_data(wsi) : NULL;
	char detail[160];

	(void)user;
	if (l == NULL || (l->wsi != NULL && l->wsi != wsi))
		return 0;
	switch (reason) {
	case LWS_CALLBACK_CLIENT_FILTER_PRE_ESTABLISH:
		if (l->url.secure && l->url.is_address && !address_matches(l, wsi)) {
			note(l, "refused", "the certificate is not for this address");
			return -1;
		}
		return 0;
	case LWS_CALLBACK_CLIENT_ESTABLISHED:
		l->wsi = wsi;
		l->id = ++l->ws->next_id;
		l->opened_at = lws_now_usecs();
		note(l, "connected", "");
		l->ws->options.opened(l->ws->options.ctx, l->id, l->url.host);
		return 0;
	case LWS_CALLBACK_CLIENT_RECEIVE:
		return receive(l, wsi, in, len);
	case LWS_CALLBACK_CLIENT_WRITEABLE:
		return send_some(l, wsi);
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
		if (len >= 2) {
			snprintf(detail, sizeof detail, "code %u %.*s",
			    ((unsigned char *)in)[0] << 8 | ((unsigned char *)in)[1], (int)(len - 2),
			    (char *)in + 2);
			note(l, "relay closes", detail);
		}
		return 0;
	case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
		l->wsi = wsi;
		snprintf(
		    detail, sizeof detail, "%.*s", in != NULL ? (int)len : 0, in != NULL ? (char *)in : "");
		ended(l, "cannot connect", detail);
		return 0;
	case LWS_CALLBACK_CLIENT_CLOSED:
		ended(l, "connection lost", "");
		return 0;
	default:
		return 0;
	}
}

/* ---- the object ---------------------------------------------------------------------------------------- */

int
tg_ws_open(struct tg_ws **out, struct lws_context *context, const struct tg_ws_options *options)
{
	struct lws_context_creation_info info = {
	    .port = CONTEXT_PORT_NO_LISTEN,
	    .vhost_name = "relays",
	    .protocols = protocols,
	    .client_ssl_ca_filepath = options->ca_file,
	    .connect_timeout_secs = TG_WS_CONNECT_S,
	};
	struct tg_ws *ws;
	FILE *f;

	*out = NULL;
	/* lws only warns about a file it cannot read, and then trusts nobody. */
	if (options->ca_file != NULL) {
		if ((f = fopen(options->ca_file, "r")) == NULL)
			return TG_EIO;
		fclose(f);
		info.options |= LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS;
	}
	if ((ws = tg_calloc(1, sizeof *ws)) == NULL)
		return TG_ENOMEM;
	ws->context = context;
	ws->options = *options;
	info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
	if ((ws->vhost = lws_create_vhost(context, &info)) == NULL) {
		tg_free(ws);
		return TG_EIO;
	}
	*out = ws;
	return TG_OK;
}

void
tg_ws_close(struct tg_ws *ws)
{
	struct link *l;

	if (ws == NULL)
		return;
	ws->closing = 1;
	for (l = ws->links; l != NULL; l = l->next) {
		lws_sul_schedule(ws->context, 0, &l->retry, NULL, LWS_SET_TIMER_USEC_CANCEL);
		if (l->wsi != NULL)
			lws_set_opaque_user_data(l->wsi, NULL);
		if (l->id != 0)
			ws->options.closed(ws->options.ctx, l->id);
	}
	/* Destroying the vhost closes its connections; they no longer know their links. */
	lws_vhost_destroy(ws->vhost);
	while ((l = ws->links) != NULL) {
		ws->links = l->next;
		drop_queue(l);
		tg_buf_free(&l->in);
		tg_free(l->text);
		tg_free(l);
	}
	tg_free(ws);
}

int
tg_ws_add(struct tg_ws *ws, const char *url)
{
	struct link *l, **end;
	int rc;

	if ((l = tg_calloc(1, sizeof *l)) == NULL)
		return TG_ENOMEM;
	if ((rc = tg_relay_url_parse(url, &l->url)) != TG_OK)
		goto free_link;
	rc = TG_ENOMEM;
	if ((l->text = tg_malloc(strlen(url) + 1)) == NULL)
		goto free_link;
	strcpy(l->text, url);
	l->ws = ws;
	l->out_end = &l->out;
	for (end = &ws->links; *end != NULL; end = &(*end)->next)
		;
	*end = l;
	lws_sul_schedule(ws->context, 0, &l->retry, dial, 1);
	return TG_OK;

free_link:
	tg_free(l);
	return rc;
}

static struct link *
find(struct tg_ws *ws, uint64_t id)
{
	struct link *l;

	for (l = ws->links; l != NULL && (id == 0 || l->id != id); l = l->next)
		;
	return l;
}

int
tg_ws_send(struct tg_ws *ws, uint64_t link, const uint8_t *data, size_t len)
{
	struct link *l = find(ws, link);
	struct message *m;

	if (l == NULL || l->hanging_up)
		return TG_OK;
	if (len > TG_WS_QUEUE_MAX_BYTES - l->out_bytes) {
		note(l, "hangs up", "the relay takes our messages too slowly");
		drop_queue(l);
		tg_ws_hang_up(ws, link, "");
		return TG_OK;
	}
	if ((m = tg_malloc(sizeof *m + LWS_PRE + len)) == NULL)
		return TG_ENOMEM;
	m->next = NULL;
	m->len = len;
	memcpy((unsigned char *)(m + 1) + LWS_PRE, data, len);
	*l->out_end = m;
	l->out_end = &m->next;
	l->out_bytes += len;
	lws_callback_on_writable(l->wsi);
	return TG_OK;
}

void
tg_ws_hang_up(struct tg_ws *ws, uint64_t link, const char *reason)
{
	struct link *l = find(ws, link);

	if (l == NULL || l->hanging_up)
		return;
	if (*reason != '\0')
		note(l, "hangs up", reason);
	l->hanging_up = 1;
	lws_callback_on_writable(l->wsi);
	/* A relay that no longer reads would keep us waiting. */
	lws_set_timeout(l->wsi, PENDING_TIMEOUT_USER_REASON_BASE, 2);
}

unsigned
tg_ws_open_links(const struct tg_ws *ws)
{
	const struct link *l;
	unsigned n = 0;

	for (l = ws->links; l != NULL; l = l->next)
		n += l->id != 0;
	return n;
}

size_t
tg_ws_unsent_bytes(const struct tg_ws *ws)
{
	const struct link *l;
	size_t n = 0;

	for (l = ws->links; l != NULL; l = l->next)
		n += l->out_bytes + (l->wsi != NULL && l->id != 0 ? lws_partial_buffered(l->wsi) != 0 : 0);
	return n;
}
