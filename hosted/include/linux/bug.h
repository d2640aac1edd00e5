/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_BUG_H
#define _HOSTED_LINUX_BUG_H

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/types.h>

__noreturn void __bug(const char *file, int line, const char *function);
bool __warn(const char *file, int line, const char *function, const char *fmt, ...) __printf(4, 5);

#define BUG()		__bug(__FILE__, __LINE__, __func__)
#define BUG_ON(_c)	do { if (unlikely(_c)) BUG(); } while (0)

#define WARN(_c, _fmt, ...) ({								\
	bool __hosted_c = !!(_c);							\
	if (unlikely(__hosted_c))							\
		__warn(__FILE__, __LINE__, __func__, _fmt, ##__VA_ARGS__);		\
	unlikely(__hosted_c);								\
})
#define WARN_ON(_c)	WARN(_c, "%s", #_c)
#define WARN_ONCE(_c, _fmt, ...) ({							\
	static bool __hosted_told;							\
	bool __hosted_once = !!(_c);							\
	if (unlikely(__hosted_once) &&							\
	    !__atomic_exchange_n(&__hosted_told, 1, __ATOMIC_RELAXED))			\
		__warn(__FILE__, __LINE__, __func__, _fmt, ##__VA_ARGS__);		\
	unlikely(__hosted_once);							\
})
#define WARN_ON_ONCE(_c)	WARN_ONCE(_c, "%s", #_c)

#endif
