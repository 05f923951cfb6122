#include <stdarg.h>
#include <string.h>

#include "cli/args.h"

void
tg_args_help(const struct tg_usage *usage, FILE *out)
{
	const struct tg_arg *a;
	const char *p, *end;
	char left[64];

	fprintf(out, "usage: %s\n\n%s\n", usage->line, usage->about);
	for (a = usage->args; a->name != NULL; a++) {
		if (a == usage->args)
			fputc('\n', out);
		snprintf(left, sizeof left, "--%s%s%s", a->name, a->value != NULL ? " " : "",
		    a->value != NULL ? a->value : "");
		for (p = a->help; p != NULL; p = *end != '\0' ? end + 1 : NULL) {
			end = p + strcspn(p, "\n");
			fprintf(out, "  %-22s %.*s\n", p == a->help ? left : "", (int)(end - p), p);
		}
	}
	fprintf(out, "  %-22s %s\n", "--help", "this text");
}

int
tg_args_bad(const struct tg_usage *usage, const char *format, ...)
{
	const char *p = usage->line;
	size_t n = 0;
	va_list ap;

	/* The command is the words in small letters before the first option or argument. */
	while (*p >= 'a' && *p <= 'z') {
		p += strcspn(p, " ");
		n = (size_t)(p - usage->line);
		p += strspn(p, " ");
	}
	fprintf(stderr, "toygrid: ");
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, "; see --help of \"%.*s\"\n", (int)n, usage->line);
	return TG_ARGS_BAD;
}

static int
parse_number(const char *text, uint64_t *out)
{
	uint64_t v = 0, unit = 1;
	const char *p;

	for (p = text; *p >= '0' && *p <= '9'; p++) {
		if (v > (UINT64_MAX - 9) / 10)
			return -1;
		v = v * 10 + (uint64_t)(*p - '0');
	}
	if (p == text)
		return -1;
	switch (*p) {
	case 'K':
		unit = UINT64_C(1) << 10;
		p++;
		break;
	case 'M':
		unit = UINT64_C(1) << 20;
		p++;
		break;
	case 'G':
		unit = UINT64_C(1) << 30;
		p++;
		break;
	}
	if (*p != '\0' || v > UINT64_MAX / unit)
		return -1;
	*out = v * unit;
	return 0;
}

static int
set(const struct tg_usage *usage, const struct tg_arg *a, const char *value)
{
	struct tg_arg_list *list;

	switch (a->kind) {
	case TG_ARG_FLAG:
		*(int *)a->target = 1;
		return TG_ARGS_RUN;
	case TG_ARG_TEXT:
		*(const char **)a->target = value;
		return TG_ARGS_RUN;
	case TG_ARG_NUMBER:
		if (parse_number(value, a->target) != 0)
			return tg_args_bad(usage, "--%s %s: not a number", a->name, value);
		return TG_ARGS_RUN;
	case TG_ARG_LIST:
		list = a->target;
		if (list->count == TG_ARG_LIST_MAX)
			return tg_args_bad(usage, "--%s: more than %d", a->name, TG_ARG_LIST_MAX);
		list->items[list->count++] = value;
		return TG_ARGS_RUN;
	}
	return TG_ARGS_BAD;
}

int
tg_args_parse(const struct tg_usage *usage, int argc, char **argv, const char **words, unsigned *word_count)
{
	const struct tg_arg *a;
	uint64_t seen = 0;
	const char *name, *value;
	int i, rc, options = 1;
	size_t n;

	*word_count = 0;
	/* Help is given whatever else is wrong. */
	for (i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			tg_args_help(usage, stdout);
			return TG_ARGS_HELP;
		}
	for (i = 0; i < argc; i++) {
		if (options && strcmp(argv[i], "--") == 0) {
			options = 0;
			continue;
		}
		if (!options || argv[i][0] != '-' || argv[i][1] == '\0') {
			if (*word_count == usage->words_max)
				return tg_args_bad(usage, "unexpected word '%s'", argv[i]);
			words[(*word_count)++] = argv[i];
			continue;
		}
		if (strncmp(argv[i], "--", 2) != 0)
			return tg_args_bad(usage, "unknown option '%s'", argv[i]);
		name = argv[i] + 2;
		n = strcspn(name, "=");
		for (a = usage->args; a->name != NULL; a++)
			if (strlen(a->name) == n && strncmp(a->name, name, n) == 0)
				break;
		if (a->name == NULL)
			return tg_args_bad(usage, "unknown option '--%.*s'", (int)n, name);
		if (a->kind != TG_ARG_LIST && (seen & UINT64_C(1) << (a - usage->args)))
			return tg_args_bad(usage, "--%s is given twice", a->name);
		seen |= UINT64_C(1) << (a - usage->args);
		value = name[n] == '=' ? name + n + 1 : NULL;
		if (a->kind == TG_ARG_FLAG) {
			if (value != NULL)
				return tg_args_bad(usage, "--%s takes no value", a->name);
		} else if (value == NULL) {
			if (i + 1 == argc)
				return tg_args_bad(usage, "--%s needs %s", a->name, a->value);
			value = argv[++i];
		}
		if ((rc = set(usage, a, value)) != TG_ARGS_RUN)
			return rc;
	}
	if (*word_count < usage->words_min)
		return tg_args_bad(usage, "too few words: %s", usage->line);
	return TG_ARGS_RUN;
}
