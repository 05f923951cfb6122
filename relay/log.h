/*
 * log.h -- one JSON object a line on standard error: time, event, then names and values.
 *
 * Lines that a stranger can cause are limited in number; what was left out is counted in the next one.
 * Addresses appear only truncated (tg_address_text).
 */
#ifndef TG_RELAY_LOG_H
#define TG_RELAY_LOG_H

/** tg_log_init(on): 0 turns every line off. */
void tg_log_init(int on);

/**
 * tg_log(event, format, ...):
 * Write {"time":...,"event":"${event}"${format}}.  ${format} is printf's and gives further members, beginning
 * with a comma; values in it must need no escaping.
 */
void tg_log(const char *event, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** tg_log_text(event, text): A line with a member "text" that may hold anything; it is escaped and cut. */
void tg_log_text(const char *event, const char *text);

/** tg_log_rare(event, format, ...): As tg_log, at most 10 lines a second over all such events. */
void tg_log_rare(const char *event, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
