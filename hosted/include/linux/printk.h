/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_PRINTK_H
#define _HOSTED_LINUX_PRINTK_H

#include <linux/compiler_types.h>
#include <linux/kern_levels.h>
#include <linux/ratelimit_types.h>
#include <linux/stdarg.h>
#include <linux/types.h>

#ifndef pr_fmt
#define pr_fmt(_fmt)	_fmt
#endif

struct va_format {
	const char *fmt;
	va_list *va;
};

int _printk(const char *fmt, ...) __printf(1, 2);
int vprintk(const char *fmt, va_list args) __printf(1, 0);
void dump_stack(void);

#define printk(_fmt, ...)	_printk(_fmt, ##__VA_ARGS__)
#define pr_emerg(_fmt, ...)	printk(KERN_EMERG pr_fmt(_fmt), ##__VA_ARGS__)
#define pr_alert(_fmt, ...)	printk(KERN_ALERT pr_fmt(_fmt), ##__VA_ARGS__)
#define pr_crit(_fmt, ...)	printk(KERN_CRIT pr_fmt(_fmt), ##__VA_ARGS__)
#define pr_err(_fmt, ...)	printk(KERN_ERR pr_fmt(_fmt), ##__VA_ARGS__)
#define pr_warn(_fmt, ...)	printk(KERN_WARNING pr_fmt(_fmt), ##__VA_ARGS__)
#define pr_notice(_fmt, ...)	printk(KERN_NOTICE pr_fmt(_fmt), ##__VA_ARGS__)
#define pr_info(_fmt, ...)	printk(KERN_INFO pr_fmt(_fmt), ##__VA_ARGS__)
#define pr_debug(_fmt, ...)	printk(KERN_DEBUG pr_fmt(_fmt), ##__VA_ARGS__)
#define pr_cont(_fmt, ...)	printk(KERN_CONT _fmt, ##__VA_ARGS__)

#define printk_once(_fmt, ...) do {							\
	static bool __hosted_told;							\
	if (!__atomic_exchange_n(&__hosted_told, 1, __ATOMIC_RELAXED))			\
		printk(_fmt, ##__VA_ARGS__);						\
} while (0)
#define pr_err_once(_fmt, ...)	printk_once(KERN_ERR pr_fmt(_fmt), ##__VA_ARGS__)
#define pr_warn_once(_fmt, ...)	printk_once(KERN_WARNING pr_fmt(_fmt), ##__VA_ARGS__)

#define printk_ratelimited(_fmt, ...) do {						\
	static DEFINE_RATELIMIT_STATE(__hosted_rs, DEFAULT_RATELIMIT_INTERVAL,		\
				      DEFAULT_RATELIMIT_BURST);				\
	if (__ratelimit(&__hosted_rs))							\
		printk(_fmt, ##__VA_ARGS__);						\
} while (0)
#define pr_err_ratelimited(_fmt, ...)	printk_ratelimited(KERN_ERR pr_fmt(_fmt), ##__VA_ARGS__)
#define pr_warn_ratelimited(_fmt, ...) \
	printk_ratelimited(KERN_WARNING pr_fmt(_fmt), ##__VA_ARGS__)

#endif
