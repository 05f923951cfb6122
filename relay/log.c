#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#define RARE_PER_SECOND 10u

static int enabled;

void
tg_log_init(int on)
{
	enabled = on;
}

/* One write per line, so that lines of several processes do not mix.  A full pipe loses the line, not the
 * relay's time: standard error may be non-blocking. */
static void
line(const char *event, const char *more)
{
	char out[1024];
	struct timespec ts;
	struct tm tm;
	char stamp[32];
	ssize_t done;
	int n;

	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);
	n = snprintf(out, sizeof out, "{\"time\":\"%s.%03ldZ\",\"event\":\"%s\"%s}\n", stamp,
	    ts.tv_nsec / 1000000, event, more);
	if (n > 0 && (size_t)n < sizeof out) {
		done = write(STDERR_FILENO, out, (size_t)n);
		(void)done;
	}
}

void
tg_log(const char *event, const char *format, ...)
{
	char more[768];
	va_list ap;

	if (!enabled)
		return;
	va_start(ap, format);
	vsnprintf(more, sizeof more, format, ap);
	va_end(ap);
	line(event, more);
}

void
tg_log_text(const char *event, const char *text)
{
	char safe[400];
	size_t n = 0;

	for (; *text && n < sizeof safe - 8; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '\n')
			continue;
		if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
			n += (size_t)snprintf(safe + n, sizeof safe - n, "\\u%04x", c);
		else
			safe[n++] = (char)c;
	}
	safe[n] = 0;
	tg_log_rare(event, ",\"text\":\"%s\"", safe);
}

void
tg_log_rare(const char *event, const char *format, ...)
{
	static time_t second;
	static uint32_t lines;
	static uint64_t left_out;
	char more[768];
	time_t now = time(NULL);
	va_list ap;
	int n;

	if (!enabled)
		return;
	if (now != second) {
		second = now;
		lines = 0;
	}
	if (lines++ >= RARE_PER_SECOND) {
		left_out++;
		return;
	}
	va_start(ap, format);
	n = vsnprintf(more, sizeof more - 48, format, ap);
	va_end(ap);
	if (left_out > 0 && n >= 0 && (size_t)n < sizeof more - 48) {
		snprintf(more + n, sizeof more - (size_t)n, ",\"left_out\":%" PRIu64, left_out);
		left_out = 0;
	}
	line(event, more);
}
