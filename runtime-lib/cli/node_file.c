#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/node_file.h"
#include "cli/client.h"

/* A JSON string; control characters, which no name or URL should have, are left out. */
static void
put_string(FILE *f, const char *text)
{
	fputc('"', f);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', f);
		if ((unsigned char)*text >= 0x20)
			fputc(*text, f);
	}
	fputc('"', f);
}

int
tg_node_write(const char *path, const struct tg_arg_list *relays, const struct tg_node *node)
{
	char fresh[4096], node_hex[65], box_hex[65], token_hex[65];
	int fd, saved;
	unsigned i;
	FILE *f;

	if (snprintf(fresh, sizeof fresh, "%s.new", path) >= (int)sizeof fresh) {
		errno = ENAMETOOLONG;
		return -1;
	}
	unlink(fresh);
	if ((fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) < 0)
		return -1;
	if ((f = fdopen(fd, "w")) == NULL) {
		saved = errno;
		close(fd);
		goto drop_file;
	}
	tg_hex(node->node.b, 32, node_hex);
	tg_hex(node->box.b, 32, box_hex);
	tg_hex(node->token.b, 32, token_hex);
	fputs("{\"relays\":[", f);
	for (i = 0; i < relays->count; i++) {
		if (i > 0)
			fputc(',', f);
		put_string(f, relays->items[i]);
	}
	fprintf(f, "],\"replica\":{\"node\":\"%s\",\"box\":\"%s\",\"name\":", node_hex, box_hex);
	put_string(f, node->name);
	fprintf(f, ",\"token\":\"%s\"}}\n", token_hex);
	tg_wipe(token_hex, sizeof token_hex);
	if (fflush(f) != 0 || fsync(fd) != 0 || ferror(f)) {
		saved = errno;
		fclose(f);
		goto drop_file;
	}
	if (fclose(f) != 0 || rename(fresh, path) != 0) {
		saved = errno;
		goto drop_file;
	}
	return 0;

drop_file:
	unlink(fresh);
	errno = saved;
	return -1;
}

/* The value of "key":"..." in ${text}, or the first of "key":["..."; what we write ourselves and what `up`
 * writes has no escapes in these. */
static int
find_string(const char *text, const char *key, char *out, size_t room)
{
	char quoted[32];
	const char *p;
	size_t n;

	snprintf(quoted, sizeof quoted, "\"%s\"", key);
	if ((p = strstr(text, quoted)) == NULL)
		return -1;
	p += strlen(quoted);
	p += strspn(p, " \t\r\n");
	if (*p++ != ':')
		return -1;
	p += strspn(p, " \t\r\n[");
	if (*p++ != '"')
		return -1;
	n = strcspn(p, "\"\\");
	if (p[n] != '"' || n >= room)
		return -1;
	memcpy(out, p, n);
	out[n] = '\0';
	return 0;
}

static int
find_hex(const char *text, const char *key, uint8_t out[32])
{
	static const char digits[] = "0123456789abcdef";
	const char *high, *low;
	char hex[65];
	size_t i;

	if (find_string(text, key, hex, sizeof hex) != 0 || strlen(hex) != 64)
		return -1;
	for (i = 0; i < 32; i++) {
		high = strchr(digits, hex[2 * i]);
		low = strchr(digits, hex[2 * i + 1]);
		if (high == NULL || low == NULL)
			return -1;
		out[i] = (uint8_t)((high - digits) << 4 | (low - digits));
	}
	return 0;
}

static int
read_text(const char *path, char *text, size_t room)
{
	size_t n;
	FILE *f;

	if ((f = fopen(path, "r")) == NULL)
		return -1;
	n = fread(text, 1, room - 1, f);
	text[n] = '\0';
	fclose(f);
	errno = 0;
	return 0;
}

int
tg_node_relay(const char *path, char *url, size_t room)
{
	char text[16384];
	int rc;

	if (read_text(path, text, sizeof text) != 0)
		return -1;
	rc = find_string(text, "relays", url, room);
	tg_wipe(text, sizeof text);
	return rc;
}

int
tg_node_read(const char *path, struct tg_node *node)
{
	char text[16384];
	const char *replica;

	memset(node, 0, sizeof *node);
	if (read_text(path, text, sizeof text) != 0)
		return -1;
	if ((replica = strstr(text, "\"replica\"")) == NULL)
		return -1;
	replica += 9;
	if (find_hex(replica, "node", node->node.b) != 0 || find_hex(replica, "box", node->box.b) != 0 ||
	    find_hex(replica, "token", node->token.b) != 0)
		return -1;
	if (find_string(replica, "name", node->name, sizeof node->name) != 0)
		node->name[0] = '\0';
	tg_wipe(text, sizeof text);
	return 0;
}
