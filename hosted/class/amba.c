// SPDX-License-Identifier: GPL-2.0
/* ARM's bus: drivers are found by the device's peripheral ID. */
#include <linux/amba/bus.h>
#include <linux/device.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "kit/bus.h"

static const struct amba_id *amba_lookup(const struct amba_id *table, struct amba_device *dev)
{
	for (; table && table->mask; table++)
		if ((dev->periphid & table->mask) == table->id)
			return table;
	return NULL;
}

static int amba_match(struct device *dev, const struct device_driver *drv)
{
	return !!amba_lookup(to_amba_driver(drv)->id_table, to_amba_device(dev));
}

static int amba_probe(struct device *dev)
{
	struct amba_driver *driver = to_amba_driver(dev->driver);
	struct amba_device *adev = to_amba_device(dev);

	return driver->probe(adev, amba_lookup(driver->id_table, adev));
}

static void amba_remove(struct device *dev)
{
	struct amba_driver *driver = to_amba_driver(dev->driver);

	if (driver->remove)
		driver->remove(to_amba_device(dev));
}

struct bus_type amba_bustype = {
	.name = "amba",
	.match = amba_match,
	.probe = amba_probe,
	.remove = amba_remove,
};

int __amba_driver_register(struct amba_driver *driver, struct module *owner)
{
	if (!driver->probe)
		return -EINVAL;
	driver->drv.owner = owner;
	driver->drv.bus = &amba_bustype;
	return driver_register(&driver->drv);
}

void amba_driver_unregister(struct amba_driver *driver)
{
	driver_unregister(&driver->drv);
}

int amba_request_regions(struct amba_device *dev, const char *name)
{
	return request_mem_region(dev->res.start, resource_size(&dev->res), name) ? 0 : -EBUSY;
}

void amba_release_regions(struct amba_device *dev)
{
	release_mem_region(dev->res.start, resource_size(&dev->res));
}

static void amba_release(struct device *dev)
{
	kfree(dev->platform_data);
	kfree(to_amba_device(dev));
}

int kit_amba_add(const struct kit_device *desc)
{
	struct amba_device *adev = kzalloc(sizeof(*adev), GFP_KERNEL);
	unsigned int i;
	int err;

	if (!adev)
		return -ENOMEM;
	device_initialize(&adev->dev);
	adev->dev.bus = &amba_bustype;
	adev->dev.release = amba_release;
	adev->periphid = desc->id;
	adev->res = (struct resource)DEFINE_RES_MEM_NAMED(desc->phys, desc->size, NULL);
	for (i = 0; i < KIT_DEVICE_IRQS; i++)
		adev->irq[i] = desc->irqs[i];
	err = dev_set_name(&adev->dev, "%s", desc->name);
	if (!err && desc->platform_size) {
		adev->dev.platform_data = kmemdup(desc->platform_data, desc->platform_size,
						  GFP_KERNEL);
		err = adev->dev.platform_data ? 0 : -ENOMEM;
	}
	if (!err)
		err = device_add(&adev->dev);
	if (err)
		put_device(&adev->dev);
	return err;
}

static int call(const char *name, int (*fn)(struct device *dev))
{
	struct device *dev = hosted_find_device(amba_bustype.name, NULL, name);
	int ret = dev ? fn(dev) : -ENODEV;

	put_device(dev);
	return ret;
}

static int unregister(struct device *dev)
{
	device_unregister(dev);
	return 0;
}

static int is_bound(struct device *dev)
{
	return !!READ_ONCE(dev->driver);
}

static int reprobe(struct device *dev)
{
	return device_reprobe(dev) ?: is_bound(dev);
}

int kit_amba_remove(const char *name)
{
	return call(name, unregister);
}

int kit_amba_bound(const char *name)
{
	return call(name, is_bound);
}

int kit_amba_probe(const char *name)
{
	return call(name, reprobe);
}

int kit_amba_suspend(const char *name)
{
	return call(name, hosted_device_suspend);
}

int kit_amba_resume(const char *name)
{
	return call(name, hosted_device_resume);
}

static int __init amba_init(void)
{
	return bus_register(&amba_bustype);
}

static void __exit amba_exit(void)
{
	bus_unregister(&amba_bustype);
}

module_init(amba_init);
module_exit(amba_exit);
MODULE_LICENSE("GPL");
