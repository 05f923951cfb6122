#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/log.h"

/* Append ${text} as the inside of a JSON string. */
static size_t
escape(char *out, size_t room, const char *text)
{
	size_t n = 0;
	unsigned char c;

	for (; (c = (unsigned char)*text) != '\0' && n + 8 < room; text++) {
		if (c == '"' || c == '\\') {
			out[n++] = '\\';
			out[n++] = (char)c;
		} else if (c < 0x20 || c == 0x7f) {
			n += (size_t)snprintf(out + n, room - n, "\\u%04x", c);
		} else {
			out[n++] = (char)c;
		}
	}
	/* Never leave half a character behind. */
	if (c != '\0')
		while (n > 0 && ((unsigned char)out[n - 1] & 0x80))
			n--;
	return n;
}

void
tg_log(const char *event, const char *text)
{
	char line[1200], stamp[32];
	struct timespec ts;
	struct tm tm;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);
	n = (size_t)snprintf(
	    line, sizeof line, "{\"time\":\"%s.%03ldZ\",\"event\":\"", stamp, ts.tv_nsec / 1000000);
	n += escape(line + n, 200, event);
	n += (size_t)snprintf(line + n, sizeof line - n, "\",\"text\":\"");
	n += escape(line + n, sizeof line - n - 4, text);
	memcpy(line + n, "\"}\n", 3);
	/* One write per line, so that the lines of several processes do not mix. */
	if (write(STDERR_FILENO, line, n + 3) < 0) {
		/* Nobody reads the log: there is nobody to tell. */
	}
}

void
tg_logf(const char *event, const char *format, ...)
{
	char text[501];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	tg_log(event, text);
}
