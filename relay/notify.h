/*
 * notify.h -- tell systemd how the relay is doing (sd_notify(3), without its library).
 */
#ifndef TG_RELAY_NOTIFY_H
#define TG_RELAY_NOTIFY_H

/** tg_notify_open(): Connect to NOTIFY_SOCKET if there is one.  Before the sandbox, which forbids connecting.
 */
void tg_notify_open(void);

/** tg_notify(state): Send a line such as "READY=1" or "STOPPING=1"; without a socket, nothing. */
void tg_notify(const char *state);

#endif
