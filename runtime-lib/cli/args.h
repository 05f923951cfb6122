/*
 * args.h -- the words after a command: options from one table, which is also the help text.
 *
 * --name VALUE and --name=VALUE; "--" ends the options; anything unknown, doubled or missing is an error with
 * one clear line.  The table and the help cannot disagree, since the help is printed from the table.
 */
#ifndef TG_CLI_ARGS_H
#define TG_CLI_ARGS_H

#include <stdint.h>
#include <stdio.h>

#define TG_ARG_LIST_MAX 16

struct tg_arg_list {
	const char *items[TG_ARG_LIST_MAX];
	unsigned count;
};

enum tg_arg_kind {
	TG_ARG_FLAG,   /* int *: set to 1 */
	TG_ARG_TEXT,   /* const char **: the word */
	TG_ARG_NUMBER, /* uint64_t *: decimal; with K, M, G behind it times 2^10, 2^20, 2^30 */
	TG_ARG_LIST,   /* struct tg_arg_list *: may be repeated */
};

struct tg_arg {
	const char *name; /* without the two dashes; NULL ends the table */
	enum tg_arg_kind kind;
	void *target;
	const char *value; /* what the help calls the value: "DIR"; NULL for a flag */
	const char *help;  /* lines separated by \n */
};

struct tg_usage {
	const char *line;  /* "toygrid id --data DIR" */
	const char *about; /* a paragraph */
	const struct tg_arg *args;
	unsigned words_min, words_max; /* plain words */
};

enum {
	TG_ARGS_RUN = 0,
	TG_ARGS_HELP = 1,
	TG_ARGS_BAD = 2
};

/**
 * tg_args_parse(usage, argc, argv, words, word_count):
 * Read argv[0 .. argc): options into their targets, the rest into words[0 .. usage->words_max).  Returns
 * TG_ARGS_RUN; TG_ARGS_HELP after printing the help to stdout, because --help was there; or TG_ARGS_BAD after
 * printing one line to stderr.
 */
int tg_args_parse(
    const struct tg_usage *usage, int argc, char **argv, const char **words, unsigned *word_count);

/** tg_args_help(usage, out): Print the help. */
void tg_args_help(const struct tg_usage *usage, FILE *out);

/** tg_args_bad(usage, format, ...): One line on stderr, and where the help is.  Returns TG_ARGS_BAD. */
int tg_args_bad(const struct tg_usage *usage, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
