/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_KSTRTOX_H
#define _HOSTED_LINUX_KSTRTOX_H

#include <linux/compiler_types.h>
#include <linux/types.h>

int __must_check kstrtoull(const char *s, unsigned int base, unsigned long long *res);
int __must_check kstrtoll(const char *s, unsigned int base, long long *res);
int __must_check kstrtoul(const char *s, unsigned int base, unsigned long *res);
int __must_check kstrtol(const char *s, unsigned int base, long *res);
int __must_check kstrtouint(const char *s, unsigned int base, unsigned int *res);
int __must_check kstrtoint(const char *s, unsigned int base, int *res);
int __must_check kstrtou16(const char *s, unsigned int base, u16 *res);
int __must_check kstrtou8(const char *s, unsigned int base, u8 *res);
int __must_check kstrtobool(const char *s, bool *res);

#define kstrtou64(_s, _b, _r)	kstrtoull(_s, _b, _r)
#define kstrtos64(_s, _b, _r)	kstrtoll(_s, _b, _r)
#define kstrtou32(_s, _b, _r)	kstrtouint(_s, _b, _r)
#define kstrtos32(_s, _b, _r)	kstrtoint(_s, _b, _r)

unsigned long long simple_strtoull(const char *s, char **end, unsigned int base);
unsigned long simple_strtoul(const char *s, char **end, unsigned int base);

#endif
