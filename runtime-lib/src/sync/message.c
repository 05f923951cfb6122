#include <string.h>

#include <toygrid/limits.h>
#include <toygrid/status.h>

#include "sync/message.h"
#include "wire/writer.h"

#define MESSAGE_VERSION 1

static void
message_digest(const struct tg_hash *topic, const uint8_t *prefix, size_t len, struct tg_hash *digest)
{
	struct tg_hasher hasher;

	tg_hash_init(&hasher, TG_DOMAIN_MESSAGE);
	tg_hash_update(&hasher, topic->b, sizeof topic->b);
	tg_hash_update(&hasher, prefix, len);
	tg_hash_final(&hasher, digest);
}

int
tg_message_seal(struct tg_rng *rng, const struct tg_keypair *session, uint64_t counter, uint64_t kind,
    const uint8_t *body, size_t body_len, const struct tg_secret *sync_key, const struct tg_hash *topic,
    struct tg_buf *payload)
{
	struct tg_buf plain = {0};
	struct tg_hash digest;
	struct tg_sig sig;
	uint8_t *out;
	int rc = TG_ENOMEM;

	if (body_len > TG_PAYLOAD_MAX_BYTES - TG_MESSAGE_OVERHEAD)
		return TG_ETOOBIG;
	tg_write_array(&plain, 6);
	tg_write_uint(&plain, MESSAGE_VERSION);
	tg_write_bin(&plain, session->public_key.b, sizeof session->public_key.b);
	tg_write_uint(&plain, counter);
	tg_write_uint(&plain, kind);
	tg_buf_put(&plain, body, body_len);
	if (tg_buf_status(&plain) != TG_OK)
		goto free_plain;
	message_digest(topic, plain.data, plain.len, &digest);
	tg_sign(session, &digest, &sig);
	tg_write_bin(&plain, sig.b, sizeof sig.b);
	if (tg_buf_status(&plain) != TG_OK)
		goto free_plain;
	if ((out = tg_buf_space(payload, TG_NONCE_BYTES + plain.len + TG_TAG_BYTES)) == NULL)
		goto free_plain;
	tg_rng_bytes(rng, out, TG_NONCE_BYTES);
	tg_seal(sync_key, out, topic->b, sizeof topic->b, plain.data, plain.len, out + TG_NONCE_BYTES);
	rc = TG_OK;
free_plain:
	tg_buf_free(&plain);
	return rc;
}

int
tg_message_open(const struct tg_secret *sync_key, const struct tg_hash *topic, const uint8_t *payload,
    size_t len, struct tg_buf *plain, struct tg_message *message)
{
	struct tg_reader r;
	size_t prefix;
	uint8_t *out;
	int rc;

	if (len < TG_NONCE_BYTES + TG_TAG_BYTES + 1)
		return TG_ETRUNCATED;
	tg_buf_reset(plain);
	if ((out = tg_buf_space(plain, len - TG_NONCE_BYTES - TG_TAG_BYTES)) == NULL)
		return TG_ENOMEM;
	rc = tg_open(sync_key, payload, topic->b, sizeof topic->b, payload + TG_NONCE_BYTES,
	    len - TG_NONCE_BYTES, out);
	if (rc != TG_OK)
		return rc;
	tg_reader_init(&r, plain->data, plain->len);
	tg_read_array(&r, 6, 6);
	if (tg_read_uint(&r, UINT64_MAX) != MESSAGE_VERSION)
		tg_reader_fail(&r, TG_EVERSION);
	tg_read_fixed(&r, message->session.b, sizeof message->session.b);
	message->counter = tg_read_uint(&r, UINT64_MAX);
	message->kind = tg_read_uint(&r, UINT64_MAX);
	message->body = tg_read_skip(&r);
	prefix = r.at;
	tg_read_fixed(&r, message->signature.b, sizeof message->signature.b);
	if ((rc = tg_reader_end(&r)) != TG_OK)
		return rc;
	message_digest(topic, plain->data, prefix, &message->digest);
	return TG_OK;
}

int
tg_message_verify(const struct tg_message *message)
{
	return tg_verify(&message->session, &message->digest, &message->signature);
}
