/* SPDX-License-Identifier: GPL-2.0 */
/* PCI functions, as class/pci.c has them from kit_pci_plug() */
#ifndef _LINUX_PCI_H
#define _LINUX_PCI_H

#include <linux/device.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/pci_ids.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

#include <uapi/linux/pci_regs.h>

#define PCI_STD_NUM_BARS	6

#define PCI_DEVFN(_slot, _func)	((_slot) << 3 | (_func))
#define PCI_SLOT(_devfn)	((_devfn) >> 3 & 0x1f)
#define PCI_FUNC(_devfn)	((_devfn) & 7)

struct kit_pci;

/**
 * struct pci_dev - a function
 * @class: base class, subclass and interface
 * @pin: INTA is 1, 0 is none
 * @msix_cap: offset of the capability, 0 for none
 * @irq: line of the pin, or of the first vector
 * @msix_enabled: vectors are allocated
 * @kit: its model. The members from here on are the bus's.
 * @enabled: pci_enable_device() less pci_disable_device()
 * @vectors: how many are allocated
 * @bar: what the model's accesses find their BAR by
 */
struct pci_dev {
	struct device dev;
	unsigned int devfn;
	u16 vendor;
	u16 device;
	u16 subsystem_vendor;
	u16 subsystem_device;
	u32 class;
	u8 revision;
	u8 pin;
	u8 msix_cap;
	unsigned int irq;
	bool msix_enabled;
	struct resource resource[PCI_STD_NUM_BARS];

	struct kit_pci *kit;
	int enabled;
	unsigned int vectors;
	struct hosted_bar {
		struct pci_dev *pdev;
		unsigned int index;
		bool claimed;
	} bar[PCI_STD_NUM_BARS];
};

#define to_pci_dev(_dev) container_of(_dev, struct pci_dev, dev)

static inline const char *pci_name(const struct pci_dev *pdev)
{
	return dev_name(&pdev->dev);
}

static inline void *pci_get_drvdata(struct pci_dev *pdev)
{
	return dev_get_drvdata(&pdev->dev);
}

static inline void pci_set_drvdata(struct pci_dev *pdev, void *data)
{
	dev_set_drvdata(&pdev->dev, data);
}

/*
 * Drivers
 */

#define PCI_DEVICE(_vendor, _device) \
	.vendor = (_vendor), .device = (_device), .subvendor = PCI_ANY_ID, .subdevice = PCI_ANY_ID
#define PCI_DEVICE_SUB(_vendor, _device, _subvendor, _subdevice) \
	.vendor = (_vendor), .device = (_device), \
	.subvendor = (_subvendor), .subdevice = (_subdevice)

struct pci_driver {
	const char *name;
	const struct pci_device_id *id_table;
	int (*probe)(struct pci_dev *pdev, const struct pci_device_id *id);
	void (*remove)(struct pci_dev *pdev);
	void (*shutdown)(struct pci_dev *pdev);
	struct device_driver driver;
};

#define to_pci_driver(_drv) container_of_const(_drv, struct pci_driver, driver)

int __must_check __pci_register_driver(struct pci_driver *drv, struct module *owner,
				       const char *mod_name);
void pci_unregister_driver(struct pci_driver *drv);

#define pci_register_driver(_drv) __pci_register_driver(_drv, THIS_MODULE, KBUILD_MODNAME)
#define module_pci_driver(_drv) module_driver(_drv, pci_register_driver, pci_unregister_driver)

extern const struct bus_type pci_bus_type;

struct pci_dev *pci_dev_get(struct pci_dev *pdev);
void pci_dev_put(struct pci_dev *pdev);

/*
 * Configuration space
 */

int pci_read_config_byte(const struct pci_dev *pdev, int where, u8 *value);
int pci_read_config_word(const struct pci_dev *pdev, int where, u16 *value);
int pci_read_config_dword(const struct pci_dev *pdev, int where, u32 *value);
int pci_write_config_byte(const struct pci_dev *pdev, int where, u8 value);
int pci_write_config_word(const struct pci_dev *pdev, int where, u16 value);
int pci_write_config_dword(const struct pci_dev *pdev, int where, u32 value);
u8 pci_find_capability(struct pci_dev *pdev, int capability);

/*
 * The function and its BARs
 */

int __must_check pci_enable_device(struct pci_dev *pdev);
void pci_disable_device(struct pci_dev *pdev);
void pci_set_master(struct pci_dev *pdev);

int __must_check pci_request_regions(struct pci_dev *pdev, const char *name);
void pci_release_regions(struct pci_dev *pdev);

void __iomem *pci_iomap(struct pci_dev *pdev, int bar, unsigned long max);
void pci_iounmap(struct pci_dev *pdev, void __iomem *addr);

#define pci_resource_start(_pdev, _bar)	((_pdev)->resource[_bar].start)
#define pci_resource_flags(_pdev, _bar)	((_pdev)->resource[_bar].flags)

static inline resource_size_t pci_resource_len(struct pci_dev *pdev, int bar)
{
	const struct resource *res = &pdev->resource[bar];

	return res->end ? resource_size(res) : 0;
}

/*
 * Interrupts
 */

#define PCI_IRQ_INTX	BIT(0)
#define PCI_IRQ_MSI	BIT(1)
#define PCI_IRQ_MSIX	BIT(2)

int pci_msix_vec_count(struct pci_dev *pdev);
int pci_alloc_irq_vectors(struct pci_dev *pdev, unsigned int min, unsigned int max,
			  unsigned int flags);
void pci_free_irq_vectors(struct pci_dev *pdev);
int pci_irq_vector(struct pci_dev *pdev, unsigned int nr);

#endif /* _LINUX_PCI_H */
