/* read_in.h -- a file as the content of a document: Markdown, HTML or plain text. */
#ifndef TG_CLI_READ_IN_H
#define TG_CLI_READ_IN_H

#include "cli/client.h"

/* What a file is read as. */
enum tg_read_format {
	TG_READ_TEXT,
	TG_READ_MARKDOWN,
	TG_READ_HTML,
};

/**
 * tg_read_format(name, path, format):
 * By its name (markdown, md, html, text, txt), or with ${name} NULL by the end of ${path}'s.  0, or 1 when it
 * cannot be told.
 */
int tg_read_format(const char *name, const char *path, enum tg_read_format *format);

/**
 * tg_read_there(path): Is there a file to be read, or is it "-"?  1, or 0 after saying why not on stderr.
 */
int tg_read_there(const char *path);

/** tg_read_file(path, out): A whole file, "-" for standard input.  0, or 1 after saying why on stderr. */
int tg_read_file(const char *path, struct tg_buf *out);

/** tg_read_nothing(text, format): 1 when tg_read_in() would write nothing. */
int tg_read_nothing(const struct tg_buf *text, enum tg_read_format format);

/**
 * tg_read_in(client, path, text, format, objects, at, title):
 * Write ${text} (of ${path}, for complaints) into the client's document, at item ${at} of its view.  ${title}
 * gets that of an HTML page.  Tables, footnotes and captions come as such with ${objects}, else as text.  0,
 * or 1 after saying why on stderr; the beginning may then be written.
 */
int tg_read_in(struct tg_client *s, const char *path, const struct tg_buf *text, enum tg_read_format format,
    int objects, uint32_t at, struct tg_buf *title);

#endif
