#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include <toygrid/status.h>

#include "cli/read_in.h"
#include "files/paste.h"

int
tg_read_format(const char *name, const char *path, enum tg_read_format *format)
{
	static const struct {
		const char *name;
		enum tg_read_format format;
	} names[] = {{"text", TG_READ_TEXT}, {"txt", TG_READ_TEXT}, {"markdown", TG_READ_MARKDOWN},
	    {"md", TG_READ_MARKDOWN}, {"html", TG_READ_HTML}, {"htm", TG_READ_HTML}};
	const char *dot;

	if (name == NULL) {
		if ((dot = strrchr(path, '.')) == NULL || strchr(dot, '/') != NULL)
			return 1;
		name = dot + 1;
	}
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcasecmp(name, names[i].name) == 0) {
			*format = names[i].format;
			return 0;
		}
	return 1;
}

int
tg_read_there(const char *path)
{
	struct stat st;

	if (strcmp(path, "-") == 0)
		return 1;
	if (stat(path, &st) == 0) {
		if (!S_ISDIR(st.st_mode))
			return 1;
		errno = EISDIR;
	}
	fprintf(stderr, "toygrid: %s: %s\n", path, strerror(errno));
	return 0;
}

int
tg_read_file(const char *path, struct tg_buf *out)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	static char block[65536];
	const char *why = NULL;
	size_t n;

	if (f == NULL) {
		fprintf(stderr, "toygrid: %s: %s\n", path, strerror(errno));
		return 1;
	}
	while (why == NULL && (n = fread(block, 1, sizeof block, f)) > 0) {
		tg_buf_put(out, block, n);
		if (tg_buf_status(out) != TG_OK)
			why = "out of memory";
		if (out->len > TG_PASTE_BYTES_MAX)
			why = "more than 16 MiB";
	}
	if (why == NULL && ferror(f))
		why = strerror(errno);
	if (f != stdin)
		fclose(f);
	if (why != NULL)
		fprintf(stderr, "toygrid: %s: %s\n", path, why);
	return why != NULL;
}

/* The text in the words of its format. */
static int
read_as(struct tg_paste *p, const struct tg_buf *text, enum tg_read_format format, struct tg_buf *title)
{
	const char *data = text->len > 0 ? (const char *)text->data : "";

	switch (format) {
	case TG_READ_MARKDOWN:
		return tg_paste_markdown(p, data, text->len);
	case TG_READ_HTML:
		return tg_paste_html(p, data, text->len, title);
	default:
		return tg_paste_plain(p, data, text->len);
	}
}

/* The first edit answers the question. */
static int
take_note(void *ctx, const struct tg_buf *edits, uint32_t count)
{
	(void)edits;
	*(uint32_t *)ctx += count;
	return TG_ECLOSED;
}

int
tg_read_nothing(const struct tg_buf *text, enum tg_read_format format)
{
	uint32_t edits = 0;
	struct tg_paste p;
	int rc, end;

	tg_paste_init(&p, 0, 0, take_note, &edits);
	rc = read_as(&p, text, format, NULL);
	end = tg_paste_end(&p);
	tg_paste_free(&p);
	return rc == TG_OK && end == TG_OK && edits == 0;
}

static int
take(void *ctx, const struct tg_buf *edits, uint32_t count)
{
	return tg_client_edit(ctx, edits, count);
}

int
tg_read_in(struct tg_client *s, const char *path, const struct tg_buf *text, enum tg_read_format format,
    int objects, uint32_t at, struct tg_buf *title)
{
	struct tg_paste p;
	int rc, end;

	/* The clock tells this text's lists from those of another time; others cannot choose what it says. */
	tg_paste_init(&p, at, (uint32_t)(tg_host_now_ms() / 10), take, s);
	p.flat = !objects;
	rc = read_as(&p, text, format, title);
	end = tg_paste_end(&p);
	tg_paste_free(&p);
	if (rc == TG_OK)
		rc = end;
	if (rc == TG_EFORMAT)
		fprintf(stderr, "toygrid: %s: this is no text in UTF-8\n", path);
	else if (rc == TG_ELIMIT)
		fprintf(stderr, "toygrid: %s: nested too deep, or too many cells and notes\n", path);
	else if (rc == TG_EPERM)
		fprintf(stderr, "toygrid: not written: this link does not allow it\n");
	else if (rc != TG_OK)
		fprintf(stderr, "toygrid: %s: not written: %s\n", path, tg_status_text(rc));
	return rc != TG_OK;
}
