/* SPDX-License-Identifier: GPL-2.0 */
/* From drivers to readers. Context: any, interrupts too. class/tty.c */
#ifndef _LINUX_TTY_FLIP_H
#define _LINUX_TTY_FLIP_H

#include <linux/tty_port.h>

/* Return: how many found room */
size_t tty_insert_flip_string_flags(struct tty_port *port, const u8 *chars, const u8 *flags,
				    size_t size);
size_t tty_insert_flip_string_fixed_flag(struct tty_port *port, const u8 *chars, u8 flag,
					 size_t size);
/* Readers see what was inserted so far. */
void tty_flip_buffer_push(struct tty_port *port);

static inline size_t tty_insert_flip_string(struct tty_port *port, const u8 *chars, size_t size)
{
	return tty_insert_flip_string_fixed_flag(port, chars, 0, size);
}

static inline size_t tty_insert_flip_char(struct tty_port *port, u8 ch, u8 flag)
{
	return tty_insert_flip_string_flags(port, &ch, &flag, 1);
}

#endif
