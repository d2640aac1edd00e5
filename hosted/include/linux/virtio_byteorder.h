/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_VIRTIO_BYTEORDER_H
#define _LINUX_VIRTIO_BYTEORDER_H

#include <linux/virtio_types.h>

/* All of them, legacy or not: the hosts that we run on are little endian. */
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "hosted: virtio on a big-endian host"
#endif

static inline u16 __virtio16_to_cpu(bool little_endian, __virtio16 value)
{
	return value;
}

static inline __virtio16 __cpu_to_virtio16(bool little_endian, u16 value)
{
	return value;
}

static inline u32 __virtio32_to_cpu(bool little_endian, __virtio32 value)
{
	return value;
}

static inline __virtio32 __cpu_to_virtio32(bool little_endian, u32 value)
{
	return value;
}

static inline u64 __virtio64_to_cpu(bool little_endian, __virtio64 value)
{
	return value;
}

static inline __virtio64 __cpu_to_virtio64(bool little_endian, u64 value)
{
	return value;
}

#endif /* _LINUX_VIRTIO_BYTEORDER_H */
