/* toygrid replay-trace: run a recorded peer again and compare. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <toygrid/peer.h>
#include <toygrid/status.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "host/event_codec.h"
#include "host/trace.h"

static uint8_t *
read_all(const char *path, size_t *len)
{
	uint8_t *data = NULL, *more;
	size_t cap = 0, n;
	FILE *f;

	*len = 0;
	if ((f = fopen(path, "rb")) == NULL)
		return NULL;
	do {
		cap = cap * 2 + 65536;
		if ((more = realloc(data, cap)) == NULL)
			break;
		data = more;
		n = fread(data + *len, 1, cap - *len, f);
		*len += n;
	} while (*len == cap);
	if (ferror(f) || more == NULL) {
		free(data);
		data = NULL;
	}
	fclose(f);
	return data;
}

/* Say where two recordings of one answer part. */
static void
report(unsigned long step, const struct tg_trace_step *was, const struct tg_trace_step *is)
{
	size_t i;

	if (was->status != is->status) {
		fprintf(stderr, "toygrid: event %lu: status was %s, is %s\n", step,
		    tg_status_name(was->status), tg_status_name(is->status));
		return;
	}
	for (i = 0; i < was->effects.len && i < is->effects.len; i++)
		if (was->effects.data[i] != is->effects.data[i])
			break;
	fprintf(stderr, "toygrid: event %lu: effects differ at byte %zu (were %zu bytes, are %zu)\n", step, i,
	    was->effects.len, is->effects.len);
}

/* ---- the story ----------------------------------------------------------------------------------------- */

static void
show_event(unsigned long step, struct tg_bytes event)
{
	static const char *const kinds[] = {
	    "tick", "entropy", "opened", "closed", "received", "stored", "loaded", "locked", "command"};
	struct tg_reader r;
	uint64_t kind, first;

	tg_reader_init(&r, event.data, event.len);
	tg_read_array(&r, 2, 16);
	kind = tg_read_uint(&r, TG_EVENT_COMMAND);
	if (tg_reader_status(&r) != TG_OK) {
		printf("%lu malformed event, %zu bytes\n", step, event.len);
		return;
	}
	printf("%lu %s", step, kinds[kind]);
	if (kind != TG_EVENT_ENTROPY) {
		first = tg_read_uint(&r, UINT64_MAX);
		printf(" %llu", (unsigned long long)first);
	}
	if (kind == TG_EVENT_STORED || kind == TG_EVENT_LOADED)
		printf(" %s", tg_status_name((int)tg_read_uint(&r, 255)));
	if (kind == TG_EVENT_COMMAND)
		printf(" name %llu", (unsigned long long)tg_read_uint(&r, 255));
	printf(", %zu bytes\n", event.len);
}

static void
show_effects(struct tg_bytes effects)
{
	static const char *const kinds[] = {"send", "store", "load", "lock", "unlock", "wake", "close",
	    "reply", "grid", "changed", "presence", "durability", "link", "notice", "ext", "called",
	    "progress"};
	struct tg_effect e;
	struct tg_reader r;

	tg_reader_init(&r, effects.data, effects.len);
	while (tg_effect_next(&r, &e) == TG_OK) {
		printf("    %s", kinds[e.kind]);
		switch (e.kind) {
		case TG_EFFECT_STORE:
			printf(" batch %llu%s", (unsigned long long)e.u.store.batch,
			    e.u.store.strict ? " strict" : "");
			break;
		case TG_EFFECT_WAKE:
			printf(" at %llu", (unsigned long long)e.u.wake.at_ms);
			break;
		case TG_EFFECT_REPLY:
			printf(" %llu %s", (unsigned long long)e.u.reply.request,
			    tg_status_name(e.u.reply.status));
			break;
		case TG_EFFECT_GRID:
			printf(" state %llu role %llu", (unsigned long long)e.u.grid.state,
			    (unsigned long long)e.u.grid.role);
			break;
		case TG_EFFECT_DURABILITY:
			printf(" unsent %llu safe %llu", (unsigned long long)e.u.durability.unsent,
			    (unsigned long long)e.u.durability.safe);
			break;
		case TG_EFFECT_LINK:
			printf(" %llu state %llu", (unsigned long long)e.u.link.link,
			    (unsigned long long)e.u.link.state);
			break;
		case TG_EFFECT_PROGRESS:
			printf(" %llu of %llu", (unsigned long long)e.u.progress.done,
			    (unsigned long long)e.u.progress.total);
			break;
		default:
			break;
		}
		printf(", %zu bytes\n", e.raw.len);
	}
}

int
tg_cmd_replay_trace(int argc, char **argv)
{
	int show = 0;
	const struct tg_arg args[] = {
	    {"show", TG_ARG_FLAG, &show, NULL, "print one line per event and effect: kinds, numbers, sizes"},
	    {0}};
	const struct tg_usage usage = {"toygrid replay-trace FILE [--show]",
	    "Feed the events recorded in FILE (--trace, or a simulation's) to a fresh peer and compare its "
	    "answers\n"
	    "with the recorded ones, byte for byte.  Exit code 1 where they differ.",
	    args, 1, 1};
	struct tg_trace_step was, is;
	struct tg_peer *peer = NULL;
	unsigned long steps = 0;
	const char *path;
	unsigned words;
	size_t len, at;
	uint8_t *data;
	int rc, end;

	if ((rc = tg_args_parse(&usage, argc, argv, &path, &words)) != TG_ARGS_RUN)
		return rc == TG_ARGS_HELP ? 0 : 2;
	if ((data = read_all(path, &len)) == NULL) {
		fprintf(stderr, "toygrid: %s cannot be read\n", path);
		return 1;
	}
	rc = 1;
	if (tg_trace_open(data, len, &at) != TG_OK) {
		fprintf(stderr, "toygrid: %s is no trace\n", path);
		goto free_data;
	}
	if (tg_crypto_init() != TG_OK || tg_peer_new(&peer) != TG_OK) {
		fprintf(stderr, "toygrid: no peer\n");
		goto free_data;
	}
	while ((end = tg_trace_next(data, len, &at, &was)) == TG_OK) {
		if (show) {
			show_event(steps, was.event);
			show_effects(was.effects);
		}
		is.event = was.event;
		is.status = tg_peer_event(peer, was.event.data, was.event.len);
		tg_peer_effects(peer, &is.effects.data, &is.effects.len);
		if (is.status != was.status || is.effects.len != was.effects.len ||
		    (is.effects.len > 0 && memcmp(is.effects.data, was.effects.data, is.effects.len) != 0)) {
			report(steps, &was, &is);
			goto free_peer;
		}
		steps++;
	}
	if (end == TG_ETRUNCATED)
		fprintf(stderr, "toygrid: the trace was cut off after event %lu\n", steps);
	printf("%lu events, all effects equal\n", steps);
	rc = 0;

free_peer:
	tg_peer_free(peer);
free_data:
	free(data);
	return rc;
}
