// SPDX-License-Identifier: GPL-2.0
/*
 * Opens, maps, touches, forks, attaches, rings and closes as fast as it can,
 * while somebody else binds and unbinds the device: whatever comes of it is an
 * error or a SIGBUS, never more.
 *
 *	stress END SECONDS PROCESSES
 *
 * END is 0 or 1. Prints its seed, which SEED in the environment gives again, how
 * many rounds found the device open for them, of which there has to be one, how
 * many accesses were a SIGBUS, and how many processes crashed, of which there
 * may be none.
 */
#define _GNU_SOURCE
#include "../harness.h"
#include "uio.h"

struct counts {
	unsigned long opened, busy, absent, sigbus, attached, gone, crashed;
};

static sigjmp_buf on_sigbus;

static void sigbus(int number)
{
	(void)number;
	siglongjmp(on_sigbus, 1);
}

static void touch(struct end *end, struct counts *counts)
{
	if (sigsetjmp(on_sigbus, 1)) {
		__sync_fetch_and_add(&counts->sigbus, 1);
		return;
	}
	end->regs->state = getpid();
	end->regs->interrupt_control = 1;
	end->out[1] = end->table[end->id] + end->in[0];
	ring(end, end->id, 0);
}

/* Returns whether there was one to wait for. */
static bool reap(pid_t pid, int flags, struct counts *counts)
{
	int status;

	if (waitpid(pid, &status, flags) <= 0)
		return false;
	/* Children may kill themselves, and no more. */
	if (status && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL))
		__sync_fetch_and_add(&counts->crashed, 1);
	return true;
}

static void maybe_fork(struct end *end, struct counts *counts)
{
	pid_t pid;

	if (random() % 4)
		return;
	pid = fork();
	if (!pid) {
		touch(end, counts);
		if (random() % 2)
			raise(SIGKILL);
		_exit(0);
	}
	if (random() % 2)
		reap(pid, 0, counts);
}

static void use_events(int number, struct counts *counts)
{
	int events = open_node("ivshmem-uio", number, O_RDWR), fd, i;

	for (i = 0; events >= 0 && i < 3; i++) {
		fd = attach(events, i == 2 ? IVSHMEM_UIO_STATE : (uint32_t)i);
		__sync_fetch_and_add(fd >= 0 ? &counts->attached : &counts->gone, 1);
		if (fd >= 0 && random() % 2)
			close(fd);
		else if (fd >= 0)
			signals(fd, random() % 3);
		if (fd >= 0 && random() % 2)
			detach(events, 0);
	}
	/* Those that are open still go with the process. */
	if (events >= 0 && random() % 2)
		close(events);
}

static void round_trip(int device, struct counts *counts)
{
	struct end end;

	/* It may go while its maps are being looked for. */
	if (!open_end(&end, device) || !end.regs || !end.table || !end.in || !end.out) {
		__sync_fetch_and_add(end.fd < 0 && errno == EBUSY ? &counts->busy :
				     &counts->absent, 1);
		close_end(&end);
		return;
	}
	__sync_fetch_and_add(&counts->opened, 1);
	touch(&end, counts);
	maybe_fork(&end, counts);
	fcntl(end.fd, F_SETFL, O_NONBLOCK);
	take_event(end.fd);
	if (random() % 2)
		usleep(random() % 3000);
	touch(&end, counts);
	close_end(&end);
}

static void worker(int device, time_t until, struct counts *counts, unsigned int seed)
{
	struct sigaction action = { .sa_handler = sigbus, .sa_flags = SA_NODEFER };
	int round, status = 0;
	pid_t next = 0;

	sigaction(SIGBUS, &action, NULL);
	srandom(seed);
	for (round = 0; time(NULL) < until; round++) {
		if (random() % 3)
			round_trip(device, counts);
		else if (uio_number(device) >= 0)
			use_events(uio_number(device), counts);
		while (reap(-1, WNOHANG, counts))
			;
		/* A fresh process now and then: files are closed by its end. */
		if (round > 50) {
			next = fork();
			if (next)
				break;
			round = 0;
		}
	}
	/* Who goes on in our place does not kill itself. */
	if (next > 0 && (waitpid(next, &status, 0) != next || status))
		__sync_fetch_and_add(&counts->crashed, 1);
	while (reap(-1, 0, counts))
		;
	_exit(next < 0);
}

int main(int argc, char **argv)
{
	const char *text = getenv("SEED");
	unsigned int seed = text ? strtoul(text, NULL, 0) : time(NULL) * 1UL + getpid() * 65536UL;
	struct counts *counts;
	time_t until;
	int i, status, bad = 0;

	if (argc != 4) {
		fputs("usage: stress END SECONDS PROCESSES\n", stderr);
		return 2;
	}
	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	printf("seed %u\n", seed);
	fflush(stdout);
	until = time(NULL) + atoi(argv[2]);
	for (i = 0; i < atoi(argv[3]); i++)
		if (!fork())
			worker(atoi(argv[1]), until, counts, seed + i);
	for (i = 0; i < atoi(argv[3]); i++)
		bad |= wait(&status) < 0 || status;
	printf("opened %lu busy %lu absent %lu sigbus %lu attached %lu gone %lu crashed %lu\n",
	       counts->opened, counts->busy, counts->absent, counts->sigbus, counts->attached,
	       counts->gone, counts->crashed);
	return bad || counts->crashed || !counts->opened;
}
