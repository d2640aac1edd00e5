// SPDX-License-Identifier: GPL-2.0
/*
 * A PCI function that a vfio-user server presents: an end of a link of
 * ivshmem-link. What is not memory is a message each, a doorbell one without a
 * reply.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "../../selftests/peer/client.h"
#include "pci_vfio_user.h"

/**
 * struct model - a function and its connection
 * @lock: one message at a time; nothing is called with it held
 * @gone: the connection has failed, so every read is all ones from now on
 */
struct model {
	struct kit_pci pci;
	struct client client;
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
	fprintf(stderr, "the link is lost: %s\n", m->client.error);
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

static void ack(struct kit_pci *pci, unsigned int vector)
{
	struct model *m = to_model(pci);

	(void)vector;
	if (pci->msix_vectors)
		return;
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
	.ack = ack,
};

static int describe(struct model *m)
{
	struct client *c = &m->client;
	unsigned int i;
	uint64_t size;

	for (i = 0; i < KIT_PCI_BARS; i++) {
		if (client_region_size(c, VFIO_PCI_BAR0_REGION_INDEX + i, &size))
			return -1;
		m->pci.bar[i].size = size;
		m->pci.bar[i].fd = -1;
	}
	if (c->memory_fd >= 0) {
		m->pci.bar[2].memory = c->memory;
		m->pci.bar[2].fd = c->memory_fd;
		m->pci.bar[2].fd_offset = c->memory_offset;
	}
	m->pci.ops = &ops;
	m->pci.msix_vectors = c->intx ? 0 : c->irqs;
	for (i = 0; i < c->irqs; i++)
		m->pci.irq_fd[i] = c->irq_fd[i];
	return 0;
}

_Static_assert(CLIENT_MAX_VECTORS <= KIT_PCI_MAX_VECTORS, "each vector has an irq_fd[]");

struct kit_pci *pci_vfio_user_open(const char *socket, char *error, unsigned int size)
{
	struct model *m = calloc(1, sizeof(*m));

	if (!m) {
		snprintf(error, size, "out of memory");
		return NULL;
	}
	pthread_mutex_init(&m->lock, NULL);
	if (!client_attach(&m->client, socket)) {
		if (!describe(m))
			return &m->pci;
		client_leave(&m->client);
	}
	snprintf(error, size, "%s", m->client.error);
	free(m);
	return NULL;
}

void pci_vfio_user_close(struct kit_pci *pci)
{
	struct model *m = to_model(pci);

	client_leave(&m->client);
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
