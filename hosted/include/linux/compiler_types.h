/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_COMPILER_TYPES_H
#define _HOSTED_LINUX_COMPILER_TYPES_H

#define __user
#define __iomem
#define __percpu
#define __rcu
#define __kernel
#define __force
#define __bitwise
#define __nocast
#define __safe
#define __private
#define __must_hold(_x)
#define __acquires(_x)
#define __releases(_x)
#define __cond_acquires(...)
#define __guarded_by(...)
#define __acquire(_x)			((void)0)
#define __release(_x)			((void)0)
#define __chk_user_ptr(_x)		((void)0)
#define __counted_by(_member)
#define __context_unsafe(_comment)

#define __always_inline			inline __attribute__((always_inline))
#define noinline			__attribute__((noinline))
#define __noinline			__attribute__((noinline))
#define __packed			__attribute__((packed))
#define __aligned(_x)			__attribute__((aligned(_x)))
#define __printf(_a, _b)		__attribute__((format(printf, _a, _b)))
#define __scanf(_a, _b)			__attribute__((format(scanf, _a, _b)))
#define __maybe_unused			__attribute__((unused))
#define __always_unused			__attribute__((unused))
#define __used				__attribute__((used))
#define __must_check			__attribute__((warn_unused_result))
#define __deprecated
#define __pure				__attribute__((pure))
#define __attribute_const__		__attribute__((const))
#define __cold				__attribute__((cold))
#define __weak				__attribute__((weak))
#define __section(_s)			__attribute__((section(_s)))
#define __noreturn			__attribute__((noreturn))
#define __malloc			__attribute__((malloc))
#define __mode(_x)			__attribute__((mode(_x)))
#define __alias(_x)			__attribute__((alias(#_x)))
#define __cleanup(_f)			__attribute__((cleanup(_f)))
#define __designated_init
#define __no_kasan_or_inline		inline
#define __alloc_size(_x, ...)
#define __assume_aligned(_x, ...)
#define __latent_entropy
#define __randomize_layout
#define __ro_after_init
#define __read_mostly
#define __nonstring
#define __bpf_kfunc
#define notrace
#define asmlinkage
#define __visible
#define randomized_struct_fields_start
#define randomized_struct_fields_end
#define fallthrough			__attribute__((fallthrough))
#define __same_type(_a, _b)		__builtin_types_compatible_p(typeof(_a), typeof(_b))
#define __native_word(_t)		(sizeof(_t) <= 8)
#define __scalar_type_to_expr_cases(_t)	unsigned _t: (unsigned _t)0, signed _t: (signed _t)0
#define __unqual_scalar_typeof(_x)	typeof(_Generic((_x),				\
	char: (char)0,									\
	__scalar_type_to_expr_cases(char), __scalar_type_to_expr_cases(short),		\
	__scalar_type_to_expr_cases(int), __scalar_type_to_expr_cases(long),		\
	__scalar_type_to_expr_cases(long long), default: (_x)))
#define __has_kcsan
#define __inline			inline
#define __inline__			inline

#ifndef __has_feature
#define __has_feature(_x)		0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define HOSTED_TSAN			1
#endif

#endif
