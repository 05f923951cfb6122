/* toygrid export: a whole grid as one file. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <toygrid/status.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/files_report.h"
#include "files/store_read.h"

#define TITLE_SHOWN 60 /* bytes */

struct choice {
	const char *want; /* the first digits of a grid id, or "" */
	unsigned found;
	struct tg_access access;
	struct tg_buf list; /* for people: what there is */
	int broken;
};

/* The beginning of a title, without commands to the terminal: others wrote it. */
static void
put_title(struct tg_buf *out, struct tg_bytes title)
{
	size_t n = title.len < TITLE_SHOWN ? title.len : TITLE_SHOWN;

	while (n < title.len && n > 0 && (title.data[n] & 0xc0) == 0x80)
		n--; /* whole characters */
	for (size_t i = 0; i < n; i++) {
		uint8_t c = title.data[i];
		int high = c == 0xc2 && i + 1 < n && title.data[i + 1] < 0xa0; /* U+0080 to U+009F */

		if (high)
			i++;
		tg_buf_u8(out, c < 0x20 || c == 0x7f || high ? '?' : c);
	}
}

static int
look_at_grid(void *ctx, const struct tg_record *record)
{
	struct choice *c = ctx;
	char hex[2 * TG_HASH_BYTES + 1], line[32];
	struct tg_access access;
	struct tg_bytes title;
	struct tg_hash grid;

	if (record->key.len != 1 + TG_HASH_BYTES)
		return TG_OK;
	memcpy(grid.b, record->key.data + 1, sizeof grid.b);
	tg_hex(grid.b, sizeof grid.b, hex);
	if (strncmp(hex, c->want, strlen(c->want)) != 0)
		return TG_OK;
	if (tg_grid_record_access(&grid, record->value.data, record->value.len, &access, &title) != TG_OK) {
		c->broken = 1;
		return TG_OK;
	}
	if (c->found++ == 0)
		c->access = access;
	snprintf(line, sizeof line, "  %.16s ", hex);
	tg_buf_put(&c->list, line, strlen(line));
	put_title(&c->list, title);
	tg_buf_u8(&c->list, '\n');
	tg_wipe(&access, sizeof access);
	return TG_OK;
}

/* Which of the grids in a data directory? */
static int
choose(struct tg_store *store, const char *dir, const char *want, struct tg_access *access)
{
	static const uint8_t letter[1] = {'g'};
	struct choice c = {.want = want};
	int rc = tg_store_each(store, letter, sizeof letter, look_at_grid, &c);

	if (rc != TG_OK)
		fprintf(stderr, "toygrid: %s: the storage cannot be read\n", dir);
	else if (c.found == 0)
		fprintf(stderr,
		    c.broken	      ? "toygrid: %s: the record of the document is damaged\n"
		    : want[0] != '\0' ? "toygrid: %s: no such document there\n"
				      : "toygrid: %s: no document there\n",
		    dir);
	else if (c.found > 1)
		fprintf(stderr, "toygrid: %s: more than one document; choose with --grid:\n%.*s", dir,
		    (int)c.list.len, (const char *)c.list.data);
	*access = c.access;
	tg_wipe(&c.access, sizeof c.access);
	tg_buf_free(&c.list);
	return rc != TG_OK || c.found != 1;
}

static int
write_file(struct tg_store *store, const struct tg_access *access, int sealed, const char *path, int quiet)
{
	struct tg_cli_progress progress = {.doing = "written", .quiet = quiet};
	struct tg_files_report r = {0};

	tg_cli_watch(&r, &progress);
	if (tg_grid_export(store, access, sealed, tg_host_now_ms(), path, &r) != TG_OK) {
		fprintf(stderr, "toygrid: %s: %s\n", path, r.error);
		return 1;
	}
	if (!quiet) {
		fprintf(stderr, "toygrid: %s: %llu log%s, %llu entries, %llu chunk%s, %llu bytes\n", path,
		    (unsigned long long)r.counts.logs, tg_cli_plural(r.counts.logs),
		    (unsigned long long)r.counts.entries, (unsigned long long)r.counts.chunks,
		    tg_cli_plural(r.counts.chunks), (unsigned long long)r.bytes);
		if (r.logs_left > 0)
			fprintf(stderr,
			    "toygrid: left out: %llu log%s not whole here, or a further branch of a forked "
			    "log\n",
			    (unsigned long long)r.logs_left, tg_cli_plural(r.logs_left));
		if (r.chunks_left > 0)
			fprintf(stderr, "toygrid: left out: %llu chunk%s that no entry in the file lists\n",
			    (unsigned long long)r.chunks_left, tg_cli_plural(r.chunks_left));
	}
	return 0;
}

static int
from_directory(const char *dir, const char *want, int sealed, const char *path, int quiet)
{
	char error[TG_STORE_ERROR_BYTES], data[4096];
	struct tg_access access = {0};
	struct tg_store *store;
	struct stat st;
	int rc;

	/* Opening would make one. */
	if (snprintf(data, sizeof data, "%s/data.mdb", dir) >= (int)sizeof data || stat(data, &st) != 0) {
		fprintf(stderr, "toygrid: %s: no data directory of toygrid\n", dir);
		return 1;
	}
	if (tg_crypto_init() != TG_OK)
		return 1;
	if (tg_store_open(&store, dir, NULL, error) != TG_OK) {
		fprintf(stderr, "toygrid: %s\n", error);
		return 1;
	}
	rc = choose(store, dir, want, &access);
	if (rc == 0)
		rc = write_file(store, &access, sealed, path, quiet);
	tg_store_close(store);
	tg_wipe(&access, sizeof access);
	return rc;
}

static int
from_link(const struct tg_client_options *options, const char *text, int sealed, const char *path)
{
	struct tg_buf event = {0};
	struct tg_access access;
	struct tg_client s;
	struct tg_link link;
	int rc = 1;

	if (tg_client_open(&s, options) == 0 && tg_client_join(&s, text) == 0 &&
	    tg_link_text(text, &link) == TG_OK) {
		/* What has come is stored before its answer is; only what waits for a disk is not. */
		tg_command_grid(&event, tg_client_request(&s), TG_COMMAND_FLUSH, s.grid.b);
		(void)tg_client_command(&s, &event);
		if (tg_access_from_secret(link.mode, &link.secret, link.mode == TG_MODE_VIEW ? &link.w : NULL,
			&access) == TG_OK) {
			access.grid = link.grid;
			rc = write_file(tg_host_store(s.host), &access, sealed, path, options->quiet);
			tg_wipe(&access, sizeof access);
		}
		tg_wipe(&link, sizeof link);
	}
	tg_client_close(&s);
	return rc;
}

int
tg_cmd_export(int argc, char **argv)
{
	struct tg_client_options options = {.timeout_s = 30};
	const char *path = NULL, *want = "", *source;
	int sealed = 0;
	const struct tg_arg args[] = {
	    {"to", TG_ARG_TEXT, &path, "FILE",
		"write there; a file of that name is replaced, once all is written"},
	    {"sealed", TG_ARG_FLAG, &sealed, NULL,
		"without the link: nobody can read the file who does not have one.  Else\nwhoever has the "
		"file can do "
		"what LINK can"},
	    {"grid", TG_ARG_TEXT, &want, "ID", "which document of DIR: the first digits of its id"},
	    TG_CLIENT_ARGS(options),
	    {0},
	};
	const struct tg_usage usage = {"toygrid export LINK|DIR --to FILE [options]",
	    "Write a whole document, with its history, members and attachments, as one file that can be "
	    "checked.\n"
	    "From DIR, a data directory that no peer is using; or by LINK, over a relay, after waiting "
	    "until nothing\n"
	    "is missing that others hold; attachments then are those in --data.  LINK may be @FILE.",
	    args, 1, 1};
	struct stat st;
	unsigned words;
	int rc;

	if ((rc = tg_args_parse(&usage, argc, argv, &source, &words)) != TG_ARGS_RUN)
		return rc == TG_ARGS_HELP ? 0 : 2;
	if (path == NULL)
		return tg_args_bad(&usage, "where to? give --to FILE");
	if (source[0] != '@' && stat(source, &st) == 0 && S_ISDIR(st.st_mode)) {
		if (options.relays.count > 0 || options.data != NULL)
			return tg_args_bad(&usage, "--relay and --data go with a LINK, not with a directory");
		return from_directory(source, want, sealed, path, options.quiet);
	}
	if (want[0] != '\0')
		return tg_args_bad(&usage, "--grid goes with a directory: a LINK names its document");
	return from_link(&options, source, sealed, path);
}
