#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <libwebsockets.h>

#include <toygrid/limits.h>
#include <toygrid/status.h>

#include "base/mem.h"
#include "host/loop.h"
#include "host/trace.h"
#include "host/ws_client.h"

#define ENTROPY_EVERY_MS 3600000
#define TICK_FRESH_MS	 10 /* an event is preceded by a tick when the peer's clock is older than this */
#define FLUSH_BYTES	 (4u << 20) /* batches are written when so much waits, even in the middle of a turn */
#define EVENTS_PER_TURN	 256	    /* then sockets get their chance */

struct queued {
	struct tg_buf bytes;
	int resume; /* it tells the peer that a batch failed: storage may go on after it */
};

struct pending { /* a command that waits for its reply */
	uint64_t request;
	tg_reply_fn *reply;
	void *ctx;
};

struct name { /* a lock that is held */
	struct tg_buf bytes;
};

struct timer {
	lws_sorted_usec_list_t sul;
	struct tg_host *host;
};

struct tg_host {
	struct tg_host_options options;
	struct lws_context *context;
	struct tg_store *store;
	struct tg_ws *ws;
	struct tg_peer *peer;
	FILE *trace;

	/* Events to be handled: queue[queue_at .. queue_count). */
	struct queued *queue;
	size_t queue_at, queue_count, queue_cap;
	struct tg_buf tick;
	uint64_t told_ms; /* the time the peer knows */
	uint64_t wake_at; /* what the last wake asked for */
	int wake_soon;

	struct pending *pending;
	size_t pending_count, pending_cap;
	uint64_t next_request;
	struct name *locks;
	size_t lock_count, lock_cap;

	struct timer wake, entropy, after, poke;
	void (*after_fn)(void *ctx);
	void *after_ctx;

	int failed; /* a status that ends the loop */
	volatile sig_atomic_t stopped;
	struct tg_host_counts counts;
};

static void
note(struct tg_host *host, enum tg_host_log_level level, const char *what, const char *detail)
{
	if (host->options.log != NULL)
		host->options.log(host->options.ctx, level, what, detail);
}

static void
fail(struct tg_host *host, int status, const char *what)
{
	if (host->failed == TG_OK) {
		host->failed = status;
		note(host, TG_LOG_ERROR, what, tg_status_text(status));
	}
}

uint64_t
tg_host_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* ---- events -------------------------------------------------------------------------------------------- */

/*
 * lws runs due timers before it waits for sockets, not after: what a timer leaves for the end of the turn
 * would wait with it.  So a timer also makes the wait end at once.
 */
static void
on_poke(lws_sorted_usec_list_t *sul)
{
	lws_cancel_service(lws_container_of(sul, struct timer, sul)->host->context);
}

void
tg_host_feed(struct tg_host *host, struct tg_buf *event)
{
	if (tg_buf_status(event) != TG_OK || tg_mem_grow((void **)&host->queue, &host->queue_cap,
						 host->queue_count + 1, sizeof *host->queue) != TG_OK) {
		tg_buf_free(event);
		fail(host, TG_ENOMEM, "an event was lost");
		return;
	}
	host->queue[host->queue_count++] = (struct queued){*event, 0};
	memset(event, 0, sizeof *event);
	/* Whoever feeds from outside a turn must not wait for the next packet. */
	lws_sul_schedule(host->context, 0, &host->poke.sul, on_poke, 1);
}

static void
feed_entropy(struct tg_host *host)
{
	struct tg_buf event = {0};
	uint8_t seed[32];
	size_t got = 0;
	ssize_t n;

	while (got < sizeof seed) {
		if ((n = getrandom(seed + got, sizeof seed - got, 0)) < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			fail(host, TG_EIO, "the system gives no entropy");
			return;
		}
		got += (size_t)n;
	}
	tg_event_entropy(&event, seed);
	tg_wipe(seed, sizeof seed);
	tg_host_feed(host, &event);
}

/* ---- effects ------------------------------------------------------------------------------------------- */

static void
on_stored(void *ctx, uint64_t batch, int status)
{
	struct tg_host *host = ctx;
	struct tg_buf event = {0};

	host->counts.batches++;
	if (status != TG_OK) {
		host->counts.batches_failed++;
		note(host, TG_LOG_ERROR, "a batch was not stored", tg_status_text(status));
		if (status != TG_EFULL)
			status = TG_EIO;
	}
	tg_event_stored(&event, batch, status);
	tg_host_feed(host, &event);
	if (status != TG_OK && host->queue_count > 0)
		host->queue[host->queue_count - 1].resume = 1;
}

static void
load(struct tg_host *host, const struct tg_effect *e)
{
	struct tg_buf event = {0};

	/* Effects are carried out in order: what was stored before must be seen. */
	tg_store_flush(host->store, on_stored, host);
	tg_store_load(
	    host->store, e->u.load.from, e->u.load.to, e->u.load.max_bytes, &event, e->u.load.request);
	tg_host_feed(host, &event);
}

static size_t
find_lock(struct tg_host *host, struct tg_bytes name)
{
	size_t i;

	for (i = 0; i < host->lock_count; i++)
		if (host->locks[i].bytes.len == name.len &&
		    memcmp(host->locks[i].bytes.data, name.data, name.len) == 0)
			break;
	return i;
}

/*
 * The directory lock keeps every other process away from these logs, so a right is free unless this very peer
 * has it.
 */
static void
lock(struct tg_host *host, const struct tg_effect *e)
{
	struct tg_buf event = {0};
	int granted = find_lock(host, e->u.lock.name) == host->lock_count;
	struct name *l;

	if (granted) {
		if (tg_mem_grow((void **)&host->locks, &host->lock_cap, host->lock_count + 1, sizeof *l) !=
		    TG_OK) {
			fail(host, TG_ENOMEM, "a lock was lost");
			return;
		}
		l = &host->locks[host->lock_count++];
		memset(l, 0, sizeof *l);
		tg_buf_put(&l->bytes, e->u.lock.name.data, e->u.lock.name.len);
		if (tg_buf_status(&l->bytes) != TG_OK)
			fail(host, TG_ENOMEM, "a lock was lost");
	}
	tg_event_locked(&event, e->u.lock.request, granted);
	tg_host_feed(host, &event);
}

static void
unlock(struct tg_host *host, const struct tg_effect *e)
{
	size_t i = find_lock(host, e->u.lock.name);

	if (i == host->lock_count)
		return;
	tg_buf_free(&host->locks[i].bytes);
	host->locks[i] = host->locks[--host->lock_count];
}

static void on_wake(lws_sorted_usec_list_t *sul);

static void
set_wake(struct tg_host *host)
{
	uint64_t now = tg_host_now_ms(), delay = host->wake_at > now ? host->wake_at - now : 0;

	/* A wall clock that was set back must not put the peer to sleep for hours. */
	if (delay > ENTROPY_EVERY_MS)
		delay = ENTROPY_EVERY_MS;
	lws_sul_schedule(
	    host->context, 0, &host->wake.sul, on_wake, delay ? (lws_usec_t)delay * 1000 : (lws_usec_t)1);
}

static void
on_wake(lws_sorted_usec_list_t *sul)
{
	struct tg_host *host = lws_container_of(sul, struct timer, sul)->host;

	/* lws may be a little early, and a tick before its time would be wasted. */
	if (tg_host_now_ms() < host->wake_at) {
		set_wake(host);
	} else {
		host->wake_soon = 1;
		lws_cancel_service(host->context);
	}
}

static void
reply(struct tg_host *host, const struct tg_effect *e)
{
	struct pending p;
	size_t i;

	for (i = 0; i < host->pending_count; i++)
		if (host->pending[i].request == e->u.reply.request)
			break;
	if (i == host->pending_count)
		return;
	p = host->pending[i];
	host->pending[i] = host->pending[--host->pending_count];
	if (p.reply != NULL)
		p.reply(p.ctx, e->u.reply.status, e->u.reply.value);
}

static void
carry_out(struct tg_host *host, const struct tg_effect *e)
{
	switch (e->kind) {
	case TG_EFFECT_SEND:
		host->counts.messages_out++;
		host->counts.bytes_out += e->u.send.data.len;
		if (tg_ws_send(host->ws, e->u.send.link, e->u.send.data.data, e->u.send.data.len) != TG_OK)
			fail(host, TG_ENOMEM, "a message was lost");
		break;
	case TG_EFFECT_STORE:
		if (tg_store_queue(host->store, e->u.store.batch, e->u.store.strict, e->u.store.ops) != TG_OK)
			fail(host, TG_ENOMEM, "a batch was lost");
		else if (tg_store_queued_bytes(host->store) > FLUSH_BYTES)
			tg_store_flush(host->store, on_stored, host);
		break;
	case TG_EFFECT_LOAD:
		load(host, e);
		break;
	case TG_EFFECT_LOCK:
		lock(host, e);
		break;
	case TG_EFFECT_UNLOCK:
		unlock(host, e);
		break;
	case TG_EFFECT_WAKE:
		host->wake_at = e->u.wake.at_ms;
		set_wake(host);
		break;
	case TG_EFFECT_CLOSE: {
		char reason[128];

		snprintf(reason, sizeof reason, "%.*s", (int)e->u.close.reason.len,
		    (const char *)e->u.close.reason.data);
		tg_ws_hang_up(host->ws, e->u.close.link, reason);
		break;
	}
	case TG_EFFECT_REPLY:
		reply(host, e);
		break;
	default:
		if (host->options.effect != NULL)
			host->options.effect(host->options.ctx, e);
		break;
	}
}

/* Give the peer one event and carry out what it wants. */
static void
handle(struct tg_host *host, const struct tg_buf *event)
{
	struct tg_trace_step step = {{event->data, event->len}, TG_OK, {NULL, 0}};
	struct tg_effect effect;
	struct tg_reader r;
	int rc;

	host->counts.events++;
	step.status = tg_peer_event(host->peer, event->data, event->len);
	tg_peer_effects(host->peer, &step.effects.data, &step.effects.len);
	if (host->trace != NULL && (rc = tg_trace_write(host->trace, &step)) != TG_OK) {
		note(host, TG_LOG_ERROR, "the trace ends here", tg_status_text(rc));
		fclose(host->trace);
		host->trace = NULL;
	}
	if (step.status != TG_OK) {
		fail(host, step.status, "the peer refused an event");
		return;
	}
	tg_reader_init(&r, step.effects.data, step.effects.len);
	while ((rc = tg_effect_next(&r, &effect)) == TG_OK)
		carry_out(host, &effect);
	if (rc != TG_ENOTFOUND)
		fail(host, rc, "an effect cannot be read");
}

static void
tick(struct tg_host *host, uint64_t now)
{
	host->told_ms = now;
	tg_buf_reset(&host->tick);
	tg_event_tick(&host->tick, now);
	handle(host, &host->tick);
}

/* Handle what is queued, then write what it asked to store, which queues the answers; until all is quiet. */
static void
drain(struct tg_host *host)
{
	unsigned budget = EVENTS_PER_TURN;
	uint64_t now;

	while (host->failed == TG_OK && budget > 0) {
		if (host->queue_at == host->queue_count) {
			host->queue_at = host->queue_count = 0;
			if (tg_store_queued_bytes(host->store) == 0)
				break;
			tg_store_flush(host->store, on_stored, host);
			continue;
		}
		budget--;
		now = tg_host_now_ms();
		if (host->counts.events > 0 &&
		    (now < host->told_ms || now - host->told_ms >= TICK_FRESH_MS)) {
			tick(host, now);
			if (host->failed != TG_OK)
				break;
		}
		/* The queue may move while the event is handled: its bytes do not. */
		{
			struct queued event = host->queue[host->queue_at++];

			if (event.resume)
				tg_store_resume(host->store);
			handle(host, &event.bytes);
			tg_buf_free(&event.bytes);
		}
	}
	/* A busy peer still gets its disk. */
	if (host->failed == TG_OK && tg_store_queued_bytes(host->store) > 0)
		tg_store_flush(host->store, on_stored, host);
	if (host->wake_soon && host->failed == TG_OK) {
		host->wake_soon = 0;
		tick(host, tg_host_now_ms());
	}
	lws_sul_schedule(host->context, 0, &host->poke.sul, on_poke,
	    host->queue_at < host->queue_count ? 1 : LWS_SET_TIMER_USEC_CANCEL);
}

/* ---- what comes in ------------------------------------------------------------------------------------- */

static void
on_opened(void *ctx, uint64_t link, const char *name)
{
	struct tg_buf event = {0};

	tg_event_opened(&event, link, TG_LINK_RELAY, name);
	tg_host_feed(ctx, &event);
}

static void
on_closed(void *ctx, uint64_t link)
{
	struct tg_buf event = {0};

	tg_event_closed(&event, link);
	tg_host_feed(ctx, &event);
}

static void
on_received(void *ctx, uint64_t link, const uint8_t *data, size_t len)
{
	struct tg_host *host = ctx;
	struct tg_buf event = {0};

	host->counts.messages_in++;
	host->counts.bytes_in += len;
	tg_event_received(&event, link, data, len);
	tg_host_feed(host, &event);
}

static void
on_link_log(void *ctx, const char *what, const char *url, const char *why)
{
	char detail[512];

	snprintf(detail, sizeof detail, "%s%s%s", url, *why ? ": " : "", why);
	note(ctx, TG_LOG_INFO, what, detail);
}

static void
on_entropy(lws_sorted_usec_list_t *sul)
{
	struct tg_host *host = lws_container_of(sul, struct timer, sul)->host;

	feed_entropy(host);
	lws_sul_schedule(host->context, 0, sul, on_entropy, (lws_usec_t)ENTROPY_EVERY_MS * 1000);
}

static void
on_after(lws_sorted_usec_list_t *sul)
{
	struct tg_host *host = lws_container_of(sul, struct timer, sul)->host;

	host->after_fn(host->after_ctx);
	lws_cancel_service(host->context);
}

/* lws reports through one function for the whole process; errors of sockets have their own way (on_link_log).
 */
static void
on_lws_log(int level, const char *line)
{
	(void)level;
	(void)line;
}

/* ---- the object ---------------------------------------------------------------------------------------- */

int
tg_host_open(struct tg_host **out, const struct tg_host_options *options, char error[TG_HOST_ERROR_BYTES])
{
	struct lws_context_creation_info info = {
	    .port = CONTEXT_PORT_NO_LISTEN,
	    .options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
	    /* One recv takes a whole usual message, and lws_write keeps none back for want of room. */
	    .pt_serv_buf_size = 65536,
	};
	struct tg_ws_options ws = {.ca_file = options->ca_file,
	    .opened = on_opened,
	    .closed = on_closed,
	    .received = on_received,
	    .log = on_link_log};
	struct tg_host *host;
	int rc;

	*out = NULL;
	snprintf(error, TG_HOST_ERROR_BYTES, "out of memory");
	if ((rc = tg_crypto_init()) != TG_OK) {
		snprintf(error, TG_HOST_ERROR_BYTES, "the system gives no entropy");
		return rc;
	}
	if ((host = tg_calloc(1, sizeof *host)) == NULL)
		return TG_ENOMEM;
	host->options = *options;
	host->wake.host = host->entropy.host = host->after.host = host->poke.host = host;

	if ((rc = tg_store_open(&host->store, options->data_dir, &options->store, error)) != TG_OK)
		goto close_host;
	note(host, TG_LOG_INFO, "storage", options->data_dir);

	lws_set_log_level(LLL_ERR, on_lws_log);
	rc = TG_EIO;
	if ((host->context = lws_create_context(&info)) == NULL) {
		snprintf(error, TG_HOST_ERROR_BYTES, "the network loop does not start");
		goto close_host;
	}
	ws.ctx = host;
	if ((rc = tg_ws_open(&host->ws, host->context, &ws)) != TG_OK) {
		snprintf(error, TG_HOST_ERROR_BYTES, "%s: %s",
		    options->ca_file != NULL ? options->ca_file : "TLS",
		    options->ca_file != NULL ? "cannot be used as certificate file" : "does not start");
		goto close_host;
	}

	if (options->trace_file != NULL &&
	    (rc = tg_trace_create(options->trace_file, &host->trace)) != TG_OK) {
		snprintf(error, TG_HOST_ERROR_BYTES, "%s: %s", options->trace_file, strerror(errno));
		goto close_host;
	}
	if ((rc = tg_peer_new(&host->peer)) != TG_OK)
		goto close_host;
	on_entropy(&host->entropy.sul);
	if ((rc = host->failed) == TG_OK) {
		drain(host);
		tick(host, tg_host_now_ms());
		rc = host->failed;
	}
	if (rc != TG_OK) {
		snprintf(error, TG_HOST_ERROR_BYTES, "the peer does not start: %s", tg_status_text(rc));
		goto close_host;
	}
	error[0] = '\0';
	*out = host;
	return TG_OK;

close_host:
	tg_host_close(host);
	return rc;
}

void
tg_host_close(struct tg_host *host)
{
	struct timer *timers[4];
	size_t i;

	if (host == NULL)
		return;
	tg_ws_close(host->ws);
	if (host->context != NULL) {
		timers[0] = &host->wake;
		timers[1] = &host->entropy;
		timers[2] = &host->after;
		timers[3] = &host->poke;
		for (i = 0; i < 4; i++)
			lws_sul_schedule(host->context, 0, &timers[i]->sul, NULL, LWS_SET_TIMER_USEC_CANCEL);
		lws_context_destroy(host->context);
	}
	if (host->trace != NULL)
		fclose(host->trace);
	tg_peer_free(host->peer);
	tg_store_close(host->store);
	for (i = host->queue_at; i < host->queue_count; i++)
		tg_buf_free(&host->queue[i].bytes);
	for (i = 0; i < host->lock_count; i++)
		tg_buf_free(&host->locks[i].bytes);
	tg_buf_free(&host->tick);
	tg_free(host->queue);
	tg_free(host->locks);
	tg_free(host->pending);
	tg_free(host);
}

int
tg_host_relay(struct tg_host *host, const char *url)
{
	return tg_ws_add(host->ws, url);
}

uint64_t
tg_host_request(struct tg_host *host, tg_reply_fn *fn, void *ctx)
{
	if (tg_mem_grow((void **)&host->pending, &host->pending_cap, host->pending_count + 1,
		sizeof *host->pending) != TG_OK) {
		fail(host, TG_ENOMEM, "a command was lost");
		return 0;
	}
	/* 0 stands for "no reply wanted" inside the peer. */
	host->pending[host->pending_count++] = (struct pending){++host->next_request, fn, ctx};
	return host->next_request;
}

int
tg_host_turn(struct tg_host *host)
{
	uint64_t before = host->counts.events;

	if (host->stopped)
		return TG_ECLOSED;
	if (host->failed == TG_OK)
		drain(host);
	/* The caller may have got what it waits for: look at the sockets, but do not wait for them. */
	if (host->counts.events != before)
		lws_cancel_service(host->context);
	/* Signals interrupt the wait; the next turn sees their flag. */
	if (host->failed == TG_OK && !host->stopped)
		lws_service(host->context, 0);
	if (host->failed == TG_OK)
		drain(host);
	return host->failed != TG_OK ? host->failed : host->stopped ? TG_ECLOSED : TG_OK;
}

void
tg_host_stop(struct tg_host *host)
{
	host->stopped = 1;
	/* Writes to lws' own event descriptor, so a wait that begins just now ends too. */
	lws_cancel_service(host->context);
}

/* ---- leaving ------------------------------------------------------------------------------------------- */

struct leaving {
	struct tg_host *host;
	int waiting;
};

static void
on_grid_closed(void *ctx, int status, struct tg_bytes value)
{
	struct leaving *l = ctx;

	(void)status;
	(void)value;
	l->waiting--;
}

static void
on_list(void *ctx, int status, struct tg_bytes value)
{
	struct leaving *l = ctx;
	struct tg_buf event = {0};
	struct tg_reader r;
	uint8_t grid[32];
	uint32_t i, n;

	l->waiting--;
	if (status != TG_OK)
		return;
	tg_reader_init(&r, value.data, value.len);
	n = tg_read_array(&r, 0, UINT32_MAX);
	for (i = 0; i < n && tg_reader_status(&r) == TG_OK; i++) {
		tg_read_array(&r, 4, 4);
		tg_read_fixed(&r, grid, sizeof grid);
		tg_read_skip(&r);
		tg_read_skip(&r);
		tg_read_skip(&r);
		if (tg_reader_status(&r) != TG_OK)
			break;
		tg_command_grid(&event, tg_host_request(l->host, on_grid_closed, l), TG_COMMAND_CLOSE, grid);
		tg_host_feed(l->host, &event);
		l->waiting++;
	}
}

int
tg_host_leave(struct tg_host *host, unsigned timeout_ms)
{
	struct leaving l = {host, 1};
	uint64_t until = tg_host_now_ms() + timeout_ms;
	struct tg_buf event = {0};
	size_t i;

	host->stopped = 0;
	tg_command_bare(&event, tg_host_request(host, on_list, &l), TG_COMMAND_LIST);
	tg_host_feed(host, &event);
	while (host->failed == TG_OK && tg_host_now_ms() < until &&
	       (l.waiting > 0 || tg_ws_unsent_bytes(host->ws) > 0 || host->queue_at < host->queue_count)) {
		drain(host);
		/* lws waits as long as it likes; look at the clock at least every 50 ms. */
		if (host->queue_at == host->queue_count)
			lws_sul_schedule(host->context, 0, &host->poke.sul, on_poke, 50000);
		lws_service(host->context, 0);
		drain(host);
	}
	for (i = 0; i < host->pending_count; i++) /* replies that come too late find nobody */
		host->pending[i].reply = NULL;
	return l.waiting == 0 && tg_ws_unsent_bytes(host->ws) == 0;
}

/* ---- small things -------------------------------------------------------------------------------------- */

struct tg_peer *
tg_host_peer(struct tg_host *host)
{
	return host->peer;
}

struct tg_store *
tg_host_store(struct tg_host *host)
{
	return host->store;
}

struct lws_context *
tg_host_context(struct tg_host *host)
{
	return host->context;
}

void
tg_host_after(struct tg_host *host, unsigned ms, void (*fn)(void *ctx), void *ctx)
{
	host->after_fn = fn;
	host->after_ctx = ctx;
	lws_sul_schedule(
	    host->context, 0, &host->after.sul, on_after, ms ? (lws_usec_t)ms * 1000 : (lws_usec_t)1);
}

void
tg_host_counts(struct tg_host *host, struct tg_host_counts *counts)
{
	*counts = host->counts;
	counts->links_open = tg_ws_open_links(host->ws);
	counts->store_bytes = tg_store_bytes(host->store);
}
