/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "symbols/internal.h"
#include "symbols/names.h"
#include "symbols/told.h"

unsigned symbols_generation(const struct symbols *symbols)
{
	return atomic_load(&symbols->generation);
}

unsigned symbols_lacking(const struct symbols *symbols, enum lacking why,
			 const char **path)
{
	unsigned count = atomic_load(&symbols->lacking[why]);

	if (count)
		*path = atomic_load(&symbols->lacking_path[why]);
	return count;
}

/* Counts OBJECT, unless servers may still have the file that was mapped.  */
static void note_lacking(struct symbols *symbols, struct object *object,
			  const struct names *names)
{
	const char *none = NULL;
	enum lacking why;

	if (!names_missing(object, names, &why) ||
	    (symbols->fetch && names_lack(object, names)) ||
	    atomic_exchange(&object->lacking, true))
		return;
	atomic_compare_exchange_strong(&symbols->lacking_path[why], &none,
				       object->shown);
	atomic_fetch_add(&symbols->lacking[why], 1);
}

bool frames_read_names(struct symbols *symbols, struct object *object)
{
	const struct names *names;

	if (atomic_load(&object->names))
		return false;
	names = object_names(object,
			     object_image(object, &symbols->headers),
			     &symbols->tables);
	if (!names)
		return false;
	note_lacking(symbols, object, names);
	atomic_fetch_add(&symbols->generation, 1);
	return true;
}

bool frames_fetch(struct symbols *symbols, struct object *object)
{
	if (!symbols->fetch ||
	    !object_fetch(object, symbols->fetch, &symbols->tables))
		return false;
	note_lacking(symbols, object, atomic_load(&object->names));
	atomic_fetch_add(&symbols->generation, 1);
	return true;
}

bool frames_read_line(struct symbols *symbols, struct object *object,
		      uint64_t address)
{
	struct names *names = atomic_load(&object->names);
	struct source source;

	if (!names ||
	    lines_known(symbols->lines, object, names, address, &source))
		return false;
	lines_find(symbols->lines, object, names, address, &source);
	return source.file || source.count ||
	       (symbols->fetch && names_lack(object, names));
}

/* The process of SPACE, and where its files are seen from.  */
static bool process_of(struct symbols *symbols, uint32_t space, uint32_t *pid,
		       const struct root **root)
{
	bool found;

	pthread_mutex_lock(&symbols->lock);
	found = spaces_process(symbols->spaces, space, pid, root);
	if (found && !*root)
		*root = symbols->sysroot;
	pthread_mutex_unlock(&symbols->lock);
	return found;
}

bool frames_look(struct symbols *symbols, uint32_t space)
{
	const struct root *root;
	uint32_t pid;

	if (!process_of(symbols, space, &pid, &root) ||
	    !jit_look(symbols->jit, pid, root))
		return false;
	atomic_fetch_add(&symbols->generation, 1);
	return true;
}

/* The names of OBJECT as far as they are known, or can be waited for.  */
static struct names *names_of(struct symbols *symbols, struct object *object)
{
	struct names *names = atomic_load(&object->names);
	struct request request = { .object = object };

	if (!names && !symbols->resolver) {
		frames_read_names(symbols, object);
		names = atomic_load(&object->names);
	}
	if (names && (!symbols->fetch || !names_lack(object, names)))
		return names;
	if (symbols->resolver) {
		request.what = names ? RESOLVE_FETCH : RESOLVE_NAMES;
		resolver_ask(symbols->resolver, request);
	} else if (names) {
		frames_fetch(symbols, object);
		names = atomic_load(&object->names);
	}
	return names;
}

static void source_of(struct symbols *symbols, struct object *object,
		      struct names *names, uint64_t address,
		      struct source *source)
{
	struct request request = {
		.what = RESOLVE_LINE, .object = object, .address = address,
	};

	if (lines_known(symbols->lines, object, names, address, source))
		return;
	if (symbols->resolver) {
		resolver_ask(symbols->resolver, request);
		return;
	}
	lines_find(symbols->lines, object, names, address, source);
	/* That may have shown that servers are needed.  */
	if (symbols->fetch && names_lack(object, names) &&
	    frames_fetch(symbols, object))
		lines_find(symbols->lines, object,
			   atomic_load(&object->names), address, source);
}

/* Of ADDRESS of SPACE, where no file is mapped, BACK less than was asked for.
   */
static bool jit_frame(struct symbols *symbols, uint32_t space,
		      uint64_t address, uint64_t back, struct frame *frame)
{
	struct request request = { .what = RESOLVE_PROCESS, .space = space };
	const struct root *root;
	struct jit_name name;
	uint32_t pid;
	bool due, found;

	if (!process_of(symbols, space, &pid, &root))
		return false;
	found = jit_find(symbols->jit, pid, root, address, &name, &due);
	if (due && symbols->resolver)
		resolver_ask(symbols->resolver, request);
	else if (due && jit_look(symbols->jit, pid, root))
		found = jit_find(symbols->jit, pid, root, address, &name, &due);
	if (!found)
		return false;
	frame->symbol = name.symbol;
	frame->offset = address - name.start + back;
	frame->object = name.file;
	return true;
}

/* What symbols_frame tells, but for the line, and SOURCE, empty without
   FRAME_LINE.  */
static bool find_frame(struct symbols *symbols, uint32_t space,
		       uint64_t address, unsigned flags, struct frame *frame,
		       struct source *source)
{
	/* The instruction after a call may already be another function's, or
	   another object's.  */
	uint64_t back = flags & FRAME_RETURN && address ? 1 : 0;
	uint64_t offset, in_file;
	struct function function;
	struct object *object;
	struct names *names;

	*frame = (struct frame){ .symbol = NULL };
	*source = (struct source){ .file = NULL };
	if (told_frame(symbols, address, frame))
		return frame->symbol || frame->object;
	object = symbols_locate(symbols, space, address - back, &offset);
	if (!object)
		return jit_frame(symbols, space, address - back, back, frame);
	frame->object = object->shown;
	frame->object_offset = offset + back;
	names = names_of(symbols, object);
	if (!names || !names_address(names, offset, &in_file))
		return true;
	if (names_find(names, symbols->strings, in_file, &function)) {
		frame->symbol = function.name;
		frame->offset = in_file - function.start + back;
		frame->allocator = function.allocator;
	}
	if (flags & FRAME_LINE)
		source_of(symbols, object, names, in_file, source);
	return true;
}

/* Where in the source the frame number I is, 0: the innermost.  */
static void set_line(struct frame *frame, const struct source *source,
		     unsigned i)
{
	frame->file = i ? source->inlined[i - 1].file : source->file;
	frame->line = i ? source->inlined[i - 1].line : source->line;
}

bool symbols_frame(struct symbols *symbols, uint32_t space, uint64_t address,
		   unsigned flags, struct frame *frame)
{
	struct source source;
	bool found = find_frame(symbols, space, address, flags, frame, &source);
	unsigned i = 0;

	while (i < source.count && source.inlined[i].allocator)
		i++;
	set_line(frame, &source, i);
	return found;
}

unsigned symbols_frames(struct symbols *symbols, uint32_t space,
			uint64_t address, unsigned flags, struct frame *frames,
			unsigned size)
{
	struct source source;
	struct frame outer;
	unsigned count;

	find_frame(symbols, space, address, flags, &outer, &source);
	count = source.count < size - 1 ? source.count : size - 1;
	for (unsigned i = 0; i < count; i++) {
		frames[i] = (struct frame){
			.symbol = source.inlined[i].symbol,
			.object = outer.object,
			.object_offset = outer.object_offset,
			.allocator = source.inlined[i].allocator,
			.inlined = true,
		};
		set_line(&frames[i], &source, i);
	}
	set_line(&outer, &source, source.count);
	frames[count] = outer;
	return count + 1;
}

uint32_t symbols_call_site(struct symbols *symbols, uint32_t space,
			   const uint64_t *addresses, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct frame frame;

		symbols_frame(symbols, space, addresses[i], FRAME_RETURN,
			      &frame);
		if (frame.allocator)
			continue;
		/* A chain that was taken at a function's entry begins there,
		   and not with a return address.  */
		if (!i) {
			symbols_frame(symbols, space, addresses[i], 0, &frame);
			if (frame.allocator && !frame.offset)
				continue;
		}
		return i;
	}
	return count - 1;
}
