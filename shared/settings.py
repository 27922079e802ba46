"""Settings that more than one service reads, and the only function that builds settings.

Each group is a frozen pydantic-settings class with the prefix `WARMLINE_`; `load_settings` is called in a `__main__`
(or in a test) only, and turns each wrong value into one line that names the variable.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from shared.domain import InteractionKind
from shared.errors import ConfigurationError
from shared.store_urls import postgresql_url, redis_url
from shared.text.numbers import is_decimal_number

PREFIX = "WARMLINE_"
ENV_FILE = ".env"  # in the working folder
LEAST_WEIGHT = 0.001  # of the kind that counts most
MOST_KEEP_DAYS = 36_500
GroupT = TypeVar("GroupT", bound="SettingsGroup")


def _from_json(value: object) -> object:
    """The object in a text of the environment; values of another kind pass.

    Without `NoDecode` pydantic would parse it, and then add what `.env` has for other kinds.
    """
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError('numbers by kind as a JSON object, such as {"like": 1}') from None


def _are_numbers(values: object) -> object:
    """pydantic would read true as 1, and "1_0" as 10."""
    if isinstance(values, dict) and not all(map(_is_number, values.values())):
        raise ValueError('numbers, as in {"like": 1}')
    return values


def _is_number(value: object) -> bool:
    if isinstance(value, str):
        return is_decimal_number(value)
    return isinstance(value, int | float) and not isinstance(value, bool)


KindNumbers = Annotated[
    dict[InteractionKind, float], NoDecode, BeforeValidator(_are_numbers), BeforeValidator(_from_json)
]


class SettingsGroup(BaseSettings):
    """A group of settings; read from the environment, then from `.env`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=ENV_FILE, extra="ignore", frozen=True, env_ignore_empty=True
    )

    @field_validator("*", mode="before")
    @classmethod
    def _is_a_plain_number(cls, value: object, about: ValidationInfo) -> object:
        """pydantic would read 1_0 as 10."""
        is_number = cls.model_fields[about.field_name or ""].annotation in (int, float, float | None)
        if is_number and isinstance(value, str) and not is_decimal_number(value.strip()):
            raise ValueError("a number")
        return value


class StoreSettings(SettingsGroup):
    """Where PostgreSQL and Redis are."""

    database_url: SecretStr = Field(description="PostgreSQL that holds the schema `warmline`, as postgresql://…")
    redis_url: SecretStr = Field(description="Redis or Valkey, as redis://… or rediss://…")
    source_url: SecretStr | None = Field(
        None, description="PostgreSQL that holds your four views, when it is another database (read only)"
    )
    source_schema: str | None = Field(
        None, description="schema of your four views; blank: Warmline's own tables are the relations"
    )

    @field_validator("database_url", "source_url")
    @classmethod
    def _name_the_driver(cls, url: SecretStr | None) -> SecretStr | None:
        if url is None:
            return None
        return SecretStr(with_driver(url.get_secret_value()))

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, url: SecretStr) -> SecretStr:
        return SecretStr(redis_url(url.get_secret_value()).text())

    @field_validator("source_schema")
    @classmethod
    def _is_an_identifier(cls, schema: str | None) -> str | None:
        if schema is not None and (not schema.isidentifier() or schema == "warmline"):
            raise ValueError("the name of a schema of your own, in letters, digits and underscores, not `warmline`")
        return schema

    @model_validator(mode="after")
    def _url_wants_schema(self) -> Self:
        if self.source_url is not None and self.source_schema is None:
            raise ValueError(f"{PREFIX}SOURCE_SCHEMA: got nothing, expected the schema of the views in SOURCE_URL")
        return self


class ListSettings(SettingsGroup):
    """How long lists are and how long they live: the bounds of what Redis holds."""

    list_length: int = Field(200, ge=10, le=1000, description="posts in a user's list")
    following_share: float = Field(
        0.2, ge=0, le=0.5, description="share of a list's places for posts of authors whom the user follows; 0: none"
    )
    everyone_length: int = Field(1000, ge=10, le=5000, description="posts in everyone's list")
    tag_lists: int = Field(
        1000,
        ge=0,
        le=20_000,
        description="tags with a list of their own in `mode=explore`, those of most posts; 0: none",
    )
    max_lists: int = Field(100_000, ge=1, le=10_000_000, description="users with a list of their own, newest first")
    active_days: float = Field(
        30, ge=0.01, le=3650, description="days without activity after which a user gets everyone's list"
    )
    cold_min_positives: int = Field(3, ge=1, le=1000, description="positives below which a user is cold")
    list_keep_hours: float = Field(
        72, ge=1, le=8760, description="hours that a list is kept after its last publication"
    )
    seen_length: int = Field(1500, ge=100, le=20_000, description="served posts remembered per user")
    seen_keep_days: float = Field(30, ge=1, le=3650, description="days that served posts are remembered")
    chain_minutes: float = Field(60, ge=1, le=1440, description="minutes that a cursor stays valid after its last use")

    @property
    def active_for(self) -> timedelta:
        return timedelta(days=self.active_days)

    @property
    def keep_for(self) -> timedelta:
        return timedelta(hours=self.list_keep_hours)

    @property
    def seen_for(self) -> timedelta:
        return timedelta(days=self.seen_keep_days)

    @property
    def chain_for(self) -> timedelta:
        return timedelta(minutes=self.chain_minutes)


class RetentionSettings(SettingsGroup):
    """How long events are kept. With your own views, only events that came by the API are removed."""

    keep_days: KindNumbers = Field(
        {InteractionKind.VIEW: 180},
        description="days that events are kept, by kind, as JSON; a kind that is left out is kept as long as its user",
    )

    @field_validator("keep_days")
    @classmethod
    def _are_days(cls, days: dict[InteractionKind, float]) -> dict[InteractionKind, float]:
        if any(not 1 <= kept <= MOST_KEEP_DAYS for kept in days.values()):
            raise ValueError(f"days from 1 to {MOST_KEEP_DAYS:,} (leave a kind out to keep it as long as its user)")
        if InteractionKind.HIDE in days:
            raise ValueError("kinds without `hide` (what a user hid stays hidden, as long as the user is here)")
        return days

    def kept_since(self, now: datetime) -> Mapping[InteractionKind, datetime]:
        """For each kind that is not kept as long as its user, the time of the oldest event that counts."""
        return {kind: now - timedelta(days=days) for kind, days in self.keep_days.items()}


class RunSettings(SettingsGroup):
    """How long a run of a job may stand still."""

    run_stalled_minutes: float = Field(
        180, ge=1, le=10_080, description="minutes without progress after which a run fails and its process ends"
    )

    @property
    def stalled_after(self) -> timedelta:
        return timedelta(minutes=self.run_stalled_minutes)


class ModelSettings(SettingsGroup):
    """Where model files are; trainer and scorer share the folder."""

    model_dir: Path = Field(
        Path("models"),
        description="folder of the model files, shared by trainer and scorer, checked before a promotion",
    )
    # One thread is the default: two on cores that other services use as well are up to 18 times slower than one.
    torch_threads: int = Field(
        1,
        ge=0,
        le=256,
        description="threads of one model computation; 0: one per core, for a machine without other services",
    )

    @property
    def threads(self) -> int:
        return self.torch_threads or os.cpu_count() or 1


class SnapshotSettings(SettingsGroup):
    """Where a timeline keeps its snapshot."""

    snapshot_file: Path | None = Field(
        Path("snapshot/timeline.bin"),
        description="file of the snapshot that pages come from when both stores are down at start; blank: no snapshot",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The usual sources, and before them one that accepts a blank file name."""
        blank = _BlankSnapshotFile(settings_cls)
        return init_settings, blank, env_settings, dotenv_settings, file_secret_settings


class _BlankSnapshotFile(PydanticBaseSettingsSource):
    """Elsewhere a blank value means the default; here it switches the snapshot off."""

    def __call__(self) -> dict[str, Any]:
        """None for the setting if it is blank, in the environment or else in `.env`."""
        for source in (EnvSettingsSource, DotEnvSettingsSource):
            values = source(self.settings_cls, env_ignore_empty=False).env_vars
            value = values.get(f"{PREFIX}SNAPSHOT_FILE".lower())
            if value is not None:
                return {} if value.strip() else {"snapshot_file": None}
        return {}

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Never called: `__call__` returns the only field."""
        raise NotImplementedError


class WindowSettings(SettingsGroup):
    """Which posts are candidates."""

    candidate_days: float = Field(14, ge=0.01, le=3650, description="age in days up to which a post is a candidate")
    min_candidates: int = Field(
        1000, ge=1, le=1_000_000, description="the window widens until it holds this many posts, or all"
    )

    @property
    def window(self) -> timedelta:
        return timedelta(days=self.candidate_days)


class NewPostSettings(SettingsGroup):
    """How posts that few people have seen get an audience."""

    new_post_share: float = Field(0.1, ge=0, le=0.5, description="share of a list's slots kept for new posts; 0: none")
    new_post_viewers: int = Field(
        10, ge=1, le=10_000, description="number of people who saw a post from which on it is not new any more"
    )
    new_post_hours: float = Field(24, ge=0.1, le=720, description="age in hours up to which a post can be new")

    @property
    def new_for(self) -> timedelta:
        return timedelta(hours=self.new_post_hours)


class HeuristicSettings(SettingsGroup):
    """The heuristic formula: score = α · popularity + (1 − α) · recency."""

    alpha: float = Field(0.6, ge=0, le=1, description="share of popularity in the score; the rest is recency")
    half_life_hours: float = Field(24, ge=0.01, le=87_600, description="age in hours at which recency is one half")
    popularity_half_life_hours: float = Field(
        72, ge=0.01, le=87_600, description="age in hours at which an event counts one half"
    )
    popularity_floor: float = Field(
        10,
        ge=0.001,
        le=1e9,
        description="least decayed weight that counts as fully popular, for apps with little activity",
    )
    kind_weights: KindNumbers = Field(
        {
            InteractionKind.VIEW: 0.1,
            InteractionKind.LIKE: 1,
            InteractionKind.COMMENT: 2,
            InteractionKind.SAVE: 3,
            InteractionKind.SHARE: 3,
            InteractionKind.HIDE: -2,
        },
        description="weight of one user's event by kind, as JSON; a kind that is left out counts 0",
    )

    @field_validator("kind_weights")
    @classmethod
    def _are_bounded(cls, weights: dict[InteractionKind, float]) -> dict[InteractionKind, float]:
        if any(not -1000 <= weight <= 1000 for weight in weights.values()):
            raise ValueError("weights between -1000 and 1000")
        if max(weights.values(), default=0) < LEAST_WEIGHT:
            raise ValueError(
                f"at least one weight of {LEAST_WEIGHT} or more (else no post is more popular than another)"
            )
        return weights


def with_driver(url: str) -> str:
    """The same URL with the driver named: SQLAlchemy 2.1 would read a bare `postgresql://` as psycopg 3."""
    return replace(postgresql_url(url), scheme="postgresql+psycopg2").text()


def load_settings(group: type[GroupT], **overrides: Any) -> GroupT:
    """Read one group from the environment.

    Raises:
        ConfigurationError: one line per wrong variable, with what it got and what it expects; secrets are not shown.
    """
    try:
        if Path(ENV_FILE).is_dir():  # pydantic would silently ignore it
            made_by = "Docker makes one where the file to mount is missing"
            raise ConfigurationError(f"{ENV_FILE}: a folder, expected a file ({made_by}); remove it, write the file")
        return group(**overrides)
    except OSError as error:
        todo = "let this user read it (chmod, chown), or take it away and set the variables in the environment"
        raise ConfigurationError(f"{ENV_FILE}: cannot be read ({error.strerror}); {todo}") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigurationError(f".env: line {line} is not UTF-8; save the file as UTF-8") from None
    except ValidationError as error:
        raise ConfigurationError(*(_one_line(group, item) for item in error.errors())) from None


def _one_line(group: type[SettingsGroup], item: Any) -> str:
    expected = item["msg"].removeprefix("Value error, ")
    if not item["loc"]:
        return str(expected)
    name = str(item["loc"][0])
    variable = PREFIX + name.upper()
    field = group.model_fields.get(name)
    about = f" ({field.description})" if field and field.description else ""
    if item["type"] == "missing":
        return f"{variable}: not set, expected a value{about}"
    secret = field is not None and "SecretStr" in str(field.annotation)
    got = "a value that is not shown" if secret else repr(item["input"])
    return f"{variable}: got {got}, expected {expected[0].lower() + expected[1:]}{about}"
