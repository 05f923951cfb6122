#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "process.h"

#define PATIENCE_MS 15000
#define ARGS_MAX    48

/* Leak checking at exit needs calls that the sandbox forbids: sanitized relays run without it, and the
 * sandbox has its own test, which exits before leaks are looked for. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

void
process_run(struct process *p, const char *const *args)
{
	const char *argv[ARGS_MAX] = {RELAY_BINARY};
	int pipes[2], n = 1;

	memset(p, 0, sizeof *p);
	for (; *args != NULL && n < ARGS_MAX - 1; args++)
		argv[n++] = *args;
	if (pipe2(pipes, O_CLOEXEC) != 0)
		client_die("pipe: %s", strerror(errno));
	if ((p->pid = fork()) < 0)
		client_die("fork: %s", strerror(errno));
	if (p->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(pipes[1], STDOUT_FILENO);
		dup2(pipes[1], STDERR_FILENO);
		close_range(3, ~0u, 0); /* what the test program holds is not the relay's */
		execv(RELAY_BINARY, (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(pipes[1]);
	p->out = pipes[0];
}

/* 1 more came, 0 not in time, -1 end. */
static int
read_some(struct process *p, int wait_ms)
{
	struct pollfd f = {.fd = p->out, .events = POLLIN};
	ssize_t n;

	if (poll(&f, 1, wait_ms) <= 0)
		return 0;
	if (p->len >= sizeof p->text - 1)
		p->len = 0; /* a talkative one: only the latest matters */
	n = read(p->out, p->text + p->len, sizeof p->text - 1 - p->len);
	if (n <= 0)
		return -1;
	p->len += (size_t)n;
	p->text[p->len] = 0;
	return 1;
}

int
process_wait_text(struct process *p, const char *text)
{
	uint64_t until = mono_ms() + PATIENCE_MS;

	while (strstr(p->text, text) == NULL) {
		if (mono_ms() > until || read_some(p, 100) < 0)
			return strstr(p->text, text) != NULL;
	}
	return 1;
}

static int
port_after(const char *text, const char *what)
{
	const char *at = strstr(text, what);

	return at != NULL ? atoi(at + strlen(what)) : 0;
}

void
process_start(struct process *p, ...)
{
	const char *args[ARGS_MAX] = {"--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}, *arg;
	int n = 4;
	va_list ap;

#ifdef SANITIZED
	args[n++] = "--sandbox";
	args[n++] = "off";
#endif
	va_start(ap, p);
	while ((arg = va_arg(ap, const char *)) != NULL && n < ARGS_MAX - 1) {
		if (strcmp(arg, "--listen") == 0)
			args[1] = va_arg(ap, const char *);
		else
			args[n++] = arg;
	}
	va_end(ap);
	process_run(p, args);
	if (!process_wait_text(p, "listening on ") || strchr(strstr(p->text, "listening on "), '\n') == NULL)
		client_die("the relay did not start: %s", p->text);
	p->port = port_after(p->text, "listening on ws://127.0.0.1:");
	p->admin_port = port_after(p->text, "admin on http://127.0.0.1:");
	if (p->port == 0)
		p->port = port_after(p->text, "listening on wss://127.0.0.1:");
	if (p->port == 0 || p->admin_port == 0)
		client_die("no port in: %s", p->text);
}

int
process_end(struct process *p, int signal)
{
	uint64_t until = mono_ms() + PATIENCE_MS;
	int status;

	if (signal != 0)
		kill(p->pid, signal);
	while (read_some(p, 100) >= 0)
		if (mono_ms() > until)
			client_die("the relay does not end: %s", p->text);
	if (waitpid(p->pid, &status, 0) != p->pid)
		client_die("waitpid: %s", strerror(errno));
	close(p->out);
	p->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int
process_get(const struct process *p, const char *path, char *body, size_t cap)
{
	struct client c;
	char request[256];
	uint8_t *end;
	int status = 0;

	client_connect(&c, p->admin_port, 0);
	snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path);
	client_write(&c, request, strlen(request));
	while (client_read_some(&c, PATIENCE_MS) > 0)
		;
	body[0] = 0;
	if (c.in_len > 12 && (end = memmem(c.in, c.in_len, "\r\n\r\n", 4)) != NULL) {
		size_t n = c.in_len - (size_t)(end + 4 - c.in);

		status = atoi((const char *)c.in + 9);
		if (n >= cap)
			n = cap - 1;
		memcpy(body, end + 4, n);
		body[n] = 0;
	}
	client_close(&c);
	return status;
}

double
process_metric(struct process *p, const char *name)
{
	static char body[65536];
	char full[256];
	const char *at;

	if (process_get(p, "/metrics", body, sizeof body) != 200)
		client_die("no metrics");
	snprintf(full, sizeof full, "\ntoygrid_relay_%s ", name);
	if ((at = strstr(body, full)) == NULL)
		client_die("no metric %s", name);
	return atof(at + strlen(full));
}
