// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/bus/ivshmem/devices/ivshmemN, as Documentation/ABI/testing/sysfs-bus-ivshmem
 * describes it
 */
#include <linux/kmod.h>
#include <linux/string.h>

#include "core.h"

/*
 * The names of protocols that have one, accepted whether or not their plugin
 * is loaded.
 */
static const char * const known_plugins[] = { "uio", "net", "shadow" };

static int has_name(struct device_driver *drv, void *name)
{
	return !strcmp(drv->name, name);
}

/* Not driver_find(), which wants to know that nobody unregisters meanwhile. */
static bool is_plugin(char *name)
{
	return match_string(known_plugins, ARRAY_SIZE(known_plugins), name) >= 0 ||
	       bus_for_each_drv(&ivshmem_bus_type, NULL, name, has_name);
}

static int set_choice(struct ivshmem_core *core, char *choice)
{
	enum ivshmem_choice kind = IVSHMEM_CHOICE_AUTO;
	u16 number = 0;

	if (!kstrtou16(choice, 0, &number))
		kind = IVSHMEM_CHOICE_NUMBER;
	else if (is_plugin(choice))
		kind = IVSHMEM_CHOICE_NAME;
	else if (strcmp(choice, "auto"))
		return -EINVAL;

	spin_lock(&core->choice_lock);
	core->choice = kind;
	core->chosen_number = number;
	strscpy(core->chosen_name, choice, sizeof(core->chosen_name));
	spin_unlock(&core->choice_lock);
	return 0;
}

static bool bound_as_chosen(struct device *dev)
{
	bool bound;

	device_lock(dev);
	bound = dev->driver && ivshmem_bus_type.match(dev, dev->driver);
	device_unlock(dev);
	return bound;
}

/*
 * Bind what was chosen. No lock that binding wants is held: the module's init
 * binds to this very device.
 */
static void bind_choice(struct ivshmem_core *core, const char *choice)
{
	struct device *dev = &core->idev.dev;
	int err;

	if (bound_as_chosen(dev))
		return;
	if (core->choice == IVSHMEM_CHOICE_NAME)
		request_module("ivshmem_%s", choice);
	else
		request_module("ivshmem:p%04X", ivshmem_protocol(core));
	if (bound_as_chosen(dev))
		return;
	/*
	 * Where the plugin refuses, it has logged why, and the device stays
	 * without one: chosen all the same.
	 */
	err = device_reprobe(dev);
	if (err)
		dev_dbg(dev, "no plugin took protocol %s: %d\n", choice, err);
}

static ssize_t protocol_store(struct device *dev, struct device_attribute *attr,
			      const char *buf, size_t count)
{
	struct ivshmem_core *core = dev_to_core(dev);
	char choice[sizeof(core->chosen_name)];
	int err;

	if (strscpy(choice, skip_spaces(buf), sizeof(choice)) < 0)
		return -EINVAL;
	strim(choice);
	mutex_lock(&core->choosing);
	err = set_choice(core, choice);
	if (!err)
		bind_choice(core, choice);
	mutex_unlock(&core->choosing);
	return err ?: count;
}

static ssize_t protocol_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct ivshmem_core *core = dev_to_core(dev);
	bool chosen;
	u16 number;
	ssize_t len;

	device_lock(dev);
	number = ivshmem_choice(core, &chosen);
	len = sysfs_emit(buf, "0x%04x %s %s\n", number, dev->driver ? dev->driver->name : "none",
			 chosen ? "chosen" : "auto");
	device_unlock(dev);
	return len;
}
static DEVICE_ATTR_RW(protocol);

static ssize_t modalias_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "ivshmem:p%04X\n", ivshmem_protocol(dev_to_core(dev)));
}
static DEVICE_ATTR_RO(modalias);

/* Not from the state table: some devices let peers write there. */
static u32 own_state(struct ivshmem_core *core)
{
	u32 state = ivshmem_read_register(core, IVSHMEM_REG_STATE);

	return state == IVSHMEM_GONE ? 0 : state;
}

#define SIMPLE_ATTR(_name, _format, _value)						\
static ssize_t _name##_show(struct device *dev, struct device_attribute *attr, char *buf) \
{											\
	struct ivshmem_core *core = dev_to_core(dev);					\
											\
	return sysfs_emit(buf, _format "\n", _value);					\
}											\
static DEVICE_ATTR_RO(_name)

SIMPLE_ATTR(id, "%u", core->idev.id);
SIMPLE_ATTR(max_peers, "%u", core->idev.max_peers);
SIMPLE_ATTR(vectors, "%u", core->idev.vectors);
SIMPLE_ATTR(interrupt_type, "%s", core->intx ? "intx" : "msi-x");
SIMPLE_ATTR(state, "%u", own_state(core));
SIMPLE_ATTR(state_table_size, "%llu", core->state_size);
SIMPLE_ATTR(rw_section_size, "%llu", core->rw_size);
SIMPLE_ATTR(output_section_size, "%llu", core->output_size);

/* Those that are there: with up to 65536 peers, most are not. */
static ssize_t peer_states_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct ivshmem_core *core = dev_to_core(dev);
	u32 peer, state;
	int len = 0;

	for (peer = 0; peer < core->idev.max_peers; peer++) {
		state = ivshmem_peer_state(&core->idev, peer);
		/* As many whole lines as fit. */
		if (state && len < PAGE_SIZE - 32)
			len += sysfs_emit_at(buf, len, "%u %u\n", peer, state);
	}
	return len;
}
static DEVICE_ATTR_RO(peer_states);

static ssize_t self_test_store(struct device *dev, struct device_attribute *attr,
			       const char *buf, size_t count)
{
	struct ivshmem_core *core = dev_to_core(dev);
	bool run;
	int arrived;

	if (kstrtobool(buf, &run) || !run)
		return -EINVAL;
	mutex_lock(&core->test_lock);
	device_lock(dev);
	arrived = ivshmem_self_test(core);
	device_unlock(dev);
	if (arrived >= 0)
		core->test_result = arrived;
	mutex_unlock(&core->test_lock);
	return arrived < 0 ? arrived : count;
}

static ssize_t self_test_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct ivshmem_core *core = dev_to_core(dev);
	int arrived;

	mutex_lock(&core->test_lock);
	arrived = core->test_result;
	mutex_unlock(&core->test_lock);
	if (arrived < 0)
		return sysfs_emit(buf, "not run\n");
	return sysfs_emit(buf, "%d of %u vectors arrived\n", arrived, core->idev.vectors);
}
static DEVICE_ATTR_RW(self_test);

static struct attribute *ivshmem_dev_attrs[] = {
	&dev_attr_protocol.attr,
	&dev_attr_modalias.attr,
	&dev_attr_id.attr,
	&dev_attr_max_peers.attr,
	&dev_attr_vectors.attr,
	&dev_attr_interrupt_type.attr,
	&dev_attr_state.attr,
	&dev_attr_state_table_size.attr,
	&dev_attr_rw_section_size.attr,
	&dev_attr_output_section_size.attr,
	&dev_attr_peer_states.attr,
	&dev_attr_self_test.attr,
	NULL
};

static const struct attribute_group ivshmem_dev_group = {
	.attrs = ivshmem_dev_attrs,
};

#define COUNTER_ATTR(_name, _counter) \
	SIMPLE_ATTR(_name, "%lld", (long long)atomic64_read(&core->counters[_counter]))

COUNTER_ATTR(doorbells, IVSHMEM_DOORBELLS);
COUNTER_ATTR(state_writes, IVSHMEM_STATE_WRITES);
COUNTER_ATTR(state_changes, IVSHMEM_STATE_CHANGES);
COUNTER_ATTR(rechecks_found_work, IVSHMEM_RECHECKS);
COUNTER_ATTR(throttles, IVSHMEM_THROTTLES);

static unsigned long interrupts(struct ivshmem_core *core)
{
	unsigned long sum = 0;
	unsigned int i;

	for (i = 0; i < core->idev.vectors; i++)
		sum += READ_ONCE(core->vector[i].fired);
	return sum;
}
SIMPLE_ATTR(interrupts, "%lu", interrupts(core));

static struct attribute *ivshmem_counter_attrs[] = {
	&dev_attr_doorbells.attr,
	&dev_attr_interrupts.attr,
	&dev_attr_state_writes.attr,
	&dev_attr_state_changes.attr,
	&dev_attr_rechecks_found_work.attr,
	&dev_attr_throttles.attr,
	NULL
};

static const struct attribute_group ivshmem_counter_group = {
	.name = "counters",
	.attrs = ivshmem_counter_attrs,
};

const struct attribute_group *ivshmem_dev_groups[] = {
	&ivshmem_dev_group,
	&ivshmem_counter_group,
	NULL
};
