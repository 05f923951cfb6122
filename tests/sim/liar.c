#include <stdlib.h>
#include <string.h>

#include <toygrid/access.h>
#include <toygrid/status.h>

#include "sim/liar.h"
#include "sync/bodies.h"
#include "sync/message.h"
#include "wire/writer.h"

#define STATES_MAX 200

struct sim_liar {
	struct sim_world *world;
	const struct sim_links *links;
	size_t relay;
	struct sim_rand rand;
	struct tg_rng rng;
	struct tg_access access;
	struct tg_keypair session, device;
	uint8_t nonce[TG_SESSION_NONCE_BYTES];
	uint64_t counter;
	struct sim_link *link;
	uint8_t epoch[TG_RELAY_EPOCH_BYTES], challenge[TG_CHALLENGE_BYTES];
	int may_write;
	uint32_t lies, told;
	uint64_t next_id;
};

static void
publish_to(
    struct sim_liar *liar, const struct tg_hash *topic, unsigned class, const void *payload, size_t len)
{
	int writes = class == TG_CLASS_MAIN && liar->may_write && topic == &liar->access.topic;
	struct tg_buf out = {0};

	if (len == 0 || len > TG_PAYLOAD_MAX_BYTES)
		return;
	tg_frame_put_pub(&out, writes ? &liar->access.write : &liar->access.read, topic, class, 0,
	    liar->world->sched.now_ms + (uint64_t)liar->world->relays[liar->relay]->skew_ms, payload, len);
	sim_link_up(liar->link, out.data, out.len);
	tg_buf_free(&out);
	liar->told++;
}

static void
publish(struct sim_liar *liar, unsigned class, const void *payload, size_t len)
{
	publish_to(liar, &liar->access.topic, class, payload, len);
}

static void
say(struct sim_liar *liar, unsigned class, uint64_t kind, const struct tg_buf *body)
{
	struct tg_buf payload = {0};

	if (tg_message_seal(&liar->rng, &liar->session, ++liar->counter, kind, body->data, body->len,
		&liar->access.sync, &liar->access.topic, &payload) == TG_OK)
		publish(liar, class, payload.data, payload.len);
	tg_buf_free(&payload);
}

/* "I have all of that", under the given session record. */
static void
claim(struct sim_liar *liar, const struct tg_have *heard, struct tg_bytes record)
{
	static struct tg_log_state states[STATES_MAX];
	struct tg_bytes list = heard->list;
	struct tg_buf body = {0};
	size_t n = 0;

	while (n < STATES_MAX && tg_have_next(&list, &states[n]))
		n++;
	tg_have_put_list(&body, record, TG_HAVE_ACK, states, n);
	say(liar, TG_CLASS_SIDE, TG_MSG_HAVE, &body);
	tg_buf_free(&body);
}

static void
claim_own(struct sim_liar *liar, const struct tg_have *heard, unsigned role)
{
	struct tg_access keys = liar->access;
	struct tg_buf record = {0};

	if (role == TG_SESSION_WRITER) { /* the read key where the write key should be */
		keys.mode = TG_MODE_COMMENT;
		keys.write = keys.read;
	}
	if (tg_session_encode(&keys, &liar->session.public_key, &liar->device, liar->nonce, role, &record) ==
	    TG_OK)
		claim(liar, heard, (struct tg_bytes){record.data, record.len});
	tg_buf_free(&record);
}

/* A have of ${n} states, in its own name. */
static void
say_to_hold(struct sim_liar *liar, const struct tg_log_state *states, size_t n)
{
	struct tg_buf record = {0}, body = {0};

	if (tg_session_encode(&liar->access, &liar->session.public_key, &liar->device, liar->nonce,
		TG_SESSION_VIEWER, &record) == TG_OK) {
		tg_have_put_list(&body, (struct tg_bytes){record.data, record.len}, 0, states, n);
		say(liar, TG_CLASS_SIDE, TG_MSG_HAVE, &body);
	}
	tg_buf_free(&record);
	tg_buf_free(&body);
}

/* "I hold two histories of each of these", of which there are none. */
static void
claim_branches(struct sim_liar *liar, const struct tg_have *heard)
{
	static struct tg_log_state states[STATES_MAX];
	struct tg_bytes list = heard->list;
	struct tg_log_state state;
	size_t n = 0;

	while (n + 2 <= STATES_MAX && tg_have_next(&list, &state)) {
		if (n > 0 && tg_key_cmp(&states[n - 1].log, &state.log) == 0)
			continue;
		for (int i = 0; i < 2; i++) {
			states[n] = state;
			states[n].length = 1 + sim_rand_below(&liar->rand, 2 * (uint32_t)state.length);
			sim_rand_fill(&liar->rand, states[n].root.b, sizeof states[n].root.b);
			states[n++].root.b[0] = (uint8_t)i;
		}
	}
	say_to_hold(liar, states, n);
}

/* "I hold far more than you, of each log and of one that there is not." */
static void
claim_more(struct sim_liar *liar, const struct tg_have *heard)
{
	static struct tg_log_state states[STATES_MAX];
	struct tg_bytes list = heard->list;
	size_t n = 1;

	memset(&states[0], 0, sizeof states[0]); /* it stands before all others */
	while (heard->is_list && n < STATES_MAX && tg_have_next(&list, &states[n]))
		if (tg_key_cmp(&states[n].log, &states[n - 1].log) != 0)
			n++;
	for (size_t i = 0; i < n; i++)
		states[i].length = UINT64_MAX >> 1;
	say_to_hold(liar, states, n);
}

/* Somebody fell for it. */
static void
answer_without_end(struct sim_liar *liar, const struct tg_message *message)
{
	struct tg_buf body = {0}, payload = {0}, sub = {0};
	struct tg_hash inbox;
	struct tg_want want;
	uint8_t junk = 0;

	if (message->kind != TG_MSG_WANT || tg_want_get(message->body, &want) != TG_OK)
		return;
	tg_topic_inbox(&liar->access.r, &want.asker, &inbox);
	tg_frame_put_sub(&sub, &inbox, &liar->access.r, &want.asker, NULL, NULL);
	sim_link_up(liar->link, sub.data, sub.len);
	tg_data_put(
	    &body, want.request, TG_DATA_MORE, 1, (struct tg_bytes){&junk, 1}, 0, (struct tg_bytes){NULL, 0});
	if (tg_message_seal(&liar->rng, &liar->session, ++liar->counter, TG_MSG_DATA, body.data, body.len,
		&liar->access.sync, &inbox, &payload) == TG_OK)
		publish_to(liar, &inbox, TG_CLASS_MAIN, payload.data, payload.len);
	tg_buf_free(&body);
	tg_buf_free(&payload);
	tg_buf_free(&sub);
}

static void
lie_with_have(struct sim_liar *liar, const struct tg_message *message)
{
	struct tg_have have;

	if (tg_have_get(message->body, &have) != TG_OK || !have.is_list)
		return;
	if (liar->lies & SIM_LIE_ACK_VIEWER)
		claim_own(liar, &have, TG_SESSION_VIEWER);
	if (liar->lies & SIM_LIE_ACK_WRITER)
		claim_own(liar, &have, TG_SESSION_WRITER);
	if (liar->lies & SIM_LIE_BRANCHES)
		claim_branches(liar, &have);
	if (liar->lies & SIM_LIE_ACK_FOREIGN)
		claim(liar, &have, have.session_record);
}

/* Seal ${plain}, a whole message made by another, as it is or altered. */
static void
say_plain(struct sim_liar *liar, unsigned class, const uint8_t *plain, size_t len)
{
	struct tg_buf payload = {0};
	uint8_t *nonce = tg_buf_space(&payload, TG_NONCE_BYTES), *sealed;

	tg_rng_bytes(&liar->rng, nonce, TG_NONCE_BYTES);
	sealed = tg_buf_space(&payload, len + TG_TAG_BYTES);
	tg_seal(&liar->access.sync, payload.data, liar->access.topic.b, 32, plain, len, sealed);
	publish(liar, class, payload.data, payload.len);
	tg_buf_free(&payload);
}

static void
lie_with_plain(struct sim_liar *liar, const struct tg_message *message, struct tg_buf *plain)
{
	struct tg_buf body = {0};
	size_t bit;

	if (liar->lies & SIM_LIE_SIGNATURE && plain->len > 100) {
		bit = 40 + sim_rand_below(&liar->rand, (uint32_t)plain->len - 40);
		plain->data[bit] ^= 1;
		say_plain(liar, TG_CLASS_SIDE, plain->data, plain->len);
		plain->data[bit] ^= 1;
	}
	if (liar->lies & SIM_LIE_RUN && message->kind == TG_MSG_APPEND) {
		tg_buf_put(&body, message->body.data, message->body.len);
		body.data[8 + sim_rand_below(&liar->rand, (uint32_t)body.len - 8)] ^= 4;
		say(liar, liar->may_write ? TG_CLASS_MAIN : TG_CLASS_SIDE, TG_MSG_APPEND, &body);
		tg_buf_free(&body);
	}
	if (liar->lies & SIM_LIE_WRITE)
		say_plain(liar, TG_CLASS_MAIN, plain->data, plain->len);
	if (liar->lies & SIM_LIE_GARBAGE) {
		uint8_t *junk = tg_buf_space(&body, 60);

		sim_rand_fill(&liar->rand, junk, 60);
		say(liar, TG_CLASS_SIDE, sim_rand_below(&liar->rand, 12), &body);
		tg_buf_free(&body);
	}
}

static void
on_pub(struct sim_liar *liar, const struct tg_pub *pub)
{
	int to_all = tg_hash_cmp(pub->topic, &liar->access.topic) == 0;
	struct tg_buf plain = {0};
	struct tg_message message;
	struct tg_have have;

	if (liar->lies & SIM_LIE_ENDLESS) {
		if (tg_message_open(&liar->access.sync, pub->topic, pub->payload.data, pub->payload.len,
			&plain, &message) == TG_OK) {
			if (!to_all)
				answer_without_end(liar, &message);
			else if (message.kind == TG_MSG_HAVE && tg_have_get(message.body, &have) == TG_OK)
				claim_more(liar, &have);
		}
		tg_buf_reset(&plain);
	}
	if (!to_all || !sim_rand_percent(&liar->rand, 20)) {
		tg_buf_free(&plain);
		return;
	}
	if (tg_message_open(&liar->access.sync, pub->topic, pub->payload.data, pub->payload.len, &plain,
		&message) == TG_OK) {
		if (message.kind == TG_MSG_HAVE)
			lie_with_have(liar, &message);
		lie_with_plain(liar, &message, &plain);
		if (liar->lies & SIM_LIE_REPLAY)
			publish(liar, TG_CLASS_SIDE, pub->payload.data, pub->payload.len);
	}
	tg_buf_free(&plain);
}

static void
subscribe(struct sim_liar *liar)
{
	const char *name = liar->world->relays[liar->relay]->name;
	struct tg_sub_claim sub = {name, strlen(name), liar->epoch, liar->challenge, &liar->access.topic,
	    &liar->access.w, &liar->access.r};
	struct tg_hash digest, inbox;
	struct tg_sig proof;
	struct tg_buf out = {0};

	tg_sub_digest(&sub, TG_CLASS_SIDE, &digest);
	tg_sign(&liar->access.read, &digest, &proof);
	tg_frame_put_client_hello(&out, "liar", name, strlen(name));
	tg_frame_put_sub(&out, &liar->access.topic, &liar->access.w, &liar->access.r, &proof, NULL);
	if (liar->lies & SIM_LIE_ENDLESS) { /* it wants to be asked */
		tg_topic_inbox(&liar->access.r, &liar->session.public_key, &inbox);
		sub.topic = &inbox;
		sub.write_key = &liar->access.r;
		sub.read_key = &liar->session.public_key;
		tg_sub_digest(&sub, TG_CLASS_SIDE, &digest);
		tg_sign(&liar->session, &digest, &proof);
		tg_frame_put_sub(&out, &inbox, sub.write_key, sub.read_key, &proof, NULL);
	}
	sim_link_up(liar->link, out.data, out.len);
	tg_buf_free(&out);
}

static void
opened(void *owner, struct sim_link *link)
{
	(void)owner;
	(void)link;
}

static void
received(void *owner, struct sim_link *link, const uint8_t *data, size_t len)
{
	struct sim_liar *liar = owner;
	struct tg_frame frame;
	size_t used;

	(void)link;
	for (size_t at = 0; at < len && tg_frame_decode(data + at, len - at, &frame, &used) == TG_OK;
	     at += used) {
		if (frame.type == TG_FRAME_HELLO && frame.from_relay) {
			memcpy(liar->epoch, frame.u.relay_hello.epoch, sizeof liar->epoch);
			memcpy(liar->challenge, frame.u.relay_hello.challenge, sizeof liar->challenge);
			subscribe(liar);
		} else if (frame.type == TG_FRAME_PUB) {
			on_pub(liar, &frame.u.pub);
		}
	}
}

static void begin(void *ctx, uint64_t arg);

static void
closed(void *owner, struct sim_link *link)
{
	struct sim_liar *liar = owner;

	(void)link;
	liar->link = NULL;
	sim_at(&liar->world->sched, liar->world->sched.now_ms + 1000, begin, liar, 0);
}

static const struct sim_link_owner calls = {opened, received, closed};

static void
begin(void *ctx, uint64_t arg)
{
	struct sim_liar *liar = ctx;
	struct sim_world *world = liar->world;
	struct tg_secret secret;
	struct tg_key w;

	(void)arg;
	if (!liar->links->known) {
		sim_at(&world->sched, world->sched.now_ms + 200, begin, liar, 0);
		return;
	}
	memcpy(secret.b, liar->may_write ? liar->links->edit : liar->links->view, 32);
	memcpy(w.b, liar->links->view + 32, 32);
	if (world->link_count == SIM_LINKS_MAX ||
	    tg_access_from_secret(liar->may_write ? TG_MODE_EDIT : TG_MODE_VIEW, &secret,
		liar->may_write ? NULL : &w, &liar->access) != TG_OK)
		abort();
	liar->access.grid = liar->links->grid;
	liar->link = sim_link_dial(&world->sched, sim_rand_fork(&liar->rand), world->relays[liar->relay],
	    liar, &calls, liar->next_id++);
	world->links[world->link_count++] = liar->link;
}

struct sim_liar *
sim_liar_new(struct sim_world *world, const struct sim_links *links, size_t relay)
{
	struct sim_liar *liar = sim_malloc(sizeof *liar);
	struct tg_secret seed;

	liar->world = world;
	liar->links = links;
	liar->relay = relay;
	liar->rand = sim_rand_fork(&world->rand);
	liar->lies = SIM_LIE_ALL;
	sim_rand_fill(&liar->rand, seed.b, 32);
	tg_rng_seed(&liar->rng, &seed);
	sim_rand_fill(&liar->rand, seed.b, 32);
	tg_keypair_from_seed(&seed, &liar->session);
	sim_rand_fill(&liar->rand, seed.b, 32);
	tg_keypair_from_seed(&seed, &liar->device);
	sim_say(world, "liar", "listens on relay %u", (unsigned)relay);
	begin(liar, 0);
	return liar;
}

void
sim_liar_free(struct sim_liar *liar)
{
	free(liar);
}

void
sim_liar_lies(struct sim_liar *liar, uint32_t lies)
{
	liar->lies = lies;
}

void
sim_liar_may_write(struct sim_liar *liar)
{
	liar->may_write = 1;
	if (liar->link != NULL)
		sim_link_cut(liar->link, 1); /* it comes back with the better link */
}

uint32_t
sim_liar_told(const struct sim_liar *liar)
{
	return liar->told;
}
