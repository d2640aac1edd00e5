/* SPDX-License-Identifier: GPL-2.0 */
/* Command numbers: direction, size of the argument, type and number, from the top */
#ifndef _UAPI_LINUX_IOCTL_H
#define _UAPI_LINUX_IOCTL_H

#define _IOC_NONE	0U
#define _IOC_WRITE	1U
#define _IOC_READ	2U

#define _IOC(_dir, _type, _nr, _size)	((_dir) << 30 | (_size) << 16 | (_type) << 8 | (_nr))
#define _IO(_type, _nr)			_IOC(_IOC_NONE, _type, _nr, 0)
#define _IOR(_type, _nr, _arg)		_IOC(_IOC_READ, _type, _nr, sizeof(_arg))
#define _IOW(_type, _nr, _arg)		_IOC(_IOC_WRITE, _type, _nr, sizeof(_arg))
#define _IOWR(_type, _nr, _arg)		_IOC(_IOC_READ | _IOC_WRITE, _type, _nr, sizeof(_arg))
#define _IOC_DIR(_cmd)			((_cmd) >> 30)
#define _IOC_SIZE(_cmd)			((_cmd) >> 16 & 0x3fff)

#endif /* _UAPI_LINUX_IOCTL_H */
