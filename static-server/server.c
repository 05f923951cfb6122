#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <sodium.h>
#include <toygrid/status.h>

#include "conn.h"
#include "notify.h"
#include "server.h"

#define FDS_RESERVED 64 /* for files, the loop, the admin port, refused connections on their way out */

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void
say(const char *format, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof line, format, ap);
	va_end(ap);
	fprintf(stderr, "toygrid-static: %s\n", line);
}

void
tg_server_tick(struct tg_server *s)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	s->now_ms = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
	clock_gettime(CLOCK_REALTIME_COARSE, &ts);
	tg_date_set(&s->site.date, ts.tv_sec);
}

static void
on_flush(evutil_socket_t fd, short what, void *arg)
{
	struct tg_server *s = arg;

	(void)fd;
	(void)what;
	tg_log_flush(&s->log);
}

static void
end_listening(struct tg_listener *l)
{
	if (l->fd < 0)
		return;
	event_del(&l->ev);
	close(l->fd);
	l->fd = -1;
}

static void
pause_accepting(struct tg_server *s)
{
	const struct timeval pause = {0, TG_ACCEPT_PAUSE_MS * 1000};
	size_t i;

	if (evtimer_pending(&s->resume_ev, NULL))
		return;
	s->counters.accept_pauses++;
	for (i = 0; i < s->listener_count; i++)
		if (s->listeners[i].fd >= 0)
			event_del(&s->listeners[i].ev);
	if (s->admin.fd >= 0)
		event_del(&s->admin.ev);
	evtimer_add(&s->resume_ev, &pause);
}

static void
on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct tg_server *s = arg;
	size_t i;

	(void)fd;
	(void)what;
	for (i = 0; i < s->listener_count; i++)
		if (s->listeners[i].fd >= 0)
			event_add(&s->listeners[i].ev, NULL);
	if (s->admin.fd >= 0)
		event_add(&s->admin.ev, NULL);
}

/* False: no more can be accepted now. */
static bool
accept_one(struct tg_listener *l)
{
	struct tg_server *s = l->server;
	struct sockaddr_storage peer;
	socklen_t len = sizeof peer;
	int fd;

	if ((fd = accept4(l->fd, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC)) < 0) {
		switch (errno) {
		case ECONNABORTED:
		case EINTR:
			return true;
		case EMFILE:
		case ENFILE:
		case ENOBUFS:
		case ENOMEM:
			/* The listener stays readable: without a pause this loop would turn at full speed. */
			pause_accepting(s);
			return false;
		default:
			return false;
		}
	}
	if (!l->admin)
		s->counters.accepted++;
	tg_conn_open(s, fd, (struct sockaddr *)&peer, l->admin);
	return true;
}

static void
on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct tg_listener *l = arg;
	int i;

	(void)fd;
	(void)what;
	tg_server_tick(l->server);
	for (i = 0; i < TG_ACCEPT_TURN && l->fd >= 0 && accept_one(l); i++)
		;
}

static void
on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct tg_server *s = arg;
	uint64_t watchdog_ms = tg_notify_watchdog_ms();

	(void)fd;
	(void)what;
	tg_server_tick(s);
	tg_conn_sweep(s);
	if (watchdog_ms != 0 && s->now_ms - s->notified_ms >= watchdog_ms) {
		s->notified_ms = s->now_ms;
		tg_notify_send("WATCHDOG=1");
	}
}

void
tg_server_conn_closed(struct tg_server *s)
{
	if (s->draining && s->open == 0)
		event_base_loopexit(s->base, NULL);
}

/* Everything is read into new memory first; a failure changes nothing. */
static void
reload(struct tg_server *s)
{
	const struct tg_config *config = s->config;
	struct tg_image *image;
	struct tg_why why;
	SSL_CTX *tls = NULL;
	char text[64];

	tg_server_tick(s);
	snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)s->now_ms * 1000);
	tg_notify_send(text);
	if (tg_bundle_load(config->bundle, config->node, &image, &why) != TG_OK)
		goto fail;
	if (s->tls != NULL && tg_tls_load(config->tls_cert, config->tls_key, &tls, &why) != TG_OK) {
		tg_image_unref(image);
		goto fail;
	}
	tg_image_unref(s->image); /* connections with unsent answers hold it longer */
	s->image = image;
	if (tls != NULL) {
		SSL_CTX_free(s->tls);
		s->tls = tls;
	}
	s->counters.reloads++;
	say("reloaded: serving %zu files (%zu KiB)", tg_image_files(image),
	    (tg_image_bytes(image) + 1023) / 1024);
	tg_notify_send("READY=1");
	return;

fail:
	s->counters.reload_failures++;
	say("reload failed, the old files stay: %s", why.text);
	tg_notify_send("READY=1");
}

static void
drain(struct tg_server *s)
{
	unsigned ms = s->config->drain_ms;
	size_t i;

	if (s->draining) {
		say("stopped at once, %zu connections cut", s->open);
		event_base_loopbreak(s->base);
		return;
	}
	tg_notify_send("STOPPING=1");
	say("draining %zu connections, at most %u ms", s->open, ms);
	/* What has connected already was promised an answer. */
	for (i = 0; i < s->listener_count; i++)
		on_accept(s->listeners[i].fd, EV_READ, &s->listeners[i]);
	for (i = 0; i < s->listener_count; i++)
		end_listening(&s->listeners[i]);
	s->draining = true;
	tg_conn_drain(s);
	if (s->open == 0)
		event_base_loopexit(s->base, NULL);
	else
		event_base_loopexit(s->base, &(struct timeval){ms / 1000, (ms % 1000) * 1000});
}

static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	struct tg_server *s = arg;

	(void)what;
	tg_server_tick(s);
	if (number == SIGHUP)
		reload(s);
	else if (number != SIGPIPE)
		drain(s);
}

/*
 * Accepted sockets inherit TCP_NODELAY: answers are whole when they are sent, and waiting for more to join
 * them only delays the last segment.
 */
static int
open_socket(const struct sockaddr *addr, socklen_t len)
{
	int fd, one = 1;

	if ((fd = socket(addr->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0 ||
	    (addr->sa_family == AF_INET6 &&
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one) != 0) ||
	    bind(fd, addr, len) != 0 || listen(fd, 4096) != 0) {
		one = errno;
		close(fd);
		errno = one;
		return -1;
	}
	return fd;
}

static unsigned
port_of(const struct sockaddr_storage *addr)
{
	if (addr->ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)(const void *)addr)->sin6_port);
	return ntohs(((const struct sockaddr_in *)(const void *)addr)->sin_port);
}

static void
address_text(int fd, char *out, size_t size)
{
	struct sockaddr_storage addr = {0};
	socklen_t len = sizeof addr;
	char host[INET6_ADDRSTRLEN] = "?";

	if (getsockname(fd, (struct sockaddr *)&addr, &len) != 0)
		addr.ss_family = AF_INET;
	if (addr.ss_family == AF_INET6) {
		inet_ntop(AF_INET6, &((struct sockaddr_in6 *)(void *)&addr)->sin6_addr, host, sizeof host);
		snprintf(out, size, "[%s]:%u", host, port_of(&addr));
	} else {
		inet_ntop(AF_INET, &((struct sockaddr_in *)(void *)&addr)->sin_addr, host, sizeof host);
		snprintf(out, size, "%s:%u", host, port_of(&addr));
	}
}

static void
add_listener(struct tg_server *s, struct tg_listener *l, int fd, bool admin)
{
	l->server = s;
	l->fd = fd;
	l->admin = admin;
	event_assign(&l->ev, s->base, fd, EV_READ | EV_PERSIST, on_accept, l);
	event_add(&l->ev, NULL);
}

/*
 * "localhost" is two addresses.  With only one of them ours, whoever holds the other would be shown to a
 * browser that tries it first; so both, or none.  A machine without IPv6 is fine.
 */
static int
bind_one(struct tg_server *s, const struct tg_listen *where, struct tg_why *why)
{
	struct sockaddr_storage bound = {0};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	socklen_t len = sizeof bound;
	unsigned port = port_of(&where->addr);
	int fd, fd6 = -1, tries;

	for (tries = 0;; tries++) {
		if ((fd = open_socket((const struct sockaddr *)&where->addr, where->len)) < 0)
			goto fail;
		if (!where->also_v6)
			break;
		len = sizeof bound;
		if (getsockname(fd, (struct sockaddr *)&bound, &len) != 0)
			goto fail;
		six.sin6_port = ((struct sockaddr_in *)(void *)&bound)->sin_port;
		if ((fd6 = open_socket((struct sockaddr *)&six, sizeof six)) >= 0 || errno == EAFNOSUPPORT ||
		    errno == EADDRNOTAVAIL)
			break;
		if (port != 0 || tries == 20)
			goto fail;
		close(fd); /* that free port is taken on the other address: draw again */
	}
	add_listener(s, &s->listeners[s->listener_count++], fd, false);
	if (fd6 >= 0)
		add_listener(s, &s->listeners[s->listener_count++], fd6, false);
	return TG_OK;

fail:
	if (errno == EADDRINUSE)
		tg_why_set(why, "port %u is already in use%s", port, fd >= 0 ? " on [::1]" : "");
	else
		tg_why_set(why, "cannot listen on port %u: %s", port, strerror(errno));
	if (fd >= 0)
		close(fd);
	return TG_EBUSY;
}

static int
bind_all(struct tg_server *s, struct tg_why *why)
{
	const struct tg_config *config = s->config;
	size_t i;
	int fd, rc;

	for (i = 0; i < config->listen_count; i++)
		if ((rc = bind_one(s, &config->listen[i], why)) != TG_OK)
			return rc;
	if (config->admin_text != NULL) {
		fd = open_socket((const struct sockaddr *)&config->admin.addr, config->admin.len);
		if (fd < 0) {
			tg_why_set(why, "admin port %u: %s", port_of(&config->admin.addr), strerror(errno));
			return TG_EBUSY;
		}
		add_listener(s, &s->admin, fd, true);
	}
	return TG_OK;
}

/* One descriptor per connection; say so at start rather than find out at the ten thousandth. */
static void
raise_descriptor_limit(const struct tg_config *config)
{
	struct rlimit limit;
	rlim_t need = (rlim_t)config->max_connections + TG_LINGER_MAX + FDS_RESERVED;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= need)
		return;
	limit.rlim_cur = limit.rlim_max < need ? limit.rlim_max : need;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < need)
		say("only %llu open files are allowed: fewer than %u connections will fit",
		    (unsigned long long)limit.rlim_cur, config->max_connections);
}

static bool
only_loopback(const struct tg_config *config)
{
	size_t i;

	for (i = 0; i < config->listen_count; i++)
		if (!tg_address_is_loopback((const struct sockaddr *)&config->listen[i].addr))
			return false;
	return true;
}

static int
make_loop(struct tg_server *s)
{
	static const int signals[] = {SIGHUP, SIGTERM, SIGINT, SIGPIPE};
	const struct tg_config *config = s->config;
	struct event_config *ec;
	struct timeval every;
	unsigned least;
	size_t i;

	if ((ec = event_config_new()) == NULL)
		return TG_ENOMEM;
	/* One thread, no descriptor closed behind libevent's back: no locks, fewer epoll_ctl calls. */
	event_config_set_flag(ec, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
	s->base = event_base_new_with_config(ec);
	event_config_free(ec);
	if (s->base == NULL)
		return TG_ENOMEM;

	for (i = 0; i < sizeof signals / sizeof signals[0]; i++) {
		evsignal_assign(&s->signal_ev[i], s->base, signals[i], on_signal, s);
		evsignal_add(&s->signal_ev[i], NULL);
	}
	evtimer_assign(&s->resume_ev, s->base, on_resume, s);
	evtimer_assign(&s->flush_ev, s->base, on_flush, s);

	/* A limit is met within a quarter of the shortest one, and the sweep is idle work otherwise. */
	least = config->head_ms < config->idle_ms ? config->head_ms : config->idle_ms;
	least = least < config->send_ms ? least : config->send_ms;
	s->sweep_ms = least / 4 > 1000 ? 1000 : least / 4 < 10 ? 10 : least / 4;
	every = (struct timeval){s->sweep_ms / 1000, (s->sweep_ms % 1000) * 1000};
	event_assign(&s->sweep_ev, s->base, -1, EV_PERSIST, on_sweep, s);
	event_add(&s->sweep_ev, &every);
	return TG_OK;
}

static void
announce(const struct tg_server *s)
{
	char where[TG_LISTENERS_MAX * 80], one[80];
	size_t i, n = 0;

	if (s->admin.fd >= 0) {
		address_text(s->admin.fd, one, sizeof one);
		say("admin on http://%s", one);
	}
	for (i = 0; i < s->listener_count; i++) {
		address_text(s->listeners[i].fd, one, sizeof one);
		n += (size_t)snprintf(where + n, sizeof where - n, "%s%s://%s", i == 0 ? "" : " and ",
		    s->tls != NULL ? "https" : "http", one);
	}
	say("serving %zu files (%zu KiB) on %s", tg_image_files(s->image),
	    (tg_image_bytes(s->image) + 1023) / 1024, where);
}

int
tg_server_start(struct tg_server *s, const struct tg_config *config, struct tg_why *why)
{
	uint8_t seed[16];
	int rc;

	s->config = config;
	s->admin.fd = -1;
	s->started = time(NULL);
	s->site.hsts = config->tls_cert != NULL;
	s->site.any_host = config->node_hosts == TG_HOST_ANY ||
			   (config->node_hosts == TG_HOST_AUTO && !only_loopback(config));
	tg_why_set(why, "out of memory");
	raise_descriptor_limit(config);
	randombytes_buf(seed, sizeof seed);

	if (config->tls_cert != NULL &&
	    (rc = tg_tls_load(config->tls_cert, config->tls_key, &s->tls, why)) != TG_OK)
		goto stop;
	if ((rc = tg_bundle_load(config->bundle, config->node, &s->image, why)) != TG_OK)
		goto stop;
	rc = TG_ENOMEM;
	s->addresses = tg_addresses_new(config->max_connections, config->address_connections,
	    config->address_rate, config->address_burst, seed);
	if (s->addresses == NULL)
		goto stop;
	if ((rc = tg_log_open(&s->log, config->access_log)) != TG_OK || (rc = make_loop(s)) != TG_OK ||
	    (rc = bind_all(s, why)) != TG_OK)
		goto stop;
	tg_server_tick(s);
	tg_notify_open();
	return TG_OK;

stop:
	tg_server_stop(s);
	return rc;
}

void
tg_server_run(struct tg_server *s)
{
	announce(s);
	tg_notify_send("READY=1");
	event_base_dispatch(s->base);
}

void
tg_server_stop(struct tg_server *s)
{
	size_t i;

	s->draining = false; /* nothing is to leave the loop any more */
	tg_conn_close_all(s);
	for (i = 0; i < s->listener_count; i++)
		end_listening(&s->listeners[i]);
	end_listening(&s->admin);
	if (s->base != NULL) {
		for (i = 0; i < sizeof s->signal_ev / sizeof s->signal_ev[0]; i++)
			event_del(&s->signal_ev[i]);
		event_del(&s->sweep_ev);
		event_del(&s->resume_ev);
		event_del(&s->flush_ev);
		event_base_free(s->base);
	}
	tg_log_close(&s->log);
	tg_addresses_free(s->addresses);
	tg_image_unref(s->image);
	SSL_CTX_free(s->tls);
	tg_notify_close();
	memset(s, 0, sizeof *s);
}
