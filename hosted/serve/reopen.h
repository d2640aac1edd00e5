/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A process beside one that will be shut in: it opens descriptors once more, for
 * reading only, which takes the right to open. It gets descriptors and nothing else.
 */
#ifndef HOSTED_SERVE_REOPEN_H
#define HOSTED_SERVE_REOPEN_H

/* Start it; it ends with this process. Context: no other thread. Return: 0 or an error. */
int reopen_start(void);

/* For kit_reopen. */
int reopen_read_only(int fd);

/* Nothing more will be opened. */
void reopen_end(void);

#endif
