/* toygrid -- the native command: what a page does with a document, a person or a script can do here. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/version.h"

const struct tg_command_word tg_command_words[] = {
    {"peer", tg_cmd_peer, "run a peer: a replica that keeps sealed documents, or the base of a bot"},
    {"grid", tg_cmd_grid, "create, write, print documents: grid create|append|export|heads"},
    {"export", tg_cmd_export, "a whole document, with its history, as one file that can be checked"},
    {"import", tg_cmd_import, "check such a file and take it into a data directory"},
    {"id", tg_cmd_id, "who this installation is"},
    {"replay-trace", tg_cmd_replay_trace, "run a recorded peer again and compare every byte"},
    {NULL, NULL, NULL},
};

const struct tg_command_word *
tg_command_find(const struct tg_command_word *words, const char *word)
{
	for (; words->word != NULL; words++)
		if (strcmp(words->word, word) == 0)
			return words;
	return NULL;
}

static void
help(FILE *out)
{
	const struct tg_command_word *w;

	fprintf(out, "usage: toygrid WORD ...\n\n");
	for (w = tg_command_words; w->word != NULL; w++)
		fprintf(out, "  %-14s %s\n", w->word, w->about);
	fprintf(out, "  %-14s %s\n", "help [WORD]", "this text, or the help of a word (also: WORD --help)");
	fprintf(out, "  %-14s %s\n", "--version", "which toygrid this is");
}

int
main(int argc, char **argv)
{
	static char *const ask[] = {(char *)"--help", NULL};
	const struct tg_command_word *w;

	/* A relay or a reader that went away is an error of that call, not the end of the process. */
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2) {
		help(stderr);
		return 2;
	}
	if (strcmp(argv[1], "--version") == 0 && argc == 2) {
		printf("toygrid %s\n", TOYGRID_VERSION);
		return 0;
	}
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		if (argc == 2) {
			help(stdout);
			return 0;
		}
		if (argc == 3 && (w = tg_command_find(tg_command_words, argv[2])) != NULL)
			return w->run(1, (char **)ask);
		if (argc == 4 && strcmp(argv[2], "grid") == 0 &&
		    (w = tg_command_find(tg_grid_words, argv[3])) != NULL)
			return w->run(1, (char **)ask);
		fprintf(stderr, "toygrid: no help for '%s'; see toygrid help\n", argv[argc - 1]);
		return 2;
	}
	if ((w = tg_command_find(tg_command_words, argv[1])) == NULL) {
		fprintf(stderr, "toygrid: unknown word '%s'; see toygrid help\n", argv[1]);
		return 2;
	}
	return w->run(argc - 2, argv + 2);
}
