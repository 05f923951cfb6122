/*
 * Goal: a grid file is believed only whole and unaltered, and what was imported is exported again byte for
 * byte.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include <toygrid/chunk.h>
#include <toygrid/status.h>

#include "files/fixture.h"
#include "files/grid_export.h"
#include "files/new_file.h"
#include "files/store_read.h"
#include "suite.h"
#include "wire/reader.h"
#include "wire/writer.h"

static struct fixture plain, sealed;

static int
count_records(void *ctx, const struct tg_grid_file_record *record)
{
	(void)record;
	++*(int *)ctx;
	return TG_OK;
}

/* Push ${data} in pieces of ${piece} bytes, and end. */
static int
check_in(const struct tg_access *access, const uint8_t *data, size_t len, size_t piece)
{
	int records = 0, rc = TG_OK;
	struct tg_grid_check *c = tg_grid_check_new(access, count_records, &records);

	ck_assert_ptr_nonnull(c);
	for (size_t at = 0; at < len && rc == TG_OK; at += piece)
		rc = tg_grid_check_push(c, data + at, len - at < piece ? len - at : piece);
	if (rc == TG_OK)
		rc = tg_grid_check_end(c);
	ck_assert(rc != TG_OK || records == 5);
	tg_grid_check_free(c);
	return rc;
}

static int
check_whole(const struct tg_access *access, const struct tg_buf *b)
{
	return check_in(access, b->data, b->len, b->len);
}

START_TEST(a_file_is_believed_in_any_pieces)
{
	struct tg_buf b = {0};

	fixture_file(&plain, &b);
	for (size_t piece = 1; piece < 40; piece++)
		ck_assert_int_eq(check_in(NULL, b.data, b.len, piece), TG_OK);
	ck_assert_int_eq(check_whole(&plain.access, &b), TG_OK);
	tg_buf_free(&b);
}
END_TEST

/* docs/protocol.md 10: the bytes are what they were. */
START_TEST(the_golden_file_is_what_is_written)
{
	const char *root = getenv("TG_SOURCE_DIR");
	struct tg_buf b = {0};
	uint8_t want[8192];
	char path[4096];
	size_t n;
	FILE *f;

	fixture_file(&plain, &b);
	snprintf(path, sizeof path, "%s/tests/files/golden.tggrid", root != NULL ? root : ".");
	if (getenv("TG_WRITE_GOLDEN") != NULL) {
		f = fopen(path, "wb");
		ck_assert_ptr_nonnull(f);
		ck_assert_uint_eq(fwrite(b.data, 1, b.len, f), b.len);
		fclose(f);
	}
	f = fopen(path, "rb");
	ck_assert_ptr_nonnull(f);
	n = fread(want, 1, sizeof want, f);
	fclose(f);
	ck_assert_uint_eq(n, b.len);
	ck_assert_int_eq(memcmp(want, b.data, n), 0);
	tg_buf_free(&b);
}
END_TEST

START_TEST(every_altered_byte_is_noticed)
{
	struct tg_buf b = {0};

	fixture_file(&plain, &b);
	for (size_t i = 0; i < b.len; i++) {
		b.data[i] ^= (uint8_t)(1u << i % 8);
		ck_assert_msg(check_whole(NULL, &b) != TG_OK, "byte %zu", i);
		b.data[i] ^= (uint8_t)(1u << i % 8);
	}
	ck_assert_int_eq(check_whole(NULL, &b), TG_OK);
	tg_buf_free(&b);
}
END_TEST

START_TEST(a_file_cut_short_anywhere_is_refused)
{
	struct tg_buf b = {0};

	fixture_file(&plain, &b);
	for (size_t n = 0; n < b.len; n++)
		ck_assert_msg(check_in(NULL, b.data, n, 1000) != TG_OK, "%zu bytes", n);
	tg_buf_u8(&b, 0);
	ck_assert_int_eq(check_whole(NULL, &b), TG_EFORMAT);
	tg_buf_free(&b);
}
END_TEST

/* Files that somebody made with care: every part is genuine, and the end fits. */
static int
assembled(
    const struct tg_access *access, const struct tg_buf *const *parts, struct tg_grid_file_counts counts)
{
	struct tg_buf b = {0};
	int rc;

	for (; *parts != NULL; parts++)
		tg_buf_put(&b, (*parts)->data, (*parts)->len);
	fixture_end(&b, &counts);
	rc = check_whole(access, &b);
	tg_buf_free(&b);
	return rc;
}

#define ASSEMBLED(access, counts, ...)                                                                       \
	assembled(access, (const struct tg_buf *const[]){__VA_ARGS__, NULL}, counts)

START_TEST(parts_in_another_order_or_missing_are_refused)
{
	struct fixture *f = &plain;
	struct tg_buf *r = f->runs, *h = &f->header;
	struct tg_grid_file_counts n = f->counts, none = {0, 0, 0};

	ck_assert_int_eq(ASSEMBLED(NULL, n, h, &r[0], &r[1], &r[2], &r[3], &f->chunk), TG_OK);
	ck_assert_int_eq(ASSEMBLED(NULL, n, h, &r[2], &r[3], &r[0], &r[1], &f->chunk), TG_EFORMAT);
	ck_assert_int_eq(ASSEMBLED(NULL, n, h, &r[1], &r[0], &r[2], &r[3], &f->chunk), TG_EFORMAT);
	ck_assert_int_eq(ASSEMBLED(NULL, n, h, &r[0], &r[0], &r[1], &r[2], &r[3], &f->chunk), TG_EFORMAT);
	ck_assert_int_eq(ASSEMBLED(NULL, n, h, &r[0], &r[2], &r[3], &f->chunk), TG_EGAP);
	ck_assert_int_eq(ASSEMBLED(NULL, n, h, &r[0], &r[1], &r[2], &f->chunk), TG_EGAP);
	ck_assert_int_eq(ASSEMBLED(NULL, n, h, &r[0], &r[1], &f->chunk, &r[2], &r[3]), TG_ENOTFOUND);
	ck_assert_int_eq(ASSEMBLED(NULL, n, h, &r[0], &r[1], &r[2], &r[3], &f->chunk, &f->chunk), TG_EFORMAT);
	ck_assert_int_eq(ASSEMBLED(NULL, n, h, &r[0], &r[1], &r[2], &r[3], &f->other_chunk), TG_ENOTFOUND);
	ck_assert_int_eq(ASSEMBLED(NULL, n, h, h, &r[0]), TG_ETOOBIG);
	ck_assert_int_eq(ASSEMBLED(NULL, none, h), TG_ENOTFOUND); /* no genesis */
	n.entries++;
	ck_assert_int_eq(ASSEMBLED(NULL, n, h, &r[0], &r[1], &r[2], &r[3], &f->chunk), TG_EFORMAT);
}
END_TEST

START_TEST(a_sealed_file_is_checked_as_far_as_the_keys_go)
{
	struct tg_access stranger, replica;
	struct tg_buf b = {0};
	struct tg_secret secret;

	fixture_file(&sealed, &b);
	ck_assert_int_eq(check_whole(&sealed.access, &b), TG_OK);
	ck_assert_int_eq(check_whole(NULL, &b), TG_ENOTFOUND); /* nobody vouches for the chunk */
	tg_access_from_replica(&sealed.access.read_seed, &sealed.access.sync, &sealed.access.w, &replica);
	replica.grid = sealed.access.grid;
	ck_assert_int_eq(check_whole(&replica, &b), TG_OK);
	memset(secret.b, 0x99, sizeof secret.b);
	ck_assert_int_eq(tg_access_from_secret(TG_MODE_EDIT, &secret, NULL, &stranger), TG_OK);
	ck_assert_int_eq(check_whole(&stranger, &b), TG_EGRID);
	stranger.grid = sealed.access.grid;
	ck_assert_int_eq(check_whole(&stranger, &b), TG_EPERM);
	tg_buf_free(&b);
}
END_TEST

START_TEST(lengths_are_bounded_before_anything_is_read)
{
	struct tg_grid_check *c = tg_grid_check_new(NULL, NULL, NULL);
	static const uint8_t huge[] = {0x7f, 0xff, 0xff, 0xff}, zero[4];

	ck_assert_int_eq(tg_grid_check_push(c, TG_GRID_FILE_MAGIC, 8), TG_OK);
	ck_assert_int_eq(tg_grid_check_push(c, huge, 4), TG_OK);
	ck_assert_int_eq(tg_grid_check_push(c, "x", 1), TG_ETOOBIG);
	ck_assert_int_eq(tg_grid_check_push(c, "x", 1), TG_ETOOBIG); /* for good */
	tg_grid_check_free(c);
	c = tg_grid_check_new(NULL, NULL, NULL);
	ck_assert_int_eq(tg_grid_check_push(c, TG_GRID_FILE_MAGIC, 8), TG_OK);
	ck_assert_int_eq(tg_grid_check_push(c, zero, 4), TG_OK);
	ck_assert_int_eq(tg_grid_check_push(c, "x", 1), TG_EFORMAT);
	tg_grid_check_free(c);
	c = tg_grid_check_new(NULL, NULL, NULL);
	ck_assert_int_eq(tg_grid_check_push(c, "tggrid2\n", 8), TG_EVERSION);
	tg_grid_check_free(c);
}
END_TEST

/* ---- on disk */

static char dir[] = "/tmp/toygrid-files-XXXXXX";

static const char *
in_dir(const char *name)
{
	static char paths[4][256];
	static int next;
	char *p = paths[next++ % 4];

	snprintf(p, sizeof paths[0], "%s/%s", dir, name);
	return p;
}

static void
write_bytes(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(path, "wb");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(data, 1, len, f), len);
	ck_assert_int_eq(fclose(f), 0);
}

static void
read_bytes(const char *path, struct tg_buf *out)
{
	FILE *f = fopen(path, "rb");
	char block[4096];
	size_t n;

	ck_assert_ptr_nonnull(f);
	while ((n = fread(block, 1, sizeof block, f)) > 0)
		tg_buf_put(out, block, n);
	fclose(f);
}

static struct tg_store *
open_store(const char *name)
{
	char error[TG_STORE_ERROR_BYTES];
	struct tg_store *store;

	ck_assert_msg(tg_store_open(&store, in_dir(name), NULL, error) == TG_OK, "%s", error);
	return store;
}

static int
stop_at_once(void *ctx, uint64_t bytes)
{
	(void)ctx;
	(void)bytes;
	return 1;
}

START_TEST(what_was_imported_is_exported_byte_for_byte)
{
	struct tg_grid_file_header header;
	struct tg_files_report r = {0};
	struct tg_access keys;
	struct tg_store *store;
	struct tg_buf b = {0}, again = {0}, third = {0};

	fixture_file(&plain, &b);
	write_bytes(in_dir("a"), b.data, b.len);
	ck_assert_int_eq(tg_grid_import_check(in_dir("a"), NULL, &header, &keys, &r), TG_OK);
	ck_assert_int_eq(header.has_link, 1);
	ck_assert_int_eq(keys.mode, TG_MODE_EDIT);
	store = open_store("store1");
	ck_assert_int_eq(tg_grid_export(store, &keys, 0, FIXTURE_MADE_MS, in_dir("b"), &r), TG_ENOTFOUND);
	ck_assert_int_ne(access(in_dir("b"), F_OK), 0);
	ck_assert_msg(tg_grid_import(store, in_dir("a"), &keys, 5, &r) == TG_OK, "%s", r.error);
	ck_assert_uint_eq(r.entries_new, plain.counts.entries);
	ck_assert_msg(tg_grid_import(store, in_dir("a"), &keys, 5, &r) == TG_OK, "%s", r.error);
	ck_assert_uint_eq(r.entries_new, 0);
	ck_assert_msg(
	    tg_grid_export(store, &keys, 0, FIXTURE_MADE_MS, in_dir("b"), &r) == TG_OK, "%s", r.error);
	read_bytes(in_dir("b"), &again);
	ck_assert_uint_eq(r.bytes, again.len);
	/* The fixture cuts its logs into runs of its own; from then on it is the same. */
	tg_store_close(store);
	store = open_store("store2");
	ck_assert_msg(tg_grid_import(store, in_dir("b"), &keys, 5, &r) == TG_OK, "%s", r.error);
	ck_assert_msg(
	    tg_grid_export(store, &keys, 0, FIXTURE_MADE_MS, in_dir("c"), &r) == TG_OK, "%s", r.error);
	read_bytes(in_dir("c"), &third);
	ck_assert_uint_eq(again.len, third.len);
	ck_assert_int_eq(memcmp(again.data, third.data, third.len), 0);

	/* Stopped in the middle: what had the name before is still there. */
	r.progress = stop_at_once;
	ck_assert_int_eq(tg_grid_export(store, &keys, 1, FIXTURE_MADE_MS, in_dir("c"), &r), TG_ECLOSED);
	tg_buf_reset(&again);
	read_bytes(in_dir("c"), &again);
	ck_assert_uint_eq(again.len, third.len);
	tg_store_close(store);
	tg_buf_free(&b);
	tg_buf_free(&again);
	tg_buf_free(&third);
}
END_TEST

START_TEST(a_full_disk_is_named_and_the_document_is_not_listed)
{
	const struct tg_store_options small = {.max_bytes = 20480};
	struct tg_files_report r = {0};
	char error[TG_STORE_ERROR_BYTES];
	struct tg_buf b = {0}, value = {0};
	uint8_t key[1 + TG_HASH_BYTES] = {'g'};
	struct tg_store *store;

	fixture_file(&plain, &b);
	write_bytes(in_dir("a"), b.data, b.len);
	ck_assert_msg(tg_store_open(&store, in_dir("full"), &small, error) == TG_OK, "%s", error);
	ck_assert_int_eq(tg_grid_import(store, in_dir("a"), &plain.access, 5, &r), TG_EFULL);
	ck_assert_str_eq(r.error, "no space left in the data directory");
	memcpy(key + 1, plain.access.grid.b, TG_HASH_BYTES);
	ck_assert_int_eq(tg_store_get(store, key, sizeof key, &value), TG_ENOTFOUND);
	tg_store_close(store);
	tg_buf_free(&value);
	tg_buf_free(&b);
}
END_TEST

static void
ignore_stored(void *ctx, uint64_t batch, int status)
{
	(void)ctx;
	(void)batch;
	ck_assert_int_eq(status, TG_OK);
}

/* Store the chunk of a chunk record as a peer does. */
static void
store_chunk(struct tg_store *store, const struct tg_hash *grid, const struct tg_buf *record)
{
	uint8_t key[TG_STORAGE_KEY_MAX_BYTES];
	struct tg_buf value = {0}, batch = {0};
	struct tg_hash locator;
	struct tg_bytes stored;
	struct tg_reader r;

	tg_reader_init(&r, record->data + 4, record->len - 4);
	tg_read_array(&r, 3, 3);
	tg_read_uint(&r, UINT64_MAX);
	tg_read_fixed(&r, locator.b, sizeof locator.b);
	stored = tg_read_bin(&r, TG_CHUNK_STORED_MAX_BYTES);
	ck_assert_int_eq(tg_reader_end(&r), TG_OK);
	ck_assert_int_eq(tg_chunk_keep(stored.data, stored.len, &value), TG_OK);
	tg_write_array(&batch, 1);
	tg_write_array(&batch, 3);
	tg_write_uint(&batch, TG_STORE_PUT);
	tg_write_bin(&batch, key, tg_storage_key_chunk(grid, &locator, key));
	tg_write_bin(&batch, value.data, value.len);
	ck_assert_int_eq(tg_store_queue(store, 1, 0, (struct tg_bytes){batch.data, batch.len}), TG_OK);
	tg_store_flush(store, ignore_stored, NULL);
	tg_buf_free(&value);
	tg_buf_free(&batch);
}

/* A power cut between the chunk and the entry that lists it must not end all exporting. */
START_TEST(a_chunk_that_no_entry_lists_is_left_out)
{
	struct tg_store *store = open_store("unlisted");
	struct tg_files_report r = {0};
	struct tg_buf b = {0};

	fixture_file(&plain, &b);
	write_bytes(in_dir("a"), b.data, b.len);
	ck_assert_msg(tg_grid_import(store, in_dir("a"), &plain.access, 5, &r) == TG_OK, "%s", r.error);
	store_chunk(store, &plain.access.grid, &plain.other_chunk);
	ck_assert_msg(tg_grid_export(store, &plain.access, 0, FIXTURE_MADE_MS, in_dir("b"), &r) == TG_OK,
	    "%s", r.error);
	ck_assert_uint_eq(r.counts.chunks, 1);
	ck_assert_uint_eq(r.chunks_left, 1);
	tg_store_close(store);
	tg_buf_free(&b);
}
END_TEST

START_TEST(another_history_of_a_log_is_not_taken_in)
{
	struct tg_files_report r = {0};
	struct tg_store *store = open_store("store3");
	struct tg_buf b = {0};
	struct tg_grid_file_counts counts = {1, 6, 0};

	/* Its genesis is in the other log: to a replica's keys that is no matter. */
	struct tg_access replica;

	tg_access_from_replica(&plain.access.read_seed, &plain.access.sync, &plain.access.w, &replica);
	replica.grid = plain.access.grid;
	tg_buf_put(&b, plain.header.data, plain.header.len);
	tg_buf_put(&b, plain.other_run.data, plain.other_run.len);
	fixture_end(&b, &counts);
	write_bytes(in_dir("other"), b.data, b.len);
	tg_buf_reset(&b);
	fixture_file(&plain, &b);
	write_bytes(in_dir("a"), b.data, b.len);
	ck_assert_msg(tg_grid_import(store, in_dir("a"), &plain.access, 5, &r) == TG_OK, "%s", r.error);
	ck_assert_int_eq(tg_grid_import(store, in_dir("other"), &replica, 5, &r), TG_EFORK);
	ck_assert_ptr_nonnull(strstr(r.error, "fork"));
	tg_store_close(store);
	tg_buf_free(&b);
}
END_TEST

START_TEST(a_file_that_was_not_finished_is_not_there)
{
	struct tg_new_file *f;
	struct stat st;
	pid_t child;
	int status;

	ck_assert_int_eq(tg_new_file_open(&f, in_dir("half")), 0);
	ck_assert_int_eq(tg_new_file_write(f, "half", 4), 0);
	tg_new_file_close(f);
	ck_assert_int_ne(access(in_dir("half"), F_OK), 0);

	/* Killed: not even under another name. */
	ck_assert_int_eq(mkdir(in_dir("killed"), 0700), 0);
	if ((child = fork()) == 0) {
		if (tg_new_file_open(&f, in_dir("killed/half")) == 0 && tg_new_file_write(f, "half", 4) == 0)
			kill(getpid(), SIGKILL);
		_exit(1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(rmdir(in_dir("killed")), 0);

	ck_assert_int_eq(tg_new_file_open(&f, in_dir("whole")), 0);
	ck_assert_int_eq(tg_new_file_write(f, "whole", 5), 0);
	ck_assert_int_eq(tg_new_file_finish(f), 0);
	tg_new_file_close(f);
	ck_assert_int_eq(stat(in_dir("whole"), &st), 0);
	ck_assert_int_eq(st.st_size, 5);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	ck_assert_int_eq(tg_new_file_open(&f, "/dev/full"), -1);
	ck_assert_int_eq(tg_new_file_open(&f, dir), -1);
}
END_TEST

static void
remove_all(const char *path)
{
	struct dirent *e;
	char sub[512];
	DIR *d = opendir(path);

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(sub, sizeof sub, "%s/%.200s", path, e->d_name);
		if (unlink(sub) != 0)
			remove_all(sub);
	}
	if (d != NULL)
		closedir(d);
	rmdir(path);
}

int
main(void)
{
	Suite *s = suite_create("grid_file");
	TCase *t = tcase_create("files");
	int failed;

	if (mkdtemp(dir) == NULL)
		return EXIT_FAILURE;
	fixture_open(&plain, 0);
	fixture_open(&sealed, 1);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, a_file_is_believed_in_any_pieces);
	tcase_add_test(t, the_golden_file_is_what_is_written);
	tcase_add_test(t, every_altered_byte_is_noticed);
	tcase_add_test(t, a_file_cut_short_anywhere_is_refused);
	tcase_add_test(t, parts_in_another_order_or_missing_are_refused);
	tcase_add_test(t, a_sealed_file_is_checked_as_far_as_the_keys_go);
	tcase_add_test(t, lengths_are_bounded_before_anything_is_read);
	tcase_add_test(t, what_was_imported_is_exported_byte_for_byte);
	tcase_add_test(t, a_full_disk_is_named_and_the_document_is_not_listed);
	tcase_add_test(t, a_chunk_that_no_entry_lists_is_left_out);
	tcase_add_test(t, another_history_of_a_log_is_not_taken_in);
	tcase_add_test(t, a_file_that_was_not_finished_is_not_there);
	suite_add_tcase(s, t);
	failed = suite_run(s);
	fixture_close(&plain);
	fixture_close(&sealed);
	remove_all(dir);
	return failed;
}
