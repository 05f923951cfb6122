/*
 * Byte strings of fixed length are handed out as pointers into the input: tg_hash, tg_key, tg_sig and
 * tg_frame_id are structs of one uint8_t array, so any address is aligned for them.
 */
#include <assert.h>
#include <string.h>

#include <toygrid/status.h>

#include "wire/frame.h"
#include "wire/writer.h"

_Static_assert(_Alignof(struct tg_hash) == 1 && _Alignof(struct tg_key) == 1 &&
		   _Alignof(struct tg_sig) == 1 && _Alignof(struct tg_frame_id) == 1,
    "fixed byte strings are read in place");

static const struct tg_frame_id no_id;

const char *
tg_err_name(uint64_t code)
{
	switch (code) {
#define X(name, number, text, closes)                                                                        \
	case number:                                                                                         \
		return text;
		TG_ERR_MAP(X)
#undef X
	}
	return "unknown";
}

int
tg_err_closes(uint64_t code)
{
	switch (code) {
#define X(name, number, text, closes)                                                                        \
	case number:                                                                                         \
		return closes;
		TG_ERR_MAP(X)
#undef X
	}
	return 0;
}

/* A bin of exactly len bytes, in place; NULL after an error. */
static const void *
fixed(struct tg_reader *r, size_t len)
{
	struct tg_bytes b = tg_read_bin(r, len);

	if (b.data != NULL && b.len != len)
		tg_reader_fail(r, TG_EFORMAT);
	return tg_reader_status(r) == TG_OK ? b.data : NULL;
}

/* A bin of 0 or 64 bytes. */
static const struct tg_sig *
proof(struct tg_reader *r)
{
	struct tg_bytes b = tg_read_bin(r, TG_SIG_BYTES);

	if (tg_reader_status(r) != TG_OK || b.len == 0)
		return NULL;
	if (b.len != TG_SIG_BYTES) {
		tg_reader_fail(r, TG_EFORMAT);
		return NULL;
	}
	return (const struct tg_sig *)b.data;
}

static void
expect_count(struct tg_reader *r, uint32_t count, uint32_t want)
{
	if (count != want)
		tg_reader_fail(r, TG_EFORMAT);
}

static void
read_limits(struct tg_reader *r, struct tg_relay_limits *limits)
{
	uint32_t n = tg_read_array(r, TG_FRAME_LIMITS_COUNT, TG_FRAME_LIMITS_MAX);

	limits->frame_bytes = tg_read_uint(r, UINT64_MAX);
	limits->message_bytes = tg_read_uint(r, UINT64_MAX);
	limits->topics = tg_read_uint(r, UINT64_MAX);
	limits->main_age_ms = tg_read_uint(r, UINT64_MAX);
	limits->side_age_ms = tg_read_uint(r, UINT64_MAX);
	limits->queue_bytes = tg_read_uint(r, UINT64_MAX);
	for (uint32_t i = TG_FRAME_LIMITS_COUNT; i < n; i++)
		tg_read_uint(r, UINT64_MAX); /* of a later relay */
}

static void
read_hello(struct tg_reader *r, uint32_t count, struct tg_frame *f)
{
	uint64_t version = tg_read_uint(r, UINT64_MAX);

	if (tg_reader_status(r) == TG_OK && version != TG_PROTOCOL_VERSION)
		tg_reader_fail(r, TG_EVERSION); /* before the count: another version may have another one */
	if (count == 7) {
		struct tg_relay_hello *h = &f->u.relay_hello;

		f->from_relay = 1;
		h->software = tg_read_str(r, TG_FRAME_SOFTWARE_MAX_BYTES);
		read_limits(r, &h->limits);
		h->epoch = fixed(r, TG_RELAY_EPOCH_BYTES);
		h->time_ms = tg_read_uint(r, UINT64_MAX);
		h->challenge = fixed(r, TG_CHALLENGE_BYTES);
	} else {
		struct tg_client_hello *h = &f->u.client_hello;

		expect_count(r, count, 4);
		h->software = tg_read_str(r, TG_FRAME_SOFTWARE_MAX_BYTES);
		h->host = tg_read_str(r, TG_FRAME_HOST_MAX_BYTES);
	}
}

static void
read_sub(struct tg_reader *r, uint32_t count, struct tg_sub *sub)
{
	expect_count(r, count, 6);
	sub->topic = fixed(r, TG_HASH_BYTES);
	sub->write_key = fixed(r, TG_KEY_BYTES);
	sub->read_key = fixed(r, TG_KEY_BYTES);
	sub->read_proof = proof(r);
	sub->write_proof = proof(r);
}

/* Sets *too_big when it is the payload that is over its limit: the one length with an error of its own. */
static void
read_pub(struct tg_reader *r, uint32_t count, struct tg_pub *pub, int *too_big)
{
	expect_count(r, count, 7);
	pub->topic = fixed(r, TG_HASH_BYTES);
	pub->class = (unsigned)tg_read_uint(r, TG_CLASS_SIDE);
	pub->flags = (unsigned)tg_read_uint(r, TG_PUB_EPHEMERAL | TG_PUB_RECEIPT);
	if ((pub->flags & TG_PUB_EPHEMERAL) && pub->class != TG_CLASS_SIDE)
		tg_reader_fail(r, TG_EFORMAT);
	pub->time_ms = tg_read_uint(r, UINT64_MAX);
	if (tg_reader_status(r) == TG_OK) {
		pub->payload = tg_read_bin(r, TG_PAYLOAD_MAX_BYTES);
		*too_big = tg_reader_status(r) == TG_ETOOBIG;
	}
	if (tg_reader_status(r) == TG_OK && pub->payload.len == 0)
		tg_reader_fail(r, TG_EFORMAT);
	pub->signed_bytes = (struct tg_bytes){r->data, r->at};
	pub->sig = fixed(r, TG_SIG_BYTES);
}

int
tg_frame_decode(const uint8_t *data, size_t len, struct tg_frame *frame, size_t *used)
{
	struct tg_reader r;
	uint32_t count;
	uint64_t type;
	int too_big = 0, rc;

	memset(frame, 0, sizeof *frame);
	*used = 0;
	/*
	 * No frame is longer than its limit, so bytes beyond it are never looked at; a frame that would need
	 * them cannot exist, for the payload has its own, tighter limit.
	 */
	tg_reader_init(&r, data, len < TG_FRAME_MAX_BYTES ? len : TG_FRAME_MAX_BYTES);
	count = tg_read_array(&r, 2, 7);
	type = tg_read_uint(&r, TG_FRAME_DRAIN);
	frame->type = (enum tg_frame_type)type;
	if (tg_reader_status(&r) == TG_OK) {
		switch (frame->type) {
		case TG_FRAME_HELLO:
			read_hello(&r, count, frame);
			break;
		case TG_FRAME_SUB:
			read_sub(&r, count, &frame->u.sub);
			break;
		case TG_FRAME_UNSUB:
			expect_count(&r, count, 2);
			frame->u.unsub.topic = fixed(&r, TG_HASH_BYTES);
			break;
		case TG_FRAME_PUB:
			read_pub(&r, count, &frame->u.pub, &too_big);
			break;
		case TG_FRAME_OK:
			expect_count(&r, count, 2);
			frame->u.ok.id = fixed(&r, TG_FRAME_ID_BYTES);
			break;
		case TG_FRAME_ERR:
			expect_count(&r, count, 4);
			frame->u.err.id = fixed(&r, TG_FRAME_ID_BYTES);
			frame->u.err.code = tg_read_uint(&r, UINT64_MAX);
			frame->u.err.text = tg_read_str(&r, TG_FRAME_ERR_TEXT_MAX_BYTES);
			break;
		case TG_FRAME_DRAIN:
			expect_count(&r, count, 2);
			frame->u.drain.within_ms = tg_read_uint(&r, UINT64_MAX);
			break;
		}
	}
	if ((rc = tg_reader_status(&r)) != TG_OK) {
		memset(frame, 0, sizeof *frame);
		return rc == TG_ETOOBIG && !too_big ? TG_EFORMAT : rc;
	}
	frame->raw = (struct tg_bytes){data, r.at};
	*used = r.at;
	return TG_OK;
}

void
tg_frame_id(const uint8_t *data, size_t len, struct tg_frame_id *id)
{
	struct tg_hash h;

	tg_hash(TG_DOMAIN_MSG, data, len, &h);
	memcpy(id->b, h.b, sizeof id->b);
}

void
tg_topic_id(const struct tg_key *write_key, const struct tg_key *read_key, struct tg_hash *topic)
{
	struct tg_hasher h;

	tg_hash_init(&h, TG_DOMAIN_TOPIC);
	tg_hash_update(&h, write_key->b, sizeof write_key->b);
	tg_hash_update(&h, read_key->b, sizeof read_key->b);
	tg_hash_final(&h, topic);
}

static void
hash_bin(struct tg_hasher *h, const void *data, uint8_t len)
{
	const uint8_t header[2] = {0xc4, len};

	tg_hash_update(h, header, sizeof header);
	tg_hash_update(h, data, len);
}

/* The array is hashed as it would be written, piece by piece, so that a relay needs no memory for it. */
void
tg_sub_digest(const struct tg_sub_claim *claim, unsigned class, struct tg_hash *digest)
{
	struct tg_hasher h;
	uint8_t head[3] = {0x97, 0, 0};
	uint8_t last = (uint8_t) class;
	size_t n;

	assert(claim->host_len <= TG_FRAME_HOST_MAX_BYTES && class <= TG_CLASS_SIDE);
	if (claim->host_len < 32) {
		head[1] = (uint8_t)(0xa0 | claim->host_len);
		n = 2;
	} else {
		head[1] = 0xd9;
		head[2] = (uint8_t)claim->host_len;
		n = 3;
	}
	tg_hash_init(&h, TG_DOMAIN_SUB);
	tg_hash_update(&h, head, n);
	tg_hash_update(&h, claim->host, claim->host_len);
	hash_bin(&h, claim->epoch, TG_RELAY_EPOCH_BYTES);
	hash_bin(&h, claim->challenge, TG_CHALLENGE_BYTES);
	hash_bin(&h, claim->topic->b, TG_HASH_BYTES);
	hash_bin(&h, claim->write_key->b, TG_KEY_BYTES);
	hash_bin(&h, claim->read_key->b, TG_KEY_BYTES);
	tg_hash_update(&h, &last, 1);
	tg_hash_final(&h, digest);
}

void
tg_pub_digest(struct tg_bytes signed_bytes, struct tg_hash *digest)
{
	tg_hash(TG_DOMAIN_FRAME, signed_bytes.data, signed_bytes.len, digest);
}

void
tg_frame_put_relay_hello(struct tg_buf *buf, const char *software, const struct tg_relay_limits *limits,
    const uint8_t epoch[TG_RELAY_EPOCH_BYTES], uint64_t time_ms, const uint8_t challenge[TG_CHALLENGE_BYTES])
{
	assert(strlen(software) <= TG_FRAME_SOFTWARE_MAX_BYTES);
	tg_write_array(buf, 7);
	tg_write_uint(buf, TG_FRAME_HELLO);
	tg_write_uint(buf, TG_PROTOCOL_VERSION);
	tg_write_str(buf, software, strlen(software));
	tg_write_array(buf, TG_FRAME_LIMITS_COUNT);
	tg_write_uint(buf, limits->frame_bytes);
	tg_write_uint(buf, limits->message_bytes);
	tg_write_uint(buf, limits->topics);
	tg_write_uint(buf, limits->main_age_ms);
	tg_write_uint(buf, limits->side_age_ms);
	tg_write_uint(buf, limits->queue_bytes);
	tg_write_bin(buf, epoch, TG_RELAY_EPOCH_BYTES);
	tg_write_uint(buf, time_ms);
	tg_write_bin(buf, challenge, TG_CHALLENGE_BYTES);
}

void
tg_frame_put_client_hello(struct tg_buf *buf, const char *software, const char *host, size_t host_len)
{
	assert(strlen(software) <= TG_FRAME_SOFTWARE_MAX_BYTES && host_len <= TG_FRAME_HOST_MAX_BYTES);
	tg_write_array(buf, 4);
	tg_write_uint(buf, TG_FRAME_HELLO);
	tg_write_uint(buf, TG_PROTOCOL_VERSION);
	tg_write_str(buf, software, strlen(software));
	tg_write_str(buf, host, host_len);
}

void
tg_frame_put_sub(struct tg_buf *buf, const struct tg_hash *topic, const struct tg_key *write_key,
    const struct tg_key *read_key, const struct tg_sig *read_proof, const struct tg_sig *write_proof)
{
	tg_write_array(buf, 6);
	tg_write_uint(buf, TG_FRAME_SUB);
	tg_write_bin(buf, topic->b, sizeof topic->b);
	tg_write_bin(buf, write_key->b, sizeof write_key->b);
	tg_write_bin(buf, read_key->b, sizeof read_key->b);
	tg_write_bin(buf, read_proof, read_proof != NULL ? TG_SIG_BYTES : 0);
	tg_write_bin(buf, write_proof, write_proof != NULL ? TG_SIG_BYTES : 0);
}

void
tg_frame_put_unsub(struct tg_buf *buf, const struct tg_hash *topic)
{
	tg_write_array(buf, 2);
	tg_write_uint(buf, TG_FRAME_UNSUB);
	tg_write_bin(buf, topic->b, sizeof topic->b);
}

void
tg_frame_put_pub(struct tg_buf *buf, const struct tg_keypair *pair, const struct tg_hash *topic,
    unsigned class, unsigned flags, uint64_t time_ms, const void *payload, size_t len)
{
	size_t from = buf->len;
	struct tg_hash digest;
	struct tg_sig sig;

	assert(class <= TG_CLASS_SIDE && flags <= (TG_PUB_EPHEMERAL | TG_PUB_RECEIPT));
	assert(class == TG_CLASS_SIDE || !(flags & TG_PUB_EPHEMERAL));
	assert(len >= 1 && len <= TG_PAYLOAD_MAX_BYTES);
	tg_write_array(buf, 7);
	tg_write_uint(buf, TG_FRAME_PUB);
	tg_write_bin(buf, topic->b, sizeof topic->b);
	tg_write_uint(buf, class);
	tg_write_uint(buf, flags);
	tg_write_uint(buf, time_ms);
	tg_write_bin(buf, payload, len);
	if (tg_buf_status(buf) != TG_OK)
		return; /* incomplete bytes must not be signed */
	tg_pub_digest((struct tg_bytes){buf->data + from, buf->len - from}, &digest);
	tg_sign(pair, &digest, &sig);
	tg_write_bin(buf, sig.b, sizeof sig.b);
}

void
tg_frame_put_ok(struct tg_buf *buf, const struct tg_frame_id *id)
{
	tg_write_array(buf, 2);
	tg_write_uint(buf, TG_FRAME_OK);
	tg_write_bin(buf, id->b, sizeof id->b);
}

void
tg_frame_put_err(struct tg_buf *buf, const struct tg_frame_id *id, uint64_t code, const char *detail)
{
	char text[TG_FRAME_ERR_TEXT_MAX_BYTES];
	const char *name = tg_err_name(code);
	size_t n = strlen(name), more = detail != NULL ? strlen(detail) : 0;

	memcpy(text, name, n);
	if (more > 0) {
		memcpy(text + n, ": ", 2);
		n += 2;
		if (more > sizeof text - n)
			more = sizeof text - n;
		memcpy(text + n, detail, more);
		n += more;
	}
	tg_write_array(buf, 4);
	tg_write_uint(buf, TG_FRAME_ERR);
	tg_write_bin(buf, id != NULL ? id->b : no_id.b, TG_FRAME_ID_BYTES);
	tg_write_uint(buf, code);
	tg_write_str(buf, text, n);
}

void
tg_frame_put_drain(struct tg_buf *buf, uint64_t within_ms)
{
	tg_write_array(buf, 2);
	tg_write_uint(buf, TG_FRAME_DRAIN);
	tg_write_uint(buf, within_ms);
}
