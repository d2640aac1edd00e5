// SPDX-License-Identifier: GPL-2.0
/*
 * Who runs, with KIT_REPLAY and KIT_INLINE: one thread at a time has the baton. At
 * each point where a thread waits, and at some where it need not, the seed says
 * who has it next. Time is virtual: it stands still while anybody can run, then
 * jumps to the next deadline. So a seed repeats a run exactly, as long as nothing
 * comes from outside.
 */
#include <linux/futex.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

enum state {
	STATE_NONE,
	STATE_RUNNABLE,
	STATE_WAITING,		/* for blocked_on, or deadline */
	STATE_EXPIRED,		/* runnable as its deadline has passed */
	STATE_IDLE,		/* runs when nobody else can */
	STATE_OUTSIDE,		/* takes no part; comes back by itself */
};

/* Nobody has the baton: before the start, and while all wait for the outside. */
#define NOBODY		(-1)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int running = NOBODY;
static unsigned int outside;
static kit_u64 now;
static kit_u64 random_state;

bool (*kit_inline_deferred)(void);
kit_u64 (*kit_timer_due)(void);

/* splitmix64 */
static kit_u64 next_random(void)
{
	kit_u64 z = __atomic_add_fetch(&random_state, 0x9e3779b97f4a7c15ULL, __ATOMIC_RELAXED);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

kit_u64 kit_random(void)
{
	return next_random();
}

void policy_init(void)
{
	random_state = kit_config()->seed;
	if (!policy_is_virtual() &&
	    getrandom(&random_state, sizeof(random_state), 0) != sizeof(random_state))
		kit_die("no random numbers");
}

static void futex(unsigned int *word, int op, unsigned int value)
{
	syscall(SYS_futex, word, op | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

static void give_baton(int slot)
{
	struct kit_thread *thread = &kit_threads[slot];

	running = slot;
	pthread_cond_broadcast(&changed);
	__atomic_store_n(&thread->baton, 1, __ATOMIC_RELEASE);
	/* Who keeps it does not wait for it. */
	if (!kit_is_thread() || kit_current() != thread)
		futex(&thread->baton, FUTEX_WAKE, 1);
}

static void await_baton(struct kit_thread *self)
{
	while (!__atomic_exchange_n(&self->baton, 0, __ATOMIC_ACQUIRE))
		futex(&self->baton, FUTEX_WAIT, 0);
}

static bool can_run(const struct kit_thread *thread)
{
	return thread->state == STATE_RUNNABLE || thread->state == STATE_EXPIRED;
}

/* One of those in @state, or of those that can run; NOBODY where there is none. */
static int pick(enum state state)
{
	int slots[KIT_SLOTS], n = 0, i;

	for (i = 0; i < KIT_SLOTS; i++)
		if (state == STATE_RUNNABLE ? can_run(&kit_threads[i]) :
					      kit_threads[i].state == state)
			slots[n++] = i;
	return n ? slots[n > 1 ? next_random() % n : 0] : NOBODY;
}

static kit_u64 next_deadline(void)
{
	kit_u64 next = KIT_NEVER;
	int i;

	for (i = 0; i < KIT_SLOTS; i++)
		if (kit_threads[i].state == STATE_WAITING && kit_threads[i].deadline < next)
			next = kit_threads[i].deadline;
	return next;
}

static void move_time(kit_u64 to)
{
	int i;

	if (to > now)
		__atomic_store_n(&now, to, __ATOMIC_RELAXED);
	for (i = 0; i < KIT_SLOTS; i++)
		if (kit_threads[i].state == STATE_WAITING && kit_threads[i].deadline <= now)
			kit_threads[i].state = STATE_EXPIRED;
}

static _Noreturn void die_of_deadlock(void)
{
	int i;

	for (i = 0; i < KIT_SLOTS; i++)
		if (kit_threads[i].state == STATE_WAITING)
			kit_log(2, "thread %d (%s, %s) waits for ever", i,
				thread_kind(kit_threads[i].kind), kit_threads[i].name);
	kit_die("deadlock: all threads wait, and nothing will wake them");
}

/* The outside may come back, or else time goes on as fast as the clock on the wall. */
static void wait_for_outside(void)
{
	kit_u64 next = next_deadline();
	struct timespec until;

	if (next == KIT_NEVER) {
		pthread_cond_wait(&changed, &lock);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += (next - now) / 1000000000;
	until.tv_nsec += (next - now) % 1000000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	if (pthread_cond_timedwait(&changed, &lock, &until) == ETIMEDOUT && running == NOBODY)
		move_time(next);
}

/* Somebody else gets the baton; or nobody, while all depends on the outside. */
static void pass_baton(void)
{
	int next;

	running = NOBODY;
	while (running == NOBODY) {
		next = pick(STATE_RUNNABLE);
		if (next == NOBODY)
			next = pick(STATE_IDLE);
		if (next != NOBODY)
			give_baton(next);
		else if (outside)
			wait_for_outside();
		else if (next_deadline() != KIT_NEVER)
			move_time(next_deadline());
		else
			die_of_deadlock();
	}
}

void policy_born(struct kit_thread *thread)
{
	if (!policy_is_virtual())
		return;
	pthread_mutex_lock(&lock);
	thread->state = STATE_RUNNABLE;
	thread->baton = 0;
	pthread_mutex_unlock(&lock);
}

void policy_start(struct kit_thread *self)
{
	if (policy_is_virtual())
		await_baton(self);
}

void policy_end(struct kit_thread *self)
{
	if (!policy_is_virtual())
		return;
	pthread_mutex_lock(&lock);
	self->state = STATE_NONE;
	/* The program's own thread takes all others with it. */
	if (running == self->slot && self->slot)
		pass_baton();
	pthread_mutex_unlock(&lock);
}

/* From the process' first thread, when all is set up. */
void policy_go(void)
{
	if (!policy_is_virtual())
		return;
	pthread_mutex_lock(&lock);
	give_baton(0);
	pthread_mutex_unlock(&lock);
}

/* Holds the lock, which is dropped. @state is what the thread is in meanwhile. */
static void switch_away(struct kit_thread *self, enum state state)
{
	self->state = state;
	pass_baton();
	pthread_mutex_unlock(&lock);
	await_baton(self);
}

void kit_point_slow(void)
{
	struct kit_thread *self;

	if (kit_policy != KIT_REPLAY || !kit_is_thread())
		return;
	self = kit_current();
	if (self->state == STATE_OUTSIDE || next_random() & 3)
		return;
	pthread_mutex_lock(&lock);
	switch_away(self, STATE_RUNNABLE);
}

/* KIT_INLINE: run what waits for this thread to have nothing better to do. */
static bool run_deferred(struct kit_thread *self)
{
	if (kit_policy != KIT_INLINE || self->irqs_off || self->hardirq || self->preempt)
		return false;
	return irq_run_inline() || (kit_inline_deferred && kit_inline_deferred());
}

/* KIT_INLINE: is emul's next timer the next thing to happen? Then it is due now. */
static bool timer_is_next(kit_u64 deadline)
{
	kit_u64 due = KIT_NEVER;
	bool next;

	/* Elsewhere this must be no scheduling point: who waits has just looked. */
	if (kit_policy == KIT_INLINE && kit_timer_due)
		due = kit_timer_due();
	if (due == KIT_NEVER)
		return false;
	pthread_mutex_lock(&lock);
	/* While somebody is in kit_idle(), time stands still. */
	next = pick(STATE_RUNNABLE) == running && pick(STATE_IDLE) == NOBODY &&
	       due <= deadline && due <= next_deadline();
	if (next)
		move_time(due);
	pthread_mutex_unlock(&lock);
	return next;
}

int policy_wait(const unsigned int *word, unsigned int value, kit_u64 deadline)
{
	struct kit_thread *self = kit_current();
	bool expired;

	do {
		if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != value)
			return 0;
		if (policy_now() >= deadline)
			return -ETIMEDOUT;
	} while (run_deferred(self) || timer_is_next(deadline));

	pthread_mutex_lock(&lock);
	/* A thread from outside changes the word, then takes the lock to wake. */
	if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != value) {
		pthread_mutex_unlock(&lock);
		return 0;
	}
	self->blocked_on = word;
	self->deadline = deadline;
	self->state = STATE_WAITING;
	pass_baton();
	pthread_mutex_unlock(&lock);
	await_baton(self);
	expired = self->state == STATE_EXPIRED;
	self->state = STATE_RUNNABLE;
	return expired ? -ETIMEDOUT : 0;
}

void policy_wake(const unsigned int *word, unsigned int count)
{
	unsigned int first = next_random() % KIT_SLOTS, i, woken = 0;

	pthread_mutex_lock(&lock);
	for (i = 0; i < KIT_SLOTS && (!count || woken < count); i++) {
		struct kit_thread *thread = &kit_threads[(first + i) % KIT_SLOTS];

		if (thread->state == STATE_WAITING && thread->blocked_on == word) {
			thread->state = STATE_RUNNABLE;
			woken++;
		}
	}
	/* From outside: whoever found nobody to run looks again. */
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

/* No thread of the kit: passes the baton on where the last to have it is outside. */
static void *keep_going(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&lock);
	for (;;) {
		if (running == NOBODY && outside)
			pass_baton();
		else
			pthread_cond_wait(&changed, &lock);
	}
	return NULL;
}

static void start_keeper(void)
{
	pthread_t keeper;

	if (pthread_create(&keeper, NULL, keep_going, NULL))
		kit_die("no thread to wait for the outside");
	pthread_detach(keeper);
}

void kit_outside_begin(void)
{
	static bool has_keeper;
	struct kit_thread *self = kit_current();

	if (!policy_is_virtual())
		return;
	pthread_mutex_lock(&lock);
	if (!has_keeper)
		start_keeper();
	has_keeper = true;
	outside++;
	self->state = STATE_OUTSIDE;
	if (pick(STATE_RUNNABLE) != NOBODY || pick(STATE_IDLE) != NOBODY) {
		pass_baton();
	} else {
		running = NOBODY;
		pthread_cond_broadcast(&changed);
	}
	pthread_mutex_unlock(&lock);
}

void kit_outside_end(void)
{
	struct kit_thread *self = kit_current();

	if (!policy_is_virtual())
		return;
	pthread_mutex_lock(&lock);
	outside--;
	self->state = STATE_RUNNABLE;
	if (running == NOBODY)
		give_baton(self->slot);
	pthread_mutex_unlock(&lock);
	await_baton(self);
}

void kit_idle(void)
{
	struct kit_thread *self = kit_current();

	if (!policy_is_virtual()) {
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
		return;
	}
	while (run_deferred(self))
		;
	pthread_mutex_lock(&lock);
	switch_away(self, STATE_IDLE);
	self->state = STATE_RUNNABLE;
}

kit_u64 policy_now(void)
{
	return __atomic_load_n(&now, __ATOMIC_RELAXED);
}

/* Time passes for a thread that goes on running. */
void policy_time(kit_u64 ns)
{
	pthread_mutex_lock(&lock);
	move_time(now + ns);
	pthread_mutex_unlock(&lock);
}
