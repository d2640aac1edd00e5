/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_STRING_HELPERS_H
#define _HOSTED_LINUX_STRING_HELPERS_H

#include <linux/string_choices.h>

#endif
