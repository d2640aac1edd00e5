// SPDX-License-Identifier: GPL-2.0
static void interrupt(struct ivshmem_device *idev, unsigned int vector)
{
	struct plugin *plugin = ivshmem_get_drvdata(idev);

	schedule_work(&plugin->work[vector]);
}

static int probe(struct ivshmem_device *idev)
{
	struct ivshmem_section out = ivshmem_output_section(idev, idev->id);
	struct plugin *plugin = ivshmem_get_drvdata(idev);

	plugin->out = ivshmem_map_section(&out);
	if (!plugin->out)
		return -ENOMEM;
	/* The parent is what udev names interfaces by. */
	SET_NETDEV_DEV(plugin->netdev, idev->dev.parent);
	strscpy(plugin->name, dev_name(idev->dev.parent), sizeof(plugin->name));
	return ivshmem_enable_interrupts(idev);
}

static void remove(struct ivshmem_device *idev)
{
	struct plugin *plugin = ivshmem_get_drvdata(idev);

	ivshmem_doorbell(idev, !idev->id, 0);
	ivshmem_unmap_section(plugin->out);
}
