#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/user.h"
#include "sim/world.h"

#define STORY_END_BYTES 12000 /* printed of a failed world; TG_SIM_STORY=1 prints all of it */

struct sim_world *
sim_world_new(uint64_t seed, size_t relays, const struct sim_peer_calls *calls)
{
	struct sim_world *world = sim_malloc(sizeof *world);
	char name[32];

	world->seed = seed;
	world->rand.state = seed * UINT64_C(0x2545f4914f6cdd1d) + 1;
	world->sched.now_ms = SIM_START_MS;
	world->calls = calls;
	world->tokens = sim_tokens_new();
	for (size_t i = 0; i < relays; i++) {
		snprintf(name, sizeof name, "r%u.sim", (unsigned)i);
		world->relays[world->relay_count++] =
		    sim_relay_new(&world->sched, sim_rand_fork(&world->rand), name);
	}
	return world;
}

void
sim_world_free(struct sim_world *world)
{
	if (world == NULL)
		return;
	for (size_t i = 0; i < world->host_count; i++)
		sim_host_free(world->hosts[i]);
	for (size_t i = 0; i < world->relay_count; i++)
		sim_relay_free(world->relays[i]);
	for (size_t i = 0; i < world->link_count; i++)
		sim_link_free(world->links[i]);
	for (size_t i = 0; i < world->profile_count; i++)
		sim_profile_free(world->profiles[i]);
	sim_tokens_free(world->tokens);
	sim_sched_free(&world->sched);
	tg_buf_free(&world->story);
	free(world);
}

void
sim_world_run(struct sim_world *world, uint64_t ms)
{
	uint64_t end = world->sched.now_ms + ms;

	while (!world->failed && world->sched.now_ms < end)
		sim_run_until(&world->sched, world->sched.now_ms + 10 < end ? world->sched.now_ms + 10 : end);
}

void
sim_say(struct sim_world *world, const char *who, const char *format, ...)
{
	uint64_t at = world->sched.now_ms - SIM_START_MS;
	char line[512];
	va_list args;
	int n =
	    snprintf(line, sizeof line, "%4u.%03u %-6s ", (unsigned)(at / 1000), (unsigned)(at % 1000), who);

	va_start(args, format);
	n += vsnprintf(line + n, sizeof line - (size_t)n, format, args);
	va_end(args);
	if (n > (int)sizeof line - 2)
		n = sizeof line - 2;
	line[n++] = '\n';
	tg_buf_put(&world->story, line, (size_t)n);
}

void
sim_fail(struct sim_world *world, const char *format, ...)
{
	va_list args;

	if (world->failed || world->lenient)
		return;
	va_start(args, format);
	vsnprintf(world->failure, sizeof world->failure, format, args);
	va_end(args);
	world->failed = 1;
	sim_say(world, "FAIL", "%s", world->failure);
}

void
sim_world_report(const struct sim_world *world)
{
	size_t from = 0;

	if (world->story.len > STORY_END_BYTES && getenv("TG_SIM_STORY") == NULL)
		from = world->story.len - STORY_END_BYTES;
	while (from > 0 && world->story.data[from - 1] != '\n')
		from++;
	fprintf(stderr, "%s", from ? "... (TG_SIM_STORY=1 prints all)\n" : "");
	fwrite(world->story.data + from, 1, world->story.len - from, stderr);
	fprintf(stderr, "seed %llu: %s\n", (unsigned long long)world->seed,
	    world->failed ? world->failure : "all promises kept");
}
