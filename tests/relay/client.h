/*
 * client.h -- a WebSocket client for tests and benchmarks of the relay: small, blocking with deadlines, and
 * able to do everything wrong on purpose.
 *
 * Calls that must work abort the test when they do not (client_die prints why).
 */
#ifndef TEST_RELAY_CLIENT_H
#define TEST_RELAY_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include <toygrid/crypto.h>

#include "base/buf.h"
#include "wire/frame.h"

/* The keys of a topic. */
struct grid {
	struct tg_keypair write, read;
	struct tg_hash topic;
};

struct client {
	int fd;
	uint8_t *in; /* received, not yet taken: raw WebSocket bytes */
	size_t in_len, in_cap;
	struct tg_buf message; /* payload of the message being read; frames point into it */
	size_t message_at;
	int close_code;	   /* of a CLOSE frame that came, or 0 */
	int ended;	   /* the socket is at its end */
	unsigned pings;	   /* seen */
	uint64_t messages; /* seen */
	uint8_t epoch[TG_RELAY_EPOCH_BYTES], challenge[TG_CHALLENGE_BYTES];
	struct tg_relay_limits limits;
};

#define PROVE_NONE  0u
#define PROVE_READ  1u
#define PROVE_WRITE 2u
#define PROVE_BOTH  3u

void client_die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/** grid_make(grid, n): The grid of number ${n}; the same number gives the same keys. */
void grid_make(struct grid *grid, unsigned n);

/** inbox_make(inbox, grid, n): The inbox topic of session ${n} of ${grid}: W is the grid's read pair. */
void inbox_make(struct grid *inbox, const struct grid *grid, unsigned n);

/** now_ms(), mono_ms(): Unix time; a clock for deadlines. */
uint64_t now_ms(void);
uint64_t mono_ms(void);

/** client_connect(c, port, rcvbuf): TCP only; ${rcvbuf} > 0 limits what the kernel takes in for us. */
void client_connect(struct client *c, int port, int rcvbuf);

/** client_upgrade(c): The HTTP part.  Sends a null Origin. */
void client_upgrade(struct client *c);

/** client_open(c, port): Connect, upgrade, read the relay's HELLO; sends nothing. */
void client_open(struct client *c, int port);

/** client_start(c, port): client_open() and our HELLO for host 127.0.0.1. */
void client_start(struct client *c, int port);
void client_hello(struct client *c, const char *host);

/** client_close(c): Close the socket and free. */
void client_close(struct client *c);

/** client_write(c, data, len): Raw bytes, all of them.  0, or -1 when the peer has closed. */
int client_write(struct client *c, const void *data, size_t len);

/** client_ws(c, first, data, len): One masked WebSocket frame whose first byte is ${first} (0x82: whole,
 * binary). */
int client_ws(struct client *c, uint8_t first, const void *data, size_t len);

/** client_send(c, frames): A buffer of frames as one binary message; empties the buffer. */
void client_send(struct client *c, struct tg_buf *frames);

/**
 * client_next(c, wait_ms, frame):
 * The next frame: 1; 0 when none came in time; -1 when the connection ended (c->close_code).  ${frame} is
 * valid until the next call.
 */
int client_next(struct client *c, int wait_ms, struct tg_frame *frame);

/** client_read_some(c, wait_ms): Take in what the kernel has.  As client_next, without looking at it. */
int client_read_some(struct client *c, int wait_ms);

/** client_expect(c, type, frame): The next frame, within some seconds, which must be of ${type}. */
void client_expect(struct client *c, enum tg_frame_type type, struct tg_frame *frame);

/** client_expect_err(c, code), client_expect_ok(c): The next frame must be that ERR, or an OK. */
void client_expect_err(struct client *c, enum tg_err_code code);
void client_expect_ok(struct client *c);

/** client_expect_close(c, ws_code): The connection ends, with that code (0: without a CLOSE frame). */
void client_expect_close(struct client *c, int ws_code);

/** client_expect_nothing(c, wait_ms): No frame comes. */
void client_expect_nothing(struct client *c, int wait_ms);

/** put_sub(buf, c, grid, prove, host): A SUB with the proofs of this connection's challenge. */
void put_sub(
    struct tg_buf *buf, const struct client *c, const struct grid *grid, unsigned prove, const char *host);

/** client_join(c, grid, prove): SUB and its OK. */
void client_join(struct client *c, const struct grid *grid, unsigned prove);

/** put_main(buf, grid, text), put_side(buf, grid, flags, text): A PUB stamped now. */
void put_main(struct tg_buf *buf, const struct grid *grid, const char *text);
void put_side(struct tg_buf *buf, const struct grid *grid, unsigned flags, const char *text);

#endif
