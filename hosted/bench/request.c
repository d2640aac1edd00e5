// SPDX-License-Identifier: GPL-2.0
/* bench-request: what a request to a driver's process costs its client */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base.h"
#include "serve/client.h"

/* Short runs, the best of which is told, for so long, in nanoseconds */
#define REQUESTS	200
#define FOR		1000000000ULL

static double best_of(int fd, enum serial_op op, kit_u32 arg, const void *data, size_t length)
{
	kit_u64 end = bench_clock() + FOR;
	double best = 1e18;

	while (bench_clock() < end) {
		kit_u64 start = bench_clock();
		double ns;
		int i;

		for (i = 0; i < REQUESTS; i++)
			if (client_call(fd, op, arg, SERIAL_FOREVER, data, length, NULL) < 0)
				return -1;
		ns = (double)(bench_clock() - start) / REQUESTS;
		if (ns < best)
			best = ns;
	}
	return best;
}

int main(int argc, char **argv)
{
	int fd;

	if (argc != 2 || !strcmp(argv[1], "--help")) {
		printf("Usage: %s SOCKET\nMeasures requests to hosted-uart or hosted-supervise.\n",
		       argv[0]);
		return argc == 2 ? 0 : 2;
	}
	fd = client_connect(argv[1]);
	if (fd < 0 || client_ask(fd, SERIAL_OPEN, 0) < 0) {
		fprintf(stderr, "bench-request: cannot open the port at %s\n", argv[1]);
		return 1;
	}
	printf("request: modem lines                %8.1f us\n",
	       best_of(fd, SERIAL_GET_MODEM, 0, NULL, 0) / 1000);
	printf("request: a write of 16 characters   %8.1f us\n",
	       best_of(fd, SERIAL_WRITE, 0, "0123456789abcdef", 16) / 1000);
	client_ask(fd, SERIAL_CLOSE, 0);
	return 0;
}
