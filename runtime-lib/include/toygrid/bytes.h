/*
 * bytes.h -- borrowed bytes: a pointer and a length, owned by someone else.
 */
#ifndef TOYGRID_BYTES_H
#define TOYGRID_BYTES_H

#include <stddef.h>
#include <stdint.h>

struct tg_bytes {
	const uint8_t *data; /* borrowed; may be NULL when len == 0 */
	size_t len;
};

#endif
