# SPDX-License-Identifier: GPL-2.0
"""A virtual machine: start, commands, QMP, end. Everything has a deadline."""
import base64
import collections
import json
import os
import re
import select
import signal
import socket
import time

from . import debug, qemu, roots, splats
from .util import RigError, end, say, spawn

Result = collections.namedtuple("Result", "status out")


class GuestError(RigError):
    """A command in a VM failed, or the VM did; carries the console's last lines."""


class Channel:
    """One end of a socket pair; QEMU has the other as a character device."""

    def __init__(self):
        self.socket, self.theirs = socket.socketpair()
        self.buffer, self.ended = b"", False

    def send(self, line):
        self.socket.sendall(line.encode() + b"\n")

    def line(self, deadline):
        """The next line, None after the deadline or when the other end is gone."""
        while b"\n" not in self.buffer:
            wait = max(0.0, deadline - time.monotonic())
            if not select.select([self.socket], [], [], wait)[0]:
                return None
            data = self.socket.recv(1 << 16)
            if not data:
                self.ended = True
                return None
            self.buffer += data
        text, _, self.buffer = self.buffer.partition(b"\n")
        return text.decode(errors="replace").rstrip("\r")

    def close(self):
        self.socket.close()
        self.theirs.close()


BOOT = (120, 480)       # seconds that a boot may take; with a debug kernel
# Each command is a session, between which nice counts for nothing with autogroups.
# An emulated TSC is the host's clock: a kernel that distrusts it, as a vCPU did not run for a while,
# would take the HPET instead, which then jumps by minutes. Files of a ramfs are unpacked in three
# quarters of a tmpfs's time.
APPEND = ("console=ttyS0,115200 panic=-1 ignore_loglevel cryptomgr.notests noautogroup "
          "tsc=reliable rootfstype=ramfs")
HUNG = re.compile(r"blocked for more than \d+ seconds|BUG: soft lockup|Kernel panic")
LATE = 60               # seconds that a result may take when the guest has ended the command
# Slots that QEMU may plug make ACPI's tables twice as long, and the debug kernel slow.
NO_SLOTS = ["-global", "PIIX4_PM.acpi-root-pci-hotplug=off"]


class VM:
    def __init__(self, folder, initrd, name="vm", kernel="6.12", devices=(), append="",
                 memory=512, cpus=2, sections=None, slots=False, sleeps=False, ram=None,
                 template=None):
        """ram: a file that is to be its memory. template: goes on from there."""
        self.name, self.kernel, self.devices = name, kernel, list(devices)
        self.initrd, self.append, self.memory, self.cpus = initrd, append, memory, cpus
        self.sections, self.ram, self.template = sections, ram, template
        self.image = roots.vmlinuz(kernel) if sleeps else roots.bootable(kernel)
        self.slots = slots
        self.console = folder / (name + ".console")
        self.errors = folder / (name + ".qemu")
        self.process = None
        self.replies, self.events = {}, []
        self.count = self.seen = 0
        self.kept = ""                  # of the log, before what was seen and does not count

    # -- start and end ------------------------------------------------------------------

    def argv(self):
        argv = qemu.command()[0] + qemu.accelerator()
        argv += ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
                 "-name", self.name, "-smp", self.cpus, "-kernel", self.image, "-initrd", self.initrd,
                 "-append", "%s %s" % (APPEND, self.append),
                 *([] if self.slots or self.template else NO_SLOTS),
                 "-chardev", "file,id=console,append=on,path=%s" % self.console,
                 "-serial", "chardev:console", "-device", "virtio-rng-pci,addr=4",
                 "-device", "virtio-serial-pci,addr=5,max_ports=2",
                 "-chardev", "socket,id=agent,fd=%d" % self.agent.theirs.fileno(),
                 "-device", "virtserialport,chardev=agent,name=ivshmem.agent",
                 "-chardev", "socket,id=qmp,fd=%d" % self.monitor.theirs.fileno(),
                 "-mon", "qmp,mode=control"]
        argv += self.memory_options()
        if self.template:
            return argv + ["-incoming", "defer"]
        for number, path in enumerate(self.devices):
            argv += ["-device", json.dumps(self.device(number, path))]
        return argv

    def memory_options(self):
        options = ["-object", "memory-backend-memfd,id=m,size=%dM,share=on" % self.memory]
        if self.ram or self.template:
            options[1] = "memory-backend-file,id=m,size=%dM,share=%s,mem-path=%s" % (
                self.memory, "on" if self.ram else "off", self.ram or self.template.ram)
        if not self.sections:
            return options + ["-m", "%dM" % self.memory, "-machine", "pc,memory-backend=m"]
        # Sections outside a BAR: behind the machine's own memory, which --append hides.
        path, megabytes = self.sections
        return options + [
            "-object", "memory-backend-file,id=s,size=%dM,share=on,mem-path=%s" % (megabytes, path),
            "-m", "%dM" % (self.memory + megabytes), "-machine", "pc",
            "-numa", "node,memdev=m,cpus=0-%d" % (self.cpus - 1), "-numa", "node,memdev=s"]

    @staticmethod
    def device(number, path):
        return {"driver": "vfio-user-pci", "id": "link%d" % number, "addr": hex(8 + number)[2:],
                "socket": {"type": "unix", "path": str(path)}}

    def spawn(self):
        self.booted = len(self.log())
        if self.template:
            with open(self.console, "ab") as console:
                console.write(self.template.log.read_bytes())
        self.agent, self.monitor = Channel(), Channel()
        fds = (self.agent.theirs.fileno(), self.monitor.theirs.fileno())
        with open(self.errors, "wb") as errors:
            self.process = spawn(self.argv(), env=qemu.command()[1], pass_fds=fds,
                                 stdout=errors, stderr=errors)
        self.agent.theirs.close()
        self.monitor.theirs.close()

    def start(self, timeout=None):
        self.spawn()
        self.ready(timeout)
        return self

    def ready(self, timeout=None):
        """Waits until the guest's agent is there: 10 s, or 40 s with a kernel that checks itself,
        on a machine that has nothing else to do."""
        timeout = timeout or BOOT[self.kernel in debug.NAMES]
        if self.template:
            self.go_on(timeout)
            return
        for more in (True, True, False):
            try:
                self.wait("ready", time.monotonic() + timeout, "boot")
                if not (more and self.clock_runs_wild()):
                    break
                why = "cannot tell how fast its clock runs"
            except GuestError:
                # Under TCG, about one boot of 150 ends long before a driver of ours could load: a
                # hang in ACPI, an initramfs that arrives broken. The third time it counts.
                if not more or "Run /init" in self.log()[self.booted:]:
                    raise
                why = "did not get as far as its init"
            say("%s %s, booting again:\n%s" % (self.name, why, self.tail(4)))
            self.kill()
            # Nor do its last words count, but what was said before does.
            self.kept += self.log()[self.seen:self.booted]
            self.seen = len(self.log())
            self.spawn()
        self.handshake()

    def migrate(self, command, path):
        self.qmp("migrate-set-capabilities",
                 capabilities=[{"capability": "x-ignore-shared", "state": True}])
        self.qmp(command, uri="file:%s" % path)
        deadline = time.monotonic() + 60
        while (status := self.qmp("query-migrate").get("status")) != "completed":
            if status == "failed" or time.monotonic() > deadline:
                raise self.error("%s %s: %s" % (command, path, status))
            time.sleep(0.01)

    def go_on(self, timeout):
        try:
            self.handshake()
            self.migrate("migrate-incoming", self.template.state)
            self.qmp("cont")
            for number, path in enumerate(self.devices):
                self.plug(self.device(number, path), timeout)
        except GuestError as error:
            raise self.error("boot: from a template: %s" % str(error).splitlines()[0]) from error
        self.events = []

    def plug(self, slot, timeout):
        """One after the other, or the guest may find them in another order. A device is there once
        who plugs it in lets others look."""
        self.qmp("device_add", **slot)
        self.run("until [ -e /sys/bus/pci/devices/0000:00:%02x.0 ]; do sleep 0.02; done; "
                 "echo 1 >/sys/bus/pci/rescan" % int(slot["addr"], 16), timeout)

    def clock_runs_wild(self):
        """A vCPU that did not run while the kernel measured it makes a second last a tenth of one,
        and each timeout in the machine, too."""
        return "PIT calibration deviates" in self.log()[self.booted:]

    def handshake(self):
        if self.monitor.line(time.monotonic() + 60) is None:
            raise self.error("no QMP greeting")
        self.qmp("qmp_capabilities")

    def kill(self):
        """As a power cut: kill -9."""
        if self.process:
            if self.process.poll() is None:
                os.killpg(self.process.pid, 9)
            self.process.wait(60)
            self.close()

    def close(self):
        end(self.process)
        if self.process:
            self.agent.close()
            self.monitor.close()
        self.process = None
        self.replies, self.events = {}, []

    def restart(self, timeout=None):
        """Power off and on: it boots, wherever it has come from."""
        self.template = None
        self.kill()
        return self.start(timeout)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def __enter__(self):
        try:
            return self if self.process else self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_):
        self.close()

    # -- commands -----------------------------------------------------------------------

    def error(self, text):
        state = "runs" if self.alive() else "has ended"
        message = "%s (%s, %s): %s" % (self.name, self.kernel, state, text)
        said = [line for line in self.errors.read_text(errors="replace").splitlines()
                if "deprecated" not in line]
        if said:
            message += "\n  QEMU: " + "\n  QEMU: ".join(said[-5:])
        return GuestError(message + "\n  console:\n" + self.tail())

    def tail(self, lines=12):
        return "\n".join("    | " + line for line in self.log().splitlines()[-lines:])

    def receive(self, deadline):
        """Takes one reply of the agent; False when none came in time."""
        line = self.agent.line(deadline)
        if line is None:
            return False
        key, status, text = (line.split(" ", 2) + ["", ""])[:3]
        if status.isdigit():
            self.replies[key] = Result(int(status), base64.b64decode(text).decode(
                errors="replace"))
        return True

    def wait(self, number, deadline, what):
        while number not in self.replies:
            if self.receive(min(deadline, time.monotonic() + 10)):
                continue
            hung = HUNG.search(self.log()[self.booted:])
            if self.agent.ended or hung or time.monotonic() >= deadline:
                late = "the machine ended" if self.agent.ended else "no answer in time"
                raise self.error("%s: %s%s%s" % (what, hung[0] if hung else late,
                                                 self.processors(), self.port()))
        return self.replies.pop(number)

    def processors(self):
        """Lines that tell where each is, and whether it is halted, as far as QEMU still can."""
        if not self.alive():
            return ""
        try:
            said = self.qmp("human-monitor-command", command_line="info registers -a")
        except (GuestError, OSError):
            return ""
        return "".join("\n  " + line for line in re.findall(r"^[ER]IP=.*HLT=\d", str(said), re.M))

    def port(self):
        """A line that tells what became of the way to the agent, as far as QEMU still can."""
        if not self.alive():
            return ""
        try:
            is_open = next(device["frontend-open"] for device in self.qmp("query-chardev")
                           if device["label"] == "agent")
            job = self.job("true")
            answers = any(job.done(1) for _ in range(10))
        except (GuestError, OSError):
            return ""
        return "\n  agent: port %s, %s a command of now" % (
            "open" if is_open else "closed", "answers" if answers else "does not answer")

    def job(self, command, timeout=200):
        """Starts a command; its Job tells the result."""
        self.count += 1
        number = str(self.count)
        code = base64.b64encode(command.encode()).decode()
        try:
            self.agent.send("run %s %d %s" % (number, timeout, code))
        except OSError as error:
            raise self.error("%s: %s" % (command, error)) from error
        return Job(self, number, command, time.monotonic() + timeout)

    def run(self, command, timeout=200, check=True):
        return self.job(command, timeout).result(check)

    def out(self, command, timeout=200):
        return self.run(command, timeout).out.strip()

    def qmp(self, command, **arguments):
        deadline = time.monotonic() + 60
        request = {"execute": command}
        if arguments:
            request["arguments"] = {k.replace("_", "-"): v for k, v in arguments.items()}
        try:
            self.monitor.send(json.dumps(request))
        except OSError as error:
            raise self.error("QMP %s: %s" % (command, error)) from error
        while True:
            line = self.monitor.line(deadline)
            if line is None:
                raise self.error("QMP %s: no answer" % command)
            answer = json.loads(line)
            if "error" in answer:
                raise self.error("QMP %s: %s" % (command, answer["error"]["desc"]))
            if "return" in answer:
                return answer["return"]
            self.events.append(answer)

    def happened(self, name, deadline=0.0):
        """Has a QMP event come? Waits for the next one, and takes the ones of that name."""
        line = self.monitor.line(deadline)
        if line is not None:
            self.events.append(json.loads(line))
        found = any(e.get("event") == name for e in self.events)
        self.events = [e for e in self.events if e.get("event") != name]
        return found

    def event(self, name, timeout=200):
        """Waits for a QMP event, also one that came before."""
        deadline = time.monotonic() + timeout
        if self.happened(name):
            return
        while not self.happened(name, deadline):
            if time.monotonic() > deadline:
                raise self.error("no QMP event %s within %d s" % (name, timeout))

    # -- the kernel's log ---------------------------------------------------------------

    def log(self):
        try:
            data = self.console.read_bytes()
        except OSError:
            return ""
        return data.decode(errors="replace").replace("\r", "")

    def new_log(self):
        """What the kernel said since the last call."""
        text = self.log()
        fresh, self.seen, self.kept = self.kept + text[self.seen:], len(text), ""
        return fresh

    def emulated(self):
        """What QEMU did wrong in this machine, or None. With KVM it is no emulator."""
        return splats.emulated(self.log()) if qemu.accelerator() is qemu.TCG else None

    def splats(self, known=()):
        """Reports in the log since the last call that no test may cause, see splats.reports()."""
        return splats.reports(self.new_log(), splats.KNOWN + known)


class Job:
    def __init__(self, vm, number, command, deadline):
        self.vm, self.number, self.command, self.deadline = vm, number, command, deadline

    def done(self, wait=0.0):
        """Is there a result? Waits that long for one, or for another command's."""
        if self.number not in self.vm.replies:
            self.vm.receive(time.monotonic() + wait)
        return self.number in self.vm.replies or self.vm.agent.ended or \
            time.monotonic() > self.deadline + LATE

    def result(self, check=True):
        # The guest ends the command at its timeout; only a guest that hangs needs more.
        result = self.vm.wait(self.number, self.deadline + LATE, self.command)
        if check and result.status:
            raise self.vm.error("%s: exit status %d\n%s" % (self.command, result.status,
                                                             result.out.strip()[-2000:]))
        return result

    def kill(self, number=signal.SIGTERM):
        self.vm.agent.send("kill %s %d" % (self.number, number))
        return self.result(check=False)
