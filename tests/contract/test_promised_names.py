"""Names and defaults that PRODUCT.md promises, so that a change of the code alone cannot break them."""

import subprocess
import sys

import pytest

from s01_heuristic.job import JOB
from s01_heuristic.settings import ScheduleSettings
from shared.db.relations import CONTRACT, OPTIONAL, OPTIONAL_RELATIONS
from shared.domain import CLOCK_TOLERANCE, MAX_ID_LENGTH, InteractionKind, Phase, Reason, Source
from shared.errors import ConfigurationError, SourceError, WarmlineError
from shared.settings import HeuristicSettings, ListSettings, SettingsGroup, WindowSettings


@pytest.mark.parametrize(
    ("group", "name", "default"),
    [
        (HeuristicSettings, "alpha", 0.6),
        (HeuristicSettings, "half_life_hours", 24),
        (WindowSettings, "candidate_days", 14),
        (WindowSettings, "min_candidates", 1000),
        (ListSettings, "list_length", 200),
        (ListSettings, "everyone_length", 1000),
        (ListSettings, "active_days", 30),
        (ListSettings, "cold_min_positives", 3),
        (ScheduleSettings, "heuristic_every_minutes", 5),
    ],
)
def test_defaults_are_those_of_the_product(group: type[SettingsGroup], name: str, default: float) -> None:
    assert group.model_fields[name].default == default


def test_the_four_relations_have_the_columns_of_the_contract() -> None:
    assert {relation: list(columns) for relation, columns in CONTRACT.items()} == {
        "users": ["id", "created_at"],
        "posts": ["id", "author_id", "caption", "image_url", "created_at", "deleted_at"],
        "interactions": ["user_id", "post_id", "kind", "created_at"],
        "blocks": ["user_id", "blocked_user_id", "created_at"],
    }


def test_what_is_optional_has_the_columns_of_the_contract() -> None:
    assert list(OPTIONAL["posts"]) == ["tags", "language", "sensitive", "image_urls"]
    mutes = ["user_id", "muted_user_id", "created_at", "expires_at"]
    follows = ["user_id", "author_id", "created_at"]
    optional = {relation: list(columns) for relation, columns in OPTIONAL_RELATIONS.items()}
    assert optional == {"mutes": mutes, "follows": follows}


def test_kinds_are_those_of_the_contract() -> None:
    assert [kind.value for kind in InteractionKind] == ["view", "like", "comment", "save", "share", "hide"]


def test_phases_sources_and_reasons_are_those_of_the_api() -> None:
    assert (
        [phase.value for phase in Phase],
        [source.value for source in Source],
        [reason.code for reason in Reason],
    ) == (
        ["heuristic", "neucf"],
        ["neucf", "heuristic", "everyone", "snapshot", "newest", "following", "latest", "explore"],
        [
            "popular",
            "recent",
            "new",
            "for_you",
            "similar_photo",
            "similar_caption",
            "you_asked",
            "following",
            "liked_together",
        ],
    )


def test_an_id_has_up_to_128_characters() -> None:
    assert MAX_ID_LENGTH == 128


def test_a_clock_may_be_five_minutes_ahead() -> None:
    assert CLOCK_TOLERANCE.total_seconds() == 300


def test_the_job_has_the_name_that_operators_use() -> None:
    assert JOB == "heuristic"


@pytest.mark.parametrize(("error", "code"), [(ConfigurationError, 2), (SourceError, 1), (WarmlineError, 1)])
def test_exit_codes_are_those_of_the_product(error: type[WarmlineError], code: int) -> None:
    assert error.exit_code == code


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("timeline.app", {"numpy", "torch", "pyarrow"}),
        ("s01_heuristic.__main__", {"torch", "fastapi", "pyarrow"}),
    ],
)
def test_a_service_carries_only_what_it_needs(module: str, unwanted: set[str]) -> None:
    code = f"import sys, {module}; print(*sorted({unwanted!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_importing_reads_no_setting_and_opens_no_connection() -> None:
    code = "import os; os.environ.clear(); import s01_heuristic.__main__, timeline.app"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False).stderr == ""
