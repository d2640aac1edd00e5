/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_CLEANUP_H
#define _HOSTED_LINUX_CLEANUP_H

#include <linux/compiler.h>
#include <linux/err.h>

#define DEFINE_FREE(_name, _type, _free) \
	static inline void __free_##_name(void *p) { _type _T = *(_type *)p; _free; }
#define __free(_name)	__cleanup(__free_##_name)
#define no_free_ptr(_p) ({ typeof(_p) __hosted_p = (_p); (_p) = NULL; __hosted_p; })
#define return_ptr(_p)	return no_free_ptr(_p)

#define DEFINE_LOCK_GUARD_1(_name, _type, _lock, _unlock, ...)				\
	typedef struct { _type *lock; __VA_ARGS__ __VA_OPT__(;) } class_##_name##_t;			\
	static inline void class_##_name##_end(class_##_name##_t *_T)			\
	{										\
		if (_T->lock)								\
			_unlock;							\
	}										\
	static inline class_##_name##_t class_##_name##_begin(_type *l)			\
	{										\
		class_##_name##_t _t = { .lock = l }, *_T = &_t;			\
		_lock;									\
		return _t;								\
	}

#define DEFINE_LOCK_GUARD_0(_name, _lock, _unlock)					\
	typedef struct { int lock; } class_##_name##_t;					\
	static inline void class_##_name##_end(class_##_name##_t *_T)			\
	{										\
		_unlock;								\
	}										\
	static inline class_##_name##_t class_##_name##_begin(void)			\
	{										\
		_lock;									\
		return (class_##_name##_t){ 0 };					\
	}

#define DEFINE_GUARD(_name, _type, _lock, _unlock)					\
	typedef _type class_##_name##_t;						\
	static inline void class_##_name##_end(_type *p)				\
	{										\
		_type _T = *p;								\
											\
		if (_T)									\
			_unlock;							\
	}										\
	static inline _type class_##_name##_begin(_type _T)				\
	{										\
		_lock;									\
		return _T;								\
	}

#define CLASS(_name, _var) \
	class_##_name##_t _var __cleanup(class_##_name##_end) = class_##_name##_begin
#define guard(_name)	CLASS(_name, __UNIQUE_ID(guard))
#define scoped_guard(_name, _args...)							\
	for (CLASS(_name, __hosted_scope)(_args), *__hosted_once = NULL;		\
	     !__hosted_once; __hosted_once = (void *)1)

#endif
