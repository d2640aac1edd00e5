/* SPDX-License-Identifier: GPL-2.0 */
/* What the modes share. */
#ifndef PEER_MODES_H
#define PEER_MODES_H

#include "options.h"
#include "peer.h"
#include "traffic.h"

/* Joins and starts; exits with EXIT_LINK when that fails. */
void open_peer(struct peer *p, const struct options *o);

/* The traffic that the options describe; exits when they cannot be. */
void init_traffic(struct traffic *t, struct peer *p, const struct options *o);

/* EXIT_OK or EXIT_BROKEN, saying on stderr what was broken. */
int verdict_status(const struct verdict *v);

#endif
