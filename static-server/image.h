/*
 * image.h -- everything that can be served, as one immutable run of memory.
 *
 * Files, their precompressed twins and the heads of all answers are rendered once, back to back, and the
 * pages are then made read-only: a request is one lookup of an exact path and one send.  No request touches
 * the file system, so there is no path to traverse.  Where the bytes came from (a folder now, a signed
 * release later) is not known here.
 *
 * Layout of one variant (a file in one coding), all in the arena:
 *
 *   head                          common                              body
 *   "Content-Length: 10240\r\n"   "Content-Type: ...\r\n ... \r\n"    10240 bytes
 *   '----------- a whole answer (200), behind status line and Date ----------'
 *                                 '-- a part (206), behind its own length --'
 *   not_modified: "ETag: ...\r\nCache-Control: ...\r\n\r\n"             (304)
 *
 * An image is counted: connections with unsent answers keep the one they began with across a reload.
 */
#ifndef TG_STATIC_IMAGE_H
#define TG_STATIC_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bounds.h"
#include "request.h"

#define TG_ETAG_BYTES 66 /* a quoted SHA-256 in hex */
#define TG_NODE_PATH  "/.well-known/toygrid/node"

struct tg_variant {
	const uint8_t *head; /* NULL: the file is not held in this coding */
	size_t head_len;     /* Content-Length line and common fields */
	const uint8_t *common;
	size_t common_len;
	const uint8_t *body; /* == head + head_len */
	size_t body_len;
	const uint8_t *not_modified;
	size_t not_modified_len;
	char etag[TG_ETAG_BYTES]; /* of these bytes: each coding has its own (RFC 9110 8.8.3.3) */
};

struct tg_file {
	char path[TG_PATH_MAX + 1];		 /* "/app.js" */
	bool is_node;				 /* the node file: not for pages of other sites */
	struct tg_variant variant[TG_ENCODINGS]; /* TG_IDENTITY is always there */
};

/* Answers that are not files. */
enum tg_page {
	TG_PAGE_OPTIONS, /* 204 */
	TG_PAGE_400,
	TG_PAGE_404,
	TG_PAGE_405,
	TG_PAGE_408,
	TG_PAGE_413,
	TG_PAGE_414,
	TG_PAGE_416,
	TG_PAGE_421,
	TG_PAGE_429,
	TG_PAGE_431,
	TG_PAGE_503,
	TG_PAGE_505,
	TG_PAGES
};

struct tg_page_answer {
	const uint8_t *head; /* from Content-Type on; head_len without the text */
	size_t head_len;
	size_t body_len; /* follows the head */
};

/* What goes in.  Borrowed until tg_image_build() returns. */
struct tg_source_file {
	const char *path; /* "/app.js", safe and unique */
	bool is_node;
	const uint8_t *data[TG_ENCODINGS]; /* NULL: none; TG_IDENTITY must be there */
	size_t len[TG_ENCODINGS];
};

struct tg_image; /* opaque but for the functions below */

/**
 * tg_image_build(files, count, out):
 * Render ${count} <= TG_BUNDLE_FILES_MAX + 1 files.  "/index.html" also answers "/".
 * Returns TG_OK with one reference in *out, or
 *   TG_ENOMEM, TG_EEXISTS (a path twice), TG_EINVAL (a path or the count).
 */
int tg_image_build(const struct tg_source_file *files, size_t count, struct tg_image **out)
    __attribute__((warn_unused_result));

/** tg_image_ref(image): Take a reference.  tg_image_unref: give it back; the last one frees.  NULL allowed.
 */
struct tg_image *tg_image_ref(struct tg_image *image);
void tg_image_unref(struct tg_image *image);

/** tg_image_find(image, path): The file at exactly these bytes, or NULL. */
const struct tg_file *tg_image_find(const struct tg_image *image, struct tg_span path);

/** tg_image_page(image, page): A ready answer that is not a file. */
const struct tg_page_answer *tg_image_page(const struct tg_image *image, enum tg_page page);

/** tg_image_files, tg_image_bytes: For people: number of files, and bytes of bodies with twins. */
size_t tg_image_files(const struct tg_image *image);
size_t tg_image_bytes(const struct tg_image *image);

#endif
