/* A head that decodes encodes to the same bytes: its signature is checked over our own encoding. */
#include <stdlib.h>
#include <string.h>

#include <toygrid/log.h>
#include <toygrid/status.h>

#include "fuzz/target.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t again[TG_HEAD_MAX_BYTES];
	struct tg_access access = {0};
	struct tg_head head;
	struct tg_log log;

	if (tg_head_decode(data, len, &head) == TG_OK) {
		if (tg_head_encode(&head, again) != len || memcmp(again, data, len) != 0)
			abort();
		(void)!tg_head_verify(&head);
	}
	/* As the value of an `h` key. */
	if (len > 8 && tg_head_decode(data + 8, len - 8, &head) == TG_OK) {
		access.grid = head.grid;
		access.epoch = head.epoch;
		if (tg_log_open(&log, &access, &head.log, data, len) == TG_OK &&
		    (log.length == 0 || log.head.length > log.length ||
			(log.far && log.far->length <= log.length)))
			abort();
		tg_log_close(&log);
	}
	return 0;
}
