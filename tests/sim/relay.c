#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <toygrid/limits.h>
#include <toygrid/status.h>

#include "sim/relay.h"

struct topic {
	struct tg_hash id;
	struct tg_key write_key, read_key;
	int may_receive, may_publish;
};

struct sim_conn {
	struct sim_conn *next;
	struct sim_link *link;
	int greeted; /* the client's HELLO was accepted */
	uint8_t challenge[TG_CHALLENGE_BYTES];
	struct topic *topics;
	size_t topic_count, topic_cap;
};

struct sim_relay *
sim_relay_new(struct sim_sched *sched, struct sim_rand rand, const char *name)
{
	struct sim_relay *relay = sim_malloc(sizeof *relay);

	relay->sched = sched;
	relay->rand = rand;
	snprintf(relay->name, sizeof relay->name, "%s", name);
	sim_relay_start(relay);
	return relay;
}

void
sim_relay_free(struct sim_relay *relay)
{
	if (relay == NULL)
		return;
	while (relay->conns != NULL)
		sim_relay_closed(relay, relay->conns);
	free(relay->seen);
	free(relay);
}

void
sim_relay_stop(struct sim_relay *relay)
{
	relay->up = 0;
	while (relay->conns != NULL)
		sim_link_cut(relay->conns->link, 1);
	free(relay->seen);
	relay->seen = NULL;
	relay->seen_count = relay->seen_cap = 0;
}

void
sim_relay_start(struct sim_relay *relay)
{
	relay->up = 1;
	sim_rand_fill(&relay->rand, relay->epoch, sizeof relay->epoch);
}

static uint64_t
relay_time(const struct sim_relay *relay)
{
	return relay->sched->now_ms + (uint64_t)relay->skew_ms;
}

static void
answer(struct sim_conn *conn, struct tg_buf *frame)
{
	if (tg_buf_status(frame) != TG_OK)
		abort();
	sim_link_down(conn->link, NULL, 0, frame->data, frame->len);
	tg_buf_free(frame);
}

static void
refuse(struct sim_relay *relay, struct sim_conn *conn, const struct tg_frame_id *id, uint64_t code)
{
	struct tg_buf out = {0};

	relay->errors[code]++;
	tg_frame_put_err(&out, id, code, NULL);
	answer(conn, &out);
	if (tg_err_closes(code))
		sim_link_close_after(conn->link);
}

struct sim_conn *
sim_relay_accept(struct sim_relay *relay, struct sim_link *link)
{
	struct sim_conn *conn;

	if (!relay->up)
		return NULL;
	conn = sim_malloc(sizeof *conn);
	conn->link = link;
	sim_rand_fill(&relay->rand, conn->challenge, sizeof conn->challenge);
	conn->next = relay->conns;
	relay->conns = conn;
	return conn;
}

void
sim_relay_greet(struct sim_relay *relay, struct sim_conn *conn)
{
	static const struct tg_relay_limits limits = {TG_FRAME_MAX_BYTES, TG_WS_MESSAGE_MAX_BYTES,
	    TG_TOPICS_PER_SOCKET_MAX, TG_MAIN_AGE_MS, TG_SIDE_AGE_MS, TG_READER_QUEUE_BYTES};
	struct tg_buf out = {0};

	tg_frame_put_relay_hello(&out, "sim", &limits, relay->epoch, relay_time(relay), conn->challenge);
	answer(conn, &out);
}

void
sim_relay_closed(struct sim_relay *relay, struct sim_conn *conn)
{
	struct sim_conn **p = &relay->conns;

	while (*p != conn)
		p = &(*p)->next;
	*p = conn->next;
	free(conn->topics);
	free(conn);
}

void
sim_relay_drain(struct sim_relay *relay, uint64_t within_ms)
{
	for (struct sim_conn *conn = relay->conns; conn != NULL; conn = conn->next) {
		struct tg_buf out = {0};

		tg_frame_put_drain(&out, within_ms);
		answer(conn, &out);
	}
}

static struct topic *
find_topic(struct sim_conn *conn, const struct tg_hash *id)
{
	for (size_t i = 0; i < conn->topic_count; i++)
		if (tg_hash_cmp(&conn->topics[i].id, id) == 0)
			return &conn->topics[i];
	return NULL;
}

static int
proves(const struct sim_relay *relay, const struct sim_conn *conn, const struct tg_sub *sub, unsigned class)
{
	const struct tg_sig *proof = class == TG_CLASS_SIDE ? sub->read_proof : sub->write_proof;
	const struct tg_key *key = class == TG_CLASS_SIDE ? sub->read_key : sub->write_key;
	struct tg_sub_claim claim = {relay->name, strlen(relay->name), relay->epoch, conn->challenge,
	    sub->topic, sub->write_key, sub->read_key};
	struct tg_hash digest;

	tg_sub_digest(&claim, class, &digest);
	return tg_verify(key, &digest, proof) == TG_OK;
}

static void
on_sub(struct sim_relay *relay, struct sim_conn *conn, const struct tg_frame *frame)
{
	const struct tg_sub *sub = &frame->u.sub;
	struct tg_frame_id id;
	struct tg_hash expected;
	struct topic *topic = find_topic(conn, sub->topic);
	struct tg_buf out = {0};

	tg_frame_id(frame->raw.data, frame->raw.len, &id);
	if (topic == NULL && conn->topic_count == TG_TOPICS_PER_SOCKET_MAX) {
		refuse(relay, conn, &id, TG_ERR_TOO_MANY_TOPICS);
		return;
	}
	tg_topic_id(sub->write_key, sub->read_key, &expected);
	if (tg_hash_cmp(&expected, sub->topic) != 0 ||
	    (sub->read_proof != NULL && !proves(relay, conn, sub, TG_CLASS_SIDE)) ||
	    (sub->write_proof != NULL && !proves(relay, conn, sub, TG_CLASS_MAIN))) {
		refuse(relay, conn, &id, TG_ERR_BAD_SIGNATURE);
		return;
	}
	if (topic == NULL) {
		if (conn->topic_count == conn->topic_cap) {
			conn->topic_cap = conn->topic_cap ? conn->topic_cap * 2 : 8;
			conn->topics = sim_realloc(conn->topics, conn->topic_cap * sizeof *conn->topics);
		}
		topic = &conn->topics[conn->topic_count++];
		*topic = (struct topic){*sub->topic, *sub->write_key, *sub->read_key, 0, 0};
	}
	topic->may_receive |= sub->read_proof != NULL;
	topic->may_publish |= sub->write_proof != NULL;
	tg_frame_put_ok(&out, &id);
	answer(conn, &out);
}

static void
on_unsub(struct sim_conn *conn, const struct tg_frame *frame)
{
	struct topic *topic = find_topic(conn, frame->u.unsub.topic);

	if (topic != NULL)
		*topic = conn->topics[--conn->topic_count];
}

size_t
sim_relay_topics(const struct sim_relay *relay)
{
	size_t n = 0;

	for (const struct sim_conn *conn = relay->conns; conn != NULL; conn = conn->next)
		n += conn->topic_count;
	return n;
}

/* The slot of ${id}, or of the empty place where it belongs. */
static struct tg_frame_id *
seen_slot(struct sim_relay *relay, const struct tg_frame_id *id)
{
	static const struct tg_frame_id none;
	size_t i =
	    ((size_t)id->b[0] | (size_t)id->b[1] << 8 | (size_t)id->b[2] << 16) & (relay->seen_cap - 1);

	while (
	    memcmp(&relay->seen[i], &none, sizeof none) != 0 && memcmp(&relay->seen[i], id, sizeof *id) != 0)
		i = (i + 1) & (relay->seen_cap - 1);
	return &relay->seen[i];
}

static int
seen_before(struct sim_relay *relay, const struct tg_frame_id *id)
{
	return relay->seen_cap > 0 && memcmp(seen_slot(relay, id), id, sizeof *id) == 0;
}

static void
remember(struct sim_relay *relay, const struct tg_frame_id *id)
{
	if (relay->seen_count * 2 >= relay->seen_cap) {
		struct tg_frame_id *old = relay->seen;
		size_t old_cap = relay->seen_cap;
		static const struct tg_frame_id none;

		relay->seen_cap = old_cap ? old_cap * 2 : 1024;
		relay->seen = sim_malloc(relay->seen_cap * sizeof *relay->seen);
		for (size_t i = 0; i < old_cap; i++)
			if (memcmp(&old[i], &none, sizeof none) != 0)
				*seen_slot(relay, &old[i]) = old[i];
		free(old);
	}
	*seen_slot(relay, id) = *id;
	relay->seen_count++;
}

static void
forward(struct sim_relay *relay, struct sim_conn *from, const struct tg_frame *frame)
{
	const struct tg_pub *pub = &frame->u.pub;
	const struct sim_faults *f = &relay->faults;
	uint32_t delay = f->reorder_ms ? sim_rand_below(&relay->rand, f->reorder_ms) : 0;

	for (struct sim_conn *conn = relay->conns; conn != NULL; conn = conn->next) {
		struct topic *topic = conn == from ? NULL : find_topic(conn, pub->topic);
		int copies = 1;
		uint32_t late;

		if (topic == NULL || !topic->may_receive)
			continue;
		if (pub->class == TG_CLASS_MAIN && relay->withhold > 0 &&
		    relay->withhold_from == conn->link) {
			relay->withhold--;
			continue;
		}
		if (pub->class == TG_CLASS_SIDE && sim_rand_percent(&relay->rand, f->drop_side_percent))
			continue;
		if (sim_rand_percent(&relay->rand, f->duplicate_percent))
			copies = 2;
		late = topic->may_publish ? 0 : f->inbox_late_ms;
		while (copies-- > 0) {
			sim_link_down(conn->link, late > 0 ? NULL : from->link, delay + late, frame->raw.data,
			    frame->raw.len);
			relay->forwarded++;
		}
	}
}

static void
on_pub(struct sim_relay *relay, struct sim_conn *conn, const struct tg_frame *frame)
{
	const struct tg_pub *pub = &frame->u.pub;
	struct topic *topic = find_topic(conn, pub->topic);
	uint64_t now = relay_time(relay), age = now > pub->time_ms ? now - pub->time_ms : pub->time_ms - now;
	struct tg_frame_id id;
	struct tg_hash digest;

	tg_frame_id(frame->raw.data, frame->raw.len, &id);
	if (topic == NULL) {
		refuse(relay, conn, &id, TG_ERR_UNKNOWN_TOPIC);
		return;
	}
	if (age > (pub->class == TG_CLASS_MAIN ? TG_MAIN_AGE_MS : TG_SIDE_AGE_MS)) {
		refuse(relay, conn, &id, TG_ERR_STALE);
		return;
	}
	if (seen_before(relay, &id)) {
		refuse(relay, conn, &id, TG_ERR_DUPLICATE);
		return;
	}
	tg_pub_digest(pub->signed_bytes, &digest);
	if (tg_verify(pub->class == TG_CLASS_MAIN ? &topic->write_key : &topic->read_key, &digest,
		pub->sig) != TG_OK) {
		refuse(relay, conn, &id, TG_ERR_BAD_SIGNATURE);
		return;
	}
	remember(relay, &id);
	relay->pubs++;
	if (relay->tap != NULL)
		relay->tap(relay->tap_ctx, relay, pub);
	if (pub->flags & TG_PUB_RECEIPT) {
		struct tg_buf out = {0};

		tg_frame_put_ok(&out, &id);
		answer(conn, &out);
	}
	forward(relay, conn, frame);
}

static void
on_hello(struct sim_relay *relay, struct sim_conn *conn, const struct tg_frame *frame)
{
	const struct tg_bytes *host = &frame->u.client_hello.host;

	if (host->len != strlen(relay->name) || memcmp(host->data, relay->name, host->len) != 0)
		refuse(relay, conn, NULL, TG_ERR_WRONG_HOST);
	else
		conn->greeted = 1;
}

void
sim_relay_receive(struct sim_relay *relay, struct sim_conn *conn, const uint8_t *data, size_t len)
{
	struct sim_link *link = conn->link;
	size_t used;

	if (len > TG_WS_MESSAGE_MAX_BYTES) {
		refuse(relay, conn, NULL, TG_ERR_TOO_BIG);
		return;
	}
	for (size_t at = 0; at < len && link->state == SIM_LINK_OPEN; at += used) {
		struct tg_frame frame;
		int rc = tg_frame_decode(data + at, len - at, &frame, &used);

		if (rc != TG_OK || (frame.type != TG_FRAME_HELLO) != conn->greeted ||
		    (frame.type == TG_FRAME_HELLO && frame.from_relay)) {
			refuse(relay, conn, NULL,
			    rc == TG_ETOOBIG	? TG_ERR_TOO_BIG
			    : rc == TG_EVERSION ? TG_ERR_BAD_VERSION
						: TG_ERR_BAD_FRAME);
			return;
		}
		switch (frame.type) {
		case TG_FRAME_HELLO:
			on_hello(relay, conn, &frame);
			if (!conn->greeted)
				return;
			break;
		case TG_FRAME_SUB:
			on_sub(relay, conn, &frame);
			break;
		case TG_FRAME_UNSUB:
			on_unsub(conn, &frame);
			break;
		case TG_FRAME_PUB:
			on_pub(relay, conn, &frame);
			break;
		default:
			refuse(relay, conn, NULL, TG_ERR_BAD_FRAME);
			return;
		}
	}
}
