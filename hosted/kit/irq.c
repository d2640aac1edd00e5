// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupt lines: a sequence number for edges, a level, and an eventfd that
 * others can write. Each listener has a thread; one of a line's listeners, the
 * first, reads the eventfd and wakes the others.
 */
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "files.h"
#include "internal.h"

/* Calls in a row that nobody answered for, after which a level is taken for stuck */
#define NOBODY_CARED	10000

#define WAKE_AGAIN_NS	10000000

/**
 * struct kit_listener - who listens to a line
 * @line: which
 * @next: of the same line
 * @thread: runs @handler; NULL with KIT_INLINE
 * @handler: see kit_irq_attach()
 * @arg: its argument
 * @fd: what the thread reads unless it is the line's first
 * @seen: the line's sequence number when it was last handled
 * @unanswered: calls in a row, since any of the line's last had a device to answer for it
 * @busy: KIT_INLINE: the handler runs, somewhere down this stack
 * @event: changes when the line is unmasked or the thread shall end; waited for
 * @stop: the thread shall end
 */
struct kit_listener {
	struct line *line;
	struct kit_listener *next;
	struct kit_thread *thread;
	bool (*handler)(void *arg);
	void *arg;
	int fd;
	unsigned int seen;
	unsigned int unanswered;
	bool busy;
	unsigned int event;
	unsigned int stop;
};

/**
 * struct line - an interrupt line
 * @taken: given away by kit_irq_alloc()
 * @external: @fd was given away, so it is what is written
 * @fd: eventfd, -1 until there is one
 * @raised: sequence number, changes with each edge; waited for
 * @level: it is held high
 * @kicks: how much of what @fd counts is no edge, but tells of a level
 * @masked: how many times
 * @active: handlers that run, or are about to; waited for
 * @waiting: threads that do so
 * @handled: calls of handlers
 * @unanswered: some of the last of these were without a device to answer for it
 * @first: listeners; the list changes under lines_lock
 */
struct line {
	bool taken;
	bool external;
	int fd;
	unsigned int raised;
	unsigned int level;
	unsigned int kicks;
	unsigned int masked;
	unsigned int active;
	unsigned int waiting;
	kit_u64 handled;
	bool unanswered;
	struct kit_listener *first;
};

/* Lines below are for boards to say; those above are allocated. */
#define FIRST_FREE	32

static struct line lines[KIT_IRQS];
static pthread_mutex_t lines_lock = PTHREAD_MUTEX_INITIALIZER;

static void signal_fd(int fd)
{
	uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) != sizeof(one) && errno != EAGAIN)
		kit_log(3, "cannot write an eventfd: %s", strerror(errno));
}

/* Whoever else has the descriptor must not make us wait for it, with lines_lock. */
static void signal_line(const struct line *line)
{
	if (line->external)
		kit_eventfd_signal(line->fd);
	else
		signal_fd(line->fd);
}

static uint64_t drain_fd(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	uint64_t count = 0;

	/* In the outside for the policies: others run meanwhile. */
	kit_outside_begin();
	/* Whoever else has the descriptor decides whether a read of it waits. */
	while (read(fd, &count, sizeof(count)) < 0 && (errno == EAGAIN || errno == EINTR))
		poll(&pfd, 1, -1);
	kit_outside_end();
	return count;
}

static bool uses_fd(const struct line *line)
{
	return !policy_is_virtual() || line->external;
}

static int open_fd(struct line *line)
{
	if (line->fd <= 0)
		line->fd = eventfd(0, EFD_CLOEXEC);
	return line->fd < 0 ? -errno : line->fd;
}

static bool is_first(struct kit_listener *listener)
{
	bool first;

	pthread_mutex_lock(&lines_lock);
	first = listener->line->first == listener;
	pthread_mutex_unlock(&lines_lock);
	return first;
}

/* Holds lines_lock. */
static void signal_others(struct kit_listener *first)
{
	struct kit_listener *other;

	for (other = first->next; other; other = other->next)
		signal_fd(other->fd);
}

/* The first listener tells the others of an edge. */
static void wake_others(struct kit_listener *first)
{
	pthread_mutex_lock(&lines_lock);
	signal_others(first);
	pthread_mutex_unlock(&lines_lock);
}

static unsigned int load(const unsigned int *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

/*
 * A kick is counted before it is written, so what was read may be an edge that is
 * taken for it; then the kick will be taken for the edge.
 */
static void take_edges(struct line *line)
{
	uint64_t count = drain_fd(line->fd);

	if (count > __atomic_exchange_n(&line->kicks, 0, __ATOMIC_SEQ_CST))
		__atomic_add_fetch(&line->raised, 1, __ATOMIC_SEQ_CST);
}

/* Wait until the line was raised since it was last handled, or is high. */
static void wait_for_edge(struct kit_listener *listener)
{
	struct line *line = listener->line;

	while (load(&line->raised) == listener->seen && !load(&line->level) &&
	       !load(&listener->stop)) {
		if (!uses_fd(line)) {
			kit_word_wait(&line->raised, listener->seen, KIT_NEVER);
		} else if (is_first(listener)) {
			take_edges(line);
			wake_others(listener);
		} else {
			drain_fd(listener->fd);
		}
	}
	listener->seen = load(&line->raised);
}

/* All who listen were asked so often: one may be late only. Holds lines_lock. */
static bool nobody_cared(const struct line *line)
{
	struct kit_listener *listener;

	for (listener = line->first; listener; listener = listener->next)
		if (listener->unanswered < NOBODY_CARED)
			return false;
	return true;
}

static void forget_unanswered(struct line *line)
{
	struct kit_listener *listener;

	__atomic_store_n(&line->unanswered, false, __ATOMIC_RELAXED);
	for (listener = line->first; listener; listener = listener->next)
		listener->unanswered = 0;
}

static void answered(struct line *line)
{
	if (!__atomic_load_n(&line->unanswered, __ATOMIC_RELAXED))
		return;
	pthread_mutex_lock(&lines_lock);
	forget_unanswered(line);
	pthread_mutex_unlock(&lines_lock);
}

static void not_answered(struct kit_listener *listener)
{
	struct line *line = listener->line;
	bool stuck;

	pthread_mutex_lock(&lines_lock);
	__atomic_store_n(&line->unanswered, true, __ATOMIC_RELAXED);
	listener->unanswered++;
	stuck = nobody_cared(line);
	if (stuck)
		forget_unanswered(line);
	pthread_mutex_unlock(&lines_lock);
	if (!stuck)
		return;
	kit_log(3, "irq %d: nobody cared %u times in a row, it is masked now",
		(int)(line - lines), NOBODY_CARED);
	__atomic_add_fetch(&line->masked, 1, __ATOMIC_SEQ_CST);
}

/* The handler, unless the line is masked. Returns whether it was called. */
static bool handle(struct kit_listener *listener)
{
	struct line *line = listener->line;
	bool called = false;

	kit_point();
	__atomic_add_fetch(&line->active, 1, __ATOMIC_SEQ_CST);
	/* Pairs with kit_irq_synchronize(), which looks at active after masking. */
	if (!load(&line->masked) && !load(&listener->stop)) {
		called = true;
		__atomic_add_fetch(&line->handled, 1, __ATOMIC_RELAXED);
		if (listener->handler(listener->arg))
			answered(line);
		else if (load(&line->level))
			not_answered(listener);
	}
	__atomic_sub_fetch(&line->active, 1, __ATOMIC_SEQ_CST);
	if (load(&line->waiting))
		kit_word_wake(&line->active, 0);
	return called;
}

static void kick(struct kit_listener *listener)
{
	__atomic_add_fetch(&listener->event, 1, __ATOMIC_SEQ_CST);
	kit_word_wake(&listener->event, 0);
}

static void wait_while_masked(struct kit_listener *listener)
{
	unsigned int event = load(&listener->event);

	while (load(&listener->line->masked) && !load(&listener->stop)) {
		kit_word_wait(&listener->event, event, KIT_NEVER);
		event = load(&listener->event);
	}
}

static int listen(void *arg)
{
	struct kit_listener *listener = arg;

	for (;;) {
		wait_for_edge(listener);
		do {
			wait_while_masked(listener);
			if (load(&listener->stop))
				return 0;
			/* Masked in between, it is called when that ends: the edge is seen. */
		} while (!handle(listener) || load(&listener->line->level));
	}
}

/* KIT_INLINE: some line may have to be handled */
static bool inline_due;

static void look_inline(void)
{
	if (kit_policy == KIT_INLINE)
		inline_due = true;
}

/*
 * KIT_INLINE: handlers of lines that were raised run here. Those that a handler
 * raises run after it, not in it.
 */
bool irq_run_inline(void)
{
	struct kit_listener *listener, *next;
	bool ran = false;
	int i;

	if (!inline_due)
		return false;
	inline_due = false;
	for (i = 0; i < KIT_IRQS; i++) {
		if (lines[i].level)
			inline_due = true;
		for (listener = lines[i].first; listener; listener = next) {
			next = listener->next;
			if (listener->busy || lines[i].masked ||
			    (listener->seen == lines[i].raised && !lines[i].level))
				continue;
			listener->seen = lines[i].raised;
			listener->busy = true;
			ran |= handle(listener);
			listener->busy = false;
		}
	}
	return ran;
}

void kit_irq_inline(void)
{
	struct kit_thread *self = kit_current();

	while (kit_policy == KIT_INLINE && !self->irqs_off && !self->hardirq && irq_run_inline())
		;
}

static void add_listener(struct kit_listener *listener)
{
	struct kit_listener **link = &listener->line->first;

	pthread_mutex_lock(&lines_lock);
	while (*link)
		link = &(*link)->next;
	*link = listener;
	listener->seen = load(&listener->line->raised);
	pthread_mutex_unlock(&lines_lock);
}

static void remove_listener(struct kit_listener *listener)
{
	struct kit_listener **link = &listener->line->first;

	pthread_mutex_lock(&lines_lock);
	while (*link != listener)
		link = &(*link)->next;
	*link = listener->next;
	/* Whoever is the first now waits at its own eventfd. */
	if (uses_fd(listener->line) && listener->line->first)
		signal_fd(listener->line->first->fd);
	pthread_mutex_unlock(&lines_lock);
}

static int start_listener(struct kit_listener *listener, const char *name)
{
	int err;

	listener->fd = eventfd(0, EFD_CLOEXEC);
	if (listener->fd < 0)
		return -errno;
	err = open_fd(listener->line);
	if (err < 0)
		goto close;
	add_listener(listener);
	if (kit_policy == KIT_INLINE) {
		look_inline();
		kit_irq_inline();
		return 0;
	}
	err = kit_thread_create(KIT_IRQ, name, listen, listener, &listener->thread);
	if (!err)
		return 0;
	remove_listener(listener);
close:
	close(listener->fd);
	return err;
}

int kit_irq_attach(unsigned int irq, const char *name, bool (*handler)(void *arg), void *arg,
		   struct kit_listener **listener)
{
	struct kit_listener *new;
	int err;

	if (irq >= KIT_IRQS)
		return -EINVAL;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	new->line = &lines[irq];
	new->handler = handler;
	new->arg = arg;
	*listener = new;
	err = start_listener(new, name);
	if (err) {
		*listener = NULL;
		free(new);
	}
	return err;
}

/* It may be waiting at either, and what it finds there is no edge. */
static void wake_listener(struct kit_listener *listener)
{
	struct line *line = listener->line;

	pthread_mutex_lock(&lines_lock);
	if (line->first == listener) {
		__atomic_add_fetch(&line->kicks, 1, __ATOMIC_SEQ_CST);
		signal_line(line);
	} else {
		signal_fd(listener->fd);
	}
	pthread_mutex_unlock(&lines_lock);
}

void kit_irq_detach(struct kit_listener *listener)
{
	__atomic_store_n(&listener->stop, 1, __ATOMIC_SEQ_CST);
	if (listener->thread) {
		kick(listener);
		kit_word_wake(&listener->line->raised, 0);
		/* Whoever else has the line's eventfd may read what is to wake the thread. */
		while (!load(&listener->thread->done)) {
			wake_listener(listener);
			kit_word_sleep(&listener->thread->done, 0, kit_now() + WAKE_AGAIN_NS);
		}
		kit_thread_join(listener->thread);
	}
	remove_listener(listener);
	close(listener->fd);
	free(listener);
}

void kit_irq_synchronize(unsigned int irq)
{
	struct line *line = &lines[irq];
	unsigned int active;

	__atomic_add_fetch(&line->waiting, 1, __ATOMIC_SEQ_CST);
	while ((active = load(&line->active)))
		kit_word_sleep(&line->active, active, KIT_NEVER);
	__atomic_sub_fetch(&line->waiting, 1, __ATOMIC_SEQ_CST);
}

void kit_irq_mask(unsigned int irq)
{
	__atomic_add_fetch(&lines[irq].masked, 1, __ATOMIC_SEQ_CST);
}

void kit_irq_startup(unsigned int irq, bool masked)
{
	__atomic_store_n(&lines[irq].masked, masked, __ATOMIC_SEQ_CST);
}

void kit_irq_unmask(unsigned int irq)
{
	struct line *line = &lines[irq];
	struct kit_listener *listener;

	if (!load(&line->masked)) {
		kit_log(4, "irq %u: enabled more often than disabled", irq);
		return;
	}
	if (__atomic_sub_fetch(&line->masked, 1, __ATOMIC_SEQ_CST))
		return;
	pthread_mutex_lock(&lines_lock);
	for (listener = line->first; listener; listener = listener->next)
		kick(listener);
	pthread_mutex_unlock(&lines_lock);
	look_inline();
	kit_irq_inline();
}

/* Wake whoever listens, for an edge or else for a level. */
static void wake_line(struct line *line, bool edge)
{
	if (uses_fd(line)) {
		pthread_mutex_lock(&lines_lock);
		if (line->first) {
			/* The first may be busy with the level until another ends that. */
			if (!edge) {
				__atomic_add_fetch(&line->kicks, 1, __ATOMIC_SEQ_CST);
				signal_others(line->first);
			}
			signal_line(line);
		}
		pthread_mutex_unlock(&lines_lock);
		return;
	}
	if (edge)
		__atomic_add_fetch(&line->raised, 1, __ATOMIC_SEQ_CST);
	look_inline();
	if (kit_policy == KIT_INLINE && kit_is_thread())
		kit_irq_inline();
	else
		kit_word_wake(&line->raised, 0);
}

void kit_irq_raise(unsigned int irq)
{
	if (irq >= KIT_IRQS)
		kit_die("irq %u raised, lines are 0 to %d", irq, KIT_IRQS - 1);
	kit_point();
	wake_line(&lines[irq], true);
}

void kit_irq_level(unsigned int irq, bool high)
{
	if (irq >= KIT_IRQS)
		kit_die("irq %u raised, lines are 0 to %d", irq, KIT_IRQS - 1);
	kit_point();
	if (__atomic_exchange_n(&lines[irq].level, high, __ATOMIC_SEQ_CST) != high && high)
		wake_line(&lines[irq], false);
}

int kit_irq_eventfd(unsigned int irq)
{
	struct line *line = &lines[irq];
	int err;

	if (irq >= KIT_IRQS)
		return -EINVAL;
	if (policy_is_virtual() && line->first)
		return -EBUSY;
	err = kit_eventfd_init();
	if (err)
		return err;
	line->external = true;
	return open_fd(line);
}

int kit_irq_alloc(unsigned int count)
{
	unsigned int first, n = 0;

	pthread_mutex_lock(&lines_lock);
	for (first = FIRST_FREE; first + count <= KIT_IRQS; first += n + 1) {
		for (n = 0; n < count && !lines[first + n].taken; n++)
			;
		if (n == count)
			break;
	}
	if (first + count <= KIT_IRQS)
		for (n = 0; n < count; n++)
			lines[first + n].taken = true;
	pthread_mutex_unlock(&lines_lock);
	return first + count <= KIT_IRQS ? (int)first : -ENOSPC;
}

void kit_irq_free(unsigned int first, unsigned int count)
{
	unsigned int i;

	pthread_mutex_lock(&lines_lock);
	for (i = first; i < first + count; i++) {
		if (lines[i].first)
			kit_die("irq %u is freed while somebody listens", i);
		if (lines[i].fd > 0)
			close(lines[i].fd);
		lines[i] = (struct line){ };
	}
	pthread_mutex_unlock(&lines_lock);
}

unsigned int kit_irq_listeners(unsigned int irq)
{
	unsigned int first = irq < KIT_IRQS ? irq : 0, i;
	unsigned int last = irq < KIT_IRQS ? irq + 1 : KIT_IRQS;
	struct kit_listener *listener;
	unsigned int n = 0;

	pthread_mutex_lock(&lines_lock);
	for (i = first; i < last; i++)
		for (listener = lines[i].first; listener; listener = listener->next)
			n++;
	pthread_mutex_unlock(&lines_lock);
	return n;
}

kit_u64 kit_irq_count(unsigned int irq)
{
	return __atomic_load_n(&lines[irq].handled, __ATOMIC_RELAXED);
}
