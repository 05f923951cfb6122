#include <assert.h>
#include <string.h>

#include <sodium.h>

#include <toygrid/limits.h>

#include "base/mem.h"
#include "conn.h"
#include "transport.h"

void
tg_conn_move(struct tg_conn *conn, struct tg_conn_list *list)
{
	struct tg_conn_list *old = conn->list;

	if (old != NULL) {
		*(conn->before != NULL ? &conn->before->after : &old->first) = conn->after;
		*(conn->after != NULL ? &conn->after->before : &old->last) = conn->before;
		old->count--;
	}
	conn->list = list;
	conn->before = conn->after = NULL;
	if (list == NULL)
		return;
	conn->since_s = (uint32_t)(conn->relay->mono_ms / 1000);
	conn->before = list->last;
	*(list->last != NULL ? &list->last->after : &list->first) = conn;
	list->last = conn;
	list->count++;
}

void
tg_conn_add_todo(struct tg_conn *conn)
{
	struct tg_relay *r = conn->relay;

	if (conn->on_todo)
		return;
	conn->on_todo = 1;
	conn->todo_before = NULL;
	conn->todo_after = r->todo;
	if (r->todo != NULL)
		r->todo->todo_before = conn;
	r->todo = conn;
}

void
tg_conn_leave_todo(struct tg_conn *conn)
{
	if (!conn->on_todo)
		return;
	conn->on_todo = 0;
	*(conn->todo_before != NULL ? &conn->todo_before->todo_after : &conn->relay->todo) = conn->todo_after;
	if (conn->todo_after != NULL)
		conn->todo_after->todo_before = conn->todo_before;
	conn->todo_before = conn->todo_after = NULL;
}

struct tg_conn *
tg_conn_new(struct tg_relay *relay, struct tg_address *address)
{
	struct tg_conn *c = tg_calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->relay = relay;
	c->address = address;
	for (int i = 0; i < TG_RATE_KINDS; i++)
		tg_bucket_fill(&c->rate[i], &relay->config.connection_rate[i], (uint32_t)relay->mono_ms);
	tg_conn_move(c, &relay->handshake);
	tg_addresses_enter(&relay->addresses, address);
	relay->sockets++;
	relay->metrics.accepted++;
	return c;
}

void
tg_conn_drop_partial(struct tg_conn *conn)
{
	conn->relay->metrics.assembly_bytes -= conn->partial.len;
	tg_buf_free(&conn->partial);
}

void
tg_conn_leave_all(struct tg_conn *conn)
{
	struct tg_relay *r = conn->relay;

	for (struct tg_topic *t = r->dirty; t != NULL; t = t->next_dirty)
		for (int i = 0; i < 2; i++)
			for (struct tg_batch *b = t->first[i]; b != NULL; b = b->next)
				tg_batch_forget(b, conn);
	while (conn->subs != NULL)
		tg_topics_leave(&r->topics, &conn->subs, conn->subs);
	conn->sub_count = 0;
	tg_conn_drop_partial(conn);
}

void
tg_conn_free(struct tg_conn *conn)
{
	struct tg_relay *r;

	if (conn == NULL)
		return;
	r = conn->relay;
	tg_conn_leave_all(conn);
	tg_conn_leave_todo(conn);
	tg_conn_drop_queue(conn);
	tg_conn_move(conn, NULL);
	tg_buf_free(&conn->replies);
	tg_free((void *)(uintptr_t)conn->host);
	if (conn->state != TG_CONN_HANDSHAKE)
		r->metrics.connections--;
	tg_addresses_exit(&r->addresses, conn->address, (uint32_t)(r->mono_ms / 1000));
	r->sockets--;
	tg_free(conn);
}

void
tg_conn_established(struct tg_conn *conn, void *socket)
{
	struct tg_relay *r = conn->relay;
	const struct tg_relay_limits limits = {
	    .frame_bytes = TG_FRAME_MAX_BYTES,
	    .message_bytes = TG_WS_MESSAGE_MAX_BYTES,
	    .topics = r->config.topics_per_socket,
	    .main_age_ms = r->config.main_age_ms,
	    .side_age_ms = r->config.side_age_ms,
	    .queue_bytes = r->config.queue_bytes,
	};

	conn->socket = socket;
	conn->state = TG_CONN_WAITING;
	conn->heard_s = (uint32_t)(r->mono_ms / 1000);
	r->metrics.connections++;
	tg_conn_move(conn, &r->waiting);
	randombytes_buf(conn->challenge, sizeof conn->challenge);
	tg_frame_put_relay_hello(
	    &conn->replies, TG_RELAY_SOFTWARE, &limits, r->epoch, r->now_ms, conn->challenge);
	tg_conn_add_todo(conn);
	if (r->draining)
		tg_conn_close(conn, TG_WS_GOING_AWAY, TG_ERR_DRAINING, NULL);
}

void
tg_conn_close(struct tg_conn *conn, unsigned ws_code, unsigned err, const char *detail)
{
	if (conn->state == TG_CONN_CLOSING || conn->state == TG_CONN_DEAD)
		return;
	assert(conn->state != TG_CONN_HANDSHAKE);
	conn->state = TG_CONN_CLOSING;
	conn->close_ws = (uint16_t)ws_code;
	conn->close_err = (uint8_t)err;
	conn->close_detail = detail;
	if (err != 0)
		conn->relay->metrics.errors[err]++;
	tg_conn_move(conn, &conn->relay->closing);
	tg_conn_add_todo(conn);
}

void
tg_conn_peer_leaves(struct tg_conn *conn)
{
	if (conn->state == TG_CONN_DEAD)
		return;
	conn->state = TG_CONN_DEAD; /* the transport answers the CLOSE and frees us */
	tg_conn_move(conn, NULL);
	tg_conn_leave_all(conn);
	tg_conn_drop_queue(conn);
}
