"""What the example's backend needs to know: arguments, and variables that Warmline has anyway."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.errors import ConfigurationError

DIST = Path(__file__).resolve().parents[2] / "examples" / "feed" / "dist"
SHARED_SECRETS = ("HS256", "HS384", "HS512")  # JWT algorithms whose key signs as well as verifies
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedUser:
    """Somebody as whom the page may be used."""

    user_id: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSettings:
    """Where everything is. Never logged: it holds secrets."""

    host: str
    port: int
    timeline_url: str
    database_url: str
    schema: str
    media: Path | None  # the folder below which relative `image_url`s lie
    jwt_key: str
    jwt_algorithm: str
    api_key: str | None  # for follows, which a user's JWT does not open; None: the page offers none
    users: tuple[FeedUser, ...]
    photo_origins: tuple[str, ...] = ()  # of photos that lie elsewhere, such as `https://cdn.example`
    dist: Path = DIST


def read_settings(arguments: Sequence[str], environment: Mapping[str, str]) -> FeedSettings:
    """Read arguments and environment. A wrong argument ends the program with exit code 2 and one line.

    Raises:
        ConfigurationError: a variable is missing, or cannot be used here.
    """
    given = _parser().parse_args(arguments)
    if not (DIST / "index.html").is_file():
        raise ConfigurationError("examples/feed/dist: the built page is not there; build it: make feed")
    algorithm = environment.get("WARMLINE_JWT_ALGORITHM") or SHARED_SECRETS[0]
    if algorithm not in SHARED_SECRETS:
        raise ConfigurationError(
            f"WARMLINE_JWT_ALGORITHM: got {algorithm}, whose WARMLINE_JWT_KEY is a public key and signs nothing; let "
            "your own backend give the page its JWTs"
        )
    return FeedSettings(
        host=given.host,
        port=given.port,
        timeline_url=_required(environment, "WARMLINE_TIMELINE_URL", "where your timeline answers").rstrip("/"),
        database_url=environment.get("WARMLINE_SOURCE_URL")
        or _required(environment, "WARMLINE_DATABASE_URL", "where your posts are"),
        schema=environment.get("WARMLINE_SOURCE_SCHEMA") or "warmline",
        media=Path(environment["WARMLINE_MEDIA_ROOT"]) if environment.get("WARMLINE_MEDIA_ROOT") else None,
        jwt_key=_required(environment, "WARMLINE_JWT_KEY", "it signs the JWTs of the page"),
        jwt_algorithm=algorithm,
        api_key=environment.get("WARMLINE_API_KEY") or None,
        users=tuple(given.user),
        photo_origins=tuple(given.photos),
    )


def _required(environment: Mapping[str, str], name: str, what: str) -> str:
    value = environment.get(name)
    if not value:
        raise ConfigurationError(f"{name}: is not set; {what}")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m demo.feed",
        description="Serve the example app (examples/feed). It reads WARMLINE_TIMELINE_URL, WARMLINE_DATABASE_URL, "
        "WARMLINE_JWT_KEY and others, as the services do; `make demo` starts it by itself.",
    )
    parser.add_argument("--host", default=LOOPBACK, help=f"the address to listen on ({LOOPBACK})")
    parser.add_argument("--port", type=int, default=8090, help="the port to listen on (8090)")
    parser.add_argument(
        "--user", action="append", required=True, type=_user, metavar="ID[=LABEL]",
        help="a user as whom the page may be used, and how they are called there; once for each",
    )  # fmt: skip
    parser.add_argument(
        "--photos", action="append", default=[], metavar="ORIGIN",
        help="an origin of photos, such as https://cdn.example; once for each",
    )  # fmt: skip
    return parser


def _user(text: str) -> FeedUser:
    user_id, _, label = text.rpartition("=") if "=" in text else (text, "", "")
    if not user_id:
        raise argparse.ArgumentTypeError(f"got {text}, expected ID or ID=LABEL")
    return FeedUser(user_id=user_id, label=label or user_id)
