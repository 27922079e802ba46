"""What figures depend on besides the data: packages, processors, and the commit."""

import os
import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent  # of the checkout
PACKAGES = ("torch", "numpy", "scipy", "implicit", "psycopg2-binary", "redis")
GIT_SECONDS = 5  # after which the commit counts as unknown


def provenance() -> dict[str, str]:
    """Names and values for a table's footer."""
    return {
        "python": platform.python_version(),
        **{name: _version(name) for name in PACKAGES},
        "processors": str(os.cpu_count() or "unknown"),
        "threads": os.environ.get("OMP_NUM_THREADS", "not limited"),
        "commit": _commit(),
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _commit() -> str:
    git = shutil.which("git")
    if git is None:
        return "unknown"
    try:
        said = subprocess.run(
            [git, "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
            capture_output=True, text=True, timeout=GIT_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return said.stdout.strip() or "unknown"
