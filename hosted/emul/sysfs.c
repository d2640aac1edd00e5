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

/* Those who use attributes are counted; who takes attributes off waits for them. */
static void enter(unsigned int *users)
{
	spin_lock(&devices_lock);
	WRITE_ONCE(*users, *users + 1);
	spin_unlock(&devices_lock);
}

static void leave(unsigned int *users)
{
	spin_lock(&devices_lock);
	WRITE_ONCE(*users, *users - 1);
	kit_word_wake(users, 0);
	spin_unlock(&devices_lock);
}

static void wait_for(unsigned int *users)
{
	unsigned int n;

	spin_lock(&devices_lock);
	while ((n = *users)) {
		spin_unlock(&devices_lock);
		kit_word_sleep(users, n, KIT_NEVER);
		spin_lock(&devices_lock);
	}
	spin_unlock(&devices_lock);
}

/* The device is dead: whoever comes later sees that. */
void wait_for_attributes(struct device *dev)
{
	wait_for(&dev->users);
}

/* As it binds, or NULL before it is unbound. */
void set_driver_groups(struct device *dev, const struct attribute_group **groups)
{
	WRITE_ONCE(dev->driver_groups, groups);
	if (!groups)
		wait_for(&dev->late_users);
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

/* @late: of the driver's, who is among late_users then. */
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
	if (*late) {
		enter(&dev->late_users);
		walk(dev, READ_ONCE(dev->driver_groups), look_in_group, &wanted);
	}
	return wanted.found;
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

/* Reads @page or writes it. */
static ssize_t transfer(struct device *dev, char *path, char *page, size_t len, bool write)
{
	bool late;
	struct device_attribute *attr = find_attribute(dev, path, &late);
	ssize_t ret = -EIO;

	if (!attr)
		ret = write ? -ENOENT : show_common(dev, path, page);
	else if (write && attr->store)
		ret = attr->store(dev, attr, page, len);
	else if (!write && attr->show)
		ret = attr->show(dev, attr, page);
	if (late)
		leave(&dev->late_users);
	return ret;
}

/* The device that a path leads to, with a reference. @path: what follows then. */
static struct device *find_device(char **path)
{
	const char *root = strsep(path, "/"), *owner = strsep(path, "/"), *name;
	bool bus = !strcmp(root, "bus");

	if (bus && strcmp(strsep(path, "/") ?: "", "devices"))
		return NULL;
	name = strsep(path, "/");
	if (!*path || (!bus && strcmp(root, "class")))
		return NULL;
	return hosted_find_device(bus ? owner : NULL, bus ? NULL : owner, name);
}

static ssize_t transfer_by_path(const char *path, char *page, size_t len, bool write)
{
	char copy[256], *rest = copy;
	ssize_t ret = -ENOENT;
	struct device *dev;

	if (strscpy(copy, path) < 0)
		return -ENAMETOOLONG;
	dev = find_device(&rest);
	if (!dev)
		return -ENOENT;
	enter(&dev->users);
	if (!READ_ONCE(dev->dead))
		ret = transfer(dev, rest, page, len, write);
	leave(&dev->users);
	put_device(dev);
	return ret;
}

long kit_attr_read(const char *path, char *buf, kit_size size)
{
	char *page = (char *)get_zeroed_page(GFP_KERNEL);
	long len = page ? transfer_by_path(path, page, 0, false) : -ENOMEM;

	if (len >= (long)PAGE_SIZE)
		kit_die("attribute %s has %ld bytes, a page is %lu", path, len, PAGE_SIZE);
	if (len >= 0 && strscpy(buf, page, size) < 0)
		len = -E2BIG;
	free_page((unsigned long)page);
	return len;
}

long kit_attr_write(const char *path, const char *buf, kit_size len)
{
	char *page;
	long ret;

	if (len >= PAGE_SIZE)
		return -E2BIG;
	page = (char *)get_zeroed_page(GFP_KERNEL);
	if (!page)
		return -ENOMEM;
	memcpy(page, buf, len);
	ret = transfer_by_path(path, page, len, true);
	free_page((unsigned long)page);
	return ret;
}
