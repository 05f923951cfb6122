/* toygrid grid append: write at the end of a document. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>
#include <toygrid/text.h>

#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/client.h"
#include "cli/read_in.h"
#include "wire/writer.h"

#define WORDS_MAX      1024
#define LINE_MAX_BYTES (1u << 20)

/* One paragraph: a block marker and its text, at item ${at}.  Moves *${at} behind it. */
static int
put_paragraph(struct tg_buf *edits, uint32_t *at, uint32_t *count, const char *text, size_t len)
{
	size_t scalars;

	if (tg_utf8_count((const uint8_t *)text, len, &scalars) != TG_OK) {
		fprintf(stderr, "toygrid: the text is not UTF-8\n");
		return 1;
	}
	tg_write_array(edits, 4);
	tg_write_uint(edits, TG_EDIT_BLOCK);
	tg_write_uint(edits, TG_TEXT_FLOW_BODY);
	tg_write_uint(edits, (*at)++);
	tg_write_array(edits, 0);
	(*count)++;
	if (len == 0)
		return 0;
	tg_write_array(edits, 5);
	tg_write_uint(edits, TG_EDIT_INSERT);
	tg_write_uint(edits, TG_TEXT_FLOW_BODY);
	tg_write_uint(edits, *at);
	tg_write_str(edits, text, len);
	tg_write_array(edits, 0);
	*at += (uint32_t)scalars;
	(*count)++;
	return 0;
}

/* Give the paragraphs gathered so far to the peer. */
static int
send_edits(struct tg_client *s, struct tg_buf *edits, uint32_t *count)
{
	int rc = tg_client_edit(s, edits, *count);

	tg_buf_reset(edits);
	*count = 0;
	if (rc != TG_OK)
		fprintf(stderr, "toygrid: not written: %s\n",
		    rc == TG_EPERM ? "this link does not allow it" : tg_status_text(rc));
	return rc != TG_OK;
}

static int
append(struct tg_client *s, const char *const *texts, unsigned n)
{
	struct tg_buf edits = {0};
	uint32_t at, count = 0;
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	unsigned i;
	int rc;

	if (tg_client_end(s, &at) != 0)
		return 1;
	rc = 0;
	for (i = 0; i < n && rc == 0; i++)
		rc = put_paragraph(&edits, &at, &count, texts[i], strlen(texts[i]));
	while (n == 0 && rc == 0 && (len = getline(&line, &cap, stdin)) >= 0) {
		if (len > 0 && line[len - 1] == '\n')
			len--;
		if ((size_t)len > LINE_MAX_BYTES) {
			fprintf(stderr, "toygrid: a line of more than 1 MiB\n");
			rc = 1;
		} else {
			rc = put_paragraph(&edits, &at, &count, line, (size_t)len);
		}
		/* In pieces, so that a long text neither fills memory nor one edit. */
		if (rc == 0 && (edits.len > 65536 || count > 1000))
			rc = send_edits(s, &edits, &count);
	}
	free(line);
	if (rc == 0 && count > 0)
		rc = send_edits(s, &edits, &count);
	tg_buf_free(&edits);
	return rc;
}

static int
append_file(
    struct tg_client *s, const char *path, const struct tg_buf *text, enum tg_read_format format, int objects)
{
	uint32_t at;

	return tg_client_end(s, &at) != 0 || tg_read_in(s, path, text, format, objects, at, NULL) != 0;
}

/* Waits for the first byte. */
static int
input_ended(void)
{
	int c = getc(stdin);

	return c == EOF || ungetc(c, stdin) == EOF;
}

int
tg_cmd_grid_append(int argc, char **argv)
{
	struct tg_client_options options = {.timeout_s = 30};
	const char *path = NULL, *name = NULL;
	uint64_t safe = UINT64_MAX;
	int objects = 0;
	const struct tg_arg args[] = {
	    {"from", TG_ARG_TEXT, &path, "FILE", "write what is in FILE (- for standard input) instead"},
	    {"format", TG_ARG_TEXT, &name, "F",
		"read FILE as text, markdown (md) or html; by default as its name says"},
	    {"objects", TG_ARG_FLAG, &objects, NULL,
		"tables, footnotes and captions as such, which the page does not show yet;\nelse they come "
		"as "
		"text"},
	    {"safe", TG_ARG_NUMBER, &safe, "N",
		"wait until N devices hold what was written; this one counts only with\n--data (default: one "
		"other, and "
		"this one if it counts)"},
	    {"name", TG_ARG_TEXT, &options.name, "NAME", "sign as NAME (a new installation only)"},
	    TG_CLIENT_ARGS(options),
	    {0},
	};
	const struct tg_usage usage = {"toygrid grid append LINK [--relay URL] [options] [--] [TEXT ...]",
	    "Add paragraphs at the end of a document: each TEXT is one; without TEXT, each line of standard "
	    "input; or the whole content of --from FILE.\n"
	    "LINK may be @FILE: the link is read from there and stays out of the list of processes.",
	    args, 1, WORDS_MAX};
	const char *words[WORDS_MAX];
	enum tg_read_format format = TG_READ_TEXT;
	struct tg_buf text = {0};
	struct tg_client s = {0};
	unsigned n;
	int rc;

	if ((rc = tg_args_parse(&usage, argc, argv, words, &n)) != TG_ARGS_RUN)
		return rc == TG_ARGS_HELP ? 0 : 2;
	if (path == NULL && name != NULL)
		return tg_args_bad(&usage, "--format goes with --from");
	if (path != NULL && n > 1)
		return tg_args_bad(&usage, "give either --from or TEXT");
	if (path != NULL && tg_read_format(name, path, &format) != 0)
		return name == NULL && !tg_read_there(path)
			   ? 1
			   : tg_args_bad(&usage, "what is %s? give --format text, markdown or html", path);
	if (path != NULL && tg_read_file(path, &text) != 0)
		return 1;
	/* Nothing new would ever be held by anybody. */
	if (path != NULL ? tg_read_nothing(&text, format) : n == 1 && input_ended()) {
		fprintf(stderr, "toygrid: nothing to write: there is no text in %s\n",
		    path != NULL && strcmp(path, "-") != 0 ? path : "standard input");
		tg_buf_free(&text);
		return 1;
	}
	if (safe == UINT64_MAX)
		safe = 1 + (options.data != NULL);
	rc = 1;
	if (tg_client_open(&s, &options) == 0 && tg_client_join(&s, words[0]) == 0) {
		if (s.role != 2)
			fprintf(stderr, "toygrid: this link does not allow writing: an edit link does\n");
		else if (path != NULL ? append_file(&s, path, &text, format, objects) == 0
				      : append(&s, words + 1, n - 1) == 0)
			rc = tg_client_held(&s, safe);
	}
	tg_client_close(&s);
	tg_buf_free(&text);
	return rc;
}
