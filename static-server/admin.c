#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <toygrid/status.h>

#include "admin.h"
#include "base/buf.h"
#include "base/mem.h"

static void __attribute__((format(printf, 2, 3))) put(struct tg_buf *b, const char *format, ...)
{
	char text[256];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	if (n > 0)
		tg_buf_put(b, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

static void
put_metric(struct tg_buf *b, const char *name, const char *type, const char *help, uint64_t value)
{
	put(b, "# HELP toygrid_static_%s %s\n# TYPE toygrid_static_%s %s\n", name, help, name, type);
	put(b, "toygrid_static_%s %llu\n", name, (unsigned long long)value);
}

static uint64_t
resident_bytes(void)
{
	unsigned long long size, resident = 0;
	char text[128];
	ssize_t n;
	int fd;

	if ((fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)) < 0)
		return 0;
	n = read(fd, text, sizeof text - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	if (sscanf(text, "%llu %llu", &size, &resident) != 2)
		return 0;
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void
put_metrics(const struct tg_server *s, struct tg_buf *b)
{
	const struct tg_counters *c = &s->counters;
	size_t i;

	put_metric(b, "connections", "gauge", "Open connections.", s->open);
	put_metric(b, "connections_accepted_total", "counter", "Connections accepted.", c->accepted);
	put(b, "# HELP toygrid_static_connections_refused_total Connections refused, by limit.\n"
	       "# TYPE toygrid_static_connections_refused_total counter\n");
	put(b, "toygrid_static_connections_refused_total{limit=\"all\"} %llu\n",
	    (unsigned long long)c->refused_full);
	put(b, "toygrid_static_connections_refused_total{limit=\"address\"} %llu\n",
	    (unsigned long long)c->refused_address);
	put(b, "# HELP toygrid_static_connections_closed_total Connections closed by a limit.\n"
	       "# TYPE toygrid_static_connections_closed_total counter\n");
	put(b, "toygrid_static_connections_closed_total{limit=\"head\"} %llu\n",
	    (unsigned long long)c->head_timeouts);
	put(b, "toygrid_static_connections_closed_total{limit=\"idle\"} %llu\n",
	    (unsigned long long)c->idle_closed);
	put(b, "toygrid_static_connections_closed_total{limit=\"rate\"} %llu\n",
	    (unsigned long long)c->slow_closed);
	put(b, "toygrid_static_connections_closed_total{limit=\"memory\"} %llu\n",
	    (unsigned long long)c->held_closed);
	put(b, "# HELP toygrid_static_answers_total Answers queued, by status.\n"
	       "# TYPE toygrid_static_answers_total counter\n");
	for (i = 0; i < sizeof c->answers / sizeof c->answers[0]; i++)
		if (c->answers[i] != 0)
			put(b, "toygrid_static_answers_total{status=\"%zu\"} %llu\n", i,
			    (unsigned long long)c->answers[i]);
	put_metric(b, "sent_bytes_total", "counter", "Bytes handed to the kernel, before TLS.", c->bytes);
	put_metric(b, "rate_limited_total", "counter", "Requests over an address's rate.", c->rate_limited);
	put_metric(
	    b, "tls_failures_total", "counter", "Handshakes that failed or took too long.", c->tls_failures);
	put_metric(b, "accept_pauses_total", "counter", "Times accepting paused for lack of descriptors.",
	    c->accept_pauses);
	put_metric(b, "reloads_total", "counter", "Bundles loaded after start.", c->reloads);
	put_metric(
	    b, "reload_failures_total", "counter", "Reloads that kept the old bundle.", c->reload_failures);
	put_metric(b, "log_lines_dropped_total", "counter", "Access log lines not written.", s->log.dropped);
	put_metric(b, "held_bytes", "gauge", "Unparsed input and unsent heads.", s->held);
	put_metric(b, "image_files", "gauge", "Files served.", tg_image_files(s->image));
	put_metric(b, "image_bytes", "gauge", "Their bytes, twins included.", tg_image_bytes(s->image));
	put_metric(b, "resident_bytes", "gauge", "Resident memory.", resident_bytes());
	put_metric(b, "start_time_seconds", "gauge", "Unix time of the start.", (uint64_t)s->started);
	put_metric(b, "draining", "gauge", "1 while draining.", s->draining);
}

void
tg_admin_answer(struct tg_server *s, const struct tg_request *req, struct tg_answer *out)
{
	const char *type = "text/plain; charset=utf-8";
	struct tg_buf b = {0};
	bool with_body = req->method != TG_METHOD_HEAD;
	int status = 200;

	if (req->method != TG_METHOD_GET && req->method != TG_METHOD_HEAD) {
		tg_answer_status(s->image, 405, true, req->close, &s->site.date, out);
		return;
	}
	if (tg_span_is(req->path, "/health")) {
		put(&b, "ok\n");
	} else if (tg_span_is(req->path, "/ready")) {
		status = s->draining ? 503 : 200;
		put(&b, s->draining ? "draining\n" : "ready\n");
	} else if (tg_span_is(req->path, "/metrics")) {
		type = "text/plain; version=0.0.4; charset=utf-8";
		put_metrics(s, &b);
	} else {
		tg_answer_status(s->image, 404, with_body, req->close, &s->site.date, out);
		return;
	}
	if (tg_buf_status(&b) != TG_OK) {
		tg_buf_free(&b);
		tg_answer_status(s->image, 503, with_body, true, &s->site.date, out);
		return;
	}
	tg_answer_text(status, type, b.data, b.len, with_body, req->close, &s->site.date, out);
}
