// SPDX-License-Identifier: GPL-2.0
/*
 * Threads: one for each slot that is taken. The server's role moves from thread
 * to thread: whoever has it and sleeps in a request gives it away.
 */
#include <stdio.h>
#include <sys/prctl.h>

#include "internal.h"

static pthread_mutex_t slots_lock = PTHREAD_MUTEX_INITIALIZER;

static struct kit_config config;
enum kit_policy kit_policy;

/**
 * struct server - see kit_serve()
 * @one: serves one request; NULL while nobody serves
 * @arg: its argument
 * @threads: how many are in serve(), the caller of kit_serve() included; its
 *	waiting place
 * @err: why serving ended, 0 while it goes on
 */
static struct server {
	int (*one)(void *arg);
	void *arg;
	unsigned int threads;
	int err;
} server;

const char *thread_kind(enum kit_kind kind)
{
	static const char * const names[] = {
		[KIT_FREE] = "free", [KIT_SERVER] = "server", [KIT_SYNC] = "sync",
		[KIT_IRQ] = "interrupt", [KIT_TIMER] = "timer", [KIT_SOFTIRQ] = "softirq",
		[KIT_WORKER] = "worker", [KIT_SLEEPER] = "sleeper", [KIT_OTHER] = "thread",
	};

	return kind < ARRAY_SIZE(names) ? names[kind] : "?";
}

const struct kit_config *kit_config(void)
{
	return &config;
}

/* Others look whether a slot is free. */
static void set_kind(struct kit_thread *thread, enum kit_kind kind)
{
	__atomic_store_n(&thread->kind, kind, __ATOMIC_RELAXED);
}

/* By the thread as well as by who made it: whichever comes first. */
static void set_handle(struct kit_thread *thread, pthread_t handle)
{
	__atomic_store_n(&thread->handle, handle, __ATOMIC_RELAXED);
}

static void *thread_main(void *arg)
{
	struct kit_thread *self = arg;

	set_handle(self, pthread_self());
	stack_enter(self->slot);
	prctl(PR_SET_NAME, self->name);
	policy_start(self);
	self->result = self->fn(self->arg);
	if (self->preempt || self->irqs_off || self->bh_off || self->nheld || self->rcu)
		kit_die("thread ends: preemption off %u, irqs %u, softirqs %u, %u locks, RCU %u",
			self->preempt, self->irqs_off, self->bh_off, self->nheld, self->rcu);
	if (self->detached)
		sync_reap(self);
	__atomic_store_n(&self->done, 1, __ATOMIC_RELEASE);
	kit_word_wake(&self->done, 0);
	policy_end(self);
	return NULL;
}

static struct kit_thread *take_slot(enum kit_kind kind, int slot)
{
	int i, first = slot >= 0 ? slot : 0, last = slot >= 0 ? slot + 1 : KIT_SLOTS;
	struct kit_thread *thread = NULL;

	pthread_mutex_lock(&slots_lock);
	for (i = first; i < last && !thread; i++) {
		if (__atomic_load_n(&kit_threads[i].kind, __ATOMIC_RELAXED) != KIT_FREE)
			continue;
		thread = &kit_threads[i];
		*thread = (struct kit_thread){ .slot = i, .kind = kind };
	}
	pthread_mutex_unlock(&slots_lock);
	return thread;
}

static void give_slot(struct kit_thread *thread)
{
	pthread_mutex_lock(&slots_lock);
	set_kind(thread, KIT_FREE);
	pthread_mutex_unlock(&slots_lock);
}

static int start(struct kit_thread *thread, const char *name, int (*fn)(void *arg), void *arg)
{
	bool detached = thread->detached;
	pthread_attr_t attr;
	pthread_t handle;
	int err;

	snprintf(thread->name, sizeof(thread->name), "%s", name);
	thread->fn = fn;
	thread->arg = arg;
	policy_born(thread);
	pthread_attr_init(&attr);
	err = pthread_attr_setstack(&attr, stack_base(thread->slot), stack_size()) ?:
	      pthread_create(&handle, &attr, thread_main, thread);
	pthread_attr_destroy(&attr);
	if (err) {
		policy_end(thread);
		give_slot(thread);
		return -err;
	}
	/* Nobody joins the others before this; a detached one may be gone, its slot taken. */
	if (!detached)
		set_handle(thread, handle);
	return 0;
}

/* The thread is through with all but its last instructions. */
void thread_wait(int slot)
{
	pthread_join(__atomic_load_n(&kit_threads[slot].handle, __ATOMIC_RELAXED), NULL);
	give_slot(&kit_threads[slot]);
}

void kit_thread_let_go(void)
{
	__atomic_store_n(&kit_current()->let_go, true, __ATOMIC_RELAXED);
}

/* Frees the slot of a thread that has ended and is not joined. Return: whether there was one. */
static bool reap(void)
{
	struct kit_thread *ended = NULL;
	int i;

	pthread_mutex_lock(&slots_lock);
	for (i = 0; i < KIT_SLOTS && !ended; i++)
		if (__atomic_load_n(&kit_threads[i].done, __ATOMIC_ACQUIRE) &&
		    __atomic_exchange_n(&kit_threads[i].let_go, false, __ATOMIC_RELAXED))
			ended = &kit_threads[i];
	pthread_mutex_unlock(&slots_lock);
	if (ended)
		thread_wait(ended->slot);
	return ended;
}

static int create(enum kit_kind kind, const char *name, int (*fn)(void *arg), void *arg,
		  struct kit_thread **created, int slot, bool detached)
{
	struct kit_thread *thread = take_slot(kind, slot);
	int err;

	while (!thread && reap())
		thread = take_slot(kind, slot);
	if (!thread) {
		kit_log(4, "no slot for thread %s (%s): all %d are taken", name,
			thread_kind(kind), KIT_SLOTS);
		return -EAGAIN;
	}
	thread->detached = detached;
	err = start(thread, name, fn, arg);
	if (err)
		kit_log(4, "cannot start thread %s (%s): %s", name, thread_kind(kind),
			strerror(-err));
	else if (created)
		*created = thread;
	return err;
}

int kit_thread_create(enum kit_kind kind, const char *name, int (*fn)(void *arg), void *arg,
		      struct kit_thread **thread)
{
	kit_point();
	return create(kind, name, fn, arg, thread, -1, !thread);
}

/* For the threads whose slots are fixed. */
int thread_slot(enum kit_kind kind, const char *name, int (*fn)(void *arg), void *arg, int slot)
{
	return create(kind, name, fn, arg, NULL, slot, false);
}

int kit_thread_join(struct kit_thread *thread)
{
	int result;

	while (!__atomic_load_n(&thread->done, __ATOMIC_ACQUIRE))
		kit_word_sleep(&thread->done, 0, KIT_NEVER);
	__atomic_store_n(&thread->let_go, false, __ATOMIC_RELAXED);
	result = thread->result;
	thread_wait(thread->slot);
	return result;
}

/*
 * Server
 */

static void serve(struct kit_thread *self)
{
	int err;

	while (self->kind == KIT_SERVER && !__atomic_load_n(&server.err, __ATOMIC_ACQUIRE)) {
		err = server.one(server.arg);
		if (err)
			__atomic_store_n(&server.err, err, __ATOMIC_RELEASE);
	}
	__atomic_sub_fetch(&server.threads, 1, __ATOMIC_SEQ_CST);
	kit_word_wake(&server.threads, 0);
}

static int serve_thread(void *arg)
{
	(void)arg;
	serve(kit_current());
	return 0;
}

/* Called by whoever is about to sleep. */
void thread_hand_over(struct kit_thread *self)
{
	if (self->kind != KIT_SERVER || !self->request || !server.one)
		return;
	__atomic_add_fetch(&server.threads, 1, __ATOMIC_SEQ_CST);
	/* First: the new thread is the only server. */
	set_kind(self, KIT_SLEEPER);
	if (!kit_thread_create(KIT_SERVER, "server", serve_thread, NULL, NULL))
		return;
	set_kind(self, KIT_SERVER);
	__atomic_sub_fetch(&server.threads, 1, __ATOMIC_SEQ_CST);
	kit_log(4, "a request sleeps in the server thread: others have to wait for it");
}

int kit_serve(int (*one)(void *arg), void *arg)
{
	struct kit_thread *self = kit_current();
	unsigned int threads;

	server = (struct server){ .one = one, .arg = arg, .threads = 1 };
	set_kind(self, KIT_SERVER);
	serve(self);
	while ((threads = __atomic_load_n(&server.threads, __ATOMIC_SEQ_CST)))
		kit_word_wait(&server.threads, threads, KIT_NEVER);
	set_kind(self, KIT_SERVER);
	server.one = NULL;
	return server.err;
}

/*
 * Running
 */

static void fill_in(const struct kit_config *wanted)
{
	if (wanted)
		config = *wanted;
	if (!config.memory_limit)
		config.memory_limit = 256UL << 20;
	if (!config.atomic_pool)
		config.atomic_pool = 2UL << 20;
	if (!config.log_fd)
		config.log_fd = 2;
	if (!config.log_level)
		config.log_level = 7;
	kit_policy = config.policy;
}

int kit_run(const struct kit_config *wanted, int (*main)(void *arg), void *arg)
{
	int err;

	fill_in(wanted);
	log_init();
	time_init();
	policy_init();
	memory_init();
	err = stack_init();
	if (!err)
		err = grant_init();
	if (!err)
		err = sync_init();
	if (!err)
		err = thread_slot(KIT_SERVER, "server", main, arg, 0);
	if (err)
		return err;
	policy_go();
	thread_wait(0);
	return kit_threads[0].result;
}
