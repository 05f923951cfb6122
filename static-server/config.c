#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>

#include "config.h"

enum kind {
	KIND_TEXT,
	KIND_NUMBER,
	KIND_SWITCH,
	KIND_LOG,
	KIND_HOSTS
};

struct flag {
	const char *name;
	const char *value_name;
	enum kind kind;
	size_t offset;
	unsigned min, max; /* of numbers */
	const char *help;
};

#define AT(field) offsetof(struct tg_config, field)
static const struct flag flags[] = {
    {"bundle", "DIR", KIND_TEXT, AT(bundle), 0, 0, "folder to serve, read once (needed)"},
    {"node", "FILE", KIND_TEXT, AT(node), 0, 0, "small JSON file served at " TG_NODE_PATH},
    {"node-hosts", "auto|loopback|any", KIND_HOSTS, AT(node_hosts), 0, 0,
	"host names that may ask for it; auto: any, unless only loopback is listened on"},
    {"listen", "ADDR:PORT[,...]", KIND_TEXT, AT(listen_text), 0, 0,
	"where to serve; 127.0.0.1 takes [::1] as well; port 0: any free one"},
    {"admin", "ADDR:PORT", KIND_TEXT, AT(admin_text), 0, 0, "serve /health, /ready and /metrics there"},
    {"tls-cert", "FILE", KIND_TEXT, AT(tls_cert), 0, 0, "certificate chain (PEM); turns https on"},
    {"tls-key", "FILE", KIND_TEXT, AT(tls_key), 0, 0, "its private key (PEM)"},
    {"access-log", "off|common|json", KIND_LOG, AT(access_log), 0, 0,
	"a line per answer on standard output, addresses truncated"},
    {"max-connections", "N", KIND_NUMBER, AT(max_connections), 1, 1000000, "over all; more get a fast 503"},
    {"address-connections", "N", KIND_NUMBER, AT(address_connections), 1, 65535,
	"of one address (IPv6: one /64)"},
    {"address-rate", "N", KIND_NUMBER, AT(address_rate), 1, 1000000,
	"requests and connections a second of one address"},
    {"address-burst", "N", KIND_NUMBER, AT(address_burst), 1, 1000000, "the same, at once"},
    {"limit-loopback", "on|off", KIND_SWITCH, AT(limit_loopback), 0, 0,
	"hold this machine to the limits of an address too (off: a proxy may be in front)"},
    {"head-ms", "N", KIND_NUMBER, AT(head_ms), 50, 600000, "for a whole request head, or a TLS handshake"},
    {"idle-ms", "N", KIND_NUMBER, AT(idle_ms), 50, 3600000, "for a connection without a request"},
    {"send-ms", "N", KIND_NUMBER, AT(send_ms), 50, 600000, "over which the least rate is measured"},
    {"min-rate", "BYTES", KIND_NUMBER, AT(min_rate), 1, 1u << 30, "least bytes a second a reader takes"},
    {"drain-ms", "N", KIND_NUMBER, AT(drain_ms), 0, 600000, "after SIGTERM, for answers on their way"},
    {"sandbox", "on|off", KIND_SWITCH, AT(sandbox), 0, 0,
	"give up writing, connecting and executing after start (off: only for debuggers)"},
};
#undef AT
#define FLAGS (sizeof flags / sizeof flags[0])

static const char env_prefix[] = "TOYGRID_STATIC_";

static void
set_defaults(struct tg_config *c)
{
	memset(c, 0, sizeof *c);
	c->listen_text = "127.0.0.1:8080";
	c->sandbox = true;
	c->max_connections = TG_MAX_CONNECTIONS_DEFAULT;
	c->address_connections = TG_ADDRESS_CONNECTIONS_DEFAULT;
	c->address_rate = TG_ADDRESS_RATE_DEFAULT;
	c->address_burst = TG_ADDRESS_BURST_DEFAULT;
	c->head_ms = TG_HEAD_MS_DEFAULT;
	c->idle_ms = TG_IDLE_MS_DEFAULT;
	c->send_ms = TG_SEND_MS_DEFAULT;
	c->min_rate = TG_MIN_RATE_DEFAULT;
	c->drain_ms = TG_DRAIN_MS_DEFAULT;
}

static int
choose(const char *value, const char *const *words, int count)
{
	int i;

	for (i = 0; i < count; i++)
		if (strcmp(value, words[i]) == 0)
			return i;
	return -1;
}

static const char *const switch_words[] = {"off", "on"};
static const char *const log_words[] = {"off", "common", "json"};
static const char *const host_words[] = {"auto", "loopback", "any"};

/* ${shown} is the flag or variable as the operator wrote it. */
static int
set_value(
    struct tg_config *c, const struct flag *flag, const char *shown, const char *value, struct tg_why *why)
{
	void *field = (char *)c + flag->offset;
	unsigned long n;
	char *end;
	int i = 0;

	switch (flag->kind) {
	case KIND_TEXT:
		*(const char **)field = value[0] != '\0' ? value : NULL;
		return TG_OK;
	case KIND_NUMBER:
		n = strtoul(value, &end, 10);
		if (!isdigit((unsigned char)value[0]) || *end != '\0' || n < flag->min || n > flag->max) {
			tg_why_set(why, "%s: \"%s\" is not a number from %u to %u", shown, value, flag->min,
			    flag->max);
			return TG_EINVAL;
		}
		*(unsigned *)field = (unsigned)n;
		return TG_OK;
	case KIND_SWITCH:
		if ((i = choose(value, switch_words, 2)) >= 0)
			*(bool *)field = i;
		break;
	case KIND_LOG:
		if ((i = choose(value, log_words, 3)) >= 0)
			*(enum tg_access_log *)field = (enum tg_access_log)i;
		break;
	case KIND_HOSTS:
		if ((i = choose(value, host_words, 3)) >= 0)
			*(enum tg_any_host *)field = (enum tg_any_host)i;
		break;
	}
	if (i >= 0)
		return TG_OK;
	tg_why_set(why, "%s: \"%s\" is none of %s", shown, value, flag->value_name);
	return TG_EINVAL;
}

static const struct flag *
find_flag(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < FLAGS; i++)
		if (strlen(flags[i].name) == len && memcmp(flags[i].name, name, len) == 0)
			return &flags[i];
	return NULL;
}

static int
read_env(struct tg_config *c, char *const *env, struct tg_why *why)
{
	const size_t prefix_len = sizeof env_prefix - 1;
	const struct flag *flag;
	const char *equals;
	char name[64], shown[96];
	size_t i, n;
	int rc;

	for (; *env != NULL; env++) {
		if (strncmp(*env, env_prefix, prefix_len) != 0 || (equals = strchr(*env, '=')) == NULL)
			continue;
		n = (size_t)(equals - *env) - prefix_len;
		snprintf(shown, sizeof shown, "%.*s", (int)(equals - *env), *env);
		for (i = 0; i < n && i < sizeof name; i++)
			name[i] = (*env)[prefix_len + i] == '_'
				      ? '-'
				      : (char)tolower((unsigned char)(*env)[prefix_len + i]);
		if (n > sizeof name || (flag = find_flag(name, n)) == NULL) {
			tg_why_set(why, "unknown environment variable %s", shown);
			return TG_EINVAL;
		}
		if ((rc = set_value(c, flag, shown, equals + 1, why)) != TG_OK)
			return rc;
	}
	return TG_OK;
}

static int
read_args(struct tg_config *c, enum tg_action *action, int argc, char *const *argv, struct tg_why *why)
{
	const struct flag *flag;
	const char *name, *equals, *value;
	size_t n;
	int i, rc;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0) {
			*action = TG_ACTION_HELP;
			return TG_OK;
		}
		if (strcmp(argv[i], "--print-config") == 0) {
			*action = TG_ACTION_PRINT;
			continue;
		}
		if (strcmp(argv[i], "--self-test") == 0) {
			*action = TG_ACTION_SELF_TEST;
			return TG_OK;
		}
		if (strncmp(argv[i], "--", 2) != 0) {
			tg_why_set(why, "unexpected argument \"%s\" (see --help)", argv[i]);
			return TG_EINVAL;
		}
		name = argv[i] + 2;
		equals = strchr(name, '=');
		n = equals != NULL ? (size_t)(equals - name) : strlen(name);
		if ((flag = find_flag(name, n)) == NULL) {
			tg_why_set(why, "unknown flag --%.*s (see --help)", (int)n, name);
			return TG_EINVAL;
		}
		if (equals != NULL) {
			value = equals + 1;
		} else if (i + 1 < argc) {
			value = argv[++i];
		} else {
			tg_why_set(why, "--%s needs a value: %s", flag->name, flag->value_name);
			return TG_EINVAL;
		}
		if ((rc = set_value(c, flag, flag->name, value, why)) != TG_OK)
			return rc;
	}
	return TG_OK;
}

int
tg_listen_parse(const char *text, struct tg_listen *out)
{
	struct sockaddr_in *v4 = (void *)&out->addr;
	struct sockaddr_in6 *v6 = (void *)&out->addr;
	const char *colon = strrchr(text, ':');
	char host[64], *end;
	unsigned long port;
	size_t n;

	memset(out, 0, sizeof *out);
	if (colon == NULL || !isdigit((unsigned char)colon[1]))
		return TG_EINVAL;
	port = strtoul(colon + 1, &end, 10);
	n = (size_t)(colon - text);
	if (*end != '\0' || port > 65535 || n == 0 || n >= sizeof host)
		return TG_EINVAL;
	memcpy(host, text, n);
	host[n] = '\0';

	if (host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		out->len = sizeof *v6;
		return inet_pton(AF_INET6, host + 1, &v6->sin6_addr) == 1 ? TG_OK : TG_EINVAL;
	}
	v4->sin_family = AF_INET;
	v4->sin_port = htons((uint16_t)port);
	out->len = sizeof *v4;
	if (inet_pton(AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, &v4->sin_addr) != 1)
		return TG_EINVAL;
	out->also_v6 = v4->sin_addr.s_addr == htonl(INADDR_LOOPBACK);
	return TG_OK;
}

static int
read_listeners(struct tg_config *c, struct tg_why *why)
{
	const char *p = c->listen_text, *comma;
	char one[96];
	size_t n;

	for (; p != NULL; p = comma != NULL ? comma + 1 : NULL) {
		comma = strchr(p, ',');
		n = comma != NULL ? (size_t)(comma - p) : strlen(p);
		if (c->listen_count == sizeof c->listen / sizeof c->listen[0]) {
			tg_why_set(why, "listen: more than %zu addresses", c->listen_count);
			return TG_EINVAL;
		}
		snprintf(one, sizeof one, "%.*s", (int)n, p);
		if (tg_listen_parse(one, &c->listen[c->listen_count]) != TG_OK) {
			tg_why_set(why, "listen: \"%s\" is not ADDR:PORT with a numeric address", one);
			return TG_EINVAL;
		}
		c->listen_count++;
	}
	if (c->admin_text != NULL && tg_listen_parse(c->admin_text, &c->admin) != TG_OK) {
		tg_why_set(why, "admin: \"%s\" is not ADDR:PORT with a numeric address", c->admin_text);
		return TG_EINVAL;
	}
	return TG_OK;
}

int
tg_config_parse(struct tg_config *c, enum tg_action *action, int argc, char *const *argv, char *const *env,
    struct tg_why *why)
{
	int rc;

	set_defaults(c);
	*action = TG_ACTION_RUN;
	if ((rc = read_env(c, env, why)) != TG_OK || (rc = read_args(c, action, argc, argv, why)) != TG_OK)
		return rc;
	if (*action == TG_ACTION_HELP || *action == TG_ACTION_SELF_TEST)
		return TG_OK;
	if ((rc = read_listeners(c, why)) != TG_OK)
		return rc;
	if (*action == TG_ACTION_RUN && c->bundle == NULL) {
		tg_why_set(why, "--bundle DIR is needed (see --help)");
		return TG_EINVAL;
	}
	if (c->listen_count == 0) {
		tg_why_set(why, "listen: at least one ADDR:PORT is needed");
		return TG_EINVAL;
	}
	if ((c->tls_cert == NULL) != (c->tls_key == NULL)) {
		tg_why_set(why, "--tls-cert and --tls-key go together");
		return TG_EINVAL;
	}
	return TG_OK;
}

static void
show_value(const struct tg_config *c, const struct flag *flag, FILE *out)
{
	const void *field = (const char *)c + flag->offset;
	const char *text;

	switch (flag->kind) {
	case KIND_TEXT:
		text = *(const char *const *)field;
		fprintf(out, "%s", text != NULL ? text : "");
		break;
	case KIND_NUMBER:
		fprintf(out, "%u", *(const unsigned *)field);
		break;
	case KIND_SWITCH:
		fprintf(out, "%s", switch_words[*(const bool *)field]);
		break;
	case KIND_LOG:
		fprintf(out, "%s", log_words[*(const enum tg_access_log *)field]);
		break;
	case KIND_HOSTS:
		fprintf(out, "%s", host_words[*(const enum tg_any_host *)field]);
		break;
	}
}

void
tg_config_help(FILE *out)
{
	struct tg_config defaults;
	size_t i;

	set_defaults(&defaults);
	fprintf(out, "toygrid-static: serve one folder of small files from memory.\n\n"
		     "usage: toygrid-static --bundle DIR [flags]\n\n");
	for (i = 0; i < FLAGS; i++) {
		fprintf(out, "  --%s %s\n      %s [", flags[i].name, flags[i].value_name, flags[i].help);
		show_value(&defaults, &flags[i], out);
		fprintf(out, "]\n");
	}
	fprintf(out,
	    "  --print-config\n      print what would be used, and exit\n"
	    "  --self-test\n      prove that the sandbox forbids what it should, and exit\n"
	    "  --help\n\n"
	    "Each flag is also an environment variable: --some-name is %sSOME_NAME; the flag wins.\n"
	    "SIGHUP reads bundle, node file and certificate again; SIGTERM drains, a second one stops at "
	    "once.\n",
	    env_prefix);
}

void
tg_config_print(const struct tg_config *c, FILE *out)
{
	size_t i;

	for (i = 0; i < FLAGS; i++) {
		fprintf(out, "%s = ", flags[i].name);
		show_value(c, &flags[i], out);
		fprintf(out, "\n");
	}
}
