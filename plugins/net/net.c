// SPDX-License-Identifier: GPL-2.0
/*
 * Ethernet over an ivshmem link, protocol 0001
 *
 * A frame is copied into the own output section when it is sent and out of the
 * peer's when it is received; nothing of the kernel's is shared. Doorbells are
 * what costs, so they are left out while the other side polls: the ring's event
 * indices tell.
 */
#include <linux/delay.h>
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/jhash.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <net/checksum.h>

#include "net.h"

/* Frames up to this size get one linear buffer, bytes */
#define LINEAR_MAX	2048

/* How much of a larger frame is linear, so that headers need no pulling */
#define LINEAR_HEAD	256

/* The longest frame that any Ethernet link of the kernel has, bytes */
#define FRAME_MAX	(ETH_MAX_MTU + VLAN_ETH_HLEN)

/*
 * Adaptive coalescing delays doorbells only after this many bytes both ways
 * between two polls. Requests and replies are less and get theirs at once.
 */
#define BULK_BYTES	4096

/*
 * Where a doorbell takes longer than this, nanoseconds, a timer finds a reply
 * sooner than an interrupt tells of it, so adaptive coalescing is for all.
 */
#define SLOW_DOORBELL	10000

/*
 * How long an interrupt may be on its way, beside what coalescing delays it; who
 * delivers it may be a process on a busy machine.
 */
#define INTERRUPT_USECS	20000

/* Coalescing by default, see Documentation/net.md */
#define RX_USECS	80
#define RX_FRAMES	64

/* How often in a row the timer may find nothing before the peer has to ring */
#define TIMED_POLLS	4

/* How long the peer may keep all our frames before the link starts over */
#define TX_TIMEOUT	(5 * HZ)

static void count_frame(struct ivshmem_net_stats *stats, unsigned int bytes)
{
	u64_stats_update_begin(&stats->syncp);
	u64_stats_inc(&stats->packets);
	u64_stats_add(&stats->bytes, bytes);
	u64_stats_update_end(&stats->syncp);
}

static void count_loss(struct ivshmem_net_stats *stats, u64_stats_t *reason)
{
	u64_stats_update_begin(&stats->syncp);
	u64_stats_inc(reason);
	u64_stats_update_end(&stats->syncp);
}

/*
 * Sending: under the transmit queue's lock
 */

static struct netdev_queue *tx_queue(struct ivshmem_net *net)
{
	return netdev_get_tx_queue(net->netdev, 0);
}

static bool tx_has_room(struct ivshmem_net *net)
{
	return ivshmem_tx_reserve(&net->link, READ_ONCE(net->netdev->mtu) + VLAN_ETH_HLEN);
}

/* Take back what the peer has returned. Returns false when that was nothing. */
static bool tx_reclaim(struct ivshmem_net *net)
{
	unsigned int bytes = 0;
	int frames = ivshmem_tx_reclaim(&net->link, &bytes);

	if (frames <= 0)
		return false;
	netdev_completed_queue(net->netdev, frames, bytes);
	if (netif_queue_stopped(net->netdev) && tx_has_room(net))
		netif_wake_queue(net->netdev);
	return true;
}

/*
 * While the queue is stopped, by us or by BQL, have the peer ring when half of
 * the frames are back. Called after each time that the queue is stopped or was
 * found stopped after a reclaim, as an event index is good for one doorbell.
 */
static void tx_wait(struct ivshmem_net *net)
{
	while (netif_xmit_stopped(tx_queue(net)) &&
	       ivshmem_tx_arm(&net->link, ivshmem_tx_in_flight(&net->link) / 2))
		if (!tx_reclaim(net))
			return;
}

static void tx_kick(struct ivshmem_net *net)
{
	u64 start;
	s64 took;

	if (!ivshmem_tx_kick(&net->link))
		return;
	start = ktime_get_ns();
	ivshmem_link_doorbell(&net->link);
	took = ktime_get_ns() - start;
	/* A running mean, of ours for the peer's: both have the same hypervisor. */
	WRITE_ONCE(net->doorbell_ns, net->doorbell_ns + ((took - net->doorbell_ns) >> 3));
}

static void tx_stop(struct ivshmem_net *net)
{
	netif_stop_queue(net->netdev);
	WRITE_ONCE(net->tx_waits, net->tx_waits + 1);
	tx_wait(net);
}

/* Copy to our section; the checksum that is still due is made on the way. */
static void tx_copy(struct sk_buff *skb, void *frame)
{
	u8 *sum;

	skb_copy_and_csum_dev(skb, frame);
	if (skb->ip_summed != CHECKSUM_PARTIAL)
		return;
	/*
	 * UDP takes 0 for "no checksum", which IPv6 does not allow. By bytes, as a
	 * packet socket may have it anywhere.
	 */
	sum = frame + skb_checksum_start_offset(skb) + skb->csum_offset;
	if (!sum[0] && !sum[1])
		memset(sum, 0xff, sizeof(CSUM_MANGLED_0));
}

/* What no protocol of the kernel sends, but a packet or an XDP socket can. */
static bool tx_is_malformed(struct ivshmem_net *net, struct sk_buff *skb)
{
	int start = skb_checksum_start_offset(skb);

	if (skb->len < ETH_HLEN || skb->len > net->link.layout.size - net->link.layout.data)
		return true;
	/* Of a frame cut into segments, it was the whole that somebody looked at. */
	return skb->ip_summed == CHECKSUM_PARTIAL &&
	       (start < 0 || start > (int)skb_headlen(skb) ||
		start + skb->csum_offset + sizeof(__sum16) > skb->len);
}

/* Have NAPI look here, on this CPU, even if it is idle: other CPUs may be far. */
static void rx_start_timer(struct ivshmem_net *net, u32 usecs)
{
	WRITE_ONCE(net->timer_cpu, raw_smp_processor_id());
	hrtimer_start(&net->timer, ns_to_ktime((u64)usecs * NSEC_PER_USEC),
		      HRTIMER_MODE_REL_PINNED);
}

/*
 * Look for the answer on the CPU that asked: who waits for it is woken there
 * without an interrupt to another CPU, which takes as long as all else. Once
 * between two polls, so that many who send do not put it off for ever. And not
 * for netpoll, that is with interrupts off, which may have interrupted whoever
 * works on the timers.
 */
static void rx_follow(struct ivshmem_net *net)
{
	u32 usecs = READ_ONCE(net->rx_usecs);

	if (!READ_ONCE(net->timer_follows) || !usecs || irqs_disabled() ||
	    READ_ONCE(net->timer_cpu) == raw_smp_processor_id() || !hrtimer_active(&net->timer))
		return;
	WRITE_ONCE(net->timer_follows, false);
	rx_start_timer(net, usecs);
}

static netdev_tx_t ivshmem_net_xmit(struct sk_buff *skb, struct net_device *netdev)
{
	struct ivshmem_net *net = netdev_priv(netdev);
	bool more = netdev_xmit_more();
	unsigned int len = skb->len;
	bool full;
	void *frame;

	if (unlikely(tx_is_malformed(net, skb))) {
		count_loss(&net->tx, &net->tx.length_errors);
		dev_kfree_skb_any(skb);
		/* It may have been the last of a batch. */
		if (!more)
			tx_kick(net);
		return NETDEV_TX_OK;
	}
	tx_reclaim(net);
	frame = ivshmem_tx_reserve(&net->link, len);
	if (unlikely(!frame)) {
		/* Longer than what room was looked for: MTU grown, or more tags. */
		tx_stop(net);
		tx_kick(net);
		return NETDEV_TX_BUSY;
	}
	tx_copy(skb, frame);
	skb_tx_timestamp(skb);
	ivshmem_tx_commit(&net->link, len);
	more = !__netdev_sent_queue(netdev, len, more);
	full = !tx_has_room(net);
	/* As early as can be: the peer works on while we clean up. */
	if (!more || full)
		tx_kick(net);
	rx_follow(net);

	count_frame(&net->tx, len);
	dev_consume_skb_any(skb);
	if (full)
		tx_stop(net);
	else
		tx_wait(net);
	return NETDEV_TX_OK;
}

/*
 * Receiving: in NAPI
 */

/* Copy from the peer's memory, reading it once, and sum up what was copied. */
static void rx_copy(struct sk_buff *skb, const void *frame)
{
	unsigned int pos = skb_headlen(skb) - ETH_HLEN, i;
	__wsum csum;

	memcpy(skb->data, frame, ETH_HLEN);
	frame += ETH_HLEN;
	csum = csum_partial_copy_nocheck(frame, skb->data + ETH_HLEN, pos);
	for (i = 0; i < skb_shinfo(skb)->nr_frags; i++) {
		skb_frag_t *frag = &skb_shinfo(skb)->frags[i];
		unsigned int size = skb_frag_size(frag);

		csum = csum_block_add(csum, csum_partial_copy_nocheck(frame + pos,
								      skb_frag_address(frag), size),
				      pos);
		pos += size;
	}
	skb->csum = csum;
	skb->ip_summed = CHECKSUM_COMPLETE;
}

static struct sk_buff *rx_alloc(struct ivshmem_net *net, unsigned int len)
{
	struct sk_buff *skb;
	int err;

	if (len <= LINEAR_MAX) {
		skb = napi_alloc_skb(&net->napi, len);
		if (skb)
			skb_put(skb, len);
		return skb;
	}
	skb = alloc_skb_with_frags(NET_IP_ALIGN + LINEAR_HEAD, len - LINEAR_HEAD,
				   PAGE_ALLOC_COSTLY_ORDER, &err, GFP_ATOMIC | __GFP_NOWARN);
	if (!skb)
		return NULL;
	skb_reserve(skb, NET_IP_ALIGN);
	skb_put(skb, LINEAR_HEAD);
	skb->data_len = len - LINEAR_HEAD;
	skb->len = len;
	return skb;
}

static void rx_frame(struct ivshmem_net *net, const struct ivshmem_frame *frame)
{
	struct sk_buff *skb;

	if (frame->len < ETH_HLEN || frame->len > FRAME_MAX) {
		count_loss(&net->rx, &net->rx.length_errors);
		return;
	}
	skb = rx_alloc(net, frame->len);
	if (!skb) {
		count_loss(&net->rx, &net->rx.dropped);
		return;
	}
	rx_copy(skb, frame->data);
	count_frame(&net->rx, frame->len);
	skb->protocol = eth_type_trans(skb, net->netdev);
	napi_gro_receive(&net->napi, skb);
}

/* Take up to @budget frames. Returns how many. */
static int rx_frames(struct ivshmem_net *net, int budget)
{
	struct ivshmem_frame frame;
	int frames = 0;

	while (frames < budget && ivshmem_rx_peek(&net->link, &frame) > 0) {
		rx_frame(net, &frame);
		ivshmem_rx_done(&net->link);
		frames++;
	}
	if (frames && ivshmem_rx_kick(&net->link))
		ivshmem_link_doorbell(&net->link);
	return frames;
}

/* Was this much moved since the last poll that there will be more soon? */
static bool is_bulk(struct ivshmem_net *net)
{
	u64 bytes = u64_stats_read(&net->rx.bytes) + u64_stats_read(&net->tx.bytes);
	u64 moved = bytes - net->polled_bytes;

	net->polled_bytes = bytes;
	return moved >= BULK_BYTES || !READ_ONCE(net->rx_adaptive);
}

/* Frames came: may a timer look for the next ones, as doorbells are better avoided? */
static bool may_time(struct ivshmem_net *net)
{
	bool bulk = is_bulk(net);

	/* Bulk is better off with sender and receiver on two CPUs. */
	WRITE_ONCE(net->timer_follows, !bulk);
	return bulk || READ_ONCE(net->doorbell_ns) > SLOW_DOORBELL;
}

/*
 * Have the peer ring for the next frame; or, where coalescing is on and there
 * were frames not long ago, for the last of rx_frames more, and let a timer look
 * for fewer.
 */
static bool rx_arm(struct ivshmem_net *net, bool busy)
{
	u32 usecs = READ_ONCE(net->rx_usecs), frames = READ_ONCE(net->rx_frames);
	u32 qlen = net->link.layout.qlen;

	if (busy)
		net->timed_polls = may_time(net) ? TIMED_POLLS : 0;
	else if (net->timed_polls)
		net->timed_polls--;
	if (!usecs || !net->timed_polls)
		return ivshmem_rx_arm(&net->link, 0);
	rx_start_timer(net, usecs);
	return ivshmem_rx_arm(&net->link, min(frames ?: qlen, qlen) - 1);
}

/*
 * The sending half, in NAPI. A running queue is left to whoever has its lock; a
 * stopped one may be waiting for just this, so it is worth waiting for: xmit
 * stops the queue, arms, and then looks at what was returned, while the peer
 * returns, rings, and then we look whether the queue is stopped. But never with
 * netpoll, which may have interrupted the holder of the lock.
 */
static void tx_poll(struct ivshmem_net *net, bool netpoll)
{
	struct netdev_queue *txq = tx_queue(net);

	if (!netpoll && netif_xmit_stopped(txq))
		__netif_tx_lock(txq, smp_processor_id());
	else if (!__netif_tx_trylock(txq))
		return;
	if (tx_reclaim(net))
		tx_wait(net);
	__netif_tx_unlock(txq);
}

static int ivshmem_net_poll(struct napi_struct *napi, int budget)
{
	struct ivshmem_net *net = container_of(napi, struct ivshmem_net, napi);
	int frames;

	/* Netpoll only wants to send. */
	if (!budget) {
		tx_poll(net, true);
		return 0;
	}
	WRITE_ONCE(net->polls, net->polls + 1);
	frames = rx_frames(net, budget);
	tx_poll(net, false);
	if (frames < budget) {
		/* Before completing: what comes after, napi_disable() does not wait for. */
		bool again = rx_arm(net, frames);

		if (napi_complete_done(napi, frames) && again)
			napi_schedule(napi);
	}
	return frames;
}

static enum hrtimer_restart ivshmem_net_timer(struct hrtimer *timer)
{
	struct ivshmem_net *net = container_of(timer, struct ivshmem_net, timer);

	napi_schedule(&net->napi);
	return HRTIMER_NORESTART;
}

/*
 * Link
 */

/* Have NAPI look at both directions. Process context. */
static bool schedule_poll(struct ivshmem_net *net)
{
	bool idle;

	local_bh_disable();
	idle = napi_schedule_prep(&net->napi);
	if (idle)
		__napi_schedule(&net->napi);
	local_bh_enable();
	return idle;
}

static void ivshmem_net_up(struct ivshmem_link *link)
{
	struct ivshmem_net *net = container_of(link, struct ivshmem_net, link);

	WRITE_ONCE(net->ups, net->ups + 1);
	/* What the last link did not return is not this one's. */
	WRITE_ONCE(net->stuck_since, jiffies);
	netdev_reset_queue(net->netdev);
	napi_enable(&net->napi);
	netif_carrier_on(net->netdev);
	netif_wake_queue(net->netdev);
	/* The peer may have sent already. */
	schedule_poll(net);
}

/* NAPI first: poll starts the timer and wakes the queue. Then the queue, which moves the timer. */
static void ivshmem_net_down(struct ivshmem_link *link)
{
	struct ivshmem_net *net = container_of(link, struct ivshmem_net, link);

	napi_disable(&net->napi);
	netif_tx_disable(net->netdev);
	hrtimer_cancel(&net->timer);
	netif_carrier_off(net->netdev);
}

static const struct ivshmem_link_ops ivshmem_net_link_ops = {
	.up = ivshmem_net_up,
	.down = ivshmem_net_down,
};

static int ivshmem_net_open(struct net_device *netdev)
{
	struct ivshmem_net *net = netdev_priv(netdev);

	netif_stop_queue(netdev);
	ivshmem_link_start(&net->link);
	return 0;
}

static int ivshmem_net_stop(struct net_device *netdev)
{
	struct ivshmem_net *net = netdev_priv(netdev);

	ivshmem_link_stop(&net->link);
	return 0;
}

static int ivshmem_net_change_mtu(struct net_device *netdev, int mtu)
{
	WRITE_ONCE(netdev->mtu, mtu);
	return 0;
}

static void get_stats(const struct ivshmem_net_stats *stats, u64 *packets, u64 *bytes,
		      u64 *dropped, u64 *length_errors)
{
	unsigned int start;

	do {
		start = u64_stats_fetch_begin(&stats->syncp);
		*packets = u64_stats_read(&stats->packets);
		*bytes = u64_stats_read(&stats->bytes);
		*dropped = u64_stats_read(&stats->dropped);
		*length_errors = u64_stats_read(&stats->length_errors);
	} while (u64_stats_fetch_retry(&stats->syncp, start));
}

static void ivshmem_net_get_stats64(struct net_device *netdev, struct rtnl_link_stats64 *stats)
{
	struct ivshmem_net *net = netdev_priv(netdev);

	get_stats(&net->tx, &stats->tx_packets, &stats->tx_bytes, &stats->tx_dropped,
		  &stats->tx_errors);
	get_stats(&net->rx, &stats->rx_packets, &stats->rx_bytes, &stats->rx_dropped,
		  &stats->rx_length_errors);
	stats->rx_frame_errors = atomic64_read(&net->link.errors);
	stats->rx_errors = stats->rx_length_errors + stats->rx_frame_errors;
}

/* All that comes is received; without this function no multicast address can be added. */
static void ivshmem_net_set_rx_mode(struct net_device *netdev)
{
}

static const struct net_device_ops ivshmem_net_ops = {
	.ndo_open = ivshmem_net_open,
	.ndo_stop = ivshmem_net_stop,
	.ndo_start_xmit = ivshmem_net_xmit,
	.ndo_set_rx_mode = ivshmem_net_set_rx_mode,
	.ndo_change_mtu = ivshmem_net_change_mtu,
	.ndo_get_stats64 = ivshmem_net_get_stats64,
	.ndo_set_mac_address = eth_mac_addr,
	.ndo_validate_addr = eth_validate_addr,
};

/*
 * The device's events
 */

/* Which vector the peer rings for what is up to the peer. */
static void ivshmem_net_interrupt(struct ivshmem_device *idev, unsigned int vector)
{
	struct ivshmem_net *net = ivshmem_get_drvdata(idev);

	napi_schedule(&net->napi);
}

/*
 * The kernel's transmit watchdog warns with a stack trace on some versions,
 * which a peer must not be able to cause, so this is ours.
 */
static void check_tx_timeout(struct ivshmem_net *net)
{
	u16 done = READ_ONCE(net->link.tx.done);

	if (!netif_carrier_ok(net->netdev) || done != net->stuck_done ||
	    !netif_xmit_stopped(tx_queue(net))) {
		net->stuck_done = done;
		net->stuck_since = jiffies;
		return;
	}
	if (time_before(jiffies, READ_ONCE(net->stuck_since) + TX_TIMEOUT))
		return;
	net->stuck_since = jiffies;
	WRITE_ONCE(net->tx_timeouts, net->tx_timeouts + 1);
	if (__ratelimit(&net->link.ratelimit))
		netdev_warn(net->netdev, "peer returned none of %u frames for %u s, resetting the link\n",
			    ivshmem_tx_in_flight(&net->link), TX_TIMEOUT / HZ);
	ivshmem_link_reset(&net->link);
}

static bool has_work(struct ivshmem_net *net)
{
	return ivshmem_rx_pending(&net->link) ||
	       (netif_xmit_stopped(tx_queue(net)) && ivshmem_tx_pending(&net->link));
}

/* Has a doorbell been lost? It may as well be on its way, or its timer. */
static bool check_ring(struct ivshmem_net *net)
{
	unsigned long usecs = INTERRUPT_USECS + READ_ONCE(net->rx_usecs);
	unsigned long polls = READ_ONCE(net->polls);

	if (!netif_carrier_ok(net->netdev) || !has_work(net))
		return false;
	usleep_range(usecs, 2 * usecs);
	return polls == READ_ONCE(net->polls) && has_work(net) && schedule_poll(net);
}

static bool ivshmem_net_recheck(struct ivshmem_device *idev)
{
	struct ivshmem_net *net = ivshmem_get_drvdata(idev);

	check_tx_timeout(net);
	return check_ring(net);
}

static void ivshmem_net_suspend(struct ivshmem_device *idev)
{
	struct ivshmem_net *net = ivshmem_get_drvdata(idev);

	rtnl_lock();
	ivshmem_link_stop(&net->link);
	rtnl_unlock();
}

static void ivshmem_net_resume(struct ivshmem_device *idev)
{
	struct ivshmem_net *net = ivshmem_get_drvdata(idev);

	rtnl_lock();
	if (netif_running(net->netdev))
		ivshmem_link_start(&net->link);
	rtnl_unlock();
}

/*
 * The same over reloads and reboots, and different for the two peers: a hash of
 * where the device is, then the peer's ID.
 */
static void set_address(struct ivshmem_net *net, struct ivshmem_device *idev)
{
	const char *name = dev_name(idev->dev.parent);
	u32 hash = jhash(name, strlen(name), 0);
	u8 address[ETH_ALEN] = { 0x02, hash >> 24, hash >> 16, hash >> 8, hash, idev->id };

	eth_hw_addr_set(net->netdev, address);
}

static void set_up_netdev(struct ivshmem_net *net, struct ivshmem_device *idev)
{
	const struct ivshmem_layout *layout = &net->link.layout;
	struct net_device *netdev = net->netdev;

	SET_NETDEV_DEV(netdev, idev->dev.parent);
	netdev->netdev_ops = &ivshmem_net_ops;
	netdev->ethtool_ops = &ivshmem_net_ethtool_ops;
	netdev->hw_features = NETIF_F_SG | NETIF_F_HW_CSUM;
	netdev->features = netdev->hw_features | NETIF_F_HIGHDMA;
	netdev->vlan_features = netdev->features;
	netdev->min_mtu = ETH_MIN_MTU;
	netdev->max_mtu = min_t(u64, ETH_MAX_MTU, (layout->size - layout->data) / 4);
	netdev->mtu = min_t(u32, ETH_DATA_LEN, netdev->max_mtu);
	set_address(net, idev);
	netif_carrier_off(netdev);
}

static int ivshmem_net_probe(struct ivshmem_device *idev)
{
	struct net_device *netdev;
	struct ivshmem_net *net;
	int err;

	netdev = alloc_etherdev(sizeof(*net));
	if (!netdev)
		return -ENOMEM;
	net = netdev_priv(netdev);
	net->netdev = netdev;
	net->rx_adaptive = true;
	net->rx_usecs = RX_USECS;
	net->rx_frames = RX_FRAMES;
	u64_stats_init(&net->rx.syncp);
	u64_stats_init(&net->tx.syncp);
	ivshmem_set_drvdata(idev, net);

	err = ivshmem_link_init(&net->link, idev, &ivshmem_net_link_ops,
				ivshmem_output_section(idev, idev->id).size);
	if (err)
		goto free;
	set_up_netdev(net, idev);
	hrtimer_setup(&net->timer, ivshmem_net_timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	netif_napi_add(netdev, &net->napi, ivshmem_net_poll);
	err = register_netdev(netdev);
	if (err) {
		dev_err(&idev->dev, "cannot register a network interface: %d\n", err);
		goto exit;
	}
	return 0;

exit:
	netif_napi_del(&net->napi);
	ivshmem_link_exit(&net->link);
free:
	free_netdev(netdev);
	return err;
}

static void ivshmem_net_remove(struct ivshmem_device *idev)
{
	struct ivshmem_net *net = ivshmem_get_drvdata(idev);

	unregister_netdev(net->netdev);
	netif_napi_del(&net->napi);
	ivshmem_link_exit(&net->link);
	free_netdev(net->netdev);
}

static const struct ivshmem_device_id ivshmem_net_ids[] = {
	IVSHMEM_PROTOCOL(IVSHMEM_PROTOCOL_NETWORK),
	IVSHMEM_PROTOCOL_END
};

static struct ivshmem_driver ivshmem_net_driver = {
	.driver = { .name = "net" },
	.id_table = ivshmem_net_ids,
	.probe = ivshmem_net_probe,
	.remove = ivshmem_net_remove,
	.interrupt = ivshmem_net_interrupt,
	.recheck = ivshmem_net_recheck,
	.suspend = ivshmem_net_suspend,
	.resume = ivshmem_net_resume,
};
module_ivshmem_driver(ivshmem_net_driver);

MODULE_ALIAS("ivshmem:p0001");
MODULE_DESCRIPTION("Ethernet over ivshmem links");
MODULE_LICENSE("GPL");
