#include <stdlib.h>
#include <string.h>
#include <stdio.h>

#include <toygrid/access.h>
#include <toygrid/log.h>
#include <toygrid/status.h>

#include "sim/wiretap.h"
#include "sync/bodies.h"
#include "sync/message.h"

struct tap {
	struct sim_world *world;
	const struct sim_links *links;
	struct tg_access access;
	int ready;
};

static void
tell_list(char *text, size_t size, const struct tg_have *have)
{
	struct tg_bytes list = have->list;
	struct tg_log_state state;
	int n = snprintf(text, size, "flags %u%s", (unsigned)have->flags, have->is_list ? "" : " digest");

	while (have->is_list && tg_have_next(&list, &state) && (size_t)n + 20 < size)
		n += snprintf(text + n, size - (size_t)n, " %02x%02x:%u", state.log.b[0], state.log.b[1],
		    (unsigned)state.length);
}

static void
tell_run(char *text, size_t size, struct tg_bytes data)
{
	struct tg_run run;

	if (tg_run_decode(data.data, data.len, &run) == TG_OK)
		snprintf(text, size, "log %02x%02x [%u, %u)", run.log.b[0], run.log.b[1], (unsigned)run.start,
		    (unsigned)(run.start + run.count));
	else
		snprintf(text, size, "bad run");
}

static void
tell(struct tap *tap, const char *relay, const struct tg_pub *pub, const struct tg_message *m)
{
	static const char *const kinds[] = {
	    "?", "append", "have", "want", "data", "presence", "cast", "call", "reply", "ext"};
	char text[300] = "";
	struct tg_bytes list, run;
	struct tg_have have;
	struct tg_want want;
	struct tg_want_range range;
	struct tg_data data;
	size_t n = 0;

	if (m->kind == TG_MSG_HAVE && tg_have_get(m->body, &have) == TG_OK)
		tell_list(text, sizeof text, &have);
	if (m->kind == TG_MSG_APPEND)
		tell_run(text, sizeof text, (struct tg_bytes){m->body.data + 1, m->body.len - 1});
	if (m->kind == TG_MSG_WANT && tg_want_get(m->body, &want) == TG_OK) {
		list = want.ranges;
		while (tg_want_next_range(&list, &range) && n + 40 < sizeof text)
			n += (size_t)snprintf(text + n, sizeof text - n, " %02x%02x [%u, %u)", range.log.b[0],
			    range.log.b[1], (unsigned)range.from, (unsigned)range.to);
	}
	if (m->kind == TG_MSG_DATA && tg_data_get(m->body, &data) == TG_OK) {
		n = (size_t)snprintf(text, sizeof text, "status %u, ", (unsigned)data.status);
		list = data.runs;
		while (tg_data_next(&list, &run) && n + 60 < sizeof text) {
			tell_run(text + n, sizeof text - n, run);
			n = strlen(text);
		}
	}
	sim_say(tap->world, relay, "%s %u of session %02x%02x on %s%02x%02x, %zu bytes: %s",
	    m->kind < 10 ? kinds[m->kind] : "unknown", (unsigned)m->counter, m->session.b[0], m->session.b[1],
	    tg_hash_cmp(pub->topic, &tap->access.topic) == 0 ? "grid " : "inbox ", pub->topic->b[0],
	    pub->topic->b[1], pub->payload.len, text);
}

static void
on_pub(void *ctx, const struct sim_relay *relay, const struct tg_pub *pub)
{
	struct tap *tap = ctx;
	struct tg_buf plain = {0};
	struct tg_message m;
	struct tg_secret secret;

	if (!tap->ready && tap->links->known) {
		memcpy(secret.b, tap->links->edit, 32);
		tap->ready = tg_access_from_secret(TG_MODE_EDIT, &secret, NULL, &tap->access) == TG_OK;
	}
	if (tap->ready && tg_message_open(&tap->access.sync, pub->topic, pub->payload.data, pub->payload.len,
			      &plain, &m) == TG_OK)
		tell(tap, relay->name, pub, &m);
	tg_buf_free(&plain);
}

void
sim_wiretap(struct sim_world *world, const struct sim_links *links)
{
	static struct tap tap; /* one world at a time is looked into */

	if (getenv("TG_SIM_WIRE") == NULL)
		return;
	tap = (struct tap){.world = world, .links = links};
	for (size_t i = 0; i < world->relay_count; i++) {
		world->relays[i]->tap = on_pub;
		world->relays[i]->tap_ctx = &tap;
	}
}
