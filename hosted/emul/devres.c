// SPDX-License-Identifier: GPL-2.0
/*
 * Managed resources: a list for each device, the last one first when they end
 */
#include <linux/device.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "emul.h"

struct devres {
	struct list_head entry;
	dr_release_t release;
	u8 data[] __aligned(ARCH_KMALLOC_MINALIGN);
};

static struct devres *to_devres(void *res)
{
	return container_of(res, struct devres, data);
}

void *devres_alloc(dr_release_t release, size_t size, gfp_t gfp)
{
	struct devres *dr = kmalloc(size_add(sizeof(*dr), size), gfp | __GFP_ZERO);

	if (!dr)
		return NULL;
	INIT_LIST_HEAD(&dr->entry);
	dr->release = release;
	return dr->data;
}

void devres_free(void *res)
{
	if (res && !list_empty(&to_devres(res)->entry))
		kit_die("devres_free() of a resource that is a device's");
	if (res)
		kfree(to_devres(res));
}

void devres_add(struct device *dev, void *res)
{
	unsigned long flags;

	spin_lock_irqsave(&dev->devres_lock, flags);
	list_add_tail(&to_devres(res)->entry, &dev->devres);
	spin_unlock_irqrestore(&dev->devres_lock, flags);
}

/* Holds the lock. */
static struct devres *find(struct device *dev, dr_release_t release, dr_match_t match, void *data)
{
	struct devres *dr;

	list_for_each_entry_reverse(dr, &dev->devres, entry)
		if (dr->release == release && (!match || match(dev, dr->data, data)))
			return dr;
	return NULL;
}

void *devres_find(struct device *dev, dr_release_t release, dr_match_t match, void *data)
{
	struct devres *dr;
	unsigned long flags;

	spin_lock_irqsave(&dev->devres_lock, flags);
	dr = find(dev, release, match, data);
	spin_unlock_irqrestore(&dev->devres_lock, flags);
	return dr ? dr->data : NULL;
}

void *devres_remove(struct device *dev, dr_release_t release, dr_match_t match, void *data)
{
	struct devres *dr;
	unsigned long flags;

	spin_lock_irqsave(&dev->devres_lock, flags);
	dr = find(dev, release, match, data);
	if (dr)
		list_del_init(&dr->entry);
	spin_unlock_irqrestore(&dev->devres_lock, flags);
	return dr ? dr->data : NULL;
}

/* Without releasing it. */
int devres_destroy(struct device *dev, dr_release_t release, dr_match_t match, void *data)
{
	void *res = devres_remove(dev, release, match, data);

	if (!res)
		return -ENOENT;
	devres_free(res);
	return 0;
}

int devres_release(struct device *dev, dr_release_t release, dr_match_t match, void *data)
{
	void *res = devres_remove(dev, release, match, data);

	if (!res)
		return -ENOENT;
	release(dev, res);
	devres_free(res);
	return 0;
}

int devres_release_all(struct device *dev)
{
	unsigned long flags;
	struct devres *dr;
	int n = 0;

	for (;;) {
		spin_lock_irqsave(&dev->devres_lock, flags);
		dr = list_empty(&dev->devres) ? NULL :
						list_last_entry(&dev->devres, struct devres, entry);
		if (dr)
			list_del_init(&dr->entry);
		spin_unlock_irqrestore(&dev->devres_lock, flags);
		if (!dr)
			return n;
		if (dr->release)
			dr->release(dev, dr->data);
		kfree(dr);
		n++;
	}
}

static void release_memory(struct device *dev, void *res)
{
}

static int match_memory(struct device *dev, void *res, void *data)
{
	return res == data;
}

void *devm_kmalloc(struct device *dev, size_t size, gfp_t gfp)
{
	void *res = devres_alloc(release_memory, size, gfp);

	if (res)
		devres_add(dev, res);
	return res;
}

void devm_kfree(struct device *dev, const void *p)
{
	if (!ZERO_OR_NULL_PTR(p) && devres_destroy(dev, release_memory, match_memory, (void *)p))
		kit_die("devm_kfree() of %p, which is not %s's", p, dev_name(dev));
}

void *devm_kmemdup(struct device *dev, const void *src, size_t n, gfp_t gfp)
{
	void *copy = devm_kmalloc(dev, n, gfp);

	return copy ? memcpy(copy, src, n) : NULL;
}

char *devm_kstrdup(struct device *dev, const char *s, gfp_t gfp)
{
	return s ? devm_kmemdup(dev, s, strlen(s) + 1, gfp) : NULL;
}

char *devm_kasprintf(struct device *dev, gfp_t gfp, const char *fmt, ...)
{
	char *text, *copy;
	va_list args;

	va_start(args, fmt);
	text = kvasprintf(gfp, fmt, args);
	va_end(args);
	copy = text ? devm_kstrdup(dev, text, gfp) : NULL;
	kfree(text);
	return copy;
}

struct action {
	void (*action)(void *data);
	void *data;
};

static void run_action(struct device *dev, void *res)
{
	struct action *action = res;

	action->action(action->data);
}

static int match_action(struct device *dev, void *res, void *data)
{
	return !memcmp(res, data, sizeof(struct action));
}

int devm_add_action(struct device *dev, void (*fn)(void *data), void *data)
{
	struct action *action = devres_alloc(run_action, sizeof(*action), GFP_KERNEL);

	if (!action)
		return -ENOMEM;
	*action = (struct action){ fn, data };
	devres_add(dev, action);
	return 0;
}

int devm_add_action_or_reset(struct device *dev, void (*fn)(void *data), void *data)
{
	int err = devm_add_action(dev, fn, data);

	if (err)
		fn(data);
	return err;
}

void devm_remove_action(struct device *dev, void (*fn)(void *data), void *data)
{
	struct action wanted = { fn, data };

	WARN_ON(devres_destroy(dev, run_action, match_action, &wanted));
}

void devm_release_action(struct device *dev, void (*fn)(void *data), void *data)
{
	struct action wanted = { fn, data };

	WARN_ON(devres_release(dev, run_action, match_action, &wanted));
}
