/*
 * commands.h -- every word after `toygrid`, one function and one file each.
 *
 * argv[0 .. argc) is what follows the word.  The result is the exit code: 0 done; 1 it could not be done, and
 * standard error says why; 2 the words make no sense.
 */
#ifndef TG_CLI_COMMANDS_H
#define TG_CLI_COMMANDS_H

int tg_cmd_peer(int argc, char **argv);
int tg_cmd_grid(int argc, char **argv);
int tg_cmd_grid_create(int argc, char **argv);
int tg_cmd_grid_append(int argc, char **argv);
int tg_cmd_grid_export(int argc, char **argv);
int tg_cmd_grid_heads(int argc, char **argv);
int tg_cmd_export(int argc, char **argv);
int tg_cmd_import(int argc, char **argv);
int tg_cmd_id(int argc, char **argv);
int tg_cmd_replay_trace(int argc, char **argv);

struct tg_command_word {
	const char *word;
	int (*run)(int argc, char **argv);
	const char *about; /* one line for the overview */
};

extern const struct tg_command_word tg_command_words[]; /* ends with word NULL */
extern const struct tg_command_word tg_grid_words[];

/** tg_command_find(words, word): Its entry, or NULL. */
const struct tg_command_word *tg_command_find(const struct tg_command_word *words, const char *word);

#endif
