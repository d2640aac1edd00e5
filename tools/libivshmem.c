// SPDX-License-Identifier: GPL-2.0
/* libivshmem: opening, mapping and events of a device that the uio plugin has */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

static int open_node(const char *node, int flags)
{
	char path[600];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", ivshmem_root("IVSHMEM_DEV", "/dev"), node);
	fd = open(path, flags | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	if (errno == EBUSY)
		return ivshmem_fail(EBUSY, "%s is in use by another program", node);
	if (errno == EACCES || errno == EPERM)
		return ivshmem_fail(EACCES, "no permission to open %s: run as root", path);
	return ivshmem_fail(errno, "cannot open %s: %s", path, strerror(errno));
}

/* Fills in one of the sections, by the map's name. A program ignores others. */
static int map_one(struct ivshmem *dev, const char *folder, unsigned int index)
{
	const struct {
		const char *name;
		struct ivshmem_section *section;
		bool writable;
	} maps[] = {
		{ "registers", &dev->registers, true },
		{ "state_table", &dev->state_table, false },
		{ "rw_section", &dev->rw, true },
		{ "input_sections", &dev->input, false },
		{ "output_section", &dev->output, true },
	};
	char path[700], name[32], text[32];
	struct ivshmem_section *s;
	uint64_t size;
	unsigned int i;
	int err;

	snprintf(path, sizeof(path), "%s/map%u/name", folder, index);
	err = ivshmem_read_text(path, name, sizeof(name));
	for (i = 0; !err && i < 5 && strcmp(name, maps[i].name); i++)
		;
	if (err || i == 5)
		return err;
	snprintf(path, sizeof(path), "%s/map%u/size", folder, index);
	err = ivshmem_read_text(path, text, sizeof(text));
	if (err)
		return err;
	size = strtoull(text, NULL, 0);
	s = maps[i].section;
	if (size != (size_t)size)
		return ivshmem_fail(EFBIG, "%s of %s has %s bytes, too many for a 32-bit program",
				    name, dev->info.name, text);
	s->data = mmap(NULL, size, PROT_READ | (maps[i].writable ? PROT_WRITE : 0), MAP_SHARED,
		       dev->fd, (off_t)index * sysconf(_SC_PAGESIZE));
	if (s->data == MAP_FAILED) {
		s->data = NULL;
		return ivshmem_fail(errno, "cannot map %s of %s, %s bytes: %s", name,
				    dev->info.uio, text, strerror(errno));
	}
	s->size = size;
	s->writable = maps[i].writable;
	return 0;
}

static int map_all(struct ivshmem *dev)
{
	char folder[600], path[640];
	unsigned int i;
	int err;

	snprintf(folder, sizeof(folder), "%s/../uio/%s/maps", dev->info.path, dev->info.uio);
	for (i = 0;; i++) {
		snprintf(path, sizeof(path), "%s/map%u", folder, i);
		if (access(path, F_OK))
			break;
		err = map_one(dev, folder, i);
		if (err)
			return err;
	}
	if (!dev->registers.data || !dev->state_table.data)
		return ivshmem_fail(ENODEV, "%s has %u maps, none is called %s", dev->info.uio, i,
				    dev->registers.data ? "state_table" : "registers");
	return 0;
}

static void unmap(struct ivshmem_section *s)
{
	if (s->data)
		munmap(s->data, s->size);
}

void ivshmem_close(struct ivshmem *dev)
{
	if (!dev)
		return;
	unmap(&dev->registers);
	unmap(&dev->state_table);
	unmap(&dev->rw);
	unmap(&dev->input);
	unmap(&dev->output);
	if (dev->event_fd >= 0)
		close(dev->event_fd);
	if (dev->fd >= 0)
		close(dev->fd);
	free(dev);
}

/* Not yet open, but with the uio plugin */
static int prepare(const char *name, struct ivshmem **dev)
{
	struct ivshmem *new = calloc(1, sizeof(*new));
	int err;

	if (!new)
		return ivshmem_fail(ENOMEM, "out of memory");
	new->fd = -1;
	new->event_fd = -1;
	err = ivshmem_find(name, &new->info);
	if (!err && !*new->info.uio) {
		err = ivshmem_fail(EMEDIUMTYPE,
				   "%s is bound to %s, want uio; to switch: ivshmem-tool protocol %s uio",
				   new->info.name, strcmp(new->info.plugin, "none") ?
				   new->info.plugin : "no plugin", new->info.name);
	}
	if (err) {
		free(new);
		return err;
	}
	*dev = new;
	return 0;
}

int ivshmem_open(const char *name, struct ivshmem **dev)
{
	struct ivshmem *new;
	int err;

	err = prepare(name, &new);
	if (err)
		return err;
	new->fd = open_node(new->info.uio, O_RDWR);
	err = new->fd < 0 ? new->fd : map_all(new);
	if (err) {
		ivshmem_close(new);
		return err;
	}
	*dev = new;
	return 0;
}

int ivshmem_open_events(const char *name, struct ivshmem **dev)
{
	struct ivshmem *new;
	int err;

	err = prepare(name, &new);
	if (err)
		return err;
	err = ivshmem_event_fd(new);
	if (err < 0) {
		ivshmem_close(new);
		return err;
	}
	*dev = new;
	return 0;
}

int ivshmem_event_fd(struct ivshmem *dev)
{
	char node[64];
	int fd, none = -1;

	fd = __atomic_load_n(&dev->event_fd, __ATOMIC_ACQUIRE);
	if (fd >= 0)
		return fd;
	snprintf(node, sizeof(node), "ivshmem-%s", dev->info.uio);
	fd = open_node(node, O_RDWR);
	/* Another thread may have been as quick: the first one's stays. */
	if (fd >= 0 && !__atomic_compare_exchange_n(&dev->event_fd, &none, fd, false,
						    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		close(fd);
		fd = none;
	}
	return fd;
}

int ivshmem_attach(struct ivshmem *dev, uint32_t source, int eventfd)
{
	struct ivshmem_uio_eventfd request = { .source = source, .fd = eventfd };
	int fd = ivshmem_event_fd(dev);

	if (fd < 0)
		return fd;
	if (!ioctl(fd, IVSHMEM_UIO_SET_EVENTFD, &request))
		return 0;
	if (errno == EINVAL && source != IVSHMEM_UIO_STATE)
		return ivshmem_fail(EINVAL, "vector is %u, %s has %u vectors", source,
				    dev->info.name, dev->info.vectors);
	return ivshmem_fail(errno, "cannot attach an eventfd to %s: %s", dev->info.name,
			    strerror(errno));
}

int ivshmem_wait(struct ivshmem *dev, int timeout_ms)
{
	struct pollfd pfd = { .fd = dev->fd, .events = POLLIN };
	uint32_t count;
	int ready = 1;

	if (timeout_ms >= 0)
		ready = poll(&pfd, 1, timeout_ms);
	if (!ready)
		return 0;
	/* The counter itself does not matter: it is that of the UIO device. */
	if (ready > 0 && read(dev->fd, &count, sizeof(count)) == sizeof(count))
		return 1;
	if (errno == EINTR)
		return ivshmem_fail(EINTR, "interrupted by a signal");
	return ivshmem_fail(errno, "%s is gone (%s): unplugged, or bound to another plugin",
			    dev->info.name, strerror(errno));
}

static int input_section(const struct ivshmem *dev, const char *peer,
			 struct ivshmem_section *section)
{
	unsigned long id;
	char *end;

	id = strtoul(peer, &end, 10);
	if (*peer < '0' || *peer > '9' || *end || id >= dev->info.max_peers)
		return ivshmem_fail(EINVAL, "section is input:%s, want input:0 to input:%u", peer,
				    dev->info.max_peers - 1);
	*section = (struct ivshmem_section){
		.data = (void *)ivshmem_peer_output(dev, id),
		.size = dev->info.output_size,
	};
	return 0;
}

int ivshmem_section(const struct ivshmem *dev, const char *name, struct ivshmem_section *section)
{
	int err = 0;

	if (!strcmp(name, "state_table"))
		*section = dev->state_table;
	else if (!strcmp(name, "rw"))
		*section = dev->rw;
	else if (!strcmp(name, "output"))
		*section = dev->output;
	else if (!strncmp(name, "input:", 6))
		err = input_section(dev, name + 6, section);
	else
		err = ivshmem_fail(EINVAL,
				   "section is %s, want state_table, rw, output, input:PEER", name);
	if (!err && !section->data)
		err = ivshmem_fail(ENOENT, "%s has no section %s", dev->info.name, name);
	return err;
}
