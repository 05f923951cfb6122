/*
 * log.h -- the access log: one line per answer, in memory first, never waited for.
 *
 * Lines are written to standard output once a loop turn, and only as much as it takes without blocking: a
 * full pipe or a slow disk drops lines (they are counted), it never delays an answer.
 */
#ifndef TG_STATIC_LOG_H
#define TG_STATIC_LOG_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "config.h"
#include "request.h"

struct tg_log {
	enum tg_access_log kind;
	char *buffer; /* TG_LOG_BUFFER_BYTES, NULL when off */
	size_t len;
	uint64_t dropped; /* lines */
};

/** tg_log_open(log, kind): TG_OK or TG_ENOMEM.  tg_log_close: flush what can be, and free. */
int tg_log_open(struct tg_log *log, enum tg_access_log kind) __attribute__((warn_unused_result));
void tg_log_close(struct tg_log *log);

/**
 * tg_log_access(log, peer, method, target, status, bytes, now):
 * Note one answer as it is queued.  ${peer} is a truncated address; ${target} is escaped, its query left out.
 * ${method}.p may be NULL (the request was not understood).
 */
void tg_log_access(struct tg_log *log, const char *peer, struct tg_span method, struct tg_span target,
    int status, size_t bytes, time_t now);

/** tg_log_flush(log): Write what standard output takes now. */
void tg_log_flush(struct tg_log *log);

#endif
