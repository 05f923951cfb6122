/*
 * What goes out: batches, replies, the queue of a reader that does not keep up, the last words.
 *
 * A write either goes to the transport at once or waits in the connection's queue as a reference to counted
 * bytes.  The queue is empty for everybody who keeps up, so its memory is that of the slow alone.
 */
#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "conn.h"
#include "transport.h"

#define REPLIES_CUT_BYTES 32768u /* replies of one turn go out in messages of about this size */

/* A place in a reader's queue.  Made only for readers that do not keep up. */
struct tg_queued {
	struct tg_queued *next;
	struct tg_out *out; /* holds a reference */
};

void
tg_conn_drop_queue(struct tg_conn *conn)
{
	while (conn->queue_first != NULL) {
		struct tg_queued *q = conn->queue_first;

		conn->queue_first = q->next;
		tg_out_release(&conn->relay->pool, q->out);
		tg_free(q);
	}
	conn->queue_last = NULL;
	conn->relay->metrics.queue_bytes -= conn->queue_bytes;
	conn->queue_bytes = 0;
}

static void
die(struct tg_conn *conn)
{
	if (conn->state == TG_CONN_DEAD)
		return;
	conn->state = TG_CONN_DEAD;
	tg_conn_move(conn, NULL);
	tg_conn_add_todo(
	    conn); /* off its topics at the end of the turn: a loop over readers may be running */
	tg_transport_kill(conn->socket);
}

static int
can_write(struct tg_conn *conn)
{
	return conn->queue_first == NULL && !tg_transport_busy(conn->socket);
}

static int
write_now(struct tg_conn *conn, const uint8_t *data, size_t len)
{
	struct tg_relay *r = conn->relay;

	if (tg_transport_write(conn->socket, data, len) != 0) {
		die(conn);
		return -1;
	}
	r->metrics.writes++;
	r->metrics.bytes_out += len;
	conn->kept_bytes = (uint32_t)len; /* counts only while the transport is busy */
	return 0;
}

static int
append(struct tg_conn *conn, struct tg_out *out)
{
	struct tg_queued *q = tg_malloc(sizeof *q);

	if (q == NULL)
		return -1;
	q->next = NULL;
	q->out = out;
	*(conn->queue_last != NULL ? &conn->queue_last->next : &conn->queue_first) = q;
	conn->queue_last = q;
	conn->queue_bytes += out->len;
	conn->relay->metrics.queue_bytes += out->len;
	tg_transport_want_write(conn->socket);
	return 0;
}

static void
drop_queued_ephemeral(struct tg_conn *conn)
{
	struct tg_queued **link = &conn->queue_first, *q;

	conn->queue_last = NULL;
	while ((q = *link) != NULL) {
		if (!q->out->ephemeral) {
			conn->queue_last = q;
			link = &q->next;
			continue;
		}
		*link = q->next;
		conn->queue_bytes -= q->out->len;
		conn->relay->metrics.queue_bytes -= q->out->len;
		conn->relay->metrics.drops[TG_DROP_EPHEMERAL]++;
		tg_out_release(&conn->relay->pool, q->out);
		tg_free(q);
	}
}

static void
no_memory(struct tg_conn *conn)
{
	/* A reader that misses a reliable frame must not go on as if nothing happened. */
	conn->relay->metrics.drops[TG_DROP_NO_MEMORY]++;
	tg_conn_close(conn, TG_WS_POLICY, TG_ERR_SLOW, "no memory");
}

/* Takes the reference ${out}.  At half the cap ephemeral messages go, at the cap the reader. */
static void
enqueue(struct tg_conn *conn, struct tg_out *out)
{
	struct tg_relay *r = conn->relay;
	const uint32_t cap = r->config.queue_bytes;
	uint64_t after = (uint64_t)conn->queue_bytes + out->len;

	if (tg_transport_busy(conn->socket))
		after += conn->kept_bytes;
	if (out->ephemeral && after > cap / 2) {
		r->metrics.drops[TG_DROP_EPHEMERAL]++;
		tg_out_release(&r->pool, out);
		return;
	}
	if (!out->ephemeral && after > cap / 2) {
		uint32_t before = conn->queue_bytes;

		drop_queued_ephemeral(conn);
		after -= before - conn->queue_bytes;
	}
	if (after > cap) {
		r->metrics.drops[TG_DROP_SLOW]++;
		tg_out_release(&r->pool, out);
		tg_conn_close(conn, TG_WS_POLICY, TG_ERR_SLOW, NULL);
		return;
	}
	if (append(conn, out) != 0) {
		tg_out_release(&r->pool, out);
		no_memory(conn);
	}
}

void
tg_conn_deliver(struct tg_conn *conn, struct tg_batch *batch)
{
	struct tg_relay *r = conn->relay;
	struct tg_out *own = NULL;
	const uint8_t *data;
	size_t len;

	if (conn->state != TG_CONN_OPEN)
		return;
	if (conn->mark == r->mark) {
		if (tg_batch_without(&r->pool, batch, conn, &own) != TG_OK) {
			no_memory(conn);
			return;
		}
		if (own == NULL)
			return; /* nothing in it but its own frames */
	}
	if (can_write(conn)) {
		data = own != NULL ? own->data : tg_batch_message(batch, &len);
		write_now(conn, data, own != NULL ? own->len : len);
		tg_out_release(&r->pool, own);
		return;
	}
	if (own == NULL && (own = tg_batch_shared(&r->pool, batch)) == NULL) {
		no_memory(conn);
		return;
	}
	enqueue(conn, own);
}

void
tg_conn_writable(struct tg_conn *conn)
{
	if (conn->state == TG_CONN_DEAD)
		return;
	while (conn->queue_first != NULL && !tg_transport_busy(conn->socket)) {
		struct tg_queued *q = conn->queue_first;

		if (write_now(conn, q->out->data, q->out->len) != 0)
			return;
		if ((conn->queue_first = q->next) == NULL)
			conn->queue_last = NULL;
		conn->queue_bytes -= q->out->len;
		conn->relay->metrics.queue_bytes -= q->out->len;
		tg_out_release(&conn->relay->pool, q->out);
		tg_free(q);
	}
	if (conn->queue_first != NULL)
		tg_transport_want_write(conn->socket);
}

void
tg_conn_ping(struct tg_conn *conn)
{
	/*
	 * Empty: libwebsockets swallows the answer without touching its per-connection buffer, which would
	 * cost a page for each idle connection.  What waits to be sent keeps the path open by itself.
	 */
	static const uint8_t ping[2] = {TG_WS_PING, 0};

	if (can_write(conn))
		write_now(conn, ping, sizeof ping);
}

/* The replies so far as one message; with a CLOSE frame behind it when ws_code is not 0. */
static void
send_replies(struct tg_conn *conn, unsigned ws_code)
{
	struct tg_relay *r = conn->relay;
	uint8_t header[TG_WS_HEADER_MAX_BYTES];
	size_t n = 0, len = conn->replies.len;
	struct tg_out *out;
	uint8_t *to;

	if (tg_buf_status(&conn->replies) != TG_OK) {
		tg_buf_free(&conn->replies);
		die(conn);
		return;
	}
	if (len > 0)
		n = tg_ws_header(TG_WS_BINARY, len, header);
	if (n + len + (ws_code ? 4 : 0) == 0)
		return;
	if ((out = tg_out_new(&r->pool, n + len + (ws_code ? 4 : 0), 0)) == NULL) {
		die(conn);
		return;
	}
	to = out->data;
	memcpy(to, header, n);
	if (len > 0)
		memcpy(to + n, conn->replies.data, len);
	if (ws_code) {
		to += n + len;
		to[0] = TG_WS_CLOSE;
		to[1] = 2;
		to[2] = (uint8_t)(ws_code >> 8);
		to[3] = (uint8_t)ws_code;
	}
	/* Most connections never answer again for a long time: keep no memory for it. */
	tg_buf_free(&conn->replies);
	if (can_write(conn)) {
		write_now(conn, out->data, out->len);
		tg_out_release(&r->pool, out);
	} else if (ws_code) {
		if (append(conn, out) != 0) { /* beyond the cap: it is the last */
			tg_out_release(&r->pool, out);
			die(conn);
		}
	} else {
		enqueue(conn, out);
	}
}

void
tg_conn_settle(struct tg_conn *conn)
{
	tg_conn_leave_todo(conn);
	if (conn->state == TG_CONN_DEAD) {
		tg_conn_leave_all(conn);
		tg_conn_drop_queue(conn);
		return;
	}
	if (conn->state != TG_CONN_CLOSING) {
		send_replies(conn, 0);
		if (conn->state != TG_CONN_CLOSING)
			return;
		tg_conn_leave_todo(conn);
	}
	if (conn->close_written)
		return;
	conn->close_written = 1;
	tg_conn_leave_all(conn);
	if (conn->close_err == TG_ERR_SLOW) {
		/* What it did not read would only delay the news. */
		tg_conn_drop_queue(conn);
		tg_buf_reset(&conn->replies);
	}
	if (conn->close_err != 0)
		tg_frame_put_err(&conn->replies, NULL, conn->close_err, conn->close_detail);
	send_replies(conn, conn->close_ws);
	if (conn->state == TG_CONN_DEAD)
		tg_conn_leave_todo(conn);
}

void
tg_conn_ok(struct tg_conn *conn, const struct tg_frame_id *id)
{
	tg_frame_put_ok(&conn->replies, id);
	tg_conn_add_todo(conn);
	if (conn->replies.len >= REPLIES_CUT_BYTES)
		send_replies(conn, 0);
}

void
tg_conn_err(struct tg_conn *conn, const struct tg_frame_id *id, enum tg_err_code code, const char *detail)
{
	conn->relay->metrics.errors[code]++;
	tg_frame_put_err(&conn->replies, id, code, detail);
	tg_conn_add_todo(conn);
	if (conn->replies.len >= REPLIES_CUT_BYTES)
		send_replies(conn, 0);
}

void
tg_conn_drain(struct tg_conn *conn, uint32_t within_ms)
{
	conn->drain_after_ms = within_ms;
	tg_frame_put_drain(&conn->replies, within_ms);
	tg_conn_add_todo(conn);
}
