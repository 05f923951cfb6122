/* Relay addresses: what is accepted is within its limits and, written again from its parts, means the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>

#include "fuzz/target.h"
#include "host/relay_url.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct tg_relay_url url, again;
	char text[1024];
	int v6;

	if (len >= 600)
		return 0;
	memcpy(text, data, len);
	text[len] = '\0';
	if (tg_relay_url_parse(text, &url) != TG_OK)
		return 0;
	if (url.host[0] == '\0' || url.path[0] != '/' || url.port < 1 || url.port > 65535)
		abort();
	v6 = strchr(url.host, ':') != NULL;
	snprintf(text, sizeof text, "%s://%s%s%s:%d%s", url.secure ? "wss" : "ws", v6 ? "[" : "", url.host,
	    v6 ? "]" : "", url.port, url.path);
	if (tg_relay_url_parse(text, &again) != TG_OK || memcmp(&url, &again, sizeof url) != 0)
		abort();
	return 0;
}
