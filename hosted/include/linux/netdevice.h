/* SPDX-License-Identifier: GPL-2.0 */
/* Network interfaces and NAPI; class/netdevice.c, class/napi.c */
#ifndef _HOSTED_LINUX_NETDEVICE_H
#define _HOSTED_LINUX_NETDEVICE_H

#include <linux/bitops.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/ethtool.h>
#include <linux/hrtimer.h>
#include <linux/if_ether.h>
#include <linux/interrupt.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#define IFNAMSIZ		16
#define NETDEV_ALIGN		64
#define NAPI_POLL_WEIGHT	64

#define NETIF_F_SG		BIT_ULL(0)
#define NETIF_F_HW_CSUM		BIT_ULL(3)
#define NETIF_F_HIGHDMA		BIT_ULL(5)

#define IFF_UP			BIT(0)

typedef u64 netdev_features_t;

typedef enum netdev_tx {
	NETDEV_TX_OK = 0x00,
	NETDEV_TX_BUSY = 0x10,
} netdev_tx_t;

struct rtnl_link_stats64 {
	u64 rx_packets, tx_packets;
	u64 rx_bytes, tx_bytes;
	u64 rx_errors, tx_errors;
	u64 rx_dropped, tx_dropped;
	u64 rx_length_errors, rx_frame_errors;
};

struct net_device_ops {
	int (*ndo_open)(struct net_device *dev);
	int (*ndo_stop)(struct net_device *dev);
	netdev_tx_t (*ndo_start_xmit)(struct sk_buff *skb, struct net_device *dev);
	int (*ndo_change_mtu)(struct net_device *dev, int mtu);
	void (*ndo_get_stats64)(struct net_device *dev, struct rtnl_link_stats64 *stats);
	void (*ndo_set_rx_mode)(struct net_device *dev);
	int (*ndo_set_mac_address)(struct net_device *dev, void *address);
	int (*ndo_validate_addr)(struct net_device *dev);
};

enum netdev_queue_state {
	__QUEUE_STATE_DRV_XOFF,
};

/**
 * struct netdev_queue - the transmit queue; one per interface
 * @room: senders that wait until it is not stopped
 */
struct netdev_queue {
	struct net_device *dev;
	unsigned long state;
	spinlock_t _xmit_lock;		/* one transmission at a time */
	wait_queue_head_t room;
};

enum netdev_state {
	__LINK_STATE_START,
	__LINK_STATE_PRESENT,
	__LINK_STATE_NOCARRIER,
};

struct kit_net_port;

/**
 * struct net_device - an interface
 * @state: enum netdev_state
 * @port: what is connected, under RCU
 * @bad_sums: frames handed to @port that did not have the checksum that they claim
 */
struct net_device {
	char name[IFNAMSIZ];
	unsigned long state;
	unsigned int flags;
	unsigned int mtu, min_mtu, max_mtu;
	netdev_features_t features, hw_features, vlan_features;
	const struct net_device_ops *netdev_ops;
	const struct ethtool_ops *ethtool_ops;
	unsigned char dev_addr[ETH_ALEN];
	struct device dev;
	struct netdev_queue queue;
	struct list_head entry;
	bool registered;

	struct kit_net_port *port;
	u64 bad_sums;
};

#define to_net_dev(_dev)	container_of(_dev, struct net_device, dev)

static inline void *netdev_priv(const struct net_device *dev)
{
	return (char *)dev + ALIGN(sizeof(*dev), NETDEV_ALIGN);
}

#define SET_NETDEV_DEV(_net, _parent)	((_net)->dev.parent = (_parent))

#define netdev_err(_dev, _fmt, ...) \
	dev_err((_dev)->dev.parent, "%s: " _fmt, (_dev)->name, ##__VA_ARGS__)
#define netdev_warn(_dev, _fmt, ...) \
	dev_warn((_dev)->dev.parent, "%s: " _fmt, (_dev)->name, ##__VA_ARGS__)
#define netdev_info(_dev, _fmt, ...) \
	dev_info((_dev)->dev.parent, "%s: " _fmt, (_dev)->name, ##__VA_ARGS__)

int net_ratelimit(void);

int __must_check register_netdev(struct net_device *dev);
void unregister_netdev(struct net_device *dev);
void free_netdev(struct net_device *dev);

static inline bool netif_running(const struct net_device *dev)
{
	return test_bit(__LINK_STATE_START, &dev->state);
}

static inline bool netif_carrier_ok(const struct net_device *dev)
{
	return !test_bit(__LINK_STATE_NOCARRIER, &dev->state);
}

void netif_carrier_on(struct net_device *dev);
void netif_carrier_off(struct net_device *dev);

/*
 * Sending
 */

static inline struct netdev_queue *netdev_get_tx_queue(const struct net_device *dev,
						       unsigned int index)
{
	return (struct netdev_queue *)&dev->queue;
}

static inline bool netif_xmit_stopped(const struct netdev_queue *txq)
{
	return test_bit(__QUEUE_STATE_DRV_XOFF, &txq->state);
}

static inline bool netif_queue_stopped(const struct net_device *dev)
{
	return netif_xmit_stopped(&dev->queue);
}

static inline void netif_stop_queue(struct net_device *dev)
{
	set_bit(__QUEUE_STATE_DRV_XOFF, &dev->queue.state);
}

void netif_wake_queue(struct net_device *dev);
void netif_tx_disable(struct net_device *dev);

static inline void __netif_tx_lock(struct netdev_queue *txq, int cpu)
{
	spin_lock(&txq->_xmit_lock);
}

static inline bool __netif_tx_trylock(struct netdev_queue *txq)
{
	return spin_trylock(&txq->_xmit_lock);
}

static inline void __netif_tx_unlock(struct netdev_queue *txq)
{
	spin_unlock(&txq->_xmit_lock);
}

/* Whether the caller has more to send at once. Under the queue's lock. */
bool netdev_xmit_more(void);

/* A kernel without BQL: bytes in flight are not limited. */
static inline void netdev_completed_queue(struct net_device *dev, unsigned int packets,
					  unsigned int bytes)
{
}

static inline void netdev_reset_queue(struct net_device *dev)
{
}

static inline bool __netdev_sent_queue(struct net_device *dev, unsigned int bytes, bool more)
{
	return more ? netif_queue_stopped(dev) : true;
}

/*
 * NAPI
 */

enum {
	NAPI_STATE_SCHED,
	NAPI_STATE_MISSED,
	NAPI_STATE_DISABLE,
};

/**
 * struct napi_struct - what polls for packets, in a tasklet
 * @state: NAPI_STATE_*; who sets SCHED owns the poll until napi_complete_done()
 */
struct napi_struct {
	unsigned long state;
	int (*poll)(struct napi_struct *napi, int budget);
	struct net_device *dev;
	struct tasklet_struct tasklet;
};

void netif_napi_add(struct net_device *dev, struct napi_struct *napi,
		    int (*poll)(struct napi_struct *napi, int budget));
void netif_napi_del(struct napi_struct *napi);
void napi_enable(struct napi_struct *napi);
void napi_disable(struct napi_struct *napi);
bool napi_schedule_prep(struct napi_struct *napi);
void __napi_schedule(struct napi_struct *napi);
bool napi_complete_done(struct napi_struct *napi, int done);
void napi_gro_receive(struct napi_struct *napi, struct sk_buff *skb);

static inline bool napi_schedule(struct napi_struct *napi)
{
	bool idle = napi_schedule_prep(napi);

	if (idle)
		__napi_schedule(napi);
	return idle;
}

#endif
