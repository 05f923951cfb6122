/*
 * process.h -- the real toygrid-relay as a child: started on a free port, watched by its output, ended by
 * signal. Children die with the test program.
 */
#ifndef TEST_RELAY_PROCESS_H
#define TEST_RELAY_PROCESS_H

#include <stddef.h>
#include <sys/types.h>

struct process {
	pid_t pid;
	int out; /* its standard output and error */
	int port, admin_port;
	char text[16384]; /* all it said so far */
	size_t len;
};

/** process_run(p, args): Start with exactly ${args} (NULL-terminated) and look no further. */
void process_run(struct process *p, const char *const *args);

/** process_start(p, ...): Start on free ports with the flags given (NULL-terminated) and wait until it
 * listens. */
void process_start(struct process *p, ...) __attribute__((sentinel));

/** process_wait_text(p, text): Read its output until ${text} appears; 0 when it ended or took too long. */
int process_wait_text(struct process *p, const char *text);

/** process_end(p, signal): Send ${signal} (0: none), read the rest, wait; the exit code, or -signal. */
int process_end(struct process *p, int signal);

/** process_metric(p, name): A value of /metrics, such as drops_total{cause="idle"}; dies when it is not
 * there. */
double process_metric(struct process *p, const char *name);

/** process_get(p, path, body, cap): The HTTP status of a GET on the admin port. */
int process_get(const struct process *p, const char *path, char *body, size_t cap);

#endif
