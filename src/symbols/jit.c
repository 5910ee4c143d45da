/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "symbols/jit.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "symbols/below.h"
#include "symbols/perfmap.h"

/* Between two looks at the same file, ns.  */
#define LOOK_TIME UINT64_C(1000000000)
/* Processes with a file of their own; those of others have no names.  */
#define PROCESSES_MAX 4096

struct process {
	struct process *next;
	uint32_t pid;
	const struct root *root;
	uint64_t looked;        /* at this time of the clock, ns; 0: never */
	/* The file as it was read.  */
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;
	struct perfmap *perfmap; /* NULL: none */
	const char *file;
};

struct jit {
	struct strings *strings;
	pthread_mutex_t lock;   /* all that follows; never waits for a file */
	struct process *processes;
	unsigned count;
};

struct jit *jit_new(struct strings *strings)
{
	struct jit *jit = calloc(1, sizeof(*jit));

	if (!jit)
		return NULL;
	jit->strings = strings;
	pthread_mutex_init(&jit->lock, NULL);
	return jit;
}

void jit_free(struct jit *jit)
{
	struct process *process, *next;

	if (!jit)
		return;
	for (process = jit->processes; process; process = next) {
		next = process->next;
		perfmap_free(process->perfmap);
		free(process);
	}
	pthread_mutex_destroy(&jit->lock);
	free(jit);
}

/* Under the lock.  */
static struct process *find(struct jit *jit, uint32_t pid,
			    const struct root *root)
{
	struct process *process = jit->processes;

	while (process && (process->pid != pid || process->root != root))
		process = process->next;
	return process;
}

bool jit_find(struct jit *jit, uint32_t pid, const struct root *root,
	      uint64_t address, struct jit_name *name, bool *due)
{
	const struct process *process;
	const char *symbol = NULL;

	pthread_mutex_lock(&jit->lock);
	process = find(jit, pid, root);
	*due = process ? clock_now() - process->looked >= LOOK_TIME
		       : jit->count < PROCESSES_MAX;
	if (process && process->perfmap)
		symbol = perfmap_find(process->perfmap, address, &name->start);
	if (symbol) {
		name->symbol = strings_intern(jit->strings, symbol);
		name->file = process->file;
		symbol = name->symbol;
	}
	pthread_mutex_unlock(&jit->lock);
	return symbol != NULL;
}

/* What /proc says of a living process: the number that it knows itself by, and
   its users.  */
struct status {
	uint32_t own_pid;
	bool known;
	uid_t uid[2];           /* real and effective */
};

static void read_status(uint32_t pid, struct status *status)
{
	char path[64], line[256];
	FILE *file;

	*status = (struct status){ .own_pid = pid };
	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	file = fopen(path, "re");
	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		unsigned real, effective;
		char *last;

		if (sscanf(line, "Uid: %u %u", &real, &effective) == 2) {
			status->known = true;
			status->uid[0] = real;
			status->uid[1] = effective;
		} else if (!strncmp(line, "NSpid:", 6)) {
			last = strrchr(line, '\t');
			if (last)
				status->own_pid = (uint32_t)strtoul(last, NULL,
								    10);
		}
	}
	fclose(file);
}

static bool is_trusted(uid_t owner, const struct status *status)
{
	if (owner == 0 || (!status && owner == geteuid()))
		return true;
	return status && status->known &&
	       (owner == status->uid[0] || owner == status->uid[1]);
}

/* Opens perf-PID.map in DIRECTORY/tmp.  STATUS: of the process; NULL: it is one
   of a recording.  Nobody can make that a link to something else, nor a pipe
   to wait for.  */
static int open_map(int directory, uint32_t pid, const struct status *status,
		    struct stat *stat)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "tmp/perf-%u.map", pid);
	fd = open_below(directory, path, O_NOFOLLOW);
	if (fd < 0)
		return -1;
	if (!fstat(fd, stat) && S_ISREG(stat->st_mode) &&
	    is_trusted(stat->st_uid, status))
		return fd;
	close(fd);
	return -1;
}

static int open_local(uint32_t pid, struct stat *stat)
{
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = root >= 0 ? open_map(root, pid, NULL, stat) : -1;

	if (root >= 0)
		close(root);
	return fd;
}

/* *OWN_PID: the number in the file's name.  */
static int open_of(uint32_t pid, const struct root *root, struct stat *stat,
		   uint32_t *own_pid)
{
	struct status status;
	int fd = -1;

	*own_pid = pid;
	if (root && !root->first) {
		read_status(pid, &status);
		*own_pid = status.own_pid;
		return root->fd >= 0 ? open_map(root->fd, status.own_pid,
						&status, stat)
				     : -1;
	}
	if (root && root->fd >= 0)
		fd = open_map(root->fd, pid, NULL, stat);
	return fd >= 0 ? fd : open_local(pid, stat);
}

/* Under the lock.  Whether the file was read as it is.  */
static bool is_read(const struct process *process, const struct stat *stat)
{
	return process->perfmap && process->device == stat->st_dev &&
	       process->inode == stat->st_ino &&
	       process->size == stat->st_size &&
	       process->changed.tv_sec == stat->st_mtim.tv_sec &&
	       process->changed.tv_nsec == stat->st_mtim.tv_nsec;
}

/* Under the lock: the process was looked at.  */
static struct process *note_look(struct jit *jit, uint32_t pid,
				 const struct root *root)
{
	struct process *process = find(jit, pid, root);

	if (!process && jit->count < PROCESSES_MAX) {
		process = calloc(1, sizeof(*process));
		if (process) {
			process->pid = pid;
			process->root = root;
			process->next = jit->processes;
			jit->processes = process;
			jit->count++;
		}
	}
	if (process)
		process->looked = clock_now();
	return process;
}

static void replace(struct jit *jit, struct process *process,
		    const struct stat *stat, struct perfmap *perfmap,
		    uint32_t own_pid)
{
	char path[64];

	perfmap_free(process->perfmap);
	process->perfmap = perfmap;
	process->device = stat->st_dev;
	process->inode = stat->st_ino;
	process->size = stat->st_size;
	process->changed = stat->st_mtim;
	snprintf(path, sizeof(path), "/tmp/perf-%u.map", own_pid);
	process->file = strings_intern(jit->strings, path);
}

bool jit_look(struct jit *jit, uint32_t pid, const struct root *root)
{
	struct perfmap *perfmap;
	struct process *process;
	struct stat stat;
	uint32_t own_pid;
	int fd = open_of(pid, root, &stat, &own_pid);
	bool fresh;

	pthread_mutex_lock(&jit->lock);
	process = note_look(jit, pid, root);
	fresh = fd >= 0 && process && !is_read(process, &stat);
	pthread_mutex_unlock(&jit->lock);
	perfmap = fresh ? perfmap_read(fd) : NULL;
	if (fd >= 0)
		close(fd);
	if (!perfmap)
		return false;
	pthread_mutex_lock(&jit->lock);
	replace(jit, process, &stat, perfmap, own_pid);
	pthread_mutex_unlock(&jit->lock);
	return true;
}
