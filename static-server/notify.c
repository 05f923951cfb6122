#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "notify.h"

static int notify_fd = -1;
static uint64_t watchdog_ms;

void
tg_notify_open(void)
{
	const char *path = getenv("NOTIFY_SOCKET"), *usec = getenv("WATCHDOG_USEC"),
		   *pid = getenv("WATCHDOG_PID");
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	size_t n;

	if (path == NULL || (path[0] != '/' && path[0] != '@') || (n = strlen(path)) >= sizeof un.sun_path)
		return;
	memcpy(un.sun_path, path, n);
	if (path[0] == '@')
		un.sun_path[0] = '\0';
	if ((notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) < 0)
		return;
	if (connect(notify_fd, (struct sockaddr *)&un,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) != 0) {
		tg_notify_close();
		return;
	}
	if (usec != NULL && (pid == NULL || strtol(pid, NULL, 10) == (long)getpid()))
		watchdog_ms = strtoull(usec, NULL, 10) / 2000;
}

void
tg_notify_send(const char *text)
{
	if (notify_fd >= 0)
		(void)!send(notify_fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
}

uint64_t
tg_notify_watchdog_ms(void)
{
	return watchdog_ms;
}

void
tg_notify_close(void)
{
	if (notify_fd >= 0)
		close(notify_fd);
	notify_fd = -1;
}
