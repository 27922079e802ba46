"""Settings: each wrong value is one line that names the variable, what it got and what it expects."""

import json
from pathlib import Path

import pytest

from s01_heuristic.settings import ScheduleSettings
from s02_train_neucf.settings import TrainSettings
from shared.domain import InteractionKind
from shared.errors import ConfigurationError
from shared.settings import (
    HeuristicSettings,
    ListSettings,
    RetentionSettings,
    SettingsGroup,
    SnapshotSettings,
    StoreSettings,
    WindowSettings,
    load_settings,
    with_driver,
)

SECRET = "hunter2-and-more"
STORES = {"DATABASE_URL": f"postgresql://warmline:{SECRET}@db/warmline", "REDIS_URL": f"redis://:{SECRET}@cache"}


@pytest.fixture(autouse=True)
def _no_settings_but_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # no .env
    groups = (StoreSettings, ListSettings, WindowSettings, HeuristicSettings, ScheduleSettings, RetentionSettings)
    for group in (*groups, TrainSettings):
        for name in group.model_fields:
            monkeypatch.delenv(f"WARMLINE_{name.upper()}", raising=False)


@pytest.fixture
def stores(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in STORES.items():
        monkeypatch.setenv(f"WARMLINE_{name}", value)
    return monkeypatch


def _complaint(group: type[SettingsGroup]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(group)
    return str(caught.value)


WRONG = [
    (ListSettings, "LIST_LENGTH", "9"),
    (ListSettings, "LIST_LENGTH", "1001"),
    (ListSettings, "LIST_LENGTH", "many"),
    (ListSettings, "EVERYONE_LENGTH", "0"),
    (ListSettings, "MAX_LISTS", "0"),
    (ListSettings, "ACTIVE_DAYS", "-1"),
    (ListSettings, "COLD_MIN_POSITIVES", "2.5"),
    (ListSettings, "LIST_KEEP_HOURS", "nan"),
    (ListSettings, "SEEN_LENGTH", "1"),
    (ListSettings, "SEEN_LENGTH", "1_000"),
    (HeuristicSettings, "ALPHA", "0_0.5"),
    (ListSettings, "SEEN_KEEP_DAYS", "0"),
    (ListSettings, "CHAIN_MINUTES", "inf"),
    (WindowSettings, "CANDIDATE_DAYS", "0"),
    (WindowSettings, "MIN_CANDIDATES", "0"),
    (HeuristicSettings, "ALPHA", "1.1"),
    (HeuristicSettings, "ALPHA", "nan"),
    (HeuristicSettings, "HALF_LIFE_HOURS", "0"),
    (HeuristicSettings, "POPULARITY_HALF_LIFE_HOURS", "-3"),
    (HeuristicSettings, "POPULARITY_FLOOR", "0"),
    (HeuristicSettings, "KIND_WEIGHTS", '{"like": 5000}'),
    (HeuristicSettings, "KIND_WEIGHTS", '{"like": NaN}'),
    (HeuristicSettings, "KIND_WEIGHTS", '{"lick": 1}'),
    (HeuristicSettings, "KIND_WEIGHTS", "[1, 2]"),
    (HeuristicSettings, "KIND_WEIGHTS", "{like: 1}"),
    (HeuristicSettings, "KIND_WEIGHTS", "1"),
    (HeuristicSettings, "KIND_WEIGHTS", '{"like": "1_0"}'),
    (HeuristicSettings, "KIND_WEIGHTS", '{"like": " 1"}'),
    (HeuristicSettings, "KIND_WEIGHTS", '{"like": true}'),
    (HeuristicSettings, "KIND_WEIGHTS", '{"like": null}'),
    (HeuristicSettings, "KIND_WEIGHTS", '{"like": ' + "9" * 5000 + "}"),
    (TrainSettings, "TRAIN_KIND_WEIGHTS", '{"like": "1_0"}'),
    (ScheduleSettings, "HEURISTIC_EVERY_MINUTES", "0"),
]


@pytest.mark.parametrize(("group", "name", "value"), WRONG, ids=[f"{name}={value}" for _, name, value in WRONG])
def test_a_wrong_value_is_one_line_with_variable_got_and_expected(
    group: type[SettingsGroup], name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"WARMLINE_{name}", value)
    said = _complaint(group)
    assert (said.count("\n"), said.startswith(f"WARMLINE_{name}: got "), ", expected " in said) == (0, True, True)


def test_a_wrong_value_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMLINE_LIST_LENGTH", "many")
    assert "got 'many', expected" in _complaint(ListSettings)


def test_two_wrong_values_are_two_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMLINE_LIST_LENGTH", "many")
    monkeypatch.setenv("WARMLINE_MAX_LISTS", "none")
    assert [line.partition(":")[0] for line in _complaint(ListSettings).splitlines()] == [
        "WARMLINE_LIST_LENGTH",
        "WARMLINE_MAX_LISTS",
    ]


def test_what_is_missing_is_named() -> None:
    assert [line.partition(",")[0] for line in _complaint(StoreSettings).splitlines()] == [
        "WARMLINE_DATABASE_URL: not set",
        "WARMLINE_REDIS_URL: not set",
    ]


WRONG_STORES = [
    ("DATABASE_URL", f"mysql://warmline:{SECRET}@db/warmline"),
    ("DATABASE_URL", SECRET),
    ("DATABASE_URL", f"postgresql://warmline:{SECRET}@db:port/warmline"),
    ("SOURCE_URL", f"sqlite:///{SECRET}"),
    ("REDIS_URL", f"http://:{SECRET}@cache"),
    ("REDIS_URL", SECRET),
    ("REDIS_URL", f"redis://:{SECRET}@cache:port/0"),
]


@pytest.mark.parametrize(("name", "value"), WRONG_STORES)
def test_a_wrong_address_is_one_line_with_variable_and_expected(
    name: str, value: str, stores: pytest.MonkeyPatch
) -> None:
    stores.setenv(f"WARMLINE_{name}", value)
    said = _complaint(StoreSettings)
    assert (said.count("\n"), said.startswith(f"WARMLINE_{name}: got a value that is not shown, expected a URL")) == (
        0,
        True,
    )


@pytest.mark.parametrize(("name", "value"), WRONG_STORES)
def test_a_wrong_address_is_never_shown(name: str, value: str, stores: pytest.MonkeyPatch) -> None:
    stores.setenv(f"WARMLINE_{name}", value)
    assert SECRET not in _complaint(StoreSettings)


def test_an_address_is_not_in_the_settings_own_text(stores: pytest.MonkeyPatch) -> None:
    assert SECRET not in repr(load_settings(StoreSettings))


@pytest.mark.parametrize("schema", ["warmline", "my-schema", "a b", 'x"; DROP TABLE users; --', "1st"])
def test_a_schema_of_the_views_that_is_no_name_of_its_own_is_refused(schema: str, stores: pytest.MonkeyPatch) -> None:
    stores.setenv("WARMLINE_SOURCE_SCHEMA", schema)
    assert _complaint(StoreSettings).startswith(
        f"WARMLINE_SOURCE_SCHEMA: got {schema!r}, expected the name of a schema"
    )


def test_an_address_of_views_wants_their_schema(stores: pytest.MonkeyPatch) -> None:
    stores.setenv("WARMLINE_SOURCE_URL", f"postgresql://reader:{SECRET}@app/app")
    assert _complaint(StoreSettings).startswith("WARMLINE_SOURCE_SCHEMA: got nothing, expected the schema")


def test_a_blank_value_is_not_set(stores: pytest.MonkeyPatch) -> None:
    stores.setenv("WARMLINE_SOURCE_SCHEMA", "")
    assert load_settings(StoreSettings).source_schema is None


def test_a_snapshot_file_is_kept_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WARMLINE_SNAPSHOT_FILE", raising=False)
    assert load_settings(SnapshotSettings).snapshot_file == Path("snapshot/timeline.bin")


@pytest.mark.parametrize("name", ["WARMLINE_SNAPSHOT_FILE", "warmline_snapshot_file"])
@pytest.mark.parametrize("blank", ["", "  "])
def test_a_blank_snapshot_file_switches_it_off(monkeypatch: pytest.MonkeyPatch, name: str, blank: str) -> None:
    monkeypatch.setenv(name, blank)
    assert load_settings(SnapshotSettings).snapshot_file is None


@pytest.mark.parametrize(("line", "set_to"), [("", None), ("kept/it.bin", Path("kept/it.bin"))])
def test_what_env_says_of_the_snapshot_file_holds_unless_the_environment_says_more(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str, set_to: Path | None
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(f"WARMLINE_SNAPSHOT_FILE={line}\n")
    assert load_settings(SnapshotSettings).snapshot_file == set_to
    monkeypatch.setenv("WARMLINE_SNAPSHOT_FILE", "other.bin")
    assert load_settings(SnapshotSettings).snapshot_file == Path("other.bin")
    monkeypatch.setenv("WARMLINE_SNAPSHOT_FILE", "")
    assert load_settings(SnapshotSettings).snapshot_file is None


def test_a_blank_number_is_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMLINE_LIST_LENGTH", "")
    assert load_settings(ListSettings).list_length == 200


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p@h:5432/d?sslmode=require",
        "postgres://u:p@h:5432/d?sslmode=require",
        "postgresql+psycopg2://u:p@h:5432/d?sslmode=require",
        "postgresql+asyncpg://u:p@h:5432/d?sslmode=require",
    ],
)
def test_every_spelling_of_a_database_url_names_the_driver_that_is_installed(url: str) -> None:
    assert with_driver(url) == "postgresql+psycopg2://u:p@h:5432/d?sslmode=require"


def test_the_stored_database_url_names_the_driver(stores: pytest.MonkeyPatch) -> None:
    url = load_settings(StoreSettings).database_url.get_secret_value()
    assert url == f"postgresql+psycopg2://warmline:{SECRET}@db/warmline"


def test_a_password_with_odd_characters_is_taken(stores: pytest.MonkeyPatch) -> None:
    stores.setenv("WARMLINE_DATABASE_URL", "postgresql://u:a:b%40c@h/d")
    assert load_settings(StoreSettings).database_url.get_secret_value() == "postgresql+psycopg2://u:a%3Ab%40c@h/d"


def test_kind_weights_are_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMLINE_KIND_WEIGHTS", json.dumps({"like": 2, "hide": -1}))
    assert load_settings(HeuristicSettings).kind_weights == {InteractionKind.LIKE: 2, InteractionKind.HIDE: -1}


KINDS = [(HeuristicSettings, "kind_weights"), (RetentionSettings, "keep_days"), (TrainSettings, "train_kind_weights")]


@pytest.mark.parametrize(("group", "name"), KINDS, ids=[name for _, name in KINDS])
def test_of_numbers_by_kind_the_environment_wins_as_a_whole(
    group: type[SettingsGroup], name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(f'WARMLINE_{name.upper()}={{"like": 3, "share": 7}}\n')
    assert getattr(load_settings(group), name) == {InteractionKind.LIKE: 3, InteractionKind.SHARE: 7}
    monkeypatch.setenv(f"WARMLINE_{name.upper()}", '{"like": 2}')
    assert getattr(load_settings(group), name) == {InteractionKind.LIKE: 2}
    given = {InteractionKind.COMMENT: 5.0}
    assert getattr(load_settings(group, **{name: given}), name) == given


def test_a_plain_number_in_quotation_marks_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMLINE_KIND_WEIGHTS", '{"like": "2.5"}')
    assert load_settings(HeuristicSettings).kind_weights == {InteractionKind.LIKE: 2.5}


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("WARMLINE_LIST_LENGTH=50\nWARMLINE_MAX_LISTS=7\n")
    monkeypatch.setenv("WARMLINE_LIST_LENGTH", "60")
    settings = load_settings(ListSettings)
    assert (settings.list_length, settings.max_lists) == (60, 7)


def test_settings_cannot_be_changed() -> None:
    settings = load_settings(ListSettings)
    with pytest.raises(ValueError, match="frozen"):
        settings.list_length = 5  # type: ignore[misc]


def test_hours_and_days_become_spans() -> None:
    settings = load_settings(ListSettings)
    assert (settings.keep_for.total_seconds(), settings.active_for.days) == (72 * 3600, 30)


def test_a_settings_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").symlink_to("/proc/self/mem")  # nobody can read it from its beginning, root neither
    assert _complaint(ListSettings).startswith(".env: cannot be read (Input/output error); let this user read it")


def test_a_folder_where_the_settings_file_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    assert _complaint(ListSettings).startswith(".env: a folder, expected a file")
