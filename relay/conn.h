/*
 * conn.h -- one client: from the accepted socket to its last byte.
 *
 *   HANDSHAKE --established--> WAITING --HELLO--> OPEN --tg_conn_close--> CLOSING --> freed
 *
 * In CLOSING nothing more is read or forwarded; the last ERR and a CLOSE frame go out behind what was queued,
 * and the peer has TG_CLOSE_GRACE_S to go.  A socket that broke is DEAD until its transport frees it.
 */
#ifndef TG_RELAY_CONN_H
#define TG_RELAY_CONN_H

#include <stdint.h>

#include "relay.h"

enum tg_conn_state {
	TG_CONN_HANDSHAKE, /* HTTP */
	TG_CONN_WAITING,   /* our HELLO is out, theirs is not in */
	TG_CONN_OPEN,
	TG_CONN_CLOSING,
	TG_CONN_DEAD,
};

#define TG_WS_GOING_AWAY 1001
#define TG_WS_PROTOCOL	 1002
#define TG_WS_POLICY	 1008
#define TG_WS_TOO_BIG	 1009

struct tg_queued;

struct tg_conn {
	struct tg_relay *relay;
	void *socket; /* for transport.h */
	struct tg_address *address;
	struct tg_sub_entry *subs;
	struct tg_conn_list *list; /* the one this is on, or NULL */
	struct tg_conn *before, *after;
	struct tg_conn *todo_before, *todo_after;
	struct tg_queued *queue_first, *queue_last;
	struct tg_buf replies; /* OK and ERR of this turn; also our HELLO and DRAIN */
	struct tg_buf partial; /* of a message that has not ended */
	const char *close_detail;
	const char *host;     /* as the client wrote it: part of what its proofs sign */
	uint32_t queue_bytes; /* of the queue */
	uint32_t kept_bytes;  /* at most this much of our last write waits in the transport */
	uint32_t sub_count;
	uint32_t since_s;	 /* entered its list; when OPEN: last ping */
	uint32_t heard_s;	 /* last message */
	uint32_t mark;		 /* == relay->mark: sent a frame of the batch in hand */
	uint32_t drain_after_ms; /* of relay->drain_from_ms */
	struct tg_bucket rate[TG_RATE_KINDS];
	uint16_t close_ws; /* WebSocket close code */
	uint8_t state;	   /* enum tg_conn_state */
	uint8_t close_err; /* code of the last ERR, 0: none */
	uint8_t host_len;
	uint8_t on_todo, skip_message, close_written;
	uint8_t challenge[TG_CHALLENGE_BYTES];
};

/** tg_conn_new(relay, address): An accepted socket.  NULL without memory. */
struct tg_conn *tg_conn_new(struct tg_relay *relay, struct tg_address *address);

/** tg_conn_free(conn): The socket is gone.  NULL does nothing. */
void tg_conn_free(struct tg_conn *conn);

/** tg_conn_established(conn, socket): The WebSocket handshake is done: say HELLO. */
void tg_conn_established(struct tg_conn *conn, void *socket);

/* A piece of a message as the transport delivers it. */
struct tg_piece {
	const uint8_t *data;
	size_t len;
	size_t remaining; /* announced but not yet here, of the same WebSocket frame */
	int first, last;  /* of the message */
	int binary;
};

/** tg_conn_receive(conn, piece): Take in a piece; frames are handled when their message is complete. */
void tg_conn_receive(struct tg_conn *conn, const struct tg_piece *piece);

/** tg_conn_writable(conn): The kernel takes bytes again. */
void tg_conn_writable(struct tg_conn *conn);

/** tg_conn_peer_leaves(conn): A CLOSE frame came: write nothing more. */
void tg_conn_peer_leaves(struct tg_conn *conn);

/** tg_conn_ok(conn, id), tg_conn_err(conn, id, code, detail): Answer; ${id} NULL when no frame can be named.
 */
void tg_conn_ok(struct tg_conn *conn, const struct tg_frame_id *id);
void tg_conn_err(
    struct tg_conn *conn, const struct tg_frame_id *id, enum tg_err_code code, const char *detail);

/**
 * tg_conn_close(conn, ws_code, err, detail):
 * Close at the end of this turn with WebSocket code ${ws_code}, after an ERR ${err} unless that is 0.
 * ${detail} is a literal or NULL.  A second call does nothing.
 */
void tg_conn_close(struct tg_conn *conn, unsigned ws_code, unsigned err, const char *detail);

/** tg_conn_deliver(conn, batch): Send a batch, or queue it, or close a reader that is too slow. */
void tg_conn_deliver(struct tg_conn *conn, struct tg_batch *batch);

/** tg_conn_settle(conn): End of the turn: send replies, carry out a close. */
void tg_conn_settle(struct tg_conn *conn);

/** tg_conn_ping(conn): Send a WebSocket ping if nothing else waits. */
void tg_conn_ping(struct tg_conn *conn);

/** tg_conn_drain(conn, within_ms): Send DRAIN and remember when to close. */
void tg_conn_drain(struct tg_conn *conn, uint32_t within_ms);

/** tg_conn_move(conn, list): To the end of ${list}, or off all lists when NULL. */
void tg_conn_move(struct tg_conn *conn, struct tg_conn_list *list);

/*
 * Between conn.c, recv.c and send.c.
 *
 * tg_conn_add_todo(conn): look at it at the end of the turn (tg_conn_settle).  tg_conn_leave_todo(conn): no
 * more. tg_conn_leave_all(conn): nothing more from or for it: off its topics, its frames of this turn become
 * nobody's, its half-received message goes.  Not while readers are being served. tg_conn_drop_partial(conn),
 * tg_conn_drop_queue(conn): release what was half received; what waits to be sent.
 */
void tg_conn_add_todo(struct tg_conn *conn);
void tg_conn_leave_todo(struct tg_conn *conn);
void tg_conn_leave_all(struct tg_conn *conn);
void tg_conn_drop_partial(struct tg_conn *conn);
void tg_conn_drop_queue(struct tg_conn *conn);

#endif
