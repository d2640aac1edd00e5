// SPDX-License-Identifier: GPL-2.0
/* Files and mappings that stay open, whatever becomes of the device */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <uapi/ivshmem_uio.h>

#include "lifecycle.h"

static __thread sigjmp_buf on_sigbus;

static void sigbus(int number)
{
	(void)number;
	siglongjmp(on_sigbus, 1);
}

void hold_init(void)
{
	/* Not blocked in the handler, as it is left without a return. */
	struct sigaction action = { .sa_handler = sigbus, .sa_flags = SA_NODEFER };
	int i;

	sigaction(SIGBUS, &action, NULL);
	for (i = 0; i < ends; i++)
		pthread_mutex_init(&end[i].hold.lock, NULL);
}

/* False where the access is a SIGBUS. */
static bool touch(volatile uint32_t *at)
{
	if (sigsetjmp(on_sigbus, 0))
		return false;
	(void)*at;
	return true;
}

/* Touches the mappings, the first and the last word of each, and counts those that are there. */
int hold_touch(struct hold *h, int *there)
{
	int i, words = 0;

	*there = 0;
	pthread_mutex_lock(&h->lock);
	for (i = 0; i < MAPS; i++) {
		if (!h->map[i].at)
			continue;
		words += 2;
		*there += touch(h->map[i].at);
		*there += touch(h->map[i].at + h->map[i].size / 4 - 1);
	}
	pthread_mutex_unlock(&h->lock);
	return words;
}

bool held(enum plugin plugin)
{
	return plugin && (end[0].hold.plugin == plugin || end[1].hold.plugin == plugin);
}

static int open_node(const char *fmt, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), fmt, name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		fail("%s: %m", path);
	return fd;
}

static void map(struct hold *h, int i, size_t size, int prot, off_t offset)
{
	void *at = mmap(NULL, size, prot, MAP_SHARED, h->fd, offset);

	if (at == MAP_FAILED)
		fail("mapping %zu bytes at 0x%lx of %s: %m", size, (long)offset,
		     plugin_name[h->plugin]);
	h->map[i].at = at;
	h->map[i].size = size;
}

static void attach_eventfd(struct hold *h)
{
	struct ivshmem_uio_eventfd request = { };

	h->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	request.fd = h->eventfd;
	if (ioctl(h->events, IVSHMEM_UIO_SET_EVENTFD, &request))
		fail("attaching an eventfd: %m");
}

static void open_uio(struct end *e)
{
	struct hold *h = &e->hold;
	char name[32], what[32];
	long size;
	int i;

	if (!find_child(name, sizeof(name), "uio", "/sys/bus/pci/devices/%s/uio", e->pci))
		fail("%s has no UIO device", e->pci);
	h->fd = open_node("/dev/%s", name);
	h->events = open_node("/dev/ivshmem-%s", name);
	attach_eventfd(h);
	for (i = 0; i < MAPS; i++) {
		size = read_number("/sys/class/uio/%s/maps/map%d/size", name, i);
		if (size > 0 && read_file(what, sizeof(what), "/sys/class/uio/%s/maps/map%d/name",
					  name, i))
			map(h, i, size, strcmp(what, "registers") ? PROT_READ :
			    PROT_READ | PROT_WRITE, (off_t)i * getpagesize());
	}
}

static void open_shadow(struct end *e)
{
	struct hold *h = &e->hold;
	char name[32];

	if (!find_child(name, sizeof(name), "shadow-process",
			"/sys/bus/pci/devices/%s/shadow-process", e->pci))
		fail("%s has no shadow-process device", e->pci);
	h->fd = open_node("/dev/%s", name);
	map(h, 0, read_number("/sys/bus/ivshmem/devices/%s/rw_section_size", device(e)),
	    PROT_READ | PROT_WRITE, 0);
}

bool hold_open(struct end *e)
{
	struct hold *h = &e->hold;

	if (h->plugin || (e->plugin != UIO && e->plugin != SHADOW))
		return false;
	pthread_mutex_lock(&h->lock);
	h->plugin = e->plugin;
	h->gone = false;
	h->events = -1;
	h->eventfd = -1;
	if (h->plugin == UIO)
		open_uio(e);
	else
		open_shadow(e);
	pthread_mutex_unlock(&h->lock);
	return true;
}

void hold_close(struct hold *h)
{
	bool files_first = rnd(2);
	int i;

	pthread_mutex_lock(&h->lock);
	/* A mapping keeps its file. */
	if (files_first)
		close(h->fd);
	for (i = 0; i < MAPS; i++)
		if (h->map[i].at)
			munmap((void *)h->map[i].at, h->map[i].size);
	if (!files_first)
		close(h->fd);
	if (h->events >= 0)
		close(h->events);
	if (h->eventfd >= 0)
		close(h->eventfd);
	memset(h->map, 0, sizeof(h->map));
	h->plugin = NONE;
	h->gone = false;
	pthread_mutex_unlock(&h->lock);
}
