/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "config.h"

#include "capture/recording.h"

#include <stdio.h>
#include <stdlib.h>

#include "capture/target.h"
#include "trace/synthesize.h"

/* What perf calls an event that counts nothing, in the user's mode only.  */
#define DUMMY_NAME "dummy:u"

struct recording {
	struct tap tap;
	pid_t pid;
	bool begun;                     /* the target's name has been told */
	/* Of a probe; the trailers of what is made up are as this event's,
	   which is also who the losses are of.  */
	struct perf_event_attr attr;
	struct synthetic synthetic;
};

struct recording *recording_new(const struct tap *tap, pid_t pid)
{
	struct recording *recording = calloc(1, sizeof *recording);

	if (!recording)
		return NULL;
	recording->tap = *tap;
	recording->pid = pid;
	recording->synthetic.attr = &recording->attr;
	return recording;
}

void recording_free(struct recording *recording)
{
	free(recording);
}

void recording_format(struct recording *recording, const char *group,
		      const char *text, size_t size)
{
	if (recording)
		recording->tap.format(recording->tap.context, group, text,
				      size);
}

struct naming {
	struct recording *recording;
	const struct probes *probes;
};

static const struct probe *probe_of(const struct probes *probes,
				    const struct perf_event_attr *attr)
{
	if (attr->type != PERF_TYPE_TRACEPOINT)
		return NULL;
	for (unsigned i = 0; i < probes->count; i++) {
		if (probes->probe[i].id == attr->config)
			return &probes->probe[i];
	}
	return NULL;
}

static uint64_t first_id(const uint64_t *ids, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (ids[i])
			return ids[i];
	}
	return 0;
}

static int hand_on_event(void *context, const struct perf_event_attr *attr,
			 const uint64_t *ids, size_t count)
{
	const struct naming *naming = context;
	struct recording *recording = naming->recording;
	const struct probe *probe = probe_of(naming->probes, attr);
	char name[sizeof naming->probes->group + sizeof probe->name] =
		DUMMY_NAME;

	if (probe)
		snprintf(name, sizeof name, "%s:%s", naming->probes->group,
			 probe->name);
	if (probe && !recording->synthetic.id) {
		recording->attr = *attr;
		recording->synthetic.id = first_id(ids, count);
	}
	recording->tap.event(recording->tap.context, attr, name, ids, count);
	return 0;
}

static void hand_on_name(struct recording *recording, uint64_t time, pid_t pid,
			 pid_t tid)
{
	char name[TARGET_COMM];

	target_comm(pid, tid, name, sizeof name);
	recording_record(recording,
			 synthesize_comm(&recording->synthetic, time, pid, tid,
					 name, false));
}

int recording_events(struct recording *recording, const struct probes *probes,
		     struct rings *rings)
{
	struct naming naming = { recording, probes };

	if (!recording)
		return 0;
	if (rings_events(rings, hand_on_event, &naming))
		return -1;
	if (recording->begun)
		return 0;
	recording->begun = true;
	hand_on_name(recording, 0, recording->pid, recording->pid);
	return 0;
}

void recording_record(struct recording *recording,
		      const struct perf_event_header *record)
{
	if (recording && record)
		recording->tap.record(recording->tap.context, record);
}

void recording_names(struct recording *recording, uint64_t time, pid_t pid)
{
	pid_t *tids;
	long count = recording ? target_threads(pid, &tids) : -1;

	for (long i = 0; i < count; i++)
		hand_on_name(recording, time, pid, tids[i]);
	if (count >= 0)
		free(tids);
}

void recording_mapping(struct recording *recording,
		       const struct mapping *mapping)
{
	if (recording)
		recording_record(recording,
				 synthesize_mapping(&recording->synthetic,
						    mapping));
}

void recording_lost(struct recording *recording, uint64_t time, uint64_t count)
{
	if (recording)
		recording_record(recording,
				 synthesize_lost_samples(&recording->synthetic,
							 time, count));
}

void recording_mode(struct recording *recording, uint64_t time,
		    enum hit_mode mode)
{
	if (recording)
		recording_record(recording,
				 synthesize_mode(&recording->synthetic, time,
						 mode));
}

void recording_round(struct recording *recording)
{
	if (recording)
		recording->tap.round(recording->tap.context);
}
