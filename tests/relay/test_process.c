/*
 * Goal: the process behaves: its flags, its ports, its signals, its sandbox, and that it leaves nothing
 * behind.
 */
#include <arpa/inet.h>
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <toygrid/status.h>

#include "relay/client.h"
#include "relay/process.h"
#include "suite.h"

static struct process relay;
static struct grid grid;

static void
setup(void)
{
	ck_assert_int_eq(tg_crypto_init(), TG_OK);
	grid_make(&grid, 1);
}

static int
run(const char *const *args)
{
	process_run(&relay, args);
	return process_end(&relay, 0);
}

START_TEST(an_unknown_flag_or_bad_value_is_named)
{
	static const char *const cases[][3] = {
	    {"--bogus", NULL, "--bogus"},
	    {"--queue-bytes", "7", "--queue-bytes"},
	    {"--queue-bytes", "-1", "--queue-bytes"},
	    {"--queue-bytes", "70000x", "--queue-bytes"},
	    {"--topic-main", "5", "--topic-main"},
	    {"--verify", "never", "--verify"},
	    {"--listen", NULL, "--listen"},
	    {"--listen", "127.0.0.1", "--listen"},
	    {"--listen", "::1:80", "--listen"},
	    {"--tls-cert", "x.pem", "--tls-key"},
	    {"stray", NULL, "stray"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *args[] = {cases[i][0], cases[i][1], NULL};
		int code = run(args);

		ck_assert_msg(code == 2 || code == 1, "%s: exit %d: %s", cases[i][0], code, relay.text);
		ck_assert_msg(strstr(relay.text, cases[i][2]) != NULL, "%s", relay.text);
		ck_assert_msg(
		    strchr(relay.text, '\n') == strrchr(relay.text, '\n'), "one line: %s", relay.text);
	}
}
END_TEST

START_TEST(help_and_print_config_answer_and_end)
{
	static const char *const help[] = {"--help", NULL};
	static const char *const print[] = {
	    "--host", "A.example", "--host", "b.example", "--topic-main=off", "--print-config", NULL};

	ck_assert_int_eq(run(help), 0);
	ck_assert_ptr_nonnull(strstr(relay.text, "--listen"));
	setenv("TOYGRID_RELAY_QUEUE_BYTES", "123456", 1);
	setenv("TOYGRID_RELAY_TOPIC_MAIN", "1/2", 1);
	ck_assert_int_eq(run(print), 0);
	unsetenv("TOYGRID_RELAY_QUEUE_BYTES");
	unsetenv("TOYGRID_RELAY_TOPIC_MAIN");
	ck_assert_ptr_nonnull(strstr(relay.text, "\"queue-bytes\": 123456"));
	ck_assert_ptr_nonnull(strstr(relay.text, "\"topic-main\": \"off\""));
	ck_assert_ptr_nonnull(strstr(relay.text, "[\"a.example\", \"b.example\"]"));
	setenv("TOYGRID_RELAY_VERIFY", "sometimes", 1);
	ck_assert_int_eq(run(print), 2);
	unsetenv("TOYGRID_RELAY_VERIFY");
	ck_assert_ptr_nonnull(strstr(relay.text, "TOYGRID_RELAY_VERIFY"));
}
END_TEST

START_TEST(a_port_in_use_is_one_clear_line)
{
	struct process second;
	char at[32];
	const char *args[] = {"--listen", at, NULL};

	process_start(&relay, NULL);
	snprintf(at, sizeof at, "127.0.0.1:%d", relay.port);
	process_run(&second, args);
	ck_assert_int_eq(process_end(&second, 0), 1);
	ck_assert_ptr_nonnull(strstr(second.text, "in use"));
	ck_assert_ptr_nonnull(strstr(second.text, at));
	ck_assert_ptr_eq(strchr(second.text, '\n'), strrchr(second.text, '\n'));
	ck_assert_int_eq(process_end(&relay, SIGTERM), 0);
}
END_TEST

START_TEST(ipv6_is_listened_on)
{
	static const char *const args[] = {"--listen", "[::1]:0", "--sandbox", "off", NULL};

	process_run(&relay, args);
	if (process_wait_text(&relay, "listening on ws://[::1]:")) {
		ck_assert_int_eq(process_end(&relay, SIGTERM), 0);
	} else {
		/* A machine without IPv6 says so. */
		ck_assert_int_eq(process_end(&relay, 0), 1);
		ck_assert_ptr_nonnull(strstr(relay.text, "cannot listen"));
	}
}
END_TEST

START_TEST(health_ready_and_metrics_are_served_and_nothing_else)
{
	char body[65536];

	process_start(&relay, NULL);
	ck_assert_int_eq(process_get(&relay, "/health", body, sizeof body), 200);
	ck_assert_str_eq(body, "ok\n");
	ck_assert_int_eq(process_get(&relay, "/ready", body, sizeof body), 200);
	ck_assert_int_eq(process_get(&relay, "/metrics", body, sizeof body), 200);
	ck_assert_ptr_nonnull(strstr(body, "# TYPE toygrid_relay_connections gauge"));
	ck_assert_int_eq(process_get(&relay, "/", body, sizeof body), 404);
	ck_assert_int_eq(process_end(&relay, SIGTERM), 0);
}
END_TEST

/* lws would route by the Host header: it must not open the admin answers on the public port, or the reverse.
 */
START_TEST(the_admin_answers_are_not_on_the_public_port)
{
	static const char request[] = "GET /metrics HTTP/1.1\r\nHost: admin\r\n\r\n";
	struct client c;

	process_start(&relay, NULL);
	client_connect(&c, relay.port, 0);
	client_write(&c, request, sizeof request - 1);
	while (client_read_some(&c, 5000) > 0)
		;
	ck_assert_uint_gt(c.in_len, 12);
	ck_assert_mem_eq(c.in, "HTTP/1.1 426", 12);
	ck_assert_ptr_null(memmem(c.in, c.in_len, "toygrid_relay_", 14));
	client_close(&c);
	ck_assert_int_eq(process_end(&relay, SIGTERM), 0);
}
END_TEST

START_TEST(sigterm_asks_clients_to_leave_serves_them_meanwhile_and_ends)
{
	struct client a, b, late;
	struct tg_buf buf = {0};
	struct tg_frame f;
	char body[64];

	process_start(&relay, "--drain-ms", "1500", NULL);
	client_start(&a, relay.port);
	client_start(&b, relay.port);
	client_join(&a, &grid, PROVE_BOTH);
	client_join(&b, &grid, PROVE_BOTH);
	client_open(&late, relay.port); /* has not said HELLO */
	kill(relay.pid, SIGTERM);
	client_expect(&a, TG_FRAME_DRAIN, &f);
	ck_assert_uint_le(f.u.drain.within_ms, 1500);
	client_expect(&b, TG_FRAME_DRAIN, &f);
	client_expect_err(&late, TG_ERR_DRAINING);
	client_expect_close(&late, 1001);
	ck_assert_int_eq(process_get(&relay, "/ready", body, sizeof body), 503);
	ck_assert_str_eq(body, "draining\n");
	ck_assert_int_eq(process_get(&relay, "/health", body, sizeof body), 200);
	/* Whoever did not leave by itself is closed in time. */
	client_expect_close(&a, 1001);
	client_expect_close(&b, 1001);
	client_close(&a);
	client_close(&b);
	client_close(&late);
	ck_assert_int_eq(process_end(&relay, 0), 0);
	ck_assert_ptr_nonnull(strstr(relay.text, "\"event\":\"draining\""));
	ck_assert_ptr_nonnull(strstr(relay.text, "\"event\":\"stop\""));
	tg_buf_free(&buf);
}
END_TEST

START_TEST(while_draining_frames_still_pass_and_new_topics_do_not)
{
	struct client a, b;
	struct tg_buf buf = {0};
	struct tg_frame f;
	struct grid other;

	process_start(&relay, "--drain-ms", "10000", NULL);
	client_start(&a, relay.port);
	client_start(&b, relay.port);
	client_join(&a, &grid, PROVE_BOTH);
	client_join(&b, &grid, PROVE_BOTH);
	kill(relay.pid, SIGTERM);
	client_expect(&a, TG_FRAME_DRAIN, &f);
	client_expect(&b, TG_FRAME_DRAIN, &f);
	put_main(&buf, &grid, "last words");
	client_send(&a, &buf);
	client_expect(&b, TG_FRAME_PUB, &f);
	grid_make(&other, 2);
	put_sub(&buf, &a, &other, PROVE_READ, "127.0.0.1");
	client_send(&a, &buf);
	client_expect_err(&a, TG_ERR_DRAINING);
	client_close(&a);
	client_close(&b);
	ck_assert_int_eq(process_end(&relay, 0), 0); /* all gone: no need to wait */
	tg_buf_free(&buf);
}
END_TEST

START_TEST(a_second_sigterm_ends_at_once)
{
	struct client a;
	struct tg_frame f;
	uint64_t from;

	process_start(&relay, "--drain-ms", "10000", NULL);
	client_start(&a, relay.port);
	client_join(&a, &grid, PROVE_BOTH);
	kill(relay.pid, SIGTERM);
	client_expect(&a, TG_FRAME_DRAIN, &f);
	from = mono_ms();
	ck_assert_int_eq(process_end(&relay, SIGTERM), 0);
	ck_assert_uint_lt(mono_ms() - from, 7000);
	client_close(&a);
}
END_TEST

START_TEST(after_sigkill_a_new_relay_takes_the_port_and_clients_come_back)
{
	struct client a, b;
	struct tg_buf buf = {0};
	struct tg_frame f;
	uint8_t epoch[TG_RELAY_EPOCH_BYTES];
	char at[32];

	process_start(&relay, NULL);
	snprintf(at, sizeof at, "127.0.0.1:%d", relay.port);
	client_start(&a, relay.port);
	client_join(&a, &grid, PROVE_BOTH);
	memcpy(epoch, a.epoch, sizeof epoch);
	ck_assert_int_eq(process_end(&relay, SIGKILL), -SIGKILL);
	client_expect_close(&a, 0);
	client_close(&a);
	process_start(&relay, "--listen", at, NULL);
	client_start(&a, relay.port);
	client_start(&b, relay.port);
	ck_assert_mem_ne(a.epoch, epoch, sizeof epoch);
	client_join(&a, &grid, PROVE_BOTH);
	client_join(&b, &grid, PROVE_BOTH);
	put_main(&buf, &grid, "back");
	client_send(&a, &buf);
	client_expect(&b, TG_FRAME_PUB, &f);
	client_close(&a);
	client_close(&b);
	tg_buf_free(&buf);
	ck_assert_int_eq(process_end(&relay, SIGTERM), 0);
}
END_TEST

START_TEST(the_sandbox_refuses_files_sockets_and_programs)
{
	static const char *const args[] = {"--listen", "127.0.0.1:0", "--self-test-sandbox", NULL};

	ck_assert_msg(run(args) == 0, "%s", relay.text);
	ck_assert_ptr_nonnull(strstr(relay.text, "create-file: refused"));
	ck_assert_ptr_nonnull(strstr(relay.text, "open-read-write: refused"));
	ck_assert_ptr_nonnull(strstr(relay.text, "socket: refused"));
	ck_assert_ptr_nonnull(strstr(relay.text, "connect: refused"));
	ck_assert_ptr_nonnull(strstr(relay.text, "execute: refused"));
	ck_assert_ptr_nonnull(strstr(relay.text, "open-read-only: POSSIBLE"));
}
END_TEST

/* Through a whole life with traffic: no file appears where it runs, and none is open for writing. */
START_TEST(the_relay_writes_no_file)
{
	char dir[] = "/tmp/toygrid-relay-test-XXXXXX", old[4096], path[64], events[4096];
	struct client a, b;
	struct tg_buf buf = {0};
	struct tg_frame f;
	struct dirent *e;
	int watch, n = 0;
	DIR *d;

	ck_assert_ptr_nonnull(getcwd(old, sizeof old));
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	setenv("HOME", dir, 1);
	setenv("TMPDIR", dir, 1);
	watch = inotify_init1(IN_NONBLOCK);
	ck_assert_int_ge(inotify_add_watch(watch, dir, IN_CREATE | IN_MODIFY | IN_MOVED_TO | IN_DELETE), 0);
	process_start(&relay, NULL);
	client_start(&a, relay.port);
	client_start(&b, relay.port);
	client_join(&a, &grid, PROVE_BOTH);
	client_join(&b, &grid, PROVE_BOTH);
	for (int i = 0; i < 50; i++) {
		char text[32];

		snprintf(text, sizeof text, "some text %d", i);
		put_main(&buf, &grid, text);
		client_send(&a, &buf);
		client_expect(&b, TG_FRAME_PUB, &f);
	}
	snprintf(path, sizeof path, "/proc/%d/fd", (int)relay.pid);
	ck_assert_ptr_nonnull(d = opendir(path));
	while ((e = readdir(d)) != NULL) {
		char link[128], target[256], info[320], line[64];
		unsigned long flags = 0;
		ssize_t len;
		FILE *file;

		snprintf(link, sizeof link, "%s/%.20s", path, e->d_name);
		if ((len = readlink(link, target, sizeof target - 1)) <= 0 || target[0] != '/')
			continue; /* a socket, a pipe, an event descriptor */
		target[len] = 0;
		snprintf(info, sizeof info, "/proc/%d/fdinfo/%.20s", (int)relay.pid, e->d_name);
		ck_assert_ptr_nonnull(file = fopen(info, "r"));
		while (fgets(line, sizeof line, file) != NULL)
			sscanf(line, "flags: %lo", &flags);
		fclose(file);
		/* Standard input is the test's own; anything else that is a file must be read-only. */
		if (strcmp(e->d_name, "0") != 0)
			ck_assert_msg((flags & 3) == 0, "%s is open for writing", target);
		n++;
	}
	closedir(d);
	ck_assert_int_ge(n, 0);
	client_close(&a);
	client_close(&b);
	ck_assert_int_eq(process_end(&relay, SIGTERM), 0);
	ck_assert_msg(read(watch, events, sizeof events) < 0 && errno == EAGAIN, "a file was written");
	close(watch);
	ck_assert_int_eq(chdir(old), 0);
	ck_assert_int_eq(rmdir(dir), 0);
	tg_buf_free(&buf);
}
END_TEST

START_TEST(systemd_is_told_when_ready_and_when_stopping)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	char text[64];
	ssize_t n;
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	snprintf(sun.sun_path, sizeof sun.sun_path, "/tmp/toygrid-notify-%d", (int)getpid());
	unlink(sun.sun_path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sun, sizeof sun), 0);
	setenv("NOTIFY_SOCKET", sun.sun_path, 1);
	process_start(&relay, NULL);
	unsetenv("NOTIFY_SOCKET");
	n = recv(fd, text, sizeof text - 1, 0);
	ck_assert_int_gt(n, 0);
	text[n] = 0;
	ck_assert_str_eq(text, "READY=1");
	ck_assert_int_eq(process_end(&relay, SIGTERM), 0);
	n = recv(fd, text, sizeof text - 1, 0);
	ck_assert_int_gt(n, 0);
	text[n] = 0;
	ck_assert_str_eq(text, "STOPPING=1");
	close(fd);
	unlink(sun.sun_path);
}
END_TEST

START_TEST(log_lines_are_json_and_can_be_turned_off)
{
	process_start(&relay, NULL);
	ck_assert_int_eq(process_end(&relay, SIGTERM), 0);
	ck_assert_ptr_nonnull(strstr(relay.text, "{\"time\":\""));
	process_start(&relay, "--log", "off", NULL);
	ck_assert_int_eq(process_end(&relay, SIGTERM), 0);
	ck_assert_ptr_null(strchr(relay.text, '{'));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("relay process");
	TCase *tc = tcase_create("process");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, an_unknown_flag_or_bad_value_is_named);
	tcase_add_test(tc, help_and_print_config_answer_and_end);
	tcase_add_test(tc, a_port_in_use_is_one_clear_line);
	tcase_add_test(tc, ipv6_is_listened_on);
	tcase_add_test(tc, health_ready_and_metrics_are_served_and_nothing_else);
	tcase_add_test(tc, the_admin_answers_are_not_on_the_public_port);
	tcase_add_test(tc, sigterm_asks_clients_to_leave_serves_them_meanwhile_and_ends);
	tcase_add_test(tc, while_draining_frames_still_pass_and_new_topics_do_not);
	tcase_add_test(tc, a_second_sigterm_ends_at_once);
	tcase_add_test(tc, after_sigkill_a_new_relay_takes_the_port_and_clients_come_back);
	tcase_add_test(tc, the_sandbox_refuses_files_sockets_and_programs);
	tcase_add_test(tc, the_relay_writes_no_file);
	tcase_add_test(tc, systemd_is_told_when_ready_and_when_stopping);
	tcase_add_test(tc, log_lines_are_json_and_can_be_turned_off);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
