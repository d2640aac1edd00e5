// SPDX-License-Identifier: GPL-2.0
/* Real-time clocks: a driver offers operations, programs use them by number. */
#include <linux/err.h>
#include <linux/idr.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/rtc.h>
#include <linux/slab.h>

#include "kit/small.h"

#define DAY	86400

static struct class rtc_class = { .name = "rtc" };
static DEFINE_IDA(rtc_ids);
static DEFINE_MUTEX(rtc_mutex);		/* the list */
static LIST_HEAD(rtcs);

/* Days of the Gregorian calendar, in years that begin in March. */
static s64 days_of(s64 year, unsigned int month, unsigned int day)
{
	u64 y = month < 2 ? year - 1 : year, m = (month + 10) % 12;

	return (s64)(365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1) - 719468;
}

time64_t rtc_tm_to_time64(struct rtc_time *tm)
{
	return days_of(tm->tm_year + 1900, tm->tm_mon, tm->tm_mday) * DAY +
	       tm->tm_hour * 3600 + tm->tm_min * 60 + tm->tm_sec;
}

void rtc_time64_to_tm(time64_t time, struct rtc_time *tm)
{
	u64 days = div_u64(time, DAY);
	u32 left = time - days * DAY;
	u64 day = days + 719468, era = day / 146097, of_era = day % 146097;
	u64 year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	u32 of_year = of_era - (365 * year + year / 4 - year / 100);
	u32 month = (5 * of_year + 2) / 153;

	tm->tm_mday = of_year - (153 * month + 2) / 5 + 1;
	tm->tm_mon = (month + 2) % 12;
	year += era * 400 + (tm->tm_mon < 2);
	tm->tm_year = year - 1900;
	tm->tm_wday = (days + 4) % 7;
	tm->tm_yday = days - days_of(year, 0, 1);
	tm->tm_hour = left / 3600;
	tm->tm_min = left / 60 % 60;
	tm->tm_sec = left % 60;
	tm->tm_isdst = 0;
}

static void rtc_release(struct device *dev)
{
	struct rtc_device *rtc = container_of(dev, struct rtc_device, dev);

	ida_free(&rtc_ids, rtc->id);
	kfree(rtc);
}

static void put_rtc(void *data)
{
	put_device(&((struct rtc_device *)data)->dev);
}

struct rtc_device *devm_rtc_allocate_device(struct device *parent)
{
	struct rtc_device *rtc = kzalloc(sizeof(*rtc), GFP_KERNEL);
	int err;

	if (!rtc)
		return ERR_PTR(-ENOMEM);
	rtc->id = ida_alloc(&rtc_ids, GFP_KERNEL);
	if (rtc->id < 0) {
		err = rtc->id;
		kfree(rtc);
		return ERR_PTR(err);
	}
	mutex_init(&rtc->ops_lock);
	device_initialize(&rtc->dev);
	rtc->dev.class = &rtc_class;
	rtc->dev.parent = parent;
	rtc->dev.release = rtc_release;
	err = devm_add_action_or_reset(parent, put_rtc, rtc);
	if (!err)
		err = dev_set_name(&rtc->dev, "rtc%d", rtc->id);
	return err ? ERR_PTR(err) : rtc;
}

/* Nobody gets at the driver from here on. */
static void unregister_rtc(void *data)
{
	struct rtc_device *rtc = data;

	mutex_lock(&rtc_mutex);
	list_del(&rtc->entry);
	mutex_unlock(&rtc_mutex);
	device_del(&rtc->dev);
	mutex_lock(&rtc->ops_lock);
	rtc->ops = NULL;
	mutex_unlock(&rtc->ops_lock);
}

int devm_rtc_register_device(struct rtc_device *rtc)
{
	int err = rtc->ops ? device_add(&rtc->dev) : -EINVAL;

	if (err)
		return err;
	mutex_lock(&rtc_mutex);
	list_add_tail(&rtc->entry, &rtcs);
	mutex_unlock(&rtc_mutex);
	return devm_add_action_or_reset(rtc->dev.parent, unregister_rtc, rtc);
}

/*
 * For programs
 */

static struct rtc_device *rtc_get(unsigned int n)
{
	struct rtc_device *rtc, *found = NULL;

	mutex_lock(&rtc_mutex);
	list_for_each_entry(rtc, &rtcs, entry)
		if (rtc->id == (int)n)
			found = rtc;
	if (found)
		get_device(&found->dev);
	mutex_unlock(&rtc_mutex);
	return found;
}

/* What rtc_get() gave is put. @op is NULL where the driver cannot do that. */
#define WITH_RTC(rtc, op, call) ({					\
	struct rtc_device *_rtc = (rtc);				\
	int _err = -ENODEV;						\
									\
	if (_rtc) {							\
		mutex_lock(&_rtc->ops_lock);				\
		if (_rtc->ops)						\
			_err = (op) ? (call) : -EOPNOTSUPP;		\
		mutex_unlock(&_rtc->ops_lock);				\
		put_device(&_rtc->dev);					\
	}								\
	_err; })

int kit_rtc_get(unsigned int n, kit_u64 *seconds)
{
	struct rtc_device *rtc = rtc_get(n);
	struct rtc_time tm = { 0 };
	int err = WITH_RTC(rtc, rtc->ops->read_time, rtc->ops->read_time(rtc->dev.parent, &tm));

	if (!err)
		*seconds = rtc_tm_to_time64(&tm);
	return err;
}

int kit_rtc_set(unsigned int n, kit_u64 seconds)
{
	struct rtc_device *rtc = rtc_get(n);
	struct rtc_time tm;

	rtc_time64_to_tm(seconds, &tm);
	return WITH_RTC(rtc, rtc->ops->set_time, seconds > rtc->range_max ? -ERANGE :
			rtc->ops->set_time(rtc->dev.parent, &tm));
}

int kit_rtc_get_alarm(unsigned int n, kit_u64 *seconds)
{
	struct rtc_device *rtc = rtc_get(n);
	struct rtc_wkalrm alarm = { 0 };
	int err = WITH_RTC(rtc, rtc->ops->read_alarm,
			   rtc->ops->read_alarm(rtc->dev.parent, &alarm));

	if (!err)
		*seconds = rtc_tm_to_time64(&alarm.time);
	return err;
}

int kit_rtc_set_alarm(unsigned int n, kit_u64 seconds)
{
	struct rtc_wkalrm alarm = { .enabled = 1 };
	struct rtc_device *rtc = rtc_get(n);

	rtc_time64_to_tm(seconds, &alarm.time);
	return WITH_RTC(rtc, rtc->ops->set_alarm, rtc->ops->set_alarm(rtc->dev.parent, &alarm));
}

static int __init rtc_init(void)
{
	return class_register(&rtc_class);
}

static void __exit rtc_exit(void)
{
	class_unregister(&rtc_class);
}

module_init(rtc_init);
module_exit(rtc_exit);
MODULE_LICENSE("GPL");
