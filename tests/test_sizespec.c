/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include <check.h>
#include <string.h>

#include "heap/sizespec.h"
#include "testing.h"

static struct sizespec parse(const char *text)
{
	struct sizespec spec;
	struct error error = { "" };

	ck_assert_msg(sizespec_parse(&spec, text, &error) == 0, "%s: %s", text,
		      error.text);
	return spec;
}

static void refuse(const char *text)
{
	struct sizespec spec = { .count = 77 };
	struct error error = { "" };

	ck_assert_msg(sizespec_parse(&spec, text, &error) < 0, "accepted: %s",
		      text);
	ck_assert_str_ne(error.text, "");
	/* What was there before stays.  */
	ck_assert_uint_eq(spec.count, 77);
}

START_TEST(single_sizes)
{
	static const struct { const char *text; uint64_t size; } cases[] = {
		{ "3072", 3072 }, { "0xc00", 3072 }, { "0XC00", 3072 },
		{ "3k", 3072 }, { "3K", 3072 }, { "1M", 1 << 20 },
		{ " 1g ", 1 << 30 }, { "0", 0 }, { "0x10k", 16384 },
		{ "18446744073709551615", UINT64_MAX }, { "010", 10 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sizespec spec = parse(cases[i].text);

		ck_assert_uint_eq(spec.count, 1);
		ck_assert_uint_eq(spec.range[0].low, cases[i].size);
		ck_assert_uint_eq(spec.range[0].high, cases[i].size);
	}
}
END_TEST

START_TEST(ranges)
{
	static const struct { const char *text; uint64_t low, high; } cases[] = {
		{ "1k-4k", 1024, 4096 }, { "1k - 4k", 1024, 4096 },
		{ ">1M", (1 << 20) + 1, UINT64_MAX },
		{ ">=1M", 1 << 20, UINT64_MAX }, { "<512", 0, 511 },
		{ "<= 512", 0, 512 }, { "7-7", 7, 7 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sizespec spec = parse(cases[i].text);

		ck_assert_uint_eq(spec.count, 1);
		ck_assert_uint_eq(spec.range[0].low, cases[i].low);
		ck_assert_uint_eq(spec.range[0].high, cases[i].high);
	}
}
END_TEST

START_TEST(lists)
{
	struct sizespec spec = parse("16, 0x20,1k-2k,>1M");

	ck_assert_uint_eq(spec.count, 4);
	ck_assert(sizespec_accepts(&spec, 16));
	ck_assert(sizespec_accepts(&spec, 32));
	ck_assert(sizespec_accepts(&spec, 1500));
	ck_assert(sizespec_accepts(&spec, 2 << 20));
	ck_assert(!sizespec_accepts(&spec, 17));
	ck_assert(!sizespec_accepts(&spec, 1 << 20));
	spec = parse("");
	ck_assert_uint_eq(spec.count, 0);
	ck_assert(sizespec_accepts(&spec, 0));
	ck_assert(sizespec_accepts(&spec, UINT64_MAX));
}
END_TEST

START_TEST(nonsense)
{
	static const char *const cases[] = {
		"x", "-1", "1-", "-", "4k-1k", "1,", ",1", "1,,2", "1 2", "0x",
		"12q", "1kk", "18446744073709551616", "17179869184G", ">", "<",
		"<0", ">18446744073709551615", "1-2-3", "1.5k", "\xff",
	};
	char many[4 * SIZESPEC_MAX + 8] = "";

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		refuse(cases[i]);
	for (unsigned i = 0; i < SIZESPEC_MAX; i++)
		strcat(many, i ? ",1" : "1");
	parse(many);
	strcat(many, ",1");
	refuse(many);
}
END_TEST

START_TEST(text_reads_back)
{
	static const char *const cases[] = {
		"3072", "1k-4k", ">1M", "<512", "16,32,>=4096,0-7", "",
	};
	char text[256], again[256], tiny[6];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sizespec spec = parse(cases[i]);

		sizespec_format(&spec, text, sizeof(text));
		spec = parse(text);
		sizespec_format(&spec, again, sizeof(again));
		ck_assert_str_eq(text, again);
		sizespec_format(&spec, tiny, sizeof(tiny));
		ck_assert_uint_lt(strlen(tiny), sizeof(tiny));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sizespec");
	TCase *tests = tcase_create("sizespec");

	tcase_add_test(tests, single_sizes);
	tcase_add_test(tests, ranges);
	tcase_add_test(tests, lists);
	tcase_add_test(tests, nonsense);
	tcase_add_test(tests, text_reads_back);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
