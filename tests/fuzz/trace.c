/* Traces on hostile bytes: what is read, written again, gives the same bytes. */
#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>

#include "fuzz/target.h"
#include "host/trace.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct tg_trace_step step;
	struct tg_buf again = {0};
	size_t at;
	int rc;

	if (tg_trace_open(data, len, &at) != TG_OK)
		return 0;
	tg_trace_begin(&again);
	while ((rc = tg_trace_next(data, len, &at, &step)) == TG_OK)
		tg_trace_put(&again, &step);
	if ((rc == TG_ENOTFOUND) != (at == len) || (rc != TG_ENOTFOUND && rc != TG_ETRUNCATED))
		abort();
	if (tg_buf_status(&again) != TG_OK || again.len != at || memcmp(again.data, data, at) != 0)
		abort();
	tg_buf_free(&again);
	return 0;
}
