// SPDX-License-Identifier: GPL-2.0
/*
 * The PCI function of an ivshmem v2 device: what it says is checked here, once,
 * and nowhere else is configuration space or a BAR touched but by registers.c
 *
 * Source: "IVSHMEM Device Specification", Jailhouse's
 * Documentation/ivshmem-v2-specification.md.
 */
#include <linux/idr.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/overflow.h>

#include "core.h"

#define BAR_REGISTERS	0
#define BAR_MEMORY	2

static DEFINE_IDA(ivshmem_ida);

static u64 read_cap64(struct ivshmem_core *core, int offset)
{
	u32 low, high;

	pci_read_config_dword(core->pdev, core->cap + offset, &low);
	pci_read_config_dword(core->pdev, core->cap + offset + 4, &high);
	return (u64)high << 32 | low;
}

/* Sections are mapped one by one, so each must consist of whole pages. */
static int check_section(struct ivshmem_core *core, const char *name, u64 size)
{
	if (PAGE_ALIGNED(size))
		return 0;
	dev_err(&core->pdev->dev, "%s is 0x%llx bytes, want a multiple of 0x%lx\n", name, size,
		PAGE_SIZE);
	return -EINVAL;
}

static int read_capability(struct ivshmem_core *core)
{
	struct pci_dev *pdev = core->pdev;
	u32 state_size;
	u8 length;

	core->cap = pci_find_capability(pdev, PCI_CAP_ID_VNDR);
	if (!core->cap) {
		dev_err(&pdev->dev, "no vendor specific capability, want one of %u bytes or more\n",
			IVSHMEM_CAP_MIN_LENGTH);
		return -ENODEV;
	}
	pci_read_config_byte(pdev, core->cap + IVSHMEM_CAP_LENGTH, &length);
	if (length < IVSHMEM_CAP_MIN_LENGTH) {
		dev_err(&pdev->dev, "vendor specific capability is 0x%x bytes, want at least 0x%x\n",
			length, IVSHMEM_CAP_MIN_LENGTH);
		return -EINVAL;
	}
	pci_read_config_dword(pdev, core->cap + IVSHMEM_CAP_STATE_SIZE, &state_size);
	core->state_size = state_size;
	core->rw_size = read_cap64(core, IVSHMEM_CAP_RW_SIZE);
	core->output_size = read_cap64(core, IVSHMEM_CAP_OUTPUT_SIZE);

	if (core->state_size < (u64)core->idev.max_peers * sizeof(*core->state_table)) {
		dev_err(&pdev->dev, "state table is 0x%llx bytes, want at least 0x%zx for %u peers\n",
			core->state_size, core->idev.max_peers * sizeof(*core->state_table),
			core->idev.max_peers);
		return -EINVAL;
	}
	return check_section(core, "state table", core->state_size) ?:
	       check_section(core, "R/W section", core->rw_size) ?:
	       check_section(core, "output section", core->output_size);
}

static int map_registers(struct ivshmem_core *core)
{
	struct ivshmem_device *idev = &core->idev;
	struct device *dev = &core->pdev->dev;
	u64 size = pci_resource_len(core->pdev, BAR_REGISTERS);

	if (size < IVSHMEM_REG_END) {
		dev_err(dev, "BAR %d is 0x%llx bytes, want at least 0x%x of registers\n",
			BAR_REGISTERS, size, IVSHMEM_REG_END);
		return -ENODEV;
	}
	core->regs = pci_iomap(core->pdev, BAR_REGISTERS, 0);
	if (!core->regs) {
		dev_err(dev, "cannot map BAR %d\n", BAR_REGISTERS);
		return -ENOMEM;
	}

	idev->id = ivshmem_read_register(core, IVSHMEM_REG_ID);
	idev->max_peers = ivshmem_read_register(core, IVSHMEM_REG_MAX_PEERS);
	if (idev->max_peers < 2 || idev->max_peers > 65536)
		dev_err(dev, "maximum peers is %u, want 2 to 65536\n", idev->max_peers);
	else if (idev->id >= idev->max_peers)
		dev_err(dev, "ID is %u, want it below the %u of maximum peers\n", idev->id,
			idev->max_peers);
	else
		return 0;
	pci_iounmap(core->pdev, core->regs);
	return -EINVAL;
}

static void unmap_registers(struct ivshmem_core *core)
{
	ivshmem_shut(core);
	pci_iounmap(core->pdev, core->regs);
}

/* How much shared memory there is. Returns false where that overflows. */
static bool memory_size(struct ivshmem_core *core, u64 *size)
{
	u64 outputs, end;

	return !check_mul_overflow(core->output_size, (u64)core->idev.max_peers, &outputs) &&
	       !check_add_overflow(core->state_size, core->rw_size, size) &&
	       !check_add_overflow(*size, outputs, size) &&
	       !check_add_overflow((u64)core->base, *size, &end) &&
	       end - 1 <= PHYS_ADDR_MAX;
}

static int read_base(struct ivshmem_core *core)
{
	u64 base = 0;
	u8 length;

	pci_read_config_byte(core->pdev, core->cap + IVSHMEM_CAP_LENGTH, &length);
	if (length >= IVSHMEM_CAP_BASE_LENGTH)
		base = read_cap64(core, IVSHMEM_CAP_BASE);
	core->base = base;
	if (base && PAGE_ALIGNED(base) && core->base == base)
		return 0;
	dev_err(&core->pdev->dev, "no BAR %d, and base address is 0x%llx, want a multiple of 0x%lx, not 0, up to 0x%llx\n",
		BAR_MEMORY, base, PAGE_SIZE, (u64)PHYS_ADDR_MAX);
	return -EINVAL;
}

static int claim_base(struct ivshmem_core *core, u64 size)
{
	struct device *dev = &core->pdev->dev;

	if (!request_mem_region(core->base, size, "ivshmem")) {
		dev_err(dev, "0x%llx bytes at base address 0x%llx are claimed already\n", size,
			(u64)core->base);
		return -EBUSY;
	}
	core->base_claimed = true;
	return 0;
}

static void release_base(struct ivshmem_core *core, u64 size)
{
	if (core->base_claimed)
		release_mem_region(core->base, size);
}

/* The shared memory is BAR 2, else it lies where the base address says. */
static int find_memory(struct ivshmem_core *core, u64 *size)
{
	struct device *dev = &core->pdev->dev;
	u64 bar = 0;
	int err = 0;

	if (pci_resource_flags(core->pdev, BAR_MEMORY) & IORESOURCE_MEM)
		bar = pci_resource_len(core->pdev, BAR_MEMORY);
	if (bar)
		core->base = pci_resource_start(core->pdev, BAR_MEMORY);
	else
		err = read_base(core);
	if (err)
		return err;
	if (!memory_size(core, size)) {
		dev_err(dev, "state table 0x%llx, R/W section 0x%llx and %u output sections of 0x%llx bytes at 0x%llx overflow\n",
			core->state_size, core->rw_size, core->idev.max_peers, core->output_size,
			(u64)core->base);
		return -EINVAL;
	}
	if (!bar)
		return claim_base(core, *size);
	if (*size > bar) {
		dev_err(dev, "sections need 0x%llx bytes, BAR %d is 0x%llx\n",
			*size, BAR_MEMORY, bar);
		return -EINVAL;
	}
	return 0;
}

static int map_memory(struct ivshmem_core *core)
{
	struct ivshmem_section table;
	u64 size;
	int err;

	err = find_memory(core, &size);
	if (err)
		return err;
	table = ivshmem_state_table(&core->idev);
	core->state_table = ivshmem_map_section_ro(&table);
	if (core->state_table)
		return 0;
	dev_err(&core->pdev->dev, "cannot map the state table of 0x%llx bytes\n", table.size);
	release_base(core, size);
	return -ENOMEM;
}

static void unmap_memory(struct ivshmem_core *core)
{
	u64 size;

	ivshmem_unmap_section(core->state_table);
	memory_size(core, &size);
	release_base(core, size);
}

/* The function is on, with all BARs claimed and registers and table mapped. */
static int open_function(struct ivshmem_core *core)
{
	struct pci_dev *pdev = core->pdev;
	int err;

	err = pci_enable_device(pdev);
	if (err)
		return dev_err_probe(&pdev->dev, err, "cannot enable the PCI function\n");
	err = pci_request_regions(pdev, "ivshmem");
	if (err) {
		dev_err(&pdev->dev, "a BAR is claimed already: %d\n", err);
		goto disable;
	}
	err = map_registers(core);
	if (err)
		goto release;
	err = read_capability(core);
	if (err)
		goto unmap;
	err = map_memory(core);
	if (err)
		goto unmap;
	return 0;

unmap:
	pci_iounmap(pdev, core->regs);
release:
	pci_release_regions(pdev);
disable:
	pci_disable_device(pdev);
	return err;
}

static void close_function(struct ivshmem_core *core)
{
	unmap_registers(core);
	unmap_memory(core);
	pci_release_regions(core->pdev);
	pci_disable_device(core->pdev);
}

static void ivshmem_release(struct device *dev)
{
	struct ivshmem_core *core = dev_to_core(dev);

	ida_free(&ivshmem_ida, core->index);
	pci_dev_put(core->pdev);
	kfree(core);
}

static struct ivshmem_core *alloc_core(struct pci_dev *pdev)
{
	struct ivshmem_core *core = kzalloc(sizeof(*core), GFP_KERNEL);

	if (!core)
		return NULL;
	core->index = ida_alloc(&ivshmem_ida, GFP_KERNEL);
	if (core->index < 0) {
		kfree(core);
		return NULL;
	}
	core->pdev = pci_dev_get(pdev);
	core->pci_protocol = pdev->class & 0xffff;
	core->test_result = -1;
	mutex_init(&core->choosing);
	spin_lock_init(&core->choice_lock);
	raw_spin_lock_init(&core->control_lock);
	mutex_init(&core->test_lock);
	device_initialize(&core->idev.dev);
	core->idev.dev.bus = &ivshmem_bus_type;
	core->idev.dev.parent = &pdev->dev;
	core->idev.dev.release = ivshmem_release;
	return core;
}

static int ivshmem_pci_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	/* Zero in an ID that an operator added, and with driver_override. */
	const char *provider = (const char *)id->driver_data ?: "other provider";
	struct ivshmem_core *core;
	int err;

	core = alloc_core(pdev);
	if (!core)
		return -ENOMEM;
	err = dev_set_name(&core->idev.dev, "ivshmem%d", core->index);
	if (err)
		goto put;
	err = open_function(core);
	if (err)
		goto put;
	err = ivshmem_events_init(core);
	if (err)
		goto close;
	err = ivshmem_request_vectors(core);
	if (err)
		goto close;
	/* Interrupts are messages of ours; the device drops them without. */
	pci_set_master(pdev);
	ivshmem_quiet(core);
	pci_set_drvdata(pdev, core);

	dev_info(&pdev->dev, "%s: %s, protocol 0x%04x, peer %u of %u, %u %s, R/W section 0x%llx, output sections 0x%llx bytes\n",
		 dev_name(&core->idev.dev), provider, core->pci_protocol,
		 core->idev.id, core->idev.max_peers, core->idev.vectors,
		 core->intx ? "INTx" : "MSI-X", core->rw_size, core->output_size);
	err = device_add(&core->idev.dev);
	if (err)
		goto free;
	return 0;

free:
	ivshmem_free_vectors(core);
close:
	close_function(core);
put:
	put_device(&core->idev.dev);
	return err;
}

static void ivshmem_pci_remove(struct pci_dev *pdev)
{
	struct ivshmem_core *core = pci_get_drvdata(pdev);

	device_del(&core->idev.dev);
	ivshmem_free_vectors(core);
	close_function(core);
	put_device(&core->idev.dev);
}

/*
 * Who offers the device. Subsystem IDs name the provider and never are a reason
 * to refuse a device.
 */
#define IVSHMEM_VENDOR	0x110a
#define IVSHMEM_DEVICE	0x4106
#define PROTOCOL_CLASS	.class = PCI_CLASS_OTHERS << 16, .class_mask = 0xff << 16
#define PROVIDER(_name)	.driver_data = (kernel_ulong_t)(_name)

static const struct pci_device_id ivshmem_pci_ids[] = {
	{ PCI_DEVICE_SUB(IVSHMEM_VENDOR, IVSHMEM_DEVICE, 0x110a, 0x4106),
	  PROTOCOL_CLASS, PROVIDER("Jailhouse") },
	{ PCI_DEVICE_SUB(IVSHMEM_VENDOR, IVSHMEM_DEVICE, 0x1af4, 0x1100),
	  PROTOCOL_CLASS, PROVIDER("QEMU") },
	{ PCI_DEVICE(IVSHMEM_VENDOR, IVSHMEM_DEVICE), PROTOCOL_CLASS },
	/* QEMU's own device of this ID is v1, of another class and layout. */
	{ PCI_DEVICE(0x1af4, 0x1110), PROTOCOL_CLASS, PROVIDER("early Jailhouse") },
	{ }
};
MODULE_DEVICE_TABLE(pci, ivshmem_pci_ids);

static struct pci_driver ivshmem_pci_driver = {
	.name = "ivshmem_core",
	.id_table = ivshmem_pci_ids,
	.probe = ivshmem_pci_probe,
	.remove = ivshmem_pci_remove,
};

static int __init ivshmem_init(void)
{
	int err;

	err = bus_register(&ivshmem_bus_type);
	if (err)
		return err;
	err = pci_register_driver(&ivshmem_pci_driver);
	if (err)
		bus_unregister(&ivshmem_bus_type);
	return err;
}
module_init(ivshmem_init);

static void __exit ivshmem_exit(void)
{
	pci_unregister_driver(&ivshmem_pci_driver);
	bus_unregister(&ivshmem_bus_type);
	ida_destroy(&ivshmem_ida);
}
module_exit(ivshmem_exit);

MODULE_DESCRIPTION("ivshmem v2 devices and the bus that their protocols bind to");
MODULE_LICENSE("GPL");
