#include <arpa/inet.h>
#include <string.h>

#include <toygrid/status.h>

#include "host/relay_url.h"

static int
is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

static int
parse_host(const char *from, size_t len, struct tg_relay_url *url)
{
	size_t i;

	if (len == 0)
		return TG_EFORMAT;
	if (len > TG_RELAY_HOST_MAX)
		return TG_ETOOBIG;
	for (i = 0; i < len; i++)
		url->host[i] = (char)(from[i] >= 'A' && from[i] <= 'Z' ? from[i] - 'A' + 'a' : from[i]);
	url->host[len] = '\0';
	return TG_OK;
}

int
tg_relay_url_parse(const char *text, struct tg_relay_url *url)
{
	unsigned char address[16];
	const char *p, *end;
	size_t i;
	int rc;

	memset(url, 0, sizeof *url);
	if (strncmp(text, "ws://", 5) == 0) {
		p = text + 5;
		url->port = 80;
	} else if (strncmp(text, "wss://", 6) == 0) {
		p = text + 6;
		url->port = 443;
		url->secure = 1;
	} else {
		return TG_EFORMAT;
	}

	if (*p == '[') {
		if ((end = strchr(++p, ']')) == NULL)
			return TG_EFORMAT;
		if ((rc = parse_host(p, (size_t)(end - p), url)) != TG_OK)
			return rc;
		if (inet_pton(AF_INET6, url->host, address) != 1)
			return TG_EFORMAT;
		url->is_address = 1;
		p = end + 1;
	} else {
		end = p + strcspn(p, ":/");
		if ((rc = parse_host(p, (size_t)(end - p), url)) != TG_OK)
			return rc;
		for (i = 0; url->host[i] != '\0'; i++)
			if (!is_name_char(url->host[i]))
				return TG_EFORMAT;
		url->is_address = inet_pton(AF_INET, url->host, address) == 1;
		p = end;
	}

	if (*p == ':') {
		url->port = 0;
		for (p++; *p >= '0' && *p <= '9' && url->port <= 65535; p++)
			url->port = url->port * 10 + (*p - '0');
		if (url->port < 1 || url->port > 65535)
			return TG_EFORMAT;
	}
	if (*p == '\0') {
		strcpy(url->path, "/");
		return TG_OK;
	}
	if (*p != '/')
		return TG_EFORMAT;
	if (strlen(p) > TG_RELAY_PATH_MAX)
		return TG_ETOOBIG;
	for (i = 0; p[i] != '\0'; i++)
		if (p[i] <= ' ' || p[i] == 0x7f || p[i] == '#')
			return TG_EFORMAT;
	strcpy(url->path, p);
	return TG_OK;
}
