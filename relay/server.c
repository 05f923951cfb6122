#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <libwebsockets.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <toygrid/limits.h>
#include <toygrid/status.h>

#include "admin.h"
#include "arena.h"
#include "conn.h"
#include "listen.h"
#include "log.h"
#include "server.h"
#include "transport.h"

#define RX_BYTES     65536u	/* read at a time; only address space per connection (arena.h) */
#define TX_BYTES     (1u << 20) /* lws copies what exceeds this instead of giving it to the kernel */
#define ADMIN_MAX    64u	/* admin sockets at a time */
#define SPARE_FDS    64u	/* listeners, loop, log, admin */
#define ACCEPT_BURST 64 /* accepted in one turn, so that a flood of joins leaves time for those inside */

struct tg_server {
	struct tg_relay *relay;
	struct ev_loop *loop;
	struct lws_context *context;
	struct lws_vhost *vhost, *admin_vhost;
	int fd, admin_fd;
	struct ev_io accept, admin_accept;
	struct ev_prepare turn_end;
	struct ev_timer tick;
	struct tg_conn *adopting; /* handed to lws, which has not yet shown that it took it */
	uint32_t admin_sockets;
	int listening;
};

/* --- clock --- */

static uint64_t
ms_of(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void
look_at_clock(struct tg_relay *relay)
{
	tg_relay_clock(relay, ms_of(CLOCK_REALTIME), ms_of(CLOCK_MONOTONIC));
}

/* --- transport.h over lws --- */

int
tg_transport_write(void *socket, const uint8_t *data, size_t len)
{
	/* RAW: our bytes already are WebSocket messages, and lws writes nothing in front of a shared buffer.
	 */
	return lws_write(socket, (unsigned char *)(uintptr_t)data, len, LWS_WRITE_RAW) < 0 ? -1 : 0;
}

int
tg_transport_busy(void *socket)
{
	return lws_partial_buffered(socket);
}

void
tg_transport_want_write(void *socket)
{
	lws_callback_on_writable(socket);
}

void
tg_transport_kill(void *socket)
{
	lws_set_timeout(socket, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
	/* On libev, lws looks at its timers only after an event of its own: make one. */
	lws_cancel_service(lws_get_context(socket));
}

/* --- callbacks of lws --- */

static void
receive(struct tg_conn *conn, struct lws *wsi, const void *in, size_t len)
{
	struct tg_piece piece = {
	    .data = in,
	    .len = len,
	    .remaining = lws_remaining_packet_payload(wsi),
	    .first = lws_is_first_fragment(wsi),
	    .last = lws_is_final_fragment(wsi),
	    .binary = lws_frame_is_binary(wsi),
	};

	look_at_clock(conn->relay);
	if (tg_relay_turn_is_long(conn->relay))
		tg_relay_end_turn(conn->relay);
	tg_conn_receive(conn, &piece);
}

/* An HTTP answer whose body stands LWS_PRE bytes into body.  0 or -1. */
static int
answer(struct lws *wsi, int status, const char *type, struct tg_buf *body)
{
	uint8_t headers[LWS_PRE + 512], *start = headers + LWS_PRE, *p = start;
	uint8_t *end = headers + sizeof headers - 1;
	size_t len = body->len - LWS_PRE;

	if (tg_buf_status(body) != TG_OK ||
	    lws_add_http_common_headers(wsi, (unsigned)status, type, len, &p, end) != 0 ||
	    lws_finalize_write_http_header(wsi, start, &p, end) != 0)
		return -1;
	return lws_write(wsi, body->data + LWS_PRE, len, LWS_WRITE_HTTP_FINAL) < 0 ? -1 : 0;
}

/* Somebody opened the relay's address in a browser. */
static void
answer_no_upgrade(struct lws *wsi)
{
	static const char text[] = "This is a toygrid relay: connect with a WebSocket.\n";
	struct tg_buf body = {0};

	tg_buf_space(&body, LWS_PRE);
	tg_buf_put(&body, text, sizeof text - 1);
	answer(wsi, 426, "text/plain; charset=utf-8", &body);
	tg_buf_free(&body);
}

static int
on_client(
    struct tg_server *server, struct lws *wsi, enum lws_callback_reasons reason, const void *in, size_t len)
{
	struct tg_conn *conn;

	switch (reason) {
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
		return strcasecmp(in, "websocket") == 0 ? 0 : -1; /* no h2c */
	case LWS_CALLBACK_HTTP:
		answer_no_upgrade(wsi);
		return -1; /* nothing that follows on this socket would be of interest */
	case LWS_CALLBACK_ESTABLISHED:
		conn = lws_get_opaque_user_data(wsi);
		if (conn == NULL || lws_get_network_wsi(wsi) != wsi)
			return -1;
		look_at_clock(conn->relay);
		tg_conn_established(conn, wsi);
		return 0;
	case LWS_CALLBACK_RECEIVE:
		if ((conn = lws_get_opaque_user_data(wsi)) == NULL)
			return -1;
		receive(conn, wsi, in, len);
		return 0;
	case LWS_CALLBACK_SERVER_WRITEABLE:
		if ((conn = lws_get_opaque_user_data(wsi)) == NULL)
			return -1;
		tg_conn_writable(conn);
		return 0;
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
		if ((conn = lws_get_opaque_user_data(wsi)) == NULL)
			return -1;
		/* After our own CLOSE this is its answer: done.  Otherwise lws answers it. */
		if (conn->close_written) {
			tg_conn_peer_leaves(conn);
			return -1;
		}
		tg_conn_peer_leaves(conn);
		return 0;
	case LWS_CALLBACK_WSI_DESTROY:
		conn = lws_get_opaque_user_data(wsi);
		lws_set_opaque_user_data(wsi, NULL);
		if (conn != NULL && server->adopting == conn)
			server->adopting = NULL;
		tg_conn_free(conn);
		return 0;
	case LWS_CALLBACK_RAW_ADOPT:
	case LWS_CALLBACK_RAW_RX:
	case LWS_CALLBACK_RAW_WRITEABLE:
	case LWS_CALLBACK_RAW_SKT_BIND_PROTOCOL:
		return -1; /* CONNECT makes lws leave HTTP for raw bytes */
	default:
		return 0;
	}
}

static int
answer_admin(struct tg_server *server, struct lws *wsi, const char *path)
{
	struct tg_buf body = {0};
	const char *type;
	int status, rc;

	look_at_clock(server->relay);
	tg_buf_space(&body, LWS_PRE);
	status = tg_admin_answer(server->relay, path, &body, &type);
	rc = answer(wsi, status, type, &body);
	tg_buf_free(&body);
	return rc == 0 && !lws_http_transaction_completed(wsi) ? 0 : -1;
}

static int
on_admin(struct tg_server *server, struct lws *wsi, enum lws_callback_reasons reason, void *in)
{
	switch (reason) {
	case LWS_CALLBACK_HTTP:
		return answer_admin(server, wsi, in);
	case LWS_CALLBACK_WSI_DESTROY:
		server->admin_sockets--;
		return 0;
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
	case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
	case LWS_CALLBACK_ESTABLISHED:
	case LWS_CALLBACK_RAW_ADOPT:
	case LWS_CALLBACK_RAW_RX:
	case LWS_CALLBACK_RAW_SKT_BIND_PROTOCOL:
		return -1;
	default:
		return 0;
	}
}

/*
 * lws moves a connection to whichever vhost its Host header names, so the vhost says nothing about who is
 * asking.  What we gave it when we accepted does.
 */
static int
on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct tg_server *server = lws_context_user(lws_get_context(wsi));

	(void)user;
	if (wsi != NULL && lws_get_opaque_user_data(wsi) == &server->admin_sockets)
		return on_admin(server, wsi, reason, in);
	return on_client(server, wsi, reason, in, len);
}

static const struct lws_protocols protocols[] = {
    {"toygrid", on_event, 0, RX_BYTES, 0, NULL, TX_BYTES},
    {NULL, NULL, 0, 0, 0, NULL, 0},
};

static void
on_lws_log(int level, const char *line)
{
	(void)level;
	tg_log_text("lws", line);
}

/* --- accepting --- */

static void
take_client(struct tg_server *server, int fd, const struct sockaddr *sa)
{
	struct tg_relay *r = server->relay;
	struct tg_address *address;
	struct tg_conn *conn;
	struct lws *wsi;
	lws_adopt_desc_t desc;
	char text[64];

	if (r->sockets >= r->config.connections) {
		r->metrics.drops[TG_DROP_RELAY_FULL]++;
		tg_log_rare("refused", ",\"cause\":\"sockets\"");
		close(fd);
		return;
	}
	address = tg_addresses_get(&r->addresses, sa, r->config.address_rate, r->mono_ms);
	if (address != NULL && address->sockets >= r->config.sockets_per_address) {
		r->metrics.drops[TG_DROP_ADDRESS_FULL]++;
		tg_address_text(address, text, sizeof text);
		tg_log_rare("refused", ",\"cause\":\"sockets-per-address\",\"address\":\"%s\"", text);
		close(fd);
		return;
	}
	if (address == NULL || (conn = tg_conn_new(r, address)) == NULL) {
		r->metrics.drops[TG_DROP_NO_MEMORY]++;
		close(fd);
		return;
	}
	memset(&desc, 0, sizeof desc);
	desc.vh = server->vhost;
	desc.type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP | LWS_ADOPT_ALLOW_SSL;
	desc.fd.sockfd = fd;
	desc.opaque = conn;
	server->adopting = conn;
	wsi = lws_adopt_descriptor_vhost_via_info(&desc);
	/* When this fails lws has closed the socket, and told us or not depending on how far it came. */
	if (wsi == NULL && server->adopting == conn)
		tg_conn_free(conn);
	if (wsi != NULL && server->adopting == conn)
		conn->socket = wsi;
	server->adopting = NULL;
}

static void
take_admin(struct tg_server *server, int fd)
{
	const uint32_t before = server->admin_sockets;
	lws_adopt_desc_t desc;

	if (server->admin_sockets >= ADMIN_MAX) {
		close(fd);
		return;
	}
	memset(&desc, 0, sizeof desc);
	desc.vh = server->admin_vhost;
	desc.type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP;
	desc.fd.sockfd = fd;
	desc.opaque = &server->admin_sockets;
	server->admin_sockets++;
	if (lws_adopt_descriptor_vhost_via_info(&desc) == NULL && server->admin_sockets == before + 1)
		server->admin_sockets--;
}

static void
on_accept(struct ev_loop *loop, struct ev_io *w, int events)
{
	struct tg_server *server = w->data;

	(void)events;
	look_at_clock(server->relay);
	for (int i = 0; i < ACCEPT_BURST; i++) {
		struct sockaddr_storage ss;
		socklen_t len = sizeof ss;
		int fd = accept4(w->fd, (struct sockaddr *)&ss, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
				tg_log_rare("accept-failed", ",\"errno\":%d", errno);
				ev_io_stop(
				    loop, w); /* the tick tries again; without this the loop would spin */
			}
			return;
		}
		if (w == &server->admin_accept)
			take_admin(server, fd);
		else
			take_client(server, fd, (struct sockaddr *)&ss);
	}
}

static void
on_turn_end(struct ev_loop *loop, struct ev_prepare *w, int events)
{
	struct tg_server *server = w->data;

	(void)loop;
	(void)events;
	tg_relay_end_turn(server->relay);
}

static void
on_tick(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct tg_server *server = w->data;

	(void)events;
	look_at_clock(server->relay);
	tg_relay_tick(server->relay);
	lws_cancel_service(server->context); /* let lws look at its timers too: see tg_transport_kill */
	if (server->listening)
		ev_io_start(loop, &server->accept);
	if (server->admin_fd >= 0)
		ev_io_start(loop, &server->admin_accept);
}

/* --- starting --- */

/*
 * Ask for exactly the descriptors we need: lws sizes its tables by the limit (a million is usual in
 * containers), and told of a smaller number than the limit it searches them instead of indexing.
 */
static uint32_t
set_fd_limit(uint32_t want)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 1024;
	limit.rlim_cur = limit.rlim_max != RLIM_INFINITY && limit.rlim_max < want ? limit.rlim_max : want;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 1024;
	return limit.rlim_cur < want ? (uint32_t)limit.rlim_cur : want;
}

/* lws replaces the certificate before it looks at the key, so a bad pair would leave us with half of each. */
static int
pair_loads(const char *cert, const char *key)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	int ok;

	if (ctx == NULL)
		return 0;
	ok = SSL_CTX_use_certificate_chain_file(ctx, cert) == 1 &&
	     SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) == 1 &&
	     SSL_CTX_check_private_key(ctx) == 1;
	SSL_CTX_free(ctx);
	ERR_clear_error();
	return ok;
}

/* All zero: lws keeps its timers in one sorted list, so one per connection makes connecting quadratic. */
static const lws_retry_bo_t no_validity_timers;

static struct lws_vhost *
make_vhost(struct tg_server *server, const char *name, int tls)
{
	const struct tg_config *c = &server->relay->config;
	struct lws_context_creation_info info;

	memset(&info, 0, sizeof info);
	info.port = CONTEXT_PORT_NO_LISTEN_SERVER;
	info.vhost_name = name;
	info.protocols = protocols;
	info.keepalive_timeout = 5;
	info.timeout_secs = c->hello_s;
	info.timeout_secs_ah_idle = c->hello_s;
	info.retry_and_idle_policy = &no_validity_timers;
	if (tls) {
		info.ssl_cert_filepath = c->tls_cert;
		info.ssl_private_key_filepath = c->tls_key;
		info.alpn = "http/1.1"; /* WebSocket over HTTP/2 would hide the connection from our limits */
		info.ssl_options_set = 0;
		info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
	}
	return lws_create_vhost(server->context, &info);
}

static int
start_lws(struct tg_server *server, char *error, size_t error_len)
{
	struct tg_config *c = &server->relay->config;
	struct lws_context_creation_info info;
	void *loops[1] = {server->loop};
	const int tls = c->tls_cert[0] != 0;
	const uint32_t fds = set_fd_limit(c->connections + SPARE_FDS + ADMIN_MAX);

	if (fds <= SPARE_FDS + ADMIN_MAX) {
		snprintf(error, error_len, "the limit on open files (ulimit -n) is too low: %u", fds);
		return -1;
	}
	if (tls && !pair_loads(c->tls_cert, c->tls_key)) {
		snprintf(error, error_len, "--tls-cert and --tls-key do not load as a pair: %s, %s",
		    c->tls_cert, c->tls_key);
		return -1;
	}
	if (c->connections > fds - SPARE_FDS - ADMIN_MAX)
		c->connections = fds - SPARE_FDS - ADMIN_MAX;
	if (tg_arena_install(c->connections, RX_BYTES + LWS_PRE + 64) != 0) {
		snprintf(error, error_len, "no address space for %u connections", c->connections);
		return -1;
	}
	lws_set_log_level(LLL_ERR, on_lws_log);
	memset(&info, 0, sizeof info);
	info.port = CONTEXT_PORT_NO_LISTEN;
	info.gid = (gid_t)-1;
	info.uid = (uid_t)-1;
	info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_LIBEV |
		       (tls ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0);
	info.foreign_loops = loops;
	info.pt_serv_buf_size = RX_BYTES;
	info.max_http_header_data = 4096;
	info.user = server;
	if ((server->context = lws_create_context(&info)) == NULL) {
		snprintf(
		    error, error_len, "libwebsockets does not start (is libwebsockets-evlib-ev installed?)");
		return -1;
	}
	if ((server->vhost = make_vhost(server, "clients", tls)) == NULL) {
		snprintf(error, error_len, "libwebsockets does not start");
		return -1;
	}
	if (server->admin_fd >= 0 && (server->admin_vhost = make_vhost(server, "admin", 0)) == NULL) {
		snprintf(error, error_len, "libwebsockets does not start");
		return -1;
	}
	return 0;
}

struct tg_server *
tg_server_new(struct tg_relay *relay, struct ev_loop *loop, char *error, size_t error_len)
{
	struct tg_server *s = calloc(1, sizeof *s);
	const struct tg_config *c = &relay->config;

	if (s == NULL) {
		snprintf(error, error_len, "no memory");
		return NULL;
	}
	s->relay = relay;
	s->loop = loop;
	s->fd = s->admin_fd = -1;
	ev_init(&s->accept, on_accept);
	ev_init(&s->admin_accept, on_accept);
	ev_prepare_init(&s->turn_end, on_turn_end);
	ev_timer_init(&s->tick, on_tick, 1., 1.);
	s->accept.data = s->admin_accept.data = s->turn_end.data = s->tick.data = s;
	if ((s->fd = tg_listen(c->listen, "listen", c->send_buffer_bytes, error, error_len)) < 0)
		goto free_server;
	if (c->admin[0] != 0 && (s->admin_fd = tg_listen(c->admin, "admin", 0, error, error_len)) < 0)
		goto free_server;
	if (start_lws(s, error, error_len) != 0)
		goto free_server;
	ev_io_set(&s->accept, s->fd, EV_READ);
	if (s->admin_fd >= 0)
		ev_io_set(&s->admin_accept, s->admin_fd, EV_READ);
	return s;

free_server:
	tg_server_free(s);
	return NULL;
}

void
tg_server_url(const struct tg_server *server, int admin, char *text, size_t len)
{
	const char *scheme = admin ? "http" : server->relay->config.tls_cert[0] ? "wss" : "ws";

	tg_listen_url(admin ? server->admin_fd : server->fd, scheme, text, len);
}

void
tg_server_start(struct tg_server *server)
{
	server->listening = 1;
	ev_io_start(server->loop, &server->accept);
	if (server->admin_fd >= 0)
		ev_io_start(server->loop, &server->admin_accept);
	ev_prepare_start(server->loop, &server->turn_end);
	ev_timer_start(server->loop, &server->tick);
}

void
tg_server_stop_listening(struct tg_server *server)
{
	server->listening = 0;
	ev_io_stop(server->loop, &server->accept);
	if (server->fd >= 0)
		close(server->fd);
	server->fd = -1;
}

int
tg_server_reload(struct tg_server *server)
{
	const struct tg_config *c = &server->relay->config;

	if (c->tls_cert[0] == 0 || !pair_loads(c->tls_cert, c->tls_key))
		return -1;
	return lws_tls_cert_updated(server->context, c->tls_cert, c->tls_key, NULL, 0, NULL, 0) == 0 ? 0 : -1;
}

void
tg_server_free(struct tg_server *server)
{
	if (server == NULL)
		return;
	ev_io_stop(server->loop, &server->accept);
	ev_io_stop(server->loop, &server->admin_accept);
	ev_prepare_stop(server->loop, &server->turn_end);
	ev_timer_stop(server->loop, &server->tick);
	if (server->context != NULL)
		lws_context_destroy(server->context);
	if (server->fd >= 0)
		close(server->fd);
	if (server->admin_fd >= 0)
		close(server->admin_fd);
	free(server);
}
