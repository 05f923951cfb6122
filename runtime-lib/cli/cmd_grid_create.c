/* toygrid grid create: a new document. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <toygrid/status.h>

#include "cli/commands.h"
#include "cli/node_file.h"
#include "cli/node_find.h"
#include "cli/client.h"
#include "cli/read_in.h"
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

/* The first content; an HTML page may know its title. */
static int
fill(struct tg_client *s, const char *path, const struct tg_buf *text, enum tg_read_format format,
    int objects, int titled)
{
	struct tg_buf title = {0}, event = {0};
	uint32_t at;
	int rc = tg_client_end(s, &at) != 0 || tg_read_in(s, path, text, format, objects, at, &title) != 0;

	if (rc == 0 && !titled && title.len > 0 && tg_buf_status(&title) == TG_OK) {
		tg_event_command(&event, tg_client_request(s), TG_COMMAND_TITLE, 2);
		tg_write_bin(&event, s->grid.b, sizeof s->grid.b);
		tg_write_str(&event, (const char *)title.data, title.len);
		(void)tg_client_command(s, &event); /* one that is too long is none */
	}
	tg_buf_free(&title);
	return rc;
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
	const char *title = "", *origin = "", *node_file = NULL, *path = NULL, *name = NULL;
	int objects = 0;
	const struct tg_arg args[] = {
	    {"title", TG_ARG_TEXT, &title, "TEXT", "the document's title"},
	    {"from", TG_ARG_TEXT, &path, "FILE", "with the content of FILE (- for standard input)"},
	    {"format", TG_ARG_TEXT, &name, "F",
		"read FILE as text, markdown (md) or html; by default as its name says"},
	    {"objects", TG_ARG_FLAG, &objects, NULL,
		"tables, footnotes and captions as such, which the page does not show yet;\nelse they come "
		"as "
		"text"},
	    {"node", TG_ARG_TEXT, &node_file, "FILE",
		"invite the replica described there (peer --node-file), and wait until\nit holds the "
		"document (the node that ./toygrid up runs here, unless --data or\n--relay is given)"},
	    {"origin", TG_ARG_TEXT, &origin, "URL",
		"what the links begin with, the address of a page such as\nhttp://localhost:8080; without it "
		"they begin with #/"},
	    TG_CLIENT_ARGS(options),
	    {0},
	};
	const struct tg_usage usage = {
	    "toygrid grid create [--node FILE] [--data DIR] [--relay URL] [options]",
	    "Make a document and print its three links: edit, comment, view.  Somebody has to keep it: a "
	    "replica\n"
	    "(--node), or this installation (--data).",
	    args, 0, 0};
	enum tg_read_format format = TG_READ_TEXT;
	struct tg_buf text = {0};
	struct tg_client s;
	struct tg_node_here here;
	struct tg_node node;
	unsigned words;
	int rc;

	if ((rc = tg_args_parse(&usage, argc, argv, NULL, &words)) != TG_ARGS_RUN)
		return rc == TG_ARGS_HELP ? 0 : 2;
	if (node_file == NULL && options.data == NULL) {
		if (options.relays.count == 0 && (rc = tg_node_here("--node", &here)) != 0) {
			if (rc < 0)
				return 2;
			node_file = here.path;
		} else
			return tg_args_bad(&usage, "who keeps the document? give --node FILE or --data DIR");
	}
	if (path == NULL && name != NULL)
		return tg_args_bad(&usage, "--format goes with --from");
	if (path != NULL && tg_read_format(name, path, &format) != 0)
		return name == NULL && !tg_read_there(path)
			   ? 1
			   : tg_args_bad(&usage, "what is %s? give --format text, markdown or html", path);
	if (path != NULL && tg_read_file(path, &text) != 0)
		return 1;
	if (node_file != NULL && tg_node_read(node_file, &node) != 0) {
		fprintf(
		    stderr, "toygrid: %s: %s\n", node_file, errno ? strerror(errno) : "describes no replica");
		return 1;
	}
	if (node_file != NULL && options.relays.count == 0) {
		if (tg_node_relay(node_file, here.relay, sizeof here.relay) != 0) {
			fprintf(stderr, "toygrid: %s: names no relay; give --relay\n", node_file);
			return 1;
		}
		options.relays.items[options.relays.count++] = here.relay;
	}
	rc = 1;
	if (tg_client_open(&s, &options) == 0 && create(&s, title) == 0 &&
	    (path == NULL || fill(&s, path, &text, format, objects, title[0] != '\0') == 0) &&
	    (node_file == NULL || invite(&s, &node) == 0) &&
	    tg_client_held(&s, (options.data != NULL) + (node_file != NULL)) == 0)
		rc = print_links(&s, origin);
	if (rc == 0 && node_file == NULL && !options.quiet)
		fprintf(stderr,
		    "toygrid: only %s has it, and nobody serves it: --node FILE invites a replica, which "
		    "does\n",
		    options.data);
	tg_client_close(&s);
	tg_buf_free(&text);
	return rc;
}
