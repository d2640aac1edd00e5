/* SPDX-License-Identifier: GPL-2.0 */
/* What ethtool asks an interface; kit_net_stat() and its like ask the same */
#ifndef _HOSTED_LINUX_ETHTOOL_H
#define _HOSTED_LINUX_ETHTOOL_H

#include <linux/bits.h>
#include <linux/string.h>
#include <linux/types.h>

#define ETH_GSTRING_LEN		32
#define ETH_SS_STATS		1

#define ETHTOOL_COALESCE_RX_USECS		BIT(0)
#define ETHTOOL_COALESCE_RX_MAX_FRAMES		BIT(1)
#define ETHTOOL_COALESCE_USE_ADAPTIVE_RX	BIT(2)

struct net_device;
struct netlink_ext_ack;
struct kernel_ethtool_ts_info;

struct ethtool_drvinfo {
	char driver[32];
	char version[32];
	char bus_info[32];
};

struct ethtool_ringparam {
	u32 rx_max_pending;
	u32 tx_max_pending;
	u32 rx_pending;
	u32 tx_pending;
};

struct kernel_ethtool_ringparam {
	u32 rx_buf_len;
};

struct ethtool_coalesce {
	u32 rx_coalesce_usecs;
	u32 rx_max_coalesced_frames;
	u32 use_adaptive_rx_coalesce;
};

struct kernel_ethtool_coalesce {
	u8 use_cqe_mode_tx;
};

struct ethtool_stats {
	u32 n_stats;
};

struct ethtool_ops {
	u32 supported_coalesce_params;
	void (*get_drvinfo)(struct net_device *dev, struct ethtool_drvinfo *info);
	u32 (*get_link)(struct net_device *dev);
	void (*get_ringparam)(struct net_device *dev, struct ethtool_ringparam *ring,
			      struct kernel_ethtool_ringparam *kernel_ring,
			      struct netlink_ext_ack *extack);
	int (*get_coalesce)(struct net_device *dev, struct ethtool_coalesce *coalesce,
			    struct kernel_ethtool_coalesce *kernel_coalesce,
			    struct netlink_ext_ack *extack);
	int (*set_coalesce)(struct net_device *dev, struct ethtool_coalesce *coalesce,
			    struct kernel_ethtool_coalesce *kernel_coalesce,
			    struct netlink_ext_ack *extack);
	int (*get_ts_info)(struct net_device *dev, struct kernel_ethtool_ts_info *info);
	int (*get_sset_count)(struct net_device *dev, int set);
	void (*get_strings)(struct net_device *dev, u32 set, u8 *names);
	void (*get_ethtool_stats)(struct net_device *dev, struct ethtool_stats *stats, u64 *values);
};

u32 ethtool_op_get_link(struct net_device *dev);
int ethtool_op_get_ts_info(struct net_device *dev, struct kernel_ethtool_ts_info *info);

#endif
