/*
 * message.h -- the sealed, signed message inside a relay payload (protocol.md 4).
 *
 *   payload = nonce (24) || seal(sync key, nonce, aad = topic, message)
 *   message = [1, session, counter, kind, body, signature]
 *
 * The seal proves that the sender holds a link of the grid; the signature proves which session it is.  The
 * topic is part of both, so nobody can move a message from one topic to another.
 */
#ifndef TG_SYNC_MESSAGE_H
#define TG_SYNC_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include <toygrid/crypto.h>

#include "base/buf.h"
#include "wire/reader.h"

enum tg_message_kind {
	TG_MSG_APPEND = 1,
	TG_MSG_HAVE = 2,
	TG_MSG_WANT = 3,
	TG_MSG_DATA = 4,
	TG_MSG_PRESENCE = 5,
	TG_MSG_CAST = 6,
	TG_MSG_CALL = 7,
	TG_MSG_REPLY = 8,
	TG_MSG_EXT = 9,
};

/* Bytes around a body: nonce, tag, array header, version, session, counter, kind, signature. */
#define TG_MESSAGE_OVERHEAD 192u

struct tg_message {
	struct tg_key session;
	uint64_t counter;
	uint64_t kind;
	struct tg_bytes body;  /* one encoded array, borrowed from the opened message */
	struct tg_hash digest; /* what the signature signs */
	struct tg_sig signature;
};

/**
 * tg_message_seal(rng, session, counter, kind, body, body_len, sync_key, topic, payload):
 * Append the payload for ${body} (one encoded array) to ${payload}.  ${rng} gives the nonce.
 * Returns TG_OK, TG_ENOMEM, TG_ETOOBIG (over TG_PAYLOAD_MAX_BYTES; nothing appended).
 */
int tg_message_seal(struct tg_rng *rng, const struct tg_keypair *session, uint64_t counter, uint64_t kind,
    const uint8_t *body, size_t body_len, const struct tg_secret *sync_key, const struct tg_hash *topic,
    struct tg_buf *payload) __attribute__((warn_unused_result));

/**
 * tg_message_open(sync_key, topic, payload, len, plain, message):
 * Open and decode.  ${plain} is reset and receives the plain message, from which message->body borrows.
 * The signature is not checked here: tg_message_verify does, where it matters.
 * Returns TG_OK, TG_ENOMEM, TG_ETRUNCATED, TG_EDECRYPT, TG_EFORMAT, TG_EVERSION.
 */
int tg_message_open(const struct tg_secret *sync_key, const struct tg_hash *topic, const uint8_t *payload,
    size_t len, struct tg_buf *plain, struct tg_message *message) __attribute__((warn_unused_result));

/** tg_message_verify(message): TG_OK, or TG_ESIGNATURE when it is not from message->session. */
int tg_message_verify(const struct tg_message *message) __attribute__((warn_unused_result));

#endif
