/* SPDX-License-Identifier: GPL-2.0 */
/* Names of system calls and of what goes into their arguments: x86-64's. */
#ifndef SHADOW_SYSCALLS_H
#define SHADOW_SYSCALLS_H

#include <stdbool.h>
#include <stdint.h>

/* By name or by number; false when there is none. */
bool syscall_number(const char *name, uint64_t *number);

/* O_CREAT, POLLIN, EINTR, ...; false when it is unknown. */
bool constant(const char *name, uint64_t *value);

/* "ENOENT" for 2; NULL when it has no name here. */
const char *errno_name(int error);

#endif
