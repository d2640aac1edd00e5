/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The handshake of framework/link.c against itself and against the known peers
 *
 * table.pml is generated from the driver's own table. A side looks at the peer's
 * state at any time and as often as it likes, which stands for interrupts that
 * arrive, coalesce or get lost, and for the recheck; between looking and acting,
 * the peer may do anything. Each side may restart or be stopped at any point,
 * RESTARTS times in all; its section keeps what it held.
 *
 * OTHER: 0 our own driver, 1 Jailhouse's Linux, 2 NuttX, 3 Zephyr; how they
 * differ is in selftests/peer/profile.c.
 */
#include "table.pml"

#ifndef RESTARTS
#define RESTARTS 2
#endif
#ifndef OTHER
#define OTHER 0
#endif

byte state[2];		/* state registers */
bool in_ring[2];	/* this side reads the peer's section and sends */
bool died[2];		/* restarted or left the link, and the peer has not looked since */
bool odd[2];		/* flips when a side clears its section */
bool sent[2];		/* there is traffic in a side's section */
bool sent_to[2];	/* the peer's odd when it was sent */
byte restarts = RESTARTS;
bool acting[2];		/* between a look and what follows of it */
bool calm;		/* from now on, the sides take turns and nobody restarts */
bit turn;

/* What a side starts to read was written for this very session. */
inline enter_ring(me)
{
	assert(!sent[1 - me] || sent_to[1 - me] == odd[me]);
	in_ring[me] = true
}

/* The ring is cleared when nobody is in it. */
inline clear(me)
{
	assert(!in_ring[1 - me]);
	odd[me] = !odd[me];
	sent[me] = false
}

/* What is sent finds a peer whose section is set up, or that has just died. */
inline send(me)
{
	assert(state[1 - me] >= READY || died[1 - me]);
	sent[me] = true;
	sent_to[me] = odd[1 - me]
}

/* In the calm, what a side acts upon is still so. */
inline look(me)
{
	acting[me] = true;
	turn = 1 - me;
	peer = state[1 - me];
	died[1 - me] = false
}

/* Power cut and boot, or ifdown and ifup: at any point where the driver may be. */
inline restart(me)
{
	restarts--;
	in_ring[me] = false;
	state[me] = RESET;
	died[me] = true;
	own = RESET;
	seen = 255;
	acting[me] = false
}

proctype ours(bit me)
{
	byte own = RESET, peer, next, seen;

	do
	:: d_step { own == UP && !sent[me] -> send(me) }
	:: d_step { restarts && !calm -> restart(me) }
	:: d_step { (!calm || (turn == me && !acting[1 - me])) -> look(me); next_step(own, peer, next); peer = 0 }
		/* The peer may do anything now. */
		if
		:: d_step { next == own -> next = 0; acting[me] = false }
		:: d_step { restarts && !calm -> restart(me); next = 0 }
		:: d_step { next != own && next == RESET -> in_ring[me] = false }
			/* ops->down has returned; only then does the peer learn of it. */
			d_step { state[me] = RESET; died[me] = true; own = RESET; next = 0; acting[me] = false }
		:: d_step { next != own && next == READY -> clear(me) }
			d_step { state[me] = READY; own = READY; next = 0; acting[me] = false }
		:: d_step { next != own && (next == INIT || next == RUN) ->
				state[me] = next; own = next; next = 0; acting[me] = false }
		:: d_step { next != own && next == UP -> enter_ring(me); own = UP; next = 0; acting[me] = false }
		fi
	od
}

/*
 * As the known peers do it: they stay in RUN until they see RESET, and what they
 * do next is decided at the look. Jailhouse's Linux steps only when it sees a
 * new state, the others send to a peer in READY.
 */
proctype other(bit me)
{
	byte own = RESET, peer, seen = 255, next;

	do
	:: d_step { own == RUN && !sent[me] && (seen == RUN || (OTHER != 1 && seen == READY)) ->
			send(me) }
	:: d_step { restarts && !calm -> restart(me) }
	:: d_step {
		(!calm || (turn == me && !acting[1 - me])) ->
		look(me);
		next = own;
		if
		:: OTHER == 1 && peer == seen
		:: else ->
			if
			:: own == RESET && peer < READY -> next = INIT
			:: own == INIT && peer > RESET -> next = READY
			:: own >= READY && peer == RESET -> next = RESET
			:: own == READY && peer >= READY -> next = RUN
			:: else
			fi
		fi;
		seen = peer;
		peer = 0
	   }
		if
		:: d_step { next == own -> next = 0; acting[me] = false }
		:: d_step { restarts && !calm -> restart(me); next = 0 }
		:: d_step { next != own && next == RESET ->
				in_ring[me] = false; state[me] = RESET; died[me] = true;
				own = RESET; next = 0; acting[me] = false }
		:: d_step { next != own && next == INIT -> state[me] = INIT; own = INIT; next = 0; acting[me] = false }
		:: d_step { next != own && next == READY -> clear(me) }
			d_step { state[me] = READY; own = READY; next = 0; acting[me] = false }
		:: d_step { next != own && next == RUN ->
				state[me] = RUN; own = RUN; next = 0; enter_ring(me); acting[me] = false }
		fi
	od
}

init
{
	atomic {
		run ours(0);
		if
		:: OTHER == 0 -> run ours(1)
		:: OTHER != 0 -> run other(1)
		fi
	}
	calm = true		/* at any time */
}

/*
 * From every state that restarts, stale looks and lost interrupts can lead to,
 * the link comes and stays on both sides, if only from then on what a side sees
 * stays true until it has acted. Without that, two sides can chase each other
 * through RESET, INIT and READY for as long as each acts upon what has just
 * ceased to be so, which is a matter of microseconds each time.
 */
ltl comes_back { <>[](in_ring[0] && in_ring[1]) }
