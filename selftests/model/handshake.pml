/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The handshake of framework/link.c against itself and against the known peers
 *
 * table.pml is generated from the driver's own table. Between a look at the
 * peer's state and what follows of it, the peer may do anything. Side 1 is
 * OTHER. Restarts and interfaces taken down, of both sides together, are
 * RESTARTS, each at any point; a side's section keeps what it held.
 *
 * A write that changes a state register raises the other side's interrupt, which
 * is pending until that side looks; several become one. Ours may be lost at any
 * time, as we also look without one. The known peers do not. What is raised while
 * NuttX's interface is down is lost, as it disables interrupts; else theirs are
 * lost only with LOSE 2. The others enable them before their first look, and only
 * a vector that something else masks loses one then.
 *
 * At RESETS points a device of ours is reset: its register says RESET, while the
 * driver goes on from what it takes itself to be in, and writes what it was about
 * to write, until the recheck notices. That interrupts are off until then is as if
 * they were lost.
 */
#include "table.pml"

#define OURS	0	/* our own driver */
#define LINUX	1	/* Jailhouse's */
#define NUTTX	2
#define ZEPHYR	3

#ifndef OTHER
#define OTHER OURS
#endif
#ifndef RESTARTS
#define RESTARTS 3
#endif
#ifndef RESETS
#define RESETS 0
#endif
#ifndef RECHECK
#define RECHECK 1	/* we look without an interrupt, too */
#endif
#ifndef LOSE
#define LOSE 1		/* whose interrupts may get lost: 0 nobody's, 1 ours, 2 the other's too */
#endif
#ifndef LIMIT
#define LIMIT 0		/* what a known peer does wrong, left out otherwise: see may_go_down */
#endif
#ifndef HEAL
#define HEAL 0		/* how often we take our interface down and up when the link is stuck */
#endif
#ifndef SHOW
#define SHOW 0		/* a reset that is noticed: the old state is shown, in the ring or not */
#endif
#ifndef REBOOT
#define REBOOT 0	/* the other is restarted once more when the calm begins */
#endif

#define DOWN	1	/* its interface goes down: Linux while starting, NuttX after RUN */
#define RACE	2	/* its interface goes down between its look and what follows */
#define EARLY	3	/* Jailhouse's Linux: RUN when its interface comes up, without a look */

#define NEVER	255

byte state[2];		/* state registers */
bool pending[2];	/* interrupts */
bool in_ring[2];	/* this side reads the peer's section and sends */
bool died[2];		/* restarted or left the link, and the peer has not looked since */
bool odd[2];		/* flips when a side clears its section */
bool sent[2];		/* there is traffic in a side's section */
bool sent_to[2];	/* the peer's odd when it was sent */
byte restarts = RESTARTS;
byte resets = RESETS;
bool lost[2];		/* the device was reset, and the driver has not noticed */
bool acting[2];		/* between a look and what follows of it */
bool calm;		/* from now on, the sides take turns and nobody restarts */
bit turn;
byte heal = HEAL;
bool reboot = REBOOT;
/* Of a known peer */
bool down = OTHER != OURS;	/* its interface */
byte seen = NEVER;	/* our state at its last look */

#define up	(in_ring[0] && in_ring[1] && (OTHER != LINUX || seen == RUN))

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

/*
 * What is sent finds a peer whose section is set up, or that has just died, which
 * the sender may have seen already, but not acted upon.
 */
inline send(me)
{
	assert(state[1 - me] >= READY || died[1 - me] || (acting[me] && peer == RESET));
	sent[me] = true;
	sent_to[me] = odd[1 - me];
	/* Zephyr looks with each interrupt. */
	pending[1 - me] = pending[1 - me] || (OTHER == ZEPHYR && me == 0)
}

inline set_state(me, value)
{
	pending[1 - me] = pending[1 - me] ||
		(state[me] != value && (OTHER != NUTTX || me == 1 || !down));
	state[me] = value
}

/* Leaves the ring, and the peer learns of it. */
inline leave(me)
{
	in_ring[me] = false;
	died[me] = true;
	set_state(me, RESET)
}

/* The driver learns of it later, and the peer as of a write. */
inline reset_device(me)
{
	resets--;
	lost[me] = true;
	died[me] = true;
	set_state(me, RESET)
}

/* In UP, the register says RUN. */
inline restore(me)
{
	lost[me] = false;
	set_state(me, (own == UP -> RUN : own))
}

/* In the calm, what a side acts upon is still so. */
#define may_look(me)	(!calm || (!reboot && turn == me && !acting[1 - me]))

inline look(me)
{
	acting[me] = true;
	pending[me] = false;
	turn = 1 - me;
	peer = state[1 - me];
	died[1 - me] = false
}

/* Power cut and boot, or our ifdown and ifup: at any point where the driver may be. */
inline restart(me)
{
	leave(me);
	own = RESET;
	acting[me] = false
}

proctype ours(bit me)
{
	byte own = RESET, peer, next;
	bool again = true;	/* it looks until there is no step to make */

	do
	:: d_step { own == UP && !sent[me] -> send(me) }
	:: d_step { restarts && !calm -> restarts--; restart(me); again = !RECHECK }
	:: d_step { LOSE && pending[me] -> pending[me] = false }
	:: d_step { may_look(me) && calm && !RECHECK && !again && !pending[me] -> turn = 1 - me }
	:: d_step { may_look(me) && lost[me] -> acting[me] = true }
		/* The link makes no step of its own until the state is written again. */
		if
		:: d_step { own > INIT && !SHOW -> in_ring[me] = false }
			d_step { leave(me); own = RESET }
		:: d_step { own <= INIT || SHOW }
		fi;
		d_step { restore(me); acting[me] = false }
	:: d_step { may_look(me) && !(calm && lost[me]) && (RECHECK || again || pending[me]) ->
			look(me);
			next_step(own, peer, next);
			again = !RECHECK && next != own;
			if
			:: heal && calm && next == own && !up && !down && !pending[1 - me] ->
				heal--; restart(me); next = own
			:: else
			fi;
			peer = 0
		}
		/* The peer may do anything now. */
		if
		:: d_step { next == own -> next = 0; acting[me] = false }
		:: d_step { restarts && !calm ->
				restarts--; restart(me); again = !RECHECK; next = 0 }
		:: d_step { next != own && next == RESET -> in_ring[me] = false }
			/* ops->down has returned; only then does the peer learn of it. */
			d_step { leave(me); own = RESET; next = 0; acting[me] = false }
		:: d_step { next != own && next == READY -> clear(me) }
			d_step { set_state(me, READY); own = READY; next = 0; acting[me] = false }
		:: d_step { next != own && (next == INIT || next == RUN) ->
				set_state(me, next); own = next; next = 0; acting[me] = false }
		:: d_step { next != own && next == UP ->
				enter_ring(me); own = UP; next = 0; acting[me] = false }
		fi
	od
}

/*
 * As the known peers do it: one step for a look, which takes an interrupt, and
 * they stay in RUN until they see RESET. selftests/peer/profile.c has more.
 */
#define may_go_down	(!down && (LIMIT == RACE || OTHER == ZEPHYR || !acting[me]) && \
	(LIMIT == DOWN || OTHER != LINUX || seen != INIT) && \
	(LIMIT == DOWN || OTHER != NUTTX || !ran) && \
	(LIMIT == RACE || OTHER != NUTTX || !pending[me]))
#define may_come_up	(down && (OTHER != LINUX || (LIMIT == RACE || !acting[me]) && \
	(LIMIT == EARLY || own != READY || state[1 - me] >= READY)))

proctype other(bit me)
{
	byte own = RESET, peer, next;
	bool ran;	/* NuttX: has been in RUN, and not seen RESET since */

	do
	:: d_step { own == RUN && !down && !sent[me] && (OTHER != LINUX || seen == RUN) ->
			send(me) }
	:: d_step { (restarts && !calm) || (reboot && calm) ->
			if
			:: calm -> reboot = false
			:: else -> restarts--
			fi;
			restart(me);
			down = true; ran = false; seen = NEVER; peer = 0;
			pending[me] = OTHER != NUTTX }
	:: d_step { LOSE > 1 && !calm && pending[me] -> pending[me] = false }
	:: d_step { restarts && !calm && may_go_down ->
			restarts--;
			if
			:: OTHER == LINUX -> leave(me); own = RESET
			:: OTHER == NUTTX -> leave(me)		/* but own is kept */
			:: OTHER == ZEPHYR -> pending[me] = true
			fi;
			down = true }
	:: d_step { may_come_up ->
			down = false;
			if
			:: OTHER == LINUX && own == READY ->
				set_state(me, RUN); own = RUN; enter_ring(me)
			:: OTHER == LINUX && own != READY
			:: OTHER == NUTTX -> leave(me); own = RESET; pending[me] = true
			:: OTHER == ZEPHYR -> pending[me] = true
			fi }
	:: d_step { calm && may_look(me) && !may_come_up && !acting[me] && !pending[me] ->
			turn = 1 - me }
	:: d_step { !acting[me] && pending[me] && may_look(me) && !(calm && may_come_up) ->
			look(me) }
	:: d_step { acting[me] ->
			next = own;
			if
			:: peer == seen && (OTHER == LINUX || ran)
			:: else ->
				if
				:: own == RESET && peer < READY -> next = INIT
				:: own == INIT && peer > RESET -> next = READY
				:: own >= READY && peer == RESET -> next = RESET
				:: own == READY && peer >= READY && !ran &&
				   (OTHER == NUTTX || !down) -> next = RUN
				:: own == RUN && peer >= READY && OTHER == ZEPHYR && down ->
					next = RESET
				:: else
				fi
			fi;
			seen = peer;
			peer = 0;
			if
			:: next != own && next == READY -> clear(me)
			:: next != own && next == RESET ->
				set_state(me, RESET); died[me] = true; ran = false
			:: next != own && next == RUN ->
				set_state(me, RUN); enter_ring(me); ran = OTHER == NUTTX
			:: next != own && next == INIT -> set_state(me, INIT)
			:: else
			fi }
		d_step {
			if
			:: next == READY && own != READY -> set_state(me, READY)
			:: next == RESET -> in_ring[me] = false
			:: else
			fi;
			own = next; next = 0; acting[me] = false }
	od
}

init
{
	atomic {
		run ours(0);
		if
		:: OTHER == OURS -> run ours(1)
		:: OTHER != OURS -> run other(1)
		fi
	}
	do
	:: d_step { resets -> reset_device(0) }
	:: d_step { resets && OTHER == OURS -> reset_device(1) }
	:: calm = true; break	/* at any time */
	od
}

/*
 * From every state that restarts, stale looks and lost interrupts can lead to,
 * the link comes and stays on both sides, if only from then on what a side sees
 * stays true until it has acted. Without that, two sides can chase each other
 * through RESET, INIT and READY for as long as each acts upon what has just
 * ceased to be so, which is a matter of microseconds each time.
 */
ltl comes_back { <>[]up }
