/* Markdown on its way into a document: paste.h says what must hold. */
#include "fuzz/paste.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	return fuzz_paste(data, len, tg_paste_markdown);
}
