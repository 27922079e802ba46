"""The training service's own settings."""

from pydantic import Field, SecretStr, field_validator

from shared.settings import SettingsGroup


class TrainSettings(SettingsGroup):
    """When and on what the model is trained."""

    train_cron: str = Field("0 3 * * *", description="when training starts, as a crontab line of five fields")
    schedule_timezone: str = Field("UTC", description="time zone of the crontab line, such as Asia/Tokyo")
    train_days: float = Field(730, ge=1, le=36_500, description="age in days up to which events are trained on")
    train_seed: int = Field(1, ge=0, le=2**31 - 1, description="seed of everything random in training")
    models_kept: int = Field(7, ge=2, le=1000, description="model folders that are kept besides champion and previous")


class MirrorSettings(SettingsGroup):
    """Where training runs are mirrored to."""

    mlflow_uri: SecretStr | None = Field(
        None, description="MLflow that training runs are mirrored to, as http(s)://… or sqlite:///…; blank or off: none"
    )
    mlflow_runs: int = Field(90, ge=2, le=500, description="mirrored runs that are kept; older ones are deleted")

    @field_validator("mlflow_uri")
    @classmethod
    def _is_known(cls, uri: SecretStr | None) -> SecretStr | None:
        if uri is None or uri.get_secret_value() == "off":
            return None
        if not uri.get_secret_value().startswith(("http://", "https://", "sqlite:///")):
            raise ValueError("off, or a URI that starts with http://, https:// or sqlite:///")
        return uri
