/* SPDX-License-Identifier: GPL-2.0 */
/* What the library's files share; no part of its interface */
#ifndef IVSHMEM_INTERNAL_H
#define IVSHMEM_INTERNAL_H

#include "libivshmem.h"

/* Sets this thread's ivshmem_error(). Return: -error. */
__attribute__((format(printf, 2, 3)))
int ivshmem_fail(int error, const char *fmt, ...);

/* A folder that tests may put elsewhere by a variable of the environment */
const char *ivshmem_root(const char *variable, const char *otherwise);

/* A file's first @size - 1 bytes, without the newline at the end */
int ivshmem_read_text(const char *path, char *text, size_t size);

#endif
