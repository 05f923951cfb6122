/*
 * frame_echo.h -- write a decoded frame again from its fields alone, with nothing but the plain msgpack
 * writer.
 *
 * If the bytes differ from the input, the decoder let something pass that no encoder writes.
 */
#ifndef TEST_FRAME_ECHO_H
#define TEST_FRAME_ECHO_H

#include "wire/frame.h"
#include "wire/writer.h"

static inline void
echo_proof(struct tg_buf *out, const struct tg_sig *sig)
{
	tg_write_bin(out, sig, sig != NULL ? TG_SIG_BYTES : 0);
}

static inline void
echo_str(struct tg_buf *out, struct tg_bytes s)
{
	tg_write_str(out, (const char *)s.data, s.len);
}

/* A HELLO whose limits have more than six elements cannot come back: returns 0 for it, else 1. */
static inline int
frame_echo(const struct tg_frame *f, struct tg_buf *out)
{
	switch (f->type) {
	case TG_FRAME_HELLO:
		tg_write_array(out, f->from_relay ? 7 : 4);
		tg_write_uint(out, f->type);
		tg_write_uint(out, TG_PROTOCOL_VERSION);
		if (f->from_relay) {
			const struct tg_relay_hello *h = &f->u.relay_hello;

			echo_str(out, h->software);
			tg_write_array(out, TG_FRAME_LIMITS_COUNT);
			tg_write_uint(out, h->limits.frame_bytes);
			tg_write_uint(out, h->limits.message_bytes);
			tg_write_uint(out, h->limits.topics);
			tg_write_uint(out, h->limits.main_age_ms);
			tg_write_uint(out, h->limits.side_age_ms);
			tg_write_uint(out, h->limits.queue_bytes);
			tg_write_bin(out, h->epoch, TG_RELAY_EPOCH_BYTES);
			tg_write_uint(out, h->time_ms);
			tg_write_bin(out, h->challenge, TG_CHALLENGE_BYTES);
			return out->len == f->raw.len;
		}
		echo_str(out, f->u.client_hello.software);
		echo_str(out, f->u.client_hello.host);
		break;
	case TG_FRAME_SUB:
		tg_write_array(out, 6);
		tg_write_uint(out, f->type);
		tg_write_bin(out, f->u.sub.topic, TG_HASH_BYTES);
		tg_write_bin(out, f->u.sub.write_key, TG_KEY_BYTES);
		tg_write_bin(out, f->u.sub.read_key, TG_KEY_BYTES);
		echo_proof(out, f->u.sub.read_proof);
		echo_proof(out, f->u.sub.write_proof);
		break;
	case TG_FRAME_UNSUB:
		tg_write_array(out, 2);
		tg_write_uint(out, f->type);
		tg_write_bin(out, f->u.unsub.topic, TG_HASH_BYTES);
		break;
	case TG_FRAME_PUB:
		tg_write_array(out, 7);
		tg_write_uint(out, f->type);
		tg_write_bin(out, f->u.pub.topic, TG_HASH_BYTES);
		tg_write_uint(out, f->u.pub.class);
		tg_write_uint(out, f->u.pub.flags);
		tg_write_uint(out, f->u.pub.time_ms);
		tg_write_bin(out, f->u.pub.payload.data, f->u.pub.payload.len);
		tg_write_bin(out, f->u.pub.sig, TG_SIG_BYTES);
		break;
	case TG_FRAME_OK:
		tg_write_array(out, 2);
		tg_write_uint(out, f->type);
		tg_write_bin(out, f->u.ok.id, TG_FRAME_ID_BYTES);
		break;
	case TG_FRAME_ERR:
		tg_write_array(out, 4);
		tg_write_uint(out, f->type);
		tg_write_bin(out, f->u.err.id, TG_FRAME_ID_BYTES);
		tg_write_uint(out, f->u.err.code);
		echo_str(out, f->u.err.text);
		break;
	case TG_FRAME_DRAIN:
		tg_write_array(out, 2);
		tg_write_uint(out, f->type);
		tg_write_uint(out, f->u.drain.within_ms);
		break;
	}
	return 1;
}

#endif
