/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_EXPORT_H
#define _HOSTED_LINUX_EXPORT_H

/* All of a process is linked at once. */
#define EXPORT_SYMBOL(_sym)
#define EXPORT_SYMBOL_GPL(_sym)
#define EXPORT_SYMBOL_NS(_sym, _ns)
#define EXPORT_SYMBOL_NS_GPL(_sym, _ns)

#define THIS_MODULE	(&__this_module)

#endif
