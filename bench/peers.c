/*
 * Whole peers in one process: what the log benchmark measures for logs alone, with everything a peer does
 * around it (seals, sessions, wants, storage, the document).
 *
 * The world is the simulation's; its time is virtual, so what is measured is work, not waiting.
 */
#include <stdlib.h>
#include <string.h>

#include <toygrid/crypto.h>
#include <toygrid/status.h>
#include <toygrid/text.h>

#include "row.h"
#include "sim/chaos.h"
#include "wire/writer.h"

#define ENTRIES	    20000 /* one author, 100 characters each */
#define KEYSTROKES  2000
#define LOG_ENTRIES 10

/* Seconds of processor time: what runs beside this does not count. */
static double
work_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct sim_links links;

static struct sim_world *
new_world(size_t people)
{
	struct sim_world *world = sim_world_new(1, 1, &sim_real_peer);
	char name[16];

	memset(&links, 0, sizeof links);
	for (size_t i = 0; i < people; i++) {
		snprintf(name, sizeof name, "p%u", (unsigned)i);
		sim_profile_new(world, name, 1)->store->delay_max_ms = 0;
	}
	sim_user_start(sim_host_open(world->profiles[0]), &links, "", 1)->quiet = 1;
	sim_world_run(world, 1000);
	return world;
}

static void
must(struct sim_world *world, int ok, const char *what)
{
	if (!ok || world->failed) {
		fprintf(stderr, "bench peers: %s\n", what);
		sim_world_report(world);
		exit(1);
	}
}

static struct sim_host *
newcomer(struct sim_world *world, size_t i)
{
	struct sim_host *host = sim_person_open(world->profiles[i], &links, "e");

	host->user->quiet = 1;
	return host;
}

/* From now on nobody looks at this screen: what is measured ends at the document. */
static void
blind(struct sim_host *host)
{
	host->on_changed = NULL;
}

/* An entry of its own for each piece of text: typed and flushed. */
static void
write_entries(struct sim_world *world, struct sim_user *user, size_t n, size_t text_bytes)
{
	char text[101];

	memset(text, 'x', sizeof text);
	text[text_bytes] = 0;
	for (size_t i = 0; i < n; i++) {
		sim_user_type_text(user, 0, text);
		user->view_len = 0; /* as above: nobody looks */
		sim_user_flush(user);
		if (i % 64 == 63)
			sim_world_run(world, 1);
	}
}

static void
catch_up(void)
{
	struct sim_world *world = new_world(2);
	struct sim_user *author = world->hosts[0]->user;
	struct sim_host *late;
	uint64_t virtual_ms;
	double start = work_now(), took;

	blind(author->host);
	write_entries(world, author, ENTRIES, 100);
	sim_world_run(world, 2000);
	took = work_now() - start;
	bench_row("type and flush 20,000 times 100 characters: whole peer", ENTRIES / took, "entries/s");
	late = newcomer(world, 1);
	blind(late);
	virtual_ms = world->sched.now_ms;
	start = work_now();
	while (tg_peer_doc(late->peer, &links.grid) == NULL ||
	       tg_doc_length(tg_peer_doc(late->peer, &links.grid), 0) < ENTRIES * 100u) {
		sim_world_run(world, 100);
		must(world, world->sched.now_ms < virtual_ms + 600000, "the newcomer did not catch up");
	}
	took = work_now() - start;
	bench_row(
	    "a newcomer's catch-up of 20,000 entries (2 MB of text): both peers' work, relay's included",
	    took, "s");
	bench_row("the same: bytes to the newcomer for a byte of text",
	    (double)late->links[0]->down_bytes / (ENTRIES * 100.0), "B");
	sim_host_kill(late);
	sim_world_run(world, 10);
	start = work_now();
	late = newcomer(world, 1);
	blind(late);
	while (!sim_user_ready(late->user))
		sim_world_run(world, 1);
	bench_row("open it again from storage", work_now() - start, "s");
	must(world, 1, "failed");
	sim_world_free(world);
}

static void
keystroke(void)
{
	struct sim_world *world = new_world(2);
	struct sim_user *author = world->hosts[0]->user;
	struct sim_host *other = newcomer(world, 1);
	double start, took;

	sim_world_run(world, 5000);
	start = work_now();
	for (int i = 0; i < KEYSTROKES; i++) {
		sim_user_type_text(author, (uint32_t)author->view_len, "k");
		sim_world_run(world, 200); /* one entry each, drawn there before the next */
	}
	took = work_now() - start;
	must(world, other->user->view_len == author->view_len, "a keystroke did not arrive");
	bench_row("work for one keystroke, from key to the other screen (two peers and a relay)",
	    took / KEYSTROKES * 1e6, "us");
	sim_world_free(world);
}

static void
many_logs(void)
{
	struct sim_world *world = new_world(2);
	struct sim_host *host = NULL;
	double start;

	/* Each visit is one log: closed in the middle of typing, it is not taken over. */
	for (int i = 0; i < 100; i++) {
		if (world->host_count >= SIM_HOSTS_MAX - 2)
			break;
		host = newcomer(world, 1);
		world->profiles[1]->tab_count = 0;
		while (!sim_user_ready(host->user))
			sim_world_run(world, 5);
		blind(host);
		write_entries(world, host->user, LOG_ENTRIES, 20);
		sim_world_run(world, 50);
		sim_host_kill(host);
	}
	world->profiles[1]->tabs[0] = host;
	start = work_now();
	host = newcomer(world, 1);
	while (!sim_user_ready(host->user))
		sim_world_run(world, 1);
	bench_row("open a document of 100 logs of 12 entries from storage", (work_now() - start) * 1e3, "ms");
	must(world, 1, "failed");
	sim_world_free(world);
}

int
main(void)
{
	if (tg_crypto_init() != TG_OK)
		return 1;
	keystroke();
	many_logs();
	catch_up();
	return 0;
}
