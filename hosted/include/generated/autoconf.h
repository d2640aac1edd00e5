/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_GENERATED_AUTOCONF_H
#define _HOSTED_GENERATED_AUTOCONF_H

/* A preemptible kernel for many CPUs, with what its drivers' code depends on */
#define CONFIG_64BIT 1
#define CONFIG_SMP 1
#define CONFIG_NR_CPUS 32
#define CONFIG_PREEMPTION 1
#define CONFIG_PREEMPT 1
#define CONFIG_PREEMPT_COUNT 1
#define CONFIG_HZ 1000
#define CONFIG_MMU 1
#define CONFIG_MODULES 1
#define CONFIG_PRINTK 1
#define CONFIG_BUG 1
#define CONFIG_SYSFS 1
#define CONFIG_PM 1
#define CONFIG_PM_SLEEP 1
#define CONFIG_HAS_IOMEM 1
#define CONFIG_COMPAT 1
#define CONFIG_PCI 1
#define CONFIG_PCI_MSI 1
#define CONFIG_NET 1
#define CONFIG_INET 1
#define CONFIG_UIO 1
#define CONFIG_EVENTFD 1
#define CONFIG_TTY 1
#define CONFIG_SERIAL_CORE 1
#define CONFIG_SERIAL_AMBA_PL010 1
#define CONFIG_SERIAL_AMBA_PL010_CONSOLE 1
#define CONFIG_ARM_AMBA 1
#define CONFIG_HAVE_CLK 1

#endif
