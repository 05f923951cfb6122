/*
 * config.h -- flags and environment.
 *
 * A flag --some-name VALUE is also TOYGRID_STATIC_SOME_NAME; the flag wins.  An unknown flag or an unknown
 * TOYGRID_STATIC_ variable is an error that names it: a misspelt limit must not be a missing limit.
 */
#ifndef TG_STATIC_CONFIG_H
#define TG_STATIC_CONFIG_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>

#include "bundle.h"
#include "bounds.h"

enum tg_access_log {
	TG_LOG_OFF,
	TG_LOG_COMMON,
	TG_LOG_JSON
};
enum tg_any_host {
	TG_HOST_AUTO,
	TG_HOST_LOOPBACK,
	TG_HOST_ANY
};

struct tg_listen {
	struct sockaddr_storage addr;
	socklen_t len;
	bool also_v6; /* 127.0.0.1: take [::1] as well, since browsers try both for "localhost" */
};

/* Strings are borrowed from argv and the environment. */
struct tg_config {
	const char *bundle;
	const char *node; /* NULL: none */
	const char *listen_text;
	const char *admin_text; /* NULL: no admin port */
	const char *tls_cert, *tls_key;
	struct tg_listen listen[TG_LISTENERS_MAX / 2];
	size_t listen_count;
	struct tg_listen admin;
	enum tg_access_log access_log;
	enum tg_any_host node_hosts;
	bool sandbox;
	bool limit_loopback;
	unsigned max_connections;
	unsigned address_connections, address_rate, address_burst;
	unsigned head_ms, idle_ms, send_ms, drain_ms;
	unsigned min_rate; /* bytes a second */
};

enum tg_action {
	TG_ACTION_RUN,
	TG_ACTION_HELP,
	TG_ACTION_PRINT,
	TG_ACTION_SELF_TEST
};

/**
 * tg_config_parse(config, action, argc, argv, env, why):
 * Fill ${config} from defaults, then ${env} (like environ), then ${argv}.  TG_OK, or TG_EINVAL with ${why}.
 */
int tg_config_parse(struct tg_config *config, enum tg_action *action, int argc, char *const *argv,
    char *const *env, struct tg_why *why) __attribute__((warn_unused_result));

/** tg_config_help(out), tg_config_print(config, out): All flags with their meaning; with their values. */
void tg_config_help(FILE *out);
void tg_config_print(const struct tg_config *config, FILE *out);

/** tg_listen_parse(text, out): "127.0.0.1:80", "[::1]:80", "localhost:80", "0.0.0.0:80".  TG_OK, TG_EINVAL.
 */
int tg_listen_parse(const char *text, struct tg_listen *out) __attribute__((warn_unused_result));

#endif
