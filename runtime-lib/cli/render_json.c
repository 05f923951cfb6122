/* JSON: the body, all there is of it, as it is stored: {"title", "blocks": [{"attrs", "runs": [{"text" |
 * "object", "attrs"}]}]}. */
#include <stdio.h>

#include <toygrid/status.h>

#include "cli/document.h"

static void
put_string(struct tg_buf *out, struct tg_bytes text)
{
	char code[8];
	size_t i;

	tg_buf_u8(out, '"');
	for (i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];

		if (c == '"' || c == '\\') {
			tg_buf_u8(out, '\\');
			tg_buf_u8(out, c);
		} else if (c == '\n') {
			tg_put_text(out, "\\n");
		} else if (c < 0x20 || c == 0x7f) {
			snprintf(code, sizeof code, "\\u%04x", c);
			tg_put_text(out, code);
		} else {
			tg_buf_u8(out, c);
		}
	}
	tg_buf_u8(out, '"');
}

/* nil, bool, uint or str (text.h). */
static void
put_value(struct tg_buf *out, struct tg_reader *r)
{
	uint8_t tag = r->at < r->len ? r->data[r->at] : 0xc0;
	char number[24];

	if (tg_read_nil(r)) {
		tg_put_text(out, "null");
	} else if (tag == 0xc2 || tag == 0xc3) {
		tg_put_text(out, tg_read_bool(r) ? "true" : "false");
	} else if (tag < 0x80 || (tag >= 0xcc && tag <= 0xcf)) {
		snprintf(number, sizeof number, "%llu", (unsigned long long)tg_read_uint(r, UINT64_MAX));
		tg_put_text(out, number);
	} else {
		put_string(out, tg_read_str(r, r->len));
	}
}

static void
put_attrs(struct tg_buf *out, const struct tg_format *f)
{
	struct tg_reader r;
	uint32_t i, n = 0;

	tg_buf_u8(out, '{');
	if (f != NULL) {
		tg_reader_init(&r, f->attrs.data, f->attrs.len);
		n = tg_read_array(&r, 0, UINT32_MAX);
	}
	for (i = 0; i < n && tg_reader_status(&r) == TG_OK; i++) {
		if (i > 0)
			tg_buf_u8(out, ',');
		tg_read_array(&r, 2, 2);
		put_string(out, tg_read_str(&r, r.len));
		tg_buf_u8(out, ':');
		put_value(out, &r);
	}
	tg_buf_u8(out, '}');
}

void
tg_render_json(const struct tg_document *d, struct tg_buf *out)
{
	struct tg_bytes title = {(const uint8_t *)d->title, 0};
	size_t i, j;

	while (d->title[title.len] != '\0')
		title.len++;
	tg_put_text(out, "{\"title\":");
	put_string(out, title);
	tg_put_text(out, ",\"blocks\":[");
	for (i = 0; i < d->body.count; i++) {
		tg_put_text(out, i > 0 ? ",\n{\"attrs\":" : "\n{\"attrs\":");
		put_attrs(out, d->blocks[i].format);
		tg_put_text(out, ",\"runs\":[");
		for (j = 0; j < d->blocks[i].span_count; j++) {
			const struct tg_span *s = &d->spans[d->blocks[i].first_span + j];

			tg_put_text(out, j > 0 ? "," : "");
			if (s->atom) {
				tg_put_text(out, "{\"object\":true");
			} else {
				tg_put_text(out, "{\"text\":");
				put_string(out, (struct tg_bytes){d->text.data + s->at, s->len});
			}
			tg_put_text(out, ",\"attrs\":");
			put_attrs(out, s->format);
			tg_buf_u8(out, '}');
		}
		tg_put_text(out, "]}");
	}
	tg_put_text(out, "\n]}\n");
}
