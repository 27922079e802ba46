"""Variables with our prefix that nothing reads."""

import re
from pathlib import Path

import pytest

from warmline.commands.doctor.setting_names import NAMES, unknown_settings

EXAMPLE = Path(__file__).parents[5] / ".env.example"


def test_the_names_are_those_of_the_example() -> None:
    assert sorted(NAMES) == sorted(re.findall(r"^WARMLINE_(\w+)=", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE))


def test_a_misspelt_name_is_told_with_the_one_that_was_meant() -> None:
    assert unknown_settings(["WARMLINE_ALHPA", "WARMLINE_COLOUR", "PATH"]) == {
        "WARMLINE_ALHPA": "WARMLINE_ALPHA",
        "WARMLINE_COLOUR": None,
    }


@pytest.mark.parametrize(
    "name",
    [
        "WARMLINE_ALPHA",
        "warmline_alpha",
        "WARMLINE_DEMO_DATA",
        "WARMLINE_TEST_DATABASE_URL",
        "WARMLINE_TIMELINE_URL",
        "WARMLINE_PORT_8000_TCP_ADDR",  # as Kubernetes sets it for a service that is called "warmline"
        "WARMLINE_TIMELINE_SERVICE_HOST",
        "WARMLINE_TIMELINE_PORT",
    ],
)
def test_settings_and_what_a_platform_sets_are_known(name: str) -> None:
    assert unknown_settings([name]) == {}
