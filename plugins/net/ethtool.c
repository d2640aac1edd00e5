// SPDX-License-Identifier: GPL-2.0
#include <linux/ethtool.h>

#include "net.h"

static void ivshmem_net_get_drvinfo(struct net_device *netdev, struct ethtool_drvinfo *info)
{
	strscpy(info->driver, "ivshmem_net", sizeof(info->driver));
	strscpy(info->bus_info, dev_name(netdev->dev.parent), sizeof(info->bus_info));
}

static void ivshmem_net_get_ringparam(struct net_device *netdev, struct ethtool_ringparam *ring,
				      struct kernel_ethtool_ringparam *kernel_ring,
				      struct netlink_ext_ack *extack)
{
	struct ivshmem_net *net = netdev_priv(netdev);

	ring->rx_max_pending = net->link.layout.qlen;
	ring->tx_max_pending = net->link.layout.qlen;
	ring->rx_pending = net->link.layout.qlen;
	ring->tx_pending = net->link.layout.qlen;
}

static int ivshmem_net_get_coalesce(struct net_device *netdev, struct ethtool_coalesce *coalesce,
				    struct kernel_ethtool_coalesce *kernel_coalesce,
				    struct netlink_ext_ack *extack)
{
	struct ivshmem_net *net = netdev_priv(netdev);

	coalesce->use_adaptive_rx_coalesce = net->rx_adaptive;
	coalesce->rx_coalesce_usecs = net->rx_usecs;
	coalesce->rx_max_coalesced_frames = net->rx_frames;
	return 0;
}

static int ivshmem_net_set_coalesce(struct net_device *netdev, struct ethtool_coalesce *coalesce,
				    struct kernel_ethtool_coalesce *kernel_coalesce,
				    struct netlink_ext_ack *extack)
{
	struct ivshmem_net *net = netdev_priv(netdev);

	if (coalesce->rx_coalesce_usecs > IVSHMEM_NET_RX_USECS_MAX) {
		/* In a container it may be anybody's. */
		if (net_ratelimit())
			netdev_err(netdev, "rx-usecs is %u, want at most %u\n",
				   coalesce->rx_coalesce_usecs, IVSHMEM_NET_RX_USECS_MAX);
		return -EINVAL;
	}
	WRITE_ONCE(net->rx_adaptive, coalesce->use_adaptive_rx_coalesce);
	WRITE_ONCE(net->rx_usecs, coalesce->rx_coalesce_usecs);
	WRITE_ONCE(net->rx_frames, coalesce->rx_max_coalesced_frames);
	return 0;
}

static const char ivshmem_net_stat_names[][ETH_GSTRING_LEN] = {
	"link_ups",
	"link_resets",
	"ring_errors",
	"polls",
	"tx_waits",
	"tx_timeouts",
};

static int ivshmem_net_get_sset_count(struct net_device *netdev, int set)
{
	return set == ETH_SS_STATS ? ARRAY_SIZE(ivshmem_net_stat_names) : -EOPNOTSUPP;
}

static void ivshmem_net_get_strings(struct net_device *netdev, u32 set, u8 *names)
{
	if (set == ETH_SS_STATS)
		memcpy(names, ivshmem_net_stat_names, sizeof(ivshmem_net_stat_names));
}

/* In the order of the names above. Reading clears nothing. */
static void ivshmem_net_get_ethtool_stats(struct net_device *netdev, struct ethtool_stats *stats,
					  u64 *values)
{
	struct ivshmem_net *net = netdev_priv(netdev);

	*values++ = READ_ONCE(net->ups);
	*values++ = atomic64_read(&net->link.resets);
	*values++ = atomic64_read(&net->link.errors);
	*values++ = READ_ONCE(net->polls);
	*values++ = READ_ONCE(net->tx_waits);
	*values++ = READ_ONCE(net->tx_timeouts);
}

const struct ethtool_ops ivshmem_net_ethtool_ops = {
	.supported_coalesce_params = ETHTOOL_COALESCE_RX_USECS | ETHTOOL_COALESCE_RX_MAX_FRAMES |
				     ETHTOOL_COALESCE_USE_ADAPTIVE_RX,
	.get_drvinfo = ivshmem_net_get_drvinfo,
	.get_link = ethtool_op_get_link,
	.get_ringparam = ivshmem_net_get_ringparam,
	.get_coalesce = ivshmem_net_get_coalesce,
	.set_coalesce = ivshmem_net_set_coalesce,
	.get_ts_info = ethtool_op_get_ts_info,
	.get_sset_count = ivshmem_net_get_sset_count,
	.get_strings = ivshmem_net_get_strings,
	.get_ethtool_stats = ivshmem_net_get_ethtool_stats,
};
