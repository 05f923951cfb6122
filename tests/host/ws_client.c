/*
 * Links to relays against a scripted server in the same event loop: messages arrive whole and in order,
 * limits hold, a lost connection comes back under a new number, and TLS trusts only whom it should.
 *
 * The server does what the first byte of a message says: e echo it, f echo it in three fragments, o send one
 * byte more than a message may have, t send text, c close, s stop reading.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>
#include <libwebsockets.h>

#include <toygrid/limits.h>
#include <toygrid/status.h>

#include "base/buf.h"
#include "host/ws_client.h"
#include "suite.h"

/* ---- the server ---------------------------------------------------------------------------------------- */

struct session {
	struct tg_buf in;
	struct tg_buf out[64];
	unsigned out_at, out_n;
	int fragment;
	size_t sent;
	int close;
};

static int close_code; /* what the last client said when it closed */

static int
server(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct session *s = user;
	struct tg_buf *b;
	static uint8_t frame[LWS_PRE + TG_WS_MESSAGE_MAX_BYTES + 1];
	size_t n;
	int flags;

	switch (reason) {
	case LWS_CALLBACK_RECEIVE:
		tg_buf_put(&s->in, in, len);
		if (!lws_is_final_fragment(wsi) || lws_remaining_packet_payload(wsi) != 0)
			return 0;
		if (s->in.data[0] == 'c')
			s->close = 1;
		if (s->in.data[0] == 's')
			lws_rx_flow_control(wsi, 0);
		if (s->in.data[0] == 'o')
			tg_buf_space(&s->in, TG_WS_MESSAGE_MAX_BYTES);
		s->out[s->out_n++ % 64] = s->in;
		memset(&s->in, 0, sizeof s->in);
		lws_callback_on_writable(wsi);
		return 0;
	case LWS_CALLBACK_SERVER_WRITEABLE:
		if (s->out_at == s->out_n)
			return 0;
		if (s->close) {
			lws_close_reason(wsi, LWS_CLOSE_STATUS_GOINGAWAY, (unsigned char *)"bye", 3);
			return -1;
		}
		b = &s->out[s->out_at % 64];
		if (b->data[0] == 's') {
			tg_buf_free(b);
			s->out_at++;
			return 0;
		}
		n = b->len - s->sent;
		flags = LWS_WRITE_BINARY;
		if (b->data[0] == 't')
			flags = LWS_WRITE_TEXT;
		if (b->data[0] == 'f') {
			if (s->fragment < 2)
				n = n / 2;
			flags = s->fragment == 0 ? LWS_WRITE_BINARY : LWS_WRITE_CONTINUATION;
			if (s->fragment++ < 2)
				flags |= LWS_WRITE_NO_FIN;
		}
		memcpy(frame + LWS_PRE, b->data + s->sent, n);
		lws_write(wsi, frame + LWS_PRE, n, (enum lws_write_protocol)flags);
		s->sent += n;
		if (s->sent == b->len) {
			tg_buf_free(b);
			s->sent = 0;
			s->fragment = 0;
			s->out_at++;
		}
		lws_callback_on_writable(wsi);
		return 0;
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
		close_code = len >= 2 ? ((uint8_t *)in)[0] << 8 | ((uint8_t *)in)[1] : 0;
		return 0;
	case LWS_CALLBACK_CLOSED:
		tg_buf_free(&s->in);
		for (; s->out_at != s->out_n; s->out_at++)
			tg_buf_free(&s->out[s->out_at % 64]);
		return 0;
	default:
		return 0;
	}
}

static const struct lws_protocols server_protocols[] = {
    {.name = "toygrid",
	.callback = server,
	.per_session_data_size = sizeof(struct session),
	.rx_buffer_size = 65536},
    {0},
};

/* ---- the client's side --------------------------------------------------------------------------------- */

static struct lws_context *context;
static struct tg_ws *ws;
static uint64_t link_id; /* the newest open link */
static unsigned opened, closed, failed_dials, received_count;
static struct tg_buf received; /* all bytes of all messages */
static char host_seen[64], last_log[256];

static void
on_opened(void *ctx, uint64_t link, const char *host)
{
	(void)ctx;
	ck_assert_uint_gt(link, link_id);
	link_id = link;
	opened++;
	snprintf(host_seen, sizeof host_seen, "%s", host);
}

static void
on_closed(void *ctx, uint64_t link)
{
	(void)ctx;
	ck_assert_uint_eq(link, link_id);
	closed++;
}

static void
on_received(void *ctx, uint64_t link, const uint8_t *data, size_t len)
{
	(void)ctx;
	ck_assert_uint_eq(link, link_id);
	ck_assert_uint_le(len, TG_WS_MESSAGE_MAX_BYTES);
	tg_buf_put(&received, data, len);
	received_count++;
}

static void
on_log(void *ctx, const char *what, const char *url, const char *detail)
{
	(void)ctx;
	(void)url;
	snprintf(last_log, sizeof last_log, "%s: %s", what, detail);
	if (strcmp(what, "cannot connect") == 0)
		failed_dials++;
}

static lws_sorted_usec_list_t beat;

static void
on_beat(lws_sorted_usec_list_t *sul)
{
	lws_sul_schedule(context, 0, sul, on_beat, 20000);
}

/* Run the loop until *${count} reaches ${n}; 0 if it does not in ${ms}. */
static int
reaches(const unsigned *count, unsigned n, unsigned ms)
{
	lws_usec_t end = lws_now_usecs() + (lws_usec_t)ms * 1000;

	while (*count < n && lws_now_usecs() < end)
		lws_service(context, 0);
	return *count >= n;
}

static int
listen_on(const char *cert, const char *key, int *port)
{
	struct lws_context_creation_info info = {.protocols = server_protocols,
	    .vhost_name = "server",
	    .iface = "lo",
	    .ssl_cert_filepath = cert,
	    .ssl_private_key_filepath = key};
	struct lws_vhost *vhost;

	if (cert != NULL)
		info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
	if ((vhost = lws_create_vhost(context, &info)) == NULL)
		return -1;
	*port = lws_get_vhost_listen_port(vhost);
	return 0;
}

static void
start(void)
{
	struct lws_context_creation_info info = {.port = CONTEXT_PORT_NO_LISTEN,
	    .pt_serv_buf_size = 65536,
	    .options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT};

	lws_set_log_level(0, NULL);
	ck_assert_ptr_nonnull(context = lws_create_context(&info));
	link_id = 0;
	opened = closed = failed_dials = received_count = 0;
	close_code = 0;
	memset(&beat, 0, sizeof beat);
	on_beat(&beat);
}

static void
open_client(const char *ca)
{
	struct tg_ws_options options = {
	    .ca_file = ca, .opened = on_opened, .closed = on_closed, .received = on_received, .log = on_log};

	ck_assert_int_eq(tg_ws_open(&ws, context, &options), TG_OK);
}

static void
dial(const char *scheme, const char *host, int port)
{
	char url[128];

	snprintf(url, sizeof url, "%s://%s:%d", scheme, host, port);
	ck_assert_int_eq(tg_ws_add(ws, url), TG_OK);
}

static void
connect_plainly(void)
{
	int port;

	open_client(NULL);
	ck_assert_int_eq(listen_on(NULL, NULL, &port), 0);
	dial("ws", "LocalHost", port);
	ck_assert(reaches(&opened, 1, 5000));
	ck_assert_str_eq(host_seen, "localhost");
}

static void
stop(void)
{
	tg_ws_close(ws);
	ws = NULL;
	lws_sul_schedule(context, 0, &beat, NULL, LWS_SET_TIMER_USEC_CANCEL);
	lws_context_destroy(context);
	tg_buf_free(&received);
	ck_assert_uint_eq(opened, closed);
}

static void
send_bytes(const char *first, size_t len)
{
	uint8_t *data = malloc(len);
	size_t i;

	for (i = 0; i < len; i++)
		data[i] = (uint8_t)(i * 7 + len);
	data[0] = (uint8_t)*first;
	ck_assert_int_eq(tg_ws_send(ws, link_id, data, len), TG_OK);
	free(data);
}

START_TEST(messages_of_all_sizes_arrive_whole_and_in_order)
{
	static const size_t sizes[] = {
	    1, 2, 125, 126, 127, 4096, 65535, 65536, 70000, TG_WS_MESSAGE_MAX_BYTES, 3};
	size_t i, j, at = 0;

	connect_plainly();
	for (i = 0; i < sizeof sizes / sizeof *sizes; i++)
		send_bytes(i % 2 ? "e" : "f", sizes[i]);
	ck_assert(reaches(&received_count, sizeof sizes / sizeof *sizes, 10000));
	for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		ck_assert_uint_eq(received.data[at], i % 2 ? 'e' : 'f');
		for (j = 1; j < sizes[i] && received.data[at + j] == (uint8_t)(j * 7 + sizes[i]); j++)
			;
		ck_assert_uint_eq(j, sizes[i]);
		at += sizes[i];
	}
	ck_assert_uint_eq(at, received.len);
	ck_assert_uint_eq(tg_ws_unsent_bytes(ws), 0);
	ck_assert_uint_eq(closed, 0);
}
END_TEST

START_TEST(a_lost_connection_comes_back_under_a_new_number_after_a_pause)
{
	lws_usec_t then;

	connect_plainly();
	send_bytes("c", 1);
	ck_assert(reaches(&closed, 1, 5000));
	ck_assert_uint_eq(tg_ws_open_links(ws), 0);
	then = lws_now_usecs();
	/* For the number of a link that has gone nothing is sent, and nothing breaks. */
	ck_assert_int_eq(tg_ws_send(ws, 1, (const uint8_t *)"e", 1), TG_OK);
	tg_ws_hang_up(ws, 1, "gone already");
	ck_assert(reaches(&opened, 2, 5000));
	ck_assert_int_ge(lws_now_usecs() - then, TG_WS_BACKOFF_MS / 2 * 1000 - 20000);
	ck_assert_uint_eq(link_id, 2);
	send_bytes("e", 10);
	ck_assert(reaches(&received_count, 1, 5000));
}
END_TEST

START_TEST(an_oversized_message_closes_the_link_with_1009_and_is_not_delivered)
{
	connect_plainly();
	send_bytes("o", 1);
	ck_assert(reaches(&closed, 1, 5000));
	ck_assert_uint_eq(received_count, 0);
	ck_assert(reaches(&opened, 2, 5000));
	ck_assert_int_eq(close_code, 1009);
}
END_TEST

START_TEST(a_text_message_closes_the_link)
{
	connect_plainly();
	send_bytes("t", 5);
	ck_assert(reaches(&closed, 1, 5000));
	ck_assert_uint_eq(received_count, 0);
}
END_TEST

START_TEST(hanging_up_sends_what_was_queued_first)
{
	connect_plainly();
	send_bytes("e", 200000);
	tg_ws_hang_up(ws, link_id, "told to");
	send_bytes("e", 10); /* after it: dropped */
	ck_assert(reaches(&closed, 1, 5000));
	/* The server answered while we left; what matters is that it was told 1000. */
	ck_assert(reaches(&opened, 2, 5000));
	ck_assert_int_eq(close_code, 1000);
}
END_TEST

START_TEST(a_relay_that_does_not_read_is_left_when_the_queue_is_full)
{
	unsigned i;

	connect_plainly();
	send_bytes("s", 1);
	for (i = 0; i < 1000 && closed == 0; i++) {
		send_bytes("e", TG_WS_MESSAGE_MAX_BYTES);
		ck_assert_uint_le(tg_ws_unsent_bytes(ws), TG_WS_QUEUE_MAX_BYTES + 1);
		lws_service(context, 0);
	}
	ck_assert(reaches(&closed, 1, 5000));
	/* Ours, and what the two kernels' socket buffers take (36 MB at most by Debian's defaults). */
	ck_assert_uint_lt(i, 1000);
}
END_TEST

START_TEST(a_port_where_nobody_listens_is_tried_again)
{
	open_client(NULL);
	dial("ws", "127.0.0.1", 1);
	ck_assert(reaches(&failed_dials, 3, 10000));
	ck_assert_uint_eq(opened, 0);
}
END_TEST

/* ---- TLS ----------------------------------------------------------------------------------------------- */

static char tls_dir[] = "/tmp/tg-tls-XXXXXX";
static char cert[64], key[64], other[64];

static void
make_certificate(const char *out, const char *out_key, const char *name)
{
	char command[512];

	snprintf(command, sizeof command,
	    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "
	    "/CN=test "
	    "-addext subjectAltName=%s -keyout %s -out %s 2>/dev/null",
	    name, out_key, out);
	ck_assert_int_eq(system(command), 0);
}

static void
tls_case(const char *name, const char *ca, const char *host, int good)
{
	int port;

	make_certificate(cert, key, name);
	open_client(ca);
	ck_assert_int_eq(listen_on(cert, key, &port), 0);
	dial("wss", host, port);
	if (good) {
		ck_assert_msg(reaches(&opened, 1, 5000), "%s", last_log);
		send_bytes("e", 100000);
		ck_assert(reaches(&received_count, 1, 5000));
	} else {
		ck_assert(reaches(&failed_dials, 1, 5000));
		ck_assert_uint_eq(opened, 0);
	}
}

START_TEST(tls_with_the_right_root_and_name_connects)
{
	tls_case("DNS:localhost", cert, "localhost", 1);
}
END_TEST

START_TEST(tls_to_an_address_in_the_certificate_connects)
{
	tls_case("IP:127.0.0.1", cert, "127.0.0.1", 1);
}
END_TEST

START_TEST(tls_with_an_unknown_root_is_refused)
{
	make_certificate(other, key, "DNS:localhost");
	tls_case("DNS:localhost", other, "localhost", 0);
}
END_TEST

START_TEST(tls_that_only_the_system_could_know_is_refused)
{
	tls_case("DNS:localhost", NULL, "localhost", 0);
}
END_TEST

START_TEST(tls_for_another_name_is_refused)
{
	tls_case("DNS:elsewhere.example", cert, "localhost", 0);
}
END_TEST

START_TEST(tls_for_another_address_is_refused)
{
	tls_case("IP:127.0.0.2,DNS:localhost", cert, "127.0.0.1", 0);
}
END_TEST

START_TEST(a_certificate_file_that_is_not_there_is_an_error)
{
	struct tg_ws_options options = {.ca_file = "/nowhere/ca.pem"};

	ck_assert_int_eq(tg_ws_open(&ws, context, &options), TG_EIO);
	ck_assert_ptr_null(ws);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ws_client");
	TCase *t = tcase_create("links");
	int failed;

	if (mkdtemp(tls_dir) == NULL)
		return 1;
	snprintf(cert, sizeof cert, "%s/cert", tls_dir);
	snprintf(key, sizeof key, "%s/key", tls_dir);
	snprintf(other, sizeof other, "%s/other", tls_dir);
	tcase_add_checked_fixture(t, start, stop);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, messages_of_all_sizes_arrive_whole_and_in_order);
	tcase_add_test(t, a_lost_connection_comes_back_under_a_new_number_after_a_pause);
	tcase_add_test(t, an_oversized_message_closes_the_link_with_1009_and_is_not_delivered);
	tcase_add_test(t, a_text_message_closes_the_link);
	tcase_add_test(t, hanging_up_sends_what_was_queued_first);
	tcase_add_test(t, a_relay_that_does_not_read_is_left_when_the_queue_is_full);
	tcase_add_test(t, a_port_where_nobody_listens_is_tried_again);
	tcase_add_test(t, tls_with_the_right_root_and_name_connects);
	tcase_add_test(t, tls_to_an_address_in_the_certificate_connects);
	tcase_add_test(t, tls_with_an_unknown_root_is_refused);
	tcase_add_test(t, tls_that_only_the_system_could_know_is_refused);
	tcase_add_test(t, tls_for_another_name_is_refused);
	tcase_add_test(t, tls_for_another_address_is_refused);
	tcase_add_test(t, a_certificate_file_that_is_not_there_is_an_error);
	suite_add_tcase(s, t);
	failed = suite_run(s);
	unlink(cert);
	unlink(key);
	unlink(other);
	rmdir(tls_dir);
	return failed != 0;
}
