"""Resident memory of a process, as the kernel counts it."""

import resource
import sys
from contextlib import suppress
from pathlib import Path

KIB, MIB = 2**10, 2**20
SELF = "self"


def peak_rss(pid: int | str = SELF) -> int:
    """The peak of resident memory in bytes since the start of a process or `forget_peak`."""
    held = _status(pid, "VmHWM")
    if held is not None or pid != SELF:
        return held or 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * KIB


def rss_now() -> int:
    """Resident memory of this process in bytes; its peak if only that is known."""
    held = _status(SELF, "VmRSS")
    return peak_rss() if held is None else held


def forget_peak() -> None:
    """Reset the peak of this process, if the system can do that (Linux)."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _status(pid: int | str, name: str) -> int | None:
    """Bytes by the name of a line; None if the system does not provide it."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * KIB
    return None
