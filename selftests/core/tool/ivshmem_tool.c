// SPDX-License-Identifier: GPL-2.0
/*
 * Every operation and event of the core by hand, for tests
 *
 *	# cd /sys/bus/ivshmem/devices/ivshmem0
 *	# echo tool >protocol		bind this plugin
 *	# echo 7 >tool/state		write the own state
 *	# echo 3 1 >tool/doorbell	ring vector 1 of peer 3
 *	# cat tool/events		peer_state events: peer, old, new
 *	# cat tool/vectors		how often each vector fired
 *	# echo 1 >tool/one_shot		and after each interrupt:
 *	# echo 1 >tool/enable
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include <ivshmem.h>

#define TOOL_EVENTS	128

struct tool_event {
	u32 peer, old, new;
};

struct tool {
	struct ivshmem_device *idev;
	struct mutex lock;		/* protects events and count */
	struct tool_event events[TOOL_EVENTS];
	unsigned int count;		/* all that came, also those that found no place */
	atomic_t vectors[];		/* how often each fired */
};

static void tool_peer_state(struct ivshmem_device *idev, u32 peer, u32 old, u32 new)
{
	struct tool *tool = ivshmem_get_drvdata(idev);

	mutex_lock(&tool->lock);
	if (tool->count < TOOL_EVENTS)
		tool->events[tool->count] = (struct tool_event){ peer, old, new };
	tool->count++;
	mutex_unlock(&tool->lock);
}

static void tool_interrupt(struct ivshmem_device *idev, unsigned int vector)
{
	struct tool *tool = ivshmem_get_drvdata(idev);

	atomic_inc(&tool->vectors[vector]);
}

static ssize_t events_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct tool *tool = dev_get_drvdata(dev);
	unsigned int i;
	int len = 0;

	mutex_lock(&tool->lock);
	for (i = 0; i < min_t(unsigned int, tool->count, TOOL_EVENTS); i++)
		len += sysfs_emit_at(buf, len, "%u %u %u\n", tool->events[i].peer,
				     tool->events[i].old, tool->events[i].new);
	mutex_unlock(&tool->lock);
	return len;
}

/* Whatever is written forgets all events. */
static ssize_t events_store(struct device *dev, struct device_attribute *attr, const char *buf,
			    size_t count)
{
	struct tool *tool = dev_get_drvdata(dev);

	mutex_lock(&tool->lock);
	tool->count = 0;
	mutex_unlock(&tool->lock);
	return count;
}
static DEVICE_ATTR_RW(events);

static ssize_t vectors_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct tool *tool = dev_get_drvdata(dev);
	unsigned int i;
	int len = 0;

	for (i = 0; i < tool->idev->vectors; i++)
		len += sysfs_emit_at(buf, len, "%d\n", atomic_read(&tool->vectors[i]));
	return len;
}

static struct device_attribute dev_attr_tool_vectors = __ATTR(vectors, 0444, vectors_show, NULL);

static ssize_t state_store(struct device *dev, struct device_attribute *attr, const char *buf,
			   size_t count)
{
	struct tool *tool = dev_get_drvdata(dev);
	u32 state;

	if (kstrtou32(buf, 0, &state))
		return -EINVAL;
	return ivshmem_set_state(tool->idev, state) ?: count;
}

static struct device_attribute dev_attr_tool_state = __ATTR(state, 0200, NULL, state_store);

static ssize_t doorbell_store(struct device *dev, struct device_attribute *attr, const char *buf,
			      size_t count)
{
	struct tool *tool = dev_get_drvdata(dev);
	unsigned int peer, vector;

	if (sscanf(buf, "%u %u", &peer, &vector) != 2)
		return -EINVAL;
	return ivshmem_doorbell(tool->idev, peer, vector) ?: count;
}
static DEVICE_ATTR_WO(doorbell);

static ssize_t one_shot_store(struct device *dev, struct device_attribute *attr, const char *buf,
			      size_t count)
{
	struct tool *tool = dev_get_drvdata(dev);
	bool on;

	if (kstrtobool(buf, &on))
		return -EINVAL;
	return ivshmem_set_one_shot(tool->idev, on) ?:
	       (on ? 0 : ivshmem_enable_interrupts(tool->idev)) ?: count;
}
static DEVICE_ATTR_WO(one_shot);

static ssize_t enable_store(struct device *dev, struct device_attribute *attr, const char *buf,
			    size_t count)
{
	struct tool *tool = dev_get_drvdata(dev);

	return ivshmem_enable_interrupts(tool->idev) ?: count;
}
static DEVICE_ATTR_WO(enable);

static struct attribute *tool_attrs[] = {
	&dev_attr_events.attr,
	&dev_attr_tool_vectors.attr,
	&dev_attr_tool_state.attr,
	&dev_attr_doorbell.attr,
	&dev_attr_one_shot.attr,
	&dev_attr_enable.attr,
	NULL
};

static const struct attribute_group tool_group = {
	.name = "tool",
	.attrs = tool_attrs,
};

static const struct attribute_group *tool_groups[] = { &tool_group, NULL };

static int tool_probe(struct ivshmem_device *idev)
{
	struct tool *tool = kzalloc(struct_size(tool, vectors, idev->vectors), GFP_KERNEL);

	if (!tool)
		return -ENOMEM;
	tool->idev = idev;
	mutex_init(&tool->lock);
	ivshmem_set_drvdata(idev, tool);
	return 0;
}

static void tool_remove(struct ivshmem_device *idev)
{
	kfree(ivshmem_get_drvdata(idev));
}

/* By name only: no protocol is ours. */
static struct ivshmem_driver tool_driver = {
	.driver = { .name = "tool", .dev_groups = tool_groups },
	.probe = tool_probe,
	.remove = tool_remove,
	.peer_state = tool_peer_state,
	.interrupt = tool_interrupt,
};
module_ivshmem_driver(tool_driver);

MODULE_DESCRIPTION("The core's operations and events by hand, for tests");
MODULE_LICENSE("GPL");
