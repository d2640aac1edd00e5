// SPDX-License-Identifier: GPL-2.0
/*
 * The device model: binding, managed resources, attributes, references
 */
#include <linux/device.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/ioport.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "test/test.h"

static char events[256];

static void note(const char *what)
{
	size_t len = strlen(events);

	snprintf(events + len, sizeof(events) - len, "%s ", what);
}

static bool slow_match, in_match;

static int test_match(struct device *dev, const struct device_driver *drv)
{
	if (READ_ONCE(slow_match)) {
		WRITE_ONCE(in_match, true);
		msleep(10);
	}
	return strstarts(dev_name(dev), drv->name);
}

static int test_uevent(const struct device *dev, struct kobj_uevent_env *env)
{
	return add_uevent_var(env, "MODALIAS=test:%s", dev_name(dev));
}

static int wanted_error;

static void on_action(void *data)
{
	note(data);
}

static int test_probe(struct device *dev)
{
	int err;

	note("probe");
	if (!devm_kzalloc(dev, 100, GFP_KERNEL))
		return -ENOMEM;
	err = devm_add_action_or_reset(dev, on_action, "first") ?:
	      devm_add_action_or_reset(dev, on_action, "last");
	return err ?: wanted_error;
}

static void test_remove(struct device *dev)
{
	note("remove");
}

static int test_suspend(struct device *dev)
{
	note("suspend");
	return 0;
}

static int test_resume(struct device *dev)
{
	note("resume");
	return 0;
}

static const struct dev_pm_ops test_pm = {
	SET_SYSTEM_SLEEP_PM_OPS(test_suspend, test_resume)
};

static unsigned int value = 5;

static ssize_t value_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", value);
}

static ssize_t value_store(struct device *dev, struct device_attribute *attr, const char *buf,
			   size_t count)
{
	return kstrtouint(buf, 0, &value) ?: count;
}
static DEVICE_ATTR_RW(value);

static ssize_t two_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	int len = sysfs_emit(buf, "one ");

	return len + sysfs_emit_at(buf, len, "two\n");
}
static DEVICE_ATTR_RO(two);

static struct attribute *test_attrs[] = { &dev_attr_value.attr, NULL };
static struct attribute *counter_attrs[] = { &dev_attr_two.attr, NULL };
static const struct attribute_group test_group = { .attrs = test_attrs };
static const struct attribute_group counter_group = { .name = "counters", .attrs = counter_attrs };
static const struct attribute_group *test_groups[] = { &test_group, &counter_group, NULL };

static struct bus_type test_bus = {
	.name = "test",
	.match = test_match,
	.uevent = test_uevent,
	.probe = test_probe,
	.remove = test_remove,
	.pm = &test_pm,
	.dev_groups = test_groups,
};

static struct device_driver driver = { .name = "dev", .bus = &test_bus };
static struct device_driver other = { .name = "other", .bus = &test_bus };

static void release(struct device *dev)
{
	note("release");
	kfree(dev);
}

static struct device *add_device(const char *name, struct bus_type *bus)
{
	struct device *dev = kzalloc(sizeof(*dev), GFP_KERNEL);

	if (!dev)
		return NULL;
	device_initialize(dev);
	dev->bus = bus;
	dev->release = release;
	if (!dev_set_name(dev, "%s", name) && !device_add(dev))
		return dev;
	put_device(dev);
	return NULL;
}

HOSTED_TEST_EACH(devices_and_drivers_bind_in_any_order)
{
	struct device *a, *b;

	REQUIRE(!bus_register(&test_bus));
	a = add_device("dev0", &test_bus);
	REQUIRE(a);
	CHECK_STR(events, "");
	REQUIRE(!driver_register(&driver));
	CHECK_EQ(driver_register(&driver), -EBUSY);
	CHECK_STR(events, "probe ");
	CHECK(a->driver == &driver);
	b = add_device("dev1", &test_bus);
	REQUIRE(b);
	CHECK_STR(events, "probe probe ");
	CHECK(!add_device("dev1", &test_bus));
	*events = '\0';

	device_unregister(b);
	CHECK_STR(events, "remove last first release ");
	*events = '\0';
	driver_unregister(&driver);
	CHECK_STR(events, "remove last first ");
	CHECK(!a->driver);
	CHECK(!driver_find("dev", &test_bus));
	*events = '\0';
	get_device(a);
	device_unregister(a);
	CHECK_STR(events, "");
	put_device(a);
	CHECK_STR(events, "release ");
	bus_unregister(&test_bus);
}

HOSTED_TEST_EACH(a_probe_that_fails_leaves_nothing_and_can_be_tried_again)
{
	struct device *dev;

	REQUIRE(!bus_register(&test_bus) && !driver_register(&driver));
	wanted_error = -EIO;
	dev = add_device("dev0", &test_bus);
	REQUIRE(dev);
	CHECK_STR(events, "probe last first ");
	CHECK(test_logged("probe with driver dev failed with error -5"));
	CHECK(!dev->driver);
	wanted_error = 0;
	CHECK_EQ(device_reprobe(dev), 0);
	CHECK(dev->driver == &driver);
	device_release_driver(dev);
	CHECK(!dev->driver);
	device_unregister(dev);
	driver_unregister(&driver);
	bus_unregister(&test_bus);
}

static int add_other(void *data)
{
	struct device *dev = add_device("other0", &test_bus);

	CHECK(dev && dev->driver == &other);
	if (dev)
		device_unregister(dev);
	return 0;
}

HOSTED_TEST(a_driver_goes_once_it_is_tried_for_no_device)
{
	struct task_struct *task;

	REQUIRE(!bus_register(&test_bus) && !driver_register(&driver) && !driver_register(&other));
	WRITE_ONCE(slow_match, true);
	task = kthread_run(add_other, NULL, "add-other");
	REQUIRE(!IS_ERR(task));
	while (!READ_ONCE(in_match))
		usleep_range(10, 20);
	driver_unregister(&driver);
	kit_thread_join(task->thread);
	WRITE_ONCE(slow_match, false);
	driver_unregister(&other);
	bus_unregister(&test_bus);
}

HOSTED_TEST_EACH(a_deferred_probe_is_tried_again_when_another_succeeds)
{
	struct device *a, *b;
	int i;

	REQUIRE(!bus_register(&test_bus) && !driver_register(&driver) && !driver_register(&other));
	wanted_error = -EPROBE_DEFER;
	a = add_device("dev0", &test_bus);
	REQUIRE(a);
	CHECK(!a->driver);
	wanted_error = 0;
	b = add_device("other0", &test_bus);
	REQUIRE(b && b->driver == &other);
	for (i = 0; i < PATIENCE && !READ_ONCE(a->driver); i++)
		msleep(1);
	/* It lets go of the device after that. */
	flush_scheduled_work();
	CHECK(READ_ONCE(a->driver) == &driver);
	device_unregister(a);
	device_unregister(b);
	driver_unregister(&driver);
	driver_unregister(&other);
	bus_unregister(&test_bus);
}

HOSTED_TEST_EACH(every_failing_allocation_in_probe_unwinds)
{
	struct device *dev;
	int n;

	REQUIRE(!bus_register(&test_bus));
	dev = add_device("dev0", &test_bus);
	REQUIRE(dev);
	for (n = 1; n < 20; n++) {
		kit_fail(KIT_WHAT_ALLOC, n);
		REQUIRE(!driver_register(&driver));
		if (dev->driver)
			break;
		driver_unregister(&driver);
	}
	kit_fail(KIT_WHAT_ALLOC, 0);
	CHECK_EQ(n, 4);
	driver_unregister(&driver);
	device_unregister(dev);
	bus_unregister(&test_bus);
}

HOSTED_TEST_EACH(attributes_are_read_and_written_by_their_path)
{
	char text[128];
	struct device *dev;

	REQUIRE(!bus_register(&test_bus) && !driver_register(&driver));
	dev = add_device("dev0", &test_bus);
	REQUIRE(dev);
	CHECK_EQ(kit_attr_read("bus/test/devices/dev0/value", text, sizeof(text)), 2);
	CHECK_STR(text, "5\n");
	CHECK_EQ(kit_attr_write("bus/test/devices/dev0/value", "77\n", 3), 3);
	CHECK_EQ(value, 77);
	CHECK_EQ(kit_attr_write("bus/test/devices/dev0/value", "x", 1), -EINVAL);
	CHECK_EQ(kit_attr_read("bus/test/devices/dev0/counters/two", text, sizeof(text)), 8);
	CHECK_STR(text, "one two\n");
	CHECK_EQ(kit_attr_write("bus/test/devices/dev0/counters/two", "1", 1), -EIO);
	CHECK_EQ(kit_attr_read("bus/test/devices/dev0/none", text, sizeof(text)), -ENOENT);
	CHECK_EQ(kit_attr_read("bus/none/devices/dev0/value", text, sizeof(text)), -ENOENT);
	kit_attr_read("bus/test/devices/dev0/uevent", text, sizeof(text));
	CHECK_STR(text, "DRIVER=dev\nMODALIAS=test:dev0\n");
	CHECK_EQ(kobject_uevent_env(&dev->kobj, KOBJ_CHANGE, (char *[]){ "STATE=up", NULL }), 0);
	CHECK(test_logged("uevent: change dev0: STATE=up"));
	device_unregister(dev);
	driver_unregister(&driver);
	bus_unregister(&test_bus);
}

HOSTED_TEST_EACH(suspend_and_resume_reach_the_bus)
{
	struct device *dev;

	REQUIRE(!bus_register(&test_bus) && !driver_register(&driver));
	dev = add_device("dev0", &test_bus);
	REQUIRE(dev);
	*events = '\0';
	CHECK_EQ(hosted_device_suspend(dev), 0);
	CHECK_EQ(hosted_device_resume(dev), 0);
	CHECK_STR(events, "suspend resume ");
	device_unregister(dev);
	driver_unregister(&driver);
	bus_unregister(&test_bus);
}

static struct class test_class = { .name = "test-class" };

HOSTED_TEST_EACH(classes_have_devices_of_their_own)
{
	struct device *dev;
	char text[64];

	REQUIRE(!class_register(&test_class));
	dev = device_create(&test_class, NULL, MKDEV(240, 3), NULL, "node%d", 3);
	REQUIRE(!IS_ERR(dev));
	CHECK(IS_ERR(device_create(&test_class, NULL, MKDEV(240, 4), NULL, "node3")));
	CHECK_EQ(kit_attr_read("class/test-class/node3/dev", text, sizeof(text)), 6);
	CHECK_STR(text, "240:3\n");
	device_destroy(&test_class, MKDEV(240, 3));
	CHECK_EQ(kit_attr_read("class/test-class/node3/dev", text, sizeof(text)), -ENOENT);
	class_unregister(&test_class);
}

/* An attribute that is being read keeps device_del() waiting. */
static bool in_show, left_show;

static ssize_t slow_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	WRITE_ONCE(in_show, true);
	msleep(10);
	WRITE_ONCE(left_show, true);
	return sysfs_emit(buf, "%s\n", dev_name(dev));
}
static DEVICE_ATTR_RO(slow);

static int read_slow(void *data)
{
	char text[64];

	CHECK(kit_attr_read("bus/test/devices/dev0/slow", text, sizeof(text)) > 0);
	return 0;
}

static struct attribute *slow_attrs[] = { &dev_attr_slow.attr, NULL };
static const struct attribute_group slow_group = { .attrs = slow_attrs };
static const struct attribute_group *slow_groups[] = { &slow_group, NULL };
static struct bus_type slow_bus = { .name = "test", .dev_groups = slow_groups };
static struct device_driver slow_driver = {
	.name = "dev", .bus = &test_bus, .dev_groups = slow_groups,
};

static void read_while(struct device *dev, void (*take_off)(struct device *dev))
{
	struct task_struct *task;
	char text[64];

	task = kthread_run(read_slow, NULL, "read-slow");
	REQUIRE(!IS_ERR(task));
	while (!READ_ONCE(in_show))
		usleep_range(10, 20);
	take_off(dev);
	CHECK(READ_ONCE(left_show));
	kit_thread_join(task->thread);
	CHECK_EQ(kit_attr_read("bus/test/devices/dev0/slow", text, sizeof(text)), -ENOENT);
}

HOSTED_TEST(device_del_waits_for_readers_of_attributes)
{
	struct device *dev;

	REQUIRE(!bus_register(&slow_bus));
	dev = add_device("dev0", &slow_bus);
	REQUIRE(dev);
	read_while(dev, device_unregister);
	bus_unregister(&slow_bus);
}

HOSTED_TEST(unbinding_waits_for_readers_of_a_drivers_attributes)
{
	struct device *dev;

	REQUIRE(!bus_register(&test_bus) && !driver_register(&slow_driver));
	dev = add_device("dev0", &test_bus);
	REQUIRE(dev && dev->driver);
	read_while(dev, device_release_driver);
	device_unregister(dev);
	driver_unregister(&slow_driver);
	bus_unregister(&test_bus);
}

HOSTED_TEST_EACH(registrations_can_be_made_to_fail)
{
	struct device *dev = kzalloc(sizeof(*dev), GFP_KERNEL);

	kit_fail(KIT_WHAT_REGISTRATION, 1);
	CHECK_EQ(bus_register(&test_bus), -ENOMEM);
	CHECK_EQ(bus_register(&test_bus), 0);
	kit_fail(KIT_WHAT_REGISTRATION, 1);
	CHECK_EQ(driver_register(&driver), -ENOMEM);
	REQUIRE(dev);
	device_initialize(dev);
	dev->bus = &test_bus;
	dev->release = release;
	CHECK_EQ(dev_set_name(dev, "dev0"), 0);
	kit_fail(KIT_WHAT_REGISTRATION, 1);
	CHECK_EQ(device_add(dev), -ENOMEM);
	put_device(dev);
	bus_unregister(&test_bus);
}

static irqreturn_t on_line(int irq, void *dev_id)
{
	return IRQ_HANDLED;
}

HOSTED_TEST_EACH(what_is_managed_ends_with_the_binding)
{
	int line = kit_irq_alloc(1);
	struct device *dev;

	REQUIRE(line > 0 && !bus_register(&test_bus) && !driver_register(&driver));
	dev = add_device("dev0", &test_bus);
	REQUIRE(dev);
	CHECK_STR(devm_kasprintf(dev, GFP_KERNEL, "%s-%d", dev_name(dev), 7), "dev0-7");
	REQUIRE(!devm_request_irq(dev, line, on_line, 0, NULL, dev));
	CHECK(devm_request_mem_region(dev, 0x1000, 0x100, "dev0"));
	CHECK_EQ(kit_irq_listeners(line), 1);
	CHECK(!request_mem_region(0x1000, 0x100, "other"));
	device_release_driver(dev);
	CHECK_EQ(kit_irq_listeners(line), 0);
	CHECK(request_mem_region(0x1000, 0x100, "other"));
	release_mem_region(0x1000, 0x100);
	kit_irq_free(line, 1);
	device_unregister(dev);
	driver_unregister(&driver);
	bus_unregister(&test_bus);
}

/*
 * Modules
 */

static int module_state;
static unsigned int number = 3;
static bool flag;
static char *text_param = "none";
module_param(number, uint, 0644);
module_param(flag, bool, 0644);
module_param_named(text, text_param, charp, 0444);

static int __init test_module_init(void)
{
	if (module_state < 0)
		return module_state;
	module_state = 1;
	return 0;
}
module_init(test_module_init);

static bool had_reference;

static void __exit test_module_exit(void)
{
	had_reference = try_module_get(THIS_MODULE);
	if (had_reference)
		module_put(THIS_MODULE);
	module_state = 2;
}
module_exit(test_module_exit);

HOSTED_TEST_EACH(modules_are_initialised_by_name_and_once)
{
	CHECK_EQ(kit_module_init("none"), -ENOENT);
	module_state = -EIO;
	CHECK_EQ(kit_module_init("device"), -EIO);
	kit_module_exit("device");
	CHECK_EQ(module_state, -EIO);
	module_state = 0;
	CHECK_EQ(request_module("%s", "device"), 0);
	CHECK_EQ(module_state, 1);
	module_state = 0;
	CHECK_EQ(kit_module_init("device"), 0);
	CHECK_EQ(module_state, 0);
	CHECK_EQ(kit_module_exit("device"), 0);
	CHECK_EQ(module_state, 2);
	CHECK_EQ(kit_module_init("device"), 0);
	kit_modules_exit();
	CHECK(!had_reference);
	CHECK(try_module_get(THIS_MODULE));
	CHECK_EQ(kit_balance(KIT_WHAT_MODULE), 1);
	CHECK_EQ(module_refcount(THIS_MODULE), 1);
	module_put(THIS_MODULE);
}

HOSTED_TEST_EACH(module_parameters_are_set_by_name)
{
	char text[64];

	CHECK_EQ(kit_param_set("number", "0x10"), 0);
	CHECK_EQ(number, 16);
	CHECK_EQ(kit_param_set("device.number", "-1"), -EINVAL);
	CHECK_EQ(kit_param_set("other.number", "1"), -ENOENT);
	CHECK_EQ(kit_param_set("flag", ""), 0);
	CHECK(flag);
	CHECK_EQ(kit_param_set("text", "hello"), 0);
	CHECK_STR(text_param, "hello");
	CHECK_EQ(kit_param_get("number", text, sizeof(text)), 2);
	CHECK_STR(text, "16");
}
