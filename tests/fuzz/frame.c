/*
 * Relay frames on hostile bytes: whatever is accepted says where it ends within the input, and written again
 * from its fields gives the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>

#include "fuzz/target.h"
#include "wire/frame_echo.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t at = 0, used;

	while (at < len) {
		struct tg_frame frame;
		struct tg_buf again = {0};
		int rc = tg_frame_decode(data + at, len - at, &frame, &used);

		if ((rc == TG_OK) != (used > 0) || used > len - at || used > TG_FRAME_MAX_BYTES)
			abort();
		if (rc != TG_OK && rc != TG_ETRUNCATED && rc != TG_EFORMAT && rc != TG_ETOOBIG &&
		    rc != TG_EVERSION)
			abort();
		if (rc != TG_OK)
			return 0;
		if (frame_echo(&frame, &again) &&
		    (again.len != used || memcmp(again.data, data + at, used) != 0))
			abort();
		tg_buf_free(&again);
		at += used;
	}
	return 0;
}
