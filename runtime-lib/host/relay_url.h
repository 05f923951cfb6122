/*
 * relay_url.h -- a relay's address as people write it: ws://HOST[:PORT][/PATH] or wss://...
 *
 * Strict on purpose: what is not such an address is an error and not a guess, because the host name is signed
 * in every proof to the relay (protocol.md 3).
 */
#ifndef TG_HOST_RELAY_URL_H
#define TG_HOST_RELAY_URL_H

#define TG_RELAY_HOST_MAX 255
#define TG_RELAY_PATH_MAX 255

struct tg_relay_url {
	char host[TG_RELAY_HOST_MAX + 1]; /* lower case; an IPv6 address without its brackets */
	char path[TG_RELAY_PATH_MAX + 1]; /* "/" when none was given */
	int port;			  /* 1 .. 65535 */
	int secure;			  /* wss */
	int is_address;			  /* host is an IPv4 or IPv6 address, not a name */
};

/** tg_relay_url_parse(text, url): TG_OK, or TG_EFORMAT (no such address), TG_ETOOBIG (host or path too long).
 */
int tg_relay_url_parse(const char *text, struct tg_relay_url *url) __attribute__((warn_unused_result));

#endif
