/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_STRING_H
#define _HOSTED_LINUX_STRING_H

#include <linux/compiler_types.h>
#include <linux/stdarg.h>
#include <linux/types.h>

/* libc's where they are the same */
void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t n);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
int strcasecmp(const char *a, const char *b);
char *strcpy(char *dst, const char *src);
char *strchr(const char *s, int c);
char *strchrnul(const char *s, int c);
char *strstr(const char *s, const char *what);
size_t strspn(const char *s, const char *accept);
size_t strcspn(const char *s, const char *reject);
char *strsep(char **s, const char *delimiters);

/* The kernel's own */
size_t strlcpy(char *dst, const char *src, size_t size) __asm__("hosted_strlcpy");
ssize_t sized_strscpy(char *dst, const char *src, size_t size);
char *skip_spaces(const char *s);
char *strim(char *s);
char *strreplace(char *s, char old, char new);
void __memzero(void *s, size_t n);
bool sysfs_streq(const char *a, const char *b);
int match_string(const char * const *array, size_t n, const char *string);
char *kstrdup(const char *s, gfp_t gfp);
char *kstrndup(const char *s, size_t max, gfp_t gfp);
void *kmemdup(const void *src, size_t n, gfp_t gfp);
char *kmemdup_nul(const char *s, size_t n, gfp_t gfp);
unsigned long long memparse(const char *s, char **end);

#define __hosted_strscpy2(_d, _s)	sized_strscpy(_d, _s, sizeof(_d))
#define __hosted_strscpy3(_d, _s, _n)	sized_strscpy(_d, _s, _n)
#define __hosted_strscpy(_1, _2, _3, _f, ...)	_f
#define strscpy(_args...) \
	__hosted_strscpy(_args, __hosted_strscpy3, __hosted_strscpy2, 0)(_args)
#define strstarts(_s, _p)		(strncmp(_s, _p, strlen(_p)) == 0)

#endif
