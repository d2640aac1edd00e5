/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kit: what a process must give to kernel code
 *
 *	Running		kit_run(): the arena, its threads, a policy
 *	Threads		kit_thread_*(), kit_current(), kit_park(), kit_unpark()
 *	Server		kit_serve(): requests, one thread that never sleeps in them
 *	Locks		kit_spin_*(): what emul builds all others upon
 *	Interrupts	kit_irq_*(): lines that models and other processes raise
 *	Time		kit_now(), virtual or not
 *	Memory		kit_alloc(): numbered, limited, reported
 *	Grants		kit_grant_*(), kit_map(): registers and memory of a driver
 *	Faults		kit_should_fail(): fault injection; kit_count(): balances
 *	Log		kit_log(), kit_die()
 *	Kernel		what emul offers to hosted programs
 *
 * This is the one header that both sides see: driver objects, which know kernel
 * headers and no libc, and the host's, which know libc and no kernel header. So
 * it includes nothing.
 *
 * Errors are negative errno values. "Any thread" means any thread of the kit; a
 * function that other threads may call says so. What may sleep says so.
 */
#ifndef HOSTED_KIT_H
#define HOSTED_KIT_H

typedef unsigned char kit_u8;
typedef unsigned int kit_u32;
typedef unsigned long long kit_u64;
typedef __SIZE_TYPE__ kit_size;
typedef __UINTPTR_TYPE__ kit_addr;
typedef __builtin_va_list kit_va_list;

#define KIT_PRINTF(_fmt, _args)	__attribute__((format(printf, _fmt, _args)))

/*
 * Running
 */

/**
 * enum kit_policy - who may run at the same time
 * @KIT_SMP: every thread is a CPU of its own, every spinlock a real lock; what a
 *	race detector wants
 * @KIT_UP: one virtual CPU: who holds a spinlock, or has interrupts or preemption
 *	off, has it, and an interrupt handler must own it, too
 * @KIT_REPLAY: one thread at a time, chosen by a seed at each scheduling point,
 *	in virtual time: the same seed repeats the same run
 * @KIT_INLINE: as KIT_REPLAY, but interrupts, timers and work run on the stack
 *	of the thread that they interrupt, or that waits for them: no thread is
 *	made and none is switched to, as a fuzzer wants it
 */
enum kit_policy { KIT_SMP, KIT_UP, KIT_REPLAY, KIT_INLINE };

/**
 * struct kit_config - how to run; all zero is a sensible choice
 * @policy: see there
 * @seed: of KIT_REPLAY
 * @memory_limit: bytes that the driver may have allocated, 0 for 256 MiB
 * @atomic_pool: bytes kept for allocations that must not wait, 0 for 2 MiB
 * @log_fd: where the log goes, 0 for standard error
 * @log_level: messages of this level and above (below in number) are written;
 *	0 for 7, all but debug
 */
struct kit_config {
	enum kit_policy policy;
	kit_u64 seed;
	kit_size memory_limit;
	kit_size atomic_pool;
	int log_fd;
	int log_level;
};

/**
 * kit_run() - set the kit up and run @main in it, as thread 0 on slot 0
 * @config: NULL for the default
 * @main: the program
 * @arg: its argument
 *
 * Context: the process' first thread, once. The caller waits until @main is
 * through; threads that are left then end with the process.
 *
 * Return: what @main returns, or a negative error when the arena cannot be had.
 */
int kit_run(const struct kit_config *config, int (*main)(void *arg), void *arg);

/** kit_config() - how the kit runs, with defaults filled in. Context: any. */
const struct kit_config *kit_config(void);

/** kit_policy - the same, for decisions that are made often */
extern enum kit_policy kit_policy;

/*
 * Threads
 *
 * Stacks lie in an arena of equal slots at a fixed address. The lower part of
 * each slot stays unmapped, so that an overflow faults, which is reported by the
 * name of the thread. Which thread runs follows from the stack pointer.
 */

#define KIT_SLOTS	32
#define KIT_ARENA	0x7e9000000000UL

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
	__has_feature(memory_sanitizer)
#define KIT_SANITIZED	1
#endif
#if __has_feature(thread_sanitizer)
#define KIT_TSAN	1
#endif
#if __has_feature(address_sanitizer)
#define KIT_ASAN	1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define KIT_SANITIZED	1
#define KIT_ASAN	1
#endif
#ifdef __SANITIZE_THREAD__
#define KIT_SANITIZED	1
#define KIT_TSAN	1
#endif

#ifdef KIT_SANITIZED
#define KIT_SLOT_SHIFT	18
#else
#define KIT_SLOT_SHIFT	17
#endif
#define KIT_SLOT_SIZE	(1UL << KIT_SLOT_SHIFT)
#define KIT_STACK_GUARD	(16UL << 10)

/**
 * enum kit_kind - what a thread is for
 * @KIT_FREE: the slot has no thread
 * @KIT_SERVER: takes requests; slot 0 at first
 * @KIT_SYNC: ends threads and time limits; slot 1
 * @KIT_IRQ: waits for an interrupt and calls its handler
 * @KIT_TIMER: runs timers
 * @KIT_SOFTIRQ: runs what interrupts have put off
 * @KIT_WORKER: runs work items
 * @KIT_SLEEPER: was the server until its request slept
 * @KIT_OTHER: kernel threads, and a program's own
 */
enum kit_kind {
	KIT_FREE, KIT_SERVER, KIT_SYNC, KIT_IRQ, KIT_TIMER, KIT_SOFTIRQ, KIT_WORKER,
	KIT_SLEEPER, KIT_OTHER,
};

#define KIT_HELD_MAX	24
#define KIT_NAME_LEN	24

/**
 * struct kit_thread - a slot's thread
 * @kind: see there
 * @slot: its number
 * @name: for messages
 * @preempt: how many times preemption is off; spinlocks count
 * @irqs_off: how many times interrupts are off
 * @hardirq: depth of interrupt handlers
 * @softirq: depth of softirqs
 * @bh_off: how many times softirqs are off
 * @rcu: depth of RCU readers
 * @pending: softirqs raised by this thread, emul's
 * @held: locks held, emul's; the innermost is the last
 * @nheld: how many
 * @request: the request that it works on, NULL for none: see kit_serve()
 * @task: the kernel's view of it, emul's
 *
 * The rest is the kit's own. All but @kind, @name and @slot are the thread's own
 * to read and write.
 */
struct kit_thread {
	enum kit_kind kind;
	int slot;
	char name[KIT_NAME_LEN];
	unsigned int preempt;
	unsigned int irqs_off;
	unsigned int hardirq;
	unsigned int softirq;
	unsigned int bh_off;
	unsigned int rcu;
	unsigned int pending;
	struct kit_held {
		const void *lock;
		const char *name;
		unsigned int class;
		unsigned int mode;
	} held[KIT_HELD_MAX];
	unsigned int nheld;
	void *request;
	void *task;

	int (*fn)(void *arg);
	void *arg;
	int result;
	unsigned int vcpu;		/* how often it has the virtual CPU, beyond once */
	unsigned int token;		/* kit_unpark() came; what kit_park() waits for */
	unsigned int done;		/* ended; what kit_thread_join() waits for */
	unsigned int baton;		/* KIT_REPLAY: it runs; futex */
	unsigned int state;		/* KIT_REPLAY: see policy.c */
	kit_u64 deadline;
	const void *blocked_on;
	_Bool detached;
	_Bool let_go;			/* kit_thread_let_go(), and nobody has joined it */
	unsigned long handle;		/* pthread_t */
} __attribute__((aligned(64)));

extern struct kit_thread kit_threads[KIT_SLOTS];

/*
 * The register, not the address of a local: sanitizers move locals. Not volatile, as
 * a function that has started stays in its slot.
 */
static inline kit_addr kit_stack_pointer(void)
{
	kit_addr sp;

#if defined(__x86_64__)
	__asm__("mov %%rsp, %0" : "=r" (sp));
#elif defined(__aarch64__)
	__asm__("mov %0, sp" : "=r" (sp));
#else
#error "hosted: say how to read the stack pointer here"
#endif
	return sp;
}

_Noreturn void kit_not_a_thread(void);

/** kit_is_thread() - does a thread of the kit run here? Context: any, other threads too. */
static inline _Bool kit_is_thread(void)
{
	return (kit_stack_pointer() - KIT_ARENA) >> KIT_SLOT_SHIFT < KIT_SLOTS;
}

/** kit_current() - the running thread. Context: any thread; others abort. */
static inline struct kit_thread *kit_current(void)
{
	kit_addr slot = (kit_stack_pointer() - KIT_ARENA) >> KIT_SLOT_SHIFT;

	if (__builtin_expect(slot >= KIT_SLOTS, 0))
		kit_not_a_thread();
	return &kit_threads[slot];
}

/**
 * kit_thread_create() - run @fn on a slot of its own
 * @kind: what it is for
 * @name: for messages, copied
 * @fn: what it runs
 * @arg: its argument
 * @thread: where to put the thread, which the caller then has to join; NULL when
 *	nobody will
 *
 * Context: any thread; does not sleep. Return: 0, or -EAGAIN when all slots are
 * taken, which is logged.
 */
int kit_thread_create(enum kit_kind kind, const char *name, int (*fn)(void *arg), void *arg,
		      struct kit_thread **thread);

/**
 * kit_thread_join() - wait until a thread has ended, and free its slot
 * @thread: what kit_thread_create() returned
 *
 * Context: may sleep. Return: what its function returned.
 */
int kit_thread_join(struct kit_thread *thread);

/**
 * kit_thread_let_go() - the calling thread ends, and may never be joined
 *
 * If it is not, its slot is given to another thread when there is no other.
 */
void kit_thread_let_go(void);

/* kit_park(): no time limit */
#define KIT_NEVER	(~0ULL)

/**
 * kit_park() - wait for kit_unpark(), or until @deadline
 * @deadline: as kit_now() tells the time; KIT_NEVER
 *
 * One kit_unpark() that came before counts, several count as one. Returns
 * without reason at times, so look again at what was waited for. The server
 * thread hands its role to another thread first, when it works on a request.
 *
 * Context: sleeps. The caller has checked that it may.
 *
 * Return: 0, or -ETIMEDOUT.
 */
int kit_park(kit_u64 deadline);

/** kit_unpark() - let a thread go on from kit_park(). Context: any, other threads too. */
void kit_unpark(struct kit_thread *thread);

/**
 * kit_sync_calls() - how often locks, parking and the ending of threads took the
 * slow way: no uncontended lock does. Context: any.
 */
kit_u64 kit_sync_calls(void);

/**
 * kit_point() - another thread may run here, with KIT_REPLAY
 *
 * Context: any thread. Locks, wake-ups, registers and allocations have it.
 */
void kit_point_slow(void);
static inline void kit_point(void)
{
	if (__builtin_expect(kit_policy >= KIT_REPLAY, 0))
		kit_point_slow();
}

/**
 * kit_idle() - let everything happen that is due
 *
 * With KIT_REPLAY and KIT_INLINE: until all other threads wait, and no work,
 * softirq or interrupt is pending. Otherwise a millisecond passes. Virtual time
 * stands still; kit_advance() moves it.
 *
 * Context: sleeps.
 */
void kit_idle(void);

/**
 * kit_outside_begin() - about to wait for something that the kit does not know of
 *
 * A read, a poll, another process. Others run meanwhile, with all policies.
 * Context: sleeps until kit_outside_end(). Calls between them must be the
 * host's.
 */
void kit_outside_begin(void);
void kit_outside_end(void);

/**
 * kit_word_wait() - wait while *@word is @value, until kit_word_wake() or @deadline
 *
 * What locks wait by: like a futex, so returns without reason at times.
 *
 * Context: any thread, holding what it likes: the kernel does not call this a
 * sleep. Return: 0, or -ETIMEDOUT.
 */
int kit_word_wait(const unsigned int *word, unsigned int value, kit_u64 deadline);

/**
 * kit_word_sleep() - the same for what the kernel calls a sleep: the server thread hands
 * its role over first, as in kit_park(). Context: sleeps; the caller has checked.
 */
int kit_word_sleep(const unsigned int *word, unsigned int value, kit_u64 deadline);

/**
 * kit_word_wake() - wake @count of those who wait there, 0 for all. Context: any, other
 * threads too.
 */
void kit_word_wake(const unsigned int *word, unsigned int count);

/*
 * Server
 */

/**
 * kit_serve() - be the server
 * @one: takes one request and works on it; kit_current()->request says which
 *	while it does. Returns 0, or an error to end serving.
 * @arg: its argument
 *
 * Where @one sleeps in a request, its thread becomes a KIT_SLEEPER, and a new
 * thread becomes the server: no request that sleeps delays another. When @one
 * returns there, that thread ends.
 *
 * Context: sleeps. Return: the error that @one returned, once the last sleeper
 * has ended.
 */
int kit_serve(int (*one)(void *arg), void *arg);

/*
 * Locks
 */

/* A lock of the chosen policy. All zero is free. Holders must not sleep. */
struct kit_spin {
	unsigned int word;	/* slot + 1 of the owner, KIT_SPIN_WAITERS */
};

#define KIT_SPIN_WAITERS	(1U << 31)

/** kit_spin_owner() - the slot + 1 of who holds @lock, 0 for nobody. Context: any. */
static inline unsigned int kit_spin_owner(const struct kit_spin *lock)
{
	return __atomic_load_n(&lock->word, __ATOMIC_RELAXED) & ~KIT_SPIN_WAITERS;
}

/* A word of a lock: @me, the slot + 1, if it is free; then or after waiting; and free again. */
static inline _Bool kit_word_trylock(unsigned int *word, unsigned int me)
{
	unsigned int free = 0;

	return __builtin_expect(__atomic_compare_exchange_n(word, &free, me, 0, __ATOMIC_ACQUIRE,
							    __ATOMIC_RELAXED), 1);
}

void kit_word_lock(unsigned int *word, unsigned int me, const char *what);

static inline void kit_word_unlock(unsigned int *word)
{
	if (__builtin_expect(__atomic_exchange_n(word, 0, __ATOMIC_RELEASE) & KIT_SPIN_WAITERS, 0))
		kit_word_wake(word, 1);
}

/**
 * kit_cpu_own() - have the virtual CPU, with KIT_UP; nests
 *
 * Interrupts off, preemption off. With other policies nothing is excluded: every
 * thread is a CPU of its own. Context: any thread, does not sleep.
 */
extern struct kit_spin kit_cpu;
static inline void kit_cpu_own(void)
{
	struct kit_thread *self;

	if (kit_policy != KIT_UP)
		return;
	self = kit_current();
	if (kit_spin_owner(&kit_cpu) == self->slot + 1U)
		self->vcpu++;
	else if (!kit_word_trylock(&kit_cpu.word, self->slot + 1))
		kit_word_lock(&kit_cpu.word, self->slot + 1, "the virtual CPU");
}

/* Somebody waits for it, or @owner is somebody else. */
void kit_cpu_left(unsigned int owner);

/** kit_cpu_leave() - undo it. */
static inline void kit_cpu_leave(void)
{
	struct kit_thread *self;
	unsigned int owner;

	if (kit_policy != KIT_UP)
		return;
	self = kit_current();
	if (self->vcpu) {
		self->vcpu--;
		return;
	}
	owner = __atomic_exchange_n(&kit_cpu.word, 0, __ATOMIC_RELEASE);
	if (__builtin_expect(owner != self->slot + 1U, 0))
		kit_cpu_left(owner);
}

/**
 * kit_spin_lock() - of the chosen policy; so are the next two
 *
 * They know nothing of preempt counts and lock order, emul does. With KIT_UP only
 * the holder of the CPU gets to the lock, so it is held by itself or nobody.
 *
 * Context: any thread, does not sleep.
 */
static inline void kit_spin_lock(struct kit_spin *lock)
{
	unsigned int me = kit_current()->slot + 1;

	kit_point();
	if (kit_policy != KIT_UP) {
		if (!kit_word_trylock(&lock->word, me))
			kit_word_lock(&lock->word, me, "a spinlock");
		return;
	}
	kit_cpu_own();
	if (__builtin_expect(__atomic_load_n(&lock->word, __ATOMIC_RELAXED), 0))
		kit_word_lock(&lock->word, me, "a spinlock");
	__atomic_store_n(&lock->word, me, __ATOMIC_RELAXED);
}

_Bool kit_spin_trylock(struct kit_spin *lock);

static inline void kit_spin_unlock(struct kit_spin *lock)
{
	if (kit_policy == KIT_UP) {
		__atomic_store_n(&lock->word, 0, __ATOMIC_RELAXED);
		kit_cpu_leave();
	} else {
		kit_word_unlock(&lock->word);
	}
	kit_point();
}

/*
 * Interrupts
 *
 * A line has a number, an eventfd for whoever is outside, and listeners, each
 * with a thread. It is raised as an edge or held at a level.
 */

#define KIT_IRQS	256

struct kit_listener;

/**
 * kit_irq_attach() - listen to a line
 * @irq: its number, below KIT_IRQS
 * @name: of the thread
 * @handler: called by the thread whenever the line is raised, again and again
 *	while its level is high; returns whether it was its device that did
 * @arg: its argument
 * @listener: filled in before @handler can be called
 *
 * Context: may sleep. Return: 0, -EINVAL for no such line, -EAGAIN, -ENOMEM.
 */
int kit_irq_attach(unsigned int irq, const char *name, _Bool (*handler)(void *arg), void *arg,
		   struct kit_listener **listener);

/**
 * kit_irq_detach() - end a listener and its thread; its handler is not running
 * and will not run when this returns. Context: sleeps.
 */
void kit_irq_detach(struct kit_listener *listener);

/** kit_irq_synchronize() - wait for handlers that run now. Context: sleeps. */
void kit_irq_synchronize(unsigned int irq);

/** kit_irq_mask() - hold back the line, which counts; what was raised meanwhile comes later. */
void kit_irq_mask(unsigned int irq);
void kit_irq_unmask(unsigned int irq);

/** kit_irq_startup() - a line's first request: held back once, or not, whatever was before. */
void kit_irq_startup(unsigned int irq, _Bool masked);

/** kit_irq_raise() - an edge. Context: any, other threads too. */
void kit_irq_raise(unsigned int irq);

/** kit_irq_level() - hold the line high, or let it go. Context: any, other threads too. */
void kit_irq_level(unsigned int irq, _Bool high);

/**
 * kit_irq_eventfd() - what another process may raise the line with
 *
 * Context: may sleep. Return: the descriptor, which stays the kit's, or an error.
 */
int kit_irq_eventfd(unsigned int irq);

/** kit_irq_alloc() - @count consecutive lines that nobody uses. Return: the first, or -ENOSPC. */
int kit_irq_alloc(unsigned int count);
void kit_irq_free(unsigned int first, unsigned int count);

/** kit_irq_listeners() - how many a line has; KIT_IRQS for the sum of all. */
unsigned int kit_irq_listeners(unsigned int irq);

/** kit_irq_count() - how often handlers of a line were called. Context: any. */
kit_u64 kit_irq_count(unsigned int irq);

/*
 * KIT_INLINE: emul says when interrupts may run on this stack, and what else is
 * due. Called by kit_idle(), kit_park() and wherever interrupts come back on.
 */
extern _Bool (*kit_inline_deferred)(void);
void kit_irq_inline(void);

/*
 * Time
 */

/** kit_now() - nanoseconds since the kit started, virtual or not. Context: any, others too. */
kit_u64 kit_now(void);

/** kit_delay() - let time pass without sleeping. Context: any thread. */
void kit_delay(kit_u64 ns);

/** kit_advance() - move virtual time, running what falls due. Context: sleeps. */
void kit_advance(kit_u64 ns);

/** kit_timer_due() - emul's next timer, KIT_NEVER for none: for KIT_INLINE. */
extern kit_u64 (*kit_timer_due)(void);

/*
 * Memory
 *
 * Every allocation has a number, by which a test makes it fail, and whoever asked
 * for it. What was not freed is reported at the end.
 */

#define KIT_ALLOC_ZERO		1U	/* filled with zeroes */
#define KIT_ALLOC_ATOMIC	2U	/* from the pool: no lock that could wait */
#define KIT_ALLOC_PAGE		4U	/* page-aligned */

/**
 * kit_alloc() - memory for the driver
 * @size: bytes; aligned to 64, a power of two to itself, up to a page
 * @flags: KIT_ALLOC_*
 * @caller: for the report: where in the driver it was asked for
 *
 * Context: any thread; never sleeps. Return: the memory, or NULL when the limit
 * is reached, the pool is empty, or a test wanted it.
 */
void *kit_alloc(kit_size size, unsigned int flags, const void *caller);

/** kit_free() - Context: any thread. NULL is allowed; anything else unknown aborts. */
void kit_free(const void *memory);

/** kit_alloc_size() - how many bytes were asked for. Context: any thread. */
kit_size kit_alloc_size(const void *memory);

/** kit_alloc_number() - how many allocations there were so far. Context: any. */
kit_u64 kit_alloc_number(void);

/** kit_alloc_bytes() - bytes allocated now. Context: any. */
kit_size kit_alloc_bytes(void);

/** kit_memory_limit() - change the limit; 0 restores the default. */
void kit_memory_limit(kit_size bytes);

/** kit_data_snapshot() - remember the driver's .data and .bss. */
void kit_data_snapshot(void);

/** kit_data_restore() - put them back; whoever uses them must be gone. */
void kit_data_restore(void);

/*
 * Grants: what a driver may reach of the physical address space
 */

/**
 * struct kit_device_ops - a model's registers
 * @read: the value at @offset, @width is 1, 2, 4 or 8 bytes
 * @write: the other way
 *
 * Called in the context of the access: any, so they must not sleep.
 */
struct kit_device_ops {
	kit_u64 (*read)(void *device, kit_u64 offset, unsigned int width);
	void (*write)(void *device, kit_u64 offset, unsigned int width, kit_u64 value);
};

/**
 * kit_grant_device() - let the driver map registers
 * @phys: physical address of the first one
 * @size: bytes
 * @name: for messages, kept
 * @ops: what accesses do
 * @device: passed to them
 *
 * Context: may sleep. Return: 0, -EEXIST when it overlaps another grant, -ENOSPC.
 */
int kit_grant_device(kit_u64 phys, kit_u64 size, const char *name,
		     const struct kit_device_ops *ops, void *device);

/**
 * kit_grant_memory() - let the driver map memory
 * @phys: physical address, page-aligned
 * @size: bytes, whole pages
 * @name: for messages, kept
 * @fd: what to map; stays the caller's, who keeps it open
 * @offset: in it
 * @writable: or else a write is a fault
 */
int kit_grant_memory(kit_u64 phys, kit_u64 size, const char *name, int fd, kit_u64 offset,
		     _Bool writable);

/**
 * kit_reopen - opens a descriptor once more, for reading only, or returns an error
 *
 * Called by kit_grant_memory(). A process that is shut in opens nothing, so it has
 * somebody else do that, or does without.
 */
extern int (*kit_reopen)(int fd);

/** kit_grant_revoke() - no new mappings; those that are stay. Return: 0 or -ENOENT. */
int kit_grant_revoke(kit_u64 phys);

/**
 * kit_grant_fd() - a descriptor of the memory at @phys, and the offset in it
 * @write: or else it is for reading only
 *
 * Return: the descriptor, which stays the kit's, -ENOENT, or -EACCES for what may
 * not be written.
 */
int kit_grant_fd(kit_u64 phys, kit_u64 size, kit_u64 *offset, _Bool write);

/*
 * Registers have addresses that are no memory: window, then offset. An access
 * finds the model by that.
 */
#define KIT_MMIO		0x7ea000000000UL
#define KIT_MMIO_SHIFT		28
#define KIT_MMIO_WINDOWS	64

struct kit_window {
	const struct kit_device_ops *ops;	/* NULL: not mapped, or memory */
	void *device;
	kit_u64 base;				/* of the window in the grant */
	kit_u64 size;
	const char *name;
};

extern struct kit_window kit_windows[KIT_MMIO_WINDOWS];

/**
 * kit_map() - make granted registers or memory accessible
 *
 * Context: may sleep. Return: where, or NULL for what was not granted, which is
 * logged.
 */
void *kit_map(kit_u64 phys, kit_u64 size);

/** kit_unmap() - undo it; a later access is trapped and reported. Return: 0 or -EINVAL. */
int kit_unmap(const volatile void *addr);

_Noreturn void kit_mmio_trap(kit_addr addr, unsigned int width, _Bool write);

static inline const struct kit_window *kit_mmio_window(kit_addr addr, unsigned int width,
						       kit_u64 *offset)
{
	kit_addr i = (addr - KIT_MMIO) >> KIT_MMIO_SHIFT;
	const struct kit_window *window;

	if (i >= KIT_MMIO_WINDOWS)
		return (const struct kit_window *)0;
	window = &kit_windows[i];
	*offset = addr & ((1UL << KIT_MMIO_SHIFT) - 1);
	if (__builtin_expect(!window->ops || *offset + width > window->size, 0))
		kit_mmio_trap(addr, width, 0);
	*offset += window->base;
	return window;
}

/** kit_mmio_read() - read registers or memory. Context: any thread. */
static inline kit_u64 kit_mmio_read(const volatile void *addr, unsigned int width)
{
	const struct kit_window *window;
	kit_u64 offset = 0;

	kit_point();
	window = kit_mmio_window((kit_addr)addr, width, &offset);
	if (__builtin_expect(!!window, 1))
		return window->ops->read(window->device, offset, width);
	switch (width) {
	case 1:
		return __atomic_load_n((kit_u8 *)addr, __ATOMIC_RELAXED);
	case 2:
		return __atomic_load_n((unsigned short *)addr, __ATOMIC_RELAXED);
	case 4:
		return __atomic_load_n((kit_u32 *)addr, __ATOMIC_RELAXED);
	default:
		return __atomic_load_n((kit_u64 *)addr, __ATOMIC_RELAXED);
	}
}

/** kit_mmio_write() - the other way. Context: any thread. */
static inline void kit_mmio_write(volatile void *addr, unsigned int width, kit_u64 value)
{
	const struct kit_window *window;
	kit_u64 offset = 0;

	kit_point();
	window = kit_mmio_window((kit_addr)addr, width, &offset);
	if (__builtin_expect(!!window, 1)) {
		window->ops->write(window->device, offset, width, value);
		return;
	}
	switch (width) {
	case 1:
		__atomic_store_n((kit_u8 *)addr, value, __ATOMIC_RELAXED);
		break;
	case 2:
		__atomic_store_n((unsigned short *)addr, value, __ATOMIC_RELAXED);
		break;
	case 4:
		__atomic_store_n((kit_u32 *)addr, value, __ATOMIC_RELAXED);
		break;
	default:
		__atomic_store_n((kit_u64 *)addr, value, __ATOMIC_RELAXED);
	}
}

/**
 * kit_fault_range() - handle faults in a range of addresses
 * @start: of the range, page-aligned
 * @size: bytes; 0 takes the range off again
 * @handler: repairs the fault and returns true, or not; in the faulting thread,
 *	like a page fault of a program
 * @arg: its argument
 *
 * Return: 0 or -ENOSPC.
 */
int kit_fault_range(kit_addr start, kit_size size,
		    _Bool (*handler)(void *arg, kit_addr addr, _Bool write), void *arg);

/*
 * Faults and balances
 */

/**
 * enum kit_what - what can be made to fail, and what must be balanced at the end
 * @KIT_WHAT_ALLOC: allocations
 * @KIT_WHAT_IRQ: interrupt requests
 * @KIT_WHAT_REGION: I/O regions
 * @KIT_WHAT_REGISTRATION: of drivers, devices, ports, interfaces
 * @KIT_WHAT_CLOCK: enabled clocks; looking one up can fail, too
 * @KIT_WHAT_MAP: I/O mappings
 * @KIT_WHAT_MODULE: references to modules
 * @KIT_WHAT_PREPARE: prepared clocks
 * @KIT_WHAT_COPY: user memory; can fail, has no balance
 */
enum kit_what {
	KIT_WHAT_ALLOC, KIT_WHAT_IRQ, KIT_WHAT_REGION, KIT_WHAT_REGISTRATION, KIT_WHAT_CLOCK,
	KIT_WHAT_MAP, KIT_WHAT_MODULE, KIT_WHAT_PREPARE, KIT_WHAT_COPY, KIT_WHATS,
};

/** kit_fail() - let the @nth call from now on fail, 1 for the next; 0 for none. */
void kit_fail(enum kit_what what, kit_u64 nth);

/** kit_should_fail() - asked once by each call that can fail. Context: any. */
_Bool kit_should_fail(enum kit_what what);

/** kit_calls() - calls that could have failed, since kit_fail(). */
kit_u64 kit_calls(enum kit_what what);

/** kit_count() - something was taken (1) or given back (-1). Context: any. */
void kit_count(enum kit_what what, int change);

/** kit_balance() - how much is taken now. */
long kit_balance(enum kit_what what);

/**
 * kit_report() - log all that is not balanced, each allocation with its number
 * and its caller
 *
 * Return: how many things there were; 0 is what a driver that has gone leaves.
 */
unsigned long kit_report(void);

/*
 * Log
 */

/** kit_log() - write a line. @level: 0 to 7, as the kernel's. Context: any, other threads too. */
KIT_PRINTF(2, 3) void kit_log(int level, const char *fmt, ...);
void kit_vlog(int level, const char *fmt, kit_va_list args);

/** kit_log_text() - the same for a finished text, with or without a newline. */
void kit_log_text(int level, const char *text, kit_size len);

/** kit_log_hook - sees each line as well; a test's */
extern void (*kit_log_hook)(int level, const char *text);

/** kit_die() - log why, with the thread and the locks that it holds, and abort. */
_Noreturn KIT_PRINTF(1, 2) void kit_die(const char *fmt, ...);

/** kit_backtrace() - log the stack. Context: any. */
void kit_backtrace(int level);

/** kit_random() - of the seed where there is one. Context: any, other threads too. */
kit_u64 kit_random(void);

/*
 * Kernel: what emul, and the classes, offer to hosted programs. Context of all:
 * any thread, may sleep.
 */

/** kit_kernel_init() - the kernel before its first driver. Return: 0 or an error. */
int kit_kernel_init(void);

/** kit_kernel_exit() - end its threads; drivers are gone. */
void kit_kernel_exit(void);

/** kit_modules_init() - the drivers' init functions, in link order; undone on error. */
int kit_modules_init(void);

/** kit_modules_exit() - their exit functions, in reverse. */
void kit_modules_exit(void);

/** kit_module_init() - one of them, by its KBUILD_MODNAME. Return: or -ENOENT. */
int kit_module_init(const char *name);
int kit_module_exit(const char *name);

/** kit_param_set() - a module parameter: "name" or "module.name". Return: 0, -ENOENT, -EINVAL. */
int kit_param_set(const char *name, const char *value);
int kit_param_get(const char *name, char *value, kit_size size);

/**
 * kit_attr_read() - a file of /sys, by its path below that
 *
 * Like "bus/ivshmem/devices/ivshmem0/protocol", or "class/CLASS/...".
 * Return: bytes, NUL-terminated, or an error.
 */
long kit_attr_read(const char *path, char *buf, kit_size size);
long kit_attr_write(const char *path, const char *buf, kit_size len);

#endif /* HOSTED_KIT_H */
