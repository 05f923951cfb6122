#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/node_file.h"
#include "cli/node_find.h"

/* Field 22 of /proc/PID/stat, in clock ticks since boot; the name before it, in brackets, may hold anything.
 */
static int
began(unsigned long pid, unsigned long long *start)
{
	char path[64], text[1024];
	const char *p;
	size_t n;
	FILE *f;
	int i;

	snprintf(path, sizeof path, "/proc/%lu/stat", pid);
	if ((f = fopen(path, "r")) == NULL)
		return -1;
	n = fread(text, 1, sizeof text - 1, f);
	text[n] = '\0';
	fclose(f);
	if ((p = strrchr(text, ')')) == NULL)
		return -1;
	for (i = 0; i < 20; i++)
		if ((p = strchr(p + 1, ' ')) == NULL)
			return -1;
	return sscanf(p, "%llu", start) == 1 ? 0 : -1;
}

static int
runs(const char *pid_path)
{
	unsigned long long start, now;
	unsigned long pid;
	FILE *f;
	int n;

	if ((f = fopen(pid_path, "r")) == NULL)
		return 0;
	n = fscanf(f, "%lu %llu", &pid, &start);
	fclose(f);
	return n == 2 && began(pid, &now) == 0 && now == start;
}

static int
by_port(const void *a, const void *b)
{
	const struct tg_node_here *x = a, *y = b;

	return (x->port > y->port) - (x->port < y->port);
}

unsigned
tg_nodes_here(struct tg_node_here nodes[TG_NODES_MAX])
{
	const char *run = getenv("TOYGRID_RUN");
	struct tg_node_here *node;
	char pid_path[512];
	struct dirent *entry;
	unsigned found = 0;
	int end;
	DIR *dir;

	if (run == NULL || strlen(run) > 400 || (dir = opendir(run)) == NULL)
		return 0;
	while (found < TG_NODES_MAX && (entry = readdir(dir)) != NULL) {
		node = &nodes[found];
		end = 0;
		if (sscanf(entry->d_name, "node-%5u.json%n", &node->port, &end) != 1 || end == 0 ||
		    entry->d_name[end] != '\0')
			continue;
		snprintf(node->path, sizeof node->path, "%s/node-%u.json", run, node->port);
		snprintf(pid_path, sizeof pid_path, "%s/node-%u.pid", run, node->port);
		if (!runs(pid_path)) {
			/* Killed with no chance to clean up.  The pid goes last: without it there is no node.
			 */
			unlink(node->path);
			unlink(pid_path);
		} else if (tg_node_relay(node->path, node->relay, sizeof node->relay) == 0)
			found++;
	}
	closedir(dir);
	qsort(nodes, found, sizeof *nodes, by_port);
	return found;
}

int
tg_node_here(const char *option, struct tg_node_here *node)
{
	struct tg_node_here nodes[TG_NODES_MAX];
	unsigned i, n = tg_nodes_here(nodes);

	if (n == 1)
		*node = nodes[0];
	if (n <= 1)
		return (int)n;
	fprintf(stderr, "toygrid: %u nodes run here; choose one:", n);
	for (i = 0; i < n; i++)
		fprintf(stderr, "%s %s %s", i == 0 ? "" : " or", option,
		    strcmp(option, "--node") == 0 ? nodes[i].path : nodes[i].relay);
	fputc('\n', stderr);
	return -1;
}
