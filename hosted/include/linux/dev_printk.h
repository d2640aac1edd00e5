/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_DEV_PRINTK_H
#define _HOSTED_LINUX_DEV_PRINTK_H

#include <linux/printk.h>
#include <linux/ratelimit_types.h>

struct device;

void _dev_printk(const char *level, const struct device *dev, const char *fmt, ...) __printf(3, 4);
int dev_err_probe(const struct device *dev, int err, const char *fmt, ...) __printf(3, 4);

#ifndef dev_fmt
#define dev_fmt(_fmt)	_fmt
#endif

#define dev_printk(_l, _d, _fmt, ...)	_dev_printk(_l, _d, dev_fmt(_fmt), ##__VA_ARGS__)
#define dev_emerg(_d, _fmt, ...)	dev_printk(KERN_EMERG, _d, _fmt, ##__VA_ARGS__)
#define dev_crit(_d, _fmt, ...)		dev_printk(KERN_CRIT, _d, _fmt, ##__VA_ARGS__)
#define dev_alert(_d, _fmt, ...)	dev_printk(KERN_ALERT, _d, _fmt, ##__VA_ARGS__)
#define dev_err(_d, _fmt, ...)		dev_printk(KERN_ERR, _d, _fmt, ##__VA_ARGS__)
#define dev_warn(_d, _fmt, ...)		dev_printk(KERN_WARNING, _d, _fmt, ##__VA_ARGS__)
#define dev_notice(_d, _fmt, ...)	dev_printk(KERN_NOTICE, _d, _fmt, ##__VA_ARGS__)
#define dev_info(_d, _fmt, ...)		dev_printk(KERN_INFO, _d, _fmt, ##__VA_ARGS__)
#define dev_dbg(_d, _fmt, ...)		dev_printk(KERN_DEBUG, _d, _fmt, ##__VA_ARGS__)

#define __dev_ratelimited(_f, _d, _fmt, ...) do {					\
	static DEFINE_RATELIMIT_STATE(__hosted_rs, DEFAULT_RATELIMIT_INTERVAL,		\
				      DEFAULT_RATELIMIT_BURST);				\
	if (__ratelimit(&__hosted_rs))							\
		_f(_d, _fmt, ##__VA_ARGS__);						\
} while (0)
#define dev_err_ratelimited(_d, _fmt, ...)  __dev_ratelimited(dev_err, _d, _fmt, ##__VA_ARGS__)
#define dev_warn_ratelimited(_d, _fmt, ...) __dev_ratelimited(dev_warn, _d, _fmt, ##__VA_ARGS__)

#endif
