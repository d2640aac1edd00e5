// SPDX-License-Identifier: GPL-2.0
/* Files and mappings that stay open, whatever becomes of the device */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
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

#define DOORBELL	3	/* words of the registers */

static __thread sigjmp_buf on_sigbus;
static unsigned long rung, woken, signalled;	/* doorbells, and what told of them */

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

/* A vector of its own, so that there is an interrupt to read */
static bool ring_self(const struct hold *h)
{
	volatile uint32_t *registers = h->map[0].at;

	if (!registers || sigsetjmp(on_sigbus, 0))
		return false;
	registers[DOORBELL] = registers[0] << 16;
	return true;
}

/* Nothing there, or no device any more: any other error is a failure. */
static bool worked(ssize_t result, const char *what)
{
	static const int expected[] = { EAGAIN, EIO, ENODEV, EINVAL, ECONNRESET };
	unsigned int i;

	for (i = 0; i < 5 && result < 0 && errno != expected[i]; i++)
		;
	if (i == 5)
		fail("%s of a file that is held: %m", what);
	return result > 0;
}

/* As programs do that do not look first whether the device is still there */
void hold_use(struct hold *h)
{
	static const uint64_t one = 1;
	char data[80];

	pthread_mutex_lock(&h->lock);
	if (h->plugin)
		woken += worked(read(h->fd, data, h->plugin == UIO ? 4 : sizeof(data)), "read");
	/* It enables interrupts, or is a reply that nobody waits for. */
	if (h->plugin)
		worked(write(h->fd, &one, h->plugin == UIO ? 4 : sizeof(one)), "write");
	if (h->plugin == UIO && worked(read(h->eventfd, data, 8), "read"))
		signalled++;
	if (h->plugin == UIO)
		rung += ring_self(h);
	pthread_mutex_unlock(&h->lock);
}

void hold_report(void)
{
	say("# of %lu doorbells to held UIO devices, %lu reads and %lu eventfds told\n", rung,
	    woken, signalled);
	if (rung > 100 && (!woken || !signalled))
		fail("no read, or no eventfd, of a held UIO device told of any doorbell");
}

/* Of its files, how many tell a poll that the device is gone */
int hold_hung_up(const struct hold *h)
{
	struct pollfd file[] = { { .fd = h->fd }, { .fd = h->events } };

	return h->plugin ? poll(file, 2, 0) : 0;
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
	fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
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
