/* SPDX-License-Identifier: GPL-2.0 */
/* Real-time clocks; class/rtc.c */
#ifndef _LINUX_RTC_H
#define _LINUX_RTC_H

#include <linux/device.h>
#include <linux/mutex.h>
#include <linux/types.h>

struct rtc_time {
	int tm_sec, tm_min, tm_hour;
	int tm_mday, tm_mon, tm_year;		/* month from 0, year from 1900 */
	int tm_wday, tm_yday, tm_isdst;
};

struct rtc_wkalrm {
	unsigned char enabled, pending;
	struct rtc_time time;
};

/* @dev is the device that the driver was probed with. */
struct rtc_class_ops {
	int (*ioctl)(struct device *dev, unsigned int cmd, unsigned long arg);
	int (*read_time)(struct device *dev, struct rtc_time *time);
	int (*set_time)(struct device *dev, struct rtc_time *time);
	int (*read_alarm)(struct device *dev, struct rtc_wkalrm *alarm);
	int (*set_alarm)(struct device *dev, struct rtc_wkalrm *alarm);
	int (*alarm_irq_enable)(struct device *dev, unsigned int enabled);
};

struct rtc_device {
	struct device dev;
	int id;
	const struct rtc_class_ops *ops;
	struct mutex ops_lock;
	time64_t range_min;
	u64 range_max;
	struct list_head entry;
};

struct rtc_device *devm_rtc_allocate_device(struct device *dev);
int devm_rtc_register_device(struct rtc_device *rtc);

void rtc_time64_to_tm(time64_t time, struct rtc_time *tm);
time64_t rtc_tm_to_time64(struct rtc_time *tm);

#endif
