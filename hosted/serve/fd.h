/* SPDX-License-Identifier: GPL-2.0 */
/* Messages with a descriptor, or without. Hidden, for programs that preload these. */
#ifndef HOSTED_SERVE_FD_H
#define HOSTED_SERVE_FD_H

#include <sys/socket.h>

/* As sendmsg(), but never SIGPIPE; @fd goes along, -1 for none. */
__attribute__((visibility("hidden")))
ssize_t fd_send(int sock, struct iovec *iov, size_t count, int fd, int flags);

/* As recvmsg(); *@fd is what came along, close-on-exec, or -1. A second one is dropped. */
__attribute__((visibility("hidden")))
ssize_t fd_receive(int sock, struct iovec *iov, size_t count, int *fd, int flags);

#endif
