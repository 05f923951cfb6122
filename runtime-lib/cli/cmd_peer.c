/*
 * toygrid peer: a peer that stays.
 *
 * Starts in order, each step logged in one line: storage, the installation's keys, the admin port,
 * communications (at least one relay), and then the replica's node file or the given documents.  A step that
 * does not come up ends the process with its reason.  Once up, relays may come and go.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <toygrid/status.h>

#include "cli/admin.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/log.h"
#include "cli/node_file.h"
#include "cli/client.h"
#include "wire/writer.h"

#define REACH_MS 15000 /* for the first relay */
#define LEAVE_MS 5000

struct running {
	struct tg_host *host;
	struct tg_admin *admin;
	int replica;
	int live;  /* a relay has taken our HELLO once */
	int ready; /* all steps are done */
	char trouble[256];
	/* the reply that start-up waits for */
	int replied, status;
	struct tg_buf value;
	/* for metrics */
	struct tg_node node;
	uint64_t grids, bytes;
	uint64_t opened; /* documents that are open here */
	uint64_t notices;
};

static struct tg_host *signalled;

static void
on_signal(int number)
{
	static volatile sig_atomic_t before;

	(void)number;
	if (before++ || signalled == NULL)
		_exit(1); /* twice means now */
	tg_host_stop(signalled);
}

/* ---- what the host tells ------------------------------------------------------------------------------- */

static void
on_log(void *ctx, enum tg_host_log_level level, const char *what, const char *detail)
{
	struct running *r = ctx;

	(void)level;
	tg_log(what, detail);
	if (strcmp(what, "connected") != 0)
		snprintf(r->trouble, sizeof r->trouble, "%s: %s", what, detail);
}

static void
on_effect(void *ctx, const struct tg_effect *e)
{
	static const char *const states[] = {"loading", "ready", "gone"};
	struct running *r = ctx;
	char hex[65];

	switch (e->kind) {
	case TG_EFFECT_LINK:
		if (e->u.link.state == TG_LINK_LIVE) {
			r->live = 1;
			tg_log("relay live", "");
		} else if (e->u.link.state == TG_LINK_REFUSED) {
			snprintf(r->trouble, sizeof r->trouble, "relay refused: %.*s",
			    (int)e->u.link.detail.len, (const char *)e->u.link.detail.data);
			tg_log("relay refused", r->trouble + 15);
		} else if (e->u.link.state == TG_LINK_DRAINING) {
			tg_log("relay drains", "");
		}
		break;
	case TG_EFFECT_GRID:
		/* Ids of documents say nothing of what is in them; titles would. */
		tg_hex(e->u.grid.id.b, 32, hex);
		tg_logf("document", "%s %s", hex, states[e->u.grid.state]);
		break;
	case TG_EFFECT_NOTICE:
		r->notices++;
		tg_logf("notice", "%llu %.*s", (unsigned long long)e->u.notice.code,
		    (int)e->u.notice.text.len, (const char *)e->u.notice.text.data);
		break;
	default:
		break;
	}
}

static void
on_reply(void *ctx, int status, struct tg_bytes value)
{
	struct running *r = ctx;

	r->replied = 1;
	r->status = status;
	tg_buf_reset(&r->value);
	tg_buf_put(&r->value, value.data, value.len);
}

/* ---- waiting ------------------------------------------------------------------------------------------- */

static void
on_late(void *ctx)
{
	*(int *)ctx = 1;
}

/* Turn until *${flag}; TG_OK, TG_ESTALE after ${ms}, or what ended the loop. */
static int
run_until(struct running *r, const int *flag, unsigned ms)
{
	static int late;
	int rc;

	late = 0;
	tg_host_after(r->host, ms, on_late, &late);
	while (!*flag && !late)
		if ((rc = tg_host_turn(r->host)) != TG_OK)
			return rc;
	return *flag ? TG_OK : TG_ESTALE;
}

static int
command(struct running *r, struct tg_buf *event)
{
	int rc;

	r->replied = 0;
	tg_host_feed(r->host, event);
	rc = run_until(r, &r->replied, REACH_MS);
	return rc != TG_OK ? rc : r->status;
}

static uint64_t
request(struct running *r)
{
	return tg_host_request(r->host, on_reply, r);
}

/* ---- steps --------------------------------------------------------------------------------------------- */

static int
stopped(const char *step, const char *why)
{
	tg_logf("stopped", "%s: %s", step, why);
	return 1;
}

static int
start_installation(struct running *r, const char *name)
{
	struct tg_buf event = {0};
	struct tg_bytes known;
	struct tg_reader reader;
	uint8_t device[32];
	uint64_t colour;
	char hex[65];
	int rc;

	tg_command_start(&event, request(r), r->replica ? 2 : 0,
	    name != NULL ? name
	    : r->replica ? "replica"
			 : "");
	if ((rc = command(r, &event)) != TG_OK)
		return stopped("installation", tg_status_text(rc));
	tg_reader_init(&reader, r->value.data, r->value.len);
	tg_read_array(&reader, 3, 3);
	tg_read_fixed(&reader, device, sizeof device);
	known = tg_read_str(&reader, 64);
	colour = tg_read_uint(&reader, 0xffffff);
	if (tg_reader_end(&reader) != TG_OK)
		return stopped("installation", "its answer cannot be read");
	if (name != NULL && (known.len != strlen(name) || memcmp(known.data, name, known.len) != 0)) {
		tg_event_command(&event, request(r), TG_COMMAND_PROFILE, 2);
		tg_write_str(&event, name, strlen(name));
		tg_write_uint(&event, colour);
		if ((rc = command(r, &event)) != TG_OK)
			return stopped("name", tg_status_text(rc));
	}
	tg_hex(device, 32, hex);
	tg_logf("installation", "device %s", hex);
	return 0;
}

static void
read_node(struct running *r, struct tg_bytes value)
{
	struct tg_reader reader;

	tg_reader_init(&reader, value.data, value.len);
	tg_read_array(&reader, 5, 5);
	tg_read_fixed(&reader, r->node.node.b, 32);
	tg_read_fixed(&reader, r->node.box.b, 32);
	tg_read_fixed(&reader, r->node.token.b, 32);
	r->grids = tg_read_uint(&reader, UINT64_MAX);
	r->bytes = tg_read_uint(&reader, UINT64_MAX);
}

static int
start_replica(struct running *r, const char *name, uint64_t quota_grid, uint64_t quota_total)
{
	struct tg_buf event = {0};
	char hex[65];
	int rc;

	tg_command_quota(&event, request(r), quota_grid, quota_total);
	if ((rc = command(r, &event)) != TG_OK)
		return stopped("quota", tg_status_text(rc));
	tg_command_bare(&event, request(r), TG_COMMAND_NODE);
	if ((rc = command(r, &event)) != TG_OK)
		return stopped("replica", tg_status_text(rc));
	read_node(r, (struct tg_bytes){r->value.data, r->value.len});
	tg_wipe(r->value.data, r->value.len);
	snprintf(r->node.name, sizeof r->node.name, "%s", name != NULL ? name : "replica");
	tg_hex(r->node.node.b, 32, hex);
	tg_logf("replica", "node %s keeps %llu documents, %llu bytes", hex, (unsigned long long)r->grids,
	    (unsigned long long)r->bytes);
	return 0;
}

static int
open_links(struct running *r, const struct tg_arg_list *links)
{
	struct tg_buf event = {0};
	struct tg_hash grid;
	char why[4200];
	unsigned i;
	int rc;

	for (i = 0; i < links->count; i++) {
		if ((rc = tg_open_event(&event, request(r), links->items[i], &grid)) != TG_OK) {
			tg_link_trouble(links->items[i], rc, why, sizeof why);
			tg_buf_free(&event);
			return stopped("documents", why);
		}
		rc = command(r, &event);
		if (rc != TG_OK && rc != TG_ENOTFOUND)
			return stopped("documents", tg_status_text(rc));
		r->opened++;
	}
	return 0;
}

/* ---- the admin port ------------------------------------------------------------------------------------ */

static int
is_ready(void *ctx)
{
	struct running *r = ctx;
	struct tg_host_counts counts;

	tg_host_counts(r->host, &counts);
	return r->ready && r->live && counts.links_open > 0;
}

static void
on_node(void *ctx, int status, struct tg_bytes value)
{
	struct running *r = ctx;

	if (status == TG_OK)
		read_node(r, value);
	tg_admin_fresh(r->admin);
}

static void
refresh(void *ctx)
{
	struct running *r = ctx;
	struct tg_buf event = {0};

	if (!r->replica) {
		tg_admin_fresh(r->admin);
		return;
	}
	tg_command_bare(&event, tg_host_request(r->host, on_node, r), TG_COMMAND_NODE);
	tg_host_feed(r->host, &event);
}

static void
metric(struct tg_buf *out, const char *name, const char *kind, const char *help, uint64_t value)
{
	char text[400];
	int n = snprintf(text, sizeof text, "# HELP toygrid_%s %s\n# TYPE toygrid_%s %s\ntoygrid_%s %llu\n",
	    name, help, name, kind, name, (unsigned long long)value);

	tg_buf_put(out, text, (size_t)n);
}

static void
metrics(void *ctx, struct tg_buf *out)
{
	struct running *r = ctx;
	struct tg_host_counts c;

	tg_host_counts(r->host, &c);
	if (r->replica) {
		metric(out, "replica_grids", "gauge", "Documents kept.", r->grids);
		metric(
		    out, "replica_bytes", "gauge", "Bytes of entries kept, as counted for quotas.", r->bytes);
	} else {
		metric(out, "peer_grids", "gauge", "Documents joined.", r->opened);
	}
	metric(out, "peer_ready", "gauge", "1 when all steps are done and a relay is live.",
	    (uint64_t)is_ready(r));
	metric(out, "peer_links_open", "gauge", "Open connections to relays.", c.links_open);
	metric(out, "peer_store_bytes", "gauge", "Size of the database in use.", c.store_bytes);
	metric(out, "peer_messages_received_total", "counter", "WebSocket messages received.", c.messages_in);
	metric(out, "peer_messages_sent_total", "counter", "WebSocket messages sent.", c.messages_out);
	metric(out, "peer_received_bytes_total", "counter", "Bytes of messages received.", c.bytes_in);
	metric(out, "peer_sent_bytes_total", "counter", "Bytes of messages sent.", c.bytes_out);
	metric(out, "peer_batches_total", "counter", "Batches written to storage.", c.batches);
	metric(out, "peer_batches_failed_total", "counter", "Batches that could not be written.",
	    c.batches_failed);
	metric(out, "peer_notices_total", "counter", "Notices, see the log.", r->notices);
}

static int
start_admin(struct running *r, const char *address)
{
	struct tg_admin_options options = {
	    .ready = is_ready, .refresh = refresh, .metrics = metrics, .ctx = r};
	int rc = tg_admin_open(&r->admin, tg_host_context(r->host), address, &options);
	char why[300];

	if (rc == TG_OK) {
		tg_log("admin", address);
		return 0;
	}
	snprintf(why, sizeof why, "%s: %s", address,
	    rc == TG_EFORMAT ? "neither ADDR:PORT nor a path" : "cannot listen there");
	return stopped("admin", why);
}

/* ---- the command --------------------------------------------------------------------------------------- */

static int
run(struct running *r)
{
	int rc;

	while ((rc = tg_host_turn(r->host)) == TG_OK)
		;
	if (rc != TG_ECLOSED)
		return stopped("running", tg_status_text(rc));
	tg_log("leaving", "");
	if (r->admin != NULL)
		r->ready = 0;
	if (!tg_host_leave(r->host, LEAVE_MS))
		tg_log("leaving", "not everything could be said to the relays");
	return 0;
}

int
tg_cmd_peer(int argc, char **argv)
{
	const char *data = NULL, *name = NULL, *admin = NULL, *node_file = NULL, *ca = NULL, *trace = NULL;
	struct tg_arg_list relays = {0}, links = {0}, public_relays = {0};
	uint64_t quota_grid = UINT64_C(1) << 30, quota_total = UINT64_C(10) << 30, store_bytes = 0;
	struct running r = {0};
	const struct tg_arg args[] = {
	    {"replica", TG_ARG_FLAG, &r.replica, NULL,
		"keep documents that invite this node, sealed; it cannot read them"},
	    {"data", TG_ARG_TEXT, &data, "DIR", "keys and documents; one process per directory"},
	    {"relay", TG_ARG_LIST, &relays, "URL", "ws://HOST:PORT or wss://HOST:PORT; repeat for more"},
	    {"link", TG_ARG_LIST, &links, "LINK",
		"without --replica: join this document (@FILE: read the link there); repeat\nfor more"},
	    {"name", TG_ARG_TEXT, &name, "NAME", "how others see this peer (replica)"},
	    {"quota-grid", TG_ARG_NUMBER, &quota_grid, "BYTES",
		"what one document may take, 0: no limit (1G; K, M, G are understood)"},
	    {"quota-total", TG_ARG_NUMBER, &quota_total, "BYTES", "what all may take together (10G)"},
	    {"store-bytes", TG_ARG_NUMBER, &store_bytes, "BYTES",
		"largest size of the database file, 0: the disk's (0)"},
	    {"admin", TG_ARG_TEXT, &admin, "ADDR",
		"serve /health, /ready, /metrics on ADDR:PORT or a Unix socket"},
	    {"node-file", TG_ARG_TEXT, &node_file, "FILE",
		"with --replica: write there what a page needs to invite this node, its\ninvite token "
		"included, once all is "
		"ready"},
	    {"public-relay", TG_ARG_LIST, &public_relays, "URL",
		"the relays named in that file (those of --relay)"},
	    {"ca", TG_ARG_TEXT, &ca, "FILE", "trust the certificates in FILE (PEM) for wss://"},
	    {"trace", TG_ARG_TEXT, &trace, "FILE",
		"record every event and effect, secrets included; see replay-trace"},
	    {0},
	};
	const struct tg_usage usage = {"toygrid peer [--replica] --data DIR --relay URL [options]",
	    "Run a peer in the foreground until SIGTERM or SIGINT, which flush and leave (a second one ends "
	    "at once).\n"
	    "Log: one JSON object a line on standard error.",
	    args, 0, 0};
	struct tg_host_options options = {.effect = on_effect, .log = on_log, .ctx = &r};
	struct sigaction act = {.sa_handler = on_signal};
	char error[TG_HOST_ERROR_BYTES];
	unsigned words, i;
	int rc;

	if ((rc = tg_args_parse(&usage, argc, argv, NULL, &words)) != TG_ARGS_RUN)
		return rc == TG_ARGS_HELP ? 0 : 2;
	if (data == NULL)
		return tg_args_bad(&usage, "--data is missing");
	if (relays.count == 0)
		return tg_args_bad(&usage, "--relay is missing");
	if (r.replica && links.count > 0)
		return tg_args_bad(&usage, "--link and --replica exclude each other");
	if (!r.replica && links.count == 0)
		return tg_args_bad(&usage, "nothing to do: give --replica or --link");
	if (!r.replica && node_file != NULL)
		return tg_args_bad(&usage, "--node-file goes with --replica");
	if (name != NULL && strlen(name) > 64)
		return tg_args_bad(&usage, "--name is longer than 64 bytes");

	options.data_dir = data;
	options.store.max_bytes = store_bytes;
	options.ca_file = ca;
	options.trace_file = trace;
	if (tg_host_open(&r.host, &options, error) != TG_OK)
		return stopped("storage", error);
	/* An old file would invite people to a node that is not there.  (Now that no other process has this
	 * storage.) */
	if (node_file != NULL)
		unlink(node_file);
	signalled = r.host;
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);

	rc = 1;
	if (start_installation(&r, name) != 0)
		goto close_host;
	if (admin != NULL && start_admin(&r, admin) != 0)
		goto close_host;
	for (i = 0; i < relays.count; i++)
		if (tg_host_relay(r.host, relays.items[i]) != TG_OK) {
			stopped("communications", "a --relay is no ws:// or wss:// address");
			goto close_host;
		}
	if ((rc = run_until(&r, &r.live, REACH_MS)) != TG_OK) {
		rc = rc == TG_ECLOSED
			 ? 0
			 : stopped("communications", r.trouble[0] ? r.trouble : "no relay answers");
		goto close_host;
	}
	tg_log("communications", "at least one relay is live");
	rc = 1;
	if (r.replica && start_replica(&r, name, quota_grid, quota_total) != 0)
		goto close_host;
	if (!r.replica && open_links(&r, &links) != 0)
		goto close_host;
	if (node_file != NULL &&
	    tg_node_write(node_file, public_relays.count > 0 ? &public_relays : &relays, &r.node) != 0) {
		stopped(node_file, strerror(errno));
		goto close_host;
	}
	r.ready = 1;
	tg_log("ready", "");
	rc = run(&r);
	if (node_file != NULL)
		unlink(node_file);

close_host:
	signalled = NULL;
	tg_host_close(r.host);
	tg_admin_close(r.admin);
	tg_buf_free(&r.value);
	tg_wipe(&r.node, sizeof r.node);
	if (rc == 0)
		tg_log("stopped", "as asked");
	return rc;
}
