/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_BOTTOM_HALF_H
#define _HOSTED_LINUX_BOTTOM_HALF_H

void local_bh_disable(void);
void local_bh_enable(void);

#endif
