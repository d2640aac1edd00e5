/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_UAPI_LINUX_EVENTPOLL_H
#define _HOSTED_UAPI_LINUX_EVENTPOLL_H

#define EPOLLIN		((__poll_t)0x001)
#define EPOLLPRI	((__poll_t)0x002)
#define EPOLLOUT	((__poll_t)0x004)
#define EPOLLERR	((__poll_t)0x008)
#define EPOLLHUP	((__poll_t)0x010)
#define EPOLLRDNORM	((__poll_t)0x040)
#define EPOLLWRNORM	((__poll_t)0x100)

#endif
