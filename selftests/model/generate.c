// SPDX-License-Identifier: GPL-2.0
/*
 * Prints the handshake's table, as the driver has it, as Promela. With three
 * numbers - own step, peer's state, next step - one entry is changed: the model
 * has to find out.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../../framework/handshake.h"

int main(int argc, char **argv)
{
	int own, peer, change[3] = { -1, -1, -1 };

	if (argc != 1 && argc != 4) {
		fprintf(stderr,
			"usage: generate [OWN-STEP PEER-STATE NEXT-STEP], found %d arguments\n",
			argc - 1);
		return 2;
	}
	for (own = 1; own < argc; own++)
		change[own - 1] = atoi(argv[own]);

	printf("/* Generated from framework/handshake.h */\n");
	printf("#define RESET %d\n#define INIT %d\n#define READY %d\n", STEP_RESET, STEP_INIT,
	       STEP_READY);
	printf("#define RUN %d\n#define UP %d\n\n", STEP_RUN, STEP_UP);
	printf("inline next_step(own, peer, next)\n{\n\tif\n");
	for (own = 0; own < STEP_COUNT; own++)
		for (peer = 0; peer < STEP_UP; peer++)
			printf("\t:: own == %d && peer == %d -> next = %d\n", own, peer,
			       own == change[0] && peer == change[1] ? change[2] :
			       ivshmem_next_step[own][peer]);
	printf("\tfi\n}\n");
	return 0;
}
