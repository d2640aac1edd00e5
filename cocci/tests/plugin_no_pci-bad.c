// SPDX-License-Identifier: GPL-2.0
static struct ivshmem_core *core_of(struct ivshmem_device *idev)	/* found */
{
	return to_core(idev);				/* found */
}

static int probe(struct ivshmem_device *idev)
{
	struct pci_dev *pdev = to_pci_dev(idev->dev.parent);	/* found */
	void __iomem *regs;
	u16 command;

	pci_read_config_word(pdev, PCI_COMMAND, &command);	/* found */
	regs = ioremap(pci_resource_start(pdev, 0), 0x1000);	/* found */
	writel(1, regs + 8);				/* found */
	return request_irq(pci_irq_vector(pdev, 1), handler, 0, "x", idev);	/* found */
}
