/*
 * The loop keeps the rules of docs/host.md, seen from the peer's side: this file is the peer.
 *
 * A test sets on_event; it sees each event and writes effects.  tg_peer_* of the runtime are not linked.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include <check.h>

#include <toygrid/peer.h>
#include <toygrid/status.h>

#include "host/loop.h"
#include "host/trace.h"
#include "wire/writer.h"
#include "suite.h"

/* ---- the peer ------------------------------------------------------------------------------------------ */

struct tg_peer {
	int unused;
};

static struct tg_peer the_peer;
static int inside, events;
static struct tg_buf effects, taken;
static char story[4096]; /* a word per event */
static void (*on_event)(int kind, struct tg_reader *r);

int
tg_peer_new(struct tg_peer **peer)
{
	*peer = &the_peer;
	return TG_OK;
}

void
tg_peer_free(struct tg_peer *peer)
{
	(void)peer;
}

static void
tell(const char *word)
{
	ck_assert_uint_lt(strlen(story) + strlen(word) + 2, sizeof story);
	strcat(strcat(story, word), " ");
}

int
tg_peer_event(struct tg_peer *peer, const uint8_t *event, size_t len)
{
	static const char *const words[] = {
	    "tick", "entropy", "opened", "closed", "received", "stored", "loaded", "locked", "command"};
	struct tg_reader r;
	uint64_t kind;

	ck_assert_ptr_eq(peer, &the_peer);
	ck_assert_msg(!inside, "an event came while another was being handled");
	inside = 1;
	events++;
	tg_reader_init(&r, event, len);
	tg_read_array(&r, 2, 16);
	kind = tg_read_uint(&r, 8);
	ck_assert_int_eq(tg_reader_status(&r), TG_OK);
	if (kind != TG_EVENT_TICK || events == 2)
		tell(words[kind]);
	if (on_event != NULL)
		on_event((int)kind, &r);
	inside = 0;
	return TG_OK;
}

void
tg_peer_effects(struct tg_peer *peer, const uint8_t **out, size_t *len)
{
	(void)peer;
	tg_buf_reset(&taken);
	tg_buf_put(&taken, effects.data, effects.len);
	tg_buf_reset(&effects);
	*out = taken.data;
	*len = taken.len;
}

/* ---- effects ------------------------------------------------------------------------------------------- */

static void
fx_store(uint64_t batch, const char *key, size_t len)
{
	static uint8_t value[1 << 20];

	tg_write_array(&effects, 4);
	tg_write_uint(&effects, TG_EFFECT_STORE);
	tg_write_uint(&effects, batch);
	tg_write_bool(&effects, 1);
	tg_write_array(&effects, 1);
	tg_write_array(&effects, 3);
	tg_write_uint(&effects, TG_STORE_PUT);
	tg_write_bin(&effects, key, strlen(key));
	tg_write_bin(&effects, value, len);
}

static void
fx_load(uint64_t request)
{
	tg_write_array(&effects, 5);
	tg_write_uint(&effects, TG_EFFECT_LOAD);
	tg_write_uint(&effects, request);
	tg_write_bin(&effects, "a", 1);
	tg_write_bin(&effects, "z", 1);
	tg_write_uint(&effects, 1000);
}

static void
fx_lock(uint64_t request)
{
	tg_write_array(&effects, 3);
	tg_write_uint(&effects, TG_EFFECT_LOCK);
	tg_write_uint(&effects, request);
	tg_write_bin(&effects, "name", 4);
}

static void
fx_unlock(void)
{
	tg_write_array(&effects, 2);
	tg_write_uint(&effects, TG_EFFECT_UNLOCK);
	tg_write_bin(&effects, "name", 4);
}

static void
fx_wake(uint64_t at_ms)
{
	tg_write_array(&effects, 2);
	tg_write_uint(&effects, TG_EFFECT_WAKE);
	tg_write_uint(&effects, at_ms);
}

static void
fx_reply(uint64_t request, int status)
{
	tg_write_array(&effects, 4);
	tg_write_uint(&effects, TG_EFFECT_REPLY);
	tg_write_uint(&effects, request);
	tg_write_uint(&effects, (uint64_t)status);
	tg_write_uint(&effects, 42);
}

/* ---- the host ------------------------------------------------------------------------------------------ */

static char dir[64], trace_path[80];
static char error[TG_HOST_ERROR_BYTES];
static struct tg_host *host;

static void
start(void)
{
	strcpy(dir, "/tmp/tg-loop-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(trace_path, sizeof trace_path, "%s/trace", dir);
	events = inside = 0;
	story[0] = '\0';
	on_event = NULL;
	host = NULL;
}

static void
open_host(uint64_t max_bytes)
{
	struct tg_host_options options = {
	    .data_dir = dir, .store = {.max_bytes = max_bytes}, .trace_file = trace_path};
	int rc = tg_host_open(&host, &options, error);

	ck_assert_msg(rc == TG_OK, "%s", error);
}

static void
stop(void)
{
	static const char *const names[] = {"data.mdb", "lock.mdb", "toygrid.lock", "trace"};
	char path[128];
	size_t i;

	tg_host_close(host);
	for (i = 0; i < 4; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		unlink(path);
	}
	rmdir(dir);
	tg_buf_free(&effects);
	tg_buf_free(&taken);
}

static int done;

static void
run_until_done(unsigned ms)
{
	uint64_t end = tg_host_now_ms() + ms;

	tg_host_after(host, ms, (void (*)(void *))tg_host_stop, host);
	while (!done && tg_host_now_ms() < end && tg_host_turn(host) == TG_OK)
		;
	ck_assert_msg(done, "nothing after %u ms; so far: %s", ms, story);
	done = 0;
}

START_TEST(entropy_comes_first_and_then_the_time)
{
	open_host(0);
	ck_assert_str_eq(story, "entropy tick ");
}
END_TEST

static uint32_t loaded_records;

static void
store_then_load(int kind, struct tg_reader *r)
{
	if (kind == TG_EVENT_COMMAND) {
		fx_store(7, "key", 10);
		fx_load(1);
		fx_store(8, "later", 10);
		fx_load(2);
	} else if (kind == TG_EVENT_LOADED) {
		done = tg_read_uint(r, 10) == 2;
		ck_assert_uint_eq(tg_read_uint(r, 10), TG_OK);
		loaded_records = loaded_records * 10 + tg_read_array(r, 0, 10);
	}
}

START_TEST(a_load_sees_what_was_stored_before_it_and_not_what_came_after)
{
	struct tg_buf event = {0};

	open_host(0);
	on_event = store_then_load;
	tg_command_bare(&event, tg_host_request(host, NULL, NULL), TG_COMMAND_LIST);
	tg_host_feed(host, &event);
	run_until_done(5000);
	ck_assert_uint_eq(loaded_records, 12);
	ck_assert_str_eq(story, "entropy tick command stored loaded stored loaded ");
}
END_TEST

static void
lock_thrice(int kind, struct tg_reader *r)
{
	static int step;

	if (kind == TG_EVENT_COMMAND)
		fx_lock(1);
	if (kind != TG_EVENT_LOCKED)
		return;
	tg_read_uint(r, 10);
	ck_assert_int_eq(tg_read_bool(r), step != 1);
	if (step == 0)
		fx_lock(2);
	if (step == 1) {
		fx_unlock();
		fx_lock(3);
	}
	done = ++step == 3;
}

START_TEST(a_lock_is_granted_once_until_it_is_given_back)
{
	struct tg_buf event = {0};

	open_host(0);
	on_event = lock_thrice;
	tg_command_bare(&event, 1, TG_COMMAND_LIST);
	tg_host_feed(host, &event);
	run_until_done(5000);
}
END_TEST

static uint64_t asked_ms, woken_ms;
static int want_soon;

static void
ask_to_be_woken(int kind, struct tg_reader *r)
{
	if (kind == TG_EVENT_COMMAND) {
		asked_ms = tg_host_now_ms();
		fx_wake(asked_ms + 60000); /* replaced by the next */
		fx_wake(want_soon ? 0 : asked_ms + 60);
	} else if (kind == TG_EVENT_TICK && asked_ms != 0) {
		woken_ms = tg_read_uint(r, UINT64_MAX);
		if (want_soon || woken_ms >= asked_ms + 60)
			done = 1;
	}
}

START_TEST(the_last_wake_counts_and_comes_in_time)
{
	struct tg_buf event = {0};

	open_host(0);
	on_event = ask_to_be_woken;
	for (want_soon = 0; want_soon < 2; want_soon++) {
		asked_ms = 0;
		tg_command_bare(&event, 1, TG_COMMAND_LIST);
		tg_host_feed(host, &event);
		run_until_done(5000);
		ck_assert_uint_lt(woken_ms - asked_ms, want_soon ? 50 : 500);
	}
}
END_TEST

static void
answer_commands(int kind, struct tg_reader *r)
{
	uint64_t request;

	if (kind == TG_EVENT_COMMAND) {
		request = tg_read_uint(r, 100);
		fx_reply(request, TG_ENOTFOUND);
		fx_reply(request, TG_OK); /* a second answer reaches nobody */
		fx_reply(99, TG_OK);	  /* nor does one to a question nobody asked */
	}
}

static int replies;

static void
on_reply(void *ctx, int status, struct tg_bytes value)
{
	struct tg_reader r;
	struct tg_buf event = {0};

	ck_assert_int_eq(status, TG_ENOTFOUND);
	tg_reader_init(&r, value.data, value.len);
	ck_assert_uint_eq(tg_read_uint(&r, 100), 42);
	if (++replies == 3) {
		done = 1;
		return;
	}
	/* Commands may be given from inside a reply. */
	tg_command_bare(&event, tg_host_request(ctx, on_reply, ctx), TG_COMMAND_LIST);
	tg_host_feed(ctx, &event);
}

START_TEST(each_command_gets_its_one_reply)
{
	struct tg_buf event = {0};

	open_host(0);
	on_event = answer_commands;
	tg_command_bare(&event, tg_host_request(host, on_reply, host), TG_COMMAND_LIST);
	tg_host_feed(host, &event);
	run_until_done(5000);
	ck_assert_int_eq(replies, 3);
}
END_TEST

static int stored_order[8], stored_count;

/* A batch that is too big; a load, which writes at once; a small one; then, told of the failure, another
 * small one. */
static void
fill(int kind, struct tg_reader *r)
{
	if (kind == TG_EVENT_COMMAND) {
		fx_store(1, "fits", 10);
		fx_store(2, "big", 1 << 20);
		fx_load(1);
		fx_store(3, "behind", 10);
	} else if (kind == TG_EVENT_STORED) {
		stored_order[stored_count] = (int)tg_read_uint(r, 10) * 100;
		stored_order[stored_count++] += (int)tg_read_uint(r, 99);
		if (stored_count == 2)
			fx_store(4, "after", 10);
		done = stored_count == 4;
	}
}

START_TEST(after_a_batch_failed_nothing_is_stored_until_the_peer_knows)
{
	struct tg_buf event = {0};

	open_host(600000);
	on_event = fill;
	tg_command_bare(&event, 1, TG_COMMAND_LIST);
	tg_host_feed(host, &event);
	run_until_done(5000);
	ck_assert_int_eq(stored_order[0], 100 + TG_OK);
	ck_assert_int_eq(stored_order[1], 200 + TG_EFULL);
	ck_assert_int_eq(stored_order[2], 300 + TG_EFULL);
	ck_assert_int_eq(stored_order[3], 400 + TG_OK);
}
END_TEST

static void
on_alarm(int sig)
{
	(void)sig;
	tg_host_stop(host);
}

START_TEST(a_signal_ends_the_wait)
{
	struct itimerval soon = {.it_value = {0, 50000}};
	uint64_t then = tg_host_now_ms();
	int rc;

	open_host(0);
	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &soon, NULL);
	while ((rc = tg_host_turn(host)) == TG_OK)
		;
	ck_assert_int_eq(rc, TG_ECLOSED);
	ck_assert_uint_lt(tg_host_now_ms() - then, 5000);
}
END_TEST

START_TEST(the_trace_holds_every_event_and_its_effects)
{
	struct tg_buf event = {0};
	struct tg_trace_step step;
	static uint8_t data[65536];
	size_t len, at;
	int n = 0, rc, with_effects = 0;
	FILE *f;

	open_host(0);
	on_event = store_then_load;
	tg_command_bare(&event, 1, TG_COMMAND_LIST);
	tg_host_feed(host, &event);
	run_until_done(5000);
	tg_host_close(host);
	host = NULL;
	f = fopen(trace_path, "rb");
	len = fread(data, 1, sizeof data, f);
	fclose(f);
	ck_assert_int_eq(tg_trace_open(data, len, &at), TG_OK);
	while ((rc = tg_trace_next(data, len, &at, &step)) == TG_OK) {
		n++;
		with_effects += step.effects.len > 0;
	}
	ck_assert_int_eq(rc, TG_ENOTFOUND);
	ck_assert_int_eq(n, events);
	ck_assert_int_eq(with_effects, 1);
}
END_TEST

START_TEST(a_directory_in_use_is_an_error_that_names_it)
{
	struct tg_host_options options = {.data_dir = dir};
	struct tg_host *other;

	open_host(0);
	ck_assert_int_eq(tg_host_open(&other, &options, error), TG_EBUSY);
	ck_assert_ptr_null(other);
	ck_assert_msg(strstr(error, dir) != NULL, "%s", error);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("loop");
	TCase *t = tcase_create("host");

	tcase_add_checked_fixture(t, start, stop);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, entropy_comes_first_and_then_the_time);
	tcase_add_test(t, a_load_sees_what_was_stored_before_it_and_not_what_came_after);
	tcase_add_test(t, a_lock_is_granted_once_until_it_is_given_back);
	tcase_add_test(t, the_last_wake_counts_and_comes_in_time);
	tcase_add_test(t, each_command_gets_its_one_reply);
	tcase_add_test(t, after_a_batch_failed_nothing_is_stored_until_the_peer_knows);
	tcase_add_test(t, a_signal_ends_the_wait);
	tcase_add_test(t, the_trace_holds_every_event_and_its_effects);
	tcase_add_test(t, a_directory_in_use_is_an_error_that_names_it);
	suite_add_tcase(s, t);
	return suite_run(s);
}
