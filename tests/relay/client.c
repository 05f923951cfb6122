#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <toygrid/status.h>

#include "client.h"

#define PATIENCE_MS 15000 /* for what must come; long, because sanitizers and busy machines are slow */

void
client_die(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}

static uint64_t
ms_of(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

uint64_t
now_ms(void)
{
	return ms_of(CLOCK_REALTIME);
}

uint64_t
mono_ms(void)
{
	return ms_of(CLOCK_MONOTONIC);
}

static void
pair_of(struct tg_keypair *pair, const char *what, unsigned n)
{
	struct tg_hasher h;
	struct tg_hash seed;
	struct tg_secret secret;

	tg_hash_init(&h, TG_DOMAIN_VECTOR);
	tg_hash_update(&h, what, strlen(what));
	tg_hash_update(&h, &n, sizeof n);
	tg_hash_final(&h, &seed);
	memcpy(secret.b, seed.b, sizeof secret.b);
	tg_keypair_from_seed(&secret, pair);
}

void
grid_make(struct grid *grid, unsigned n)
{
	pair_of(&grid->write, "write", n);
	pair_of(&grid->read, "read", n);
	tg_topic_id(&grid->write.public_key, &grid->read.public_key, &grid->topic);
}

void
inbox_make(struct grid *inbox, const struct grid *grid, unsigned n)
{
	inbox->write = grid->read;
	pair_of(&inbox->read, "session", n);
	tg_topic_id(&inbox->write.public_key, &inbox->read.public_key, &inbox->topic);
}

void
client_connect(struct client *c, int port, int rcvbuf)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int one = 1;

	memset(c, 0, sizeof *c);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if ((c->fd = socket(AF_INET, SOCK_STREAM, 0)) < 0)
		client_die("socket: %s", strerror(errno));
	if (rcvbuf > 0)
		setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof rcvbuf);
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (connect(c->fd, (struct sockaddr *)&sin, sizeof sin) != 0)
		client_die("connect to %d: %s", port, strerror(errno));
}

int
client_write(struct client *c, const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len > 0) {
		ssize_t n = send(c->fd, p, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int
client_read_some(struct client *c, int wait_ms)
{
	struct pollfd p = {.fd = c->fd, .events = POLLIN};
	ssize_t n;

	if (c->ended)
		return -1;
	if (poll(&p, 1, wait_ms) <= 0)
		return 0;
	if (c->in_cap - c->in_len < 65536) {
		c->in_cap = c->in_cap * 2 + 131072;
		if ((c->in = realloc(c->in, c->in_cap)) == NULL)
			client_die("no memory");
	}
	n = recv(c->fd, c->in + c->in_len, c->in_cap - c->in_len, 0);
	if (n <= 0) {
		c->ended = 1;
		return -1;
	}
	c->in_len += (size_t)n;
	return 1;
}

static void
use(struct client *c, size_t n)
{
	memmove(c->in, c->in + n, c->in_len - n);
	c->in_len -= n;
}

void
client_upgrade(struct client *c)
{
	static const char request[] =
	    "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: null\r\nUpgrade: websocket\r\n"
	    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
	uint64_t until = mono_ms() + PATIENCE_MS;
	uint8_t *end = NULL;

	if (client_write(c, request, sizeof request - 1) != 0)
		client_die("upgrade: closed");
	while (end == NULL) {
		if (client_read_some(c, 100) < 0 || mono_ms() > until)
			client_die("no answer to the upgrade: %.*s", (int)c->in_len, (char *)c->in);
		end = c->in_len ? memmem(c->in, c->in_len, "\r\n\r\n", 4) : NULL;
	}
	if (memcmp(c->in, "HTTP/1.1 101", 12) != 0 ||
	    memmem(c->in, c->in_len, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", 28) == NULL)
		client_die("not upgraded: %.*s", (int)c->in_len, (char *)c->in);
	use(c, (size_t)(end - c->in) + 4);
}

void
client_open(struct client *c, int port)
{
	struct tg_frame f;

	client_connect(c, port, 0);
	client_upgrade(c);
	client_expect(c, TG_FRAME_HELLO, &f);
	memcpy(c->epoch, f.u.relay_hello.epoch, sizeof c->epoch);
	memcpy(c->challenge, f.u.relay_hello.challenge, sizeof c->challenge);
	c->limits = f.u.relay_hello.limits;
}

void
client_hello(struct client *c, const char *host)
{
	struct tg_buf b = {0};

	tg_frame_put_client_hello(&b, "test", host, strlen(host));
	client_send(c, &b);
	tg_buf_free(&b);
}

void
client_start(struct client *c, int port)
{
	client_open(c, port);
	client_hello(c, "127.0.0.1");
}

void
client_close(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	free(c->in);
	tg_buf_free(&c->message);
	memset(c, 0, sizeof *c);
	c->fd = -1;
}

int
client_ws(struct client *c, uint8_t first, const void *data, size_t len)
{
	uint8_t *out = malloc(len + 14);
	size_t n = 2;
	int rc;

	if (out == NULL)
		client_die("no memory");
	out[0] = first;
	if (len < 126) {
		out[1] = (uint8_t)(0x80 | len);
	} else if (len < 65536) {
		out[1] = 0x80 | 126;
		out[n++] = (uint8_t)(len >> 8);
		out[n++] = (uint8_t)len;
	} else {
		out[1] = 0x80 | 127;
		for (int i = 0; i < 8; i++)
			out[n++] = (uint8_t)((uint64_t)len >> (56 - 8 * i));
	}
	memcpy(out + n, "\x12\x34\x56\x78", 4);
	n += 4;
	for (size_t i = 0; i < len; i++)
		out[n + i] = ((const uint8_t *)data)[i] ^ out[n - 4 + (i & 3)];
	rc = client_write(c, out, n + len);
	free(out);
	return rc;
}

void
client_send(struct client *c, struct tg_buf *frames)
{
	if (tg_buf_status(frames) != TG_OK)
		client_die("no memory");
	client_ws(c, 0x82, frames->data, frames->len);
	tg_buf_reset(frames);
}

/* A whole WebSocket frame at the front of c->in: its payload into c->message.  1, or 0 when it is not all
 * here. */
static int
take_message(struct client *c)
{
	size_t n = 2, len;
	uint8_t opcode;

	if (c->in_len < 2)
		return 0;
	opcode = c->in[0] & 0x0f;
	if (!(c->in[0] & 0x80) || (c->in[0] & 0x70) || (c->in[1] & 0x80))
		client_die("the relay's frames are whole, without extension and unmasked; got %02x %02x",
		    c->in[0], c->in[1]);
	len = c->in[1];
	if (len == 126) {
		if (c->in_len < 4)
			return 0;
		len = (size_t)c->in[2] << 8 | c->in[3];
		n = 4;
	} else if (len == 127) {
		if (c->in_len < 10)
			return 0;
		len = 0;
		for (int i = 2; i < 10; i++)
			len = len << 8 | c->in[i];
		n = 10;
	}
	if (len > TG_WS_MESSAGE_MAX_BYTES)
		client_die("a message of %zu bytes", len);
	if (c->in_len < n + len)
		return 0;
	if (opcode == 8) {
		c->close_code = len >= 2 ? c->in[n] << 8 | c->in[n + 1] : 1005;
		client_ws(c, 0x88, c->in + n, len);
	} else if (opcode == 9) {
		c->pings++;
		client_ws(c, 0x8a, c->in + n, len);
	} else if (opcode == 2) {
		c->messages++;
		tg_buf_reset(&c->message);
		c->message_at = 0;
		tg_buf_put(&c->message, c->in + n, len);
	} else if (opcode != 10) {
		client_die("opcode %u", opcode);
	}
	use(c, n + len);
	return 1;
}

int
client_next(struct client *c, int wait_ms, struct tg_frame *frame)
{
	uint64_t until = mono_ms() + (uint64_t)wait_ms;

	for (;;) {
		uint64_t now;
		size_t used;

		if (c->message_at < c->message.len) {
			int rc = tg_frame_decode(
			    c->message.data + c->message_at, c->message.len - c->message_at, frame, &used);

			if (rc != TG_OK)
				client_die("the relay sent a frame that is %s", tg_status_name(rc));
			c->message_at += used;
			return 1;
		}
		if (take_message(c))
			continue;
		now = mono_ms();
		if (client_read_some(c, now < until ? (int)(until - now) : 0) < 0 && !take_message(c))
			return -1;
		if (mono_ms() >= until && c->message_at >= c->message.len && !take_message(c))
			return 0;
	}
}

void
client_expect(struct client *c, enum tg_frame_type type, struct tg_frame *frame)
{
	int rc = client_next(c, PATIENCE_MS, frame);

	if (rc != 1)
		client_die("frame %d expected; %s (close code %d)", type, rc < 0 ? "closed" : "nothing came",
		    c->close_code);
	if (frame->type != type && frame->type == TG_FRAME_ERR)
		client_die("frame %d expected, got ERR %.*s", type, (int)frame->u.err.text.len,
		    (const char *)frame->u.err.text.data);
	if (frame->type != type)
		client_die("frame %d expected, got %d", type, frame->type);
}

void
client_expect_err(struct client *c, enum tg_err_code code)
{
	const char *name = tg_err_name(code);
	struct tg_frame f;

	client_expect(c, TG_FRAME_ERR, &f);
	if (f.u.err.code != code || f.u.err.text.len < strlen(name) ||
	    memcmp(f.u.err.text.data, name, strlen(name)) != 0)
		client_die("ERR %s expected, got %.*s", name, (int)f.u.err.text.len,
		    (const char *)f.u.err.text.data);
}

void
client_expect_ok(struct client *c)
{
	struct tg_frame f;

	client_expect(c, TG_FRAME_OK, &f);
}

void
client_expect_close(struct client *c, int ws_code)
{
	struct tg_frame f;
	int rc = client_next(c, PATIENCE_MS, &f);

	if (rc == 1)
		client_die("a close expected, got frame %d", f.type);
	if (rc == 0)
		client_die("a close expected, nothing came");
	if (c->close_code != ws_code)
		client_die("close code %d expected, got %d", ws_code, c->close_code);
}

void
client_expect_nothing(struct client *c, int wait_ms)
{
	struct tg_frame f;
	int rc = client_next(c, wait_ms, &f);

	if (rc != 0)
		client_die("nothing expected, got %s %d", rc < 0 ? "close" : "frame",
		    rc < 0 ? c->close_code : (int)f.type);
}

void
put_sub(struct tg_buf *buf, const struct client *c, const struct grid *grid, unsigned prove, const char *host)
{
	const struct tg_sub_claim claim = {host, strlen(host), c->epoch, c->challenge, &grid->topic,
	    &grid->write.public_key, &grid->read.public_key};
	struct tg_sig read_proof, write_proof;
	struct tg_hash digest;

	tg_sub_digest(&claim, TG_CLASS_SIDE, &digest);
	tg_sign(&grid->read, &digest, &read_proof);
	tg_sub_digest(&claim, TG_CLASS_MAIN, &digest);
	tg_sign(&grid->write, &digest, &write_proof);
	tg_frame_put_sub(buf, &grid->topic, &grid->write.public_key, &grid->read.public_key,
	    prove & PROVE_READ ? &read_proof : NULL, prove & PROVE_WRITE ? &write_proof : NULL);
}

void
client_join(struct client *c, const struct grid *grid, unsigned prove)
{
	struct tg_buf b = {0};

	put_sub(&b, c, grid, prove, "127.0.0.1");
	client_send(c, &b);
	tg_buf_free(&b);
	client_expect_ok(c);
}

void
put_main(struct tg_buf *buf, const struct grid *grid, const char *text)
{
	tg_frame_put_pub(buf, &grid->write, &grid->topic, TG_CLASS_MAIN, 0, now_ms(), text, strlen(text));
}

void
put_side(struct tg_buf *buf, const struct grid *grid, unsigned flags, const char *text)
{
	tg_frame_put_pub(buf, &grid->read, &grid->topic, TG_CLASS_SIDE, flags, now_ms(), text, strlen(text));
}
