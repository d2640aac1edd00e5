/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_ETHERDEVICE_H
#define _HOSTED_LINUX_ETHERDEVICE_H

#include <linux/if_ether.h>
#include <linux/netdevice.h>

struct net_device *alloc_etherdev(int priv_size);
__be16 eth_type_trans(struct sk_buff *skb, struct net_device *dev);
int eth_mac_addr(struct net_device *dev, void *address);
int eth_validate_addr(struct net_device *dev);

static inline void eth_hw_addr_set(struct net_device *dev, const u8 *address)
{
	memcpy(dev->dev_addr, address, ETH_ALEN);
}

static inline bool is_valid_ether_addr(const u8 *address)
{
	return !(address[0] & 1) &&
	       (address[0] | address[1] | address[2] | address[3] | address[4] | address[5]);
}

#endif
