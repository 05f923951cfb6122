#include <string.h>

#include "admin.h"

static void
text(struct tg_buf *body, const char *s)
{
	tg_buf_put(body, s, strlen(s));
}

static void
metrics(const struct tg_relay *relay, struct tg_buf *body)
{
	const struct tg_gauges g = {
	    .sockets = relay->sockets,
	    .topics = relay->topics.count,
	    .subscriptions = relay->topics.sub_count,
	    .dedup_held = tg_dedup_count(relay->dedup),
	    .dedup_slots = relay->config.dedup_slots,
	    .out_bytes = relay->pool.out_bytes,
	    .addresses = relay->addresses.count,
	    .start_ms = relay->start_ms,
	    .sandboxed = (int)relay->config.sandbox,
	    .draining = relay->draining,
	    .tls = relay->config.tls_cert[0] != 0,
	};

	tg_metrics_text(&relay->metrics, &g, body);
}

int
tg_admin_answer(const struct tg_relay *relay, const char *path, struct tg_buf *body, const char **type)
{
	*type = "text/plain; charset=utf-8";
	if (strcmp(path, "/health") == 0) {
		text(body, "ok\n");
		return 200;
	}
	if (strcmp(path, "/ready") == 0) {
		if (relay->draining) {
			text(body, "draining\n");
			return 503;
		}
		if (relay->sockets >= relay->config.connections || tg_relay_full(relay, 0)) {
			text(body, "full\n");
			return 503;
		}
		text(body, "ready\n");
		return 200;
	}
	if (strcmp(path, "/metrics") == 0) {
		*type = "text/plain; version=0.0.4; charset=utf-8";
		metrics(relay, body);
		return 200;
	}
	text(body, "not found\n");
	return 404;
}
