// SPDX-License-Identifier: GPL-2.0
/*
 * The ivshmem bus: devices are one end of a link each, drivers are protocols
 *
 * The driver core does the matching and binding. What is ours is the choice: a
 * device's protocol is the number in its class code until an operator writes
 * another one, or a plugin's name, to its protocol attribute.
 */
#include <linux/module.h>

#include "core.h"

/* The protocol's number, and whether somebody has chosen, be it a number or a plugin. */
u16 ivshmem_choice(struct ivshmem_core *core, bool *chosen)
{
	u16 protocol = core->pci_protocol;

	spin_lock(&core->choice_lock);
	*chosen = core->choice != IVSHMEM_CHOICE_AUTO;
	if (core->choice == IVSHMEM_CHOICE_NUMBER)
		protocol = core->chosen_number;
	spin_unlock(&core->choice_lock);
	return protocol;
}

u16 ivshmem_protocol(struct ivshmem_core *core)
{
	bool chosen;

	return ivshmem_choice(core, &chosen);
}

static bool chosen_by_name(struct ivshmem_core *core, const char *name, bool *match)
{
	bool chosen;

	spin_lock(&core->choice_lock);
	chosen = core->choice == IVSHMEM_CHOICE_NAME;
	*match = chosen && !strcmp(core->chosen_name, name);
	spin_unlock(&core->choice_lock);
	return chosen;
}

static int ivshmem_bus_match(struct device *dev, const struct device_driver *drv)
{
	struct ivshmem_core *core = dev_to_core(dev);
	const struct ivshmem_driver *plugin = to_ivshmem_driver(drv);
	const struct ivshmem_device_id *id = plugin->id_table;
	u16 protocol = ivshmem_protocol(core);
	bool match;

	if (chosen_by_name(core, drv->name, &match))
		return match;
	for (; id && id->first <= id->last; id++)
		if (id->first <= protocol && protocol <= id->last)
			return 1;
	return 0;
}

static int ivshmem_bus_uevent(const struct device *dev, struct kobj_uevent_env *env)
{
	return add_uevent_var(env, "MODALIAS=ivshmem:p%04X", ivshmem_protocol(dev_to_core(dev)));
}

static int ivshmem_bus_probe(struct device *dev)
{
	struct ivshmem_core *core = dev_to_core(dev);
	struct ivshmem_driver *plugin = to_ivshmem_driver(dev->driver);
	int err;

	err = plugin->probe(&core->idev);
	if (err) {
		ivshmem_quiet(core);
		return err;
	}
	ivshmem_events_on(core, plugin);
	return 0;
}

static void ivshmem_bus_remove(struct device *dev)
{
	struct ivshmem_core *core = dev_to_core(dev);

	ivshmem_events_off(core);
	to_ivshmem_driver(dev->driver)->remove(&core->idev);
	ivshmem_quiet(core);
}

/* Reboot and kexec: the next kernel finds the device as after a reset. */
static void ivshmem_bus_shutdown(struct device *dev)
{
	struct ivshmem_core *core = dev_to_core(dev);

	if (!dev->driver)
		return;
	ivshmem_events_off(core);
	/* The plugin is still there; it shall not wake the device again. */
	ivshmem_shut(core);
}

static int __maybe_unused ivshmem_bus_suspend(struct device *dev)
{
	struct ivshmem_core *core = dev_to_core(dev);
	struct ivshmem_driver *plugin;

	if (!dev->driver)
		return 0;
	plugin = to_ivshmem_driver(dev->driver);
	ivshmem_events_off(core);
	if (plugin->suspend)
		plugin->suspend(&core->idev);
	ivshmem_quiet(core);
	return 0;
}

/* PCI has restored its own registers; privileged control is ours to restore. */
static int __maybe_unused ivshmem_bus_resume(struct device *dev)
{
	struct ivshmem_core *core = dev_to_core(dev);
	struct ivshmem_driver *plugin;

	ivshmem_quiet(core);
	if (!dev->driver)
		return 0;
	plugin = to_ivshmem_driver(dev->driver);
	if (plugin->resume)
		plugin->resume(&core->idev);
	ivshmem_events_on(core, plugin);
	return 0;
}

static const struct dev_pm_ops ivshmem_bus_pm = {
	SET_SYSTEM_SLEEP_PM_OPS(ivshmem_bus_suspend, ivshmem_bus_resume)
};

struct bus_type ivshmem_bus_type = {
	.name = "ivshmem",
	.match = ivshmem_bus_match,
	.uevent = ivshmem_bus_uevent,
	.probe = ivshmem_bus_probe,
	.remove = ivshmem_bus_remove,
	.shutdown = ivshmem_bus_shutdown,
	.pm = &ivshmem_bus_pm,
	.dev_groups = ivshmem_dev_groups,
};

/**
 * __ivshmem_register_driver() - use ivshmem_register_driver()
 * @drv: the plugin
 * @owner: its module
 *
 * Context: may sleep. Return: 0 or a negative error.
 */
int __ivshmem_register_driver(struct ivshmem_driver *drv, struct module *owner)
{
	drv->driver.bus = &ivshmem_bus_type;
	drv->driver.owner = owner;
	return driver_register(&drv->driver);
}
EXPORT_SYMBOL_GPL(__ivshmem_register_driver);

/**
 * ivshmem_unregister_driver() - unbind a plugin from all devices and forget it
 * @drv: the plugin
 *
 * Context: may sleep.
 */
void ivshmem_unregister_driver(struct ivshmem_driver *drv)
{
	driver_unregister(&drv->driver);
}
EXPORT_SYMBOL_GPL(ivshmem_unregister_driver);
