/* SPDX-License-Identifier: GPL-2.0 */
/* Nothing: linux/tracepoint.h has defined all that there is. */
