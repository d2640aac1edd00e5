/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_ERRNAME_H
#define _HOSTED_LINUX_ERRNAME_H

/* "ENOMEM" for 12 or -12; NULL for what has no name */
const char *errname(int err);

#endif
