/* Limits per address, and flags. */
#include <arpa/inet.h>
#include <check.h>
#include <stdio.h>
#include <netinet/in.h>
#include <string.h>

#include <toygrid/status.h>

#include "address.h"
#include "config.h"
#include "suite.h"

static const uint8_t seed[16] = {1};

static const struct sockaddr *
addr(const char *text)
{
	static struct sockaddr_storage storage;
	struct sockaddr_in *v4 = (void *)&storage;
	struct sockaddr_in6 *v6 = (void *)&storage;

	memset(&storage, 0, sizeof storage);
	if (strchr(text, ':') != NULL) {
		v6->sin6_family = AF_INET6;
		ck_assert_int_eq(inet_pton(AF_INET6, text, &v6->sin6_addr), 1);
	} else {
		v4->sin_family = AF_INET;
		ck_assert_int_eq(inet_pton(AF_INET, text, &v4->sin_addr), 1);
	}
	return (struct sockaddr *)&storage;
}

START_TEST(connections_of_an_address_are_counted)
{
	struct tg_addresses *a = tg_addresses_new(64, 2, 10, 10, seed);
	struct tg_address *x, *y;

	ck_assert_ptr_nonnull(x = tg_address_enter(a, addr("192.0.2.1"), 0));
	ck_assert_ptr_nonnull(y = tg_address_enter(a, addr("192.0.2.1"), 0));
	ck_assert_ptr_eq(x, y);
	ck_assert_ptr_null(tg_address_enter(a, addr("192.0.2.1"), 0));
	ck_assert_ptr_null(tg_address_enter(a, addr("::ffff:192.0.2.1"), 0));
	ck_assert_ptr_nonnull(tg_address_enter(a, addr("192.0.2.2"), 0));
	tg_address_leave(x);
	ck_assert_ptr_nonnull(tg_address_enter(a, addr("192.0.2.1"), 0));
	tg_addresses_free(a);
}
END_TEST

START_TEST(an_ipv6_64_is_one_address)
{
	struct tg_addresses *a = tg_addresses_new(64, 1, 10, 10, seed);

	ck_assert_ptr_nonnull(tg_address_enter(a, addr("2001:db8:1:2::1"), 0));
	ck_assert_ptr_null(tg_address_enter(a, addr("2001:db8:1:2:ffff::9"), 0));
	ck_assert_ptr_nonnull(tg_address_enter(a, addr("2001:db8:1:3::1"), 0));
	tg_addresses_free(a);
}
END_TEST

START_TEST(the_bucket_empties_and_refills)
{
	struct tg_addresses *a = tg_addresses_new(64, 2, 10, 3, seed);
	struct tg_address *x = tg_address_enter(a, addr("192.0.2.1"), 1000);

	ck_assert(tg_address_take(a, x, 1000) && tg_address_take(a, x, 1000) && tg_address_take(a, x, 1000));
	ck_assert(!tg_address_take(a, x, 1000));
	ck_assert(!tg_address_take(a, x, 1099));
	ck_assert(tg_address_take(a, x, 1100)); /* 10 a second */
	ck_assert(!tg_address_take(a, x, 1100));
	/* Leaving and coming back does not fill it. */
	tg_address_leave(x);
	x = tg_address_enter(a, addr("192.0.2.1"), 1100);
	ck_assert(!tg_address_take(a, x, 1100));
	ck_assert(
	    tg_address_take(a, x, 100000) && tg_address_take(a, x, 100000) && tg_address_take(a, x, 100000));
	ck_assert(!tg_address_take(a, x, 100000)); /* never more than the burst */
	tg_addresses_free(a);
}
END_TEST

START_TEST(the_table_holds_its_capacity_and_forgets_only_the_innocent)
{
	struct tg_addresses *a = tg_addresses_new(1024, 2, 10, 3, seed);
	struct tg_address *x;
	char text[32];
	int i, entered = 0;

	for (i = 0; i < 1024; i++) {
		snprintf(text, sizeof text, "10.0.%d.%d", i / 256, i % 256);
		entered += tg_address_enter(a, addr(text), 0) != NULL;
	}
	ck_assert_int_ge(entered, 1022); /* sets of eight: one may be full early */

	/* Ten thousand passers-by who leave their bucket full are forgotten ... */
	for (i = 0; i < 10000; i++) {
		snprintf(text, sizeof text, "172.16.%d.%d", i / 256, i % 256);
		if ((x = tg_address_enter(a, addr(text), 0)) != NULL)
			tg_address_leave(x);
	}
	/* ... those with connections are not. */
	for (i = 0; i < 16; i++) {
		snprintf(text, sizeof text, "10.0.0.%d", i);
		ck_assert_ptr_nonnull(tg_address_enter(a, addr(text), 0));
		ck_assert_ptr_null(tg_address_enter(a, addr(text), 0));
	}
	tg_addresses_free(a);
}
END_TEST

START_TEST(logged_addresses_are_truncated)
{
	char text[TG_ADDRESS_TEXT_MAX];

	tg_address_text(addr("203.0.113.77"), text);
	ck_assert_str_eq(text, "203.0.113.0");
	tg_address_text(addr("::ffff:203.0.113.77"), text);
	ck_assert_str_eq(text, "203.0.113.0");
	tg_address_text(addr("2001:db8:1234:5678::9"), text);
	ck_assert_str_eq(text, "2001:db8:1234::");
	ck_assert(tg_address_is_loopback(addr("127.9.9.9")) && tg_address_is_loopback(addr("::1")));
	ck_assert(tg_address_is_loopback(addr("::ffff:127.0.0.1")));
	ck_assert(!tg_address_is_loopback(addr("128.0.0.1")) && !tg_address_is_loopback(addr("::2")));
}
END_TEST

static struct tg_config config;
static enum tg_action action;
static struct tg_why why;

static int
parse(char *const *args, char *const *env)
{
	char *const none[] = {NULL};
	int n = 0;

	while (args[n] != NULL)
		n++;
	return tg_config_parse(&config, &action, n, args, env != NULL ? env : none, &why);
}

#define ARGS(...) ((char *[]){"toygrid-static", __VA_ARGS__, NULL})

START_TEST(flags_win_over_the_environment)
{
	char *env[] = {"PATH=/bin", "TOYGRID_STATIC_HEAD_MS=700", "TOYGRID_STATIC_IDLE_MS=800", NULL};

	ck_assert_int_eq(parse(ARGS("--bundle", "d", "--head-ms=900", "--access-log", "json"), env), TG_OK);
	ck_assert_uint_eq(config.head_ms, 900);
	ck_assert_uint_eq(config.idle_ms, 800);
	ck_assert_int_eq(config.access_log, TG_LOG_JSON);
	ck_assert_str_eq(config.bundle, "d");
	ck_assert_uint_eq(config.listen_count, 1);
	ck_assert(config.listen[0].also_v6 && config.sandbox && !config.limit_loopback);
}
END_TEST

START_TEST(what_is_unknown_is_named)
{
	char *env[] = {"TOYGRID_STATIC_HAED_MS=700", NULL};

	ck_assert_int_eq(parse(ARGS("--bundle", "d", "--haed-ms", "9"), NULL), TG_EINVAL);
	ck_assert_ptr_nonnull(strstr(why.text, "--haed-ms"));
	ck_assert_int_eq(parse(ARGS("--bundle", "d"), env), TG_EINVAL);
	ck_assert_ptr_nonnull(strstr(why.text, "TOYGRID_STATIC_HAED_MS"));
	ck_assert_int_eq(parse(ARGS("--bundle", "d", "x"), NULL), TG_EINVAL);
	ck_assert_ptr_nonnull(strstr(why.text, "\"x\""));
	ck_assert_int_eq(parse(ARGS("--bundle"), NULL), TG_EINVAL);
	ck_assert_int_eq(parse(ARGS("--node", "f"), NULL), TG_EINVAL);
	ck_assert_ptr_nonnull(strstr(why.text, "--bundle"));
}
END_TEST

START_TEST(bad_values_are_named)
{
	static const char *const bad[] = {"", "0", "-1", "1x", "99999999999999999999", " 5"};
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ck_assert_msg(parse(ARGS("--bundle", "d", "--head-ms", (char *)bad[i]), NULL) == TG_EINVAL,
		    "\"%s\"", bad[i]);
	ck_assert_ptr_nonnull(strstr(why.text, "head-ms"));
	ck_assert_int_eq(parse(ARGS("--bundle", "d", "--access-log", "xml"), NULL), TG_EINVAL);
	ck_assert_int_eq(parse(ARGS("--bundle", "d", "--tls-cert", "c"), NULL), TG_EINVAL);
	ck_assert_int_eq(parse(ARGS("--bundle", "d", "--listen", ""), NULL), TG_EINVAL);
}
END_TEST

START_TEST(listeners_are_numeric)
{
	static const char *const bad[] = {"8080", ":8080", "localhost", "a.example:80", "127.0.0.1:65536",
	    "[::1:80", "::1:80", "127.0.0.1:", "127.0.0.1:8o", "[::1]80"};
	struct tg_listen listen;
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ck_assert_msg(tg_listen_parse(bad[i], &listen) == TG_EINVAL, "%s", bad[i]);
	ck_assert_int_eq(tg_listen_parse("localhost:1", &listen), TG_OK);
	ck_assert(listen.also_v6);
	ck_assert_int_eq(tg_listen_parse("0.0.0.0:0", &listen), TG_OK);
	ck_assert(!listen.also_v6);
	ck_assert_int_eq(tg_listen_parse("[::]:65535", &listen), TG_OK);
	ck_assert_int_eq(parse(ARGS("--bundle", "d", "--listen", "127.0.0.1:1,[::1]:2"), NULL), TG_OK);
	ck_assert_uint_eq(config.listen_count, 2);
	ck_assert_int_eq(
	    parse(
		ARGS("--bundle", "d", "--listen", "0.0.0.0:1,0.0.0.0:2,0.0.0.0:3,0.0.0.0:4,0.0.0.0:5"), NULL),
	    TG_EINVAL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("static_address");
	TCase *tc = tcase_create("address and flags");

	tcase_add_test(tc, connections_of_an_address_are_counted);
	tcase_add_test(tc, an_ipv6_64_is_one_address);
	tcase_add_test(tc, the_bucket_empties_and_refills);
	tcase_add_test(tc, the_table_holds_its_capacity_and_forgets_only_the_innocent);
	tcase_add_test(tc, logged_addresses_are_truncated);
	tcase_add_test(tc, flags_win_over_the_environment);
	tcase_add_test(tc, what_is_unknown_is_named);
	tcase_add_test(tc, bad_values_are_named);
	tcase_add_test(tc, listeners_are_numeric);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
