#include <string.h>

#include "bounds.h"
#include "names.h"

struct type {
	const char *extension;
	const char *type;
	bool active;
};

static const struct type types[] = {
    {"html", "text/html; charset=utf-8", true},
    {"js", "text/javascript; charset=utf-8", true},
    {"mjs", "text/javascript; charset=utf-8", true},
    {"svg", "image/svg+xml", true},
    {"css", "text/css; charset=utf-8", false},
    {"wasm", "application/wasm", false},
    {"json", "application/json", false},
    {"map", "application/json", false},
    {"webmanifest", "application/manifest+json", false},
    {"png", "image/png", false},
    {"ico", "image/x-icon", false},
    {"woff2", "font/woff2", false},
    {"txt", "text/plain; charset=utf-8", false},
};
static const struct type unknown = {"", "application/octet-stream", true};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool
is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

bool
tg_name_is_safe(const char *path)
{
	size_t i, n = strlen(path);
	bool at_start = true;

	if (n == 0 || n > TG_PATH_MAX - 1)
		return false;
	for (i = 0; i < n; i++) {
		if (path[i] == '/') {
			if (at_start)
				return false;
			at_start = true;
			continue;
		}
		if (!is_digit(path[i]) && !is_lower(path[i]) && !is_upper(path[i]) && path[i] != '-' &&
		    path[i] != '_' && (path[i] != '.' || at_start))
			return false;
		at_start = false;
	}
	return !at_start;
}

static const char *
last_segment(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static const struct type *
find_type(const char *path)
{
	const char *dot = strrchr(last_segment(path), '.');
	size_t i;

	if (dot != NULL)
		for (i = 0; i < sizeof types / sizeof types[0]; i++)
			if (strcmp(dot + 1, types[i].extension) == 0)
				return &types[i];
	return &unknown;
}

const char *
tg_name_type(const char *path)
{
	return find_type(path)->type;
}

bool
tg_name_is_active(const char *path)
{
	return find_type(path)->active;
}

bool
tg_name_is_hashed(const char *path)
{
	const char *p, *q;
	bool not_a_word;

	if (strcmp(find_type(path)->extension, "html") == 0)
		return false;
	for (p = last_segment(path); (p = strchr(p, '-')) != NULL;) {
		not_a_word = false;
		for (q = ++p; is_digit(*q) || is_lower(*q) || is_upper(*q); q++)
			not_a_word |= !is_lower(*q);
		if (q - p >= 8 && *q == '.' && not_a_word)
			return true;
	}
	return false;
}
