/*
 * bodies.h -- the bodies of have, want, data, presence, cast, call, reply and ext messages (protocol.md 4.2).
 *
 * Encoders append one array to a buffer.  Decoders fill a struct that borrows from the body; lists stay
 * encoded and are walked with the iterators below, so decoding allocates nothing whatever the counts say. All
 * decoders return TG_OK or TG_EFORMAT / TG_ETRUNCATED / TG_ETOOBIG, and validate the lists completely: an
 * iterator on a decoded body cannot fail.
 */
#ifndef TG_SYNC_BODIES_H
#define TG_SYNC_BODIES_H

#include <stddef.h>
#include <stdint.h>

#include <toygrid/crypto.h>

#include "base/buf.h"
#include "wire/reader.h"

#define TG_HAVE_MAX_LOGS   1000u
#define TG_WANT_MAX_RANGES 256u
#define TG_DATA_MAX_RUNS   256u
#define TG_CHANNEL_MAX	   64u
#define TG_ARGS_MAX_BYTES  65536u

/* What is known of one log: the element of a have list. */
struct tg_log_state {
	struct tg_key log;
	uint64_t length;
	struct tg_hash root;
};

enum tg_have_flag {
	TG_HAVE_ACK = 1,
	TG_HAVE_TEMPORARY = 2,
	TG_HAVE_ANSWER = 4,
	TG_HAVE_LEAVING = 8,
};

struct tg_have {
	struct tg_bytes session_record;
	uint64_t flags;
	int is_list;
	struct tg_hash digest; /* when !is_list */
	uint64_t count;	       /* logs behind the digest, or elements of the list */
	struct tg_bytes list;  /* encoded elements, for tg_have_next */
};

/**
 * tg_have_put_digest / tg_have_put_list: ${n} <= TG_HAVE_MAX_LOGS, ascending by log key, then by root: the
 * branches of a forked log stand beside each other.  tg_have_get: the list is checked to be strictly
 * ascending.
 */
void tg_have_put_digest(struct tg_buf *buf, struct tg_bytes session_record, uint64_t flags,
    const struct tg_hash *digest, uint64_t count);
void tg_have_put_list(struct tg_buf *buf, struct tg_bytes session_record, uint64_t flags,
    const struct tg_log_state *states, size_t n);
int tg_have_get(struct tg_bytes body, struct tg_have *have) __attribute__((warn_unused_result));

/** tg_have_next(list, state): Take the next element off the front of ${list}; 0 at the end. */
int tg_have_next(struct tg_bytes *list, struct tg_log_state *state);

struct tg_want_range {
	struct tg_key log;
	uint64_t from;
	uint64_t to;  /* 0: to the newest */
	int has_root; /* from the branch whose head is (to, root): to is not 0 then */
	struct tg_hash root;
};

struct tg_want {
	uint64_t request;
	uint64_t hops;
	struct tg_key asker;
	uint64_t range_count;
	struct tg_bytes ranges;
	uint64_t locator_count;
	struct tg_bytes locators;
};

void tg_want_put(struct tg_buf *buf, uint64_t request, uint64_t hops, const struct tg_key *asker,
    const struct tg_want_range *ranges, size_t range_count, const struct tg_hash *locators,
    size_t locator_count);
int tg_want_get(struct tg_bytes body, struct tg_want *want) __attribute__((warn_unused_result));
int tg_want_next_range(struct tg_bytes *ranges, struct tg_want_range *range);
int tg_want_next_locator(struct tg_bytes *locators, struct tg_hash *locator);

enum tg_data_status {
	TG_DATA_COMPLETE = 0,
	TG_DATA_MORE = 1,
	TG_DATA_NOT_HELD = 2,
	TG_DATA_QUOTA = 3,
};

struct tg_data {
	uint64_t request;
	uint64_t status;
	uint64_t run_count;
	struct tg_bytes runs; /* each an encoded run: take with tg_data_next */
	uint64_t chunk_count;
	struct tg_bytes chunks;
};

/** tg_data_put: ${runs} and ${chunks} hold ${run_count} and ${chunk_count} encoded elements, back to back. */
void tg_data_put(struct tg_buf *buf, uint64_t request, uint64_t status, uint32_t run_count,
    struct tg_bytes runs, uint32_t chunk_count, struct tg_bytes chunks);
int tg_data_get(struct tg_bytes body, struct tg_data *data) __attribute__((warn_unused_result));

/** tg_data_next(list, element): Take one encoded element off the front; 0 at the end. */
int tg_data_next(struct tg_bytes *list, struct tg_bytes *element);

/** tg_data_chunk_put / tg_data_chunk_get: one element [locator, stored form] of chunks. */
void tg_data_chunk_put(struct tg_buf *buf, const struct tg_hash *locator, struct tg_bytes stored);
int tg_data_chunk_get(struct tg_bytes element, struct tg_hash *locator, struct tg_bytes *stored)
    __attribute__((warn_unused_result));

struct tg_presence {
	uint64_t flags; /* 1 away */
	struct tg_bytes name;
	uint64_t colour;
	int has_position;
	uint64_t flow, anchor, head;
	uint64_t version_count;
	struct tg_bytes version; /* [log, seq] elements, for tg_presence_next */
};

struct tg_text_ref {
	struct tg_key log;
	uint64_t seq;
};

#define TG_PRESENCE_MAX_VERSION 64u

void tg_presence_put(struct tg_buf *buf, const struct tg_presence *presence,
    const struct tg_text_ref *version, size_t version_count);
int tg_presence_get(struct tg_bytes body, struct tg_presence *presence) __attribute__((warn_unused_result));
int tg_presence_next(struct tg_bytes *version, struct tg_text_ref *ref);

/* A cast (call == 0) or call. */
struct tg_call {
	uint64_t call;
	struct tg_bytes channel;
	uint8_t nonce[16];
	uint64_t deadline_ms;
	struct tg_bytes args;
};

void tg_cast_put(struct tg_buf *buf, const struct tg_call *cast);
int tg_cast_get(struct tg_bytes body, struct tg_call *cast) __attribute__((warn_unused_result));
void tg_call_put(struct tg_buf *buf, const struct tg_call *call);
int tg_call_get(struct tg_bytes body, struct tg_call *call) __attribute__((warn_unused_result));

struct tg_reply {
	uint64_t call;
	uint64_t status;
	struct tg_bytes result;
};

void tg_reply_put(struct tg_buf *buf, const struct tg_reply *reply);
int tg_reply_get(struct tg_bytes body, struct tg_reply *reply) __attribute__((warn_unused_result));

void tg_ext_put(struct tg_buf *buf, struct tg_bytes name, struct tg_bytes payload);
int tg_ext_get(struct tg_bytes body, struct tg_bytes *name, struct tg_bytes *payload)
    __attribute__((warn_unused_result));

#endif
