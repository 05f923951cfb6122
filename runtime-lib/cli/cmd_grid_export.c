/* toygrid grid export: join, catch up, print. */
#include <stdio.h>
#include <string.h>

#include <toygrid/status.h>

#include "cli/commands.h"
#include "cli/document.h"
#include "cli/client.h"

typedef void render_fn(const struct tg_document *d, struct tg_buf *out);

static const struct {
	const char *name;
	render_fn *render;
} formats[] = {
    {"text", tg_render_text},
    {"txt", tg_render_text},
    {"markdown", tg_render_markdown},
    {"md", tg_render_markdown},
    {"html", tg_render_html},
    {"json", tg_render_json},
};

static render_fn *
find_format(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof formats / sizeof *formats; i++)
		if (strcmp(formats[i].name, name) == 0)
			return formats[i].render;
	return NULL;
}

static int
print(struct tg_client *s, render_fn *render)
{
	struct tg_doc *doc = tg_peer_doc(tg_host_peer(s->host), &s->grid);
	struct tg_document d;
	struct tg_buf out = {0};
	int rc = 1;

	if (doc == NULL) {
		fprintf(stderr, "toygrid: the document cannot be read here\n");
		return 1;
	}
	if (tg_document_read(doc, &d) == TG_OK) {
		render(&d, &out);
		if (tg_buf_status(&out) == TG_OK)
			rc = fwrite(out.data, 1, out.len, stdout) != out.len || fflush(stdout) != 0;
	}
	if (rc != 0)
		fprintf(stderr, "toygrid: the document cannot be printed\n");
	tg_document_free(&d);
	tg_buf_free(&out);
	return rc;
}

int
tg_cmd_grid_export(int argc, char **argv)
{
	struct tg_client_options options = {.timeout_s = 30};
	const char *format = "text", *link;
	const struct tg_arg args[] = {
	    {"format", TG_ARG_TEXT, &format, "F",
		"text (txt; one line per block), markdown (md), html or json"},
	    TG_CLIENT_ARGS(options),
	    {0},
	};
	const struct tg_usage usage = {"toygrid grid export LINK [--relay URL] [options]",
	    "Join a document, wait until nothing that others hold is missing, and print it.\n"
	    "Comments are left out: no format has a place for them.  JSON is the body alone, without cells, "
	    "notes, captions.\n"
	    "LINK may be @FILE: the link is read from there and stays out of the list of processes.",
	    args, 1, 1};
	struct tg_client s;
	unsigned words;
	int rc;

	if ((rc = tg_args_parse(&usage, argc, argv, &link, &words)) != TG_ARGS_RUN)
		return rc == TG_ARGS_HELP ? 0 : 2;
	if (find_format(format) == NULL)
		return tg_args_bad(&usage, "--format %s: no such format", format);
	rc = 1;
	if (tg_client_open(&s, &options) == 0 && tg_client_join(&s, link) == 0)
		rc = print(&s, find_format(format));
	tg_client_close(&s);
	return rc;
}
