/*
 * sandbox.h -- after start the process can serve what it has, and nothing else.
 *
 * NO_NEW_PRIVS, then a seccomp filter: a list of the calls serving needs.  What an intruder would want first
 * (to open a file for writing, make or connect a socket, execute, trace another process, map memory as code)
 * kills the process; any other call that is not listed fails with EPERM.  Reading files stays possible,
 * because SIGHUP reads the bundle again.
 */
#ifndef TG_STATIC_SANDBOX_H
#define TG_STATIC_SANDBOX_H

#include <stdio.h>

#include "bundle.h"

/** tg_sandbox_enter(why): For good, for this process.  TG_OK, or TG_EIO with ${why}; then do not go on. */
int tg_sandbox_enter(struct tg_why *why) __attribute__((warn_unused_result));

/**
 * tg_sandbox_self_test(out):
 * For each forbidden call, enter the sandbox in a child, try the call, and see the child die of SIGSYS; also
 * see that reading a file still works.  One line each on ${out}.  TG_OK, or TG_EPERM if any did not behave.
 */
int tg_sandbox_self_test(FILE *out) __attribute__((warn_unused_result));

#endif
