/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_COMPILER_TYPES_H
#define _HOSTED_LINUX_COMPILER_TYPES_H

#define __user
#define __iomem
#define __percpu
#define __rcu
#define __force
#define __bitwise
#define __must_hold(_x)
#define __acquires(_x)
#define __releases(_x)
#define __counted_by(_member)

#define __always_inline			inline __attribute__((always_inline))
#define noinline			__attribute__((noinline))
#define __packed			__attribute__((packed))
#define __aligned(_x)			__attribute__((aligned(_x)))
#define __printf(_a, _b)		__attribute__((format(printf, _a, _b)))
#define __maybe_unused			__attribute__((unused))
#define __always_unused			__attribute__((unused))
#define __used				__attribute__((used))
#define __must_check			__attribute__((warn_unused_result))
#define __cold				__attribute__((cold))
#define __weak				__attribute__((weak))
#define __section(_s)			__attribute__((section(_s)))
#define __noreturn			__attribute__((noreturn))
#define __cleanup(_f)			__attribute__((cleanup(_f)))
#define __ro_after_init
#define __read_mostly
#define notrace
#define fallthrough			__attribute__((fallthrough))
#define __same_type(_a, _b)		__builtin_types_compatible_p(typeof(_a), typeof(_b))

#ifndef __has_feature
#define __has_feature(_x)		0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define HOSTED_TSAN			1
#endif

#endif
