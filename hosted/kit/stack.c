// SPDX-License-Identifier: GPL-2.0
/*
 * The arena: slots of equal size at a fixed address, a stack in the upper part of
 * each. The rest of a slot is never mapped, so an overflow is a fault, and tells
 * by its address whose it is.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>

#include "internal.h"

#define ALTSTACK_SIZE	(32UL << 10)

struct kit_thread kit_threads[KIT_SLOTS];

/* What fault handlers run on, as the stack may be what is used up. */
static unsigned char altstacks[KIT_SLOTS][ALTSTACK_SIZE] __attribute__((aligned(4096)));

static struct sigaction old_segv, old_bus;

void *stack_base(int slot)
{
	return (void *)(KIT_ARENA + slot * KIT_SLOT_SIZE + KIT_STACK_GUARD);
}

size_t stack_size(void)
{
	return KIT_SLOT_SIZE - KIT_STACK_GUARD;
}

void kit_not_a_thread(void)
{
	kit_die("kernel code on a thread that is none of the kit's: stack %#lx, arena %#lx to %#lx",
		(unsigned long)kit_stack_pointer(), KIT_ARENA,
		KIT_ARENA + KIT_SLOTS * KIT_SLOT_SIZE);
}

static _Noreturn void die_of_overflow(int slot)
{
	const struct kit_thread *thread = &kit_threads[slot];

	kit_die("stack overflow, thread %d (%s, %s)", slot, thread_kind(thread->kind),
		thread->name);
}

/* The page fault error code's second bit, on x86; unknown elsewhere. */
static bool is_write(const ucontext_t *context)
{
#ifdef __x86_64__
	return context->uc_mcontext.gregs[REG_ERR] & 2;
#else
	(void)context;
	return true;
#endif
}

static void on_fault(int signal, siginfo_t *info, void *context)
{
	kit_addr addr = (kit_addr)info->si_addr;
	kit_addr slot = (addr - KIT_ARENA) >> KIT_SLOT_SHIFT;
	const struct sigaction *old = signal == SIGSEGV ? &old_segv : &old_bus;

	if (slot < KIT_SLOTS && (addr & (KIT_SLOT_SIZE - 1)) < KIT_STACK_GUARD)
		die_of_overflow(slot);
	if (grant_fault(addr, is_write(context), signal == SIGBUS))
		return;
	/* Not ours: a sanitizer's, or the default. */
	if (old->sa_flags & SA_SIGINFO && old->sa_sigaction) {
		old->sa_sigaction(signal, info, context);
		return;
	}
	sigaction(signal, old, NULL);
}

static int arm(int signal, struct sigaction *old)
{
	struct sigaction action = {
		.sa_sigaction = on_fault,
		.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER,
	};

	return sigaction(signal, &action, old);
}

/* Called on each new stack: signal stacks belong to threads. */
void stack_enter(int slot)
{
	stack_t alt = { .ss_sp = altstacks[slot], .ss_size = ALTSTACK_SIZE };

	sigaltstack(&alt, NULL);
}

int stack_init(void)
{
	size_t size = KIT_SLOTS * KIT_SLOT_SIZE;
	void *arena = mmap((void *)KIT_ARENA, size, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE,
			   -1, 0);
	int slot;

	if (arena != (void *)KIT_ARENA) {
		fprintf(stderr, "hosted: cannot have %zu bytes at %#lx: %s\n", size, KIT_ARENA,
			strerror(errno));
		return -errno;
	}
	for (slot = 0; slot < KIT_SLOTS; slot++) {
		if (mprotect(stack_base(slot), stack_size(), PROT_READ | PROT_WRITE))
			return -errno;
		kit_threads[slot].slot = slot;
	}
	return arm(SIGSEGV, &old_segv) || arm(SIGBUS, &old_bus) ? -errno : 0;
}
