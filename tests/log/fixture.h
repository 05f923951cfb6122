/*
 * fixture.h -- a grid, its people and their storage, for tests and benchmarks of logs.  Everything follows
 * from small numbers, so a failure repeats.
 */
#ifndef TESTS_LOG_FIXTURE_H
#define TESTS_LOG_FIXTURE_H

#include <toygrid/access.h>
#include <toygrid/log.h>

#include "base/buf.h"

/* An ordered-enough key-value store: open hashing, values copied, counts what was asked. */
struct store {
	struct store_slot {
		uint8_t key[TG_STORAGE_KEY_MAX_BYTES];
		size_t key_len;
		uint8_t *value;
		size_t value_len;
		int loaded; /* with `lazy`, record() says TG_ENOTFOUND once and loads */
	} * slots;
	size_t cap, count;
	struct tg_hash grid;
	int lazy;
	unsigned long asked, missed;
};

void store_init(struct store *s, const struct tg_hash *grid);
void store_free(struct store *s);
void store_put(struct store *s, struct tg_bytes key, struct tg_bytes value);
struct tg_bytes store_get(struct store *s, const uint8_t *key, size_t key_len);
void store_apply(struct store *s, const struct tg_ops *ops); /* all of a batch */
struct tg_fetch store_fetch(struct store *s);
void store_forget(struct store *s); /* lazy: nothing is loaded */

/* A person with one device in one grid. */
struct person {
	struct tg_keypair identity, device;
	struct tg_key box;
	struct tg_secret box_secret;
	struct tg_access access;
	struct tg_buf device_record;
	struct tg_rng rng;
};

void secret_of(const char *what, uint64_t n, struct tg_secret *out); /* deterministic */
void person_init(struct person *p, enum tg_mode mode, uint64_t grid, uint64_t n);
void person_free(struct person *p);

/* A log with a certificate and ${entries} more, of ${size} body bytes, stored in ${s}. */
void make_log(struct tg_log *log, struct person *p, uint64_t n, struct store *s);
void add_entries(struct tg_log *log, struct person *p, struct store *s, unsigned entries, size_t size);

/* Encode a run of ${from} and send it to ${to}; what tg_log_receive said. */
int send_run(struct tg_log *from, struct store *from_store, uint64_t start, uint64_t end, struct tg_log *to,
    struct person *reader, struct store *to_store, unsigned flags, struct tg_receipt *receipt,
    struct tg_buf *proof);

#endif
