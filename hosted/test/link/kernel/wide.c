// SPDX-License-Identifier: GPL-2.0
#include <linux/io.h>
#include <linux/pci.h>

#include "../wide.h"

unsigned long wide_read(void *bus, unsigned long offset)
{
	struct pci_dev *pdev = bus;
	void __iomem *regs = ioremap(pci_resource_start(pdev, 0), pci_resource_len(pdev, 0));
	unsigned long value = readq(regs + offset);

	iounmap(regs);
	return value;
}

void wide_write(void *bus, unsigned long offset, unsigned long value)
{
	struct pci_dev *pdev = bus;
	void __iomem *regs = ioremap(pci_resource_start(pdev, 0), pci_resource_len(pdev, 0));

	writeq(value, regs + offset);
	iounmap(regs);
}
