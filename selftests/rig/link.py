# SPDX-License-Identifier: GPL-2.0
"""One link: the device process, its sockets and counters."""
import json
import os
import signal
import socket
import subprocess
import time

from .util import RigError, TOP, checkout_cache, end, lock, spawn

PROGRAM = TOP / "device/ivshmem-link"
PEER = TOP / "selftests/peer/ivshmem-peer"
# Not where hosted/'s own tests build, as they may do so meanwhile.
HOSTED_BUILD = "build/rig"
HOSTED = TOP / "hosted" / HOSTED_BUILD / "hosted-link"


def build(folder, *variables):
    """What a folder's own Makefile makes; quick when nothing changed."""
    if not (TOP / folder / "Makefile").exists():
        raise RigError("%s is not there" % folder)
    try:
        with lock(checkout_cache(folder.replace("/", "-") + ".lock"), folder):
            done = subprocess.run(["make", "-s", "-C", str(TOP / folder)] + list(variables),
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  stdin=subprocess.DEVNULL, timeout=900)
    except subprocess.TimeoutExpired:
        raise RigError("make -C %s does not end within 900 s" % folder) from None
    if done.returncode:
        raise RigError("make -C %s failed:\n%s" % (folder, done.stdout.decode()[-3000:]))


class Peer:
    """A peer without a machine: ivshmem-peer in one of its modes."""

    def __init__(self, path, mode, *argument, **options):
        self.command = [PEER, "--socket", path, "--json"]
        for name, value in options.items():
            name = "--" + name.replace("_", "-")
            self.command += [name] if value is True else [name, value]
        self.command += [mode] + list(argument)
        self.process = spawn(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)

    def result(self, timeout=200):
        """What it tells at its end. It must not have seen a rule broken."""
        try:
            out, errors = self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise RigError("%s does not end within %d s" % (self.name(), timeout)) from None
        finally:
            end(self.process)
        if self.process.returncode:
            raise RigError("%s: exit status %d: %s %s" % (
                self.name(), self.process.returncode, errors.decode().strip(), out.decode()))
        return json.loads(out.decode() or "{}")

    def name(self):
        return " ".join(str(word) for word in self.command[1:])

    def stop(self):
        os.kill(self.process.pid, signal.SIGINT)
        return self.result()

    def close(self):
        end(self.process)


class Hosted:
    """The drivers themselves in a process, with an interface in a network namespace of its own."""

    def __init__(self, path, address, *options):
        build("hosted", "B=" + HOSTED_BUILD, "link")
        self.process = spawn(["unshare", "-n", HOSTED, "--socket", path, "--address", address,
                              "--quiet", *options], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def stop(self):
        """Its counters. Nothing of a driver must be left over."""
        os.kill(self.process.pid, signal.SIGTERM)
        try:
            out, errors = self.process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            raise RigError("hosted-link does not end within 120 s of SIGTERM") from None
        if self.process.returncode:
            raise RigError("hosted-link: exit status %d: %s" % (self.process.returncode,
                                                               errors.decode()))
        return json.loads(out.decode())

    def close(self):
        end(self.process)


class Link:
    """Link(folder, peers=2, rw_size="64K", strict=True, lie=["id=7"]): options as the program's."""

    def __init__(self, folder, peers=2, **options):
        self.folder, self.peers, self.options = folder, peers, options
        self.process = None

    def argv(self):
        argv = [PROGRAM, "--dir", self.folder, "--peers", self.peers]
        for name, value in self.options.items():
            name = "--" + name.replace("_", "-")
            for item in value if isinstance(value, (list, tuple)) else [value]:
                argv += [name] if item is True else [name, item] if item is not False else []
        return argv

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log = open(self.folder / "link.log", "wb")
        self.process = spawn(self.argv(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=self.log)
        deadline = time.monotonic() + 60
        while not self.listening():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RigError("ivshmem-link does not serve %s: %s" % (
                    self.folder, (self.folder / "link.log").read_text().strip()))
            time.sleep(0.02)
        return self

    def listening(self):
        wanted = [self.peer(i) for i in range(self.peers)] + [self.folder / "control.sock"]
        return all(path.is_socket() for path in wanted)

    def peer(self, number):
        return self.folder / ("peer%d.sock" % number)

    def ask(self, line="stats"):
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(60)
            control.connect(str(self.folder / "control.sock"))
            control.sendall(line.encode() + b"\n")
            with control.makefile() as answer:
                return json.loads(answer.read())

    def stats(self, number=None):
        peers = self.ask()
        return peers if number is None else peers["peers"][number]

    def total(self, counter):
        return sum(peer[counter] for peer in self.ask()["peers"])

    def wait(self, counter, number, value, timeout=60):
        """Until a peer's counter has that value."""
        deadline = time.monotonic() + timeout
        while self.stats(number)[counter] != value:
            if time.monotonic() > deadline:
                raise RigError("peer %d: %s is %s, want %s within %d s" % (
                    number, counter, self.stats(number)[counter], value, timeout))
            time.sleep(0.02)

    def time_back(self, number, timeout=10):
        """Waits until a peer takes part and both are in RUN; milliseconds from the one to the
        other."""
        began = ready = time.monotonic()
        while True:
            states = [peer["state"] for peer in self.stats()["peers"]]
            if not states[number]:
                ready = time.monotonic()
            elif states == [3, 3]:
                return (time.monotonic() - ready) * 1e3
            if time.monotonic() - ready > timeout or time.monotonic() - began > 60:
                raise RigError("states are %s, want 3 and 3 within %d s" % (states, timeout))
            time.sleep(0.001)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def memory(self):
        """Resident kilobytes of the process that are not the shared memory."""
        with open("/proc/%d/status" % self.process.pid) as status:
            sizes = dict(line.split(":", 1) for line in status)
        return int(sizes["RssAnon"].split()[0]) + int(sizes["RssFile"].split()[0])

    def stop(self):
        """Ends it as an operator would; returns the last counters."""
        os.kill(self.process.pid, signal.SIGTERM)
        try:
            text = self.process.communicate(timeout=60)[0]
        except subprocess.TimeoutExpired:
            raise RigError("ivshmem-link does not end within 60 s of SIGTERM") from None
        finally:
            self.close()
        return json.loads(text)

    def close(self):
        end(self.process)
        if self.process:
            self.process.stdout.close()
            self.log.close()
        self.process = None

    def __enter__(self):
        return self if self.process else self.start()

    def __exit__(self, *_):
        self.close()
