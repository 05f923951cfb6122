#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "listen.h"

/* Split "host:port" or "[host]:port". */
static int
split(const char *text, char *host, size_t host_len, char *port, size_t port_len)
{
	const char *colon = strrchr(text, ':');
	size_t n;

	if (colon == NULL || colon[1] == 0 || strlen(colon + 1) >= port_len)
		return -1;
	n = (size_t)(colon - text);
	if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
		text++;
		n -= 2;
	} else if (memchr(text, ':', n) != NULL) {
		return -1;
	}
	if (n >= host_len)
		return -1;
	memcpy(host, text, n);
	host[n] = 0;
	strcpy(port, colon + 1);
	return 0;
}

static void
set_option(int fd, int level, int name, int value)
{
	/* Accepted sockets inherit these.  None is needed for correctness, so a refusal is not an error. */
	(void)setsockopt(fd, level, name, &value, sizeof value);
}

int
tg_listen(const char *text, const char *flag, uint32_t send_buffer, char *error, size_t error_len)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV},
			*ai = NULL;
	char host[256], port[16];
	int fd = -1;

	if (split(text, host, sizeof host, port, sizeof port) != 0 ||
	    getaddrinfo(host[0] ? host : NULL, port, &hints, &ai) != 0) {
		snprintf(error, error_len, "bad address for --%s: %s", flag, text);
		return -1;
	}
	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
		set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
		if (send_buffer > 0)
			/* The kernel's own buffer would hide megabytes of a slow reader's queue from our cap.
			 */
			set_option(fd, SOL_SOCKET, SO_SNDBUF, (int)send_buffer);
		/* The kernel finds dead peers: no timer of ours per connection. */
		set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
		set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 60);
		set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 20);
		set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
		set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 120000);
	}
	if (fd < 0 || bind(fd, ai->ai_addr, ai->ai_addrlen) != 0 || listen(fd, SOMAXCONN) != 0) {
		snprintf(error, error_len, "cannot listen on %s: %s", text,
		    errno == EADDRINUSE ? "the port is in use" : strerror(errno));
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(ai);
	return fd;
}

void
tg_listen_url(int fd, const char *scheme, char *text, size_t len)
{
	struct sockaddr_storage ss;
	socklen_t n = sizeof ss;
	char host[64], port[16];

	text[0] = 0;
	if (fd < 0 || getsockname(fd, (struct sockaddr *)&ss, &n) != 0 ||
	    getnameinfo((struct sockaddr *)&ss, n, host, sizeof host, port, sizeof port,
		NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return;
	snprintf(text, len, strchr(host, ':') != NULL ? "%s://[%s]:%s" : "%s://%s:%s", scheme, host, port);
}
