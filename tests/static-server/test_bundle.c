/* Reading a folder: twins, and what happens when memory ends anywhere on the way. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "bundle.h"
#include "suite.h"

static char dir[] = "/tmp/toygrid-bundle-XXXXXX";
static char node[64];

static void
put(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	ck_assert_ptr_nonnull(file = fopen(path, "w"));
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

static void
setup(void)
{
	strcpy(dir + sizeof dir - 7, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	put("index.html", "0123456789");
	put("index.html.br", "br");
	put("index.html.gz", "longer than the file");
	snprintf(node, sizeof node, "%s.json", dir);
}

static void
teardown(void)
{
	static const char *const names[] = {"index.html", "index.html.br", "index.html.gz"};
	char path[128];
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		unlink(path);
	}
	unlink(node);
	rmdir(dir);
}

static void
write_node(void)
{
	FILE *file = fopen(node, "w");

	ck_assert_ptr_nonnull(file);
	fputs(" {\"relays\":[]}\n", file);
	fclose(file);
}

static const struct tg_file *
find(const struct tg_image *image, const char *path)
{
	return tg_image_find(image, (struct tg_span){(const uint8_t *)path, strlen(path)});
}

START_TEST(twins_are_used_when_they_are_smaller)
{
	struct tg_image *image;
	struct tg_why why;
	const struct tg_file *file;

	write_node();
	ck_assert_msg(tg_bundle_load(dir, node, &image, &why) == TG_OK, "%s", why.text);
	ck_assert_uint_eq(tg_image_files(image), 2);
	ck_assert_ptr_nonnull(file = find(image, "/"));
	ck_assert_uint_eq(file->variant[TG_IDENTITY].body_len, 10);
	ck_assert_uint_eq(file->variant[TG_BR].body_len, 2);
	ck_assert_ptr_null(file->variant[TG_GZIP].head);
	ck_assert_ptr_null(find(image, "/index.html.br"));
	ck_assert(find(image, TG_NODE_PATH)->is_node);
	tg_image_unref(image);
}
END_TEST

START_TEST(without_memory_it_fails_whole_wherever_that_is)
{
	struct tg_image *image;
	struct tg_why why;
	long n;
	int rc = TG_ENOMEM;

	write_node();
	for (n = 0; rc == TG_ENOMEM; n++) {
		ck_assert_int_lt(n, 1000);
		tg_mem_fail_after(n);
		rc = tg_bundle_load(dir, node, &image, &why);
		tg_mem_fail_after(-1);
		ck_assert_msg(rc == TG_OK || (rc == TG_ENOMEM && image == NULL && why.text[0] != '\0'),
		    "n %ld: %d", n, rc);
	}
	ck_assert_int_eq(rc, TG_OK);
	ck_assert_int_gt(n, 6);
	tg_image_unref(image);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("static_bundle");
	TCase *tc = tcase_create("bundle");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, twins_are_used_when_they_are_smaller);
	tcase_add_test(tc, without_memory_it_fails_whole_wherever_that_is);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
