// SPDX-License-Identifier: GPL-2.0
/* How fast a section is, compared with ordinary memory in the same run */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tool.h"

#define DEFAULT_SIZE	((size_t)64 << 20)

/* A pass over all of @target; @other is ordinary memory of the same size. */
typedef void pass_fn(void *target, const void *other, size_t size);

static void pass_write(void *target, const void *other, size_t size)
{
	(void)other;
	memset(target, 0x5a, size);
}

static void pass_read(void *target, const void *other, size_t size)
{
	const uint64_t *word = target, *end = word + size / sizeof(*word);
	static volatile uint64_t sink;
	uint64_t sum = 0;

	(void)other;
	while (word < end)
		sum += *word++;
	sink = sum;
	(void)sink;
}

static void pass_copy(void *target, const void *other, size_t size)
{
	memcpy(target, other, size);
}

static const struct pass {
	const char *name;
	pass_fn *run;
} passes[] = {
	{ "write", pass_write }, { "read", pass_read }, { "copy", pass_copy },
};

/* 10^6 bytes a second. The first pass only brings in pages. */
static double measure(const struct pass *pass, void *target, const void *other, size_t size,
		      double seconds)
{
	double begin, passed;
	uint64_t bytes = 0;

	pass->run(target, other, size);
	begin = now();
	do {
		pass->run(target, other, size);
		/* The memory may be looked at here, so no pass is left out. */
		__asm__ volatile("" : : : "memory");
		bytes += size;
		passed = now() - begin;
	} while (passed < seconds && !stopped);
	return bytes / passed / 1e6;
}

static void *ordinary(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory == MAP_FAILED)
		failed("out of memory for %zu bytes", size);
	return memory;
}

static const char *choose_section(const struct ivshmem *dev, const struct options *o)
{
	const char *name = o->section;

	if (!name)
		return dev->output.data ? "output" : "rw";
	if (strcmp(name, "rw") && strcmp(name, "output"))
		usage_error("--section is '%s', want rw or output", name);
	return name;
}

static size_t choose_size(const struct ivshmem_section *section, const struct options *o)
{
	if (GIVEN(o->size) && o->size > section->size)
		failed("--size is %llu, the section has %zu bytes", (unsigned long long)o->size,
		       section->size);
	if (GIVEN(o->size))
		return o->size;
	return section->size < DEFAULT_SIZE ? section->size : DEFAULT_SIZE;
}

static void show(const struct options *o, const char *name, size_t size, double speed[][2])
{
	unsigned int i;

	if (!o->json) {
		printf("%zu bytes, MB/s   %10s   ordinary\n", size, name);
		for (i = 0; i < 3; i++)
			printf("  %-15s %10.0f %10.0f\n", passes[i].name, speed[i][0],
			       speed[i][1]);
		return;
	}
	json_open(NULL, '{');
	json_text("section", name);
	json_number("size", size);
	for (i = 0; i < 3; i++) {
		json_open(passes[i].name, '{');
		json_real("section_mb_s", speed[i][0]);
		json_real("ordinary_mb_s", speed[i][1]);
		json_close('}');
	}
	json_close('}');
}

int verb_bandwidth(const struct options *o)
{
	double speed[3][2], seconds = o->seconds < 0 ? 0.3 : o->seconds;
	struct ivshmem *dev = open_device(o);
	const char *name = choose_section(dev, o);
	struct ivshmem_section section;
	void *target, *source;
	unsigned int i;
	size_t size;

	must(ivshmem_section(dev, name, &section));
	size = choose_size(&section, o);
	target = ordinary(size);
	source = ordinary(size);
	for (i = 0; i < 3; i++) {
		speed[i][0] = measure(&passes[i], section.data, source, size, seconds);
		speed[i][1] = measure(&passes[i], target, source, size, seconds);
	}
	if (!stopped)
		show(o, name, size, speed);
	ivshmem_close(dev);
	return 0;
}
