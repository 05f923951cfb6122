/*
 * node_find.h -- the nodes that ./toygrid up runs here, for a command that was not told which relay to use.
 *
 * Each up has two files in the directory that the environment variable TOYGRID_RUN names (./toygrid sets it):
 * node-PORT.json, what a page finds of it (node_file.h), and node-PORT.pid, "PID START": its process and, as
 * in /proc/PID/stat, when that began, so that a number used again is not mistaken for it.
 */
#ifndef TG_CLI_NODE_FIND_H
#define TG_CLI_NODE_FIND_H

#define TG_NODES_MAX 16 /* that are told apart; who runs more names a relay */

struct tg_node_here {
	unsigned port; /* the page's */
	char path[512];
	char relay[256];
};

/**
 * tg_nodes_here(nodes):
 * Find those that run, by port.  Files of one whose process is gone are removed.  Returns how many were put
 * into nodes[0 .. TG_NODES_MAX); 0 also without TOYGRID_RUN.
 */
unsigned tg_nodes_here(struct tg_node_here nodes[TG_NODES_MAX]);

/**
 * tg_node_here(option, node):
 * The one that runs here.  Returns 1; 0 when there is none; or -1 when there are several, after saying on
 * stderr which, and that ${option}, "--relay" or "--node", chooses among them.
 */
int tg_node_here(const char *option, struct tg_node_here *node);

#endif
