/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_SPRINTF_H
#define _HOSTED_LINUX_SPRINTF_H

#include <linux/compiler_types.h>
#include <linux/stdarg.h>
#include <linux/types.h>

/*
 * Not libc's, as %p can do more; and libc's must stay libc's for the host side of
 * the same process.
 */
int snprintf(char *buf, size_t size, const char *fmt, ...) __asm__("hosted_snprintf") __printf(3, 4);
int vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
	__asm__("hosted_vsnprintf") __printf(3, 0);
int sprintf(char *buf, const char *fmt, ...) __asm__("hosted_sprintf") __printf(2, 3);
int scnprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);
int vscnprintf(char *buf, size_t size, const char *fmt, va_list args) __printf(3, 0);
char *kasprintf(gfp_t gfp, const char *fmt, ...) __printf(2, 3);
char *kvasprintf(gfp_t gfp, const char *fmt, va_list args) __printf(2, 0);

#endif
