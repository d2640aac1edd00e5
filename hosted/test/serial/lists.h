/* SPDX-License-Identifier: GPL-2.0 */
/* The checks of kernel/lists.c; seen by both sides. Return: 0, or a line that failed. */
#ifndef HOSTED_TEST_SERIAL_LISTS_H
#define HOSTED_TEST_SERIAL_LISTS_H

#define LISTS(X) \
	X(uart_registration) X(uart_speeds) X(uart_suspend_resume) X(uart_write_wakeup) \
	X(uart_handle) X(uart_optional_ops) X(uart_insert_char) X(flip) X(tty_drivers) \
	X(tty_termios) X(tty_names_and_hangup) X(tty_wait_until_sent) \
	X(tty_throttle_while_discarded) X(console) X(amba_driver) X(tasklets) \
	X(time_and_sleep) X(wait_queues) X(mutexes) X(memory) X(misc)

#define LIST_DECLARE(name)	list_##name(void),
int LISTS(LIST_DECLARE) list_bug(void);

#endif
