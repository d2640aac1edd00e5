// SPDX-License-Identifier: GPL-2.0
/*
 * Locks, and what may be done while they are held
 *
 * A spinlock is the kit's; the others are built of an owner, a spinlock and a list
 * of who waits, asleep as in wait.c. All of them go through lock_acquire() and
 * lock_release(), which know of each thread what it holds: that gives checks of
 * owner, context and order.
 */
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/semaphore.h>
#include <linux/spinlock.h>

#include "emul.h"

_Static_assert(sizeof(struct kit_spin) == sizeof_field(spinlock_t, word), "kit_spin");

int hosted_fence;

/*
 * Classes and their order
 *
 * A class is all locks that were initialised in one place. That B was taken with A
 * held is a bit in after[A]; what would close a circle is a deadlock that only
 * waits for its moment. Likewise a class that interrupts take must not be held
 * with interrupts on.
 */

#define CLASSES		512
#define HASH		1024

enum usage { IN_HARDIRQ = 1, IN_SOFTIRQ = 2, HARDIRQ_ON = 4, SOFTIRQ_ON = 8 };

static struct lock_class {
	const void *key;
	const char *name;
	unsigned int subclass;
	unsigned int usage;
	unsigned long after[CLASSES / BITS_PER_LONG];
} classes[CLASSES];

static unsigned int nr_classes = 1;	/* 0: not known yet */
static unsigned short hash[HASH];
static struct kit_spin classes_lock;

static unsigned int hash_of(const void *key, unsigned int subclass)
{
	return ((unsigned long)key >> 3 ^ subclass * 97) * 2654435761U % HASH;
}

/* Holds classes_lock. */
static unsigned int find_class(const void *key, unsigned int subclass, const char *name)
{
	unsigned int at = hash_of(key, subclass), class;

	while ((class = hash[at])) {
		if (classes[class].key == key && classes[class].subclass == subclass)
			return class;
		at = (at + 1) % HASH;
	}
	if (nr_classes == CLASSES)
		kit_die("more than %d classes of locks", CLASSES);
	class = nr_classes++;
	classes[class].key = key;
	classes[class].subclass = subclass;
	classes[class].name = name;
	__atomic_store_n(&hash[at], class, __ATOMIC_RELEASE);
	return class;
}

/* Of locks whose order follows from something else, like that of devices in their tree. */
struct lock_class_key __lockdep_no_validate__;

#define NO_ORDER	0

static noinline unsigned int look_up_class(struct lockdep_map *map, const void *lock,
					   unsigned int subclass)
{
	const void *key = map->key ? (const void *)map->key : map;
	unsigned int class;

	if (!map->name)
		kit_die("a lock at %p is taken that was never initialised", lock);
	if (map->key == &__lockdep_no_validate__)
		return NO_ORDER;
	kit_spin_lock(&classes_lock);
	class = find_class(key, subclass, map->name);
	kit_spin_unlock(&classes_lock);
	if (!subclass)
		WRITE_ONCE(map->class, class);
	return class;
}

/* Is @to taken, by way of others perhaps, with @from held? Holds classes_lock. */
static bool reaches(unsigned int from, unsigned int to, unsigned long *seen)
{
	unsigned int next;

	if (test_bit(to, classes[from].after))
		return true;
	__set_bit(from, seen);
	for_each_set_bit(next, classes[from].after, CLASSES)
		if (!test_bit(next, seen) && reaches(next, to, seen))
			return true;
	return false;
}

static void add_order(struct kit_thread *self, unsigned int held, unsigned int class)
{
	unsigned long seen[CLASSES / BITS_PER_LONG] = { };
	bool circle;

	kit_spin_lock(&classes_lock);
	circle = held == class || reaches(class, held, seen);
	if (!circle)
		set_bit(class, classes[held].after);
	kit_spin_unlock(&classes_lock);
	if (circle)
		kit_die("lock order: %s is taken with %s held, elsewhere it is the other way round",
			classes[class].name, classes[held].name);
}

static void check_order(struct kit_thread *self, unsigned int class)
{
	unsigned int i, held;

	for (i = 0; i < self->nheld; i++) {
		held = self->held[i].class;
		if (unlikely(held != NO_ORDER && !test_bit(class, classes[held].after)))
			add_order(self, held, class);
	}
}

static bool hardirqs_on(const struct kit_thread *self)
{
	return !self->irqs_off && !self->hardirq;
}

static bool softirqs_on(const struct kit_thread *self)
{
	return hardirqs_on(self) && !self->bh_off && !self->softirq;
}

/* A spinlock that an interrupt takes must be held with that interrupt off elsewhere. */
static void check_usage(const struct kit_thread *self, unsigned int class)
{
	unsigned int usage = 0, all;

	if (self->hardirq)
		usage |= IN_HARDIRQ;
	else if (self->softirq)
		usage |= IN_SOFTIRQ;
	if (hardirqs_on(self))
		usage |= HARDIRQ_ON;
	if (softirqs_on(self))
		usage |= SOFTIRQ_ON;
	all = READ_ONCE(classes[class].usage);
	if (likely((all & usage) == usage))
		return;
	all = __atomic_or_fetch(&classes[class].usage, usage, __ATOMIC_RELAXED);
	if ((all & IN_HARDIRQ && all & HARDIRQ_ON) || (all & IN_SOFTIRQ && all & SOFTIRQ_ON))
		kit_die("lock context: %s is taken by %s, and elsewhere with these on",
			classes[class].name,
			all & IN_HARDIRQ && all & HARDIRQ_ON ? "interrupts" : "softirqs");
}

/* In a held lock's mode: whoever holds it must not sleep */
#define LOCK_SPINS	16U

static bool holds(const struct kit_thread *self, const void *lock, enum lock_mode *mode)
{
	unsigned int i;

	for (i = 0; i < self->nheld; i++) {
		if (self->held[i].lock != lock)
			continue;
		*mode = self->held[i].mode & ~LOCK_SPINS;
		return true;
	}
	return false;
}

/* @mode LOCK_TRY: it may be in any order, as nobody waits. */
static void acquire(struct kit_thread *self, struct lockdep_map *map, const void *lock,
		    unsigned int subclass, enum lock_mode mode, bool spin)
{
	unsigned int class = READ_ONCE(map->class);
	struct kit_held *held;

	if (unlikely(!class || subclass))
		class = look_up_class(map, lock, subclass);
	if (mode != LOCK_TRY && self->nheld && class != NO_ORDER)
		check_order(self, class);
	if (spin)
		check_usage(self, class);
	if (unlikely(self->nheld == KIT_HELD_MAX))
		kit_die("more than %d locks are held", KIT_HELD_MAX);
	held = &self->held[self->nheld++];
	held->lock = lock;
	held->name = map->name;
	held->class = class;
	held->mode = (mode == LOCK_TRY ? LOCK_WRITE : mode) | (spin ? LOCK_SPINS : 0);
}

/* Before waiting for a lock. */
void lock_acquire(struct lockdep_map *map, const void *lock, unsigned int subclass,
		  enum lock_mode mode)
{
	struct kit_thread *self = kit_current();
	enum lock_mode old;

	if (unlikely(self->nheld && holds(self, lock, &old)))
		kit_die("recursion: %s is taken by the thread that holds it", map->name);
	acquire(self, map, lock, subclass, mode, false);
}

static void release(struct kit_thread *self, const void *lock, const char *how)
{
	unsigned int i = self->nheld;

	if (likely(i && self->held[i - 1].lock == lock)) {
		self->nheld--;
		return;
	}
	while (i--)
		if (self->held[i].lock == lock)
			break;
	if (unlikely(i >= self->nheld))
		kit_die("%s of a lock at %p that this thread does not hold", how, lock);
	for (self->nheld--; i < self->nheld; i++)
		self->held[i] = self->held[i + 1];
}

void lock_release(const void *lock, const char *how)
{
	release(kit_current(), lock, how);
}

bool __lock_is_held(const void *lock)
{
	enum lock_mode mode;

	return holds(kit_current(), lock, &mode);
}

/* Names the innermost lock that forbids to sleep, if it is a lock that does. */
void check_may_sleep(const char *what)
{
	struct kit_thread *self = kit_current();
	unsigned int i = self->nheld;

	if (likely(!self->preempt && !self->irqs_off && !self->hardirq && !self->softirq &&
		   !self->bh_off && !self->rcu))
		return;
	while (i--)
		if (self->held[i].mode & LOCK_SPINS)
			kit_die("sleeping in atomic context: %s with %s held", what,
				self->held[i].name);
	kit_die("sleeping in atomic context: %s with %s", what,
		self->hardirq ? "an interrupt being handled" :
		self->softirq ? "a softirq being run" :
		self->irqs_off ? "interrupts off" :
		self->bh_off ? "softirqs off" :
		self->preempt ? "preemption off" : "rcu_read_lock()");
}

void __might_sleep(const char *file, int line)
{
	check_may_sleep("might_sleep()");
}

/*
 * Context: counts of the thread, and the virtual CPU, which is owned as long as
 * any of them is not 0
 */

void preempt_disable(void)
{
	kit_cpu_own();
	kit_current()->preempt++;
}

void preempt_enable(void)
{
	struct kit_thread *self = kit_current();

	if (unlikely(!self->preempt))
		kit_die("preemption is enabled more often than disabled");
	self->preempt--;
	kit_cpu_leave();
}

static void irqs_off(struct kit_thread *self)
{
	kit_cpu_own();
	self->irqs_off++;
}

static void irqs_on(struct kit_thread *self)
{
	if (unlikely(!self->irqs_off))
		kit_die("interrupts are enabled more often than disabled");
	self->irqs_off--;
	kit_cpu_leave();
	if (unlikely(runs_inline()) && !self->irqs_off)
		kit_irq_inline();
}

unsigned long _local_irq_save(void)
{
	struct kit_thread *self = kit_current();
	unsigned long flags = irqs_disabled();

	irqs_off(self);
	return flags;
}

/* The kernel has one bit where we count; the flags only are checked. */
static void check_flags(const struct kit_thread *self, unsigned long flags)
{
	if (unlikely(!!flags != (self->irqs_off > 1 || self->hardirq)))
		kit_die("interrupt flags %lu are restored, but %lu were saved", flags,
			!flags + 0UL);
}

void _local_irq_restore(unsigned long flags)
{
	struct kit_thread *self = kit_current();

	check_flags(self, flags);
	irqs_on(self);
}

void local_irq_disable(void)
{
	irqs_off(kit_current());
}

/* The kernel would turn them on, whoever has turned them off before. */
void local_irq_enable(void)
{
	struct kit_thread *self = kit_current();

	if (unlikely(self->irqs_off > 1))
		kit_die("interrupts are enabled within local_irq_save() or the like");
	irqs_on(self);
}

bool irqs_disabled(void)
{
	struct kit_thread *self = kit_current();

	return self->irqs_off || self->hardirq;
}

void local_bh_disable(void)
{
	kit_cpu_own();
	kit_current()->bh_off++;
}

void local_bh_enable(void)
{
	struct kit_thread *self = kit_current();

	if (unlikely(!self->bh_off))
		kit_die("softirqs are enabled more often than disabled");
	if (unlikely(irqs_disabled()))
		kit_die("softirqs are enabled with interrupts off");
	self->bh_off--;
	if (self->pending && !self->bh_off && !self->softirq)
		softirq_run(self);
	kit_cpu_leave();
}

int preempt_count(void)
{
	struct kit_thread *self = kit_current();

	return self->preempt + self->bh_off + self->softirq + self->hardirq;
}

bool in_hardirq(void)
{
	return kit_current()->hardirq;
}

bool in_serving_softirq(void)
{
	return kit_current()->softirq;
}

bool in_softirq(void)
{
	struct kit_thread *self = kit_current();

	return self->softirq || self->bh_off;
}

bool in_atomic(void)
{
	return preempt_count();
}

/*
 * Spinlocks
 */

static inline struct kit_spin *kit_spin(const spinlock_t *lock)
{
	return (struct kit_spin *)&lock->word;
}

static void note_spin(struct kit_thread *self, spinlock_t *lock, unsigned int subclass,
		      enum lock_mode mode)
{
	acquire(self, &lock->dep_map, lock, subclass, mode, true);
	self->preempt++;
}

void _spin_lock(spinlock_t *lock, unsigned int subclass)
{
	struct kit_thread *self = kit_current();

	if (unlikely(kit_spin_owner(kit_spin(lock)) == self->slot + 1U))
		kit_die("recursion: %s is taken by the thread that holds it", lock->dep_map.name);
	note_spin(self, lock, subclass, LOCK_WRITE);
	kit_spin_lock(kit_spin(lock));
}

bool _spin_trylock(spinlock_t *lock)
{
	if (!kit_spin_trylock(kit_spin(lock)))
		return false;
	note_spin(kit_current(), lock, 0, LOCK_TRY);
	return true;
}

void _spin_unlock(spinlock_t *lock)
{
	struct kit_thread *self = kit_current();

	if (unlikely(kit_spin_owner(kit_spin(lock)) != self->slot + 1U))
		kit_die("unlock of %s, which this thread does not hold",
			lock->dep_map.name ?: "a lock that was never initialised");
	release(self, lock, "unlock");
	self->preempt--;
	kit_spin_unlock(kit_spin(lock));
}

void _spin_lock_bh(spinlock_t *lock)
{
	local_bh_disable();
	_spin_lock(lock, 0);
}

void _spin_unlock_bh(spinlock_t *lock)
{
	_spin_unlock(lock);
	local_bh_enable();
}

void _spin_lock_irq(spinlock_t *lock)
{
	local_irq_disable();
	_spin_lock(lock, 0);
}

void _spin_unlock_irq(spinlock_t *lock)
{
	_spin_unlock(lock);
	local_irq_enable();
}

unsigned long _spin_lock_irqsave(spinlock_t *lock, unsigned int subclass)
{
	unsigned long flags = _local_irq_save();

	_spin_lock(lock, subclass);
	return flags;
}

void _spin_unlock_irqrestore(spinlock_t *lock, unsigned long flags)
{
	_spin_unlock(lock);
	_local_irq_restore(flags);
}

bool _spin_trylock_bh(spinlock_t *lock)
{
	local_bh_disable();
	if (_spin_trylock(lock))
		return true;
	local_bh_enable();
	return false;
}

bool _spin_trylock_irqsave(spinlock_t *lock, unsigned long *flags)
{
	*flags = _local_irq_save();
	if (_spin_trylock(lock))
		return true;
	_local_irq_restore(*flags);
	return false;
}

bool _spin_is_locked(const spinlock_t *lock)
{
	return kit_spin_owner(kit_spin(lock));
}

/*
 * Reader-writer spinlocks: counts under a spinlock of the kit. Readers that come in
 * an interrupt must not wait behind a writer that waits, so writers have to.
 */

static struct kit_spin *rw_spin(rwlock_t *lock)
{
	return (struct kit_spin *)&lock->word;
}

static bool rw_try(rwlock_t *lock, bool write)
{
	bool taken;

	kit_spin_lock(rw_spin(lock));
	taken = !lock->writer && (!write || !lock->readers);
	if (taken && write)
		WRITE_ONCE(lock->writer, kit_current()->slot + 1);
	else if (taken)
		lock->readers++;
	kit_spin_unlock(rw_spin(lock));
	return taken;
}

static void note_rw(rwlock_t *lock, enum lock_mode mode, bool tried)
{
	struct kit_thread *self = kit_current();

	acquire(self, &lock->dep_map, lock, 0, tried ? LOCK_TRY : mode, true);
	self->held[self->nheld - 1].mode = mode | LOCK_SPINS;
	self->preempt++;
}

/* Counted before it looks again, so whoever unlocks after that sees it. */
static void rw_wait(rwlock_t *lock, bool write)
{
	unsigned int seen;

	__atomic_add_fetch(&lock->sleepers, 1, __ATOMIC_SEQ_CST);
	for (;;) {
		seen = READ_ONCE(lock->waiters);
		if (rw_try(lock, write))
			break;
		kit_word_wait(&lock->waiters, seen, KIT_NEVER);
	}
	__atomic_sub_fetch(&lock->sleepers, 1, __ATOMIC_SEQ_CST);
}

/* @lock->waiters counts changes. */
static void rw_lock(rwlock_t *lock, enum lock_mode mode)
{
	if (unlikely(READ_ONCE(lock->writer) == kit_current()->slot + 1 ||
		     (mode == LOCK_WRITE && __lock_is_held(lock))))
		kit_die("recursion: %s is taken by the thread that holds it", lock->dep_map.name);
	note_rw(lock, mode, mode == LOCK_READ);
	kit_cpu_own();
	if (!rw_try(lock, mode == LOCK_WRITE))
		rw_wait(lock, mode == LOCK_WRITE);
}

static bool rw_trylock(rwlock_t *lock, enum lock_mode mode)
{
	kit_cpu_own();
	if (!rw_try(lock, mode == LOCK_WRITE)) {
		kit_cpu_leave();
		return false;
	}
	note_rw(lock, mode, true);
	return true;
}

static void rw_unlock(rwlock_t *lock, enum lock_mode mode)
{
	struct kit_thread *self = kit_current();
	bool wake;

	release(self, lock, "unlock");
	self->preempt--;
	kit_spin_lock(rw_spin(lock));
	if (mode == LOCK_WRITE)
		WRITE_ONCE(lock->writer, 0);
	else
		lock->readers--;
	wake = !lock->readers && __atomic_load_n(&lock->sleepers, __ATOMIC_SEQ_CST);
	if (wake)
		__atomic_add_fetch(&lock->waiters, 1, __ATOMIC_RELEASE);
	kit_spin_unlock(rw_spin(lock));
	if (wake)
		kit_word_wake(&lock->waiters, 0);
	kit_cpu_leave();
}

#define RW_LOCK(_name, _mode)								\
void _##_name##_lock(rwlock_t *lock)							\
{											\
	rw_lock(lock, _mode);								\
}											\
void _##_name##_unlock(rwlock_t *lock)							\
{											\
	rw_unlock(lock, _mode);								\
}											\
bool _##_name##_trylock(rwlock_t *lock)							\
{											\
	return rw_trylock(lock, _mode);							\
}											\
void _##_name##_lock_bh(rwlock_t *lock)							\
{											\
	local_bh_disable();								\
	rw_lock(lock, _mode);								\
}											\
void _##_name##_unlock_bh(rwlock_t *lock)						\
{											\
	rw_unlock(lock, _mode);								\
	local_bh_enable();								\
}											\
unsigned long _##_name##_lock_irqsave(rwlock_t *lock)					\
{											\
	unsigned long flags = _local_irq_save();					\
											\
	rw_lock(lock, _mode);								\
	return flags;									\
}											\
void _##_name##_unlock_irqrestore(rwlock_t *lock, unsigned long flags)			\
{											\
	rw_unlock(lock, _mode);								\
	_local_irq_restore(flags);							\
}

RW_LOCK(read, LOCK_READ)
RW_LOCK(write, LOCK_WRITE)

/*
 * Waiting for those that sleep: a waiter on the stack, first come first served.
 * Whoever lets go hands over to the first, so nobody else can be quicker.
 */

struct waiter {
	struct list_head entry;
	struct task_struct *task;
	bool given;
	bool write;
};

/* Holds @lock, which is dropped to sleep. Returns 0, -EINTR or -ETIME. */
static int wait_given(struct waiter *waiter, spinlock_t *lock, unsigned int state, long timeout)
{
	int err = 0;

	while (!waiter->given && !err) {
		if (signal_pending_state(state, current))
			err = -EINTR;
		else if (timeout <= 0)
			err = -ETIME;
		if (err)
			break;
		__set_current_state(state);
		spin_unlock_irq(lock);
		timeout = schedule_timeout(timeout);
		spin_lock_irq(lock);
	}
	__set_current_state(TASK_RUNNING);
	if (waiter->given)
		return 0;
	list_del(&waiter->entry);
	return err;
}

/* Holds the lock of the list. @waiter is gone once it is given. */
static void give(struct waiter *waiter)
{
	struct task_struct *task = waiter->task;

	list_del(&waiter->entry);
	waiter->given = true;
	wake_up_process(task);
}

/*
 * Mutexes
 */

#define MUTEX_WAITERS	(1U << 31)

void __mutex_init(struct mutex *lock, const char *name, struct lock_class_key *key)
{
	lock->owner = 0;
	spin_lock_init(&lock->wait_lock);
	INIT_LIST_HEAD(&lock->waiters);
	__lockdep_init(&lock->dep_map, name, key);
}

static bool mutex_try(struct mutex *lock)
{
	unsigned int free = 0;

	return __atomic_compare_exchange_n(&lock->owner, &free, kit_current()->slot + 1, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static int mutex_slow(struct mutex *lock, unsigned int state)
{
	struct waiter waiter = { .task = current };
	unsigned int owner;
	int err = 0;

	spin_lock_irq(&lock->wait_lock);
	/* From now on, the owner has to look at the list. */
	owner = __atomic_fetch_or(&lock->owner, MUTEX_WAITERS, __ATOMIC_ACQUIRE);
	if (!owner) {
		__atomic_store_n(&lock->owner, kit_current()->slot + 1, __ATOMIC_RELAXED);
	} else {
		list_add_tail(&waiter.entry, &lock->waiters);
		err = wait_given(&waiter, &lock->wait_lock, state, MAX_SCHEDULE_TIMEOUT);
	}
	spin_unlock_irq(&lock->wait_lock);
	return err;
}

static int mutex_take(struct mutex *lock, unsigned int subclass, unsigned int state)
{
	int err = 0;

	check_may_sleep("mutex_lock()");
	lock_acquire(&lock->dep_map, lock, subclass, LOCK_WRITE);
	kit_point();
	if (unlikely(!mutex_try(lock)))
		err = mutex_slow(lock, state);
	if (err)
		lock_release(lock, "giving up");
	return err;
}

void mutex_lock_nested(struct mutex *lock, unsigned int subclass)
{
	mutex_take(lock, subclass, TASK_UNINTERRUPTIBLE);
}

int mutex_lock_interruptible(struct mutex *lock)
{
	return mutex_take(lock, 0, TASK_INTERRUPTIBLE);
}

int mutex_trylock(struct mutex *lock)
{
	kit_point();
	if (!mutex_try(lock))
		return 0;
	acquire(kit_current(), &lock->dep_map, lock, 0, LOCK_TRY, false);
	return 1;
}

static void mutex_hand_over(struct mutex *lock)
{
	struct waiter *first;
	unsigned int owner = 0;

	spin_lock_irq(&lock->wait_lock);
	first = list_first_entry_or_null(&lock->waiters, struct waiter, entry);
	if (first) {
		owner = first->task->thread->slot + 1;
		if (!list_is_singular(&lock->waiters))
			owner |= MUTEX_WAITERS;
	}
	__atomic_store_n(&lock->owner, owner, __ATOMIC_RELEASE);
	if (first)
		give(first);
	spin_unlock_irq(&lock->wait_lock);
}

void mutex_unlock(struct mutex *lock)
{
	unsigned int me = kit_current()->slot + 1, owner = me;

	if (unlikely((READ_ONCE(lock->owner) & ~MUTEX_WAITERS) != me))
		kit_die("unlock of %s, which this thread does not hold", lock->dep_map.name);
	lock_release(lock, "unlock");
	if (unlikely(!__atomic_compare_exchange_n(&lock->owner, &owner, 0, false,
						  __ATOMIC_RELEASE, __ATOMIC_RELAXED)))
		mutex_hand_over(lock);
	kit_point();
}

bool mutex_is_locked(struct mutex *lock)
{
	return READ_ONCE(lock->owner);
}

/*
 * Semaphores: may be given by whoever likes, interrupts included
 */

static int sem_take(struct semaphore *sem, unsigned int state, long timeout)
{
	struct waiter waiter = { .task = current };
	unsigned long flags;
	int err = 0;

	check_may_sleep("down()");
	spin_lock_irqsave(&sem->lock, flags);
	if (likely(sem->count > 0)) {
		sem->count--;
	} else {
		list_add_tail(&waiter.entry, &sem->waiters);
		err = wait_given(&waiter, &sem->lock, state, timeout);
	}
	spin_unlock_irqrestore(&sem->lock, flags);
	return err;
}

void down(struct semaphore *sem)
{
	sem_take(sem, TASK_UNINTERRUPTIBLE, MAX_SCHEDULE_TIMEOUT);
}

int down_interruptible(struct semaphore *sem)
{
	return sem_take(sem, TASK_INTERRUPTIBLE, MAX_SCHEDULE_TIMEOUT);
}

int down_timeout(struct semaphore *sem, long timeout)
{
	return sem_take(sem, TASK_UNINTERRUPTIBLE, timeout);
}

/* Returns 1 where it was not taken, as the kernel's does. */
int down_trylock(struct semaphore *sem)
{
	unsigned long flags;
	bool taken;

	spin_lock_irqsave(&sem->lock, flags);
	taken = sem->count > 0;
	if (taken)
		sem->count--;
	spin_unlock_irqrestore(&sem->lock, flags);
	return !taken;
}

void up(struct semaphore *sem)
{
	struct waiter *first;
	unsigned long flags;

	spin_lock_irqsave(&sem->lock, flags);
	first = list_first_entry_or_null(&sem->waiters, struct waiter, entry);
	if (first)
		give(first);
	else
		sem->count++;
	spin_unlock_irqrestore(&sem->lock, flags);
}

/*
 * Read-write semaphores
 */

void __init_rwsem(struct rw_semaphore *sem, const char *name, struct lock_class_key *key)
{
	spin_lock_init(&sem->wait_lock);
	sem->count = 0;
	sem->owner = 0;
	INIT_LIST_HEAD(&sem->waiters);
	__lockdep_init(&sem->dep_map, name, key);
}

/* Holds wait_lock. Those that wait come first: no stream of readers starves a writer. */
static bool rwsem_take(struct rw_semaphore *sem, bool write)
{
	if (!list_empty(&sem->waiters) || (write ? sem->count : sem->count < 0))
		return false;
	sem->count = write ? -1 : sem->count + 1;
	return true;
}

static void rwsem_own(struct rw_semaphore *sem, bool write)
{
	if (write)
		WRITE_ONCE(sem->owner, kit_current()->slot + 1);
}

static void rwsem_lock(struct rw_semaphore *sem, bool write)
{
	struct waiter waiter = { .task = current, .write = write };

	check_may_sleep(write ? "down_write()" : "down_read()");
	lock_acquire(&sem->dep_map, sem, 0, write ? LOCK_WRITE : LOCK_READ);
	spin_lock_irq(&sem->wait_lock);
	if (!rwsem_take(sem, write)) {
		list_add_tail(&waiter.entry, &sem->waiters);
		wait_given(&waiter, &sem->wait_lock, TASK_UNINTERRUPTIBLE, MAX_SCHEDULE_TIMEOUT);
	}
	rwsem_own(sem, write);
	spin_unlock_irq(&sem->wait_lock);
}

static int rwsem_trylock(struct rw_semaphore *sem, bool write)
{
	unsigned long flags;
	bool taken;

	spin_lock_irqsave(&sem->wait_lock, flags);
	taken = rwsem_take(sem, write);
	if (taken)
		rwsem_own(sem, write);
	spin_unlock_irqrestore(&sem->wait_lock, flags);
	if (taken) {
		acquire(kit_current(), &sem->dep_map, sem, 0, LOCK_TRY, false);
		kit_current()->held[kit_current()->nheld - 1].mode = write ? LOCK_WRITE : LOCK_READ;
	}
	return taken;
}

/* Holds wait_lock: a writer, or all readers up to the next writer. */
static void rwsem_give(struct rw_semaphore *sem)
{
	struct waiter *waiter, *next;

	list_for_each_entry_safe(waiter, next, &sem->waiters, entry) {
		if (waiter->write ? sem->count : sem->count < 0)
			break;
		sem->count = waiter->write ? -1 : sem->count + 1;
		give(waiter);
	}
}

static void rwsem_unlock(struct rw_semaphore *sem, bool write)
{
	if (write && unlikely(READ_ONCE(sem->owner) != kit_current()->slot + 1))
		kit_die("up_write() of %s, which this thread does not hold", sem->dep_map.name);
	lock_release(sem, write ? "up_write()" : "up_read()");
	spin_lock_irq(&sem->wait_lock);
	if (write)
		WRITE_ONCE(sem->owner, 0);
	sem->count = write ? 0 : sem->count - 1;
	rwsem_give(sem);
	spin_unlock_irq(&sem->wait_lock);
}

void down_read(struct rw_semaphore *sem)
{
	rwsem_lock(sem, false);
}

int down_read_trylock(struct rw_semaphore *sem)
{
	return rwsem_trylock(sem, false);
}

void down_write(struct rw_semaphore *sem)
{
	rwsem_lock(sem, true);
}

int down_write_trylock(struct rw_semaphore *sem)
{
	return rwsem_trylock(sem, true);
}

void up_read(struct rw_semaphore *sem)
{
	rwsem_unlock(sem, false);
}

void up_write(struct rw_semaphore *sem)
{
	rwsem_unlock(sem, true);
}

void downgrade_write(struct rw_semaphore *sem)
{
	struct kit_thread *self = kit_current();
	unsigned int i;

	if (READ_ONCE(sem->owner) != self->slot + 1)
		kit_die("downgrade of %s, which this thread does not hold", sem->dep_map.name);
	for (i = 0; i < self->nheld; i++)
		if (self->held[i].lock == sem)
			self->held[i].mode = LOCK_READ;
	spin_lock_irq(&sem->wait_lock);
	WRITE_ONCE(sem->owner, 0);
	sem->count = 1;
	rwsem_give(sem);
	spin_unlock_irq(&sem->wait_lock);
}

int rwsem_is_locked(struct rw_semaphore *sem)
{
	return READ_ONCE(sem->count) != 0;
}
