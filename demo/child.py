"""Runs between a launcher and a program: sets the parent-death signal, then executes the program.

Run as a script: `python -I -S child.py PARENT_PID SIGNAL IDENTITY PROGRAM [ARGUMENT…]`. It does
the work of a `preexec_fn`, but after exec, so that no lock of a launcher's thread can be held. It imports none of our
modules.
"""

import ctypes
import os
import pwd
import sys

CLONE_NEWUSER = 0x10000000  # linux/sched.h
PR_SET_PDEATHSIG, PR_SET_SECUREBITS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 28, 47, 2  # linux/prctl.h
SECBIT_NO_SETUID_FIXUP = 1 << 2  # linux/securebits.h
CAPABILITY_VERSION_3, CAP_DAC_OVERRIDE = 0x20080522, 1  # linux/capability.h
NOBODY = 65534  # the overflow uid and gid of Linux
INSIDE_IDS = (NOBODY, 1, 2, 1000)  # any but 0, which PostgreSQL refuses; `initdb` wants it to have a name
EXIT_NO_NAMESPACE = 96
EXIT_PARENT_GONE = 97
EXIT_NOT_RUNNABLE = 98


def has_name(uid: int) -> bool:
    """Whether the system has a name for this uid; in a container our own may have none."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def enter_user_namespace() -> None:
    """Use a non-zero uid inside a user namespace, and keep our uid outside: files stay ours, even in a 700 home."""
    outside_uid, outside_gid = os.getuid(), os.getgid()
    inside = next(filter(has_name, INSIDE_IDS), INSIDE_IDS[-1])
    if sys.platform != "linux" or ctypes.CDLL(None).unshare(CLONE_NEWUSER) != 0:
        sys.exit(EXIT_NO_NAMESPACE)
    try:
        for name, line in (
            ("setgroups", "deny"),
            ("uid_map", f"{inside} {outside_uid} 1"),
            ("gid_map", f"{inside} {outside_gid} 1"),
        ):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(line)
    except OSError:
        sys.exit(EXIT_NO_NAMESPACE)


def become_nobody() -> None:
    """Give up root, except the right to traverse folders: the checkout may be in root's 700 home."""
    on_linux = sys.platform == "linux"
    libc = ctypes.CDLL(None)
    if on_linux:  # without this bit, access(2), by which PostgreSQL finds its own files, would forget the right
        libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    if not on_linux:
        return
    kept = 1 << CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)  # version, process (0: this one)
    sets = (ctypes.c_uint32 * 6)(kept, kept, kept, 0, 0, 0)  # effective, permitted, inheritable; then the high halves
    if libc.capset(header, sets) == 0:  # it fails where root had not got the right; then the folders decide
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


def end_with(parent: int, last_signal: int) -> None:
    """Ask the kernel for a signal when the parent ends. Only Linux has this."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, last_signal)
    if os.getppid() != parent:  # it died before we asked
        sys.exit(EXIT_PARENT_GONE)


def main() -> None:
    """Take the identity first: changing credentials would clear the parent-death signal."""
    parent, last_signal, identity, *command = sys.argv[1:]
    if identity == "namespace":
        enter_user_namespace()
    elif identity == "nobody":
        become_nobody()
    end_with(int(parent), int(last_signal))
    try:
        os.execv(command[0], command)  # noqa: S606 - a list of arguments, no shell
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        sys.exit(EXIT_NOT_RUNNABLE)


if __name__ == "__main__":
    main()
