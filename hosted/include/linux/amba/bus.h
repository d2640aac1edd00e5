/* SPDX-License-Identifier: GPL-2.0 */
/* ARM's bus, with devices that programs present: kit/bus.h; class/amba.c */
#ifndef _LINUX_AMBA_BUS_H
#define _LINUX_AMBA_BUS_H

#include <linux/clk.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/ioport.h>
#include <linux/mod_devicetable.h>

#define AMBA_NR_IRQS	9

struct amba_device {
	struct device dev;
	struct resource res;
	unsigned int periphid;
	unsigned int irq[AMBA_NR_IRQS];
};

struct amba_driver {
	struct device_driver drv;
	int (*probe)(struct amba_device *dev, const struct amba_id *id);
	void (*remove)(struct amba_device *dev);
	void (*shutdown)(struct amba_device *dev);
	const struct amba_id *id_table;
};

#define to_amba_device(d)	container_of(d, struct amba_device, dev)
#define to_amba_driver(d)	container_of(d, struct amba_driver, drv)

#define amba_get_drvdata(d)	dev_get_drvdata(&(d)->dev)
#define amba_set_drvdata(d, p)	dev_set_drvdata(&(d)->dev, p)

extern struct bus_type amba_bustype;

int __amba_driver_register(struct amba_driver *driver, struct module *owner);
#define amba_driver_register(driver) __amba_driver_register(driver, THIS_MODULE)
void amba_driver_unregister(struct amba_driver *driver);
int amba_request_regions(struct amba_device *dev, const char *name);
void amba_release_regions(struct amba_device *dev);

#define module_amba_driver(driver) \
	module_driver(driver, amba_driver_register, amba_driver_unregister)

#endif
