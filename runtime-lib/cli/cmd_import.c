/* toygrid import: check a grid file, and take it into a data directory. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <toygrid/status.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/files_report.h"
#include "files/store_read.h"

/* The keys of the link given. */
static int
find_keys(const char *link_text, struct tg_access *access)
{
	struct tg_link link;
	char why[4200];
	int rc = tg_link_text(link_text, &link);

	if (rc != TG_OK) {
		tg_link_trouble(link_text, rc, why, sizeof why);
		fprintf(stderr, "toygrid: --link: %s\n", why);
		return 1;
	}
	rc = tg_access_from_secret(
	    link.mode, &link.secret, link.mode == TG_MODE_VIEW ? &link.w : NULL, access);
	access->grid = link.grid;
	tg_wipe(&link, sizeof link);
	if (rc != TG_OK)
		fprintf(stderr, "toygrid: --link: %s\n", tg_status_text(rc));
	return rc != TG_OK;
}

static void
tell(const char *path, const struct tg_grid_file_header *h, const struct tg_files_report *r)
{
	time_t made = (time_t)(h->made_ms / 1000);
	char id[2 * TG_HASH_BYTES + 1], when[32] = "at an unknown time";
	struct tm tm;

	tg_hex(h->grid.b, sizeof h->grid.b, id);
	if (h->made_ms / 1000 < 253402300800u && gmtime_r(&made, &tm) != NULL) /* year 10000 */
		strftime(when, sizeof when, "%Y-%m-%d %H:%M UTC", &tm);
	printf("%s: whole and unaltered: document %s, written %s: %llu log%s, %llu entries, %llu chunk%s\n",
	    path, id, when, (unsigned long long)r->counts.logs, tg_cli_plural(r->counts.logs),
	    (unsigned long long)r->counts.entries, (unsigned long long)r->counts.chunks,
	    tg_cli_plural(r->counts.chunks));
}

static int
take_in(const char *path, const char *dir, const struct tg_grid_file_header *h, const struct tg_access *keys,
    struct tg_files_report *r)
{
	char error[TG_STORE_ERROR_BYTES];
	uint8_t key[1 + TG_HASH_BYTES] = {'g'};
	struct tg_access access = *keys;
	struct tg_buf value = {0};
	struct tg_store *store;
	int rc;

	if (tg_store_open(&store, dir, NULL, error) != TG_OK) {
		fprintf(stderr, "toygrid: %s\n", error);
		return 1;
	}
	memcpy(key + 1, h->grid.b, sizeof h->grid.b);
	/* A file without a link is welcome where the document is known already. */
	if (access.mode == TG_MODE_REPLICA &&
	    (tg_store_get(store, key, sizeof key, &value) != TG_OK ||
		tg_grid_record_access(&h->grid, value.data, value.len, &access, NULL) != TG_OK)) {
		fprintf(stderr,
		    "toygrid: %s: there is no link in it, and %s does not know the document: give --link "
		    "LINK\n",
		    path, dir);
		rc = 1;
	} else if ((rc = tg_grid_import(store, path, &access, tg_host_now_ms(), r)) != TG_OK) {
		fprintf(stderr, "toygrid: %s: %s\n", path, r->error);
	} else {
		printf("%s: %llu entries are new in %s\n", path, (unsigned long long)r->entries_new, dir);
	}
	if (value.data != NULL)
		tg_wipe(value.data, value.cap);
	tg_buf_free(&value);
	tg_wipe(&access, sizeof access);
	tg_store_close(store);
	return rc != 0;
}

int
tg_cmd_import(int argc, char **argv)
{
	struct tg_cli_progress progress = {.doing = "checked"};
	const char *dir = NULL, *link = NULL, *path;
	struct tg_files_report r = {0};
	struct tg_access access = {0}, keys;
	struct tg_grid_file_header header;
	int check = 0, rc;
	const struct tg_arg args[] = {
	    {"data", TG_ARG_TEXT, &dir, "DIR", "take it in there, beside what is there already"},
	    {"check", TG_ARG_FLAG, &check, NULL, "only check it"},
	    {"link", TG_ARG_TEXT, &link, "LINK",
		"a link to the document, for a file that was written --sealed; may be @FILE"},
	    {"quiet", TG_ARG_FLAG, &progress.quiet, NULL, "no progress on standard error"},
	    {0},
	};
	const struct tg_usage usage = {"toygrid import FILE --data DIR [options]",
	    "Check every hash and signature of a file written by toygrid export, and take the document into "
	    "a data\n"
	    "directory that no peer is using.  A file that is damaged, cut short or forged is refused as a "
	    "whole.\n"
	    "What a document has gained in DIR since the file was written stays.",
	    args, 1, 1};
	unsigned words;

	if ((rc = tg_args_parse(&usage, argc, argv, &path, &words)) != TG_ARGS_RUN)
		return rc == TG_ARGS_HELP ? 0 : 2;
	if ((dir == NULL) == !check)
		return tg_args_bad(&usage, check ? "--check takes nothing in: leave --data out"
						 : "where to? give --data DIR, or --check");
	if (tg_crypto_init() != TG_OK || (link != NULL && find_keys(link, &access) != 0))
		return 1;
	tg_cli_watch(&r, &progress);
	if (tg_grid_import_check(path, link != NULL ? &access : NULL, &header, &keys, &r) != TG_OK) {
		fprintf(stderr, "toygrid: %s: %s\n", path, r.error);
		rc = 1;
	} else {
		tell(path, &header, &r);
		if (keys.mode == TG_MODE_REPLICA && check)
			printf("%s: there is no link in it: what is written could not be looked at\n", path);
		progress.doing = "taken in";
		rc = check ? 0 : take_in(path, dir, &header, &keys, &r);
	}
	tg_wipe(&access, sizeof access);
	tg_wipe(&keys, sizeof keys);
	tg_wipe(&header, sizeof header);
	return rc != 0 || fflush(stdout) != 0;
}
