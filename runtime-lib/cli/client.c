#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <toygrid/access.h>
#include <toygrid/status.h>
#include <toygrid/text.h>

#include "cli/client.h"
#include "cli/node_find.h"
#include "wire/writer.h"

#define LEAVE_MS       5000
#define NOTICE_REFUSED 5   /* docs/host.md: a replica refused */
#define NOTICE_AGAIN   8   /* a document must be opened again */
#define SETTLE_MS      300 /* after everything is here: somebody slower may know more */

/* A signal has no argument to say whom it is for. */
static struct tg_host *signalled;
static volatile sig_atomic_t interrupted;

static void
on_signal(int number)
{
	(void)number;
	interrupted = 1;
	if (signalled != NULL)
		tg_host_stop(signalled);
}

void
tg_hex(const uint8_t *data, size_t len, char *out)
{
	size_t i;

	for (i = 0; i < len; i++)
		sprintf(out + 2 * i, "%02x", data[i]);
}

/* ---- what the host tells ------------------------------------------------------------------------------- */

/* Of the other devices that hold the newest own entry: those that keep what they have, and those that do not.
 */
static void
count_holders(struct tg_bytes devices, uint64_t *lasting, uint64_t *passing)
{
	struct tg_reader r;
	uint32_t i, n;
	int holds;

	*lasting = *passing = 0;

	tg_reader_init(&r, devices.data, devices.len);
	n = tg_read_array(&r, 0, UINT32_MAX);
	for (i = 0; i < n && tg_reader_status(&r) == TG_OK; i++) {
		tg_read_array(&r, 5, 5);
		tg_read_skip(&r); /* device */
		tg_read_skip(&r); /* role */
		tg_read_skip(&r); /* name */
		holds = tg_read_bool(&r);
		*(tg_read_bool(&r) ? passing : lasting) += (uint64_t)holds;
	}
}

/* A relay may work in a moment, so it is tried until the time is over: what is wrong is said at once, and
 * once. */
static void
in_trouble(struct tg_client *s, const char *what, const char *detail)
{
	char trouble[sizeof s->trouble];

	snprintf(trouble, sizeof trouble, "%s: %s", what, detail);
	if (!s->options.quiet && strcmp(trouble, s->trouble) != 0)
		fprintf(stderr, "toygrid: %s; trying again\n", trouble);
	memcpy(s->trouble, trouble, sizeof trouble);
}

static void
on_effect(void *ctx, const struct tg_effect *e)
{
	struct tg_client *s = ctx;
	uint64_t lasting, passing;
	char detail[sizeof s->trouble];

	switch (e->kind) {
	case TG_EFFECT_GRID:
		if (tg_hash_cmp(&e->u.grid.id, &s->grid) == 0) {
			s->state = (int)e->u.grid.state;
			s->role = e->u.grid.role;
		}
		break;
	case TG_EFFECT_PROGRESS:
		if (tg_hash_cmp(&e->u.progress.grid, &s->grid) != 0)
			break;
		s->caught_up = e->u.progress.total != 0 && e->u.progress.done == e->u.progress.total;
		if (!s->options.quiet && e->u.progress.done > s->shown_bytes + 1000000) {
			s->shown_bytes = e->u.progress.done;
			fprintf(
			    stderr, "toygrid: %llu KB received\n", (unsigned long long)s->shown_bytes / 1000);
		}
		break;
	case TG_EFFECT_DURABILITY:
		if (tg_hash_cmp(&e->u.durability.grid, &s->grid) != 0)
			break;
		s->unsent = e->u.durability.unsent;
		count_holders(e->u.durability.devices, &lasting, &passing);
		s->holders = s->temporary[0] ? lasting : e->u.durability.safe - passing;
		break;
	case TG_EFFECT_LINK:
		if (e->u.link.state == TG_LINK_LIVE)
			s->links_live++;
		if (e->u.link.state == TG_LINK_REFUSED) {
			snprintf(detail, sizeof detail, "%.*s", (int)e->u.link.detail.len,
			    (const char *)e->u.link.detail.data);
			in_trouble(s, "a relay refused", detail);
		}
		break;
	case TG_EFFECT_NOTICE:
		s->refused |= e->u.notice.code == NOTICE_REFUSED;
		if (e->u.notice.code == NOTICE_AGAIN) {
			s->stale = 1;
			break;
		}
		fprintf(stderr, "toygrid: notice: %.*s\n", (int)e->u.notice.text.len,
		    (const char *)e->u.notice.text.data);
		break;
	default:
		break;
	}
}

static void
on_log(void *ctx, enum tg_host_log_level level, const char *what, const char *detail)
{
	struct tg_client *s = ctx;
	char failure[sizeof s->failure];

	if (level == TG_LOG_ERROR) {
		/* A full disk fails every batch, and is told once. */
		snprintf(failure, sizeof failure, "%s: %s", what, detail);
		if (strcmp(failure, s->failure) != 0)
			fprintf(stderr, "toygrid: %s\n", failure);
		memcpy(s->failure, failure, sizeof failure);
	} else if (strcmp(what, "connected") != 0 && strcmp(what, "storage") != 0)
		in_trouble(s, what, detail);
}

static void
on_reply(void *ctx, int status, struct tg_bytes value)
{
	struct tg_client *s = ctx;

	s->replied = 1;
	s->status = status;
	tg_buf_reset(&s->value);
	tg_buf_put(&s->value, value.data, value.len);
}

/* ---- running ------------------------------------------------------------------------------------------- */

static void
on_late(void *ctx)
{
	(void)ctx; /* tg_client_until looks at the clock */
}

int
tg_client_until(struct tg_client *s, int (*done)(struct tg_client *s))
{
	uint64_t now;
	int rc;

	while (!done(s)) {
		now = tg_host_now_ms();
		if (s->deadline_ms != 0 && now >= s->deadline_ms)
			return 1;
		if (s->deadline_ms != 0)
			tg_host_after(s->host, (unsigned)(s->deadline_ms - now), on_late, s);
		if ((rc = tg_host_turn(s->host)) != TG_OK) {
			if (rc != TG_ECLOSED)
				fprintf(stderr, "toygrid: stopped: %s\n", tg_status_text(rc));
			return 1;
		}
	}
	return 0;
}

uint64_t
tg_client_request(struct tg_client *s)
{
	return tg_host_request(s->host, on_reply, s);
}

static int
has_reply(struct tg_client *s)
{
	return s->replied;
}

int
tg_client_command(struct tg_client *s, struct tg_buf *event)
{
	s->replied = 0;
	tg_host_feed(s->host, event);
	return tg_client_until(s, has_reply) == 0 ? s->status : TG_ECLOSED;
}

int
tg_client_open(struct tg_client *s, const struct tg_client_options *options)
{
	struct tg_host_options host = {.ca_file = options->ca,
	    .trace_file = options->trace,
	    .effect = on_effect,
	    .log = on_log,
	    .ctx = s};
	struct sigaction act = {.sa_handler = on_signal};
	struct tg_buf event = {0};
	char error[TG_HOST_ERROR_BYTES];
	struct tg_reader r;
	const char *base;
	unsigned i;
	int rc;

	memset(s, 0, sizeof *s);
	s->options = *options;
	s->state = -1;
	if (options->timeout_s != 0)
		s->deadline_ms = tg_host_now_ms() + options->timeout_s * 1000;
	host.data_dir = options->data;
	if (host.data_dir == NULL) {
		base = getenv("TMPDIR");
		if (snprintf(s->temporary, sizeof s->temporary, "%s/toygrid-XXXXXX",
			base != NULL && strlen(base) < 40 ? base : "/tmp") < 0 ||
		    mkdtemp(s->temporary) == NULL) {
			fprintf(stderr, "toygrid: cannot make a temporary directory in %s\n",
			    base != NULL ? base : "/tmp");
			s->temporary[0] = '\0';
			return 1;
		}
		host.data_dir = s->temporary;
		host.store.throwaway = 1;
	}
	if (tg_host_open(&s->host, &host, error) != TG_OK) {
		fprintf(stderr, "toygrid: %s\n", error);
		return 1;
	}
	signalled = s->host;
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);

	tg_command_start(&event, tg_client_request(s), 0, options->name != NULL ? options->name : "");
	if ((rc = tg_client_command(s, &event)) != TG_OK) {
		fprintf(stderr, "toygrid: %s: this installation does not start: %s\n", host.data_dir,
		    tg_status_text(rc));
		return 1;
	}
	tg_reader_init(&r, s->value.data, s->value.len);
	tg_read_array(&r, 3, 3);
	tg_read_fixed(&r, s->device.b, sizeof s->device.b);
	if (s->temporary[0] != '\0') {
		/* Whoever counts devices must not rely on this one. */
		tg_event_command(&event, tg_client_request(s), TG_COMMAND_TEMPORARY, 1);
		tg_write_bool(&event, 1);
		(void)tg_client_command(s, &event);
	}
	for (i = 0; i < options->relays.count; i++)
		if ((rc = tg_host_relay(s->host, options->relays.items[i])) != TG_OK) {
			fprintf(stderr, "toygrid: --relay %s: no ws:// or wss:// address\n",
			    options->relays.items[i]);
			return 1;
		}
	return 0;
}

void
tg_client_close(struct tg_client *s)
{
	static const char *const files[] = {"data.mdb", "lock.mdb", "toygrid.lock"};
	char path[128];
	size_t i;

	s->options.quiet = 1; /* why it ends has been said: a relay's trouble adds nothing now */
	if (s->host != NULL && !interrupted)
		tg_host_leave(s->host, LEAVE_MS);
	signalled = NULL;
	tg_host_close(s->host);
	tg_buf_free(&s->value);
	if (s->temporary[0] == '\0')
		return;
	for (i = 0; i < sizeof files / sizeof *files; i++) {
		snprintf(path, sizeof path, "%s/%s", s->temporary, files[i]);
		unlink(path);
	}
	rmdir(s->temporary);
}

/* ---- joining ------------------------------------------------------------------------------------------- */

/* The first line of a file. */
static int
read_line(const char *path, char *out, size_t room)
{
	FILE *f = fopen(path, "r");
	int why;

	if (f == NULL)
		return TG_ENOTFOUND;
	if (fgets(out, (int)room, f) == NULL)
		out[0] = '\0'; /* nothing in it is no link either */
	why = ferror(f) ? errno : 0;
	fclose(f);
	if (why != 0) {
		errno = why;
		return TG_ENOTFOUND;
	}
	out[strcspn(out, "\r\n")] = '\0';
	return TG_OK;
}

int
tg_link_text(const char *text, struct tg_link *link)
{
	char line[1024] = "";
	const char *p;
	int rc;

	if (text[0] == '@') {
		if (read_line(text + 1, line, sizeof line) != TG_OK)
			return TG_ENOTFOUND;
		text = line;
	}
	p = strstr(text, "#/");
	p = p != NULL ? p + 2 : text;
	rc = tg_link_parse(p, strlen(p), link);
	tg_wipe(line, sizeof line);
	return rc;
}

void
tg_link_trouble(const char *text, int rc, char *out, size_t room)
{
	if (rc == TG_ENOTFOUND)
		snprintf(out, room, "%s: %s", text + 1, strerror(errno));
	else
		snprintf(out, room, "%s%s no link to a document (they end in #/g/...)",
		    text[0] == '@' ? text + 1 : "this is", text[0] == '@' ? " holds" : "");
}

int
tg_open_event(struct tg_buf *event, uint64_t request, const char *text, struct tg_hash *grid)
{
	static const char *const modes[] = {"", "v", "c", "e"};
	uint8_t secret[2 * TG_KEY_BYTES];
	struct tg_link link;
	int rc;

	if ((rc = tg_link_text(text, &link)) != TG_OK)
		return rc;
	memcpy(secret, link.secret.b, TG_KEY_BYTES);
	memcpy(secret + TG_KEY_BYTES, link.w.b, TG_KEY_BYTES);
	tg_command_open(event, request, link.grid.b, modes[link.mode], secret,
	    link.mode == TG_MODE_VIEW ? 2 * TG_KEY_BYTES : TG_KEY_BYTES);
	*grid = link.grid;
	tg_wipe(secret, sizeof secret);
	tg_wipe(&link, sizeof link);
	return TG_OK;
}

int
tg_client_ready(struct tg_client *s)
{
	return s->state == TG_GRID_READY;
}

static int
is_complete(struct tg_client *s)
{
	return s->state == TG_GRID_READY && s->caught_up;
}

static int
is_live(struct tg_client *s)
{
	return s->links_live > 0;
}

static uint64_t settled_ms;

static int
is_settled(struct tg_client *s)
{
	return !s->caught_up || s->stale || tg_host_now_ms() >= settled_ms;
}

/* Another history of a forked log came in whole: only a document opened anew shows it. */
static int
open_again(struct tg_client *s)
{
	struct tg_buf event = {0};

	s->stale = s->caught_up = 0;
	tg_command_grid(&event, tg_client_request(s), TG_COMMAND_CLOSE, s->grid.b);
	if (tg_client_command(s, &event) != TG_OK)
		return 1;
	s->state = -1;
	tg_command_open(&event, tg_client_request(s), s->grid.b, "", NULL, 0);
	return tg_client_command(s, &event) != TG_OK;
}

/* Wait until all is here and has been for a moment. */
static int
catch_up(struct tg_client *s)
{
	uint64_t deadline = s->deadline_ms;

	do {
		if (tg_client_until(s, is_complete) != 0)
			return 1;
		settled_ms = tg_host_now_ms() + SETTLE_MS;
		s->deadline_ms = settled_ms + 1;
		(void)tg_client_until(s, is_settled);
		s->deadline_ms = deadline;
		if (s->stale && open_again(s) != 0)
			return 1;
	} while (!s->caught_up);
	return 0;
}

int
tg_client_join(struct tg_client *s, const char *link)
{
	struct tg_buf event = {0};
	struct tg_node_here here;
	char why[4200];
	int rc;

	if (s->options.relays.count == 0) {
		if ((rc = tg_node_here("--relay", &here)) == 0)
			fprintf(
			    stderr, "toygrid: which relay? no node runs here: give --relay ws://HOST:PORT\n");
		if (rc != 1)
			return 1;
		if (tg_host_relay(s->host, here.relay) != TG_OK) {
			fprintf(stderr, "toygrid: %s: names no ws:// or wss:// address\n", here.path);
			return 1;
		}
	}
	if ((rc = tg_open_event(&event, tg_client_request(s), link, &s->grid)) != TG_OK) {
		tg_link_trouble(link, rc, why, sizeof why);
		fprintf(stderr, "toygrid: %s\n", why);
		tg_buf_free(&event);
		return 1;
	}
	s->replied = 0;
	rc = tg_client_command(s, &event);
	if (rc != TG_OK && rc != TG_ENOTFOUND && rc != TG_ECLOSED) {
		fprintf(stderr, "toygrid: the document does not open: %s\n", tg_status_text(rc));
		return 1;
	}
	if (rc == TG_ECLOSED || tg_client_until(s, is_live) != 0) {
		fprintf(stderr, "toygrid: no relay was reached in %llu s%s%s\n",
		    (unsigned long long)s->options.timeout_s, s->trouble[0] ? ": " : "", s->trouble);
		return 1;
	}
	if (!s->options.quiet)
		fprintf(stderr, "toygrid: connected, fetching\n");
	if (catch_up(s) != 0) {
		if (s->state != TG_GRID_READY)
			fprintf(stderr,
			    "toygrid: nobody who has this document answered in %llu s: is a replica or a "
			    "page with it "
			    "online, and is the link right?\n",
			    (unsigned long long)s->options.timeout_s);
		else
			fprintf(stderr, "toygrid: not everything arrived in %llu s\n",
			    (unsigned long long)s->options.timeout_s);
		return 1;
	}
	return 0;
}

/* ---- writing ------------------------------------------------------------------------------------------- */

int
tg_client_edit(struct tg_client *s, const struct tg_buf *edits, uint32_t count)
{
	struct tg_buf event = {0};

	tg_event_command(&event, tg_client_request(s), TG_COMMAND_EDIT, 2);
	tg_write_bin(&event, s->grid.b, sizeof s->grid.b);
	tg_write_array(&event, count);
	tg_buf_put(&event, edits->data, edits->len);
	return tg_client_command(s, &event);
}

int
tg_client_end(struct tg_client *s, uint32_t *at)
{
	struct tg_buf event = {0};
	struct tg_doc *doc;

	tg_command_grid(&event, tg_client_request(s), TG_COMMAND_POLL, s->grid.b);
	if (tg_client_command(s, &event) != TG_OK ||
	    (doc = tg_peer_doc(tg_host_peer(s->host), &s->grid)) == NULL) {
		fprintf(stderr, "toygrid: the document cannot be read here\n");
		return 1;
	}
	*at = tg_doc_view_length(doc, TG_TEXT_FLOW_BODY);
	return 0;
}

/* ---- keeping ------------------------------------------------------------------------------------------- */

static uint64_t wanted_holders;

static int
is_held(struct tg_client *s)
{
	return s->refused || s->holders >= wanted_holders;
}

int
tg_client_held(struct tg_client *s, uint64_t n)
{
	struct tg_buf event = {0};
	int rc;

	s->holders = 0;
	wanted_holders = n;
	tg_command_grid(&event, tg_client_request(s), TG_COMMAND_FLUSH, s->grid.b);
	if ((rc = tg_client_command(s, &event)) != TG_OK) {
		fprintf(stderr, "toygrid: not stored: %s\n",
		    rc == TG_ECLOSED ? "out of time" : tg_status_text(rc));
		return 1;
	}
	if (tg_client_until(s, is_held) != 0 || s->holders < n) {
		if (s->refused) {
			fprintf(stderr, "toygrid: the replica does not keep this document\n");
			return 1;
		}
		fprintf(stderr, "toygrid: only %llu of %llu devices hold it after %llu s%s%s\n",
		    (unsigned long long)s->holders, (unsigned long long)n,
		    (unsigned long long)s->options.timeout_s,
		    s->links_live == 0 ? ": no relay was reached: " : "",
		    s->links_live == 0 ? s->trouble : "");
		return 1;
	}
	return 0;
}
