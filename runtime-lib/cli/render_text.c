/* Plain text: one line per block (a line break inside a block is one too), nothing else. */
#include "cli/document.h"

void
tg_render_text(const struct tg_document *d, struct tg_buf *out)
{
	size_t i, j;

	for (i = 0; i < d->block_count; i++) {
		for (j = 0; j < d->blocks[i].span_count; j++) {
			const struct tg_span *s = &d->spans[d->blocks[i].first_span + j];

			if (s->atom)
				tg_put_text(out, "\xef\xbf\xbc"); /* U+FFFC, the sign for an object */
			else
				tg_buf_put(out, d->text.data + s->at, s->len);
		}
		tg_buf_u8(out, '\n');
	}
}
