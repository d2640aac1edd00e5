/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Events of an ivshmem device that is bound to the uio plugin
 *
 * UIO itself has one counter for everything that may interrupt. Beside
 * /dev/uioN there is /dev/ivshmem-uioN, with the same N, which tells how many
 * vectors there are and signals an eventfd for each of them, and another one
 * when the state table changed.
 *
 * It may be opened by several processes and several times. An eventfd belongs
 * to the open file that it was attached through: closing that takes it off.
 * poll() reports EPOLLERR and EPOLLHUP once the device is gone or bound to
 * another plugin; every ioctl fails with ENODEV then.
 */
#ifndef _UAPI_IVSHMEM_UIO_H
#define _UAPI_IVSHMEM_UIO_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * struct ivshmem_uio_info - what does not change while the device is bound
 * @id: own peer ID, below @max_peers
 * @max_peers: how many peers the link can have, 2 to 65536
 * @vectors: how many vectors can be waited for, at least 1
 * @reserved: 0
 */
struct ivshmem_uio_info {
	__u32 id;
	__u32 max_peers;
	__u32 vectors;
	__u32 reserved;
};

/* A source of events beside the vectors: a peer's entry in the state table changed */
#define IVSHMEM_UIO_STATE	0xffffffffU

/**
 * struct ivshmem_uio_eventfd - where a source of events is signalled
 * @source: a vector, or IVSHMEM_UIO_STATE
 * @fd: an eventfd, in place of the one attached before; -1 for none
 *
 * Vector 0 fires for state changes too, so its eventfd is signalled for each of
 * its interrupts, whatever caused it. Others only fire for doorbells, but for a
 * signal to all when interrupts were held back because a peer rang too fast, when
 * the device was reset or resumed, or a program set its state back to 0, which
 * looks like a reset. A signal may stand for several events; one
 * for IVSHMEM_UIO_STATE stands for one or more entries that differ from what they
 * were, and comes about a second later where the interrupt was lost.
 */
struct ivshmem_uio_eventfd {
	__u32 source;
	__s32 fd;
};

/* How many open files may have an eventfd attached to the same source */
#define IVSHMEM_UIO_MAX_EVENTFDS	64

#define IVSHMEM_UIO_GET_INFO	_IOR(0xB7, 0x60, struct ivshmem_uio_info)
/*
 * While any eventfd is attached, interrupts are enabled and one-shot mode is
 * off. Fails with EINVAL for a source that does not exist, EBADF for an @fd
 * that is no open file, EINVAL for one that is no eventfd, and ENOSPC where
 * IVSHMEM_UIO_MAX_EVENTFDS are attached to the source.
 */
#define IVSHMEM_UIO_SET_EVENTFD	_IOW(0xB7, 0x61, struct ivshmem_uio_eventfd)

#endif /* _UAPI_IVSHMEM_UIO_H */
