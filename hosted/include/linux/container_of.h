/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_CONTAINER_OF_H
#define _HOSTED_LINUX_CONTAINER_OF_H

#include <linux/stddef.h>

#define container_of(_ptr, _type, _member) ({						\
	void *__hosted_p = (void *)(_ptr);						\
	_Static_assert(__same_type(*(_ptr), ((_type *)0)->_member) ||			\
		       __same_type(*(_ptr), void), "container_of: other type");		\
	(_type *)(__hosted_p - offsetof(_type, _member));				\
})
#define container_of_const(_ptr, _type, _member)					\
	_Generic(_ptr,									\
		const typeof(*(_ptr)) *: (const _type *)container_of(_ptr, _type, _member), \
		default: (_type *)container_of(_ptr, _type, _member))

#endif
