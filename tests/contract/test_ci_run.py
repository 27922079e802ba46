"""`.ci/run` where Debian's packages can be had, and where they cannot: it says so in one line, and runs the rest."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

RUN = Path(__file__).parents[2] / ".ci" / "run"
TOOLS = ("bash", "mktemp", "rm", "dirname", "id", "grep", "tail", "env", "cat")
MAKE = '#!/bin/sh\necho "make $*"\n'


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A path on which there is no apt-get, and a `make` that says what it was asked for."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    add(folder, "make", MAKE)
    return folder


def add(folder: Path, name: str, script: str) -> None:
    (folder / name).unlink(missing_ok=True)  # never through a link
    (folder / name).write_text(script)
    (folder / name).chmod(0o755)


def run(tools: Path, *, package: str = "no-such-program") -> "subprocess.CompletedProcess[str]":
    """The script, as if it wanted one package; it must end well."""
    copy = tools.parent / ".ci" / "run"
    copy.parent.mkdir(exist_ok=True)
    script = RUN.read_text()
    wanted = next(line for line in script.splitlines() if line.startswith("packages=("))
    copy.write_text(script.replace(wanted, f"packages=({package})"))
    done = subprocess.run(["bash", copy], env={"PATH": str(tools)}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done


def test_what_is_here_is_used(tools: Path) -> None:
    add(tools, "a-program", "#!/bin/sh\n")
    done = run(tools, package="a-program")
    assert (done.stderr, "make test ARGS=-m 'not faults'\n" in done.stdout) == ("", True)


def test_without_apt_get_one_line_says_so(tools: Path) -> None:
    done = run(tools)
    assert done.stderr == (
        "Tests marked `debian` are left out. no-such-program: not here, and there is no apt-get to install them\n"
    )
    assert "make test ARGS=-m 'not faults and not debian'\n" in done.stdout
    assert done.stdout.endswith("make ratios\n")


def test_a_package_that_cannot_be_installed_is_named_with_the_reason(tools: Path) -> None:
    add(tools, "apt-get", '#!/bin/sh\n[ "$1" = update ] || { echo "E: Unable to locate package x" >&2; exit 100; }\n')
    if os.geteuid() != 0:
        assert "only root may install them" in run(tools).stderr
        return
    assert run(tools).stderr.endswith("apt-get cannot install them: E: Unable to locate package x\n")


def test_what_can_be_installed_is_and_its_tests_run(tools: Path) -> None:
    add(tools, "id", "#!/bin/sh\necho 0\n")
    add(tools, "apt-get", f'#!/bin/sh\necho "$*" >>{tools.parent}/asked\n')
    done = run(tools)
    assert (tools.parent / "asked").read_text().splitlines() == [
        "update",
        "install -y --no-install-recommends no-such-program",
    ]
    assert "make test ARGS=-m 'not faults'\n" in done.stdout


def test_without_the_generators_one_line_says_why(tools: Path) -> None:
    add(tools, "a-program", "#!/bin/sh\n")
    add(tools, "make", '#!/bin/sh\n[ "$1" != generators ] || { echo "npm error 404"; exit 2; }\necho "make $*"\n')
    done = run(tools, package="a-program")
    assert done.stderr == "Tests marked `generators` are left out. make generators: npm error 404\n"
    assert "make test ARGS=-m 'not faults and not generators'\n" in done.stdout
