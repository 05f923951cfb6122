/*
 * What a holder of the edit link can send: messages that are well sealed and signed, with arbitrary bodies,
 * and entries of a valid log of their own, with arbitrary plain bodies and texts.
 *
 * Input: parts back to back: how u8, length u16be, bytes.  how & 3: 0 a message on the grid's topic, of kind
 * how >> 4; 1 the same on the peer's inbox; 2 an entry whose body is the bytes and whose text is its first
 * how >> 4 of them; 3 a record entry, with how & 16 first going back how >> 5 entries, so that the log forks.
 * 32 bytes 'G' stand for the id of the document, 'L' for the own log, 'P' for the log of the peer.
 */
#include <stdlib.h>
#include <string.h>

#include <toygrid/access.h>
#include <toygrid/log.h>
#include <toygrid/status.h>

#include "fuzz/target.h"
#include "sim/chaos.h"
#include "sync/bodies.h"
#include "sync/message.h"
#include "wire/frame.h"
#include "wire/writer.h"

#define PARTS_MAX   48
#define RECORDS_MAX 128

struct intruder {
	struct sim_host *host;
	const struct sim_links *links;
	struct tg_access access;
	struct tg_rng rng;
	struct tg_keypair session, device, identity;
	struct tg_key inbox; /* session of the peer, from its have */
	int met;
	uint64_t counter;
	struct tg_log log;
	struct tg_buf records[RECORDS_MAX];   /* values of the own `e` keys */
	struct tg_buf heads[RECORDS_MAX + 1]; /* values of the `h` key, by the log's length */
	size_t record_count;
};

static int
own_record(void *ctx, const struct tg_key *log, uint64_t seq, struct tg_bytes *value)
{
	struct intruder *in = ctx;

	if (tg_key_cmp(log, &in->log.key) != 0 || seq >= in->record_count)
		return TG_ENOTFOUND;
	*value = (struct tg_bytes){in->records[seq].data, in->records[seq].len};
	return TG_OK;
}

static struct tg_fetch
fetch(struct intruder *in)
{
	return (struct tg_fetch){own_record, in};
}

/* Hand the peer a frame as its relay would. */
static void
deliver(struct intruder *in, unsigned class, int inbox, const struct tg_buf *payload)
{
	struct tg_buf frame = {0}, event = {0};
	struct tg_hash topic = in->access.topic;
	const struct tg_keypair *pair = class == TG_CLASS_MAIN ? &in->access.write : &in->access.read;

	if (inbox) {
		tg_topic_inbox(&in->access.r, &in->inbox, &topic);
		pair = &in->access.read;
		class = TG_CLASS_MAIN;
	}
	tg_frame_put_pub(
	    &frame, pair, &topic, class, 0, in->host->world->sched.now_ms, payload->data, payload->len);
	if (in->host->links[0] != NULL) {
		tg_event_received(&event, in->host->links[0]->id, frame.data, frame.len);
		sim_host_feed(in->host, event.data, event.len);
	}
	tg_buf_free(&event);
	tg_buf_free(&frame);
}

static void
say(struct intruder *in, uint64_t kind, int inbox, const uint8_t *body, size_t len)
{
	struct tg_buf payload = {0};
	struct tg_hash topic = in->access.topic;

	if (inbox)
		tg_topic_inbox(&in->access.r, &in->inbox, &topic);
	if (tg_message_seal(&in->rng, &in->session, ++in->counter, kind, body, len, &in->access.sync, &topic,
		&payload) == TG_OK)
		deliver(in, kind == TG_MSG_APPEND ? TG_CLASS_MAIN : TG_CLASS_SIDE, inbox, &payload);
	tg_buf_free(&payload);
}

static void
keep(struct intruder *in, const struct tg_ops *ops)
{
	for (size_t i = 0; i < ops->count; i++) {
		struct tg_bytes value = tg_ops_value(ops, i);

		if (tg_ops_key(ops, i).data[0] == 'e' && in->record_count < RECORDS_MAX) {
			tg_buf_reset(&in->records[in->record_count]);
			tg_buf_put(&in->records[in->record_count++], value.data, value.len);
		} else if (tg_ops_key(ops, i).data[0] == 'h' && in->log.length <= RECORDS_MAX) {
			tg_buf_reset(&in->heads[in->log.length]);
			tg_buf_put(&in->heads[in->log.length], value.data, value.len);
		}
	}
}

/* Forget the newest ${n} entries of the own log, as if they had never been signed. */
static void
go_back(struct intruder *in, uint64_t n)
{
	const struct tg_buf *head = &in->heads[n < in->log.length ? in->log.length - n : 1];
	struct tg_secret seed = {{4}};
	struct tg_key key = in->log.key;

	tg_log_close(&in->log);
	if (tg_log_open(&in->log, &in->access, &key, head->data, head->len) != TG_OK ||
	    tg_log_own(&in->log, &seed) != TG_OK)
		abort();
	in->record_count = (size_t)in->log.length;
}

/* Append an entry and send everything from there on. */
static void
write_entry(struct intruder *in, unsigned class, struct tg_bytes body, struct tg_bytes text)
{
	struct tg_draft draft = {class, body, text};
	struct tg_fetch f = fetch(in);
	struct tg_buf run = {0};
	struct tg_ops ops = {0};
	uint64_t from = in->log.length, end;

	if (in->record_count == RECORDS_MAX)
		return;
	if (tg_log_append(&in->log, &in->access, &draft, 1, &in->rng, &f, &ops) == TG_OK) {
		keep(in, &ops);
		tg_write_array(&run, 1);
		if (tg_log_run(&in->log, from, 0, TG_DATA_MAX_BYTES, &f, &run, &end) == TG_OK)
			say(in, TG_MSG_APPEND, 0, run.data, run.len);
	}
	tg_buf_free(&run);
	tg_ops_free(&ops);
}

static void
pair_from(uint8_t n, struct tg_keypair *pair)
{
	struct tg_secret seed;

	memset(seed.b, n, sizeof seed.b);
	tg_keypair_from_seed(&seed, pair);
}

/* A log with its certificate and a member record: whoever has the edit link can do so. */
static void
settle_in(struct intruder *in)
{
	struct tg_buf record = {0}, member = {0}, body = {0}, run = {0};
	uint8_t nonce[TG_SESSION_NONCE_BYTES] = {9};
	struct tg_secret seed = {{4}};
	struct tg_fetch f = fetch(in);
	struct tg_ops ops = {0};
	struct tg_key box = {{9}};
	uint64_t end;

	if (tg_session_encode(&in->access, &in->session.public_key, &in->device, nonce, TG_SESSION_WRITER,
		&record) != TG_OK)
		abort();
	tg_have_put_list(&body, (struct tg_bytes){record.data, record.len}, 0, NULL, 0);
	say(in, TG_MSG_HAVE, 0, body.data, body.len);
	tg_buf_reset(&record);
	tg_device_encode(&in->identity, &in->device.public_key, &box, &record);
	if (tg_log_create(
		&in->log, &in->access, &seed, &in->device, record.data, record.len, &in->rng, &ops) != TG_OK)
		abort();
	keep(in, &ops);
	tg_write_array(&run, 1);
	if (tg_log_run(&in->log, 0, 0, TG_DATA_MAX_BYTES, &f, &run, &end) != TG_OK)
		abort();
	say(in, TG_MSG_APPEND, 0, run.data, run.len);
	if (tg_member_encode(
		&in->access, &in->identity, &in->device, TG_MEMBER_EDITOR, "eve", 3, 1, &member) != TG_OK)
		abort();
	tg_buf_reset(&body);
	tg_body_begin(&body, 1, NULL, 0, 1);
	tg_body_record(&body, TG_T_MEMBER, member.data, member.len);
	write_entry(in, TG_CLASS_CONTENT, (struct tg_bytes){body.data, body.len}, (struct tg_bytes){NULL, 0});
	tg_ops_free(&ops);
	tg_buf_free(&run);
	tg_buf_free(&record);
	tg_buf_free(&member);
	tg_buf_free(&body);
}

static void
fill_in(uint8_t *bytes, size_t len, char letter, const uint8_t *value)
{
	uint8_t place[32];

	memset(place, letter, sizeof place);
	for (size_t i = 0; i + 32 <= len; i++)
		if (memcmp(bytes + i, place, 32) == 0)
			memcpy(bytes + i, value, 32);
}

/* The peer's session, out of what it says on its relay. */
static void
on_pub(void *ctx, const struct sim_relay *relay, const struct tg_pub *pub)
{
	struct intruder *in = ctx;
	struct tg_buf plain = {0};
	struct tg_message m;

	(void)relay;
	if (!in->met && in->access.mode == TG_MODE_EDIT &&
	    tg_message_open(&in->access.sync, pub->topic, pub->payload.data, pub->payload.len, &plain, &m) ==
		TG_OK) {
		in->inbox = m.session;
		in->met = 1;
	}
	tg_buf_free(&plain);
}

static void
part(struct intruder *in, uint8_t how, uint8_t *bytes, size_t len, const uint8_t *peer_log)
{
	size_t text = (size_t)(how >> 4) < len ? how >> 4 : len;

	fill_in(bytes, len, 'G', in->access.grid.b);
	fill_in(bytes, len, 'L', in->log.key.b);
	fill_in(bytes, len, 'P', peer_log);
	switch (how & 3) {
	case 0:
	case 1:
		say(in, how >> 4, how & 1, bytes, len);
		break;
	case 2:
		write_entry(
		    in, TG_CLASS_CONTENT, (struct tg_bytes){bytes, len}, (struct tg_bytes){bytes, text});
		break;
	default:
		if (how & 16)
			go_back(in, how >> 5);
		write_entry(in, TG_CLASS_RECORD, (struct tg_bytes){bytes, len}, (struct tg_bytes){NULL, 0});
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct sim_links links;
	static struct intruder in;
	struct sim_world *world;
	struct sim_host *host;
	struct tg_secret secret;
	uint8_t head_key[1] = {'h'};
	size_t at = 0, from, to;

	if (tg_crypto_init() != TG_OK)
		abort();
	links = (struct sim_links){.known = 0};
	memset(&in, 0, sizeof in);
	world = sim_world_new(1, 1, &sim_real_peer);
	world->lenient = 1;
	sim_profile_new(world, "p0", 1);
	in.host = host = sim_host_open(world->profiles[0]);
	in.links = &links;
	world->relays[0]->tap = on_pub;
	world->relays[0]->tap_ctx = &in;
	sim_user_start(host, &links, "", 1)->quiet = 1;
	while (!links.known && world->sched.now_ms < SIM_START_MS + 1000)
		sim_world_run(world, 1);
	memcpy(secret.b, links.edit, 32);
	if (!links.known || tg_access_from_secret(TG_MODE_EDIT, &secret, NULL, &in.access) != TG_OK)
		abort();
	in.access.grid = links.grid;
	sim_user_type_token(host->user);
	sim_world_run(world, 400);
	sim_store_range(host->profile->store, head_key, 1, &from, &to);
	if (!in.met || from == to)
		abort();
	pair_from(1, &in.session);
	pair_from(2, &in.device);
	pair_from(3, &in.identity);
	settle_in(&in);
	for (int n = 0; n < PARTS_MAX && len - at >= 3 && sim_host_alive(host); n++) {
		uint8_t how = data[at];
		size_t size = (size_t)data[at + 1] << 8 | data[at + 2];
		uint8_t *bytes;

		at += 3;
		if (size > len - at)
			size = len - at;
		bytes = sim_malloc(size);
		if (size > 0)
			memcpy(bytes, data + at, size);
		at += size;
		part(&in, how, bytes, size, host->profile->store->records[from].key + 33);
		free(bytes);
		sim_world_run(world, 10);
	}
	sim_world_run(world, 1500);
	if (world->malformed || !sim_host_alive(host))
		abort();
	tg_log_close(&in.log);
	for (size_t i = 0; i < RECORDS_MAX; i++)
		tg_buf_free(&in.records[i]);
	for (size_t i = 0; i <= RECORDS_MAX; i++)
		tg_buf_free(&in.heads[i]);
	sim_world_free(world);
	return 0;
}
