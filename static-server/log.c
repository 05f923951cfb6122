#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "log.h"

#define LOG_LINE_MAX 1024
#define SHOWN_MAX    256 /* bytes of a target that are shown */

int
tg_log_open(struct tg_log *log, enum tg_access_log kind)
{
	memset(log, 0, sizeof *log);
	log->kind = kind;
	if (kind != TG_LOG_OFF && (log->buffer = tg_malloc(TG_LOG_BUFFER_BYTES)) == NULL)
		return TG_ENOMEM;
	return TG_OK;
}

void
tg_log_close(struct tg_log *log)
{
	if (log->buffer == NULL)
		return;
	tg_log_flush(log);
	tg_free(log->buffer);
	log->buffer = NULL;
}

/* Targets are visible ASCII; a quote or a backslash becomes %22 or %5C, as a careful client would have sent.
 */
static void
escape(struct tg_span in, char out[SHOWN_MAX + 4])
{
	static const char hex[] = "0123456789ABCDEF";
	size_t i, n = 0;

	for (i = 0; i < in.len && n < SHOWN_MAX && in.p[i] != '?'; i++) {
		if (in.p[i] > 0x20 && in.p[i] < 0x7f && in.p[i] != '"' && in.p[i] != '\\') {
			out[n++] = (char)in.p[i];
		} else {
			out[n++] = '%';
			out[n++] = hex[in.p[i] >> 4];
			out[n++] = hex[in.p[i] & 15];
		}
	}
	out[n] = '\0';
}

void
tg_log_access(struct tg_log *log, const char *peer, struct tg_span method, struct tg_span target, int status,
    size_t bytes, time_t now)
{
	char line[LOG_LINE_MAX], shown[SHOWN_MAX + 4], verb[SHOWN_MAX + 4], when[64];
	struct tm tm;
	int n;

	if (log->buffer == NULL)
		return;
	if (method.p == NULL)
		method = target = (struct tg_span){(const uint8_t *)"-", 1};
	escape(method, verb);
	escape(target, shown);
	if (gmtime_r(&now, &tm) == NULL)
		memset(&tm, 0, sizeof tm);
	if (log->kind == TG_LOG_COMMON) {
		strftime(when, sizeof when, "%d/%b/%Y:%H:%M:%S +0000", &tm);
		n = snprintf(line, sizeof line, "%s - - [%s] \"%s %s HTTP/1.1\" %d %zu\n", peer, when, verb,
		    shown, status, bytes);
	} else {
		strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm);
		n = snprintf(line, sizeof line,
		    "{\"time\":\"%s\",\"address\":\"%s\",\"method\":\"%s\",\"path\":\"%s\",\"status\":%d,"
		    "\"bytes\":%zu}\n",
		    when, peer, verb, shown, status, bytes);
	}
	if (n < 0 || (size_t)n >= sizeof line || log->len + (size_t)n > TG_LOG_BUFFER_BYTES) {
		log->dropped++;
		return;
	}
	memcpy(log->buffer + log->len, line, (size_t)n);
	log->len += (size_t)n;
}

void
tg_log_flush(struct tg_log *log)
{
	struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
	size_t done = 0, n;
	ssize_t w;

	/* A pipe that polls writable takes 4096 bytes (PIPE_BUF) without blocking.  The descriptor is shared
	 * with whoever started us, so it is not ours to make non-blocking. */
	while (done < log->len && poll(&out, 1, 0) == 1 && (out.revents & POLLOUT)) {
		n = log->len - done < 4096 ? log->len - done : 4096;
		if ((w = write(STDOUT_FILENO, log->buffer + done, n)) <= 0)
			break;
		done += (size_t)w;
	}
	memmove(log->buffer, log->buffer + done, log->len - done);
	log->len -= done;
}
