"""Where PyTorch comes from, and that whatever fails ends with pip: the script is run with stand-ins for pip and uv."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from demo.install_packages import (
    InstallTarget,
    TorchWheel,
    _goes_well,
    attempts,
    has_driver,
    has_own_index,
    pinned,
    wheel_of,
)

ROOT = Path(__file__).parents[3]
TORCH = "torch==2.13.0"
# Notes its arguments, then does what it is told by files beside it: fails, or gives a report, or "installs" uv.
STAND_IN = """
import json, os, pathlib, sys
home, arguments = pathlib.Path(os.environ["HOME_OF_STAND_INS"]), sys.argv[1:]
with open(home / "calls", "a") as calls:
    calls.write(json.dumps([NAME, *arguments]) + "\\n")
told = json.loads((home / "told").read_text())
if arguments[:2] == ["config", "list"]:
    print(told.get("settings", ""))
elif "--report" in arguments:
    print(told["report"]) if "report" in told else sys.exit(1)
elif "--target" in arguments:
    if "no uv" in told:
        sys.exit(1)
    uv = pathlib.Path(arguments[arguments.index("--target") + 1]) / "bin" / "uv"
    uv.parent.mkdir(parents=True)
    uv.write_text(f"#!{sys.executable}\\nNAME = 'uv'\\n" + pathlib.Path(told["stand_in"]).read_text())
    uv.chmod(0o755)
elif "--dry-run" in arguments:
    sys.exit(told.get("index", 0))
else:
    sys.exit(told.get(NAME, 0))
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with a stand-in for pip."""
    (tmp_path / "stand_in").write_text(STAND_IN)
    (tmp_path / "path" / "pip").mkdir(parents=True)
    (tmp_path / "path" / "pip" / "__init__.py").touch()
    (tmp_path / "path" / "pip" / "__main__.py").write_text("NAME = 'pip'\n" + STAND_IN)
    return tmp_path


def _install(home: Path, *options: str, **told: object) -> tuple[int, str, list[list[str]]]:
    """Exit code, output, and the calls that installed something."""
    (home / "told").write_text(json.dumps({"stand_in": str(home / "stand_in"), **told}))
    ended = subprocess.run(
        [sys.executable, "-m", "demo.install_packages", "train", "--with-torch", *options],
        env={**os.environ, "PYTHONPATH": str(home / "path"), "HOME_OF_STAND_INS": str(home)},
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.stderr == ""
    calls = [json.loads(line) for line in (home / "calls").read_text().splitlines()]
    return ended.returncode, ended.stdout, [call for call in calls if "-e" in call]


def _wheel(home: Path, version: str) -> str:
    path = home / "links" / f"torch-{version}.whl"
    path.parent.mkdir()
    path.write_bytes(b"x" * 3_000_000)
    return json.dumps({"install": [{"download_info": {"url": path.as_uri()}, "metadata": {"version": version}}]})


linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere pip's own index has small builds")


@linux
def test_where_pytorchs_index_answers_its_build_for_this_machine_comes_from_it(home: Path) -> None:
    code, said, calls = _install(home)
    assert code == 0
    ((installer, *arguments),) = calls
    assert installer == "uv"
    assert arguments[arguments.index("--torch-backend") + 1] == ("auto" if has_driver() else "cpu")
    assert arguments[-4:] == ["-c", "constraints.txt", "-e", ".[train]"]
    (line,) = said.splitlines()
    assert "from PyTorch's own index, about" in line


@linux
@pytest.mark.parametrize(
    "told", [{"index": 2}, {"no uv": True}, {"uv": 1}], ids=["does not answer", "no uv", "uv fails half way"]
)
def test_where_that_does_not_work_pip_installs_as_ever_and_a_line_says_what_comes(
    home: Path, told: dict[str, object]
) -> None:
    code, said, calls = _install(home, **told)
    assert code == 0
    assert calls[-1][0] == "pip"
    assert calls[-1][-4:] == ["-c", "constraints.txt", "-e", ".[train]"]
    assert not {"--extra-index-url", "--torch-backend", "--find-links"} & set(calls[-1])
    line = said.splitlines()[-1]
    assert "about 2.8 GB to download" in line
    assert "TORCH_INDEX=URL" in line


def test_torch_index_overrides_and_uv_is_not_asked(home: Path) -> None:
    url = "https://torch.example/cpu"
    code, said, calls = _install(home, "--torch-index", url, settings="global.find-links='links'")
    assert (code, said) == (0, f"  {TORCH}: from the index in TORCH_INDEX\n")
    ((installer, *arguments),) = calls
    assert (installer, arguments[arguments.index("--extra-index-url") + 1]) == ("pip", url)


@pytest.mark.parametrize("uv", [0, 1])
def test_a_wheel_in_pips_find_links_is_installed_without_asking_an_index(home: Path, uv: int) -> None:
    report = _wheel(home, "2.13.0+cpu")
    code, said, calls = _install(home, settings="global.find-links='links'", report=report, uv=uv)
    assert code == 0
    assert said.startswith("  torch 2.13.0+cpu: from torch-2.13.0+cpu.whl in pip's find-links, 3 MB\n")
    assert [call[0] for call in calls] == ["uv", "pip"][: 1 + uv]
    assert calls[0][calls[0].index("--find-links") + 1] == str(home / "links")


def test_when_nothing_can_install_the_exit_code_is_pips(home: Path) -> None:
    assert _install(home, index=1, pip=7)[0] == 7


# --- the choice -------------------------------------------------------------------------------------------------------

MACHINE = InstallTarget(system="Linux", has_driver=False, torch_index="", has_own_index=False, wheel=None)
CPU_WHEEL = TorchWheel(path=Path("/links/torch.whl"), version="2.13.0+cpu", size=190_000_000)
CUDA_WHEEL = replace(CPU_WHEEL, version="2.13.0+cu130")


def _ways(torch: str | None = TORCH, **changes: object) -> list[str]:
    """Installer and its options, of each way."""
    machine = replace(MACHINE, **changes)  # type: ignore[arg-type]
    return [" ".join((each.installer, *each.options)) for each in attempts(machine, torch=torch)]


def test_without_a_driver_the_cpu_build_is_chosen() -> None:
    assert _ways() == ["uv --torch-backend cpu", "pip"]


def test_with_a_driver_the_build_for_it_is_chosen() -> None:
    assert _ways(has_driver=True) == ["uv --torch-backend auto", "pip"]


def test_a_wheel_with_cuda_is_passed_over_where_there_is_no_driver() -> None:
    assert _ways(wheel=CUDA_WHEEL) == ["uv --torch-backend cpu", "pip"]
    assert _ways(wheel=CUDA_WHEEL, has_driver=True) == ["uv --find-links /links", "pip"]


def test_the_users_own_index_of_pip_is_kept_for_all_but_pytorch() -> None:
    assert _ways(wheel=CPU_WHEEL, has_own_index=True) == ["pip"]
    assert _ways(None, has_own_index=True) == ["pip"]


def test_on_a_mac_pips_own_index_has_the_right_build() -> None:
    assert _ways(system="Darwin") == ["pip"]


def test_phase_1_brings_no_pytorch_and_says_nothing_of_it() -> None:
    assert [(each.installer, each.line, each.probe) for each in attempts(MACHINE, torch=None)] == [
        ("uv", "", ()), ("pip", "", ())
    ]  # fmt: skip


def test_every_way_says_what_comes_and_how_large() -> None:
    machines = [
        replace(MACHINE, has_driver=driver, wheel=wheel) for driver in (False, True) for wheel in (None, CPU_WHEEL)
    ]
    lines = [each.line for machine in machines for each in attempts(machine, torch=TORCH)]
    assert all("torch" in line and (" MB" in line or " GB" in line) for line in lines)


@pytest.mark.parametrize(
    ("settings", "own"),
    [
        ("", False),
        ("global.find-links='/wheels'\n:env:.default-timeout='180'", False),
        ("global.extra-index-url='https://more.example'", False),
        ("global.index-url='https://mirror.example'", True),
        (":env:.index-url='https://mirror.example'", True),
        ("install.no-index='true'", True),
        ("user.proxy='http://proxy.example:3128'", True),
    ],
)
def test_an_index_of_the_users_own_is_seen_in_pips_settings(settings: str, own: bool) -> None:
    assert has_own_index(settings) is own


def test_a_wheel_that_is_no_file_here_is_none_at_hand() -> None:
    item = {"download_info": {"url": "https://wheels.example/torch.whl"}, "metadata": {"version": "2.13.0"}}
    assert wheel_of(json.dumps({"install": [item]})) is None


def test_a_driver_is_seen_by_its_signs(tmp_path: Path) -> None:
    assert not has_driver([tmp_path / "version"])
    (tmp_path / "version").touch()
    assert has_driver([tmp_path / "none", tmp_path / "version"])


def test_a_probe_that_hangs_is_given_up() -> None:
    begun = time.monotonic()
    assert not _goes_well([sys.executable, "-c", "import time; time.sleep(60)"], 0.2)
    assert time.monotonic() - begun < 20


def test_torch_and_uv_are_pinned() -> None:
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert pinned("torch", pins) == TORCH
    assert pinned("uv", pins).startswith("uv==")
