/* SPDX-License-Identifier: GPL-2.0 */
/* The legacy split virtqueue: "Virtual I/O Device (VIRTIO)", 2.7 and 2.7.2 */
#ifndef _LINUX_VIRTIO_RING_H
#define _LINUX_VIRTIO_RING_H

#include <linux/types.h>
#include <linux/virtio_types.h>

struct vring_desc {
	__virtio64 addr;
	__virtio32 len;
	__virtio16 flags;
	__virtio16 next;
};

struct vring_avail {
	__virtio16 flags;
	__virtio16 idx;
	__virtio16 ring[];
};

struct vring_used_elem {
	__virtio32 id;
	__virtio32 len;
};

struct vring_used {
	__virtio16 flags;
	__virtio16 idx;
	struct vring_used_elem ring[];
};

struct vring {
	unsigned int num;
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
};

/* The event indices come behind the other side's ring. */
#define vring_used_event(vr)	((vr)->avail->ring[(vr)->num])
#define vring_avail_event(vr)	(*(__virtio16 *)&(vr)->used->ring[(vr)->num])

/* Where the used ring begins: behind avail with its event index */
static inline unsigned long vring_used_offset(unsigned int num, unsigned long align)
{
	unsigned long end = sizeof(struct vring_desc) * num + sizeof(__virtio16) * (3 + num);

	return (end + align - 1) & ~(align - 1);
}

static inline unsigned int vring_size(unsigned int num, unsigned long align)
{
	return vring_used_offset(num, align) + sizeof(__virtio16) * 3 +
	       sizeof(struct vring_used_elem) * num;
}

static inline void vring_init(struct vring *vr, unsigned int num, void *p, unsigned long align)
{
	/* As numbers: @p may be NULL, to learn the offsets. */
	uintptr_t base = (uintptr_t)p;

	vr->num = num;
	vr->desc = p;
	vr->avail = (struct vring_avail *)(base + num * sizeof(struct vring_desc));
	vr->used = (struct vring_used *)(base + vring_used_offset(num, align));
}

/* Did going from @old to @new_idx pass @event_idx? */
static inline int vring_need_event(__u16 event_idx, __u16 new_idx, __u16 old)
{
	return (__u16)(new_idx - event_idx - 1) < (__u16)(new_idx - old);
}

#endif /* _LINUX_VIRTIO_RING_H */
