"""Settings that no list can come of are refused by name: walked in pairs, each at the ends of its range."""

import itertools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from s01_heuristic.settings import ScheduleSettings
from s02_recsys_neucf.settings import ScoreSettings
from s02_train_neucf.settings import TrainSettings
from shared.candidates.heuristic_scores import score_posts
from shared.content.settings import ContentSettings
from shared.db.bulk import Posts
from shared.domain import KIND_CODES, InteractionKind
from shared.errors import ConfigurationError
from shared.event_columns import Events
from shared.jobs.setting_conflicts import conflicts, refuse_conflicts
from shared.settings import (
    HeuristicSettings,
    ListSettings,
    NewPostSettings,
    RetentionSettings,
    SettingsGroup,
    WindowSettings,
    load_settings,
)
from tests.worlds import NOW
from warmline.commands.doctor.settings_check import judge_values


@pytest.fixture(autouse=True)
def _no_settings_but_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # no .env


SENSELESS: list[tuple[type[SettingsGroup], str, str]] = [
    (HeuristicSettings, "KIND_WEIGHTS", "{}"),
    (HeuristicSettings, "KIND_WEIGHTS", '{"view": 0, "like": 0, "comment": 0, "save": 0, "share": 0, "hide": 0}'),
    (HeuristicSettings, "KIND_WEIGHTS", '{"hide": -2}'),
    (HeuristicSettings, "KIND_WEIGHTS", '{"like": 1e-300}'),
    (HeuristicSettings, "HALF_LIFE_HOURS", "1e-300"),
    (HeuristicSettings, "POPULARITY_HALF_LIFE_HOURS", "1e-300"),
    (HeuristicSettings, "POPULARITY_FLOOR", "1e-300"),
    (ListSettings, "ACTIVE_DAYS", "1e-300"),
    (RetentionSettings, "KEEP_DAYS", '{"view": 0}'),
    (RetentionSettings, "KEEP_DAYS", '{"hide": 180}'),
    (RetentionSettings, "KEEP_DAYS", '{"view": true}'),
    (RetentionSettings, "KEEP_DAYS", '{"view": "1_80"}'),
    (RetentionSettings, "KEEP_DAYS", '{"view": NaN}'),
    (RetentionSettings, "KEEP_DAYS", '{"looks": 180}'),
    (RetentionSettings, "KEEP_DAYS", "180"),
    (WindowSettings, "CANDIDATE_DAYS", "1e-300"),
    (NewPostSettings, "NEW_POST_HOURS", "1e-300"),
    (ContentSettings, "IMAGE_MAX_MEGABYTES", "1e-9"),
    (ContentSettings, "IMAGE_MAX_MEGAPIXELS", "1e-9"),
    (ContentSettings, "IMAGE_RETRY_MINUTES", "1e-300"),
    (ContentSettings, "IMAGE_RETRY_CAP_HOURS", "1e-300"),
    (TrainSettings, "TRAIN_KIND_WEIGHTS", '{"like": 0, "comment": 0, "save": 0, "share": 0}'),
    (TrainSettings, "TRAIN_HALF_LIFE_DAYS", "1e-300"),
]


@pytest.mark.parametrize(("group", "name", "value"), SENSELESS)
def test_a_value_that_nothing_can_come_of_is_refused_by_name(
    group: type[SettingsGroup], name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"WARMLINE_{name}", value)
    with pytest.raises(ConfigurationError, match=rf"^WARMLINE_{name}: got .*, expected ") as caught:
        load_settings(group)
    assert "\n" not in str(caught.value)


def test_weights_of_one_kind_alone_are_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMLINE_KIND_WEIGHTS", '{"like": 1}')
    monkeypatch.setenv("WARMLINE_TRAIN_KIND_WEIGHTS", '{"like": 0}')  # the others count 1
    assert load_settings(HeuristicSettings).kind_weights == {InteractionKind.LIKE: 1}
    assert load_settings(TrainSettings).train_kind_weights == {InteractionKind.LIKE: 0}


@pytest.mark.parametrize(
    "names",
    [
        {"list_keep_hours": 1, "heuristic_every_minutes": 60},
        {"list_keep_hours": 12, "score_full_hours": 12, "score_every_minutes": 15},
        {"image_retry_minutes": 120, "image_retry_cap_hours": 1},
        {"candidate_days": 181, "keep_days": '{"view": 180}'},
        {"active_days": 31, "keep_days": '{"view": 180, "like": 30.5}'},
    ],
)
def test_settings_that_contradict_each_other_are_refused_by_name_and_value(names: Mapping[str, float | str]) -> None:
    given = {name.upper(): value for name, value in names.items()}
    groups = _groups(given)
    with pytest.raises(ConfigurationError) as caught:
        refuse_conflicts(*groups)
    (line,) = [line for line in str(caught.value).splitlines() if all(f"WARMLINE_{name}=" in line for name in given)]
    assert all(f"WARMLINE_{name}={value}" in line for name, value in given.items())


def test_windows_may_be_as_long_as_events_are_kept_or_as_one_likes_where_all_are() -> None:
    assert conflicts(*_groups({"CANDIDATE_DAYS": 180, "ACTIVE_DAYS": 180})) == []
    assert conflicts(*_groups({"CANDIDATE_DAYS": 3650, "ACTIVE_DAYS": 3650, "KEEP_DAYS": "{}"})) == []


def test_the_defaults_contradict_nothing() -> None:
    assert conflicts(*_groups({})) == []


def test_the_doctor_names_values_that_no_job_starts_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMLINE_HALF_LIFE_HOURS", "0")
    monkeypatch.setenv("WARMLINE_IMAGE_RETRY_MINUTES", "600")
    monkeypatch.setenv("WARMLINE_IMAGE_RETRY_CAP_HOURS", "1")
    assert [finding.got.partition(":")[0] for finding in judge_values()] == [
        "WARMLINE_HALF_LIFE_HOURS", "WARMLINE_IMAGE_RETRY_MINUTES=600 and WARMLINE_IMAGE_RETRY_CAP_HOURS=1"
    ]  # fmt: skip


def test_whatever_pair_of_the_formulas_settings_is_accepted_tells_posts_apart() -> None:
    """Three posts an hour, a day and a week old, the oldest liked just now: no score is NaN, nor are all alike."""
    posts, events = _world()
    ends = [(name, end) for name in HeuristicSettings.model_fields for end in _ends(name)]
    for pair in itertools.combinations(ends, 2):
        given = dict(pair)
        with np.errstate(all="raise", under="ignore"):
            scores = score_posts(posts, events, HeuristicSettings.model_validate(given), NOW)
        assert all(0 <= score <= 1 for score in scores.blended.tolist()), given
        assert len(set(scores.blended.tolist())) > 1, given


def _ends(name: str) -> Iterator[object]:
    if name == "kind_weights":
        yield from ({InteractionKind.LIKE: 0.001}, {InteractionKind.LIKE: 1000.0, InteractionKind.HIDE: -1000.0})
        return
    for bound in HeuristicSettings.model_fields[name].metadata:
        yield from (end for end in (getattr(bound, "ge", None), getattr(bound, "le", None)) if end is not None)


def _groups(given: Mapping[str, float | str]) -> list[SettingsGroup]:
    lower = {name.lower(): json.loads(value) if isinstance(value, str) else value for name, value in given.items()}
    groups = (ListSettings, ScheduleSettings, ScoreSettings, ContentSettings, WindowSettings, RetentionSettings)
    return [
        load_settings(group, **{name: lower[name] for name in lower.keys() & group.model_fields}) for group in groups
    ]


def _world() -> tuple[Posts, Events]:
    now = NOW.timestamp()
    keys = np.arange(3, dtype=np.int64)
    posts = Posts(
        ids=["hour", "day", "week"],
        author_ids=["a", "b", "c"],
        id_hashes=keys,
        author_id_hashes=keys + 10,
        created_at=now - np.array([3_600.0, 86_400.0, 604_800.0]),
    )
    likes = Events(
        user_id_hashes=np.arange(20, 30),
        post_id_hashes=np.full(10, 2),
        kinds=np.full(10, KIND_CODES[InteractionKind.LIKE], np.int16),
        at=np.full(10, now - 120.0),
    )
    return posts, likes
