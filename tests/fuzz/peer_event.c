/*
 * Arbitrary events to a running peer: one that has made a document, with a relay and a store that answer.
 *
 * Input: events back to back, each behind its length (u16be).  32 bytes 'G' in an event stand for the id of
 * the document, so that a fuzzer need not guess it.  Whatever the host says, the peer answers with a code or
 * with well-formed effects.
 */
#include <stdlib.h>
#include <string.h>

#include <toygrid/crypto.h>
#include <toygrid/status.h>

#include "fuzz/target.h"
#include "sim/chaos.h"

#define EVENTS_MAX 64

static void
put_grid(uint8_t *event, size_t len, const struct tg_hash *grid)
{
	static const char place[] = "GGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGG";

	for (size_t i = 0; i + 32 <= len; i++)
		if (memcmp(event + i, place, 32) == 0)
			memcpy(event + i, grid->b, 32);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct sim_links links;
	struct sim_world *world;
	struct sim_host *host;
	size_t at = 0;

	if (tg_crypto_init() != TG_OK)
		abort();
	links = (struct sim_links){.known = 0};
	world = sim_world_new(1, 1, &sim_real_peer);
	world->lenient = 1;
	sim_profile_new(world, "p0", 1);
	host = sim_host_open(world->profiles[0]);
	sim_user_start(host, &links, "", 1)->quiet = 1;
	sim_world_run(world, 300);
	if (!links.known)
		abort();
	for (int n = 0; n < EVENTS_MAX && len - at >= 2 && sim_host_alive(host); n++) {
		size_t size = (size_t)data[at] << 8 | data[at + 1];
		uint8_t *event;

		at += 2;
		if (size > len - at)
			size = len - at;
		event = sim_malloc(size);
		if (size > 0)
			memcpy(event, data + at, size);
		at += size;
		put_grid(event, size, &links.grid);
		sim_host_feed(host, event, size);
		free(event);
		sim_world_run(world, 20);
	}
	sim_world_run(world, 200);
	if (world->malformed)
		abort();
	sim_world_free(world);
	return 0;
}
