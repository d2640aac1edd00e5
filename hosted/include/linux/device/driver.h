/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_DEVICE_DRIVER_H
#define _HOSTED_LINUX_DEVICE_DRIVER_H

#include <linux/list.h>
#include <linux/pm.h>
#include <linux/types.h>

struct acpi_device_id;
struct attribute_group;
struct bus_type;
struct device;
struct module;
struct of_device_id;

enum probe_type { PROBE_DEFAULT_STRATEGY, PROBE_PREFER_ASYNCHRONOUS, PROBE_FORCE_SYNCHRONOUS };

struct device_driver {
	const char *name;
	const struct bus_type *bus;
	struct module *owner;
	const char *mod_name;
	enum probe_type probe_type;
	const struct of_device_id *of_match_table;
	const struct acpi_device_id *acpi_match_table;
	int (*probe)(struct device *dev);
	int (*remove)(struct device *dev);
	void (*shutdown)(struct device *dev);
	const struct attribute_group **groups;
	const struct attribute_group **dev_groups;
	const struct dev_pm_ops *pm;

	struct list_head entry;		/* all drivers; emul's */
	unsigned int users;		/* devices it is tried for; waited for */
};

int __must_check driver_register(struct device_driver *drv);
void driver_unregister(struct device_driver *drv);
struct device_driver *driver_find(const char *name, const struct bus_type *bus);
int bus_for_each_drv(const struct bus_type *bus, struct device_driver *start,
		     void *data, int (*fn)(struct device_driver *, void *));

#define module_driver(_drv, _register, _unregister, ...)				\
	static int __init _drv##_init(void)						\
	{										\
		return _register(&(_drv), ##__VA_ARGS__);				\
	}										\
	module_init(_drv##_init);							\
	static void __exit _drv##_exit(void)						\
	{										\
		_unregister(&(_drv), ##__VA_ARGS__);					\
	}										\
	module_exit(_drv##_exit)

#endif
