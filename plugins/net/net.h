/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IVSHMEM_NET_H
#define _IVSHMEM_NET_H

#include <linux/hrtimer.h>
#include <linux/netdevice.h>
#include <linux/u64_stats_sync.h>

#include <ivshmem.h>

/* The longest delay that coalescing may add, microseconds */
#define IVSHMEM_NET_RX_USECS_MAX	10000

/**
 * struct ivshmem_net_stats - of one direction, with one writer at a time
 * @syncp: for readers on 32-bit machines
 * @packets: frames passed on
 * @bytes: their length
 * @dropped: frames lost for want of memory
 * @length_errors: frames lost for a length that no Ethernet frame has
 */
struct ivshmem_net_stats {
	struct u64_stats_sync syncp;
	u64_stats_t packets;
	u64_stats_t bytes;
	u64_stats_t dropped;
	u64_stats_t length_errors;
};

/**
 * struct ivshmem_net - an Ethernet interface
 * @link: handshake and ring. Its sending half is protected by the transmit
 *	queue's lock, the receiving half by NAPI.
 * @netdev: the interface
 * @napi: enabled between up and down
 * @timer: looks at the ring where coalescing delays the doorbell; started in
 *	NAPI and, to move it, under the transmit queue's lock
 * @timer_cpu: where it was started, which is a hint
 * @timer_follows: whoever sends next may have it moved, once; set in NAPI
 * @rx_adaptive: coalesce bulk traffic only, unless doorbells are slow
 * @rx_usecs: longest delay by coalescing, microseconds
 * @rx_frames: frames for which the peer may delay its doorbell, 0 for no bound
 * @doorbell_ns: what a doorbell takes, nanoseconds, running mean; written
 *	under the transmit queue's lock
 * @polled_bytes: moved both ways up to the last poll; NAPI
 * @timed_polls: how often the timer may still find nothing; NAPI
 * @rx: received; written in NAPI
 * @tx: sent; written under the transmit queue's lock
 * @polls: times that NAPI ran; written in NAPI
 * @ups: times that the link came up; written in up
 * @tx_waits: times that the ring was full; under the queue's lock
 * @tx_timeouts: times that the peer returned nothing for too long
 * @stuck_since: jiffies when the peer was last seen to return frames, or the
 *	link came up; recheck and up
 * @stuck_done: used index at that time; recheck
 */
struct ivshmem_net {
	struct ivshmem_link link;
	struct net_device *netdev;
	struct napi_struct napi;
	struct hrtimer timer;
	int timer_cpu;
	bool timer_follows;
	bool rx_adaptive;
	u32 rx_usecs;
	u32 rx_frames;
	u64 polled_bytes;
	s64 doorbell_ns;
	unsigned int timed_polls;
	struct ivshmem_net_stats rx;
	struct ivshmem_net_stats tx;
	unsigned long polls;
	unsigned long ups;
	unsigned long tx_waits;
	unsigned long tx_timeouts;
	unsigned long stuck_since;
	u16 stuck_done;
};

extern const struct ethtool_ops ivshmem_net_ethtool_ops;

#endif /* _IVSHMEM_NET_H */
