/*
 * The part of a link behind "#/".  Base64url (RFC 4648 section 5) without padding, in its only canonical
 * form: the unused low bits of a last character are zero, so one secret has one link.
 */
#include <string.h>

#include <toygrid/access.h>
#include <toygrid/status.h>

#define CHARS32 43 /* base64url characters of 32 bytes */
#define CHARS64 86

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char mode_letters[] = "?vce"; /* by enum tg_mode */

static char *
put64(char *out, const uint8_t *data, size_t len)
{
	uint32_t bits = 0;
	int have = 0;

	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | data[i];
		for (have += 8; have >= 6; have -= 6)
			*out++ = alphabet[bits >> (have - 6) & 63];
	}
	if (have)
		*out++ = alphabet[bits << (6 - have) & 63];
	tg_wipe(&bits, sizeof bits);
	return out;
}

/* Not by table: which character was read must not show in memory access (a secret passes through). */
static int
value_of(unsigned char c)
{
	int v = -1;

	for (int i = 0; i < 64; i++)
		v = (unsigned char)alphabet[i] == c ? i : v;
	return v;
}

static int
get64(const char *text, uint8_t *out, size_t len)
{
	uint32_t bits = 0;
	int have = 0;

	for (size_t i = 0; i < len;) {
		int v = value_of((unsigned char)*text++);

		if (v < 0)
			return TG_EFORMAT;
		bits = bits << 6 | (uint32_t)v;
		if ((have += 6) >= 8) {
			have -= 8;
			out[i++] = (uint8_t)(bits >> have);
		}
	}
	return bits & ((1u << have) - 1) ? TG_EFORMAT : TG_OK;
}

size_t
tg_link_format(const struct tg_link *link, char out[TG_LINK_MAX_BYTES + 1])
{
	uint8_t both[64];
	char *p = out;

	*p++ = 'g';
	*p++ = '/';
	p = put64(p, link->grid.b, sizeof link->grid.b);
	*p++ = '/';
	*p++ = mode_letters[link->mode];
	memcpy(both, link->secret.b, 32);
	memcpy(both + 32, link->w.b, 32);
	p = put64(p, both, link->mode == TG_MODE_VIEW ? 64 : 32);
	*p = '\0';
	tg_wipe(both, sizeof both);
	return (size_t)(p - out);
}

int
tg_link_parse(const char *text, size_t len, struct tg_link *link)
{
	const size_t head = 2 + CHARS32 + 2;
	uint8_t both[64];
	size_t want;
	int rc = TG_EFORMAT;

	memset(link, 0, sizeof *link);
	if (len != head + CHARS32 && len != head + CHARS64)
		return TG_EFORMAT;
	if (text[0] != 'g' || text[1] != '/' || text[head - 2] != '/')
		return TG_EFORMAT;
	for (int mode = TG_MODE_VIEW; mode <= TG_MODE_EDIT; mode++)
		if (text[head - 1] == mode_letters[mode])
			link->mode = (enum tg_mode)mode;
	want = link->mode == TG_MODE_VIEW ? sizeof both : sizeof both / 2;
	if (link->mode == TG_MODE_REPLICA || len - head != (want == 64 ? CHARS64 : CHARS32))
		goto wipe;
	if ((rc = get64(text + 2, link->grid.b, sizeof link->grid.b)) != TG_OK)
		goto wipe;
	memset(both, 0, sizeof both);
	if ((rc = get64(text + head, both, want)) != TG_OK)
		goto wipe;
	memcpy(link->secret.b, both, 32);
	memcpy(link->w.b, both + 32, 32);
	tg_wipe(both, sizeof both);
	return TG_OK;

wipe:
	tg_wipe(both, sizeof both);
	tg_wipe(link, sizeof *link);
	return rc;
}
