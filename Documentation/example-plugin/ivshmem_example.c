// SPDX-License-Identifier: GPL-2.0
/*
 * Ping over an ivshmem link: the smallest complete plugin
 *
 *	# cd /sys/bus/ivshmem/devices/ivshmem0
 *	# echo 1 >ping
 *	# cat ping
 *	sent 1 answered 1
 *
 * Each of two peers has a struct example_section at the start of its output
 * section. To ping, a peer counts up its @sent and rings. The other one copies
 * that number to its own @answered and rings back, but only if the number has
 * changed: two peers that answered each doorbell would never come to rest.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include <ivshmem.h>

#define EXAMPLE_PROTOCOL	0x4242	/* 0x4000 to 0x7fff are the users' own */
#define EXAMPLE_READY		1	/* state: the own section is set up */

struct example_section {
	__le32 sent;		/* number of the owner's last ping */
	__le32 answered;	/* number of the peer's last ping, as seen by the owner */
};

struct example {
	struct ivshmem_device *idev;
	u32 peer;
	unsigned int vector;
	struct example_section *out;		/* ours, mapped for writing */
	const struct example_section *in;	/* the peer's, never written */
	spinlock_t lock;			/* protects all below, and *out */
	u32 sent;
	u32 answered;
	u32 interrupts;
	u32 answers;
};

/* Answer the peer's last ping. Returns true when that was a new one. */
static bool example_look(struct example *ex)
{
	unsigned long flags;
	bool new = false;
	u32 ping;

	/* Before that, there is nothing to be trusted in its section. */
	if (ivshmem_peer_state(ex->idev, ex->peer) != EXAMPLE_READY)
		return false;

	spin_lock_irqsave(&ex->lock, flags);
	/* The peer's memory: read once; only the copy is compared and used. */
	ping = le32_to_cpu(READ_ONCE(ex->in->sent));
	if (ping != ex->answered) {
		new = true;
		ex->answered = ping;
		ex->answers++;
		WRITE_ONCE(ex->out->answered, cpu_to_le32(ping));
	}
	spin_unlock_irqrestore(&ex->lock, flags);
	if (new)
		ivshmem_doorbell(ex->idev, ex->peer, ex->vector);
	return new;
}

/* Hard interrupt context. One interrupt may stand for many doorbells. */
static void example_interrupt(struct ivshmem_device *idev, unsigned int vector)
{
	struct example *ex = ivshmem_get_drvdata(idev);
	unsigned long flags;

	spin_lock_irqsave(&ex->lock, flags);
	ex->interrupts++;
	spin_unlock_irqrestore(&ex->lock, flags);
	example_look(ex);
}

/* Process context. The peer can cause this at will: limit what is logged. */
static void example_peer_state(struct ivshmem_device *idev, u32 peer, u32 old, u32 new)
{
	dev_info_ratelimited(&idev->dev, "peer %u: state %u, was %u\n", peer, new, old);
	example_look(ivshmem_get_drvdata(idev));
}

/* Interrupts get lost: about once a second, look without one. */
static bool example_recheck(struct ivshmem_device *idev)
{
	return example_look(ivshmem_get_drvdata(idev));
}

static ssize_t ping_store(struct device *dev, struct device_attribute *attr, const char *buf,
			  size_t count)
{
	struct example *ex = dev_get_drvdata(dev);
	bool ping;
	int err;

	if (kstrtobool(buf, &ping) || !ping)
		return -EINVAL;
	spin_lock_irq(&ex->lock);
	WRITE_ONCE(ex->out->sent, cpu_to_le32(++ex->sent));
	spin_unlock_irq(&ex->lock);
	/* What was written is there when the interrupt arrives. */
	err = ivshmem_doorbell(ex->idev, ex->peer, ex->vector);
	return err ?: count;
}

static ssize_t ping_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct example *ex = dev_get_drvdata(dev);

	return sysfs_emit(buf, "sent %u answered %u\n", READ_ONCE(ex->sent),
			  le32_to_cpu(READ_ONCE(ex->in->answered)));
}
static DEVICE_ATTR_RW(ping);

static ssize_t pings_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct example *ex = dev_get_drvdata(dev);

	return sysfs_emit(buf, "interrupts %u answers %u\n", READ_ONCE(ex->interrupts),
			  READ_ONCE(ex->answers));
}
static DEVICE_ATTR_RO(pings);

static struct attribute *example_attrs[] = {
	&dev_attr_ping.attr,
	&dev_attr_pings.attr,
	NULL
};
ATTRIBUTE_GROUPS(example);

/* Own section first, then the state that says so. Process context, no events. */
static void example_start(struct ivshmem_device *idev)
{
	struct example *ex = ivshmem_get_drvdata(idev);

	ex->sent = 0;
	ex->answered = 0;
	memset(ex->out, 0, sizeof(*ex->out));
	ivshmem_set_state(idev, EXAMPLE_READY);
}

static int example_probe(struct ivshmem_device *idev)
{
	struct ivshmem_section out = ivshmem_output_section(idev, idev->id);
	struct ivshmem_section in = ivshmem_output_section(idev, !idev->id);
	struct example *ex;

	if (idev->max_peers != 2) {
		dev_err(&idev->dev, "link has %u peers, want 2\n", idev->max_peers);
		return -ENODEV;
	}
	ex = kzalloc(sizeof(*ex), GFP_KERNEL);
	if (!ex)
		return -ENOMEM;
	ex->idev = idev;
	ex->peer = !idev->id;
	/* Vector 0 announces state changes; leave it alone where there are more. */
	ex->vector = min(1U, idev->vectors - 1);
	spin_lock_init(&ex->lock);
	ex->out = ivshmem_map_section(&out);
	ex->in = ivshmem_map_section_ro(&in);
	if (!ex->out || !ex->in) {
		dev_err(&idev->dev, "cannot map output sections of 0x%llx bytes\n", out.size);
		ivshmem_unmap_section(ex->in);
		ivshmem_unmap_section(ex->out);
		kfree(ex);
		return -ENOMEM;
	}
	ivshmem_set_drvdata(idev, ex);
	example_start(idev);
	return 0;
}

/* Events and attributes have ended; the core sets the state to 0 after this. */
static void example_remove(struct ivshmem_device *idev)
{
	struct example *ex = ivshmem_get_drvdata(idev);

	ivshmem_unmap_section(ex->in);
	ivshmem_unmap_section(ex->out);
	kfree(ex);
}

static const struct ivshmem_device_id example_ids[] = {
	IVSHMEM_PROTOCOL(EXAMPLE_PROTOCOL),
	IVSHMEM_PROTOCOL_END
};

static struct ivshmem_driver example_driver = {
	.driver = { .name = "example", .dev_groups = example_groups },
	.id_table = example_ids,
	.probe = example_probe,
	.remove = example_remove,
	.peer_state = example_peer_state,
	.interrupt = example_interrupt,
	.recheck = example_recheck,
	.resume = example_start,
};
module_ivshmem_driver(example_driver);

MODULE_ALIAS("ivshmem:p4242");
MODULE_DESCRIPTION("Ping over ivshmem links, an example of a plugin");
MODULE_LICENSE("GPL");
