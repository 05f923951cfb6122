/*
 * toygrid-relay: start, signals, end.  DESIGN says what the rest does.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include <ev.h>

#include <toygrid/crypto.h>
#include <toygrid/status.h>

#include "config.h"
#include "log.h"
#include "notify.h"
#include "relay.h"
#include "sandbox.h"
#include "server.h"

#define DRAIN_STEP_S 0.05

struct process {
	struct tg_relay relay;
	struct tg_server *server;
	struct ev_signal term, interrupt, hup;
	struct ev_timer drain;
};

static void
on_hup(struct ev_loop *loop, struct ev_signal *w, int events)
{
	struct process *p = w->data;
	const int rc = tg_server_reload(p->server);

	(void)loop;
	(void)events;
	tg_log("reload", ",\"certificate\":\"%s\"", rc == 0 ? "read" : "unchanged");
}

static void
on_drain_step(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct process *p = w->data;
	struct timespec real, mono;

	(void)events;
	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_MONOTONIC, &mono);
	tg_relay_clock(&p->relay, (uint64_t)real.tv_sec * 1000 + (uint64_t)real.tv_nsec / 1000000,
	    (uint64_t)mono.tv_sec * 1000 + (uint64_t)mono.tv_nsec / 1000000);
	if (tg_relay_drain_step(&p->relay))
		ev_break(loop, EVBREAK_ALL);
}

static void
on_term(struct ev_loop *loop, struct ev_signal *w, int events)
{
	struct process *p = w->data;

	(void)events;
	if (p->relay.draining) {
		ev_break(loop, EVBREAK_ALL);
		return;
	}
	tg_log("draining", ",\"connections\":%llu", (unsigned long long)p->relay.metrics.connections);
	tg_notify("STOPPING=1");
	tg_server_stop_listening(p->server);
	tg_relay_drain(&p->relay);
	ev_timer_again(loop, &p->drain);
}

static void
watch_signals(struct process *p, struct ev_loop *loop)
{
	signal(SIGPIPE, SIG_IGN);
	ev_signal_init(&p->term, on_term, SIGTERM);
	ev_signal_init(&p->interrupt, on_term, SIGINT);
	ev_signal_init(&p->hup, on_hup, SIGHUP);
	ev_init(&p->drain, on_drain_step);
	p->drain.repeat = DRAIN_STEP_S;
	p->term.data = p->interrupt.data = p->hup.data = p->drain.data = p;
	ev_signal_start(loop, &p->term);
	ev_signal_start(loop, &p->interrupt);
	ev_signal_start(loop, &p->hup);
}

static int
fail(const char *why)
{
	fprintf(stderr, "toygrid-relay: %s\n", why);
	return 1;
}

int
main(int argc, char **argv)
{
	static struct process p;
	struct tg_config config;
	struct timespec real, mono;
	struct ev_loop *loop;
	char error[512], url[128];

	switch (tg_config_read(&config, argc, argv, stdout, stderr)) {
	case TG_CONFIG_DONE:
		return 0;
	case TG_CONFIG_BAD:
		return 2;
	case TG_CONFIG_RUN:
		break;
	}
	tg_log_init((int)config.log_json);
	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_MONOTONIC, &mono);
	if (tg_crypto_init() != TG_OK)
		return fail("no source of random bytes");
	if (tg_relay_init(&p.relay, &config, (uint64_t)real.tv_sec * 1000 + (uint64_t)real.tv_nsec / 1000000,
		(uint64_t)mono.tv_sec * 1000 + (uint64_t)mono.tv_nsec / 1000000) != TG_OK)
		return fail("no memory: try fewer --dedup-slots");
	if ((loop = ev_default_loop(EVFLAG_NOENV | EVBACKEND_EPOLL)) == NULL)
		return fail("no event loop (epoll)");
	if ((p.server = tg_server_new(&p.relay, loop, error, sizeof error)) == NULL)
		return fail(error);
	watch_signals(&p, loop);
	tg_notify_open();
	if (config.sandbox && tg_sandbox_enter() != 0) {
		snprintf(error, sizeof error, "no sandbox (%s); --sandbox off goes without", strerror(errno));
		return fail(error);
	}
	if (config.self_test_sandbox)
		_exit(tg_sandbox_self_test(stdout) == 0
			  ? 0
			  : 1); /* at once: leak checkers need what is forbidden */

	tg_server_start(p.server);
	tg_server_url(p.server, 1, url, sizeof url);
	if (url[0])
		printf("toygrid-relay: admin on %s\n", url);
	tg_server_url(p.server, 0, url, sizeof url);
	printf("toygrid-relay: listening on %s\n", url);
	fflush(stdout);
	tg_log("start", ",\"url\":\"%s\",\"connections\":%u,\"sandbox\":%s", url, p.relay.config.connections,
	    config.sandbox ? "true" : "false");
	tg_notify("READY=1");
	ev_run(loop, 0);

	tg_log("stop", ",\"connections\":%llu", (unsigned long long)p.relay.metrics.connections);
	tg_server_free(p.server);
	tg_relay_close(&p.relay);
	return 0;
}
