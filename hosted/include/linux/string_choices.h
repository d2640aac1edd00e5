/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_STRING_CHOICES_H
#define _HOSTED_LINUX_STRING_CHOICES_H

#define str_yes_no(_v)		((_v) ? "yes" : "no")
#define str_on_off(_v)		((_v) ? "on" : "off")
#define str_true_false(_v)	((_v) ? "true" : "false")
#define str_enabled_disabled(_v) ((_v) ? "enabled" : "disabled")
#define str_enable_disable(_v)	((_v) ? "enable" : "disable")
#define str_up_down(_v)		((_v) ? "up" : "down")
#define str_read_write(_v)	((_v) ? "read" : "write")
#define str_plural(_n)		((_n) == 1 ? "" : "s")

#endif
