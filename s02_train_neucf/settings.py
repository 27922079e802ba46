"""The training service's own settings."""

from dataclasses import replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, field_validator

from shared.domain import POSITIVE_KINDS, InteractionKind
from shared.errors import ConfigurationError
from shared.jobs.triggers import cron
from shared.settings import LEAST_WEIGHT, KindNumbers, SettingsGroup

if TYPE_CHECKING:  # the recipe needs PyTorch; who documents the settings does not
    from s02_train_neucf.learning.recipe import Recipe


class TrainSettings(SettingsGroup):
    """When and on what the model is trained."""

    train_cron: str = Field("0 3 * * *", description="when training starts, as a crontab line of five fields")
    schedule_timezone: str = Field("UTC", description="time zone of the crontab line, such as Asia/Tokyo")
    train_days: float = Field(
        730,
        ge=1,
        le=36_500,
        description="age in days up to which events are used in training, but no further back than KEEP_DAYS",
    )
    train_seed: int = Field(1, ge=0, le=2**31 - 1, description="seed of everything random in training")
    train_workers: int | None = Field(
        None,
        ge=1,
        le=64,
        description="processes of one thread that train side by side; 1: none but the service's own; blank: as many as "
        "cores are free, fewer where memory is short or there is little to train",
    )
    warm_start: bool = Field(
        default=False, description="start each training from the champion's weights, by id; false: from random weights"
    )
    train_kind_weights: KindNumbers = Field(
        {InteractionKind.LIKE: 1, InteractionKind.COMMENT: 1, InteractionKind.SAVE: 1, InteractionKind.SHARE: 1},
        description="training weight of a liked post by its strongest kind, as JSON; a kind that is left out counts 1",
    )
    train_half_life_days: float | None = Field(
        None,
        ge=0.1,
        le=36_500,
        description="age in days at which a like counts one half in training; blank: all count the same",
    )
    train_hide_weight: float = Field(
        1,
        ge=0.01,
        le=1000,
        description="training weight of a post that the user hid, relative to any other post without a like",
    )
    train_ignored_weight: float = Field(
        1,
        ge=0.01,
        le=1000,
        description="the same for a post that the user viewed without any further event within a day",
    )
    models_kept: int = Field(
        7, ge=2, le=1000, description="number of model folders that are kept besides champion and previous"
    )

    @field_validator("train_cron")
    @classmethod
    def _is_a_crontab_line(cls, line: str) -> str:
        try:
            cron(line, timezone="UTC")
        except ConfigurationError as error:
            detail = f" ({error.__cause__})" if error.__cause__ else ""
            raise ValueError(f"a crontab line of five fields such as '0 3 * * *'{detail}") from error
        return line

    @field_validator("schedule_timezone")
    @classmethod
    def _is_a_time_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ValueError, KeyError, OSError) as error:
            raise ValueError("the name of a time zone such as UTC or Asia/Tokyo") from error
        return zone

    @field_validator("train_kind_weights")
    @classmethod
    def _are_bounded(cls, weights: dict[InteractionKind, float]) -> dict[InteractionKind, float]:
        if not weights.keys() <= POSITIVE_KINDS or any(not 0 <= weight <= 100 for weight in weights.values()):
            raise ValueError("weights of like, comment, save or share between 0 and 100")
        if max(weights.get(kind, 1) for kind in POSITIVE_KINDS) < LEAST_WEIGHT:
            raise ValueError(f"at least one weight of {LEAST_WEIGHT} or more (else there is nothing to learn from)")
        return weights

    def applied_to(self, recipe: "Recipe") -> "Recipe":
        """The recipe with the weights that are set here."""
        return replace(
            recipe,
            kind_weights={kind.value: weight for kind, weight in self.train_kind_weights.items()},
            half_life_days=self.train_half_life_days,
            hide_weight=self.train_hide_weight,
            ignored_weight=self.train_ignored_weight,
        )


class MirrorSettings(SettingsGroup):
    """Where training runs are mirrored to."""

    mlflow_uri: SecretStr | None = Field(
        None, description="MLflow that training runs are copied to, as http(s)://… or sqlite:///…; blank or off: none"
    )
    mlflow_runs: int = Field(
        90, ge=2, le=500, description="number of runs that are kept in MLflow; older ones are deleted"
    )

    @field_validator("mlflow_uri")
    @classmethod
    def _is_known(cls, uri: SecretStr | None) -> SecretStr | None:
        if uri is None or uri.get_secret_value() == "off":
            return None
        if not uri.get_secret_value().startswith(("http://", "https://", "sqlite:///")):
            raise ValueError("off, or a URI that starts with http://, https:// or sqlite:///")
        return uri
