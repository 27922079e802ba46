"""Free cores and memory, from files as the kernel writes them."""

import os
import time
from pathlib import Path

import pytest

from s02_train_neucf.learning.free_resources import FreeResources, free_resources

GIB = 2**30


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four cores, 8 GiB available, control groups of version 2."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1, 2, 3}, raising=False)
    write(tmp_path, "proc/meminfo", f"MemTotal: 16000000 kB\nMemAvailable: {8 * GIB // 1024} kB\n")
    write(tmp_path, "proc/self/cgroup", "0::/app/trainer\n")
    write(tmp_path, "sys/fs/cgroup/app/trainer/cpu.max", "max 100000\n")
    busy(tmp_path, monkeypatch, 0, 0, 0, 0)
    return tmp_path


def write(machine: Path, name: str, text: str) -> None:
    (machine / name).parent.mkdir(parents=True, exist_ok=True)
    (machine / name).write_text(text)


def busy(machine: Path, monkeypatch: pytest.MonkeyPatch, *percent: int) -> None:
    """While it is looked, each core is busy for so many of a hundred ticks."""

    def stat(ticks: int) -> str:
        cores = (f"cpu{n} {ticks * each} 0 0 {ticks * (100 - each)} 0 0 0 0 0 0" for n, each in enumerate(percent))
        return "cpu 1 1 1 1 1 1 1 1 0 0\n" + "\n".join(cores) + "\nintr 5\n"

    write(machine, "proc/stat", stat(10))
    monkeypatch.setattr(time, "sleep", lambda _seconds: write(machine, "proc/stat", stat(11)))


def test_a_quiet_machine_is_free(machine: Path) -> None:
    assert free_resources(machine) == FreeResources(cores=4, memory_bytes=8 * GIB)


@pytest.mark.parametrize(
    ("percent", "cores"), [((100, 0, 0, 0), 3), ((100, 100, 100, 100), 1), ((20, 20, 20, 0), 3), ((10, 10, 10, 0), 4)]
)
def test_cores_that_others_use_are_not_free(
    machine: Path, monkeypatch: pytest.MonkeyPatch, percent: tuple[int, ...], cores: int
) -> None:
    busy(machine, monkeypatch, *percent)
    assert free_resources(machine).cores == cores


def test_cores_that_are_not_ours_do_not_count(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 3}, raising=False)
    assert free_resources(machine).cores == 2


def test_a_quota_of_a_group_around_us_counts(machine: Path) -> None:
    write(machine, "sys/fs/cgroup/app/cpu.max", "150000 100000\n")
    assert free_resources(machine).cores == 1


def test_the_limit_of_a_group_counts_less_what_it_uses_and_cannot_drop(machine: Path) -> None:
    write(machine, "sys/fs/cgroup/app/memory.max", f"{4 * GIB}\n")
    write(machine, "sys/fs/cgroup/app/memory.current", f"{3 * GIB}\n")
    write(machine, "sys/fs/cgroup/app/memory.stat", f"active_file 7\ninactive_file {GIB}\n")
    write(machine, "sys/fs/cgroup/app/trainer/memory.max", "max\n")
    write(machine, "sys/fs/cgroup/app/trainer/memory.current", f"{GIB}\n")
    assert free_resources(machine).memory_bytes == 2 * GIB


@pytest.mark.parametrize("name", ["träiner".encode(), b"\xff"])
def test_a_group_whose_name_is_not_ascii_counts(name: bytes, machine: Path) -> None:
    (machine / "proc/self/cgroup").write_bytes(b"0::/app/" + name + b"\n")
    write(machine, f"sys/fs/cgroup/app/{os.fsdecode(name)}/cpu.max", "200000 100000\n")
    assert free_resources(machine).cores == 2


def test_control_groups_of_version_1_count_too(machine: Path) -> None:
    write(machine, "proc/self/cgroup", "5:memory:/docker/a\n3:cpu,cpuacct:/docker/a\n0::/\n")
    write(machine, "sys/fs/cgroup/memory/docker/a/memory.limit_in_bytes", f"{2 * GIB}\n")
    write(machine, "sys/fs/cgroup/memory/docker/a/memory.usage_in_bytes", f"{GIB}\n")
    write(machine, "sys/fs/cgroup/cpu/docker/a/cpu.cfs_quota_us", "200000\n")
    write(machine, "sys/fs/cgroup/cpu/docker/a/cpu.cfs_period_us", "100000\n")
    assert free_resources(machine) == FreeResources(cores=2, memory_bytes=GIB)


def test_without_the_kernels_files_all_cores_count_and_memory_is_unknown(tmp_path: Path, machine: Path) -> None:
    assert free_resources(tmp_path / "elsewhere") == FreeResources(cores=4, memory_bytes=None)
