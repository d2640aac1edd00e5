/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_UACCESS_H
#define _HOSTED_LINUX_UACCESS_H

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/types.h>

/* User memory is this process', which stands in for the client. Copies can be made to fail. */
unsigned long __must_check __copy_to_user(void __user *to, const void *from, unsigned long n);
unsigned long __must_check __copy_from_user(void *to, const void __user *from, unsigned long n);
int __put_user_4(u32 value, u32 __user *to);

#define copy_to_user(_to, _from, _n)	__copy_to_user(_to, _from, _n)
#define copy_from_user(_to, _from, _n)	__copy_from_user(_to, _from, _n)
#define put_user(_x, _p) ({								\
	typeof(*(_p)) __hosted_pu = (typeof(*(_p)))(_x);				\
	__copy_to_user(_p, &__hosted_pu, sizeof(__hosted_pu)) ? -EFAULT : 0;		\
})
#define get_user(_x, _p) ({								\
	typeof(*(_p)) __hosted_gu;							\
	int __hosted_ge = __copy_from_user(&__hosted_gu, _p, sizeof(__hosted_gu)) ? -EFAULT : 0; \
	(_x) = __hosted_ge ? (typeof(*(_p)))0 : __hosted_gu;				\
	__hosted_ge;									\
})

#endif
