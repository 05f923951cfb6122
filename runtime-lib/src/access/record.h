/*
 * record.h -- what all signed records share: a version in front, signatures at the end (protocol.md 1).
 */
#ifndef TG_ACCESS_RECORD_H
#define TG_ACCESS_RECORD_H

#include <toygrid/crypto.h>

#include "base/buf.h"
#include "wire/reader.h"

/**
 * tg_record_open(r, data, len, count):
 * Start reading an array of ${count} elements and pass its version.  Another version is TG_EVERSION whatever
 * its element count: a later format may have more fields.
 */
void tg_record_open(struct tg_reader *r, const void *data, size_t len, uint32_t count);

/** tg_record_begin(out, count): Write the array header and the version; returns where the record starts. */
size_t tg_record_begin(struct tg_buf *out, uint32_t count);

/** tg_record_digest(out, from, domain, digest): Hash what was written since ${from}; zero after a failed
 * append. */
void tg_record_digest(const struct tg_buf *out, size_t from, enum tg_domain domain, struct tg_hash *digest);

/** tg_record_sign(out, pair, digest): Append a signature element. */
void tg_record_sign(struct tg_buf *out, const struct tg_keypair *pair, const struct tg_hash *digest);

#endif
