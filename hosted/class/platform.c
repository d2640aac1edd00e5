// SPDX-License-Identifier: GPL-2.0
/* Devices that cannot be discovered: drivers are found by name. */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "board.h"

static const struct platform_device_id *lookup(const struct platform_device_id *table,
					       const char *name)
{
	for (; table && table->name[0]; table++)
		if (!strcmp(table->name, name))
			return table;
	return NULL;
}

static int platform_match(struct device *dev, const struct device_driver *drv)
{
	struct platform_device *pdev = to_platform_device(dev);
	struct platform_driver *driver = to_platform_driver(drv);

	if (!driver->id_table)
		return !strcmp(pdev->name, drv->name);
	pdev->id_entry = lookup(driver->id_table, pdev->name);
	return !!pdev->id_entry;
}

static int platform_probe(struct device *dev)
{
	struct platform_driver *driver = to_platform_driver(dev->driver);

	return driver->probe ? driver->probe(to_platform_device(dev)) : 0;
}

/* What old drivers return here has no meaning. */
static void platform_remove(struct device *dev)
{
	struct platform_driver *driver = to_platform_driver(dev->driver);

	if (driver->remove)
		driver->remove(to_platform_device(dev));
	else if (driver->remove_new)
		driver->remove_new(to_platform_device(dev));
}

static void platform_shutdown(struct device *dev)
{
	struct platform_driver *driver;

	if (!dev->driver)
		return;
	driver = to_platform_driver(dev->driver);
	if (driver->shutdown)
		driver->shutdown(to_platform_device(dev));
}

struct bus_type platform_bus_type = {
	.name = "platform",
	.match = platform_match,
	.probe = platform_probe,
	.remove = platform_remove,
	.shutdown = platform_shutdown,
};

int __platform_driver_register(struct platform_driver *driver, struct module *owner)
{
	driver->driver.owner = owner;
	driver->driver.bus = &platform_bus_type;
	return driver_register(&driver->driver);
}

void platform_driver_unregister(struct platform_driver *driver)
{
	driver_unregister(&driver->driver);
}

/*
 * Devices
 */

static void platform_release(struct device *dev)
{
	struct platform_device *pdev = to_platform_device(dev);

	kfree(pdev->name);
	kfree(pdev->resource);
	kfree(dev->platform_data);
	kfree(pdev);
}

struct platform_device *platform_device_alloc(const char *name, int id)
{
	struct platform_device *pdev = kzalloc(sizeof(*pdev), GFP_KERNEL);

	if (!pdev)
		return NULL;
	device_initialize(&pdev->dev);
	pdev->dev.bus = &platform_bus_type;
	pdev->dev.release = platform_release;
	pdev->id = id;
	pdev->name = kstrdup(name, GFP_KERNEL);
	if (!pdev->name) {
		platform_device_put(pdev);
		return NULL;
	}
	return pdev;
}

int platform_device_add_resources(struct platform_device *pdev, const struct resource *res,
				  unsigned int num)
{
	struct resource *copy = NULL;

	if (num) {
		copy = kmemdup(res, num * sizeof(*res), GFP_KERNEL);
		if (!copy)
			return -ENOMEM;
	}
	kfree(pdev->resource);
	pdev->resource = copy;
	pdev->num_resources = num;
	return 0;
}

int platform_device_add_data(struct platform_device *pdev, const void *data, size_t size)
{
	void *copy = kmemdup(data, size, GFP_KERNEL);

	if (!copy)
		return -ENOMEM;
	kfree(pdev->dev.platform_data);
	pdev->dev.platform_data = copy;
	return 0;
}

int platform_device_add(struct platform_device *pdev)
{
	static atomic_t next_auto = ATOMIC_INIT(-1);
	int err;

	if (pdev->id == PLATFORM_DEVID_NONE)
		err = dev_set_name(&pdev->dev, "%s", pdev->name);
	else if (pdev->id == PLATFORM_DEVID_AUTO)
		err = dev_set_name(&pdev->dev, "%s.%d.auto", pdev->name,
				   atomic_inc_return(&next_auto));
	else
		err = dev_set_name(&pdev->dev, "%s.%d", pdev->name, pdev->id);
	return err ?: device_add(&pdev->dev);
}

void platform_device_del(struct platform_device *pdev)
{
	device_del(&pdev->dev);
}

void platform_device_put(struct platform_device *pdev)
{
	if (!IS_ERR_OR_NULL(pdev))
		put_device(&pdev->dev);
}

/* A device that a driver made by itself: its release is the driver's. */
int platform_device_register(struct platform_device *pdev)
{
	device_initialize(&pdev->dev);
	pdev->dev.bus = &platform_bus_type;
	return platform_device_add(pdev);
}

void platform_device_unregister(struct platform_device *pdev)
{
	if (!IS_ERR_OR_NULL(pdev))
		device_unregister(&pdev->dev);
}

struct platform_device *platform_device_register_simple(const char *name, int id,
							const struct resource *res,
							unsigned int num)
{
	struct platform_device *pdev = platform_device_alloc(name, id);
	int err = -ENOMEM;

	if (!pdev)
		return ERR_PTR(err);
	err = platform_device_add_resources(pdev, res, num);
	if (!err)
		err = platform_device_add(pdev);
	if (!err)
		return pdev;
	platform_device_put(pdev);
	return ERR_PTR(err);
}

/*
 * Resources
 */

struct resource *platform_get_resource(struct platform_device *pdev, unsigned int type,
				       unsigned int index)
{
	u32 i;

	for (i = 0; i < pdev->num_resources; i++)
		if ((pdev->resource[i].flags & IORESOURCE_TYPE_BITS) == type && !index--)
			return &pdev->resource[i];
	return NULL;
}

int platform_get_irq_optional(struct platform_device *pdev, unsigned int index)
{
	struct resource *res = platform_get_resource(pdev, IORESOURCE_IRQ, index);

	return res ? (int)res->start : -ENXIO;
}

int platform_get_irq(struct platform_device *pdev, unsigned int index)
{
	int irq = platform_get_irq_optional(pdev, index);

	if (irq < 0)
		dev_err(&pdev->dev, "no interrupt line %u\n", index);
	return irq;
}

void __iomem *devm_platform_get_and_ioremap_resource(struct platform_device *pdev,
						     unsigned int index, struct resource **found)
{
	struct resource *res = platform_get_resource(pdev, IORESOURCE_MEM, index);

	if (found)
		*found = res;
	return devm_ioremap_resource(&pdev->dev, res);
}

void __iomem *devm_platform_ioremap_resource(struct platform_device *pdev, unsigned int index)
{
	return devm_platform_get_and_ioremap_resource(pdev, index, NULL);
}

/*
 * What programs describe
 */

int kit_platform_add(const struct kit_device *desc)
{
	struct resource res[1 + KIT_DEVICE_IRQS];
	const char *dot = strrchr(desc->name, '.');
	struct platform_device *pdev;
	unsigned int i, num = 0;
	char name[24];
	int err;

	strscpy(name, desc->name, sizeof(name));
	if (dot && dot - desc->name < (long)sizeof(name))
		name[dot - desc->name] = '\0';
	pdev = platform_device_alloc(name, dot ? simple_strtol(dot + 1, NULL, 10) :
						 PLATFORM_DEVID_NONE);
	if (!pdev)
		return -ENOMEM;
	if (desc->size)
		res[num++] = (struct resource)DEFINE_RES_MEM(desc->phys, desc->size);
	for (i = 0; i < KIT_DEVICE_IRQS && desc->irqs[i]; i++)
		res[num++] = (struct resource)DEFINE_RES_IRQ(desc->irqs[i]);
	err = platform_device_add_resources(pdev, res, num);
	if (!err)
		err = board_platform_data(&pdev->dev, desc);
	if (!err)
		err = platform_device_add(pdev);
	if (err)
		platform_device_put(pdev);
	return err;
}

int kit_platform_remove(const char *name)
{
	return board_remove(&platform_bus_type, name);
}

int kit_platform_bound(const char *name)
{
	return board_bound(&platform_bus_type, name);
}

int kit_platform_probe(const char *name)
{
	return board_probe(&platform_bus_type, name);
}

static int __init platform_init(void)
{
	return bus_register(&platform_bus_type);
}

static void __exit platform_exit(void)
{
	bus_unregister(&platform_bus_type);
}

module_init(platform_init);
module_exit(platform_exit);
MODULE_LICENSE("GPL");
