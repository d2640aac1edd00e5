// SPDX-License-Identifier: GPL-2.0
/*
 * Grants: the physical addresses that a driver may map. Registers get addresses
 * that are no memory and are found by them; memory is mapped. What was unmapped
 * is not used again, so that an access afterwards is found out.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

#define GRANTS		64
#define FAULT_RANGES	64
#define WINDOW_SIZE	(1UL << KIT_MMIO_SHIFT)
#define PAGE		4096UL

/**
 * struct grant - a range of physical addresses
 * @phys: the first; @size 0 for a place that is free
 * @ops: of registers; NULL for memory
 * @fd: of memory
 * @read_fd: the same for reading only, ours; or why there is none
 */
static struct grant {
	kit_u64 phys, size;
	const char *name;
	const struct kit_device_ops *ops;
	void *device;
	int fd, read_fd;
	kit_u64 offset;
	bool writable;
} grants[GRANTS];

#define MAPPINGS	256

/**
 * struct mapping - memory that is mapped, or was
 * @addr: where
 * @size: bytes; 0 for a place that is free
 * @name: of the grant
 * @gone: unmapped
 */
static struct mapping {
	kit_addr addr;
	kit_size size;
	const char *name;
	bool gone;
} mappings[MAPPINGS];

static struct fault_range {
	kit_addr start;
	kit_size size;
	bool (*handler)(void *arg, kit_addr addr, bool write);
	void *arg;
} ranges[FAULT_RANGES];

struct kit_window kit_windows[KIT_MMIO_WINDOWS];

static pthread_mutex_t grants_lock = PTHREAD_MUTEX_INITIALIZER;

/* Windows are used in turn, so that an address comes back as late as can be. */
static unsigned int next_window;

int grant_init(void)
{
	void *at = mmap((void *)KIT_MMIO, KIT_MMIO_WINDOWS * WINDOW_SIZE, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	return at == (void *)KIT_MMIO ? 0 : -errno;
}

static struct grant *find(kit_u64 phys, kit_u64 size)
{
	int i;

	for (i = 0; i < GRANTS; i++) {
		struct grant *grant = &grants[i];

		if (grant->size && phys >= grant->phys && phys - grant->phys < grant->size &&
		    size <= grant->size - (phys - grant->phys))
			return grant;
	}
	return NULL;
}

/* Does memory in @next follow that in @grant, there and in the file? */
static bool follows(const struct grant *next, const struct grant *grant)
{
	return next->phys == grant->phys + grant->size && !next->ops && !grant->ops &&
	       next->fd == grant->fd && next->offset == grant->offset + grant->size;
}

/*
 * The grant that a range begins in. Memory may go on in others that follow: they
 * are parts of one thing, some of which may not be written.
 */
static struct grant *find_all(kit_u64 phys, kit_u64 size)
{
	struct grant *first = find(phys, 1), *grant = first, *next;
	kit_u64 end = phys + size;

	while (grant && grant->phys + grant->size < end) {
		next = find(grant->phys + grant->size, 1);
		grant = next && follows(next, grant) ? next : NULL;
	}
	return grant ? first : NULL;
}

static bool overlaps(const struct grant *grant, kit_u64 phys, kit_u64 size)
{
	return grant->size && phys < grant->phys + grant->size && grant->phys < phys + size;
}

static int add(const struct grant *new)
{
	struct grant *free = NULL;
	int i, err = 0;

	if (!new->size || new->phys + new->size < new->phys)
		return -EINVAL;
	pthread_mutex_lock(&grants_lock);
	for (i = 0; i < GRANTS; i++) {
		if (overlaps(&grants[i], new->phys, new->size))
			err = -EEXIST;
		if (!grants[i].size && !free)
			free = &grants[i];
	}
	if (!err && !free)
		err = -ENOSPC;
	if (!err)
		*free = *new;
	pthread_mutex_unlock(&grants_lock);
	return err;
}

int kit_grant_device(kit_u64 phys, kit_u64 size, const char *name,
		     const struct kit_device_ops *ops, void *device)
{
	return add(&(struct grant){ .phys = phys, .size = size, .name = name, .ops = ops,
				    .device = device, .fd = -1 });
}

static int reopen(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int (*kit_reopen)(int fd) = reopen;

int kit_grant_memory(kit_u64 phys, kit_u64 size, const char *name, int fd, kit_u64 offset,
		     bool writable)
{
	struct grant grant = {
		.phys = phys, .size = size, .name = name, .fd = fd, .offset = offset,
		.writable = writable,
	};
	int err;

	if ((phys | size | offset) & (PAGE - 1))
		return -EINVAL;
	grant.read_fd = kit_reopen(fd);
	err = add(&grant);
	if (err && grant.read_fd >= 0)
		close(grant.read_fd);
	return err;
}

int kit_grant_revoke(kit_u64 phys)
{
	int i, err = -ENOENT;

	pthread_mutex_lock(&grants_lock);
	for (i = 0; i < GRANTS; i++) {
		if (!grants[i].size || grants[i].phys != phys)
			continue;
		grants[i].size = 0;
		if (!grants[i].ops && grants[i].read_fd >= 0)
			close(grants[i].read_fd);
		err = 0;
	}
	pthread_mutex_unlock(&grants_lock);
	return err;
}

static bool all_writable(const struct grant *grant, kit_u64 end)
{
	while (grant->writable && grant->phys + grant->size < end)
		grant = find(grant->phys + grant->size, 1);
	return grant->writable;
}

int kit_grant_fd(kit_u64 phys, kit_u64 size, kit_u64 *offset, bool write)
{
	struct grant *grant;
	int fd = -ENOENT;

	pthread_mutex_lock(&grants_lock);
	grant = find_all(phys, size);
	if (grant && !grant->ops) {
		fd = grant->read_fd;
		if (write)
			fd = all_writable(grant, phys + size) ? grant->fd : -EACCES;
		*offset = grant->offset + (phys - grant->phys);
	}
	pthread_mutex_unlock(&grants_lock);
	return fd;
}

static void *map_device(const struct grant *grant, kit_u64 phys, kit_u64 size)
{
	unsigned int i;

	if (size > WINDOW_SIZE) {
		kit_log(3, "cannot map 0x%llx bytes of %s, a window has 0x%lx", size, grant->name,
			WINDOW_SIZE);
		return NULL;
	}
	for (i = 0; i < KIT_MMIO_WINDOWS; i++) {
		unsigned int at = (next_window + i) % KIT_MMIO_WINDOWS;
		struct kit_window *window = &kit_windows[at];

		if (window->ops)
			continue;
		next_window = at + 1;
		*window = (struct kit_window){
			.ops = grant->ops, .device = grant->device,
			.base = phys - grant->phys, .size = size, .name = grant->name,
		};
		return (void *)(KIT_MMIO + at * WINDOW_SIZE);
	}
	kit_log(3, "cannot map %s: all %d windows are in use", grant->name, KIT_MMIO_WINDOWS);
	return NULL;
}

static struct mapping *free_mapping(void)
{
	struct mapping *gone = NULL;
	int i;

	for (i = 0; i < MAPPINGS; i++) {
		if (!mappings[i].size)
			return &mappings[i];
		if (mappings[i].gone && !gone)
			gone = &mappings[i];
	}
	/* The traces of what is gone are limited; from here on they get lost. */
	if (gone)
		munmap((void *)(gone->addr - PAGE), gone->size + 2 * PAGE);
	return gone;
}

/* Lets be written what may be, grant by grant. */
static int protect(const struct grant *grant, char *at, kit_u64 start, kit_u64 end)
{
	kit_u64 from = start, to;

	for (; from < end; from = to, grant = find(from, 1)) {
		to = grant->phys + grant->size < end ? grant->phys + grant->size : end;
		if (grant->writable && mprotect(at + (from - start), to - from,
						PROT_READ | PROT_WRITE))
			return -1;
	}
	return 0;
}

static void *map_memory(const struct grant *grant, kit_u64 phys, kit_u64 size)
{
	kit_u64 start = phys & ~(PAGE - 1);
	kit_u64 end = (phys + size + PAGE - 1) & ~(PAGE - 1);
	struct mapping *mapping = free_mapping();
	char *at;

	if (!mapping) {
		kit_log(3, "cannot map %s: all %d mappings are in use", grant->name, MAPPINGS);
		return NULL;
	}
	/* Between two pages that nobody may touch, to find out who goes too far */
	at = mmap(NULL, end - start + 2 * PAGE, PROT_NONE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at != MAP_FAILED)
		at = mmap(at + PAGE, end - start, PROT_READ, MAP_SHARED | MAP_FIXED, grant->fd,
			  grant->offset + (start - grant->phys));
	if (at == MAP_FAILED || protect(grant, at, start, end)) {
		kit_log(3, "cannot map %s: %s", grant->name, strerror(errno));
		mapping->size = 0;
		return NULL;
	}
	*mapping = (struct mapping){
		.addr = (kit_addr)at, .size = end - start, .name = grant->name,
	};
	return at + (phys - start);
}

void *kit_map(kit_u64 phys, kit_u64 size)
{
	struct grant *grant;
	void *at = NULL;

	pthread_mutex_lock(&grants_lock);
	grant = size ? find_all(phys, size) : NULL;
	if (grant)
		at = grant->ops ? map_device(grant, phys, size) : map_memory(grant, phys, size);
	pthread_mutex_unlock(&grants_lock);
	if (!grant)
		kit_log(3, "0x%llx bytes at 0x%llx are not granted", size, phys);
	return at;
}

static int unmap_memory(kit_addr addr)
{
	int i;

	for (i = 0; i < MAPPINGS; i++) {
		struct mapping *mapping = &mappings[i];

		if (!mapping->size || mapping->gone || addr < mapping->addr ||
		    addr - mapping->addr >= PAGE)
			continue;
		mapping->gone = true;
		mmap((void *)mapping->addr, mapping->size, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
		return 0;
	}
	return -EINVAL;
}

int kit_unmap(const volatile void *addr)
{
	kit_addr i = ((kit_addr)addr - KIT_MMIO) >> KIT_MMIO_SHIFT;
	int err = 0;

	pthread_mutex_lock(&grants_lock);
	if (i >= KIT_MMIO_WINDOWS)
		err = unmap_memory((kit_addr)addr);
	else if (!kit_windows[i].ops)
		err = -EINVAL;
	else
		kit_windows[i].ops = NULL;
	pthread_mutex_unlock(&grants_lock);
	return err;
}

void kit_mmio_trap(kit_addr addr, unsigned int width, bool write)
{
	const struct kit_window *window = &kit_windows[(addr - KIT_MMIO) >> KIT_MMIO_SHIFT];
	kit_addr offset = addr & (WINDOW_SIZE - 1);

	if (!window->name)
		kit_die("%u-byte %s of registers at %#lx, where none were ever mapped", width,
			write ? "write" : "access", (unsigned long)addr);
	kit_die("%u-byte %s of %s at offset 0x%lx, which %s", width, write ? "write" : "access",
		window->name, (unsigned long)offset,
		window->ops ? "is behind its end" : "was unmapped");
}

int kit_fault_range(kit_addr start, kit_size size,
		    bool (*handler)(void *arg, kit_addr addr, bool write), void *arg)
{
	int i;

	for (i = 0; i < FAULT_RANGES; i++) {
		if (size ? ranges[i].size : ranges[i].start != start)
			continue;
		ranges[i] = (struct fault_range){
			.start = size ? start : 0, .size = size, .handler = handler, .arg = arg,
		};
		return 0;
	}
	return -ENOSPC;
}

/* Whoever shares the memory has cut it off: from here on this page is ours alone. */
static bool replace(const struct mapping *mapping, kit_addr addr)
{
	static bool told;

	if (!__atomic_exchange_n(&told, true, __ATOMIC_RELAXED))
		kit_log(3, "%s at offset 0x%lx is no memory any more: its owner has shortened it",
			mapping->name, (unsigned long)(addr - mapping->addr));
	return mmap((void *)(addr & ~(PAGE - 1)), PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
}

/*
 * In a signal handler: no lock; tables only grow where a fault could be. @bus: there
 * is a mapping, but no memory.
 */
bool grant_fault(kit_addr addr, bool write, bool bus)
{
	int i;

	for (i = 0; i < FAULT_RANGES; i++)
		if (addr - ranges[i].start < ranges[i].size && ranges[i].handler)
			return ranges[i].handler(ranges[i].arg, addr, write);
	if ((addr - KIT_MMIO) >> KIT_MMIO_SHIFT < KIT_MMIO_WINDOWS)
		kit_die("%s of registers at %#lx without readl() or its like",
			write ? "write" : "read", (unsigned long)addr);
	for (i = 0; i < MAPPINGS; i++) {
		if (!mappings[i].size || addr - mappings[i].addr >= mappings[i].size)
			continue;
		if (bus)
			return replace(&mappings[i], addr);
		kit_die("%s of %s at offset 0x%lx, which %s", write ? "write" : "read",
			mappings[i].name, (unsigned long)(addr - mappings[i].addr),
			mappings[i].gone ? "was unmapped" : "is read-only");
	}
	return false;
}
