/* Plain text: every line is a paragraph. */
#include <string.h>

#include <toygrid/status.h>

#include "base/utf8.h"
#include "files/paste.h"

int
tg_paste_plain(struct tg_paste *p, const char *text, size_t len)
{
	const char *end = text + len, *line, *stop;
	size_t scalars;

	if (len > TG_PASTE_BYTES_MAX)
		return TG_ETOOBIG;
	if (tg_utf8_count((const uint8_t *)text, len, &scalars) != TG_OK || memchr(text, 0, len) != NULL)
		return TG_EFORMAT;
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) /* a byte order mark */
		text += 3;
	for (line = text; line < end && p->status == TG_OK; line = stop + 1) {
		if ((stop = memchr(line, '\n', (size_t)(end - line))) == NULL)
			stop = end;
		tg_paste_block(p, TG_PASTE_PARAGRAPH, "");
		tg_paste_text(
		    p, line, (size_t)(stop - line), 0, ""); /* a carriage return is left out there */
		tg_paste_close(p);
	}
	return p->status;
}
