/* A payload from a relay, under a key the fuzzer does not know how to satisfy; and the same bytes as a plain
 * message sealed by somebody who has the link. */
#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>

#include "fuzz/target.h"
#include "sync/message.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct tg_secret key = {{7}};
	static const struct tg_hash topic = {{8}};
	static const uint8_t nonce[TG_NONCE_BYTES];
	struct tg_buf plain = {0}, payload = {0};
	struct tg_message m;
	uint8_t *out;

	if (!(tg_message_open(&key, &topic, data, size, &plain, &m) != TG_OK))
		abort();
	tg_buf_put(&payload, nonce, sizeof nonce);
	out = tg_buf_space(&payload, size + TG_TAG_BYTES);
	if (!(out != NULL))
		abort();
	tg_seal(&key, nonce, topic.b, sizeof topic.b, data, size, out);
	if (tg_message_open(&key, &topic, payload.data, payload.len, &plain, &m) == TG_OK) {
		if (!(m.body.data >= plain.data && m.body.data + m.body.len <= plain.data + plain.len))
			abort();
		(void)!tg_message_verify(&m);
	}
	tg_buf_free(&plain);
	tg_buf_free(&payload);
	return 0;
}
