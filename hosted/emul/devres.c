// SPDX-License-Identifier: GPL-2.0
/*
 * What ends with a device's binding: a list for each device, the last one first
 */
#include <linux/device.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "emul.h"

/* Memory, or a call with @data. */
struct devres {
	struct list_head entry;
	void (*action)(void *data);
	void *data;
	u8 memory[] __aligned(ARCH_KMALLOC_MINALIGN);
};

static struct devres *add(struct device *dev, struct devres *new)
{
	unsigned long flags;

	spin_lock_irqsave(&dev->devres_lock, flags);
	list_add_tail(&new->entry, &dev->devres);
	spin_unlock_irqrestore(&dev->devres_lock, flags);
	return new;
}

static struct devres *take_last(struct device *dev)
{
	struct devres *last = NULL;
	unsigned long flags;

	spin_lock_irqsave(&dev->devres_lock, flags);
	if (!list_empty(&dev->devres)) {
		last = list_last_entry(&dev->devres, struct devres, entry);
		list_del(&last->entry);
	}
	spin_unlock_irqrestore(&dev->devres_lock, flags);
	return last;
}

void devres_release_all(struct device *dev)
{
	struct devres *last;

	while ((last = take_last(dev))) {
		if (last->action)
			last->action(last->data);
		kfree(last);
	}
}

int devm_add_action(struct device *dev, void (*action)(void *data), void *data)
{
	struct devres *new = kmalloc(sizeof(*new), GFP_KERNEL);

	if (!new)
		return -ENOMEM;
	new->action = action;
	new->data = data;
	add(dev, new);
	return 0;
}

int devm_add_action_or_reset(struct device *dev, void (*action)(void *data), void *data)
{
	int err = devm_add_action(dev, action, data);

	if (err)
		action(data);
	return err;
}

void *devm_kmalloc(struct device *dev, size_t size, gfp_t gfp)
{
	struct devres *new = kmalloc(size_add(sizeof(*new), size), gfp);

	if (!new)
		return NULL;
	new->action = NULL;
	return add(dev, new)->memory;
}

char *devm_kstrdup(struct device *dev, const char *s, gfp_t gfp)
{
	size_t size = strlen(s) + 1;
	char *copy = devm_kmalloc(dev, size, gfp);

	return copy ? memcpy(copy, s, size) : NULL;
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
