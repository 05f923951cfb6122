#define _GNU_SOURCE /* unshare */
/*
 * The store keeps its promises: rules, ranges, one owner, crashes, full disks.
 *
 * Goal of the crash test: a process that writes batches is killed at random moments; whatever it had been
 * told is stored must be there afterwards, and no batch may be there in part.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <check.h>

#include <toygrid/status.h>

#include "host/store_lmdb.h"
#include "wire/writer.h"
#include "suite.h"

static char dir[64];
static char error[TG_STORE_ERROR_BYTES];

static void
make_dir(void)
{
	strcpy(dir, "/tmp/tg-store-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void
remove_dir(void)
{
	static const char *const names[] = {"data.mdb", "lock.mdb", "toygrid.lock"};
	char path[128];
	size_t i;

	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		unlink(path);
	}
	rmdir(dir);
}

static struct tg_store *
open_store(uint64_t max_bytes)
{
	struct tg_store_options options = {.max_bytes = max_bytes};
	struct tg_store *store;
	int rc = tg_store_open(&store, dir, &options, error);

	ck_assert_msg(rc == TG_OK, "%s", error);
	return store;
}

static void
op(struct tg_buf *b, enum tg_store_op_kind kind, const void *key, size_t key_len, const void *value,
    size_t len)
{
	tg_write_array(b, 3);
	tg_write_uint(b, kind);
	tg_write_bin(b, key, key_len);
	tg_write_bin(b, value, len);
}

static int last_status;
static uint64_t last_batch;

static void
on_stored(void *ctx, uint64_t batch, int status)
{
	(void)ctx;
	last_batch = batch;
	last_status = status;
}

static void
queue(struct tg_store *store, uint64_t id, int strict, struct tg_buf *ops)
{
	struct tg_bytes bytes = {ops->data, ops->len};

	ck_assert_int_eq(tg_buf_status(ops), TG_OK);
	ck_assert_int_eq(tg_store_queue(store, id, strict, bytes), TG_OK);
	tg_buf_reset(ops);
}

/* Queue and flush one batch of one operation; its status. */
static int
run(struct tg_store *store, enum tg_store_op_kind kind, const char *key, const char *value)
{
	struct tg_buf b = {0};

	tg_write_array(&b, 1);
	op(&b, kind, key, strlen(key), value, strlen(value));
	queue(store, 1, 0, &b);
	tg_store_flush(store, on_stored, NULL);
	tg_buf_free(&b);
	return last_status;
}

/* The records of [from, to) as "key=value;..." with "+" at the end when there are more. */
static const char *
range(struct tg_store *store, const char *from, const char *to, uint64_t max_bytes)
{
	static char out[512];
	struct tg_bytes f = {(const uint8_t *)from, strlen(from)}, t = {(const uint8_t *)to, strlen(to)};
	struct tg_bytes k, v;
	struct tg_buf event = {0};
	struct tg_reader r;
	uint32_t i, n;

	out[0] = '\0';
	tg_store_load(store, f, t, max_bytes, &event, 42);
	tg_reader_init(&r, event.data, event.len);
	tg_read_array(&r, 5, 5);
	ck_assert_uint_eq(tg_read_uint(&r, 100), TG_EVENT_LOADED);
	ck_assert_uint_eq(tg_read_uint(&r, 100), 42);
	ck_assert_uint_eq(tg_read_uint(&r, 100), TG_OK);
	n = tg_read_array(&r, 0, 1000);
	for (i = 0; i < n; i++) {
		tg_read_array(&r, 2, 2);
		k = tg_read_bin(&r, 1000);
		v = tg_read_bin(&r, 1000);
		sprintf(out + strlen(out), "%.*s=%.*s;", (int)k.len, (const char *)k.data, (int)v.len,
		    (const char *)v.data);
	}
	if (tg_read_bool(&r))
		strcat(out, "+");
	ck_assert_int_eq(tg_reader_end(&r), TG_OK);
	tg_buf_free(&event);
	return out;
}

START_TEST(the_four_rules_hold)
{
	struct tg_store *store = open_store(0);

	ck_assert_int_eq(run(store, TG_STORE_PUT, "a", "1"), TG_OK);
	ck_assert_int_eq(run(store, TG_STORE_PUT, "a", "2"), TG_OK);
	ck_assert_int_eq(run(store, TG_STORE_PUT_IF_ABSENT, "a", "3"), TG_OK);
	ck_assert_int_eq(run(store, TG_STORE_PUT_IF_ABSENT, "b", "4"), TG_OK);
	ck_assert_int_eq(run(store, TG_STORE_DELETE, "none", ""), TG_OK);
	ck_assert_str_eq(range(store, "a", "c", 1000), "a=2;b=4;");
	ck_assert_int_eq(run(store, TG_STORE_DELETE, "b", ""), TG_OK);
	ck_assert_str_eq(range(store, "a", "c", 1000), "a=2;");

	ck_assert_int_eq(run(store, TG_STORE_PUT_IF_LONGER, "h", "00000005five"), TG_OK);
	ck_assert_int_eq(run(store, TG_STORE_PUT_IF_LONGER, "h", "00000004four"), TG_OK);
	ck_assert_int_eq(run(store, TG_STORE_PUT_IF_LONGER, "h", "00000005same"), TG_OK);
	ck_assert_str_eq(range(store, "h", "i", 1000), "h=00000005five;");
	ck_assert_int_eq(run(store, TG_STORE_PUT_IF_LONGER, "h", "00000006six"), TG_OK);
	ck_assert_str_eq(range(store, "h", "i", 1000), "h=00000006six;");
	ck_assert_int_eq(run(store, TG_STORE_PUT_IF_LONGER, "h", "short"), TG_EINVAL);
	tg_store_close(store);
}
END_TEST

START_TEST(ranges_are_half_open_ordered_and_bounded)
{
	struct tg_store *store = open_store(0);

	run(store, TG_STORE_PUT, "b", "2");
	run(store, TG_STORE_PUT, "a", "1");
	run(store, TG_STORE_PUT, "bb", "3");
	run(store, TG_STORE_PUT, "c", "4");
	ck_assert_str_eq(range(store, "a", "c", 1000), "a=1;b=2;bb=3;");
	ck_assert_str_eq(range(store, "aa", "d", 1000), "b=2;bb=3;c=4;");
	ck_assert_str_eq(range(store, "", "d", 1000), "a=1;b=2;bb=3;c=4;");
	ck_assert_str_eq(range(store, "a", "d", 4), "a=1;b=2;+");
	ck_assert_str_eq(range(store, "a", "d", 0), "a=1;+"); /* at least one */
	ck_assert_str_eq(range(store, "c", "d", 0), "c=4;");
	ck_assert_str_eq(range(store, "x", "z", 1000), "");
	ck_assert_str_eq(range(store, "c", "a", 1000), "");
	ck_assert_str_eq(range(store, "a", "", 1000), "");
	tg_store_close(store);
}
END_TEST

START_TEST(a_bad_batch_and_all_after_it_change_nothing_until_resumed)
{
	struct tg_store *store = open_store(0);
	struct tg_buf b = {0};
	char long_key[TG_STORE_KEY_MAX_BYTES + 2];

	memset(long_key, 'k', sizeof long_key);
	tg_write_array(&b, 1);
	op(&b, TG_STORE_PUT, "first", 5, "1", 1);
	queue(store, 1, 0, &b);
	tg_write_array(&b, 2);
	op(&b, TG_STORE_PUT, "second", 6, "2", 1);
	op(&b, TG_STORE_PUT, long_key, TG_STORE_KEY_MAX_BYTES + 1, "x", 1);
	queue(store, 2, 0, &b);
	tg_write_array(&b, 1);
	op(&b, TG_STORE_PUT, "third", 5, "3", 1);
	queue(store, 3, 1, &b);
	ck_assert_uint_gt(tg_store_queued_bytes(store), 0);
	tg_store_flush(store, on_stored, NULL);
	ck_assert_uint_eq(tg_store_queued_bytes(store), 0);
	ck_assert_uint_eq(last_batch, 3);
	ck_assert_int_eq(last_status, TG_EINVAL);
	ck_assert_str_eq(range(store, "a", "z", 1000), "first=1;");
	ck_assert_int_eq(run(store, TG_STORE_PUT, "fourth", "4"), TG_EINVAL);
	tg_store_resume(store);
	ck_assert_int_eq(run(store, TG_STORE_PUT, "fifth", "5"), TG_OK);
	ck_assert_str_eq(range(store, "a", "z", 1000), "fifth=5;first=1;");
	long_key[TG_STORE_KEY_MAX_BYTES] = '\0';
	ck_assert_int_eq(run(store, TG_STORE_PUT, long_key, "fits"), TG_OK);
	tg_buf_free(&b);
	tg_store_close(store);
}
END_TEST

START_TEST(a_second_process_is_refused_and_told_who_has_it)
{
	struct tg_store *store = open_store(0), *other;
	char want[32];

	ck_assert_int_eq(tg_store_open(&other, dir, NULL, error), TG_EBUSY);
	ck_assert_ptr_null(other);
	sprintf(want, "process %ld", (long)getpid());
	ck_assert_msg(strstr(error, want) != NULL, "%s", error);
	ck_assert_msg(strstr(error, dir) != NULL, "%s", error);
	tg_store_close(store);
	tg_store_close(open_store(0));
}
END_TEST

START_TEST(files_are_private)
{
	static const char *const names[] = {"", "/data.mdb", "/lock.mdb", "/toygrid.lock"};
	struct tg_store *store;
	struct stat st;
	char path[128];
	size_t i;
	mode_t old = umask(0);

	rmdir(dir);
	store = open_store(0);
	for (i = 0; i < 4; i++) {
		snprintf(path, sizeof path, "%s%s", dir, names[i]);
		ck_assert_int_eq(stat(path, &st), 0);
		ck_assert_int_eq(st.st_mode & 0777, i == 0 ? 0700 : 0600);
	}
	umask(old);
	tg_store_close(store);
}
END_TEST

START_TEST(a_missing_parent_or_a_file_in_the_way_is_named)
{
	struct tg_store *store;
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/no/where", dir);
	ck_assert_int_eq(tg_store_open(&store, path, NULL, error), TG_EIO);
	ck_assert_msg(strstr(error, path) != NULL, "%s", error);
	snprintf(path, sizeof path, "%s/data.mdb", dir);
	f = fopen(path, "w");
	for (int i = 0; i < 9000; i++)
		fputc('x', f);
	fclose(f);
	ck_assert_int_eq(tg_store_open(&store, dir, NULL, error), TG_EIO);
	ck_assert_msg(strstr(error, dir) != NULL, "%s", error);
}
END_TEST

/* ---- many records, growth, fullness -------------------------------------------------------------------- */

#define BIG 100000

/* Batch ${i}: one record of BIG bytes. */
static int
put_big(struct tg_store *store, uint32_t i)
{
	static uint8_t value[BIG];
	struct tg_buf b = {0};
	char key[16];

	snprintf(key, sizeof key, "big%06u", i);
	memset(value, (int)i, sizeof value);
	tg_write_array(&b, 1);
	op(&b, TG_STORE_PUT, key, strlen(key), value, sizeof value);
	queue(store, i, i % 5 == 0, &b);
	tg_store_flush(store, on_stored, NULL);
	tg_buf_free(&b);
	return last_status;
}

static uint32_t
count_big(struct tg_store *store)
{
	struct tg_bytes f = {(const uint8_t *)"big", 3}, t = {(const uint8_t *)"bih", 3}, v;
	struct tg_buf event = {0};
	struct tg_reader r;
	uint32_t i, n;
	size_t j;

	tg_store_load(store, f, t, UINT64_MAX, &event, 1);
	tg_reader_init(&r, event.data, event.len);
	tg_read_array(&r, 5, 5);
	tg_read_uint(&r, 100);
	tg_read_uint(&r, 100);
	ck_assert_uint_eq(tg_read_uint(&r, 100), TG_OK);
	n = tg_read_array(&r, 0, 100000);
	for (i = 0; i < n; i++) {
		tg_read_array(&r, 2, 2);
		tg_read_bin(&r, 100);
		v = tg_read_bin(&r, BIG);
		ck_assert_uint_eq(v.len, BIG);
		for (j = 0; j < BIG && v.data[j] == v.data[0]; j++)
			;
		ck_assert_uint_eq(j, BIG);
	}
	tg_buf_free(&event);
	return n;
}

START_TEST(the_map_grows_over_its_first_size)
{
	struct tg_store *store = open_store(0);
	uint32_t i, n = 2 * TG_STORE_MAP_FIRST_BYTES / BIG;

	for (i = 0; i < n; i++)
		ck_assert_int_eq(put_big(store, i), TG_OK);
	ck_assert_uint_eq(count_big(store), n);
	ck_assert_uint_gt(tg_store_bytes(store), 2 * TG_STORE_MAP_FIRST_BYTES - BIG);
	tg_store_close(store);
	store = open_store(0);
	ck_assert_uint_eq(count_big(store), n);
	ck_assert_int_eq(put_big(store, n), TG_OK);
	tg_store_close(store);
}
END_TEST

START_TEST(at_the_size_cap_batches_fail_as_full_until_there_is_room)
{
	struct tg_store *store = open_store(3u << 20);
	uint32_t i;
	int rc = TG_OK;

	for (i = 0; i < 100 && rc == TG_OK; i++)
		rc = put_big(store, i);
	ck_assert_int_eq(rc, TG_EFULL);
	ck_assert_uint_ge(i, 20);
	ck_assert_uint_eq(count_big(store), i - 1);
	/* Small enough to fit, but asked for after one that was not: storage holds a prefix of what was asked
	 * for. */
	ck_assert_int_eq(run(store, TG_STORE_PUT, "small", "s"), TG_EFULL);
	tg_store_resume(store);
	ck_assert_int_eq(run(store, TG_STORE_PUT, "small", "s"), TG_OK);
	/* Room again after a delete. */
	ck_assert_int_eq(run(store, TG_STORE_DELETE, "big000000", ""), TG_OK);
	ck_assert_int_eq(run(store, TG_STORE_DELETE, "big000001", ""), TG_OK);
	ck_assert_int_eq(put_big(store, 0), TG_OK);
	tg_store_close(store);
}
END_TEST

/* In a child: fill until an error, then lift the limit with ${more} and see that nothing broke. */
static void
fill_then_recover(int want_full, void (*more)(void))
{
	struct tg_store *store = open_store(0);
	uint32_t i;
	int rc = TG_OK;

	for (i = 0; i < 200 && rc == TG_OK; i++)
		rc = put_big(store, i);
	ck_assert_int_ne(rc, TG_OK);
	if (want_full)
		ck_assert_int_eq(rc, TG_EFULL);
	ck_assert_uint_eq(count_big(store), i - 1);
	more();
	tg_store_resume(store);
	ck_assert_int_eq(put_big(store, i - 1), TG_OK);
	ck_assert_uint_eq(count_big(store), i);
	tg_store_close(store);
	store = open_store(0);
	ck_assert_uint_eq(count_big(store), i);
	tg_store_close(store);
}

static void
lift_file_limit(void)
{
	struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};

	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &all), 0);
}

START_TEST(a_write_cut_short_by_the_system_corrupts_nothing)
{
	struct rlimit old, small;

	getrlimit(RLIMIT_FSIZE, &old);
	small = (struct rlimit){5 << 20, old.rlim_max};
	if (old.rlim_max != RLIM_INFINITY)
		return; /* could not be lifted again */
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	fill_then_recover(0, lift_file_limit);
}
END_TEST

static void
enlarge_tmpfs(void)
{
	ck_assert_int_eq(mount("none", dir, "tmpfs", MS_REMOUNT, "size=16m"), 0);
}

static int
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	int ok = f != NULL && fputs(text, f) >= 0;

	return (f != NULL && fclose(f) != 0) || !ok;
}

/*
 * A name space of this process's own, in which it may mount: as root, or as the root of a user name space
 * where the system lets everybody have one.  0, or 1 after saying that the test is skipped.
 */
static int
may_mount(void)
{
	char uid_map[32], gid_map[32];

	sprintf(uid_map, "0 %ld 1", (long)getuid());
	sprintf(gid_map, "0 %ld 1", (long)getgid());
	if ((unshare(CLONE_NEWNS) == 0 || (unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
					      write_file("/proc/self/uid_map", uid_map) == 0 &&
					      write_file("/proc/self/setgroups", "deny") == 0 &&
					      write_file("/proc/self/gid_map", gid_map) == 0)) &&
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	    mount("none", dir, "tmpfs", 0, "size=4m") == 0)
		return 0;
	printf("skipped: no right to mount a small tmpfs\n");
	return 1;
}

/* LMDB writes to lock.mdb through a map: where the disk had no room for a page, SIGBUS ended the process. */
START_TEST(a_disk_without_room_to_begin_with_is_named_and_kills_nobody)
{
	struct tg_store *store;
	char blocks[32];
	int rc = TG_EFULL, i;

	if (may_mount() != 0)
		return;
	for (i = 1; i < 64 && rc == TG_EFULL; i++) {
		umount2(dir, MNT_DETACH);
		sprintf(blocks, "nr_blocks=%d", i);
		ck_assert_int_eq(mount("none", dir, "tmpfs", 0, blocks), 0);
		rc = tg_store_open(&store, dir, NULL, error);
		ck_assert_msg(rc == TG_OK || (rc == TG_EFULL && strstr(error, ": the disk is full") != NULL),
		    "%d: %s", i, error);
	}
	ck_assert_int_eq(rc, TG_OK);
	ck_assert_int_gt(i, 5);
	/* What there is can be read on when nothing is left. */
	tg_store_close(store);
	rc = TG_OK;
	store = open_store(0);
	for (i = 0; rc == TG_OK; i++)
		rc = put_big(store, (uint32_t)i);
	ck_assert_int_eq(rc, TG_EFULL);
	tg_store_close(store);
	tg_store_close(open_store(0));
	umount2(dir, MNT_DETACH);
}
END_TEST

START_TEST(a_full_disk_is_full_and_works_again_after_it_got_room)
{
	if (may_mount() != 0)
		return;
	fill_then_recover(1, enlarge_tmpfs);
	umount2(dir, MNT_DETACH);
}
END_TEST

/* ---- crashes ------------------------------------------------------------------------------------------- */

#define KEPT 40 /* a batch deletes the record of the batch this far behind */

static void
u64(uint8_t out[8], uint64_t v)
{
	int i;

	for (i = 0; i < 8; i++)
		out[i] = (uint8_t)(v >> (56 - 8 * i));
}

static size_t
record_len(uint64_t i)
{
	return 8 + i * 7919 % 9000;
}

static void
queue_numbered(struct tg_store *store, uint64_t i)
{
	static uint8_t value[9100];
	struct tg_buf b = {0};
	uint8_t key[9] = {'n'}, old[9] = {'n'}, head[8];

	u64(key + 1, i);
	u64(head, i);
	memset(value, (int)(i * 31), sizeof value);
	tg_write_array(&b, i > KEPT ? 4 : 3);
	op(&b, TG_STORE_PUT_IF_ABSENT, key, 9, value, record_len(i));
	op(&b, TG_STORE_PUT_IF_LONGER, "head", 4, head, 8);
	op(&b, TG_STORE_PUT, "last", 4, head, 8);
	if (i > KEPT) {
		u64(old + 1, i - KEPT);
		op(&b, TG_STORE_DELETE, old, 9, "", 0);
	}
	queue(store, i, i % 11 == 0, &b);
	tg_buf_free(&b);
}

static void
tell(void *ctx, uint64_t batch, int status)
{
	if (status != TG_OK || write(*(int *)ctx, &batch, sizeof batch) != sizeof batch)
		_exit(1);
}

static void
write_for_ever(uint64_t next, int out)
{
	struct tg_store *store;
	int i;

	if (tg_store_open(&store, dir, NULL, error) != TG_OK)
		_exit(2);
	for (;;) {
		for (i = 0; i < 1 + (int)(next % 3); i++)
			queue_numbered(store, next + (uint64_t)i);
		next += (uint64_t)i;
		tg_store_flush(store, tell, &out);
	}
}

static uint64_t
read_u64(struct tg_store *store, const char *name)
{
	struct tg_bytes f = {(const uint8_t *)name, 4};
	uint8_t past[5] = {0};
	struct tg_bytes t = {past, 5}, v;
	struct tg_buf event = {0};
	struct tg_reader r;
	uint64_t n = 0;
	int i;

	memcpy(past, name, 4);
	tg_store_load(store, f, t, 1000, &event, 1);
	tg_reader_init(&r, event.data, event.len);
	tg_read_array(&r, 5, 5);
	tg_read_uint(&r, 100);
	tg_read_uint(&r, 100);
	tg_read_uint(&r, 100);
	if (tg_read_array(&r, 0, 1) == 1) {
		tg_read_array(&r, 2, 2);
		tg_read_bin(&r, 4);
		v = tg_read_bin(&r, 8);
		for (i = 0; i < 8; i++)
			n = n << 8 | v.data[i];
	}
	tg_buf_free(&event);
	return n;
}

/* The store holds exactly the batches 1 .. last.  Returns last. */
static uint64_t
check_numbered(struct tg_store *store)
{
	struct tg_bytes f = {(const uint8_t *)"n", 1}, t = {(const uint8_t *)"o", 1}, k, v;
	uint64_t last = read_u64(store, "last"), at;
	uint8_t want[9] = {'n'};
	struct tg_buf event = {0};
	struct tg_reader r;
	uint32_t i, n;
	size_t j;

	ck_assert_uint_eq(read_u64(store, "head"), last);
	at = last > KEPT ? last - KEPT + 1 : 1;
	tg_store_load(store, f, t, UINT64_MAX, &event, 1);
	tg_reader_init(&r, event.data, event.len);
	tg_read_array(&r, 5, 5);
	tg_read_uint(&r, 100);
	tg_read_uint(&r, 100);
	tg_read_uint(&r, 100);
	n = tg_read_array(&r, 0, 1000);
	ck_assert_uint_eq(n, last + 1 - at); /* none of none: at is 1 then */
	for (i = 0; i < n; i++, at++) {
		tg_read_array(&r, 2, 2);
		k = tg_read_bin(&r, 9);
		v = tg_read_bin(&r, 10000);
		u64(want + 1, at);
		ck_assert_uint_eq(k.len, 9);
		ck_assert_mem_eq(k.data, want, 9);
		ck_assert_uint_eq(v.len, record_len(at));
		for (j = 0; j < v.len && v.data[j] == (uint8_t)(at * 31); j++)
			;
		ck_assert_uint_eq(j, v.len);
	}
	tg_buf_free(&event);
	return last;
}

START_TEST(a_killed_process_loses_nothing_it_was_told_is_stored)
{
	const char *given = getenv("TG_SEED");
	unsigned seed = given ? (unsigned)atoi(given) : (unsigned)time(NULL);
	uint64_t acked = 0, batch, last = 0;
	struct timespec pause;
	struct tg_store *store;
	int round, i, fds[2], state;
	pid_t pid;

	srand(seed);
	printf("seed %u\n", seed);
	for (round = 0; round < 40; round++) {
		ck_assert_int_eq(pipe(fds), 0);
		pid = fork();
		if (pid == 0) {
			close(fds[0]);
			write_for_ever(last + 1, fds[1]);
		}
		close(fds[1]);
		/*
		 * Killed anywhere from its first breath to some hundred batches in: counted by what it
		 * acknowledges, since time says little on a busy machine.
		 */
		for (i = rand() % 100; i > 0 && read(fds[0], &batch, sizeof batch) == sizeof batch; i--)
			acked = batch;
		pause = (struct timespec){0, rand() % 3000000};
		nanosleep(&pause, NULL);
		kill(pid, SIGKILL);
		while (read(fds[0], &batch, sizeof batch) == sizeof batch)
			acked = batch;
		close(fds[0]);
		waitpid(pid, &state, 0);
		ck_assert_msg(WIFSIGNALED(state), "the writer failed by itself: %d", WEXITSTATUS(state));
		store = open_store(0);
		last = check_numbered(store);
		ck_assert_msg(last >= acked, "acknowledged %llu, found %llu", (unsigned long long)acked,
		    (unsigned long long)last);
		tg_store_close(store);
	}
	printf("%llu batches survived 40 kills\n", (unsigned long long)last);
	ck_assert_uint_gt(last, 100);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("store_lmdb");
	TCase *t = tcase_create("store");

	tcase_add_checked_fixture(t, make_dir, remove_dir);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, the_four_rules_hold);
	tcase_add_test(t, ranges_are_half_open_ordered_and_bounded);
	tcase_add_test(t, a_bad_batch_and_all_after_it_change_nothing_until_resumed);
	tcase_add_test(t, a_second_process_is_refused_and_told_who_has_it);
	tcase_add_test(t, files_are_private);
	tcase_add_test(t, a_missing_parent_or_a_file_in_the_way_is_named);
	tcase_add_test(t, the_map_grows_over_its_first_size);
	tcase_add_test(t, at_the_size_cap_batches_fail_as_full_until_there_is_room);
	tcase_add_test(t, a_killed_process_loses_nothing_it_was_told_is_stored);
	/* The next change limits and mounts of their process: last. */
	tcase_add_test(t, a_disk_without_room_to_begin_with_is_named_and_kills_nobody);
	tcase_add_test(t, a_full_disk_is_full_and_works_again_after_it_got_room);
	tcase_add_test(t, a_write_cut_short_by_the_system_corrupts_nothing);
	suite_add_tcase(s, t);
	return suite_run(s);
}
