/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_FIND_H
#define _HOSTED_LINUX_FIND_H

#include <linux/types.h>

unsigned long _find_next_bit(const unsigned long *addr, unsigned long size, unsigned long offset,
			     unsigned long invert);

#define find_next_bit(_addr, _size, _off)	_find_next_bit(_addr, _size, _off, 0)
#define find_next_zero_bit(_addr, _size, _off)	_find_next_bit(_addr, _size, _off, ~0UL)
#define find_first_bit(_addr, _size)		find_next_bit(_addr, _size, 0)
#define find_first_zero_bit(_addr, _size)	find_next_zero_bit(_addr, _size, 0)

#define for_each_set_bit(_bit, _addr, _size)						\
	for ((_bit) = find_first_bit((_addr), (_size)); (_bit) < (_size);		\
	     (_bit) = find_next_bit((_addr), (_size), (_bit) + 1))

#endif
