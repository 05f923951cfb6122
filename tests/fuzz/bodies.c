/* The body of a message: each decoder, each iterator to its end, and decode(encode(decode(x))) for the flat
 * ones. */
#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>

#include "fuzz/target.h"
#include "sync/bodies.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tg_bytes body = {data, size}, name, payload, element, stored;
	struct tg_presence presence;
	struct tg_buf again = {0};
	struct tg_log_state state;
	struct tg_want_range range;
	struct tg_hash locator;
	struct tg_text_ref ref;
	struct tg_have have;
	struct tg_want want;
	struct tg_data in;
	struct tg_call call;
	struct tg_reply reply;
	uint64_t n = 0;

	if (tg_have_get(body, &have) == TG_OK && have.is_list) {
		while (tg_have_next(&have.list, &state))
			n++;
		if (!(n == have.count))
			abort();
	}
	if (tg_want_get(body, &want) == TG_OK) {
		for (n = 0; tg_want_next_range(&want.ranges, &range); n++)
			;
		if (!(n == want.range_count))
			abort();
		for (n = 0; tg_want_next_locator(&want.locators, &locator); n++)
			;
		if (!(n == want.locator_count))
			abort();
	}
	if (tg_data_get(body, &in) == TG_OK) {
		for (n = 0; tg_data_next(&in.runs, &element); n++)
			;
		if (!(n == in.run_count))
			abort();
		for (n = 0; tg_data_next(&in.chunks, &element); n++)
			(void)!tg_data_chunk_get(element, &locator, &stored);
		if (!(n == in.chunk_count))
			abort();
	}
	if (tg_presence_get(body, &presence) == TG_OK) {
		for (n = 0; tg_presence_next(&presence.version, &ref); n++)
			;
		if (!(n == presence.version_count))
			abort();
	}
	if (tg_cast_get(body, &call) == TG_OK) {
		tg_cast_put(&again, &call);
		if (!(again.len == size && memcmp(again.data, data, size) == 0))
			abort();
	}
	tg_buf_reset(&again);
	if (tg_call_get(body, &call) == TG_OK) {
		tg_call_put(&again, &call);
		if (!(again.len == size && memcmp(again.data, data, size) == 0))
			abort();
	}
	tg_buf_reset(&again);
	if (tg_reply_get(body, &reply) == TG_OK) {
		tg_reply_put(&again, &reply);
		if (!(again.len == size && memcmp(again.data, data, size) == 0))
			abort();
	}
	tg_buf_reset(&again);
	if (tg_ext_get(body, &name, &payload) == TG_OK) {
		tg_ext_put(&again, name, payload);
		if (!(again.len == size && memcmp(again.data, data, size) == 0))
			abort();
	}
	tg_buf_free(&again);
	return 0;
}
