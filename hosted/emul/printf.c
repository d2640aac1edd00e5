// SPDX-License-Identifier: GPL-2.0
/*
 * Formatted text: libc's, one conversion at a time, and %p with what drivers use of
 * the kernel's extensions
 *
 *	%p	a hash: addresses are not for logs	%px %pK	the address
 *	%pe	an error, like -ENOMEM			%ps %pS	the address
 *	%pV	a struct va_format			%pa	phys_addr_t by pointer
 *	%pM %pm	MAC address, with and without colons	%pMF	with dashes
 *	%pI4 %pI6	IP addresses			%pR %pr	a resource
 *	%pU	a UUID					%*ph	bytes in hex
 */
#include <linux/ctype.h>
#include <linux/errname.h>
#include <linux/ioport.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "emul.h"

/* The kernel's names have others here, see linux/sprintf.h: this one is libc's. */
int libc_vsnprintf(char *buf, size_t size, const char *fmt, va_list args) __asm__("vsnprintf");

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

/* A conversion, as libc takes it. */
struct spec {
	char text[64];
	unsigned int len;
};

struct args {
	va_list list;
};

static void vput(struct out *out, int (*print)(char *buf, size_t size, const char *fmt,
					       va_list args), const char *fmt, va_list args)
{
	size_t at = min(out->len, out->size);

	out->len += print(out->size ? out->buf + at : NULL, out->size - at, fmt, args);
}

static void put(struct out *out, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vput(out, libc_vsnprintf, fmt, args);
	va_end(args);
}

static const char *append(struct spec *spec, const char *text)
{
	ssize_t len = strscpy(spec->text + spec->len, text, sizeof(spec->text) - spec->len);

	if (len < 0)
		kit_die("printf() with a conversion %s%s, which is too long", spec->text, text);
	spec->len += len;
	return spec->text;
}

static unsigned long width_of(const struct spec *spec)
{
	return simple_strtoul(spec->text + strspn(spec->text, "%-+ #0"), NULL, 10);
}

static void put_string(struct out *out, struct spec *spec, const char *s)
{
	if ((unsigned long)s < PAGE_SIZE)
		s = s ? "(efault)" : "(null)";
	put(out, append(spec, "s"), s);
}

/*
 * Pointers
 */

static void put_address(struct out *out, struct spec *spec, unsigned long value)
{
	if (width_of(spec))
		put(out, append(spec, "lx"), value);
	else
		put(out, "%016lx", value);
}

/* The same for the same pointer, and of no use to who wants to know it. */
static unsigned long hash_pointer(const void *ptr)
{
	static unsigned long key;

	if (!READ_ONCE(key))
		WRITE_ONCE(key, kit_random() | 1);
	return ptr ? ((unsigned long)ptr * READ_ONCE(key)) >> 32 : 0;
}

static void put_hex_bytes(struct out *out, const u8 *bytes, int n, const char *separator)
{
	int i;

	for (i = 0; i < n; i++)
		put(out, "%s%02x", i ? separator : "", bytes[i]);
}

static void put_ip(struct out *out, char version, const u8 *p)
{
	int i;

	if (version == '4')
		put(out, "%u.%u.%u.%u", p[0], p[1], p[2], p[3]);
	for (i = 0; version == '6' && i < 16; i += 2)
		put(out, "%s%04x", i ? ":" : "", p[i] << 8 | p[i + 1]);
}

static void put_resource(struct out *out, const struct resource *res)
{
	const char *type = res->flags & IORESOURCE_MEM ? "mem" :
			   res->flags & IORESOURCE_IO ? "io " :
			   res->flags & IORESOURCE_IRQ ? "irq" : "???";

	put(out, "[%s 0x%08llx-0x%08llx]", type, res->start, res->end);
}

static void put_error(struct out *out, struct spec *spec, const void *ptr)
{
	const char *name = IS_ERR(ptr) ? errname(PTR_ERR(ptr)) : NULL;

	if (name)
		put(out, "-%s", name);
	else if (IS_ERR(ptr))
		put(out, "%ld", PTR_ERR(ptr));
	else
		put_address(out, spec, hash_pointer(ptr));
}

static void put_uuid(struct out *out, const u8 *u)
{
	int i;

	for (i = 0; i < 16; i++)
		put(out, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", u[i]);
}

static void put_va_format(struct out *out, const struct va_format *vaf)
{
	va_list args;

	va_copy(args, *vaf->va);
	vput(out, vsnprintf, vaf->fmt, args);
	va_end(args);
}

/* @ext is what follows the 'p'; those characters are eaten by the caller. */
static void put_pointer(struct out *out, struct spec *spec, const char *ext, const void *ptr)
{
	if (*ext && strchr("xKsSB", *ext)) {
		put_address(out, spec, (unsigned long)ptr);
		return;
	}
	if (*ext == 'e') {
		put_error(out, spec, ptr);
		return;
	}
	if ((unsigned long)ptr < PAGE_SIZE && isalnum(*ext)) {
		put_string(out, spec, ptr);
		return;
	}
	switch (*ext) {
	case 'V':
		put_va_format(out, ptr);
		break;
	case 'M':
	case 'm':
		put_hex_bytes(out, ptr, 6, *ext == 'm' ? "" : ext[1] == 'F' ? "-" : ":");
		break;
	case 'I':
	case 'i':
		put_ip(out, ext[1], ptr);
		break;
	case 'R':
	case 'r':
		put_resource(out, ptr);
		break;
	case 'a':
		put(out, "0x%016llx", *(const u64 *)ptr);
		break;
	case 'h':
		put_hex_bytes(out, ptr, width_of(spec) ?: 1,
			      ext[1] == 'C' ? ":" : ext[1] == 'D' ? "-" : ext[1] == 'N' ? "" : " ");
		break;
	case 'U':
		put_uuid(out, ptr);
		break;
	default:
		if (isalnum(*ext))
			kit_die("printf() with %%p%c, which is not supported", *ext);
		put_address(out, spec, hash_pointer(ptr));
	}
}

/*
 * The format
 */

static void append_star(struct spec *spec, int value)
{
	char text[16];

	/* A width may be negative, which is a flag then, a precision not. */
	if (value < 0 && spec->text[spec->len - 1] == '.')
		value = 0;
	snprintf(text, sizeof(text), "%d", value);
	append(spec, text);
}

/* From behind the '%'. Returns what follows the conversion. */
static const char *convert(struct out *out, const char *fmt, struct args *args)
{
	struct spec spec = { .text = "%", .len = 1 };
	bool wide = false;

	for (; *fmt && strchr("-+ #0123456789.*hlzjtL", *fmt); fmt++) {
		wide |= !!strchr("lzjtL", *fmt);
		if (*fmt == '*')
			append_star(&spec, va_arg(args->list, int));
		else
			append(&spec, (char [2]) { *fmt });
	}
	switch (*fmt) {
	case 's':
		put_string(out, &spec, va_arg(args->list, const char *));
		break;
	case 'p':
		put_pointer(out, &spec, fmt + 1, va_arg(args->list, const void *));
		while (isalnum(fmt[1]))
			fmt++;
		break;
	case '%':
		put(out, "%%");
		break;
	case 'c':
	case 'd':
	case 'i':
	case 'u':
	case 'x':
	case 'X':
	case 'o':
		append(&spec, (char [2]) { *fmt });
		if (wide)
			put(out, spec.text, va_arg(args->list, long long));
		else
			put(out, spec.text, va_arg(args->list, int));
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
		int plain = strcspn(fmt, "%");

		if (plain)
			put(&out, "%.*s", plain, fmt);
		fmt += plain;
		if (*fmt)
			fmt = convert(&out, fmt + 1, &args);
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
FORMATTED(sprintf, (char *buf, const char *fmt, ...), vsnprintf(buf, INT_MAX, fmt, args))

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
