/*
 * grid_file.h -- a whole grid as one file that anybody can check (protocol.md 10).
 *
 *     "tggrid1\n" | header | runs of log A | runs of log B | ... | chunks | end
 *
 * Entries stand there as they are on the wire and in storage: sealed, in runs that their log's head signs.  A
 * reader believes nothing it has not verified: certificates, range proofs, heads, genesis against the grid's
 * id, chunks against the entries that list them, and a digest over all bytes, so that a file cut short or
 * damaged anywhere is refused as a whole.  What a file cannot show is that it is the newest, or that no whole
 * log was left out.
 *
 * The checker takes bytes as they come and holds one record at a time; it does no I/O.
 */
#ifndef TG_FILES_GRID_FILE_H
#define TG_FILES_GRID_FILE_H

#include <stdint.h>

#include <toygrid/access.h>
#include <toygrid/log.h>

#include "base/buf.h"

#define TG_GRID_FILE_MAGIC	"tggrid1\n"
#define TG_GRID_FILE_RECORD_MAX 135168u /* 132 KiB: a run or a chunk of 128 KiB and what is around it */

enum tg_grid_file_kind { /* what a record after the header begins with */
	TG_GRID_FILE_RUN = 1,
	TG_GRID_FILE_CHUNK = 2,
	TG_GRID_FILE_END = 3,
};

struct tg_grid_file_header {
	struct tg_hash grid;
	uint64_t epoch;
	struct tg_key w, r;
	uint64_t made_ms;
	int has_link; /* then the file is as secret as its link */
	struct tg_link link;
};

struct tg_grid_file_counts {
	uint64_t logs, entries, chunks;
};

/* ---- writing: each appends one record, with its length ---- */

void tg_grid_file_put_header(struct tg_buf *out, const struct tg_grid_file_header *h);

/** tg_grid_file_put_run(out, run, len): An encoded run (protocol.md 4.2). */
void tg_grid_file_put_run(struct tg_buf *out, const void *run, size_t len);
void tg_grid_file_put_chunk(
    struct tg_buf *out, const struct tg_hash *locator, const void *stored, size_t len);

/** tg_grid_file_put_end(out, counts, digest): ${digest} is H(tg/file, all bytes before this record). */
void tg_grid_file_put_end(
    struct tg_buf *out, const struct tg_grid_file_counts *counts, const struct tg_hash *digest);

/* ---- checking ---- */

struct tg_grid_check; /* opaque */

/* What was checked, one record at a time, in order.  Bytes are borrowed for the call. */
struct tg_grid_file_record {
	enum tg_grid_file_kind kind; /* RUN or CHUNK */
	struct tg_run run;
	struct tg_hash locator;
	struct tg_bytes stored;
};

/* Returns TG_OK, or what tg_grid_check_push is to return. */
typedef int tg_grid_file_visit(void *ctx, const struct tg_grid_file_record *record);

/**
 * tg_grid_check_new(access, visit, ctx):
 * ${access} has the keys for a file without a link in it, and wins over a link that is there; NULL: then
 * entries of such a file stay shut, genesis is not looked at, and chunks are refused.  A replica's keys tell
 * chunks, but not genesis.  ${visit} may be NULL.  NULL when out of memory.
 */
struct tg_grid_check *tg_grid_check_new(const struct tg_access *access, tg_grid_file_visit *visit, void *ctx);
void tg_grid_check_free(struct tg_grid_check *c);

/**
 * tg_grid_check_push(check, data, len):
 * The next bytes of the file, any number.  TG_OK, what ${visit} returned, or why the file is refused, for
 * good: TG_EFORMAT (not such a file, or not as its writer would have written it), TG_ETRUNCATED (a record
 * ends too early), TG_ETOOBIG (over a limit), TG_EVERSION, TG_EHASH (bytes were altered), TG_EPROOF (entries
 * do not belong to their head), TG_ESIGNATURE (a certificate, head or genesis is not signed by whom it says),
 * TG_EGRID (of another grid than ${access}, or than its genesis says), TG_EPERM (the keys are not those of
 * the grid), TG_EGAP (a log ends before its head), TG_ENOTFOUND (a chunk that no entry lists), TG_ENOMEM.
 *
 * A file may be refused after some of its records were visited: check it once without a visit before.
 */
int tg_grid_check_push(struct tg_grid_check *c, const void *data, size_t len)
    __attribute__((warn_unused_result));

/** tg_grid_check_end(check): No more bytes: TG_OK, TG_ETRUNCATED, TG_ENOTFOUND (no genesis in it). */
int tg_grid_check_end(struct tg_grid_check *c) __attribute__((warn_unused_result));

/**
 * tg_grid_check_listed(check, locator, stored):
 * For a writer, once all runs were pushed: may this chunk follow?  TG_OK, TG_ENOTFOUND (no entry lists it),
 * TG_EHASH (an entry lists other bytes there).
 */
int tg_grid_check_listed(struct tg_grid_check *c, const struct tg_hash *locator, struct tg_bytes stored);

/** tg_grid_check_header(check): Once the header was pushed, else NULL.  _access: the keys in use; mode
 * REPLICA with no keys but the public ones when there is no link. */
const struct tg_grid_file_header *tg_grid_check_header(const struct tg_grid_check *c);
const struct tg_access *tg_grid_check_access(const struct tg_grid_check *c);
const struct tg_grid_file_counts *tg_grid_check_counts(const struct tg_grid_check *c);

/** tg_grid_check_where(check, at): What was being read, for people; *${at} is the record's first byte. */
const char *tg_grid_check_where(const struct tg_grid_check *c, uint64_t *at);

/** tg_grid_check_digest(check, out): H(tg/file, all bytes pushed so far that are whole records), for a
 * writer. */
void tg_grid_check_digest(const struct tg_grid_check *c, struct tg_hash *out);

#endif
