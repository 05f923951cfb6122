/*
 * entry.h -- parts of the entry codec that the rest of the log module shares.
 */
#ifndef TG_LOG_ENTRY_H
#define TG_LOG_ENTRY_H

#include <toygrid/log.h>

#include "base/buf.h"
#include "wire/reader.h"

#define TG_ENTRY_OVERHEAD_MAX 16 /* array header and three bin headers of at most 5 bytes */
#define TG_ENTRY_HEADER_LEN_MAX                                                                              \
	40 /* of an entry after the first: array, version, epoch, class, nonce take 38 */

/** tg_entry_read(r, out): The entry that comes next in ${r}. */
void tg_entry_read(struct tg_reader *r, struct tg_entry *out);

/** tg_entry_check(entry, seq, epoch): What can be said of an entry's form without a key: TG_OK, TG_EEPOCH, or
 * a decoder's error.  Not the signatures of a certificate. */
int tg_entry_check(const struct tg_entry *entry, uint64_t seq, uint64_t epoch);

/** tg_entry_header(epoch, class, nonce, out): Encode the header of a later entry; returns its length. */
size_t tg_entry_header(uint64_t epoch, unsigned class, const uint8_t nonce[TG_NONCE_BYTES],
    uint8_t out[TG_ENTRY_HEADER_LEN_MAX]);

/** tg_entry_aad(log, seq, header, len, out): log || seq u64be || header; returns its length. */
#define TG_ENTRY_AAD_MAX (TG_KEY_BYTES + 8 + TG_ENTRY_HEADER_LEN_MAX)
size_t tg_entry_aad(
    const struct tg_key *log, uint64_t seq, const uint8_t *header, size_t len, uint8_t out[TG_ENTRY_AAD_MAX]);

/** tg_bin_header(out, len): msgpack's header of a bin of ${len} bytes; returns its length, at most 5. */
size_t tg_bin_header(uint8_t out[5], size_t len);

#endif
