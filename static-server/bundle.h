/*
 * bundle.h -- reads a folder into an image.
 *
 * The folder is read once, at start and at SIGHUP, and only with O_RDONLY and O_NOFOLLOW: a symbolic link, a
 * device, a name that is not safe or anything over a limit is an error that names it, so what is served is
 * never a surprise.  The signed release (bundles.md 19.2) will be another reader that ends in
 * tg_image_build().
 */
#ifndef TG_STATIC_BUNDLE_H
#define TG_STATIC_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>

#include "image.h"

/* Why something failed, in words for the operator. */
struct tg_why {
	char text[512];
};

/** tg_why_set(why, format, ...): Like snprintf. */
void tg_why_set(struct tg_why *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

/**
 * tg_bundle_load(dir, node, out, why):
 * Read ${dir} and, unless NULL, the JSON file ${node} (served at TG_NODE_PATH).  "x.br" and "x.gz" beside "x"
 * are its twins; a twin that is not smaller is left out.  ${dir} must hold index.html.
 * Returns TG_OK and one reference in *out, or with the reason in ${why}: TG_EIO (cannot read), TG_EINVAL (not
 * a regular file, unsafe name, twin alone, no index.html, not JSON), TG_ETOOBIG, TG_ENOMEM. Reads and hashes
 * up to 12 MiB: some 30 ms, once per reload.
 */
int tg_bundle_load(const char *dir, const char *node, struct tg_image **out, struct tg_why *why)
    __attribute__((warn_unused_result));

#endif
