// SPDX-License-Identifier: GPL-2.0
/*
 * The PCI bus: functions that models present, plugged in and out at any time.
 * BARs lie in a physical address space of their own, and what a driver maps of it
 * is granted when the function comes.
 */
#include <linux/interrupt.h>
#include <linux/kernel.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "kit/kit.h"
#include "kit/pci.h"

/* Where no process has anything, so that a mix-up with a virtual address shows */
#define FIRST_ADDRESS	BIT_ULL(40)

static DEFINE_MUTEX(address_lock);
static u64 next_address = FIRST_ADDRESS;	/* address_lock */

/*
 * Configuration space
 */

static void read_config(const struct pci_dev *pdev, int where, void *value, unsigned int len)
{
	pdev->kit->ops->config_read(pdev->kit, where, value, len);
}

static void write_config(const struct pci_dev *pdev, int where, const void *value,
			 unsigned int len)
{
	pdev->kit->ops->config_write(pdev->kit, where, value, len);
}

#define CONFIG_ACCESS(_size, _type)							\
int pci_read_config_##_size(const struct pci_dev *pdev, int where,		\
			    __typeof__(_type) *value)				\
{											\
	read_config(pdev, where, value, sizeof(*value));				\
	return 0;									\
}											\
											\
int pci_write_config_##_size(const struct pci_dev *pdev, int where, _type value)	\
{											\
	write_config(pdev, where, &value, sizeof(value));				\
	return 0;									\
}

CONFIG_ACCESS(byte, u8)
CONFIG_ACCESS(word, u16)
CONFIG_ACCESS(dword, u32)

u8 pci_find_capability(struct pci_dev *pdev, int capability)
{
	u8 pos, id;
	u16 status;
	int left;

	pci_read_config_word(pdev, PCI_STATUS, &status);
	if (!(status & PCI_STATUS_CAP_LIST))
		return 0;
	pci_read_config_byte(pdev, PCI_CAPABILITY_LIST, &pos);
	/* As many as there is room for; a list may be a circle. */
	for (left = 48; left && pos >= 0x40; left--) {
		pos &= ~3;
		pci_read_config_byte(pdev, pos + PCI_CAP_LIST_ID, &id);
		if (id == 0xff)
			return 0;
		if (id == capability)
			return pos;
		pci_read_config_byte(pdev, pos + PCI_CAP_LIST_NEXT, &pos);
	}
	return 0;
}

static void change_command(struct pci_dev *pdev, u16 clear, u16 set)
{
	u16 command;

	pci_read_config_word(pdev, PCI_COMMAND, &command);
	pci_write_config_word(pdev, PCI_COMMAND, (command & ~clear) | set);
}

int pci_enable_device(struct pci_dev *pdev)
{
	if (kit_should_fail(KIT_WHAT_REGION))
		return -EINVAL;
	if (!pdev->enabled++)
		change_command(pdev, 0, PCI_COMMAND_MEMORY);
	return 0;
}

void pci_disable_device(struct pci_dev *pdev)
{
	if (WARN_ON(!pdev->enabled))
		return;
	if (!--pdev->enabled)
		change_command(pdev, PCI_COMMAND_MASTER, 0);
}

void pci_set_master(struct pci_dev *pdev)
{
	change_command(pdev, 0, PCI_COMMAND_MASTER);
}

/*
 * BARs
 */

static void release_bars(struct pci_dev *pdev, int bars)
{
	while (bars--) {
		if (pdev->bar[bars].claimed)
			release_mem_region(pci_resource_start(pdev, bars),
					   pci_resource_len(pdev, bars));
		pdev->bar[bars].claimed = false;
	}
}

int pci_request_regions(struct pci_dev *pdev, const char *name)
{
	int bar;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		if (!pci_resource_len(pdev, bar))
			continue;
		if (!request_mem_region(pci_resource_start(pdev, bar),
					pci_resource_len(pdev, bar), name)) {
			release_bars(pdev, bar);
			return -EBUSY;
		}
		pdev->bar[bar].claimed = true;
	}
	return 0;
}

void pci_release_regions(struct pci_dev *pdev)
{
	release_bars(pdev, PCI_STD_NUM_BARS);
}

void __iomem *pci_iomap(struct pci_dev *pdev, int bar, unsigned long max)
{
	resource_size_t len = pci_resource_len(pdev, bar);

	if (!len)
		return NULL;
	return ioremap(pci_resource_start(pdev, bar), max ? min_t(u64, max, len) : len);
}

void pci_iounmap(struct pci_dev *pdev, void __iomem *addr)
{
	iounmap(addr);
}

/*
 * Interrupts: the kit's lines, which the model raises
 */

int pci_msix_vec_count(struct pci_dev *pdev)
{
	u16 control;

	if (!pdev->msix_cap)
		return -EINVAL;
	pci_read_config_word(pdev, pdev->msix_cap + PCI_MSIX_FLAGS, &control);
	return (control & PCI_MSIX_FLAGS_QSIZE) + 1;
}

/* After the driver's handlers or before: the pin's next interrupt is another event. */
static irqreturn_t unmask_pin(int irq, void *data)
{
	struct pci_dev *pdev = data;

	pdev->kit->ops->unmask(pdev->kit);
	return IRQ_NONE;
}

static int connect_irqs(struct pci_dev *pdev, unsigned int count)
{
	int first = kit_irq_alloc(count), err;

	if (first < 0)
		return first;
	err = pdev->kit->ops->set_irqs(pdev->kit, first, count);
	if (err) {
		kit_irq_free(first, count);
		return err;
	}
	pdev->irq = first;
	pdev->vectors = count;
	return 0;
}

static void disconnect_irqs(struct pci_dev *pdev)
{
	pdev->kit->ops->set_irqs(pdev->kit, 0, 0);
	kit_irq_free(pdev->irq, pdev->vectors);
	pdev->vectors = 0;
}

static void enable_msix(struct pci_dev *pdev, bool on)
{
	u16 control;

	pci_read_config_word(pdev, pdev->msix_cap + PCI_MSIX_FLAGS, &control);
	control = on ? control | PCI_MSIX_FLAGS_ENABLE : control & ~PCI_MSIX_FLAGS_ENABLE;
	pci_write_config_word(pdev, pdev->msix_cap + PCI_MSIX_FLAGS, control);
	pdev->msix_enabled = on;
}

static int connect_pin(struct pci_dev *pdev)
{
	int err = connect_irqs(pdev, 1);

	if (!err && pdev->kit->ops->unmask)
		err = request_irq(pdev->irq, unmask_pin, IRQF_SHARED, "pin", pdev);
	if (err && pdev->vectors)
		disconnect_irqs(pdev);
	return err ?: 1;
}

int pci_alloc_irq_vectors(struct pci_dev *pdev, unsigned int min_vecs, unsigned int max_vecs,
			  unsigned int flags)
{
	unsigned int count = min_t(unsigned int, max_vecs, KIT_PCI_MAX_VECTORS);
	int table = pci_msix_vec_count(pdev), err;

	if (kit_should_fail(KIT_WHAT_IRQ))
		return -ENOSPC;
	if (flags & PCI_IRQ_MSIX && table > 0) {
		count = min_t(unsigned int, count, table);
		err = count < min_vecs ? -ENOSPC : connect_irqs(pdev, count);
		if (!err)
			enable_msix(pdev, true);
		return err ?: (int)count;
	}
	if (flags & PCI_IRQ_INTX && min_vecs == 1 && pdev->pin)
		return connect_pin(pdev);
	return -ENOSPC;
}

void pci_free_irq_vectors(struct pci_dev *pdev)
{
	if (!pdev->vectors)
		return;
	if (pdev->msix_enabled)
		enable_msix(pdev, false);
	else if (pdev->kit->ops->unmask)
		free_irq(pdev->irq, pdev);
	disconnect_irqs(pdev);
}

int pci_irq_vector(struct pci_dev *pdev, unsigned int nr)
{
	return nr < pdev->vectors ? (int)(pdev->irq + nr) : -EINVAL;
}

/*
 * The bus
 */

static bool id_matches(const struct pci_device_id *id, const struct pci_dev *pdev)
{
	return (id->vendor == (u32)PCI_ANY_ID || id->vendor == pdev->vendor) &&
	       (id->device == (u32)PCI_ANY_ID || id->device == pdev->device) &&
	       (id->subvendor == (u32)PCI_ANY_ID || id->subvendor == pdev->subsystem_vendor) &&
	       (id->subdevice == (u32)PCI_ANY_ID || id->subdevice == pdev->subsystem_device) &&
	       !((id->class ^ pdev->class) & id->class_mask);
}

static const struct pci_device_id *match_id(const struct pci_driver *drv,
					    const struct pci_dev *pdev)
{
	const struct pci_device_id *id;

	for (id = drv->id_table; id && (id->vendor || id->subvendor || id->class_mask); id++)
		if (id_matches(id, pdev))
			return id;
	return NULL;
}

static int pci_bus_match(struct device *dev, const struct device_driver *drv)
{
	return !!match_id(to_pci_driver(drv), to_pci_dev(dev));
}

static int pci_bus_probe(struct device *dev)
{
	struct pci_driver *drv = to_pci_driver(dev->driver);
	struct pci_dev *pdev = to_pci_dev(dev);

	return drv->probe(pdev, match_id(drv, pdev));
}

static void pci_bus_remove(struct device *dev)
{
	struct pci_driver *drv = to_pci_driver(dev->driver);

	if (drv->remove)
		drv->remove(to_pci_dev(dev));
}

const struct bus_type pci_bus_type = {
	.name = "pci",
	.match = pci_bus_match,
	.probe = pci_bus_probe,
	.remove = pci_bus_remove,
};

int __pci_register_driver(struct pci_driver *drv, struct module *owner, const char *mod_name)
{
	drv->driver.name = drv->name;
	drv->driver.bus = &pci_bus_type;
	drv->driver.owner = owner;
	return driver_register(&drv->driver);
}

void pci_unregister_driver(struct pci_driver *drv)
{
	driver_unregister(&drv->driver);
}

struct pci_dev *pci_dev_get(struct pci_dev *pdev)
{
	if (pdev)
		get_device(&pdev->dev);
	return pdev;
}

void pci_dev_put(struct pci_dev *pdev)
{
	if (pdev)
		put_device(&pdev->dev);
}

/*
 * Functions
 */

/* A model has 32-bit registers: 8 bytes are two of them, the lower one first. */
static kit_u64 bar_read(void *device, kit_u64 offset, unsigned int width)
{
	const struct hosted_bar *bar = device;
	struct kit_pci *kit = bar->pdev->kit;
	kit_u64 low;

	if (width < 8)
		return kit->ops->read(kit, bar->index, offset, width);
	low = kit->ops->read(kit, bar->index, offset, 4);
	return low | (kit_u64)kit->ops->read(kit, bar->index, offset + 4, 4) << 32;
}

static void bar_write(void *device, kit_u64 offset, unsigned int width, kit_u64 value)
{
	const struct hosted_bar *bar = device;
	struct kit_pci *kit = bar->pdev->kit;

	kit->ops->write(kit, bar->index, offset, value, width < 8 ? width : 4);
	if (width == 8)
		kit->ops->write(kit, bar->index, offset + 4, value >> 32, 4);
}

static const struct kit_device_ops bar_ops = {
	.read = bar_read,
	.write = bar_write,
};

static void revoke_bar(struct pci_dev *pdev, int i)
{
	const struct kit_pci_bar *bar = &pdev->kit->bar[i];
	unsigned int n;

	if (bar->size && !bar->areas)
		kit_grant_revoke(pdev->resource[i].start);
	for (n = 0; n < bar->areas; n++)
		kit_grant_revoke(pdev->resource[i].start + bar->area[n].offset);
}

static int grant_bar(struct pci_dev *pdev, int i)
{
	const struct kit_pci_bar *bar = &pdev->kit->bar[i];
	struct resource *res = &pdev->resource[i];
	const struct kit_pci_area *area;
	int err = 0;

	if (!bar->size)
		return 0;
	if (!bar->areas)
		return kit_grant_device(res->start, bar->size, pci_name(pdev), &bar_ops,
					&pdev->bar[i]);
	for (area = bar->area; area < bar->area + bar->areas && !err; area++)
		err = kit_grant_memory(res->start + area->offset, area->size, pci_name(pdev),
				       bar->fd, bar->fd_offset + area->offset, area->writable);
	return err;
}

static int place_bars(struct pci_dev *pdev)
{
	int i, err = 0;

	mutex_lock(&address_lock);
	for (i = 0; i < PCI_STD_NUM_BARS; i++) {
		u64 size = ALIGN(pdev->kit->bar[i].size, PAGE_SIZE);
		struct resource *res = &pdev->resource[i];

		if (!size)
			continue;
		res->name = pci_name(pdev);
		res->flags = IORESOURCE_MEM;
		res->start = ALIGN(next_address, roundup_pow_of_two(size));
		res->end = res->start + pdev->kit->bar[i].size - 1;
		pdev->bar[i].pdev = pdev;
		pdev->bar[i].index = i;
		next_address = res->start + size;
	}
	mutex_unlock(&address_lock);
	for (i = 0; i < PCI_STD_NUM_BARS && !err; i++)
		err = grant_bar(pdev, i);
	if (err)
		while (i--)
			revoke_bar(pdev, i);
	return err;
}

static void release_function(struct device *dev)
{
	kfree(to_pci_dev(dev));
}

static void read_header(struct pci_dev *pdev)
{
	u32 class;

	pci_read_config_word(pdev, PCI_VENDOR_ID, &pdev->vendor);
	pci_read_config_word(pdev, PCI_DEVICE_ID, &pdev->device);
	pci_read_config_word(pdev, PCI_SUBSYSTEM_VENDOR_ID, &pdev->subsystem_vendor);
	pci_read_config_word(pdev, PCI_SUBSYSTEM_ID, &pdev->subsystem_device);
	pci_read_config_dword(pdev, PCI_CLASS_REVISION, &class);
	pdev->class = class >> 8;
	pdev->revision = class;
	pci_read_config_byte(pdev, PCI_INTERRUPT_PIN, &pdev->pin);
	pdev->msix_cap = pci_find_capability(pdev, PCI_CAP_ID_MSIX);
}

int kit_pci_plug(struct kit_pci *kit, unsigned int slot)
{
	struct pci_dev *pdev = kzalloc(sizeof(*pdev), GFP_KERNEL);
	int err;

	if (!pdev)
		return -ENOMEM;
	pdev->kit = kit;
	pdev->devfn = PCI_DEVFN(slot, 0);
	device_initialize(&pdev->dev);
	pdev->dev.bus = &pci_bus_type;
	pdev->dev.release = release_function;
	read_header(pdev);
	err = dev_set_name(&pdev->dev, "0000:00:%02x.0", slot);
	if (!err)
		err = place_bars(pdev);
	if (!err) {
		err = device_add(&pdev->dev);
		if (!err) {
			kit->bus = pdev;
			return 0;
		}
		for (slot = 0; slot < PCI_STD_NUM_BARS; slot++)
			revoke_bar(pdev, slot);
	}
	put_device(&pdev->dev);
	return err;
}

/* A reference that outlives this finds a function without a model, and no grant. */
void kit_pci_unplug(struct kit_pci *kit)
{
	struct pci_dev *pdev = kit->bus;
	int i;

	device_del(&pdev->dev);
	for (i = 0; i < PCI_STD_NUM_BARS; i++)
		revoke_bar(pdev, i);
	kit->bus = NULL;
	put_device(&pdev->dev);
}
