/*
 * The relay's core on hostile clients: the input is a story of pieces of messages from two connections, slow
 * and quick sockets, and turns.  Nothing may crash or leak, what a client receives is always whole messages
 * of whole frames, and at the end nothing is left.
 *
 * Input: repeated [what, length u16le, bytes].  what & 1: which client; what & 2, 4: first and last piece of
 * its message; what & 8: text instead of binary; what & 0xf0: 0x10 end the turn, 0x20 toggle slowness, 0x30
 * tick, 0x40 leave and come back, 0x50 break the socket.
 *
 * Both clients are proven for one topic and signatures are not looked at (--verify once), so that a fuzzer,
 * which cannot sign, gets past them.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>

#include "fuzz/target.h"
#include "relay/fake.h"

static struct tg_relay relay;
static struct fake fakes[2];
static uint64_t now;

static void
arrive(struct fake *f)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	struct tg_key w, r;
	struct tg_hash topic;
	struct tg_sub_entry *entry;
	struct tg_buf b = {0};
	struct tg_piece hello = {.first = 1, .last = 1, .binary = 1};
	int made;

	memset(f, 0, sizeof *f);
	f->conn = tg_conn_new(&relay, tg_addresses_get(&relay.addresses, (struct sockaddr *)&sin,
					  relay.config.address_rate, relay.mono_ms));
	tg_conn_established(f->conn, f);
	tg_frame_put_client_hello(&b, "fuzz", "localhost", 9);
	hello.data = b.data;
	hello.len = b.len;
	tg_conn_receive(f->conn, &hello);
	tg_buf_free(&b);
	memset(&w, 0x11, sizeof w);
	memset(&r, 0x22, sizeof r);
	memset(&topic, 0x33, sizeof topic);
	if (tg_topics_join(&relay.topics, &topic, &w, &r, f->conn, &f->conn->subs, &entry, &made) != TG_OK ||
	    tg_topics_allow_read(entry) != TG_OK)
		abort();
	entry->may_write = 1;
	f->conn->sub_count = 1;
}

/* Whole messages of whole frames. */
static void
look(const struct fake *f)
{
	size_t at = 0;

	while (at < f->got_len) {
		const uint8_t *p = f->got + at;
		size_t n = 2, len = p[1], frame_at = 0, used;

		if (len == 126) {
			n = 4;
			len = (size_t)p[2] << 8 | p[3];
		} else if (len == 127) {
			n = 10;
			len = (size_t)p[7] << 16 | (size_t)p[8] << 8 | p[9];
		}
		if (n + len > f->got_len - at)
			abort();
		while (p[0] == TG_WS_BINARY && frame_at < len) {
			struct tg_frame frame;

			if (tg_frame_decode(p + n + frame_at, len - frame_at, &frame, &used) != TG_OK)
				abort();
			frame_at += used;
		}
		at += n + len;
	}
}

static void
end_turn(void)
{
	tg_relay_end_turn(&relay);
	for (int i = 0; i < 2; i++) {
		fake_flush(&fakes[i]);
		if (fakes[i].killed) {
			look(&fakes[i]);
			fake_free(&fakes[i]);
			arrive(&fakes[i]);
		}
	}
}

static void
happen(struct fake *f, unsigned what, const uint8_t *data, size_t len)
{
	struct tg_piece piece = {
	    .data = data,
	    .len = len,
	    .first = (what & 2) != 0,
	    .last = (what & 4) != 0,
	    .binary = (what & 8) == 0,
	};

	if (len > 0 || piece.last)
		tg_conn_receive(f->conn, &piece);
	switch (what & 0xf0) {
	case 0x10:
		end_turn();
		break;
	case 0x20:
		f->slow = !f->slow;
		break;
	case 0x30:
		now += 1000 + (uint64_t)len * 100;
		tg_relay_clock(&relay, 0, now);
		tg_relay_tick(&relay);
		break;
	case 0x40:
		tg_conn_peer_leaves(f->conn);
		look(f);
		fake_free(f);
		arrive(f);
		break;
	case 0x50:
		f->broken = 1;
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static char *args[] = {"relay", "--verify", "once", "--queue-bytes", "20000", "--dedup-slots", "64",
	    "--topics-per-socket", "4", "--memory-mib", "1"};
	struct tg_config config;

	if (tg_crypto_init() != TG_OK ||
	    tg_config_read(&config, sizeof args / sizeof args[0], args, stdout, stderr) != TG_CONFIG_RUN)
		abort();
	config.main_age_ms = config.side_age_ms = UINT32_MAX; /* a fuzzer has no clock either */
	now = 1000000;
	if (tg_relay_init(&relay, &config, 0, now) != TG_OK)
		abort();
	arrive(&fakes[0]);
	arrive(&fakes[1]);
	while (len >= 3) {
		size_t n = (size_t)data[1] | (size_t)data[2] << 8;

		if (n > len - 3)
			n = len - 3;
		happen(&fakes[data[0] & 1], data[0], data + 3, n);
		data += 3 + n;
		len -= 3 + n;
	}
	end_turn();
	for (int i = 0; i < 2; i++) {
		fakes[i].slow = 0;
		fake_flush(&fakes[i]);
		look(&fakes[i]);
		fake_free(&fakes[i]);
	}
	tg_relay_end_turn(&relay);
	if (relay.sockets != 0 || relay.topics.count != 0 || relay.pool.out_bytes != 0 ||
	    relay.metrics.queue_bytes != 0 || relay.metrics.assembly_bytes != 0)
		abort();
	tg_relay_close(&relay);
	return 0;
}
