/* What is recorded is read back; a cut trace says so; only the owner may read a trace. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include <toygrid/status.h>

#include "host/trace.h"
#include "suite.h"

static const struct tg_trace_step steps[2] = {
    {{(const uint8_t *)"event", 5}, TG_OK, {(const uint8_t *)"", 0}},
    {{(const uint8_t *)"", 0}, TG_EFORMAT, {(const uint8_t *)"effects", 7}},
};

START_TEST(a_trace_file_reads_back)
{
	char path[] = "/tmp/tg-trace-XXXXXX";
	uint8_t data[256];
	struct tg_trace_step got;
	struct stat st;
	size_t len, at, i;
	FILE *f;

	close(mkstemp(path));
	chmod(path, 0644);
	ck_assert_int_eq(tg_trace_create(path, &f), TG_OK);
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(tg_trace_write(f, &steps[i]), TG_OK);
	fclose(f);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	f = fopen(path, "rb");
	len = fread(data, 1, sizeof data, f);
	fclose(f);
	unlink(path);

	ck_assert_int_eq(tg_trace_open(data, len, &at), TG_OK);
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(tg_trace_next(data, len, &at, &got), TG_OK);
		ck_assert_uint_eq(got.event.len, steps[i].event.len);
		ck_assert_mem_eq(got.event.data, steps[i].event.data, got.event.len);
		ck_assert_int_eq(got.status, steps[i].status);
		ck_assert_uint_eq(got.effects.len, steps[i].effects.len);
		ck_assert_mem_eq(got.effects.data, steps[i].effects.data, got.effects.len);
	}
	ck_assert_int_eq(tg_trace_next(data, len, &at, &got), TG_ENOTFOUND);
}
END_TEST

START_TEST(a_cut_trace_is_an_error_except_between_steps)
{
	struct tg_buf b = {0};
	struct tg_trace_step got;
	size_t n, at, ends = 0;
	int rc;

	tg_trace_begin(&b);
	tg_trace_put(&b, &steps[0]);
	tg_trace_put(&b, &steps[1]);
	for (n = TG_TRACE_MAGIC_BYTES; n < b.len; n++) {
		/* A copy of exactly n bytes, so that a sanitizer sees reads behind the end. */
		uint8_t *copy = malloc(n);

		memcpy(copy, b.data, n);
		ck_assert_int_eq(tg_trace_open(copy, n, &at), TG_OK);
		while ((rc = tg_trace_next(copy, n, &at, &got)) == TG_OK)
			;
		ends += rc == TG_ENOTFOUND;
		if (rc != TG_ENOTFOUND)
			ck_assert_int_eq(rc, TG_ETRUNCATED);
		free(copy);
	}
	ck_assert_uint_eq(ends, 2);
	ck_assert_int_eq(tg_trace_open((const uint8_t *)"tgtrace2", 8, &at), TG_EVERSION);
	ck_assert_int_eq(tg_trace_open((const uint8_t *)"tg", 2, &at), TG_EVERSION);
	tg_buf_free(&b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("trace");
	TCase *t = tcase_create("files");

	tcase_add_test(t, a_trace_file_reads_back);
	tcase_add_test(t, a_cut_trace_is_an_error_except_between_steps);
	suite_add_tcase(s, t);
	return suite_run(s);
}
