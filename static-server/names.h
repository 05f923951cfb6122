/*
 * names.h -- what a file's name says: whether it may be served, its type, how long it may be cached.
 */
#ifndef TG_STATIC_NAMES_H
#define TG_STATIC_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/**
 * tg_name_is_safe(path):
 * Whether ${path} ("index.html", "assets/a.js") is a name we serve: at most TG_PATH_MAX - 1 bytes, segments
 * of letters, digits, "-", "_" and ".", none empty and none beginning with a dot.  Such a path needs no
 * escaping in a URL, a header, a log line or a shell.
 */
bool tg_name_is_safe(const char *path);

/** tg_name_type(path): The content type by extension; "application/octet-stream" when unknown.  Static. */
const char *tg_name_type(const char *path);

/**
 * tg_name_is_active(path): Whether a browser may run the file (as document, script or worker), so that its
 * answer must carry the policies that bind what runs.  Unknown types count as active.
 */
bool tg_name_is_active(const char *path);

/**
 * tg_name_is_hashed(path):
 * Whether the last segment carries a content hash, "-XXXXXXXX." with at least 8 letters and digits, so that
 * its bytes can never change under that name.  Eight lower-case letters are taken for a word:
 * "my-document.js" must not be cached for a year; a hash that happens to look like a word is merely cached
 * less.  HTML never is.
 */
bool tg_name_is_hashed(const char *path);

#endif
