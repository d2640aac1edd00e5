// SPDX-License-Identifier: GPL-2.0
/*
 * A PCI function that a vfio-user server presents: an end of a link of
 * ivshmem-link. What is not memory is a message each, a doorbell one without a
 * reply.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "../../selftests/peer/client.h"
#include "../kit/kit.h"
#include "pci_vfio_user.h"

/* So that all BARs of all functions find a place */
#define MAX_BAR	(1ULL << 40)

/**
 * struct model - a function and its connection
 * @pci: what the bus sees
 * @client: the connection
 * @memory: what BAR 2 is
 * @lock: one message at a time; nothing is called with it held
 * @gone: the connection has failed, so every read is all ones from now on
 */
struct model {
	struct kit_pci pci;
	struct client client;
	struct client_memory memory;
	pthread_mutex_t lock;
	int gone;
};

static struct model *to_model(struct kit_pci *pci)
{
	return (struct model *)((char *)pci - offsetof(struct model, pci));
}

/* With the lock held; tells of a lost link once. */
static void check(struct model *m, int err)
{
	if (!err || m->gone)
		return;
	m->gone = 1;
	kit_log(3, "the link is lost: %s", m->client.error);
}

static void config_read(struct kit_pci *pci, unsigned int offset, void *buf, unsigned int len)
{
	struct model *m = to_model(pci);

	pthread_mutex_lock(&m->lock);
	if (!m->gone)
		check(m, client_read_config(&m->client, offset, buf, len));
	if (m->gone)
		memset(buf, 0xff, len);
	pthread_mutex_unlock(&m->lock);
}

static void config_write(struct kit_pci *pci, unsigned int offset, const void *buf,
			 unsigned int len)
{
	struct model *m = to_model(pci);

	pthread_mutex_lock(&m->lock);
	if (!m->gone)
		check(m, client_write_config(&m->client, offset, buf, len));
	pthread_mutex_unlock(&m->lock);
}

static unsigned int mmio_read(struct kit_pci *pci, unsigned int bar, unsigned long offset,
			      unsigned int len)
{
	struct model *m = to_model(pci);
	unsigned int value = 0;

	pthread_mutex_lock(&m->lock);
	if (!m->gone)
		check(m, client_read_region(&m->client, bar, offset, &value, len));
	if (m->gone)
		memset(&value, 0xff, len);
	pthread_mutex_unlock(&m->lock);
	return value;
}

static void mmio_write(struct kit_pci *pci, unsigned int bar, unsigned long offset,
		       unsigned int value, unsigned int len)
{
	bool posted = bar == VFIO_PCI_BAR0_REGION_INDEX && offset == REG_DOORBELL;
	struct model *m = to_model(pci);

	pthread_mutex_lock(&m->lock);
	if (!m->gone)
		check(m, client_write_region(&m->client, bar, offset, &value, len, posted));
	pthread_mutex_unlock(&m->lock);
}

/* The server signals the eventfds itself. */
static int set_irqs(struct kit_pci *pci, unsigned int first, unsigned int count)
{
	struct model *m = to_model(pci);
	int fds[KIT_PCI_MAX_VECTORS], err = -1;
	unsigned int i;

	for (i = 0; i < count; i++) {
		fds[i] = kit_irq_eventfd(first + i);
		if (fds[i] < 0)
			return fds[i];
	}
	pthread_mutex_lock(&m->lock);
	if (!m->gone) {
		err = client_set_eventfds(&m->client, fds, count);
		check(m, err);
	}
	pthread_mutex_unlock(&m->lock);
	return err ? -EIO : 0;
}

static void unmask(struct kit_pci *pci)
{
	struct model *m = to_model(pci);

	pthread_mutex_lock(&m->lock);
	if (!m->gone)
		check(m, client_unmask_intx(&m->client));
	pthread_mutex_unlock(&m->lock);
}

static const struct kit_pci_ops ops = {
	.config_read = config_read,
	.config_write = config_write,
	.read = mmio_read,
	.write = mmio_write,
	.set_irqs = set_irqs,
	.unmask = unmask,
};

/* As far as it lies in the BAR */
static void add_area(struct kit_pci_bar *bar, uint64_t offset, uint64_t end, bool writable)
{
	if (end > bar->size)
		end = bar->size;
	if (offset < end)
		bar->area[bar->areas++] = (struct kit_pci_area){ offset, end - offset, writable };
}

/* Where the sections make sense, what this peer may not write can only be read. */
static void add_sections(struct kit_pci_bar *bar, const struct client *c, uint64_t size)
{
	const struct section *own = &c->output[c->id], *last = &c->output[c->max_peers - 1];
	uint64_t rw_end = c->rw.offset + c->rw.size, end = last->offset + last->size;

	if ((c->rw.offset | c->rw.size | own->size) % 0x1000 || end > size ||
	    end < own->offset || own->offset < rw_end || rw_end < c->rw.offset) {
		add_area(bar, 0, size, true);
		return;
	}
	add_area(bar, 0, c->rw.offset, false);
	add_area(bar, c->rw.offset, rw_end, true);
	add_area(bar, rw_end, own->offset, false);
	add_area(bar, own->offset, own->offset + own->size, true);
	add_area(bar, own->offset + own->size, end, false);
}

static void add_memory(struct model *m)
{
	const struct client_memory *memory = &m->memory;
	struct kit_pci_bar *bar = &m->pci.bar[2];
	uint64_t size = memory->areas ? memory->area[0].size : memory->size;
	uint32_t i;

	bar->fd = memory->fd;
	bar->fd_offset = memory->offset;
	/* The state table comes first, so a server that leaves it out names what is writable. */
	if (memory->areas && memory->area[0].offset)
		for (i = 0; i < memory->areas && i < KIT_PCI_MAX_AREAS; i++)
			add_area(bar, memory->area[i].offset,
				 memory->area[i].offset + memory->area[i].size, true);
	else if (m->client.described)
		add_sections(bar, &m->client, size);
	else
		add_area(bar, 0, size, true);
}

static bool good_size(struct model *m, int bar, uint64_t size)
{
	if (!(size & (size - 1)) && size <= MAX_BAR)
		return true;
	snprintf(m->client.error, sizeof(m->client.error),
		 "BAR %d is 0x%llx bytes, want a power of two up to 0x%llx", bar,
		 (unsigned long long)size, MAX_BAR);
	return false;
}

static int describe(struct model *m)
{
	uint64_t size;
	int i;

	for (i = 0; i < KIT_PCI_BARS; i++) {
		if (client_region_size(&m->client, VFIO_PCI_BAR0_REGION_INDEX + i, &size) ||
		    !good_size(m, i, size))
			return -1;
		m->pci.bar[i].size = size;
		m->pci.bar[i].fd = -1;
	}
	if (m->memory.fd >= 0)
		add_memory(m);
	m->pci.ops = &ops;
	return 0;
}

struct kit_pci *pci_vfio_user_connect(const char *socket, char *error, unsigned int size)
{
	struct model *m = calloc(1, sizeof(*m));

	if (!m) {
		snprintf(error, size, "out of memory");
		return NULL;
	}
	pthread_mutex_init(&m->lock, NULL);
	m->memory.fd = -1;
	if (!client_connect(&m->client, socket))
		return &m->pci;
	snprintf(error, size, "%s", m->client.error);
	pci_vfio_user_close(&m->pci);
	return NULL;
}

int pci_vfio_user_join(struct kit_pci *pci, char *error, unsigned int size)
{
	struct model *m = to_model(pci);

	if (!client_attach(&m->client, &m->memory) && !describe(m))
		return 0;
	snprintf(error, size, "%s", m->client.error);
	return -1;
}

void pci_vfio_user_close(struct kit_pci *pci)
{
	struct model *m = to_model(pci);

	client_leave(&m->client);
	if (m->memory.fd >= 0)
		close(m->memory.fd);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

int pci_vfio_user_gone(struct kit_pci *pci)
{
	struct model *m = to_model(pci);
	int gone;

	pthread_mutex_lock(&m->lock);
	gone = m->gone || client_gone(&m->client);
	pthread_mutex_unlock(&m->lock);
	return gone;
}
