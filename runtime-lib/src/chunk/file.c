/*
 * A file is a tree of plain chunks.  The data of a list chunk is
 *
 *	[1, depth, [[name bin32, size uint], ...]]
 *
 * where depth 1 names pieces and depth d lists of depth d - 1; sizes are of the file's bytes below.  Lists
 * are cut by content as the pieces are: a list ends after a name whose first byte has its low bits zero,
 * so a change in the middle of a file leaves the lists behind it as they were.
 */
#include <string.h>

#include <toygrid/chunk.h>
#include <toygrid/status.h>

#include "access/record.h"
#include "base/buf.h"
#include "base/mem.h"
#include "wire/writer.h"

#define LIST_MIN     16	  /* every level is at least this much smaller than the one below */
#define LIST_MASK    0x7f /* ends after one name in 128 */
#define LIST_MAX     256
#define ITEM_MAX     (1 + 2 + TG_HASH_BYTES + 9)
#define LIST_HEADER  3
#define CHILDREN_MAX LIST_MAX

_Static_assert(LIST_MAX <= TG_FILE_FAN_MAX, "fan-out");
_Static_assert(16 + LIST_MAX * ITEM_MAX <= TG_CHUNK_DATA_MAX, "a list fits a chunk");

struct level {
	struct tg_hash names[LIST_MAX];
	uint64_t sizes[LIST_MAX];
	uint32_t count;
	uint32_t lists; /* lists of this level that were put */
};

struct tg_file_writer {
	tg_file_put put;
	void *ctx;
	struct tg_buf pending; /* not cut yet, < TG_PIECE_MAX */
	struct tg_buf record;
	struct tg_buf list;
	uint64_t size;
	struct level *levels[TG_FILE_DEPTH_MAX]; /* levels[d] collects what lists of depth d + 1 will name */
};

struct tg_file_writer *
tg_file_writer_new(tg_file_put put, void *ctx)
{
	struct tg_file_writer *w = tg_calloc(1, sizeof *w);

	if (w != NULL) {
		w->put = put;
		w->ctx = ctx;
	}
	return w;
}

void
tg_file_writer_free(struct tg_file_writer *w)
{
	if (w == NULL)
		return;
	for (int i = 0; i < TG_FILE_DEPTH_MAX; i++)
		tg_free(w->levels[i]);
	tg_buf_free(&w->pending);
	tg_buf_free(&w->record);
	tg_buf_free(&w->list);
	tg_free(w);
}

static int
put_chunk(struct tg_file_writer *w, const void *data, size_t len, struct tg_hash *name)
{
	int rc;

	tg_buf_reset(&w->record);
	if ((rc = tg_chunk_plain(data, len, &w->record, name)) != TG_OK)
		return rc;
	return w->put(w->ctx, name, w->record.data, w->record.len);
}

/* Write what levels[d] holds as a list of depth d + 1. */
static int
put_list(struct tg_file_writer *w, unsigned d, struct tg_hash *name, uint64_t *size)
{
	struct level *level = w->levels[d];
	int rc;

	*size = 0;
	tg_buf_reset(&w->list);
	tg_record_begin(&w->list, LIST_HEADER);
	tg_write_uint(&w->list, d + 1);
	tg_write_array(&w->list, level->count);
	for (uint32_t i = 0; i < level->count; i++) {
		tg_write_array(&w->list, 2);
		tg_write_bin(&w->list, level->names[i].b, TG_HASH_BYTES);
		tg_write_uint(&w->list, level->sizes[i]);
		*size += level->sizes[i];
	}
	if ((rc = tg_buf_status(&w->list)) != TG_OK)
		return rc;
	level->count = 0;
	level->lists++;
	return put_chunk(w, w->list.data, w->list.len, name);
}

/* Name a finished chunk in the level above it; recursion is at most TG_FILE_DEPTH_MAX deep. */
static int
add(struct tg_file_writer *w, unsigned d, const struct tg_hash *name, uint64_t size)
{
	struct level *level;
	struct tg_hash list_name;
	uint64_t list_size;
	int rc;

	if (d == TG_FILE_DEPTH_MAX)
		return TG_ETOOBIG;
	if (w->levels[d] == NULL && (w->levels[d] = tg_calloc(1, sizeof *w->levels[d])) == NULL)
		return TG_ENOMEM;
	level = w->levels[d];
	level->names[level->count] = *name;
	level->sizes[level->count] = size;
	level->count++;
	if (level->count < LIST_MAX && (level->count < LIST_MIN || name->b[0] & LIST_MASK))
		return TG_OK;
	if ((rc = put_list(w, d, &list_name, &list_size)) != TG_OK)
		return rc;
	return add(w, d + 1, &list_name, list_size);
}

static int
cut(struct tg_file_writer *w, int last)
{
	struct tg_hash name;
	size_t at = 0, n;
	int rc = TG_OK;

	while (rc == TG_OK && at < w->pending.len) {
		if ((n = tg_piece_cut(w->pending.data + at, w->pending.len - at, last)) == 0)
			break;
		if ((rc = put_chunk(w, w->pending.data + at, n, &name)) == TG_OK)
			rc = add(w, 0, &name, n);
		at += n;
	}
	memmove(w->pending.data, w->pending.data + at, w->pending.len - at);
	w->pending.len -= at;
	return rc;
}

int
tg_file_write(struct tg_file_writer *w, const void *data, size_t len)
{
	const uint8_t *p = data;
	int rc;

	/* Taken in parts, so that the buffer stays small and no byte is scanned more than a few times. */
	while (len > 0) {
		size_t room = 2 * TG_PIECE_MAX - w->pending.len, n = len < room ? len : room;

		tg_buf_put(&w->pending, p, n);
		if ((rc = tg_buf_status(&w->pending)) != TG_OK)
			return rc;
		p += n;
		len -= n;
		w->size += n;
		if (w->pending.len == 2 * TG_PIECE_MAX && (rc = cut(w, 0)) != TG_OK)
			return rc;
	}
	return TG_OK;
}

int
tg_file_finish(struct tg_file_writer *w, struct tg_file_ref *ref)
{
	struct tg_hash name;
	uint64_t size;
	unsigned d;
	int rc;

	if (w->size == 0) { /* an empty file is one empty chunk */
		*ref = (struct tg_file_ref){.size = 0};
		return put_chunk(w, NULL, 0, &ref->name);
	}
	if ((rc = cut(w, 1)) != TG_OK)
		return rc;
	/* Close the levels from below.  The first that was never closed and holds a single name is done. */
	for (d = 0; d < TG_FILE_DEPTH_MAX; d++) {
		struct level *level = w->levels[d];

		if (level->lists == 0 && level->count == 1) {
			ref->name = level->names[0];
			ref->size = w->size;
			ref->depth = d;
			return TG_OK;
		}
		if (level->count == 0)
			continue;
		if ((rc = put_list(w, d, &name, &size)) != TG_OK)
			return rc;
		if ((rc = add(w, d + 1, &name, size)) != TG_OK)
			return rc;
	}
	return TG_ETOOBIG;
}

int
tg_file_list(
    const struct tg_chunk *chunk, const struct tg_file_ref *ref, uint32_t want, struct tg_file_ref *child)
{
	struct tg_file_ref found = {0};
	struct tg_reader r;
	uint64_t sum = 0;
	uint32_t count;

	if (chunk->is_signed || ref->depth == 0)
		return TG_EFORMAT;
	tg_record_open(&r, chunk->data.data, chunk->data.len, LIST_HEADER);
	if (tg_read_uint(&r, TG_FILE_DEPTH_MAX) != ref->depth)
		tg_reader_fail(&r, TG_EFORMAT);
	count = tg_read_array(&r, 1, TG_FILE_FAN_MAX);
	for (uint32_t i = 0; i < count && tg_reader_status(&r) == TG_OK; i++) {
		struct tg_file_ref item = {.depth = ref->depth - 1};

		tg_read_array(&r, 2, 2);
		tg_read_fixed(&r, item.name.b, sizeof item.name.b);
		item.size = tg_read_uint(&r, ref->size);
		if (item.size == 0 || item.size > ref->size - sum)
			tg_reader_fail(&r, TG_EFORMAT);
		sum += item.size;
		if (i == want)
			found = item;
	}
	if (tg_reader_end(&r) != TG_OK || sum != ref->size)
		return TG_EFORMAT;
	if (want >= count)
		return TG_ERANGE;
	*child = found;
	return TG_OK;
}
