#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <toygrid/limits.h>

#include "config.h"

enum kind {
	NUMBER, /* uint32_t between least and most */
	TEXT,
	WORD,	/* one of two words: the second stores 1 */
	RATE,	/* PER_S/BURST, or "off" */
	HOST,	/* may be given again; commas separate in the environment */
	SWITCH, /* a flag without value */
};

struct option {
	const char *name;
	enum kind kind;
	size_t at; /* in struct tg_config */
	uint32_t least, most;
	const char *standard;
	const char *value_help; /* for WORD: "first|second" */
	const char *help;	/* NULL: not shown */
};

#define AT(field) offsetof(struct tg_config, field)

static const struct option options[] = {
    {"listen", TEXT, AT(listen), 0, 0, "127.0.0.1:8081", "ADDR:PORT", "where clients connect; port 0: any"},
    {"host", HOST, AT(hosts), 0, 0, "localhost,127.0.0.1,::1", "NAME",
	"a name this relay goes by; repeat for more, the first replaces the standard ones"},
    {"admin", TEXT, AT(admin), 0, 0, "", "ADDR:PORT", "serve /health, /ready and /metrics there"},
    {"tls-cert", TEXT, AT(tls_cert), 0, 0, "", "FILE", "certificate chain (PEM); read again on SIGHUP"},
    {"tls-key", TEXT, AT(tls_key), 0, 0, "", "FILE", "its private key (PEM)"},
    {"log", WORD, AT(log_json), 0, 0, "json", "off|json", "log lines on standard error"},
    {"verify", WORD, AT(verify_once), 0, 0, "each", "each|once",
	"check every signature, or none of a class whose key the connection proved"},
    {"connections", NUMBER, AT(connections), 1, 1000000, "20000", "N",
	"sockets in all (and what ulimit -n allows)"},
    {"sockets-per-address", NUMBER, AT(sockets_per_address), 1, 1000000, "512", "N",
	"of one IPv4 address or IPv6 /64"},
    {"topics-per-socket", NUMBER, AT(topics_per_socket), 1, 65536, "256", "N", "topics of one connection"},
    {"topics", NUMBER, AT(topics), 1, 10000000, "200000", "N", "topics in all"},
    {"queue-bytes", NUMBER, AT(queue_bytes), 4096, 1u << 30, "524288", "N", "what may wait for one reader"},
    {"memory-mib", NUMBER, AT(memory_mib), 1, 1u << 20, "512", "N",
	"what may wait in all, half-received messages too"},
    {"dedup-slots", NUMBER, AT(dedup_slots), 1, 1u << 28, "2000000", "N",
	"frames remembered to refuse duplicates"},
    {"send-buffer-bytes", NUMBER, AT(send_buffer_bytes), 4096, 1u << 24, "65536", "N",
	"kernel send buffer of one socket"},
    {"hello-s", NUMBER, AT(hello_s), 1, 3600, "5", "S", "time for the HTTP headers, and for HELLO"},
    {"idle-s", NUMBER, AT(idle_s), 1, 86400, "300", "S",
	"a connection on no topic closes after this silence"},
    {"ping-s", NUMBER, AT(ping_s), 1, 86400, "45", "S",
	"time between pings, for proxies that cut silent connections"},
    {"drain-ms", NUMBER, AT(drain_ms), 0, 10000, "5000", "MS",
	"on SIGTERM, clients are asked to leave within this"},
    {"main-age-ms", NUMBER, AT(main_age_ms), 1000, 600000, "600000", "MS",
	"how far a main frame's time may be off"},
    {"side-age-ms", NUMBER, AT(side_age_ms), 1000, 600000, "30000", "MS",
	"how far a side frame's time may be off"},
    {"connection-main", RATE, AT(connection_rate[0]), 0, 0, "1000/4000", "PER_S/BURST",
	"one connection's main frames; 4 KiB more cost one more; \"off\": no limit"},
    {"connection-side", RATE, AT(connection_rate[1]), 0, 0, "500/2000", "PER_S/BURST", "its side frames"},
    {"connection-control", RATE, AT(connection_rate[2]), 0, 0, "50/600", "PER_S/BURST", "its SUB and UNSUB"},
    {"address-main", RATE, AT(address_rate[0]), 0, 0, "4000/16000", "PER_S/BURST", "the same of an address"},
    {"address-side", RATE, AT(address_rate[1]), 0, 0, "2000/8000", "PER_S/BURST", NULL},
    {"address-control", RATE, AT(address_rate[2]), 0, 0, "400/6000", "PER_S/BURST", NULL},
    {"topic-main", RATE, AT(topic_rate[0]), 0, 0, "4000/16000", "PER_S/BURST", "the same of a topic"},
    {"topic-side", RATE, AT(topic_rate[1]), 0, 0, "4000/16000", "PER_S/BURST", NULL},
    {"sandbox", WORD, AT(sandbox), 0, 0, "on", "off|on",
	"give up files, new sockets and programs after start"},
    {"self-test-sandbox", SWITCH, AT(self_test_sandbox), 0, 0, NULL, NULL, NULL},
};
#define OPTION_COUNT (sizeof options / sizeof options[0])

static int
parse_number(const char *text, uint32_t least, uint32_t most, uint32_t *out)
{
	char *end;
	unsigned long long v;

	if (!isdigit((unsigned char)text[0]))
		return -1;
	errno = 0;
	v = strtoull(text, &end, 10);
	if (errno != 0 || *end != 0 || v < least || v > most)
		return -1;
	*out = (uint32_t)v;
	return 0;
}

static int
parse_rate(const char *text, struct tg_rate *rate)
{
	char left[16];
	const char *slash = strchr(text, '/');

	if (strcmp(text, "off") == 0) {
		*rate = (struct tg_rate){0, 0};
		return 0;
	}
	if (slash == NULL || (size_t)(slash - text) >= sizeof left)
		return -1;
	memcpy(left, text, (size_t)(slash - text));
	left[slash - text] = 0;
	if (parse_number(left, 1, TG_BURST_MAX, &rate->per_s) != 0)
		return -1;
	return parse_number(slash + 1, 1, TG_BURST_MAX, &rate->burst);
}

/* Names separated by commas. */
static int
add_hosts(struct tg_config *config, const char *text)
{
	while (*text != 0) {
		size_t n = strcspn(text, ",");

		if (n == 0 || n > 255 || config->host_count == TG_CONFIG_HOSTS_MAX)
			return -1;
		for (size_t i = 0; i < n; i++)
			config->hosts[config->host_count][i] = (char)tolower((unsigned char)text[i]);
		config->hosts[config->host_count++][n] = 0;
		text += n + (text[n] == ',');
	}
	return 0;
}

static int
set(struct tg_config *config, const struct option *o, const char *value)
{
	void *field = (char *)config + o->at;
	const char *bar;
	size_t n;

	switch (o->kind) {
	case NUMBER:
		return parse_number(value, o->least, o->most, field);
	case TEXT:
		if (strlen(value) >= TG_CONFIG_TEXT_MAX)
			return -1;
		strcpy(field, value);
		return 0;
	case WORD:
		bar = strchr(o->value_help, '|');
		n = (size_t)(bar - o->value_help);
		if (strcmp(value, bar + 1) == 0)
			*(uint32_t *)field = 1;
		else if (strlen(value) == n && strncmp(value, o->value_help, n) == 0)
			*(uint32_t *)field = 0;
		else
			return -1;
		return 0;
	case RATE:
		return parse_rate(value, field);
	case HOST:
		return add_hosts(config, value);
	case SWITCH:
		*(uint32_t *)field = 1;
		return 0;
	}
	return -1;
}

static void
env_name(const struct option *o, char *name, size_t len)
{
	size_t n = (size_t)snprintf(name, len, "TOYGRID_RELAY_%s", o->name);

	for (size_t i = 0; i < n && i < len; i++)
		name[i] = name[i] == '-' ? '_' : (char)toupper((unsigned char)name[i]);
}

static void
help(FILE *out)
{
	fputs("usage: toygrid-relay [--FLAG VALUE]...\n\n"
	      "Verifies frames, hands them to the readers of their topic, and forgets them.\n\n",
	    out);
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option *o = &options[i];
		char left[64];

		if (o->help == NULL && o->kind == SWITCH)
			continue;
		snprintf(left, sizeof left, "--%s %s", o->name, o->value_help);
		fprintf(out, "  %-34s", left);
		if (o->help != NULL)
			fprintf(out, " %s", o->help);
		fprintf(out, "%s\n", o->standard[0] ? "" : " (none)");
		if (o->standard[0])
			fprintf(out, "  %-34s [%s]\n", "", o->standard);
	}
	fputs("  --print-config                     show what would be used, as JSON, and exit\n"
	      "  --help                             show this and exit\n\n"
	      "Each flag can also be set in the environment: TOYGRID_RELAY_LISTEN for --listen, and so on.\n"
	      "SIGTERM drains and exits, a second one exits at once; SIGHUP reads the certificate again.\n",
	    out);
}

static void
print_text(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\' || (unsigned char)*text < 0x20)
			fprintf(out, "\\u%04x", (unsigned char)*text);
		else
			fputc(*text, out);
	}
	fputc('"', out);
}

static void
print_config(const struct tg_config *config, FILE *out)
{
	fputs("{\n", out);
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option *o = &options[i];
		const void *field = (const char *)config + o->at;
		const struct tg_rate *rate = field;
		const char *bar;

		if (o->kind == SWITCH)
			continue;
		fprintf(out, "%s  \"%s\": ", i ? ",\n" : "", o->name);
		switch (o->kind) {
		case NUMBER:
			fprintf(out, "%u", *(const uint32_t *)field);
			break;
		case TEXT:
			print_text(out, field);
			break;
		case WORD:
			bar = strchr(o->value_help, '|');
			if (*(const uint32_t *)field)
				fprintf(out, "\"%s\"", bar + 1);
			else
				fprintf(out, "\"%.*s\"", (int)(bar - o->value_help), o->value_help);
			break;
		case RATE:
			if (rate->per_s == 0)
				fputs("\"off\"", out);
			else
				fprintf(out, "\"%u/%u\"", rate->per_s, rate->burst);
			break;
		case HOST:
			fputc('[', out);
			for (uint32_t k = 0; k < config->host_count; k++) {
				fputs(k ? ", " : "", out);
				print_text(out, config->hosts[k]);
			}
			fputc(']', out);
			break;
		case SWITCH:
			break;
		}
	}
	fputs("\n}\n", out);
}

static const struct option *
find(const char *name, size_t len)
{
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (strlen(options[i].name) == len && strncmp(options[i].name, name, len) == 0)
			return &options[i];
	return NULL;
}

enum tg_config_outcome
tg_config_read(struct tg_config *config, int argc, char **argv, FILE *out, FILE *err)
{
	int hosts_given = 0, print = 0;

	memset(config, 0, sizeof *config);
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		char name[64];
		const char *value;

		if (options[i].kind == SWITCH)
			continue;
		env_name(&options[i], name, sizeof name);
		if ((value = getenv(name)) != NULL) {
			if (set(config, &options[i], value) != 0) {
				fprintf(err, "toygrid-relay: bad value for %s: %s\n", name, value);
				return TG_CONFIG_BAD;
			}
			hosts_given |= options[i].kind == HOST;
		} else {
			set(config, &options[i], options[i].standard);
		}
	}
	for (int i = 1; i < argc; i++) {
		const char *flag = argv[i], *value = NULL, *equals = strchr(flag, '=');
		const struct option *o = NULL;
		size_t n = equals != NULL ? (size_t)(equals - flag) : strlen(flag);

		if (strcmp(flag, "--help") == 0) {
			help(out);
			return TG_CONFIG_DONE;
		}
		if (strcmp(flag, "--print-config") == 0) {
			print = 1;
			continue;
		}
		if (n > 2 && strncmp(flag, "--", 2) == 0)
			o = find(flag + 2, n - 2);
		if (o == NULL) {
			fprintf(err, "toygrid-relay: unknown flag: %s (see --help)\n", flag);
			return TG_CONFIG_BAD;
		}
		if (o->kind == SWITCH) {
			set(config, o, "");
			continue;
		}
		if (equals != NULL)
			value = equals + 1;
		else if (i + 1 < argc)
			value = argv[++i];
		if (value == NULL) {
			fprintf(err, "toygrid-relay: --%s needs a value: %s\n", o->name, o->value_help);
			return TG_CONFIG_BAD;
		}
		if (o->kind == HOST && !hosts_given) {
			config->host_count = 0;
			hosts_given = 1;
		}
		if (set(config, o, value) != 0) {
			fprintf(err, "toygrid-relay: bad value for --%s: %s (%s)\n", o->name, value,
			    o->value_help);
			return TG_CONFIG_BAD;
		}
	}
	if ((config->tls_cert[0] == 0) != (config->tls_key[0] == 0)) {
		fprintf(err, "toygrid-relay: --tls-cert and --tls-key go together\n");
		return TG_CONFIG_BAD;
	}
	if (print) {
		print_config(config, out);
		return TG_CONFIG_DONE;
	}
	return TG_CONFIG_RUN;
}

int
tg_config_host(const struct tg_config *config, const char *name, size_t len)
{
	if (len > 2 && name[0] == '[' && name[len - 1] == ']') {
		name++;
		len -= 2;
	}
	for (uint32_t i = 0; i < config->host_count; i++)
		if (strlen(config->hosts[i]) == len && memcmp(config->hosts[i], name, len) == 0)
			return 1;
	return 0;
}
