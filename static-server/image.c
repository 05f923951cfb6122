#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <sodium.h>
#include <toygrid/status.h>

#include "base/buf.h"
#include "base/mem.h"
#include "image.h"
#include "names.h"

#define FILES_MAX   (TG_BUNDLE_FILES_MAX + 1) /* and the node file */
#define TABLE_SLOTS 256			      /* > 2 * (FILES_MAX + "/"): probes stay short */
_Static_assert(TABLE_SLOTS > 2 * (FILES_MAX + 1), "the table must stay at most half full");

struct tg_image {
	unsigned refs;
	size_t count;
	size_t body_bytes;
	uint8_t *arena; /* mmap, read-only once built */
	size_t arena_len;
	uint8_t slots[TABLE_SLOTS]; /* index into files + 1; 0: empty */
	uint8_t root;		    /* index + 1 of "/index.html"; 0: none */
	struct tg_page_answer pages[TG_PAGES];
	struct tg_file files[FILES_MAX];
};

/*
 * What binds everything that runs in the page (bundles.md 19.3).  connect-src names loopback because a
 * person's own relay and replica speak plain ws and http there.  require-trusted-types-for: text from peers
 * can reach the page only as text.
 */
#define CSP                                                                                                  \
	"default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; "    \
	"img-src 'self' blob: data:; font-src 'self'; manifest-src 'self'; connect-src 'self' https: wss: "  \
	"http://localhost:* ws://localhost:* http://127.0.0.1:* ws://127.0.0.1:*; base-uri 'none'; "         \
	"form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

static const char active_fields[] =
    "Content-Security-Policy: " CSP "\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Embedder-Policy: require-corp\r\n"
    "Permissions-Policy: accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
    "magnetometer=(), microphone=(), midi=(), payment=(), usb=(), browsing-topics=()\r\n"
    "Referrer-Policy: no-referrer\r\n";

/* An error page runs nothing, embeds nothing and is embedded nowhere. */
static const char page_fields[] = "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
				  "Cross-Origin-Resource-Policy: same-origin\r\n"
				  "X-Content-Type-Options: nosniff\r\n"
				  "Referrer-Policy: no-referrer\r\n"
				  "Cache-Control: no-store\r\n";

static const struct {
	const char *fields;
	const char *text;
} pages[TG_PAGES] = {
    [TG_PAGE_OPTIONS] = {"Allow: GET, HEAD, OPTIONS\r\n", NULL},
    [TG_PAGE_400] = {"", "bad request\n"},
    [TG_PAGE_404] = {"", "not found\n"},
    [TG_PAGE_405] = {"Allow: GET, HEAD, OPTIONS\r\n", "method not allowed\n"},
    [TG_PAGE_408] = {"", "request took too long\n"},
    [TG_PAGE_413] = {"", "requests with a body are not accepted\n"},
    [TG_PAGE_414] = {"", "request line too long\n"},
    [TG_PAGE_416] = {"", "range not satisfiable\n"},
    [TG_PAGE_421] = {"", "this host name is not served here\n"},
    [TG_PAGE_429] = {"Retry-After: 2\r\n", "too many requests from this address\n"},
    [TG_PAGE_431] = {"", "request head too large\n"},
    [TG_PAGE_503] = {"Retry-After: 1\r\n", "too many connections\n"},
    [TG_PAGE_505] = {"", "HTTP version not supported\n"},
};

static void
put_text(struct tg_buf *b, const char *text)
{
	tg_buf_put(b, text, strlen(text));
}

static void
put_length(struct tg_buf *b, size_t len)
{
	char line[48];

	snprintf(line, sizeof line, "Content-Length: %zu\r\n", len);
	put_text(b, line);
}

/* Paths are few and chosen by us, so a plain FNV-1a is enough: nobody outside can add a colliding one. */
static unsigned
hash_path(const uint8_t *p, size_t len)
{
	uint32_t h = 2166136261u;
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ p[i]) * 16777619u;
	return h % TABLE_SLOTS;
}

static int
insert_path(struct tg_image *image, const char *path, size_t index)
{
	size_t len = strlen(path);
	unsigned slot = hash_path((const uint8_t *)path, len);

	while (image->slots[slot] != 0) {
		if (strcmp(image->files[image->slots[slot] - 1].path, path) == 0)
			return TG_EEXISTS;
		slot = (slot + 1) % TABLE_SLOTS;
	}
	image->slots[slot] = (uint8_t)(index + 1);
	return TG_OK;
}

const struct tg_file *
tg_image_find(const struct tg_image *image, struct tg_span path)
{
	const struct tg_file *file;
	unsigned slot;

	if (path.len == 0 || path.len > TG_PATH_MAX)
		return NULL;
	if (path.len == 1 && path.p[0] == '/')
		return image->root != 0 ? &image->files[image->root - 1] : NULL;
	for (slot = hash_path(path.p, path.len); image->slots[slot] != 0; slot = (slot + 1) % TABLE_SLOTS) {
		file = &image->files[image->slots[slot] - 1];
		if (tg_span_is(path, file->path))
			return file;
	}
	return NULL;
}

static void
make_etag(const uint8_t *data, size_t len, char etag[TG_ETAG_BYTES])
{
	uint8_t digest[crypto_hash_sha256_BYTES];
	char hex[2 * sizeof digest + 1];

	crypto_hash_sha256(digest, data, len);
	sodium_bin2hex(hex, sizeof hex, digest, sizeof digest);
	etag[0] = '"';
	memcpy(etag + 1, hex, TG_ETAG_BYTES - 2);
	etag[TG_ETAG_BYTES - 1] = '"';
}

/* ETag, Cache-Control, Vary: what a 304 repeats of the 200 (RFC 9110 15.4.5). */
static void
put_validators(struct tg_buf *b, const struct tg_source_file *source, const char *etag)
{
	put_text(b, "ETag: ");
	tg_buf_put(b, etag, TG_ETAG_BYTES);
	put_text(b, "\r\n");
	if (tg_name_is_hashed(source->path) && !source->is_node)
		put_text(b, "Cache-Control: public, max-age=31536000, immutable\r\n");
	else
		put_text(b, "Cache-Control: no-cache\r\n");
	if (source->data[TG_GZIP] != NULL || source->data[TG_BR] != NULL)
		put_text(b, "Vary: Accept-Encoding\r\n");
}

/*
 * Files named by their hash are the same wherever they come from, so any page may load them from any pool
 * member.  The others belong to this origin; above all the node file, which may hold an invitation.
 */
static void
put_common(struct tg_buf *b, const struct tg_source_file *source, enum tg_encoding encoding, const char *etag)
{
	static const char *const names[TG_ENCODINGS] = {NULL, "gzip", "br"};

	put_text(b, "Content-Type: ");
	put_text(b, source->is_node ? "application/json" : tg_name_type(source->path));
	put_text(b, "\r\n");
	if (encoding != TG_IDENTITY) {
		put_text(b, "Content-Encoding: ");
		put_text(b, names[encoding]);
		put_text(b, "\r\n");
	}
	put_validators(b, source, etag);
	put_text(b, "Accept-Ranges: bytes\r\nX-Content-Type-Options: nosniff\r\n");
	if (tg_name_is_hashed(source->path) && !source->is_node)
		put_text(
		    b, "Access-Control-Allow-Origin: *\r\nCross-Origin-Resource-Policy: cross-origin\r\n");
	else
		put_text(b, "Cross-Origin-Resource-Policy: same-origin\r\n");
	if (!source->is_node && tg_name_is_active(source->path))
		put_text(b, active_fields);
	put_text(b, "\r\n");
}

/* While rendering, pointers into the arena hold offsets: the buffer may still move. */
static void
render_variant(struct tg_image *image, struct tg_buf *b, const struct tg_source_file *source,
    enum tg_encoding encoding, struct tg_variant *v)
{
	size_t head, common, body, not_modified;

	make_etag(source->data[encoding], source->len[encoding], v->etag);
	head = b->len;
	put_length(b, source->len[encoding]);
	common = b->len;
	put_common(b, source, encoding, v->etag);
	body = b->len;
	tg_buf_put(b, source->data[encoding], source->len[encoding]);
	not_modified = b->len;
	put_validators(b, source, v->etag);
	put_text(b, "\r\n");

	v->head = (const uint8_t *)head;
	v->head_len = body - head;
	v->common = (const uint8_t *)common;
	v->common_len = body - common;
	v->body = (const uint8_t *)body;
	v->body_len = source->len[encoding];
	v->not_modified = (const uint8_t *)not_modified;
	v->not_modified_len = b->len - not_modified;
	image->body_bytes += v->body_len;
}

static void
render_page(struct tg_buf *b, enum tg_page page, struct tg_page_answer *out)
{
	const char *text = pages[page].text;
	size_t head = b->len;

	if (text != NULL) { /* a 204 has neither type nor length */
		put_text(b, "Content-Type: text/plain; charset=utf-8\r\n");
		put_length(b, strlen(text));
	}
	put_text(b, pages[page].fields);
	put_text(b, page_fields);
	put_text(b, "\r\n");
	out->head = (const uint8_t *)head;
	out->head_len = b->len - head;
	if (text != NULL)
		put_text(b, text);
	out->body_len = b->len - head - out->head_len;
}

/* Copy the rendered bytes to pages of their own, make those read-only, and turn offsets into pointers. */
static int
seal(struct tg_image *image, const struct tg_buf *b)
{
	struct tg_variant *v;
	size_t i, e;

	image->arena = mmap(NULL, b->len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (image->arena == MAP_FAILED) {
		image->arena = NULL;
		return TG_ENOMEM;
	}
	image->arena_len = b->len;
	memcpy(image->arena, b->data, b->len);
	if (mprotect(image->arena, b->len, PROT_READ) != 0)
		return TG_ENOMEM;

	for (i = 0; i < image->count; i++) {
		for (e = 0; e < TG_ENCODINGS; e++) {
			v = &image->files[i].variant[e];
			if (v->head_len == 0)
				continue;
			v->head = image->arena + (size_t)v->head;
			v->common = image->arena + (size_t)v->common;
			v->body = image->arena + (size_t)v->body;
			v->not_modified = image->arena + (size_t)v->not_modified;
		}
	}
	for (i = 0; i < TG_PAGES; i++)
		image->pages[i].head = image->arena + (size_t)image->pages[i].head;
	return TG_OK;
}

int
tg_image_build(const struct tg_source_file *files, size_t count, struct tg_image **out)
{
	struct tg_image *image;
	struct tg_buf b = {0};
	size_t i, e;
	int rc;

	*out = NULL;
	if (count > FILES_MAX)
		return TG_EINVAL;
	if ((image = tg_calloc(1, sizeof *image)) == NULL)
		return TG_ENOMEM;
	image->refs = 1;
	image->count = count;

	for (i = 0; i < count; i++) {
		rc = TG_EINVAL;
		if (files[i].path[0] != '/' || strlen(files[i].path) > TG_PATH_MAX ||
		    files[i].data[TG_IDENTITY] == NULL)
			goto free_image;
		snprintf(image->files[i].path, sizeof image->files[i].path, "%s", files[i].path);
		image->files[i].is_node = files[i].is_node;
		if ((rc = insert_path(image, files[i].path, i)) != TG_OK)
			goto free_image;
		if (strcmp(files[i].path, "/index.html") == 0)
			image->root = (uint8_t)(i + 1);
		for (e = 0; e < TG_ENCODINGS; e++)
			if (files[i].data[e] != NULL)
				render_variant(
				    image, &b, &files[i], (enum tg_encoding)e, &image->files[i].variant[e]);
	}
	for (i = 0; i < TG_PAGES; i++)
		render_page(&b, (enum tg_page)i, &image->pages[i]);

	if ((rc = tg_buf_status(&b)) != TG_OK || (rc = seal(image, &b)) != TG_OK)
		goto free_image;
	tg_buf_free(&b);
	*out = image;
	return TG_OK;

free_image:
	tg_buf_free(&b);
	tg_image_unref(image);
	return rc;
}

struct tg_image *
tg_image_ref(struct tg_image *image)
{
	image->refs++;
	return image;
}

void
tg_image_unref(struct tg_image *image)
{
	if (image == NULL || --image->refs > 0)
		return;
	if (image->arena != NULL)
		munmap(image->arena, image->arena_len);
	tg_free(image);
}

const struct tg_page_answer *
tg_image_page(const struct tg_image *image, enum tg_page page)
{
	return &image->pages[page];
}

size_t
tg_image_files(const struct tg_image *image)
{
	return image->count;
}

size_t
tg_image_bytes(const struct tg_image *image)
{
	return image->body_bytes;
}
