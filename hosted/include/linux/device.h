/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_DEVICE_H
#define _HOSTED_LINUX_DEVICE_H

#include <linux/cleanup.h>
#include <linux/kernel.h>
#include <linux/spinlock.h>
#include <linux/dev_printk.h>
#include <linux/device/bus.h>
#include <linux/device/class.h>
#include <linux/device/driver.h>
#include <linux/err.h>
#include <linux/io.h>
#include <linux/kdev_t.h>
#include <linux/kobject.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/pm.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/types.h>

struct device_node;
struct fwnode_handle;

struct device_type {
	const char *name;
	const struct attribute_group **groups;
	int (*uevent)(const struct device *dev, struct kobj_uevent_env *env);
	char *(*devnode)(const struct device *dev, umode_t *mode, kuid_t *uid, kgid_t *gid);
	void (*release)(struct device *dev);
	const struct dev_pm_ops *pm;
};

struct device_attribute {
	struct attribute attr;
	ssize_t (*show)(struct device *dev, struct device_attribute *attr, char *buf);
	ssize_t (*store)(struct device *dev, struct device_attribute *attr, const char *buf,
			 size_t count);
};

#define DEVICE_ATTR(_name, _mode, _show, _store) \
	struct device_attribute dev_attr_##_name = __ATTR(_name, _mode, _show, _store)
#define DEVICE_ATTR_RO(_name)	struct device_attribute dev_attr_##_name = __ATTR_RO(_name)
#define DEVICE_ATTR_WO(_name)	struct device_attribute dev_attr_##_name = __ATTR_WO(_name)
#define DEVICE_ATTR_RW(_name)	struct device_attribute dev_attr_##_name = __ATTR_RW(_name)

/**
 * struct device - a device
 *
 * Members that drivers know are named as in the kernel; what follows @release is
 * emul's: its lists are protected by one lock, see device.c.
 */
struct device {
	struct kobject kobj;
	struct device *parent;
	const char *init_name;
	const struct device_type *type;
	const struct bus_type *bus;
	struct device_driver *driver;
	void *platform_data;
	void *driver_data;
	struct mutex mutex;
	struct device_node *of_node;
	struct fwnode_handle *fwnode;
	dev_t devt;
	u32 id;
	spinlock_t devres_lock;
	struct list_head devres;
	const struct class *class;
	const struct attribute_group **groups;
	void (*release)(struct device *dev);

	bool dead;			/* device_del() has begun */
	bool deferred;			/* its driver said -EPROBE_DEFER */
	struct list_head siblings;	/* all devices */
	unsigned int users;		/* calls into attributes */
	unsigned int late_users;	/* of these, into driver_groups */
	const struct attribute_group **driver_groups;	/* the bound driver's */
};

#define kobj_to_dev(_kobj)	container_of(_kobj, struct device, kobj)

static inline const char *dev_name(const struct device *dev)
{
	return dev->init_name ?: dev->kobj.name;
}

static inline void *dev_get_drvdata(const struct device *dev)
{
	return dev->driver_data;
}

static inline void dev_set_drvdata(struct device *dev, void *data)
{
	dev->driver_data = data;
}

static inline void *dev_get_platdata(const struct device *dev)
{
	return dev->platform_data;
}

static inline void device_lock(struct device *dev)
{
	mutex_lock(&dev->mutex);
}

static inline void device_unlock(struct device *dev)
{
	mutex_unlock(&dev->mutex);
}

static inline void device_lock_assert(struct device *dev)
{
	lockdep_assert_held(&dev->mutex);
}

DEFINE_GUARD(device, struct device *, device_lock(_T), device_unlock(_T))

void device_initialize(struct device *dev);
int __must_check device_add(struct device *dev);
int __must_check device_register(struct device *dev);
void device_del(struct device *dev);
void device_unregister(struct device *dev);
struct device *get_device(struct device *dev);
void put_device(struct device *dev);
int dev_set_name(struct device *dev, const char *fmt, ...) __printf(2, 3);
const char *dev_driver_string(const struct device *dev);
const char *dev_bus_name(const struct device *dev);
int __must_check device_reprobe(struct device *dev);
void device_release_driver(struct device *dev);
struct device *device_create_with_groups(const struct class *class, struct device *parent,
					 dev_t devt, void *drvdata,
					 const struct attribute_group **groups, const char *fmt,
					 ...) __printf(6, 7);
#define device_create(_class, _parent, _devt, _drvdata, ...) \
	device_create_with_groups(_class, _parent, _devt, _drvdata, NULL, __VA_ARGS__)
void device_destroy(const struct class *class, dev_t devt);

/* What hosted programs ask for. The device that is found has a reference. */
struct device *hosted_find_device(const char *bus, const char *class, const char *name);
int hosted_device_suspend(struct device *dev);
int hosted_device_resume(struct device *dev);

/* Resources that end with the binding, or with the device */
void devres_release_all(struct device *dev);
void *devm_kmalloc(struct device *dev, size_t size, gfp_t gfp);
char *devm_kstrdup(struct device *dev, const char *s, gfp_t gfp);
char *devm_kasprintf(struct device *dev, gfp_t gfp, const char *fmt, ...) __printf(3, 4);
int __must_check devm_add_action(struct device *dev, void (*action)(void *data), void *data);
int __must_check devm_add_action_or_reset(struct device *dev, void (*action)(void *data),
					  void *data);

static inline void *devm_kzalloc(struct device *dev, size_t size, gfp_t gfp)
{
	return devm_kmalloc(dev, size, gfp | __GFP_ZERO);
}

static inline void *devm_kcalloc(struct device *dev, size_t n, size_t size, gfp_t gfp)
{
	return devm_kmalloc(dev, size_mul(n, size), gfp | __GFP_ZERO);
}

#endif
