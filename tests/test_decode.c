/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "testing.h"

#include "perfdata_builder.h"
#include "trace/decode.h"
#include "trace/map.h"

static struct decoder *decoder;
static char text[4096];

static void setup(void)
{
	decoder = decoder_new();
	ck_assert_ptr_nonnull(decoder);
}

static void teardown(void)
{
	decoder_free(decoder);
}

static int add(const char *name, unsigned id, const char *fields)
{
	struct error error;

	make_format(text, sizeof(text), name, id, fields);
	return decoder_add_format(decoder, "probe_libc", text, strlen(text),
				  &error);
}

/* Decodes an event of 8-byte values that begins as all probes do.  */
static struct hit decode(unsigned id, bool is_return, uint64_t a, uint64_t b,
			 uint64_t c)
{
	const struct layout *layout = decoder_layout(decoder, id, NULL);
	const uint64_t values[] = { a, b, c };
	struct bytes raw = { 0 };
	struct hit hit;

	memset(&hit, 0xee, sizeof(hit));
	ck_assert_ptr_nonnull(layout);
	make_raw(&raw, is_return, id, 0x7f0012345678, values, 3);
	ck_assert_int_eq(layout_decode(layout, raw.data, raw.size, &hit), 0);
	ck_assert_uint_eq(hit.address, 0x7f0012345678);
	ck_assert_int_eq(hit.kind, is_return ? HIT_RETURN : HIT_CALL);
	/* Exactly what is needed is enough, a byte less is not.  */
	ck_assert_int_eq(layout_decode(layout, raw.data, layout->extent, &hit), 0);
	ck_assert_int_eq(layout_decode(layout, raw.data, layout->extent - 1,
				       &hit), -1);
	bytes_free(&raw);
	return hit;
}

static void check_role(const char *name, int function, int kind)
{
	enum allocator_id got_function;
	enum hit_kind got_kind;

	ck_assert_msg(event_role(name, &got_function, &got_kind), "%s", name);
	ck_assert_msg((int)got_function == function, "%s", name);
	ck_assert_msg((int)got_kind == kind, "%s", name);
}

START_TEST(roles)
{
	static const char *const none[] = {
		"", "malloc_info", "free_category", "mallo", "malloc2",
		"malloc_", "malloc_x", "mallocs", "_malloc", "lt_", "lt_x",
		"lt_lt_malloc", "malloc_retx", "malloc_1x", "kfree",
		"malloc_1_2", "free_ret", "free__return", "free_ret__return",
		"reallocar", "xmalloc", "malloc__", "malloc_return_"
	};
	enum allocator_id function;
	enum hit_kind kind;

	check_role("malloc", ALLOC_MALLOC, HIT_CALL);
	check_role("malloc_1", ALLOC_MALLOC, HIT_CALL);
	check_role("malloc_27", ALLOC_MALLOC, HIT_CALL);
	check_role("malloc_ret", ALLOC_MALLOC, HIT_RETURN);
	check_role("malloc_ret_1", ALLOC_MALLOC, HIT_RETURN);
	check_role("malloc_return", ALLOC_MALLOC, HIT_RETURN);
	check_role("malloc_ret__return", ALLOC_MALLOC, HIT_RETURN);
	check_role("malloc_ret__return_3", ALLOC_MALLOC, HIT_RETURN);
	check_role("malloc_ret_1__return", ALLOC_MALLOC, HIT_RETURN);
	check_role("malloc__return", ALLOC_MALLOC, HIT_RETURN);
	check_role("malloc__return_2", ALLOC_MALLOC, HIT_RETURN);
	check_role("malloc_1__return", ALLOC_MALLOC, HIT_RETURN);
	check_role("lt_malloc", ALLOC_MALLOC, HIT_CALL);
	check_role("lt_malloc_ret", ALLOC_MALLOC, HIT_RETURN);
	check_role("lt_free", ALLOC_FREE, HIT_CALL);
	check_role("free_1", ALLOC_FREE, HIT_CALL);
	check_role("realloc", ALLOC_REALLOC, HIT_CALL);
	check_role("reallocarray", ALLOC_REALLOCARRAY, HIT_CALL);
	check_role("reallocarray_ret", ALLOC_REALLOCARRAY, HIT_RETURN);
	check_role("posix_memalign__return", ALLOC_POSIX_MEMALIGN, HIT_RETURN);
	check_role("memalign_1", ALLOC_MEMALIGN, HIT_CALL);
	check_role("aligned_alloc", ALLOC_ALIGNED_ALLOC, HIT_CALL);
	check_role("valloc", ALLOC_VALLOC, HIT_CALL);
	check_role("calloc", ALLOC_CALLOC, HIT_CALL);
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		ck_assert_msg(!event_role(none[i], &function, &kind), "%s",
			      none[i]);
}
END_TEST

START_TEST(origin_events)
{
	struct hit hit;

	ck_assert_int_eq(add("malloc", 1, FIELD_IP FIELD_U64("bytes", 16)), 0);
	hit = decode(1, false, 3072, 0, 0);
	ck_assert_uint_eq(hit.function, ALLOC_MALLOC);
	ck_assert_uint_eq(hit.argument[0], 3072);
	ck_assert_uint_eq(hit.argument[1], 0);
	ck_assert_uint_eq(hit.argument[2], 0);
	ck_assert_uint_eq(hit.flags, 0);

	ck_assert_int_eq(add("malloc_ret__return", 2,
			     FIELD_FUNC FIELD_U64("arg1", 24)), 0);
	hit = decode(2, true, 0x34d4200, 0, 0);
	ck_assert_uint_eq(hit.function, ALLOC_MALLOC);
	ck_assert_uint_eq(hit.argument[0], 0x34d4200);

	/* In the recording the order is as the probe was made; in the hit it
	   is the prototype's.  */
	ck_assert_int_eq(add("calloc", 3, FIELD_IP FIELD_U64("elem_size", 16)
			     FIELD_U64("n", 24)), 0);
	hit = decode(3, false, 100, 7, 0);
	ck_assert_uint_eq(hit.argument[0], 7);
	ck_assert_uint_eq(hit.argument[1], 100);

	ck_assert_int_eq(add("realloc", 4, FIELD_IP FIELD_U64("oldmem", 16)
			     FIELD_U64("bytes", 24)), 0);
	hit = decode(4, false, 0xabc0, 99, 0);
	ck_assert_uint_eq(hit.argument[0], 0xabc0);
	ck_assert_uint_eq(hit.argument[1], 99);

	ck_assert_int_eq(add("aligned_alloc", 5, FIELD_IP
			     FIELD_U64("alignment", 16)
			     FIELD_U64("bytes", 24)), 0);
	hit = decode(5, false, 64, 640, 0);
	ck_assert_uint_eq(hit.argument[0], 0);
	ck_assert_uint_eq(hit.argument[1], 640);

	ck_assert_int_eq(add("free", 6, FIELD_IP FIELD_U64("mem", 16)), 0);
	hit = decode(6, false, 0x34d4200, 0, 0);
	ck_assert_uint_eq(hit.function, ALLOC_FREE);
	ck_assert_uint_eq(hit.argument[0], 0x34d4200);
}
END_TEST

START_TEST(status_functions)
{
	struct hit hit;

	ck_assert_int_eq(add("posix_memalign", 1, FIELD_IP
			     FIELD_U64("alignment", 16)
			     FIELD_U64("size", 24)), 0);
	hit = decode(1, false, 64, 777, 0);
	ck_assert_uint_eq(hit.argument[0], 0);
	ck_assert_uint_eq(hit.argument[2], 777);

	ck_assert_int_eq(add("posix_memalign_1", 2, FIELD_IP
			     FIELD_U64("memptr", 16) FIELD_U64("alignment", 24)
			     FIELD_U64("size", 32)), 0);
	hit = decode(2, false, 0x7ffc0010, 64, 777);
	ck_assert_uint_eq(hit.argument[0], 0x7ffc0010);
	ck_assert_uint_eq(hit.argument[2], 777);

	/* The upper half of the register means nothing.  */
	ck_assert_int_eq(add("posix_memalign__return", 3,
			     FIELD_FUNC FIELD_U64("arg1", 24)), 0);
	hit = decode(3, true, 0xdead00000000, 0, 0);
	ck_assert_uint_eq(hit.argument[0], 0);
	ck_assert_uint_eq(hit.flags, 0);

	ck_assert_int_eq(add("lt_posix_memalign_ret", 4, FIELD_FUNC
			     FIELD_U64("arg1", 24) FIELD_U64("ptr", 32)), 0);
	hit = decode(4, true, 12, 0xb10c0, 0);
	ck_assert_uint_eq(hit.argument[0], 12);
	ck_assert_uint_eq(hit.argument[1], 0xb10c0);
	ck_assert_uint_eq(hit.flags, HIT_HAS_POINTER);
}
END_TEST

/* Only where nothing returns, and is not confused with an argument.  */
START_TEST(callers)
{
	struct hit hit;

	ck_assert_int_eq(add("lt_free", 1, FIELD_IP FIELD_U64("mem", 16)
			     FIELD_U64("caller", 24)), 0);
	hit = decode(1, false, 0xb10c0, 0x401234, 0);
	ck_assert_uint_eq(hit.argument[0], 0xb10c0);
	ck_assert_uint_eq(hit.argument[1], 0x401234);
	ck_assert_uint_eq(hit.flags, HIT_HAS_CALLER);

	ck_assert_int_eq(add("lt_malloc", 2, FIELD_IP FIELD_U64("bytes", 16)
			     FIELD_U64("caller", 24)), 0);
	hit = decode(2, false, 100, 0x401234, 0);
	ck_assert_uint_eq(hit.argument[0], 100);
	ck_assert_uint_eq(hit.argument[1], 0);
	ck_assert_uint_eq(hit.flags, 0);
}
END_TEST

START_TEST(narrow_fields)
{
	struct { uint64_t common, ip; uint32_t u, s; int16_t h; uint8_t b; } raw = {
		0, 0x400000, 0xfffffffe, 0xfffffffe, -2, 200
	};
	struct hit hit;

	add("malloc", 1, FIELD_IP "\tfield:u32 bytes;\toffset:16;\tsize:4;\tsigned:0;\n");
	add("malloc_1", 2, FIELD_IP "\tfield:s32 bytes;\toffset:20;\tsize:4;\tsigned:1;\n");
	add("malloc_2", 3, FIELD_IP "\tfield:s16 bytes;\toffset:24;\tsize:2;\tsigned:1;\n");
	add("malloc_3", 4, FIELD_IP "\tfield:u8 bytes;\toffset:26;\tsize:1;\tsigned:0;\n");
	ck_assert_int_eq(layout_decode(decoder_layout(decoder, 1, NULL), &raw,
				       sizeof(raw), &hit), 0);
	ck_assert_uint_eq(hit.argument[0], 0xfffffffe);
	layout_decode(decoder_layout(decoder, 2, NULL), &raw, sizeof(raw), &hit);
	ck_assert_uint_eq(hit.argument[0], (uint64_t)-2);
	layout_decode(decoder_layout(decoder, 3, NULL), &raw, sizeof(raw), &hit);
	ck_assert_uint_eq(hit.argument[0], (uint64_t)-2);
	layout_decode(decoder_layout(decoder, 4, NULL), &raw, sizeof(raw), &hit);
	ck_assert_uint_eq(hit.argument[0], 200);
}
END_TEST

START_TEST(other_byte_order)
{
	const uint8_t raw[] = { 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0x7f, 0, 0x12, 0x34, 0x56, 0x78, 0, 0, 0x0c, 0 };
	const uint8_t little[] = { 0, 0, 0, 0, 0, 0, 0, 0,
		0x78, 0x56, 0x34, 0x12, 0, 0x7f, 0, 0, 0, 0x0c, 0, 0 };
	bool host_big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	struct hit hit;

	decoder_set_machine(decoder, !host_big, 8, 4096);
	add("malloc", 1, FIELD_IP "\tfield:u32 bytes;\toffset:16;\tsize:4;\tsigned:0;\n");
	layout_decode(decoder_layout(decoder, 1, NULL), host_big ? little : raw,
		      sizeof(raw), &hit);
	ck_assert_uint_eq(hit.argument[0], 3072);
	ck_assert_uint_eq(hit.address, 0x7f0012345678);
}
END_TEST

START_TEST(other_names)
{
	add("malloc", 1, FIELD_IP FIELD_U64("size", 16));
	ck_assert_uint_eq(decode(1, false, 5, 0, 0).argument[0], 5);
	add("malloc_1", 2, FIELD_IP FIELD_U64("size", 16) FIELD_U64("bytes", 24));
	ck_assert_uint_eq(decode(2, false, 5, 6, 0).argument[0], 6);
	add("malloc__return", 3, FIELD_FUNC FIELD_U64("ret", 24));
	ck_assert_uint_eq(decode(3, true, 5, 6, 0).argument[0], 5);
	add("free", 4, FIELD_IP "\tfield:void * ptr;\toffset:16;\tsize:8;\tsigned:0;\n");
	ck_assert_uint_eq(decode(4, false, 77, 0, 0).argument[0], 77);
}
END_TEST

START_TEST(missing)
{
	const char *why = "";

	ck_assert_ptr_null(decoder_layout(decoder, 1, &why));
	ck_assert_ptr_null(why);

	/* Needed, but not there, or no number.  */
	ck_assert_int_eq(add("malloc", 1, FIELD_IP), 0);
	ck_assert_ptr_null(decoder_layout(decoder, 1, &why));
	ck_assert_str_eq(why, "probe_libc:malloc has no argument bytes");
	ck_assert_str_eq(decoder_problem(decoder, 1), why);
	ck_assert_str_eq(decoder_event_name(decoder, 1), "probe_libc:malloc");
	add("malloc_1", 2, FIELD_IP
	    "\tfield:__data_loc char[] bytes;\toffset:16;\tsize:4;\tsigned:1;\n");
	ck_assert_ptr_nonnull(decoder_problem(decoder, 2));
	add("malloc_2", 3, FIELD_IP
	    "\tfield:u64 bytes[2];\toffset:16;\tsize:16;\tsigned:0;\n");
	ck_assert_ptr_nonnull(decoder_problem(decoder, 3));
	add("calloc", 4, FIELD_IP FIELD_U64("n", 16));
	ck_assert_str_eq(decoder_problem(decoder, 4),
			 "probe_libc:calloc has no argument elem_size");
	add("malloc_ret", 5, FIELD_FUNC);
	ck_assert_str_eq(decoder_problem(decoder, 5),
			 "probe_libc:malloc_ret has no argument arg1");

	/* Of another purpose.  */
	add("puts", 6, FIELD_IP);
	ck_assert_ptr_null(decoder_layout(decoder, 6, &why));
	ck_assert_str_eq(why, "probe_libc:puts");
	ck_assert_ptr_null(decoder_problem(decoder, 6));
	/* The name of an allocator, but not a probe's.  */
	add("free", 7, FIELD_U64("mem", 8));
	ck_assert_ptr_null(decoder_layout(decoder, 7, &why));
	ck_assert_str_eq(why, "probe_libc:free");

	/* The first format of an id counts.  */
	ck_assert_int_eq(add("malloc", 6, FIELD_IP FIELD_U64("bytes", 16)), 0);
	ck_assert_str_eq(decoder_event_name(decoder, 6), "probe_libc:puts");
}
END_TEST

START_TEST(garbage)
{
	static const char *const texts[] = {
		"", "\n", "name: malloc", "name: malloc\nID:\n",
		"name: malloc\nID: x\nformat:\n", "name:\nID: 3\nformat:\n",
		"name: malloc\nID: 99999999999\nformat:\n",
		"name: malloc\nID: 3 3\nformat:\n",
		"name: malloc\nID: -3\nformat:\n",
		"format:\nname: malloc\nID: 3\n",
		"name: malloc\nID: 3\nformat:\n\tfield:",
		"name: malloc\nID: 3\nformat:\n\tfield:u64 bytes;\toffset:x;",
	};
	struct error error;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		ck_assert_msg(decoder_add_format(decoder, "s", texts[i],
						 strlen(texts[i]), &error) < 0,
			      "%zu", i);
		ck_assert_ptr_null(decoder_layout(decoder, 3, NULL));
	}
	/* Not for the terminal.  */
	make_format(text, sizeof(text), "p\033[31m", 9, FIELD_IP);
	decoder_add_format(decoder, "s\n", text, strlen(text), &error);
	ck_assert_str_eq(decoder_event_name(decoder, 9), "s?:p?[31m");
}
END_TEST

/* Offsets that no raw data can have.  */
START_TEST(absurd_offsets)
{
	add("malloc", 1, FIELD_IP "\tfield:u64 bytes;\toffset:70000;\tsize:8;\tsigned:0;\n");
	ck_assert_ptr_null(decoder_layout(decoder, 1, NULL));
	add("malloc_1", 2, FIELD_IP "\tfield:u64 bytes;\toffset:-8;\tsize:8;\tsigned:0;\n");
	ck_assert_ptr_null(decoder_layout(decoder, 2, NULL));
	add("malloc_2", 3, FIELD_IP "\tfield:u64 bytes;\toffset:65535;\tsize:8;\tsigned:0;\n");
	ck_assert_uint_eq(decoder_layout(decoder, 3, NULL)->extent, 65543);
}
END_TEST

START_TEST(corrupted)
{
	uint64_t state = 1;

	for (int i = 0; i < 20000; i++) {
		struct decoder *victim = decoder_new();
		unsigned changes = 1 + next_random(&state) % 6;
		size_t size;

		make_format(text, sizeof(text), "calloc", 7, FIELD_IP
			    FIELD_U64("n", 16) FIELD_U64("elem_size", 24));
		size = strlen(text);
		while (changes--) {
			static const char likely[] = "\n\t:;[]() 0123456789-*\"x";
			size_t at = next_random(&state) % size;

			text[at] = next_random(&state) % 3 ?
				likely[next_random(&state) % (sizeof(likely) - 1)] :
				(char)next_random(&state);
		}
		if (next_random(&state) % 4 == 0)
			size = next_random(&state) % size;
		decoder_add_format(victim, "probe_libc", text, size, NULL);
		decoder_free(victim);
	}
}
END_TEST

static struct event_map parse(const char *map)
{
	struct event_map parsed;
	struct error error;

	ck_assert_msg(!event_map_parse(&parsed, map, &error), "%s", error.text);
	return parsed;
}

static void refuse(const char *map, const char *why)
{
	struct event_map parsed;
	struct error error;

	ck_assert_msg(event_map_parse(&parsed, map, &error) == -1, "%s", map);
	ck_assert_msg(strstr(error.text, why) != NULL, "%s: %s", map, error.text);
}

START_TEST(maps_are_read)
{
	struct event_map map = parse("app:get=malloc(size=n)");

	ck_assert_str_eq(map.event, "app:get");
	ck_assert_int_eq(map.function, ALLOC_MALLOC);
	ck_assert_int_eq(map.kind, HIT_CALL);
	ck_assert_str_eq(map.field[0], "n");
	map = parse("app:put=free(ptr=mem)");
	ck_assert_int_eq(map.function, ALLOC_FREE);
	ck_assert_str_eq(map.field[0], "mem");
	map = parse("a:b=malloc-return(ptr=arg1)");
	ck_assert_int_eq(map.kind, HIT_RETURN);
	ck_assert_str_eq(map.field[0], "arg1");
	map = parse("a:b=reallocarray(elem_size=x,optr=y,nmemb=z)");
	ck_assert_str_eq(map.field[0], "y");
	ck_assert_str_eq(map.field[1], "z");
	ck_assert_str_eq(map.field[2], "x");
	map = parse("a:b=posix_memalign-return(status=s,ptr=p)");
	ck_assert_str_eq(map.field[0], "s");
	ck_assert_str_eq(map.field[EVENT_POINTER], "p");
	map = parse("a:b=calloc");
	ck_assert_str_eq(map.field[0], "");
	refuse("", "is no map");
	refuse("a:b", "is no map");
	refuse("ab=malloc", "is no map");
	refuse(":b=malloc", "is no map");
	refuse("a:=malloc", "is no map");
	refuse("a:b=malloc(", "is no map");
	refuse("a:b=malloc()", "is no map");
	refuse("a:b=malloc(size)", "is no map");
	refuse("a:b=malloc(size=)", "is no map");
	refuse("a:b=malloc(size=x", "is no map");
	refuse("a:b=malloc(size=x)y", "is no map");
	refuse("a:b=malloc(size=x,)", "is no map");
	refuse("a:b=malloc(size=x y)", "is no map");
	refuse("a:b=", "'' is no allocation function; there are malloc, calloc");
	refuse("a:b=mallocs(size=x)", "'mallocs' is no allocation");
	refuse("a:b=free-return(ptr=x)", "'free-return' is no allocation");
	refuse("a:b=-return", "is no allocation function");
	refuse("a:b=malloc(ptr=x)", "malloc has no 'ptr' that an argument could be, it has bytes size");
	refuse("a:b=malloc-return(size=x)", "malloc-return has no 'size' that an argument could be, it has ptr");
}
END_TEST

START_TEST(maps_tell_what_events_are)
{
	struct event_map map[] = {
		parse("probe_libc:get=malloc(size=n)"),
		parse("probe_libc:got__return=malloc-return(ptr=p)"),
		parse("probe_libc:put=free"),
		parse("probe_libc:malloc=calloc(n=first)"),
		parse("probe_libc:bad=malloc(size=what)"),
		parse("probe_libc:tracepoint=free(ptr=x)"),
		parse("other:free=malloc(size=x)"),
		parse("probe_libc:long=free(ptr="
		      "an_argument_with_a_name_of_more_than_32)"),
	};
	const struct event_maps maps = { map, sizeof(map) / sizeof(*map) };
	struct hit hit;

	decoder_set_maps(decoder, &maps);
	add("get", 1, FIELD_IP FIELD_U64("other", 16) FIELD_U64("n", 24));
	hit = decode(1, false, 7, 8, 0);
	ck_assert_int_eq(hit.function, ALLOC_MALLOC);
	ck_assert_uint_eq(hit.argument[0], 8);
	add("got__return", 2, FIELD_FUNC FIELD_U64("p", 24));
	hit = decode(2, true, 9, 0, 0);
	ck_assert_int_eq(hit.function, ALLOC_MALLOC);
	ck_assert_uint_eq(hit.argument[0], 9);
	add("long", 9, FIELD_IP
	    FIELD_U64("an_argument_with_a_name_of_more_than_32", 16));
	ck_assert_uint_eq(decode(9, false, 7, 0, 0).argument[0], 7);
	/* What it does not tell has one of the usual names.  */
	add("put", 3, FIELD_IP FIELD_U64("mem", 16));
	ck_assert_uint_eq(decode(3, false, 5, 0, 0).argument[0], 5);
	add("malloc", 4, FIELD_IP FIELD_U64("elem_size", 16)
	    FIELD_U64("first", 24));
	hit = decode(4, false, 5, 6, 0);
	ck_assert_int_eq(hit.function, ALLOC_CALLOC);
	ck_assert_uint_eq(hit.argument[0], 6);
	ck_assert_uint_eq(hit.argument[1], 5);
	/* What it does tell is taken at its word.  */
	add("bad", 5, FIELD_IP FIELD_U64("bytes", 16));
	ck_assert_str_eq(decoder_problem(decoder, 5),
			 "probe_libc:bad has no argument what");
	add("tracepoint", 6, FIELD_U64("x", 16));
	ck_assert_str_eq(decoder_problem(decoder, 6),
			 "probe_libc:tracepoint has no argument __probe_ip");
	/* Another group's says nothing here.  */
	add("free", 7, FIELD_IP FIELD_U64("mem", 16));
	ck_assert_int_eq(decode(7, false, 1, 0, 0).function, ALLOC_FREE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("decode");
	TCase *tcase = tcase_create("decode");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, roles);
	tcase_add_test(tcase, origin_events);
	tcase_add_test(tcase, status_functions);
	tcase_add_test(tcase, callers);
	tcase_add_test(tcase, narrow_fields);
	tcase_add_test(tcase, other_byte_order);
	tcase_add_test(tcase, other_names);
	tcase_add_test(tcase, missing);
	tcase_add_test(tcase, garbage);
	tcase_add_test(tcase, absurd_offsets);
	tcase_add_test(tcase, corrupted);
	tcase_add_test(tcase, maps_are_read);
	tcase_add_test(tcase, maps_tell_what_events_are);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
