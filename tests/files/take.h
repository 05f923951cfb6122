/* take.h -- a reader's edits go into the document that is its context. */
#ifndef TG_TESTS_FILES_TAKE_H
#define TG_TESTS_FILES_TAKE_H

#include <toygrid/text.h>

#include "base/buf.h"
#include "wire/writer.h"

static int
take(void *doc, const struct tg_buf *edits, uint32_t count)
{
	struct tg_buf all = {0};
	int rc;

	tg_write_array(&all, count);
	tg_buf_put(&all, edits->data, edits->len);
	rc = tg_doc_edit_msgpack(doc, all.data, all.len, NULL, NULL);
	tg_buf_free(&all);
	return rc;
}

#endif
