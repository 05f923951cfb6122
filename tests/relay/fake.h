/*
 * fake.h -- transport.h in memory: sockets that take bytes, or dawdle, or break, as a test wants.
 */
#ifndef TEST_RELAY_FAKE_H
#define TEST_RELAY_FAKE_H

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "conn.h"
#include "transport.h"

struct fake {
	struct tg_conn *conn;
	uint8_t *got; /* what the client has received; malloc, so that failed allocations do not touch it */
	size_t got_len, got_cap;
	uint8_t *kept; /* what the transport still holds */
	size_t kept_len;
	int slow;   /* takes nothing now: writes are kept */
	int broken; /* writes fail */
	int wants_write, killed;
};

static inline void
fake_take(struct fake *f, const uint8_t *data, size_t len)
{
	if (f->got_cap - f->got_len < len) {
		f->got_cap = (f->got_cap + len) * 2;
		if ((f->got = realloc(f->got, f->got_cap)) == NULL)
			abort();
	}
	memcpy(f->got + f->got_len, data, len);
	f->got_len += len;
}

int
tg_transport_write(void *socket, const uint8_t *data, size_t len)
{
	struct fake *f = socket;

	if (f->kept != NULL)
		abort(); /* the contract: never while busy */
	if (f->killed || f->broken)
		return -1;
	if (f->slow) {
		if ((f->kept = malloc(len)) == NULL)
			abort();
		memcpy(f->kept, data, len);
		f->kept_len = len;
	} else {
		fake_take(f, data, len);
	}
	return 0;
}

int
tg_transport_busy(void *socket)
{
	return ((struct fake *)socket)->kept != NULL;
}

void
tg_transport_want_write(void *socket)
{
	((struct fake *)socket)->wants_write = 1;
}

void
tg_transport_kill(void *socket)
{
	((struct fake *)socket)->killed = 1;
}

/* The kernel takes bytes again (or goes on not doing so, when slow). */
static inline void
fake_flush(struct fake *f)
{
	int wanted = f->wants_write || f->kept != NULL;

	if (f->slow || f->killed)
		return;
	if (f->kept != NULL) {
		fake_take(f, f->kept, f->kept_len);
		free(f->kept);
		f->kept = NULL;
	}
	f->wants_write = 0;
	if (wanted && f->conn != NULL)
		tg_conn_writable(f->conn);
}

static inline void
fake_free(struct fake *f)
{
	tg_conn_free(f->conn);
	free(f->got);
	free(f->kept);
	memset(f, 0, sizeof *f);
}

#endif
