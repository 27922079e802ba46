"""A venv with RecBole, made once from the package registry that pip is set to."""

import subprocess
import sys
import venv
from pathlib import Path

from benchmarks.errors import BenchmarkRefused
from benchmarks.provenance import ROOT

FOLDER = ROOT / ".warmline" / "peer-recbole-1.2.1"
# RecBole 1.2.1 uses names that numpy 2 and pandas 3 no longer have; setuptools 81 has no pkg_resources.
PACKAGES = (
    "recbole==1.2.1", "torch==2.13.0", "numpy==1.26.4", "pandas==2.2.3", "scipy==1.13.1", "setuptools<81"
)  # fmt: skip
INSTALL_SECONDS = 1800


def peer_python() -> Path:
    """The interpreter of the venv.

    Raises:
        BenchmarkRefused: the packages cannot be had.
    """
    python, stamp = FOLDER / "bin" / "python", FOLDER / "installed"
    if stamp.is_file():
        return python
    venv.create(FOLDER, with_pip=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", *PACKAGES]
    try:
        subprocess.run(install, check=True, timeout=INSTALL_SECONDS, stdout=sys.stderr)
    except (OSError, subprocess.SubprocessError) as error:
        raise BenchmarkRefused(
            f"--peers: {' '.join(PACKAGES)} cannot be installed ({error}); leave --peers out"
        ) from error
    stamp.touch()
    return python
