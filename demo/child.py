"""Stands between a launcher and a program: sets the death signal, then becomes the program.

Run as a script, never imported: `python -I -S child.py PARENT_PID SIGNAL IDENTITY PROGRAM [ARGUMENT…]`.
The work of a `preexec_fn`, done after exec instead, where no thread of the launcher can hold a lock.
"""

import ctypes
import os
import sys

CLONE_NEWUSER = 0x10000000  # linux/sched.h
PR_SET_PDEATHSIG = 1  # linux/prctl.h
NOBODY = 65534  # the overflow uid and gid of Linux
INSIDE_ID = 1000  # any id but 0: PostgreSQL refuses to run as 0
EXIT_NO_NAMESPACE = 96
EXIT_PARENT_GONE = 97
EXIT_NOT_RUNNABLE = 98


def enter_user_namespace() -> None:
    """Be a non-zero uid inside, and still ourselves outside: files stay ours, a 700 home is no obstacle."""
    outside_uid, outside_gid = os.getuid(), os.getgid()
    if ctypes.CDLL(None).unshare(CLONE_NEWUSER) != 0:
        sys.exit(EXIT_NO_NAMESPACE)
    try:
        for name, line in (
            ("setgroups", "deny"),
            ("uid_map", f"{INSIDE_ID} {outside_uid} 1"),
            ("gid_map", f"{INSIDE_ID} {outside_gid} 1"),
        ):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(line)
    except OSError:
        sys.exit(EXIT_NO_NAMESPACE)


def become_nobody() -> None:
    """Give up root for good."""
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def end_with(parent: int, last_signal: int) -> None:
    """Ask the kernel for a signal when the parent is gone. Elsewhere than on Linux there is no such thing."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, last_signal)
    if os.getppid() != parent:  # it died before we asked
        sys.exit(EXIT_PARENT_GONE)


def main() -> None:
    """Take the identity first: a change of credentials would clear the death signal."""
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
