"""Checks whether the encoders of the settings can be built on this machine and encode a sample, without a download."""

import os
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from msgspec import DecodeError, json

from shared.content.encoders.registry import image_packages, text_packages
from shared.content.encoders.self_test_process import ABSENT, GOOD, OFFLINE, EncoderTestResult
from shared.content.settings import ContentSettings
from shared.errors import EncoderUnavailable
from shared.settings import PREFIX
from warmline.findings import Finding, good, hint, problem

MODULE = "shared.content.encoders.self_test_process"
MOST_SECONDS = 120.0  # for loading and testing both; usually 5
FOLDER = "WARMLINE_ENCODER_FOLDER"
EXPECTED = "an encoder that can be built, and a vector of its width"


def check_encoders(settings: ContentSettings, *, with_sample: bool) -> list[Finding]:
    """Check names, packages and the folder; if wanted, encode a sample with each, which takes seconds.

    Args:
        settings: that name them.
        with_sample: whether there is enough data for phase 2, so that the encoders will be used.
    """
    names = {"WARMLINE_IMAGE_ENCODER": settings.image_encoder, "WARMLINE_TEXT_ENCODER": settings.text_encoder}
    has_torch = find_spec("torch") is not None
    found = _judge_names(settings, has_torch=has_torch) + _judge_folder(settings.encoder_folder, has_torch=has_torch)
    if found:
        return found
    if not has_torch:
        return [good("encoders", "they have names that can be; not tried, for PyTorch is not installed here")]
    if not with_sample:
        return [good("encoders", "their packages are installed; not tried before phase 2 has enough to learn from")]
    results = _test_results(settings)
    return [
        judge_test_result(variable, name, results.get(name), is_offline=_is_offline())
        for variable, name in names.items()
    ]


def judge_test_result(variable: str, name: str, result: EncoderTestResult | None, *, is_offline: bool) -> Finding:
    """The finding for an encoder's test result; None: the process that tested it gave no answer."""
    if result is None:
        got = f"{name}: the process that tried it ended without a word, or took more than {MOST_SECONDS:g} s"
        return problem(variable, got, expected=EXPECTED, todo="is memory short here? Else name another one")
    if result.outcome == GOOD:
        return good(variable, f"{name} encodes a sample")
    if result.outcome == ABSENT and not is_offline:
        todo = "in order where the hub can be reached: the next training downloads it; else see to what it says"
        return hint(variable, result.detail, expected="weights that are here", todo=todo)
    return problem(variable, result.detail, expected=EXPECTED, todo="no training starts before")


def _judge_names(settings: ContentSettings, *, has_torch: bool) -> list[Finding]:
    """Unknown names; and missing packages if PyTorch is installed, since jobs may then run on this machine."""
    found = []
    for variable, name, packages_of in (
        ("WARMLINE_IMAGE_ENCODER", settings.image_encoder, image_packages),
        ("WARMLINE_TEXT_ENCODER", settings.text_encoder, text_packages),
    ):
        try:
            missing = [package for package in packages_of(name) if find_spec(package) is None]
        except EncoderUnavailable as error:
            found.append(problem(variable, str(error), expected="a known encoder", todo="no training starts before"))
            continue
        if missing and has_torch:
            todo = f"`pip install {' '.join(missing)}` where training and scoring run"
            got = f"{name}: not installed: {', '.join(missing)}"
            found.append(problem(variable, got, expected="the packages that it needs", todo=todo))
    return found


def _judge_folder(folder: Path | None, *, has_torch: bool) -> list[Finding]:
    if folder is None or folder.is_dir():
        return []
    if not has_torch:
        got = f"this machine has no folder {folder}, so the models in it were not looked at"
        return [hint(FOLDER, got, expected="the folder of the models", todo="mount it here too, or let it be")]
    todo = "name the folder that models were downloaded to, each in a subfolder of its name, or leave it blank"
    return [problem(FOLDER, f"there is no folder {folder}", expected="a folder of models", todo=todo)]


def _is_offline() -> bool:
    return any(os.environ.get(name, "0").upper() in ("1", "ON", "YES", "TRUE") for name in OFFLINE)


def _test_results(settings: ContentSettings) -> Mapping[str, EncoderTestResult]:
    """The results that came in time, by name."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}  # no secrets
    environment["PYTHONPATH"] = os.pathsep.join(path or os.curdir for path in sys.path)
    folder = [str(settings.encoder_folder)] if settings.encoder_folder else []
    command = [sys.executable, "-P", "-m", MODULE, settings.image_encoder, settings.text_encoder, *folder]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=MOST_SECONDS, check=False)
        output = done.stdout
    except subprocess.TimeoutExpired as expired:
        output = expired.stdout or b""
    results = (_read(line) for line in output.splitlines())
    return {result.name: result for result in results if result is not None}


def _read(line: bytes) -> EncoderTestResult | None:
    """Parse a line; None for a line that a library wrote."""
    try:
        return json.decode(line, type=EncoderTestResult)
    except DecodeError:
        return None
