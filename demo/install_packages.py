"""`make venv`: installs Warmline and its packages into the environment of this Python. It needs no package.

PyTorch has several builds. Without an NVIDIA driver only the CPU build is useful, which is in an index of its own; for
Linux, pip's index has the CUDA build, fourteen times as large. uv knows PyTorch's indexes, and installs several times
as fast as pip. These ways are tried in order:

1. TORCH_INDEX names an index: pip, with that index in addition to its own.
2. pip's own settings name a folder that holds PyTorch (`find-links`): uv, with that folder.
3. Linux: uv, with PyTorch's index for the CPU, or for the driver that is installed.
4. Otherwise, or if uv fails: pip with its own settings.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

DRIVER_SIGNS = (Path("/proc/driver/nvidia/version"), Path("/sys/module/nvidia/version"), Path("/dev/dxg"))  # dxg: WSL 2
PROBE_SECONDS = 20  # until an index that does not answer is given up
PIP_SECONDS = 60  # for a question to pip, or to fetch uv
# A probe asks once, and waits less than uv would by itself.
PROBE_ENVIRONMENT = {"UV_HTTP_RETRIES": "0", "UV_HTTP_CONNECT_TIMEOUT": "5", "UV_HTTP_TIMEOUT": "10"}
PIP = (sys.executable, "-m", "pip")
QUIET = ("--quiet", "--disable-pip-version-check", "--no-input")

WITH_CUDA = "about 2.8 GB to download and 6 GB in place"
CPU_ONLY = "about 200 MB to download"


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchWheel:
    """A PyTorch wheel in a folder that pip's settings name."""

    path: Path
    version: str
    size: int

    @property
    def is_for_cpus(self) -> bool:
        """Whether it is the build without CUDA, by its local version."""
        return self.version.endswith("+cpu")


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallTarget:
    """The facts that decide where PyTorch comes from."""

    system: str  # as platform.system() says
    has_driver: bool  # of NVIDIA
    torch_index: str  # blank: not given
    has_own_index: bool  # pip's settings name another index than its usual one, or a proxy: uv does not read them
    wheel: TorchWheel | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One way to install: a line for the reader, and the options."""

    line: str
    installer: str  # "uv" or "pip"
    options: tuple[str, ...] = ()
    probe: tuple[str, ...] = ()  # options of a trial run with a time limit, that must go well before


def attempts(machine: InstallTarget, *, torch: str | None) -> list[Attempt]:
    """The ways to install on a machine, the best first; the last one is pip with its own settings.

    Args:
        machine: to install on.
        torch: the pinned requirement of PyTorch, or None if it is not installed.
    """
    if torch is None:
        plain = Attempt(line="", installer="pip")
        return [plain] if machine.has_own_index else [Attempt(line="", installer="uv"), plain]
    if machine.torch_index:
        options = ("--extra-index-url", machine.torch_index)
        return [Attempt(line=f"{torch}: from the index in TORCH_INDEX", installer="pip", options=options)]
    wheel = machine.wheel
    if wheel is not None and (wheel.is_for_cpus or machine.has_driver):
        line = f"torch {wheel.version}: from {wheel.path.name} in pip's find-links, {wheel.size / 1e6:,.0f} MB"
        by_pip = Attempt(line=line, installer="pip")
        links = ("--find-links", str(wheel.path.parent))
        return [by_pip] if machine.has_own_index else [Attempt(line=line, installer="uv", options=links), by_pip]
    if machine.system != "Linux":
        return [Attempt(line=f"{torch}: from pip's index, {CPU_ONLY}", installer="pip")]
    return [_from_pytorch(machine, torch), _from_pip(machine, torch)]


def _from_pytorch(machine: InstallTarget, torch: str) -> Attempt:
    backend = ("--torch-backend", "auto" if machine.has_driver else "cpu")
    brings = (
        f"an NVIDIA driver was found: the build for it from PyTorch's own index, {WITH_CUDA}"
        if machine.has_driver
        else f"no NVIDIA driver was found: the CPU build from PyTorch's own index, {CPU_ONLY}"
    )
    return Attempt(
        line=f"{torch}: {brings}",
        installer="uv",
        options=backend,
        probe=("--dry-run", "--reinstall", "--no-deps", *backend, torch),  # what is here already would prove nothing
    )


def _from_pip(machine: InstallTarget, torch: str) -> Attempt:
    index = "the index in pip's settings" if machine.has_own_index else "pip's index"
    line = (
        f"{torch}: PyTorch's own index cannot be reached; from {index}, which for Linux may have only the build with"
        f" CUDA: {WITH_CUDA}. TORCH_INDEX=URL names another index"
    )
    return Attempt(line=line, installer="pip")


def has_driver(signs: Sequence[Path] = DRIVER_SIGNS) -> bool:
    """Whether an NVIDIA driver is loaded."""
    return any(sign.exists() for sign in signs)


def wheel_of(report: str) -> TorchWheel | None:
    """PyTorch's wheel in pip's report of what it would install, if it is a local file."""
    for item in json.loads(report)["install"]:
        url = urlsplit(item["download_info"]["url"])
        path = Path(unquote(url.path))
        if url.scheme == "file" and path.is_file():
            return TorchWheel(path=path, version=item["metadata"]["version"], size=path.stat().st_size)
    return None


def has_own_index(settings: str) -> bool:
    """Whether pip's settings (as `pip config list` prints them) replace its index, or set a proxy."""
    names = (line.partition("=")[0].rpartition(".")[2] for line in settings.splitlines())
    return any(name in ("index-url", "no-index", "proxy") for name in names)


def pinned(name: str, constraints: str) -> str:
    """A package as constraints.txt pins it."""
    return next(line.strip() for line in constraints.splitlines() if line.startswith(f"{name}=="))


def install(extras: str, machine: InstallTarget, constraints: Path, *, with_torch: bool) -> int:
    """Try each way in order, and print it; returns the exit code of the last one tried."""
    pins = constraints.read_text(encoding="utf-8")
    wanted = ("-c", str(constraints), "-e", f".[{extras}]")
    code = 1
    with tempfile.TemporaryDirectory(prefix="warmline-uv-") as folder:
        for attempt in attempts(machine, torch=pinned("torch", pins) if with_torch else None):
            command = _command(attempt.installer, Path(folder), pins)
            if command is None or (attempt.probe and not _goes_well([*command, *attempt.probe], PROBE_SECONDS)):
                continue
            if attempt.line:
                _say(attempt.line)
            code = subprocess.run([*command, *attempt.options, *wanted], check=False).returncode
            if code == 0:
                return 0
            if attempt.installer == "uv":
                _say("uv could not install that; now with pip")
    return code


def _command(installer: str, folder: Path, pins: str) -> list[str] | None:
    """How to call an installer; uv is first installed into a folder of its own; None if that fails."""
    if installer == "pip":
        return [*PIP, "install", *QUIET]
    uv = folder / "bin" / "uv"
    fetching = [*PIP, "install", *QUIET, "--target", str(folder), pinned("uv", pins)]
    if not uv.exists() and not _goes_well(fetching, PIP_SECONDS):
        return None
    # Compiled now, as pip does it: Python may be forbidden to keep what it compiles later.
    return [str(uv), "pip", "install", "--quiet", "--compile-bytecode", "--python", sys.executable]


def _goes_well(command: Sequence[str], seconds: float) -> bool:
    environment = {**os.environ, **PROBE_ENVIRONMENT}
    try:
        ended = subprocess.run(command, env=environment, capture_output=True, timeout=seconds, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ended.returncode == 0


def _look(torch_index: str, constraints: Path) -> InstallTarget:
    settings = _output_of([*PIP, "config", "list"])
    torch = pinned("torch", constraints.read_text(encoding="utf-8"))
    trial = ["install", *QUIET, "--dry-run", "--ignore-installed", "--no-index", "--no-deps", "--report", "-", torch]
    report = "" if torch_index or "find-links" not in settings else _output_of([*PIP, *trial])
    return InstallTarget(
        system=platform.system(),
        has_driver=has_driver(),
        torch_index=torch_index,
        has_own_index=has_own_index(settings),
        wheel=wheel_of(report) if report else None,
    )


def _output_of(command: Sequence[str]) -> str:
    """The output of a command; blank if it failed."""
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=PIP_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ended.stdout if ended.returncode == 0 else ""


def _say(line: str) -> None:
    sys.stdout.write(f"  {line}\n")
    sys.stdout.flush()


def main() -> int:
    """Install the extras that the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("extras", help="of pyproject.toml, with commas")
    parser.add_argument("--with-torch", action="store_true", help="PyTorch is among them")
    parser.add_argument("--torch-index", default="", help="the index to take PyTorch from")
    parser.add_argument("--constraints", type=Path, default=Path("constraints.txt"))
    given = parser.parse_args()
    machine = _look(given.torch_index, given.constraints)
    return install(given.extras, machine, given.constraints, with_torch=given.with_torch)


if __name__ == "__main__":
    sys.exit(main())
