/* HTML on its way into a document: paste.h says what must hold. */
#include "fuzz/paste.h"

static int
read_html(struct tg_paste *p, const char *text, size_t len)
{
	struct tg_buf title = {0};
	int rc = tg_paste_html(p, text, len, &title);

	tg_buf_free(&title);
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	return fuzz_paste(data, len, read_html);
}
