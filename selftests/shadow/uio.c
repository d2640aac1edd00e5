// SPDX-License-Identifier: GPL-2.0
/*
 * The link by a UIO device, as programs use it that know nothing but UIO: five
 * maps, found by their names, one counter for all vectors, and an interrupt that
 * is off after each delivery until Interrupt Control is written again. Or, with
 * eventfds, by interrupts that are always on and counted for each vector.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <uapi/ivshmem_uio.h>

#include "link.h"

static int uio_write_reg(struct link *l, uint32_t reg, uint32_t value)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	l->uio.regs[reg / 4] = value;
	return 0;
}

static int uio_ring(struct link *l, uint16_t vector)
{
	return uio_write_reg(l, REG_DOORBELL, l->peer_id << 16 | vector);
}

static int uio_peer_state(struct link *l, uint32_t *state)
{
	*state = __atomic_load_n(&l->uio.states[l->peer_id], __ATOMIC_ACQUIRE);
	return 0;
}

static int uio_wait(struct link *l, int timeout_ms)
{
	struct pollfd fd = { l->uio.fd, POLLIN, 0 };
	uint32_t count;

	/* Without a deadline, one call less between the interrupt and us. */
	if (timeout_ms >= 0) {
		int n = poll(&fd, 1, timeout_ms);

		if (n < 0)
			return errno == EINTR ? 0 : link_fail(l, "poll: %s", strerror(errno));
		if (!n)
			return 0;
	}
	if (read(l->uio.fd, &count, sizeof(count)) != sizeof(count))
		return errno == EINTR ? 0 :
			link_fail(l, "reading the UIO device: %s", strerror(errno));
	l->interrupts++;
	/*
	 * What arrives before this line is lost, so all looking comes after
	 * it: to the receiver that is one more edge that coalesced.
	 */
	uio_write_reg(l, REG_INT_CONTROL, 1);
	return FIRED_STATE | FIRED_MESSAGE;
}

static void uio_forget(struct link *l, unsigned int vector)
{
	(void)l;
	(void)vector;
}

/* Each interrupt counts, as with a device that has no one-shot mode. */
static int eventfd_wait(struct link *l, int timeout_ms)
{
	struct pollfd fd[2] = {
		{ l->uio.eventfd[VECTOR_STATE], POLLIN, 0 },
		{ l->uio.eventfd[VECTOR_MESSAGE], POLLIN, 0 },
	};
	uint64_t count;
	int fired = 0;

	if (poll(fd, 2, l->uio.pending ? 0 : timeout_ms) < 0)
		return errno == EINTR ? 0 : link_fail(l, "poll: %s", strerror(errno));
	if (fd[0].revents && read(fd[0].fd, &count, sizeof(count)) == sizeof(count))
		fired |= FIRED_STATE;
	if (fd[1].revents && read(fd[1].fd, &count, sizeof(count)) == sizeof(count))
		l->uio.pending += count;
	if (l->uio.pending) {
		l->uio.pending--;
		fired |= FIRED_MESSAGE;
	}
	l->interrupts += !!fired;
	return fired;
}

static void eventfd_forget(struct link *l, unsigned int vector)
{
	uint64_t count;

	if (read(l->uio.eventfd[vector], &count, sizeof(count)) < 0 && errno != EAGAIN)
		link_fail(l, "reading an eventfd: %s", strerror(errno));
	if (vector == VECTOR_MESSAGE)
		l->uio.pending = 0;
}

/* A map left behind would keep the device open. */
static void unmap(struct link *l)
{
	int i;

	for (i = 0; i < 5; i++)
		if (l->uio.map[i].map)
			munmap(l->uio.map[i].map, l->uio.map[i].size);
}

static void uio_close(struct link *l)
{
	if (l->uio.events >= 0) {
		close(l->uio.events);
		close(l->uio.eventfd[VECTOR_STATE]);
		close(l->uio.eventfd[VECTOR_MESSAGE]);
	}
	uio_write_reg(l, REG_INT_CONTROL, 0);
	uio_write_reg(l, REG_STATE, 0);
	unmap(l);
	close(l->uio.fd);
}

static const struct link_ops uio_ops = {
	.write_reg = uio_write_reg,
	.ring = uio_ring,
	.peer_state = uio_peer_state,
	.wait = uio_wait,
	.forget = uio_forget,
	.close = uio_close,
};

static const struct link_ops eventfd_ops = {
	.write_reg = uio_write_reg,
	.ring = uio_ring,
	.peer_state = uio_peer_state,
	.wait = eventfd_wait,
	.forget = eventfd_forget,
	.close = uio_close,
};

/* One line of an attribute of the device's class; "" where there is none. */
static void attribute(const char *device, int map, const char *name, char *value, size_t len)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/uio/%s/maps/map%d/%s", device, map, name);
	value[0] = 0;
	f = fopen(path, "r");
	if (!f)
		return;
	if (!fgets(value, len, f))
		value[0] = 0;
	value[strcspn(value, "\n")] = 0;
	fclose(f);
}

/* Maps what has that name. size 0: there is none. */
static int map_by_name(struct link *l, const char *device, const char *name, int prot,
		       void **map, uint64_t *size)
{
	char text[64];
	int i;

	*map = NULL;
	*size = 0;
	for (i = 0; i < 5; i++) {
		attribute(device, i, "name", text, sizeof(text));
		if (!strcmp(text, name))
			break;
	}
	if (i == 5)
		return 0;
	attribute(device, i, "size", text, sizeof(text));
	*size = strtoull(text, NULL, 0);
	*map = mmap(NULL, *size, prot, MAP_SHARED, l->uio.fd, (off_t)i * getpagesize());
	if (*map != MAP_FAILED) {
		l->uio.map[i] = (struct section){ .size = *size, .map = *map };
		return 0;
	}
	return link_fail(l, "%s: mapping %s of 0x%llx bytes: %s", device, name,
			 (unsigned long long)*size, strerror(errno));
}

static int map_all(struct link *l, const char *device)
{
	void *regs, *states, *rw, *in, *own;
	uint64_t size, in_size;

	if (map_by_name(l, device, "registers", PROT_READ | PROT_WRITE, &regs, &size) ||
	    map_by_name(l, device, "state_table", PROT_READ, &states, &size) ||
	    map_by_name(l, device, "rw_section", PROT_READ | PROT_WRITE, &rw, &l->rw_size) ||
	    map_by_name(l, device, "input_sections", PROT_READ, &in, &in_size) ||
	    map_by_name(l, device, "output_section", PROT_READ | PROT_WRITE, &own, &l->output_size))
		return -1;
	if (!regs || !states || !in || !own)
		return link_fail(l, "%s: no map is called %s, want one in /sys/class/uio/%s/maps",
				 device, !regs ? "registers" : !states ? "state_table" :
				 !in ? "input_sections" : "output_section", device);
	l->uio.regs = regs;
	l->uio.states = states;
	l->rw = rw;
	l->own = own;
	l->id = l->uio.regs[REG_ID / 4];
	l->peer_id = !l->id;
	if (l->uio.regs[REG_MAX_PEERS / 4] != 2 || l->id > 1 || in_size != 2 * l->output_size)
		return link_fail(l, "%s: peer %u of %u, want a link of 2", device, l->id,
				 l->uio.regs[REG_MAX_PEERS / 4]);
	l->peer = (uint8_t *)in + l->peer_id * l->output_size;
	return 0;
}

static int attach(struct link *l, int vector, uint32_t source)
{
	struct ivshmem_uio_eventfd request = { .source = source };

	request.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->uio.eventfd[vector] = request.fd;
	if (request.fd >= 0 && !ioctl(l->uio.events, IVSHMEM_UIO_SET_EVENTFD, &request))
		return 0;
	return link_fail(l, "attaching an eventfd: %s", strerror(errno));
}

static int use_eventfds(struct link *l, const char *device)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/ivshmem-%s", device);
	l->uio.events = open(path, O_RDWR | O_CLOEXEC);
	if (l->uio.events < 0)
		return link_fail(l, "%s: %s", path, strerror(errno));
	l->ops = &eventfd_ops;
	return attach(l, VECTOR_STATE, IVSHMEM_UIO_STATE) ||
	       attach(l, VECTOR_MESSAGE, VECTOR_MESSAGE) ? -1 : 0;
}

int link_open_uio(struct link *l, const char *path, bool eventfds)
{
	const char *device = strrchr(path, '/');

	memset(l, 0, sizeof(*l));
	l->uio.events = -1;
	l->uio.fd = open(path, O_RDWR | O_CLOEXEC);
	if (l->uio.fd < 0)
		return link_fail(l, "%s: %s", path, strerror(errno));
	if (map_all(l, device ? device + 1 : path)) {
		unmap(l);
		close(l->uio.fd);
		return -1;
	}
	l->ops = &uio_ops;
	if (!eventfds || !use_eventfds(l, device ? device + 1 : path))
		return 0;
	uio_close(l);
	return -1;
}
