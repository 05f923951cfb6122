#include <string.h>

#include <sodium.h>

#include <toygrid/status.h>

#include "conn.h"
#include "relay.h"
#include "transport.h"

#define DEDUP_BUDGET 20000u /* ids forgotten in one go: about a millisecond */

int
tg_relay_init(struct tg_relay *relay, const struct tg_config *config, uint64_t now_ms, uint64_t mono_ms)
{
	uint8_t seed[16];

	memset(relay, 0, sizeof *relay);
	relay->config = *config;
	relay->now_ms = relay->start_ms = now_ms;
	relay->mono_ms = mono_ms;
	randombytes_buf(relay->epoch, sizeof relay->epoch);
	randombytes_buf(seed, sizeof seed);
	if (tg_topics_init(&relay->topics, seed) != TG_OK ||
	    tg_addresses_init(&relay->addresses, seed) != TG_OK ||
	    (relay->dedup = tg_dedup_new(config->dedup_slots, seed, mono_ms / 1000)) == NULL) {
		tg_relay_close(relay);
		return TG_ENOMEM;
	}
	return TG_OK;
}

void
tg_relay_close(struct tg_relay *relay)
{
	tg_topics_close(&relay->topics);
	tg_addresses_close(&relay->addresses);
	tg_dedup_free(relay->dedup);
	tg_batch_pool_free(&relay->pool);
	memset(relay, 0, sizeof *relay);
}

void
tg_relay_clock(struct tg_relay *relay, uint64_t now_ms, uint64_t mono_ms)
{
	relay->now_ms = now_ms;
	relay->mono_ms = mono_ms;
}

int
tg_relay_full(const struct tg_relay *relay, size_t more)
{
	return relay->pool.out_bytes + relay->metrics.assembly_bytes + more >
	       (uint64_t)relay->config.memory_mib << 20;
}

int
tg_relay_forward(struct tg_relay *relay, struct tg_topic *topic, unsigned flags, const uint8_t *frame,
    size_t len, struct tg_conn *sender)
{
	const int which = (flags & TG_PUB_EPHEMERAL) != 0;
	struct tg_batch *b = topic->last[which];

	if (topic->reader_count == 0)
		return TG_OK;
	if (b == NULL || !tg_batch_fits(b, len)) {
		if ((b = tg_batch_new(&relay->pool, which)) == NULL)
			return TG_ENOMEM;
		*(topic->last[which] != NULL ? &topic->last[which]->next : &topic->first[which]) = b;
		topic->last[which] = b;
		if (!topic->dirty) {
			if (relay->dirty == NULL)
				relay->dirty_from_ms = relay->mono_ms;
			topic->dirty = 1;
			topic->next_dirty = relay->dirty;
			relay->dirty = topic;
		}
	}
	return tg_batch_add(b, frame, len, sender);
}

int
tg_relay_turn_is_long(const struct tg_relay *relay)
{
	return relay->dirty != NULL && relay->mono_ms - relay->dirty_from_ms >= TG_TURN_MAX_MS;
}

/*
 * No connection is freed in here: transports free only from their own callbacks, and whoever is closed on the
 * way leaves its topics in tg_conn_settle(), so the array of readers stands still.
 */
static void
send_batch(struct tg_relay *relay, struct tg_topic *topic, struct tg_batch *batch)
{
	relay->mark++;
	for (size_t i = 0; i < batch->piece_count; i++)
		if (batch->pieces[i].sender != NULL)
			((struct tg_conn *)batch->pieces[i].sender)->mark = relay->mark;
	for (uint32_t i = 0; i < topic->reader_count; i++)
		tg_conn_deliver(topic->readers[i]->owner, batch);
	relay->metrics.deliveries += (uint64_t)batch->piece_count * topic->reader_count;
}

void
tg_relay_end_turn(struct tg_relay *relay)
{
	relay->metrics.turns++;
	while (relay->dirty != NULL) {
		struct tg_topic *t = relay->dirty;

		for (int i = 0; i < 2; i++) {
			while (t->first[i] != NULL) {
				struct tg_batch *b = t->first[i];

				if (b->piece_count > 0)
					send_batch(relay, t, b);
				t->first[i] = b->next;
				tg_batch_release(&relay->pool, b);
			}
			t->last[i] = NULL;
		}
		relay->dirty = t->next_dirty;
		t->dirty = 0;
		t->next_dirty = NULL;
		tg_topics_settle(&relay->topics, t);
	}
	while (relay->todo != NULL)
		tg_conn_settle(relay->todo);
	if (relay->dedup_behind)
		relay->dedup_behind = tg_dedup_tick(relay->dedup, relay->mono_ms / 1000, DEDUP_BUDGET);
}

static void
end(struct tg_conn *conn)
{
	tg_conn_move(conn, NULL);
	if (conn->socket != NULL)
		tg_transport_kill(conn->socket);
}

void
tg_relay_tick(struct tg_relay *relay)
{
	const struct tg_config *c = &relay->config;
	const uint32_t now_s = (uint32_t)(relay->mono_ms / 1000);
	struct tg_conn *conn;
	uint32_t pings;

	relay->dedup_behind = tg_dedup_tick(relay->dedup, relay->mono_ms / 1000, DEDUP_BUDGET);
	tg_addresses_tick(&relay->addresses, now_s);
	/* The lists are in order of entry and each has one deadline, so only their heads can be due. */
	while ((conn = relay->handshake.first) != NULL && now_s - conn->since_s > c->hello_s) {
		relay->metrics.drops[TG_DROP_HANDSHAKE_LATE]++;
		end(conn);
	}
	while ((conn = relay->waiting.first) != NULL && now_s - conn->since_s > c->hello_s) {
		relay->metrics.drops[TG_DROP_HELLO_LATE]++;
		tg_conn_close(conn, TG_WS_PROTOCOL, TG_ERR_BAD_FRAME, "no HELLO in time");
	}
	while ((conn = relay->closing.first) != NULL && now_s - conn->since_s > TG_CLOSE_GRACE_S)
		end(conn);
	/* Spread the pings of connections that came in one second over several. */
	pings = relay->open.count / c->ping_s * 2 + 100;
	while ((conn = relay->open.first) != NULL && now_s - conn->since_s >= c->ping_s && pings-- > 0) {
		if (conn->subs == NULL && now_s - conn->heard_s >= c->idle_s) {
			relay->metrics.drops[TG_DROP_IDLE]++;
			tg_conn_close(conn, TG_WS_GOING_AWAY, 0, NULL);
			continue;
		}
		tg_conn_move(conn, &relay->open);
		tg_conn_ping(conn);
	}
}

void
tg_relay_drain(struct tg_relay *relay)
{
	struct tg_conn *conn, *next;

	if (relay->draining)
		return;
	relay->draining = 1;
	relay->drain_from_ms = relay->mono_ms;
	while ((conn = relay->handshake.first) != NULL)
		end(conn);
	while ((conn = relay->waiting.first) != NULL)
		tg_conn_close(conn, TG_WS_GOING_AWAY, TG_ERR_DRAINING, NULL);
	for (conn = relay->open.first; conn != NULL; conn = next) {
		next = conn->after;
		/* Not all at once: they will all knock at another relay's door. */
		tg_conn_drain(conn, randombytes_uniform(relay->config.drain_ms + 1));
	}
}

int
tg_relay_drain_step(struct tg_relay *relay)
{
	uint64_t passed = relay->mono_ms - relay->drain_from_ms;
	struct tg_conn *conn, *next;

	for (conn = relay->open.first; conn != NULL; conn = next) {
		next = conn->after;
		if (passed >= conn->drain_after_ms)
			tg_conn_close(conn, TG_WS_GOING_AWAY, 0, NULL);
	}
	return relay->sockets == 0 || passed >= TG_DRAIN_MAX_MS;
}
