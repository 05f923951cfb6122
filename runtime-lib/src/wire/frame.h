/*
 * frame.h -- the frames between a client and a relay (protocol.md 3): bytes to struct and back.
 *
 * One codec serves relay, native peer and browser.  The decoder takes exactly what the encoders can write:
 * every accepted frame, encoded again from its fields, gives the same bytes.  It checks form, lengths and
 * ranges, allocates nothing and verifies nothing: topic ids, proofs, signatures and ages are the caller's
 * next step, in the order of protocol.md 3.
 */
#ifndef TG_WIRE_FRAME_H
#define TG_WIRE_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include <toygrid/crypto.h>
#include <toygrid/limits.h>

#include "base/buf.h"
#include "wire/reader.h"

#define TG_FRAME_ID_BYTES	    16
#define TG_RELAY_EPOCH_BYTES	    8
#define TG_CHALLENGE_BYTES	    32
#define TG_FRAME_SOFTWARE_MAX_BYTES 64
#define TG_FRAME_HOST_MAX_BYTES	    255
#define TG_FRAME_ERR_TEXT_MAX_BYTES 128
#define TG_FRAME_LIMITS_COUNT	    6  /* numbers in a relay's limits that we know */
#define TG_FRAME_LIMITS_MAX	    16 /* and as many as a later relay may send */

/* All of a PUB but its payload: array, type, topic, class, flags, time, payload's header, signature. */
#define TG_PUB_OVERHEAD_MAX_BYTES (1 + 1 + 34 + 1 + 1 + 9 + 5 + 66)
_Static_assert(TG_PAYLOAD_MAX_BYTES + TG_PUB_OVERHEAD_MAX_BYTES <= TG_FRAME_MAX_BYTES, "a full PUB fits");

enum tg_frame_type {
	TG_FRAME_HELLO = 0,
	TG_FRAME_SUB = 1,
	TG_FRAME_UNSUB = 2,
	TG_FRAME_PUB = 3,
	TG_FRAME_OK = 4,
	TG_FRAME_ERR = 5,
	TG_FRAME_DRAIN = 6,
};

#define TG_CLASS_MAIN 0 /* signed with the topic's write key W */
#define TG_CLASS_SIDE 1 /* signed with the topic's read key R */

#define TG_PUB_EPHEMERAL 1u /* side only: first to be dropped for a slow reader */
#define TG_PUB_RECEIPT	 2u /* answer with OK */

/* Codes of ERR: name in the enum, number, text on the wire, whether the relay closes after it. */
#define TG_ERR_MAP(X)                                                                                        \
	X(TG_ERR_BAD_FRAME, 1, "bad-frame", 1)                                                               \
	X(TG_ERR_TOO_BIG, 2, "too-big", 1)                                                                   \
	X(TG_ERR_RATE_LIMITED, 3, "rate-limited", 0)                                                         \
	X(TG_ERR_BAD_SIGNATURE, 4, "bad-signature", 0)                                                       \
	X(TG_ERR_STALE, 5, "stale", 0)                                                                       \
	X(TG_ERR_DUPLICATE, 6, "duplicate", 0)                                                               \
	X(TG_ERR_SLOW, 7, "slow", 1)                                                                         \
	X(TG_ERR_BUSY, 8, "busy", 0)                                                                         \
	X(TG_ERR_QUOTA, 9, "quota", 0)                                                                       \
	X(TG_ERR_DRAINING, 10, "draining", 0)                                                                \
	X(TG_ERR_UNKNOWN_TOPIC, 11, "unknown-topic", 0)                                                      \
	X(TG_ERR_TOO_MANY_TOPICS, 12, "too-many-topics", 0)                                                  \
	X(TG_ERR_WRONG_HOST, 13, "wrong-host", 1)                                                            \
	X(TG_ERR_BAD_VERSION, 14, "bad-version", 1)

enum tg_err_code {
#define X(name, number, text, closes) name = number,
	TG_ERR_MAP(X)
#undef X
	TG_ERR_CODE_COUNT = 15 /* one more than the highest number */
};

/* What a frame is called in OK and ERR.  All zero where no frame can be named. */
struct tg_frame_id {
	uint8_t b[TG_FRAME_ID_BYTES];
};

/* What a relay says of itself; protocol.md 3 gives the order. */
struct tg_relay_limits {
	uint64_t frame_bytes;
	uint64_t message_bytes;
	uint64_t topics;      /* per socket */
	uint64_t main_age_ms; /* a PUB's time may differ by this much from the relay's */
	uint64_t side_age_ms;
	uint64_t queue_bytes; /* what may wait for a slow reader */
};

/* HELLO of a relay. */
struct tg_relay_hello {
	struct tg_bytes software; /* UTF-8 */
	struct tg_relay_limits limits;
	const uint8_t *epoch;	  /* TG_RELAY_EPOCH_BYTES */
	uint64_t time_ms;	  /* the relay's clock, Unix epoch */
	const uint8_t *challenge; /* TG_CHALLENGE_BYTES */
};

/* HELLO of a client. */
struct tg_client_hello {
	struct tg_bytes software; /* UTF-8 */
	struct tg_bytes host;	  /* the name the client dialled; UTF-8, may be empty here */
};

struct tg_sub {
	const struct tg_hash *topic; /* not yet compared with tg_topic_id(write_key, read_key) */
	const struct tg_key *write_key;
	const struct tg_key *read_key;
	const struct tg_sig *read_proof;  /* NULL when absent */
	const struct tg_sig *write_proof; /* NULL when absent */
};

struct tg_unsub {
	const struct tg_hash *topic;
};

struct tg_pub {
	const struct tg_hash *topic;
	unsigned class; /* TG_CLASS_* */
	unsigned flags; /* TG_PUB_*; ephemeral never together with main */
	uint64_t time_ms;
	struct tg_bytes payload;      /* 1 .. TG_PAYLOAD_MAX_BYTES */
	struct tg_bytes signed_bytes; /* the frame up to its signature: input of tg_pub_digest */
	const struct tg_sig *sig;
};

struct tg_ok {
	const struct tg_frame_id *id;
};

struct tg_err {
	const struct tg_frame_id *id;
	uint64_t code; /* a later relay may send a code that tg_err_name does not know */
	struct tg_bytes text;
};

struct tg_drain {
	uint64_t within_ms;
};

/* A decoded frame.  Every pointer is borrowed from the input and dies with it. */
struct tg_frame {
	enum tg_frame_type type;
	int from_relay;	     /* HELLO only: relay_hello is set, not client_hello */
	struct tg_bytes raw; /* the whole frame */
	union {
		struct tg_relay_hello relay_hello;
		struct tg_client_hello client_hello;
		struct tg_sub sub;
		struct tg_unsub unsub;
		struct tg_pub pub;
		struct tg_ok ok;
		struct tg_err err;
		struct tg_drain drain;
	} u;
};

/**
 * tg_frame_decode(data, len, frame, used):
 * Decode the frame at the front of data[0 .. len).  Returns TG_OK with *${used} > 0, the frame's length; or,
 * with *${used} == 0 and ${frame} zeroed:
 *   TG_ETRUNCATED  the bytes so far could begin a frame, but it does not end within ${len}; an empty input
 * too. TG_ETOOBIG     the payload is longer than TG_PAYLOAD_MAX_BYTES, so the frame than TG_FRAME_MAX_BYTES.
 *   TG_EVERSION    a HELLO of another protocol version; its other fields were not looked at.
 *   TG_EFORMAT     anything else: an unknown type, a wrong length or range, a longer encoding than needed.
 */
int tg_frame_decode(const uint8_t *data, size_t len, struct tg_frame *frame, size_t *used)
    __attribute__((warn_unused_result));

/** tg_frame_id(data, len, id): First 16 bytes of H(tg/msg, data[0 .. len)), a whole frame.  Cannot fail. */
void tg_frame_id(const uint8_t *data, size_t len, struct tg_frame_id *id);

/** tg_topic_id(write_key, read_key, topic): H(tg/topic, W || R) (protocol.md 2).  Cannot fail. */
void tg_topic_id(const struct tg_key *write_key, const struct tg_key *read_key, struct tg_hash *topic);

/* What a proof in a SUB signs, apart from its class. */
struct tg_sub_claim {
	const char *host; /* as dialled, lower case, no port; ${host_len} <= TG_FRAME_HOST_MAX_BYTES */
	size_t host_len;
	const uint8_t *epoch;	  /* from the relay's HELLO */
	const uint8_t *challenge; /* from the relay's HELLO */
	const struct tg_hash *topic;
	const struct tg_key *write_key;
	const struct tg_key *read_key;
};

/**
 * tg_sub_digest(claim, class, digest):
 * H(tg/sub, [host, relay epoch, challenge, topic, W, R, class]), to be signed with R for TG_CLASS_SIDE ("may
 * receive") or with W for TG_CLASS_MAIN ("may publish main").  Cannot fail.
 */
void tg_sub_digest(const struct tg_sub_claim *claim, unsigned class, struct tg_hash *digest);

/** tg_pub_digest(signed_bytes, digest): H(tg/frame, frame bytes before the signature element).  Cannot fail.
 */
void tg_pub_digest(struct tg_bytes signed_bytes, struct tg_hash *digest);

/** tg_err_name(code): "bad-frame" and so on; "unknown" for other numbers.  Static storage. */
const char *tg_err_name(uint64_t code);

/** tg_err_closes(code): 1 when the relay closes the connection after ${code}, else 0. */
int tg_err_closes(uint64_t code);

/*
 * Encoders: append one frame to ${buf}; a failed allocation shows in tg_buf_status(${buf}).  Lengths and
 * ranges are the caller's duty and asserted: what a decoder refuses is never written.
 */
void tg_frame_put_relay_hello(struct tg_buf *buf, const char *software, const struct tg_relay_limits *limits,
    const uint8_t epoch[TG_RELAY_EPOCH_BYTES], uint64_t time_ms, const uint8_t challenge[TG_CHALLENGE_BYTES]);
void tg_frame_put_client_hello(struct tg_buf *buf, const char *software, const char *host, size_t host_len);

/** tg_frame_put_sub(buf, topic, write_key, read_key, read_proof, write_proof): A proof may be NULL. */
void tg_frame_put_sub(struct tg_buf *buf, const struct tg_hash *topic, const struct tg_key *write_key,
    const struct tg_key *read_key, const struct tg_sig *read_proof, const struct tg_sig *write_proof);
void tg_frame_put_unsub(struct tg_buf *buf, const struct tg_hash *topic);

/**
 * tg_frame_put_pub(buf, pair, topic, class, flags, time_ms, payload, len):
 * A PUB of 1 .. TG_PAYLOAD_MAX_BYTES bytes of ${payload}, signed with ${pair}: the write pair for
 * TG_CLASS_MAIN, the read pair for TG_CLASS_SIDE.  ${time_ms} is relay time.
 */
void tg_frame_put_pub(struct tg_buf *buf, const struct tg_keypair *pair, const struct tg_hash *topic,
    unsigned class, unsigned flags, uint64_t time_ms, const void *payload, size_t len);
void tg_frame_put_ok(struct tg_buf *buf, const struct tg_frame_id *id);

/**
 * tg_frame_put_err(buf, id, code, detail):
 * The text is the code's name, and ": " and ${detail} when that is not NULL (ASCII, cut to fit).  ${id} NULL
 * means 16 zero bytes.
 */
void tg_frame_put_err(struct tg_buf *buf, const struct tg_frame_id *id, uint64_t code, const char *detail);
void tg_frame_put_drain(struct tg_buf *buf, uint64_t within_ms);

#endif
