/* SPDX-License-Identifier: GPL-2.0 */
/* Devices that programs describe by name: kit/bus.h; class/platform.c */
#ifndef _LINUX_PLATFORM_DEVICE_H
#define _LINUX_PLATFORM_DEVICE_H

#include <linux/device.h>
#include <linux/ioport.h>
#include <linux/mod_devicetable.h>
#include <linux/version.h>

#define PLATFORM_DEVID_NONE	(-1)
#define PLATFORM_DEVID_AUTO	(-2)

struct platform_device {
	const char *name;
	int id;
	struct device dev;
	u32 num_resources;
	struct resource *resource;
	const struct platform_device_id *id_entry;
};

struct platform_driver {
	int (*probe)(struct platform_device *dev);
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
	int (*remove)(struct platform_device *dev);
#else
	void (*remove)(struct platform_device *dev);
#endif
	void (*remove_new)(struct platform_device *dev);
	void (*shutdown)(struct platform_device *dev);
	int (*suspend)(struct platform_device *dev, pm_message_t state);
	int (*resume)(struct platform_device *dev);
	struct device_driver driver;
	const struct platform_device_id *id_table;
	bool prevent_deferred_probe;
};

#define to_platform_device(d)	container_of(d, struct platform_device, dev)
#define to_platform_driver(d)	container_of(d, struct platform_driver, driver)

extern struct bus_type platform_bus_type;

int __platform_driver_register(struct platform_driver *driver, struct module *owner);
#define platform_driver_register(driver) __platform_driver_register(driver, THIS_MODULE)
void platform_driver_unregister(struct platform_driver *driver);

#define module_platform_driver(driver) \
	module_driver(driver, platform_driver_register, platform_driver_unregister)

/* Devices that drivers make themselves */
struct platform_device *platform_device_alloc(const char *name, int id);
int platform_device_add_resources(struct platform_device *dev, const struct resource *res,
				  unsigned int num);
int platform_device_add_data(struct platform_device *dev, const void *data, size_t size);
int platform_device_add(struct platform_device *dev);
void platform_device_del(struct platform_device *dev);
void platform_device_put(struct platform_device *dev);
int platform_device_register(struct platform_device *dev);
void platform_device_unregister(struct platform_device *dev);
struct platform_device *platform_device_register_simple(const char *name, int id,
							const struct resource *res,
							unsigned int num);

struct resource *platform_get_resource(struct platform_device *dev, unsigned int type,
				       unsigned int index);
/* Return: the line, or -ENXIO; _optional says nothing about it. */
int platform_get_irq(struct platform_device *dev, unsigned int index);
int platform_get_irq_optional(struct platform_device *dev, unsigned int index);
void __iomem *devm_platform_ioremap_resource(struct platform_device *dev, unsigned int index);
void __iomem *devm_platform_get_and_ioremap_resource(struct platform_device *dev,
						     unsigned int index, struct resource **res);

#define platform_get_device_id(dev)	((dev)->id_entry)

static inline void *platform_get_drvdata(const struct platform_device *dev)
{
	return dev_get_drvdata(&dev->dev);
}

static inline void platform_set_drvdata(struct platform_device *dev, void *data)
{
	dev_set_drvdata(&dev->dev, data);
}

#endif
