/*
 * sandbox.h -- after start: no file opened for writing, no new socket, no program run.
 *
 * no_new_privs and a seccomp filter that answers EPERM (libseccomp).  Reading files stays possible: SIGHUP
 * reads a new certificate.  Accepting connections on the sockets that exist stays possible.
 */
#ifndef TG_RELAY_SANDBOX_H
#define TG_RELAY_SANDBOX_H

#include <stdio.h>

/** tg_sandbox_enter(): For this process and for good.  0, or -1 with errno. */
int tg_sandbox_enter(void);

/**
 * tg_sandbox_self_test(out):
 * Try what must be impossible and what must go on working, one line each on ${out}: "NAME: refused" or
 * "NAME: POSSIBLE".  Returns the number of lines that are not as they should be.  Call after
 * tg_sandbox_enter().
 */
int tg_sandbox_self_test(FILE *out);

#endif
