// SPDX-License-Identifier: GPL-2.0
/*
 * What /proc/self/fail-nth does for allocations, for a device's resources as well
 *
 *	# modprobe ivshmem_faults
 *	# sh -c 'echo 12 >/proc/self/fail-nth; echo 0000:00:08.0 >bind'
 *	# cat /sys/module/ivshmem_faults/parameters/refused
 *
 * Calls of the functions below count as allocations do, so that a test that
 * raises N until nothing fails has failed each of them, too. None of them is on
 * the kernel's list for CONFIG_FAIL_FUNCTION, so a kprobe each sends the task
 * to a function that fails instead.
 */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/sched.h>

static struct kprobe probes[] = {
	{ .symbol_name = "pci_enable_device" },
	{ .symbol_name = "pci_request_regions" },
	{ .symbol_name = "pci_alloc_irq_vectors" },
	{ .symbol_name = "request_threaded_irq" },
};

static unsigned int refused[ARRAY_SIZE(probes)];
module_param_array(refused, uint, NULL, 0444);
MODULE_PARM_DESC(refused, "how often enabling, regions, vectors and interrupts were refused");

/* In the place of any of them: it has its caller and its arguments, and ignores both. */
static int refuse(void)
{
	return -ENOMEM;
}

/* Context: the task that calls, with a breakpoint in between. It alone writes its fail_nth. */
static int before_call(struct kprobe *probe, struct pt_regs *regs)
{
	if (!current->fail_nth || --current->fail_nth)
		return 0;
	refused[probe - probes]++;
	instruction_pointer_set(regs, (unsigned long)refuse);
	return 1;
}

NOKPROBE_SYMBOL(before_call);

/* For a probe that has one, the kernel never makes the breakpoint a jump, which comes back. */
static void after_call(struct kprobe *probe, struct pt_regs *regs, unsigned long flags)
{
}

static int __init faults_init(void)
{
	struct kprobe *list[ARRAY_SIZE(probes)];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		probes[i].pre_handler = before_call;
		probes[i].post_handler = after_call;
		list[i] = &probes[i];
	}
	return register_kprobes(list, ARRAY_SIZE(probes));
}
module_init(faults_init);

static void __exit faults_exit(void)
{
	struct kprobe *list[ARRAY_SIZE(probes)];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++)
		list[i] = &probes[i];
	unregister_kprobes(list, ARRAY_SIZE(probes));
}
module_exit(faults_exit);

MODULE_DESCRIPTION("Refuses a device its resources, for tests");
MODULE_LICENSE("GPL");
