/* What a service manager hears, and that it hears nothing without asking. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "notify.h"
#include "suite.h"

static int
listen_at(const char *name, size_t len)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	memcpy(un.sun_path, name, len);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(
	    bind(fd, (struct sockaddr *)&un, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)), 0);
	return fd;
}

static void
hears(int fd, const char *text)
{
	char buf[64] = "";
	ssize_t n = recv(fd, buf, sizeof buf - 1, MSG_DONTWAIT);

	ck_assert_int_eq(n, (ssize_t)strlen(text));
	ck_assert_str_eq(buf, text);
}

START_TEST(a_path_and_an_abstract_name_are_told)
{
	char path[] = "/tmp/toygrid-notify-XXXXXX", name[64];
	int fd;

	ck_assert_int_ge(fd = mkstemp(path), 0);
	close(fd);
	unlink(path);
	fd = listen_at(path, strlen(path));
	setenv("NOTIFY_SOCKET", path, 1);
	tg_notify_open();
	tg_notify_send("READY=1");
	hears(fd, "READY=1");
	tg_notify_close();
	unlink(path);
	close(fd);

	snprintf(name, sizeof name, "@toygrid-notify-%d", (int)getpid());
	name[0] = '\0';
	fd = listen_at(name, 1 + strlen(name + 1));
	name[0] = '@';
	setenv("NOTIFY_SOCKET", name, 1);
	setenv("WATCHDOG_USEC", "4000000", 1);
	tg_notify_open();
	tg_notify_send("STOPPING=1");
	hears(fd, "STOPPING=1");
	ck_assert_uint_eq(tg_notify_watchdog_ms(), 2000);
	/* A manager that stopped listening blocks nobody. */
	for (int i = 0; i < 10000; i++)
		tg_notify_send("WATCHDOG=1");
	tg_notify_close();
	close(fd);
}
END_TEST

START_TEST(without_a_socket_nothing_happens)
{
	unsetenv("NOTIFY_SOCKET");
	tg_notify_open();
	tg_notify_send("READY=1");
	setenv("NOTIFY_SOCKET", "relative", 1);
	tg_notify_open();
	setenv("NOTIFY_SOCKET", "/nonexistent/socket", 1);
	tg_notify_open();
	tg_notify_send("READY=1");
	tg_notify_close();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("static_notify");
	TCase *tc = tcase_create("notify");

	tcase_add_test(tc, a_path_and_an_abstract_name_are_told);
	tcase_add_test(tc, without_a_socket_nothing_happens);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
