/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the uio plugin's files know of each other
 */
#ifndef _IVSHMEM_UIO_H
#define _IVSHMEM_UIO_H

#include <linux/cdev.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/uio_driver.h>
#include <linux/wait.h>

#include <ivshmem.h>
#include <uapi/ivshmem_uio.h>

/**
 * struct ivshmem_uio - a device that programs use
 * @dev: /dev/ivshmem-uioN. Its references keep this structure: one is held from
 *	probe to remove, one by each of its open files.
 * @cdev: the same
 * @facts: what programs may ask for
 * @idev: the device; not touched once @gone
 * @info: /dev/uioN
 * @name: of @info
 * @maps: how many @sections there are
 * @sections: by UIO map number
 * @memory: all sections mapped, which makes them write-back in @window, too
 * @window: through which programs see @sections
 * @inode: through which /dev/uioN is open, NULL while it is not; the mappings
 *	of that program are in its address space. Valid under @lock, as the
 *	release of the file waits for it; not after uio_unregister_device(),
 *	from when on nothing tells us of a close.
 * @lock: protects @inode, @fresh, @gone, @attached and @listeners against
 *	changes, and orders what is written to the device because of them.
 *	Inside UIO's info_lock and thereby mmap_lock: no user memory is touched.
 * @fresh: events have just come on: programs asked for them in vain before
 * @gone: unbound
 * @removal: woken when @gone
 * @attached: how many @listeners there are
 * @listeners: struct ivshmem_uio_listener, by source: the vectors, then state
 *	changes. Read under RCU.
 */
struct ivshmem_uio {
	struct device dev;
	struct cdev cdev;
	struct ivshmem_uio_info facts;
	struct ivshmem_device *idev;

	struct uio_info info;
	char name[64];
	unsigned int maps;
	struct ivshmem_section sections[MAX_UIO_MAPS];
	const void *memory;
	struct ivshmem_window *window;
	struct inode *inode;

	struct mutex lock;	/* see above */
	bool fresh;
	bool gone;
	wait_queue_head_t removal;
	unsigned int attached;
	struct hlist_head listeners[];
};

/* uio.c */
void ivshmem_uio_set_mode(struct ivshmem_uio *uio);

/* events.c: /dev/ivshmem-uioN */
int ivshmem_uio_events_init(void);
void ivshmem_uio_events_exit(void);
struct ivshmem_uio *ivshmem_uio_alloc(struct ivshmem_device *idev);
int ivshmem_uio_events_add(struct ivshmem_uio *uio);
void ivshmem_uio_events_remove(struct ivshmem_uio *uio);
void ivshmem_uio_signal(struct ivshmem_uio *uio, unsigned int source);

#endif /* _IVSHMEM_UIO_H */
