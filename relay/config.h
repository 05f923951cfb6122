/*
 * config.h -- what an operator can set: flags, then TOYGRID_RELAY_* in the environment, then defaults.
 *
 * Every option stands in one table in config.c, from which --help, --print-config and the names in the
 * environment are made.
 */
#ifndef TG_RELAY_CONFIG_H
#define TG_RELAY_CONFIG_H

#include <stdint.h>
#include <stdio.h>

#include "address.h"
#include "bucket.h"

#define TG_CONFIG_HOSTS_MAX 16
#define TG_CONFIG_TEXT_MAX  1024

struct tg_config {
	char listen[TG_CONFIG_TEXT_MAX];      /* ADDR:PORT, [ADDR]:PORT; port 0: any */
	char admin[TG_CONFIG_TEXT_MAX];	      /* the same, or empty: no admin port */
	char hosts[TG_CONFIG_HOSTS_MAX][256]; /* names this relay goes by, lower case */
	uint32_t host_count;
	char tls_cert[TG_CONFIG_TEXT_MAX];
	char tls_key[TG_CONFIG_TEXT_MAX];
	uint32_t log_json;    /* 1 json, 0 off */
	uint32_t verify_once; /* 1: a connection that proved a key publishes its class without a check */
	uint32_t sandbox;
	uint32_t self_test_sandbox;
	uint32_t connections;
	uint32_t sockets_per_address;
	uint32_t topics_per_socket;
	uint32_t topics;
	uint32_t queue_bytes; /* what may wait for one reader */
	uint32_t memory_mib;  /* what may wait for all of them, and half-received messages */
	uint32_t dedup_slots;
	uint32_t send_buffer_bytes;
	uint32_t hello_s; /* time for headers, and again for HELLO */
	uint32_t idle_s;  /* a connection on no topic is closed after this silence */
	uint32_t ping_s;
	uint32_t drain_ms;
	uint32_t main_age_ms, side_age_ms;
	struct tg_rate connection_rate[TG_RATE_KINDS];
	struct tg_rate address_rate[TG_RATE_KINDS];
	struct tg_rate topic_rate[2];
};

enum tg_config_outcome {
	TG_CONFIG_RUN,	/* start the relay */
	TG_CONFIG_DONE, /* the question (--help, --print-config) was answered: exit 0 */
	TG_CONFIG_BAD,	/* one line on stderr says what was wrong: exit 2 */
};

/**
 * tg_config_read(config, argc, argv, out, err):
 * Fill ${config} from defaults, environment and arguments.  Answers go to ${out}, complaints to ${err}, each
 * naming the flag or variable it is about.
 */
enum tg_config_outcome tg_config_read(struct tg_config *config, int argc, char **argv, FILE *out, FILE *err);

/** tg_config_host(config, name, len): 1 when the relay goes by that name; [::1] and ::1 are one name. */
int tg_config_host(const struct tg_config *config, const char *name, size_t len);

#endif
