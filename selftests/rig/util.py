# SPDX-License-Identifier: GPL-2.0
"""What every part of the rig needs: the cache, locks, progress, child processes."""
import contextlib
import ctypes
import fcntl
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
KERNELS = ("5.10", "6.1", "6.12", "7.2")
DEFAULT_KERNEL = "6.12"
PR_SET_PDEATHSIG = 1


class RigError(Exception):
    """Something that stops the rig, told to the user in one line (plus a log's tail)."""


def cache(*parts):
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    path = pathlib.Path(base, "ivshmem", *parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def checkout_cache(*parts):
    """Build products: one folder for each checkout, so that two never mix."""
    key = hashlib.sha256(str(TOP).encode()).hexdigest()[:12]
    return cache("build", key, *parts)


def say(text):
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(text, quiet_below=0.0):
    """Says what takes time, and how long it took."""
    start = time.monotonic()
    if not quiet_below:
        say("... %s" % text)
    yield
    took = time.monotonic() - start
    if took > quiet_below:
        say("    %s: %.1f s" % (text, took))


@contextlib.contextmanager
def lock(path, what):
    """One maker at a time; a second one that waits for long says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as held:
        for _ in range(50):
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            time.sleep(0.1)
        else:
            say("... another process is making %s, waiting" % what)
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


def digest(*things):
    return hashlib.sha256(repr(things).encode()).hexdigest()[:16]


_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent():
    """In a child before exec: the kernel ends it if we vanish without a chance to."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def spawn(argv, **kwargs):
    """A long-lived child in a session of its own, ended with us whatever happens."""
    return subprocess.Popen([str(a) for a in argv], start_new_session=True,
                            preexec_fn=die_with_parent, **kwargs)


def end(process, grace=3.0):
    """Ends a child of spawn() and everything in its session's process group."""
    if process is None or process.poll() is not None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace)
            return


def tail(path, lines=15):
    try:
        data = pathlib.Path(path).read_bytes()[-20000:].decode(errors="replace")
    except OSError as error:
        return "(%s)" % error
    return "\n".join(data.replace("\r", "").splitlines()[-lines:])


def run(argv, log=None, timeout=600, what=None, **kwargs):
    """Runs to the end, output into log; an error tells the log's last lines."""
    what = what or pathlib.Path(str(argv[0])).name
    out = open(log, "wb") if log else subprocess.DEVNULL
    try:
        process = spawn(argv, stdin=subprocess.DEVNULL, stdout=out,
                        stderr=subprocess.STDOUT, **kwargs)
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            status = "no end after %d s" % timeout
        finally:
            end(process)
    finally:
        if log:
            out.close()
    if status:
        raise RigError("%s failed (%s)%s" % (what, status, "\n" + tail(log) if log else ""))


def output(argv, timeout=200, **kwargs):
    """The output of a short command, or RigError."""
    try:
        done = subprocess.run([str(a) for a in argv], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=timeout, **kwargs)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RigError("%s: %s" % (argv[0], error)) from error
    if done.returncode:
        raise RigError("%s failed (%d): %s" % (argv[0], done.returncode,
                                                done.stderr.decode(errors="replace").strip()))
    return done.stdout.decode(errors="replace")


def remove(path):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()


ENDING = (signal.SIGTERM, signal.SIGHUP)


def on_signal(number, _frame):
    # Who ends us may send more than one, which must not end the unwinding.
    for other in ENDING + (signal.SIGINT,):
        signal.signal(other, lambda *_: None)
    raise SystemExit(128 + number)


def end_on_signals(*more):
    """SIGTERM and SIGHUP unwind like an exception, so that all context managers run."""
    for number in ENDING + more:
        signal.signal(number, on_signal)
