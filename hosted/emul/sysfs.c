// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes: files of /sys that hosted programs read and write by their path
 *
 * There is no tree: a path is taken apart, and the groups of the device that it
 * leads to are searched.
 */
#include <linux/device.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "device.h"
#include "emul.h"

/*
 * Text
 */

static bool is_page(const char *buf)
{
	return !WARN(!buf || offset_in_page(buf), "invalid sysfs_emit: buf:%p\n", buf);
}

int sysfs_emit(char *buf, const char *fmt, ...)
{
	va_list args;
	int len;

	if (!is_page(buf))
		return 0;
	va_start(args, fmt);
	len = vscnprintf(buf, PAGE_SIZE, fmt, args);
	va_end(args);
	return len;
}

int sysfs_emit_at(char *buf, int at, const char *fmt, ...)
{
	va_list args;
	int len;

	if (!is_page(buf) || WARN(at < 0 || at >= (int)PAGE_SIZE, "sysfs_emit_at: at:%d\n", at))
		return 0;
	va_start(args, fmt);
	len = vscnprintf(buf + at, PAGE_SIZE - at, fmt, args);
	va_end(args);
	return len;
}

/*
 * Groups
 */

typedef bool (*group_fn)(struct device *dev, const struct attribute_group *group, void *data);

static bool walk(struct device *dev, const struct attribute_group **groups, group_fn fn, void *data)
{
	for (; groups && *groups; groups++)
		if (fn(dev, *groups, data))
			return true;
	return false;
}

/* What a device has as long as it is there. Until @fn returns true. */
static bool walk_own(struct device *dev, group_fn fn, void *data)
{
	return walk(dev, dev->class ? dev->class->dev_groups : NULL, fn, data) ||
	       walk(dev, dev->type ? dev->type->groups : NULL, fn, data) ||
	       walk(dev, dev->groups, fn, data) ||
	       walk(dev, dev->bus ? dev->bus->dev_groups : NULL, fn, data);
}

/* What it may lose: from enter_late() to leave_late(). */
static bool walk_late(struct device *dev, group_fn fn, void *data)
{
	return walk(dev, READ_ONCE(dev->driver_groups), fn, data);
}

static bool has_binary(struct device *dev, const struct attribute_group *group, void *data)
{
	return group->bin_attrs && group->bin_attrs[0];
}

int check_groups(struct device *dev)
{
	if (!walk_own(dev, has_binary, NULL))
		return 0;
	kit_log(3, "%s has binary attributes, which are not supported", dev_name(dev));
	return -EOPNOTSUPP;
}

static void enter_late(struct device *dev)
{
	spin_lock(&devices_lock);
	WRITE_ONCE(dev->late_users, dev->late_users + 1);
	spin_unlock(&devices_lock);
}

static void leave_late(struct device *dev)
{
	spin_lock(&devices_lock);
	WRITE_ONCE(dev->late_users, dev->late_users - 1);
	kit_word_wake(&dev->late_users, 0);
	spin_unlock(&devices_lock);
}

/* Until nobody is left who may have found what has been taken off. */
static void wait_late(struct device *dev)
{
	unsigned int users;

	spin_lock(&devices_lock);
	while ((users = dev->late_users)) {
		spin_unlock(&devices_lock);
		kit_word_sleep(&dev->late_users, users, KIT_NEVER);
		spin_lock(&devices_lock);
	}
	spin_unlock(&devices_lock);
}

/* As it binds, or NULL before it is unbound. */
void set_driver_groups(struct device *dev, const struct attribute_group **groups)
{
	WRITE_ONCE(dev->driver_groups, groups);
	if (!groups)
		wait_late(dev);
}

/*
 * Events: what udev would be told
 */

int add_uevent_var(struct kobj_uevent_env *env, const char *fmt, ...)
{
	va_list args;
	int len;

	if (env->envp_idx >= UEVENT_NUM_ENVP)
		return -ENOMEM;
	va_start(args, fmt);
	len = vsnprintf(env->buf + env->buflen, sizeof(env->buf) - env->buflen, fmt, args);
	va_end(args);
	if (len >= (int)sizeof(env->buf) - env->buflen)
		return -ENOMEM;
	env->envp[env->envp_idx++] = env->buf + env->buflen;
	env->buflen += len + 1;
	return 0;
}

static int fill_uevent(struct device *dev, struct kobj_uevent_env *env)
{
	const struct device_driver *drv = READ_ONCE(dev->driver);
	int err = 0;

	if (drv)
		err = add_uevent_var(env, "DRIVER=%s", drv->name);
	if (!err && dev->bus && dev->bus->uevent)
		err = dev->bus->uevent(dev, env);
	if (!err && dev->class && dev->class->dev_uevent)
		err = dev->class->dev_uevent(dev, env);
	if (!err && dev->type && dev->type->uevent)
		err = dev->type->uevent(dev, env);
	return err;
}

int kobject_uevent(struct kobject *kobj, enum kobject_action action)
{
	return kobject_uevent_env(kobj, action, NULL);
}

/* Nobody listens but who reads the log. */
int kobject_uevent_env(struct kobject *kobj, enum kobject_action action, char *envp[])
{
	static const char * const actions[] = { "add", "remove", "change", "bind", "unbind" };

	kit_log(7, "uevent: %s %s", actions[action], kobj->name);
	for (; envp && *envp; envp++)
		kit_log(7, "uevent: %s %s: %s", actions[action], kobj->name, *envp);
	return 0;
}

/*
 * Paths
 */

static bool has_name(struct device *dev, const void *name)
{
	return !strcmp(dev_name(dev), name);
}

static const struct bus_type *find_bus(const char *name)
{
	struct bus_type *bus, *found = NULL;

	spin_lock(&devices_lock);
	list_for_each_entry(bus, &all_buses, entry)
		if (!strcmp(bus->name, name))
			found = bus;
	spin_unlock(&devices_lock);
	return found;
}

static const struct class *find_class(const char *name)
{
	struct class *class, *found = NULL;

	spin_lock(&devices_lock);
	list_for_each_entry(class, &all_classes, entry)
		if (!strcmp(class->name, name))
			found = class;
	spin_unlock(&devices_lock);
	return found;
}

/* With a reference; cut from the path. */
static struct device *find_device(char **path, const struct bus_type *bus,
				  const struct class *class)
{
	const char *name = strsep(path, "/");
	struct device *found = NULL;
	struct devices set;
	unsigned int i;

	if (!name)
		return NULL;
	get_devices(&set, has_name, name);
	for (i = 0; i < set.n && !found; i++)
		if ((!bus || set.dev[i]->bus == bus) && (!class || set.dev[i]->class == class))
			found = get_device(set.dev[i]);
	put_devices(&set);
	return found;
}

/**
 * struct place - what a path leads to
 * @dev: a device, with a reference; or
 * @drv: a driver; or
 * @param: a module's parameter, "module.name"
 * @rest: of the path: an attribute, "group/attribute", or NULL
 * @buf: of all that
 */
struct place {
	struct device *dev;
	struct device_driver *drv;
	char param[128];
	char *rest;
	char buf[256];
};

static int find_on_bus(struct place *place, char **path)
{
	const char *name = strsep(path, "/");
	const struct bus_type *bus = name ? find_bus(name) : NULL;
	const char *kind = strsep(path, "/");

	if (!bus || !kind || !*path)
		return -ENOENT;
	if (!strcmp(kind, "devices"))
		place->dev = find_device(path, bus, NULL);
	else if (!strcmp(kind, "drivers"))
		place->drv = driver_find(strsep(path, "/"), bus);
	return place->dev || place->drv ? 0 : -ENOENT;
}

static int find_param(struct place *place, char **path)
{
	const char *module = strsep(path, "/"), *folder = strsep(path, "/");

	if (!module || !folder || strcmp(folder, "parameters") || !*path)
		return -ENOENT;
	snprintf(place->param, sizeof(place->param), "%s.%s", module, *path);
	return 0;
}

static int find_in_class(struct place *place, char **path)
{
	const char *name = strsep(path, "/");
	const struct class *class = name ? find_class(name) : NULL;

	if (class && *path)
		place->dev = find_device(path, NULL, class);
	return place->dev ? 0 : -ENOENT;
}

static int find_place(struct place *place, const char *text)
{
	char *path = place->buf, *root;
	int err = -ENOENT;

	*place = (struct place){ };
	if (strscpy(place->buf, text) < 0)
		return -ENAMETOOLONG;
	root = strsep(&path, "/");
	if (!path)
		return -ENOENT;
	if (!strcmp(root, "bus"))
		err = find_on_bus(place, &path);
	else if (!strcmp(root, "class"))
		err = find_in_class(place, &path);
	else if (!strcmp(root, "module"))
		err = find_param(place, &path);
	else if (!strcmp(root, "devices"))
		err = (place->dev = find_device(&path, NULL, NULL)) ? 0 : -ENOENT;
	place->rest = path;
	return err;
}

/*
 * Attributes
 */

struct wanted {
	const char *group;		/* NULL for none */
	const char *name;
	struct device_attribute *found;
};

static umode_t mode_of(struct device *dev, const struct attribute_group *group, int n)
{
	struct attribute *attr = group->attrs[n];
	umode_t mode = attr->mode;

	if (group->is_visible)
		mode = group->is_visible(&dev->kobj, attr, n);
	return mode == SYSFS_GROUP_INVISIBLE ? 0 : mode;
}

static bool look_in_group(struct device *dev, const struct attribute_group *group, void *data)
{
	struct wanted *wanted = data;
	int n;

	if (strcmp(group->name ?: "", wanted->group ?: ""))
		return false;
	for (n = 0; group->attrs && group->attrs[n]; n++) {
		if (strcmp(group->attrs[n]->name, wanted->name) || !mode_of(dev, group, n))
			continue;
		wanted->found = container_of(group->attrs[n], struct device_attribute, attr);
		return true;
	}
	return false;
}

/* @late: leave_late() when the attribute is no longer used. */
static struct device_attribute *find_attribute(struct device *dev, char *path, bool *late)
{
	struct wanted wanted = { .name = path };
	char *slash = strchr(path, '/');

	if (slash) {
		*slash = '\0';
		wanted.group = path;
		wanted.name = slash + 1;
	}
	*late = !walk_own(dev, look_in_group, &wanted);
	if (!*late)
		return wanted.found;
	enter_late(dev);
	return walk_late(dev, look_in_group, &wanted) ? wanted.found : NULL;
}

/* device_del() waits for those inside, and lets none in. */
static bool enter(struct device *dev)
{
	bool alive;

	spin_lock(&devices_lock);
	alive = !READ_ONCE(dev->dead);
	if (alive)
		WRITE_ONCE(dev->users, dev->users + 1);
	spin_unlock(&devices_lock);
	return alive;
}

static void leave(struct device *dev)
{
	spin_lock(&devices_lock);
	WRITE_ONCE(dev->users, dev->users - 1);
	spin_unlock(&devices_lock);
	kit_word_wake(&dev->users, 0);
}

void wait_for_attributes(struct device *dev)
{
	unsigned int users;

	/* Those that looked before it was dead have been counted. */
	spin_lock(&devices_lock);
	spin_unlock(&devices_lock);
	while ((users = READ_ONCE(dev->users)))
		kit_word_sleep(&dev->users, users, KIT_NEVER);
	/* The last one has let go of the lock. */
	spin_lock(&devices_lock);
	spin_unlock(&devices_lock);
}

/* What the driver core shows for every device. */
static ssize_t show_common(struct device *dev, const char *name, char *page)
{
	const struct device_driver *drv = READ_ONCE(dev->driver);
	struct kobj_uevent_env *env;
	ssize_t len = 0;
	int i, err;

	if (!strcmp(name, "driver"))
		return drv ? sysfs_emit(page, "%s\n", drv->name) : -ENOENT;
	if (!strcmp(name, "dev") && dev->devt)
		return sysfs_emit(page, "%u:%u\n", MAJOR(dev->devt), MINOR(dev->devt));
	if (strcmp(name, "uevent"))
		return -ENOENT;
	env = kzalloc(sizeof(*env), GFP_KERNEL);
	if (!env)
		return -ENOMEM;
	err = fill_uevent(dev, env);
	for (i = 0; i < env->envp_idx; i++)
		len += sysfs_emit_at(page, len, "%s\n", env->envp[i]);
	kfree(env);
	return err ?: len;
}

static ssize_t show(struct device *dev, char *path, char *page)
{
	struct device_attribute *attr;
	ssize_t len;
	bool late;

	attr = find_attribute(dev, path, &late);
	if (!attr)
		len = show_common(dev, path, page);
	else
		len = attr->show ? attr->show(dev, attr, page) : -EIO;
	if (late)
		leave_late(dev);
	return len;
}

static ssize_t store(struct device *dev, char *path, const char *page, size_t len)
{
	struct device_attribute *attr;
	ssize_t ret = -ENOENT;
	bool late;

	attr = find_attribute(dev, path, &late);
	if (attr)
		ret = attr->store ? attr->store(dev, attr, page, len) : -EIO;
	if (late)
		leave_late(dev);
	return ret;
}

/* Writing a device's name to a driver's bind or unbind */
static ssize_t store_driver(struct device_driver *drv, const char *what, char *name, size_t len)
{
	struct device *dev = bus_find_device_by_name(drv->bus, NULL, strim(name));
	ssize_t err = -ENODEV;

	if (dev && !strcmp(what, "bind")) {
		err = drv->bus->match && drv->bus->match(dev, drv) <= 0 ? -ENODEV :
		      device_driver_attach(drv, dev);
	} else if (dev && !strcmp(what, "unbind") && READ_ONCE(dev->driver) == drv) {
		device_release_driver(dev);
		err = 0;
	}
	put_device(dev);
	return err ?: (ssize_t)len;
}

long kit_attr_read(const char *path, char *buf, kit_size size)
{
	struct place place;
	char *page;
	long len = find_place(&place, path);

	if (len)
		return len;
	if (*place.param)
		return kit_param_get(place.param, buf, size);
	page = (char *)get_zeroed_page(GFP_KERNEL);
	len = -ENOENT;
	if (place.dev && place.rest && enter(place.dev)) {
		len = page ? show(place.dev, place.rest, page) : -ENOMEM;
		leave(place.dev);
	}
	if (len >= (long)PAGE_SIZE)
		kit_die("attribute %s has %ld bytes, a page is %lu", path, len, PAGE_SIZE);
	if (len >= 0 && strscpy(buf, page, size) < 0)
		len = -E2BIG;
	free_page((unsigned long)page);
	put_device(place.dev);
	return len;
}

long kit_attr_write(const char *path, const char *buf, kit_size len)
{
	struct place place;
	char *page;
	long ret = find_place(&place, path);

	if (ret)
		return ret;
	if (len >= PAGE_SIZE)
		return -E2BIG;
	page = (char *)get_zeroed_page(GFP_KERNEL);
	if (page)
		memcpy(page, buf, len);
	ret = page ? -ENOENT : -ENOMEM;
	if (page && *place.param) {
		ret = kit_param_set(place.param, strim(page)) ?: (long)len;
	} else if (page && place.drv && place.rest) {
		ret = store_driver(place.drv, place.rest, page, len);
	} else if (page && place.dev && place.rest && enter(place.dev)) {
		ret = store(place.dev, place.rest, page, len);
		leave(place.dev);
	}
	free_page((unsigned long)page);
	put_device(place.dev);
	return ret;
}

struct listing {
	char *buf;
	size_t size;
	size_t len;
	const char *group;
};

static void list_name(struct listing *list, const char *name)
{
	list->len += scnprintf(list->buf + list->len, list->size - list->len, "%s\n", name);
}

static bool list_group(struct device *dev, const struct attribute_group *group, void *data)
{
	struct listing *list = data;
	int n;

	if (!list->group && group->name)
		list_name(list, group->name);
	if (strcmp(group->name ?: "", list->group ?: ""))
		return false;
	for (n = 0; group->attrs && group->attrs[n]; n++)
		if (mode_of(dev, group, n))
			list_name(list, group->attrs[n]->name);
	return false;
}

static bool any(struct device *dev, const void *data)
{
	return true;
}

/* "devices", "bus/BUS/devices", "class/CLASS" */
static long list_devices(struct listing *list, char *path)
{
	const char *root = strsep(&path, "/"), *name = strsep(&path, "/");
	const struct class *class = NULL;
	const struct bus_type *bus = NULL;
	struct devices set;
	unsigned int i;

	if (name && !strcmp(root, "bus"))
		bus = find_bus(name);
	else if (name && !strcmp(root, "class"))
		class = find_class(name);
	if (strcmp(root, "devices") && !bus && !class)
		return -ENOENT;
	get_devices(&set, bus ? on_bus : class ? in_class : any, bus ?: (const void *)class);
	for (i = 0; i < set.n; i++)
		list_name(list, dev_name(set.dev[i]));
	put_devices(&set);
	return list->len;
}

long kit_attr_list(const char *path, char *buf, kit_size size)
{
	struct listing list = { .buf = buf, .size = size };
	struct place place;
	char copy[256];

	if (size)
		*buf = '\0';
	if (find_place(&place, path) || !place.dev) {
		strscpy(copy, path);
		return list_devices(&list, copy);
	}
	list.group = place.rest;
	walk_own(place.dev, list_group, &list);
	enter_late(place.dev);
	walk_late(place.dev, list_group, &list);
	leave_late(place.dev);
	put_device(place.dev);
	return list.len;
}
