/* toygrid grid heads: the logs of a document. */
#include <stdio.h>

#include <toygrid/status.h>

#include "cli/commands.h"
#include "cli/client.h"

static int
print(struct tg_client *s)
{
	uint8_t log[32], device[32], root[32];
	char log_hex[65], device_hex[65], root_hex[65];
	struct tg_buf event = {0};
	struct tg_reader r;
	uint64_t length;
	uint32_t i, n;
	int rc, own;

	tg_command_grid(&event, tg_client_request(s), TG_COMMAND_HEADS, s->grid.b);
	if ((rc = tg_client_command(s, &event)) != TG_OK) {
		fprintf(stderr, "toygrid: no list of logs: %s\n", tg_status_text(rc));
		return 1;
	}
	tg_reader_init(&r, s->value.data, s->value.len);
	n = tg_read_array(&r, 0, UINT32_MAX);
	for (i = 0; i < n; i++) {
		tg_read_array(&r, 5, 5);
		tg_read_fixed(&r, log, sizeof log);
		tg_read_fixed(&r, device, sizeof device);
		length = tg_read_uint(&r, UINT64_MAX);
		tg_read_fixed(&r, root, sizeof root);
		own = tg_read_bool(&r);
		if (tg_reader_status(&r) != TG_OK)
			break;
		tg_hex(log, 32, log_hex);
		tg_hex(device, 32, device_hex);
		tg_hex(root, 32, root_hex);
		printf("log %s device %s length %llu root %s%s\n", log_hex, device_hex,
		    (unsigned long long)length, root_hex, own ? " own" : "");
	}
	return tg_reader_end(&r) != TG_OK || fflush(stdout) != 0;
}

int
tg_cmd_grid_heads(int argc, char **argv)
{
	struct tg_client_options options = {.timeout_s = 30};
	const struct tg_arg args[] = {TG_CLIENT_ARGS(options), {0}};
	const struct tg_usage usage = {"toygrid grid heads LINK [--relay URL] [options]",
	    "Join a document, wait until nothing that others hold is missing, and print one line per log: "
	    "its key,\n"
	    "its device, how many entries it has and the root of their tree.\n"
	    "LINK may be @FILE: the link is read from there and stays out of the list of processes.",
	    args, 1, 1};
	struct tg_client s;
	const char *link;
	unsigned words;
	int rc;

	if ((rc = tg_args_parse(&usage, argc, argv, &link, &words)) != TG_ARGS_RUN)
		return rc == TG_ARGS_HELP ? 0 : 2;
	rc = 1;
	if (tg_client_open(&s, &options) == 0 && tg_client_join(&s, link) == 0)
		rc = print(&s);
	tg_client_close(&s);
	return rc;
}
