/*
 * What comes in: messages are put together from pieces, taken apart into frames, and each kind of frame that
 * a client may send has its function.  Checks stand in the order of protocol.md 3: what is cheap first, the
 * signature late, and the dedup entry only for what verified, so that a forged copy cannot keep the original
 * out.
 */
#include <string.h>
#include <time.h>

#include <toygrid/limits.h>
#include <toygrid/status.h>

#include "base/mem.h"
#include "conn.h"

enum {
	CONTROL = 2
}; /* third kind of rate, beside the two classes */

#define COST_BYTES                                                                                           \
	4096u /* a frame costs one token, and one more for each of these begun beyond the first              \
	       */

static uint64_t
mono_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static int
verify(struct tg_conn *conn, const struct tg_key *key, const struct tg_hash *digest, const struct tg_sig *sig)
{
	struct tg_metrics *m = &conn->relay->metrics;
	uint64_t from = mono_ns();
	int rc = tg_verify(key, digest, sig);

	m->verify_ns += mono_ns() - from;
	m->verifies++;
	m->verify_failures += rc != TG_OK;
	return rc;
}

static void
refuse(struct tg_conn *conn, const struct tg_frame *frame, enum tg_err_code code, const char *detail)
{
	struct tg_frame_id id;

	tg_frame_id(frame->raw.data, frame->raw.len, &id);
	tg_conn_err(conn, &id, code, detail);
}

/* Takes from the connection and its address, or from neither. */
static int
within_rate(struct tg_conn *conn, int kind, uint32_t cost)
{
	const struct tg_config *c = &conn->relay->config;
	uint32_t now = (uint32_t)conn->relay->mono_ms;

	if (!tg_bucket_has(&conn->rate[kind], &c->connection_rate[kind], now, cost) ||
	    !tg_bucket_has(&conn->address->rate[kind], &c->address_rate[kind], now, cost))
		return 0;
	tg_bucket_take(&conn->rate[kind], &c->connection_rate[kind], cost);
	tg_bucket_take(&conn->address->rate[kind], &c->address_rate[kind], cost);
	return 1;
}

static void
recv_hello(struct tg_conn *conn, const struct tg_frame *frame)
{
	const struct tg_client_hello *h = &frame->u.client_hello;
	char *host;

	if (frame->from_relay || conn->state != TG_CONN_WAITING) {
		tg_conn_close(conn, TG_WS_PROTOCOL, TG_ERR_BAD_FRAME, "unexpected HELLO");
		return;
	}
	if (!tg_config_host(&conn->relay->config, (const char *)h->host.data, h->host.len)) {
		tg_conn_close(conn, TG_WS_PROTOCOL, TG_ERR_WRONG_HOST, NULL);
		return;
	}
	if ((host = tg_malloc(h->host.len)) == NULL) {
		tg_conn_close(conn, TG_WS_POLICY, TG_ERR_BUSY, "memory");
		return;
	}
	memcpy(host, h->host.data, h->host.len);
	conn->host = host;
	conn->host_len = (uint8_t)h->host.len;
	conn->state = TG_CONN_OPEN;
	tg_conn_move(conn, &conn->relay->open);
}

static int
proof_holds(struct tg_conn *conn, const struct tg_sub *sub, unsigned class)
{
	const struct tg_sub_claim claim = {
	    .host = conn->host,
	    .host_len = conn->host_len,
	    .epoch = conn->relay->epoch,
	    .challenge = conn->challenge,
	    .topic = sub->topic,
	    .write_key = sub->write_key,
	    .read_key = sub->read_key,
	};
	struct tg_hash digest;

	tg_sub_digest(&claim, class, &digest);
	if (class == TG_CLASS_MAIN)
		return verify(conn, sub->write_key, &digest, sub->write_proof) == TG_OK;
	return verify(conn, sub->read_key, &digest, sub->read_proof) == TG_OK;
}

static void
recv_sub(struct tg_conn *conn, const struct tg_frame *frame)
{
	const struct tg_sub *sub = &frame->u.sub;
	struct tg_relay *r = conn->relay;
	struct tg_sub_entry *e = tg_sub_find(&conn->subs, sub->topic);
	struct tg_frame_id id;
	struct tg_hash topic;
	int made = 0;

	if (r->draining) {
		refuse(conn, frame, TG_ERR_DRAINING, NULL);
		return;
	}
	if (!within_rate(conn, CONTROL, 1)) {
		refuse(conn, frame, TG_ERR_RATE_LIMITED, "SUB");
		return;
	}
	if (e == NULL && conn->sub_count >= r->config.topics_per_socket) {
		refuse(conn, frame, TG_ERR_TOO_MANY_TOPICS, NULL);
		return;
	}
	tg_topic_id(sub->write_key, sub->read_key, &topic);
	if (tg_hash_cmp(&topic, sub->topic) != 0) {
		refuse(conn, frame, TG_ERR_BAD_SIGNATURE, "topic is not of these keys");
		return;
	}
	if ((sub->read_proof != NULL && !proof_holds(conn, sub, TG_CLASS_SIDE)) ||
	    (sub->write_proof != NULL && !proof_holds(conn, sub, TG_CLASS_MAIN))) {
		refuse(conn, frame, TG_ERR_BAD_SIGNATURE, "proof");
		return;
	}
	if (e == NULL) {
		if ((r->topics.count >= r->config.topics && tg_topics_find(&r->topics, sub->topic) == NULL) ||
		    tg_topics_join(&r->topics, sub->topic, sub->write_key, sub->read_key, conn, &conn->subs,
			&e, &made) != TG_OK) {
			refuse(conn, frame, TG_ERR_BUSY, "topics");
			return;
		}
		conn->sub_count++;
		if (made)
			for (int i = 0; i < 2; i++)
				tg_bucket_fill(
				    &e->topic->rate[i], &r->config.topic_rate[i], (uint32_t)r->mono_ms);
	}
	if (sub->read_proof != NULL && tg_topics_allow_read(e) != TG_OK) {
		refuse(conn, frame, TG_ERR_BUSY, "memory");
		return;
	}
	if (sub->write_proof != NULL)
		e->may_write = 1;
	tg_frame_id(frame->raw.data, frame->raw.len, &id);
	tg_conn_ok(conn, &id);
}

static void
recv_unsub(struct tg_conn *conn, const struct tg_frame *frame)
{
	struct tg_sub_entry *e;

	if (!within_rate(conn, CONTROL, 1)) {
		refuse(conn, frame, TG_ERR_RATE_LIMITED, "UNSUB");
		return;
	}
	if ((e = tg_sub_find(&conn->subs, frame->u.unsub.topic)) == NULL) {
		refuse(conn, frame, TG_ERR_UNKNOWN_TOPIC, NULL);
		return;
	}
	tg_topics_leave(&conn->relay->topics, &conn->subs, e);
	conn->sub_count--;
}

static void
recv_pub(struct tg_conn *conn, const struct tg_frame *frame)
{
	const struct tg_pub *pub = &frame->u.pub;
	struct tg_relay *r = conn->relay;
	const struct tg_config *c = &r->config;
	const uint32_t age = pub->class == TG_CLASS_MAIN ? c->main_age_ms : c->side_age_ms;
	const uint32_t cost = 1 + (uint32_t)((frame->raw.len - 1) / COST_BYTES);
	struct tg_sub_entry *e = tg_sub_find(&conn->subs, pub->topic);
	struct tg_bucket *topic_bucket;
	struct tg_frame_id id;
	struct tg_hash digest;
	uint64_t off;

	if (e == NULL) {
		refuse(conn, frame, TG_ERR_UNKNOWN_TOPIC, NULL);
		return;
	}
	/* The topic pays only for what verifies: strangers cannot use up its rate. */
	topic_bucket = &e->topic->rate[pub->class];
	if (!tg_bucket_has(topic_bucket, &c->topic_rate[pub->class], (uint32_t)r->mono_ms, cost) ||
	    !within_rate(conn, (int)pub->class, cost)) {
		refuse(conn, frame, TG_ERR_RATE_LIMITED, NULL);
		return;
	}
	off = pub->time_ms > r->now_ms ? pub->time_ms - r->now_ms : r->now_ms - pub->time_ms;
	if (off > age) {
		refuse(conn, frame, TG_ERR_STALE, NULL);
		return;
	}
	tg_frame_id(frame->raw.data, frame->raw.len, &id);
	if (tg_dedup_has(r->dedup, &id)) {
		tg_conn_err(conn, &id, TG_ERR_DUPLICATE, NULL);
		return;
	}
	if (tg_relay_full(r, frame->raw.len)) {
		tg_conn_err(conn, &id, TG_ERR_BUSY, "memory");
		return;
	}
	if (!c->verify_once || !(pub->class == TG_CLASS_MAIN ? e->may_write : e->may_read)) {
		tg_pub_digest(pub->signed_bytes, &digest);
		if (verify(conn, &e->topic->keys[pub->class], &digest, pub->sig) != TG_OK) {
			tg_conn_err(conn, &id, TG_ERR_BAD_SIGNATURE, NULL);
			return;
		}
	}
	if (tg_dedup_full(r->dedup)) {
		tg_conn_err(conn, &id, TG_ERR_BUSY, "window");
		return;
	}
	/* Forward first: a frame answered with busy must not be a duplicate when it comes again. */
	if (tg_relay_forward(r, e->topic, pub->flags, frame->raw.data, frame->raw.len, conn) != TG_OK) {
		tg_conn_err(conn, &id, TG_ERR_BUSY, "memory");
		return;
	}
	/* Until the frame is stale: its own time plus the age, on the clock that never goes back. */
	tg_dedup_put(r->dedup, &id, (r->mono_ms + (pub->time_ms + age - r->now_ms)) / 1000 + 1);
	tg_bucket_take(topic_bucket, &c->topic_rate[pub->class], cost);
	r->metrics.frames_in[pub->class]++;
	r->metrics.bytes_in[pub->class] += frame->raw.len;
	if (pub->flags & TG_PUB_RECEIPT)
		tg_conn_ok(conn, &id);
}

static void
handle(struct tg_conn *conn, const struct tg_frame *frame)
{
	if (conn->state == TG_CONN_WAITING && frame->type != TG_FRAME_HELLO) {
		tg_conn_close(conn, TG_WS_PROTOCOL, TG_ERR_BAD_FRAME, "before HELLO");
		return;
	}
	switch (frame->type) {
	case TG_FRAME_HELLO:
		recv_hello(conn, frame);
		return;
	case TG_FRAME_SUB:
		recv_sub(conn, frame);
		return;
	case TG_FRAME_UNSUB:
		recv_unsub(conn, frame);
		return;
	case TG_FRAME_PUB:
		recv_pub(conn, frame);
		return;
	case TG_FRAME_OK:
	case TG_FRAME_ERR:
	case TG_FRAME_DRAIN:
		break; /* ours to send */
	}
	tg_conn_close(conn, TG_WS_PROTOCOL, TG_ERR_BAD_FRAME, "not for a relay");
}

static void
frames(struct tg_conn *conn, const uint8_t *data, size_t len)
{
	size_t at = 0;

	if (len == 0)
		tg_conn_close(conn, TG_WS_PROTOCOL, TG_ERR_BAD_FRAME, "empty message");
	while (at < len && (conn->state == TG_CONN_WAITING || conn->state == TG_CONN_OPEN)) {
		struct tg_frame frame;
		size_t used;

		switch (tg_frame_decode(data + at, len - at, &frame, &used)) {
		case TG_OK:
			handle(conn, &frame);
			break;
		case TG_ETOOBIG:
			tg_conn_close(conn, TG_WS_TOO_BIG, TG_ERR_TOO_BIG, "frame");
			break;
		case TG_EVERSION:
			tg_conn_close(conn, TG_WS_PROTOCOL, TG_ERR_BAD_VERSION, NULL);
			break;
		case TG_ETRUNCATED:
			tg_conn_close(conn, TG_WS_PROTOCOL, TG_ERR_BAD_FRAME, "cut off");
			break;
		default:
			tg_conn_close(conn, TG_WS_PROTOCOL, TG_ERR_BAD_FRAME, NULL);
			break;
		}
		at += used;
	}
}

void
tg_conn_receive(struct tg_conn *conn, const struct tg_piece *piece)
{
	struct tg_relay *r = conn->relay;

	if (conn->state != TG_CONN_WAITING && conn->state != TG_CONN_OPEN)
		return;
	conn->heard_s = (uint32_t)(r->mono_ms / 1000);
	if (!piece->binary) {
		tg_conn_close(conn, TG_WS_PROTOCOL, TG_ERR_BAD_FRAME, "text message");
		return;
	}
	if (piece->first)
		conn->skip_message = 0;
	/* What is announced counts at once: a header that promises 2^62 bytes is refused on arrival. */
	if (piece->remaining > TG_WS_MESSAGE_MAX_BYTES ||
	    conn->partial.len + piece->len + piece->remaining > TG_WS_MESSAGE_MAX_BYTES) {
		tg_conn_close(conn, TG_WS_TOO_BIG, TG_ERR_TOO_BIG, "message");
		return;
	}
	if (conn->skip_message)
		return;
	if (piece->first && piece->last) {
		frames(conn, piece->data, piece->len);
		return;
	}
	if (tg_relay_full(r, piece->len)) {
		tg_conn_drop_partial(conn);
		conn->skip_message = 1;
		tg_conn_err(conn, NULL, TG_ERR_BUSY, "memory");
		return;
	}
	r->metrics.assembly_bytes -= conn->partial.len;
	tg_buf_put(&conn->partial, piece->data, piece->len);
	r->metrics.assembly_bytes += conn->partial.len;
	if (tg_buf_status(&conn->partial) != TG_OK) {
		tg_conn_drop_partial(conn);
		conn->skip_message = 1;
		tg_conn_err(conn, NULL, TG_ERR_BUSY, "memory");
		return;
	}
	if (piece->last) {
		/* Frames may close the connection, which drops conn->partial: hold the bytes meanwhile. */
		struct tg_buf whole = conn->partial;

		memset(&conn->partial, 0, sizeof conn->partial);
		r->metrics.assembly_bytes -= whole.len;
		frames(conn, whole.data, whole.len);
		tg_buf_free(&whole);
	}
}
