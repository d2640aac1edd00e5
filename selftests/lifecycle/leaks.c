// SPDX-License-Identifier: GPL-2.0
/*
 * What may not be left of modules that are gone, and what may not grow from one
 * look to the next: taken at rest, without modules, load or open files
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lifecycle.h"

#define ITEMS	4096
#define ROUNDS	6
#define PATIENCE 100	/* rounds */
#define SHOWN	8
/* By which numbers may differ in any case */
#define PAGES	2048	/* each CPU keeps some */
#define NOISE	200	/* slabs of 5.10 by 121, others by 41, but see add_slab() */
#define ENOUGH	16	/* cycles that tell a leak from other noise, 8 at most */

struct tally {
	int items;
	struct item {
		char name[80];
		long count;
		long noise;	/* by which it may differ in any case */
	} item[ITEMS];
};

static long cpus;	/* asked once: to ask takes memory, which is what is counted */

static struct item *find(const struct tally *t, const char *name)
{
	int i;

	for (i = 0; i < t->items; i++)
		if (!strcmp(t->item[i].name, name))
			return (struct item *)&t->item[i];
	return NULL;
}

static void add_noisy(struct tally *t, long count, long noise, const char *what,
		      const char *which)
{
	struct item *item;
	char name[80];

	snprintf(name, sizeof(name), "%s %.60s", what, which);
	item = find(t, name);
	if (!item && t->items < ITEMS) {
		item = &t->item[t->items++];
		strcpy(item->name, name);
		item->count = 0;
		item->noise = noise;
	}
	if (item)
		item->count += count;
}

static void add(struct tally *t, long count, const char *what, const char *which)
{
	add_noisy(t, count, NOISE, what, which);
}

static void each_line(const char *path, void (*function)(struct tally *, char *), struct tally *t)
{
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;

	if (!file)
		fail("%s: %m", path);
	while (getline(&line, &size, file) > 0)
		function(t, line);
	free(line);
	fclose(file);
}

/*
 * name, objects in use, objects, their size, objects of a slab, ... Of the slab that a
 * CPU allocates from, all objects count as in use: 512 of kmalloc-8.
 */
static void add_slab(struct tally *t, char *line)
{
	long objects, per_slab, noise;
	char name[64];

	/* The tracker of objects keeps what it has once needed. */
	if (sscanf(line, "%63s %ld %*d %*d %ld", name, &objects, &per_slab) != 3 ||
	    !strcmp(name, "debug_objects_cache"))
		return;
	noise = per_slab * cpus;
	add_noisy(t, objects, noise > NOISE ? noise : NOISE, "objects of", name);
}

/* range, bytes, who made it, ... */
static void add_mapping(struct tally *t, char *line)
{
	char caller[64];

	if (sscanf(line, "%*s %*s %63[^+ ]", caller) == 1)
		add(t, 1, "mappings of", caller);
}

static void add_open_files(struct tally *t, char *line)
{
	add(t, strtol(line, NULL, 10), "files", "open");
}

static void add_memory(struct tally *t, char *line)
{
	long kilobytes;

	if (sscanf(line, "MemFree: %ld", &kilobytes) == 1)
		add(t, -kilobytes / 4, "pages", "in use");
	else if (sscanf(line, "Cached: %ld", &kilobytes) == 1 ||
		 sscanf(line, "Buffers: %ld", &kilobytes) == 1)
		add(t, -kilobytes / 4, "pages", "in use");
	else if (sscanf(line, "Percpu: %ld", &kilobytes) == 1)
		add(t, kilobytes / 4, "pages", "per CPU");
}

/* running/all, the fourth word */
static void add_threads(struct tally *t, char *line)
{
	long all;

	if (sscanf(line, "%*s %*s %*s %*d/%ld", &all) == 1)
		add(t, all, "threads", "of all processes");
}

/* Kept open: what is found by its name would be in the caches that are to be dropped. */
static int shrinker[512];
static int shrinkers;

void leaks_init(void)
{
	DIR *dir = opendir("/sys/kernel/slab");
	struct dirent *entry;
	char path[300];

	while (dir && (entry = readdir(dir)) && shrinkers < 512) {
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink", entry->d_name);
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		shrinker[shrinkers] = open(path, O_WRONLY | O_CLOEXEC);
		shrinkers += shrinker[shrinkers] >= 0;
	}
	if (dir)
		closedir(dir);
	cpus = sysconf(_SC_NPROCESSORS_ONLN);
}

/* What is free but kept for later is given back. A cache may be gone meanwhile. */
static void drop_caches(void)
{
	int i;

	write_file("3", "/proc/sys/vm/drop_caches");
	for (i = 0; i < shrinkers; i++)
		if (pwrite(shrinker[i], "1", 1, 0) < 0 && errno != ENODEV)
			fail("shrinking a slab cache: %m");
}

static struct tally *count(void)
{
	struct tally *t = calloc(1, sizeof(*t));

	each_line("/proc/slabinfo", add_slab, t);
	each_line("/proc/vmallocinfo", add_mapping, t);
	each_line("/proc/sys/fs/file-nr", add_open_files, t);
	each_line("/proc/loadavg", add_threads, t);
	each_line("/proc/meminfo", add_memory, t);
	return t;
}

/* The least that was seen is what is in use: a cache may give back a part only, or late. */
static void count_again(struct tally *least)
{
	struct tally *t;
	struct item *item;
	int i;

	/* Grace periods, work that frees, sockets in their last states */
	pause_ms(200);
	drop_caches();
	t = count();
	for (i = 0; i < least->items; i++) {
		item = find(t, least->item[i].name);
		if (!item)
			least->item[i].count = 0;
		else if (item->count < least->item[i].count)
			least->item[i].count = item->count;
	}
	free(t);
}

struct tally *tally_take(void)
{
	struct tally *least = count();
	int round;

	for (round = 0; round < ROUNDS; round++)
		count_again(least);
	return least;
}

static int by_count(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	return (x->count < y->count) - (x->count > y->count);
}

/*
 * What a module takes by itself: less than one for each cycle. Of what the kernel
 * takes for files, packets and trace events, each CPU keeps some, or it is freed
 * late.
 */
static long bound(const struct item *item, long cycles)
{
	static const char * const ours[] = {
		"objects of kmalloc-", "objects of kernfs_node_cache", "objects of vmap_area",
		"mappings of ", "threads of ",
	};
	unsigned int i;

	if (!strncmp(item->name, "pages", 5))
		return PAGES;
	for (i = 0; i < sizeof(ours) / sizeof(*ours) && cycles >= ENOUGH; i++)
		if (!strncmp(item->name, ours[i], strlen(ours[i])) &&
		    strcmp(item->name, "objects of kmalloc-8"))
			return cycles * 3 / 4;
	return cycles / 2 + item->noise;
}

/* Is one of the numbers larger by more than its bound? Tells those that grew most. */
static bool has_grown(const struct tally *before, const struct tally *after, long cycles,
		      char *text, size_t size)
{
	struct tally *grown = calloc(1, sizeof(*grown));
	const struct item *item, *old;
	bool found = false;
	int i;

	for (i = 0; i < after->items; i++) {
		item = &after->item[i];
		old = find(before, item->name);
		grown->item[i] = *item;
		grown->item[i].count -= old ? old->count : 0;
	}
	qsort(grown->item, after->items, sizeof(*grown->item), by_count);
	*text = '\0';
	for (i = 0; i < after->items; i++) {
		item = &grown->item[i];
		found |= item->count > bound(item, cycles);
		if (i < SHOWN)
			snprintf(text + strlen(text), size - strlen(text), "%s%s +%ld",
				 i ? ", " : "", item->name, item->count);
	}
	free(grown);
	return found;
}

/* What leaks never comes back; all else does, if only after some seconds. */
void expect_no_growth(const struct tally *before, long cycles)
{
	struct tally *now_used = tally_take();
	char text[500];
	int round = 0;

	while (has_grown(before, now_used, cycles, text, sizeof(text))) {
		if (round++ == PATIENCE)
			fail("in %ld or more cycles of each kind these grew: %s", cycles, text);
		count_again(now_used);
	}
	say("# what grew most: %s; in %ld or more cycles of each kind, looked at %d times\n", text,
	    cycles, ROUNDS + round);
	free(now_used);
}

/* Ranges of the functions' BARs, as /proc/vmallocinfo tells the place of a mapping */
static bool is_in_bar(const char *line)
{
	unsigned long long start, last, at;
	const char *place = strstr(line, "phys=0x");
	char resource[128];
	int i, bar;

	if (!place)
		return false;
	at = strtoull(place + 5, NULL, 16);
	for (i = 0; i < ends; i++)
		for (bar = 0; bar < 3; bar += 2) {
			FILE *file;
			int n = -1;

			snprintf(resource, sizeof(resource), "/sys/bus/pci/devices/%s/resource",
				 end[i].pci);
			file = fopen(resource, "r");
			if (!file)
				continue;
			while (n++ < bar && fgets(resource, sizeof(resource), file))
				;
			fclose(file);
			if (sscanf(resource, "%llx %llx", &start, &last) == 2 && start &&
			    at >= start && at <= last)
				return true;
		}
	return false;
}

static void refuse(struct tally *t, char *line)
{
	(void)t;
	if (strstr(line, "ivshmem") || strstr(line, "shadow-process") || is_in_bar(line))
		fail("left behind: %.*s", (int)strcspn(line, "\n"), line);
}

/* When all modules are gone */
void expect_nothing_left(void)
{
	static const char * const files[] = { "/proc/modules", "/proc/iomem", "/proc/interrupts",
					      "/proc/devices", "/proc/vmallocinfo" };
	static const char * const classes[] = { "bus/ivshmem", "class/ivshmem-uio",
						"class/shadow-process", "module/ivshmem_core" };
	unsigned int i;

	for (i = 0; i < sizeof(files) / sizeof(*files); i++)
		each_line(files[i], refuse, NULL);
	for (i = 0; i < sizeof(classes) / sizeof(*classes); i++)
		if (exists("/sys/%s", classes[i]))
			fail("/sys/%s is left behind", classes[i]);
}
