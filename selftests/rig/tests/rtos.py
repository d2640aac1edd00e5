# SPDX-License-Identifier: GPL-2.0
"""Programs on an RTOS that call Linux: ivshmem-rtos at one end, shadow-proxy at the other."""
import base64
import json
import subprocess

from .. import debug
from ..calls import Load
from ..lab import Lab
from ..suite import Fixture, equal, expect, test, until
from ..util import DEFAULT_KERNEL, RigError, TOP

PROGRAM = "selftests/shadow/ivshmem-rtos"
NODE = "/sys/class/shadow-process/shadow-process0/"


class Rtos(Lab):
    """A machine with proxies at peer 0, and the RTOS at peer 1: on the link's socket, without a
    machine, or in the same one as a program on a UIO device."""
    shared = True

    def __init__(self, kernel=DEFAULT_KERNEL, uio=False):
        super().__init__(kernel)
        self.link = self.link(protocol="shadow", rw_size="1M", output_size="16K")
        self.uio = uio
        self.vm = self.vm([self.link.peer(n) for n in range(1 + uio)])
        self.vm.run("modprobe ivshmem_core" + (
            "; echo uio >/sys/bus/ivshmem/devices/ivshmem1/protocol" if uio else ""))
        self.vm.run("modprobe ivshmem_shadow && ls /dev/shadow-process0")
        self.proxies = []

    def proxy(self, options="", timeout=600):
        """Its slots, once it has them; the job."""
        out = "/run/proxy"
        self.vm.run("rm -f " + out)
        job = self.vm.job("exec shadow-proxy %s >%s 2>&1" % (options, out), timeout)
        self.proxies.append(job)
        until(lambda: "ready\n" in self.vm.run("cat " + out, check=False).out, "the proxy's slots")
        text = self.vm.run("cat " + out).out
        return [line.split()[1] for line in text.splitlines() if line.startswith("slot ")], job, out

    def end_proxies(self):
        self.vm.run("killall -q -KILL shadow-proxy; true")
        while self.proxies:
            self.proxies.pop().result(check=False)

    def ended(self, job):
        """A proxy's exit status, when it has ended by itself."""
        self.proxies.remove(job)
        return job.result(check=False).status

    def start(self, arguments, script=None, timeout=280, rest=None):
        """Returns a function that waits for the end: exit status and output. rest: of the script,
        which go_on() lets it have."""
        arguments = "--timeout 60000 " + arguments
        if self.uio:
            line = program = "/selftests/shadow/ivshmem-rtos --uio /dev/uio0 " + arguments
            if script is not None:
                line = "echo %s | base64 -d >/run/script; %s </run/script" % (encoded(script), line)
            if rest is not None:
                line = ("rm -f /run/go-on; (echo %s | base64 -d; until [ -e /run/go-on ]; do "
                        "sleep 0.1; done; echo %s | base64 -d) | %s" % (
                            encoded(script), encoded(rest), program))
            job = self.vm.job(line, timeout)
            self.go_on = lambda: self.vm.run("touch /run/go-on")
            return lambda: tuple(job.result(check=False))
        command = [TOP / PROGRAM, "--socket", self.link.peer(1)] + arguments.split()
        (self.folder / "script").write_text(script or "")
        with open(self.folder / "script") as lines:
            process = subprocess.Popen([str(word) for word in command],
                                       stdin=lines if rest is None else subprocess.PIPE,
                                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

        def more(text):
            process.stdin.write(text.encode())
            process.stdin.flush()
        if rest is not None:
            more(script)
            self.go_on = lambda: more(rest)

        def wait():
            try:
                out = process.communicate(timeout=timeout)[0].decode()
            finally:
                process.kill()
            return process.returncode, out
        return wait

    def rtos(self, arguments, script=None):
        status, out = self.start(arguments, script)()
        if status:
            raise RigError("ivshmem-rtos %s: exit status %d:\n%s" % (arguments, status, out))
        return out

    def json(self, arguments):
        """Its report, in which no rule may be broken."""
        report = json.loads(self.rtos(arguments + " --json").splitlines()[-1])
        equal(report["broken"], {}, "rules that Linux broke")
        return report

    def script(self, slots, text):
        return self.rtos("".join("--slot %s " % slot for slot in slots) + "script -", text)

    def used(self):
        return int(self.vm.out("cat %sslots_used" % NODE))

    def counter(self, name):
        return int(self.vm.out("cat %scounters/%s" % (NODE, name)))


FILES = """
open "/tmp/from-rtos" O_CREAT|O_TRUNC|O_RDWR 0644 -> fd
write $fd "hello from the RTOS\\n" -> 20
lseek $fd 6 SEEK_SET -> 6
buffer back 64
read $fd $back 64 -> 14
expect $back "from the RTOS\\n\\0"
buffer stat 144
fstat $fd $stat -> 0
get $stat+48 u64 -> 20
close $fd -> 0
close $fd -> -EBADF
openat AT_FDCWD "/tmp/from-rtos" O_RDONLY -> again
read $again $back 5 -> 5
expect $back "hello"
close $again -> 0
open "/tmp/not-there" O_RDONLY -> -ENOENT
"""

# Past the 1 MiB of R/W section, below it, over its end, and a string that does not end in it.
POINTERS = """
open "/tmp/pointers" O_CREAT|O_RDWR 0600 -> fd
write $fd 0x100100000 1 -> -EFAULT
write $fd 0 1 -> -EFAULT
read $fd 0x1000fffff 2 -> -EFAULT
read $fd 0x1000ffff0 -1 -> -EFAULT
put 0x1000ffffe u16 0x6161
open 0x1000ffffe 0 -> -EFAULT
fstat $fd 0x1000ffff0 -> -EFAULT
poll 0x1000ffffc 1 0 -> -EFAULT
write $fd 0x1000ffffe 2 -> 2
close 3 -> -EBADF
write 3 "x" -> -EBADF
4242 -> -ENOSYS
getpid -> pid
"""

# A page of the R/W section at an address that the RTOS's program has it at; then a file in it.
MEMORY = """
put 0x100040000 "mapped\\n"
open "/tmp/mapped" O_CREAT|O_TRUNC|O_RDWR 0600 -> fd
write $fd 0x70000000 7 -> -EFAULT
mmap 0x40000<<32|0x70000000 0x2000 PROT_READ|PROT_WRITE MAP_PRIVATE|MAP_ANONYMOUS -1 0 -> 0x2000
write $fd 0x70000000 7 -> 7
mmap 0x70001000 0x1000 PROT_READ MAP_PRIVATE $fd 0 -> 0x1000
expect 0x100041000 "mapped\\n"
mmap 0x100000<<32|0x60000000 0x1000 3 MAP_PRIVATE|MAP_ANONYMOUS -1 0 -> -EINVAL
munmap 0x70000000 0x2000 -> 0
write $fd 0x70000000 7 -> -EFAULT
munmap 0x70000000 0x2000 -> -EINVAL
"""

# The child has the memory, its own slot and its own files, and ends alone.
PROCESSES = """
getpid -> parent
put 0x100050000 "child\\n"
fork -> child
slot $child
getpid -> pid
open "/tmp/child" O_CREAT|O_TRUNC|O_WRONLY 0600 -> fd
write $fd 0x100050000 6 -> 6
slot $slot0
write $fd 0x100050000 6 -> -EBADF
clone -> thread
slot $thread
getpid -> $parent
write $fd 0x100050000 6 -> -EBADF
exit 5 -> 5
slot $child
fork -> grandchild
slot $grandchild
exit_group 0 -> 0
slot $child
getpid -> $pid
exit_group 3 -> 3
sleep 200
getpid -> -ESRCH
slot $thread
getpid -> -ESRCH
slot $slot0
getpid -> $parent
"""

POLL = """
buffer fds 16
open "/tmp/fifo" O_RDWR -> fifo
put $fds u32 $fifo
put $fds+4 u16 POLLIN
poll $fds 1 10 -> 0
start forever poll $fds 1 -1
sleep 200
pending forever
poll 0 0 0 0xdeadbeef 0xdeadbeef 0xdeadbeef -> 0
wait forever -> 0
clone -> thread
start ready poll $fds 1 -1
slot $thread
sleep 100
pending ready
write $fifo "x" -> 1
wait ready -> 1
get $fds+6 u16 -> POLLIN
slot $slot0
put $fds u32 3
poll $fds 1 -1 -> -EBADF
"""

SIGNALS = """
getpid -> parent
kill $parent SIGUSR1 -> 0
signal -> SIGUSR1
kill $parent SIGTERM -> 0
signal -> SIGTERM
getpid -> $pid
"""


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def with_rtos(uio):
    """The tests, for one way to the link."""
    suffix = "-uio" if uio else "-socket"
    where = "by UIO in the same machine" if uio else "by socket"
    fixture, quick = Fixture(Rtos, uio=uio), None if uio else ("5.10", "7.2")

    def play(sentence, timeout=300):
        def add(function):
            def body(lab):
                before = lab.used()
                function(lab)
                lab.end_proxies()
                until(lambda: lab.used() == before, "as many slots as before the test")
            body.__name__, body.__module__ = function.__name__, function.__module__
            test("%s (RTOS %s)" % (sentence, where), fixture, timeout, suffix, quick=quick)(body)
        return add

    @play("a program on the RTOS creates, writes and reads a file on Linux")
    def files(lab):
        lab.script(lab.proxy("-v")[0], FILES)
        equal(lab.vm.out("cat /tmp/from-rtos"), "hello from the RTOS", "the file on Linux")

    @play("pointers outside of the RTOS's memory, the node and unknown calls are refused, and told")
    def pointers(lab):
        slots, _, out = lab.proxy()
        lab.script(slots, POINTERS)
        expect("unknown call 4242" in lab.vm.out("cat " + out), "the proxy does not tell 4242")

    @play("pages of the RTOS's memory are mapped where its program has them, and unmapped")
    def memory(lab):
        lab.script(lab.proxy()[0], MEMORY)
        equal(lab.vm.out("cat /tmp/mapped"), "mapped", "what was written from the mapped page")

    @play("processes and threads of the RTOS have proxies of their own, which end alone")
    def processes(lab):
        lab.script(lab.proxy()[0], PROCESSES)
        equal(lab.vm.out("cat /tmp/child"), "child", "what the child wrote")

    @play("a poll waits, ends for another request, and tells what is ready")
    def poll(lab):
        lab.vm.run("rm -f /tmp/fifo; mkfifo /tmp/fifo")
        lab.script(lab.proxy()[0], POLL)

    @play("a proxy's signals reach the RTOS, with the process they were for")
    def signals(lab):
        lab.script(lab.proxy()[0], SIGNALS)

    @play("a proxy ends with the status of the RTOS's exit, or after --count calls")
    def ends(lab):
        slots, job, _ = lab.proxy()
        lab.script(slots, "exit_group 7 -> 7\n")
        equal(lab.ended(job), 7, "exit status")
        slots, job, _ = lab.proxy("--count 3")
        lab.script(slots, "getpid\ngetpid\ngetpid\n")
        equal(lab.ended(job), 0, "exit status")
        for wrong, status in (("--threads 0", 2), ("--map 1:2", 2), ("--count x", 2), ("more", 2),
                              ("--device /dev/none", 1), ("--map 0x100000000:0x200000:0", 1)):
            result = lab.vm.run("shadow-proxy " + wrong, check=False)
            equal((result.status, len(result.out.splitlines())), (status, 1),
                  "exit status and lines of shadow-proxy " + wrong)

    @play("16 proxies with 8 requests in flight each lose and double nothing", 900)
    def load(lab):
        slots, _, _ = lab.proxy("--threads 16")
        options = "".join("--slot %s " % slot for slot in slots)
        for way in ("", " --drain") + ((" --eventfd",) if lab.uio else ()):
            report = lab.json(options + "--count 4000 --threads 128 load" + way)
            equal((report["requests"], report["replies"], report["errors"]), (4000, 4000, 0),
                  "requests, replies, errors")

    @play("an RTOS that restarts 40 times in the middle of its requests gets none of the old "
          "replies, and all of the new", 600)
    def restarts(lab):
        slots, _, _ = lab.proxy("--threads 4")
        options = "".join("--slot %s " % slot for slot in slots)
        report = lab.json(options + "--times 40 --count 1000 --threads 16 --wait 20 restart")
        equal(report["resets"], 40, "restarts")

    @play("a proxy that is killed leaves no request without an answer, read or not")
    def killed(lab):
        before = lab.counter("requests")
        slots, _, _ = lab.proxy()
        wait = lab.start("--slot %s script -" % slots[0],
                         "buffer fds 8\nput $fds u32 -1\nstart p poll $fds 1 -1\n",
                         rest="start q getpid\nstart r getpid\n"
                         "wait p -> -ESRCH\nwait q -> -ESRCH\nwait r -> -ESRCH\n")
        until(lambda: lab.counter("requests") == before + 1, "the poll arrives")
        # Before q comes, which would end the poll.
        lab.vm.run("killall -STOP shadow-proxy")
        lab.go_on()
        until(lambda: lab.counter("requests") == before + 3, "all requests arrive")
        lab.vm.run("killall -KILL shadow-proxy")
        status, out = wait()
        equal(status, 0, "exit status of the RTOS (%s)" % out)


with_rtos(uio=False)
with_rtos(uio=True)


@test("2,000 proxies at a time, 500 on a debug kernel, lose and double nothing", Fixture(Load), 900,
      quick=("7.2",))
def thousands(lab):
    proxies = 500 if lab.kernel in debug.NAMES else 2000
    report = lab.load(proxies, 256, 8 * proxies)
    equal((report["requests"], report["replies"], report["errors"], report["broken"]),
          (8 * proxies, 8 * proxies, 0, {}), "requests, replies, errors, broken rules")
    until(lambda: lab.vm.out("cat %sslots_used" % NODE) == "0", "all slots are free")
