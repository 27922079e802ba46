"""The timeline's own settings."""

import re
from datetime import timedelta
from ipaddress import ip_address
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from shared.settings import PREFIX, SnapshotSettings
from timeline import jwt_key

# Host names as they are looked up (punycode), IPv4 and IPv6 addresses.
_ORIGIN = re.compile(
    r"(?P<scheme>https?)://(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::(?P<port>[1-9][0-9]{0,4}))?"
)
_USUAL_PORTS = {"http": "80", "https": "443"}


class TimelineSettings(SnapshotSettings):
    """Where the timeline listens, whom it lets in, and how long it waits for the stores."""

    env: Literal["dev", "production"] = Field(
        "production", description="`dev` lets everyone read timelines; admin and writes still need their tokens"
    )
    dev_open_to_network: bool = Field(
        default=False,
        description="true: allow `dev` on a HOST that is not loopback; anyone who reaches it can read every timeline",
    )
    host: str = Field("127.0.0.1", description="address that the timeline listens on")
    port: int = Field(8000, ge=0, le=65_535, description="port that the timeline listens on")
    workers: int = Field(
        1,
        ge=1,
        le=64,
        description="number of timeline processes that share the port; each has its own copies in memory",
    )
    keep_alive_seconds: float = Field(
        75, ge=1, le=3_600, description="seconds that a connection may be idle between two requests"
    )
    admin_token: SecretStr | None = Field(None, min_length=16, description="bearer token for /admin/*")
    api_key: SecretStr | None = Field(None, min_length=16, description="bearer token for your backend")
    jwt_key: SecretStr | None = Field(None, min_length=32, description="key that your phones' JWTs are signed with")
    jwt_algorithm: Literal["HS256", "HS384", "HS512", "RS256", "ES256", "EdDSA"] = Field(
        "HS256", description="the only algorithm accepted for JWTs; for RS, ES and EdDSA, JWT_KEY is the public key"
    )
    jwt_writes: bool = Field(
        default=False,
        description="true: a user's JWT may post and revoke their own events, and read and write their preferences",
    )
    jwt_writes_per_minute: int = Field(
        120, ge=1, le=10_000, description="writes of one user's JWT in a minute, where it may write; each event counts"
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        max_length=50,
        description="sites whose scripts may read phones' routes, separated by commas: https://app.example.org",
    )
    signing_key: SecretStr | None = Field(
        None,
        min_length=32,
        description="secret that signs cursors and feed ids; blank: derived from JWT_KEY if secret, else from API_KEY",
    )
    signing_key_other: SecretStr | None = Field(
        None,
        min_length=32,
        description="second accepted key: the previous one, or the next one, while the key is changed",
    )
    redis_budget_ms: float = Field(
        50,
        ge=1,
        le=10_000,
        description="milliseconds that a page waits for Redis before it falls back to the next source",
    )
    database_budget_ms: float = Field(
        150, ge=10, le=60_000, description="milliseconds that a page waits for PostgreSQL, if it needs it at all"
    )
    recommend_budget_ms: float = Field(
        300, ge=20, le=10_000, description="milliseconds in which recommendations are answered, by whatever answers"
    )
    recommend_per_minute: int = Field(
        1200, ge=6, le=1_000_000, description="requests for recommendations that are answered in a minute, of each key"
    )
    refresh_seconds: float = Field(
        2, ge=0.1, le=60, description="seconds after which a timeline refreshes its own copies from the stores"
    )
    following_order: Literal["newest", "ranked"] = Field(
        "newest", description="order of `mode=following`: newest first, or ranked by the heuristic's score"
    )
    request_log: bool = Field(default=False, description="write a log line for each timeline request")

    @field_validator("port", mode="before")
    @classmethod
    def _is_no_service_link(cls, port: object) -> object:
        if isinstance(port, str) and port.startswith(("tcp://", "udp://")):
            raise ValueError(
                "a number; Kubernetes sets this variable for a service named warmline: set it in the pod, or"
                " enableServiceLinks: false"
            )
        return port

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split(cls, origins: object) -> object:
        return [each.strip() for each in origins.split(",") if each.strip()] if isinstance(origins, str) else origins

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [origin for origin in origins if not _is_origin(origin)]
        if wrong:
            raise ValueError(
                "origins as browsers send them (https://app.example.org, http://localhost:5173): in lower case, without"
                f" a path and without the usual port, and no wildcard; not {wrong[0]!r}"
            )
        return origins

    @property
    def redis_budget(self) -> timedelta:
        return timedelta(milliseconds=self.redis_budget_ms)

    @property
    def database_budget(self) -> timedelta:
        return timedelta(milliseconds=self.database_budget_ms)

    @property
    def recommend_budget(self) -> timedelta:
        return timedelta(milliseconds=self.recommend_budget_ms)

    @field_validator("jwt_key")
    @classmethod
    def _has_its_line_breaks(cls, key: SecretStr | None) -> SecretStr | None:
        return None if key is None else SecretStr(jwt_key.with_line_breaks(key.get_secret_value()))

    @model_validator(mode="after")
    def _can_verify(self) -> Self:
        fault = None if self.jwt_key is None else jwt_key.fault(self.jwt_key.get_secret_value(), self.jwt_algorithm)
        if fault is not None:
            raise ValueError(f"{PREFIX}JWT_KEY: {fault}")
        return self

    @field_validator("signing_key", "signing_key_other")
    @classmethod
    def _is_no_public_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and not jwt_key.may_be_secret(key.get_secret_value()):
            raise ValueError("a random secret, no public key and no blanks (`warmline init` writes one)")
        return key

    @model_validator(mode="after")
    def _signs_with_a_secret_of_its_own(self) -> Self:
        shared_with = [
            name for name in ("jwt_key", "api_key", "admin_token") if getattr(self, name) == self.signing_key
        ]
        if self.signing_key is not None and shared_with:
            raise ValueError(
                f"{PREFIX}SIGNING_KEY: got the value of {PREFIX}{shared_with[0].upper()}, expected a secret of its own"
            )
        return self

    @model_validator(mode="after")
    def _can_tell_who_writes(self) -> Self:
        if self.jwt_writes and self.jwt_key is None:
            raise ValueError(f"{PREFIX}JWT_WRITES: got true without {PREFIX}JWT_KEY, which says whose a JWT is")
        return self

    @model_validator(mode="after")
    def _is_closed_to_strangers(self) -> Self:
        missing = [name for name in ("admin_token", "api_key", "jwt_key") if getattr(self, name) is None]
        if missing and self.env != "dev":
            names = ", ".join(PREFIX + name.upper() for name in missing)
            raise ValueError(f"{names}: not set, expected secrets (`make env` writes random ones), or {PREFIX}ENV=dev")
        return self

    @model_validator(mode="after")
    def _is_open_on_purpose(self) -> Self:
        if self.env == "dev" and not self.dev_open_to_network and not _is_loopback(self.host):
            raise ValueError(
                f"{PREFIX}HOST: got {self.host!r} with {PREFIX}ENV=dev, which lets whoever reaches it read every"
                f" timeline; expected 127.0.0.1, or {PREFIX}ENV=production with secrets, or, where that is meant,"
                f" {PREFIX}DEV_OPEN_TO_NETWORK=true"
            )
        return self


def _is_origin(text: str) -> bool:
    """Whether a browser may send this as an `Origin`, byte for byte; others would never match."""
    found = _ORIGIN.fullmatch(text)
    return found is not None and found["port"] != _USUAL_PORTS[found["scheme"]]


def _is_loopback(host: str) -> bool:
    """Whether only this machine reaches it. Names are not looked up: what they mean may change."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
