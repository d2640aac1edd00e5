# SPDX-License-Identifier: GPL-2.0
"""One Debian root file system for each kernel: its image, headers and their compiler."""
import concurrent.futures
import os
import pathlib
import shlex
import subprocess
import urllib.request

from .util import KERNELS, RigError, cache, digest, lock, output, remove, run, say, step

MIRROR = "http://deb.debian.org/debian"
ARCHIVE = "http://archive.debian.org/debian"
KERNEL = ("linux-image-cloud-amd64", "linux-headers-cloud-amd64")
COMPILER = ("gcc", "make")
# The 7.2 root also holds the newest QEMU and the programs that every VM gets.
USERLAND = ("libelf-dev", "qemu-system-x86", "busybox-static", "dash", "kmod", "udev", "iproute2",
            "iputils-ping", "iperf3", "ethtool", "sockperf", "socat", "tcpdump", "trace-cmd",
            "kexec-tools")
EXTRA = {"6.12": ("perl",), "7.2": USERLAND}    # W=1 runs kernel-doc, in Perl there
# Only to build for: a kernel of another architecture, with this one's compiler and programs.
I386 = "i386"
# No package's kernel: its root has the source, and what building that takes.
BUILT = ("debug", "kcsan")
DEBUG = ("linux-source-6.12", "gcc", "make", "bc", "flex", "bison", "libelf-dev", "libssl-dev",
         "perl", "kmod")
SUITES = {"5.10": "bullseye", "6.1": "bookworm", "6.12": "trixie", "7.2": "trixie",
          "debug": "trixie", "kcsan": "trixie", I386: "bookworm"}
BACKPORTS = {"7.2": "trixie-backports"}         # goes on to newer kernels, but keeps the others
# What mmdebstrap calls with the root: the newest of a series, the suite's own where it has none.
NEWEST = """
	newest=$(chroot "$1" apt-cache pkgnames linux-headers-%s. | grep -e -cloud-amd64$ | sort -V | tail -n 1)
	newest=${newest#linux-headers-}
	chroot "$1" apt-get -q -y install --no-install-recommends \
		"linux-image-${newest:-cloud-amd64}" "linux-headers-${newest:-cloud-amd64}"
"""
SECURITY = ("6.1", "6.12", I386) + BUILT        # bullseye's is no longer complete on the mirrors
RECIPE = 1                              # count up when the way of making them changes


def packages(kernel):
    if kernel == I386:
        return "linux-headers-686:i386", "gcc", "make"
    if kernel in BUILT:
        return DEBUG
    return (() if kernel in BACKPORTS else KERNEL) + COMPILER + EXTRA.get(kernel, ())


def root(kernel):
    return cache("roots", kernel)


def stamp(kernel):
    recipe = digest(RECIPE, SUITES[kernel], BACKPORTS.get(kernel), packages(kernel))
    return cache("roots", kernel, ".ivshmem-root"), recipe


def ready(kernel):
    path, recipe = stamp(kernel)
    return path.exists() and path.read_text() == recipe


def own_mirror():
    """The mirror that this machine's apt uses, where it is a Debian's."""
    if os.environ.get("IVSHMEM_MIRROR"):
        return os.environ["IVSHMEM_MIRROR"].rstrip("/")
    try:
        table = output(["apt-get", "indextargets", "--format", "$(ORIGIN) $(COMPONENT) $(SITE)",
                        "Created-By: Packages"])
    except RigError:
        return MIRROR
    for line in table.splitlines():
        fields = line.split()
        if fields[:2] == ["Debian", "main"] and "security" not in fields[2]:
            return fields[2].rstrip("/")
    return MIRROR


def has_suite(mirror, suite):
    try:
        url = "%s/dists/%s/InRelease" % (mirror, suite)
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.status == 200
    except OSError:
        return False


def sources(kernel, security=True):
    """sources.list lines; a suite that has left the mirror is in Debian's archive."""
    suite, own = SUITES[kernel], own_mirror()
    for mirror in dict.fromkeys((own, MIRROR, ARCHIVE)):
        if has_suite(mirror, suite):
            break
    else:
        raise RigError("no mirror has Debian %s (tried %s, %s, %s)"
                       % (suite, own, MIRROR, ARCHIVE))
    lines = ["deb %s %s main" % (mirror, suite)]
    if security and has_suite(mirror + "-security", suite + "-security"):
        lines.append("deb %s-security %s-security main" % (mirror, suite))
    if kernel in BACKPORTS:
        lines.append("deb %s %s main" % (mirror, BACKPORTS[kernel]))
    return lines


def apt_options(kernel):
    """Proxies and clock tolerance of this machine's apt hold for the roots, too."""
    wanted = ("Acquire::http::Proxy", "Acquire::https::Proxy", "Acquire::Check-Valid-Until",
              "Acquire::Check-Date")
    options = ['APT::Install-Recommends "0"', 'Acquire::Languages "none"',
               'Acquire::Retries "3"']
    for line in output(["apt-config", "dump", "Acquire"]).splitlines():
        name, _, value = line.rstrip(";").partition(" ")
        if name in wanted and value != '""':
            options.append("%s %s" % (name, value))
    if kernel in BACKPORTS:
        options.append('APT::Default-Release "%s"' % BACKPORTS[kernel])
    return ["--aptopt=" + option for option in options]


def mmdebstrap(kernel, target, security):
    remove(target)
    log = cache("log", "root-%s.log" % kernel)
    # A mount namespace of its own: a run that is killed leaves nothing mounted.
    command = ["unshare", "--mount", "--propagation", "private",
               "mmdebstrap", "--mode=root", "--variant=apt"] + apt_options(kernel)
    if kernel == I386:
        command.append("--architectures=amd64,i386")
    if kernel in BACKPORTS:
        command.append("--customize-hook=" + NEWEST % kernel)
    command += ["--include=" + ",".join(packages(kernel)), SUITES[kernel], target]
    run(command + sources(kernel, security), log=log, timeout=1200,
        what="making the root for %s (log: %s)" % (kernel, log))


def make(kernel):
    """Builds beside, then renames: a root is whole or not there."""
    final, fresh = root(kernel), cache("roots", kernel + ".new")
    with lock(cache("roots", kernel + ".lock"), "the root for %s" % kernel):
        if ready(kernel):
            return
        try:
            mmdebstrap(kernel, fresh, kernel in SECURITY)
        except RigError as error:
            if kernel not in SECURITY:
                raise
            say("%s\n... once more without security updates" % error)
            mmdebstrap(kernel, fresh, False)
        (fresh / stamp(kernel)[0].name).write_text(stamp(kernel)[1])
        os.sync()                       # before the name that tells that it is whole
        remove(final)
        fresh.rename(final)


def ensure(kernels=KERNELS):
    todo = [kernel for kernel in kernels if not ready(kernel)]
    if not todo:
        return
    names = ", ".join("%s (%s)" % (k, BACKPORTS.get(k, SUITES[k])) for k in todo)
    # Two at a time: one downloads while the other unpacks.
    with step("root file systems with kernels %s, 30-60 s each" % names):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            jobs = {pool.submit(make, kernel): kernel for kernel in reversed(todo)}
            for job in concurrent.futures.as_completed(jobs):
                job.result()
                say("    root for %s is ready" % jobs[job])
    for kernel in todo:
        if kernel in BACKPORTS and not release(kernel).startswith(kernel + "."):
            say("%s has no Linux %s any more: what is told of it is of %s" %
                (BACKPORTS[kernel], kernel, release(kernel)))


def release(kernel):
    """The full name, for example 6.12.107+deb13-cloud-amd64."""
    found = sorted(p.name for p in (root(kernel) / "lib/modules").iterdir()
                   if (p / "build").is_symlink())
    if len(found) != 1:
        raise RigError("root %s: want one kernel, found %s" % (root(kernel), found))
    return found[0]


def vmlinuz(kernel):
    return root(kernel) / "boot" / ("vmlinuz-" + release(kernel))


def unpacked(image):
    """The ELF file in a bzImage, None where it is packed in another way than Debian's. Its place
    and the size at its end are the x86 boot protocol's (Documentation/arch/x86/boot.rst)."""
    start = (image[0x1f1] + 1) * 512 + int.from_bytes(image[0x248:0x24c], "little")
    packed = image[start:start + int.from_bytes(image[0x24c:0x250], "little")]
    program = {b"\x28\xb5\x2f\xfd": "zstd", b"\x02\x21\x4c\x18": "lz4"}.get(packed[:4])
    if not program:
        return None
    done = subprocess.run([program, "-dc"], input=packed[:-4], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    if done.returncode or len(done.stdout) != int.from_bytes(packed[-4:], "little"):
        raise RigError("%s cannot unpack a kernel: %s" % (program, done.stderr.decode().strip()))
    return done.stdout


def bootable(kernel):
    """What QEMU starts soonest: a kernel that is unpacked has an entry for virtual machines (PVH),
    and to unpack it is a quarter of an emulated machine's boot. But not for one that sleeps: QEMU
    loads an ELF file anew when the machine wakes up, over what the kernel has written."""
    if kernel in BUILT:                 # with KASAN they do not survive that entry
        return vmlinuz(kernel)
    path = root(kernel) / "boot" / ("vmlinux-" + release(kernel))
    if path.exists():
        return path
    with lock(cache("roots", kernel + ".lock"), "the root for %s" % kernel):
        if not path.exists():
            data = unpacked(vmlinuz(kernel).read_bytes())
            if data is None:
                return vmlinuz(kernel)
            fresh = path.with_name("vmlinux.new")
            fresh.write_bytes(data)
            os.sync()                   # before the name that tells that it is whole
            fresh.rename(path)
    return path


def enter(kernel, command, binds=()):
    """An argv that runs a shell command inside a root; all mounts and children end with it."""
    where = shlex.quote(str(root(kernel)))
    script = ["set -e", "mount -t proc proc %s/proc" % where]
    for source, target in binds:
        script.append("mount --bind %s %s%s" % (shlex.quote(str(source)), where, target))
    script.append("exec chroot %s /bin/sh -c %s" % (where, shlex.quote(command)))
    return ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child",
            "sh", "-c", "\n".join(script)]


def install(kernel, name):
    """A program that only some checks need, of a package of that name, into a root that is there."""
    with lock(cache("roots", kernel + ".lock"), "the root for %s" % kernel):
        if which(kernel, name):
            return
        log = cache("log", "root-%s-%s.log" % (kernel, name))
        command = ("export DEBIAN_FRONTEND=noninteractive; apt-get -q update && "
                   "apt-get -q -y install --no-install-recommends %s && apt-get clean" % name)
        with step("installing %s in the root for %s" % (name, kernel)):
            run(enter(kernel, command, binds=[("/etc/resolv.conf", "/etc/resolv.conf")]), log=log,
                what="installing %s in the root for %s (log: %s)" % (name, kernel, log))


def program(kernel, path, *arguments):
    """An argv that runs a root's program on this system's kernel without entering the root."""
    base = root(kernel)
    libraries = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu",
                 "usr/lib/x86_64-linux-gnu/systemd", "usr/lib/x86_64-linux-gnu/pulseaudio"]
    return [str(base / "lib64/ld-linux-x86-64.so.2"), "--library-path",
            ":".join(str(base / d) for d in libraries), str(base / path.lstrip("/"))
            ] + [str(a) for a in arguments]


def which(kernel, name):
    for folder in ("usr/sbin", "usr/bin", "sbin", "bin"):
        path = pathlib.Path(root(kernel), folder, name)
        if path.exists() or path.is_symlink():
            return path
    return None
