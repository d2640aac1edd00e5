// SPDX-License-Identifier: GPL-2.0
/*
 * An ivshmem v2 device with two peers, after "IVSHMEM Device Specification",
 * Jailhouse's Documentation/ivshmem-v2-specification.md
 */
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "../kit/kit.h"
#include "pci_link.h"

#define PEERS		2
#define PAGE		0x1000u
#define BAR_REGISTERS	0
#define BAR_MSIX	1
#define BAR_MEMORY	2
#define CAP_VENDOR	0x40
#define CAP_MSIX	0x60
#define PRIV_CONTROL	(CAP_VENDOR + 3)
#define ONE_SHOT	1

enum { REG_ID = 0x00, REG_MAX_PEERS = 0x04, REG_INT_CONTROL = 0x08, REG_DOORBELL = 0x0c,
	REG_STATE = 0x10 };

/**
 * struct end - a peer's end
 * @control: Interrupt Control
 * @late: what it will be, once a write that enables interrupts has arrived; or 0
 * @irq: first line of the kit
 * @irqs: how many, 0 while a driver has none
 * @raise: vectors to raise once the lock is dropped
 * @rung: interrupts that were meant for it
 * @dead: registers read as ones
 */
struct end {
	struct kit_pci pci;
	struct pci_link *link;
	uint8_t config[256];
	uint32_t control, late;
	unsigned int irq, irqs;
	uint64_t raise;
	unsigned long rung;
	bool dead;
};

/**
 * struct pci_link - the link
 * @lock: protects the ends; nothing that may wait is called with it held
 */
struct pci_link {
	struct pci_link_config config;
	pthread_mutex_t lock;
	struct end end[PEERS];
	uint64_t size;
	int fd;
	uint8_t *memory;
	bool drop;
};

void (*pci_link_hook)(struct pci_link *link, unsigned int peer, unsigned long reg);

static struct end *to_end(struct kit_pci *pci)
{
	return (struct end *)((char *)pci - offsetof(struct end, pci));
}

static uint32_t *state_of(struct pci_link *link, unsigned int peer)
{
	return (uint32_t *)link->memory + peer;
}

static unsigned int peer_of(const struct end *end)
{
	return end - end->link->end;
}

/*
 * Interrupts: with the lock held. In one-shot mode each turns off the next.
 */

static void interrupt(struct end *end, unsigned int vector)
{
	uint16_t command;

	end->rung++;
	memcpy(&command, end->config + PCI_COMMAND, sizeof(command));
	if (end->link->drop || !(end->control & 1) || vector >= end->irqs ||
	    !(command & PCI_COMMAND_MASTER))
		return;
	if (end->config[PRIV_CONTROL] & ONE_SHOT)
		end->control = 0;
	end->raise |= 1ULL << vector;
}

/* What was interrupted is told without the lock: a handler may run at once. */
static void unlock(struct pci_link *link)
{
	uint64_t raise[PEERS];
	unsigned int irq[PEERS], i, vector;

	for (i = 0; i < PEERS; i++) {
		raise[i] = link->end[i].raise;
		irq[i] = link->end[i].irq;
		link->end[i].raise = 0;
	}
	pthread_mutex_unlock(&link->lock);
	for (i = 0; i < PEERS; i++)
		for (vector = 0; raise[i]; vector++, raise[i] >>= 1)
			if (raise[i] & 1)
				kit_irq_raise(irq[i] + vector);
}

static void set_state(struct end *end, uint32_t state)
{
	uint32_t *entry = state_of(end->link, peer_of(end));

	if (__atomic_exchange_n(entry, state, __ATOMIC_SEQ_CST) != state)
		interrupt(&end->link->end[!peer_of(end)], 0);
}

static void write_register(struct end *end, unsigned long offset, uint32_t value)
{
	unsigned int vectors = end->link->config.vectors ?: 1;

	switch (offset) {
	case REG_INT_CONTROL:
		if (value)
			end->late = value;
		else
			end->control = 0;
		break;
	case REG_DOORBELL:
		if (value >> 16 < PEERS && (value & 0xffff) < vectors)
			interrupt(&end->link->end[value >> 16], value & 0xffff);
		break;
	case REG_STATE:
		set_state(end, value);
		break;
	}
}

static uint32_t read_register(struct end *end, unsigned long offset)
{
	switch (offset) {
	case REG_ID:
		return peer_of(end);
	case REG_MAX_PEERS:
		return PEERS;
	case REG_INT_CONTROL:
		return end->control;
	case REG_STATE:
		return *state_of(end->link, peer_of(end));
	default:
		return 0;
	}
}

/*
 * What the bus calls. Writes to registers may be posted, so one that enables
 * interrupts is as late as PCI allows: it arrives before what follows it.
 */

static void lock(struct end *end)
{
	pthread_mutex_lock(&end->link->lock);
	if (end->late)
		end->control = end->late;
	end->late = 0;
}

static void config_read(struct kit_pci *pci, unsigned int offset, void *buf, unsigned int len)
{
	struct end *end = to_end(pci);

	lock(end);
	memset(buf, 0xff, len);
	if (!end->dead && offset + len <= sizeof(end->config))
		memcpy(buf, end->config + offset, len);
	unlock(end->link);
}

static void config_write(struct kit_pci *pci, unsigned int offset, const void *buf,
			 unsigned int len)
{
	struct end *end = to_end(pci);

	lock(end);
	/* The rest is read-only. */
	if ((offset == PCI_COMMAND && len == 2) || (offset == PRIV_CONTROL && len == 1) ||
	    (offset == CAP_MSIX + PCI_MSIX_FLAGS && len == 2))
		memcpy(end->config + offset, buf, len);
	unlock(end->link);
}

static unsigned int bar_read(struct kit_pci *pci, unsigned int bar, unsigned long offset,
			     unsigned int len)
{
	struct end *end = to_end(pci);
	unsigned int value = ~0U;

	if (pci_link_hook)
		pci_link_hook(end->link, peer_of(end), offset);
	lock(end);
	if (!end->dead)
		value = bar == BAR_REGISTERS && len == 4 ? read_register(end, offset) : 0;
	unlock(end->link);
	return value;
}

static void bar_write(struct kit_pci *pci, unsigned int bar, unsigned long offset,
		      unsigned int value, unsigned int len)
{
	struct end *end = to_end(pci);

	if (pci_link_hook)
		pci_link_hook(end->link, peer_of(end), offset);
	lock(end);
	if (!end->dead && bar == BAR_REGISTERS && len == 4)
		write_register(end, offset, value);
	unlock(end->link);
}

static int set_irqs(struct kit_pci *pci, unsigned int first, unsigned int count)
{
	struct end *end = to_end(pci);

	pthread_mutex_lock(&end->link->lock);
	end->irq = first;
	end->irqs = count;
	unlock(end->link);
	return 0;
}

static const struct kit_pci_ops ops = {
	.config_read = config_read,
	.config_write = config_write,
	.read = bar_read,
	.write = bar_write,
	.set_irqs = set_irqs,
};

/*
 * Set-up
 */

static void put16(struct end *end, unsigned int offset, uint16_t value)
{
	memcpy(end->config + offset, &value, sizeof(value));
}

static void put_capabilities(struct end *end, const struct pci_link_config *config)
{
	uint8_t *cap = end->config + CAP_VENDOR;

	put16(end, PCI_STATUS, PCI_STATUS_CAP_LIST);
	end->config[PCI_CAPABILITY_LIST] = CAP_VENDOR;
	cap[PCI_CAP_LIST_ID] = PCI_CAP_ID_VNDR;
	cap[2] = 0x18;
	memcpy(cap + 0x04, &config->state_size, 4);
	memcpy(cap + 0x08, &config->rw_size, 8);
	memcpy(cap + 0x10, &config->output_size, 8);
	if (!config->vectors) {
		end->config[PCI_INTERRUPT_PIN] = 1;
		return;
	}
	cap[PCI_CAP_LIST_NEXT] = CAP_MSIX;
	cap = end->config + CAP_MSIX;
	cap[PCI_CAP_LIST_ID] = PCI_CAP_ID_MSIX;
	put16(end, CAP_MSIX + PCI_MSIX_FLAGS, config->vectors - 1);
	cap[PCI_MSIX_TABLE] = BAR_MSIX;
	cap[PCI_MSIX_PBA] = BAR_MSIX;
	cap[PCI_MSIX_PBA + 1] = PAGE >> 8;
}

static void put_config(struct end *end, const struct pci_link_config *config)
{
	put16(end, PCI_VENDOR_ID, 0x110a);
	put16(end, PCI_DEVICE_ID, 0x4106);
	put16(end, PCI_SUBSYSTEM_VENDOR_ID, 0x1af4);
	put16(end, PCI_SUBSYSTEM_ID, 0x1100);
	end->config[PCI_CLASS_PROG] = config->protocol;
	end->config[PCI_CLASS_DEVICE] = config->protocol >> 8;
	end->config[PCI_CLASS_DEVICE + 1] = 0xff;
	put_capabilities(end, config);
}

static uint64_t round_up(uint64_t size)
{
	uint64_t power = PAGE;

	while (power < size)
		power <<= 1;
	return power;
}

static void add_area(struct kit_pci_bar *bar, uint64_t offset, uint64_t size, bool writable)
{
	if (size)
		bar->area[bar->areas++] = (struct kit_pci_area){ offset, size, writable };
}

static void set_up_end(struct pci_link *link, unsigned int peer)
{
	const struct pci_link_config *config = &link->config;
	struct end *end = &link->end[peer];
	struct kit_pci_bar *memory = &end->pci.bar[BAR_MEMORY];

	end->link = link;
	end->pci.ops = &ops;
	end->pci.bar[BAR_REGISTERS].size = PAGE;
	if (config->vectors)
		end->pci.bar[BAR_MSIX].size = 2 * PAGE;
	memory->size = round_up(link->size);
	memory->fd = link->fd;
	add_area(memory, 0, config->state_size, false);
	add_area(memory, config->state_size, config->rw_size, true);
	add_area(memory, pci_link_output(link, 0), config->output_size, peer == 0);
	add_area(memory, pci_link_output(link, 1), config->output_size, peer == 1);
	put_config(end, config);
}

struct pci_link *pci_link_create(const struct pci_link_config *config)
{
	struct pci_link *link = calloc(1, sizeof(*link));
	unsigned int i;

	if (!link)
		return NULL;
	link->config = *config;
	if (!link->config.state_size)
		link->config.state_size = PAGE;
	link->size = pci_link_output(link, PEERS);
	pthread_mutex_init(&link->lock, NULL);
	link->fd = memfd_create("link", MFD_CLOEXEC);
	link->memory = MAP_FAILED;
	if (link->fd >= 0 && !ftruncate(link->fd, link->size))
		link->memory = mmap(NULL, link->size, PROT_READ | PROT_WRITE, MAP_SHARED,
				    link->fd, 0);
	if (link->memory == MAP_FAILED) {
		close(link->fd);
		free(link);
		return NULL;
	}
	for (i = 0; i < PEERS; i++)
		set_up_end(link, i);
	return link;
}

void pci_link_destroy(struct pci_link *link)
{
	munmap(link->memory, link->size);
	close(link->fd);
	pthread_mutex_destroy(&link->lock);
	free(link);
}

struct kit_pci *pci_link_end(struct pci_link *link, unsigned int peer)
{
	return &link->end[peer].pci;
}

/*
 * The peer that is no driver
 */

void *pci_link_memory(struct pci_link *link)
{
	return link->memory;
}

uint64_t pci_link_output(struct pci_link *link, unsigned int peer)
{
	return link->config.state_size + link->config.rw_size + peer * link->config.output_size;
}

void pci_link_set_state(struct pci_link *link, unsigned int peer, uint32_t state)
{
	pthread_mutex_lock(&link->lock);
	set_state(&link->end[peer], state);
	unlock(link);
}

uint32_t pci_link_state(struct pci_link *link, unsigned int peer)
{
	return __atomic_load_n(state_of(link, peer), __ATOMIC_ACQUIRE);
}

void pci_link_ring(struct pci_link *link, unsigned int peer, unsigned int vector)
{
	pthread_mutex_lock(&link->lock);
	interrupt(&link->end[peer], vector);
	unlock(link);
}

void pci_link_drop_interrupts(struct pci_link *link, bool drop)
{
	pthread_mutex_lock(&link->lock);
	link->drop = drop;
	unlock(link);
}

void pci_link_kill(struct pci_link *link, unsigned int peer, bool dead)
{
	struct end *end = &link->end[peer];

	pthread_mutex_lock(&link->lock);
	end->dead = dead;
	/* What comes back is as after a reset. */
	end->control = 0;
	end->late = 0;
	end->config[PRIV_CONTROL] = 0;
	if (!dead)
		set_state(end, 0);
	unlock(link);
}

uint8_t *pci_link_config_space(struct pci_link *link, unsigned int peer)
{
	return link->end[peer].config;
}
