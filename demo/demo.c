/* SPDX-License-Identifier: LGPL-3.0-or-later
 *
 * leaktop-demo: a program that leaks the way emacs once did.
 *
 * For every frame it "creates", the font is loaded twice. The first time a
 * converter is asked for it, which gives it back; the second time the font is
 * queried directly and the result is kept "on purpose" and never freed:
 *
 *   create_frame > x_term_init > xt_call_converter > cvt_string_to_font
 *                > load_query_font > xmalloc(3072)      freed
 *   create_frame > x_term_init > query_font_info > xmalloc(3072)    leaked
 *
 * Around that a program goes about its business: it draws with short-lived
 * blocks, keeps a cache of bounded size, fills a buffer that grows, and has a
 * second thread that makes blocks which the first one frees.
 */
#include "config.h"

#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

/* The call chains are the point of this program: no function of it may be
 * inlined, cloned or merged with another. */
#if defined(__GNUC__) && !defined(__clang__)
#define STEP __attribute__((noipa, used))
#else
#define STEP __attribute__((noinline, used))
#endif

#define FONT_SIZE 3072
#define CACHE_ENTRIES 256
#define MAILS 16

/* Noise of a frame at 100 per cent, see --noise. */
#define DRAWS_PER_FRAME 120
#define CACHED_PER_FRAME 20
#define LOGGED_PER_FRAME 10

struct font {
	char name[64];
	unsigned char metrics[FONT_SIZE - 64];
};

_Static_assert(sizeof(struct font) == FONT_SIZE, "the size of the story");

/* Blocks that the worker thread made and the main thread frees. */
struct mailbox {
	pthread_mutex_t lock;
	pthread_cond_t asked;
	unsigned wanted;
	unsigned count;
	bool closing;
	char *mail[MAILS];
};

struct program {
	uint32_t random;
	unsigned noise; /* per cent */
	void *cache[CACHE_ENTRIES];
	unsigned cache_next;
	char *log;
	size_t log_used, log_room;
	void *atlas, *dictionary, *settings;
	struct mailbox mailbox;
};

static volatile sig_atomic_t ending;

/* Declared here because they are kept global, for the symbol table. */
void *xmalloc(size_t size);
struct font *load_query_font(const char *name);
struct font *cvt_string_to_font(const char *name);
struct font *xt_call_converter(const char *name);
void free_converted_font(struct font *font);
void query_font_info(const char *name);
void x_term_init(const char *font_name);
void create_frame(unsigned number);
void draw_text(struct program *p);
void cache_put(struct program *p);
void log_append(struct program *p, const char *text);
void align_rows(struct program *p);
void read_mail(struct mailbox *m, unsigned wanted);
void write_mail(struct mailbox *m);
void start_up(struct program *p);
void shut_down(struct program *p);

/* Deterministic, so that two runs allocate the same: Numerical Recipes' LCG. */
static uint32_t next_random(struct program *p)
{
	p->random = p->random * 1664525u + 1013904223u;
	return p->random >> 8;
}

/* Returns only with memory, as so many programs' xmalloc does. */
STEP void *xmalloc(size_t size)
{
	void *block = malloc(size);

	if (!block) {
		fputs("leaktop-demo: memory exhausted\n", stderr);
		abort();
	}
	return block;
}

STEP struct font *load_query_font(const char *name)
{
	struct font *font = xmalloc(sizeof(*font));

	snprintf(font->name, sizeof(font->name), "%s", name);
	memset(font->metrics, 1, sizeof(font->metrics));
	return font;
}

STEP struct font *cvt_string_to_font(const char *name)
{
	struct font *font = load_query_font(name);

	font->metrics[0]++;
	return font;
}

STEP struct font *xt_call_converter(const char *name)
{
	struct font *font = cvt_string_to_font(name);

	font->metrics[1]++;
	return font;
}

STEP void free_converted_font(struct font *font)
{
	free(font);
}

/* Asks for the font and forgets the one that it was given before. */
STEP void query_font_info(const char *name)
{
	static struct font *current;

	current = xmalloc(sizeof(*current));
	snprintf(current->name, sizeof(current->name), "%s", name);
}

STEP void x_term_init(const char *font_name)
{
	struct font *converted = xt_call_converter(font_name);

	free_converted_font(converted);
	query_font_info(font_name);
}

STEP void create_frame(unsigned number)
{
	char *title = malloc(32);

	if (!title)
		return;
	snprintf(title, 32, "frame %u", number);
	x_term_init("9x15");
	free(title);
}

/* How often to do what a frame does COUNT times; at least once. */
static unsigned scaled(const struct program *p, unsigned count)
{
	return 1 + (count - 1) * p->noise / 100;
}

/* Short-lived blocks of many sizes. */
STEP void draw_text(struct program *p)
{
	for (unsigned i = 0; i < scaled(p, DRAWS_PER_FRAME); i++) {
		size_t size = 16 + next_random(p) % 2000;
		char *line = i % 3 ? malloc(size) : xmalloc(size);
		char *copy;
		int *widths;

		if (!line)
			return;
		memset(line, 'x', 15);
		line[15] = '\0';
		copy = strdup(line);
		widths = calloc(8 + i % 5, sizeof(*widths));
		if (widths)
			widths[0] = (int)size;
		free(line);
		free(widths);
		free(copy);
	}
}

/* A cache that is full soon: what comes in pushes the oldest entry out. */
STEP void cache_put(struct program *p)
{
	for (unsigned i = 0; i < scaled(p, CACHED_PER_FRAME); i++) {
		free(p->cache[p->cache_next]);
		p->cache[p->cache_next] = xmalloc(64 + 32 * (next_random(p) % 12));
		p->cache_next = (p->cache_next + 1) % CACHE_ENTRIES;
	}
}

/* A buffer that doubles when it is full, and is started anew when it is big. */
STEP void log_append(struct program *p, const char *text)
{
	size_t length = strlen(text);

	if (p->log_used + length > p->log_room) {
		size_t room = p->log_room ? 2 * p->log_room : 256;
		char *grown = realloc(p->log, room);

		if (!grown)
			return;
		p->log = grown;
		p->log_room = room;
	}
	memcpy(p->log + p->log_used, text, length);
	p->log_used += length;
	if (p->log_used > 60000) {
		free(p->log);
		p->log = NULL;
		p->log_used = p->log_room = 0;
	}
}

STEP void align_rows(struct program *p)
{
	size_t rows = 1 + next_random(p) % 4;
	void *vectors = aligned_alloc(64, rows * 512);
	void *page = NULL;

	if (posix_memalign(&page, 4096, 4096) == 0)
		memset(page, 0, 64);
	if (vectors)
		memset(vectors, 0, 64);
	free(vectors);
	free(page);
}

/* The worker's half: fill the mailbox when it is asked to. */
STEP void write_mail(struct mailbox *m)
{
	while (m->count < m->wanted && m->count < MAILS) {
		char *mail = malloc(100 + 10 * m->count);

		if (!mail)
			break;
		strcpy(mail, "news");
		m->mail[m->count++] = mail;
	}
	m->wanted = 0;
}

/* The main thread's half: free what the worker allocated, ask for more. */
STEP void read_mail(struct mailbox *m, unsigned wanted)
{
	pthread_mutex_lock(&m->lock);
	while (m->count)
		free(m->mail[--m->count]);
	m->wanted = wanted;
	pthread_cond_signal(&m->asked);
	pthread_mutex_unlock(&m->lock);
}

static void *mail_thread(void *argument)
{
	struct mailbox *m = argument;

	pthread_mutex_lock(&m->lock);
	while (!m->closing) {
		if (m->wanted)
			write_mail(m);
		pthread_cond_wait(&m->asked, &m->lock);
	}
	pthread_mutex_unlock(&m->lock);
	return NULL;
}

/* One-off blocks, big and live until the end, that are no leak. */
STEP void start_up(struct program *p)
{
	p->atlas = xmalloc(1 << 20);
	memset(p->atlas, 0, 4096);
	p->dictionary = calloc(5000, 40);
	p->settings = strdup("font=9x15 geometry=80x24 scrollbar=left");
}

STEP void shut_down(struct program *p)
{
	pthread_mutex_lock(&p->mailbox.lock);
	while (p->mailbox.count)
		free(p->mailbox.mail[--p->mailbox.count]);
	pthread_mutex_unlock(&p->mailbox.lock);
	for (unsigned i = 0; i < CACHE_ENTRIES; i++)
		free(p->cache[i]);
	free(p->log);
	free(p->settings);
	free(p->dictionary);
	free(p->atlas);
}

static void end_on_signal(int signal_number)
{
	(void)signal_number;
	ending = 1;
}

/* TEXT as a number of at most 9 digits, or end with a usage error. */
static unsigned option_number(const char *option, const char *text)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 9 || text[digits]) {
		fprintf(stderr, "leaktop-demo: --%s needs a number, not '%s'\n", option, text);
		exit(2);
	}
	return (unsigned)strtoul(text, NULL, 10);
}

static void usage(void)
{
	puts("Usage: leaktop-demo [OPTION]...\n"
	     "Leak 3072 bytes with every frame, for leaktop to find.\n"
	     "\n"
	     "  --frames=N          stop after N frames (default: when killed)\n"
	     "  --interval=MS       milliseconds between frames (default: 100)\n"
	     "  --delay=MS          milliseconds before the first frame (default: 0)\n"
	     "  --noise=PERCENT     how much to allocate besides (default: 100)\n"
	     "  --die-with-parent   stop when the process that started this one ends");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"frames", required_argument, NULL, 'f'},
		{"interval", required_argument, NULL, 'i'},
		{"delay", required_argument, NULL, 'd'},
		{"noise", required_argument, NULL, 'n'},
		{"die-with-parent", no_argument, NULL, 'p'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	static struct program program = {
		.random = 1,
		.noise = 100,
		.mailbox = {.lock = PTHREAD_MUTEX_INITIALIZER, .asked = PTHREAD_COND_INITIALIZER},
	};
	struct sigaction action = {.sa_handler = end_on_signal};
	struct timespec pause, delay;
	unsigned frames = 0, interval = 100, wait = 0;
	pid_t parent = getppid();
	bool threaded;
	pthread_t worker;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'f':
			frames = option_number("frames", optarg);
			break;
		case 'i':
			interval = option_number("interval", optarg);
			break;
		case 'd':
			wait = option_number("delay", optarg);
			break;
		case 'n':
			program.noise = option_number("noise", optarg) % 1001;
			break;
		case 'p':
			prctl(PR_SET_PDEATHSIG, SIGTERM);
			/* The parent may have ended before the line above. */
			if (getppid() != parent)
				return EXIT_SUCCESS;
			break;
		case 'h':
			usage();
			return EXIT_SUCCESS;
		default:
			return 2;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "leaktop-demo: unexpected argument '%s'\n", argv[optind]);
		return 2;
	}

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	printf("leaktop-demo: PID %ld\n", (long)getpid());
	fflush(stdout);

	pause = (struct timespec){.tv_sec = interval / 1000, .tv_nsec = interval % 1000 * 1000000L};
	delay = (struct timespec){.tv_sec = wait / 1000, .tv_nsec = wait % 1000 * 1000000L};
	start_up(&program);
	threaded = pthread_create(&worker, NULL, mail_thread, &program.mailbox) == 0;
	if (wait)
		nanosleep(&delay, NULL);

	for (unsigned i = 1; !ending && (!frames || i <= frames); i++) {
		create_frame(i);
		draw_text(&program);
		cache_put(&program);
		for (unsigned line = 0; line < scaled(&program, LOGGED_PER_FRAME); line++)
			log_append(&program, "a frame was drawn, and its font was loaded twice\n");
		align_rows(&program);
		read_mail(&program.mailbox, scaled(&program, MAILS));
		nanosleep(&pause, NULL);
	}

	if (threaded) {
		pthread_mutex_lock(&program.mailbox.lock);
		program.mailbox.closing = true;
		pthread_cond_signal(&program.mailbox.asked);
		pthread_mutex_unlock(&program.mailbox.lock);
		pthread_join(worker, NULL);
	}
	shut_down(&program);
	return EXIT_SUCCESS;
}
