#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "host/trace.h"
#include "sim/host.h"
#include "sim/user.h"
#include "sim/world.h"
#include "wire/writer.h"

#define RETRY_MIN_MS  100
#define RETRY_MAX_MS  4000
#define SPINS_MAX     20000 /* wakes without any time passing: more is an endless loop */
#define TABS_DELAY_MS 2

static const struct sim_link_owner link_calls;
static void drain(struct sim_host *host);

/* ---- profiles ------------------------------------------------------------------------------------------ */

struct sim_profile *
sim_profile_new(struct sim_world *world, const char *name, uint32_t relays)
{
	struct sim_profile *profile = sim_malloc(sizeof *profile);

	if (world->profile_count == SIM_PROFILES_MAX)
		abort();
	profile->world = world;
	profile->number = (uint32_t)world->profile_count;
	snprintf(profile->name, sizeof profile->name, "%s", name);
	profile->store = sim_store_new(&world->sched, sim_rand_fork(&world->rand));
	profile->relays = relays;
	world->profiles[world->profile_count++] = profile;
	return profile;
}

void
sim_profile_free(struct sim_profile *profile)
{
	for (size_t i = 0; i < profile->lock_count; i++)
		free((void *)profile->locks[i].name.data);
	sim_store_free(profile->store);
	free(profile);
}

struct sim_host *
sim_profile_tab(struct sim_profile *profile)
{
	for (size_t i = 0; i < profile->tab_count; i++)
		if (sim_host_alive(profile->tabs[i]))
			return profile->tabs[i];
	return NULL;
}

void
sim_profile_power_cut(struct sim_profile *profile)
{
	uint64_t lost;

	for (size_t i = 0; i < profile->tab_count; i++)
		if (sim_host_alive(profile->tabs[i]))
			sim_host_kill(profile->tabs[i]);
	lost = sim_store_power_cut(profile->store);
	sim_say(profile->world, profile->name, "power cut: %u batches lost", (unsigned)lost);
}

static int
lock_take(struct sim_profile *profile, struct sim_host *host, struct tg_bytes name)
{
	size_t free_slot = profile->lock_count;
	uint8_t *own;

	for (size_t i = 0; i < profile->lock_count; i++) {
		if (profile->locks[i].holder == NULL)
			free_slot = i;
		else if (profile->locks[i].name.len == name.len &&
			 memcmp(profile->locks[i].name.data, name.data, name.len) == 0)
			return profile->locks[i].holder == host;
	}
	if (free_slot == SIM_LOCKS_MAX)
		return 0;
	if (free_slot == profile->lock_count)
		profile->lock_count++;
	free((void *)profile->locks[free_slot].name.data);
	own = sim_malloc(name.len);
	memcpy(own, name.data, name.len);
	profile->locks[free_slot].name = (struct tg_bytes){own, name.len};
	profile->locks[free_slot].holder = host;
	return 1;
}

static void
lock_release(struct sim_profile *profile, struct sim_host *host, const struct tg_bytes *name)
{
	for (size_t i = 0; i < profile->lock_count; i++)
		if (profile->locks[i].holder == host &&
		    (name == NULL || (profile->locks[i].name.len == name->len &&
					 memcmp(profile->locks[i].name.data, name->data, name->len) == 0)))
			profile->locks[i].holder = NULL;
}

/* ---- links --------------------------------------------------------------------------------------------- */

static int
reachable(const struct sim_profile *profile, size_t relay)
{
	return !profile->offline && (profile->relays & 1u << relay) != 0 &&
	       (profile->cut_off & 1u << relay) == 0;
}

static void
dial(struct sim_host *host, size_t relay)
{
	struct sim_world *world = host->world;
	struct sim_link *link;

	if (!sim_host_alive(host) || host->links[relay] != NULL || !reachable(host->profile, relay))
		return;
	if (world->link_count == SIM_LINKS_MAX) {
		sim_fail(world, "too many connections: is somebody reconnecting in a loop?");
		return;
	}
	link = sim_link_dial(&world->sched, sim_rand_fork(&host->rand), world->relays[relay], host,
	    &link_calls, host->next_link++);
	world->links[world->link_count++] = link;
	host->links[relay] = link;
}

static void
redial(void *ctx, uint64_t relay)
{
	dial(ctx, relay);
}

static size_t
relay_of(const struct sim_host *host, const struct sim_link *link)
{
	size_t i;

	for (i = 0; i < SIM_RELAYS_MAX && host->links[i] != link; i++)
		;
	return i;
}

static void
link_opened(void *owner, struct sim_link *link)
{
	struct sim_host *host = owner;
	struct tg_buf event = {0};

	tg_event_opened(&event, link->id, TG_LINK_RELAY, link->relay->name);
	sim_host_event(host, &event);
}

static void
link_received(void *owner, struct sim_link *link, const uint8_t *data, size_t len)
{
	struct sim_host *host = owner;
	struct tg_buf event = {0};

	tg_event_received(&event, link->id, data, len);
	sim_host_event(host, &event);
}

/* Forget a dead link and dial again after a jittered back-off. */
static void
forget_link(struct sim_host *host, size_t relay)
{
	uint32_t wait = RETRY_MIN_MS << (host->retries[relay] < 5 ? host->retries[relay] : 5);

	host->links[relay] = NULL;
	host->live[relay] = 0;
	host->retries[relay]++;
	if (wait > RETRY_MAX_MS)
		wait = RETRY_MAX_MS;
	wait = wait / 2 + sim_rand_below(&host->rand, wait);
	sim_at(&host->world->sched, host->world->sched.now_ms + wait, redial, host, relay);
}

static void
link_closed(void *owner, struct sim_link *link)
{
	struct sim_host *host = owner;
	size_t relay = relay_of(host, link);
	struct tg_buf event = {0};

	if (relay == SIM_RELAYS_MAX)
		return;
	forget_link(host, relay);
	if (!link->was_open)
		return; /* the peer does not know it */
	tg_event_closed(&event, link->id);
	sim_host_event(host, &event);
}

static const struct sim_link_owner link_calls = {link_opened, link_received, link_closed};

void
sim_profile_reconnect(struct sim_profile *profile)
{
	for (size_t i = 0; i < profile->tab_count; i++) {
		struct sim_host *host = profile->tabs[i];

		if (!sim_host_alive(host))
			continue;
		for (size_t relay = 0; relay < profile->world->relay_count; relay++) {
			if (!reachable(profile, relay)) {
				if (host->links[relay] != NULL)
					sim_link_cut(host->links[relay], 1);
			} else if (host->links[relay] == NULL) {
				host->retries[relay] = 0;
				dial(host, relay);
			}
		}
	}
}

/* What one tab says to the others of its profile. */
struct sim_note {
	struct sim_note *next;
	size_t len;
	uint8_t data[];
};

static struct sim_note *
take_note(struct sim_host *host)
{
	struct sim_note *note = host->notes;

	if ((host->notes = note->next) == NULL)
		host->notes_tail = NULL;
	return note;
}

static void
note_arrives(void *ctx, uint64_t arg)
{
	struct sim_host *host = ctx;
	struct sim_note *note = take_note(host);
	struct tg_buf event = {0};

	(void)arg;
	tg_event_received(&event, host->tabs_link, note->data, note->len);
	free(note);
	sim_host_event(host, &event);
}

static void
tabs_send(struct sim_host *host, struct tg_bytes data)
{
	struct sim_profile *profile = host->profile;

	for (size_t i = 0; i < profile->tab_count; i++) {
		struct sim_host *to = profile->tabs[i];
		struct sim_note *note;

		if (to == host || !sim_host_alive(to))
			continue;
		note = sim_malloc(sizeof *note + data.len);
		note->len = data.len;
		memcpy(note->data, data.data, data.len);
		if (to->notes_tail != NULL)
			to->notes_tail->next = note;
		else
			to->notes = note;
		to->notes_tail = note;
		sim_at(&host->world->sched, host->world->sched.now_ms + TABS_DELAY_MS, note_arrives, to, 0);
	}
}

/* ---- the tab ------------------------------------------------------------------------------------------- */

int
sim_host_alive(const struct sim_host *host)
{
	return host->peer != NULL && !host->crashing;
}

uint64_t
sim_host_clock(const struct sim_host *host)
{
	return host->world->sched.now_ms + (uint64_t)host->profile->skew_ms;
}

static void
new_entropy(void *ctx, uint64_t arg)
{
	struct sim_host *host = ctx;
	struct tg_buf event = {0};
	uint8_t seed[32];

	(void)arg;
	if (!sim_host_alive(host))
		return;
	sim_rand_fill(&host->rand, seed, sizeof seed);
	tg_event_entropy(&event, seed);
	sim_host_event(host, &event);
	sim_at(&host->world->sched, host->world->sched.now_ms + 3600000, new_entropy, host, 0);
}

struct sim_host *
sim_host_open(struct sim_profile *profile)
{
	struct sim_world *world = profile->world;
	struct sim_host *host = sim_malloc(sizeof *host);
	struct tg_buf event = {0};

	if (world->host_count == SIM_HOSTS_MAX || profile->tab_count == SIM_TABS_MAX)
		abort();
	host->world = world;
	host->profile = profile;
	host->number = (uint32_t)world->host_count;
	host->rand = sim_rand_fork(&world->rand);
	host->wake_ms = UINT64_MAX;
	host->next_link = 1;
	host->next_request = 1;
	host->fail_after = -1;
	if (world->record) {
		host->trace = sim_malloc(sizeof *host->trace);
		tg_trace_begin(host->trace);
	}
	world->hosts[world->host_count++] = host;
	profile->tabs[profile->tab_count++] = host;
	if (world->calls->create(&host->peer) != TG_OK)
		abort();
	new_entropy(host, 0);
	host->tabs_link = host->next_link++;
	tg_event_opened(&event, host->tabs_link, TG_LINK_TABS, "");
	sim_host_event(host, &event);
	for (size_t i = 0; i < world->relay_count; i++)
		dial(host, i);
	return host;
}

static void
bury(struct sim_host *host)
{
	struct sim_request *requests = host->requests;
	size_t n = host->request_count;

	host->world->calls->destroy(host->peer);
	host->peer = NULL;
	host->requests = NULL;
	host->request_count = host->request_cap = 0;
	for (size_t i = 0; i < n; i++)
		if (requests[i].reply != NULL)
			requests[i].reply(host, requests[i].ctx, TG_ECLOSED, (struct tg_bytes){NULL, 0});
	free(requests);
}

void
sim_host_kill(struct sim_host *host)
{
	if (!sim_host_alive(host))
		return;
	host->crashing = 1;
	host->queue.len = 0;
	for (size_t i = 0; i < SIM_RELAYS_MAX; i++) {
		if (host->links[i] != NULL)
			sim_link_cut(host->links[i], 0);
		host->links[i] = NULL;
		host->live[i] = 0;
	}
	sim_store_crash(host->profile->store, host);
	lock_release(host->profile, host, NULL);
	if (!host->busy)
		bury(host);
}

void
sim_host_free(struct sim_host *host)
{
	if (host->peer != NULL)
		bury(host);
	while (host->notes != NULL)
		free(take_note(host));
	tg_buf_free(&host->queue);
	if (host->trace != NULL)
		tg_buf_free(host->trace);
	free(host->trace);
	sim_user_free(host->user);
	free(host);
}

static void
wake(void *ctx, uint64_t number)
{
	struct sim_host *host = ctx;
	struct tg_buf event = {0};

	if (!sim_host_alive(host) || number != host->wake_number)
		return;
	host->wake_ms = UINT64_MAX;
	tg_event_tick(&event, sim_host_clock(host));
	host->last_tick_ms = sim_host_clock(host);
	sim_host_event(host, &event);
}

static void
on_wake(struct sim_host *host, uint64_t at_ms)
{
	uint64_t now = host->world->sched.now_ms, due = now;

	if (at_ms > sim_host_clock(host))
		due = now + (at_ms - sim_host_clock(host));
	if (due > now + UINT64_C(86400000))
		due = now + UINT64_C(86400000);
	if (due == now) {
		if (host->spin_ms != now)
			host->spins = 0;
		host->spin_ms = now;
		if (++host->spins > SPINS_MAX) {
			sim_fail(host->world, "%s/%u asks to be woken again and again", host->profile->name,
			    host->number);
			return;
		}
	}
	sim_at(&host->world->sched, due, wake, host, ++host->wake_number);
}

static void
store_done(void *owner, int is_load, uint64_t id, int status, struct tg_bytes list, int more)
{
	struct sim_host *host = owner;
	struct tg_buf event = {0};

	if (!is_load) {
		tg_event_stored(&event, id, status);
	} else { /* tg_event_loaded, with a list that is encoded already */
		tg_write_array(&event, 5);
		tg_write_uint(&event, TG_EVENT_LOADED);
		tg_write_uint(&event, id);
		tg_write_uint(&event, (uint64_t)status);
		tg_buf_put(&event, list.data, list.len);
		tg_write_bool(&event, more);
	}
	sim_host_event(host, &event);
}

static void
locked(void *ctx, uint64_t arg)
{
	struct sim_host *host = ctx;
	struct tg_buf event = {0};

	if (!sim_host_alive(host))
		return;
	tg_event_locked(&event, arg >> 1, (int)(arg & 1));
	sim_host_event(host, &event);
}

static void
on_lock(struct sim_host *host, const struct tg_effect *effect)
{
	int granted = lock_take(host->profile, host, effect->u.lock.name);

	sim_at(&host->world->sched, host->world->sched.now_ms, locked, host,
	    effect->u.lock.request << 1 | (uint64_t)granted);
}

static void
on_reply(struct sim_host *host, const struct tg_effect *effect)
{
	for (size_t i = 0; i < host->request_count; i++) {
		struct sim_request request = host->requests[i];

		if (request.number != effect->u.reply.request)
			continue;
		host->requests[i] = host->requests[--host->request_count];
		if (request.reply != NULL)
			request.reply(host, request.ctx, effect->u.reply.status, effect->u.reply.value);
		return;
	}
	sim_fail(host->world, "%s/%u: a reply to request %u, which is not open", host->profile->name,
	    host->number, (unsigned)effect->u.reply.request);
}

/* Is it a device of this world?  A liar's never is. */
static int
known_device(const struct sim_world *world, const struct tg_hash *device)
{
	for (size_t i = 0; i < world->profile_count; i++)
		if (world->profiles[i]->has_device && !world->profiles[i]->viewer &&
		    tg_hash_cmp(&world->profiles[i]->device, device) == 0)
			return 1;
	return 0;
}

static void
on_durability(struct sim_host *host, const struct tg_effect *effect)
{
	struct sim_durability *d = &host->durability;
	struct tg_reader r;
	uint32_t n;

	d->known = 1;
	d->unsent = effect->u.durability.unsent;
	d->safe = effect->u.durability.safe;
	d->holder_count = 0;
	tg_reader_init(&r, effect->u.durability.devices.data, effect->u.durability.devices.len);
	n = tg_read_array(&r, 0, 100000);
	for (uint32_t i = 0; i < n && tg_reader_status(&r) == TG_OK; i++) {
		struct tg_hash device;
		uint64_t role;
		int holds;

		tg_read_array(&r, 5, 5);
		tg_read_fixed(&r, device.b, sizeof device.b);
		role = tg_read_uint(&r, 3);
		tg_read_str(&r, 64);
		holds = tg_read_bool(&r);
		tg_read_bool(&r);
		if (holds && !known_device(host->world, &device))
			sim_fail(host->world, "%s/%u counts a device that nobody has", host->profile->name,
			    host->number);
		if (holds && d->holder_count < SIM_DEVICES_MAX) {
			d->holder_roles[d->holder_count] = role;
			d->holders[d->holder_count++] = device;
		}
	}
	if (tg_reader_status(&r) != TG_OK)
		sim_fail(
		    host->world, "%s/%u: malformed devices in durability", host->profile->name, host->number);
}

static void
on_link(struct sim_host *host, const struct tg_effect *effect)
{
	for (size_t i = 0; i < SIM_RELAYS_MAX; i++)
		if (host->links[i] != NULL && host->links[i]->id == effect->u.link.link) {
			host->live[i] = effect->u.link.state == TG_LINK_LIVE;
			if (host->live[i])
				host->retries[i] = 0;
			else if (effect->u.link.state == TG_LINK_REFUSED)
				sim_say(host->world, host->profile->name, "relay %zu refused: %.*s", i,
				    (int)effect->u.link.detail.len, (const char *)effect->u.link.detail.data);
		}
}

static void
on_send(struct sim_host *host, const struct tg_effect *effect)
{
	if (effect->u.send.link == host->tabs_link) {
		tabs_send(host, effect->u.send.data);
		return;
	}
	for (size_t i = 0; i < SIM_RELAYS_MAX; i++)
		if (host->links[i] != NULL && host->links[i]->id == effect->u.send.link)
			sim_link_up(host->links[i], effect->u.send.data.data, effect->u.send.data.len);
}

static void
on_close(struct sim_host *host, const struct tg_effect *effect)
{
	for (size_t i = 0; i < SIM_RELAYS_MAX; i++)
		if (host->links[i] != NULL && host->links[i]->id == effect->u.close.link) {
			struct sim_link *link = host->links[i];

			sim_say(host->world, host->profile->name, "closes relay %zu: %.*s", i,
			    (int)effect->u.close.reason.len, (const char *)effect->u.close.reason.data);
			sim_link_cut(link, 1);
		}
}

static void
carry_out(struct sim_host *host, const struct tg_effect *e)
{
	struct sim_world *world = host->world;
	int ours;

	switch (e->kind) {
	case TG_EFFECT_SEND:
		on_send(host, e);
		break;
	case TG_EFFECT_STORE:
		if (sim_store_batch(host->profile->store, host, e->u.store.batch, e->u.store.strict,
			e->u.store.ops, store_done) != 0)
			sim_fail(world, "%s/%u: malformed store effect", host->profile->name, host->number);
		break;
	case TG_EFFECT_LOAD:
		sim_store_load(host->profile->store, host, e->u.load.request, e->u.load.from, e->u.load.to,
		    e->u.load.max_bytes, store_done);
		break;
	case TG_EFFECT_LOCK:
		on_lock(host, e);
		break;
	case TG_EFFECT_UNLOCK:
		lock_release(host->profile, host, &e->u.lock.name);
		break;
	case TG_EFFECT_WAKE:
		on_wake(host, e->u.wake.at_ms);
		break;
	case TG_EFFECT_CLOSE:
		on_close(host, e);
		break;
	case TG_EFFECT_REPLY:
		on_reply(host, e);
		break;
	case TG_EFFECT_GRID:
		ours = host->has_grid && tg_hash_cmp(&e->u.grid.id, &host->grid) == 0;
		if (ours || !host->has_grid) {
			host->grid_state = e->u.grid.state;
			host->role = e->u.grid.role;
		}
		break;
	case TG_EFFECT_CHANGED:
		if (host->on_changed != NULL)
			host->on_changed(host);
		break;
	case TG_EFFECT_PRESENCE:
		host->presences++;
		if (host->on_presence != NULL)
			host->on_presence(host, e);
		break;
	case TG_EFFECT_DURABILITY:
		on_durability(host, e);
		break;
	case TG_EFFECT_LINK:
		on_link(host, e);
		break;
	case TG_EFFECT_NOTICE:
		if (e->u.notice.code < SIM_NOTICE_CODES)
			host->notices[e->u.notice.code]++;
		snprintf(host->last_notice, sizeof host->last_notice, "%.*s", (int)e->u.notice.text.len,
		    (const char *)e->u.notice.text.data);
		sim_say(world, host->profile->name, "/%u is told: notice %u %s", host->number,
		    (unsigned)e->u.notice.code, host->last_notice);
		if (e->u.notice.code == 8 && host->on_reopen != NULL)
			host->on_reopen(host);
		break;
	case TG_EFFECT_EXT:
		if (host->on_ext != NULL)
			host->on_ext(host, e);
		break;
	case TG_EFFECT_CALLED:
	case TG_EFFECT_PROGRESS:
		break;
	}
}

static void
carry_out_all(struct sim_host *host, const uint8_t *effects, size_t len)
{
	struct tg_reader r;
	struct tg_effect effect;
	int rc;

	tg_reader_init(&r, effects, len);
	while ((rc = tg_effect_next(&r, &effect)) == TG_OK && !host->crashing)
		carry_out(host, &effect);
	if (rc != TG_OK && rc != TG_ENOTFOUND) {
		host->world->malformed = 1;
		sim_fail(host->world, "%s/%u: malformed effects: %s", host->profile->name, host->number,
		    tg_status_name(rc));
	}
}

static void
give(struct sim_host *host, const uint8_t *event, size_t len)
{
	const uint8_t *effects;
	size_t effects_len;
	int rc, starved = 0;
	long asked;

	tg_mem_fail_after(host->fail_after);
	rc = host->world->calls->event(host->peer, event, len);
	asked = tg_mem_fail_after(-1);
	host->allocations += asked;
	if (host->fail_after >= 0) {
		starved = asked > host->fail_after;
		host->fail_after = starved ? -1 : host->fail_after - asked;
		host->starved |= starved;
	}
	host->events++;
	host->world->calls->effects(host->peer, &effects, &effects_len);
	if (host->trace != NULL) {
		struct tg_trace_step step = {{event, len}, rc, {effects, effects_len}};

		tg_trace_put(host->trace, &step);
	}
	if (rc == TG_ENOMEM && starved) {
		host->failed = 1;
		sim_host_kill(host);
		return;
	}
	if (rc != TG_OK && !host->world->lenient) {
		sim_fail(host->world, "%s/%u: the peer refused an event (%02x) with %s", host->profile->name,
		    host->number, len > 1 ? event[1] : 0, tg_status_name(rc));
		return;
	}
	carry_out_all(host, effects, effects_len);
}

void
sim_host_feed(struct sim_host *host, const uint8_t *event, size_t len)
{
	host->busy = 1;
	give(host, event, len);
	host->busy = 0;
	drain(host);
}

/* Handle what is queued, one event after another: what happens inside an effect waits here. */
static void
drain(struct sim_host *host)
{
	host->busy = 1;
	while (host->queue.len > 0 && !host->crashing) {
		struct tg_buf taken = host->queue;
		size_t at = 0;

		memset(&host->queue, 0, sizeof host->queue);
		while (at < taken.len && !host->crashing) {
			uint32_t len;

			memcpy(&len, taken.data + at, sizeof len);
			give(host, taken.data + at + sizeof len, len);
			at += sizeof len + len;
		}
		tg_buf_free(&taken);
	}
	host->busy = 0;
	if (host->crashing && host->peer != NULL)
		bury(host);
}

static void
enqueue(struct sim_host *host, const struct tg_buf *event)
{
	uint32_t len = (uint32_t)event->len;

	if (tg_buf_status(event) != TG_OK)
		abort();
	tg_buf_put(&host->queue, &len, sizeof len);
	tg_buf_put(&host->queue, event->data, event->len);
}

void
sim_host_event(struct sim_host *host, struct tg_buf *event)
{
	uint64_t now = sim_host_clock(host);

	if (sim_host_alive(host)) {
		if (now != host->last_tick_ms && host->events > 0) {
			struct tg_buf tick = {0};

			host->last_tick_ms = now;
			tg_event_tick(&tick, now);
			enqueue(host, &tick);
			tg_buf_free(&tick);
		}
		enqueue(host, event);
		if (!host->busy)
			drain(host);
	}
	tg_buf_free(event);
}

void
sim_host_command(struct sim_host *host, enum tg_command name, uint32_t argc, struct tg_buf *event)
{
	memset(event, 0, sizeof *event);
	tg_event_command(event, host->next_request, name, argc);
}

void
sim_host_send(struct sim_host *host, struct tg_buf *event, sim_reply reply, void *ctx)
{
	if (!sim_host_alive(host)) {
		tg_buf_free(event);
		if (reply != NULL)
			reply(host, ctx, TG_ECLOSED, (struct tg_bytes){NULL, 0});
		return;
	}
	if (host->request_count == host->request_cap) {
		host->request_cap = host->request_cap ? host->request_cap * 2 : 16;
		host->requests = sim_realloc(host->requests, host->request_cap * sizeof *host->requests);
	}
	host->requests[host->request_count++] = (struct sim_request){host->next_request++, reply, ctx};
	sim_host_event(host, event);
}
