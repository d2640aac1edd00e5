/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_NOSPEC_H
#define _LINUX_NOSPEC_H

/* A process that shares its memory with nobody has nothing to hide from itself. */
#define array_index_nospec(_index, _size) ({				\
	typeof(_index) __index = (_index);				\
									\
	__index < (_size) ? __index : 0;				\
})

#endif /* _LINUX_NOSPEC_H */
