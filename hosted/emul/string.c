// SPDX-License-Identifier: GPL-2.0
/*
 * Strings and numbers, where libc has them not, or not like this
 */
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/hex.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/string.h>

#include "emul.h"

size_t strlcpy(char *dst, const char *src, size_t size)
{
	size_t len = strlen(src);

	if (size) {
		size_t n = min(len, size - 1);

		memcpy(dst, src, n);
		dst[n] = '\0';
	}
	return len;
}

ssize_t sized_strscpy(char *dst, const char *src, size_t size)
{
	size_t len = strnlen(src, size);

	if (!size)
		return -E2BIG;
	if (len == size) {
		memcpy(dst, src, size - 1);
		dst[size - 1] = '\0';
		return -E2BIG;
	}
	memcpy(dst, src, len + 1);
	return len;
}

char *skip_spaces(const char *s)
{
	while (isspace(*s))
		s++;
	return (char *)s;
}

char *strim(char *s)
{
	size_t len = strlen(s);

	while (len && isspace(s[len - 1]))
		len--;
	s[len] = '\0';
	return skip_spaces(s);
}

char *strreplace(char *s, char old, char new)
{
	char *p;

	for (p = s; *p; p++)
		if (*p == old)
			*p = new;
	return s;
}

void __memzero(void *s, size_t n)
{
	memset(s, 0, n);
}

/* Equal, but for a newline at the end of either. */
bool sysfs_streq(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	if (*a == *b)
		return true;
	return (!*a && *b == '\n' && !b[1]) || (*a == '\n' && !a[1] && !*b);
}

int match_string(const char * const *array, size_t n, const char *string)
{
	size_t i;

	for (i = 0; i < n && array[i]; i++)
		if (!strcmp(array[i], string))
			return i;
	return -EINVAL;
}

/*
 * Numbers
 */

int hex_to_bin(unsigned char ch)
{
	return isdigit(ch) ? ch - '0' : isxdigit(ch) ? tolower(ch) - 'a' + 10 : -1;
}

static const char *parse_base(const char *s, unsigned int *base)
{
	bool hex = s[0] == '0' && tolower(s[1]) == 'x' && isxdigit(s[2]);

	if (!*base)
		*base = hex ? 16 : s[0] == '0' ? 8 : 10;
	return hex && *base == 16 ? s + 2 : s;
}

/*
 * As many digits as there are. Returns 0, -EINVAL for none, -ERANGE; the value is
 * cut then.
 */
int parse_number(const char *s, unsigned int base, unsigned long long *value, bool *negative,
		 const char **end)
{
	unsigned long long sum = 0;
	bool overflow = false;
	const char *start;
	int digit;

	*negative = *s == '-';
	if (*s == '-' || *s == '+')
		s++;
	s = parse_base(s, &base);
	start = s;
	for (; (digit = hex_to_bin(*s)) >= 0 && digit < (int)base; s++) {
		overflow |= __builtin_mul_overflow(sum, base, &sum);
		overflow |= __builtin_add_overflow(sum, digit, &sum);
	}
	*value = sum;
	*end = s;
	return s == start ? -EINVAL : overflow ? -ERANGE : 0;
}

/* The whole string, but for a newline at its end. */
static int parse_all(const char *s, unsigned int base, unsigned long long *value, bool *negative)
{
	const char *end;
	int err = parse_number(s, base, value, negative, &end);

	if (err == -EINVAL)
		return err;
	if (*end == '\n')
		end++;
	return *end ? -EINVAL : err;
}

int kstrtoull(const char *s, unsigned int base, unsigned long long *res)
{
	unsigned long long value;
	bool negative;
	int err = parse_all(s, base, &value, &negative);

	if (negative)
		return -EINVAL;
	if (!err)
		*res = value;
	return err;
}

int kstrtoll(const char *s, unsigned int base, long long *res)
{
	unsigned long long value;
	bool negative;
	int err = parse_all(s, base, &value, &negative);

	if (!err && value > (unsigned long long)LLONG_MAX + negative)
		err = -ERANGE;
	if (!err)
		*res = negative ? -value : value;
	return err;
}

#define KSTRTO(_name, _type, _from, _wide)						\
int _name(const char *s, unsigned int base, __typeof__(_type) *res)			\
{											\
	_wide value;									\
	int err = _from(s, base, &value);						\
											\
	if (err)									\
		return err;								\
	if (value != (_wide)(_type)value)						\
		return -ERANGE;								\
	*res = value;									\
	return 0;									\
}

KSTRTO(kstrtoul, unsigned long, kstrtoull, unsigned long long)
KSTRTO(kstrtol, long, kstrtoll, long long)
KSTRTO(kstrtouint, unsigned int, kstrtoull, unsigned long long)
KSTRTO(kstrtoint, int, kstrtoll, long long)
KSTRTO(kstrtou16, u16, kstrtoull, unsigned long long)
KSTRTO(kstrtou8, u8, kstrtoull, unsigned long long)

int kstrtobool(const char *s, bool *res)
{
	if (!s)
		return -EINVAL;
	if (strchr("yYtT1", *s) && *s)
		*res = true;
	else if (strchr("nNfF0", *s) && *s)
		*res = false;
	else if (tolower(*s) == 'o' && tolower(s[1]) == 'n')
		*res = true;
	else if (tolower(*s) == 'o' && tolower(s[1]) == 'f')
		*res = false;
	else
		return -EINVAL;
	return 0;
}

unsigned long long simple_strtoull(const char *s, char **end, unsigned int base)
{
	unsigned long long value;
	const char *stop;
	bool negative;

	/* A sign is none of its digits. */
	if (*s == '-' || *s == '+' || parse_number(s, base, &value, &negative, &stop) == -EINVAL) {
		value = 0;
		stop = s;
	}
	if (end)
		*end = (char *)stop;
	return value;
}

unsigned long simple_strtoul(const char *s, char **end, unsigned int base)
{
	return simple_strtoull(s, end, base);
}

/* "1G" and its like */
unsigned long long memparse(const char *s, char **end)
{
	static const char units[] = "KMGTPE";
	unsigned long long value;
	const char *unit;
	char *stop;

	value = simple_strtoull(s, &stop, 0);
	unit = *stop ? strchr(units, toupper(*stop)) : NULL;
	if (unit) {
		value <<= 10 * (unit - units + 1);
		stop++;
	}
	if (end)
		*end = stop;
	return value;
}
