/*
 * trace.h -- a recording of everything a peer was told and everything it answered (docs/host.md, "Traces").
 *
 * A file begins with the 8 bytes "tgtrace1"; then, per event, in order:
 *
 *	+-------------+---------+-------------+---------------+-----------+
 *	| length u32be| event   | status u8   | length u32be  | effects   |
 *	+-------------+---------+-------------+---------------+-----------+
 *
 * status is what tg_peer_event returned and effects is what tg_peer_effects gave right after it.  A fresh
 * peer that is fed the events gives the same status and effects, byte for byte, on every host.
 *
 * A trace holds the entropy and every stored secret: whoever has it can write as this installation.
 */
#ifndef TG_HOST_TRACE_H
#define TG_HOST_TRACE_H

#include <stdio.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "wire/reader.h"

#define TG_TRACE_MAGIC	     "tgtrace1"
#define TG_TRACE_MAGIC_BYTES 8

/* One step.  Borrowed bytes. */
struct tg_trace_step {
	struct tg_bytes event;
	int status;
	struct tg_bytes effects;
};

/** tg_trace_begin(buf), tg_trace_put(buf, step): Append the file's first bytes; one step. */
void tg_trace_begin(struct tg_buf *buf);
void tg_trace_put(struct tg_buf *buf, const struct tg_trace_step *step);

/**
 * tg_trace_open(data, len, at), tg_trace_next(data, len, at, step):
 * Walk a trace held in memory.  open checks the magic and sets *${at}.  next reads one step and moves *${at}.
 * Both return TG_OK, or TG_EVERSION (not a trace, or of another version); next also TG_ENOTFOUND at the end
 * and TG_ETRUNCATED when the file ends inside a step, as a killed process leaves it.
 */
int tg_trace_open(const uint8_t *data, size_t len, size_t *at) __attribute__((warn_unused_result));
int tg_trace_next(const uint8_t *data, size_t len, size_t *at, struct tg_trace_step *step)
    __attribute__((warn_unused_result));

/**
 * tg_trace_create(path, file):
 * Start a trace file that only its owner may read (mode 0600); an existing file is overwritten.  Returns
 * TG_OK, or TG_EIO with errno set.  Release with fclose.
 */
int tg_trace_create(const char *path, FILE **file) __attribute__((warn_unused_result));

/** tg_trace_write(file, step): Append one step and hand it to the system.  TG_OK, TG_EFULL, TG_EIO. */
int tg_trace_write(FILE *file, const struct tg_trace_step *step) __attribute__((warn_unused_result));

#endif
