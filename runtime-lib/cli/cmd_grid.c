/* toygrid grid WORD: one document. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"

const struct tg_command_word tg_grid_words[] = {
    {"create", tg_cmd_grid_create, "make a document and print its links"},
    {"append", tg_cmd_grid_append, "write paragraphs at its end"},
    {"export", tg_cmd_grid_export, "print it as text, markdown, html or json"},
    {"heads", tg_cmd_grid_heads, "list its logs: whose, how long, which root"},
    {NULL, NULL, NULL},
};

static void
help(FILE *out)
{
	const struct tg_command_word *w;

	fprintf(out, "usage: toygrid grid WORD ...\n\n");
	for (w = tg_grid_words; w->word != NULL; w++)
		fprintf(out, "  %-14s %s\n", w->word, w->about);
	fprintf(out, "\nEach has its own help: toygrid grid WORD --help\n");
}

int
tg_cmd_grid(int argc, char **argv)
{
	const struct tg_command_word *w;

	if (argc == 0) {
		help(stderr);
		return 2;
	}
	if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0) {
		help(stdout);
		return 0;
	}
	if ((w = tg_command_find(tg_grid_words, argv[0])) == NULL) {
		fprintf(stderr, "toygrid: unknown word 'grid %s'; see toygrid grid --help\n", argv[0]);
		return 2;
	}
	return w->run(argc - 1, argv + 1);
}
