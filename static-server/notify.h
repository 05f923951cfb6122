/*
 * notify.h -- tells a service manager how we are (the sd_notify datagrams), without linking libsystemd.
 *
 * The socket is opened before the sandbox closes: afterwards nothing can be connected.  Without NOTIFY_SOCKET
 * every call does nothing.
 */
#ifndef TG_STATIC_NOTIFY_H
#define TG_STATIC_NOTIFY_H

#include <stdint.h>

/** tg_notify_open(): Connect to $NOTIFY_SOCKET, a path or an abstract name.  Failing is not an error. */
void tg_notify_open(void);

/** tg_notify_send(text): "READY=1" and its kin.  Never blocks, never fails. */
void tg_notify_send(const char *text);

/** tg_notify_watchdog_ms(): How often "WATCHDOG=1" is due: half of what was asked for; 0: never. */
uint64_t tg_notify_watchdog_ms(void);

void tg_notify_close(void);

#endif
