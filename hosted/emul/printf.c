// SPDX-License-Identifier: GPL-2.0
/*
 * Formatted text: as libc's, and %p with the extensions that drivers use
 *
 *	%p	a hash: addresses are not for logs	%px %pK	the address
 *	%pe	an error, like -ENOMEM			%ps %pS	the address
 *	%pV	a struct va_format			%pa	phys_addr_t by pointer
 *	%pM %pm	MAC address, with and without colons	%pMF	with dashes
 *	%pI4 %pI6 %pI6c	IP addresses			%pR %pr	a resource
 *	%pU	a UUID					%*ph	bytes in hex
 */
#include <linux/bug.h>
#include <linux/ctype.h>
#include <linux/errname.h>
#include <linux/ioport.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "emul.h"

/**
 * struct out - where text goes
 * @buf: may be NULL with @size 0
 * @size: bytes of it
 * @len: bytes of text so far, also of what did not fit
 */
struct out {
	char *buf;
	size_t size;
	size_t len;
};

/**
 * struct spec - of one conversion
 * @width: at least so many characters
 * @precision: -1 for none
 * @base: of a number
 */
struct spec {
	bool left, zero, plus, space, alt, upper;
	int width;
	int precision;
	unsigned int base;
};

static void put(struct out *out, char c)
{
	if (out->len < out->size)
		out->buf[out->len] = c;
	out->len++;
}

static void pad(struct out *out, char c, int n)
{
	while (n-- > 0)
		put(out, c);
}

static void put_string(struct out *out, const struct spec *spec, const char *s)
{
	size_t len, i;

	if ((unsigned long)s < PAGE_SIZE)
		s = s ? "(efault)" : "(null)";
	len = spec->precision >= 0 ? strnlen(s, spec->precision) : strlen(s);
	if (!spec->left)
		pad(out, ' ', spec->width - (int)len);
	for (i = 0; i < len; i++)
		put(out, s[i]);
	if (spec->left)
		pad(out, ' ', spec->width - (int)len);
}

/* @value's digits, the last first. Returns how many. */
static int digits_of(char *digits, unsigned long long value, const struct spec *spec)
{
	const char *set = spec->upper ? hex_asc_upper : hex_asc;
	int n = 0;

	for (; value; value /= spec->base)
		digits[n++] = set[value % spec->base];
	return n;
}

static void put_number(struct out *out, const struct spec *spec, unsigned long long value,
		       bool negative)
{
	char digits[64], sign = negative ? '-' : spec->plus ? '+' : spec->space ? ' ' : 0;
	bool hex = spec->alt && spec->base == 16;
	int n = digits_of(digits, value, spec);
	int want = spec->precision >= 0 ? spec->precision : 1;
	int rest;

	if (spec->alt && spec->base == 8 && want <= n)
		want = n + 1;
	rest = spec->width - max(n, want) - !!sign - 2 * hex;
	if (spec->zero && !spec->left && spec->precision < 0 && rest > 0) {
		want = max(n, want) + rest;
		rest = 0;
	}
	if (!spec->left)
		pad(out, ' ', rest);
	if (sign)
		put(out, sign);
	if (hex) {
		put(out, '0');
		put(out, spec->upper ? 'X' : 'x');
	}
	pad(out, '0', want - n);
	while (n)
		put(out, digits[--n]);
	if (spec->left)
		pad(out, ' ', rest);
}

/*
 * Pointers
 */

static void put_address(struct out *out, struct spec spec, unsigned long value)
{
	spec.base = 16;
	if (spec.width <= 0) {
		spec.width = 2 * sizeof(void *);
		spec.zero = true;
	}
	put_number(out, &spec, value, false);
}

/* The same for the same pointer, and of no use to who wants to know it. */
static unsigned long hash_pointer(const void *ptr)
{
	static unsigned long key;

	if (!READ_ONCE(key))
		WRITE_ONCE(key, kit_random() | 1);
	return ptr ? ((unsigned long)ptr * READ_ONCE(key)) >> 32 : 0;
}

static void put_hex_bytes(struct out *out, const struct spec *spec, const u8 *bytes, int n,
			  char separator)
{
	int i;

	for (i = 0; i < n; i++) {
		if (i && separator)
			put(out, separator);
		put(out, hex_asc_hi(bytes[i]));
		put(out, hex_asc_lo(bytes[i]));
	}
}

static void put_format(struct out *out, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (out->len < out->size)
		out->len += vsnprintf(out->buf + out->len, out->size - out->len, fmt, args);
	else
		out->len += vsnprintf(NULL, 0, fmt, args);
	va_end(args);
}

static void put_ip(struct out *out, const char *ext, const u8 *p)
{
	int i;

	if (ext[1] == '4') {
		put_format(out, "%u.%u.%u.%u", p[0], p[1], p[2], p[3]);
		return;
	}
	for (i = 0; i < 16; i += 2)
		put_format(out, ext[2] == 'c' ? "%s%x" : "%s%04x", i ? ":" : "",
			   p[i] << 8 | p[i + 1]);
}

static void put_resource(struct out *out, const struct resource *res)
{
	const char *type = res->flags & IORESOURCE_MEM ? "mem" :
			   res->flags & IORESOURCE_IO ? "io " :
			   res->flags & IORESOURCE_IRQ ? "irq" : "???";

	put_format(out, "[%s 0x%08llx-0x%08llx]", type, res->start, res->end);
}

static void put_error(struct out *out, const struct spec *spec, const void *ptr)
{
	const char *name = IS_ERR(ptr) ? errname(PTR_ERR(ptr)) : NULL;

	if (name)
		put_format(out, "-%s", name);
	else if (IS_ERR(ptr))
		put_format(out, "%ld", PTR_ERR(ptr));
	else
		put_address(out, *spec, hash_pointer(ptr));
}

static void put_uuid(struct out *out, const u8 *u)
{
	int i;

	for (i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			put(out, '-');
		put_hex_bytes(out, NULL, &u[i], 1, 0);
	}
}

static void put_va_format(struct out *out, const struct va_format *vaf)
{
	va_list args;

	va_copy(args, *vaf->va);
	if (out->len < out->size)
		out->len += vsnprintf(out->buf + out->len, out->size - out->len, vaf->fmt, args);
	else
		out->len += vsnprintf(NULL, 0, vaf->fmt, args);
	va_end(args);
}

/* @ext is what follows the 'p'; those characters are eaten by the caller. */
static void put_pointer(struct out *out, struct spec *spec, const char *ext, const void *ptr)
{
	switch (*ext) {
	case 'x':
	case 'K':
	case 's':
	case 'S':
	case 'B':
		put_address(out, *spec, (unsigned long)ptr);
		return;
	case 'e':
		put_error(out, spec, ptr);
		return;
	}
	if ((unsigned long)ptr < PAGE_SIZE && isalnum(*ext)) {
		put_string(out, spec, ptr ? "(efault)" : "(null)");
		return;
	}
	switch (*ext) {
	case 'V':
		put_va_format(out, ptr);
		break;
	case 'M':
	case 'm':
		put_hex_bytes(out, spec, ptr, 6, *ext == 'm' ? 0 : ext[1] == 'F' ? '-' : ':');
		break;
	case 'I':
	case 'i':
		put_ip(out, ext, ptr);
		break;
	case 'R':
	case 'r':
		put_resource(out, ptr);
		break;
	case 'a':
		put_format(out, "0x%016llx", *(const u64 *)ptr);
		break;
	case 'h':
		put_hex_bytes(out, spec, ptr, spec->width > 0 ? spec->width : 1,
			      ext[1] == 'C' ? ':' : ext[1] == 'D' ? '-' : ext[1] == 'N' ? 0 : ' ');
		break;
	case 'U':
		put_uuid(out, ptr);
		break;
	default:
		if (isalnum(*ext))
			kit_die("printf() with %%p%c, which is not supported", *ext);
		put_address(out, *spec, hash_pointer(ptr));
	}
}

/*
 * The format
 */

static const char *parse_flags(const char *fmt, struct spec *spec)
{
	for (;; fmt++) {
		switch (*fmt) {
		case '-':
			spec->left = true;
			break;
		case '0':
			spec->zero = true;
			break;
		case '+':
			spec->plus = true;
			break;
		case ' ':
			spec->space = true;
			break;
		case '#':
			spec->alt = true;
			break;
		default:
			return fmt;
		}
	}
}

static const char *parse_int(const char *fmt, int *value)
{
	for (*value = 0; isdigit(*fmt); fmt++)
		*value = *value * 10 + *fmt - '0';
	return fmt;
}

/* How wide an integer argument is: bytes, of 'hh', 'h', '', 'l', 'll', 'z', 't', 'L' */
static const char *parse_size(const char *fmt, int *size)
{
	*size = sizeof(int);
	for (;; fmt++) {
		if (*fmt == 'h')
			*size /= 2;
		else if (*fmt == 'l' || *fmt == 'z' || *fmt == 't' || *fmt == 'L' || *fmt == 'j')
			*size = sizeof(long long);
		else
			return fmt;
	}
}

static void put_integer(struct out *out, struct spec *spec, char conversion, int size,
			long long value)
{
	bool is_signed = conversion == 'd' || conversion == 'i';
	bool negative = is_signed && value < 0;
	unsigned long long magnitude = negative ? -(unsigned long long)value : value;

	if (!is_signed && size < 8)
		magnitude &= (1ULL << 8 * size) - 1;
	spec->upper = conversion == 'X';
	spec->base = conversion == 'x' || conversion == 'X' ? 16 : conversion == 'o' ? 8 : 10;
	put_number(out, spec, magnitude, negative);
}

static long long sign_extend(long long value, int size)
{
	return size == 1 ? (s8)value : size == 2 ? (s16)value : size == 4 ? (s32)value : value;
}

struct args {
	va_list list;
};

/* From behind the '%'. Returns what follows the conversion. */
static const char *convert(struct out *out, const char *fmt, struct args *args)
{
	struct spec spec = { .precision = -1 };
	int size;

	fmt = parse_flags(fmt, &spec);
	if (*fmt == '*') {
		spec.width = va_arg(args->list, int);
		spec.left |= spec.width < 0;
		spec.width = abs(spec.width);
		fmt++;
	} else {
		fmt = parse_int(fmt, &spec.width);
	}
	if (*fmt == '.') {
		fmt++;
		if (*fmt == '*') {
			spec.precision = va_arg(args->list, int);
			fmt++;
		} else {
			fmt = parse_int(fmt, &spec.precision);
		}
	}
	fmt = parse_size(fmt, &size);
	switch (*fmt) {
	case 'c':
		spec.precision = 1;
		put_string(out, &spec, (char [2]) { va_arg(args->list, int) });
		break;
	case 's':
		put_string(out, &spec, va_arg(args->list, const char *));
		break;
	case 'p':
		put_pointer(out, &spec, fmt + 1, va_arg(args->list, const void *));
		while (isalnum(fmt[1]))
			fmt++;
		break;
	case '%':
		put(out, '%');
		break;
	case 'd':
	case 'i':
	case 'u':
	case 'x':
	case 'X':
	case 'o':
		put_integer(out, &spec, *fmt, size,
			    size == 8 ? va_arg(args->list, long long) :
			    sign_extend(va_arg(args->list, int), size));
		break;
	default:
		kit_die("printf() with a conversion %%%c", *fmt ?: '0');
	}
	return fmt + 1;
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list list)
{
	struct out out = { .buf = buf, .size = size };
	struct args args;

	va_copy(args.list, list);
	while (*fmt) {
		if (*fmt == '%')
			fmt = convert(&out, fmt + 1, &args);
		else
			put(&out, *fmt++);
	}
	va_end(args.list);
	if (size)
		buf[min(out.len, size - 1)] = '\0';
	return out.len;
}

int vscnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	size_t len = vsnprintf(buf, size, fmt, args);

	return !size ? 0 : min(len, size - 1);
}

int vsprintf(char *buf, const char *fmt, va_list args)
{
	return vsnprintf(buf, INT_MAX, fmt, args);
}

#define FORMATTED(_name, _proto, _call)							\
int _name _proto									\
{											\
	va_list args;									\
	int len;									\
											\
	va_start(args, fmt);								\
	len = _call;									\
	va_end(args);									\
	return len;									\
}

FORMATTED(snprintf, (char *buf, size_t size, const char *fmt, ...),
	  vsnprintf(buf, size, fmt, args))
FORMATTED(scnprintf, (char *buf, size_t size, const char *fmt, ...),
	  vscnprintf(buf, size, fmt, args))
FORMATTED(sprintf, (char *buf, const char *fmt, ...), vsprintf(buf, fmt, args))

char *kvasprintf(gfp_t gfp, const char *fmt, va_list args)
{
	va_list again;
	char *text;
	int len;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	text = kmalloc(len + 1, gfp);
	if (text)
		vsnprintf(text, len + 1, fmt, args);
	return text;
}

char *kasprintf(gfp_t gfp, const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	text = kvasprintf(gfp, fmt, args);
	va_end(args);
	return text;
}

/*
 * Scanning: numbers, strings, characters, literals, %n
 */

static void store(void *to, long long value, int size)
{
	switch (size) {
	case 1:
		*(s8 *)to = value;
		break;
	case 2:
		*(s16 *)to = value;
		break;
	case 4:
		*(s32 *)to = value;
		break;
	default:
		*(s64 *)to = value;
	}
}

/* @width: so many characters at most. Returns what follows, NULL where there is no number. */
static const char *scan_number(const char *buf, char conversion, int width, long long *value)
{
	unsigned int base = conversion == 'x' || conversion == 'X' ? 16 : conversion == 'o' ? 8 :
			    conversion == 'i' ? 0 : 10;
	unsigned long long magnitude;
	char copy[72] = { };
	const char *end;
	bool negative;

	buf = skip_spaces(buf);
	if (width <= 0 || width >= (int)sizeof(copy))
		width = sizeof(copy) - 1;
	strscpy(copy, buf, width + 1);
	if (parse_number(copy, base, &magnitude, &negative, &end) == -EINVAL)
		return NULL;
	*value = negative ? -magnitude : magnitude;
	return buf + (end - copy);
}

static const char *scan_string(const char *buf, int width, char *to)
{
	int n = 0;

	buf = skip_spaces(buf);
	if (!*buf)
		return NULL;
	while (*buf && !isspace(*buf) && (!width || n < width)) {
		if (to)
			to[n] = *buf;
		n++;
		buf++;
	}
	if (to)
		to[n] = '\0';
	return buf;
}

static const char *scan_chars(const char *buf, int width, char *to)
{
	int n;

	for (n = 0; n < (width ?: 1); n++, buf++) {
		if (!*buf)
			return NULL;
		if (to)
			to[n] = *buf;
	}
	return buf;
}

int vsscanf(const char *start, const char *fmt, va_list args)
{
	const char *buf = start;
	int count = 0;

	while (*fmt && buf) {
		int width, size;
		long long value;
		bool discard;
		void *to;

		if (isspace(*fmt)) {
			fmt = skip_spaces(fmt);
			buf = skip_spaces(buf);
			continue;
		}
		if (*fmt != '%' || fmt[1] == '%') {
			fmt += *fmt == '%';
			if (*fmt++ != *buf++)
				return count;
			continue;
		}
		discard = *++fmt == '*';
		fmt = parse_int(fmt + discard, &width);
		fmt = parse_size(fmt, &size);
		to = discard ? NULL : va_arg(args, void *);
		switch (*fmt) {
		case 'n':
			*(int *)to = buf - start;
			fmt++;
			continue;
		case 's':
			buf = scan_string(buf, width, to);
			break;
		case 'c':
			buf = scan_chars(buf, width, to);
			break;
		default:
			buf = scan_number(buf, *fmt, width, &value);
			if (buf && to)
				store(to, value, size);
		}
		count += buf && !discard;
		fmt++;
	}
	return count;
}

int sscanf(const char *buf, const char *fmt, ...)
{
	va_list args;
	int count;

	va_start(args, fmt);
	count = vsscanf(buf, fmt, args);
	va_end(args);
	return count;
}
