// SPDX-License-Identifier: GPL-2.0
/*
 * Configuration space. It is 256 bytes of reset values and a mask of the bits
 * that a peer may write. Sizing a BAR needs nothing else: its address bits
 * below the size are not writable. QEMU forwards all accesses to BARs,
 * Command and the capabilities' contents.
 */
#include <linux/pci_regs.h>
#include <string.h>

#include "link.h"
#include "pci.h"

#define CAP_VENDOR	0x40
#define CAP_MSIX	0x60
#define CAP_LEN		0x18	/* without base address */
#define CAP_LEN_BASE	0x20

/* Offsets in the vendor capability */
#define CAP_CONTROL	3
#define CAP_STATE_SIZE	4
#define CAP_RW_SIZE	8
#define CAP_OUTPUT_SIZE	16
#define CAP_BASE	24

#define CONTROL_ONE_SHOT 1

static void put(uint8_t *at, uint64_t value, unsigned int len)
{
	while (len--) {
		*at++ = value;
		value >>= 8;
	}
}

static uint64_t get(const uint8_t *at, unsigned int len)
{
	uint64_t value = 0;

	while (len--)
		value = value << 8 | at[len];
	return value;
}

static uint64_t power_of_two(uint64_t size)
{
	uint64_t p = LINK_PAGE;

	while (p < size)
		p <<= 1;
	return p;
}

static unsigned int msix_vectors(const struct link *link)
{
	return link_lie(link, LIE_MSIX_VECTORS, link->cfg.vectors);
}

/* Pending bits follow the table, in whole 64-bit words. */
static uint64_t pba_offset(const struct link *link)
{
	return msix_vectors(link) * PCI_MSIX_ENTRY_SIZE;
}

uint64_t pci_bar_size(const struct link *link, unsigned int bar)
{
	switch (bar) {
	case 0:
		return REG_SIZE;
	case 1:
		if (link->cfg.intx)
			return 0;
		return power_of_two(pba_offset(link) +
				    (msix_vectors(link) + 63) / 64 * 8);
	case 2:
		if (link->cfg.base_address)
			return 0;
		return link_lie(link, LIE_BAR2_SIZE,
				power_of_two(link->cfg.state_size +
					     link->cfg.rw_size +
					     link->cfg.output_size *
					     link->cfg.peers));
	default:
		return 0;
	}
}

static void init_bar(struct link *link, unsigned int bar, uint32_t type)
{
	uint64_t size = pci_bar_size(link, bar);
	unsigned int at = PCI_BASE_ADDRESS_0 + 4 * bar;
	unsigned int len = type & PCI_BASE_ADDRESS_MEM_TYPE_64 ? 8 : 4;

	if (!size)
		return;
	put(link->config_reset + at, type, 4);
	put(link->config_mask + at, ~(size - 1), len);
}

static void init_identity(struct link *link)
{
	uint8_t *c = link->config_reset;

	put(c + PCI_VENDOR_ID, link_lie(link, LIE_VENDOR, 0x110a), 2);
	put(c + PCI_DEVICE_ID, link_lie(link, LIE_DEVICE, 0x4106), 2);
	put(c + PCI_STATUS, PCI_STATUS_CAP_LIST, 2);
	put(c + PCI_REVISION_ID, link_lie(link, LIE_REVISION, 0), 1);
	put(c + PCI_CLASS_PROG,
	    link_lie(link, LIE_CLASS, 0xff0000 | link->cfg.protocol), 3);
	/* Vendor and subsystem of devices that QEMU provides */
	put(c + PCI_SUBSYSTEM_VENDOR_ID,
	    link_lie(link, LIE_SUBVENDOR, 0x1af4), 2);
	put(c + PCI_SUBSYSTEM_ID, link_lie(link, LIE_SUBDEVICE, 0x1100), 2);
	put(c + PCI_INTERRUPT_PIN, link->cfg.intx, 1);

	put(link->config_mask + PCI_COMMAND, PCI_COMMAND_MEMORY |
	    PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE, 2);
	put(link->config_mask + PCI_INTERRUPT_LINE, 0xff, 1);
}

static void init_vendor_cap(struct link *link)
{
	const struct link_config *cfg = &link->cfg;
	uint8_t *cap = link->config_reset + CAP_VENDOR;
	bool base = cfg->base_address || cfg->cap20_mirror;

	put(cap + PCI_CAP_LIST_ID, PCI_CAP_ID_VNDR, 1);
	put(cap + PCI_CAP_LIST_NEXT, cfg->intx ? 0 : CAP_MSIX, 1);
	put(cap + PCI_CAP_FLAGS, link_lie(link, LIE_CAP_LENGTH,
					  base ? CAP_LEN_BASE : CAP_LEN), 1);
	put(cap + CAP_STATE_SIZE,
	    link_lie(link, LIE_STATE_SIZE, cfg->state_size), 4);
	put(cap + CAP_RW_SIZE, link_lie(link, LIE_RW_SIZE, cfg->rw_size), 8);
	put(cap + CAP_OUTPUT_SIZE,
	    link_lie(link, LIE_OUTPUT_SIZE, cfg->output_size), 8);
	put(cap + CAP_BASE,
	    link_lie(link, LIE_BASE_ADDRESS, cfg->base_address), 8);
	put(link->config_mask + CAP_VENDOR + CAP_CONTROL, CONTROL_ONE_SHOT, 1);
}

static void init_msix_cap(struct link *link)
{
	uint8_t *cap = link->config_reset + CAP_MSIX;

	put(cap + PCI_CAP_LIST_ID, PCI_CAP_ID_MSIX, 1);
	put(cap + PCI_MSIX_FLAGS, msix_vectors(link) - 1, 2);
	put(cap + PCI_MSIX_TABLE, 1, 4);
	put(cap + PCI_MSIX_PBA, pba_offset(link) | 1, 4);
	put(link->config_mask + CAP_MSIX + PCI_MSIX_FLAGS,
	    PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL, 2);
}

void pci_init(struct link *link)
{
	uint8_t first = link->cfg.intx ? 0 : CAP_MSIX;

	init_identity(link);
	init_bar(link, 0, PCI_BASE_ADDRESS_MEM_TYPE_32);
	init_bar(link, 1, PCI_BASE_ADDRESS_MEM_TYPE_32);
	init_bar(link, 2, PCI_BASE_ADDRESS_MEM_TYPE_64 |
			  PCI_BASE_ADDRESS_MEM_PREFETCH);
	if (!link->cfg.intx)
		init_msix_cap(link);
	if (!link->cfg.lies[LIE_NO_CAP]) {
		init_vendor_cap(link);
		first = CAP_VENDOR;
	}
	put(link->config_reset + PCI_CAPABILITY_LIST, first, 1);
}

void pci_reset(struct peer *p)
{
	memcpy(p->config, p->link->config_reset, sizeof(p->config));
}

void pci_read(struct peer *p, uint32_t offset, void *buf, uint32_t len)
{
	memcpy(buf, p->config + offset, len);
}

void pci_write(struct peer *p, uint32_t offset, const void *buf, uint32_t len)
{
	const uint8_t *mask = p->link->config_mask, *value = buf;
	uint32_t i;

	for (i = offset; i < offset + len; i++)
		p->config[i] = (p->config[i] & ~mask[i]) |
			       (*value++ & mask[i]);
	/* NuttX takes the address from the capability, even if there is BAR2. */
	if (p->link->cfg.cap20_mirror)
		put(p->config + CAP_VENDOR + CAP_BASE,
		    get(p->config + PCI_BASE_ADDRESS_2, 8) &
		    PCI_BASE_ADDRESS_MEM_MASK, 8);
}

bool pci_one_shot(const struct peer *p)
{
	return p->config[CAP_VENDOR + CAP_CONTROL] & CONTROL_ONE_SHOT;
}

bool pci_bus_master(const struct peer *p)
{
	return p->config[PCI_COMMAND] & PCI_COMMAND_MASTER;
}

/*
 * Vectors are masked one by one in the client, which then withdraws or holds
 * back the eventfd. Whether MSI-X is enabled shows in the same way.
 */
bool pci_interrupts_masked(const struct peer *p)
{
	if (p->link->cfg.intx)
		return get(p->config + PCI_COMMAND, 2) & PCI_COMMAND_INTX_DISABLE;
	return get(p->config + CAP_MSIX + PCI_MSIX_FLAGS, 2) &
	       PCI_MSIX_FLAGS_MASKALL;
}
