#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>

#include "sim/chaos.h"
#include "sim/check.h"
#include "sim/liar.h"
#include "sim/wiretap.h"
#include "wire/writer.h"

#define TYPING_MS    12000 /* people type and things go wrong for so long */
#define SETTLE_MS    120000
#define RELAYS	     3
#define EVERYWHERE   7u
#define JOIN_MAX_MS  6000
#define LAPTOP_MS    660000 /* 11 minutes: more than a relay lets a frame's age be */
#define FAULT_MIN_MS 150
#define FAULT_MAX_MS 700

/* ---- replicas ------------------------------------------------------------------------------------------ */

static void
on_node(struct sim_host *host, void *ctx, int status, struct tg_bytes value)
{
	struct sim_profile *profile = host->profile;
	struct tg_reader r;

	(void)ctx;
	if (status == TG_ECLOSED)
		return;
	tg_reader_init(&r, value.data, value.len);
	tg_read_array(&r, 5, 5);
	tg_read_fixed(&r, profile->node.node, 32);
	tg_read_fixed(&r, profile->node.box, 32);
	tg_read_fixed(&r, profile->node.token, 32);
	tg_read_uint(&r, UINT64_MAX);
	tg_read_uint(&r, UINT64_MAX);
	if (status != TG_OK || tg_reader_end(&r) != TG_OK) {
		sim_fail(host->world, "%s: node failed with %s", profile->name, tg_status_name(status));
		return;
	}
	memcpy(profile->device.b, profile->node.node, 32);
	profile->has_device = 1;
}

static void
on_replica_started(struct sim_host *host, void *ctx, int status, struct tg_bytes value)
{
	struct tg_buf event;

	(void)ctx;
	(void)value;
	if (status == TG_ECLOSED)
		return;
	if (status != TG_OK) {
		sim_fail(
		    host->world, "%s: start failed with %s", host->profile->name, tg_status_name(status));
		return;
	}
	sim_host_command(host, TG_COMMAND_NODE, 0, &event);
	sim_host_send(host, &event, on_node, NULL);
}

struct sim_host *
sim_replica_open(struct sim_profile *profile)
{
	struct sim_host *host = sim_host_open(profile);
	struct tg_buf event;

	profile->replica = 1;
	sim_host_command(host, TG_COMMAND_START, 2, &event);
	tg_write_uint(&event, 2);
	tg_write_str(&event, profile->name, strlen(profile->name));
	sim_host_send(host, &event, on_replica_started, NULL);
	return host;
}

static void
on_invited(struct sim_host *host, void *ctx, int status, struct tg_bytes value)
{
	(void)ctx;
	(void)value;
	if (status != TG_OK && status != TG_ECLOSED)
		sim_fail(
		    host->world, "%s: invite failed with %s", host->profile->name, tg_status_name(status));
}

void
sim_invite(struct sim_host *inviter, struct sim_profile *replica)
{
	struct tg_buf event;

	if (!replica->has_device)
		return;
	sim_host_command(inviter, TG_COMMAND_INVITE, 5, &event);
	tg_write_bin(&event, inviter->grid.b, 32);
	tg_write_bin(&event, replica->node.node, 32);
	tg_write_bin(&event, replica->node.box, 32);
	tg_write_str(&event, replica->name, strlen(replica->name));
	tg_write_bin(&event, replica->node.token, 32);
	sim_host_send(inviter, &event, on_invited, NULL);
	sim_say(inviter->world, inviter->profile->name, "invites %s", replica->name);
}

/* ---- people -------------------------------------------------------------------------------------------- */

static int
stored_here(const struct sim_profile *profile, const struct sim_links *links)
{
	uint8_t key[33] = {'g'};

	memcpy(key + 1, links->grid.b, 32);
	return sim_store_get(profile->store, key, sizeof key) != NULL;
}

struct sim_host *
sim_person_open(struct sim_profile *profile, struct sim_links *links, const char *mode)
{
	struct sim_host *host = sim_host_open(profile);
	const char *how = stored_here(profile, links) ? "" : mode;

	sim_say(profile->world, profile->name, "/%u opens by %s", host->number,
	    how[0] == 0	    ? "storage"
	    : how[0] == 'v' ? "view link"
			    : "edit link");
	sim_user_start(host, links, how, 0);
	return host;
}

static const char *
mode_of(const struct sim_profile *profile)
{
	return profile->viewer ? "v" : "e";
}

static struct sim_profile *
someone(struct sim_chaos *chaos)
{
	return chaos->world
	    ->profiles[sim_rand_below(&chaos->rand, (uint32_t)(chaos->people + chaos->replicas))];
}

static void
after(struct sim_chaos *chaos, uint32_t low_ms, uint32_t high_ms, sim_fn fn, uint64_t arg)
{
	struct sim_sched *sched = &chaos->world->sched;

	sim_at(sched, sched->now_ms + sim_rand_between(&chaos->rand, low_ms, high_ms), fn, chaos, arg);
}

/* Open a tab of profile ${number} if it has none. */
static void
open_again(void *ctx, uint64_t number)
{
	struct sim_chaos *chaos = ctx;
	struct sim_profile *profile = chaos->world->profiles[number];

	if (sim_profile_tab(profile) != NULL)
		return;
	if (profile->replica)
		sim_replica_open(profile);
	else if (chaos->links.known)
		sim_person_open(profile, &chaos->links, mode_of(profile));
}

/* A second tab of a profile that has one. */
static void
second_tab(void *ctx, uint64_t number)
{
	struct sim_chaos *chaos = ctx;
	struct sim_profile *profile = chaos->world->profiles[number];

	if (chaos->links.known && stored_here(profile, &chaos->links) && !profile->replica &&
	    profile->tab_count < SIM_TABS_MAX / 2)
		sim_person_open(profile, &chaos->links, mode_of(profile));
}

/* Open what crashed again, whatever other tabs there are: they do not know what it wrote last. */
static void
reopen(void *ctx, uint64_t number)
{
	struct sim_chaos *chaos = ctx;

	if (sim_profile_tab(chaos->world->profiles[number]) != NULL)
		second_tab(ctx, number);
	else
		open_again(ctx, number);
}

static void
join(void *ctx, uint64_t number)
{
	struct sim_chaos *chaos = ctx;

	if (chaos->links.known)
		open_again(ctx, number);
	else
		after(chaos, 100, 500, join, number);
}

static void
invite_all(void *ctx, uint64_t arg)
{
	struct sim_chaos *chaos = ctx;
	struct sim_host *creator = sim_profile_tab(chaos->world->profiles[0]);

	(void)arg;
	if (creator == NULL || !creator->user->opened)
		return;
	for (size_t i = 0; i < chaos->replicas; i++)
		if (!stored_here(chaos->world->profiles[chaos->people + i], &chaos->links))
			sim_invite(creator, chaos->world->profiles[chaos->people + i]);
}

/* ---- faults -------------------------------------------------------------------------------------------- */

static struct sim_link *
some_link(struct sim_chaos *chaos)
{
	struct sim_host *tab = sim_profile_tab(someone(chaos));

	return tab == NULL ? NULL : tab->links[sim_rand_below(&chaos->rand, RELAYS)];
}

static void
cut_link(void *ctx, uint64_t index)
{
	struct sim_chaos *chaos = ctx;

	sim_link_cut(chaos->world->links[index], 1);
}

static void
fault_cut(struct sim_chaos *chaos)
{
	struct sim_link *link = some_link(chaos);

	if (link != NULL && link->state == SIM_LINK_OPEN)
		sim_link_cut(link, 1);
}

static void
fault_freeze(struct sim_chaos *chaos)
{
	struct sim_link *link = some_link(chaos);

	if (link == NULL || link->state != SIM_LINK_OPEN)
		return;
	link->frozen = 1;
	for (size_t i = 0; i < chaos->world->link_count; i++)
		if (chaos->world->links[i] == link)
			after(chaos, 1000, 6000, cut_link, i);
}

static void
online_again(void *ctx, uint64_t number)
{
	struct sim_chaos *chaos = ctx;
	struct sim_profile *profile = chaos->world->profiles[number];

	if (profile->offline)
		sim_say(chaos->world, profile->name, "online again");
	profile->offline = 0;
	profile->cut_off = 0;
	sim_profile_reconnect(profile);
}

static void
fault_offline(struct sim_chaos *chaos)
{
	struct sim_profile *profile = someone(chaos);

	sim_say(chaos->world, profile->name, "goes offline");
	profile->offline = 1;
	sim_profile_reconnect(profile);
	after(chaos, 1000, 6000, online_again, profile->number);
}

static void
fault_partition(struct sim_chaos *chaos)
{
	uint32_t relay = sim_rand_below(&chaos->rand, RELAYS);

	sim_say(chaos->world, "net", "relay %u is out of reach for half of them", relay);
	for (size_t i = 0; i < chaos->people + chaos->replicas; i++) {
		if (!sim_rand_percent(&chaos->rand, 50))
			continue;
		chaos->world->profiles[i]->cut_off |= 1u << relay;
		sim_profile_reconnect(chaos->world->profiles[i]);
		after(chaos, 2000, 6000, online_again, i);
	}
}

static void
relay_back(void *ctx, uint64_t relay)
{
	struct sim_chaos *chaos = ctx;

	if (chaos->world->relays[relay]->up)
		return;
	sim_relay_start(chaos->world->relays[relay]);
	sim_say(chaos->world, "net", "relay %u is up again", (unsigned)relay);
}

static void
fault_restart(struct sim_chaos *chaos)
{
	uint32_t relay = sim_rand_below(&chaos->rand, RELAYS);

	if (!chaos->world->relays[relay]->up)
		return;
	sim_say(chaos->world, "net", "relay %u dies", relay);
	sim_relay_stop(chaos->world->relays[relay]);
	after(chaos, 300, 4000, relay_back, relay);
}

static void
relay_good(void *ctx, uint64_t relay)
{
	struct sim_chaos *chaos = ctx;

	memset(&chaos->world->relays[relay]->faults, 0, sizeof chaos->world->relays[relay]->faults);
}

static void
fault_lossy(struct sim_chaos *chaos)
{
	uint32_t relay = sim_rand_below(&chaos->rand, RELAYS);

	sim_say(chaos->world, "net", "relay %u drops, duplicates and reorders", relay);
	chaos->world->relays[relay]->faults = (struct sim_faults){sim_rand_below(&chaos->rand, 60),
	    sim_rand_below(&chaos->rand, 40), 1 + sim_rand_below(&chaos->rand, 400), 0};
	after(chaos, 1000, 5000, relay_good, relay);
}

static void
fault_crash(struct sim_chaos *chaos)
{
	struct sim_profile *profile = someone(chaos);
	struct sim_host *tab = sim_profile_tab(profile);

	if (tab == NULL)
		return;
	sim_say(chaos->world, profile->name, "/%u crashes", tab->number);
	sim_host_kill(tab);
	after(chaos, 50, 3000, reopen, profile->number);
}

static void
fault_power(struct sim_chaos *chaos)
{
	struct sim_profile *profile = someone(chaos);

	sim_profile_power_cut(profile);
	after(chaos, 500, 4000, open_again, profile->number);
}

static void
disk_free(void *ctx, uint64_t number)
{
	struct sim_chaos *chaos = ctx;

	chaos->world->profiles[number]->store->full = 0;
}

static void
fault_full(struct sim_chaos *chaos)
{
	struct sim_profile *profile = someone(chaos);

	sim_say(chaos->world, profile->name, "disk full");
	profile->store->full = 1;
	after(chaos, 500, 4000, disk_free, profile->number);
}

static void
on_closed(struct sim_host *host, void *ctx, int status, struct tg_bytes value)
{
	(void)ctx;
	(void)status;
	(void)value;
	sim_host_kill(host);
}

static void
fault_tabs(struct sim_chaos *chaos)
{
	struct sim_profile *profile =
	    chaos->world->profiles[sim_rand_below(&chaos->rand, (uint32_t)chaos->people)];
	struct sim_host *tab = sim_profile_tab(profile);
	struct tg_buf event;

	if (tab == NULL || !tab->user->opened)
		return;
	if (sim_rand_percent(&chaos->rand, 50)) {
		second_tab(chaos, profile->number);
		return;
	}
	sim_say(chaos->world, profile->name, "/%u is closed", tab->number);
	tab->user->quiet = 1;
	tab->user->opened = 0;
	sim_host_command(tab, TG_COMMAND_CLOSE, 1, &event);
	tg_write_bin(&event, tab->grid.b, 32);
	sim_host_send(tab, &event, on_closed, NULL);
	/* What `close` flushed is published by whoever opens the document next. */
	after(chaos, 50, 3000, reopen, profile->number);
}

static void
misfortune(void *ctx, uint64_t arg)
{
	static void (*const kinds[])(struct sim_chaos *) = {fault_cut, fault_freeze, fault_offline,
	    fault_partition, fault_restart, fault_lossy, fault_crash, fault_power, fault_full, fault_tabs};
	struct sim_chaos *chaos = ctx;
	uint32_t kind = sim_rand_below(&chaos->rand, sizeof kinds / sizeof kinds[0]);

	(void)arg;
	if (chaos->world->sched.now_ms >= chaos->end_ms)
		return;
	if ((chaos->faults & 1u << kind) && chaos->links.known)
		kinds[kind](chaos);
	after(chaos, FAULT_MIN_MS, FAULT_MAX_MS, misfortune, 0);
}

/* ---- the world ----------------------------------------------------------------------------------------- */

static int64_t
some_skew(struct sim_chaos *chaos)
{
	if ((chaos->faults & SIM_FAULT_SKEW) == 0)
		return 0;
	if (sim_rand_percent(&chaos->rand, 15))
		return sim_rand_percent(&chaos->rand, 50) ? LAPTOP_MS : -LAPTOP_MS;
	return (int64_t)sim_rand_below(&chaos->rand, 8000) - 4000;
}

static void
populate(struct sim_chaos *chaos)
{
	struct sim_world *world = chaos->world;
	char name[16];

	chaos->people = 14 + sim_rand_below(&chaos->rand, 4);
	chaos->replicas = 1 + sim_rand_below(&chaos->rand, 2);
	for (size_t i = 0; i < chaos->people + chaos->replicas; i++) {
		uint32_t without = sim_rand_below(&chaos->rand, RELAYS + 1); /* RELAYS: uses all */
		struct sim_profile *profile;

		snprintf(name, sizeof name, "%s%02u", i < chaos->people ? "p" : "rep", (unsigned)(i % 100));
		profile = sim_profile_new(world, name, EVERYWHERE & ~(without < RELAYS ? 1u << without : 0));
		profile->skew_ms = some_skew(chaos);
		profile->viewer = i > 0 && i < chaos->people && sim_rand_percent(&chaos->rand, 10);
	}
	for (size_t i = 0; i < RELAYS; i++)
		world->relays[i]->skew_ms = some_skew(chaos) / 4;
	for (size_t i = 0; i < chaos->replicas; i++)
		sim_replica_open(world->profiles[chaos->people + i]);
	sim_user_start(sim_host_open(world->profiles[0]), &chaos->links, "", 1);
	for (size_t i = 1; i < chaos->people; i++)
		after(chaos, 0, JOIN_MAX_MS, join, i);
	for (int i = 0; i < 3; i++)
		after(chaos, JOIN_MAX_MS / 2, JOIN_MAX_MS, second_tab,
		    sim_rand_below(&chaos->rand, (uint32_t)chaos->people));
	after(chaos, 1000, 3000, invite_all, 0);
	after(chaos, 500, 2000, misfortune, 0);
}

static void
heal(struct sim_chaos *chaos)
{
	struct sim_world *world = chaos->world;

	sim_say(world, "world", "heals: %u tokens typed, %u acknowledged", (unsigned)world->tokens->count,
	    (unsigned)sim_acked(world));
	for (size_t i = 0; i < RELAYS; i++) {
		relay_back(chaos, i);
		relay_good(chaos, i);
	}
	for (size_t i = 0; i < world->link_count; i++)
		if (world->links[i]->frozen)
			sim_link_cut(world->links[i], 1);
	for (size_t i = 0; i < chaos->people + chaos->replicas; i++) {
		disk_free(chaos, i);
		online_again(chaos, i);
		open_again(chaos, i);
	}
}

/* Somebody puts an old copy of the profile's data back and types on.  Everybody else is there and knows more.
 */
static void
restore(struct sim_chaos *chaos)
{
	struct sim_profile *profile = chaos->backup_of;

	for (size_t i = 0; i < profile->tab_count; i++)
		sim_host_kill(profile->tabs[i]);
	sim_world_run(chaos->world, 100);
	sim_store_replace(profile->store, chaos->backup);
	profile->unreliable = 1;
	sim_say(chaos->world, profile->name, "an old backup is put back");
	open_again(chaos, profile->number);
	sim_world_run(chaos->world, 4000);
	sim_settle(chaos->world, &chaos->links, SETTLE_MS);
}

static void
take_backup(void *ctx, uint64_t number)
{
	struct sim_chaos *chaos = ctx;
	struct sim_profile *profile = chaos->world->profiles[number];

	if (chaos->backup != NULL || !stored_here(profile, &chaos->links))
		return;
	chaos->backup = sim_store_copy(profile->store);
	chaos->backup_of = profile;
	sim_say(chaos->world, profile->name, "a backup is made");
}

static void
check_notices(struct sim_chaos *chaos)
{
	struct sim_world *world = chaos->world;

	for (size_t i = 0; i < world->host_count; i++)
		if (world->hosts[i]->notices[3] > 0)
			sim_fail(world, "%s/%u was told of a fork, and nobody forked",
			    world->hosts[i]->profile->name, world->hosts[i]->number);
}

void
sim_chaos_run(struct sim_chaos *chaos, uint64_t seed, uint32_t faults)
{
	memset(chaos, 0, sizeof *chaos);
	chaos->world = sim_world_new(seed, RELAYS, &sim_real_peer);
	chaos->rand = sim_rand_fork(&chaos->world->rand);
	sim_wiretap(chaos->world, &chaos->links);
	chaos->faults = faults;
	chaos->end_ms = SIM_START_MS + JOIN_MAX_MS + TYPING_MS;
	populate(chaos);
	if (faults & SIM_FAULT_RESTORE && sim_rand_percent(&chaos->rand, 40))
		after(chaos, JOIN_MAX_MS, JOIN_MAX_MS + TYPING_MS / 2, take_backup,
		    1 + sim_rand_below(&chaos->rand, (uint32_t)chaos->people - 1));
	if (faults & SIM_FAULT_LIAR && sim_rand_percent(&chaos->rand, 40))
		chaos->liar = sim_liar_new(chaos->world, &chaos->links, sim_rand_below(&chaos->rand, RELAYS));
	sim_world_run(chaos->world, JOIN_MAX_MS + TYPING_MS);
	heal(chaos);
	sim_world_run(chaos->world, 3000);
	invite_all(chaos, 0);
	sim_settle(chaos->world, &chaos->links, SETTLE_MS);
	if (chaos->backup != NULL && !chaos->world->failed)
		restore(chaos);
	if (!chaos->world->failed)
		check_notices(chaos);
	sim_say(chaos->world, "world", "ends: %u tokens typed, %u acknowledged",
	    (unsigned)chaos->world->tokens->count, (unsigned)sim_acked(chaos->world));
}

void
sim_chaos_free(struct sim_chaos *chaos)
{
	sim_liar_free(chaos->liar);
	sim_store_free(chaos->backup);
	sim_world_free(chaos->world);
	memset(chaos, 0, sizeof *chaos);
}
