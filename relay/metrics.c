#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "metrics.h"

static void __attribute__((format(printf, 2, 3))) put(struct tg_buf *buf, const char *format, ...)
{
	char line[256];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(line, sizeof line, format, ap);
	va_end(ap);
	if (n > 0)
		tg_buf_put(buf, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
}

static void
one(struct tg_buf *buf, const char *name, const char *type, const char *help, uint64_t v)
{
	put(buf, "# HELP toygrid_relay_%s %s\n# TYPE toygrid_relay_%s %s\n", name, help, name, type);
	put(buf, "toygrid_relay_%s %" PRIu64 "\n", name, v);
}

static void
head(struct tg_buf *buf, const char *name, const char *type, const char *help)
{
	put(buf, "# HELP toygrid_relay_%s %s\n# TYPE toygrid_relay_%s %s\n", name, help, name, type);
}

void
tg_metrics_text(const struct tg_metrics *m, const struct tg_gauges *g, struct tg_buf *buf)
{
	static const char *const class[2] = {"main", "side"};
	static const char *const drop[] = {
#define X(name, text) [name] = text,
	    TG_DROP_MAP(X)
#undef X
	};

	one(buf, "start_time_seconds", "gauge", "Unix time of the start.", g->start_ms / 1000);
	one(buf, "sandboxed", "gauge", "1 when seccomp forbids files, new sockets and programs.",
	    (uint64_t)g->sandboxed);
	one(buf, "draining", "gauge", "1 while clients are asked to leave.", (uint64_t)g->draining);
	one(buf, "accepted_total", "counter", "Sockets accepted.", m->accepted);
	one(buf, "sockets", "gauge", "Sockets open, handshakes included.", g->sockets);
	one(buf, "connections", "gauge", "WebSocket connections open.", m->connections);
	one(buf, "addresses", "gauge", "Client addresses remembered.", g->addresses);
	one(buf, "topics", "gauge", "Topics with a subscription.", g->topics);
	one(buf, "subscriptions", "gauge", "Subscriptions.", g->subscriptions);
	head(buf, "frames_in_total", "counter", "PUB frames accepted.");
	for (int i = 0; i < 2; i++)
		put(buf, "toygrid_relay_frames_in_total{class=\"%s\"} %" PRIu64 "\n", class[i],
		    m -> frames_in[i]);
	head(buf, "frame_bytes_in_total", "counter", "Bytes of PUB frames accepted.");
	for (int i = 0; i < 2; i++)
		put(buf, "toygrid_relay_frame_bytes_in_total{class=\"%s\"} %" PRIu64 "\n", class[i],
		    m -> bytes_in[i]);
	one(buf, "deliveries_total", "counter", "PUB frames times the readers they went to.", m->deliveries);
	one(buf, "writes_total", "counter", "Messages handed to sockets.", m->writes);
	one(buf, "bytes_out_total", "counter", "Bytes handed to sockets.", m->bytes_out);
	head(buf, "errors_total", "counter", "ERR frames sent, by code.");
	for (unsigned code = 1; code < TG_ERR_CODE_COUNT; code++)
		put(buf, "toygrid_relay_errors_total{code=\"%s\"} %" PRIu64 "\n", tg_err_name(code),
		    m->errors[code]);
	head(buf, "drops_total", "counter", "Frames and sockets dropped, by cause.");
	for (int i = 0; i < TG_DROP_COUNT; i++)
		put(buf, "toygrid_relay_drops_total{cause=\"%s\"} %" PRIu64 "\n", drop[i], m->drops[i]);
	one(buf, "queue_bytes", "gauge", "Bytes waiting for readers, counted for each.", m->queue_bytes);
	one(buf, "out_bytes", "gauge", "Memory those bytes take, each copy once.", g->out_bytes);
	one(buf, "assembly_bytes", "gauge", "Bytes of messages half received.", m->assembly_bytes);
	one(buf, "dedup_held", "gauge", "Frame ids remembered.", g->dedup_held);
	one(buf, "dedup_slots", "gauge", "Frame ids that fit.", g->dedup_slots);
	one(buf, "verify_failures_total", "counter", "Signatures that did not verify.", m->verify_failures);
	head(buf, "verify_seconds", "summary", "Time spent verifying one signature.");
	put(buf, "toygrid_relay_verify_seconds_sum %" PRIu64 ".%09" PRIu64 "\n", m->verify_ns / 1000000000,
	    m->verify_ns % 1000000000);
	put(buf, "toygrid_relay_verify_seconds_count %" PRIu64 "\n", m->verifies);
	one(buf, "loop_turns_total", "counter", "Turns of the event loop.", m->turns);
}
