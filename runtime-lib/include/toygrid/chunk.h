/*
 * chunk.h -- content-addressed chunks: a name is the hash of plain bytes, what is kept is sealed (protocol.md
 * 7).
 *
 * Equal data has one name, and within one grid one stored form under one locator; two grids share nothing.  A
 * replica can check what it keeps (the stored form's hash) without being able to read or to name it; a reader
 * checks both hashes on every read, from disk too.
 *
 * Data beyond one chunk is cut into content-defined pieces and listed in a tree of plain chunks ("file",
 * below), so a small change re-sends little and every piece is verified as it streams.
 */
#ifndef TOYGRID_CHUNK_H
#define TOYGRID_CHUNK_H

#include <stddef.h>
#include <stdint.h>

#include <toygrid/access.h>
#include <toygrid/bytes.h>
#include <toygrid/crypto.h>
#include <toygrid/limits.h>

struct tg_buf; /* base/buf.h */

#define TG_CHUNK_NONCE_BYTES	 16
#define TG_CHUNK_RECORD_MAX	 (TG_CHUNK_STORED_MAX_BYTES - TG_TAG_BYTES)
#define TG_CHUNK_DATA_MAX	 (TG_CHUNK_RECORD_MAX - 8) /* plain: array, version, kind, bin header */
#define TG_CHUNK_SIGNED_DATA_MAX (TG_CHUNK_RECORD_MAX - 8 - 34 - 18 - 66)

struct tg_chunk {
	struct tg_hash name;
	int is_signed;
	struct tg_key origin;		     /* signed only */
	uint8_t nonce[TG_CHUNK_NONCE_BYTES]; /* signed only */
	struct tg_bytes data;		     /* borrowed from the record */
};

/** tg_chunk_plain(data, len, out, name): Append a plain chunk's record.  TG_OK, TG_ETOOBIG, TG_ENOMEM. */
int tg_chunk_plain(const void *data, size_t len, struct tg_buf *out, struct tg_hash *name)
    __attribute__((warn_unused_result));

/** tg_chunk_signed(origin, nonce, data, len, out, name): Append a signed chunk's record; ${nonce} is fresh.
 */
int tg_chunk_signed(const struct tg_keypair *origin, const uint8_t nonce[TG_CHUNK_NONCE_BYTES],
    const void *data, size_t len, struct tg_buf *out, struct tg_hash *name)
    __attribute__((warn_unused_result));

/**
 * tg_chunk_decode(name, record, len, out):
 * Check that a record is well formed, has ${name} (NULL: any), and is signed by its origin if signed.
 * TG_ETRUNCATED, TG_EFORMAT, TG_ETOOBIG, TG_EVERSION, TG_EHASH (another name), TG_ESIGNATURE.
 */
int tg_chunk_decode(const struct tg_hash *name, const void *record, size_t len, struct tg_chunk *out)
    __attribute__((warn_unused_result));

/** tg_chunk_locator(access, name, out): Where it is kept.  TG_OK, or TG_EPERM for a replica. */
int tg_chunk_locator(const struct tg_access *access, const struct tg_hash *name, struct tg_hash *out)
    __attribute__((warn_unused_result));

/** tg_chunk_seal(access, name, record, len, out): Append the stored form.  TG_EPERM, TG_ETOOBIG, TG_ENOMEM.
 */
int tg_chunk_seal(const struct tg_access *access, const struct tg_hash *name, const void *record, size_t len,
    struct tg_buf *out) __attribute__((warn_unused_result));

/**
 * tg_chunk_open(access, name, stored, len, record, out):
 * The inverse: append the record to ${record} and decode it there (${out}->data dies with ${record}).
 * TG_EPERM, TG_ETOOBIG, TG_EDECRYPT, TG_ENOMEM, tg_chunk_decode's; ${record} is as before on error.
 */
int tg_chunk_open(const struct tg_access *access, const struct tg_hash *name, const void *stored, size_t len,
    struct tg_buf *record, struct tg_chunk *out) __attribute__((warn_unused_result));

/* What a replica keeps under a locator (8, key `c`): H(tg/stored, stored form) || stored form. */

/** tg_chunk_keep(stored, len, value): Append that value.  TG_ETOOBIG, TG_EFORMAT (shorter than a tag),
 * TG_ENOMEM. */
int tg_chunk_keep(const void *stored, size_t len, struct tg_buf *value) __attribute__((warn_unused_result));

/** tg_chunk_kept(value, len, stored): Check the hash, give the stored form.  TG_EHASH, TG_EFORMAT,
 * TG_ETOOBIG. */
int tg_chunk_kept(const void *value, size_t len, struct tg_bytes *stored) __attribute__((warn_unused_result));

/** tg_storage_key_chunk(grid, locator, out): The `c` key, 65 bytes; returns its length. */
size_t tg_storage_key_chunk(const struct tg_hash *grid, const struct tg_hash *locator, uint8_t out[65]);

/* ---- files: data of any length as pieces ---- */

#define TG_PIECE_MIN 16384u
#define TG_PIECE_AVG 65536u
#define TG_PIECE_MAX 126976u

/**
 * tg_piece_cut(data, len, last):
 * How many bytes of data[0 .. len) make the next piece: in [TG_PIECE_MIN, TG_PIECE_MAX], less only at the end
 * of the file (${last} = 1: no more data follows).  0 when more data is needed to tell (never if ${len} >=
 * TG_PIECE_MAX). Depends only on the bytes from the start of the piece on.
 */
size_t tg_piece_cut(const uint8_t *data, size_t len, int last);

/*
 * Writing a file: push its bytes in order; every finished chunk record is handed to ${put}, leaves before the
 * lists that name them.  A file that fits one piece is that one plain chunk.
 */
struct tg_file_writer; /* opaque */
typedef int (*tg_file_put)(void *ctx, const struct tg_hash *name, const void *record, size_t len);

struct tg_file_ref {
	struct tg_hash name; /* of the top chunk */
	uint64_t size;	     /* bytes of the file */
	unsigned
	    depth; /* 0: the chunk is the data; else levels of lists above the pieces, <= TG_FILE_DEPTH_MAX */
};

#define TG_FILE_DEPTH_MAX 4
#define TG_FILE_FAN_MAX	  2048 /* pieces in a list */

/** tg_file_writer_new(put, ctx): NULL when out of memory.  tg_file_writer_free(w) may be called at any time.
 */
struct tg_file_writer *tg_file_writer_new(tg_file_put put, void *ctx);
void tg_file_writer_free(struct tg_file_writer *w);

/** tg_file_write(w, data, len), tg_file_finish(w, ref): TG_OK, TG_ENOMEM, TG_ETOOBIG, or what ${put}
 * returned; after an error the writer is only fit for free. */
int tg_file_write(struct tg_file_writer *w, const void *data, size_t len) __attribute__((warn_unused_result));
int tg_file_finish(struct tg_file_writer *w, struct tg_file_ref *ref) __attribute__((warn_unused_result));

/** tg_file_list(chunk, ref, i, child): The i-th child of a list chunk (depth >= 1).  TG_OK, TG_ERANGE past
 * the end, TG_EFORMAT (not a list, or its sizes do not add up to ref's). */
int tg_file_list(const struct tg_chunk *chunk, const struct tg_file_ref *ref, uint32_t i,
    struct tg_file_ref *child) __attribute__((warn_unused_result));

#endif
