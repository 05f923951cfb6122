/*
 * node_file.h -- the JSON by which a page finds this node's relays and replica (protocol.md 5.8).
 */
#ifndef TG_CLI_NODE_FILE_H
#define TG_CLI_NODE_FILE_H

#include <toygrid/crypto.h>

#include "cli/args.h"

struct tg_node {
	struct tg_key node, box;
	struct tg_secret token;
	char name[65];
};

/**
 * tg_node_write(path, relays, node):
 * Write the file, mode 0600, by renaming a finished one into place: a reader never sees half of it.  The
 * token in it lets whoever can read it store documents here.  Returns 0, or -1 with errno set and the old
 * file untouched.
 */
int tg_node_write(const char *path, const struct tg_arg_list *relays, const struct tg_node *node);

/** tg_node_read(path, node): Read the replica's part.  0, or -1: cannot be read (errno), or not such a file
 * (errno 0). */
int tg_node_read(const char *path, struct tg_node *node);

/** tg_node_relay(path, url, room): Read the first relay's address.  0, or -1 as for tg_node_read. */
int tg_node_relay(const char *path, char *url, size_t room);

#endif
