/* toygrid grid create: a new document. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <toygrid/status.h>

#include "cli/commands.h"
#include "cli/node_file.h"
#include "cli/client.h"
#include "wire/writer.h"

static int
create(struct tg_client *s, const char *title)
{
	struct tg_buf event = {0};
	struct tg_reader r;
	int rc;

	tg_command_create(&event, tg_client_request(s), title);
	rc = tg_client_command(s, &event);
	if (rc == TG_OK) {
		tg_reader_init(&r, s->value.data, s->value.len);
		tg_read_fixed(&r, s->grid.b, sizeof s->grid.b);
		rc = tg_reader_end(&r);
	}
	if (rc != TG_OK)
		fprintf(stderr, "toygrid: no document was made: %s\n", tg_status_text(rc));
	return rc != TG_OK;
}

static int
is_live(struct tg_client *s)
{
	return s->links_live > 0;
}

static int
invite(struct tg_client *s, const struct tg_node *node)
{
	struct tg_buf event = {0};
	int rc;

	/* The invitation is sent once, to the relays that are there. */
	if (tg_client_until(s, is_live) != 0) {
		fprintf(stderr, "toygrid: no relay was reached%s%s\n", s->trouble[0] ? ": " : "", s->trouble);
		return 1;
	}
	tg_event_command(&event, tg_client_request(s), TG_COMMAND_INVITE, 5);
	tg_write_bin(&event, s->grid.b, sizeof s->grid.b);
	tg_write_bin(&event, node->node.b, sizeof node->node.b);
	tg_write_bin(&event, node->box.b, sizeof node->box.b);
	tg_write_str(&event, node->name, strlen(node->name));
	tg_write_bin(&event, node->token.b, sizeof node->token.b);
	if ((rc = tg_client_command(s, &event)) != TG_OK)
		fprintf(stderr, "toygrid: the replica was not invited: %s\n", tg_status_text(rc));
	return rc != TG_OK;
}

static int
print_links(struct tg_client *s, const char *origin)
{
	static const char *const names[] = {"edit", "comment", "view"};
	struct tg_buf event = {0};
	struct tg_bytes link;
	struct tg_reader r;
	int i, rc;

	tg_command_grid(&event, tg_client_request(s), TG_COMMAND_LINKS, s->grid.b);
	if ((rc = tg_client_command(s, &event)) != TG_OK) {
		fprintf(stderr, "toygrid: no links: %s\n", tg_status_text(rc));
		return 1;
	}
	tg_reader_init(&r, s->value.data, s->value.len);
	tg_read_array(&r, 3, 3);
	for (i = 0; i < 3; i++) {
		link = tg_read_str(&r, 1024);
		printf("%-7s %s%s%.*s\n", names[i], origin,
		    *origin && origin[strlen(origin) - 1] != '/' ? "/" : "", (int)link.len,
		    (const char *)link.data);
	}
	return tg_reader_end(&r) != TG_OK || fflush(stdout) != 0;
}

int
tg_cmd_grid_create(int argc, char **argv)
{
	struct tg_client_options options = {.timeout_s = 30};
	const char *title = "", *origin = "", *node_file = NULL;
	const struct tg_arg args[] = {
	    {"title", TG_ARG_TEXT, &title, "TEXT", "the document's title"},
	    {"node", TG_ARG_TEXT, &node_file, "FILE",
		"invite the replica described there (peer --node-file), and wait until\nit holds the "
		"document"},
	    {"origin", TG_ARG_TEXT, &origin, "URL", "what the links begin with: http://localhost:8080"},
	    TG_CLIENT_ARGS(options),
	    {0},
	};
	const struct tg_usage usage = {"toygrid grid create --relay URL [--node FILE] [--data DIR] [options]",
	    "Make a document and print its three links: edit, comment, view.  Somebody has to keep it: a "
	    "replica\n"
	    "(--node), or this installation (--data).",
	    args, 0, 0};
	struct tg_client s;
	struct tg_node node;
	unsigned words;
	int rc;

	if ((rc = tg_args_parse(&usage, argc, argv, NULL, &words)) != TG_ARGS_RUN)
		return rc == TG_ARGS_HELP ? 0 : 2;
	if (node_file == NULL && options.data == NULL)
		return tg_args_bad(&usage, "who keeps the document? give --node FILE or --data DIR");
	if (node_file != NULL && options.relays.count == 0)
		return tg_args_bad(&usage, "--node needs --relay");
	if (node_file != NULL && tg_node_read(node_file, &node) != 0) {
		fprintf(
		    stderr, "toygrid: %s: %s\n", node_file, errno ? strerror(errno) : "describes no replica");
		return 1;
	}
	rc = 1;
	if (tg_client_open(&s, &options) == 0 && create(&s, title) == 0 &&
	    (node_file == NULL || invite(&s, &node) == 0) &&
	    tg_client_held(&s, (options.data != NULL) + (node_file != NULL)) == 0)
		rc = print_links(&s, origin);
	tg_client_close(&s);
	return rc;
}
