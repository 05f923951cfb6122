/* Relay addresses are read strictly. */
#include <string.h>

#include <check.h>

#include <toygrid/status.h>

#include "host/relay_url.h"
#include "suite.h"

START_TEST(good_addresses_are_read)
{
	static const struct {
		const char *text, *host, *path;
		int port, secure, is_address;
	} good[] = {
	    {"ws://localhost:8081", "localhost", "/", 8081, 0, 0},
	    {"ws://Relay.Example", "relay.example", "/", 80, 0, 0},
	    {"wss://relay.example/a/b?c=d", "relay.example", "/a/b?c=d", 443, 1, 0},
	    {"wss://10.0.0.1:1", "10.0.0.1", "/", 1, 1, 1},
	    {"ws://[::1]:65535/x", "::1", "/x", 65535, 0, 1},
	    {"ws://[2001:DB8::1]", "2001:db8::1", "/", 80, 0, 1},
	};
	struct tg_relay_url url;
	size_t i;

	for (i = 0; i < sizeof good / sizeof *good; i++) {
		ck_assert_msg(tg_relay_url_parse(good[i].text, &url) == TG_OK, "%s", good[i].text);
		ck_assert_str_eq(url.host, good[i].host);
		ck_assert_str_eq(url.path, good[i].path);
		ck_assert_int_eq(url.port, good[i].port);
		ck_assert_int_eq(url.secure, good[i].secure);
		ck_assert_int_eq(url.is_address, good[i].is_address);
	}
}
END_TEST

START_TEST(anything_else_is_refused)
{
	static const char *const bad[] = {"", "localhost:8081", "http://localhost", "ws:/localhost", "ws://",
	    "ws://:80", "ws:///x", "ws://a:0", "ws://a:65536", "ws://a:99999999999999", "ws://a:80x",
	    "ws://a:", "ws://user@host", "ws://a b", "ws://a/b c", "ws://a/#x", "ws://[::1", "ws://[a]",
	    "ws://[::1]x", "ws://a?x", "WS://a", "ws://a/\n", "ws://\xc3\xa4"};
	struct tg_relay_url url;
	char text[600];
	size_t i;

	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(tg_relay_url_parse(bad[i], &url) == TG_EFORMAT, "%s", bad[i]);
	strcpy(text, "ws://");
	memset(text + 5, 'a', 256);
	text[261] = '\0';
	ck_assert_int_eq(tg_relay_url_parse(text, &url), TG_ETOOBIG);
	text[260] = '\0';
	ck_assert_int_eq(tg_relay_url_parse(text, &url), TG_OK);
	text[6] = '/';
	ck_assert_int_eq(tg_relay_url_parse(text, &url), TG_OK);
	memset(text + 5, 'a', 500);
	text[6] = '/';
	text[505] = '\0';
	ck_assert_int_eq(tg_relay_url_parse(text, &url), TG_ETOOBIG);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("relay_url");
	TCase *t = tcase_create("parse");

	tcase_add_test(t, good_addresses_are_read);
	tcase_add_test(t, anything_else_is_refused);
	suite_add_tcase(s, t);
	return suite_run(s);
}
