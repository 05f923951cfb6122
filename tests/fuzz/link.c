/* A link that parses is written the same way again. */
#include <stdlib.h>
#include <string.h>

#include <toygrid/access.h>
#include <toygrid/status.h>

#include "fuzz/target.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char text[TG_LINK_MAX_BYTES + 1];
	struct tg_link link;

	if (tg_link_parse((const char *)data, len, &link) == TG_OK &&
	    (tg_link_format(&link, text) != len || memcmp(text, data, len) != 0))
		abort();
	return 0;
}
