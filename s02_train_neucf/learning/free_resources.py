"""The cores and the memory that are free for training: of this machine, and of the container or unit around us.

Read from the kernel's own files. Where there are none of Linux, all cores count as free and memory as unknown.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LOOKED_AT_SECONDS = 0.5  # how long it is looked at whether cores are idle
SYSTEM = Path("/")
IDLE, IOWAIT, COUNTED = 3, 4, 8  # of the columns of /proc/stat; those after COUNTED are counted in earlier ones


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeResources:
    """What is free now."""

    cores: int  # at least 1
    memory_bytes: int | None  # None: unknown


def free_resources(system: Path = SYSTEM, *, seconds: float = LOOKED_AT_SECONDS) -> FreeResources:
    """Look for `seconds` at how busy the cores are that this process may use, and at the memory that is left.

    Args:
        system: the root of the machine's files.
        seconds: to look.
    """
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))
    cores = min(float(len(allowed)), *_cpu_quotas(system), _idle_cores(system, allowed, seconds) + 0.5)
    return FreeResources(cores=max(1, int(cores)), memory_bytes=min(_memory(system), default=None))


def _idle_cores(system: Path, allowed: set[int], seconds: float) -> float:
    before = _core_times(system, allowed)
    if not before:
        return float(len(allowed))
    time.sleep(seconds)
    after = _core_times(system, allowed)
    idle = 0.0
    for core, (rested, passed) in after.items():
        rested_before, passed_before = before.get(core, (0, 0))
        idle += (rested - rested_before) / max(1, passed - passed_before)
    return idle


def _core_times(system: Path, allowed: set[int]) -> dict[int, tuple[int, int]]:
    """Core -> its time at rest, and all its time; in the kernel's ticks."""
    times = {}
    for line in _lines(system / "proc/stat"):
        name, *columns = line.split()
        if name.startswith("cpu") and name[3:].isdigit() and int(name[3:]) in allowed:
            ticks = [int(column) for column in columns[:COUNTED]]
            times[int(name[3:])] = (ticks[IDLE] + ticks[IOWAIT], sum(ticks))
    return times


def _cpu_quotas(system: Path) -> Iterator[float]:
    """Cores that control groups allow: ours and those around it, of version 2 and of version 1."""
    for folder in _groups(system, ""):
        quota, _, period = (_text(folder / "cpu.max") or "max").partition(" ")
        if quota != "max":
            yield int(quota) / int(period)
    for folder in _groups(system, "cpu"):
        quota, period = _text(folder / "cpu.cfs_quota_us") or "-1", _text(folder / "cpu.cfs_period_us") or "0"
        if int(quota) > 0 and int(period) > 0:
            yield int(quota) / int(period)


def _memory(system: Path) -> Iterator[int]:
    """Bytes that are left: on the machine, and in each control group that has a limit."""
    for line in _lines(system / "proc/meminfo"):
        if line.startswith("MemAvailable:"):
            yield 1024 * int(line.split()[1])
    for controller, limit, usage in (
        ("", "memory.max", "memory.current"),
        ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
    ):
        for folder in _groups(system, controller):
            most, used = _text(folder / limit), _text(folder / usage)
            if most and used and most != "max":
                yield int(most) - int(used) + _reclaimable(folder)


def _reclaimable(group: Path) -> int:
    """Bytes of cached files that the kernel would drop before anything is refused."""
    for line in _lines(group / "memory.stat"):
        name, _, value = line.partition(" ")
        if name == "inactive_file":
            return int(value)
    return 0


def _groups(system: Path, controller: str) -> Iterator[Path]:
    """Folders of our control group and of those around it; `controller` is blank for version 2."""
    for line in _lines(system / "proc/self/cgroup"):
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            root = system / "sys/fs/cgroup" / controller
            inner = root / path.strip("/")
            yield from (folder for folder in (inner, *inner.parents) if folder.is_relative_to(root) and folder.is_dir())


def _lines(path: Path) -> list[str]:
    return (_text(path) or "").splitlines()


def _text(path: Path) -> str | None:
    try:
        return os.fsdecode(path.read_bytes()).strip()  # as a path: the name of a control group may have any bytes
    except OSError:
        return None
