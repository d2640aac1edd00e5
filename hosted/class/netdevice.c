// SPDX-License-Identifier: GPL-2.0
/*
 * Network interfaces. What is above them is a port that a program connects: it
 * gets what was received, and sends from any thread.
 */
#include <linux/etherdevice.h>
#include <linux/idr.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include "kit/kit.h"
#include "kit/net.h"

DEFINE_MUTEX(hosted_rtnl);		/* interfaces, and whether they are up */

static LIST_HEAD(interfaces);		/* struct net_device; rtnl */
static DEFINE_IDA(numbers);
static struct class net_class = { .name = "net" };

/* Of the sender that holds a queue's lock; each thread is a CPU. */
static __thread bool xmit_more;

static struct net_device *to_netdev(struct kit_net *net)
{
	return (struct net_device *)net;
}

/*
 * Interfaces
 */

static void release_netdev(struct device *dev)
{
	kvfree(to_net_dev(dev));
}

struct net_device *alloc_etherdev(int priv_size)
{
	size_t size = ALIGN(sizeof(struct net_device), NETDEV_ALIGN) + priv_size;
	struct net_device *dev = kvzalloc(size, GFP_KERNEL);

	if (!dev)
		return NULL;
	strscpy(dev->name, "eth%d", sizeof(dev->name));
	dev->mtu = ETH_DATA_LEN;
	dev->min_mtu = ETH_MIN_MTU;
	dev->max_mtu = ETH_DATA_LEN;
	dev->queue.dev = dev;
	dev->state = BIT(__LINK_STATE_PRESENT);
	spin_lock_init(&dev->queue._xmit_lock);
	init_waitqueue_head(&dev->queue.room);
	INIT_LIST_HEAD(&dev->entry);
	device_initialize(&dev->dev);
	dev->dev.class = &net_class;
	dev->dev.release = release_netdev;
	return dev;
}

void free_netdev(struct net_device *dev)
{
	put_device(&dev->dev);
}

static int name_netdev(struct net_device *dev, int *number)
{
	*number = ida_alloc(&numbers, GFP_KERNEL);
	if (*number < 0)
		return *number;
	snprintf(dev->name, sizeof(dev->name), "eth%d", *number);
	return dev_set_name(&dev->dev, "%s", dev->name);
}

int register_netdev(struct net_device *dev)
{
	int number, err;

	if (kit_should_fail(KIT_WHAT_REGISTRATION))
		return -ENFILE;
	err = name_netdev(dev, &number);
	if (!err)
		err = device_add(&dev->dev);
	if (err) {
		if (number >= 0)
			ida_free(&numbers, number);
		return err;
	}
	kit_count(KIT_WHAT_REGISTRATION, 1);
	rtnl_lock();
	dev->registered = true;
	list_add_tail(&dev->entry, &interfaces);
	rtnl_unlock();
	return 0;
}

/* When this returns, no transmission is running, nor does one begin. */
static void close_netdev(struct net_device *dev)
{
	ASSERT_RTNL();
	if (!netif_running(dev))
		return;
	clear_bit(__LINK_STATE_START, &dev->state);
	netif_tx_disable(dev);
	if (dev->netdev_ops->ndo_stop)
		dev->netdev_ops->ndo_stop(dev);
	dev->flags &= ~IFF_UP;
	wake_up_all(&dev->queue.room);
}

static int open_netdev(struct net_device *dev)
{
	int err = 0;

	ASSERT_RTNL();
	if (netif_running(dev))
		return 0;
	if (dev->netdev_ops->ndo_validate_addr)
		err = dev->netdev_ops->ndo_validate_addr(dev);
	if (err)
		return err;
	set_bit(__LINK_STATE_START, &dev->state);
	if (dev->netdev_ops->ndo_open)
		err = dev->netdev_ops->ndo_open(dev);
	if (err)
		clear_bit(__LINK_STATE_START, &dev->state);
	else
		dev->flags |= IFF_UP;
	return err;
}

void unregister_netdev(struct net_device *dev)
{
	int number = 0;

	rtnl_lock();
	close_netdev(dev);
	dev->registered = false;
	list_del(&dev->entry);
	rtnl_unlock();
	device_del(&dev->dev);
	if (!kstrtoint(dev->name + strlen("eth"), 10, &number))
		ida_free(&numbers, number);
	kit_count(KIT_WHAT_REGISTRATION, -1);
}

static void tell_carrier(struct net_device *dev, bool on)
{
	struct kit_net_port *port;

	rcu_read_lock();
	port = rcu_dereference(dev->port);
	if (port && port->carrier)
		port->carrier(port, on);
	rcu_read_unlock();
}

void netif_carrier_on(struct net_device *dev)
{
	if (!test_and_clear_bit(__LINK_STATE_NOCARRIER, &dev->state))
		return;
	tell_carrier(dev, true);
	wake_up_all(&dev->queue.room);
}

void netif_carrier_off(struct net_device *dev)
{
	if (test_and_set_bit(__LINK_STATE_NOCARRIER, &dev->state))
		return;
	tell_carrier(dev, false);
	wake_up_all(&dev->queue.room);
}

/*
 * Sending
 */

void netif_wake_queue(struct net_device *dev)
{
	if (test_and_clear_bit(__QUEUE_STATE_DRV_XOFF, &dev->queue.state))
		wake_up_all(&dev->queue.room);
}

/* When this returns, no transmission is running; none begins until the queue is woken. */
void netif_tx_disable(struct net_device *dev)
{
	local_bh_disable();
	__netif_tx_lock(&dev->queue, smp_processor_id());
	netif_stop_queue(dev);
	__netif_tx_unlock(&dev->queue);
	local_bh_enable();
}

bool netdev_xmit_more(void)
{
	return xmit_more;
}

static bool may_send(const struct net_device *dev)
{
	return netif_running(dev) && netif_carrier_ok(dev);
}

/* Where the queue is stopped, -EAGAIN, and @skb stays the caller's. */
static int try_send(struct net_device *dev, struct sk_buff *skb, bool more)
{
	netdev_tx_t ret = NETDEV_TX_BUSY;

	local_bh_disable();
	__netif_tx_lock(&dev->queue, smp_processor_id());
	if (may_send(dev) && !netif_queue_stopped(dev)) {
		xmit_more = more;
		ret = dev->netdev_ops->ndo_start_xmit(skb, dev);
		xmit_more = false;
	}
	__netif_tx_unlock(&dev->queue);
	local_bh_enable();
	return ret == NETDEV_TX_OK ? 0 : -EAGAIN;
}

static struct sk_buff *make_skb(struct net_device *dev, const struct kit_net_frame *frame)
{
	struct sk_buff *skb = alloc_skb(frame->size, GFP_KERNEL);

	if (!skb)
		return NULL;
	memcpy(skb_put(skb, frame->size), frame->data, frame->size);
	skb->dev = dev;
	if (frame->sum) {
		skb->ip_summed = CHECKSUM_PARTIAL;
		skb->csum_start = skb_headroom(skb) + frame->sum_start;
		skb->csum_offset = frame->sum_offset;
	}
	return skb;
}

int kit_net_send(struct kit_net *net, const struct kit_net_frame *frame)
{
	struct net_device *dev = to_netdev(net);
	struct sk_buff *skb;
	int err;

	/* What no stack would ask a driver for */
	if (frame->sum && frame->sum_start + frame->sum_offset + sizeof(__sum16) > frame->size)
		return -EINVAL;
	if (!may_send(dev))
		return -ENETDOWN;
	skb = make_skb(dev, frame);
	if (!skb)
		return -ENOBUFS;
	do {
		err = try_send(dev, skb, frame->more);
		if (err == -EAGAIN &&
		    wait_event_interruptible(dev->queue.room,
					     !netif_queue_stopped(dev) || !may_send(dev)))
			err = -ENOBUFS;
		if (err == -EAGAIN && !may_send(dev))
			err = -ENETDOWN;
	} while (err == -EAGAIN);
	if (err)
		kfree_skb(skb);
	return err;
}

/*
 * Receiving
 */

__be16 eth_type_trans(struct sk_buff *skb, struct net_device *dev)
{
	const struct ethhdr *header = (struct ethhdr *)skb->data;
	u16 type = ntohs(header->h_proto);

	skb->dev = dev;
	skb_pull(skb, ETH_HLEN);
	return type >= ETH_P_802_3_MIN ? header->h_proto : htons(ETH_P_802_2);
}

/* What eth_type_trans() left: skb->data is behind the header, which is still there. */
void napi_gro_receive(struct napi_struct *napi, struct sk_buff *skb)
{
	struct kit_net_part part[1 + MAX_SKB_FRAGS] = {
		{ skb->data - ETH_HLEN, skb_headlen(skb) + ETH_HLEN },
	};
	struct net_device *dev = napi->dev;
	struct kit_net_port *port;
	unsigned int i;

	for (i = 0; i < skb->shared.nr_frags; i++)
		part[1 + i] = (struct kit_net_part) { skb->shared.frags[i].address,
						      skb->shared.frags[i].size };
	if (skb->ip_summed == CHECKSUM_COMPLETE &&
	    csum_fold(skb_checksum(skb, 0, skb->len, 0)) != csum_fold(skb->csum))
		WRITE_ONCE(dev->bad_sums, dev->bad_sums + 1);
	rcu_read_lock();
	port = rcu_dereference(dev->port);
	if (port)
		port->receive(port, part, 1 + i);
	rcu_read_unlock();
	kfree_skb(skb);
}

/*
 * What most Ethernet drivers have in common
 */

int eth_validate_addr(struct net_device *dev)
{
	return is_valid_ether_addr(dev->dev_addr) ? 0 : -EADDRNOTAVAIL;
}

/* @address is a struct sockaddr: two bytes of family, then the address. */
int eth_mac_addr(struct net_device *dev, void *address)
{
	const u8 *mac = (u8 *)address + 2;

	if (netif_running(dev))
		return -EBUSY;
	if (!is_valid_ether_addr(mac))
		return -EADDRNOTAVAIL;
	eth_hw_addr_set(dev, mac);
	return 0;
}

u32 ethtool_op_get_link(struct net_device *dev)
{
	return netif_carrier_ok(dev);
}

int ethtool_op_get_ts_info(struct net_device *dev, struct kernel_ethtool_ts_info *info)
{
	return -EOPNOTSUPP;
}

/*
 * Programs
 */

static struct net_device *find_netdev(const char *name)
{
	struct net_device *dev;

	ASSERT_RTNL();
	list_for_each_entry(dev, &interfaces, entry)
		if (name ? !strcmp(dev->name, name) : !dev->port)
			return dev;
	return NULL;
}

int kit_net_attach(const char *name, struct kit_net_port *port, struct kit_net **net)
{
	struct net_device *dev;
	int err = 0;

	rtnl_lock();
	dev = find_netdev(name);
	if (!dev)
		err = -ENODEV;
	else if (dev->port)
		err = -EBUSY;
	if (!err) {
		get_device(&dev->dev);
		rcu_assign_pointer(dev->port, port);
		*net = (struct kit_net *)dev;
	}
	rtnl_unlock();
	return err;
}

void kit_net_detach(struct kit_net *net)
{
	struct net_device *dev = to_netdev(net);

	rcu_assign_pointer(dev->port, NULL);
	synchronize_rcu();
	put_device(&dev->dev);
}

int kit_net_up(struct kit_net *net)
{
	struct net_device *dev = to_netdev(net);
	int err = -ENODEV;

	rtnl_lock();
	if (dev->registered)
		err = open_netdev(dev);
	rtnl_unlock();
	return err;
}

int kit_net_down(struct kit_net *net)
{
	struct net_device *dev = to_netdev(net);

	rtnl_lock();
	if (dev->registered)
		close_netdev(dev);
	rtnl_unlock();
	return 0;
}

int kit_net_set_mtu(struct kit_net *net, unsigned int mtu)
{
	struct net_device *dev = to_netdev(net);
	int err = -ENODEV;

	rtnl_lock();
	if (dev->registered)
		err = mtu < dev->min_mtu || mtu > dev->max_mtu ? -EINVAL :
		      dev->netdev_ops->ndo_change_mtu(dev, mtu);
	rtnl_unlock();
	return err;
}

void kit_net_address(struct kit_net *net, unsigned char *address)
{
	memcpy(address, to_netdev(net)->dev_addr, ETH_ALEN);
}

bool kit_net_carrier(struct kit_net *net)
{
	return netif_carrier_ok(to_netdev(net));
}

static bool common_stat(struct net_device *dev, const char *name, u64 *value)
{
	struct rtnl_link_stats64 stats = { };
	const struct {
		const char *name;
		const u64 *value;
	} all[] = {
		{ "rx_packets", &stats.rx_packets }, { "tx_packets", &stats.tx_packets },
		{ "rx_bytes", &stats.rx_bytes }, { "tx_bytes", &stats.tx_bytes },
		{ "rx_errors", &stats.rx_errors }, { "tx_errors", &stats.tx_errors },
		{ "rx_dropped", &stats.rx_dropped }, { "tx_dropped", &stats.tx_dropped },
		{ "rx_length_errors", &stats.rx_length_errors },
		{ "rx_frame_errors", &stats.rx_frame_errors },
		{ "bad_sums", &dev->bad_sums },
	};
	unsigned int i;

	dev->netdev_ops->ndo_get_stats64(dev, &stats);
	for (i = 0; i < ARRAY_SIZE(all); i++)
		if (!strcmp(all[i].name, name)) {
			*value = READ_ONCE(*all[i].value);
			return true;
		}
	return false;
}

static u64 ethtool_stat(struct net_device *dev, const char *name)
{
	const struct ethtool_ops *ops = dev->ethtool_ops;
	int count = ops ? ops->get_sset_count(dev, ETH_SS_STATS) : 0, i;
	struct ethtool_stats stats = { .n_stats = max(count, 0) };
	u8 (*names)[ETH_GSTRING_LEN];
	u64 *values, found = ~0ULL;

	names = kcalloc(stats.n_stats, sizeof(*names), GFP_KERNEL);
	values = kcalloc(stats.n_stats, sizeof(*values), GFP_KERNEL);
	if (names && values && count > 0) {
		ops->get_strings(dev, ETH_SS_STATS, (u8 *)names);
		ops->get_ethtool_stats(dev, &stats, values);
		for (i = 0; i < count; i++)
			if (!strncmp((char *)names[i], name, ETH_GSTRING_LEN))
				found = values[i];
	}
	kfree(values);
	kfree(names);
	return found;
}

unsigned long long kit_net_stat(struct kit_net *net, const char *name)
{
	struct net_device *dev = to_netdev(net);
	u64 value = ~0ULL;

	rtnl_lock();
	if (dev->registered && !common_stat(dev, name, &value))
		value = ethtool_stat(dev, name);
	rtnl_unlock();
	return value;
}

int kit_net_coalesce(struct kit_net *net, bool adaptive, unsigned int usecs, unsigned int frames)
{
	struct ethtool_coalesce coalesce = { usecs, frames, adaptive };
	struct kernel_ethtool_coalesce kernel_coalesce = { };
	struct net_device *dev = to_netdev(net);
	int err = -ENODEV;

	rtnl_lock();
	if (dev->registered)
		err = dev->ethtool_ops->set_coalesce(dev, &coalesce, &kernel_coalesce, NULL);
	rtnl_unlock();
	return err;
}

int net_ratelimit(void)
{
	static DEFINE_RATELIMIT_STATE(state, DEFAULT_RATELIMIT_INTERVAL, DEFAULT_RATELIMIT_BURST);

	return __ratelimit(&state);
}

static int __init net_init(void)
{
	return class_register(&net_class);
}
module_init(net_init);

static void __exit net_exit(void)
{
	class_unregister(&net_class);
	ida_destroy(&numbers);
}
module_exit(net_exit);
