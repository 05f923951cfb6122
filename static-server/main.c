#include <stdio.h>
#include <unistd.h>

#include <sodium.h>
#include <toygrid/status.h>

#include "config.h"
#include "sandbox.h"
#include "server.h"

extern char **environ;

static struct tg_server server; /* 40 KiB of buffers: not for the stack */

static int
fail(const struct tg_why *why)
{
	fprintf(stderr, "toygrid-static: %s\n", why->text);
	return 1;
}

static int
serve(const struct tg_config *config)
{
	struct tg_why why;

	if (tg_server_start(&server, config, &why) != TG_OK)
		return fail(&why);
	if (!config->sandbox) {
		fprintf(stderr, "toygrid-static: the sandbox is off\n");
	} else if (tg_sandbox_enter(&why) != TG_OK) {
		tg_server_stop(&server);
		return fail(&why);
	}
	tg_server_run(&server);
	tg_server_stop(&server);
	return 0;
}

int
main(int argc, char **argv)
{
	struct tg_config config;
	enum tg_action action;
	struct tg_why why;

	/* Also opens the entropy source now, while a descriptor may still be had. */
	if (sodium_init() < 0) {
		tg_why_set(&why, "no entropy source");
		return fail(&why);
	}
	if (tg_config_parse(&config, &action, argc, argv, environ, &why) != TG_OK)
		return fail(&why);
	switch (action) {
	case TG_ACTION_HELP:
		tg_config_help(stdout);
		return 0;
	case TG_ACTION_PRINT:
		tg_config_print(&config, stdout);
		return 0;
	case TG_ACTION_SELF_TEST:
		return tg_sandbox_self_test(stdout) == TG_OK ? 0 : 1;
	case TG_ACTION_RUN:
		break;
	}
	return serve(&config);
}
