// SPDX-License-Identifier: GPL-2.0
/*
 * What may not be left of modules that are gone, and what may not grow from one
 * look to the next: taken at rest, without modules, load or open files
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lifecycle.h"

#define ITEMS	4096
#define ROUNDS	6
#define PAGES	2048	/* by which their number may differ in any case: each CPU keeps some */

struct tally {
	int items;
	struct item {
		char name[80];
		long count;
	} item[ITEMS];
};

static struct item *find(const struct tally *t, const char *name)
{
	int i;

	for (i = 0; i < t->items; i++)
		if (!strcmp(t->item[i].name, name))
			return (struct item *)&t->item[i];
	return NULL;
}

static void add(struct tally *t, long count, const char *what, const char *which)
{
	struct item *item;
	char name[80];

	snprintf(name, sizeof(name), "%s %.60s", what, which);
	item = find(t, name);
	if (!item && t->items < ITEMS) {
		item = &t->item[t->items++];
		strcpy(item->name, name);
		item->count = 0;
	}
	if (item)
		item->count += count;
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

/* name, objects in use, ... */
static void add_slab(struct tally *t, char *line)
{
	char name[64];
	long objects;

	if (sscanf(line, "%63s %ld", name, &objects) == 2)
		add(t, objects, "objects of", name);
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

/* What is free but kept for later is given back. */
static void drop_caches(void)
{
	struct dirent *entry;
	DIR *dir;

	write_file("3", "/proc/sys/vm/drop_caches");
	dir = opendir("/sys/kernel/slab");
	while (dir && (entry = readdir(dir)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			write_file("1", "/sys/kernel/slab/%s/shrink", entry->d_name);
	if (dir)
		closedir(dir);
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

/* Some caches only give back a part each time: the least that was seen is what is in use. */
struct tally *tally_take(void)
{
	struct tally *least = count(), *t;
	struct item *item;
	int i, round;

	for (round = 0; round < ROUNDS; round++) {
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
	return least;
}

static int by_growth(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	return (x->count < y->count) - (x->count > y->count);
}

/* What grew most is told in any case. */
void expect_no_growth(const struct tally *before, const struct tally *after, long bound)
{
	struct tally *grown = calloc(1, sizeof(*grown));
	char text[4 * sizeof(grown->item[0].name)] = "";
	struct item *item;
	size_t length = 0;
	int i;

	for (i = 0; i < after->items; i++) {
		item = find(before, after->item[i].name);
		add(grown, after->item[i].count - (item ? item->count : 0), after->item[i].name,
		    "");
	}
	qsort(grown->item, grown->items, sizeof(*grown->item), by_growth);
	for (i = 0; i < 3; i++)
		length += snprintf(text + length, sizeof(text) - length, "%s%s+%ld",
				   i ? ", " : "", grown->item[i].name, grown->item[i].count);
	for (i = 0; i < grown->items && grown->item[i].count > bound; i++)
		if (strncmp(grown->item[i].name, "pages", 5) || grown->item[i].count > PAGES)
			fail("it grew by more than %ld: %s", bound, text);
	say("# what grew most: %s; bound %ld\n", text, bound);
	free(grown);
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
