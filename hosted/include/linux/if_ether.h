/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_IF_ETHER_H
#define _HOSTED_LINUX_IF_ETHER_H

#include <linux/types.h>

#define ETH_ALEN	6
#define ETH_HLEN	14
#define ETH_ZLEN	60
#define ETH_DATA_LEN	1500
#define ETH_FRAME_LEN	1514
#define ETH_MIN_MTU	68
#define ETH_MAX_MTU	0xffffU

#define ETH_P_802_3_MIN	0x0600
#define ETH_P_802_2	0x0004

struct ethhdr {
	unsigned char h_dest[ETH_ALEN];
	unsigned char h_source[ETH_ALEN];
	__be16 h_proto;
} __packed;

#endif
