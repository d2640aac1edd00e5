// SPDX-License-Identifier: GPL-2.0
/*
 * The device model: devices, buses, classes, drivers, and who is bound to whom
 *
 * Lists are walked by snapshots that hold references, so that a device may come or
 * go meanwhile. sysfs.c has the attributes.
 */
#include <linux/device.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "device.h"
#include "emul.h"

static LIST_HEAD(all_devices);
static LIST_HEAD(all_drivers);
DEFINE_SPINLOCK(devices_lock);

#define MAX_DEVICES	128

/* Devices, with a reference to each. */
struct devices {
	struct device *dev[MAX_DEVICES];
	unsigned int n;
};

static void get_devices(struct devices *set,
			bool (*match)(struct device *dev, const void *data), const void *data)
{
	struct device *dev;

	set->n = 0;
	spin_lock(&devices_lock);
	list_for_each_entry(dev, &all_devices, siblings) {
		if (!match(dev, data))
			continue;
		if (set->n == MAX_DEVICES)
			kit_die("more than %d devices", MAX_DEVICES);
		set->dev[set->n++] = get_device(dev);
	}
	spin_unlock(&devices_lock);
}

static void put_devices(struct devices *set)
{
	while (set->n)
		put_device(set->dev[--set->n]);
}

static bool on_bus(struct device *dev, const void *bus)
{
	return dev->bus == bus;
}

static bool in_class(struct device *dev, const void *class)
{
	return dev->class == class;
}

static bool bound_to(struct device *dev, const void *drv)
{
	return READ_ONCE(dev->driver) == drv;
}

/*
 * Registrations are counted; what is registered is found by its devices.
 */

static int register_one(void)
{
	if (kit_should_fail(KIT_WHAT_REGISTRATION))
		return -ENOMEM;
	kit_count(KIT_WHAT_REGISTRATION, 1);
	return 0;
}

static void unregister_one(void)
{
	kit_count(KIT_WHAT_REGISTRATION, -1);
}

int bus_register(const struct bus_type *bus)
{
	return register_one();
}

void bus_unregister(const struct bus_type *bus)
{
	unregister_one();
}

int class_register(const struct class *class)
{
	return register_one();
}

void class_unregister(const struct class *class)
{
	unregister_one();
}

/* In parentheses, as checkpatch takes it for a loop otherwise. */
int (bus_for_each_drv)(const struct bus_type *bus, struct device_driver *start,
		       void *data, int (*fn)(struct device_driver *, void *))
{
	struct device_driver *drv;
	int found = 0;

	BUG_ON(start);
	spin_lock(&devices_lock);
	list_for_each_entry(drv, &all_drivers, entry)
		if (drv->bus == bus && !found)
			found = fn(drv, data);
	spin_unlock(&devices_lock);
	return found;
}

struct device_driver *driver_find(const char *name, const struct bus_type *bus)
{
	struct device_driver *drv, *found = NULL;

	spin_lock(&devices_lock);
	list_for_each_entry(drv, &all_drivers, entry)
		if (drv->bus == bus && !strcmp(drv->name, name))
			found = drv;
	spin_unlock(&devices_lock);
	return found;
}

/*
 * Binding: under the device's lock
 */

static void retry_deferred(struct work_struct *work);
static DECLARE_WORK(deferred_work, retry_deferred);

static int call_probe(struct device *dev, struct device_driver *drv)
{
	if (dev->bus->probe)
		return dev->bus->probe(dev);
	return drv->probe ? drv->probe(dev) : 0;
}

static void unbind_cleanup(struct device *dev)
{
	devres_release_all(dev);
	WRITE_ONCE(dev->driver, NULL);
	dev_set_drvdata(dev, NULL);
}

static int probe(struct device *dev, struct device_driver *drv)
{
	int err;

	if (!list_empty(&dev->devres))
		kit_die("%s has managed resources before it is bound to %s", dev_name(dev),
			drv->name);
	WRITE_ONCE(dev->driver, drv);
	WRITE_ONCE(dev->deferred, false);
	err = call_probe(dev, drv);
	if (!err) {
		set_driver_groups(dev, drv->dev_groups);
		kobject_uevent(&dev->kobj, KOBJ_BIND);
		queue_work(system_wq, &deferred_work);
		return 0;
	}
	unbind_cleanup(dev);
	WRITE_ONCE(dev->deferred, err == -EPROBE_DEFER);
	if (err != -ENODEV && err != -ENXIO && err != -EPROBE_DEFER)
		dev_warn(dev, "probe with driver %s failed with error %d\n", drv->name, err);
	return err;
}

static bool matches(struct device *dev, struct device_driver *drv)
{
	return drv->bus == dev->bus && (!dev->bus->match || dev->bus->match(dev, drv) > 0);
}

static void unbind(struct device *dev)
{
	struct device_driver *drv = dev->driver;

	device_lock_assert(dev);
	if (!drv)
		return;
	set_driver_groups(dev, NULL);
	if (dev->bus->remove)
		dev->bus->remove(dev);
	else if (drv->remove)
		drv->remove(dev);
	unbind_cleanup(dev);
	kobject_uevent(&dev->kobj, KOBJ_UNBIND);
}

static struct device *lock_for_binding(struct device *dev)
{
	struct device *parent = dev->bus->need_parent_lock ? dev->parent : NULL;

	if (parent)
		device_lock(parent);
	device_lock(dev);
	return parent;
}

static void unlock_after_binding(struct device *dev, struct device *parent)
{
	device_unlock(dev);
	if (parent)
		device_unlock(parent);
}

static void bind_driver(struct device *dev, struct device_driver *drv)
{
	struct device *parent = lock_for_binding(dev);

	if (!dev->dead && !dev->driver && matches(dev, drv))
		probe(dev, drv);
	unlock_after_binding(dev, parent);
}

/* Holds devices_lock. */
static void unuse_driver(struct device_driver *drv)
{
	if (!drv)
		return;
	WRITE_ONCE(drv->users, drv->users - 1);
	kit_word_wake(&drv->users, 0);
}

static void put_driver(struct device_driver *drv)
{
	spin_lock(&devices_lock);
	unuse_driver(drv);
	spin_unlock(&devices_lock);
}

/* While somebody uses a driver it stays on the list; @last, which is on it, is put. */
static struct device_driver *next_driver(const struct bus_type *bus, struct device_driver *last)
{
	struct device_driver *drv, *next = NULL;

	spin_lock(&devices_lock);
	drv = last ? list_next_entry(last, entry) :
		     list_first_entry(&all_drivers, struct device_driver, entry);
	list_for_each_entry_from(drv, &all_drivers, entry) {
		if (drv->bus == bus) {
			next = drv;
			WRITE_ONCE(next->users, next->users + 1);
			break;
		}
	}
	unuse_driver(last);
	spin_unlock(&devices_lock);
	return next;
}

/* Off the list, once it is tried for no device. */
static void take_driver_off(struct device_driver *drv)
{
	unsigned int users;

	spin_lock(&devices_lock);
	while ((users = drv->users)) {
		spin_unlock(&devices_lock);
		kit_word_sleep(&drv->users, users, KIT_NEVER);
		spin_lock(&devices_lock);
	}
	list_del(&drv->entry);
	spin_unlock(&devices_lock);
	kit_count(KIT_WHAT_REGISTRATION, -1);
}

static void attach(struct device *dev)
{
	struct device_driver *drv = NULL;
	struct device *parent;

	if (!dev->bus)
		return;
	parent = lock_for_binding(dev);
	while (!dev->dead && !dev->driver && (drv = next_driver(dev->bus, drv)))
		if (matches(dev, drv))
			probe(dev, drv);
	put_driver(drv);
	unlock_after_binding(dev, parent);
}

void device_release_driver(struct device *dev)
{
	struct device *parent;

	if (!dev->bus)
		return;
	parent = lock_for_binding(dev);
	unbind(dev);
	unlock_after_binding(dev, parent);
}

int device_reprobe(struct device *dev)
{
	device_release_driver(dev);
	attach(dev);
	return 0;
}

static bool is_deferred(struct device *dev, const void *data)
{
	return READ_ONCE(dev->deferred);
}

static void retry_deferred(struct work_struct *work)
{
	struct devices set;
	unsigned int i;

	get_devices(&set, is_deferred, NULL);
	for (i = 0; i < set.n; i++)
		attach(set.dev[i]);
	put_devices(&set);
}

static void bind_all(const struct device_driver *drv)
{
	struct devices set;
	unsigned int i;

	get_devices(&set, on_bus, drv->bus);
	for (i = 0; i < set.n; i++)
		bind_driver(set.dev[i], (struct device_driver *)drv);
	put_devices(&set);
}

int driver_register(struct device_driver *drv)
{
	int err;

	if (driver_find(drv->name, drv->bus)) {
		kit_log(3, "driver %s is registered already", drv->name);
		return -EBUSY;
	}
	err = register_one();
	if (err)
		return err;
	spin_lock(&devices_lock);
	list_add_tail(&drv->entry, &all_drivers);
	spin_unlock(&devices_lock);
	bind_all(drv);
	return 0;
}

void driver_unregister(struct device_driver *drv)
{
	struct devices set;
	unsigned int i;

	take_driver_off(drv);
	get_devices(&set, bound_to, drv);
	for (i = 0; i < set.n; i++) {
		struct device *dev = set.dev[i], *parent = lock_for_binding(dev);

		if (dev->driver == drv)
			unbind(dev);
		unlock_after_binding(dev, parent);
	}
	put_devices(&set);
}

/*
 * Devices
 */

void device_initialize(struct device *dev)
{
	kref_init(&dev->kobj.kref);
	mutex_init(&dev->mutex);
	lockdep_set_novalidate_class(&dev->mutex);
	spin_lock_init(&dev->devres_lock);
	INIT_LIST_HEAD(&dev->devres);
	INIT_LIST_HEAD(&dev->siblings);
}

static void release_device(struct kref *kref)
{
	struct device *dev = container_of(kref, struct device, kobj.kref);
	const char *name = dev->kobj.name;

	devres_release_all(dev);
	if (dev->release)
		dev->release(dev);
	else if (dev->type && dev->type->release)
		dev->type->release(dev);
	else if (dev->class && dev->class->dev_release)
		dev->class->dev_release(dev);
	else
		kit_die("device %s has no release() function", name);
	kfree(name);
}

struct device *get_device(struct device *dev)
{
	if (dev)
		kref_get(&dev->kobj.kref);
	return dev;
}

void put_device(struct device *dev)
{
	if (dev)
		kref_put(&dev->kobj.kref, release_device);
}

int dev_set_name(struct device *dev, const char *fmt, ...)
{
	const char *name;
	va_list args;

	va_start(args, fmt);
	name = kvasprintf(GFP_KERNEL, fmt, args);
	va_end(args);
	if (!name)
		return -ENOMEM;
	kfree(dev->kobj.name);
	dev->kobj.name = name;
	return 0;
}

static int set_name(struct device *dev)
{
	int err = 0;

	if (dev->init_name)
		err = dev_set_name(dev, "%s", dev->init_name);
	else if (!dev->kobj.name && dev->bus && dev->bus->dev_name)
		err = dev_set_name(dev, "%s%u", dev->bus->dev_name, dev->id);
	dev->init_name = NULL;
	if (!err && !dev->kobj.name)
		err = -EINVAL;
	return err;
}

static bool same_place(struct device *dev, const void *data)
{
	const struct device *new = data;

	return ((new->bus && dev->bus == new->bus) || (new->class && dev->class == new->class)) &&
	       !strcmp(dev_name(dev), dev_name(new));
}

static int add_to_tree(struct device *dev)
{
	struct device *other;
	int err = 0;

	spin_lock(&devices_lock);
	list_for_each_entry(other, &all_devices, siblings)
		if (same_place(other, dev))
			err = -EEXIST;
	if (!err)
		list_add_tail(&dev->siblings, &all_devices);
	spin_unlock(&devices_lock);
	if (err)
		kit_log(3, "there is a device %s already", dev_name(dev));
	return err;
}

int device_add(struct device *dev)
{
	int err;

	if (kit_should_fail(KIT_WHAT_REGISTRATION))
		return -ENOMEM;
	err = set_name(dev) ?: check_groups(dev) ?: add_to_tree(dev);
	if (err)
		return err;
	get_device(dev);
	get_device(dev->parent);
	kit_count(KIT_WHAT_REGISTRATION, 1);
	kobject_uevent(&dev->kobj, KOBJ_ADD);
	/* Whether a driver takes it is no matter of its being there. */
	attach(dev);
	return 0;
}

int device_register(struct device *dev)
{
	device_initialize(dev);
	return device_add(dev);
}

void device_del(struct device *dev)
{
	device_lock(dev);
	WRITE_ONCE(dev->dead, true);
	device_unlock(dev);
	wait_for_attributes(dev);
	device_release_driver(dev);
	spin_lock(&devices_lock);
	list_del_init(&dev->siblings);
	spin_unlock(&devices_lock);
	devres_release_all(dev);
	kobject_uevent(&dev->kobj, KOBJ_REMOVE);
	kit_count(KIT_WHAT_REGISTRATION, -1);
	put_device(dev->parent);
	put_device(dev);
}

void device_unregister(struct device *dev)
{
	device_del(dev);
	put_device(dev);
}

const char *dev_driver_string(const struct device *dev)
{
	const struct device_driver *drv = READ_ONCE(dev->driver);

	return drv ? drv->name : dev_bus_name(dev);
}

const char *dev_bus_name(const struct device *dev)
{
	return dev->bus ? dev->bus->name : dev->class ? dev->class->name : "";
}

static void free_created(struct device *dev)
{
	kfree(dev);
}

struct device *device_create_with_groups(const struct class *class, struct device *parent,
					 dev_t devt, void *drvdata,
					 const struct attribute_group **groups,
					 const char *fmt, ...)
{
	struct device *dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	int err = -ENOMEM;
	va_list args;

	if (!dev)
		return ERR_PTR(-ENOMEM);
	device_initialize(dev);
	dev->class = class;
	dev->parent = parent;
	dev->devt = devt;
	dev->groups = groups;
	dev->release = free_created;
	dev_set_drvdata(dev, drvdata);
	va_start(args, fmt);
	dev->kobj.name = kvasprintf(GFP_KERNEL, fmt, args);
	va_end(args);
	if (dev->kobj.name)
		err = device_add(dev);
	if (!err)
		return dev;
	put_device(dev);
	return ERR_PTR(err);
}

void device_destroy(const struct class *class, dev_t devt)
{
	struct devices set;
	unsigned int i;

	get_devices(&set, in_class, class);
	for (i = 0; i < set.n; i++)
		if (set.dev[i]->devt == devt)
			device_unregister(set.dev[i]);
	put_devices(&set);
}

struct wanted {
	const char *bus, *class, *name;
};

static bool is_wanted(struct device *dev, const void *data)
{
	const struct wanted *wanted = data;

	return !strcmp(dev_name(dev), wanted->name) &&
	       (!wanted->bus || (dev->bus && !strcmp(dev->bus->name, wanted->bus))) &&
	       (!wanted->class || (dev->class && !strcmp(dev->class->name, wanted->class)));
}

struct device *hosted_find_device(const char *bus, const char *class, const char *name)
{
	struct wanted wanted = { bus, class, name };
	struct device *found;
	struct devices set;

	get_devices(&set, is_wanted, &wanted);
	found = set.n ? get_device(set.dev[0]) : NULL;
	put_devices(&set);
	return found;
}

/*
 * Power
 */

static int call_pm(struct device *dev, size_t member)
{
	const struct dev_pm_ops *ops = dev->type && dev->type->pm ? dev->type->pm :
				       dev->class && dev->class->pm ? dev->class->pm :
				       dev->bus && dev->bus->pm ? dev->bus->pm :
				       dev->driver ? dev->driver->pm : NULL;
	int (*fn)(struct device *dev);

	fn = ops ? *(int (**)(struct device *dev))((const void *)ops + member) : NULL;
	if (!fn && ops && dev->driver && dev->driver->pm)
		fn = *(int (**)(struct device *dev))((const void *)dev->driver->pm + member);
	return fn ? fn(dev) : 0;
}

static int power(struct device *dev, size_t member)
{
	int err;

	device_lock(dev);
	err = call_pm(dev, member);
	device_unlock(dev);
	return err;
}

int hosted_device_suspend(struct device *dev)
{
	return power(dev, offsetof(struct dev_pm_ops, suspend));
}

int hosted_device_resume(struct device *dev)
{
	return power(dev, offsetof(struct dev_pm_ops, resume));
}
