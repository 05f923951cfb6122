/*
 * log.h -- one JSON object a line on standard error: time, event, text.
 *
 * The same shape as the relay's log.  Nothing secret is ever passed in: no link, no key, no token.
 */
#ifndef TG_CLI_LOG_H
#define TG_CLI_LOG_H

/** tg_log(event, text): {"time":...,"event":...,"text":...}; ${text} may hold anything and is escaped. */
void tg_log(const char *event, const char *text);

/** tg_logf(event, format, ...): The same with a formatted text of at most 500 bytes. */
void tg_logf(const char *event, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
